#include "base/dial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/clock.h"

static int
listener(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){.sin_family = AF_INET};
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static void
put(struct resolve_addresses *to, const struct sockaddr_in *at)
{
	memcpy(&to->items[to->count++], at, sizeof(*at));
}

static void
takes_the_first_that_answers(void **state)
{
	struct resolve_addresses to = {.count = 0};
	struct sockaddr_in deaf, alive;
	int a = listener(&deaf), b = listener(&alive), fd;
	size_t which = 9;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(listen(b, 1), 0);
	put(&to, &deaf);
	put(&to, &alive);
	fd = dial(&to, clock_boot_ms() + 60000, &which, &err);
	assert_true(fd >= 0);
	assert_int_equal(which, 1);
	close(fd);
	to.count = 1;
	assert_int_equal(dial(&to, clock_boot_ms() + 60000, &which, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.text, "connect to 127.0.0.1:"));
	close(a);
	close(b);
}

static void
has_no_time_or_no_address(void **state)
{
	struct resolve_addresses to = {.count = 0};
	struct sockaddr_in deaf;
	int fd = listener(&deaf);
	size_t which;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(dial(&to, clock_boot_ms() + 1000, &which, &err), -1);
	put(&to, &deaf);
	assert_int_equal(dial(&to, clock_boot_ms() - 1, &which, &err), -1);
	assert_int_equal(err.code, ERR_TIMEOUT);
	close(fd);
}

/* A backlog that is full answers no SYN. */
static void
gives_up_at_the_deadline(void **state)
{
	struct resolve_addresses to = {.count = 0};
	struct sockaddr_in full;
	int fd = listener(&full), taken[8];
	size_t which;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(listen(fd, 0), 0);
	put(&to, &full);
	for (int i = 0; i < 8; i++)
		taken[i] = dial(&to, clock_boot_ms() + 100, &which, &err);
	assert_int_equal(taken[7], -1);
	assert_int_equal(err.code, ERR_TIMEOUT);
	for (int i = 0; i < 8; i++)
		if (taken[i] >= 0)
			close(taken[i]);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_the_first_that_answers),
	    cmocka_unit_test(has_no_time_or_no_address),
	    cmocka_unit_test(gives_up_at_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
