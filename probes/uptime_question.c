#include "probes/uptime_dns.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "probes/uptime_answer.h"

#define TYPE_KEY "type="

/* "?type=MX", with anything else after a ";" or "&" ignored. */
static int
parse_type(const char *query, char *out, size_t size, struct err *err)
{
	size_t len;

	out[0] = '\0';
	if (*query != '?')
		return 0;
	query++;
	if (strncasecmp(query, TYPE_KEY, strlen(TYPE_KEY)) != 0)
		return err_set(err, ERR_INPUT,
		    "target: after \"?\" only type=… may follow");
	query += strlen(TYPE_KEY);
	len = strcspn(query, ";&#");
	if (len >= size)
		len = size - 1;
	memcpy(out, query, len);
	out[len] = '\0';
	return 0;
}

static int
choose_type(struct uptime_question *out, int configured, const char *written,
    struct err *err)
{
	const char *record = configured > 0 ? uptime_records[configured] : "A";

	if (written[0] != '\0' && configured > 0 &&
	    strcasecmp(written, record) != 0)
		return err_set(err, ERR_INPUT,
		    "record: is %s, but the target says ?type=%.20s", record,
		    written);
	if (written[0] != '\0')
		record = written;
	out->type = uptime_record_type(record);
	if (out->type < 0)
		return err_set(err, ERR_INPUT,
		    "target: \"%.20s\" is none of the record types A, AAAA, "
		    "CAA, CNAME, DS, MX, NS, PTR, SOA, SRV, TLSA, TXT",
		    record);
	for (size_t i = 1; uptime_records[i] != NULL; i++)
		if (strcasecmp(uptime_records[i], record) == 0)
			out->record = uptime_records[i];
	return 0;
}

int
uptime_dns_question(struct uptime_question *out,
    const struct uptime_config *config, const struct uptime_url *target,
    struct err *err)
{
	uint8_t query[UPTIME_QUERY_MAX];
	const char *rest = target->rest, *name = target->host;
	size_t len = strlen(target->host);
	char type[24];

	*out = (struct uptime_question){.port = target->port};
	if (rest[0] == '/' && rest[1] != '\0' && rest[1] != '?') {
		str_copy(out->server, sizeof(out->server), target->host);
		name = rest + 1;
		len = strcspn(name, "?#");
		rest = name + len;
	} else {
		rest += rest[0] == '/';
		if (target->port != 53)
			return err_set(err, ERR_INPUT,
			    "target: write dns://server:port/name");
	}
	if (len >= sizeof(out->name))
		return err_set(err, ERR_INPUT, "target: the name is too long");
	memcpy(out->name, name, len);
	if (parse_type(rest, type, sizeof(type), err) != 0 ||
	    choose_type(out, config->record, type, err) != 0)
		return -1;
	if (out->name[0] == '\0' ||
	    uptime_query(query, 0, out->name, out->type, err) < 0)
		return err_set(err, ERR_INPUT,
		    "target: \"%.80s\" is not a domain name", out->name);
	return 0;
}

int
uptime_dns_check(const struct uptime_config *config,
    const struct uptime_url *target, struct err *err)
{
	struct uptime_question question;

	return uptime_dns_question(&question, config, target, err);
}
