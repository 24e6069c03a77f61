#include "base/resolve_packet.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define HEADER_LEN   12
#define NAME_MAX     255 /* wire bytes, RFC 1035 section 2.3.4 */
#define ANSWERS_MAX  512
#define CHAIN_MAX    16 /* CNAMEs one after another */
#define EXPANDED_MAX 65535
#define POINTER      0xc0u

#define TYPE_NS    2
#define TYPE_CNAME 5
#define TYPE_SOA   6
#define TYPE_PTR   12
#define TYPE_MX    15
#define TYPE_SRV   33
#define TYPE_DNAME 39
#define CLASS_IN   1

struct packet {
	const uint8_t *bytes;
	size_t len;
};

struct name { /* wire form, no pointers in it */
	uint8_t bytes[NAME_MAX];
	size_t len;
};

struct record {
	struct name owner;
	unsigned type, class;
	uint32_t ttl;
	size_t data, data_len; /* in the packet */
};

static unsigned
u16_at(const struct packet *p, size_t at)
{
	return (unsigned)p->bytes[at] << 8 | p->bytes[at + 1];
}

/* Bytes the name takes at `at`, or 0 if it is broken. Pointers must lead back,
 * so that they cannot run in a circle. */
static size_t
read_name(struct name *out, const struct packet *p, size_t at)
{
	size_t start = at, taken = 0, lowest = at;

	out->len = 0;
	for (;;) {
		unsigned length;

		if (at >= p->len)
			return 0;
		length = p->bytes[at];
		if ((length & POINTER) == POINTER) {
			if (at + 1 >= p->len)
				return 0;
			if (taken == 0)
				taken = at + 2 - start;
			at = u16_at(p, at) & 0x3fff;
			if (at >= lowest)
				return 0;
			lowest = at;
			continue;
		}
		if ((length & POINTER) != 0 || at + 1 + length > p->len ||
		    out->len + 1 + length > NAME_MAX)
			return 0;
		memcpy(out->bytes + out->len, p->bytes + at, length + 1);
		out->len += length + 1;
		at += length + 1;
		if (length == 0)
			return taken != 0 ? taken : at - start;
	}
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
same_name(const struct name *a, const struct name *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (lower(a->bytes[i]) != lower(b->bytes[i]))
			return false;
	return true;
}

static void
put_byte(char **to, uint8_t c)
{
	if (c == '.' || c == '\\') {
		*(*to)++ = '\\';
		*(*to)++ = (char)c;
	} else if (c > ' ' && c < 0x7f) {
		*(*to)++ = (char)c;
	} else {
		*(*to)++ = '\\';
		*(*to)++ = (char)('0' + c / 100);
		*(*to)++ = (char)('0' + c / 10 % 10);
		*(*to)++ = (char)('0' + c % 10);
	}
}

/* Four characters a byte at most, so RESOLVE_NAME_SIZE always holds it. */
static void
name_text(char dst[RESOLVE_NAME_SIZE], const struct name *name)
{
	char *to = dst;
	size_t at = 0;

	while (at < name->len && name->bytes[at] != 0) {
		size_t length = name->bytes[at++];

		if (to != dst)
			*to++ = '.';
		for (size_t i = 0; i < length; i++)
			put_byte(&to, name->bytes[at++]);
	}
	if (to == dst)
		*to++ = '.';
	*to = '\0';
}

static size_t
read_record(struct record *out, const struct packet *p, size_t at)
{
	size_t start = at, name_len = read_name(&out->owner, p, at);

	if (name_len == 0 || at + name_len + 10 > p->len)
		return 0;
	at += name_len;
	out->type = u16_at(p, at);
	out->class = u16_at(p, at + 2);
	out->ttl = (uint32_t)u16_at(p, at + 4) << 16 | u16_at(p, at + 6);
	out->data_len = u16_at(p, at + 8);
	out->data = at + 10;
	if (out->data + out->data_len > p->len)
		return 0;
	return out->data + out->data_len - start;
}

/* ---- names inside of record data ---- */

/* How data of this type is made: `before` plain bytes, `names` names. */
struct layout {
	unsigned type;
	size_t before;
	unsigned names;
};

static const struct layout *
layout_of(unsigned type)
{
	static const struct layout layouts[] = {
	    {TYPE_NS, 0, 1},
	    {TYPE_CNAME, 0, 1},
	    {TYPE_SOA, 0, 2},
	    {TYPE_PTR, 0, 1},
	    {TYPE_MX, 2, 1},
	    {TYPE_SRV, 6, 1},
	    {TYPE_DNAME, 0, 1},
	};

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

struct expansion {
	uint8_t *bytes;
	size_t len;
};

static int
append(struct expansion *e, const uint8_t *bytes, size_t len)
{
	if (e->len + len > EXPANDED_MAX)
		return -1;
	memcpy(e->bytes + e->len, bytes, len);
	e->len += len;
	return 0;
}

static int
expand(struct expansion *e, const struct packet *p, const struct record *r,
    const struct layout *layout)
{
	size_t at = r->data, end = r->data + r->data_len, taken;
	struct name name;

	if (layout->before > r->data_len ||
	    append(e, p->bytes + at, layout->before) < 0)
		return -1;
	at += layout->before;
	for (unsigned i = 0; i < layout->names; i++) {
		taken = read_name(&name, p, at);
		if (taken == 0 || at + taken > end ||
		    append(e, name.bytes, name.len) < 0)
			return -1;
		at += taken;
	}
	return append(e, p->bytes + at, end - at);
}

/* ---- the answer ---- */

struct reading {
	struct packet packet;
	struct record *records;
	size_t count;
	struct name wanted;
	struct expansion expansion;
	size_t starts[RESOLVE_RECORDS_MAX]; /* in the expansion */
};

static int
keep(struct resolve_answer *out, struct reading *r, const struct record *record)
{
	const struct layout *layout = layout_of(record->type);
	size_t i = out->count;

	if (i == RESOLVE_RECORDS_MAX)
		return 0; /* more than anybody compares */
	if (layout == NULL) {
		out->data[i] = r->packet.bytes + record->data;
		out->lengths[i] = record->data_len;
	} else {
		if (r->expansion.bytes == NULL)
			r->expansion.bytes = mem_alloc(EXPANDED_MAX);
		r->starts[i] = r->expansion.len;
		if (expand(&r->expansion, &r->packet, record, layout) < 0)
			return -1;
		out->data[i] = r->expansion.bytes + r->starts[i];
		out->lengths[i] = r->expansion.len - r->starts[i];
	}
	out->count++;
	return 0;
}

static void
note_ttl(struct resolve_answer *out, const struct record *record)
{
	/* RFC 2181 section 8: the top bit set means zero. */
	int64_t ttl = record->ttl & 0x80000000u ? 0 : record->ttl;

	if (out->ttl_s < 0 || ttl < out->ttl_s)
		out->ttl_s = ttl;
}

/* 1 if `wanted` led on to another name, 0 if that was all, -1 if broken. */
static int
collect(struct resolve_answer *out, struct reading *r, unsigned type)
{
	const struct record *alias = NULL;
	bool found = false;

	for (size_t i = 0; i < r->count; i++) {
		const struct record *record = &r->records[i];

		if (record->class != CLASS_IN ||
		    !same_name(&record->owner, &r->wanted))
			continue;
		if (record->type == type) {
			found = true;
			note_ttl(out, record);
			if (keep(out, r, record) < 0)
				return -1;
		} else if (record->type == TYPE_CNAME) {
			alias = record;
		}
	}
	if (found || alias == NULL)
		return 0;
	note_ttl(out, alias);
	return read_name(&r->wanted, &r->packet, alias->data) != 0 ? 1 : -1;
}

static int
read_records(struct reading *r, size_t at, size_t count)
{
	r->records = mem_array(count > 0 ? count : 1, sizeof(*r->records));
	for (size_t i = 0; i < count; i++) {
		size_t taken = read_record(&r->records[i], &r->packet, at);

		if (taken == 0)
			return -1;
		at += taken;
	}
	r->count = count;
	return 0;
}

static int
read_answer(struct resolve_answer *out, struct reading *r, unsigned type)
{
	const struct packet *p = &r->packet;
	size_t taken, count;
	int more = 1;

	if (p->len < HEADER_LEN || u16_at(p, 4) != 1)
		return -1;
	out->rcode = p->bytes[3] & 0x0f;
	count = u16_at(p, 6);
	taken = read_name(&r->wanted, p, HEADER_LEN);
	if (taken == 0 || HEADER_LEN + taken + 4 > p->len ||
	    count > ANSWERS_MAX ||
	    read_records(r, HEADER_LEN + taken + 4, count) < 0)
		return -1;
	for (int i = 0; more > 0 && i < CHAIN_MAX; i++)
		more = collect(out, r, type);
	if (out->count > 0)
		name_text(out->canonical, &r->wanted);
	return more < 0 ? -1 : 0;
}

int
resolve_packet_read(struct resolve_answer *out, const uint8_t *packet,
    size_t len, int rrtype, struct err *err)
{
	struct reading r = {.packet = {packet, len}};
	int rc;

	memset(out, 0, sizeof(*out));
	out->ttl_s = -1;
	rc = read_answer(out, &r, (unsigned)rrtype);
	free(r.records);
	out->expanded = r.expansion.bytes;
	out->expanded_len = r.expansion.len;
	if (rc == 0)
		return 0;
	resolve_answer_free(out);
	return err_set(err, ERR_DNS, "the DNS answer is broken");
}

void
resolve_answer_free(struct resolve_answer *answer)
{
	free(answer->expanded);
	answer->expanded = NULL;
	answer->count = 0;
}
