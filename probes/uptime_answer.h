/*
 * DNS on the wire for the kind `uptime`: a query, an answer, records as text.
 * (RFC 1035, 3597, 6891.) Pure; the answer's bytes are hostile.
 */
#ifndef PROBES_UPTIME_ANSWER_H
#define PROBES_UPTIME_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/option.h"

#define UPTIME_ANSWERS_MAX   64
#define UPTIME_QUERY_MAX     320
#define UPTIME_RCODE_REFUSED 5

extern const char *const uptime_rcodes[];  /* NULL-ended; index = the code */
extern const char *const uptime_records[]; /* NULL-ended: "auto", "A", … */

const char *uptime_rcode_name(int rcode);   /* "RCODE" for one without name */
int uptime_record_type(const char *record); /* 28 for "AAAA", -1 if unknown */

/* A query for name and type with recursion desired and EDNS. Returns its
 * length, or -1: the name is not a domain name. */
int uptime_query(uint8_t out[UPTIME_QUERY_MAX], uint16_t id, const char *name,
    int type, struct err *err);

struct uptime_answer {
	int rcode;
	bool truncated, authoritative;
	char *texts[UPTIME_ANSWERS_MAX]; /* records of the asked type */
	size_t count;
	int64_t ttl_s;  /* the least of them; -1 = none */
	int64_t serial; /* of an SOA; -1 = none */
};

/* Read the answer to that query. -1 with ERR_PROTO if it is broken, ERR_MISSING
 * if it belongs to another query (wait for the right one). */
int uptime_answer_parse(struct uptime_answer *out, const uint8_t *packet,
    size_t len, const uint8_t *query, size_t query_len, struct err *err);
void uptime_answer_fini(struct uptime_answer *a);

/* Are all wanted among found, and, with `only`, nothing else? 0, or -1 with
 * the sentence in why. Names compare without case and final dot, addresses by
 * value. */
int uptime_answer_compare(const struct option_list *wanted, bool only,
    const char *const *found, size_t count, char *why, size_t size);

#endif
