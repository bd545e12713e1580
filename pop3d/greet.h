/* greet.h - POP3 before the login */
#ifndef LINNET_POP3_GREET_H
#define LINNET_POP3_GREET_H

struct greeter;

/* The AUTHORIZATION state, inside the greeter (common/start/greeter.h). */
void pop3_greet(struct greeter *g);

#endif
