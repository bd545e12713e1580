/* check.h - one user and password against the databases: what a worker does */
#ifndef LINNET_CHECK_H
#define LINNET_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "authd/auth_config.h"
#include "common/base/buf.h"

/*
 * From the server to a worker: all spans borrow.  What secret and challenge are is
 * for the mechanism to say (proof.h).
 */
struct check {
	struct span user, secret; /* as typed */
	struct span authzid;      /* whom user wants to be; SPAN_NONE: itself */
	struct span challenge;
	struct span mechanism, service, remote_ip, local_ip;
	struct span stage;        /* of a mechanism that asks twice: "salt", "" for the end */
	struct span wants_user;   /* "yes": uid, gid and home are needed too */
};

/*
 * CONTINUE: data is for the mechanism, which asks again.  STALE: nothing was looked up; ask
 * another worker, this one is to be replaced.
 */
enum check_verdict {
	CHECK_UNAVAILABLE,
	CHECK_OK,
	CHECK_CONTINUE,
	CHECK_FAILED,
	CHECK_AUTHZ,
	CHECK_REFUSED,
	CHECK_STALE
};

enum { CHECK_FIELDS = 32 };

/*
 * From a worker to the server.  Texts are constant, in the arena, or (unpacked) borrow the message.
 */
struct check_result {
	enum check_verdict verdict;
	struct span user;    /* canonical with CHECK_OK, else as typed */
	struct span home, mail;
	uid_t       uid;
	gid_t       gid;
	struct span reason;  /* CHECK_REFUSED: a sentence for the client */
	struct span driver;  /* which database, or "plain": in front of the log's line */
	struct span
		line; /* CHECK_FAILED, CHECK_REFUSED: "Password mismatch", "unknown user", ... */
	struct span trouble; /* the server's fault, for the administrator; SPAN_NONE for none */
	struct span data;    /* what the mechanism sends next */
	struct span master;  /* who has logged in as user; SPAN_NONE for itself */
	/* what the userdb says beyond uid, gid, home and mail: "quota_rule=*:storage=1G" */
	struct span field[CHECK_FIELDS];
	size_t      field_count;
};

/* What is left to be done once the client has its answer; nothing where user is NULL. */
struct check_after {
	const struct database *db; /* whose password it was */
	struct question        question;
	struct row             row;
	struct span typed; /* the password; SPAN_NONE where the mechanism does not show it */
};

/* Blocks for as long as the database and the hash take. */
struct check_result check_run(const struct auth_config *config, const struct check *c,
                              struct arena *mem, struct check_after *after_out);

/* login_query and rehash_query of the database; what fails there is logged, and changes nothing. */
void check_finish(const struct check_after *after, struct arena *mem);

/*
 * The same as one message each way; unpacking works in place and is false for what the other side
 * cannot have sent.
 */
void check_pack(const struct check *c, struct buf *out);
bool check_unpack(char *message, size_t len, struct check *out);
void check_result_pack(const struct check_result *r, struct buf *out);
bool check_result_unpack(char *message, size_t len, struct check_result *out);

#endif
