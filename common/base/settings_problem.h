/* settings_problem.h - collecting what is wrong in configuration files */
#ifndef LINNET_SETTINGS_PROBLEM_H
#define LINNET_SETTINGS_PROBLEM_H

#include "common/base/settings.h"

enum settings_level { SETTINGS_NOTE, SETTINGS_WARNING, SETTINGS_FATAL };

/* Where a problem is found, and the arena in which its text is kept. */
struct settings_place {
	struct arena             *mem;
	struct settings_problems *problems;
	const char               *file;
	unsigned                  line;
};

/*
 * text is a sentence without a full stop; what came from the file in it is cut to
 * a readable length by the caller's format.
 */
void settings_tell(const struct settings_place *at, enum settings_level level, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

#endif
