/* base/str.c: what parses means the same when written and read again; what is
 * made printable is text. */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

static void
durations(const char *s)
{
	struct err err = ERR_INIT;
	int64_t ms, again;
	char text[32];

	if (str_parse_duration_ms(s, &ms, &err) < 0) {
		CHECK(str_is_text(err.text, strlen(err.text)));
		return;
	}
	CHECK(ms >= 0);
	str_duration(text, ms);
	CHECK(str_parse_duration_ms(text, &again, &err) == 0 && again == ms);
	CHECK(strlen(str_duration_human(text, ms)) >= strlen("9 s"));
}

static void
numbers(const char *s)
{
	struct err err = ERR_INIT;
	int64_t bytes = -1, number = 0;
	double real = 0;

	if (str_parse_size(s, &bytes, &err) == 0)
		CHECK(bytes >= 0);
	else
		CHECK(bytes == -1 && str_is_text(err.text, strlen(err.text)));
	if (str_parse_i64(s, -100, 100, &number) == 0) {
		CHECK(number >= -100 && number <= 100);
		CHECK(str_parse_double(s, &real) == 0);
		CHECK(real == (double)number);
	}
}

static void
printable(const char *s, size_t len)
{
	char dst[80];

	for (size_t size = 1; size <= sizeof(dst); size += 13) {
		memset(dst, '#', sizeof(dst));
		str_printable(dst, size, s, len);
		CHECK(strlen(dst) < size);
		CHECK(strchr(dst, '\n') == NULL && strchr(dst, '\t') == NULL);
		CHECK(str_is_text(dst, strlen(dst)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"every", "timeout", "target", NULL};
	char *s = mem_strndup((const char *)data, size);

	durations(s);
	numbers(s);
	printable((const char *)data, size);
	if (size < 300)
		CHECK(str_distance(s, "timeout") == str_distance("timeout", s));
	(void)str_nearest(words, s);
	(void)str_trim(s);
	free(s);
	return 0;
}
