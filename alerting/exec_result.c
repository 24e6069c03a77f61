#include "alerting/exec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define FACTS 5

static const struct inherited {
	const char *name, *standard;
} inherited[] = {
    {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    {"HOME", "/"},
    {"LANG", "C.UTF-8"},
};
#define INHERITED (sizeof(inherited) / sizeof(inherited[0]))

bool
exec_is_name(const char *name)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz_0123456789";

	return name[0] != '\0' && strchr("0123456789", name[0]) == NULL &&
	       name[strspn(name, set)] == '\0';
}

/* In place of the one of that name, or behind the others. */
static void
put(char **env, size_t *count, const char *name, const char *value)
{
	size_t len = strlen(name), i = 0;

	while (i < *count &&
	       (strncmp(env[i], name, len) != 0 || env[i][len] != '='))
		i++;
	if (i == *count)
		(*count)++;
	mem_free_secret(env[i]);
	env[i] = mem_printf("%s=%s", name, value);
}

char **
exec_environment(const struct option_map *extra, const struct message *m)
{
	const struct {
		const char *name, *value;
	} facts[FACTS] = {
	    {"TOCSIN_DELIVERY", m->delivery},
	    {"TOCSIN_EVENT", event_names[m->event]},
	    {"TOCSIN_INCIDENT", m->incident},
	    {"TOCSIN_PROBE", m->probe},
	    {"TOCSIN_SEVERITY", severity_names[m->severity]},
	};
	char **env =
	    mem_array(INHERITED + FACTS + extra->count + 1, sizeof(*env));
	size_t count = 0;

	for (size_t i = 0; i < INHERITED; i++) {
		const char *value = getenv(inherited[i].name);

		put(env, &count, inherited[i].name,
		    value != NULL ? value : inherited[i].standard);
	}
	for (size_t i = 0; i < FACTS; i++)
		put(env, &count, facts[i].name, facts[i].value);
	for (size_t i = 0; i < extra->count; i++)
		put(env, &count, extra->items[i].key, extra->items[i].value);
	return env;
}

void
exec_environment_free(char **env)
{
	for (size_t i = 0; env[i] != NULL; i++)
		mem_free_secret(env[i]);
	free(env);
}

/* The last line that says something, without its line end. */
static size_t
last_line(const char **line, const struct spawn_end *end)
{
	size_t len = end->tail_len, start;

	while (len > 0 && strchr("\r\n \t", end->tail[len - 1]) != NULL &&
	       end->tail[len - 1] != '\0')
		len--;
	start = len;
	while (start > 0 && end->tail[start - 1] != '\n')
		start--;
	*line = end->tail + start;
	return len - start;
}

static void
not_by_itself(const struct spawn_end *end, char *dst, size_t size)
{
	const char *name = sigabbrev_np(end->signal);

	if (end->timed_out)
		str_copy(dst, size, "did not end in time and was stopped");
	else
		str_printf(dst, size, "was ended by signal %d (%s)",
		    end->signal, name != NULL ? name : "of its own");
}

void
exec_receipt(const struct spawn_end *end, struct receipt *r)
{
	char said[300] = "", how[60];
	const char *line;
	size_t len = last_line(&line, end);
	enum receipt_status status = RECEIPT_RETRY;

	str_printable(said, sizeof(said), line, len);
	str_printf(how, sizeof(how), "ended with status %d", end->status);
	if (end->timed_out || end->signal != 0)
		not_by_itself(end, how, sizeof(how));
	else if (end->status == 0)
		status = RECEIPT_DELIVERED;
	else if (end->status == EXEC_STATUS_DATAERR ||
		 end->status == EXEC_STATUS_NEVER)
		status = RECEIPT_REJECTED;
	if (status == RECEIPT_DELIVERED && said[0] != '\0')
		receipt_set(r, status, 0, "%s", said);
	else
		receipt_set(r, status, end->status, "the command %s%s%s", how,
		    said[0] ? ": " : "", said);
}
