#include "base/cutoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* A read that would never end, on a socket opened after cutoff_start(). */
static void
ends_a_read_that_blocks(void **state)
{
	int pair[2], old[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, old), 0);
	assert_int_equal(cutoff_start(clock_boot_ms() + 50, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	while (read(pair[0], &byte, 1) < 0)
		assert_int_equal(errno, EINTR);
	assert_true(cutoff_stop());
	assert_int_equal(write(old[0], "x", 1), 1); /* spared */
	assert_int_equal(read(old[1], &byte, 1), 1);
	close(pair[0]);
	close(pair[1]);
	close(old[0]);
	close(old[1]);
}

static void
moves_its_deadline(void **state)
{
	int pair[2];
	char byte;

	(void)state;
	assert_int_equal(cutoff_start(clock_boot_ms() + 600000, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	cutoff_move(clock_boot_ms() + 50);
	while (read(pair[0], &byte, 1) < 0)
		assert_int_equal(errno, EINTR);
	cutoff_move(clock_boot_ms() + 600000); /* too late */
	assert_true(cutoff_stop());
	close(pair[0]);
	close(pair[1]);
}

static void
leaves_alone_what_ends_in_time(void **state)
{
	int pair[2];
	char byte;

	(void)state;
	assert_int_equal(cutoff_start(clock_boot_ms() + 600000, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], "x", 1), 1);
	assert_int_equal(read(pair[1], &byte, 1), 1);
	assert_false(cutoff_stop());
	close(pair[0]);
	close(pair[1]);
}

static void
cuts_at_once_when_asked(void **state)
{
	int pair[2];
	char byte;

	(void)state;
	assert_int_equal(cutoff_start(clock_boot_ms() + 600000, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	cutoff_now();
	assert_int_equal(read(pair[0], &byte, 1), 0);
	assert_true(cutoff_stop());
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ends_a_read_that_blocks),
	    cmocka_unit_test(moves_its_deadline),
	    cmocka_unit_test(leaves_alone_what_ends_in_time),
	    cmocka_unit_test(cuts_at_once_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
