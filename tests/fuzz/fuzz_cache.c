/*
 * fuzz_cache.c - a damaged linnet.cache file: reading and rewriting it stays within memory
 *
 * The input changes bytes of a good file: the first byte says what is done with it, then come
 * places (two bytes) and values.  Every sum is right (constant_sum.c).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/index/cache_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES_MOST = 64 * 1024, UIDS = 40, CUT = 1, WRITE = 2, SPARSE = 4 };

static const char file_name[] = "linnet.cache.envelope";
static char good[BYTES_MOST], path[] = "/tmp/linnet-fuzz.XXXXXX";
static size_t good_size;
static int folder = -1;

static bool
is_dead(void *context, const struct cache_key *key)
{
	(void)context;
	return key->uid % 7 == 0;
}

static const struct column_life life = { is_dead, NULL, UIDS };

static void
keep_some(struct column *c, uint32_t step)
{
	char text[600];

	memset(text, 'v', sizeof(text));
	for (uint32_t uid = 1; uid <= UIDS; uid += step) {
		struct cache_key key = { uid, 1, 1 };

		column_keep(c, &key,
		            uid % 5 ? span_make(text, uid * 13 % sizeof(text)) : SPAN_NONE);
	}
	column_write(c, &life);
}

static void
put_file(const char *bytes, size_t n)
{
	int fd;

	unlinkat(folder, file_name, 0);
	fd = openat(folder, file_name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	close(fd);
}

static void
end(void)
{
	unlinkat(folder, file_name, 0);
	rmdir(path);
}

static void
begin(void)
{
	struct column c;
	ssize_t n;
	int fd;

	if (!mkdtemp(path))
		abort();
	atexit(end);
	folder = open(path, O_RDONLY | O_DIRECTORY);
	column_open(&c, folder, file_name, 1, 1);
	for (uint32_t step = 1; step <= 3; step++)
		keep_some(&c, step);
	column_close(&c);
	fd = openat(folder, file_name, O_RDONLY);
	n = read(fd, good, sizeof(good));
	if (n <= 0 || n == BYTES_MOST)
		abort();
	close(fd);
	good_size = (size_t)n;
}

static void
ask_all(struct column *c, uint32_t step)
{
	struct cache_key key;
	struct span value;
	unsigned sum = 0;

	for (uint32_t uid = 1; uid <= UIDS; uid += step)
		if (column_find(c, uid, 1, &key, &value))
			for (size_t i = 0; i < value.len; i++)
				sum += (unsigned char)value.at[i];
	if (sum == 1)
		abort(); /* so that it is not left out */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char bytes[BYTES_MOST];
	struct column c;
	size_t length;

	if (folder < 0)
		begin();
	if (size < 2)
		return 0;
	memcpy(bytes, good, good_size);
	for (size_t i = 2; i + 2 < size; i += 3)
		bytes[((size_t)data[i] << 8 | data[i + 1]) % good_size] = (char)data[i + 2];
	length = data[0] & CUT ? good_size * data[1] / 256 : good_size;
	put_file(bytes, length);
	column_open(&c, folder, file_name, 1, 1);
	ask_all(&c, data[0] & SPARSE ? 3 : 1);
	if (data[0] & WRITE)
		keep_some(&c, 2);
	column_settle(&c);
	ask_all(&c, 1);
	column_close(&c);
	return 0;
}
