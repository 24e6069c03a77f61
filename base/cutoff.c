#include "base/cutoff.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

#define FDS_MAX  256
#define AGAIN_MS 100 /* the library may open another one */

static bool spared[FDS_MAX];
static volatile sig_atomic_t has_cut;
static timer_t timer;

/* Also runs in the signal handler: only async-signal-safe calls. */
void
cutoff_now(void)
{
	has_cut = 1;
	for (int fd = 0; fd < FDS_MAX; fd++) {
		int type = 0;
		socklen_t len = sizeof(type);

		if (!spared[fd] &&
		    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
		    type == SOCK_STREAM)
			shutdown(fd, SHUT_RDWR);
	}
}

static void
handle(int signo)
{
	int saved = errno;

	(void)signo;
	cutoff_now();
	errno = saved;
}

static int
set(int64_t deadline_ms)
{
	int64_t after_ms = deadline_ms - clock_boot_ms();
	struct itimerspec when = {.it_interval = {0, AGAIN_MS * 1000000L}};

	if (after_ms < 1)
		after_ms = 1;
	when.it_value.tv_sec = after_ms / 1000;
	when.it_value.tv_nsec = after_ms % 1000 * 1000000;
	return timer_settime(timer, 0, &when, NULL);
}

static int
arm(int64_t deadline_ms, struct err *err)
{
	struct sigevent event = {
	    .sigev_notify = SIGEV_SIGNAL,
	    .sigev_signo = SIGRTMIN,
	};

	if (timer_create(CLOCK_BOOTTIME, &event, &timer) < 0)
		return err_errno(err, "making a timer");
	if (set(deadline_ms) < 0) {
		err_errno(err, "arming a timer");
		timer_delete(timer);
		return -1;
	}
	return 0;
}

int
cutoff_start(int64_t deadline_ms, struct err *err)
{
	/* Without SA_RESTART: a connect() that waits must return as well. */
	struct sigaction action = {.sa_handler = handle};

	for (int fd = 0; fd < FDS_MAX; fd++)
		spared[fd] = fcntl(fd, F_GETFD) >= 0;
	has_cut = 0;
	if (sigaction(SIGRTMIN, &action, NULL) < 0)
		return err_errno(err, "catching the timer's signal");
	return arm(deadline_ms, err);
}

void
cutoff_move(int64_t deadline_ms)
{
	if (!has_cut)
		(void)set(deadline_ms); /* it was armed: it can be again */
}

bool
cutoff_stop(void)
{
	timer_delete(timer);
	return has_cut != 0;
}
