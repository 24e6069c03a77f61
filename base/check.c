#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
check_failed(const char *cond, const char *file, int line)
{
	die("broken invariant at %s:%d: %s", file, line, cond);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	fputs("tocsin: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
