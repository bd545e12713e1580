/* dispatch.h - one command, from its first byte to its tagged reply */
#ifndef LINNET_DISPATCH_H
#define LINNET_DISPATCH_H

struct session;

/* Reads the next command and serves it.  The only place that writes a tagged line of a command. */
void dispatch_command(struct session *s);

#endif
