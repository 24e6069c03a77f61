/*
 * A message in words. Pure. Text is plain UTF-8 with "\n" line ends; what came
 * from outside is escaped for its place by these functions, nowhere else.
 */
#ifndef ALERTING_RENDER_H
#define ALERTING_RENDER_H

#include "alerting/message.h"
#include "base/buf.h"

/* "[CRITICAL] portal is failing: connect to … refused". One line, <= 160. */
void render_title(struct buf *out, const struct message *m);
/* The stable subject stem of all mails of an incident, so that they thread. */
void render_subject(struct buf *out, const struct message *m);
/* What broke, since when, seen from where, what changed, what to do. */
void render_text(struct buf *out, const struct message *m);
void render_html(struct buf *out, const struct message *m);
/* A few lines for a phone's lock screen. */
void render_short(struct buf *out, const struct message *m);
/* One line of one event for timelines and logs. */
void render_event(
    struct buf *out, enum event_type type, const char *actor, const char *text);

#endif
