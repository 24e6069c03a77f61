/*
 * References to what must not stand in a configuration file:
 *   ${file:/run/secrets/smtp}   a file's text, without its last newline
 *   ${env:HOOK_SECRET}          an environment variable
 *   ${credential:ntfy}          a file of systemd's $CREDENTIALS_DIRECTORY
 * `$${` stands for `${` itself. Nothing else that begins with `$` is special.
 */
#ifndef AGENT_CONFIG_SECRET_H
#define AGENT_CONFIG_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define CONFIG_SECRET_MAX ((size_t)64 * 1024)

/* Put text with its references resolved into out. *found says whether there
 * was one. May read files. The error names the reference, never a value. */
int config_secret_expand(
    struct buf *out, const char *text, bool *found, struct err *err);

#endif
