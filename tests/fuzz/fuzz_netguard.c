/* base/netguard.c: an exception opens what it names and nothing else; the two
 * spellings of an IPv4 address are judged alike.
 * Input: 16 bytes of an address, then the text of one exception. */
#include "base/netguard.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static int
judge(const struct netguard *g, const uint8_t bytes[16], bool v4)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	const struct sockaddr *sa =
	    v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
	struct err err = ERR_INIT;
	char text[64];
	int rc;

	memcpy(&in.sin_addr, bytes + 12, 4);
	memcpy(&in6.sin6_addr, bytes, 16);
	rc = netguard_judge(g, sa, &err);
	CHECK(rc == 0 || (err.code == ERR_REFUSED &&
			     str_is_text(err.text, strlen(err.text))));
	CHECK(strchr(netguard_text(text, sa), ':') != NULL);
	return rc;
}

static void
judge_both(const struct netguard *g, const uint8_t bytes[16])
{
	uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};

	memcpy(mapped + 12, bytes + 12, 4);
	judge(g, bytes, false);
	CHECK(judge(g, mapped, false) == judge(g, mapped, true));
}

static void
open_exactly(const uint8_t bytes[16])
{
	char text[INET6_ADDRSTRLEN];
	const char *allow = text;
	struct netguard *g = NULL;
	struct err err = ERR_INIT;

	inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
	CHECK(netguard_new(&g, &allow, 1, &err) == 0);
	CHECK(judge(g, bytes, true) == 0);
	netguard_free(g);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[128];
	const char *allow = text;
	struct netguard *g = NULL;
	struct err err = ERR_INIT;

	if (size < 16 || size - 16 >= sizeof(text))
		return 0;
	memcpy(text, data + 16, size - 16);
	text[size - 16] = '\0';
	judge_both(NULL, data);
	open_exactly(data);
	if (netguard_new(&g, &allow, 1, &err) < 0) {
		CHECK(err.code == ERR_INPUT);
		CHECK(str_is_text(err.text, strlen(err.text)));
		return 0;
	}
	judge_both(g, data);
	if (judge(NULL, data, false) == 0)
		CHECK(judge(g, data, false) == 0);
	netguard_free(g);
	return 0;
}
