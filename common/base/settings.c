/*
 * settings.c - linnet.conf: the rows of settings.h filled from the tree of a file
 *
 * What stands in a protocol section wins over what stands outside, wherever
 * the section is, so those come second.  Sections of services that do not
 * exist here are read over; protocol sections of the other service are checked
 * into a copy that nobody sees.
 */
#include "common/base/settings.h"

#include "common/base/settings_check.h"
#include "common/base/settings_dovecot.h"
#include "common/base/settings_nearest.h"
#include "common/base/settings_section.h"
#include "common/base/settings_value.h"

struct row {
	const char              *name;
	enum settings_value_kind kind;
	size_t                   offset;
	struct settings_value    value; /* default */
	const char              *doc;
};

#define AT(name) offsetof(struct settings, name)
#define ROW_STR(name, value, doc)  { #name, SETTINGS_KIND_STR, AT(name), { value, 0 }, doc },
#define ROW_NUM(name, value, doc)  { #name, SETTINGS_KIND_NUM, AT(name), { NULL, value }, doc },
#define ROW_YES(name, value, doc)  { #name, SETTINGS_KIND_YES, AT(name), { NULL, value }, doc },
#define ROW_TIME(name, value, doc) { #name, SETTINGS_KIND_TIME, AT(name), { NULL, value }, doc },
#define ROW_SIZE(name, value, doc) { #name, SETTINGS_KIND_SIZE, AT(name), { NULL, value }, doc },
#define ROW_FILE(name, value, doc) { #name, SETTINGS_KIND_FILE, AT(name), { value, 0 }, doc },

static const struct row rows[] = {
	SETTINGS_ROWS(ROW_STR, ROW_NUM, ROW_YES, ROW_TIME, ROW_SIZE, ROW_FILE)
};
enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static bool
is_text(const struct row *row)
{
	return row->kind == SETTINGS_KIND_STR || row->kind == SETTINGS_KIND_FILE;
}

static void
store(struct settings *s, const struct row *row, const struct settings_value *v)
{
	char *to = (char *)s + row->offset;
	bool yes = v->number != 0;

	if (is_text(row))
		memcpy(to, &v->text, sizeof(v->text));
	else if (row->kind == SETTINGS_KIND_YES)
		memcpy(to, &yes, sizeof(yes));
	else
		memcpy(to, &v->number, sizeof(v->number));
}

static struct settings_value
fetch(const struct settings *s, const struct row *row)
{
	const char *from = (const char *)s + row->offset;
	struct settings_value v = { NULL, 0 };
	bool yes;

	if (is_text(row)) {
		memcpy(&v.text, from, sizeof(v.text));
	} else if (row->kind == SETTINGS_KIND_YES) {
		memcpy(&yes, from, sizeof(yes));
		v.number = yes;
	} else {
		memcpy(&v.number, from, sizeof(v.number));
	}
	return v;
}

static const struct row *
find_row(struct span name)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

static void
tell_unknown(const struct settings_load *l, const struct settings_node *node)
{
	struct settings_nearest near = settings_nearest_to(node->name, l->problems->count);
	struct settings_place at = settings_place_of(l, node);

	if (settings_dovecot_knows(node->name)) {
		settings_tell(&at, SETTINGS_NOTE, "%s has no effect here", node->name);
		return;
	}
	for (size_t i = 0; i < ROW_COUNT; i++)
		settings_nearest_try(&near, rows[i].name);
	for (size_t i = 0; settings_dovecot_name(i); i++)
		settings_nearest_try(&near, settings_dovecot_name(i));
	settings_tell(&at, SETTINGS_WARNING, "unknown setting \"%.100s\"%s%s%s", node->name,
	              near.best ? "; did you mean " : "", near.best ? near.best : "",
	              near.best ? "?" : "");
}

/* "$name more": the value that name has so far, and more.  NULL when the name is unknown. */
static const char *
with_variable(const struct settings_load *l, const struct settings_node *node)
{
	struct settings_place at = settings_place_of(l, node);
	struct span more = span_of(node->text), name;
	struct settings_value v;
	const struct row *row;
	size_t n = strcspn(node->text, " \t");

	name = span_make(more.at, n);
	more = span_skip(more, n);
	row = find_row(name);
	if (!row) {
		settings_tell(&at, SETTINGS_WARNING,
		              "%s: there is no setting \"%.100s\" to take the value from; the line "
		              "is left out",
		              node->name, node->text);
		return NULL;
	}
	v = fetch(l->into, row);
	return arena_printf(l->mem, "%s%.*s",
	                    is_text(row) ? v.text : settings_value_print(row->kind, &v, l->mem),
	                    (int)more.len, more.at);
}

/* The text of the value; NULL when it has been told why there is none. */
static const char *
value_text(const struct settings_load *l, const struct settings_node *node, const struct row *row)
{
	struct settings_place at = settings_place_of(l, node);

	if (node->form == SETTINGS_VARIABLE)
		return with_variable(l, node);
	if (node->form == SETTINGS_TEXT)
		return node->text;
	if (row->kind == SETTINGS_KIND_FILE)
		return arena_printf(l->mem, "<%s", node->text);
	settings_tell(&at, SETTINGS_FATAL,
	              "%s takes no </file: write the value itself, in quotes if it begins with <",
	              node->name);
	return NULL;
}

static void
set_value(struct settings_load *l, const struct settings_node *node)
{
	struct settings_place at = settings_place_of(l, node);
	const struct row *row = find_row(span_of(node->name));
	struct settings_value v;
	const char *text, *why;

	if (!row) {
		tell_unknown(l, node);
		return;
	}
	text = value_text(l, node, row);
	if (text)
		text = settings_check(row->name, text, &at);
	if (!text)
		return;
	why = settings_value_parse(row->kind, text, &v);
	if (why)
		settings_tell(&at, SETTINGS_FATAL, "%s = %.100s cannot be: %s", node->name, text,
		              why);
	else
		store(l->into, row, &v);
}

static void
set_values(struct settings_load *l, const struct settings_node *section)
{
	for (const struct settings_node *n = section->first; n; n = n->next)
		if (!n->is_section)
			set_value(l, n);
}

/* protocol imap {}, protocol !pop3 {}: does it speak of this service? */
static bool
speaks_of(const char *argument, const char *service)
{
	bool is_not = argument[0] == '!';

	return service && (strcmp(argument + is_not, service) == 0) != is_not;
}

static void
read_protocol(struct settings_load *l, const struct settings_node *section)
{
	static const char *const other[] = { "lda",           "lmtp",       "sieve",
		                             "doveadm",       "submission", "managesieve",
		                             "indexer-worker" };
	struct settings_load aside = *l;
	struct settings unseen = *l->into;

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (strcmp(section->text, other[i]) == 0)
			return;
	if (speaks_of(section->text, l->service)) {
		set_values(l, section);
		return;
	}
	aside.into = &unseen;
	set_values(&aside, section);
}

static void
read_over(struct settings_load *l, const struct settings_node *section)
{
	(void)l;
	(void)section;
}

static void
warn_over(struct settings_load *l, const struct settings_node *section)
{
	struct settings_place at = settings_place_of(l, section);

	settings_tell(&at, SETTINGS_WARNING, "linnet has no %s {}: what stands in it is left out",
	              section->name);
}

static const struct section {
	const char *name;
	void (*read)(struct settings_load *l, const struct settings_node *section);
	bool is_late;
} sections[] = {
	{ "passdb",         settings_section_passdb,    false },
	{ "userdb",         settings_section_userdb,    false },
	{ "namespace",      settings_section_namespace, false },
	{ "protocol",       read_protocol,              true },
	{ "local",          warn_over,                  false },
	{ "local_name",     warn_over,                  false },
	{ "remote",         warn_over,                  false },
	{ "service",        read_over,                  false },
	{ "plugin",         settings_section_plugin,    false },
	{ "dict",           read_over,                  false },
	{ "event_exporter", read_over,                  false },
	{ "metric",         read_over,                  false },
	{ NULL,             NULL,                       false },
};

static void
tell_unknown_section(struct settings_load *l, const struct settings_node *node)
{
	struct settings_nearest near = settings_nearest_to(node->name, l->problems->count);
	struct settings_place at = settings_place_of(l, node);

	for (const struct section *s = sections; s->name; s++)
		settings_nearest_try(&near, s->name);
	settings_tell(&at, SETTINGS_WARNING, "unknown section \"%.100s\"%s%s%s", node->name,
	              near.best ? "; did you mean " : "", near.best ? near.best : "",
	              near.best ? "?" : "");
}

static void
read_sections(struct settings_load *l, const struct settings_node *root, bool late)
{
	for (const struct settings_node *n = root->first; n; n = n->next) {
		const struct section *s = sections;

		if (!n->is_section)
			continue;
		while (s->name && strcmp(s->name, n->name) != 0)
			s++;
		if (!s->name && !late)
			tell_unknown_section(l, n);
		else if (s->name && s->is_late == late)
			s->read(l, n);
	}
}

bool
settings_load(const char *path, const char *service, struct arena *mem,
              struct settings *settings_out, struct settings_problems *problems_out)
{
	struct settings_load l = {
		.service = service, .mem = mem, .into = settings_out, .problems = problems_out
	};
	const struct settings_node *root;

	memset(settings_out, 0, sizeof(*settings_out));
	memset(problems_out, 0, sizeof(*problems_out));
	for (size_t i = 0; i < ROW_COUNT; i++)
		store(settings_out, &rows[i], &rows[i].value);
	settings_section_defaults(&l);
	root = settings_read(path, mem, problems_out);
	set_values(&l, root);
	read_sections(&l, root, false);
	read_sections(&l, root, true);
	return problems_out->fatal_count == 0;
}

void
settings_each(const struct settings *s, struct arena *mem,
              void (*each)(void *context, const char *name, const char *value, bool is_default,
                           const char *doc),
              void *context)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct settings_value v = fetch(s, &rows[i]);
		bool is_default = is_text(&rows[i]) ? strcmp(v.text, rows[i].value.text) == 0
		                                    : v.number == rows[i].value.number;

		each(context, rows[i].name, settings_value_print(rows[i].kind, &v, mem), is_default,
		     rows[i].doc);
	}
}
