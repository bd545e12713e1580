/* maildir_support.h - a Maildir of its own for each test */
#ifndef LINNET_TESTS_MAILDIR_SUPPORT_H
#define LINNET_TESTS_MAILDIR_SUPPORT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/maildir/dir.h"
#include "common/maildir/store.h"

struct tree {
	char          path[64];
	int           root;
	struct store *store;
};

static inline void
tree_make(struct tree *t)
{
	snprintf(t->path, sizeof(t->path), "/tmp/linnet-test.XXXXXX");
	assert_non_null(mkdtemp(t->path));
	assert_int_equal(store_open(t->path, true, STORE_NO_SYNC, &t->store), 0);
	t->root = store_root(t->store);
}

static inline void
tree_remove(struct tree *t)
{
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	t->store = store_close(t->store);
	assert_int_equal(dir_remove(tmp, strrchr(t->path, '/') + 1, 8), 0);
	close(tmp);
}

static inline void
tree_put(struct tree *t, const char *path, const char *text)
{
	int fd = openat(t->root, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, text, strlen(text)), 0);
	close(fd);
}

static inline bool
tree_has(struct tree *t, const char *path)
{
	struct stat st;

	return fstatat(t->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
