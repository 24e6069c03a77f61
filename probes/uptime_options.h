/*
 * Every key of the kind `uptime`, and the rules across them.
 */
#ifndef PROBES_UPTIME_OPTIONS_H
#define PROBES_UPTIME_OPTIONS_H

#include "base/err.h"
#include "base/option.h"

extern const struct option uptime_options[]; /* fills struct uptime_config */

int uptime_options_check(const void *config, struct err *err);

#endif
