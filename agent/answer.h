/*
 * What a worker may answer: the bodies of its results, checked member by
 * member (known keys, types, sizes, enums) before the core looks at them.
 * Pure. A body that fails here is a broken worker's (docs/worker-protocol.md).
 */
#ifndef AGENT_ANSWER_H
#define AGENT_ANSWER_H

#include <jansson.h>
#include <stdint.h>

#include "alerting/channel.h"
#include "base/err.h"
#include "base/outcome.h"

#define ANSWER_FACTS_MAX    (32 * 1024)  /* bytes of JSON */
#define ANSWER_MEMORY_MAX   (256 * 1024) /* bytes of JSON */
#define ANSWER_METRICS_MAX  64
#define ANSWER_FINDINGS_MAX 1000
#define ANSWER_GONE_MAX     1000

struct probe_answer { /* borrowed from the body */
	enum outcome outcome;
	const char *reason;
	int64_t duration_us; /* -1 = not measured */
	int64_t lag_us;
	const json_t *facts, *metrics; /* objects, never NULL */
	const json_t *findings;        /* array or NULL */
	const json_t *memory;          /* NULL = unchanged */
};

int answer_probe(struct probe_answer *out, const json_t *body, struct err *err);
/* out->gone is borrowed from the body. */
int answer_path(struct receipt *out, const json_t *body, struct err *err);

#endif
