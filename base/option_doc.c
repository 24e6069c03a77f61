/* The half of base/option.h that documents: Markdown and terminal help. */
#include "base/option.h"

#include <inttypes.h>
#include <string.h>

#include "base/option_value.h"
#include "base/outcome.h"
#include "base/str.h"

#define KEY_MAX 128

static const char *const *
words_of(const struct option *o)
{
	return o->type == OPTION_SEVERITY ? severity_names : o->words;
}

static bool
is_section(const struct option *o)
{
	return o->type == OPTION_SECTION || o->type == OPTION_SECTIONS;
}

/* "expect.status", "notify[].channel". */
static void
full_key(char key[KEY_MAX], const char *prefix, const struct option *o)
{
	str_printf(key, KEY_MAX, "%s%s", prefix, o->name);
}

static void
section_prefix(char out[KEY_MAX], const char *prefix, const struct option *o)
{
	str_printf(out, KEY_MAX, "%s%s%s", prefix, o->name,
	    o->type == OPTION_SECTIONS ? "[]." : ".");
}

static bool
is_measured(enum option_type type)
{
	return type == OPTION_INT || type == OPTION_DURATION ||
	       type == OPTION_SIZE || type == OPTION_DOUBLE;
}

/* "15s to 24h", "at least 1": only what the row itself says. */
static void
put_limits(struct buf *out, const struct option *o)
{
	char low[32], high[32];

	if (!is_measured(o->type) || (o->min == 0 && o->max == 0))
		return;
	option_limit_text(low, o, o->min);
	option_limit_text(high, o, o->max);
	if (o->max < o->min || o->max == 0)
		buf_printf(out, ", at least %s", low);
	else if (o->min == 0)
		buf_printf(out, ", at most %s", high);
	else
		buf_printf(out, ", %s to %s", low, high);
}

/* A word as documentation quotes it. */
static void
put_word(struct buf *out, const char *word, const char *quote)
{
	buf_printf(out, "%s%s%s", quote, *word != '\0' ? word : "\"\"", quote);
}

static void
put_type(struct buf *out, const struct option *o, const char *quote)
{
	const char *const *words = words_of(o);

	if (words == NULL || o->type == OPTION_URL)
		buf_puts(out, option_type_name(o->type));
	if (words != NULL && o->type == OPTION_URL)
		buf_puts(out, ": ");
	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		if (i > 0)
			buf_puts(out, words[i + 1] == NULL ? " or " : ", ");
		put_word(out, words[i], quote);
	}
	put_limits(out, o);
}

/* Text in a cell of a Markdown table. */
static void
put_cell(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|' || *text == '<')
			buf_putc(out, '\\');
		buf_putc(out, *text == '\n' ? ' ' : *text);
	}
}

void
option_markdown(struct buf *out, const struct option *table, const char *prefix)
{
	char key[KEY_MAX], inner[KEY_MAX];

	for (const struct option *o = table; o->name != NULL; o++) {
		full_key(key, prefix, o);
		buf_printf(out, "| `%s` | ", key);
		put_type(out, o, "`");
		buf_puts(out, " | ");
		if (o->flags & OPTION_REQUIRED)
			buf_puts(out, "**required**");
		else if (o->standard != NULL)
			buf_printf(out, "`%s`",
			    *o->standard != '\0' ? o->standard : "\"\"");
		buf_puts(out, " | ");
		put_cell(out, o->help != NULL ? o->help : "");
		buf_puts(out, " |\n");
		if (!is_section(o))
			continue;
		section_prefix(inner, prefix, o);
		option_markdown(out, o->section, inner);
	}
}

/* Wrap text at width, each line after `indent` spaces. */
static void
put_wrapped(struct buf *out, const char *text, unsigned indent, unsigned width)
{
	size_t room = width > indent + 20 ? width - indent : 20, used = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (used > 0 && used + 1 + len > room) {
			buf_putc(out, '\n');
			used = 0;
		}
		if (used == 0)
			buf_printf(out, "%*s", (int)indent, "");
		else
			buf_putc(out, ' ');
		buf_add(out, text, len);
		used += len + (used > 0);
		text += len;
		text += strspn(text, " ");
	}
	buf_putc(out, '\n');
}

static void
help_row(
    struct buf *out, const struct option *o, const char *key, unsigned width)
{
	struct buf text;

	buf_printf(out, "  %s", key);
	if (o->flags & OPTION_REQUIRED)
		buf_puts(out, "  (required)");
	else if (o->standard != NULL && *o->standard != '\0')
		buf_printf(out, "  (default %s)", o->standard);
	buf_putc(out, '\n');
	buf_init(&text, 4096);
	if (o->help != NULL)
		buf_printf(&text, "%s: ", o->help);
	put_type(&text, o, "");
	put_wrapped(out, buf_str(&text), 6, width);
	buf_fini(&text);
}

void
option_help(struct buf *out, const struct option *table, const char *prefix,
    unsigned width)
{
	char key[KEY_MAX], inner[KEY_MAX];

	for (const struct option *o = table; o->name != NULL; o++) {
		full_key(key, prefix, o);
		help_row(out, o, key, width);
		if (!is_section(o))
			continue;
		section_prefix(inner, prefix, o);
		option_help(out, o->section, inner, width);
	}
}
