/* listeners.h - the sockets that authd answers on */
#ifndef LINNET_LISTENERS_H
#define LINNET_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

enum listener_kind { LISTENER_LOGIN, LISTENER_CLIENT, LISTENER_METRICS, LISTENER_KINDS };
enum { LISTENERS = 16 };

struct listeners {
	struct listener {
		int                fd;
		enum listener_kind kind;
	} listener[LISTENERS];
	size_t count;
};

/*
 * Sockets that systemd handed over (LISTEN_FDS; told apart by LISTEN_FDNAMES "login" and
 * "auth-client", else by the last part of their path), one or more of a kind, and those of base_dir
 * ("login" mode 0600, "auth-client" mode 0666) made for the kinds that it did not.  A socket
 * file that is there is replaced only when it is a socket, ours or root's, and nobody answers on
 * it.  metrics is auth_metrics_listen: "" for none, else the path of one more socket, or an address
 * of this machine with its port.  False when there is no login socket; the reason has been logged.
 */
bool listeners_open(struct listeners *l, const char *base_dir, const char *metrics);

/* Remove the socket files that listeners_open() made, and close all. */
void listeners_close(struct listeners *l);

#endif
