#include "base/sandbox.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static int
limit(int what, uint64_t value, const char *name, struct err *err)
{
	struct rlimit r = {.rlim_cur = value, .rlim_max = value}, now;

	/* Never above what we were given: raising a hard limit is refused. */
	if (getrlimit(what, &now) == 0 && now.rlim_max < value)
		r.rlim_cur = r.rlim_max = now.rlim_max;
	if (setrlimit(what, &r) != 0)
		return err_errno(err, "limiting %s", name);
	return 0;
}

int
sandbox_enter(const struct sandbox_limits *limits, struct err *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(err, "giving up new privileges");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return err_errno(err, "asking to die with the core");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(err, "forbidding core dumps");
	if (limit(RLIMIT_CORE, 0, "core dumps", err) != 0 ||
	    (limits->files > 0 &&
		limit(RLIMIT_NOFILE, limits->files, "descriptors", err) != 0) ||
	    limit(RLIMIT_FSIZE, limits->file_bytes, "file size", err) != 0)
		return -1;
#ifndef TOCSIN_SANITIZE /* which reserves terabytes of address space */
	if (limits->memory_bytes > 0 &&
	    limit(RLIMIT_AS, limits->memory_bytes, "memory", err) != 0)
		return -1;
#endif
	return 0;
}
