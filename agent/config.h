/*
 * The agent's configuration, whole and checked: what `tocsin run` lives on.
 * Read from a YAML file and the *.yaml of the conf.d folder beside it. Built
 * anew for each reload and swapped or thrown away, never changed in place.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alerting/channel.h"
#include "alerting/incident.h"
#include "alerting/mute.h"
#include "alerting/rotation.h"
#include "alerting/route.h"
#include "alerting/token.h"
#include "alerting/verdict.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/option.h"
#include "probes/probe.h"

#define CONFIG_FILE  "/etc/tocsin/tocsin.yaml"
#define CONFIG_STATE "sqlite:/var/lib/tocsin/state.db"

#define CONFIG_PROBES_MAX   20000
#define CONFIG_CHANNELS_MAX 100
#define CONFIG_PEOPLE_MAX   1000
#define CONFIG_MUTES_MAX    1000 /* silences, maintenance, quiet hours each */
#define CONFIG_NAME_MAX     63   /* [a-z0-9][a-z0-9._-]* */

struct config_probe_common { /* keys that every kind has; option table */
	char *name;
	char *kind;
	bool enabled;
	int64_t every_ms, retry_every_ms, timeout_ms; /* retry 0 = derived */
	int64_t confirm, recover;
	enum severity severity;
	int degraded_severity; /* 0 = auto, one below severity; else 1 + it */
	bool flap_detection;
	int64_t remind_ms; /* 0 = never */
	int64_t reopen_within_ms;
	struct option_list depends_on;
	struct option_map labels;
	char *description, *runbook, *component;
};

struct config_probe {
	char *name;
	const struct probe_kind *kind;
	char *target;  /* for people: options' "target", or "" */
	char *options; /* the kind's options as compact JSON, for job lines */
	bool enabled;
	int64_t every_ms, retry_every_ms, timeout_ms;
	struct verdict_policy verdict;
	struct incident_policy incident;
	char **depends_on; /* NULL-ended names, all existing, no cycles */
	json_t *labels;    /* object of strings, or NULL when none */
	char *description, *runbook, *component; /* "" when absent */
};

struct config_channel {
	char *name;
	const struct channel_kind *kind;
	json_t *options; /* secrets resolved: never logged, never in state */
	int64_t timeout_ms;
	bool enabled;
	struct channel_traits traits;
	int64_t fallback_after_ms;   /* 0 = never */
	struct option_list fallback; /* names; none = any that works */
};

struct config_person {
	char *name;
	struct option_list notify; /* channels, all existing */
};

struct config_rotation {
	char *name;
	struct rotation *rotation; /* its people all exist */
};

struct config_http { /* the core's own listener */
	char
	    *listen; /* "127.0.0.1:9640", "[::1]:9640", "unix:/run/…", "none" */
	char *token; /* bearer token; required when not loopback/unix */
	char *cert_file, *key_file; /* TLS; required when not loopback/unix */
};

struct config_history {
	int64_t raw_ms, hourly_ms, daily_ms, incidents_ms;
};

struct config {
	char *path;       /* the file it came from */
	char *state;      /* store URL */
	char *agent_name; /* how the agent signs its messages; host name */
	char *public_url; /* link base for messages, "" */
	struct calendar *drill; /* when channels are tested; NULL = never */
	/* Signs links; len 0 = the one beside the state (agent/links.h). */
	struct token_key link_key;
	int64_t link_lifetime_ms;
	struct config_http http;
	struct config_history history;
	char *heartbeat_url; /* pinged while all is well, or NULL */
	struct option_list heartbeat_allow;
	int64_t heartbeat_ms;
	struct config_probe *probes; /* in file order */
	size_t probe_count;
	struct config_channel *channels;
	size_t channel_count;
	struct route *routes;
	size_t route_count;
	/* A name in `notify` is one of a channel, a person or a rotation. */
	struct config_person *people;
	size_t person_count;
	struct config_rotation *rotations;
	size_t rotation_count;
	struct mute *mutes; /* silences, maintenance, quiet hours */
	size_t mute_count;
	char fingerprint[65]; /* a digest of all sources, hex */
	uint32_t *by_name;    /* places in probes[], by name */
};

struct config_mistake { /* "file:line:column: path: text" */
	char *file;
	int line, column; /* 1-based; 0 = unknown */
	char *path, *text;
};
struct config_mistakes {
	struct config_mistake *items; /* in file and line order, at most 100 */
	size_t count;
};

/* Load file and conf.d. NULL and the list of all mistakes if any; on success
 * the list holds warnings (worst case past five minutes, no channels, …). */
struct config *config_load(const char *path, struct config_mistakes *mistakes);
void config_free(struct config *c);
/* The same, as what it came to: files merged, defaults and derived values
 * filled in, secrets as "***", references as they stand in the file. NULL
 * with the mistakes if any; the caller's. Large: not for a running agent. */
json_t *config_effective(const char *path, struct config_mistakes *mistakes);
/* Only the store's URL, whatever else may be wrong: for commands that talk to
 * a running agent. *out is the caller's. */
int config_state(const char *path, char **out, struct err *err);
void config_mistakes_fini(struct config_mistakes *m);

const struct config_probe *
config_find_probe(const struct config *c, const char *name);
const struct config_channel *
config_find_channel(const struct config *c, const char *name);
const struct config_person *
config_find_person(const struct config *c, const char *name);
const struct config_rotation *
config_find_rotation(const struct config *c, const char *name);

/* One probe without a file: `tocsin probe KIND TARGET -o key=value…`. The
 * caller's, freed with config_free; it has this one probe. */
struct config *config_for_probe(const char *kind, const char *target,
    const char *const *assignments, size_t count, struct err *err);

/* Longest time from an outage's first moment to the first alert, ms. */
int64_t config_worst_case_ms(const struct config_probe *p);

json_t *config_schema(void);           /* JSON Schema 2020-12; caller's */
void config_markdown(struct buf *out); /* docs/configuration.md */

#endif
