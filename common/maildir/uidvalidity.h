/* uidvalidity.h - a UIDVALIDITY larger than any that this Maildir has seen */
#ifndef LINNET_MAILDIR_UIDVALIDITY_H
#define LINNET_MAILDIR_UIDVALIDITY_H

#include <stdint.h>

/*
 * Dovecot keeps the last one given in the root: the file dovecot-uidvalidity
 * (eight hexadecimal digits) and the name of an empty file dovecot-uidvalidity.XXXXXXXX.
 * The next one is larger than both, than above, and not below the clock; both
 * files are brought up to date where the root can be written.
 */
uint32_t uidvalidity_next(int root, uint32_t above);

#endif
