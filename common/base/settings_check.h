/* settings_check.h - what a setting's value may be, beyond its kind */
#ifndef LINNET_SETTINGS_CHECK_H
#define LINNET_SETTINGS_CHECK_H

#include "common/base/settings_problem.h"

/*
 * The value to use for the setting name: text itself or its canonical form
 * ("required" for "Required").  NULL when it cannot be used: the problem has
 * been told, and the default stands.
 */
const char *settings_check(const char *name, const char *text, const struct settings_place *at);

#endif
