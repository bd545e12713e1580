/* serve.h - the IMAP session behind the login */
#ifndef LINNET_IMAPD_SERVE_H
#define LINNET_IMAPD_SERVE_H

struct login;

/*
 * Answers the login command, then serves the client until it leaves, is silent
 * for too long or SIGTERM comes; every way out writes one log line.  Ends the process.
 */
void imap_serve(const struct login *login) __attribute__((noreturn));

#endif
