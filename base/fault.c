#include "base/fault.h"

#ifdef TOCSIN_FAULTS

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

void
fault_point(const char *where)
{
	static int64_t left = -1; /* -1: not read yet, 0: none wanted */

	if (left < 0) {
		const char *at = getenv("TOCSIN_FAULT_AT");

		if (at == NULL || str_parse_i64(at, 1, INT32_MAX, &left) != 0)
			left = 0;
	}
	if (left == 0 || --left > 0)
		return;
	fprintf(stderr, "fault point: %s\n", where);
	kill(getpid(), SIGKILL);
}

#else

/* ISO C forbids an empty translation unit. */
typedef int fault_points_are_off;

#endif
