/* base/http_url.c: what is accepted names one host in one way, and numbers in
 * disguise never pass as names. */
#include "base/http_url.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct http_url url;
	struct err err = ERR_INIT;
	uint8_t bytes[16];
	bool numeric;

	if (http_url_parse(&url, text, &err) < 0) {
		CHECK(err.code == ERR_INPUT);
		CHECK(str_is_text(err.text, strlen(err.text)));
		free(text);
		return 0;
	}
	CHECK(url.host[0] != '\0' && url.port != 0);
	for (const char *c = url.host; *c != '\0'; c++)
		CHECK(*c > ' ' && *c < 0x7f && strchr("@/?#%[]\\", *c) == NULL);
	numeric = inet_pton(AF_INET, url.host, bytes) == 1 ||
	          inet_pton(AF_INET6, url.host, bytes) == 1;
	CHECK(url.numeric == numeric);
	CHECK(url.numeric == (url.address.ss_family != 0));
	if (!numeric) {
		const char *label = strrchr(url.host, '.');

		label = label == NULL ? url.host : label + 1;
		CHECK(label[strspn(label, "0123456789")] != '\0');
	}
	free(text);
	return 0;
}
