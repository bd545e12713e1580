/* cmd_metadata.c - GETMETADATA SETMETADATA (RFC 5464) */
#include <errno.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/maildir/metadata.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/notify.h"
#include "imapd/session.h"
#include "imapd/special_use.h"

enum { DEPTH_INFINITE = 2 }; /* also the number of levels below an entry that DEPTH 1 leaves out */

struct metadata_args {
	struct mailbox_name    name;  /* raw.len 0: the server */
	struct metadata_entry *entry; /* value only with SETMETADATA */
	size_t                 count, room;
	unsigned               depth; /* 0, 1, DEPTH_INFINITE */
	uint32_t               most;  /* MAXSIZE */
};

static bool
is_level(struct span level)
{
	for (size_t i = 0; i < level.len; i++)
		if (level.at[i] <= ' ' || level.at[i] >= 0x7f || level.at[i] == '*' ||
		    level.at[i] == '%')
			return false;
	return level.len > 0;
}

/* RFC 5464 s.3.2: at least two levels, none of them empty, four below /vendor. */
static bool
is_entry(struct span name)
{
	struct span rest = span_skip(name, 1), level;
	size_t levels = 0;
	bool is_vendor = false;

	if (name.len > LIMIT_METADATA_NAME || !span_starts(name, "/"))
		return false;
	for (; span_split(&rest, '/', &level); levels++) {
		if (!is_level(level))
			return false;
		if (levels == 0 && !span_is(level, "private") && !span_is(level, "shared"))
			return false;
		is_vendor |= levels == 1 && span_is(level, "vendor");
	}
	return levels >= (is_vendor ? 4 : 2);
}

/* entry = astring ; without "*" and "%", in either case                           RFC 5464 s.5 */
static const char *
take_entry(struct cursor *c, bool may_be_short)
{
	struct span raw = take_astring(c);
	char *name;

	if (!cursor_ok(c))
		return "";
	name = arena_string(c->mem, raw);
	for (size_t i = 0; name[i]; i++)
		name[i] = ascii_lower(name[i]);
	if (may_be_short && (strcmp(name, "/private") == 0 || strcmp(name, "/shared") == 0))
		return name;
	if (may_be_short && is_entry(span_of(arena_printf(c->mem, "%s/x", name))))
		return name;
	if (!is_entry(span_of(name)))
		cursor_fail(c, "this cannot be an entry's name");
	return name;
}

static void
add_entry(struct cursor *c, struct metadata_args *a, struct metadata_entry entry)
{
	a->entry = arena_grow(c->mem, a->entry, a->count, &a->room, sizeof(*a->entry));
	a->entry[a->count++] = entry;
}

/* entries = entry / "(" entry *(SP entry) ")" */
static void
take_entries(struct cursor *c, struct metadata_args *a)
{
	bool is_list = try_byte(c, '(');

	do
		add_entry(c, a, (struct metadata_entry){ take_entry(c, true), SPAN_NONE });
	while (cursor_ok(c) && is_list && try_byte(c, ' '));
	if (is_list)
		take_byte(c, ')');
}

static const struct depth {
	const char *word;
	unsigned    levels;
} depths[] = { { "0", 0 }, { "1", 1 }, { "infinity", DEPTH_INFINITE } };

static void
take_option(struct cursor *c, struct metadata_args *a)
{
	if (try_whole_word(c, "MAXSIZE")) {
		take_byte(c, ' ');
		a->most = take_number(c);
		return;
	}
	if (try_whole_word(c, "DEPTH")) {
		take_byte(c, ' ');
		for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
			if (!try_whole_word(c, depths[i].word))
				continue;
			a->depth = depths[i].levels;
			return;
		}
	}
	cursor_fail(c, "expected MAXSIZE, or DEPTH 0, 1 or infinity");
}

/* getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")" */
static void
take_metadata_options(struct cursor *c, struct metadata_args *a)
{
	take_byte(c, '(');
	do
		take_option(c, a);
	while (try_byte(c, ' '));
	take_byte(c, ')');
	take_byte(c, ' ');
}

static bool
at_options(const struct cursor *c)
{
	struct cursor ahead = *c;

	return try_byte(&ahead, '(') && !at_byte(&ahead, '/') && !at_string(&ahead);
}

/*
 * getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries       RFC 5464 s.5
 * All examples of the RFC have the options behind the mailbox: they are taken at both places.
 */
void *
parse_getmetadata(struct cursor *c)
{
	struct metadata_args *a = arena_zero(c->mem, sizeof(*a));

	a->most = UINT32_MAX;
	take_byte(c, ' ');
	if (at_options(c))
		take_metadata_options(c, a);
	a->name = take_mailbox(c);
	take_byte(c, ' ');
	if (at_options(c))
		take_metadata_options(c, a);
	take_entries(c, a);
	return a;
}

/* value = nstring / literal8 */
static struct span
take_value(struct cursor *c)
{
	return at_byte(c, '~') ? take_literal8(c) : take_nstring(c);
}

/*
 * setmetadata = "SETMETADATA" SP mailbox SP entry-values                          RFC 5464 s.5
 * entry-values = "(" entry-value *(SP entry-value) ")" ; entry-value = entry SP value
 */
void *
parse_setmetadata(struct cursor *c)
{
	struct metadata_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	a->name = take_mailbox(c);
	take_byte(c, ' ');
	take_byte(c, '(');
	do {
		struct metadata_entry e = { take_entry(c, false), SPAN_NONE };

		take_byte(c, ' ');
		e.value = take_value(c);
		add_entry(c, a, e);
	} while (cursor_ok(c) && try_byte(c, ' '));
	take_byte(c, ')');
	return a;
}

/* imap_metadata = no: as where the commands are not known. */
static bool
is_offered(struct session *s)
{
	if (!s->login->settings->imap_metadata)
		reply_bad(s, "METADATA is switched off");
	return s->login->settings->imap_metadata;
}

static bool
is_of_server(const struct metadata_args *a)
{
	return a->name.raw.len == 0;
}

/* What the administrator has set, and the user can only read. */
static struct span
setting_of(const struct session *s, const char *name)
{
	const struct settings *settings = s->login->settings;
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "/shared/admin", settings->mail_server_admin },
		{ "/shared/comment", settings->mail_server_comment },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0 && rows[i].value[0])
			return span_of(rows[i].value);
	return SPAN_NONE;
}

static int
open_place(struct session *s, const struct metadata_args *a, const char **file_out)
{
	*file_out = is_of_server(a) ? METADATA_OF_SERVER : METADATA_OF_MAILBOX;
	return store_open_folder(s->store, is_of_server(a) ? "INBOX" : a->name.name);
}

/* Entries that stand in no file: the server's, and a special use that the settings give. */
static void
add_computed(struct session *s, const struct metadata_args *a, struct metadata *m)
{
	static const char *const computed[] = { "/shared/admin", "/shared/comment",
		                                "/private/specialuse" };
	enum { COUNT = sizeof(computed) / sizeof(computed[0]) };
	struct metadata_entry *all = arena_array(&s->mem, m->count + COUNT, sizeof(*all));

	if (m->count > 0)
		memcpy(all, m->entry, m->count * sizeof(*all));
	m->entry = all;
	for (size_t i = 0; i < COUNT; i++) {
		struct span value = SPAN_NONE;

		if (is_of_server(a))
			value = setting_of(s, computed[i]);
		else if (strcmp(computed[i], "/private/specialuse") == 0)
			value = span_of(special_use_of(s, a->name.name));
		if (value.len > 0 && !metadata_find(m, computed[i]).at)
			m->entry[m->count++] = (struct metadata_entry){ computed[i], value };
	}
}

static bool
is_asked(const struct metadata_args *a, const char *name)
{
	for (size_t i = 0; i < a->count; i++) {
		size_t n = strlen(a->entry[i].name);

		if (strncmp(name, a->entry[i].name, n) != 0)
			continue;
		if (name[n] == '\0')
			return true;
		if (name[n] == '/' && (a->depth == DEPTH_INFINITE ||
		                       (a->depth == 1 && !strchr(name + n + 1, '/'))))
			return true;
	}
	return false;
}

/* A value with NUL is a literal8, which RFC 4466 calls the form of binary data. */
static void
put_value(struct session *s, struct span value)
{
	if (!span_find(value, '\0')) {
		put_string(&s->out, value);
		return;
	}
	out_printf(&s->out, "~{%zu}\r\n", value.len);
	out_span(&s->out, value);
}

/* entry-values; the size of the largest value that was too large to be told, or 0. */
static size_t
put_entries(struct session *s, const struct metadata_args *a, const struct metadata *m)
{
	const char *before = " (";
	size_t longest = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct metadata_entry *e = &m->entry[i];

		if (!is_asked(a, e->name))
			continue;
		if (e->value.len > a->most) {
			longest = e->value.len > longest ? e->value.len : longest;
			continue;
		}
		if (before[1]) {
			out_str(&s->out, "* METADATA ");
			if (is_of_server(a))
				out_str(&s->out, "\"\"");
			else
				put_mailbox(s, a->name.name);
		}
		out_str(&s->out, before);
		put_astring(&s->out, span_of(e->name));
		out_byte(&s->out, ' ');
		put_value(s, e->value);
		before = " ";
	}
	if (!before[1])
		out_str(&s->out, ")\r\n");
	return longest;
}

void
run_getmetadata(struct session *s, const void *args, unsigned flags)
{
	const struct metadata_args *a = args;
	struct metadata m;
	const char *file;
	size_t longest;
	int folder;

	(void)flags;
	if (!is_offered(s) || (!is_of_server(a) && !name_is_usable(s, &a->name)))
		return;
	folder = open_place(s, a, &file);
	if (folder < 0 || metadata_read(folder, file, &s->mem, &m) < 0) {
		reply_errno(s, "read the annotations of", is_of_server(a) ? "INBOX" : a->name.name);
		if (folder >= 0)
			close(folder);
		return;
	}
	close(folder);
	add_computed(s, a, &m);
	longest = put_entries(s, a, &m);
	reply_ok(s, longest ? arena_printf(&s->mem, "METADATA LONGENTRIES %zu", longest) : NULL,
	         "Getmetadata completed.");
}

/* What may not be set: the server's shared entries are the administrator's. */
static bool
may_set(struct session *s, const struct metadata_args *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct metadata_entry *e = &a->entry[i];

		if (is_of_server(a) && strncmp(e->name, "/shared/", strlen("/shared/")) == 0) {
			reply_no(s, "NOPERM", "Shared entries of the server cannot be changed.");
			return false;
		}
		if (strcmp(e->name, "/private/specialuse") == 0 && e->value.len > 0 &&
		    !special_use_are_known(e->value)) {
			reply_no(s, "USEATTR", "No mailbox can be used for this here.");
			return false;
		}
	}
	return true;
}

static void
reply_set_errno(struct session *s, const char *name)
{
	const struct {
		int         reason;
		const char *code, *text;
	} rows[] = {
		{ EMSGSIZE, arena_printf(&s->mem, "METADATA MAXSIZE %d", LIMIT_METADATA_VALUE),
		  "The value is too large." },
		{ EMLINK, "METADATA TOOMANY", "There are too many annotations." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (errno != rows[i].reason)
			continue;
		reply_no(s, rows[i].code, rows[i].text);
		return;
	}
	reply_errno(s, "change the annotations of", name);
}

void
run_setmetadata(struct session *s, const void *args, unsigned flags)
{
	const struct metadata_args *a = args;
	const char *file;
	int folder;

	(void)flags;
	if (!is_offered(s) || (!is_of_server(a) && !name_is_usable(s, &a->name)) || !may_set(s, a))
		return;
	folder = open_place(s, a, &file);
	if (folder < 0 || metadata_change(folder, file, a->entry, a->count,
	                                  store_sync(s->store) == STORE_SYNC) < 0)
		reply_set_errno(s, is_of_server(a) ? "INBOX" : a->name.name);
	else
		reply_ok(s, NULL, "Setmetadata completed.");
	notify_absorb(s);
	if (folder >= 0)
		close(folder);
}
