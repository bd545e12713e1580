/* settings_value.h - the kinds of values a setting may have, read and written */
#ifndef LINNET_SETTINGS_VALUE_H
#define LINNET_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"

enum settings_value_kind {
	SETTINGS_KIND_STR,
	SETTINGS_KIND_NUM,
	SETTINGS_KIND_YES,
	SETTINGS_KIND_TIME,
	SETTINGS_KIND_SIZE,
	SETTINGS_KIND_FILE
};

/* text is of STR and FILE, number of the others (YES: 0 or 1). */
struct settings_value {
	const char *text;
	uint64_t    number;
};

/* NULL, or what is allowed instead: "expected yes or no". */
const char *settings_value_parse(enum settings_value_kind kind, const char *text,
                                 struct settings_value *out);

/* As it would stand in a file, a text in quotes where it needs them: 30 mins, 64 M, no, "a # b". */
const char *settings_value_print(enum settings_value_kind kind, const struct settings_value *v,
                                 struct arena *mem);

#endif
