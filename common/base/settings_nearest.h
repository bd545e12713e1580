/* settings_nearest.h - which known name a misspelt one may stand for */
#ifndef LINNET_SETTINGS_NEAREST_H
#define LINNET_SETTINGS_NEAREST_H

#include <stddef.h>

/*
 * The best of two lists to be searched one after the other: begin with
 * { word, NULL, SETTINGS_NEAREST_NONE }; best is NULL while nothing is near.
 */
struct settings_nearest {
	const char *word;
	const char *best;
	unsigned    distance;
};
enum { SETTINGS_NEAREST_NONE = 1000 };

void settings_nearest_try(struct settings_nearest *n, const char *known);

#endif
