/* shim.h - what the parts of the shim share */
#ifndef LINNET_TESTS_SHIM_H
#define LINNET_TESTS_SHIM_H

/* The calls are defined here: under their own names, and those of large files. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum kind {
	KIND_OPEN,
	KIND_CREATE,
	KIND_READ,
	KIND_WRITE,
	KIND_FSYNC,
	KIND_RENAME,
	KIND_LINK,
	KIND_UNLINK,
	KIND_MKDIR,
	KIND_TRUNCATE,
	KIND_UTIME,
	KIND_LOCK,
	KIND_STAT,
	KIND_READDIR,
	KIND_WATCH,
	KIND_CLIENT_READ,
	KIND_CLIENT_WRITE,
	KIND_POLL,
	KIND_MALLOC,
	KINDS
};

enum mode {
	MODE_COUNT, /* only count and write down */
	MODE_KILL,  /* end before the call */
	MODE_TORN,  /* a write: some whole pages of it, as a kill may leave it, then end */
	MODE_FULL,  /* a write: half of it; all that come later fail */
	MODE_ERROR, /* fail with error */
	MODE_LOST,  /* the call is done, but its answer lost: what NFS says to the second try */
	MODE_SHORT, /* reads and writes of one byte */
	MODE_SIGNAL /* send itself a signal (error is its number), then go on */
};

/* At the head of the control file; shim.py knows the same layout. */
struct control {
	uint32_t mode, kinds /* bits */, at /* 0: every call */, forever, error;
	uint32_t count, hits, is_logging, storm_us, opened;
	uint64_t log_length, log_room;
	char     hit[64];   /* what was hit */
	char     other[64]; /* the folder that is played on another file system */
};
enum { CONTROL_BYTES = 4096, FDS = 1024, PATH_BYTES = 512 };

enum whose { WHOSE_CLIENT, WHOSE_MAIL, WHOSE_OTHER };
struct file {
	enum whose whose;
	unsigned   id; /* of this opening, for the log */
	bool       is_other;
};

extern struct file     shim_file[FDS];
extern struct control *shim_control; /* NULL: not under test */

#define REAL(name) ((__typeof__(&name))shim_real(#name, &real_##name))
#define REMEMBER(name) static void *real_##name

void *shim_real(const char *name, void **known);

/* True: the call is to be left out and to fail with errno.  May not come back at all. */
bool shim_fails(enum kind kind, const char *what);

/* How many bytes of n are to be read or written now; and the end behind a write that was torn. */
size_t shim_part_of(enum kind kind, size_t n);
void   shim_die_if_torn(enum kind kind);

/* What the program gets to see of a call on names that gave got. */
int shim_answer(enum kind kind, int got);

enum whose shim_whose(int fd);
bool       shim_is_mail(int dir, const char *path);
unsigned   shim_id(int fd); /* of its opening; 0: none of the mail */

/* The two stand on different file systems, so they can be neither linked nor renamed. */
bool shim_is_across(int from_dir, int to_dir);

/* Only what has been done is written down. */
void shim_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void shim_note_bytes(const void *bytes, size_t n);

#endif
