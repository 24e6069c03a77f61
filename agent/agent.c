#include "agent/agent.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "agent/backup.h"
#include "agent/config_mistakes.h"
#include "agent/control.h"
#include "agent/dispatch.h"
#include "agent/drill.h"
#include "agent/findings.h"
#include "agent/health.h"
#include "agent/heartbeat.h"
#include "agent/links.h"
#include "agent/mutes.h"
#include "agent/restore.h"
#include "agent/results.h"
#include "agent/runs.h"
#include "agent/selves.h"
#include "agent/stories.h"
#include "agent/subscribe.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/notify.h"
#include "base/str.h"

#define FIRST_RUNS_MS 2    /* apart, so that a start is no storm */
#define STOP_MS       5000 /* for what is in flight */
#define STOP_POLL_MS  50

static void
log_mistakes(const struct config_mistakes *m, bool fatal)
{
	struct buf text;

	buf_init(&text, 4096);
	for (size_t i = 0; i < m->count; i++) {
		buf_clear(&text);
		config_mistake_text(&text, &m->items[i], "");
		log_kv(fatal ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, buf_str(&text),
		    NULL);
	}
	buf_fini(&text);
}

static void
committed(void *ctx, uint64_t group)
{
	struct agent *a = ctx;

	(void)group;
	findings_committed(a);
	dispatch_committed(a->dispatch);
}

static void
store_trouble(void *ctx, const struct err *why)
{
	struct agent *a = ctx;

	health_store(a, why);
	dispatch_committed(a->dispatch);
}

static void
stop(struct agent *a)
{
	loop_stop(a->loop);
}

/* Wait for what is in flight, then go; a second signal does not wait. */
static void
stop_when_idle(void *ctx)
{
	struct agent *a = ctx;

	if (dispatch_idle(a->dispatch)) {
		stop(a);
		return;
	}
	loop_timer_arm_ms(a->stop_timer, STOP_POLL_MS);
}

static void
stop_late(void *ctx)
{
	stop(ctx);
}

static void
asked_to_stop(void *ctx, int signo)
{
	struct agent *a = ctx;

	log_info("stopping: %s", strsignal(signo));
	if (a->stopping) {
		stop(a);
		return;
	}
	a->stopping = true;
	notify_send("STOPPING=1");
	loop_timer_disarm(a->run_timer);
	a->stop_timer = loop_timer_new(a->loop, stop_when_idle, a);
	loop_timer_free(a->tick);
	a->tick = loop_timer_new(a->loop, stop_late, a);
	loop_timer_arm_ms(a->tick, STOP_MS);
	stop_when_idle(a);
}

static void
asked_to_reload(void *ctx, int signo)
{
	struct config_mistakes mistakes = {0};

	(void)signo;
	agent_reload(ctx, &mistakes);
	config_mistakes_fini(&mistakes);
}

/* Targets for the probes of a->config: known names keep what they are. */
static void
adopt_probes(struct agent *a)
{
	const struct config *c = a->config;

	for (size_t i = 0; i < c->probe_count; i++) {
		struct target *t = agent_find(a, c->probes[i].name);

		if (t == NULL)
			agent_add(a, &c->probes[i]);
		else
			t->config = &c->probes[i];
	}
	agent_index(a);
}

static bool
stays(const struct target *t, const struct config *next)
{
	return t->self || config_find_probe(next, t->config->name) != NULL;
}

/* All are said good-bye to before any is gone: they are looked up by name. */
static void
dismiss_probes(struct agent *a, const struct config *next)
{
	for (uint32_t i = 0; i < a->target_count; i++) {
		if (a->targets[i] == NULL || stays(a->targets[i], next))
			continue;
		runs_forget(a, a->targets[i]);
		results_removed(a, a->targets[i]);
	}
	for (uint32_t i = 0; i < a->target_count; i++)
		if (a->targets[i] != NULL && !stays(a->targets[i], next))
			agent_remove(a, a->targets[i]);
	agent_index(a);
}

static void
plan_probes(struct agent *a)
{
	int64_t soon_ms = 0;

	for (uint32_t i = 0; i < a->target_count; i++) {
		struct target *t = a->targets[i];

		if (t == NULL || t->self)
			continue;
		if (!t->config->enabled && t->verdict.last_ms != 0) {
			results_removed(a, t);
			verdict_init(&t->verdict);
		}
		runs_plan(a, t, soon_ms % t->config->every_ms);
		soon_ms += FIRST_RUNS_MS;
	}
	runs_arm(a);
}

static bool
same(const char *x, const char *y)
{
	return x == y || (x != NULL && y != NULL && str_eq(x, y));
}

/* The state and the listener are held open: they change by a restart. */
static void
warn_fixed(const struct config *old, const struct config *new)
{
	if (!str_eq(old->state, new->state))
		log_warn("state changed in the configuration; it is used from "
			 "the next start on");
	if (!str_eq(old->http.listen, new->http.listen) ||
	    !same(old->http.cert_file, new->http.cert_file) ||
	    !same(old->http.key_file, new->http.key_file))
		log_warn("http.listen or its certificate changed in the "
			 "configuration; they are used from the next start on");
}

int
agent_reload(struct agent *a, struct config_mistakes *mistakes)
{
	struct config *old = a->config, *new;

	notify_send("RELOADING=1");
	new = config_load(old->path, mistakes);
	a->reload_failed = new == NULL;
	log_mistakes(mistakes, new == NULL);
	if (new == NULL) {
		log_error("the new configuration is not used; the old one "
			  "goes on");
		notify_send("READY=1");
		return -1;
	}
	warn_fixed(old, new);
	dismiss_probes(a, new);
	a->config = new;
	mutes_configure(a);
	adopt_probes(a);
	dispatch_configure(a->dispatch);
	heartbeat_configure(a);
	selves_sweep(a);
	stories_recheck(a); /* routes, people and silences may be others */
	plan_probes(a);
	config_free(old);
	malloc_trim(0);
	a->reload_ms = clock_wall_ms();
	log_info("configuration reloaded: %zu probes, %zu channels",
	    new->probe_count, new->channel_count);
	notify_send("READY=1");
	return 0;
}

/* The soft limit is often 1024, and each probe worker is a few of them. */
static void
raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int
start(struct agent *a, struct err *err)
{
	static const struct writer_ops writer_ops = {committed, store_trouble};

	if (store_open(&a->store, a->config->state, err) != 0)
		return err_wrap(err, "state");
	fault_point("store open");
	if (links_open(a, err) != 0 || subscribe_open(a, err) != 0)
		return -1;
	a->supervisor = supervisor_new(a->loop);
	a->writer = writer_new(a->loop, a->store, &writer_ops, a);
	a->dispatch = dispatch_new(a);
	if (mutes_open(a, err) != 0)
		return -1;
	runs_start(a);
	adopt_probes(a);
	dispatch_configure(a->dispatch);
	if (restore_all(a, err) != 0)
		return -1;
	restore_loose(a);
	if (dispatch_load(a->dispatch, err) != 0 || drill_restore(a, err) != 0)
		return -1;
	heartbeat_configure(a);
	selves_sweep(a);
	selves_restarted(a);
	if (control_open(&a->control, a, err) != 0)
		return -1;
	plan_probes(a);
	health_start(a);
	return 0;
}

static void
finish(struct agent *a)
{
	control_close(a->control);
	loop_timer_free(a->stop_timer);
	backup_stop(a);
	if (a->tick != NULL)
		health_stop(a);
	if (a->schedule != NULL)
		runs_stop(a);
	if (a->writer != NULL)
		writer_flush(a->writer);
	if (a->writer != NULL && writer_waiting(a->writer) > 0)
		log_error("%u changes are lost: the state database does not "
			  "take them (%s)",
		    writer_waiting(a->writer), writer_reason(a->writer));
	writer_free(a->writer);
	a->writer = NULL;
	dispatch_free(a->dispatch);
	mutes_close(a);
	supervisor_free(a->supervisor);
	store_close(a->store);
	links_close(a);
	subscribe_close(a);
	for (uint32_t i = 0; i < a->target_count; i++)
		if (a->targets[i] != NULL)
			agent_remove(a, a->targets[i]);
	stories_close(a);
	free(a->targets);
	free(a->by_name);
	free(a->findings);
	config_free(a->config);
	loop_free(a->loop);
}

static void
announce(const struct agent *a)
{
	const struct config *c = a->config;

	log_info("tocsin %s: %zu probe%s, %zu channel%s, state %s",
	    TOCSIN_VERSION, c->probe_count, c->probe_count == 1 ? "" : "s",
	    c->channel_count, c->channel_count == 1 ? "" : "s", c->state);
	notify_send("READY=1\nSTATUS=watching");
}

int
agent_run(const char *config_path)
{
	struct agent *a = mem_alloc(sizeof(*a));
	struct config_mistakes mistakes = {0};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct err err = ERR_INIT;
	int status = 2;

	sigaction(SIGPIPE, &ignore, NULL);
	raise_files();
	a->started_ms = clock_wall_ms();
	a->loop = loop_new();
	a->config = config_load(config_path, &mistakes);
	log_mistakes(&mistakes, a->config == NULL);
	config_mistakes_fini(&mistakes);
	malloc_trim(0);
	if (a->config != NULL && start(a, &err) == 0) {
		loop_on_signal(a->loop, SIGTERM, asked_to_stop, a);
		loop_on_signal(a->loop, SIGINT, asked_to_stop, a);
		loop_on_signal(a->loop, SIGHUP, asked_to_reload, a);
		a->reload_ms = a->started_ms;
		announce(a);
		loop_run(a->loop);
		status = 0;
	} else if (a->config != NULL) {
		log_error("cannot start: %s", err.text);
	}
	finish(a);
	free(a);
	return status;
}
