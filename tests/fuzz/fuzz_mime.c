/* alerting/mime.c: whatever the texts of a message are, the mail keeps its
 * form: CRLF only, only our own headers, and a text part that decodes to what
 * was rendered. */
#include "alerting/mime.h"

#include "alerting/render.h"
#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_input.h"

#define LINE_MAX_LEN 998

static const char *const names[] = {"Date", "From", "To", "Subject",
    "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "Importance", "X-Priority", "X-Tocsin-Delivery",
    "X-Tocsin-Event", "X-Tocsin-Severity", "X-Tocsin-Probe", "MIME-Version",
    "Content-Type", NULL};

static void
check_lines(const char *mail, size_t len)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		CHECK((unsigned char)mail[i] < 0x80 && mail[i] != '\0');
		CHECK(mail[i] != '\r' || mail[i + 1] == '\n');
		CHECK(mail[i] != '\n' || (i > 0 && mail[i - 1] == '\r'));
		column = mail[i] == '\n' ? 0 : column + 1;
		CHECK(column <= LINE_MAX_LEN);
	}
}

static void
check_header(const char *line)
{
	char name[64];
	size_t len = strcspn(line, ":\r");

	if (line[0] == ' ') { /* folded; never an empty line in disguise */
		CHECK(line[strspn(line, " ")] != '\r');
		return;
	}
	CHECK(line[len] == ':' && len < sizeof(name));
	memcpy(name, line, len);
	name[len] = '\0';
	CHECK(str_index(names, name) >= 0);
}

static int
hex(char c)
{
	CHECK((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* The quoted-printable part at `at` says exactly `text`. */
static void
check_part(const char *at, const char *text)
{
	for (; *text != '\0'; text++) {
		while (strncmp(at, "=\r\n", 3) == 0)
			at += 3;
		if (*text == '\n') {
			CHECK(strncmp(at, "\r\n", 2) == 0);
			at += 2;
		} else if (*at == '=') {
			CHECK((char)(hex(at[1]) * 16 + hex(at[2])) == *text);
			at += 3;
		} else {
			CHECK(*at++ == *text);
		}
	}
	CHECK(strncmp(at, "\r\n--=_tocsin_alternative\r\n", 26) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char person[] = "oncall@example.org";
	static char *const people[] = {person};
	const struct mime_mail envelope = {"t@example.org", people, 1, "[x]"};
	struct message_input in;
	struct buf mail, text;
	const char *line, *body;

	message_input_read(&in, data, size);
	buf_init(&mail, MIME_MAX);
	mime_write(&mail, &envelope, &in.m);
	CHECK(!mail.cut);
	check_lines(mail.data, mail.len);
	for (line = mail.data; *line != '\r'; line = strchr(line, '\n') + 1)
		check_header(line);
	buf_init(&text, MIME_MAX);
	render_text(&text, &in.m);
	body = strstr(line + 2, "\r\n\r\n");
	CHECK(body != NULL);
	check_part(body + 4, buf_str(&text));
	buf_fini(&text);
	buf_fini(&mail);
	message_input_free(&in);
	return 0;
}
