#include "base/http_multi.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"

#define IDLE_MAX   16 /* easy handles kept, about 5 KiB each */
#define CACHE_MAX  16 /* idle connections kept */
#define FD_CEILING (1 << 20)
#define TURNS_MAX  4 /* of curl's own, before the loop's */

struct http_multi {
	struct loop *loop;
	const struct http_multi_ops *ops;
	CURLM *curl;
	struct loop_timer *timer;
	bool due;    /* curl wants to run at once */
	bool inside; /* curl is on the stack */
	struct http_slot *idle;
	unsigned idle_count;
	struct loop_fd **watched; /* by descriptor */
	size_t watched_room;
};

static void
drain(struct http_multi *m)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(m->curl, &left)) != NULL) {
		struct http_slot *slot = NULL;
		CURLcode code = msg->data.result;
		CURL *easy = msg->easy_handle;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot);
		CHECK(slot != NULL && slot->running);
		CHECK(curl_multi_remove_handle(m->curl, easy) == CURLM_OK);
		slot->running = false;
		m->ops->done(slot, code);
	}
}

static void
act(struct http_multi *m, curl_socket_t fd, int ready)
{
	int running;

	CHECK(!m->inside);
	m->inside = true;
	for (int turn = 0; turn == 0 || (m->due && turn < TURNS_MAX); turn++) {
		m->due = false;
		CHECK(curl_multi_socket_action(m->curl, fd, ready, &running) ==
		      CURLM_OK);
		fd = CURL_SOCKET_TIMEOUT;
		ready = 0;
	}
	if (m->due) /* a flood: let others have their turn */
		loop_timer_arm_ms(m->timer, 0);
	m->inside = false;
	drain(m);
}

static void
fd_ready(void *ctx, int fd, unsigned ready)
{
	int mask = 0;

	if (ready & LOOP_READ)
		mask |= CURL_CSELECT_IN;
	if (ready & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	act(ctx, fd, mask);
}

static void
timer_fired(void *ctx)
{
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static void
unwatch(struct http_multi *m, curl_socket_t fd)
{
	if ((size_t)fd >= m->watched_room)
		return;
	loop_fd_free(m->watched[fd]);
	m->watched[fd] = NULL;
}

static struct loop_fd **
watch_of(struct http_multi *m, curl_socket_t fd)
{
	size_t room = m->watched_room;

	CHECK(fd >= 0 && fd < FD_CEILING);
	if ((size_t)fd >= room) {
		m->watched_room = (size_t)fd + 64;
		m->watched =
		    mem_grow(m->watched, m->watched_room, sizeof(*m->watched));
		memset(m->watched + room, 0,
		    (m->watched_room - room) * sizeof(*m->watched));
	}
	return &m->watched[fd];
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
	struct http_multi *m = ctx;
	struct loop_fd **watch;
	unsigned interest = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		unwatch(m, fd);
		return 0;
	}
	if (what & CURL_POLL_IN)
		interest |= LOOP_READ;
	if (what & CURL_POLL_OUT)
		interest |= LOOP_WRITE;
	watch = watch_of(m, fd);
	if (*watch == NULL)
		*watch = loop_fd_new(m->loop, fd, interest, fd_ready, m);
	else
		loop_fd_interest(*watch, interest);
	return 0;
}

/* curl has been seen to close sockets that it had not told us to forget. */
static int
on_close(void *ctx, curl_socket_t fd)
{
	unwatch(ctx, fd);
	return close(fd);
}

static int
on_timer(CURLM *curl, long timeout_ms, void *ctx)
{
	struct http_multi *m = ctx;

	(void)curl;
	if (timeout_ms == 0 && m->inside) {
		m->due = true;
		return 0;
	}
	if (timeout_ms < 0)
		loop_timer_disarm(m->timer);
	else
		loop_timer_arm_ms(m->timer, timeout_ms);
	return 0;
}

int
http_multi_new(struct http_multi **out, struct loop *loop,
    const struct http_multi_ops *ops, struct err *err)
{
	struct http_multi *m;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_IO, "libcurl does not start");
	m = mem_alloc(sizeof(*m));
	m->loop = loop;
	m->ops = ops;
	m->curl = curl_multi_init();
	CHECK(m->curl != NULL);
	m->timer = loop_timer_new(loop, timer_fired, m);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)CACHE_MAX);
	*out = m;
	return 0;
}

void
http_multi_free(struct http_multi *m)
{
	if (m == NULL)
		return;
	while (m->idle != NULL) {
		struct http_slot *slot = m->idle;

		m->idle = slot->next;
		curl_easy_cleanup(slot->easy);
		free(slot);
	}
	curl_multi_cleanup(m->curl);
	for (size_t fd = 0; fd < m->watched_room; fd++)
		loop_fd_free(m->watched[fd]);
	loop_timer_free(m->timer);
	free(m->watched);
	free(m);
}

struct http_slot *
http_multi_take(struct http_multi *m, void *owner)
{
	struct http_slot *slot = m->idle;

	if (slot != NULL) {
		m->idle = slot->next;
		m->idle_count--;
	} else {
		slot = mem_alloc(sizeof(*slot));
		slot->easy = curl_easy_init();
		CHECK(slot->easy != NULL);
		curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
		curl_easy_setopt(slot->easy, CURLOPT_ERRORBUFFER, slot->error);
		curl_easy_setopt(
		    slot->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
		curl_easy_setopt(slot->easy, CURLOPT_CLOSESOCKETDATA, m);
		m->ops->setup(slot);
	}
	slot->owner = owner;
	return slot;
}

void
http_multi_give(struct http_multi *m, struct http_slot *slot)
{
	CHECK(!slot->running);
	slot->owner = NULL;
	if (m->idle_count >= IDLE_MAX) {
		curl_easy_cleanup(slot->easy);
		free(slot);
		return;
	}
	slot->next = m->idle;
	m->idle = slot;
	m->idle_count++;
}

void
http_multi_start(struct http_multi *m, struct http_slot *slot)
{
	CHECK(!m->inside && !slot->running);
	slot->running = true;
	slot->error[0] = '\0';
	m->inside = true; /* so that "at once" is noted, not armed */
	CHECK(curl_multi_add_handle(m->curl, slot->easy) == CURLM_OK);
	m->inside = false;
	act(m, CURL_SOCKET_TIMEOUT, 0);
}

void
http_multi_stop(struct http_multi *m, struct http_slot *slot)
{
	if (!slot->running)
		return;
	CHECK(!m->inside);
	m->inside = true;
	CHECK(curl_multi_remove_handle(m->curl, slot->easy) == CURLM_OK);
	m->inside = false;
	slot->running = false;
	if (m->due)
		loop_timer_arm_ms(m->timer, 0);
}
