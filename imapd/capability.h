/* capability.h - what the server says it can do behind login */
#ifndef LINNET_IMAPD_CAPABILITY_H
#define LINNET_IMAPD_CAPABILITY_H

#include "common/base/arena.h"

struct settings;

/* "IMAP4rev1 LITERAL+ ..." in mem. */
const char *capability_line(const struct settings *settings, struct arena *mem);

#endif
