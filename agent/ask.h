/*
 * What the commands that ask a running agent share: parse the words, ask over
 * the control socket, show the answer or print its JSON.
 */
#ifndef AGENT_ASK_H
#define AGENT_ASK_H

#include <jansson.h>
#include <stdio.h>

#include "agent/command.h"

/* One question. path and body are made by the caller from the parsed words;
 * body NULL is a GET. `member` of the answer is shown ("" = all of it). */
struct ask {
	char *path;   /* taken */
	json_t *body; /* taken */
	const char *member;
	void (*show)(FILE *out, const json_t *answer); /* NULL = print `done` */
	const char *done;
};

/* The exit status; errors are printed. Frees what ask holds. */
int ask_agent(const struct command_args *args, struct ask *ask);

/* For ask.body: who is asking ($SUDO_USER, or the user), for the timeline. */
const char *ask_actor(void);

#endif
