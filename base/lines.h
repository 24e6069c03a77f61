/*
 * Lines of JSON over a connected descriptor, both ways, on the loop: the wire
 * between the core and its workers. A line longer than the maximum ends the
 * stream with an error. Writing never blocks; the unsent backlog has a ceiling.
 */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "base/loop.h"

#define LINES_MAX (1024 * 1024) /* bytes in one line, newline included */

struct lines;

struct lines_ops {
	/* One line without its newline, NUL-ended; may be changed in place;
	 * valid during the call. lines_free() inside is allowed. */
	void (*line)(void *ctx, char *text, size_t len);
	/* Exactly once, last: the other end closed (why->code == ERR_NONE),
	 * or the stream broke (too long a line, I/O error). */
	void (*end)(void *ctx, const struct err *why);
};

/* Takes rfd and wfd (they may be the same) and closes them in lines_free. */
struct lines *lines_new(struct loop *loop, int rfd, int wfd, size_t max_line,
    const struct lines_ops *ops, void *ctx);
void lines_free(struct lines *l);

/* Queue one line (newline added). 0, or -1 if the backlog is full. */
int lines_send(struct lines *l, const char *text, size_t len);
/* Write what waits now, as far as the other side takes it; else it leaves in
 * the loop's next turn, together with what comes meanwhile. */
void lines_flush(struct lines *l);
int lines_send_json(struct lines *l, const json_t *value);
size_t lines_backlog(const struct lines *l); /* bytes not yet written */
/* Write out what is queued, blocking at most timeout_ms (for exits). */
int lines_drain(struct lines *l, int timeout_ms);

#endif
