/* keywords.h - dovecot-keywords: which letter of a file name is which keyword */
#ifndef LINNET_MAILDIR_KEYWORDS_H
#define LINNET_MAILDIR_KEYWORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base/arena.h"
#include "common/base/limits.h"

/* Letter n ('a' + n) stands for name[n]; NULL: for nothing known here. */
struct keywords {
	const char *name[LIMIT_KEYWORDS];
	unsigned    generation; /* changes with the content */
	const char *trouble;

	/* keywords.c only */
	struct stat  file;
	bool         is_there, is_new; /* is_new: added to since the last save */
	struct span  other;            /* lines of the file that are kept as they are */
	struct arena mem;
};

void keywords_init(struct keywords *k);
void keywords_free(struct keywords *k);

/*
 * Read the file if it changed.  A missing one is empty; what
 * cannot be read of a damaged one is left out.
 */
int keywords_refresh(struct keywords *k, int dir);

/* Letter of this keyword (ASCII case alike), or -1. */
int keywords_find(const struct keywords *k, const char *name);

/*
 * As keywords_find, giving it the first free letter; letters in taken (bits) are
 * in use in file names without a name here and are not given away.  -1: all are in use (EMLINK).
 * Under the uidlist's lock, and written by keywords_save().
 */
int keywords_add(struct keywords *k, const char *name, uint32_t taken);
int keywords_save(struct keywords *k, int dir, bool sync);

/* What a keyword may be called: an atom of at most LIMIT_KEYWORD bytes. */
bool keywords_is_name(struct span name);

/* For the fuzzer and the tests: read text as if it were the file. */
void keywords_parse(struct keywords *k, struct span text);

#endif
