/*
 * Reading DNS answers (RFC 1035 section 4): the records of one type, found
 * through the CNAMEs that lead to them. The bytes are hostile. Pure.
 */
#ifndef BASE_RESOLVE_PACKET_H
#define BASE_RESOLVE_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define RESOLVE_RECORDS_MAX 64
#define RESOLVE_NAME_SIZE   1024 /* a name as text, every byte escaped */

struct resolve_answer {
	int rcode;
	size_t count;
	const uint8_t *data[RESOLVE_RECORDS_MAX]; /* names inside are whole */
	size_t lengths[RESOLVE_RECORDS_MAX];
	int64_t ttl_s; /* the least on the way; -1 if there is no record */
	char canonical[RESOLVE_NAME_SIZE]; /* owner of the records, or "" */
	uint8_t *expanded; /* owns what had compressed names in it */
	size_t expanded_len;
};

/* Records of `rrtype` that answer the question in the packet. */
int resolve_packet_read(struct resolve_answer *out, const uint8_t *packet,
    size_t len, int rrtype, struct err *err);
void resolve_answer_free(struct resolve_answer *answer);

#endif
