/*
 * A plain struct as a JSON object and back, by a table with one row a member.
 * For what this folder remembers between runs: every member must be there (but
 * for .later), none may be unknown, numbers and lengths have limits, so that
 * damaged state is refused instead of believed. Pure.
 */
#ifndef ALERTING_FIELDS_H
#define ALERTING_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum field_type {
	FIELD_TIME,  /* int64_t, milliseconds, not negative */
	FIELD_COUNT, /* unsigned, at most .max */
	FIELD_BOOL,
	FIELD_ENUM, /* one of .names */
	FIELD_TEXT, /* char[.size] */
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset, size;
	unsigned max;
	const char *const *names; /* NULL-ended */
	bool later; /* came with a later version: may be absent, then 0 */
};

#define FIELD(type_, struct_, member_)                                         \
	.key = #member_, .type = FIELD_##type_,                                \
	.offset = offsetof(struct_, member_),                                  \
	.size = sizeof(((struct_ *)NULL)->member_)
#define FIELDS_MAX 40 /* rows in a table */

/* The caller's. */
json_t *
fields_to_json(const struct field *fields, size_t count, const void *record);

/* 0, or -1 with the member to blame; *record is then half filled. */
int fields_from_json(const struct field *fields, size_t count, void *record,
    const json_t *json, struct err *err);

#endif
