#include "alerting/notice.h"

#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/str.h"

/* What kind of news an event is. */
enum news {
	NEWS_ALARM, /* bad, and somebody has to act: the plan starts */
	NEWS_BAD,   /* about something bad that people know of */
	NEWS_CALM,  /* people's own acts */
	NEWS_END,
};

static const enum news news_of[EVENT_COUNT] = {
    [EVENT_OPENED] = NEWS_ALARM,
    [EVENT_REOPENED] = NEWS_ALARM,
    [EVENT_WORSENED] = NEWS_ALARM,
    [EVENT_FLAPPING] = NEWS_BAD,
    [EVENT_IMPROVED] = NEWS_BAD,
    [EVENT_REMINDER] = NEWS_BAD,
    [EVENT_ESCALATED] = NEWS_BAD,
    [EVENT_DIGEST] = NEWS_BAD,
    [EVENT_ACKNOWLEDGED] = NEWS_CALM,
    [EVENT_NOTE] = NEWS_CALM,
    [EVENT_TEST] = NEWS_CALM,
    [EVENT_RESOLVED] = NEWS_END,
};

/* Names that stand for nobody at the moment (a rotation without people, a
 * channel switched off) must not swallow an alarm: then everybody hears it. */
static void
add_page(struct channel_set *who, const struct route_page *page,
    const struct notice_facts *f)
{
	struct channel_set some = f->resolve(f->ctx, page->notify, f->now_ms);

	if (channel_set_empty(&some) && page->notify != NULL &&
	    page->notify->count > 0)
		some = f->resolve(f->ctx, NULL, f->now_ms);
	channel_set_join(who, &some);
}

/* Pages that were due when the last one left are taken: whatever the plan is by
 * now, as a reload may have changed it. */
static size_t
taken(const struct notice *n, const struct route_plan *plan)
{
	size_t count = 0;

	while (n->paged_ms != 0 && count < plan->count &&
	       plan->pages[count].after_ms <= n->paged_ms - n->alarm_ms)
		count++;
	return count;
}

/* Every page that is due by now, at once: none is rung twice because the agent
 * was away or the incident was muted meanwhile. */
static void
take_pages(
    struct notice *n, const struct notice_facts *f, struct channel_set *who)
{
	int64_t since_ms = f->now_ms - n->alarm_ms;

	for (size_t i = taken(n, f->plan);
	     i < f->plan->count && f->plan->pages[i].after_ms <= since_ms; i++)
		add_page(who, &f->plan->pages[i], f);
	n->paged_ms = f->now_ms;
}

static void
start_alarm(
    struct notice *n, const struct notice_facts *f, struct channel_set *who)
{
	n->alarm_ms = f->now_ms;
	n->paged_ms = 0;
	n->rounds = 0;
	n->owed = false;
	take_pages(n, f, who);
}

static void
finish(struct notice *n, struct notice_step *out)
{
	channel_set_join(&n->told, &out->who);
	out->happened =
	    out->happened || out->held || !channel_set_empty(&out->who);
}

static void
end(struct notice *n, struct notice_step *out)
{
	out->who = n->told;
	out->happened = !channel_set_empty(&out->who);
	memset(n, 0, sizeof(*n));
}

/* Flapping may be how it begins. */
static bool
is_alarm(const struct notice *n, enum event_type event)
{
	return news_of[event] == NEWS_ALARM ||
	       (event == EVENT_FLAPPING && n->alarm_ms == 0 && !n->owed &&
		   !n->answered);
}

static void
bad_news(struct notice *n, enum event_type event, const struct notice_facts *f,
    struct notice_step *out)
{
	if (is_alarm(n, event)) {
		n->ringing = true;
		n->answered = false;
		n->owed = true;
		n->alarm_ms = 0;
	}
	n->muted = out->held = f->muted;
	if (f->muted)
		return;
	out->who = n->told;
	if (n->owed)
		start_alarm(n, f, &out->who);
}

void
notice_on_event(struct notice *n, enum event_type event, bool notify,
    const struct notice_facts *facts, struct notice_step *out)
{
	enum news news = news_of[event];

	memset(out, 0, sizeof(*out));
	out->event = event;
	if (event == EVENT_ACKNOWLEDGED) {
		n->ringing = n->owed = false;
		n->answered = true;
	}
	if (news == NEWS_END) {
		end(n, out);
		return;
	}
	if (!notify)
		return;
	if (news == NEWS_CALM)
		out->who = n->told;
	else
		bad_news(n, event, facts, out);
	finish(n, out);
}

static int64_t
repeat_at(const struct notice *n, const struct route_plan *plan)
{
	int64_t last_ms = n->alarm_ms;

	if (plan->repeat_ms == 0 || plan->count == 0)
		return INT64_MAX;
	last_ms += plan->pages[plan->count - 1].after_ms;
	if (n->paged_ms > last_ms)
		last_ms = n->paged_ms;
	return last_ms + plan->repeat_ms;
}

int64_t
notice_next_ms(const struct notice *n, const struct notice_facts *f)
{
	size_t next;

	if (!n->ringing)
		return INT64_MAX;
	if (f->muted)
		return f->now_ms;
	if (n->owed)
		return f->now_ms;
	if (n->alarm_ms == 0)
		return INT64_MAX;
	next = taken(n, f->plan);
	if (next < f->plan->count)
		return n->alarm_ms + f->plan->pages[next].after_ms;
	return repeat_at(n, f->plan);
}

static void
next_page(
    struct notice *n, const struct notice_facts *f, struct notice_step *out)
{
	out->event = EVENT_ESCALATED;
	if (taken(n, f->plan) >= f->plan->count) {
		n->alarm_ms = f->now_ms;
		n->paged_ms = 0;
		n->rounds++;
		out->who = n->told;
	}
	take_pages(n, f, &out->who);
	out->page = (unsigned)taken(n, f->plan);
	out->round = n->rounds;
}

void
notice_on_time(
    struct notice *n, const struct notice_facts *f, struct notice_step *out)
{
	memset(out, 0, sizeof(*out));
	if (n->alarm_ms > f->now_ms)
		n->alarm_ms = f->now_ms; /* the clock was set back */
	if (n->paged_ms > f->now_ms)
		n->paged_ms = f->now_ms;
	if (f->muted || notice_next_ms(n, f) > f->now_ms)
		return;
	n->muted = false;
	if (n->owed) {
		bool first = channel_set_empty(&n->told);

		out->event = first ? EVENT_OPENED : EVENT_REMINDER;
		out->released = true;
		out->who = n->told;
		start_alarm(n, f, &out->who);
	} else {
		next_page(n, f, out);
	}
	finish(n, out);
}

bool
notice_is_bad(enum event_type event)
{
	return news_of[event] == NEWS_ALARM || news_of[event] == NEWS_BAD;
}

void
notice_retold(struct notice *n, const struct channel_set *told)
{
	bool lost = !channel_set_empty(&n->told) && channel_set_empty(told);

	n->told = *told;
	if (lost && n->ringing)
		n->owed = true;
}

void
notice_told(struct notice *n, size_t channel)
{
	channel_set_add(&n->told, channel);
}

/* ---- kept with the incident ---- */

json_t *
notice_to_json(const struct notice *n, const char *const *names, size_t count)
{
	json_t *json = json_object(), *told = json_array();

	CHECK(count <= CHANNEL_SET_MAX);
	for (size_t i = 0; i < count; i++)
		if (channel_set_has(&n->told, i))
			json_array_append_new(told, json_string(names[i]));
	json_put(json, "told", told);
	json_put_int(json, "alarm_ms", n->alarm_ms);
	json_put_int(json, "paged_ms", n->paged_ms);
	json_put_int(json, "rounds", n->rounds);
	json_put(json, "ringing", json_boolean(n->ringing));
	json_put(json, "answered", json_boolean(n->answered));
	json_put(json, "owed", json_boolean(n->owed));
	json_put(json, "muted", json_boolean(n->muted));
	return json;
}

static int
read_told(struct notice *n, const json_t *list, const char *const *names,
    struct err *err)
{
	size_t i;
	json_t *item;

	if (!json_is_array(list))
		return err_set(err, ERR_INPUT, "told: must be an array");
	json_array_foreach (list, i, item) {
		int channel = json_is_string(item)
		                  ? str_index(names, json_string_value(item))
		                  : -1;

		if (!json_is_string(item))
			return err_set(err, ERR_INPUT, "told: must hold texts");
		if (channel >= 0 && channel < CHANNEL_SET_MAX)
			channel_set_add(&n->told, (size_t)channel);
	}
	return 0;
}

#define NUMBER_MAX 1000000

int
notice_from_json(struct notice *n, const json_t *json, const char *const *names,
    size_t count, struct err *err)
{
	static const char *const keys[] = {"told", "alarm_ms", "paged_ms",
	    "rounds", "ringing", "answered", "owed", "muted", NULL};
	int64_t rounds;

	(void)count;
	memset(n, 0, sizeof(*n));
	if (json_only(json, keys, err) != 0 ||
	    read_told(n, json_object_get(json, "told"), names, err) != 0 ||
	    json_need_int(
		json, "alarm_ms", 0, INT64_MAX / 2, &n->alarm_ms, err) != 0 ||
	    json_need_int(
		json, "paged_ms", 0, INT64_MAX / 2, &n->paged_ms, err) != 0 ||
	    json_need_int(json, "rounds", 0, NUMBER_MAX, &rounds, err) != 0)
		return err_wrap(err, "notice");
	n->rounds = (unsigned)rounds;
	n->ringing = json_is_true(json_object_get(json, "ringing"));
	n->answered = json_is_true(json_object_get(json, "answered"));
	n->owed = json_is_true(json_object_get(json, "owed"));
	n->muted = json_is_true(json_object_get(json, "muted"));
	if (n->ringing && channel_set_empty(&n->told) &&
	    json_array_size(json_object_get(json, "told")) > 0)
		n->owed = true; /* whoever was told is gone */
	return 0;
}
