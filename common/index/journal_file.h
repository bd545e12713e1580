/* journal_file.h - linnet.journal: its form (invariants: journal.c) */
#ifndef LINNET_INDEX_JOURNAL_FILE_H
#define LINNET_INDEX_JOURNAL_FILE_H

#include "common/index/journal.h"

enum {
	JOURNAL_SLOT = 512,
	JOURNAL_RECORDS = 4 * JOURNAL_SLOT,
	JOURNAL_ORDER = 0x01020304,
	JOURNAL_VERSION = 4
};
enum journal_kind { KIND_NONE, KIND_FLAGS, KIND_GONE, KIND_ITEM, KIND_SIZE };

#define JOURNAL_NAME "linnet.journal"
static const char journal_magic[8] = "linnetJ";

struct journal_header {
	char     magic[8];
	uint32_t order, version;
	uint64_t generation, own;
};

struct journal_record {
	uint32_t kind, length; /* of what follows, a multiple of 8 */
	uint64_t modseq, own;
};

struct journal_stored_item {
	uint32_t uid, in_new, name_length, pad;
	uint64_t octets;
	int64_t  date; /* the name follows, with NULs up to a multiple of 8 */
};

enum { STATE_FITS_ITS_SLOT = 1 / (sizeof(struct journal_state) <= JOURNAL_SLOT) };

/* Their sums. */
uint64_t journal_header_sum(const struct journal_header *h);
uint64_t journal_state_sum(const struct journal_state *s);
uint64_t journal_record_sum(const struct journal_record *r, const void *payload,
                            uint64_t generation, uint64_t at);

#endif
