/*
 * The table of places behind agent/config_yaml.h. Internal to
 * agent/config_yaml*.c.
 */
#ifndef AGENT_CONFIG_YAML_PLACES_H
#define AGENT_CONFIG_YAML_PLACES_H

#include <stdint.h>

#include "agent/config_yaml.h"

struct entry { /* open addressing by the value's address */
	const json_t *value;
	char *hidden; /* what was written, once a reference was put in */
	uint32_t line, column;
	uint16_t file;
	bool quoted;
};

struct config_yaml {
	struct config_mistakes *mistakes;
	char **files;
	size_t file_count;
	struct entry *entries;
	size_t count, room; /* room is a power of two */
};

/* Remember that v stands there in the file read last; again to correct it. */
void config_yaml_put(struct config_yaml *y, const json_t *v, uint32_t line,
    uint32_t column, bool quoted);

#endif
