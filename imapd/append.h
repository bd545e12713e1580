/* append.h - what the command reader asks about APPEND */
#ifndef LINNET_IMAPD_APPEND_H
#define LINNET_IMAPD_APPEND_H

#include <stdbool.h>

#include "common/base/span.h"

/*
 * args is all of an APPEND command behind its name, up to and with the
 * announcement of a literal.  Is that literal a message?  It is not when it is the mailbox's name.
 */
bool append_literal_is_message(struct span args);

#endif
