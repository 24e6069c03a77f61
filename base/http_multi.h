/*
 * curl's multi interface on the loop: the one place that touches it.
 *
 * curl calls back from inside itself and must not be called then, so its
 * socket and timer callbacks only note what to watch; finished transfers are
 * drained in one place, taken out of curl, and only then reported.
 */
#ifndef BASE_HTTP_MULTI_H
#define BASE_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"

struct http_multi;

struct http_slot { /* an easy handle, used for one transfer after another */
	CURL *easy;
	void *owner; /* whose transfer it is; NULL when idle */
	bool running;
	struct http_slot *next;
	char error[CURL_ERROR_SIZE];
};

struct http_multi_ops {
	/* A new handle: set what never changes. */
	void (*setup)(struct http_slot *slot);
	/* It ended and is out of curl; the slot is still the owner's. */
	void (*done)(struct http_slot *slot, CURLcode code);
};

int http_multi_new(struct http_multi **out, struct loop *loop,
    const struct http_multi_ops *ops, struct err *err);
void http_multi_free(struct http_multi *m); /* all slots given back before */

struct http_slot *http_multi_take(struct http_multi *m, void *owner);
void http_multi_give(struct http_multi *m, struct http_slot *slot);

void http_multi_start(struct http_multi *m, struct http_slot *slot);
void http_multi_stop(struct http_multi *m, struct http_slot *slot);

#endif
