/* unique.c - names that no other delivery gives, and 128-bit ids */
#include "common/maildir/unique.h"

#include <stdint.h>
#include <time.h>
#include <unistd.h>

static struct timespec
now_real(void)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

const char *
unique_host(void)
{
	static char host[128];

	if (host[0])
		return host;
	if (gethostname(host, sizeof(host) - 1) != 0 || !host[0])
		memcpy(host, "localhost", sizeof("localhost"));
	for (char *p = host; *p; p++)
		if (*p == '/' || *p == ':' || *p == ',' || (unsigned char)*p <= ' ' ||
		    (unsigned char)*p > '~')
			*p = '_';
	return host;
}

void
unique_name(struct buf *out)
{
	static unsigned counter;
	struct timespec now = now_real();

	/* not printf(): COPY makes a name for each message */
	buf_number(out, (uint64_t)now.tv_sec);
	buf_str(out, ".M");
	for (long micros = now.tv_nsec / 1000, at = 100000; at > 0; micros %= at, at /= 10)
		buf_byte(out, (char)('0' + micros / at));
	buf_byte(out, 'P');
	buf_number(out, (uint64_t)getpid());
	buf_byte(out, 'Q');
	buf_number(out, ++counter);
	buf_byte(out, '.');
	buf_str(out, unique_host());
}

void
unique_guid(struct buf *out)
{
	static uint32_t counter;
	struct timespec now = now_real();
	uint32_t hash = 2166136261U;

	for (const char *p = unique_host(); *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619U;
	buf_printf(out, "%08x%08x%08x%08x", (unsigned)now.tv_nsec + ++counter, (unsigned)now.tv_sec,
	           (unsigned)getpid(), (unsigned)hash);
}
