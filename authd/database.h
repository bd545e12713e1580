/* database.h - passdb and userdb: one row a driver */
#ifndef LINNET_DATABASE_H
#define LINNET_DATABASE_H

#include "authd/row.h"
#include "common/base/expand.h"
#include "common/base/settings.h"

enum database_kind { DATABASE_PASS = 1, DATABASE_USER = 2 };

enum lookup_result {
	LOOKUP_FOUND,
	LOOKUP_UNKNOWN,
	LOOKUP_AMBIGUOUS,  /* more than one answer: none is taken */
	LOOKUP_UNAVAILABLE /* the database cannot tell now; *trouble_out says why */
};

struct question {
	enum database_kind   kind;
	struct expand_values
		values; /* user is the normalised name, for a userdb the canonical one */
	const struct row    *pass;    /* userdb: what the passdb said of the user */
	struct arena        *mem;
};

/*
 * prepare() runs in the keeper, as root, when the configuration is read: it
 * takes conf->args apart and opens nothing that a worker could not share.  NULL with
 * *why_out when they are wrong; then the configuration is refused.
 * open() (may be NULL) runs in each worker before it gives up root.
 * is_stale() (may be NULL): a file that only root can read has changed, the
 * worker must be replaced by one that is started anew.
 * look_up() fills *row_out; *trouble_out is one sentence for the log, naming
 * file and setting, never a password.
 */
struct database_driver {
	const char *name;
	unsigned    kinds;
	void *(*prepare)(const struct settings_db *conf, enum database_kind kind, struct arena *mem,
	                 const char **why_out);
	void (*open)(void *state);
	bool (*is_stale)(void *state);
	enum lookup_result (*look_up)(void *state, const struct question *q, struct row *row_out,
	                              const char **trouble_out);
	/*
	 * After a login, with the row that let the user in and what was typed: write back
	 * what the settings say.  May be NULL.  What fails is logged here.
	 */
	void (*logged_in)(void *state, const struct question *q, const struct row *row,
	                  struct span typed, struct arena *mem);
	/*
	 * Only a passdb for tokens has it, and then no look_up(): the name that a good token is
	 * for; NULL with *line_out for the log (the token is bad), or *trouble_out (ours is the
	 * fault).
	 */
	const char *(*take_token)(void *state, struct span token, struct arena *mem,
	                          const char **line_out, const char **trouble_out);
	/* What of state is not in the arena is given back; may be NULL. */
	void (*forget)(void *state);
	/* For `linnetctl config check`: NULL, or what is wrong with the service behind it. */
	const char *(*try_out)(void *state, enum database_kind kind, struct arena *mem);
};

extern const struct database_driver database_sql, database_passwd_file, database_static,
	database_prefetch, database_oauth2;

struct database {
	const struct database_driver *driver;
	const struct settings_db     *conf;
	void                         *state;
	const char                   *default_scheme; /* of its passwords */
};

/*
 * What the driver says, with default_fields of its section where a row has no such field, and
 * override_fields in any case.
 */
enum lookup_result database_look_up(const struct database *db, const struct question *q,
                                    struct row *row_out, const char **trouble_out);

/* Find the driver and prepare it; false with *why_out (in mem) naming file and line. */
bool database_prepare(struct database *db, const struct settings_db *conf, enum database_kind kind,
                      struct arena *mem, const char **why_out);

/*
 * The default scheme of a prepared driver's passwords: every state that serves passwords begins
 * with this.
 */
struct database_head {
	const char *default_scheme;
};

#endif
