/* alerting/render.c and render_html.c: whatever the texts are, no control
 * character, no line of their own, no tag and no live link comes of them. */
#include "alerting/render.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_input.h"

#define ROOM (256 * 1024)

static const char *const tags[] = {"!DOCTYPE html>", "html ", "head>", "meta ",
    "title>", "body ", "div ", "p ", "span ", "h1 ", "h2 ", "table ", "tr>",
    "td ", "td>", "a ", "code ", "style>", "br>", "!--[if mso]>", "![endif]-->",
    NULL};

static void
check_html(const char *html)
{
	while ((html = strchr(html, '<')) != NULL) {
		size_t i = 0;

		html++;
		if (*html == '/')
			continue;
		while (tags[i] != NULL && !str_starts(html, tags[i]))
			i++;
		CHECK(tags[i] != NULL);
		if (str_starts(html, "a "))
			CHECK(str_starts(strstr(html, "href="), "href=\"http"));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_input in;
	struct buf out;

	message_input_read(&in, data, size);
	buf_init(&out, ROOM);
	render_title(&out, &in.m);
	CHECK(out.len <= 160 && strchr(buf_str(&out), '\n') == NULL);
	CHECK(str_is_text(buf_str(&out), out.len));
	buf_clear(&out);
	render_subject(&out, &in.m);
	CHECK(out.len <= 200 && strchr(buf_str(&out), '\n') == NULL);
	buf_clear(&out);
	render_short(&out, &in.m);
	CHECK(out.len < 1000 && str_is_text(buf_str(&out), out.len));
	buf_clear(&out);
	render_text(&out, &in.m);
	CHECK(!out.cut && str_is_text(buf_str(&out), out.len));
	buf_clear(&out);
	render_html(&out, &in.m);
	CHECK(!out.cut && str_is_text(buf_str(&out), out.len));
	check_html(buf_str(&out));
	buf_fini(&out);
	message_input_free(&in);
	return 0;
}
