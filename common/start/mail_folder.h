/* mail_folder.h - the folders of a user, made and opened by nobody's rights but the user's */
#ifndef LINNET_MAIL_FOLDER_H
#define LINNET_MAIL_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/arena.h"
#include "common/base/expand.h"
#include "common/base/settings.h"

/*
 * Open the directory path, made with mode 0700 where it is missing (a new user's first login),
 * its parents too.  It must be a real one, and uid's, unless is_here.  NULL and a descriptor, or
 * why not.
 */
const char *mail_folder_open(const char *path, uid_t uid, bool is_here, struct arena *mem,
                             int *fd_out);

/*
 * Where the indexes of this location's mailboxes are to be: the path that its INDEX= or else
 * index_dir names, as mail_location_path() has it; "" in the folders, NULL nowhere, with
 * *why_out when that is a mistake.
 */
const char *mail_index_path(const char *location, bool is_literal, const struct settings *settings,
                            const struct expand_values *values, struct arena *mem,
                            const char **why_out);

#endif
