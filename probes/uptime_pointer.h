/*
 * Claims about a JSON document: "/status == \"ok\"", "/queue/depth < 100",
 * "/version exists". A JSON pointer (RFC 6901), an operator, and for the
 * comparing ones a JSON value; a bare word is a string. Pure.
 */
#ifndef PROBES_UPTIME_POINTER_H
#define PROBES_UPTIME_POINTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Can this claim be read at all? The text says how to write one. */
int uptime_pointer_check(const char *text, struct err *err);

/* Does it hold? If not, why[size] says what was found instead. */
bool uptime_pointer_holds(
    const char *text, const json_t *document, char *why, size_t size);

#endif
