/* tmp_clean.h - what killed deliveries left in tmp/ goes after 36 hours */
#ifndef LINNET_MAILDIR_TMP_CLEAN_H
#define LINNET_MAILDIR_TMP_CLEAN_H

#include <stdbool.h>
#include <time.h>

/*
 * Is it time to look into tmp/ below folder again?  Costs one stat.  Then
 * tmp_clean() removes files there that nothing has touched for 36 hours (what
 * the Maildir rules allow), at most LIMIT_TMP_FILES of them at once.  What
 * cannot be removed stays: it harms nobody.
 */
bool tmp_clean_is_due(int folder, time_t now);
void tmp_clean(int folder, time_t now);

#endif
