#include "probes/uptime_answer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "probes/uptime_rdata.h"

#define HEADER_LEN   12
#define FLAGS_QR     0x8000
#define FLAGS_AA     0x0400
#define FLAGS_TC     0x0200
#define FLAGS_RD     0x0100
#define TYPE_SOA     6
#define TYPE_OPT     41
#define EDNS_SIZE    1232 /* what passes without fragments nearly everywhere */
#define LABEL_MAX    63
#define NAME_MAX_LEN 255

const char *const uptime_rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL",
    "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
    "NOTAUTH", "NOTZONE", NULL};

const char *const uptime_records[] = {"auto", "A", "AAAA", "CAA", "CNAME", "DS",
    "MX", "NS", "PTR", "SOA", "SRV", "TLSA", "TXT", NULL};
static const int types[] = {
    -1, 1, 28, 257, 5, 43, 15, 2, 12, TYPE_SOA, 33, 52, 16};

const char *
uptime_rcode_name(int rcode)
{
	size_t known = sizeof(uptime_rcodes) / sizeof(uptime_rcodes[0]) - 1;

	return rcode >= 0 && (size_t)rcode < known ? uptime_rcodes[rcode]
	                                           : "an unusual rcode";
}

int
uptime_record_type(const char *record)
{
	for (size_t i = 1; uptime_records[i] != NULL; i++)
		if (strcasecmp(uptime_records[i], record) == 0)
			return types[i];
	return -1;
}

static size_t
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return 2;
}

/* "a.example.org" as length-prefixed labels. 0 if it is no domain name. */
static size_t
put_name(uint8_t *at, const char *name)
{
	size_t used = 0;

	if (str_eq(name, "."))
		name = "";
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > LABEL_MAX ||
		    used + len + 2 > NAME_MAX_LEN)
			return 0;
		at[used++] = (uint8_t)len;
		memcpy(at + used, name, len);
		used += len;
		name += len;
		name += *name == '.';
	}
	at[used++] = 0;
	return used;
}

int
uptime_query(uint8_t out[UPTIME_QUERY_MAX], uint16_t id, const char *name,
    int type, struct err *err)
{
	size_t used = 0, len;

	used += put16(out, id);
	used += put16(out + used, FLAGS_RD);
	used += put16(out + used, 1); /* one question */
	used += put16(out + used, 0);
	used += put16(out + used, 0);
	used += put16(out + used, 1); /* one additional record: EDNS */
	len = put_name(out + used, name);
	if (len == 0)
		return err_set(
		    err, ERR_INPUT, "\"%.80s\" is not a domain name", name);
	used += len;
	used += put16(out + used, (unsigned)type);
	used += put16(out + used, 1); /* IN */
	out[used++] = 0;              /* the root owns the OPT record */
	used += put16(out + used, TYPE_OPT);
	used += put16(out + used, EDNS_SIZE);
	used += put16(out + used, 0); /* extended rcode, version */
	used += put16(out + used, 0); /* flags */
	used += put16(out + used, 0); /* no options */
	return (int)used;
}

/* The question of ours, which an answer must repeat (names without case). */
static size_t
question_len(const uint8_t *packet, size_t len)
{
	size_t at = HEADER_LEN;

	while (at < len && packet[at] != 0) {
		if (packet[at] > LABEL_MAX)
			return 0;
		at += (size_t)packet[at] + 1;
	}
	at += 5; /* the root label, type, class */
	return at <= len ? at - HEADER_LEN : 0;
}

static bool
is_same_question(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t x = a[i], y = b[i];

		x |= x >= 'A' && x <= 'Z' ? 0x20 : 0;
		y |= y >= 'A' && y <= 'Z' ? 0x20 : 0;
		if (x != y)
			return false;
	}
	return true;
}

static int
check_header(struct uptime_answer *out, const uint8_t *packet, size_t len,
    const uint8_t *query, struct err *err)
{
	unsigned flags;

	if (len < HEADER_LEN)
		return err_set(err, ERR_PROTO,
		    "the answer has %zu bytes, no DNS message is so short",
		    len);
	flags = (unsigned)packet[2] << 8 | packet[3];
	if (memcmp(packet, query, 2) != 0 || !(flags & FLAGS_QR))
		return err_set(err, ERR_MISSING, "not the answer to our query");
	out->rcode = (int)(flags & 15);
	out->truncated = (flags & FLAGS_TC) != 0;
	out->authoritative = (flags & FLAGS_AA) != 0;
	return 0;
}

static void
take_record(struct uptime_answer *out, const struct uptime_rr *rr)
{
	struct buf text;

	if (out->count == UPTIME_ANSWERS_MAX)
		return;
	buf_init(&text, UPTIME_RDATA_TEXT_MAX);
	uptime_rdata_text(&text, rr);
	out->texts[out->count++] = mem_strdup(buf_str(&text));
	buf_fini(&text);
	if (out->ttl_s < 0 || rr->ttl_s < out->ttl_s)
		out->ttl_s = rr->ttl_s;
	if (rr->type == TYPE_SOA)
		out->serial = uptime_rdata_serial(rr);
}

int
uptime_answer_parse(struct uptime_answer *out, const uint8_t *packet,
    size_t len, const uint8_t *query, size_t query_len, struct err *err)
{
	size_t question = question_len(query, query_len), at;
	struct uptime_rr rr;
	unsigned answers;
	int type;

	*out = (struct uptime_answer){.ttl_s = -1, .serial = -1};
	if (check_header(out, packet, len, query, err) != 0)
		return -1;
	at = HEADER_LEN;
	if (packet[4] == 0 && packet[5] == 0 && out->rcode != 0)
		return 0; /* errors may come without the question */
	if (len < at + question ||
	    !is_same_question(packet + at, query + at, question))
		return err_set(err, ERR_MISSING, "not the answer to our query");
	at += question;
	type = query[at - 4] << 8 | query[at - 3];
	answers = (unsigned)packet[6] << 8 | packet[7];
	for (unsigned i = 0; i < answers && !out->truncated; i++) {
		if (uptime_rr_next(&rr, packet, len, &at) != 0)
			return err_set(err, ERR_PROTO,
			    "the answer is broken in its record %u", i + 1);
		if (rr.type == type)
			take_record(out, &rr);
	}
	return 0;
}

void
uptime_answer_fini(struct uptime_answer *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->texts[i]);
	a->count = 0;
}

static bool
is_same_record(const char *a, const char *b)
{
	size_t alen = strlen(a), blen = strlen(b);
	struct in6_addr x, y;

	if (inet_pton(AF_INET6, a, &x) == 1 && inet_pton(AF_INET6, b, &y) == 1)
		return memcmp(&x, &y, sizeof(x)) == 0;
	alen -= alen > 1 && a[alen - 1] == '.';
	blen -= blen > 1 && b[blen - 1] == '.';
	return alen == blen && strncasecmp(a, b, alen) == 0;
}

static bool
is_among(const char *record, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_same_record(record, list[i]))
			return true;
	return false;
}

static void
name_all(struct buf *out, const char *const *found, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (buf_printf(out, "%s%s", i > 0 ? ", " : "", found[i]) != 0)
			return;
}

int
uptime_answer_compare(const struct option_list *wanted, bool only,
    const char *const *found, size_t count, char *why, size_t size)
{
	const char *const *list = (const char *const *)wanted->items;
	const char *odd = NULL, *what = "is missing";
	struct buf all;

	for (size_t i = 0; i < wanted->count && odd == NULL; i++)
		if (!is_among(list[i], found, count))
			odd = list[i];
	for (size_t i = 0; only && i < count && odd == NULL; i++)
		if (!is_among(found[i], list, wanted->count)) {
			odd = found[i];
			what = "is not expected";
		}
	if (odd == NULL)
		return 0;
	buf_init(&all, 200);
	name_all(&all, found, count);
	str_printf(why, size, "%.100s %s; the answer is %s", odd, what,
	    count == 0 ? "empty" : buf_str(&all));
	buf_fini(&all);
	return -1;
}
