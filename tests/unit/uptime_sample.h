/* A configuration of the kind `uptime` as an SRE writes it, for the tests. */
#ifndef TESTS_UNIT_UPTIME_SAMPLE_H
#define TESTS_UNIT_UPTIME_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/mem.h"
#include "probes/uptime.h"
#include "probes/uptime_options.h"

/* From JSON with ' for ". */
static struct uptime_config *
sample_config(const char *quoted)
{
	struct uptime_config *config = mem_alloc(sizeof(*config));
	struct err err = ERR_INIT;
	char *text = mem_strdup(quoted);
	json_t *obj = NULL;

	for (char *p = text; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	if (json_parse(&obj, text, strlen(text), &err) != 0 ||
	    option_parse_one(uptime_options, config, obj, "sample", &err) != 0)
		die("%s: %s", text, err.text);
	json_decref(obj);
	free(text);
	return config;
}

static void
sample_free(struct uptime_config *config)
{
	option_free(uptime_options, config);
	free(config);
}

#endif
