#include "agent/page.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/str.h"

#define SHOWN_MAX 1024

/* Colours keep 4.5:1 against what they stand on, in both schemes. */
static const char style[] =
    ":root{color-scheme:light dark;--ground:#f4f5f7;--card:#fff;--ink:#1c2129;"
    "--dim:#4a5260;--line:#c9ced8;--act:#0b57b0}"
    "@media(prefers-color-scheme:dark){:root{--ground:#101317;--card:#1b2027;"
    "--ink:#e8eaee;--dim:#a9b1be;--line:#454d5a;--act:#2f6fc4}}"
    "*{box-sizing:border-box}"
    "body{margin:0;padding:16px;background:var(--ground);color:var(--ink);"
    "font:17px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main{max-width:30rem;margin:0 auto;padding:20px;background:var(--card);"
    "border:1px solid var(--line);border-radius:12px;"
    "overflow-wrap:anywhere}"
    "h1{font-size:1.35rem;line-height:1.25;margin:.6rem 0}"
    "p{margin:.6rem 0}"
    ".badge{display:inline-block;margin:0;padding:3px 10px;border-radius:6px;"
    "font-size:.85rem;font-weight:700;letter-spacing:.03em;"
    "text-transform:uppercase;color:#fff;"
    "background:#57606a}"
    ".low{background:#0969da}.medium{background:#8a5f00}"
    ".high{background:#b8460b}.critical{background:#c21f2b}"
    ".good{background:#1a7f37}"
    ".note{margin:-4px -4px 18px;padding:12px 16px;border-radius:8px;"
    "color:#fff}.note:last-child{margin-bottom:-4px}"
    ".note h1{margin:0}.note p{margin:.4rem 0 0}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:4px 14px;"
    "margin:1rem 0}dt{color:var(--dim)}dd{margin:0}"
    "label{display:block;margin:1.2rem 0 .3rem;color:var(--dim)}"
    "input{width:100%;padding:12px;font:inherit;color:inherit;"
    "background:var(--ground);border:1px solid var(--line);"
    "border-radius:8px}"
    "button{width:100%;min-height:60px;margin-top:14px;padding:12px;"
    "font:inherit;font-size:1.15rem;font-weight:700;color:#fff;"
    "background:var(--act);border:0;border-radius:10px;cursor:pointer}"
    "button:focus-visible,input:focus-visible{outline:3px solid var(--ink);"
    "outline-offset:2px}"
    ".dim{color:var(--dim);font-size:.9rem}"
    "code{padding:2px 6px;background:var(--ground);border-radius:5px}"
    "footer{max-width:30rem;margin:12px auto;color:var(--dim);"
    "font-size:.85rem;text-align:center}";

void
page_text(struct buf *out, const char *text)
{
	static const char *const entities[256] = {
	    ['&'] = "&amp;",
	    ['<'] = "&lt;",
	    ['>'] = "&gt;",
	    ['"'] = "&quot;",
	    ['\''] = "&#39;",
	};
	char shown[SHOWN_MAX];

	str_printable(shown, sizeof(shown), text, strlen(text));
	for (const char *s = shown; *s != '\0'; s++) {
		const char *entity = entities[(unsigned char)*s];

		if (entity != NULL)
			buf_puts(out, entity);
		else
			buf_putc(out, *s);
	}
}

void
page_begin(struct buf *out, const char *title)
{
	page_begin_head(out, title, "");
}

void
page_begin_head(struct buf *out, const char *title, const char *head)
{
	buf_puts(out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width,"
	    "initial-scale=1\"><meta name=\"robots\" content=\"noindex\">"
	    "<title>");
	page_text(out, title);
	buf_printf(out, "</title><style>%s</style>%s</head>\n<body><main>\n",
	    style, head);
}

void
page_end(struct buf *out, const char *agent_name)
{
	buf_puts(out, "</main>\n<footer>tocsin on ");
	page_text(out, agent_name);
	buf_puts(out, "</footer></body></html>\n");
}

/* The page's own style and nothing else may act in it, but for `more`. */
static void
put_policy(struct httpd_call *http, const char *more)
{
	uint8_t digest[ENCODE_SHA256_LEN];
	struct buf policy;

	encode_sha256(digest, style, strlen(style));
	buf_init(&policy, 300);
	buf_puts(&policy, "default-src 'none'; style-src 'sha256-");
	encode_base64(&policy, digest, sizeof(digest));
	buf_printf(&policy,
	    "'; %sform-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	    more);
	httpd_reply_header(http, "Content-Security-Policy", buf_str(&policy));
	buf_fini(&policy);
}

static void
reply(struct httpd_call *http, int status, const struct buf *page,
    const char *policy)
{
	put_policy(http, policy);
	httpd_reply_header(http, "Referrer-Policy", "no-referrer");
	httpd_reply_header(http, "X-Frame-Options", "DENY");
	httpd_reply_header(http, "X-Robots-Tag", "noindex, nofollow");
	httpd_reply(
	    http, status, "text/html; charset=utf-8", buf_str(page), page->len);
}

void
page_reply(struct httpd_call *http, int status, const struct buf *page)
{
	reply(http, status, page, "");
}

void
page_reply_script(struct httpd_call *http, int status, const struct buf *page)
{
	reply(http, status, page,
	    "script-src 'self'; connect-src 'self'; worker-src 'self'; "
	    "manifest-src 'self'; ");
}
