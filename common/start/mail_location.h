/* mail_location.h - from mail_location to the path of one user's Maildir */
#ifndef LINNET_MAIL_LOCATION_H
#define LINNET_MAIL_LOCATION_H

#include "common/base/arena.h"
#include "common/base/expand.h"

/*
 * The Maildir that "maildir:/var/mail/vhosts/%d/%n", "maildir:~/Maildir" or a
 * plain path stands for.  With is_literal the text is used as it stands (a
 * user database has expanded it already); "~/" is the home in both cases.
 * Absolute, without "." or ".." in it and without doubled slashes, or NULL with *why_out.
 */
const char *mail_location_path(const char *location, bool is_literal,
                               const struct expand_values *values, struct arena *mem,
                               const char **why_out);

#endif
