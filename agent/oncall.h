/* Who is on call, as people and the API are shown it. Pure. */
#ifndef AGENT_ONCALL_H
#define AGENT_ONCALL_H

#include <jansson.h>

#include "agent/config.h"

/* [{"rotation", "person", "channels", "until", "next"}, …] in the order of the
 * configuration; until and next are null when it never changes. The
 * caller's. */
json_t *oncall_list(const struct config *c, int64_t at_ms);

#endif
