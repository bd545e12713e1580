/* settings_nearest.h - which known name a misspelt one may stand for */
#ifndef LINNET_SETTINGS_NEAREST_H
#define LINNET_SETTINGS_NEAREST_H

#include <stddef.h>

/* The best of one or more lists, tried name by name; best is NULL while nothing is near. */
struct settings_nearest {
	const char *word;
	const char *best;
	unsigned    distance;
};

/*
 * complaints: how many there were before; beyond a hundred nobody reads
 * proposals, and none are made.
 */
struct settings_nearest settings_nearest_to(const char *word, size_t complaints);
void settings_nearest_try(struct settings_nearest *n, const char *known);

#endif
