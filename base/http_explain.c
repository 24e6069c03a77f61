#include "base/http_call.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* What curl, or OpenSSL through it, said last, without its ornaments:
 * "OpenSSL/3.0.15: error:0A00010B:SSL routines::wrong version number". */
static const char *
last_words(const char *text)
{
	const char *reason = strstr(text, "::");

	if (strstr(text, "error:") != NULL && reason != NULL)
		return tls_reason(reason + 2);
	return *text != '\0' ? text : "no reason given";
}

static const char *
elapsed(char dst[32], int64_t since_us)
{
	return str_duration_human(dst, clock_boot_us() - since_us);
}

static void
explain_connect(struct http_call *call, const char *address)
{
	char took[32];
	long number = 0;

	elapsed(took, call->attempt_us);
	curl_easy_getinfo(call->slot->easy, CURLINFO_OS_ERRNO, &number);
	if (call->socket_errno != 0) {
		errno = call->socket_errno;
		err_errno(&call->err, "cannot open a socket");
		return;
	}
	if (number == ECONNREFUSED) {
		err_set(&call->err, ERR_REFUSED,
		    "connect to %s refused after %s", address, took);
	} else if (number == ETIMEDOUT) {
		err_set(&call->err, ERR_TIMEOUT,
		    "connect to %s timed out after %s", address, took);
	} else {
		err_set(&call->err, ERR_IO, "connect to %s failed after %s: %s",
		    address, took,
		    number != 0 ? strerror((int)number) : call->slot->error);
	}
	call->err.errnum = (int)number;
}

static void
explain_tls(struct http_call *call, const char *address)
{
	const struct tls_certificate *found = &call->response.tls;
	const char *said = call->slot->error;
	bool reset = strstr(said, "Connection reset") != NULL;
	char took[32];

	elapsed(took, call->attempt_us);
	if (found->verify_error[0] != '\0' && !call->request->tls_unverified)
		err_set(&call->err, ERR_TLS, "%s", found->verify_error);
	else if (reset || strstr(said, "SSL_ERROR_SYSCALL") != NULL)
		err_set(&call->err, ERR_TLS,
		    "TLS handshake with %s failed: connection %s after %s",
		    address, reset ? "reset" : "closed", took);
	else
		err_set(&call->err, ERR_TLS, "TLS handshake with %s failed: %s",
		    address, last_words(said));
}

/* The connection broke, or was closed where more had to come. */
static void
explain_break(struct http_call *call, const char *address)
{
	char took[32];

	elapsed(took, call->attempt_us);
	if (call->phase != HTTP_RECEIVING)
		err_set(&call->err, ERR_PROTO,
		    "no answer from %s: connection %s before the first byte "
		    "after %s",
		    address,
		    call->code == CURLE_GOT_NOTHING ? "closed" : "reset", took);
	else
		err_set(&call->err, ERR_PROTO,
		    "connection to %s %s in the middle of the response after "
		    "%s (%zu bytes of the body came)",
		    address,
		    call->code == CURLE_PARTIAL_FILE || call->code == CURLE_OK
			? "closed"
			: "broke",
		    took, call->body.len);
}

static void
explain_excess(struct http_call *call)
{
	size_t max = call->request->max_body;

	if (call->excess == HTTP_EXCESS_HEADERS)
		err_set(&call->err, ERR_FULL,
		    "response headers larger than %d KiB",
		    HTTP_HEADERS_MAX_BYTES / 1024);
	else if (max >= 1024 * 1024 && max % (1024 * 1024) == 0)
		err_set(&call->err, ERR_FULL,
		    "response body larger than %zu MiB", max / (1024 * 1024));
	else if (max >= 1024 && max % 1024 == 0)
		err_set(&call->err, ERR_FULL,
		    "response body larger than %zu KiB", max / 1024);
	else
		err_set(&call->err, ERR_FULL,
		    "response body larger than %zu bytes", max);
}

/* The other side does not speak HTTP as it should. */
static void
explain_protocol(struct http_call *call, const char *address)
{
	char shown[CURL_ERROR_SIZE];

	str_printable(
	    shown, sizeof(shown), call->slot->error, strlen(call->slot->error));
	err_set(&call->err, ERR_PROTO, "the answer of %s is not valid HTTP: %s",
	    address, shown[0] != '\0' ? shown : curl_easy_strerror(call->code));
}

/* A broken chunk or frame is reported as a receive error, with words. */
static bool
is_protocol_trouble(const struct http_call *call)
{
	return call->phase == HTTP_RECEIVING && call->slot->error[0] != '\0' &&
	       strstr(call->slot->error, "Recv failure") == NULL &&
	       strstr(call->slot->error, "SSL_read") == NULL;
}

static void
explain_code(struct http_call *call, const char *address)
{
	switch ((int)call->code) {
	case CURLE_COULDNT_CONNECT:
		explain_connect(call, address);
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CIPHER:
		explain_tls(call, address);
		break;
	case CURLE_SSL_CERTPROBLEM:
		err_set(&call->err, ERR_CONFIG, "client certificate %s: %s",
		    call->request->cert_file, last_words(call->slot->error));
		break;
	case CURLE_OUT_OF_MEMORY: /* one header line past curl's own limit */
		call->excess = HTTP_EXCESS_HEADERS;
		explain_excess(call);
		break;
	case CURLE_RECV_ERROR:
		if (is_protocol_trouble(call))
			explain_protocol(call, address);
		else
			explain_break(call, address);
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		explain_break(call, address);
		break;
	case CURLE_ABORTED_BY_CALLBACK:
		err_set(&call->err, ERR_REFUSED,
		    "connected elsewhere than to %s, which was allowed",
		    address);
		break;
	default:
		explain_protocol(call, address);
		break;
	}
}

void
http_explain(struct http_call *call)
{
	char address[64];

	netguard_text(
	    address, (struct sockaddr *)&call->addresses[call->attempt]);
	if (call->code == CURLE_OK) {
		/* For curl a head that breaks off is a whole response. */
		if (!call->response.head_whole)
			explain_break(call, address);
		return;
	}
	if (call->excess == HTTP_EXCESS_BODY && call->request->truncate)
		return;
	if (call->excess != HTTP_EXCESS_NONE)
		explain_excess(call);
	else
		explain_code(call, address);
}

void
http_explain_deadline(struct http_call *call)
{
	char took[32], address[64];

	str_duration_human(took, call->request->timeout_ms * 1000);
	netguard_text(
	    address, (struct sockaddr *)&call->addresses[call->attempt]);
	switch (call->phase) {
	case HTTP_RESOLVING: /* the resolver has a deadline of its own */
	case HTTP_CONNECTING:
		err_set(&call->err, ERR_TIMEOUT,
		    "connect to %s timed out after %s", address, took);
		break;
	case HTTP_HANDSHAKING:
		err_set(&call->err, ERR_TIMEOUT,
		    "no response within %s (TLS handshake with %s)", took,
		    address);
		break;
	case HTTP_WAITING:
		err_set(&call->err, ERR_TIMEOUT,
		    "no response within %s (waiting for the first byte)", took);
		break;
	case HTTP_RECEIVING:
		err_set(&call->err, ERR_TIMEOUT,
		    "response not complete within %s (%zu bytes of the body "
		    "came)",
		    took, call->body.len);
		break;
	}
}
