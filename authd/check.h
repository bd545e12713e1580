/* check.h - one user and password against the databases: what a worker does */
#ifndef LINNET_CHECK_H
#define LINNET_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "authd/auth_config.h"
#include "common/base/buf.h"

/* From the server to a worker: all spans borrow. */
struct check {
	struct span user, password; /* as typed */
	struct span mechanism, service, remote_ip, local_ip;
	bool        wants_user;     /* uid, gid and home are needed too */
};

/* STALE: nothing was looked up; ask another worker, this one is to be replaced. */
enum check_verdict { CHECK_UNAVAILABLE, CHECK_OK, CHECK_FAILED, CHECK_REFUSED, CHECK_STALE };

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
};

/* Blocks for as long as the database and the hash take. */
struct check_result check_run(const struct auth_config *config, const struct check *c,
                              struct arena *mem);

/*
 * The same as one message each way; unpacking works in place and is false for what the other side
 * cannot have sent.
 */
void check_pack(const struct check *c, struct buf *out);
bool check_unpack(char *message, size_t len, struct check *out);
void check_result_pack(const struct check_result *r, struct buf *out);
bool check_result_unpack(char *message, size_t len, struct check_result *out);

#endif
