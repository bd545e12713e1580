/* capa.h - the capabilities of RFC 2449 that hold before and after login */
#ifndef LINNET_POP3_CAPA_H
#define LINNET_POP3_CAPA_H

#include <stddef.h>

struct settings;

/*
 * Constant text with its line ends, so that the greeter can write it too; SASL,
 * USER and STLS depend on the connection, EXPIRE and LOGIN-DELAY on settings, and follow it.
 */
#define POP3_CAPA_ALWAYS \
	"TOP\r\n" \
	"UIDL\r\n" \
	"RESP-CODES\r\n" \
	"AUTH-RESP-CODE\r\n" \
	"PIPELINING\r\n" \
	"UTF8\r\n" \
	"LANG\r\n"
#define POP3_CAPA_LAST "IMPLEMENTATION linnet\r\n"

enum { POP3_CAPA_ROOM = 128 };

/* The lines that depend on settings, in at most room bytes: struct service's describe(). */
void pop3_describe(const struct settings *settings, char *text, size_t room);

#endif
