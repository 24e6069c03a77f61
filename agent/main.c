/*
 * tocsin: one program, several roles. A worker role is looked for before
 * anything else, because a worker must not read a configuration, and must not
 * carry more code paths than its kind.
 */
#include <stdio.h>
#include <string.h>

#include "agent/command.h"
#include "alerting/registry.h"
#include "base/str.h"
#include "probes/registry.h"

static int
worker_usage(const char *what)
{
	fprintf(stderr,
	    "tocsin: worker: %s (tocsin starts its workers itself: "
	    "tocsin worker probe KIND, tocsin worker path KIND)\n",
	    what);
	return EXIT_FAILED;
}

static int
worker_main(int argc, char **argv)
{
	const struct probe_kind *probe;
	const struct channel_kind *channel;

	if (argc != 2)
		return worker_usage("needs a role and a kind");
	probe = probe_kind_find(argv[1]);
	channel = channel_kind_find(argv[1]);
	if (str_eq(argv[0], "probe") && probe != NULL)
		return probe_worker_main(probe);
	if (str_eq(argv[0], "path") && channel != NULL)
		return path_worker_main(channel);
	return worker_usage("no such role or kind");
}

int
main(int argc, char **argv)
{
	if (argc > 1 && str_eq(argv[1], "worker"))
		return worker_main(argc - 2, argv + 2);
	return command_main(argc, argv);
}
