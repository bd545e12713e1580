/* date.h - RFC 5322 and IMAP dates */
#ifndef LINNET_MIME_DATE_H
#define LINNET_MIME_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/base/span.h"

/*
 * Date: header value, with obsolete forms and comments (RFC 5322 s.3.3, s.4.3).  False: not a date.
 */
bool date_parse(struct span value, time_t *utc_out, int *zone_minutes_out);

/*
 * IMAP date-time "17-Jul-1996 02:44:25 -0700" without its quotes (RFC 3501 s.9).  False: not a
 * date.
 */
bool date_parse_imap(struct span text, time_t *utc_out);

/* IMAP date "1-Feb-1994" (RFC 3501 s.9) as days since 1970-01-01. */
bool date_parse_day(struct span text, int32_t *day_out);

/* Days since 1970-01-01 of a moment as seen in a zone. */
int32_t date_day(time_t utc, int zone_minutes);

/* "17-Jul-1996 02:44:25 -0700" in the server's local zone; text has DATE_IMAP_ROOM bytes. */
enum { DATE_IMAP_ROOM = 32 };
void date_print_imap(time_t utc, char *text);

#endif
