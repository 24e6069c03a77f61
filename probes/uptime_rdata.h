/*
 * Resource records: walking over them in a packet, and their data in the
 * usual text form (RFC 1035 section 5, RFC 3597 for what is not known here).
 * Pure; the bytes are hostile.
 */
#ifndef PROBES_UPTIME_RDATA_H
#define PROBES_UPTIME_RDATA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define UPTIME_RDATA_TEXT_MAX 4096

struct uptime_rr {
	const uint8_t *packet; /* names inside may point back into it */
	size_t packet_len;
	int type;
	int64_t ttl_s;
	size_t data, data_len; /* where in the packet */
};

/* The record at *at, which moves behind it. -1 if the packet is broken. */
int uptime_rr_next(
    struct uptime_rr *out, const uint8_t *packet, size_t len, size_t *at);

/* "192.0.2.7", "10 mail.example.org", … Broken data in RFC 3597's form. */
void uptime_rdata_text(struct buf *out, const struct uptime_rr *rr);

int64_t uptime_rdata_serial(const struct uptime_rr *rr); /* an SOA's; or -1 */

#endif
