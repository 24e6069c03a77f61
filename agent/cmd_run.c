#include "agent/agent.h"
#include "agent/command.h"
#include "base/log.h"

static const struct command_flag flags[] = {
    COMMAND_FLAG_CONFIG,
    {0, "log", "LEVEL", "debug, info, warn or error (default info)"},
    {0},
};

static int
run(const struct command *self, int argc, char **argv)
{
	struct command_args args;
	int status = command_parse(&args, self, argc, argv);
	enum log_level level = LOG_LEVEL_INFO;
	const char *word;

	if (status >= 0)
		return status;
	word = command_value(&args, "log");
	if (word != NULL && log_level_parse(word, &level) != 0)
		status = command_fail(
		    "--log: %s is none of debug, info, warn, error", word);
	else {
		log_init("core", level);
		status = agent_run(command_config(&args));
	}
	command_args_fini(&args);
	return status;
}

const struct command cmd_run = {
    .name = "run",
    .usage = "[-c FILE] [--log LEVEL]",
    .help = "the agent, in the foreground",
    .flags = flags,
    .run = run,
};
