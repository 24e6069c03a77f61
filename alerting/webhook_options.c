#include "alerting/webhook_formats.h"

#include <string.h>

#include "alerting/signature.h"
#include "base/check.h"
#include "base/str.h"

#define SECOND_MS INT64_C(1000)

const char *const webhook_format_names[] = {
    [WEBHOOK_STANDARD] = "standard",
    [WEBHOOK_SLACK] = "slack",
    [WEBHOOK_TEAMS] = "teams",
    [WEBHOOK_DISCORD] = "discord",
    [WEBHOOK_PAGERDUTY] = "pagerduty",
    [WEBHOOK_OPSGENIE] = "opsgenie",
    [WEBHOOK_ALERTMANAGER] = "alertmanager",
    [WEBHOOK_CLOUDEVENTS] = "cloudevents",
    [WEBHOOK_TEMPLATE] = "template",
    NULL,
};
static const char *const escapes[] = {"auto", "json", "form", "text", NULL};
static const char *const methods[] = {"POST", "PUT", NULL};

const struct option webhook_options[] = {
    {.name = "format",
	OPTION(ENUM, struct webhook_config, format),
	.words = webhook_format_names,
	.standard = "standard",
	.help = "what the other side understands"},
    {.name = "url",
	OPTION(URL, struct webhook_config, url),
	.max = WEBHOOK_URL_MAX / 2,
	.words = post_schemes,
	.help = "where to send each message; `pagerduty` and `opsgenie` know "
		"where"},
    {.name = "secret",
	OPTION(SECRET, struct webhook_config, secret),
	.help = "signs every request: whsec_ and the Base64 of 24 to 64 "
		"random bytes; without it requests are not signed (formats "
		"`standard`, `cloudevents`, `template`)"},
    {.name = "previous_secret",
	OPTION(SECRET, struct webhook_config, previous_secret),
	.help = "signs as well, while receivers change to the new secret"},
    {.name = "routing_key",
	OPTION(SECRET, struct webhook_config, routing_key),
	.help = "integration key of a PagerDuty service (format `pagerduty`)"},
    {.name = "api_key",
	OPTION(SECRET, struct webhook_config, api_key),
	.help = "key of an Opsgenie API integration (format `opsgenie`)"},
    {.name = "members",
	OPTION(LIST, struct webhook_config, members),
	.max = 16,
	.help = "URLs of all members of the cluster; each gets every alert "
		"(format `alertmanager`)"},
    {.name = "resolve_timeout",
	OPTION(DURATION, struct webhook_config, resolve_timeout_ms),
	.min = 10 * SECOND_MS,
	.max = 24 * 3600 * SECOND_MS,
	.help = "an open alert ends by itself so long after it was last said "
		"to be open, which is done three times in it; default 5m "
		"(format `alertmanager`)"},
    {.name = "template",
	OPTION(STRING, struct webhook_config, template),
	.max = 16384,
	.help = "the body, with {{path.to.member}} where the message goes "
		"(format `template`)"},
    {.name = "content_type",
	OPTION(STRING, struct webhook_config, content_type),
	.max = 200,
	.help = "what the template makes; default application/json (format "
		"`template`)"},
    {.name = "escape",
	OPTION(ENUM, struct webhook_config, escape),
	.words = escapes,
	.standard = "auto",
	.help = "how values are escaped in the template: `auto` goes by "
		"content_type (format `template`)"},
    {.name = "method",
	OPTION(ENUM, struct webhook_config, method),
	.words = methods,
	.standard = "POST",
	.help = "how the template's body is sent (format `template`)"},
    {.name = "headers",
	OPTION(MAP, struct webhook_config, headers),
	.flags = OPTION_SECRETS,
	.max = WEBHOOK_HEADERS_MAX,
	.help = "sent with every request, such as Authorization"},
    {.name = "allow_addresses",
	OPTION(LIST, struct webhook_config, allow_addresses),
	.help = "networks (CIDR) that are reachable although they are private "
		"or special"},
    {.name = "allow_http",
	OPTION(BOOL, struct webhook_config, allow_http),
	.standard = "false",
	.help = "allow an http:// URL"},
    {.name = "ca_file",
	OPTION(STRING, struct webhook_config, ca_file),
	.help = "CA certificates (PEM) to trust instead of the system's"},
    OPTION_END,
};

#define SIGNED                                                                 \
	(1u << WEBHOOK_STANDARD | 1u << WEBHOOK_CLOUDEVENTS |                  \
	    1u << WEBHOOK_TEMPLATE)

/* Keys that only some formats know; the others are everybody's. */
static const struct special {
	const char *key;
	unsigned formats; /* bits */
} specials[] = {
    {"secret", SIGNED},
    {"previous_secret", SIGNED},
    {"routing_key", 1u << WEBHOOK_PAGERDUTY},
    {"api_key", 1u << WEBHOOK_OPSGENIE},
    {"members", 1u << WEBHOOK_ALERTMANAGER},
    {"resolve_timeout", 1u << WEBHOOK_ALERTMANAGER},
    {"template", 1u << WEBHOOK_TEMPLATE},
    {"content_type", 1u << WEBHOOK_TEMPLATE},
    {"escape", 1u << WEBHOOK_TEMPLATE},
    {"method", 1u << WEBHOOK_TEMPLATE},
};

/* Is it something else than what an absent key leaves? */
static bool
is_set(const struct webhook_config *config, const char *key)
{
	const struct option *o = webhook_options;
	const char *member;

	while (!str_eq(o->name, key))
		CHECK((++o)->name != NULL);
	member = (const char *)config + o->offset;
	if (o->type == OPTION_ENUM)
		return *(const int *)(const void *)member != 0;
	if (o->type == OPTION_DURATION)
		return *(const int64_t *)(const void *)member != 0;
	if (o->type == OPTION_LIST)
		return ((const struct option_list *)(const void *)member)
		           ->count > 0;
	return *(char *const *)(const void *)member != NULL;
}

/* "standard, cloudevents or template" */
static void
list_formats(char *dst, size_t size, unsigned formats)
{
	struct buf list;

	buf_init(&list, size);
	for (int i = 0; i < WEBHOOK_FORMAT_COUNT; i++) {
		if ((formats & 1u << i) == 0)
			continue;
		formats &= ~(1u << i);
		if (list.len > 0)
			buf_puts(&list, formats != 0 ? ", " : " or ");
		buf_puts(&list, webhook_format_names[i]);
	}
	str_copy(dst, size, buf_str(&list));
	buf_fini(&list);
}

static int
check_specials(const struct webhook_config *config, struct err *err)
{
	char list[200];

	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		if ((specials[i].formats & 1u << config->format) != 0 ||
		    !is_set(config, specials[i].key))
			continue;
		list_formats(list, sizeof(list), specials[i].formats);
		return err_set(err, ERR_CONFIG,
		    "%s: belongs to format %s, not to %s", specials[i].key,
		    list, webhook_format_names[config->format]);
	}
	return 0;
}

static bool
is_token(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') &&
		    strchr("!#$%&'*+-.^_`|~", *s) == NULL)
			return false;
	return true;
}

static int
check_header(const struct webhook_config *config,
    const struct option_pair *header, struct err *err)
{
	static const char *const ours[] = {"host", "content-length",
	    "content-type", "transfer-encoding", "connection", "webhook-id",
	    "webhook-timestamp", "webhook-signature", NULL};

	if (!is_token(header->key))
		return err_set(err, ERR_CONFIG,
		    "headers.%s: not a header's name", header->key);
	for (size_t i = 0; ours[i] != NULL; i++)
		if (strcasecmp(ours[i], header->key) == 0)
			return err_set(err, ERR_CONFIG,
			    "headers.%s: is set by tocsin itself", header->key);
	if (config->api_key != NULL &&
	    strcasecmp(header->key, "authorization") == 0)
		return err_set(err, ERR_CONFIG,
		    "headers.%s: is made from api_key", header->key);
	for (const char *p = header->value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			return err_set(err, ERR_CONFIG,
			    "headers.%s: must be one line", header->key);
	return 0;
}

static int
check_secrets(const struct webhook_config *config, struct err *err)
{
	struct signature_key key;

	if (config->secret == NULL && config->previous_secret != NULL)
		return err_set(err, ERR_CONFIG,
		    "previous_secret: needs a secret beside it");
	if (config->secret != NULL &&
	    signature_key_read(&key, config->secret, err) < 0)
		return err_wrap(err, "secret");
	if (config->previous_secret != NULL &&
	    signature_key_read(&key, config->previous_secret, err) < 0)
		return err_wrap(err, "previous_secret");
	explicit_bzero(&key, sizeof(key));
	return 0;
}

int
webhook_check(const void *data, struct err *err)
{
	const struct webhook_config *config = data;
	const struct webhook_format *format = webhook_formats[config->format];

	if (check_specials(config, err) < 0)
		return -1;
	if (config->url == NULL && format->url == NULL &&
	    config->members.count == 0)
		return err_set(err, ERR_CONFIG,
		    "url: is missing; where are messages to be sent?");
	for (size_t i = 0; i < config->headers.count; i++)
		if (check_header(config, &config->headers.items[i], err) < 0)
			return -1;
	if (post_check_url(config->url, config->allow_http, err) < 0 ||
	    post_check_allow(&config->allow_addresses, err) < 0 ||
	    check_secrets(config, err) < 0)
		return -1;
	return format->check != NULL ? format->check(config, err) : 0;
}
