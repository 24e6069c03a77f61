/*
 * The table of probe kinds, and how a worker process runs one of them.
 */
#ifndef PROBES_REGISTRY_H
#define PROBES_REGISTRY_H

#include <stddef.h>

#include "probes/probe.h"

extern const struct probe_kind *const probe_kinds[]; /* NULL-ended */

const struct probe_kind *probe_kind_find(const char *name); /* or NULL */

/* `tocsin worker probe KIND`: returns the exit status. */
int probe_worker_main(const struct probe_kind *kind);

#endif
