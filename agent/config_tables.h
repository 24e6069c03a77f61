/*
 * The option tables of the configuration file's own keys. Those of probe and
 * channel kinds stand with their kinds.
 */
#ifndef AGENT_CONFIG_TABLES_H
#define AGENT_CONFIG_TABLES_H

#include "agent/config.h"

struct config_agent {
	char *name, *public_url, *link_key, *test_channels, *time_zone;
	int64_t link_lifetime_ms;
};

struct config_heartbeat {
	char *url;
	struct option_list allow_addresses;
	int64_t every_ms;
};

struct config_file { /* the top level */
	char *state;
	struct config_agent agent;
	struct config_http http;
	struct config_history history;
	struct config_heartbeat heartbeat;
	/* Read by their own tables; here so that their names are known. */
	json_t *defaults, *probes, *channels, *routes;
	json_t *people, *rotations, *silences, *maintenance, *quiet_hours;
};

struct config_channel_common { /* keys that every channel has */
	char *kind;
	bool enabled;
	int64_t timeout_ms; /* 0 = the kind's */
	int64_t per_minute; /* 0 = the kind's */
	int64_t fallback_after_ms;
	struct option_list fallback;
};

extern const struct option config_file_options[];  /* struct config_file */
extern const struct option config_probe_options[]; /* config_probe_common */
/* Likewise, without what is each probe's own: for `defaults:`. */
#define CONFIG_OWN_ROWS         4
#define config_defaults_options (&config_probe_options[CONFIG_OWN_ROWS])
extern const struct option config_channel_options[];
extern const struct option config_person_options[]; /* config_person */

#endif
