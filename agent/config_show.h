/*
 * JSON as YAML, in a form that agent/config_yaml.c reads back. Pure.
 */
#ifndef AGENT_CONFIG_SHOW_H
#define AGENT_CONFIG_SHOW_H

#include <jansson.h>

#include "base/buf.h"

void config_show_yaml(struct buf *out, const json_t *value);

#endif
