/* search_mailbox.h - a mailbox in memory for the tests of SEARCH */
#ifndef LINNET_TEST_SEARCH_MAILBOX_H
#define LINNET_TEST_SEARCH_MAILBOX_H

#include "common/index/mailbox.h"
#include "common/mime/charset.h"
#include "imapd/search_program.h"

/*
 * Stands in for common/index: of mailbox.h only what SEARCH asks is there.
 * Keyword 0 is "work", 1 is "home".
 */
enum { SAMPLE_SAVED_LATER = 10 * 24 * 3600 };
struct search_sample {
	uint32_t    uid, flags, keywords;
	uint64_t    modseq;
	time_t      date; /* SAVEDATE is SAMPLE_SAVED_LATER seconds more */
	const char *text; /* NULL: the file is gone */
	size_t      len;  /* 0: up to the NUL */
};

struct mailbox *search_samples_open(const struct search_sample *sample, size_t count);
void search_samples_close(struct mailbox *box);
unsigned search_samples_opened(const struct mailbox *box); /* files opened so far */

/* What SEARCH does with the mailbox at hand; "$" is 12,16:21. */
bool search_samples_resolve(struct mailbox *box, struct search_program *program,
                            struct arena *mem);

#endif
