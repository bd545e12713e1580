/* reply.c - the tagged reply, and the one table from errno to response codes */
#include <errno.h>

#include "common/base/log.h"
#include "common/maildir/dotlock.h"
#include "common/maildir/name.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

static void
set_reply(struct session *s, enum reply_kind kind, const char *code, const char *text)
{
	s->reply = kind;
	s->reply_code = code;
	s->reply_text = text;
}

void
reply_ok(struct session *s, const char *code, const char *text)
{
	set_reply(s, REPLY_OK, code, text);
}

void
reply_no(struct session *s, const char *code, const char *text)
{
	set_reply(s, REPLY_NO, code, text);
}

/* The reader may have set a code before ([TOOBIG]). */
void
reply_bad(struct session *s, const char *text)
{
	set_reply(s, REPLY_BAD, s->reply_code, text);
}

/* NOTED: in the log, but no failure of the server's.  NAMED: the name stands behind the text. */
enum { LOGGED = 1, NOTED = 2, NAMED = 4 };

static const struct failure {
	int         reason;
	const char *code, *text;
	unsigned    how;
} failures[] = {
	{ ENOENT,       "NONEXISTENT",   "Mailbox doesn't exist: ", NAMED },
	{ ESTALE,       "NONEXISTENT",   "Mailbox has been removed: ", NAMED },
	{ EEXIST,       "ALREADYEXISTS", "Mailbox already exists: ", NAMED },
	{ EINVAL,       "CANNOT",        "This cannot be done with this mailbox name.", 0 },
	{ EPERM,        "CANNOT",        "This cannot be done with this mailbox.", 0 },
	{ ELOOP,        "CANNOT",        "This mailbox name is not available.", LOGGED },
	{ ENOTDIR,      "CANNOT",        "This mailbox name is not available.", LOGGED },
	{ ENAMETOOLONG, "LIMIT",         "The name would be too long.", 0 },
	{ EMLINK,       "LIMIT",
	  "The limit on mailboxes or on keywords of a mailbox is reached.", 0 },
	{ EFBIG,        "TOOBIG",        "The message is too large.", LOGGED },
	{ EMSGSIZE,     "TOOBIG",        "The message is too large.", 0 },
	{ ETIMEDOUT,    "INUSE",         "Timeout while waiting for lock.", LOGGED },
	{ EROFS,        "READ-ONLY",     "Read-only mailbox.", LOGGED },
	{ EACCES,       "NOPERM",        "Permission denied.", LOGGED },
	{ ENOSPC,       "OVERQUOTA",     "Not enough disk space.", LOGGED },
	{ EDQUOT,       "OVERQUOTA",     "Not enough disk quota.", NOTED  },
};

void
reply_errno(struct session *s, const char *operation, const char *name)
{
	static const struct failure unknown = {
		0, "SERVERBUG",
		"Internal error occurred. Refer to server log for more information.", LOGGED,
	};
	const struct failure *f = &unknown;
	bool utf8 = (s->enabled & (ENABLED_UTF8 | ENABLED_IMAP4REV2)) != 0;
	int reason = errno;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].reason == reason)
			f = &failures[i];
	if (f->how & (LOGGED | NOTED))
		(f->how & NOTED ? log_info : log_error)(
			"Mailbox %s: cannot %s: %s%s (mail_location %s, folder %s)", name,
			operation, strerror(reason), dotlock_owner(reason), s->login->mail,
			name_to_dir(name, &s->mem));
	reply_no(s, f->code,
	         f->how & NAMED ? arena_printf(&s->mem, "%s%s", f->text,
	                                       names_to_client(&s->names, name, utf8,
	                                                       &s->mem)) :
	                          f->text);
}

void
reply_target_errno(struct session *s, const char *operation, const char *name)
{
	bool is_missing = errno == ENOENT;

	reply_errno(s, operation, name);
	if (is_missing)
		s->reply_code = "TRYCREATE";
}

bool
name_is_usable(struct session *s, const struct mailbox_name *name)
{
	if (!name->name)
		reply_no(s, "CANNOT", name->why);
	return name->name != NULL;
}
