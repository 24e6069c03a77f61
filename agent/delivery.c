#include "agent/delivery.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"

struct delivery *
delivery_new(const char *incident, int seq, const char *message)
{
	struct delivery *x = mem_alloc(sizeof(*x));

	str_copy(x->incident, sizeof(x->incident), incident);
	x->seq = seq;
	x->message = message != NULL ? mem_strdup(message) : NULL;
	x->group = UINT64_MAX;
	return x;
}

void
delivery_free(struct delivery *x)
{
	if (x == NULL)
		return;
	free(x->message);
	free(x);
}

const char *
delivery_key(char dst[DELIVERY_KEY_MAX], const char *incident, int seq,
    const char *channel)
{
	str_printf(dst, DELIVERY_KEY_MAX, "%s-%d-%s", incident, seq, channel);
	return dst;
}

void
delivery_line_init(struct delivery_line *line)
{
	line->first = NULL;
	line->last = &line->first;
	line->count = 0;
}

void
delivery_line_add(struct delivery_line *line, struct delivery *x)
{
	for (struct delivery *y = line->first; y != NULL; y = y->next)
		if (str_eq(y->incident, x->incident))
			x->before = y;
	x->next = NULL;
	*line->last = x;
	line->last = &x->next;
	line->count++;
}

void
delivery_line_remove(struct delivery_line *line, struct delivery *x)
{
	struct delivery **at = &line->first;

	while (*at != x) {
		CHECK(*at != NULL);
		at = &(*at)->next;
	}
	*at = x->next;
	if (line->last == &x->next)
		line->last = at;
	line->count--;
	for (struct delivery *y = x->next; y != NULL; y = y->next)
		if (y->before == x)
			y->before = x->before;
}

struct delivery *
delivery_line_next(const struct delivery_line *line, int64_t now_ms,
    uint64_t committed, int64_t *wake_ms)
{
	struct delivery *best = NULL;

	*wake_ms = INT64_MAX;
	for (struct delivery *x = line->first; x != NULL; x = x->next) {
		if (x->before != NULL || x->group > committed)
			continue;
		if (best == NULL || x->due_ms < best->due_ms)
			best = x;
	}
	if (best == NULL || best->due_ms <= now_ms)
		return best;
	*wake_ms = best->due_ms;
	return NULL;
}
