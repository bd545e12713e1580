/*
 * settings_file.c - a configuration file with its includes as a tree
 *
 * An include stands for the lines of its file, wherever it stands, but each
 * file closes the sections that it opens.  Depth, number of files and nesting
 * are limited, so that a file that includes itself ends with a message.
 */
#include "common/base/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/limits.h"

struct reader {
	struct arena             *mem;
	struct settings_problems *problems;
	struct settings_node     *open; /* the section that new nodes go into */
	unsigned                  depth, files, nesting;
};

/* What a file is asked for by: the line of an include, or nothing for the first one. */
struct wish {
	const char *path;
	const char *file;
	unsigned    line;
	bool        is_try;
};

static struct settings_place
place(const struct reader *r, const char *file, unsigned line)
{
	return (struct settings_place){ r->mem, r->problems, file, line };
}

/* The whole file; false with errno (EFBIG beyond LIMIT_CONF_FILE). */
static bool
slurp(const char *path, struct buf *into)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = 1;
	int reason;

	if (fd < 0)
		return false;
	while (n != 0 && into->len <= LIMIT_CONF_FILE) {
		n = read(fd, buf_reserve(into, 4096), 4096);
		if (n < 0 && errno != EINTR)
			break;
		into->len += n > 0 ? (size_t)n : 0;
	}
	reason = errno;
	close(fd);
	errno = n < 0 ? reason : EFBIG;
	return n >= 0 && into->len <= LIMIT_CONF_FILE;
}

static void
add_node(struct reader *r, const char *file, const struct settings_item *item)
{
	struct settings_node *node = arena_zero(r->mem, sizeof(*node));

	node->name = item->name;
	node->text = item->text;
	node->form = item->form;
	node->is_section = item->kind == SETTINGS_OPEN;
	node->file = file;
	node->line = item->line;
	node->parent = r->open;
	if (r->open->last)
		r->open->last->next = node;
	else
		r->open->first = node;
	r->open->last = node;
	if (node->is_section) {
		r->open = node;
		r->nesting++;
	}
}

static void read_wish(struct reader *r, const struct wish *w);

/* Relative to the including file's folder. */
static const char *
full_path(struct reader *r, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (path[0] == '/' || !slash)
		return path;
	return arena_printf(r->mem, "%.*s/%s", (int)(slash - file), file, path);
}

static void
include(struct reader *r, const char *file, const struct settings_item *item)
{
	const char *path = full_path(r, file, item->text);
	struct wish w = { path, file, item->line, item->kind == SETTINGS_INCLUDE_TRY };
	struct settings_place at = place(r, file, item->line);
	glob_t found;
	int result;

	if (!strpbrk(path, "*?[{")) {
		read_wish(r, &w);
		return;
	}
	result = glob(path, GLOB_BRACE, NULL, &found);
	for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
		w.path = arena_string(r->mem, span_of(found.gl_pathv[i]));
		read_wish(r, &w);
	}
	if (result == 0)
		globfree(&found);
	else if (!w.is_try)
		settings_tell(&at, SETTINGS_FATAL, "no file matches %s; !include_try lets that be",
		              path);
}

static void
close_section(struct reader *r, const struct settings_place *at,
              const struct settings_node *outermost)
{
	if (r->open == outermost) {
		settings_tell(at, SETTINGS_FATAL, "a } without its {");
		return;
	}
	r->open = r->open->parent;
	r->nesting--;
}

static void
read_item(struct reader *r, const char *file, const struct settings_item *item,
          const struct settings_node *outermost)
{
	struct settings_place at = place(r, file, item->line);

	if (item->cut)
		settings_tell(&at, SETTINGS_WARNING,
		              "the # inside a word begins a comment, as in Dovecot: put the value "
		              "in quotes to keep it, or a blank in front of the #");
	switch (item->kind) {
	case SETTINGS_OPEN:
	case SETTINGS_VALUE:
		add_node(r, file, item);
		return;
	case SETTINGS_CLOSE:
		close_section(r, &at, outermost);
		return;
	case SETTINGS_INCLUDE:
	case SETTINGS_INCLUDE_TRY:
		include(r, file, item);
		return;
	default:
		settings_tell(&at, SETTINGS_FATAL, "%s", item->text);
	}
}

static void
read_text(struct reader *r, const char *file, struct span text)
{
	struct settings_node *outermost = r->open;
	struct settings_lexer lexer;
	struct settings_item item;

	settings_lex_open(&lexer, text, r->mem);
	while ((item = settings_lex(&lexer)).kind != SETTINGS_END &&
	       r->nesting <= LIMIT_CONF_NESTING)
		read_item(r, file, &item, outermost);
	if (r->nesting > LIMIT_CONF_NESTING) {
		struct settings_place at = place(r, file, item.line);

		settings_tell(&at, SETTINGS_FATAL, "more than %d sections inside each other",
		              LIMIT_CONF_NESTING);
	}
	for (; r->open != outermost; r->open = r->open->parent, r->nesting--) {
		struct settings_place at = place(r, file, r->open->line);

		settings_tell(&at, SETTINGS_FATAL, "the section \"%s\" that begins here has no }",
		              r->open->name);
	}
}

/* Why this file is not read, or NULL. */
static const char *
refusal(const struct reader *r)
{
	if (r->depth > LIMIT_CONF_INCLUDES)
		return "too many !include inside each other: does a file include itself?";
	if (r->files >= LIMIT_CONF_FILES)
		return "too many files: does a file include itself?";
	return NULL;
}

static void
read_wish(struct reader *r, const struct wish *w)
{
	struct settings_place at = place(r, w->file ? w->file : w->path, w->line);
	const char *why = refusal(r);
	struct buf text = BUF_EMPTY;

	if (why) {
		settings_tell(&at, SETTINGS_FATAL, "%s: %s", w->path, why);
	} else if (!slurp(w->path, &text)) {
		bool is_absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES;

		if (!w->is_try || !is_absent)
			settings_tell(&at, SETTINGS_FATAL, "cannot read %s: %s", w->path,
			              strerror(errno));
	} else if (span_find(buf_view(&text), '\0')) {
		settings_tell(&at, SETTINGS_FATAL, "%s is no text: it has a NUL byte", w->path);
	} else {
		r->depth++;
		r->files++;
		read_text(r, w->path, buf_view(&text));
		r->depth--;
	}
	buf_free(&text);
}

struct settings_node *
settings_read(const char *path, struct arena *mem, struct settings_problems *problems)
{
	struct settings_node *root = arena_zero(mem, sizeof(*root));
	struct reader r = { .mem = mem, .problems = problems, .open = root };
	struct wish w = { arena_string(mem, span_of(path)), NULL, 0, false };

	root->name = root->text = "";
	root->is_section = true;
	root->file = w.path;
	read_wish(&r, &w);
	return root;
}
