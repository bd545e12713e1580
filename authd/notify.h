/* notify.h - telling systemd how the service is */
#ifndef LINNET_NOTIFY_H
#define LINNET_NOTIFY_H

#include <stdint.h>

/*
 * Milliseconds between two notify_alive() that the unit's WatchdogSec= asks for; 0 for no watchdog.
 */
int64_t notify_interval(void);

void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);
void notify_alive(void);

#endif
