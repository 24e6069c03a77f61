/*
 * A body made by a template (template.h) from the message, with "words" beside
 * its members: the same in plain language. A template that could fail for some
 * message is refused as configuration, so that none fails at night.
 */
#include "alerting/webhook_formats.h"

#include <stdlib.h>
#include <string.h>

#include "alerting/render.h"
#include "alerting/render_words.h"
#include "alerting/template.h"
#include "alerting/webhook_sample.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define BODY_MAX     (64 * 1024)
#define ITEMS_MAX    5000
#define TEXT_MAX     (64 * 1024)
#define CONTENT_TYPE "application/json"

/* From generous to terse, until it fits. */
static const struct attempt {
	size_t value_max;
	bool facts; /* a list of facts may be as long as it likes */
} attempts[] = {
    {4096, true}, {1000, true}, {250, true}, {60, true}, {60, false}};
#define ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

static const char *
content_type(const struct webhook_config *config)
{
	return config->content_type != NULL ? config->content_type
	                                    : CONTENT_TYPE;
}

/* -1 if the content type does not say. */
static int
escape_of(const struct webhook_config *config)
{
	const char *type = content_type(config);
	size_t len = strcspn(type, "; ");

	if (config->escape != 0)
		return config->escape - 1;
	if (len >= 4 && strncasecmp(type + len - 4, "json", 4) == 0)
		return TEMPLATE_JSON;
	if (strncasecmp(type, "application/x-www-form-urlencoded", len) == 0)
		return TEMPLATE_FORM;
	if (strncasecmp(type, "text/plain", len) == 0)
		return TEMPLATE_TEXT;
	return -1;
}

static json_t *
words(const struct message *m)
{
	char state[40], gist[RENDER_VALUE_MAX], because[RENDER_VALUE_MAX];
	char when[40];
	json_t *object = json_object();
	struct buf text;

	buf_init(&text, TEXT_MAX);
	render_title(&text, m);
	json_put_str(object, "title", buf_str(&text));
	buf_clear(&text);
	render_short(&text, m);
	json_put_str(object, "short", buf_str(&text));
	buf_clear(&text);
	render_text(&text, m);
	json_put_str(object, "text", buf_str(&text));
	buf_fini(&text);
	render_state(state, m);
	render_gist(gist, m);
	render_because(because, m);
	json_put_str(object, "state", state);
	json_put_str(object, "reason", gist);
	json_put_str(object, "because", because);
	json_put_str(object, "advice", render_advice(m));
	json_put_str(object, "colour", render_colour(m));
	json_put_str(object, "time", render_time(when, m->at_ms));
	return object;
}

static json_t *
data_of(const struct message *m)
{
	json_t *data = message_build(m);

	json_put(data, "words", words(m));
	return data;
}

static int
attempt(struct buf *out, const struct template *t, json_t *data,
    enum template_escape escape, const struct attempt *how)
{
	const struct template_limits limits = {how->value_max, ITEMS_MAX};

	buf_clear(out);
	if (!how->facts)
		json_put(json_object_get(data, "observation"), "facts",
		    json_object());
	return template_render(out, t, data, escape, &limits);
}

static void
compose(
    const struct webhook_job *job, size_t step, struct webhook_request *request)
{
	const struct webhook_config *config = job->config;
	json_t *data = data_of(job->message);
	struct template *t = NULL;
	struct err err = ERR_INIT;
	struct buf out;

	(void)step;
	buf_init(&out, BODY_MAX);
	if (template_new(&t, config->template, &err) == 0)
		for (size_t i = 0; i < ATTEMPTS; i++)
			if (attempt(&out, t, data,
				(enum template_escape)escape_of(config),
				&attempts[i]) == 0)
				break;
	request->method = config->method == 0 ? "POST" : "PUT";
	request->content_type = content_type(config);
	request->body = mem_strdup(buf_str(&out));
	buf_fini(&out);
	template_free(t);
	json_decref(data);
}

static int
check_type(const struct webhook_config *config, struct err *err)
{
	const char *type = content_type(config);

	for (const char *s = type; *s != '\0'; s++)
		if (*s < ' ' || *s >= 0x7f)
			return err_set(err, ERR_CONFIG,
			    "content_type: has an odd character in it");
	if (strchr(type, '/') == NULL)
		return err_set(err, ERR_CONFIG,
		    "content_type: write it as in application/json");
	if (escape_of(config) < 0)
		return err_set(err, ERR_CONFIG,
		    "escape: %s does not say how values are to be escaped; "
		    "write json, form or text",
		    type);
	return 0;
}

/* Does it make JSON of this message? */
static int
check_json(const struct template *t, const struct message *m, struct err *err)
{
	json_t *data = data_of(m), *json;
	json_error_t why;
	struct buf out;

	buf_init(&out, BODY_MAX);
	attempt(&out, t, data, TEMPLATE_JSON, &attempts[1]);
	json_decref(data);
	json = json_loadb(buf_str(&out), out.len, JSON_REJECT_DUPLICATES, &why);
	buf_fini(&out);
	if (json == NULL)
		return err_set(err, ERR_CONFIG,
		    "%s, it makes no JSON: %s, in line %d, column %d of what "
		    "it makes",
		    m->regions != NULL ? "with every member there"
				       : "with members absent",
		    why.text, why.line, why.column);
	json_decref(json);
	return 0;
}

/* Is what it makes of the largest message small enough? */
static int
check_size(
    const struct template *t, enum template_escape escape, struct err *err)
{
	struct webhook_sample sample;
	json_t *data;
	struct buf out;
	int result;

	webhook_sample_init(&sample, WEBHOOK_SAMPLE_LARGE);
	data = data_of(&sample.m);
	buf_init(&out, BODY_MAX);
	result = attempt(&out, t, data, escape, &attempts[ATTEMPTS - 1]);
	buf_fini(&out);
	json_decref(data);
	webhook_sample_fini(&sample);
	if (result < 0)
		return err_set(err, ERR_CONFIG,
		    "makes more than %d bytes of a large message, even with "
		    "each value cut to %zu; leave something out",
		    BODY_MAX, attempts[ATTEMPTS - 1].value_max);
	return 0;
}

static int
check_names(const struct template *t, struct err *err)
{
	struct webhook_sample sample;
	json_t *data;
	int result;

	webhook_sample_init(&sample, WEBHOOK_SAMPLE_NAMES);
	data = data_of(&sample.m);
	result = template_check_names(t, data, err);
	json_decref(data);
	webhook_sample_fini(&sample);
	return result;
}

static int
check_results(
    const struct template *t, enum template_escape escape, struct err *err)
{
	static const enum webhook_sample_kind kinds[] = {
	    WEBHOOK_SAMPLE_FULL, WEBHOOK_SAMPLE_EMPTY};
	int result = 0;

	for (size_t i = 0; i < 2 && escape == TEMPLATE_JSON; i++) {
		struct webhook_sample sample;

		webhook_sample_init(&sample, kinds[i]);
		result = check_json(t, &sample.m, err);
		webhook_sample_fini(&sample);
		if (result < 0)
			return -1;
	}
	return check_size(t, escape, err);
}

static int
check(const struct webhook_config *config, struct err *err)
{
	struct template *t = NULL;
	int result;

	if (config->template == NULL)
		return err_set(err, ERR_CONFIG,
		    "template: is missing; it is the body to send");
	if (check_type(config, err) < 0)
		return -1;
	result = template_new(&t, config->template, err);
	if (result == 0)
		result = check_names(t, err);
	if (result == 0)
		result = check_results(
		    t, (enum template_escape)escape_of(config), err);
	template_free(t);
	return result < 0 ? err_wrap(err, "template") : 0;
}

const struct webhook_format webhook_template = {
    .is_signed = true,
    .check = check,
    .compose = compose,
};
