/*
 * What a dns:// target asks (after RFC 4501):
 *   dns://server[:port]/name?type=A   that server, past every cache
 *   dns:///name?type=A, dns://name    as this machine resolves it
 */
#ifndef PROBES_UPTIME_DNS_H
#define PROBES_UPTIME_DNS_H

#include "probes/uptime.h"

struct uptime_question {
	char server[256]; /* "" = the system's resolver */
	uint16_t port;
	char name[256];
	const char *record; /* "AAAA" */
	int type;           /* 28 */
};

int uptime_dns_question(struct uptime_question *out,
    const struct uptime_config *config, const struct uptime_url *target,
    struct err *err);
/* The same, for uptime_options.c: only whether it is right. */
int uptime_dns_check(const struct uptime_config *config,
    const struct uptime_url *target, struct err *err);

#endif
