/*
 * settings_section.c - passdb {}, userdb {} and namespace {}
 *
 * A field that is not built here is harmless at the values listed beside it.
 * In a passdb any other value is fatal: reading over deny or username_filter
 * would let in whom the file keeps out.
 */
#include "common/base/settings_section.h"

#include "common/base/settings_nearest.h"

struct settings_place
settings_place_of(const struct settings_load *l, const struct settings_node *node)
{
	return (struct settings_place){ l->mem, l->problems, node->file, node->line };
}

/*
 * offset is that of a const char * in the section's struct; NOWHERE for a field
 * that is only checked.
 */
enum { NOWHERE = -1 };
struct field {
	const char         *name;
	int                 offset;
	const char *const  *harmless; /* values that ask for nothing, NULL-ended; NULL: any */
	enum settings_level level;    /* of other values */
};

#define ONLY(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define DB(field) (int)offsetof(struct settings_db, field)
static const struct field db_fields[] = {
	{ "driver",              DB(driver),          NULL,                  SETTINGS_NOTE },
	{ "args",                DB(args),            NULL,                  SETTINGS_NOTE },
	{ "default_fields",      DB(default_fields),  NULL,                  SETTINGS_NOTE },
	{ "override_fields",     DB(override_fields), NULL,                  SETTINGS_NOTE },
	{ "name",                NOWHERE,             NULL,                  SETTINGS_NOTE },
	{ "auth_verbose",        NOWHERE,             NULL,                  SETTINGS_NOTE },
	{ "deny",                NOWHERE,             ONLY("no"),            SETTINGS_FATAL },
	{ "pass",                NOWHERE,             ONLY("no"),            SETTINGS_FATAL },
	{ "skip",                NOWHERE,             ONLY("never", ""),     SETTINGS_FATAL },
	{ "mechanisms",          DB(mechanisms),      NULL,                  SETTINGS_NOTE },
	{ "username_filter",     NOWHERE,             ONLY(""),              SETTINGS_FATAL },
	{ "result_success",      NOWHERE,             ONLY("return-ok"),     SETTINGS_FATAL },
	{ "result_failure",      NOWHERE,             ONLY("continue"),      SETTINGS_FATAL },
	{ "result_internalfail", NOWHERE,             ONLY("continue"),      SETTINGS_FATAL },
	{ NULL,                  NOWHERE,             NULL,                  SETTINGS_NOTE },
};

struct namespace {
	const char *type, *separator, *prefix, *location, *inbox, *hidden, *alias_for;
};
#define SPACE(field) (int)offsetof(struct namespace, field)
static const struct field namespace_fields[] = {
	{ "type",              SPACE(type),      ONLY("private"),    SETTINGS_WARNING },
	{ "separator",         SPACE(separator), ONLY("", ".", "/"), SETTINGS_WARNING },
	{ "prefix",            SPACE(prefix),    NULL,               SETTINGS_NOTE },
	{ "location",          SPACE(location),  ONLY(""),           SETTINGS_WARNING },
	{ "inbox",             SPACE(inbox),     NULL,               SETTINGS_NOTE },
	{ "hidden",            SPACE(hidden),    NULL,               SETTINGS_NOTE },
	{ "list",              NOWHERE, NULL,               SETTINGS_NOTE },
	{ "subscriptions",     NOWHERE, NULL,               SETTINGS_NOTE },
	{ "order",             NOWHERE, NULL,               SETTINGS_NOTE },
	{ "disabled",          NOWHERE, NULL,               SETTINGS_NOTE },
	{ "ignore_on_failure", NOWHERE, NULL,               SETTINGS_NOTE },
	{ "alias_for",         SPACE(alias_for), NULL,       SETTINGS_NOTE },
	{ NULL,                NOWHERE, NULL,               SETTINGS_NOTE },
};

#define BOX(field) (int)offsetof(struct settings_mailbox, field)
static const struct field mailbox_fields[] = {
	{ "special_use",           BOX(special_use), NULL, SETTINGS_NOTE },
	{ "auto",                  BOX(automatic),   NULL, SETTINGS_NOTE },
	{ "autoexpunge",           NOWHERE,          NULL, SETTINGS_NOTE },
	{ "autoexpunge_max_mails", NOWHERE,          NULL, SETTINGS_NOTE },
	{ "comment",               NOWHERE,          NULL, SETTINGS_NOTE },
	{ "driver",                NOWHERE,          NULL, SETTINGS_NOTE },
	{ NULL,                    NOWHERE,          NULL, SETTINGS_NOTE },
};

static bool
is_listed(const char *const *list, const char *text)
{
	while (*list && strcmp(*list, text) != 0)
		list++;
	return *list != NULL;
}

static void
tell_unknown(const struct settings_load *l, const struct settings_node *node,
             const struct field *fields)
{
	struct settings_nearest near = settings_nearest_to(node->name, l->problems->count);
	struct settings_place at = settings_place_of(l, node);

	for (; fields->name; fields++)
		settings_nearest_try(&near, fields->name);
	settings_tell(&at, SETTINGS_WARNING, "unknown %s \"%.100s\" in %s {}%s%s%s",
	              node->is_section ? "section" : "setting", node->name, node->parent->name,
	              near.best ? "; did you mean " : "", near.best ? near.best : "",
	              near.best ? "?" : "");
}

/* One name = value within a section, into the struct at *into. */
static void
set_field(const struct settings_load *l, const struct settings_node *node,
          const struct field *fields, void *into)
{
	struct settings_place at = settings_place_of(l, node);
	const struct field *f = fields;

	while (f->name && strcmp(f->name, node->name) != 0)
		f++;
	if (node->is_section || !f->name) {
		tell_unknown(l, node, fields);
		return;
	}
	if (node->form != SETTINGS_TEXT) {
		settings_tell(&at, SETTINGS_FATAL,
		              "%s: neither </file nor $variable may stand here", node->name);
		return;
	}
	if (f->harmless && !is_listed(f->harmless, node->text))
		settings_tell(&at, f->level, "linnet has no \"%s = %.100s\" in %s {}", node->name,
		              node->text, node->parent->name);
	if (f->offset != NOWHERE)
		memcpy((char *)into + f->offset, &node->text, sizeof(node->text));
}

/* A list of master users is none of ordinary users. */
static bool
is_for_masters(const struct settings_node *section)
{
	for (const struct settings_node *n = section->first; n; n = n->next)
		if (strcmp(n->name, "master") == 0 && strcmp(n->text, "no") != 0)
			return true;
	return false;
}

static bool
read_db(const struct settings_load *l, const struct settings_node *section,
        const char *const *drivers, struct settings_db *db)
{
	struct settings_place at = settings_place_of(l, section);

	*db = (struct settings_db){ "", "", "", "", "", is_for_masters(section), section->file,
		                   section->line };
	for (const struct settings_node *n = section->first; n; n = n->next)
		if (strcmp(n->name, "master") != 0)
			set_field(l, n, db_fields, db);
	if (!db->driver[0]) {
		settings_tell(&at, SETTINGS_FATAL, "this %s {} has no driver", section->name);
		return false;
	}
	if (is_listed(drivers, db->driver))
		return true;
	settings_tell(&at, SETTINGS_WARNING,
	              "linnet has no driver \"%.100s\"; this %s {} is left out", db->driver,
	              section->name);
	return false;
}

static void
add_db(struct settings_load *l, const struct settings_db *db, struct settings_db **list,
       size_t *count, size_t *room)
{
	*list = arena_grow(l->mem, *list, *count, room, sizeof(**list));
	(*list)[(*count)++] = *db;
}

void
settings_section_passdb(struct settings_load *l, const struct settings_node *section)
{
	struct settings_db db;

	if (read_db(l, section, ONLY("sql", "passwd-file", "oauth2"), &db))
		add_db(l, &db, &l->into->passdb, &l->into->passdb_count, &l->passdb_room);
}

void
settings_section_userdb(struct settings_load *l, const struct settings_node *section)
{
	struct settings_db db;

	if (read_db(l, section, ONLY("static", "sql", "passwd-file", "prefetch"), &db))
		add_db(l, &db, &l->into->userdb, &l->into->userdb_count, &l->userdb_room);
}

/* The mailbox of that name, new when there is none: sections of the same name add up. */
static struct settings_mailbox *
mailbox_of(struct settings_load *l, const char *name)
{
	struct settings *s = l->into;

	if (!l->has_mailboxes)
		s->mailbox_count = 0;
	l->has_mailboxes = true;
	for (size_t i = 0; i < s->mailbox_count; i++)
		if (strcmp(s->mailbox[i].name, name) == 0)
			return &s->mailbox[i];
	s->mailbox = arena_grow(l->mem, s->mailbox, s->mailbox_count, &l->mailbox_room,
	                        sizeof(*s->mailbox));
	s->mailbox[s->mailbox_count] = (struct settings_mailbox){ name, "", "no" };
	return &s->mailbox[s->mailbox_count++];
}

static bool
is_special_use(const char *text)
{
	static const char *const known[] = { "\\All",     "\\Archive",   "\\Drafts",
		                             "\\Flagged", "\\Important", "\\Junk",
		                             "\\Sent",    "\\Trash",     NULL };
	struct span rest = span_of(text), word;

	while (span_split(&rest, ' ', &word)) {
		size_t i = 0;

		while (known[i] && !span_is(word, known[i]))
			i++;
		if (word.len > 0 && !known[i])
			return false;
	}
	return true;
}

static void
read_mailbox(struct settings_load *l, const struct settings_node *section)
{
	struct settings_place at = settings_place_of(l, section);
	struct settings_mailbox *box;

	if (!section->text[0]) {
		settings_tell(&at, SETTINGS_FATAL, "mailbox {} has no name");
		return;
	}
	box = mailbox_of(l, section->text);
	for (const struct settings_node *n = section->first; n; n = n->next)
		set_field(l, n, mailbox_fields, box);
	if (!is_listed(ONLY("no", "create", "subscribe"), box->automatic)) {
		settings_tell(&at, SETTINGS_FATAL,
		              "auto = %.100s cannot be; allowed is one of: no create subscribe",
		              box->automatic);
		box->automatic = "no";
	}
	if (!is_special_use(box->special_use)) {
		settings_tell(
			&at, SETTINGS_WARNING,
			"nobody knows special_use = %.100s; known are \\All \\Archive \\Drafts "
			"\\Flagged \\Important \\Junk \\Sent \\Trash",
			box->special_use);
		box->special_use = "";
	}
}

/* Is it the user's own, and not a second name for it that old clients know? */
static bool
is_own(const struct namespace *space)
{
	return strcmp(space->type, "private") == 0 && !space->location[0] &&
	       strcmp(space->inbox, "no") != 0 && strcmp(space->hidden, "yes") != 0 &&
	       !space->alias_for[0];
}

/* Sections of the same namespace add up, so what is not written leaves alone what was. */
static void
take_namespace(struct settings_load *l, const struct settings_node *section,
               const struct namespace *space)
{
	struct settings_place at = settings_place_of(l, section);
	size_t length = strlen(space->prefix);
	bool is_open = length > 0 && !strchr("./", space->prefix[length - 1]);

	if (is_open)
		settings_tell(&at, SETTINGS_WARNING,
		              "prefix = %.100s must end with the separator, . or /", space->prefix);
	if (!is_own(space))
		return;
	if (space->separator[0] && is_listed(ONLY(".", "/"), space->separator))
		l->into->namespace_separator = space->separator;
	if (length > 0 && !is_open)
		l->into->namespace_prefix = space->prefix;
}

void
settings_section_namespace(struct settings_load *l, const struct settings_node *section)
{
	struct namespace space = { "private", "", "", "", "", "", "" };

	for (const struct settings_node *n = section->first; n; n = n->next)
		if (n->is_section && strcmp(n->name, "mailbox") == 0)
			read_mailbox(l, n);
		else
			set_field(l, n, namespace_fields, &space);
	take_namespace(l, section, &space);
}

void
settings_section_defaults(struct settings_load *l)
{
	static const struct settings_mailbox builtin[] = {
		{ "Drafts", "\\Drafts", "no" },
		{ "Sent", "\\Sent", "no" },
		{ "Trash", "\\Trash", "no" },
	};
	size_t count = sizeof(builtin) / sizeof(builtin[0]);

	l->into->namespace_separator = l->into->namespace_prefix = "";
	for (size_t i = 0; i < count; i++) {
		l->into->mailbox = arena_grow(l->mem, l->into->mailbox, i, &l->mailbox_room,
		                              sizeof(builtin[0]));
		l->into->mailbox[i] = builtin[i];
	}
	l->into->mailbox_count = count;
}
