#include "base/outcome.h"

#include "base/str.h"

const char *const outcome_names[] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_DEGRADED] = "degraded",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_UNKNOWN] = "unknown",
    NULL,
};

const char *const severity_names[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_LOW] = "low",
    [SEVERITY_MEDIUM] = "medium",
    [SEVERITY_HIGH] = "high",
    [SEVERITY_CRITICAL] = "critical",
    NULL,
};

int
outcome_parse(const char *word, enum outcome *out)
{
	int i = str_index(outcome_names, word);

	if (i < 0)
		return -1;
	*out = (enum outcome)i;
	return 0;
}

int
severity_parse(const char *word, enum severity *out)
{
	int i = str_index(severity_names, word);

	if (i < 0)
		return -1;
	*out = (enum severity)i;
	return 0;
}
