#include "alerting/webpush_subscriber.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alerting/render_words.h"
#include "base/encode.h"
#include "base/http_url.h"
#include "base/json.h"
#include "base/str.h"

#define KEY_TEXT_MAX 100
#define PORT_HTTPS   443
#define PORT_HTTP    80

static void
make_id(struct webpush_subscriber *s)
{
	static const char salt[] = "webpush endpoint";
	static const char digits[] = "0123456789abcdef";
	uint8_t mac[ENCODE_SHA256_LEN];

	encode_hmac_sha256(
	    mac, salt, sizeof(salt), s->endpoint, strlen(s->endpoint));
	for (size_t i = 0; i < WEBPUSH_ID_LEN; i++)
		s->id[i] = digits[mac[i / 2] >> (i % 2 ? 0 : 4) & 15];
	s->id[WEBPUSH_ID_LEN] = '\0';
}

static void
make_origin(struct webpush_subscriber *s, const struct http_url *url)
{
	bool v6 = strchr(url->host, ':') != NULL;
	int usual = url->tls ? PORT_HTTPS : PORT_HTTP;
	char port[16] = "";

	if (url->port != usual)
		str_printf(port, sizeof(port), ":%d", url->port);
	str_copy(s->host, sizeof(s->host), url->host);
	str_printf(s->origin, sizeof(s->origin), "%s://%s%s%s%s",
	    url->tls ? "https" : "http", v6 ? "[" : "", url->host,
	    v6 ? "]" : "", port);
	for (char *p = s->origin; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
}

static int
read_endpoint(struct webpush_subscriber *out, const json_t *json,
    bool allow_http, struct err *err)
{
	const char *endpoint;
	struct http_url url;

	if (json_need_str(
		json, "endpoint", WEBPUSH_ENDPOINT_MAX, &endpoint, err) < 0)
		return -1;
	if (!render_is_link(endpoint) || strchr(endpoint, '#') != NULL)
		return err_set(err, ERR_INPUT, "endpoint: is no https:// URL");
	if (http_url_parse(&url, endpoint, err) < 0)
		return err_wrap(err, "endpoint");
	if (!url.tls && !allow_http)
		return err_set(err, ERR_INPUT, "endpoint: is not https://");
	str_copy(out->endpoint, sizeof(out->endpoint), endpoint);
	make_origin(out, &url);
	make_id(out);
	return 0;
}

/* Exactly `size` bytes. The message never repeats them. */
static int
read_bytes(uint8_t *dst, size_t size, const json_t *json, const char *key,
    struct err *err)
{
	const char *text;

	if (json_need_str(json, key, KEY_TEXT_MAX, &text, err) < 0)
		return -1;
	if (encode_base64url_read(dst, size, text, strlen(text)) == (int)size)
		return 0;
	return err_set(
	    err, ERR_INPUT, "%s: is not the Base64url of %zu bytes", key, size);
}

static int
read_keys(struct ece_receiver *out, const json_t *json, struct err *err)
{
	if (read_bytes(out->point, sizeof(out->point), json, "p256dh", err) <
		0 ||
	    read_bytes(out->auth, sizeof(out->auth), json, "auth", err) < 0)
		return -1;
	if (p256_is_point(out->point))
		return 0;
	return err_set(
	    err, ERR_INPUT, "p256dh: is no point of the curve P-256");
}

int
webpush_subscriber_read(struct webpush_subscriber *out, const json_t *json,
    bool allow_http, struct err *err)
{
	json_t *keys;

	if (!json_is_object(json))
		return err_set(
		    err, ERR_INPUT, "the subscription is no JSON object");
	if (read_endpoint(out, json, allow_http, err) < 0 ||
	    json_need_obj(json, "keys", &keys, err) < 0)
		return -1;
	return read_keys(&out->keys, keys, err);
}

static void
put_bytes(json_t *json, const char *key, const uint8_t *data, size_t len)
{
	struct buf text;

	buf_init(&text, KEY_TEXT_MAX);
	encode_base64url(&text, data, len);
	json_put_str(json, key, buf_str(&text));
	buf_fini(&text);
}

json_t *
webpush_subscriber_json(const struct webpush_subscriber *s)
{
	json_t *json = json_object();

	json_put_str(json, "id", s->id);
	json_put_str(json, "endpoint", s->endpoint);
	put_bytes(json, "p256dh", s->keys.point, sizeof(s->keys.point));
	put_bytes(json, "auth", s->keys.auth, sizeof(s->keys.auth));
	return json;
}

int
webpush_subscriber_parse(struct webpush_subscriber *out, const json_t *json,
    bool allow_http, struct err *err)
{
	const char *id;

	if (json_need_str(json, "id", WEBPUSH_ID_LEN, &id, err) < 0 ||
	    read_endpoint(out, json, allow_http, err) < 0 ||
	    read_keys(&out->keys, json, err) < 0)
		return -1;
	if (str_eq(id, out->id))
		return 0;
	return err_set(err, ERR_INPUT, "id: is not the endpoint's");
}
