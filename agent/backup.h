/*
 * An online backup of the state, a few pages per turn of the loop, so that
 * probing and alerting go on meanwhile.
 */
#ifndef AGENT_BACKUP_H
#define AGENT_BACKUP_H

#include "agent/agent.h"

enum backup_state { BACKUP_NONE, BACKUP_RUNNING, BACKUP_DONE, BACKUP_FAILED };
extern const char *const backup_state_names[]; /* NULL-ended */

/* Absolute path of a file that does not exist. ERR_INPUT, ERR_BUSY. */
int backup_start(struct agent *a, const char *path, struct err *err);
void backup_stop(struct agent *a); /* gives up one that runs */
enum backup_state
backup_status(const struct agent *a, const char **path, const char **why);

#endif
