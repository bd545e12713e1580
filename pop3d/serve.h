/* serve.h - a POP3 session from login to the end */
#ifndef LINNET_POP3_SERVE_H
#define LINNET_POP3_SERVE_H

struct login;

/*
 * Answer the login, then serve RFC 1939's TRANSACTION and UPDATE states on
 * login->client.  A maildrop that cannot be opened or is in use by another POP3
 * session is told in the answer to the login, and logged.  Ends the process.
 */
void pop3_serve(const struct login *login) __attribute__((noreturn));

#endif
