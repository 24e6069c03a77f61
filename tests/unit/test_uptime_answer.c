#include "probes/uptime_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define ID 0x1234

struct message {
	uint8_t data[2048];
	size_t len;
	unsigned answers;
};

static void
put(struct message *m, const void *data, size_t len)
{
	assert_true(m->len + len <= sizeof(m->data));
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

/* The answer to query, so far without records. */
static void
begin(struct message *m, const uint8_t *query, size_t query_len, int flags)
{
	const uint8_t head[] = {query[0], query[1], (uint8_t)(flags >> 8),
	    (uint8_t)flags, 0, 1, 0, 0, 0, 0, 0, 0};

	m->len = 0;
	m->answers = 0;
	put(m, head, sizeof(head));
	/* the question, without the EDNS record behind it */
	put(m, query + 12, query_len - 12 - 11);
}

/* A record of the question's name. */
static void
record(struct message *m, int type, const void *data, size_t len)
{
	const uint8_t head[] = {0xc0, 12, (uint8_t)(type >> 8), (uint8_t)type,
	    0, 1, 0, 0, 1, 44, (uint8_t)(len >> 8), (uint8_t)len};

	put(m, head, sizeof(head));
	put(m, data, len);
	m->data[7] = (uint8_t)++m->answers;
}

static size_t
query_for(uint8_t query[UPTIME_QUERY_MAX], const char *record_name)
{
	int len = uptime_query(query, ID, "www.example.org",
	    uptime_record_type(record_name), NULL);

	assert_true(len > 0);
	return (size_t)len;
}

static void
writes_queries(void **state)
{
	static const uint8_t wanted[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0,
	    1, 1, 'a', 2, 'b', 'c', 0, 0, 28, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0,
	    0, 0, 0};
	uint8_t query[UPTIME_QUERY_MAX];
	char longest[300];

	(void)state;
	assert_int_equal(
	    uptime_query(query, ID, "a.bc", 28, NULL), sizeof(wanted));
	assert_memory_equal(query, wanted, sizeof(wanted));
	assert_int_equal(
	    uptime_query(query, ID, "a.bc.", 28, NULL), sizeof(wanted));
	assert_true(uptime_query(query, ID, ".", 2, NULL) > 0);
	assert_int_equal(uptime_query(query, ID, "a..b", 1, NULL), -1);
	assert_int_equal(uptime_query(query, ID, ".a", 1, NULL), -1);
	memset(longest, 'x', 64);
	longest[64] = '\0';
	assert_int_equal(uptime_query(query, ID, longest, 1, NULL), -1);
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = i % 2 == 0 ? 'x' : '.';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(uptime_query(query, ID, longest, 1, NULL), -1);
	longest[253] = '\0';
	assert_true(uptime_query(query, ID, longest, 1, NULL) > 0);
}

static void
reads(const char *type, const void *data, size_t len, const char *text)
{
	uint8_t query[UPTIME_QUERY_MAX];
	size_t query_len = query_for(query, type);
	struct uptime_answer a;
	struct message m;

	begin(&m, query, query_len, 0x8580);
	record(&m, 5, "\xc0\x10", 2); /* a CNAME in between is passed over */
	record(&m, uptime_record_type(type), data, len);
	assert_int_equal(
	    uptime_answer_parse(&a, m.data, m.len, query, query_len, NULL), 0);
	assert_int_equal(a.rcode, 0);
	assert_true(a.authoritative);
	assert_int_equal(a.ttl_s, 300);
	assert_string_equal(
	    a.texts[uptime_record_type(type) == 5 ? 1 : 0], text);
	uptime_answer_fini(&a);
}

#define READS(type, data, text) reads(type, data, sizeof(data) - 1, text)

static void
reads_records(void **state)
{
	(void)state;
	READS("A", "\xc0\x00\x02\x07", "192.0.2.7");
	READS("AAAA", "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07",
	    "2001:db8::7");
	READS("CNAME", "\3cdn\xc0\x10", "cdn.example.org");
	READS("NS", "\2ns\xc0\x10", "ns.example.org");
	READS("MX", "\0\x0a\4mail\xc0\x10", "10 mail.example.org");
	READS("MX", "\0\0\0", "0 ."); /* RFC 7505: no mail */
	READS("TXT", "\3v=1\2 x", "v=1 x");
	READS("SRV", "\0\0\0\5\0\x19\4mail\0", "0 5 25 mail");
	READS("CAA", "\x80\5issueca.example", "128 issue \"ca.example\"");
	READS("DS", "\x12\x34\x0d\x02\xab\xcd", "4660 13 2 ABCD");
	READS("TLSA", "\3\1\1\xff", "3 1 1 FF");
	READS("NS", "\3a.b\2c\\\1\x07\0", "a\\.b.c\\\\.\\007");
}

/* What does not fit its type is shown as RFC 3597 does, not guessed at. */
static void
shows_broken_records_as_bytes(void **state)
{
	(void)state;
	READS("A", "\xc0\x00\x02", "\\# 3 C00002");
	READS("A", "\xc0\x00\x02\x07\x07", "\\# 5 C000020707");
	READS("MX", "\0", "\\# 1 00");
	READS("NS", "\xc0", "\\# 1 C0");
	READS("NS", "\xc0\x3b", "\\# 2 C03B"); /* points to itself */
	READS("NS", "\xff\xff", "\\# 2 FFFF");
	READS("TXT", "\5ab", "\\# 3 056162");
	READS("CAA", "\0\x09x", "\\# 3 000978");
}

static void
reads_serials(void **state)
{
	static const uint8_t soa[] = {2, 'n', 's', 0xc0, 0x10, 1, 'h', 0, 0x78,
	    0xc4, 0x4b, 0x01, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4};
	uint8_t query[UPTIME_QUERY_MAX];
	size_t query_len = query_for(query, "SOA");
	struct uptime_answer a;
	struct message m;

	(void)state;
	begin(&m, query, query_len, 0x8180);
	record(&m, 6, soa, sizeof(soa));
	assert_int_equal(
	    uptime_answer_parse(&a, m.data, m.len, query, query_len, NULL), 0);
	assert_string_equal(a.texts[0], "ns.example.org h 2026130177 1 2 3 4");
	assert_int_equal(a.serial, 2026130177);
	assert_false(a.authoritative);
	uptime_answer_fini(&a);
}

static int
parse_code(const struct message *m, const uint8_t *query, size_t query_len)
{
	struct uptime_answer a;
	struct err err = ERR_INIT;

	uptime_answer_parse(&a, m->data, m->len, query, query_len, &err);
	uptime_answer_fini(&a);
	return (int)err.code;
}

static void
tells_strangers_from_broken_answers(void **state)
{
	uint8_t query[UPTIME_QUERY_MAX], other[UPTIME_QUERY_MAX];
	size_t query_len = query_for(query, "A");
	struct uptime_answer a;
	struct message m;

	(void)state;
	begin(&m, query, query_len, 0x8180);
	record(&m, 1, "\1\2\3\4", 4);
	assert_int_equal(parse_code(&m, query, query_len), ERR_NONE);
	m.data[13] = 'W'; /* 0x20: some servers change the case */
	assert_int_equal(parse_code(&m, query, query_len), ERR_NONE);
	m.data[0] ^= 1;
	assert_int_equal(parse_code(&m, query, query_len), ERR_MISSING);
	m.data[0] ^= 1;
	m.data[2] = 1; /* a query is no answer */
	assert_int_equal(parse_code(&m, query, query_len), ERR_MISSING);
	uptime_query(other, ID, "xxx.example.org", 1, NULL);
	begin(&m, other, query_len, 0x8180);
	assert_int_equal(parse_code(&m, query, query_len), ERR_MISSING);
	begin(&m, query, query_len, 0x8180);
	m.data[7] = 1; /* a record that is not there */
	assert_int_equal(parse_code(&m, query, query_len), ERR_PROTO);
	for (m.len = 0; m.len < 12; m.len++)
		assert_int_equal(parse_code(&m, query, query_len), ERR_PROTO);
	begin(&m, query, query_len, 0x8382);
	assert_int_equal(
	    uptime_answer_parse(&a, m.data, m.len, query, query_len, NULL), 0);
	assert_int_equal(a.rcode, 2);
	assert_true(a.truncated);
	/* a short refusal without the question */
	m.len = 12;
	m.data[3] = 5;
	m.data[5] = 0;
	assert_int_equal(
	    uptime_answer_parse(&a, m.data, m.len, query, query_len, NULL), 0);
	assert_int_equal(a.rcode, UPTIME_RCODE_REFUSED);
}

static void
names_codes_and_types(void **state)
{
	(void)state;
	assert_string_equal(uptime_rcode_name(0), "NOERROR");
	assert_string_equal(uptime_rcode_name(3), "NXDOMAIN");
	assert_string_equal(uptime_rcode_name(10), "NOTZONE");
	assert_string_equal(uptime_rcode_name(11), "an unusual rcode");
	assert_string_equal(uptime_rcode_name(-1), "an unusual rcode");
	assert_int_equal(uptime_record_type("caa"), 257);
	assert_int_equal(uptime_record_type("auto"), -1);
	assert_int_equal(uptime_record_type("X"), -1);
}

static void
compares(void **state)
{
	static char *wanted[] = {(char *)(uintptr_t) "MAIL.example.org.",
	    (char *)(uintptr_t) "2001:DB8::0:7"};
	static const char *const found[] = {
	    "2001:db8::7", "mail.example.org", "odd"};
	const struct option_list list = {wanted, 2}, none = {NULL, 0};
	char why[100];

	(void)state;
	assert_int_equal(
	    uptime_answer_compare(&list, false, found, 3, why, sizeof(why)), 0);
	assert_int_equal(
	    uptime_answer_compare(&list, true, found, 2, why, sizeof(why)), 0);
	assert_int_equal(
	    uptime_answer_compare(&list, true, found, 3, why, sizeof(why)), -1);
	assert_string_equal(why, "odd is not expected; the answer is "
				 "2001:db8::7, mail.example.org, odd");
	assert_int_equal(
	    uptime_answer_compare(&list, false, found, 1, why, sizeof(why)),
	    -1);
	assert_string_equal(
	    why, "MAIL.example.org. is missing; the answer is 2001:db8::7");
	assert_int_equal(
	    uptime_answer_compare(&list, false, NULL, 0, why, sizeof(why)), -1);
	assert_string_equal(
	    why, "MAIL.example.org. is missing; the answer is empty");
	assert_int_equal(
	    uptime_answer_compare(&none, false, found, 3, why, sizeof(why)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_queries),
	    cmocka_unit_test(reads_records),
	    cmocka_unit_test(shows_broken_records_as_bytes),
	    cmocka_unit_test(reads_serials),
	    cmocka_unit_test(tells_strangers_from_broken_answers),
	    cmocka_unit_test(names_codes_and_types),
	    cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
