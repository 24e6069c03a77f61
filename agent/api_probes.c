#include <string.h>

#include "agent/api.h"
#include "agent/runs.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#define HOUR_MS   ((int64_t)3600 * 1000)
#define HOURS_MAX (400 * 24)

static void
put_us(json_t *o, const char *key, int64_t us)
{
	if (us < 0)
		json_put(o, key, NULL);
	else
		json_put_real(o, key, (double)us / 1000.0);
}

static int
take_row(void *ctx, const struct history_row *row)
{
	json_t *o = json_object(), *detail = NULL;

	json_put_time(o, "at", row->from_ms);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (row->count[i] > 0)
			json_put_int(o, outcome_names[i], row->count[i]);
	put_us(o, "p50_ms", row->p50_us);
	put_us(o, "p90_ms", row->p90_us);
	put_us(o, "p99_ms", row->p99_us);
	put_us(o, "max_ms", row->max_us);
	if (row->detail != NULL &&
	    json_parse(&detail, row->detail, strlen(row->detail), NULL) == 0)
		json_put_str(o, "reason", json_str(detail, "reason"));
	json_decref(detail);
	json_array_append_new(ctx, o);
	return 0;
}

void
api_history(struct api_call *call)
{
	static const char *const steps[] = {"raw", "hour", "day", NULL};
	const char *step = httpd_query(call->http, "step");
	const char *hours = httpd_query(call->http, "hours");
	const struct target *t = agent_find(call->agent, call->id);
	int at = step == NULL ? HISTORY_HOUR : str_index(steps, step);
	int64_t back = 24, now_ms = clock_wall_ms();
	struct err err = ERR_INIT;
	json_t *list;

	if (t == NULL) {
		api_error(call, 404, "there is no probe %.100s", call->id);
		return;
	}
	if (at < 0 ||
	    (hours != NULL && str_parse_i64(hours, 1, HOURS_MAX, &back) != 0)) {
		api_error(call, 400,
		    "step is raw, hour or day; hours is 1 to %d", HOURS_MAX);
		return;
	}
	writer_flush(call->agent->writer);
	list = json_array();
	if (store_each_history(call->agent->store, t->config->name,
		AGENT_REGION, (enum history_step)at, now_ms - back * HOUR_MS,
		now_ms + 1, take_row, list, &err) != 0) {
		json_decref(list);
		api_err(call, &err);
		return;
	}
	api_reply(call, 200,
	    json_pack("{s:s, s:o}", "probe", t->config->name, "history", list));
}

void
api_run(struct api_call *call)
{
	struct target *t = agent_find(call->agent, call->id);

	if (t == NULL || t->config->kind == NULL || !t->config->enabled) {
		api_error(
		    call, 404, "there is no enabled probe %.100s", call->id);
		return;
	}
	t->quarantined_ms = 0; /* a person wants to know */
	runs_now(call->agent, t);
	api_reply(call, 202, json_pack("{s:s}", "probe", t->config->name));
}
