/* uidlist.h - dovecot-uidlist: which file has which UID */
#ifndef LINNET_MAILDIR_UIDLIST_H
#define LINNET_MAILDIR_UIDLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/maildir/dotlock.h"

struct uidlist_record {
	uint32_t    uid;  /* 0: dropped, leaves at the next save */
	const char *base; /* ends in NUL */
	const char *ext;  /* "W123 P4 ..." as it stands in the file; "" for none */
};

/*
 * What another memory of the folder knows: records
 * sorted by UID, as good as the uidlist was once.
 */
struct uidlist_recalled {
	uint32_t uidvalidity, next;
	struct uidlist_record *record;
	size_t   count;
	const char *guid; /* of the mailbox; NULL: not known */
};
typedef bool
uidlist_recall_fn(int dir, int place, struct arena *mem, struct uidlist_recalled *out);

/*
 * Records are sorted by UID.  Pointers into it are valid until generation
 * changes: adding does not change it, loading anew and saving after a drop do.
 */
struct uidlist {
	uint32_t uidvalidity; /* 0: there is none yet, uidlist_save() finds one */
	uint32_t next;        /* larger than any UID ever given */
	struct uidlist_record *record;
	size_t   count;
	unsigned generation;
	const char *trouble;  /* what was wrong with the file, for one log line; NULL */
	uidlist_recall_fn *recall; /* asked when the file is lost or damaged; NULL: nobody */
	int recall_place;     /* directory of the index, borrowed */

	/* uidlist.c only */
	bool     must_rewrite, is_there;
	size_t   room, saved;  /* records [0, saved) stand in the file */
	uint32_t above;        /* a new UIDVALIDITY must be larger */
	const char *header;    /* fields of the header other than V and N: "Gabc..." */
	uint64_t seed;         /* of the hash: names cannot be made to collide from outside */
	uint32_t noted;        /* next as linnet.uids has it */
	struct uidlist_slot {
		uint32_t number, mark; /* of the record, + 1; half of the name's hash */
	} *slot;               /* hash table */
	size_t   slots;
	struct stat file;      /* as last read or written */
	char     tail[64];     /* its last bytes: is it still the file that only grew? */
	size_t   tail_length;
	struct arena mem;
};

void uidlist_init(struct uidlist *u);
void uidlist_free(struct uidlist *u);

/*
 * Read the file, or what was appended to it since the last time; costs a stat
 * when nothing changed.  A missing or damaged file is no failure: what can be read
 * is kept (W04), UIDVALIDITY and next come from linnet.uids when they must, and
 * what is missing from recall.
 */
int uidlist_refresh(struct uidlist *u, int dir);

/* Number of the record with this base name, or SIZE_MAX. */
size_t uidlist_find(const struct uidlist *u, const char *base, size_t length);
/* The same for up to UIDLIST_MANY bases at once: memory is waited for once, not once for each. */
enum { UIDLIST_MANY = 32 };
void uidlist_find_many(const struct uidlist *u, const struct span *base, size_t count,
                       size_t *number_out);
/* Number of the first record with this UID or a larger one; count when there is none. */
size_t uidlist_at_or_behind(const struct uidlist *u, uint32_t uid);
/* Number of the record with this UID, or SIZE_MAX. */
size_t uidlist_find_uid(const struct uidlist *u, uint32_t uid);
/* As uidlist_at_or_behind(), in any records that are sorted by UID. */
size_t uidlist_place(const struct uidlist_record *record, size_t count, uint32_t uid);

/*
 * Write UIDVALIDITY and next to linnet.uids where another program has gone on
 * with them; needs no lock, costs nothing when nothing is new, may fail unseen.
 */
void uidlist_note(struct uidlist *u, int dir);

/* The rest needs the lock, and uidlist_refresh() under it. */

int uidlist_lock(int dir, int seconds, struct dotlock *lock_out);
/* dotlock_note_owner() for it */
void uidlist_note_owner(int dir);

/*
 * Instead of uidlist_refresh(), where uidvalidity and next are known to be the
 * file's: nothing is read, and records can only be added.  False: read it.
 */
bool uidlist_adopt(struct uidlist *u, int dir, uint32_t uidvalidity, uint32_t next);

/* Give base the next UID; copies both strings.  0: no UIDs are left (EOVERFLOW). */
uint32_t uidlist_add(struct uidlist *u, struct span base, struct span ext);
void     uidlist_drop(struct uidlist *u, size_t number);
/* The same message, under another base from now on. */
void     uidlist_rename(struct uidlist *u, size_t number, struct span base);
/* Set the field (a letter) of a record. */
void     uidlist_set_field(struct uidlist *u, size_t number, char field, uint64_t value);

/*
 * Write what changed: new records are appended where the file is sound and
 * nothing else changed, otherwise it is replaced.  root: the Maildir's root,
 * which counts UIDVALIDITYs.  On failure the file is as before, and the lists
 * in memory must be refreshed before further use.
 */
int uidlist_save(struct uidlist *u, int dir, int root, bool sync);

/* UIDs up to 2^32 - 1 are used up: all messages get new ones under a larger UIDVALIDITY. */
void uidlist_renumber(struct uidlist *u);

/* Field of a record's ext: "P", "W" ...; SPAN_NONE when it is not there. */
struct span uidlist_field(const struct uidlist_record *r, char field);

/* Field of the file's header: "G" ...; not known after uidlist_adopt(). */
struct span uidlist_header_field(const struct uidlist *u, char field);

/* For the fuzzer and the tests: read text as if it were the file. */
void uidlist_parse(struct uidlist *u, struct span text);

#endif
