#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/writer.h"
#include "base/mem.h"

struct desk {
	struct loop *loop;
	struct store *store;
	struct writer *writer;
	char folder[64], *url;
	uint64_t committed;
	unsigned troubles, recoveries;
	bool stop_at_commit, stop_at_trouble;
};

static void
committed(void *ctx, uint64_t group)
{
	struct desk *d = ctx;

	assert_true(group > d->committed);
	d->committed = group;
	if (d->stop_at_commit)
		loop_stop(d->loop);
}

static void
trouble(void *ctx, const struct err *why)
{
	struct desk *d = ctx;

	if (why != NULL)
		d->troubles++;
	else
		d->recoveries++;
	if (why != NULL && d->stop_at_trouble)
		loop_stop(d->loop);
}

static void
open_desk(struct desk *d)
{
	static const struct writer_ops ops = {committed, trouble};
	struct err err = ERR_INIT;

	*d = (struct desk){.folder = "/tmp/tocsin-writer-XXXXXX"};
	assert_non_null(mkdtemp(d->folder));
	d->url = mem_printf("sqlite:%s/state.db", d->folder);
	d->loop = loop_new();
	if (store_open(&d->store, d->url, &err) != 0)
		fail_msg("%s", err.text);
	d->writer = writer_new(d->loop, d->store, &ops, d);
}

static void
close_desk(struct desk *d)
{
	char *rm = mem_printf("%s/state.db", d->folder);

	writer_free(d->writer);
	store_close(d->store);
	loop_free(d->loop);
	unlink(rm);
	free(rm);
	rm = mem_printf("%s/state.db.lock", d->folder);
	unlink(rm);
	free(rm);
	rmdir(d->folder);
	free(d->url);
}

static uint64_t
put(struct desk *d, const char *name, bool matters)
{
	struct observation_row row = {.probe = name,
	    .region = "here",
	    .at_ms = 1795000000000,
	    .outcome = OUTCOME_OK,
	    .duration_us = 1000};

	writer_begin(d->writer);
	writer_observation(d->writer, &row);
	return writer_end(d->writer, matters);
}

static void
what_matters_commits_in_this_turn(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d);
	put(&d, "calm", false);
	assert_int_equal(put(&d, "portal", true), 2);
	assert_int_equal(writer_waiting(d.writer), 2);
	d.stop_at_commit = true;
	loop_run(d.loop);
	assert_int_equal(d.committed, 2);
	assert_int_equal(writer_waiting(d.writer), 0);
	close_desk(&d);
}

static void
what_does_not_waits_for_company(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d);
	for (int i = 0; i < 5000; i++) /* more than one transaction's worth */
		put(&d, "calm", false);
	assert_int_equal(writer_committed(d.writer), 0);
	d.stop_at_commit = true;
	loop_run(d.loop);
	assert_int_equal(d.committed, 5000);
	close_desk(&d);
}

/* The disk is full: no file of this process may grow any more. */
static void
fill_disk(bool full)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit r;

	sigaction(SIGXFSZ, &ignore, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = full ? 0 : r.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
trouble_is_told_once_and_nothing_is_lost(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d);
	fill_disk(true);
	put(&d, "portal", true);
	d.stop_at_trouble = true;
	loop_run(d.loop);
	assert_true(writer_failing(d.writer));
	assert_int_equal(d.troubles, 1);
	put(&d, "portal", true);
	assert_int_equal(writer_waiting(d.writer), 2);
	fill_disk(false);
	writer_flush(d.writer);
	assert_false(writer_failing(d.writer));
	assert_int_equal(d.recoveries, 1);
	assert_int_equal(d.committed, 2);
	close_desk(&d);
}

/* Past the ceiling uneventful observations go, what matters stays. */
static void
the_queue_has_a_ceiling(void **state)
{
	struct desk d;
	char *big = mem_alloc(100 * 1000 + 1);
	struct observation_row row = {.probe = "calm",
	    .region = "here",
	    .at_ms = 1795000000000,
	    .duration_us = 1,
	    .detail = big};

	(void)state;
	memset(big, 'x', 100 * 1000);
	open_desk(&d);
	fill_disk(true);
	put(&d, "portal", true);
	d.stop_at_trouble = true;
	loop_run(d.loop);
	for (int i = 0; i < 1000; i++) {
		writer_begin(d.writer);
		writer_observation(d.writer, &row);
		writer_end(d.writer, false);
	}
	assert_in_range(writer_dropped(d.writer), 400, 700);
	assert_int_equal(
	    writer_waiting(d.writer) + writer_dropped(d.writer), 1001);
	fill_disk(false);
	writer_flush(d.writer);
	assert_int_equal(d.committed, 1001);
	free(big);
	close_desk(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_matters_commits_in_this_turn),
	    cmocka_unit_test(what_does_not_waits_for_company),
	    cmocka_unit_test(trouble_is_told_once_and_nothing_is_lost),
	    cmocka_unit_test(the_queue_has_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
