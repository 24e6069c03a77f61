/*
 * Invariants that stay on in release. A broken one is our own bug: the process
 * stops with the place and the condition, and whoever supervises it (the core
 * for a worker, systemd for the core) starts it again from committed state.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#define CHECK(cond) ((cond) ? (void)0 : check_failed(#cond, __FILE__, __LINE__))

_Noreturn void check_failed(const char *cond, const char *file, int line);

/* Print `tocsin: <text>` on stderr and abort: out of memory and the like. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
