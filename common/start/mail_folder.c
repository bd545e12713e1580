/* mail_folder.c - the folders of a user, made and opened by nobody's rights but the user's */
#include "common/start/mail_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/start/mail_location.h"

/* Make what is missing of the path, by the rights that we have. */
static void
make_folders(const char *path, struct arena *mem)
{
	char *copy = arena_string(mem, span_of(path));

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0700); /* what fails is told when the whole path cannot be opened */
		*slash = '/';
	}
	mkdir(copy, 0700);
}

const char *
mail_folder_open(const char *path, uid_t uid, bool is_here, struct arena *mem, int *fd_out)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	const char *why = NULL;
	struct stat st;
	int fd = open(path, flags);

	if (fd < 0 && errno == ENOENT) {
		make_folders(path, mem);
		fd = open(path, flags);
	}
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ?
		               "not a folder (a link is not followed)" :
		               strerror(errno);
	if (fstat(fd, &st) != 0)
		why = strerror(errno);
	else if (st.st_uid != uid && !is_here)
		why = arena_printf(mem, "belongs to uid %u", (unsigned)st.st_uid);
	if (why)
		close(fd);
	else
		*fd_out = fd;
	return why;
}

const char *
mail_index_path(const char *location, bool is_literal, const struct settings *settings,
                const struct expand_values *values, struct arena *mem, const char **why_out)
{
	const char *index = mail_location_index(location, mem);

	*why_out = NULL;
	if (!index) {
		index = settings->index_dir;
		is_literal = false;
	}
	if (strcmp(index, "MEMORY") == 0)
		return NULL;
	return index[0] ? mail_location_expand(index, is_literal, values, mem, why_out) : "";
}
