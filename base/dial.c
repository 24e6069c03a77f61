#include "base/dial.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/netguard.h"
#include "base/str.h"

static socklen_t
length_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                : sizeof(struct sockaddr_in);
}

/* 0 once connected; else an errno. */
static int
finish(int fd, int64_t deadline_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int error = 0, ready = 0;
	socklen_t len = sizeof(error);

	do {
		int64_t left = deadline_ms - clock_boot_ms();

		if (left <= 0)
			return ETIMEDOUT;
		ready = poll(&wait, 1, left < 60000 ? (int)left : 60000);
	} while (ready == 0 || (ready < 0 && errno == EINTR));
	if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static int
connect_one(
    const struct sockaddr_storage *to, int64_t deadline_ms, struct err *err)
{
	const struct sockaddr *sa = (const struct sockaddr *)to;
	int64_t began_us = clock_boot_us();
	char where[64], took[32];
	int error = 0;
	int fd = socket(
	    to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, "making a socket");
	if (connect(fd, sa, length_of(to)) < 0)
		error = errno == EINPROGRESS ? finish(fd, deadline_ms) : errno;
	if (error == 0)
		return fd;
	close(fd);
	netguard_text(where, sa);
	str_duration_human(took, clock_boot_us() - began_us);
	if (error == ETIMEDOUT)
		return err_set(err, ERR_TIMEOUT,
		    "connect to %s: no answer within %s", where, took);
	if (error == ECONNREFUSED)
		return err_set(err, ERR_REFUSED,
		    "connect to %s refused after %s", where, took);
	return err_set(
	    err, ERR_IO, "connect to %s: %s", where, strerror(error));
}

int
dial(const struct resolve_addresses *to, int64_t deadline_ms, size_t *which,
    struct err *err)
{
	err_set(err, ERR_DNS, "no address to connect to");
	for (size_t i = 0; i < to->count; i++) {
		int64_t now = clock_boot_ms();
		int64_t share = (deadline_ms - now) / (int64_t)(to->count - i);
		int fd;

		if (share <= 0)
			return err_set(
			    err, ERR_TIMEOUT, "no time left to connect");
		fd = connect_one(&to->items[i], now + share, err);
		if (fd >= 0) {
			*which = i;
			return fd;
		}
	}
	return -1;
}
