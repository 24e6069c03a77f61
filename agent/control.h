/*
 * The operators' side of the core: HTTP on the control socket (full rights,
 * mode 0600) and on the configured listener (read-only without the token).
 * docs/api.md describes what is served; agent/api*.c serve it.
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include "agent/agent.h"

int control_open(struct control **out, struct agent *a, struct err *err);
void control_close(struct control *c); /* NULL is fine */

/* "<folder of the state database>/control.sock"; the caller's. */
char *control_socket_path(const char *state_url);

#endif
