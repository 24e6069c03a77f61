/*
 * Fuzz input as a message: its first byte chooses event and severity, the rest
 * are texts, separated by 0xff (which no text in UTF-8 holds).
 */
#ifndef TESTS_MESSAGE_INPUT_H
#define TESTS_MESSAGE_INPUT_H

#include <stdlib.h>
#include <string.h>

#include "alerting/message.h"
#include "base/json.h"
#include "base/mem.h"

struct message_input {
	struct message m;
	char *texts;
	json_t *digest;
};

/* The same texts as a digest of one incident, or of none. */
static inline void
message_input_digest(struct message_input *in, bool empty)
{
	struct message *m = &in->m;
	json_t *item = json_object(), *list = json_array();

	json_put_str(item, "event", m->status);
	json_put_str(item, "severity", m->actor);
	json_put_str(item, "title", m->title);
	json_put_str(item, "probe", m->probe);
	json_put_str(item, "reason", m->reason);
	json_put_str(item, "failing_since", m->note);
	json_put_str(item, "url", m->url);
	json_array_append_new(list, item);
	if (empty)
		json_array_clear(list);
	in->digest = json_pack(
	    "{s:{s:i},s:o}", "by_severity", "high", 3, "incidents", list);
	m->digest = in->digest;
	m->digest_count = 3;
}

static inline void
message_input_read(struct message_input *in, const uint8_t *data, size_t size)
{
	struct message *m = &in->m;
	const char **texts[] = {&m->title, &m->probe, &m->reason, &m->note,
	    &m->actor, &m->target, &m->delivery, &m->incident, &m->kind,
	    &m->description, &m->runbook, &m->url, &m->agent,
	    &m->acknowledged_by, &m->timeline[0].text, &m->status, &m->because,
	    &m->component, &m->ack_url};
	const size_t count = sizeof(texts) / sizeof(texts[0]);
	char *at;

	*in = (struct message_input){.texts = mem_alloc(size + 1)};
	at = in->texts;
	if (size > 0) {
		m->event = (enum event_type)(data[0] % EVENT_COUNT);
		m->severity =
		    (enum severity)(data[0] / EVENT_COUNT % SEVERITY_COUNT);
		m->acknowledged_ms = data[0] & 1 ? 1795320000000 : 0;
		memcpy(at, data + 1, size - 1);
	}
	m->at_ms = m->opened_ms = 1795320000000;
	m->timeline_count = 1;
	for (size_t i = 0; i < count; i++) {
		char *end = strchr(at, '\xff');

		*texts[i] = at;
		if (end != NULL) {
			*end = '\0';
			at = end + 1;
		} else {
			at += strlen(at);
		}
	}
	if (m->event == EVENT_DIGEST)
		message_input_digest(in, m->severity == SEVERITY_INFO);
}

static inline void
message_input_free(struct message_input *in)
{
	json_decref(in->digest);
	free(in->texts);
}

#endif
