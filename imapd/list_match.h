/* list_match.h - LIST patterns: '*' and '%' in time that no pattern can blow up */
#ifndef LINNET_LIST_MATCH_H
#define LINNET_LIST_MATCH_H

#include <stdbool.h>

#include "common/base/arena.h"

struct list_pattern;

/*
 * reference and pattern put together (RFC 3501 s.6.3.8), in mem.  '*' stands
 * for any bytes, '%' for any but the separator.
 */
struct list_pattern *list_pattern_make(struct span reference, struct span pattern, char separator,
                                       struct arena *mem);

/*
 * Does the whole name, as the client sees it, match?  The first level INBOX in
 * either case.  Costs O(bytes of the name * bytes of the pattern / 64).
 */
bool list_pattern_matches(const struct list_pattern *p, const char *name);

#endif
