/* settings_dovecot.h - the settings of Dovecot 2.x that mean nothing here */
#ifndef LINNET_SETTINGS_DOVECOT_H
#define LINNET_SETTINGS_DOVECOT_H

#include <stdbool.h>
#include <stddef.h>

bool settings_dovecot_knows(const char *name);

/* The i-th name in the order of the alphabet; NULL behind the last. */
const char *settings_dovecot_name(size_t i);

#endif
