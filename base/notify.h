/*
 * The service manager's notification protocol (sd_notify(3), "Notes" give the
 * protocol as stable): one datagram of KEY=value lines to $NOTIFY_SOCKET.
 * Does nothing when the process was not started by such a manager.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>

void notify_send(const char *state); /* "READY=1", "WATCHDOG=1", … */
/* Half of the watchdog's interval in ms, or 0 if there is none. */
int64_t notify_watchdog_ms(void);

#endif
