#include "alerting/webpush_vapid.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/render_words.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/jws_es256.h"
#include "base/mem.h"
#include "base/str.h"

#define ORIGINS_MAX 16 /* push services, of which there are a handful */
#define SUBJECT_MAX 300
#define GOOD_S      (12 * 3600) /* at most 24 h (RFC 8292 section 2) */
#define USE_MS      ((int64_t)6 * 3600 * 1000)

struct token {
	char *origin, *header;
	int64_t made_ms;
};

struct webpush_vapid {
	struct p256_key *key;
	char *subject;
	char public[WEBPUSH_PUBLIC_LEN + 1];
	struct token tokens[ORIGINS_MAX];
};

int
webpush_vapid_check_subject(const char *subject, struct err *err)
{
	bool mail = str_starts(subject, "mailto:") &&
	            strchr(subject, '@') != NULL &&
	            str_is_text(subject, strlen(subject)) &&
	            strpbrk(subject, " \t\n") == NULL;
	bool link = str_starts(subject, "https://") && render_is_link(subject);

	if (strlen(subject) <= SUBJECT_MAX && (mail || link))
		return 0;
	return err_set(err, ERR_CONFIG,
	    "subject: must be how a push service reaches you: "
	    "mailto:ops@example.org, or an https:// URL");
}

void
webpush_vapid_public(
    char dst[WEBPUSH_PUBLIC_LEN + 1], const struct p256_key *key)
{
	struct buf text;

	buf_init(&text, WEBPUSH_PUBLIC_LEN);
	encode_base64url(&text, p256_point(key), P256_POINT_LEN);
	str_copy(dst, WEBPUSH_PUBLIC_LEN + 1, buf_str(&text));
	buf_fini(&text);
}

int
webpush_vapid_new(struct webpush_vapid **out, const char *private_key,
    const char *subject, struct err *err)
{
	struct webpush_vapid *v;
	struct p256_key *key;

	if (p256_read(&key, private_key, err) < 0)
		return err_wrap(err, "private_key");
	v = mem_alloc(sizeof(*v));
	v->key = key;
	v->subject = mem_strdup(subject);
	webpush_vapid_public(v->public, key);
	*out = v;
	return 0;
}

static void
forget(struct token *t)
{
	free(t->origin);
	free(t->header);
	*t = (struct token){NULL, NULL, 0};
}

void
webpush_vapid_free(struct webpush_vapid *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < ORIGINS_MAX; i++)
		forget(&v->tokens[i]);
	p256_free(v->key);
	free(v->subject);
	free(v);
}

/* The origin's, or the place of a free or the oldest one. */
static struct token *
find(struct webpush_vapid *v, const char *origin)
{
	struct token *oldest = &v->tokens[0];

	for (size_t i = 0; i < ORIGINS_MAX; i++) {
		struct token *t = &v->tokens[i];

		if (t->origin != NULL && str_eq(t->origin, origin))
			return t;
		if (t->made_ms < oldest->made_ms)
			oldest = t;
	}
	return oldest;
}

const char *
webpush_vapid_header(
    struct webpush_vapid *v, const char *origin, int64_t now_ms)
{
	struct token *t = find(v, origin);
	int64_t age_ms = now_ms - t->made_ms;
	json_t *claims;
	char *jwt;

	/* A clock that was set back makes a token of the future. */
	if (t->origin != NULL && str_eq(t->origin, origin) && age_ms >= 0 &&
	    age_ms < USE_MS)
		return t->header;
	forget(t);
	claims = json_object();
	json_put_str(claims, "aud", origin);
	json_put_int(claims, "exp", now_ms / 1000 + GOOD_S);
	json_put_str(claims, "sub", v->subject);
	jwt = jws_es256_make(claims, v->key);
	t->origin = mem_strdup(origin);
	t->header = mem_printf("vapid t=%s, k=%s", jwt, v->public);
	t->made_ms = now_ms;
	json_decref(claims);
	free(jwt);
	return t->header;
}
