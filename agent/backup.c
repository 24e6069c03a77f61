#include "agent/backup.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define PAGES_PER_STEP 64 /* 256 KiB: about a millisecond */
#define PAUSE_MS       2

const char *const backup_state_names[] = {
    [BACKUP_NONE] = "none",
    [BACKUP_RUNNING] = "running",
    [BACKUP_DONE] = "done",
    [BACKUP_FAILED] = "failed",
    NULL,
};

struct backup {
	struct agent *agent;
	struct store_backup *store;
	struct loop_timer *timer;
	char *path;
	enum backup_state state;
	struct err why;
};

static void
settle(struct backup *b, enum backup_state state)
{
	b->state = state;
	store_backup_free(b->store);
	b->store = NULL;
	if (state == BACKUP_DONE)
		log_info("backup written: %s", b->path);
	else
		log_error("backup to %s: %s", b->path, b->why.text);
}

static void
step(void *ctx)
{
	struct backup *b = ctx;
	bool done = false;

	if (store_backup_step(b->store, PAGES_PER_STEP, &done, &b->why) != 0)
		settle(b, BACKUP_FAILED);
	else if (done)
		settle(b, BACKUP_DONE);
	else
		loop_timer_arm_ms(b->timer, PAUSE_MS);
}

int
backup_start(struct agent *a, const char *path, struct err *err)
{
	struct backup *b;

	if (path[0] != '/')
		return err_set(
		    err, ERR_INPUT, "%.200s is not an absolute path", path);
	if (a->backup != NULL && a->backup->state == BACKUP_RUNNING)
		return err_set(err, ERR_BUSY, "a backup to %.200s is running",
		    a->backup->path);
	writer_flush(a->writer);
	b = mem_alloc(sizeof(*b));
	if (store_backup_new(&b->store, a->store, path, err) != 0) {
		free(b);
		return -1;
	}
	backup_stop(a);
	b->agent = a;
	b->path = mem_strdup(path);
	b->state = BACKUP_RUNNING;
	b->timer = loop_timer_new(a->loop, step, b);
	a->backup = b;
	loop_timer_arm_ms(b->timer, 0);
	return 0;
}

void
backup_stop(struct agent *a)
{
	struct backup *b = a->backup;

	if (b == NULL)
		return;
	a->backup = NULL;
	store_backup_free(b->store);
	loop_timer_free(b->timer);
	free(b->path);
	free(b);
}

enum backup_state
backup_status(const struct agent *a, const char **path, const char **why)
{
	*path = a->backup != NULL ? a->backup->path : "";
	*why = a->backup != NULL ? a->backup->why.text : "";
	return a->backup != NULL ? a->backup->state : BACKUP_NONE;
}
