#include "alerting/html.h"

#define TABLE                                                                  \
	"<table role=\"presentation\" cellspacing=\"0\" cellpadding=\"0\" "    \
	"border=\"0\""
#define FONT                                                                   \
	"font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,"         \
	"sans-serif"
#define MONO   "font-family:ui-monospace,Menlo,Consolas,'Courier New',monospace"
#define WRAP   "word-break:break-word;overflow-wrap:anywhere"
#define PAGE   "#f3f4f6"
#define CARD   "#ffffff"
#define BUTTON "#0969da"

/* p page, c card, t text, q quiet text, l line, k code, a link, o outline; on
 * phones x less padding, s and v label above value. */
static const char style[] =
    "<style>:root{color-scheme:light dark}"
    "@media (max-width:480px){.x{padding:18px 16px 20px!important}"
    ".s,.v{display:block!important;width:auto!important;"
    "padding:0!important}.s{padding-top:8px!important}}"
    "@media (prefers-color-scheme:dark){"
    ".p{background:#0d1117!important}"
    ".c{background:#161b22!important;border-color:#30363d!important}"
    ".t{color:#e6edf3!important}.q{color:#9da7b3!important}"
    ".l{border-color:#30363d!important}"
    ".k{background:#262c36!important;color:#e6edf3!important}"
    ".a{color:#79b8ff!important}.o{border-color:#79b8ff!important}}"
    "</style>";

/* Keeps the text behind it out of the inbox's preview. */
#define SPACER "&#847;&zwnj;&nbsp;"

void
html_escape(struct buf *out, const char *s)
{
	static const char *const entities[256] = {
	    ['&'] = "&amp;",
	    ['<'] = "&lt;",
	    ['>'] = "&gt;",
	    ['"'] = "&quot;",
	    ['\''] = "&#39;",
	};

	for (; *s != '\0'; s++) {
		const char *entity = entities[(unsigned char)*s];

		if (entity != NULL)
			buf_puts(out, entity);
		else
			buf_putc(out, *s);
	}
}

static void
put_preview(struct buf *out, const char *preview)
{
	buf_puts(out, "<div style=\"display:none;max-height:0;overflow:hidden;"
		      "mso-hide:all;font-size:1px;line-height:1px;"
		      "color:" PAGE "\">");
	html_escape(out, preview);
	for (int i = 0; i < 40; i++)
		buf_puts(out, SPACER);
	buf_puts(out, "</div>\n");
}

void
html_open(
    struct buf *out, const char *title, const char *preview, const char *colour)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
		      "<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" "
		      "content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<meta name=\"supported-color-schemes\" "
		      "content=\"light dark\">\n<title>");
	html_escape(out, title);
	buf_printf(out,
	    "</title>\n%s</head>\n<body class=\"p\" style=\"margin:0;"
	    "padding:0;background:" PAGE "\">\n",
	    style);
	put_preview(out, preview);
	/* Outlook knows no max-width: it gets a table of fixed width. */
	buf_puts(out, TABLE
	    " width=\"100%\" class=\"p\" bgcolor=\"" PAGE "\" style=\""
	    "background:" PAGE "\"><tr><td align=\"center\" style=\""
	    "padding:16px 8px\">\n<!--[if mso]>" TABLE
	    " width=\"600\"><tr><td><![endif]-->\n" TABLE
	    " width=\"100%\" class=\"c\" bgcolor=\"" CARD "\" style=\""
	    "max-width:600px;background:" CARD ";border:1px solid " HTML_LINE
	    ";border-radius:8px;border-collapse:separate;text-align:left\">\n");
	buf_printf(out,
	    "<tr><td bgcolor=\"%s\" height=\"8\" style=\"height:8px;"
	    "font-size:1px;line-height:8px;background:%s;"
	    "border-radius:7px 7px 0 0\">&nbsp;</td></tr>\n"
	    "<tr><td class=\"t x\" style=\"padding:22px 28px 24px;"
	    "color:" HTML_INK ";font-size:15px;line-height:1.5;" FONT ";" WRAP
	    "\">\n",
	    colour, colour);
}

void
html_footer(struct buf *out)
{
	buf_puts(out, "<p class=\"q l\" style=\"margin:24px 0 0;"
		      "padding-top:12px;border-top:1px solid " HTML_LINE
		      ";font-size:12px;color:" HTML_QUIET "\">");
}

void
html_close(struct buf *out)
{
	buf_puts(out, "</p>\n</td></tr></table>\n"
		      "<!--[if mso]></td></tr></table><![endif]-->\n"
		      "</td></tr></table>\n</body></html>\n");
}

void
html_badge(struct buf *out, const char *word, const char *colour)
{
	buf_printf(out,
	    TABLE "><tr><td class=\"t\" style=\"padding:2px 10px;"
		  "border:2px solid %s;border-radius:6px;font-size:13px;"
		  "line-height:1.4;font-weight:700;letter-spacing:.04em;"
		  "color:" HTML_INK "\">",
	    colour);
	html_escape(out, word);
	buf_puts(out, "</td></tr></table>\n");
}

void
html_heading(struct buf *out, const char *text)
{
	buf_puts(out, "<h1 class=\"t\" style=\"margin:12px 0 4px;"
		      "font-size:22px;line-height:1.3;font-weight:700;"
		      "color:" HTML_INK "\">");
	html_escape(out, text);
	buf_puts(out, "</h1>\n");
}

void
html_section(struct buf *out, const char *title)
{
	buf_puts(out, "<h2 class=\"t\" style=\"margin:24px 0 6px;"
		      "font-size:15px;font-weight:700;color:" HTML_INK "\">");
	html_escape(out, title);
	buf_puts(out, "</h2>\n");
}

void
html_paragraph(struct buf *out, const char *text)
{
	buf_puts(
	    out, "<p class=\"t\" style=\"margin:0 0 8px;color:" HTML_INK "\">");
	html_escape(out, text);
	buf_puts(out, "</p>\n");
}

void
html_note(struct buf *out, const char *text)
{
	buf_puts(out, "<p class=\"q l\" style=\"margin:12px 0 0;"
		      "padding-left:10px;border-left:3px solid " HTML_LINE
		      ";font-size:14px;color:" HTML_QUIET "\">");
	html_escape(out, text);
	buf_puts(out, "</p>\n");
}

void
html_code(struct buf *out, const char *text)
{
	buf_puts(out,
	    "<p style=\"margin:0 0 8px\"><code class=\"k\" style=\""
	    "padding:3px 6px;background:#eceff2;color:" HTML_INK
	    ";border-radius:4px;font-size:12px;line-height:1.8;" MONO "\">");
	html_escape(out, text);
	buf_puts(out, "</code></p>\n");
}

void
html_buttons_open(struct buf *out)
{
	buf_puts(out, TABLE " style=\"margin:18px 0 0\"><tr>\n");
}

/* Outlook ignores the padding of a link, and takes that of its cell. */
void
html_button(struct buf *out, const char *text, const char *url, bool first)
{
	const char *ink = first ? CARD : BUTTON;

	buf_printf(out,
	    "<td%s class=\"o\" style=\"border:1px solid " BUTTON
	    ";border-radius:6px;white-space:nowrap;mso-padding-alt:10px "
	    "18px%s\"><a%s href=\"",
	    first ? " bgcolor=\"" BUTTON "\"" : "",
	    first ? ";background:" BUTTON : "", first ? "" : " class=\"a\"");
	html_escape(out, url);
	buf_printf(out,
	    "\" style=\"display:inline-block;padding:10px 18px;font-size:16px;"
	    "font-weight:600;text-decoration:none;color:%s\">",
	    ink);
	html_escape(out, text);
	buf_puts(out, "</a></td>\n<td width=\"10\" style=\"font-size:1px\">"
		      "&nbsp;</td>\n");
}

void
html_buttons_close(struct buf *out)
{
	buf_puts(out, "</tr></table>\n");
}

void
html_rows_open(struct buf *out)
{
	buf_puts(out, TABLE " width=\"100%\">\n");
}

void
html_row(struct buf *out, const char *label, const char *value, bool link)
{
	buf_puts(out,
	    "<tr><td class=\"q s\" width=\"110\" valign=\"top\" "
	    "style=\"width:110px;padding:4px 12px 4px 0;"
	    "font-size:13px;line-height:20px;color:" HTML_QUIET "\">");
	html_escape(out, label);
	buf_puts(out, "</td><td class=\"t v\" valign=\"top\" style=\""
		      "padding:4px 0;font-size:15px;line-height:20px;"
		      "color:" HTML_INK ";" WRAP "\">");
	if (link) {
		buf_puts(out, "<a class=\"a\" href=\"");
		html_escape(out, value);
		buf_puts(out, "\" style=\"color:" BUTTON "\">");
	}
	html_escape(out, value);
	buf_puts(out, link ? "</a></td></tr>\n" : "</td></tr>\n");
}

void
html_rows_close(struct buf *out)
{
	buf_puts(out, "</table>\n");
}

static void
put_item_title(struct buf *out, const struct html_item *item)
{
	static const char look[] = "font-size:16px;font-weight:600";

	if (item->url[0] != '\0') {
		buf_puts(out, "<a class=\"a\" href=\"");
		html_escape(out, item->url);
		buf_printf(out, "\" style=\"color:" BUTTON ";%s\">", look);
	} else {
		buf_printf(out, "<span style=\"%s\">", look);
	}
	html_escape(out, item->title);
	buf_puts(out, item->url[0] ? "</a>" : "</span>");
}

void
html_item(struct buf *out, const struct html_item *item)
{
	buf_printf(out,
	    "<tr><td width=\"5\" bgcolor=\"%s\" style=\"width:5px;"
	    "font-size:1px;background:%s;border-radius:3px\">&nbsp;</td>"
	    "<td class=\"t\" style=\"padding:1px 0 1px 12px;font-size:15px;"
	    "line-height:21px;color:" HTML_INK ";" WRAP "\">"
	    "<span style=\"font-size:12px;font-weight:700;"
	    "letter-spacing:.04em\">",
	    item->colour, item->colour);
	html_escape(out, item->word);
	buf_puts(out, "</span>");
	if (item->when[0] != '\0') {
		buf_puts(out, "<span class=\"q\" style=\"font-size:13px;"
			      "color:" HTML_QUIET "\"> since ");
		html_escape(out, item->when);
		buf_puts(out, "</span>");
	}
	buf_puts(out, "<br>");
	put_item_title(out, item);
	if (item->text[0] != '\0') {
		buf_puts(out, "<br>");
		html_escape(out, item->text);
	}
	buf_puts(out, "</td></tr>\n<tr><td colspan=\"2\" height=\"14\" "
		      "style=\"font-size:1px;line-height:14px\">&nbsp;</td>"
		      "</tr>\n");
}
