/* agent/config.c: what a file becomes for the agent. What is refused, and how
 * it is said, is held by tests/golden/config. */
#include "agent/config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/config_tables.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static char folder[] = "/tmp/tocsin-config-XXXXXX";

static char *
put_file(const char *text)
{
	char *path = mem_printf("%s/tocsin.yaml", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static struct config *
load(const char *text)
{
	char *path = put_file(text);
	struct config_mistakes mistakes;
	struct config *c = config_load(path, &mistakes);

	if (c == NULL)
		fail_msg("line %d: %s: %s", mistakes.items[0].line,
		    mistakes.items[0].path, mistakes.items[0].text);
	config_mistakes_fini(&mistakes);
	unlink(path);
	free(path);
	return c;
}

#define TARGET "kind: uptime, target: \"https://a.example/\""

static void
defaults_fill_the_file(void **state)
{
	struct config *c = load("");

	(void)state;
	assert_string_equal(c->state, CONFIG_STATE);
	assert_string_equal(c->http.listen, "127.0.0.1:9640");
	assert_null(c->http.token);
	assert_true(*c->agent_name != '\0');
	assert_string_equal(c->public_url, "");
	assert_null(c->heartbeat_url);
	assert_int_equal(c->history.raw_ms, 86400000);
	assert_int_equal(c->probe_count, 0);
	assert_int_equal(strlen(c->fingerprint), 64);
	assert_null(config_find_probe(c, "x"));
	config_free(c);
	config_free(NULL);
}

static void
a_probe_derives_what_is_not_set(void **state)
{
	struct config *c = load("probes:\n- {name: a, " TARGET "}\n"
				"- {name: fast, every: 2s, " TARGET "}\n"
				"- {name: slow, every: 10m, " TARGET "}\n");
	const struct config_probe *p = config_find_probe(c, "a");

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->every_ms, p->kind->every_ms);
	assert_int_equal(p->timeout_ms, p->kind->timeout_ms);
	assert_int_equal(p->retry_every_ms, p->every_ms / 3);
	assert_int_equal(p->verdict.confirm, 2);
	assert_int_equal(p->verdict.recover, 2);
	assert_true(p->verdict.flap_detection);
	assert_int_equal(p->incident.severity, SEVERITY_HIGH);
	assert_int_equal(p->incident.degraded_severity, SEVERITY_MEDIUM);
	assert_int_equal(p->incident.reminder_ms, 4 * 3600000);
	assert_string_equal(p->target, "https://a.example/");
	assert_string_equal(p->options, "{\"target\":\"https://a.example/\"}");
	assert_string_equal(p->runbook, "");
	assert_null(p->labels);
	assert_null(p->depends_on[0]);
	p = config_find_probe(c, "fast");
	assert_int_equal(p->timeout_ms, 1600);
	assert_int_equal(p->retry_every_ms, 2000);
	p = config_find_probe(c, "slow");
	assert_int_equal(p->retry_every_ms, 200000);
	config_free(c);
}

static void
defaults_give_way_to_the_probe(void **state)
{
	struct config *c = load("defaults: {every: 1m, severity: info, "
				"labels: {a: b}}\n"
				"probes:\n- {name: x, " TARGET "}\n"
				"- {name: y, every: 20s, severity: low, "
				"labels: {c: d}, " TARGET "}\n");
	const struct config_probe *x = config_find_probe(c, "x");
	const struct config_probe *y = config_find_probe(c, "y");

	(void)state;
	assert_int_equal(x->every_ms, 60000);
	assert_int_equal(x->incident.degraded_severity, SEVERITY_INFO);
	assert_string_equal(json_str(x->labels, "a"), "b");
	assert_int_equal(y->every_ms, 20000);
	assert_int_equal(y->incident.degraded_severity, SEVERITY_INFO);
	assert_string_equal(json_str(y->labels, "c"), "d");
	assert_string_equal(json_str(y->labels, "a"), "");
	assert_string_equal(config_defaults_options[0].name, "enabled");
	config_free(c);
}

static void
secrets_reach_only_the_options(void **state)
{
	const struct config_probe *p;
	const struct config_channel *channel;
	struct config *c;

	(void)state;
	setenv("TOCSIN_TEST", "hunter2", 1);
	c = load("probes:\n- {name: a, kind: uptime, "
		 "target: \"https://a.example/${env:TOCSIN_TEST}\", "
		 "headers: {X: \"${env:TOCSIN_TEST}\"}}\n"
		 "channels:\n  f: {kind: file, "
		 "path: \"/x/${env:TOCSIN_TEST}\"}\n");
	p = config_find_probe(c, "a");
	assert_non_null(strstr(p->options, "\"X\":\"hunter2\""));
	assert_string_equal(p->target, "https://a.example/${env:TOCSIN_TEST}");
	channel = config_find_channel(c, "f");
	assert_string_equal(json_str(channel->options, "path"), "/x/hunter2");
	assert_int_equal(channel->timeout_ms, channel->kind->timeout_ms);
	assert_true(channel->enabled);
	assert_null(config_find_channel(c, "g"));
	config_free(c);
}

static void
names_are_found_among_many(void **state)
{
	struct buf text;
	struct config *c;
	char name[32];

	(void)state;
	buf_init(&text, 1 << 20);
	buf_puts(&text, "probes:\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "- {name: p%d, " TARGET "}\n", i * 7 % 1000);
	c = load(buf_str(&text));
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		assert_string_equal(config_find_probe(c, name)->name, name);
	}
	assert_null(config_find_probe(c, "p1000"));
	assert_null(config_find_probe(c, ""));
	assert_string_equal(c->probes[1].name, "p7"); /* as in the file */
	config_free(c);
	buf_fini(&text);
}

static void
the_fingerprint_follows_the_text(void **state)
{
	struct config *a = load("agent: {name: a}\n");
	struct config *b = load("agent: {name: b}\n");
	struct config *c = load("agent: {name: a}\n");

	(void)state;
	assert_string_not_equal(a->fingerprint, b->fingerprint);
	assert_string_equal(a->fingerprint, c->fingerprint);
	config_free(a);
	config_free(b);
	config_free(c);
}

static void
the_state_is_found_in_a_bad_file(void **state)
{
	struct err err = ERR_INIT;
	char *path = put_file("state: sqlite:/x/y.db\nnonsense: 1\n"), *url;

	(void)state;
	assert_int_equal(config_state(path, &url, &err), 0);
	assert_string_equal(url, "sqlite:/x/y.db");
	free(url);
	free(path);
	path = put_file("probes: [\n");
	assert_int_equal(config_state(path, &url, &err), -1);
	assert_non_null(strstr(err.text, "tocsin.yaml:2:1: "));
	unlink(path);
	assert_int_equal(config_state(path, &url, &err), -1);
	assert_non_null(strstr(err.text, "No such file"));
	free(path);
}

static void
a_probe_needs_no_file(void **state)
{
	static const char *const good[] = {"expect.status=200,301", "every=5s",
	    "expect.body_contains=a", "expect.body_contains=b"};
	static const char *const bad[] = {"expect.stauts=200"};
	static const char *const worse[] = {"expect.status=99"};
	struct err err = ERR_INIT;
	struct config *c =
	    config_for_probe("uptime", "https://a.example/", good, 4, &err);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->probes[0].every_ms, 5000);
	assert_string_equal(c->probes[0].options,
	    "{\"target\":\"https://a.example/\",\"expect\":{\"status\":"
	    "\"200, 301\",\"body_contains\":[\"a\",\"b\"]}}");
	config_free(c);
	assert_null(config_for_probe("uptime", "tcp://a:1", bad, 1, &err));
	assert_string_equal(
	    err.text, "expect.stauts: unknown key; did you mean status?");
	assert_null(config_for_probe("uptime", "tcp://a:1", worse, 1, &err));
	assert_string_equal(
	    err.text, "expect.status: 99 is below the minimum of 100");
	assert_null(config_for_probe("uptime", NULL, NULL, 0, &err));
	assert_string_equal(err.text, "target: required key is missing");
	assert_null(config_for_probe("nonsense", "x", NULL, 0, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_fill_the_file),
	    cmocka_unit_test(a_probe_derives_what_is_not_set),
	    cmocka_unit_test(defaults_give_way_to_the_probe),
	    cmocka_unit_test(secrets_reach_only_the_options),
	    cmocka_unit_test(names_are_found_among_many),
	    cmocka_unit_test(the_fingerprint_follows_the_text),
	    cmocka_unit_test(the_state_is_found_in_a_bad_file),
	    cmocka_unit_test(a_probe_needs_no_file),
	};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
