/*
 * The table of channel kinds, and how a path worker runs one of them.
 */
#ifndef ALERTING_REGISTRY_H
#define ALERTING_REGISTRY_H

#include "alerting/channel.h"

extern const struct channel_kind *const channel_kinds[]; /* NULL-ended */

const struct channel_kind *channel_kind_find(const char *name); /* or NULL */

/* `tocsin worker path KIND`: configured by its first line; exit status. */
int path_worker_main(const struct channel_kind *kind);

#endif
