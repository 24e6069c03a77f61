#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logfmt.h"
#include "base/str.h"

#define NAME_MAX_LEN 80
#define TEXT_MAX     4096 /* one message before escaping */

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
    NULL,
};

/* sd-daemon(3): the priority that journald reads off the front of a line */
static const char *const priorities[] = {
    [LOG_LEVEL_DEBUG] = "<7>",
    [LOG_LEVEL_INFO] = "<6>",
    [LOG_LEVEL_WARN] = "<4>",
    [LOG_LEVEL_ERROR] = "<3>",
};

static struct {
	char name[NAME_MAX_LEN];
	enum log_level level;
	bool journal; /* stderr is journald's own socket */
	bool ready;
} log_state = {.name = "core", .level = LOG_LEVEL_INFO};

/* JOURNAL_STREAM is "device:inode" of the stream and is inherited by
 * everything below a service: only a stderr that still is it counts. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	str_printf(ours, sizeof(ours), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return str_eq(stream, ours);
}

void
log_init(const char *name, enum log_level level)
{
	str_copy(log_state.name, sizeof(log_state.name), name);
	log_state.level = level;
	log_state.journal = stderr_is_journal();
	log_state.ready = true;
}

int
log_level_parse(const char *word, enum log_level *out)
{
	int i = str_index(level_names, word);

	if (i < 0)
		return -1;
	*out = (enum log_level)i;
	return 0;
}

static void
begin(struct logfmt *line, enum log_level level, const char *in)
{
	char head[64], ts[32];

	if (!log_state.ready)
		log_init(log_state.name, log_state.level);
	if (log_state.journal)
		str_printf(head, sizeof(head), "%slevel=%s", priorities[level],
		    level_names[level]);
	else
		str_printf(head, sizeof(head), "ts=%s level=%s",
		    clock_rfc3339(ts, clock_wall_ms()), level_names[level]);
	line->len = 0;
	logfmt_raw(line, head, strlen(head));
	logfmt_pair(line, "in", in, strlen(in));
}

/* In one write, so that the lines of several processes do not mix. */
static void
end(struct logfmt *line)
{
	line->text[line->len++] = '\n';
	/* nobody is left to tell that the log itself cannot be written */
	if (write(STDERR_FILENO, line->text, line->len) < 0)
		return;
}

static __attribute__((format(printf, 2, 0))) void
log_text(enum log_level level, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];
	struct logfmt line;

	if (level < log_state.level)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	begin(&line, level, log_state.name);
	logfmt_pair(&line, "msg", text, strlen(text));
	end(&line);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void
log_kv(enum log_level level, const char *msg, ...)
{
	struct logfmt line;
	const char *key;
	va_list ap;

	if (level < log_state.level)
		return;
	begin(&line, level, log_state.name);
	logfmt_pair(&line, "msg", msg, strlen(msg));
	va_start(ap, msg);
	while ((key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		if (value == NULL)
			value = "";
		logfmt_pair(&line, key, value, strlen(value));
	}
	va_end(ap);
	end(&line);
}

/* Does a line begin as begin() begins it? Moves past that. */
static bool
take_head(const char **s, size_t *len, enum log_level *level)
{
	struct logfmt_pair pair;
	char word[8];

	if (!logfmt_take(s, len, &pair) || !logfmt_is(&pair, "ts"))
		return false;
	if (!logfmt_take(s, len, &pair) || !logfmt_is(&pair, "level") ||
	    pair.value_len >= sizeof(word))
		return false;
	memcpy(word, pair.value, pair.value_len);
	word[pair.value_len] = '\0';
	if (log_level_parse(word, level) < 0)
		return false;
	return logfmt_take(s, len, &pair) && logfmt_is(&pair, "in");
}

/* Only message and facts: a worker does not get to say who or when it is. */
static bool
is_tail(const char *s, size_t len)
{
	struct logfmt_pair pair;

	if (len == 0)
		return false;
	while (len > 0) {
		if (!logfmt_take(&s, &len, &pair))
			return false;
		if (logfmt_is(&pair, "ts") || logfmt_is(&pair, "level") ||
		    logfmt_is(&pair, "in"))
			return false;
	}
	return true;
}

/* What a worker's own log.c wrote keeps its level and pairs; anything else,
 * a sanitizer's report for one, is a warning with the line as its message. */
void
log_relay(const char *worker, const char *line, size_t len)
{
	enum log_level level;
	const char *tail = line;
	size_t tail_len = len;
	struct logfmt out;
	bool ours;

	ours = len < LOGFMT_MAX / 2 && take_head(&tail, &tail_len, &level) &&
	       is_tail(tail, tail_len);
	if (!ours)
		level = LOG_LEVEL_WARN;
	if (level < log_state.level)
		return;
	begin(&out, level, worker);
	if (ours) {
		logfmt_raw(&out, " ", 1);
		logfmt_raw(&out, tail, tail_len);
	} else {
		logfmt_pair(&out, "msg", line, len);
	}
	end(&out);
}
