/*
 * The files of a configuration as one tree: the main file and the *.yaml of
 * conf.d beside it, by name. Maps merge by key, lists append, and a value set
 * twice is a mistake that names both places.
 */
#ifndef AGENT_CONFIG_FILES_H
#define AGENT_CONFIG_FILES_H

#include <jansson.h>

#include "agent/config_yaml.h"

/* The caller's object, or NULL when a file could not be read to its end (the
 * mistakes say why). fingerprint is a digest of all bytes read, hex. */
json_t *config_files_read(struct config_yaml *y, const char *path,
    struct config_mistakes *mistakes, char fingerprint[65]);

#endif
