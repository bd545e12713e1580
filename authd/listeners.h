/* listeners.h - the two sockets that authd answers on */
#ifndef LINNET_LISTENERS_H
#define LINNET_LISTENERS_H

#include <stdbool.h>

enum listener_kind { LISTENER_LOGIN, LISTENER_CLIENT, LISTENER_KINDS };

struct listeners {
	int fd[LISTENER_KINDS]; /* -1: not listening there */
};

/*
 * Sockets that systemd handed over (LISTEN_FDS; told apart by LISTEN_FDNAMES "login" and
 * "auth-client", else by the last part of their path), and those of base_dir
 * ("login" mode 0600, "auth-client" mode 0666) made for what it did not.  A socket
 * file that is there is replaced only when it is a socket, ours or root's, and nobody answers on it.
 * False when there is no login socket; the reason has been logged.
 */
bool listeners_open(struct listeners *l, const char *base_dir);

/* Remove the socket files that listeners_open() made, and close all. */
void listeners_close(struct listeners *l);

#endif
