/*
 * A growing byte buffer with a ceiling from birth. Appending past the ceiling
 * fails and marks the buffer as cut; it never grows further. Contents are
 * always followed by a NUL that does not count.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* NULL until something is appended */
	size_t len, room, max;
	bool cut; /* something did not fit */
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory, forgets `cut` */

/* 0, or -1 if it would pass the ceiling: what fits is appended, cut is set. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_puts(struct buf *b, const char *s);
int buf_putc(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

const char *buf_str(const struct buf *b); /* "" when empty; borrowed */
char *buf_take(struct buf *b); /* the caller's; b is empty afterwards */

#endif
