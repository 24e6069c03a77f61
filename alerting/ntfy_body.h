/*
 * A message as ntfy's JSON, and where it is published. Pure.
 */
#ifndef ALERTING_NTFY_BODY_H
#define ALERTING_NTFY_BODY_H

#include "alerting/message.h"
#include "base/err.h"

#define NTFY_MESSAGE_MAX 4096 /* bytes; the server makes longer ones a file */

struct ntfy_place {
	char *root;  /* "https://ntfy.example.org/": JSON is posted there */
	char *topic; /* "oncall" */
};

/* Split a topic's URL. The message of an error starts with "url". */
int ntfy_place_read(struct ntfy_place *place, const char *url, struct err *err);
void ntfy_place_fini(struct ntfy_place *place);

char *ntfy_body(const struct message *m, const char *topic); /* the caller's */

#endif
