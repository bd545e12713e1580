/* main.c - pop3d: POP3 for one connection, or for all of a listening socket */
#include "common/start/start.h"
#include "pop3d/capa.h"
#include "pop3d/greet.h"
#include "pop3d/serve.h"

static const struct service pop3 = {
	.program = "pop3d",
	.name = "pop3",
	.tls_name = "pop3s",
	.tls_port = 995,
	.busy = "-ERR [SYS/TEMP] The server cannot serve you now, try again later.\r\n",
	.late = "-ERR [SYS/TEMP] Disconnected for inactivity during authentication.\r\n",
	.unserved = "-ERR [SYS/TEMP] Your mail cannot be opened; the server's log says why.\r\n",
	.describe = pop3_describe,
	.greet = pop3_greet,
	.serve = pop3_serve,
};

int
main(int argc, char **argv)
{
	return start_main(&pop3, argc, argv);
}
