/* docs/configuration.md, made of the option tables. */
#include "agent/config.h"

#include "agent/config_tables.h"
#include "alerting/registry.h"
#include "base/str.h"
#include "probes/registry.h"

#define PAGE ".md"

static const char intro[] =
    "# Configuration\n"
    "\n"
    "This page is made by `tocsin manual --configuration` from the same "
    "tables that read the file. `tocsin config check` tells every mistake "
    "at its place, `tocsin config show` what the files came to, and `tocsin "
    "config schema` prints a JSON Schema for editors.\n"
    "\n"
    "## The file\n"
    "\n"
    "The agent reads `/etc/tocsin/tocsin.yaml` (or `-c FILE`) and then, by "
    "name, the `*.yaml` of the folder `conf.d` beside it. Maps of several "
    "files are merged key by key, lists are put one after the other, and a "
    "value that is set twice is a mistake. A small one:\n"
    "\n"
    "```yaml\n"
    "probes:\n"
    "  - name: portal\n"
    "    kind: uptime\n"
    "    target: https://portal.example.org/health\n"
    "channels:\n"
    "  oncall-mail:\n"
    "    kind: email\n"
    "    server: smtps://mail.example.org\n"
    "    from: tocsin@example.org\n"
    "    to: [oncall@example.org]\n"
    "```\n"
    "\n"
    "It is YAML read strictly: a key stands once; anchors, aliases, merge "
    "keys, tags and further documents are refused; a truth value is `true` "
    "or `false`; an empty value counts as absent.\n"
    "\n"
    "| type | how to write it |\n"
    "|---|---|\n"
    "| duration | `500ms`, `30s`, `5m`, `2h`, `7d`, or sums such as "
    "`1h30m`; a number without a unit is refused, but for `0` |\n"
    "| size | bytes, or with a unit: `64KiB` = 65,536, `64KB` = 64,000; "
    "also `MiB`, `MB`, `GiB`, `GB` |\n"
    "| ranges | `200`, `200-299`, `2xx`, or several: `\"200-299, 401\"` |\n"
    "| list of texts | `[a, b]`, or a single `a` |\n"
    "| map of texts | `{name: value}` |\n"
    "| name | `a-z`, `0-9`, dot, underscore and hyphen, at most 63, "
    "beginning with a letter or digit |\n"
    "\n"
    "### Secrets\n"
    "\n"
    "Secrets do not stand in the file. Any value may refer to one; it is "
    "read when the configuration is loaded, and a missing one is a mistake at "
    "its place. `config show` and mistakes print the reference, never what it "
    "stands for; the values of options for secrets (password, token, bearer, "
    "headers, …) are blotted out wherever a server echoes them. So keep "
    "secrets to those options: a target or an expectation is shown to "
    "people.\n"
    "\n"
    "| reference | is |\n"
    "|---|---|\n"
    "| `${file:/run/secrets/smtp}` | the text of a file, without its last "
    "newline; at most 64 KiB; refused if others may read it |\n"
    "| `${env:HOOK_SECRET}` | an environment variable of the agent |\n"
    "| `${credential:ntfy}` | a credential of systemd (`LoadCredential=`) |\n"
    "| `$${` | the characters `${` themselves |\n"
    "\n";

static void
table(struct buf *out, const struct option *rows)
{
	buf_puts(out, "| key | type | default | meaning |\n"
		      "|---|---|---|---|\n");
	option_markdown(out, rows, "");
	buf_putc(out, '\n');
}

static void
probe_kinds_doc(struct buf *out)
{
	char every[32], least[32], timeout[32];

	for (size_t i = 0; probe_kinds[i] != NULL; i++) {
		const struct probe_kind *k = probe_kinds[i];

		buf_printf(out,
		    "### Probe kind `%s`\n\n%s. See [%s](probes/%s" PAGE
		    "). Runs "
		    "every %s unless set (at least %s), with a timeout of "
		    "%s.\n\n",
		    k->name, k->summary, k->name, k->name,
		    str_duration(every, k->every_ms),
		    str_duration(least, k->every_min_ms),
		    str_duration(timeout, k->timeout_ms));
		table(out, k->options);
	}
}

static void
channel_kinds_doc(struct buf *out)
{
	char timeout[32];

	for (size_t i = 0; channel_kinds[i] != NULL; i++) {
		const struct channel_kind *k = channel_kinds[i];

		buf_printf(out,
		    "### Channel kind `%s`\n\n%s. See [%s](channels/%s" PAGE
		    "). A "
		    "delivery has %s unless `timeout` says otherwise.\n\n",
		    k->name, k->summary, k->name, k->name,
		    str_duration(timeout, k->timeout_ms));
		table(out, k->options);
	}
}

static void
people_doc(struct buf *out)
{
	buf_puts(out,
	    "\n## People and rotations\n\n`people:` and `rotations:` are "
	    "maps of names, which `notify` of a route may name like channels. "
	    "See [on-call](on-call" PAGE ").\n\nEach of `people:` has\n\n");
	table(out, config_person_options);
	buf_puts(out, "Each of `rotations:` has\n\n");
	table(out, rotation_options);
	buf_puts(out, "```yaml\n"
		      "people:\n"
		      "  anna: {notify: [pager]}\n"
		      "  bob: {notify: [oncall-mail]}\n"
		      "rotations:\n"
		      "  web: {people: [anna, bob], time_zone: Europe/Berlin}\n"
		      "routes:\n"
		      "  - notify: [web]\n"
		      "```\n");
}

static void
mutes_doc(struct buf *out)
{
	buf_puts(out,
	    "\n## Silences, maintenance, quiet hours\n\nLists of what is "
	    "kept back, and when. See [silences](silences" PAGE
	    ") for how to write times, and for silences by command.\n\nEach "
	    "of `silences:` has\n\n");
	table(out, mute_options[MUTE_SILENCE]);
	buf_puts(out, "Each of `maintenance:` has\n\n");
	table(out, mute_options[MUTE_MAINTENANCE]);
	buf_puts(out, "Each of `quiet_hours:` has\n\n");
	table(out, mute_options[MUTE_QUIET_HOURS]);
}

void
config_markdown(struct buf *out)
{
	buf_puts(out, intro);
	buf_puts(out, "## Top level\n\n");
	table(out, config_file_options);
	buf_puts(out,
	    "The web server listens on loopback or a Unix socket without "
	    "further ado; on any other address it needs `token`, `cert_file` "
	    "and `key_file`.\n\n"
	    "## Probes\n\nEvery probe has these keys, and those of its kind "
	    "beside them.\n\n");
	table(out, config_probe_options);
	buf_puts(out,
	    "`defaults:` sets any of these but `name`, `kind`, `description` "
	    "and `depends_on` for all probes that do not set them:\n\n"
	    "```yaml\n"
	    "defaults:\n"
	    "  every: 1m\n"
	    "  labels: {team: platform}\n"
	    "```\n\n");
	probe_kinds_doc(out);
	buf_puts(out,
	    "## Channels\n\n`channels:` is a map: a name, and how it reaches "
	    "people. Every channel has these keys, and those of its kind "
	    "beside them.\n\n");
	table(out, config_channel_options);
	channel_kinds_doc(out);
	buf_puts(out,
	    "## Routes\n\n`routes:` is a list. They are tried in order; the "
	    "first that matches decides, unless it says `continue: true`. "
	    "What no route matches goes to every channel, and so does "
	    "everything when there are no routes; `notify: []` drops on "
	    "purpose.\n\n");
	table(out, route_options);
	buf_puts(out, "```yaml\n"
		      "routes:\n"
		      "  - match: {severity: critical}\n"
		      "    notify: [pager, oncall-mail]\n"
		      "  - notify: [oncall-mail]\n"
		      "```\n");
	people_doc(out);
	mutes_doc(out);
}
