/*
 * What a worker gives up before it meets its first byte: new privileges, core
 * dumps, more memory, files or processes than it needs, and life without the
 * core. Descriptors above stderr are closed at spawn (agent/supervise.c).
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdint.h>

#include "base/err.h"

struct sandbox_limits {
	uint64_t memory_bytes; /* address space; 0 = leave */
	uint64_t files;        /* descriptors; 0 = leave */
	uint64_t file_bytes;   /* largest file written; 0 = none may be */
};

/* NO_NEW_PRIVS, rlimits, PR_SET_PDEATHSIG, undumpable; SIGPIPE ignored. */
int sandbox_enter(const struct sandbox_limits *limits, struct err *err);

#endif
