#include "agent/schedule.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"

#define ABSENT       UINT32_MAX
#define EARLY_SHARE  20
#define EARLY_MAX_MS 1000

struct entry {
	int64_t due_ms;
	uint32_t id;
};

struct schedule {
	struct entry *heap;
	uint32_t count, room;
	uint32_t *place; /* by id: where in the heap, or ABSENT */
	uint32_t places;
};

struct schedule *
schedule_new(void)
{
	return mem_alloc(sizeof(struct schedule));
}

void
schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	free(s->heap);
	free(s->place);
	free(s);
}

static void
put(struct schedule *s, uint32_t at, struct entry e)
{
	s->heap[at] = e;
	s->place[e.id] = at;
}

static void
sift_up(struct schedule *s, uint32_t at)
{
	struct entry e = s->heap[at];

	while (at > 0 && s->heap[(at - 1) / 2].due_ms > e.due_ms) {
		put(s, at, s->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(s, at, e);
}

static void
sift_down(struct schedule *s, uint32_t at)
{
	struct entry e = s->heap[at];

	for (;;) {
		uint32_t child = at * 2 + 1;

		if (child >= s->count)
			break;
		if (child + 1 < s->count &&
		    s->heap[child + 1].due_ms < s->heap[child].due_ms)
			child++;
		if (s->heap[child].due_ms >= e.due_ms)
			break;
		put(s, at, s->heap[child]);
		at = child;
	}
	put(s, at, e);
}

static void
know_id(struct schedule *s, uint32_t id)
{
	if (id < s->places)
		return;
	s->place = mem_grow(s->place, (size_t)id * 2 + 64, sizeof(*s->place));
	for (uint32_t i = s->places; i < id * 2 + 64; i++)
		s->place[i] = ABSENT;
	s->places = id * 2 + 64;
}

void
schedule_set(struct schedule *s, uint32_t id, int64_t due_ms)
{
	uint32_t at;

	CHECK(id < ABSENT / 4);
	know_id(s, id);
	at = s->place[id];
	if (at == ABSENT) {
		if (s->count == s->room) {
			s->room = s->room * 2 + 64;
			s->heap = mem_grow(s->heap, s->room, sizeof(*s->heap));
		}
		at = s->count++;
	}
	put(s, at, (struct entry){due_ms, id});
	sift_up(s, at);
	sift_down(s, s->place[id]);
}

void
schedule_remove(struct schedule *s, uint32_t id)
{
	uint32_t at = id < s->places ? s->place[id] : ABSENT;

	if (at == ABSENT)
		return;
	s->place[id] = ABSENT;
	s->count--;
	if (at == s->count)
		return;
	put(s, at, s->heap[s->count]);
	sift_up(s, at);
	sift_down(s, s->place[s->heap[at].id]);
}

int64_t
schedule_due(const struct schedule *s, uint32_t id)
{
	uint32_t at = id < s->places ? s->place[id] : ABSENT;

	return at == ABSENT ? INT64_MAX : s->heap[at].due_ms;
}

int64_t
schedule_next(const struct schedule *s)
{
	return s->count == 0 ? INT64_MAX : s->heap[0].due_ms;
}

uint32_t
schedule_first(const struct schedule *s)
{
	CHECK(s->count > 0);
	return s->heap[0].id;
}

bool
schedule_take(struct schedule *s, int64_t now_ms, uint32_t *id, int64_t *due_ms)
{
	if (schedule_next(s) > now_ms)
		return false;
	*id = s->heap[0].id;
	*due_ms = s->heap[0].due_ms;
	schedule_remove(s, *id);
	return true;
}

int64_t
schedule_early_ms(int64_t every_ms)
{
	int64_t early_ms = every_ms / EARLY_SHARE;

	return early_ms < EARLY_MAX_MS ? early_ms : EARLY_MAX_MS;
}

uint64_t
schedule_hash(const char *name)
{
	uint64_t h = 14695981039346656037u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211u;
	return h;
}

int64_t
schedule_slot(
    uint64_t hash, int64_t every_ms, int64_t now_ms, int64_t offset_ms)
{
	int64_t phase = (int64_t)(hash % (uint64_t)every_ms);
	int64_t into = (now_ms + offset_ms - phase) % every_ms;

	if (into < 0)
		into += every_ms;
	return now_ms + every_ms - into;
}
