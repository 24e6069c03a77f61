#include "base/netguard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"

/* Addresses are compared as 16 bytes: IPv4 lives in its v4-mapped prefix, so
 * one table and one comparison serve both families. */
#define V4_PREFIX_BITS 96

struct prefix {
	uint8_t bytes[16];
	unsigned bits;
};

struct netguard {
	size_t count;
	struct prefix allowed[];
};

enum kind { KIND_RANGE, KIND_METADATA };

struct refusal {
	const char *cidr;
	enum kind kind;
	const char *name; /* completes "192.0.2.7 is …" */
};

/*
 * RFC 6890 and the IANA registries it started, as of RFC 9637, and the
 * addresses at which clouds hand out credentials. Order matters: the first
 * match names the refusal, so the narrow ones come first. The last three are
 * all of IPv6 but 2000::/3: nothing else is given to public hosts.
 */
static const struct refusal refusals[] = {
    {"169.254.169.254", KIND_METADATA, "a cloud metadata address"},
    {"169.254.170.2", KIND_METADATA, "a cloud metadata address"},
    {"169.254.170.23", KIND_METADATA, "a cloud metadata address"},
    {"169.254.42.42", KIND_METADATA, "a cloud metadata address"},
    {"168.63.129.16", KIND_METADATA, "a cloud metadata address"},
    {"100.100.100.200", KIND_METADATA, "a cloud metadata address"},
    {"192.0.0.192", KIND_METADATA, "a cloud metadata address"},
    {"fd00:ec2::254", KIND_METADATA, "a cloud metadata address"},
    {"fd00:ec2::23", KIND_METADATA, "a cloud metadata address"},
    {"fd00:42::42", KIND_METADATA, "a cloud metadata address"},
    {"fd00:c1::a9fe:a9fe", KIND_METADATA, "a cloud metadata address"},
    {"fd20:ce::254", KIND_METADATA, "a cloud metadata address"},
    {"fe80::a9fe:a9fe", KIND_METADATA, "a cloud metadata address"},
    {"0.0.0.0/8", KIND_RANGE, "a \"this network\" address"},
    {"10.0.0.0/8", KIND_RANGE, "a private address"},
    {"100.64.0.0/10", KIND_RANGE, "a carrier-grade NAT address"},
    {"127.0.0.0/8", KIND_RANGE, "a loopback address"},
    {"169.254.0.0/16", KIND_RANGE, "a link-local address"},
    {"172.16.0.0/12", KIND_RANGE, "a private address"},
    {"192.0.0.0/24", KIND_RANGE, "a protocol assignment address"},
    {"192.0.2.0/24", KIND_RANGE, "a documentation address"},
    {"192.88.99.0/24", KIND_RANGE, "a 6to4 relay address"},
    {"192.168.0.0/16", KIND_RANGE, "a private address"},
    {"198.18.0.0/15", KIND_RANGE, "a benchmarking address"},
    {"198.51.100.0/24", KIND_RANGE, "a documentation address"},
    {"203.0.113.0/24", KIND_RANGE, "a documentation address"},
    {"224.0.0.0/4", KIND_RANGE, "a multicast address"},
    {"255.255.255.255", KIND_RANGE, "the broadcast address"},
    {"240.0.0.0/4", KIND_RANGE, "a reserved address"},
    {"::", KIND_RANGE, "the unspecified address"},
    {"::1", KIND_RANGE, "a loopback address"},
    {"::/96", KIND_RANGE, "an IPv4-compatible address"},
    {"::ffff:0:0:0/96", KIND_RANGE, "an IPv4-translated address"},
    {"64:ff9b:1::/48", KIND_RANGE, "a local NAT64 address"},
    {"100::/64", KIND_RANGE, "a discard-only address"},
    {"2001::/32", KIND_RANGE, "a Teredo address"},
    {"2001:2::/48", KIND_RANGE, "a benchmarking address"},
    {"2001:10::/28", KIND_RANGE, "an ORCHID, which is no address"},
    {"2001:20::/28", KIND_RANGE, "an ORCHID, which is no address"},
    {"2001::/23", KIND_RANGE, "a protocol assignment address"},
    {"2001:db8::/32", KIND_RANGE, "a documentation address"},
    {"2002::/16", KIND_RANGE, "a 6to4 address"},
    {"3fff::/20", KIND_RANGE, "a documentation address"},
    {"5f00::/16", KIND_RANGE, "a segment routing address"},
    {"fc00::/7", KIND_RANGE, "a private address"},
    {"fe80::/10", KIND_RANGE, "a link-local address"},
    {"fec0::/10", KIND_RANGE, "a site-local address"},
    {"ff00::/8", KIND_RANGE, "a multicast address"},
    {"::/3", KIND_RANGE, "a reserved address"},
    {"4000::/2", KIND_RANGE, "a reserved address"},
    {"8000::/1", KIND_RANGE, "a reserved address"},
};
#define REFUSAL_COUNT (sizeof(refusals) / sizeof(refusals[0]))

static struct prefix refused[REFUSAL_COUNT]; /* refusals[].cidr, read once */

static void
map_v4(uint8_t out[16], const uint8_t v4[4])
{
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	memcpy(out + 12, v4, 4);
}

static bool
is_v4(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

/* "::/0" is all of IPv6, not the mapped form in which IPv4 lives here. */
static bool
covers(const struct prefix *p, const uint8_t bytes[16])
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (p->bits < V4_PREFIX_BITS && is_v4(bytes))
		return false;
	if (memcmp(p->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || ((p->bytes[whole] ^ bytes[whole]) &
				(0xff00u >> rest) & 0xff) == 0;
}

static int
read_address(struct prefix *out, const char *text, unsigned *width)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		map_v4(out->bytes, v4);
		*width = 32;
		return 0;
	}
	if (inet_pton(AF_INET6, text, out->bytes) == 1) {
		*width = 128;
		return 0;
	}
	return -1;
}

/* Bits past the prefix length must be zero: "10.1.0.0/8" is a slip of the
 * pen, and guessing which half was meant would widen or narrow the hole. */
static bool
host_bits_clear(const struct prefix *p)
{
	for (unsigned bit = p->bits; bit < 128; bit++)
		if (p->bytes[bit / 8] & (0x80u >> (bit % 8)))
			return false;
	return true;
}

static int
not_a_prefix(const char *cidr, const char *why, struct err *err)
{
	char shown[64];

	str_printable(shown, sizeof(shown), cidr, strlen(cidr));
	return err_set(err, ERR_INPUT, "\"%s\" %s", shown, why);
}

static int
read_prefix(struct prefix *out, const char *cidr, struct err *err)
{
	char text[INET6_ADDRSTRLEN + 4];
	char *slash;
	unsigned width;
	int64_t bits;

	if (str_copy(text, sizeof(text), cidr) < 0)
		text[0] = '\0';
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	if (read_address(out, text, &width) < 0)
		return not_a_prefix(cidr,
		    "is not an address or a range such as 10.0.0.0/8", err);
	bits = width;
	if (slash != NULL && str_parse_i64(slash + 1, 0, width, &bits) < 0)
		return not_a_prefix(cidr,
		    width == 32 ? "has a prefix length that is not 0 to 32"
				: "has a prefix length that is not 0 to 128",
		    err);
	out->bits = (unsigned)bits + (128 - width);
	if (!host_bits_clear(out))
		return not_a_prefix(
		    cidr, "has bits set past its prefix length", err);
	return 0;
}

static void
read_refusals(void)
{
	static bool done;

	if (done)
		return;
	for (size_t i = 0; i < REFUSAL_COUNT; i++)
		CHECK(read_prefix(&refused[i], refusals[i].cidr, NULL) == 0);
	done = true;
}

int
netguard_new(struct netguard **out, const char *const *allow, size_t count,
    struct err *err)
{
	struct netguard *g =
	    mem_alloc(sizeof(*g) + count * sizeof(g->allowed[0]));

	for (size_t i = 0; i < count; i++) {
		if (read_prefix(&g->allowed[g->count], allow[i], err) < 0) {
			free(g);
			return -1;
		}
		g->count++;
	}
	*out = g;
	return 0;
}

void
netguard_free(struct netguard *g)
{
	free(g);
}

enum carrier { CARRIER_NONE, CARRIER_TRANSLATED, CARRIER_TUNNEL };

/* The IPv4 address to which an IPv6 address carries packets, if it does. */
static enum carrier
embedded_v4(const uint8_t b[16], uint8_t inner[16])
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	uint8_t v4[4];

	if (memcmp(b, nat64, sizeof(nat64)) == 0) { /* RFC 6052 */
		map_v4(inner, b + 12);
		return CARRIER_TRANSLATED;
	}
	if (b[0] == 0x20 && b[1] == 0x02) { /* 6to4, RFC 3056 */
		map_v4(inner, b + 2);
		return CARRIER_TUNNEL;
	}
	if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0) {
		for (int i = 0; i < 4; i++) /* Teredo, RFC 4380: inverted */
			v4[i] = b[12 + i] ^ 0xff;
		map_v4(inner, v4);
		return CARRIER_TUNNEL;
	}
	return CARRIER_NONE;
}

static bool
is_allowed(const struct netguard *g, const uint8_t bytes[16], enum kind kind)
{
	if (g == NULL)
		return false;
	for (size_t i = 0; i < g->count; i++) {
		/* A range that happens to hold a metadata address was not
		 * written to open it: that takes the address itself. */
		if (kind == KIND_METADATA && g->allowed[i].bits != 128)
			continue;
		if (covers(&g->allowed[i], bytes))
			return true;
	}
	return false;
}

static const struct refusal *
find_refusal(const struct netguard *g, const uint8_t bytes[16])
{
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		if (!covers(&refused[i], bytes))
			continue;
		return is_allowed(g, bytes, refusals[i].kind) ? NULL
		                                              : &refusals[i];
	}
	return NULL;
}

static int
bytes_of(uint8_t out[16], const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		map_v4(out, (const uint8_t *)&in.sin_addr);
		return 0;
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		memcpy(out, &in6.sin6_addr, 16);
		return 0;
	}
	return -1;
}

static const char *
plain_text(char dst[INET6_ADDRSTRLEN], const uint8_t bytes[16])
{
	if (is_v4(bytes))
		inet_ntop(AF_INET, bytes + 12, dst, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, bytes, dst, INET6_ADDRSTRLEN);
	return dst;
}

static int
refuse(struct err *err, const struct refusal *why, const uint8_t outer[16],
    const uint8_t judged[16])
{
	char text[INET6_ADDRSTRLEN], inside[INET6_ADDRSTRLEN + 24] = "";
	char address[INET6_ADDRSTRLEN], range[INET6_ADDRSTRLEN + 8] = "";

	plain_text(text, outer);
	plain_text(address, judged);
	if (judged != outer)
		str_printf(
		    inside, sizeof(inside), " leads to %s, which", address);
	if (strchr(why->cidr, '/') != NULL)
		str_printf(range, sizeof(range), " (%s)", why->cidr);
	return err_set(err, ERR_REFUSED,
	    "%s%s is %s%s; to allow it, put \"%s\" into allow_addresses", text,
	    inside, why->name, range, address);
}

int
netguard_judge(
    const struct netguard *g, const struct sockaddr *sa, struct err *err)
{
	uint8_t outer[16], inner[16];
	const struct refusal *why;
	enum carrier carrier;

	read_refusals();
	if (bytes_of(outer, sa) < 0)
		return err_set(err, ERR_REFUSED, "not an Internet address");
	carrier = embedded_v4(outer, inner);
	/* A translator is where IPv6-only networks meet IPv4: only what is
	 * inside counts. A tunnel must be allowed itself as well. */
	why = carrier != CARRIER_TRANSLATED ? find_refusal(g, outer) : NULL;
	if (why != NULL)
		return refuse(err, why, outer, outer);
	why = carrier != CARRIER_NONE ? find_refusal(g, inner) : NULL;
	return why != NULL ? refuse(err, why, outer, inner) : 0;
}

int
netguard_judge_all(const struct netguard *g,
    const struct sockaddr_storage *items, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (netguard_judge(g, (const struct sockaddr *)&items[i], err) <
		    0)
			return -1;
	return 0;
}

int
netguard_judge_port(const struct netguard *g,
    const struct sockaddr_storage *items, size_t count, struct err *err)
{
	uint8_t bytes[16];
	char text[64];

	for (size_t i = 0; i < count; i++) {
		const struct sockaddr *sa = (const struct sockaddr *)&items[i];
		if (str_ends(netguard_text(text, sa), ":443") ||
		    (bytes_of(bytes, sa) == 0 &&
			is_allowed(g, bytes, KIND_RANGE)))
			continue;
		return err_set(err, ERR_REFUSED,
		    "%s: only port 443 is for URLs that others give; to allow "
		    "more, put its address into allow_addresses",
		    text);
	}
	return 0;
}

const char *
netguard_text(char dst[64], const struct sockaddr *sa)
{
	uint8_t bytes[16];
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in6 in6;

	if (bytes_of(bytes, sa) < 0) {
		str_copy(dst, 64, "?");
		return dst;
	}
	/* The port is at the same place in both families. */
	memcpy(&in6, sa, sizeof(struct sockaddr_in));
	plain_text(text, bytes);
	str_printf(dst, 64, strchr(text, ':') != NULL ? "[%s]:%u" : "%s:%u",
	    text, ntohs(in6.sin6_port));
	return dst;
}
