/*
 * Logs: one logfmt line per event on stderr, for journald:
 *   ts=… level=info in=core probe=portal outcome=failed msg="…"
 * (with the journal's priority prefix and no ts under systemd). Control
 * characters in any value are escaped. Never log a secret or a response body.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR
};

/* `name` is the process: "core", "probe:uptime", "path:pager". Copied. */
void log_init(const char *name, enum log_level level);
int log_level_parse(const char *word, enum log_level *out);

/* One message for a person; facts beside it are for log_kv(). */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A message, then pairs of key and value, ended by NULL:
 *   log_kv(LOG_LEVEL_INFO, "incident opened", "probe", name, NULL); */
void
log_kv(enum log_level level, const char *msg, ...) __attribute__((sentinel));

/* A line a worker wrote on its stderr. What its own log.c wrote keeps level and
 * pairs; anything else is a warning. Escaped and marked with `worker`. */
void log_relay(const char *worker, const char *line, size_t len);

#endif
