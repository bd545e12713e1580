/* mail_location.h - from mail_location to the path of one user's Maildir */
#ifndef LINNET_MAIL_LOCATION_H
#define LINNET_MAIL_LOCATION_H

#include "common/base/arena.h"
#include "common/base/expand.h"

/*
 * The Maildir that "maildir:/var/mail/vhosts/%d/%n", "maildir:~/Maildir" or a
 * plain path stands for.  With is_literal the text is used as it stands (a
 * user database has expanded it already); "~/" is the home in both cases.
 * Behind it Dovecot's ":INDEX=/path" may stand.
 * Absolute, without "." or ".." in it and without doubled slashes, or NULL with *why_out.
 */
const char *mail_location_path(const char *location, bool is_literal,
                               const struct expand_values *values, struct arena *mem,
                               const char **why_out);

/* The text behind its ":INDEX=", in mem; NULL: it has none. */
const char *mail_location_index(const char *location, struct arena *mem);

/* The same as mail_location_path() for a path alone. */
const char *mail_location_expand(const char *path, bool is_literal,
                                 const struct expand_values *values, struct arena *mem,
                                 const char **why_out);

#endif
