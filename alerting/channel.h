/*
 * The contract of a channel kind: the only header its author needs beside
 * base/ and alerting/message.h, alerting/render.h.
 *
 * A kind is one file, one line in kinds.def, one page in docs/channels/ and
 * one test (docs/adding-a-channel.md). Each configured channel runs in a
 * process of its own, one delivery at a time, and may block: the core kills it
 * at the deadline and tries again later with the same idempotency key.
 */
#ifndef ALERTING_CHANNEL_H
#define ALERTING_CHANNEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerting/message.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/option.h"

enum receipt_status {
	RECEIPT_DELIVERED, /* the other side took it, provably */
	RECEIPT_RETRY,     /* not now: again after the back-off */
	RECEIPT_REJECTED,  /* never like this: a visible dead letter */
	RECEIPT_DISABLED,  /* the endpoint is gone (410): the channel stops */
};
extern const char *const receipt_names[]; /* NULL-ended, by status */

struct receipt {
	enum receipt_status status;
	int code;               /* the protocol's own: HTTP or SMTP status, 0 */
	int64_t retry_after_ms; /* what the other side asked for, or -1 */
	char detail[400]; /* "250 2.0.0 Ok: queued as 4F2A", or what failed */
	char remote_id[200]; /* what the other side calls it, or "" */
	/* Delivered, and poll() is to be asked in so many ms whether somebody
	 * acknowledged there; -1 = no. */
	int64_t poll_after_ms;
	char acknowledged_by[64]; /* poll(): who did; "" = nobody yet */
	/* Ids of message->subscribers that are gone: the core forgets them. An
	 * array of strings, the receipt's own; or NULL. */
	json_t *gone;
};
#define RECEIPT_INIT                                                           \
	{                                                                      \
		.status = RECEIPT_RETRY, .retry_after_ms = -1,                 \
		.poll_after_ms = -1                                            \
	}

/* What the core must know of a channel before anything is sent; may depend on
 * its options. Zero is what suits a kind that talks to a program. */
struct channel_traits {
	/* People read it: several incidents may be told as one digest, and so
	 * many messages a minute are enough (0 = no cap), `burst` of them at
	 * once. */
	bool digests;
	unsigned per_minute, burst;
	/* The other side forgets an alert that is not repeated: the newest
	 * message of an open incident is sent again this often; 0 = no. */
	int64_t refresh_ms;
	bool subscribers; /* wants message->subscribers */
};

struct channel_kind {
	const char *name;    /* "email" */
	const char *summary; /* one line for `tocsin kinds` and the manual */
	const struct option *options;
	size_t config_size;
	int64_t timeout_ms; /* default deadline of one delivery */
	/* It starts programs of others, which its process's limits on memory
	 * and descriptors would bind as well: it has none. */
	bool spawns;
	/* Rules across options; may be NULL. Messages start with the key. */
	int (*check)(const void *config, struct err *err);
	/* Once per process, before the first delivery; *state is its own.
	 * May be NULL. `loop` is not running; the kind may run it (http). */
	int (*open)(const void *config, struct loop *loop, void **state,
	    struct err *err);
	/* May be NULL: all zero. */
	void (*traits)(const void *config, struct channel_traits *out);
	/* Deliver one message before deadline_ms (boot clock). Fills r, which
	 * comes as RECEIPT_INIT. */
	void (*deliver)(const void *config, void *state,
	    const struct message *message, int64_t deadline_ms,
	    struct receipt *r);
	/* Has somebody acknowledged what the other side calls remote_id? Fills
	 * r: delivered + acknowledged_by, or poll_after_ms to be asked again,
	 * or -1 when there is nothing more to ask. NULL unless a receipt can
	 * have poll_after_ms. */
	void (*poll)(const void *config, void *state, const char *remote_id,
	    int64_t deadline_ms, struct receipt *r);
	/* Nobody need answer it there any more (it was acknowledged elsewhere,
	 * or is over). NULL unless poll is there. */
	void (*cancel)(const void *config, void *state, const char *remote_id,
	    int64_t deadline_ms, struct receipt *r);
	/* At the process's end, for what open() made; may be NULL. */
	void (*close)(void *state);
};

/* Fill a receipt; detail is made printable. */
void receipt_set(struct receipt *r, enum receipt_status status, int code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
