/*
 * The CLI's end of the control socket: one request, one JSON answer, blocking.
 * The socket is found through the configuration file, read only for its
 * `state` key, so a broken probe section does not lock an operator out.
 */
#ifndef AGENT_CLIENT_H
#define AGENT_CLIENT_H

#include <jansson.h>

#include "base/err.h"

#define CLIENT_TIMEOUT_S 20

struct client {
	char *path; /* of the socket */
};

int client_init(struct client *c, const char *config_path, struct err *err);
void client_fini(struct client *c);

/* body may be NULL; *out is the answer, the caller's. -1: the agent could not
 * be asked, or it answered with an error (its text is err's). */
int
client_get(struct client *c, const char *path, json_t **out, struct err *err);
int client_post(struct client *c, const char *path, const json_t *body,
    json_t **out, struct err *err);

#endif
