#include "base/resolve_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define HEAD(rcode, answers)                                                   \
	"\x00\x00\x81" rcode "\x00\x01\x00" answers "\x00\x00\x00\x00"
#define QUESTION(name, type)     name type "\x00\x01"
#define BACK                     "\xc0\x0c" /* the question's name */
#define RR(type, ttl, len, data) type "\x00\x01" ttl "\x00" len data

#define A     "\x00\x01"
#define CNAME "\x00\x05"
#define MX    "\x00\x0f"
#define TTL_9 "\x00\x00\x00\x09"
#define TTL_5 "\x00\x00\x00\x05"
#define WWW                                                                    \
	"\x03www\x01"                                                          \
	"a\x00"

static int
read_it(struct resolve_answer *out, const char *packet, size_t len, int type)
{
	struct err err = ERR_INIT;
	int rc =
	    resolve_packet_read(out, (const uint8_t *)packet, len, type, &err);

	assert_int_equal(err.code, rc < 0 ? ERR_DNS : ERR_NONE);
	return rc;
}

#define READ(out, packet, type) read_it(out, packet, sizeof(packet) - 1, type)

static void
takes_what_answers_the_question(void **state)
{
	static const char packet[] =
	    HEAD("\x80", "\x03") QUESTION(WWW, A) BACK RR(CNAME, TTL_9, "\x06",
		"\x03oth\xc0\x10") "\x03OTH\xc0\x10" RR(A, TTL_5, "\x04",
		"\xc0\x00\x02\x07") "\x03"
				    "els\xc0\x10" RR(
					A, TTL_5, "\x04", "\xc0\x00\x02\x08");
	struct resolve_answer answer;

	(void)state;
	assert_int_equal(READ(&answer, packet, 1), 0);
	assert_int_equal(answer.rcode, 0);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.lengths[0], 4);
	assert_memory_equal(answer.data[0], "\xc0\x00\x02\x07", 4);
	assert_int_equal(answer.ttl_s, 5);
	assert_string_equal(answer.canonical, "oth.a");
	resolve_answer_free(&answer);

	/* The alias itself, when that is what was asked for. */
	assert_int_equal(READ(&answer, packet, 5), 0);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.lengths[0], 7);
	assert_memory_equal(answer.data[0],
	    "\x03oth\x01"
	    "a\x00",
	    7);
	assert_string_equal(answer.canonical, "www.a");
	resolve_answer_free(&answer);
}

static void
writes_names_inside_in_full(void **state)
{
	static const char packet[] = HEAD("\x80", "\x01") QUESTION(WWW, MX)
	    BACK RR(MX, TTL_9, "\x09", "\x00\x0a\x04mail\xc0\x10");
	struct resolve_answer answer;

	(void)state;
	assert_int_equal(READ(&answer, packet, 15), 0);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.lengths[0], 10);
	assert_memory_equal(answer.data[0],
	    "\x00\x0a\x04mail\x01"
	    "a\x00",
	    10);
	resolve_answer_free(&answer);
}

static void
escapes_names(void **state)
{
	static const char packet[] =
	    HEAD("\x80", "\x01") QUESTION("\x06"
					  "a.b\\\x01\xff\x00",
		A) BACK RR(A, TTL_9, "\x04", "\xc0\x00\x02\x07");
	struct resolve_answer answer;

	(void)state;
	assert_int_equal(READ(&answer, packet, 1), 0);
	assert_string_equal(answer.canonical, "a\\.b\\\\\\001\\255");
	resolve_answer_free(&answer);
}

static void
takes_empty_answers(void **state)
{
	static const char packet[] = HEAD("\x83", "\x00") QUESTION(WWW, A);
	struct resolve_answer answer;

	(void)state;
	assert_int_equal(READ(&answer, packet, 1), 0);
	assert_int_equal(answer.rcode, 3);
	assert_int_equal(answer.count, 0);
	assert_int_equal(answer.ttl_s, -1);
	assert_string_equal(answer.canonical, "");
	resolve_answer_free(&answer);
}

static void
ends_circles(void **state)
{
	static const char aliases[] = HEAD("\x80", "\x02") QUESTION(
	    WWW, A) BACK RR(CNAME, TTL_9, "\x06",
	    "\x03oth\xc0\x10") "\x03oth\xc0\x10" RR(CNAME, TTL_9, "\x02", BACK);
	static const char pointers[] = HEAD("\x80", "\x01") QUESTION(
	    WWW, A) "\xc0\x17" RR(A, TTL_9, "\x04", "\xc0\x00\x02\x07");
	struct resolve_answer answer;

	(void)state;
	assert_int_equal(READ(&answer, aliases, 1), 0);
	assert_int_equal(answer.count, 0);
	resolve_answer_free(&answer);
	assert_int_equal(READ(&answer, pointers, 1), -1);
}

static void
refuses_what_is_cut_short(void **state)
{
	static const char packet[] = HEAD("\x80", "\x02") QUESTION(WWW, MX)
	    BACK RR(MX, TTL_9, "\x09", "\x00\x0a\x04mail\xc0\x10")
		BACK RR(A, TTL_9, "\x04", "\xc0\x00\x02\x07");
	struct resolve_answer answer;

	(void)state;
	for (size_t len = 0; len < sizeof(packet) - 1; len++)
		assert_int_equal(read_it(&answer, packet, len, 15), -1);
	assert_int_equal(READ(&answer, packet, 15), 0);
	resolve_answer_free(&answer);
}

static void
reads_a_ttl_with_the_top_bit_as_zero(void **state)
{
	static const char packet[] = HEAD("\x80", "\x01") QUESTION(WWW, A)
	    BACK RR(A, "\x80\x00\x00\x09", "\x04", "\xc0\x00\x02\x07");
	struct resolve_answer answer;

	(void)state;
	assert_int_equal(READ(&answer, packet, 1), 0);
	assert_int_equal(answer.ttl_s, 0);
	resolve_answer_free(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_answers_the_question),
	    cmocka_unit_test(writes_names_inside_in_full),
	    cmocka_unit_test(escapes_names),
	    cmocka_unit_test(takes_empty_answers),
	    cmocka_unit_test(ends_circles),
	    cmocka_unit_test(refuses_what_is_cut_short),
	    cmocka_unit_test(reads_a_ttl_with_the_top_bit_as_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
