#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"

#define NAME_MAX_LEN 80
#define TEXT_MAX     4096 /* one message before escaping */
#define LINE_MAX_LEN 8192 /* one line written; at most PIPE_BUF pieces mix */

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
    NULL,
};

/* sd-daemon(3): what journald reads off the front of a line */
static const char *const journal_prefixes[] = {
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
 * everything below a service; only a stderr that still is that stream counts. */
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

/* A line under construction. No allocation: a log line must get out even when
 * memory is the trouble. */
struct line {
	char text[LINE_MAX_LEN];
	size_t len;
};

static void
add(struct line *line, const char *bytes, size_t len)
{
	size_t left = sizeof(line->text) - 1 - line->len; /* 1: the newline */

	if (len > left)
		len = left;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void
add_str(struct line *line, const char *s)
{
	add(line, s, strlen(s));
}

/* One character of a value, escaped; returns how many bytes of s it was. */
static size_t
add_escaped(struct line *line, const char *s, size_t len)
{
	uint32_t code = 0;
	size_t n = utf8_next(s, len, &code);
	char hex[8];

	if (n > 0 && (code == '"' || code == '\\')) {
		add_str(line, "\\");
		add(line, s, n);
		return n;
	}
	if (n > 0 && code == '\n') {
		add_str(line, "\\n");
		return n;
	}
	if (n > 0 && !utf8_is_control(code) && !utf8_is_deceptive(code)) {
		add(line, s, n);
		return n;
	}
	for (size_t i = 0; i < (n ? n : 1); i++) {
		str_printf(hex, sizeof(hex), "\\x%02x", (unsigned char)s[i]);
		add_str(line, hex);
	}
	return n ? n : 1;
}

static bool
is_bare(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '=' ||
		    s[i] == '\\')
			return false;
	return len > 0;
}

static void
add_value(struct line *line, const char *s, size_t len)
{
	/* room for the longest escape, the ellipsis, the quote */
	size_t stop = sizeof(line->text) - 32;

	if (is_bare(s, len)) {
		add(line, s, len);
		return;
	}
	add_str(line, "\"");
	while (len > 0 && line->len < stop) {
		size_t n = add_escaped(line, s, len);

		s += n;
		len -= n;
	}
	add_str(line, len > 0 ? "…\"" : "\"");
}

static void
add_pair(struct line *line, const char *key, const char *value, size_t len)
{
	if (line->len >= sizeof(line->text) - 256)
		return;
	add_str(line, " ");
	add_str(line, key);
	add_str(line, "=");
	add_value(line, value, len);
}

static void
begin(struct line *line, enum log_level level, const char *in)
{
	char ts[32];

	if (!log_state.ready)
		log_init(log_state.name, log_state.level);
	line->len = 0;
	if (log_state.journal) {
		add_str(line, journal_prefixes[level]);
	} else {
		add_str(line, "ts=");
		add_str(line, clock_rfc3339(ts, clock_wall_ms()));
		add_str(line, " ");
	}
	add_str(line, "level=");
	add_str(line, level_names[level]);
	add_pair(line, "in", in, strlen(in));
}

static void
end(struct line *line)
{
	line->text[line->len++] = '\n';
	/* nobody is left to tell that the log itself could not be written */
	if (write(STDERR_FILENO, line->text, line->len) < 0)
		return;
}

static __attribute__((format(printf, 2, 0))) void
log_text(enum log_level level, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];
	struct line line;

	if (level < log_state.level)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	begin(&line, level, log_state.name);
	add_pair(&line, "msg", text, strlen(text));
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
	struct line line;
	const char *key;
	va_list ap;

	if (level < log_state.level)
		return;
	begin(&line, level, log_state.name);
	add_pair(&line, "msg", msg, strlen(msg));
	va_start(ap, msg);
	while ((key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		if (value == NULL)
			value = "";
		add_pair(&line, key, value, strlen(value));
	}
	va_end(ap);
	end(&line);
}

void
log_relay(const char *worker, const char *text, size_t len)
{
	struct line line;

	if (LOG_LEVEL_WARN < log_state.level)
		return;
	begin(&line, LOG_LEVEL_WARN, worker);
	add_pair(&line, "msg", text, len);
	end(&line);
}
