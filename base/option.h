/*
 * Options as table rows. One row gives an option's parser, limits, default,
 * `--help` line, JSON Schema and its place in docs/configuration.md.
 *
 * A table describes a plain struct: option_parse() fills it from a JSON object
 * (made from YAML, from `-o key=value`, or sent to a worker), checks limits,
 * applies defaults, and reports *every* mistake, each at the JSON value that
 * caused it. Scalars may come as JSON strings ("5", "true") or as their JSON
 * types; both are read strictly.
 *
 *   static const struct option uptime_options[] = {
 *     {.name = "target", OPTION(STRING, struct uptime_config, target),
 *      .flags = OPTION_REQUIRED, .help = "what to watch: …"},
 *     {.name = "method", OPTION(ENUM, struct uptime_config, method),
 *      .words = http_methods, .standard = "GET", .help = "…"},
 *     OPTION_END,
 *   };
 *
 * C type of the member, by option type:
 *   BOOL bool · INT int64_t · DURATION int64_t (ms) · SIZE int64_t (bytes)
 *   DOUBLE double · STRING, SECRET, URL, REGEX char * (NULL when absent)
 *   ENUM int (index into words) · SEVERITY enum severity
 *   LIST struct option_list (of strings) · MAP struct option_map (string to
 *   string) · SECTION the nested struct itself, described by .section ·
 *   SECTIONS struct option_array of nested structs (a YAML list of maps) ·
 *   RANGES struct option_ranges: "200-299, 301" · JSON json_t * (any value)
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum option_type {
	OPTION_NONE, /* ends a table */
	OPTION_BOOL,
	OPTION_INT,
	OPTION_DURATION,
	OPTION_SIZE,
	OPTION_DOUBLE,
	OPTION_STRING,
	OPTION_SECRET, /* a string that is never printed */
	OPTION_URL,    /* a string with one of the schemes in .words */
	OPTION_REGEX,  /* a string that compiles as PCRE2; the kind checks */
	OPTION_ENUM,
	OPTION_SEVERITY,
	OPTION_LIST, /* a single scalar is a list of one */
	OPTION_MAP,
	OPTION_SECTION,
	OPTION_SECTIONS,
	OPTION_RANGES,
	OPTION_JSON,
};

#define OPTION_REQUIRED 1u
#define OPTION_NONEMPTY 2u /* LIST, MAP, SECTIONS: at least one */
#define OPTION_SECRETS  4u /* MAP: its values are secrets */

struct option {
	const char *name;
	enum option_type type;
	unsigned flags;
	size_t offset;
	int64_t min, max; /* numbers, durations (ms), sizes, string length, list
	                     length; both 0 = the type's own limits */
	const char *standard; /* the default, as one would write it; or NULL */
	const char *const
	    *words; /* ENUM: the words; URL: the schemes; NULL-ended */
	const struct option *section; /* SECTION, SECTIONS: the nested table */
	size_t section_size;          /* sizeof the nested struct (SECTIONS) */
	const char *help; /* one sentence, lower case, no full stop */
};

#define OPTION(kind, type_, member)                                            \
	.type = OPTION_##kind, .offset = offsetof(type_, member)
#define OPTION_END                                                             \
	{                                                                      \
		.name = NULL, .type = OPTION_NONE                              \
	}

struct option_list {
	char **items;
	size_t count;
};
struct option_pair {
	char *key, *value;
};
struct option_map {
	struct option_pair *items; /* in the order written */
	size_t count;
};
struct option_range {
	int64_t low, high; /* both included */
};
struct option_ranges {
	struct option_range *items;
	size_t count;
};
struct option_array {
	void *items; /* count structs of .section_size */
	size_t count;
};

bool option_ranges_has(const struct option_ranges *r, int64_t value);

/* Where mistakes go. `at` is the JSON value to blame (for file:line:column),
 * `path` is "probes.portal.expect.status", text says what, and what to do. */
struct option_report {
	void (*mistake)(
	    void *ctx, const json_t *at, const char *path, const char *text);
	/* May a message repeat this value? A secret put in from elsewhere may
	 * not. NULL = all but OPTION_SECRET may. */
	bool (*hidden)(void *ctx, const json_t *at);
	void *ctx;
	unsigned mistakes; /* counted by option.c */
};

/* One table and the struct it fills. */
struct option_set {
	const struct option *table;
	void *config; /* zeroed by the caller */
};

/*
 * Fill every set's struct from one object: a key must belong to one of the
 * tables, else it is a mistake with the nearest name ("did you mean …").
 * Returns 0, or -1 if anything was reported. What was filled is freed with
 * option_free either way.
 */
int option_parse(const struct option_set *sets, size_t count, const json_t *obj,
    const char *path, struct option_report *report);
/* The same for one table, with the first mistake as an error. */
int option_parse_one(const struct option *table, void *config,
    const json_t *obj, const char *path, struct err *err);
/* Report a mistake from outside (rules across options, references, …). */
void
option_mistake(struct option_report *report, const json_t *at, const char *path,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

void option_free(const struct option *table, void *config);

/* Blot out the values of secret options wherever outside text echoes them, in
 * place: a server may answer with the token it was sent. */
void option_redact(const struct option *table, const void *config, char *text);
void option_redact_json(
    const struct option *table, const void *config, json_t *value);

/* The object again, with secrets as "***" if hide_secrets; only what differs
 * from the defaults unless `all`. The caller's. */
json_t *option_dump(const struct option *table, const void *config, bool all,
    bool hide_secrets);

/* Documentation from the same rows. */
json_t *
option_schema(const struct option *table); /* {"properties":…}; caller's */
void option_markdown(struct buf *out, const struct option *table,
    const char *prefix); /* rows of a table: key | type | default | meaning */
void option_help(struct buf *out, const struct option *table,
    const char *prefix, unsigned width); /* for a terminal */

/* Put "a.b.c=value" into obj as nested members (for `-o`). A key that is a
 * list in the table appends. */
int option_assign(
    json_t *obj, const struct option *table, const char *text, struct err *err);

#endif
