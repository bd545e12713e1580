/* capa.h - the capabilities of RFC 2449 that hold before and after login */
#ifndef LINNET_POP3_CAPA_H
#define LINNET_POP3_CAPA_H

/*
 * Constant text with its line ends, so that the greeter can write it too; SASL,
 * USER and STLS depend on the connection and follow it.
 */
#define POP3_CAPA_ALWAYS \
	"TOP\r\n" \
	"UIDL\r\n" \
	"RESP-CODES\r\n" \
	"AUTH-RESP-CODE\r\n" \
	"PIPELINING\r\n" \
	"EXPIRE NEVER\r\n"

#endif
