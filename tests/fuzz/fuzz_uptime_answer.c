/*
 * probes/uptime_answer.c and uptime_rdata.c: any bytes as the answer to a
 * query. The first byte chooses the record type that was asked for.
 */
#include "probes/uptime_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "probes/uptime_rdata.h"
#include "tests/fuzz/fuzz.h"

#define RECORDS 12 /* in uptime_records, behind "auto" */

static void
read_answer(const uint8_t *packet, size_t len, const char *record)
{
	const struct option_list none = {NULL, 0};
	uint8_t query[UPTIME_QUERY_MAX];
	struct uptime_answer a;
	struct err err = ERR_INIT;
	char why[200];
	int query_len = uptime_query(
	    query, 0x1234, "www.example.org", uptime_record_type(record), &err);

	CHECK(query_len > 0);
	if (uptime_answer_parse(
		&a, packet, len, query, (size_t)query_len, &err) != 0)
		CHECK(err.code == ERR_PROTO || err.code == ERR_MISSING);
	CHECK(a.count <= UPTIME_ANSWERS_MAX);
	for (size_t i = 0; i < a.count; i++)
		CHECK(strlen(a.texts[i]) <= UPTIME_RDATA_TEXT_MAX);
	CHECK(uptime_answer_compare(&none, false, (const char *const *)a.texts,
		  a.count, why, sizeof(why)) == 0);
	uptime_answer_compare(&none, true, (const char *const *)a.texts,
	    a.count, why, sizeof(why));
	uptime_answer_fini(&a);
}

/* The same records behind a head that is right, so that the fuzzer need not
 * find it. */
static void
read_records(const uint8_t *data, size_t size, const char *record)
{
	uint8_t query[UPTIME_QUERY_MAX], *packet;
	struct err err = ERR_INIT;
	int query_len = uptime_query(
	    query, 0x1234, "www.example.org", uptime_record_type(record), &err);
	size_t head = (size_t)query_len - 11; /* without the EDNS record */

	packet = mem_alloc(head + size + 1);
	memcpy(packet, query, head);
	memcpy(packet + 2, "\x81\x80\0\1\0\2\0\0\0\0", 10);
	if (size > 0)
		memcpy(packet + head, data, size);
	read_answer(packet, head + size, record);
	free(packet);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *record;

	if (size == 0)
		return 0;
	record = uptime_records[1 + data[0] % RECORDS];
	read_answer(data + 1, size - 1, record);
	read_records(data + 1, size - 1, record);
	return 0;
}
