/*
 * Small pages for people who come by a link, on a phone, at night: one look, no
 * script but where it says so, nothing from elsewhere. They are served to
 * whoever has the link, so they are kept out of caches, frames, search engines
 * and referrers.
 */
#ifndef AGENT_PAGE_H
#define AGENT_PAGE_H

#include "base/buf.h"
#include "base/httpd.h"

#define PAGE_MAX (64 * 1024)

/* Untrusted text: made printable, then escaped for HTML and attributes. */
void page_text(struct buf *out, const char *text);

/* Everything before and after what stands in <main>. */
void page_begin(struct buf *out, const char *title);
/* `head` is more of <head>, our own HTML. */
void page_begin_head(struct buf *out, const char *title, const char *head);
void page_end(struct buf *out, const char *agent_name);

void page_reply(struct httpd_call *http, int status, const struct buf *page);
/* A page whose scripts, fetches and service worker are files of ours. */
void
page_reply_script(struct httpd_call *http, int status, const struct buf *page);

#endif
