#include "agent/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "agent/schedule.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/str.h"

#define BUCKETS_MIN 16

struct delivery *
delivery_new(const char *incident, int seq, const char *message)
{
	struct delivery *x = mem_alloc(sizeof(*x));

	str_copy(x->incident, sizeof(x->incident), incident);
	x->seq = seq;
	x->message = message != NULL ? mem_strdup(message) : NULL;
	x->group = DELIVERY_NO_GROUP;
	return x;
}

void
delivery_free(struct delivery *x)
{
	if (x == NULL)
		return;
	free(x->message);
	free(x->because);
	free(x->grouping);
	free(x);
}

const char *
delivery_key(char dst[DELIVERY_KEY_MAX], const char *incident, int seq,
    const char *channel)
{
	str_printf(dst, DELIVERY_KEY_MAX, "%s-%d-%s", incident, seq, channel);
	return dst;
}

/* ---- the heap: earliest due first ---- */

static bool
sooner(const struct delivery *x, const struct delivery *y)
{
	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms;
	return x->arrival < y->arrival;
}

static void
put(struct delivery_line *line, size_t place, struct delivery *x)
{
	line->heap[place] = x;
	x->place = place;
}

static void
sift(struct delivery_line *line, struct delivery *x)
{
	size_t place = x->place;

	for (; place > 1 && sooner(x, line->heap[place / 2]); place /= 2)
		put(line, place, line->heap[place / 2]);
	for (;;) {
		size_t child = place * 2;

		if (child < line->heap_count &&
		    sooner(line->heap[child + 1], line->heap[child]))
			child++;
		if (child > line->heap_count || !sooner(line->heap[child], x))
			break;
		put(line, place, line->heap[child]);
		place = child;
	}
	put(line, place, x);
}

static void
push(struct delivery_line *line, struct delivery *x)
{
	line->heap_count++;
	if (line->heap_count >= line->heap_room) {
		line->heap_room = line->heap_room * 2 + 16;
		line->heap =
		    mem_grow(line->heap, line->heap_room, sizeof(*line->heap));
	}
	x->place = line->heap_count;
	sift(line, x);
}

static void
pull(struct delivery_line *line, struct delivery *x)
{
	struct delivery *last = line->heap[line->heap_count--];
	size_t place = x->place;

	x->place = 0;
	if (last == x)
		return;
	last->place = place;
	sift(line, last);
}

/* ---- which incident has something waiting ---- */

static struct delivery **
bucket(const struct delivery_line *line, const char *incident)
{
	uint64_t hash = schedule_hash(incident);

	return &line->buckets[hash & (line->bucket_count - 1)];
}

static struct delivery **
find_first(const struct delivery_line *line, const char *incident)
{
	struct delivery **at = bucket(line, incident);

	while (*at != NULL && !str_eq((*at)->incident, incident))
		at = &(*at)->same_bucket;
	return at;
}

static void
grow_buckets(struct delivery_line *line)
{
	struct delivery **old = line->buckets;
	size_t count = line->bucket_count;

	line->bucket_count *= 2;
	line->buckets = mem_array(line->bucket_count, sizeof(*old));
	for (size_t i = 0; i < count; i++) {
		while (old[i] != NULL) {
			struct delivery *x = old[i];
			struct delivery **to = bucket(line, x->incident);

			old[i] = x->same_bucket;
			x->same_bucket = *to;
			*to = x;
		}
	}
	free(old);
}

/* ---- the line ---- */

void
delivery_line_init(struct delivery_line *line)
{
	memset(line, 0, sizeof(*line));
	line->bucket_count = BUCKETS_MIN;
	line->buckets = mem_array(BUCKETS_MIN, sizeof(*line->buckets));
}

void
delivery_line_fini(struct delivery_line *line)
{
	CHECK(line->count == 0);
	free(line->heap);
	free(line->buckets);
}

static void
append(struct delivery_line *line, struct delivery *x)
{
	x->arrival = line->arrivals++;
	x->after = NULL;
	x->before = line->last;
	if (line->last != NULL)
		line->last->after = x;
	else
		line->first = x;
	line->last = x;
	line->count++;
}

/* Into its incident's order; they come in any from the store. */
void
delivery_line_add(struct delivery_line *line, struct delivery *x)
{
	struct delivery **first, *later, *earlier = NULL;

	append(line, x);
	if (line->count > line->bucket_count)
		grow_buckets(line);
	first = find_first(line, x->incident);
	for (later = *first; later != NULL && later->seq < x->seq;
	     later = later->later)
		earlier = later;
	x->earlier = earlier;
	x->later = later;
	if (later != NULL)
		later->earlier = x;
	if (earlier != NULL) {
		earlier->later = x;
		return;
	}
	x->same_bucket = later != NULL ? later->same_bucket : NULL;
	*first = x;
	if (later != NULL)
		pull(line, later);
	push(line, x);
}

void
delivery_line_remove(struct delivery_line *line, struct delivery *x)
{
	struct delivery *later = x->later;

	if (x->before != NULL)
		x->before->after = x->after;
	else
		line->first = x->after;
	if (x->after != NULL)
		x->after->before = x->before;
	else
		line->last = x->before;
	line->count--;
	if (later != NULL)
		later->earlier = x->earlier;
	if (x->earlier != NULL) {
		x->earlier->later = later;
		return;
	}
	pull(line, x);
	*find_first(line, x->incident) = later != NULL ? later : x->same_bucket;
	if (later != NULL) {
		later->same_bucket = x->same_bucket;
		push(line, later);
	}
}

void
delivery_line_moved(struct delivery_line *line, struct delivery *x)
{
	if (x->place != 0)
		sift(line, x);
}

void
delivery_line_hurry(struct delivery_line *line, int64_t now_ms)
{
	for (struct delivery *x = line->first; x != NULL; x = x->after) {
		if (x->attempts == 0 || x->due_ms <= now_ms)
			continue;
		x->due_ms = now_ms;
		delivery_line_moved(line, x);
	}
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
	struct delivery *x;

	*wake_ms = INT64_MAX;
	if (line->heap_count == 0)
		return NULL;
	x = line->heap[1];
	if (due(x, now_ms) > now_ms)
		*wake_ms = x->due_ms;
	else if (x->group <= committed)
		return x;
	return NULL;
}

static bool
may_join(const struct delivery *x, const struct delivery *leader,
    int64_t due_ms, uint64_t committed)
{
	if (x == leader || x->batch != NULL || x->attempts > 0 ||
	    x->group > committed)
		return false; /* what was tried keeps its own key */
	if (due_ms != 0)
		return x->due_ms <= due_ms;
	return leader->grouping != NULL && x->grouping != NULL &&
	       str_eq(leader->grouping, x->grouping);
}

/* Marks what is in by a batch that is not theirs yet, so that the later ones
 * of an incident may follow the earlier. */
size_t
delivery_line_join(const struct delivery_line *line, struct delivery *leader,
    int64_t due_ms, uint64_t committed, size_t max, struct delivery ***out)
{
	struct batch mark;
	struct delivery **list = mem_array(1, sizeof(*list));
	size_t count = 1, room = 1;

	list[0] = leader;
	leader->batch = &mark;
	for (struct delivery *x = line->first; x != NULL && count < max;
	     x = x->after) {
		if (!may_join(x, leader, due_ms, committed) ||
		    (x->earlier != NULL && x->earlier->batch != &mark))
			continue;
		if (count == room) {
			room *= 2;
			list = mem_grow(list, room, sizeof(*list));
		}
		list[count++] = x;
		x->batch = &mark;
	}
	for (size_t i = 0; i < count; i++)
		list[i]->batch = NULL;
	*out = list;
	return count;
}

struct batch *
batch_new(const char *key, struct delivery **members, size_t count)
{
	struct batch *b = mem_alloc(sizeof(*b));

	str_copy(b->key, sizeof(b->key), key);
	b->members = members;
	b->count = count;
	for (size_t i = 0; i < count; i++)
		members[i]->batch = b;
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->count; i++)
		b->members[i]->batch = NULL;
	free(b->members);
	free(b);
}
