#include "agent/selves.h"

#include <string.h>

#include "agent/results.h"
#include "base/str.h"

/* The rest of the name behind "tocsin/<what>/", or NULL. */
static const char *
subject(const struct target *t, const char *what)
{
	const char *name = t->config->name + sizeof(SELF_PREFIX) - 1;
	size_t len = strlen(what);

	if (!t->self || !str_starts(name, what) || name[len] != '/')
		return NULL;
	return name + len + 1;
}

void
selves_sweep(struct agent *a)
{
	for (uint32_t i = 0; i < a->target_count; i++) {
		struct target *t = a->targets[i];
		const char *channel, *probe;

		if (t == NULL)
			continue;
		channel = subject(t, "path");
		probe = subject(t, "probe");
		if ((channel != NULL &&
			config_find_channel(a->config, channel) == NULL) ||
		    (probe != NULL &&
			config_find_probe(a->config, probe) == NULL))
			results_dismiss(a, t);
	}
}

void
selves_restarted(struct agent *a)
{
	for (uint32_t i = 0; i < a->target_count; i++) {
		struct target *t = a->targets[i], *suspect;

		if (t == NULL || !t->self || t->verdict.last != OUTCOME_FAILED)
			continue;
		if (subject(t, "worker") != NULL ||
		    str_eq(t->config->name, SELF_PREFIX "store"))
			results_self(a, t->config->name, OUTCOME_OK,
			    "the agent was started again");
		if (subject(t, "probe") == NULL)
			continue;
		suspect = agent_find(a, subject(t, "probe"));
		if (suspect != NULL)
			suspect->strikes = 1; /* its next answer releases it */
	}
}
