#include "agent/config_tables.h"

#include "base/netguard.h"

#define HOUR  3600000LL
#define DAY   (24 * HOUR)
#define YEARS (3660 * DAY) /* ten */

static const char *const web_schemes[] = {"https", "http", NULL};

/* By number: 0 = auto, else 1 + the severity. */
static const char *const degraded_words[] = {
    "auto", "info", "low", "medium", "high", "critical", NULL};

static const struct option agent_options[] = {
    {.name = "name",
	OPTION(STRING, struct config_agent, name),
	.max = 100,
	.help = "how the agent signs its messages; the host's name unless "
		"set"},
    {.name = "public_url",
	OPTION(URL, struct config_agent, public_url),
	.words = web_schemes,
	.help = "where people reach the agent's web pages, for links in "
		"messages"},
    {.name = "link_key",
	OPTION(SECRET, struct config_agent, link_key),
	.max = 200,
	.help = "what signs links that act, such as the acknowledge link: "
		"Base64 of 32 to 64 random bytes; a file beside the state "
		"unless set"},
    {.name = "link_lifetime",
	OPTION(DURATION, struct config_agent, link_lifetime_ms),
	.standard = "1d",
	.min = 5 * 60000LL,
	.max = 30 * DAY,
	.help = "how long an acknowledge link is good"},
    {.name = "test_channels",
	OPTION(STRING, struct config_agent, test_channels),
	.standard = "Mon 10:00-11:00",
	.max = 500,
	.help = "when a quiet test goes through every channel, once in such a "
		"time; one that does not arrive is told by the others; never "
		"is none"},
    {.name = "time_zone",
	OPTION(STRING, struct config_agent, time_zone),
	.standard = "UTC",
	.max = 100,
	.help = "of test_channels: a name such as Europe/Berlin, or local"},
    OPTION_END,
};

static const struct option http_options[] = {
    {.name = "listen",
	OPTION(STRING, struct config_http, listen),
	.standard = "127.0.0.1:9640",
	.max = 200,
	.help = "address and port for status, metrics and the API: "
		"127.0.0.1:9640, [::1]:9640, unix:/PATH, or none"},
    {.name = "token",
	OPTION(SECRET, struct config_http, token),
	.min = 16,
	.max = 1024,
	.help = "bearer token for all that changes something, and for "
		"everything off loopback"},
    {.name = "cert_file",
	OPTION(STRING, struct config_http, cert_file),
	.max = 4096,
	.help = "PEM certificate chain; required off loopback"},
    {.name = "key_file",
	OPTION(STRING, struct config_http, key_file),
	.max = 4096,
	.help = "PEM private key of cert_file"},
    OPTION_END,
};

static const struct option history_options[] = {
    {.name = "raw",
	OPTION(DURATION, struct config_history, raw_ms),
	.standard = "1d",
	.min = HOUR,
	.max = 90 * DAY,
	.help = "how long every single result is kept"},
    {.name = "hourly",
	OPTION(DURATION, struct config_history, hourly_ms),
	.standard = "14d",
	.min = DAY,
	.max = 400 * DAY,
	.help = "how long hourly summaries are kept"},
    {.name = "daily",
	OPTION(DURATION, struct config_history, daily_ms),
	.standard = "400d",
	.min = DAY,
	.max = YEARS,
	.help = "how long daily summaries are kept"},
    {.name = "incidents",
	OPTION(DURATION, struct config_history, incidents_ms),
	.standard = "400d",
	.min = DAY,
	.max = YEARS,
	.help = "how long resolved incidents and their deliveries are kept"},
    OPTION_END,
};

static const struct option heartbeat_options[] = {
    {.name = "url",
	OPTION(URL, struct config_heartbeat, url),
	.flags = OPTION_REQUIRED,
	.words = web_schemes,
	.help = "asked for with GET as long as probing, storing and alerting "
		"work, so that somebody else notices when they do not"},
    {.name = "every",
	OPTION(DURATION, struct config_heartbeat, every_ms),
	.standard = "1m",
	.min = 10000,
	.max = DAY,
	.help = "how often"},
    {.name = "allow_addresses",
	OPTION(LIST, struct config_heartbeat, allow_addresses),
	.standard = NETGUARD_OWN_NETWORKS,
	.help = "networks (CIDR) in which that URL may be although they are "
		"private or special"},
    OPTION_END,
};

const struct option config_file_options[] = {
    {.name = "state",
	OPTION(STRING, struct config_file, state),
	.standard = CONFIG_STATE,
	.max = 4096,
	.help = "where the agent keeps what it must not forget: sqlite:PATH"},
    {.name = "agent",
	OPTION(SECTION, struct config_file, agent),
	.section = agent_options,
	.help = "the agent itself"},
    {.name = "http",
	OPTION(SECTION, struct config_file, http),
	.section = http_options,
	.help = "the agent's own web server"},
    {.name = "history",
	OPTION(SECTION, struct config_file, history),
	.section = history_options,
	.help = "what is kept, and how long"},
    {.name = "heartbeat",
	OPTION(SECTION, struct config_file, heartbeat),
	.section = heartbeat_options,
	.help = "a sign of life for another monitor"},
    {.name = "defaults",
	OPTION(JSON, struct config_file, defaults),
	.help = "keys that hold for every probe that does not set them"},
    {.name = "probes",
	OPTION(JSON, struct config_file, probes),
	.help = "what is watched: a list"},
    {.name = "channels",
	OPTION(JSON, struct config_file, channels),
	.help = "ways to reach people: a map of names"},
    {.name = "routes",
	OPTION(JSON, struct config_file, routes),
	.help = "which incidents go to which channels: a list; without it, "
		"everything goes to every channel"},
    {.name = "people",
	OPTION(JSON, struct config_file, people),
	.help = "who can be told by name: a map of names"},
    {.name = "rotations",
	OPTION(JSON, struct config_file, rotations),
	.help = "who of them is on call when: a map of names"},
    {.name = "silences",
	OPTION(JSON, struct config_file, silences),
	.help = "what nobody is told for a while: a list"},
    {.name = "maintenance",
	OPTION(JSON, struct config_file, maintenance),
	.help = "windows of planned work, in which nobody is told: a list"},
    {.name = "quiet_hours",
	OPTION(JSON, struct config_file, quiet_hours),
	.help = "when what matters less has to wait: a list"},
    OPTION_END,
};

const struct option config_probe_options[] = {
    {.name = "name",
	OPTION(STRING, struct config_probe_common, name),
	.flags = OPTION_REQUIRED,
	.max = 1000,
	.help = "unique among probes: a-z, 0-9, dot, underscore and hyphen, "
		"at most 63"},
    {.name = "kind",
	OPTION(STRING, struct config_probe_common, kind),
	.flags = OPTION_REQUIRED,
	.max = 1000,
	.help = "what to run; see tocsin kinds"},
    {.name = "description",
	OPTION(STRING, struct config_probe_common, description),
	.max = 2000,
	.help = "what it is, for people who get the alert"},
    {.name = "depends_on",
	OPTION(LIST, struct config_probe_common, depends_on),
	.max = 50,
	.help = "names of probes whose failure explains this one's: while "
		"one of them fails, this one's alerts are held back"},
    /* From here on: what `defaults:` may set for all probes. */
    {.name = "enabled",
	OPTION(BOOL, struct config_probe_common, enabled),
	.standard = "true",
	.help = "false keeps the probe in the file without running it"},
    {.name = "every",
	OPTION(DURATION, struct config_probe_common, every_ms),
	.max = 30 * DAY,
	.help = "how often it runs; the kind's own default unless "
		"set"},
    {.name = "retry_every",
	OPTION(DURATION, struct config_probe_common, retry_every_ms),
	.max = 30 * DAY,
	.help = "how often it runs between a first bad result and "
		"its confirmation; a third of every, but at least "
		"5s, unless set"},
    {.name = "timeout",
	OPTION(DURATION, struct config_probe_common, timeout_ms),
	.max = 600000,
	.help = "deadline of one run, everything included, and less than "
		"every; the kind's own, or four fifths of every if that "
		"is less, unless set"},
    {.name = "confirm",
	OPTION(INT, struct config_probe_common, confirm),
	.standard = "2",
	.min = 1,
	.max = 100,
	.help = "bad results in a row before anybody is told"},
    {.name = "recover",
	OPTION(INT, struct config_probe_common, recover),
	.standard = "2",
	.min = 1,
	.max = 100,
	.help = "good results in a row before it is over"},
    {.name = "severity",
	OPTION(SEVERITY, struct config_probe_common, severity),
	.standard = "high",
	.help = "how much it matters when it fails"},
    {.name = "degraded_severity",
	OPTION(ENUM, struct config_probe_common, degraded_severity),
	.words = degraded_words,
	.standard = "auto",
	.help = "how much it matters when it is degraded; auto is "
		"one below severity"},
    {.name = "flap_detection",
	OPTION(BOOL, struct config_probe_common, flap_detection),
	.standard = "true",
	.help = "tell once that it changes too often, instead of "
		"each change"},
    {.name = "remind",
	OPTION(DURATION, struct config_probe_common, remind_ms),
	.standard = "4h",
	.max = 30 * DAY,
	.help = "tell again after this long while nobody "
		"acknowledged; 0 is never"},
    {.name = "reopen_within",
	OPTION(DURATION, struct config_probe_common, reopen_within_ms),
	.standard = "10m",
	.max = DAY,
	.help = "a failure this soon after the end re-opens the "
		"incident instead of making a new one"},
    {.name = "labels",
	OPTION(MAP, struct config_probe_common, labels),
	.max = 50,
	.help = "names and values for routes, messages and metrics"},
    {.name = "component",
	OPTION(STRING, struct config_probe_common, component),
	.max = 100,
	.help = "what users call what it watches, such as Patient portal"},
    {.name = "runbook",
	OPTION(STRING, struct config_probe_common, runbook),
	.max = 2000,
	.help = "where the on-call engineer finds what to do, shown "
		"in every alert"},
    OPTION_END,
};

const struct option config_channel_options[] = {
    {.name = "kind",
	OPTION(STRING, struct config_channel_common, kind),
	.flags = OPTION_REQUIRED,
	.max = 1000,
	.help = "how to reach people; see tocsin kinds"},
    {.name = "enabled",
	OPTION(BOOL, struct config_channel_common, enabled),
	.standard = "true",
	.help = "false keeps the channel in the file without using it"},
    {.name = "timeout",
	OPTION(DURATION, struct config_channel_common, timeout_ms),
	.max = 600000,
	.help = "deadline of one delivery; the kind's own unless set"},
    {.name = "messages_per_minute",
	OPTION(INT, struct config_channel_common, per_minute),
	.max = 6000,
	.help = "most messages a minute; what is more is told as a digest; "
		"the kind's own unless set"},
    {.name = "fallback_after",
	OPTION(DURATION, struct config_channel_common, fallback_after_ms),
	.standard = "1m",
	.max = DAY,
	.help = "a critical alarm that is not proven delivered by then goes "
		"out by another channel as well; 0 is never"},
    {.name = "fallback",
	OPTION(LIST, struct config_channel_common, fallback),
	.max = 100,
	.help = "names of channels to use then, in this order; any that works "
		"unless set"},
    OPTION_END,
};

const struct option config_person_options[] = {
    {.name = "notify",
	OPTION(LIST, struct config_person, notify),
	.max = 20,
	.help = "names of the channels that reach this person"},
    OPTION_END,
};
