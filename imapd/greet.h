/* greet.h - IMAP before the login */
#ifndef LINNET_IMAP_GREET_H
#define LINNET_IMAP_GREET_H

struct greeter;

/* The dialogue from greeting to login, inside the greeter (common/start/greeter.h). */
void imap_greet(struct greeter *g);

#endif
