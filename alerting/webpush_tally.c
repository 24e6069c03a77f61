#include "alerting/webpush_tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define ROUNDS_MAX 32
#define KEY_MAX    256
#define WHY_MAX    200

struct entry {
	char id[WEBPUSH_ID_LEN + 1];
	enum webpush_result result;
	bool listed; /* in this attempt; he may have left since the last */
};

struct webpush_round {
	char key[KEY_MAX];
	uint64_t used; /* when, in attempts */
	struct entry entries[WEBPUSH_SUBSCRIBERS_MAX];
	size_t count;
	/* Of this attempt: */
	int64_t retry_after_ms;
	int status; /* of the first that has not taken it */
	char later[WHY_MAX], refused[WHY_MAX];
	/* Of all of them: is there a refusal that a person can mend? */
	bool mendable;
};

struct webpush_tally {
	struct webpush_round *rounds[ROUNDS_MAX];
	uint64_t attempts;
};

enum webpush_result
webpush_tally_meaning(int status)
{
	static const struct {
		int status;
		enum webpush_result result;
	} meanings[] = {
	    {404, WEBPUSH_GONE},
	    {410, WEBPUSH_GONE},
	    {408, WEBPUSH_LATER},
	    {425, WEBPUSH_LATER},
	    {429, WEBPUSH_LATER},
	};

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].status == status)
			return meanings[i].result;
	if (status >= 200 && status < 300)
		return WEBPUSH_TAKEN;
	return status >= 400 && status < 500 ? WEBPUSH_REFUSED : WEBPUSH_LATER;
}

struct webpush_tally *
webpush_tally_new(void)
{
	return mem_alloc(sizeof(struct webpush_tally));
}

void
webpush_tally_free(struct webpush_tally *t)
{
	for (size_t i = 0; i < ROUNDS_MAX; i++)
		free(t->rounds[i]);
	free(t);
}

/* The place of this delivery, a free one, or that of the longest unused. */
static struct webpush_round **
place(struct webpush_tally *t, const char *key)
{
	struct webpush_round **found = &t->rounds[0];

	for (size_t i = 0; i < ROUNDS_MAX; i++) {
		struct webpush_round *round = t->rounds[i];

		if (round == NULL || str_eq(round->key, key))
			return &t->rounds[i];
		if (round->used < (*found)->used)
			found = &t->rounds[i];
	}
	return found;
}

struct webpush_round *
webpush_tally_begin(struct webpush_tally *t, const char *delivery)
{
	char key[KEY_MAX];
	struct webpush_round **at, *round;

	str_copy(key, sizeof(key), delivery);
	at = place(t, key);
	if (*at == NULL)
		*at = mem_alloc(sizeof(**at));
	round = *at;
	if (!str_eq(round->key, key)) {
		*round = (struct webpush_round){.count = 0};
		str_copy(round->key, sizeof(round->key), key);
	}
	round->used = ++t->attempts;
	round->retry_after_ms = -1;
	round->status = 0;
	round->later[0] = round->refused[0] = '\0';
	for (size_t i = 0; i < round->count; i++)
		round->entries[i].listed = false;
	return round;
}

/* NULL only when there are more than a channel can have. */
static struct entry *
find(struct webpush_round *round, const char *id)
{
	struct entry *e;

	for (size_t i = 0; i < round->count; i++)
		if (str_eq(round->entries[i].id, id))
			return &round->entries[i];
	if (round->count == WEBPUSH_SUBSCRIBERS_MAX)
		return NULL;
	e = &round->entries[round->count++];
	*e = (struct entry){.result = WEBPUSH_UNTRIED};
	str_copy(e->id, sizeof(e->id), id);
	return e;
}

enum webpush_result
webpush_tally_list(struct webpush_round *round, const char *id)
{
	struct entry *e = find(round, id);

	if (e == NULL)
		return WEBPUSH_REFUSED;
	e->listed = true;
	return e->result;
}

void
webpush_tally_note(struct webpush_round *round,
    const struct webpush_subscriber *to, const struct webpush_outcome *outcome)
{
	bool later = outcome->result == WEBPUSH_LATER;
	char *why = later ? round->later : round->refused;
	struct entry *e = find(round, to->id);

	if (e != NULL)
		e->result = outcome->result;
	if (!later && outcome->result != WEBPUSH_REFUSED)
		return;
	if (why[0] == '\0') /* the first one speaks for all */
		str_printf(why, WHY_MAX, "%s at %.100s: %s", to->id, to->host,
		    outcome->why);
	if (round->status == 0 || later)
		round->status = outcome->status;
	if (later && outcome->retry_after_ms > round->retry_after_ms)
		round->retry_after_ms = outcome->retry_after_ms;
	if (outcome->status == 401 || outcome->status == 403)
		round->mendable = true;
}

struct counts {
	size_t of[WEBPUSH_REFUSED + 1], listed;
};

static struct counts
count(const struct webpush_round *round)
{
	struct counts n = {.listed = 0};

	for (size_t i = 0; i < round->count; i++) {
		const struct entry *e = &round->entries[i];

		if (!e->listed)
			continue;
		n.listed++;
		n.of[e->result]++;
	}
	n.of[WEBPUSH_LATER] += n.of[WEBPUSH_UNTRIED];
	return n;
}

static enum receipt_status
conclude(const struct webpush_round *round, const struct counts *n)
{
	if (n->of[WEBPUSH_LATER] > 0)
		return RECEIPT_RETRY;
	if (n->of[WEBPUSH_TAKEN] > 0)
		return RECEIPT_DELIVERED;
	return n->of[WEBPUSH_REFUSED] > 0 && !round->mendable
	           ? RECEIPT_REJECTED
	           : RECEIPT_RETRY; /* somebody may subscribe meanwhile */
}

static void
describe(
    struct buf *out, const struct webpush_round *round, const struct counts *n)
{
	const size_t gone = n->of[WEBPUSH_GONE], later = n->of[WEBPUSH_LATER],
		     refused = n->of[WEBPUSH_REFUSED];

	buf_printf(out, "%zu of %zu took it", n->of[WEBPUSH_TAKEN], n->listed);
	if (later > 0)
		buf_printf(out, "; %zu later (%s)", later, round->later);
	if (refused > 0)
		buf_printf(out, "; %zu refused%s%s%s", refused,
		    round->refused[0] ? " (" : "", round->refused,
		    round->refused[0] ? ")" : "");
	if (gone > 0)
		buf_printf(out, "; %zu gone, forgotten", gone);
	if (n->of[WEBPUSH_TAKEN] + later == 0)
		buf_puts(out, "; invite again: tocsin channel invite NAME");
}

void
webpush_tally_receipt(const struct webpush_round *round, struct receipt *r)
{
	struct counts n = count(round);
	enum receipt_status status = conclude(round, &n);
	struct buf text;

	if (n.listed == 0) {
		receipt_set(r, RECEIPT_RETRY, 0,
		    "nobody has subscribed yet: tocsin channel invite NAME "
		    "prints a link to open on the phone");
		return;
	}
	buf_init(&text, 2 * sizeof(r->detail));
	describe(&text, round, &n);
	receipt_set(r, status,
	    status == RECEIPT_DELIVERED ? 201 : round->status, "%s",
	    buf_str(&text));
	r->retry_after_ms = round->retry_after_ms;
	buf_fini(&text);
}
