/* channel.c - messages and descriptors between the processes of authd: a SOCK_SEQPACKET pair */
#include "authd/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for one descriptor, aligned as the kernel wants it. */
union one_descriptor {
	struct cmsghdr head;
	char           bytes[CMSG_SPACE(sizeof(int))];
};

bool
channel_pair(int ends_out[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_out) == 0;
}

bool
channel_send(int end, struct span message, int fd)
{
	struct iovec text = { (void *)(size_t)message.at, message.len };
	struct msghdr m = { .msg_iov = &text, .msg_iovlen = 1 };
	union one_descriptor one;
	ssize_t n;

	memset(&one, 0, sizeof(one));
	if (fd >= 0) {
		m.msg_control = one.bytes;
		m.msg_controllen = sizeof(one.bytes);
		one.head.cmsg_level = SOL_SOCKET;
		one.head.cmsg_type = SCM_RIGHTS;
		one.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&one.head), &fd, sizeof(fd));
	}
	do
		n = sendmsg(end, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

ssize_t
channel_receive(int end, char *data, size_t room, int *fd_out)
{
	struct iovec text = { data, room };
	union one_descriptor one;
	struct msghdr m = { .msg_iov = &text,
		            .msg_iovlen = 1,
		            .msg_control = one.bytes,
		            .msg_controllen = sizeof(one.bytes) };
	struct cmsghdr *c;
	int fd = -1;
	ssize_t n;

	do
		n = recvmsg(end, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = n < 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (fd >= 0 && !fd_out)
		close(fd);
	if (fd_out)
		*fd_out = fd;
	if (n > 0 && (m.msg_flags & MSG_TRUNC)) {
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}
