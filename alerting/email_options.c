#include "alerting/email.h"

#include <string.h>

#include "alerting/mime.h"
#include "base/http_url.h"
#include "base/str.h"

#define PORT_SUBMISSION 587 /* RFC 6409 */
#define PORT_SMTPS      465 /* RFC 8314 */

static const char *const schemes[] = {"smtps", "smtp", NULL};
static const char *const backend_words[] = {
    [EMAIL_BACKEND_AUTO] = "auto",
    [EMAIL_BACKEND_LIBESMTP] = "libesmtp",
    [EMAIL_BACKEND_CURL] = "curl",
    NULL,
};
static const char *const starttls_words[] = {
    [EMAIL_STARTTLS_REQUIRED] = "required",
    [EMAIL_STARTTLS_OPTIONAL] = "optional",
    [EMAIL_STARTTLS_NONE] = "none",
    NULL,
};

const struct option email_options[] = {
    {.name = "server",
	OPTION(URL, struct email_config, server),
	.flags = OPTION_REQUIRED,
	.words = schemes,
	.help = "the relay: smtps://mail.example.org (TLS from the start, port "
		"465) or smtp://mail.example.org (STARTTLS, port 587)"},
    {.name = "from",
	OPTION(STRING, struct email_config, from),
	.flags = OPTION_REQUIRED,
	.max = MIME_ADDRESS_MAX,
	.help = "sender's address; bounces go there, so let somebody read it"},
    {.name = "to",
	OPTION(LIST, struct email_config, to),
	.flags = OPTION_REQUIRED | OPTION_NONEMPTY,
	.max = EMAIL_RECIPIENTS_MAX,
	.help = "addresses to write to"},
    {.name = "user",
	OPTION(STRING, struct email_config, user),
	.help = "user name at the relay; the sender's address if only a "
		"password is given"},
    {.name = "password",
	OPTION(SECRET, struct email_config, password),
	.help = "the user's password at the relay"},
    {.name = "oauth_token",
	OPTION(SECRET, struct email_config, oauth_token),
	.help = "an OAuth 2.0 access token instead of a password (OAUTHBEARER "
		"or XOAUTH2, whichever the relay offers)"},
    {.name = "oauth_token_file",
	OPTION(STRING, struct email_config, oauth_token_file),
	.help = "absolute path of a file with that token, read for each mail, "
		"so that whatever renews it need not tell us"},
    {.name = "backend",
	OPTION(ENUM, struct email_config, backend),
	.words = backend_words,
	.standard = "auto",
	.help = "which library speaks SMTP: libesmtp, curl, or auto (libesmtp "
		"where it can, libcurl for the rest and when it fails)"},
    {.name = "starttls",
	OPTION(ENUM, struct email_config, starttls),
	.words = starttls_words,
	.standard = "required",
	.help = "for smtp://: required, optional (encrypt if offered; anybody "
		"on the way can prevent it), or none (plain text)"},
    {.name = "ca_file",
	OPTION(STRING, struct email_config, ca_file),
	.help = "CA certificates (PEM) to trust instead of the system's"},
    {.name = "allow_addresses",
	OPTION(LIST, struct email_config, allow_addresses),
	.standard = NETGUARD_OWN_NETWORKS,
	.help = "networks (CIDR) in which the relay may be although they are "
		"private or special"},
    {.name = "helo",
	OPTION(STRING, struct email_config, helo),
	.max = 253,
	.help = "name to greet with; the host's name by default"},
    {.name = "subject_prefix",
	OPTION(STRING, struct email_config, subject_prefix),
	.max = 60,
	.standard = "[tocsin]",
	.help = "what every subject begins with"},
    OPTION_END,
};

static int
bad_server(struct err *err, const char *why)
{
	return err_set(err, ERR_CONFIG,
	    "server: %s; write smtps://mail.example.org or "
	    "smtp://mail.example.org:587",
	    why);
}

static bool
is_host(const char *s, bool bracketed)
{
	const char *more = bracketed ? ":." : "-._";

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') && strchr(more, *s) == NULL)
			return false;
	return true;
}

int
email_server_read(struct email_server *out, const char *url, struct err *err)
{
	bool bracketed;
	char rest[300], *host, *port;
	int64_t number;

	out->implicit_tls = str_starts(url, "smtps://");
	if (!out->implicit_tls && !str_starts(url, "smtp://"))
		return bad_server(err, "must begin with smtps:// or smtp://");
	if (str_copy(rest, sizeof(rest), strstr(url, "://") + 3) < 0)
		return bad_server(err, "too long");
	if (str_ends(rest, "/"))
		rest[strlen(rest) - 1] = '\0';
	if (strchr(rest, '@') != NULL)
		return bad_server(err, "give user and password by their keys");
	bracketed = rest[0] == '[';
	host = bracketed ? rest + 1 : rest;
	port = bracketed ? strchr(rest, ']') : strchr(rest, ':');
	if (bracketed && port == NULL)
		return bad_server(err, "a \"[\" has no \"]\"");
	number = out->implicit_tls ? PORT_SMTPS : PORT_SUBMISSION;
	if (port != NULL) {
		*port++ = '\0';
		if (bracketed && *port == ':')
			port++;
		else if (bracketed)
			port = *port == '\0' ? NULL : port;
	}
	if (port != NULL && str_parse_i64(port, 1, 65535, &number) < 0)
		return bad_server(err, "its port must be from 1 to 65535");
	out->port = (uint16_t)number;
	if (http_url_is_disguised(host))
		return bad_server(
		    err, "its host is neither a name nor an address");
	if (!is_host(host, bracketed) ||
	    str_copy(out->host, sizeof(out->host), host) < 0)
		return bad_server(err, "no usable host name");
	if (str_ends(out->host, ".")) /* certificates never have it */
		out->host[strlen(out->host) - 1] = '\0';
	return out->host[0] != '\0' ? 0
	                            : bad_server(err, "no usable host name");
}

static int
check_address(const char *key, const char *address, struct err *err)
{
	if (mime_is_address(address))
		return 0;
	return err_set(err, ERR_CONFIG,
	    "%s: \"%s\" is not an address such as oncall@example.org", key,
	    address);
}

static int
check_allow(const struct option_list *allow, struct err *err)
{
	struct netguard *guard = NULL;

	if (netguard_new(&guard, (const char *const *)allow->items,
		allow->count, err) < 0)
		return err_wrap(err, "allow_addresses");
	netguard_free(guard);
	return 0;
}

static int
check_addresses(const struct email_config *c, struct err *err)
{
	if (c->from != NULL && check_address("from", c->from, err) < 0)
		return -1;
	for (size_t i = 0; i < c->to.count; i++)
		if (check_address("to", c->to.items[i], err) < 0)
			return -1;
	return 0;
}

static int
check_login(const struct email_config *c, struct err *err)
{
	int ways = (c->password != NULL) + (c->oauth_token != NULL) +
	           (c->oauth_token_file != NULL);
	bool token = ways > 0 && c->password == NULL;

	if (ways > 1)
		return err_set(err, ERR_CONFIG,
		    "password, oauth_token and oauth_token_file: give one of "
		    "them");
	if (c->user != NULL && ways == 0)
		return err_set(
		    err, ERR_CONFIG, "user: needs a password or a token");
	if (token && c->user != NULL && strpbrk(c->user, ",=") != NULL)
		return err_set(err, ERR_CONFIG,
		    "user: may not have , or = in it beside a token");
	if (c->oauth_token_file != NULL && c->oauth_token_file[0] != '/')
		return err_set(err, ERR_CONFIG,
		    "oauth_token_file: write it from the root, such as "
		    "/run/tocsin/token");
	if (c->password != NULL && c->starttls == EMAIL_STARTTLS_OPTIONAL)
		return err_set(err, ERR_CONFIG,
		    "starttls: with a password it must be required, since "
		    "anybody on the way could strip an optional one and read "
		    "the password");
	if (token && c->starttls != EMAIL_STARTTLS_REQUIRED)
		return err_set(err, ERR_CONFIG,
		    "starttls: with a token it must be required, since who "
		    "reads the token may use it");
	return 0;
}

/* libesmtp was asked for: can it? */
static int
check_backend(const struct email_config *c, const struct email_server *server,
    struct err *err)
{
	if (c->backend != EMAIL_BACKEND_LIBESMTP)
		return 0;
	if (server->implicit_tls)
		return err_set(err, ERR_CONFIG,
		    "backend: libesmtp cannot speak smtps://; write auto, or "
		    "smtp:// for STARTTLS");
	if (c->oauth_token != NULL || c->oauth_token_file != NULL)
		return err_set(err, ERR_CONFIG,
		    "backend: libesmtp cannot show a token; write auto");
	return 0;
}

int
email_check(const void *config, struct err *err)
{
	const struct email_config *c = config;
	struct email_server server;

	if (c->server != NULL &&
	    (email_server_read(&server, c->server, err) < 0 ||
		check_backend(c, &server, err) < 0))
		return -1;
	if (check_addresses(c, err) < 0 ||
	    check_allow(&c->allow_addresses, err) < 0)
		return -1;
	if (c->helo != NULL && !is_host(c->helo, false))
		return err_set(err, ERR_CONFIG, "helo: not a host's name");
	return check_login(c, err);
}
