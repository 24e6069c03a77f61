#include "probes/uptime_rdata.h"

#include <arpa/inet.h>
#include <stdbool.h>

#define JUMPS_MAX 32 /* compression pointers in one name */

struct cursor {
	const struct uptime_rr *rr;
	size_t at, end;
};

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static int64_t
get32(const uint8_t *p)
{
	return (int64_t)get16(p) << 16 | get16(p + 2);
}

/* Move *at behind a name, compressed or not. */
static int
skip_name(const uint8_t *packet, size_t len, size_t *at)
{
	while (*at < len) {
		uint8_t c = packet[*at];

		if (c >= 0xc0) {
			*at += 2;
			return *at <= len ? 0 : -1;
		}
		if (c > 63)
			return -1;
		*at += (size_t)c + 1;
		if (c == 0)
			return *at <= len ? 0 : -1;
	}
	return -1;
}

int
uptime_rr_next(
    struct uptime_rr *out, const uint8_t *packet, size_t len, size_t *at)
{
	if (skip_name(packet, len, at) != 0 || len - *at < 10)
		return -1;
	out->packet = packet;
	out->packet_len = len;
	out->type = (int)get16(packet + *at);
	out->ttl_s = get32(packet + *at + 4);
	out->data_len = get16(packet + *at + 8);
	out->data = *at + 10;
	if (out->data_len > len - out->data)
		return -1;
	*at = out->data + out->data_len;
	return 0;
}

static int
put_label(struct buf *out, const uint8_t *label, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = label[i];
		int rc;

		if (c == '.' || c == '\\')
			rc = buf_printf(out, "\\%c", c);
		else if (c <= ' ' || c >= 0x7f)
			rc = buf_printf(out, "\\%03u", c);
		else
			rc = buf_putc(out, (char)c);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
put_name(struct buf *out, struct cursor *c)
{
	const uint8_t *packet = c->rr->packet;
	size_t at = c->at, len = c->rr->packet_len;
	unsigned jumps = 0, labels = 0;

	if (skip_name(packet, c->end, &c->at) != 0)
		return -1;
	while (at < len && packet[at] != 0) {
		size_t label = packet[at];

		if (label >= 0xc0) {
			if (at + 1 >= len || ++jumps > JUMPS_MAX)
				return -1;
			at = get16(packet + at) & 0x3fff;
			continue;
		}
		if (label > 63 || at + 1 + label >= len || labels > 127)
			return -1;
		if (labels++ > 0)
			buf_putc(out, '.');
		if (put_label(out, packet + at + 1, label) != 0)
			return -1;
		at += label + 1;
	}
	if (at >= len)
		return -1;
	return labels == 0 ? buf_putc(out, '.') : 0;
}

static int
put_number(struct buf *out, struct cursor *c, size_t size)
{
	uint64_t value = 0;

	if (c->end - c->at < size)
		return -1;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | c->rr->packet[c->at++];
	return buf_printf(out, "%llu", (unsigned long long)value);
}

static int
put_address(struct buf *out, struct cursor *c, int family, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (c->end - c->at != size)
		return -1;
	inet_ntop(family, c->rr->packet + c->at, text, sizeof(text));
	c->at = c->end;
	return buf_puts(out, text);
}

/* The strings of a TXT record, run together as those who read them do. */
static int
put_strings(struct buf *out, struct cursor *c)
{
	while (c->at < c->end) {
		size_t len = c->rr->packet[c->at++];

		if (len > c->end - c->at ||
		    buf_add(out, c->rr->packet + c->at, len) != 0)
			return -1;
		c->at += len;
	}
	return 0;
}

/* CAA's tag and value (RFC 8659): 'issue "ca.example.net"'. */
static int
put_property(struct buf *out, struct cursor *c)
{
	size_t len;

	if (c->at >= c->end)
		return -1;
	len = c->rr->packet[c->at++];
	if (len > c->end - c->at || put_label(out, c->rr->packet + c->at, len))
		return -1;
	c->at += len;
	if (buf_puts(out, " \"") != 0 ||
	    buf_add(out, c->rr->packet + c->at, c->end - c->at) != 0)
		return -1;
	c->at = c->end;
	return buf_putc(out, '"');
}

static int
put_hex(struct buf *out, struct cursor *c)
{
	for (; c->at < c->end; c->at++)
		if (buf_printf(out, "%02X", c->rr->packet[c->at]) != 0)
			return -1;
	return 0;
}

/* A record's parts, a letter each: 4 6 addresses, n name, 1 2 and L numbers of
 * one, two and four bytes, s strings, p property, x hex to the end. */
static const struct layout {
	int type;
	const char *parts;
} layouts[] = {
    {1, "4"},
    {2, "n"},
    {5, "n"},
    {6, "nnLLLLL"},
    {12, "n"},
    {15, "2n"},
    {16, "s"},
    {28, "6"},
    {33, "222n"},
    {43, "211x"},
    {52, "111x"},
    {257, "1p"},
};

static int
put_part(struct buf *out, struct cursor *c, char part)
{
	switch (part) {
	case '4':
		return put_address(out, c, AF_INET, 4);
	case '6':
		return put_address(out, c, AF_INET6, 16);
	case 'n':
		return put_name(out, c);
	case '1':
		return put_number(out, c, 1);
	case '2':
		return put_number(out, c, 2);
	case 'L':
		return put_number(out, c, 4);
	case 's':
		return put_strings(out, c);
	case 'p':
		return put_property(out, c);
	default:
		return put_hex(out, c);
	}
}

static int
put_known(struct buf *out, const struct uptime_rr *rr, const char *parts)
{
	struct cursor c = {rr, rr->data, rr->data + rr->data_len};

	for (size_t i = 0; parts[i] != '\0'; i++) {
		if (i > 0)
			buf_putc(out, ' ');
		if (put_part(out, &c, parts[i]) != 0)
			return -1;
	}
	return c.at == c.end ? 0 : -1;
}

void
uptime_rdata_text(struct buf *out, const struct uptime_rr *rr)
{
	struct cursor c = {rr, rr->data, rr->data + rr->data_len};

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == rr->type &&
		    put_known(out, rr, layouts[i].parts) == 0)
			return;
	buf_clear(out);
	buf_printf(out, "\\# %zu ", rr->data_len);
	put_hex(out, &c);
}

int64_t
uptime_rdata_serial(const struct uptime_rr *rr)
{
	size_t at = rr->data, end = rr->data + rr->data_len;

	if (skip_name(rr->packet, end, &at) != 0 ||
	    skip_name(rr->packet, end, &at) != 0 || end - at < 4)
		return -1;
	return get32(rr->packet + at);
}
