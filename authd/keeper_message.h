/* keeper_message.h - what keeper and server tell each other */
#ifndef LINNET_KEEPER_MESSAGE_H
#define LINNET_KEEPER_MESSAGE_H

/*
 * Lines of auth_line.h, one a message of channel.h.
 *
 * keeper to server:
 *	SETTINGS generation key=value ...    with the log's descriptor
 *	LISTEN kind                          with the socket: enum listener_kind
 *	WORKER generation pid                with the channel to that worker
 *	PING
 * server to keeper:
 *	READY                                has its sockets and settings
 *	PONG
 *	KILL pid                             that worker does not come back
 *	END pid                              with a login connection: end its session
 */
enum { SERVER_CHANNEL = 3 /* descriptor of the server's end */ };

#endif
