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

/* Of one incident: the higher seq waits for the nearest lower one. They come
 * in any order from the store. */
static void
order(struct delivery *x, struct delivery *y)
{
	struct delivery *low = x->seq < y->seq ? x : y;
	struct delivery *high = low == x ? y : x;

	if (high->before == NULL || high->before->seq < low->seq)
		high->before = low;
}

void
delivery_line_add(struct delivery_line *line, struct delivery *x)
{
	for (struct delivery *y = line->first; y != NULL; y = y->next)
		if (str_eq(y->incident, x->incident))
			order(x, y);
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
	for (struct delivery *y = line->first; y != NULL; y = y->next)
		if (y->before == x)
			y->before = x->before;
}

/* A due time further away than any back-off was made by a clock that was wrong
 * then: it is due. */
static int64_t
due(const struct delivery *x, int64_t now_ms)
{
	return x->due_ms > now_ms + DELIVERY_WAIT_MAX_MS ? now_ms : x->due_ms;
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
		if (best == NULL || due(x, now_ms) < due(best, now_ms))
			best = x;
	}
	if (best == NULL || due(best, now_ms) <= now_ms)
		return best;
	*wake_ms = best->due_ms;
	return NULL;
}
