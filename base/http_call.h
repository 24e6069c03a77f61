/*
 * A request under way, inside base/http*.c:
 *   http.c           its life: resolve, judge, attempt, deadline, report
 *   http_transfer.c  what curl is told about it
 *   http_receive.c   what curl asks and tells meanwhile
 *   http_explain.c   why it failed, in words
 */
#ifndef BASE_HTTP_CALL_H
#define BASE_HTTP_CALL_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/http.h"
#include "base/http_multi.h"
#include "base/http_url.h"
#include "base/tls_verify.h"

#define HTTP_HEADERS_MAX_BYTES (64 * 1024)

enum http_phase {
	HTTP_RESOLVING,
	HTTP_CONNECTING,
	HTTP_HANDSHAKING,
	HTTP_WAITING, /* the request is being sent, or its answer awaited */
	HTTP_RECEIVING,
};

enum http_excess { /* a ceiling of ours that was passed */
	HTTP_EXCESS_NONE,
	HTTP_EXCESS_HEADERS,
	HTTP_EXCESS_BODY,
};

struct http_call {
	struct http *http;
	struct http_call *next, **link; /* all calls of the client */
	const struct http_request *request;
	http_fn *fn;
	void *ctx;

	struct http_url url;
	struct resolve *resolve;
	struct sockaddr_storage *addresses; /* judged; tried in this order */
	size_t address_count, attempt;

	struct loop_timer *deadline; /* of the whole call */
	struct loop_timer *share;    /* of one address among several */
	int64_t started_us, attempt_us;
	int64_t connected_us; /* when the TLS handshake began; or 0 */

	struct http_slot *slot;
	CURLcode code; /* how the last attempt ended */
	enum http_phase phase;
	enum http_excess excess;
	bool dialled;     /* this attempt asked for a socket */
	int socket_errno; /* why it got none */

	/* What curl only borrows. */
	struct curl_slist *header_list; /* nodes and text in one block */
	size_t header_list_size;
	struct curl_slist connect_to;
	char connect_to_text[80];
	struct tls_check check;

	/* What came. */
	struct buf header_text; /* "name\0value\0"… of the last header block */
	size_t header_bytes;    /* of all blocks */
	bool interim;           /* the last block is a 1xx */
	struct buf body;
	struct http_header *headers;
	struct http_response response;
	struct err err;
};

/* A failure to set an option is a mistake of ours. */
#define HTTP_SET(option, value)                                                \
	do {                                                                   \
		CURLcode set_ = curl_easy_setopt(easy, option, value);         \
		CHECK(set_ == CURLE_OK);                                       \
	} while (0)

/* http_receive.c */
void http_receive_setup(struct http_slot *slot);
void http_receive_collect(struct http_call *call); /* after it ended */

/* http_transfer.c */
void http_transfer_setup(struct http_slot *slot);
int http_transfer_check(const struct http_request *request, struct err *err);
void http_transfer_prepare(struct http_call *call);
void http_transfer_free(struct http_call *call);

/* http_explain.c */
void http_explain(struct http_call *call); /* call->code → call->err */
void
http_explain_deadline(struct http_call *call); /* call->phase → call->err */

#endif
