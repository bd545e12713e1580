/*
 * special_use.c - what a mailbox is for (RFC 6154), and which are made by themselves
 *
 * What CREATE ... (USE (\Drafts)) says is kept as the annotation /private/specialuse (RFC 6154 s.4)
 * in the mailbox's own folder, so it follows a RENAME, and a client can change it with SETMETADATA.
 */
#include "imapd/special_use.h"

#include <errno.h>

#include "common/base/log.h"
#include "common/maildir/metadata.h"
#include "common/maildir/name.h"

/* A mailbox of the settings under its canonical name. */
struct special_use {
	const char *name, *use;
};

/* \All and \Flagged are views over other mailboxes: there are none here. */
static const char *const known[] = {
	"\\Archive", "\\Drafts", "\\Important", "\\Junk", "\\Sent", "\\Trash",
};

bool
special_use_is_known(struct span flag)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is_nocase(flag, known[i]))
			return true;
	return false;
}

bool
special_use_are_known(struct span flags)
{
	struct span flag;

	while (span_split(&flags, ' ', &flag))
		if (!special_use_is_known(flag))
			return false;
	return true;
}

/* One that the user deletes comes back at his next login, as with Dovecot. */
static void
make(struct session *s, const char *name, bool subscribe)
{
	if (store_has(s->store, name))
		return;
	if (store_create(s->store, name) < 0 && errno != EEXIST)
		log_error("Mailbox %s: auto: cannot create: %s", name, strerror(errno));
	else if (subscribe && store_subscribe(s->store, name, true) < 0)
		log_error("Mailbox %s: auto = subscribe: cannot subscribe: %s", name,
		          strerror(errno));
}

void
special_use_open(struct session *s)
{
	const struct settings *settings = s->login->settings;
	struct special_use *all;

	s->special_uses = 0;
	all = arena_array(&s->kept, settings->mailbox_count + 1, sizeof(*all));
	for (size_t i = 0; i < settings->mailbox_count; i++) {
		const struct settings_mailbox *box = &settings->mailbox[i];
		const char *name = names_from_settings(&s->names, box->name, &s->kept);

		if (!name) {
			log_warning("mailbox %s {}: this cannot be a mailbox's name", box->name);
			continue;
		}
		all[s->special_uses++] = (struct special_use){ name, box->special_use };
		if (strcmp(box->automatic, "no") != 0)
			make(s, name, strcmp(box->automatic, "subscribe") == 0);
	}
	s->special_use = all;
}

static const char *
from_settings(const struct session *s, const char *name)
{
	for (size_t i = 0; i < s->special_uses; i++)
		if (strcmp(s->special_use[i].name, name) == 0)
			return s->special_use[i].use;
	return "";
}

/* What cannot be read is no reason to hide the mailbox. */
const char *
special_use_of(struct session *s, const char *name)
{
	const char *path = arena_printf(&s->mem, "%s/" METADATA_OF_MAILBOX,
	                                name_to_dir(name, &s->mem));
	struct metadata m;
	struct span own = SPAN_NONE;

	if (metadata_read(store_root(s->store), path, &s->mem, &m) == 0)
		own = metadata_find(&m, "/private/specialuse");
	if (own.at && special_use_are_known(own))
		return arena_string(&s->mem, own);
	return from_settings(s, name);
}
