/*
 * probes/uptime_starttls.c: any bytes from the server, in two arrivals. The
 * first byte chooses the protocol, the second where the bytes are parted.
 */
#include "probes/uptime_starttls.h"

#include "base/check.h"
#include "tests/fuzz/fuzz.h"

#define PROTOCOLS 8 /* in uptime_starttls_words, behind "none" */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uptime_starttls s = {0};
	struct uptime_arrival in = {"", 0, 0};
	struct err err = ERR_INIT;
	enum uptime_talk next;
	struct buf out;

	if (size < 2)
		return 0;
	s.protocol = 1 + data[0] % PROTOCOLS;
	buf_init(&out, 4096);
	next = uptime_starttls_go(&s, "mail.example.org", &in, &out, &err);
	in = (struct uptime_arrival){(const char *)data + 2, size - 2, 0};
	in.len = in.len < data[1] ? in.len : data[1];
	for (int part = 0; part < 2 && next == UPTIME_TALK_MORE; part++) {
		next =
		    uptime_starttls_go(&s, "mail.example.org", &in, &out, &err);
		CHECK(in.used <= in.len);
		in.data += in.used;
		in.len = size - (size_t)((const uint8_t *)in.data - data);
	}
	CHECK(next != UPTIME_TALK_OVER || err.text[0] != '\0');
	CHECK(!out.cut);
	buf_fini(&out);
	return 0;
}
