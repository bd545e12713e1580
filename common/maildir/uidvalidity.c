/* uidvalidity.c - a UIDVALIDITY larger than any that this Maildir has seen */
#include "common/maildir/uidvalidity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/maildir/dir.h"

static const char counter[] = "dovecot-uidvalidity";
enum { DIGITS = 8 };

/* Exactly eight hexadecimal digits at the front of s, nothing behind them but white space. */
static bool
parse_hex(struct span s, uint32_t *n_out)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t n = 0;

	s = span_trim(s);
	if (s.len != DIGITS)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const char *digit = s.at[i] ? strchr(digits, ascii_lower(s.at[i])) : NULL;

		if (!digit)
			return false;
		n = n << 4 | (uint32_t)(digit - digits);
	}
	*n_out = n;
	return true;
}

static uint32_t
read_counter(int root)
{
	struct arena mem = ARENA_EMPTY;
	struct span text;
	struct stat st;
	uint32_t n = 0;

	if (file_read(root, counter, 64, &mem, &text, &st) != 0 || !parse_hex(text, &n))
		n = 0;
	arena_free(&mem);
	return n;
}

static void
print_name(char out[64], uint32_t n)
{
	snprintf(out, 64, "%s.%08x", counter, (unsigned)n);
}

/* The largest number in a name dovecot-uidvalidity.XXXXXXXX. */
static uint32_t
walk_names(int root)
{
	DIR *dir = dir_list(root, ".");
	struct dirent *e;
	uint32_t n, largest = 0;

	if (!dir)
		return 0;
	while ((e = readdir(dir)) != NULL) {
		size_t length = sizeof(counter) - 1;

		if (strncmp(e->d_name, counter, length) != 0 || e->d_name[length] != '.')
			continue;
		if (parse_hex(span_of(e->d_name + length + 1), &n) && n > largest)
			largest = n;
	}
	closedir(dir);
	return largest;
}

/*
 * The root is walked only when the counter's number has no name, as Dovecot does it: who opens
 * thousands of folders for the first time would walk thousands of names for each.
 */
static uint32_t
read_names(int root, uint32_t in_file)
{
	char name[64];
	struct stat st;

	print_name(name, in_file);
	return in_file && fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? in_file :
	                                                                       walk_names(root);
}

/*
 * As Dovecot does: the number is in the name of an empty file,
 * too, which survives what a content may not.
 */
static void
write_counter(int root, uint32_t old, uint32_t n)
{
	char from[64], to[64], digits[DIGITS + 1];
	int fd;

	print_name(from, old);
	print_name(to, n);
	snprintf(digits, sizeof(digits), "%08x", (unsigned)n);
	if (old == 0 || renameat(root, from, root, to) != 0) {
		fd = openat(root, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
		if (fd >= 0)
			close(fd);
	}
	fd = file_open(root, counter, O_WRONLY | O_CREAT);
	if (fd < 0)
		return;
	if (pwrite(fd, digits, DIGITS, 0) != DIGITS)
		errno = 0; /* the name holds the number, and the clock will be larger anyway */
	close(fd);
}

uint32_t
uidvalidity_next(int root, uint32_t above)
{
	uint32_t in_file = read_counter(root), in_name = read_names(root, in_file);
	uint32_t next = (uint32_t)time(NULL);

	if (next <= above)
		next = above + 1;
	if (next <= in_file)
		next = in_file + 1;
	if (next <= in_name)
		next = in_name + 1;
	if (next == 0) /* somebody wrote ffffffff: nothing larger exists, 0 is not allowed */
		next = UINT32_MAX;
	write_counter(root, in_name, next);
	return next;
}
