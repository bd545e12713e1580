/* check_inside.h - what the files of a check share, and nobody else */
#ifndef LINNET_CHECK_INSIDE_H
#define LINNET_CHECK_INSIDE_H

#include "authd/check.h"
#include "authd/proof.h"

/* One attempt, while it is worked on. */
struct attempt {
	const struct auth_config *config;
	const struct check       *check;
	const struct proof       *proof;
	struct question           question;
	struct row                pass;       /* of the passdb that took the password */
	bool                      hash_is_done, is_unavailable;
	bool                      wants_masters; /* it is their passdbs that are asked */
	struct check_result       result;
	struct check_after        after;
	struct arena             *mem;
};

void attempt_fail(struct attempt *a, const struct database *db, const char *line);
/* It fails before any passdb is asked, or because none is for it: the log names the mechanism. */
void attempt_refuse(struct attempt *a, const char *line);
void attempt_trouble(struct attempt *a, const struct database *db, const char *trouble);

/* What was typed as a name that may be looked up; NULL when it is none, which has been noted. */
const char *attempt_name(struct attempt *a, struct span typed);
/* Is this passdb for the attempt's mechanism? */
bool attempt_is_served(const struct attempt *a, const struct database *db);
/*
 * The name from the first passdb that takes the password; what the others said does not count
 * then.  NULL: none did, which has been noted.
 */
const char *attempt_find_password(struct attempt *a);

/* The ways in; the canonical name, or NULL.  attempt_log_in() is by check's user and authzid. */
const char *attempt_log_in(struct attempt *a);
const char *attempt_by_token(struct attempt *a);
const char *attempt_by_ticket(struct attempt *a);
void        attempt_prepare_ticket(struct attempt *a); /* stages "accept" and "offer" */

/*
 * check_user.c: the first userdb that has the user; when none has, that is the server's
 * fault: the password was right.
 */
void attempt_find_user(struct attempt *a, const char *name);

/*
 * check_policy.c: what a row says beside its password.  NULL: nothing against this attempt;
 * else the line for the log, with *refusal_out set where the client is to hear a sentence.
 */
const char *policy_of_row(const struct attempt *a, const struct row *row,
                          const char **refusal_out);
/* Has this row of several nothing to do with the attempt (services, not_after)? */
bool policy_passes_over(const struct attempt *a, const struct row *row, const char **line_out);

#endif
