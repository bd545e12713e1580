/* random.c - random bytes of the kernel, by the way that every kernel has */
#include "common/base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool
random_bytes(void *to, size_t n)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	char *at = to;
	ssize_t got = 0;

	while (fd >= 0 && n > 0) {
		got = read(fd, at, n);
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		} else if (got == 0 || errno != EINTR) {
			break;
		}
	}
	if (fd >= 0)
		close(fd);
	return fd >= 0 && n == 0;
}
