/*
 * What Pushover's servers answer. Pure; the bytes come from outside.
 */
#ifndef ALERTING_PUSHOVER_ANSWER_H
#define ALERTING_PUSHOVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#define PUSHOVER_RECEIPT_MAX 64

struct pushover_answer {
	bool ours;     /* it is an answer of that service at all */
	bool accepted; /* "status": 1 */
	char request[64];
	char receipt[PUSHOVER_RECEIPT_MAX + 1]; /* of an emergency, or "" */
	char errors[240]; /* in the service's words, printable; "" */
	/* of a receipt that was asked for: */
	bool acknowledged, expired;
	char device[48]; /* that acknowledged it, printable; "" */
};

void
pushover_answer_read(struct pushover_answer *out, const char *text, size_t len);

/* Letters and digits, not too many: may it stand in a URL? */
bool pushover_is_receipt(const char *s);

#endif
