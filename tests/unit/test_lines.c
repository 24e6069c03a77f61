#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/lines.h"
#include "base/mem.h"
#include "base/str.h"

struct wire {
	struct loop *loop;
	struct lines *lines;
	int other;
	char got[256];
	size_t longest;
	unsigned count;
	enum err_code why;
	bool ended, free_at_first;
};

static void
line(void *ctx, char *text, size_t len)
{
	struct wire *w = ctx;
	size_t used;

	assert_int_equal(strlen(text), len);
	w->count++;
	if (len > w->longest)
		w->longest = len;
	if (len < 20) {
		used = strlen(w->got);
		str_printf(w->got + used, sizeof(w->got) - used, "%s|", text);
	}
	if (w->free_at_first) {
		lines_free(w->lines);
		w->lines = NULL;
		loop_stop(w->loop);
	}
}

static void
end(void *ctx, const struct err *why)
{
	struct wire *w = ctx;

	assert_false(w->ended);
	w->ended = true;
	w->why = why->code;
	loop_stop(w->loop);
}

static const struct lines_ops ops = {line, end};

static void
open_wire(struct wire *w, size_t max)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	*w = (struct wire){.loop = loop_new(), .other = fds[1]};
	w->lines = lines_new(w->loop, fds[0], fds[0], max, &ops, w);
}

static void
close_wire(struct wire *w)
{
	lines_free(w->lines);
	close(w->other);
	loop_free(w->loop);
}

static void
put(struct wire *w, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(write(w->other, text, len), (ssize_t)len);
}

static void
splits_what_comes_together(void **state)
{
	struct wire w;

	(void)state;
	open_wire(&w, 1000);
	put(&w, "one\ntwo\n\nthr");
	put(&w, "ee\nleft over");
	shutdown(w.other, SHUT_WR);
	loop_run(w.loop);
	assert_string_equal(w.got, "one|two||three|");
	assert_int_equal(w.why, ERR_NONE);
	close_wire(&w);
}

static void
a_line_has_a_ceiling(void **state)
{
	struct wire w;
	char big[3000];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	open_wire(&w, 1000);
	put(&w, "fine\n");
	put(&w, big);
	loop_run(w.loop);
	assert_string_equal(w.got, "fine|");
	assert_int_equal(w.why, ERR_PROTO);
	close_wire(&w);
}

static void
may_be_freed_inside_a_line(void **state)
{
	struct wire w;

	(void)state;
	open_wire(&w, 1000);
	w.free_at_first = true;
	put(&w, "one\ntwo\n");
	loop_run(w.loop);
	assert_string_equal(w.got, "one|");
	assert_false(w.ended);
	close_wire(&w);
}

static void
what_is_sent_arrives_whole(void **state)
{
	enum { LINES = 2000, LEN = 500 };
	struct wire w, far;
	char text[LEN];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	w = (struct wire){.loop = loop_new(), .other = -1};
	far = (struct wire){.loop = w.loop, .other = -1};
	w.lines = lines_new(w.loop, fds[0], fds[0], 1000, &ops, &w);
	far.lines = lines_new(w.loop, fds[1], fds[1], 1000, &ops, &far);
	memset(text, 'y', sizeof(text));
	for (int i = 0; i < LINES; i++)
		assert_int_equal(lines_send(w.lines, text, sizeof(text)), 0);
	assert_int_equal(lines_backlog(w.lines), LINES * (LEN + 1));
	lines_free(w.lines);
	w.lines = NULL;
	loop_run(w.loop);
	assert_int_equal(far.count, 0);
	lines_free(far.lines);
	loop_free(w.loop);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	w = (struct wire){.loop = loop_new(), .other = -1};
	far = (struct wire){.loop = w.loop, .other = -1};
	w.lines = lines_new(w.loop, fds[0], fds[0], 1000, &ops, &w);
	far.lines = lines_new(w.loop, fds[1], fds[1], 1000, &ops, &far);
	for (int i = 0; i < LINES; i++)
		assert_int_equal(lines_send(w.lines, text, sizeof(text)), 0);
	while (far.count < LINES) {
		struct loop_timer *t =
		    loop_timer_new(w.loop, (loop_fn *)loop_stop, w.loop);

		loop_timer_arm_ms(t, 1);
		loop_run(w.loop);
		loop_timer_free(t);
	}
	assert_int_equal(far.longest, LEN);
	assert_int_equal(lines_backlog(w.lines), 0);
	lines_free(w.lines);
	lines_free(far.lines);
	loop_free(w.loop);
}

static void
the_backlog_has_a_ceiling(void **state)
{
	struct wire w;
	size_t len = 1000 * 1000;
	char *text = mem_alloc(len);
	int sent = 0;

	(void)state;
	memset(text, 'z', len);
	open_wire(&w, 1000);
	while (sent < 100 && lines_send(w.lines, text, len) == 0)
		sent++;
	assert_in_range(sent, 10, 30);
	free(text);
	close_wire(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_what_comes_together),
	    cmocka_unit_test(a_line_has_a_ceiling),
	    cmocka_unit_test(may_be_freed_inside_a_line),
	    cmocka_unit_test(what_is_sent_arrives_whole),
	    cmocka_unit_test(the_backlog_has_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
