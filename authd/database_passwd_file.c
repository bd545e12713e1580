/*
 * database_passwd_file.c - users in a file: user:password:uid:gid:gecos:home:shell:extra
 *
 * The file may be root's alone.  A worker opens it while it still is root, and
 * reads it after it has given that up.  Before each look-up it asks whether
 * path still leads to the same bytes; when not, the worker says that it is stale
 * and the keeper starts another in its place, which opens the file as root again.
 */
#include "authd/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/log.h"

enum field { USER, PASSWORD, UID, GID, GECOS, HOME, SHELL, EXTRA, FIELDS };

struct passwd_file {
	struct database_head head;
	const char  *path, *format;
	int          fd; /* opened as root, not read yet; -1 later */
	int          reason; /* errno of opening or reading, 0 when the file was read */
	struct stat  seen;
	struct buf   text;
	struct span *line;   /* sorted by user */
	size_t       count, room;
};

static struct span
user_of(struct span line)
{
	struct span user = SPAN_NONE;

	span_split(&line, ':', &user);
	return user;
}

static int
compare_spans(struct span a, struct span b)
{
	int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int
compare_lines(const void *a, const void *b)
{
	return compare_spans(user_of(*(const struct span *)a), user_of(*(const struct span *)b));
}

/* args = [scheme=NAME] [username_format=TEMPLATE] path */
static void *
prepare(const struct settings_db *conf, enum database_kind kind, struct arena *mem,
        const char **why_out)
{
	struct passwd_file *f = arena_zero(mem, sizeof(*f));
	struct span rest = span_of(conf->args), word;
	struct expand_values nobody = { .user = "" };

	(void)kind;
	f->head.default_scheme = "CRYPT";
	f->format = "%u";
	f->fd = -1;
	while (span_split(&rest, ' ', &word)) {
		if (span_starts(word, "scheme="))
			f->head.default_scheme =
				arena_string(mem, span_skip(word, strlen("scheme=")));
		else if (span_starts(word, "username_format="))
			f->format = arena_string(mem, span_skip(word, strlen("username_format=")));
		else if (word.len > 0)
			f->path = arena_string(mem, word);
	}
	if (!f->path || f->path[0] != '/') {
		*why_out = "args must end with the absolute path of the file";
		return NULL;
	}
	return expand(f->format, &nobody, mem, why_out) ? f : NULL;
}

static void
open_file(void *state)
{
	struct passwd_file *f = state;

	f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	f->reason = f->fd < 0 ? errno : 0;
	if (f->fd < 0 && stat(f->path, &f->seen) != 0)
		memset(&f->seen, 0, sizeof(f->seen));
	if (f->fd >= 0 && (fstat(f->fd, &f->seen) != 0 || !S_ISREG(f->seen.st_mode)))
		f->reason = EINVAL;
	else if (f->fd >= 0 && f->seen.st_size > LIMIT_PASSWD_FILE)
		f->reason = EFBIG;
}

static bool
is_stale(void *state)
{
	const struct passwd_file *f = state;
	struct stat now;

	if (stat(f->path, &now) != 0)
		return f->seen.st_ino != 0;
	return now.st_ino != f->seen.st_ino || now.st_dev != f->seen.st_dev ||
	       now.st_size != f->seen.st_size || now.st_mtim.tv_sec != f->seen.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != f->seen.st_mtim.tv_nsec;
}

static void
add_line(struct passwd_file *f, struct span line, struct arena *mem)
{
	struct span user = user_of(line);

	if (line.len == 0 || line.at[0] == '#' || user.len == 0 || user.len == line.len)
		return;
	f->line = arena_grow(mem, f->line, f->count, &f->room, sizeof(*f->line));
	f->line[f->count++] = line;
}

/* Once, on the first look-up.  The worker's own memory for as long as it lives. */
static void
read_file(struct passwd_file *f)
{
	static struct arena mem;
	struct span rest, line;
	ssize_t n = 0;

	do {
		buf_reserve(&f->text, 65536);
		n = read(f->fd, f->text.data + f->text.len, 65536);
		if (n > 0)
			f->text.len += (size_t)n;
	} while ((n > 0 && f->text.len <= LIMIT_PASSWD_FILE) || (n < 0 && errno == EINTR));
	f->reason = n < 0 ? errno : 0;
	close(f->fd);
	f->fd = -1;
	rest = buf_view(&f->text);
	while (span_split(&rest, '\n', &line))
		add_line(f, span_trim(line), &mem);
	qsort(f->line, f->count, sizeof(*f->line), compare_lines);
}

/* The first of the lines whose user is not before the one sought. */
static size_t
find_line(const struct passwd_file *f, struct span user)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_spans(user_of(f->line[middle]), user) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
put_fields(struct span line, const struct question *q, struct row *out)
{
	static const char *const pass_names[FIELDS] = { [PASSWORD] = "password",
		                                        [UID] = "userdb_uid",
		                                        [GID] = "userdb_gid",
		                                        [HOME] = "userdb_home" };
	static const char *const user_names[FIELDS] = {
		[UID] = "uid", [GID] = "gid", [HOME] = "home"
	};
	const char *const *names = q->kind == DATABASE_PASS ? pass_names : user_names;
	struct span value;

	for (int i = USER; i < EXTRA && span_split(&line, ':', &value); i++)
		if (names[i] && (value.len > 0 || i == PASSWORD))
			row_add(out, names[i], arena_string(q->mem, value));
	if (!line.at)
		return;
	if (q->kind == DATABASE_PASS) {
		row_add_words(out, arena_string(q->mem, line), q->mem);
	} else {
		struct row extra = { .count = 0 };

		row_add_words(&extra, arena_string(q->mem, line), q->mem);
		for (size_t i = 0; i < extra.count; i++)
			if (span_starts(span_of(extra.field[i].name), "userdb_"))
				row_add(out, extra.field[i].name + strlen("userdb_"),
				        extra.field[i].value);
	}
}

static enum lookup_result
look_up(void *state, const struct question *q, struct row *row_out, const char **trouble_out)
{
	struct passwd_file *f = state;
	const char *user = expand(f->format, &q->values, q->mem, trouble_out);
	size_t at;

	if (!user)
		return LOOKUP_UNAVAILABLE;
	if (f->fd >= 0 && f->reason == 0)
		read_file(f);
	if (f->reason != 0) {
		*trouble_out =
			arena_printf(q->mem, "passwd-file %s: %s", f->path, strerror(f->reason));
		return LOOKUP_UNAVAILABLE;
	}
	at = find_line(f, span_of(user));
	if (at == f->count || !span_is(user_of(f->line[at]), user))
		return LOOKUP_UNKNOWN;
	if (at + 1 < f->count && span_is(user_of(f->line[at + 1]), user))
		return LOOKUP_AMBIGUOUS;
	put_fields(f->line[at], q, row_out);
	return LOOKUP_FOUND;
}

const struct database_driver database_passwd_file = {
	.name = "passwd-file",
	.kinds = DATABASE_PASS | DATABASE_USER,
	.prepare = prepare,
	.open = open_file,
	.is_stale = is_stale,
	.look_up = look_up,
};
