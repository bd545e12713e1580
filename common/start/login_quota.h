/* login_quota.h - the quota of who has logged in */
#ifndef LINNET_LOGIN_QUOTA_H
#define LINNET_LOGIN_QUOTA_H

#include "common/maildir/quota.h"
#include "common/start/login.h"

/*
 * From plugin { quota ... } of the settings and the fields quota_rule, quota_rule2 ...
 * of the user database, which win.  NULL: none.  A rule of the database that cannot be
 * read is logged and left out.  Valid as long as mem.
 */
const struct quota *login_quota(const struct login *login, struct arena *mem);

#endif
