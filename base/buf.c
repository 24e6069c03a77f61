#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

#define ROOM_MIN 64

void
buf_init(struct buf *b, size_t max)
{
	CHECK(max < SIZE_MAX / 2);
	*b = (struct buf){.max = max};
}

void
buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->cut = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

/* Room for `more` bytes and the NUL; more is already within the ceiling. */
static void
reserve(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1, room = b->room ? b->room : ROOM_MIN;

	if (need <= b->room)
		return;
	while (room < need)
		room *= 2;
	if (room > b->max + 1)
		room = b->max + 1;
	b->data = mem_grow(b->data, room, 1);
	b->room = room;
}

int
buf_add(struct buf *b, const void *data, size_t len)
{
	size_t left = b->max - b->len;
	size_t fits = len < left ? len : left;

	if (fits < len)
		b->cut = true;
	if (fits > 0) {
		reserve(b, fits);
		memcpy(b->data + b->len, data, fits);
		b->len += fits;
		b->data[b->len] = '\0';
	}
	return fits < len ? -1 : 0;
}

int
buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_putc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512], *text = small;
	va_list ap;
	int need, result;

	va_start(ap, fmt);
	need = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	CHECK(need >= 0);
	if ((size_t)need >= sizeof(small)) {
		va_start(ap, fmt);
		text = mem_vprintf(fmt, ap);
		va_end(ap);
	}
	result = buf_add(b, text, (size_t)need);
	if (text != small)
		free(text);
	return result;
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *
buf_take(struct buf *b)
{
	char *data = b->data != NULL ? b->data : mem_strdup("");

	*b = (struct buf){.max = b->max};
	return data;
}
