/* main.c - imapd: IMAP for one connection, or for all of a listening socket */
#include "common/start/start.h"
#include "imapd/greet.h"
#include "imapd/serve.h"

static const struct service imap = {
	.program = "imapd",
	.name = "imap",
	.tls_name = "imaps",
	.tls_port = 993,
	.busy = "* BYE [UNAVAILABLE] The server cannot serve you now, try again later.\r\n",
	.late = "* BYE Disconnected for inactivity during authentication.\r\n",
	.unserved = "NO [SERVERBUG] Your mail cannot be opened; the server's log says why.\r\n"
	            "* BYE Logging out\r\n",
	.has_tags = true,
	.greet = imap_greet,
	.serve = imap_serve,
};

int
main(int argc, char **argv)
{
	return start_main(&imap, argc, argv);
}
