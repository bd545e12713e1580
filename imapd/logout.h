/* logout.h - the numbers of a session's last log line (imap_logout_format) */
#ifndef LINNET_IMAPD_LOGOUT_H
#define LINNET_IMAPD_LOGOUT_H

#include "imapd/session.h"

/*
 * format with Dovecot's variables replaced: %i %o, %{input} %{output} %{deleted} %{expunged}
 * %{trashed} %{appended} %{fetch_hdr_count} ...; what nobody knows stays as it is.  In s->mem.
 */
const char *logout_numbers(struct session *s, const char *format);

#endif
