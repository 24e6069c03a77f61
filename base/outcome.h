/*
 * The two scales every layer speaks: how a probe's run came out, and how much
 * an incident matters. Everything else about probes and alerts is theirs.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

enum outcome {
	OUTCOME_OK,
	OUTCOME_DEGRADED,
	OUTCOME_FAILED,
	OUTCOME_UNKNOWN, /* we could not tell: never counts as a failure */
};
#define OUTCOME_COUNT 4

enum severity {
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
};
#define SEVERITY_COUNT 5

extern const char *const outcome_names[OUTCOME_COUNT + 1];   /* NULL-ended */
extern const char *const severity_names[SEVERITY_COUNT + 1]; /* NULL-ended */

/* 0, or -1 if there is no such word. */
int outcome_parse(const char *word, enum outcome *out);
int severity_parse(const char *word, enum severity *out);

#endif
