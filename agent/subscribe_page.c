#include "agent/subscribe_page.h"

#include "agent/page.h"

/* Paths are relative: a proxy may have put us into a folder. */
static const char head[] = "<link rel=\"manifest\" href=\"app.webmanifest\">"
			   "<script src=\"page.js\" defer></script>";

static void
put_offer(struct buf *out, const struct subscribe_page *p)
{
	buf_puts(out, "<p class=\"badge low\">");
	page_text(out, p->channel);
	buf_puts(out, "</p>\n<h1>Alerts on this device</h1>\n"
		      "<p>When something that ");
	page_text(out, p->agent_name);
	buf_puts(out,
	    " watches is in trouble, this browser shows a notification, also "
	    "while this page is closed, until you stop it here.</p>\n"
	    "<p class=\"dim\">Your browser will ask for your permission. "
	    "Notifications are encrypted for this browser: its maker carries "
	    "them and cannot read them. The agent keeps the address and the "
	    "keys that your browser gives it for this, and nothing else about "
	    "you.</p>\n");
}

static void
put_buttons(struct buf *out, const struct subscribe_page *p)
{
	buf_puts(out,
	    "<p id=\"state\" role=\"status\">Looking at this browser …</p>\n"
	    "<noscript><p>This page needs JavaScript: it is what asks your "
	    "browser.</p></noscript>\n"
	    "<button id=\"start\" type=\"button\" hidden data-key=\"");
	page_text(out, p->public_key);
	buf_puts(out, "\">Turn alerts on</button>\n"
		      "<button id=\"stop\" type=\"button\" hidden>"
		      "Stop alerts on this device</button>\n");
}

void
subscribe_page_html(struct buf *out, const struct subscribe_page *p)
{
	page_begin_head(out, "Alerts on this device", head);
	if (p->channel[0] != '\0')
		put_offer(out, p);
	else
		buf_puts(out, "<h1>Alerts on this device</h1>\n");
	put_buttons(out, p);
	if (p->channel[0] != '\0')
		buf_puts(out,
		    "<p class=\"dim\">To stop later, keep this link: <a "
		    "href=\"./\">alerts on this device</a>. It works when this "
		    "invitation has ended, too.</p>\n");
	page_end(out, p->agent_name);
}

void
subscribe_page_refuse(struct buf *out, const char *heading, const char *text,
    const char *agent_name)
{
	page_begin(out, heading);
	buf_puts(out, "<div class=\"note high\"><h1>");
	page_text(out, heading);
	buf_puts(out, "</h1><p>");
	page_text(out, text);
	buf_puts(out, "</p></div>\n");
	page_end(out, agent_name);
}
