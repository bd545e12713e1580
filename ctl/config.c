/*
 * config.c - linnetctl config: the settings in force
 *
 * The form is that of doveconf, and what is printed can be used as a file.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/settings_value.h"
#include "ctl/ctl.h"

struct printing {
	bool   only_changed;
	char **name; /* only these; NULL for all */
	int    name_count;
	bool  *seen; /* for each name */
};

static bool
is_wanted(struct printing *p, const char *name)
{
	bool wanted = p->name_count == 0;

	for (int i = 0; i < p->name_count; i++)
		if (strcmp(p->name[i], name) == 0)
			wanted = p->seen[i] = true;
	return wanted;
}

static void
print_row(void *context, const char *name, const char *value, bool is_default, const char *doc)
{
	struct printing *p = context;

	(void)doc;
	if (!is_wanted(p, name) || (p->only_changed && is_default))
		return;
	printf("%s =%s%s\n", name, *value ? " " : "", value);
}

static void
print_field(struct ctl *ctl, const char *indent, const char *name, const char *text)
{
	struct settings_value v = { text, 0 };

	if (text[0])
		printf("%s%s = %s\n", indent, name,
		       settings_value_print(SETTINGS_KIND_STR, &v, &ctl->mem));
}

static void
print_dbs(struct ctl *ctl, const char *section, const struct settings_db *db, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		printf("%s {\n", section);
		print_field(ctl, "  ", "driver", db[i].driver);
		print_field(ctl, "  ", "args", db[i].args);
		print_field(ctl, "  ", "default_fields", db[i].default_fields);
		print_field(ctl, "  ", "override_fields", db[i].override_fields);
		printf("}\n");
	}
}

static const char *
quoted_name(struct ctl *ctl, const char *name)
{
	struct settings_value v = { name, 0 };

	return strpbrk(name, " \t{}=") ? arena_printf(&ctl->mem, "\"%s\"", name)
	                               : settings_value_print(SETTINGS_KIND_STR, &v, &ctl->mem);
}

static void
print_mailboxes(struct ctl *ctl, const struct settings *s)
{
	printf("namespace inbox {\n  inbox = yes\n");
	for (size_t i = 0; i < s->mailbox_count; i++) {
		printf("  mailbox %s {\n", quoted_name(ctl, s->mailbox[i].name));
		if (strcmp(s->mailbox[i].automatic, "no") != 0)
			print_field(ctl, "    ", "auto", s->mailbox[i].automatic);
		print_field(ctl, "    ", "special_use", s->mailbox[i].special_use);
		printf("  }\n");
	}
	printf("}\n");
}

static int
print_all(struct ctl *ctl, const struct settings *s, struct printing *p)
{
	int status = EX_OK;

	if (p->name_count == 0)
		printf("# linnet %s: %s\n", PACKAGE_VERSION, ctl->config);
	settings_each(s, &ctl->mem, print_row, p);
	if (p->name_count == 0) {
		print_mailboxes(ctl, s);
		print_dbs(ctl, "passdb", s->passdb, s->passdb_count);
		print_dbs(ctl, "userdb", s->userdb, s->userdb_count);
	}
	for (int i = 0; i < p->name_count; i++)
		if (!p->seen[i]) {
			ctl_complain("there is no setting \"%s\"", p->name[i]);
			status = EX_DATAERR;
		}
	return status;
}

int
ctl_config(struct ctl *ctl, int argc, char **argv)
{
	struct settings_problems problems;
	struct printing p = { 0 };
	struct settings s;
	bool usable;
	int option, status;

	while ((option = getopt(argc, argv, "an")) != -1) {
		if (option == '?')
			return EX_USAGE;
		p.only_changed = option == 'n';
	}
	p.name = argv + optind;
	p.name_count = argc - optind;
	p.seen = arena_array(&ctl->mem, (size_t)p.name_count + 1, sizeof(*p.seen));
	usable = ctl_load(ctl, &s, &problems, false);
	status = print_all(ctl, &s, &p);
	return usable ? status : EX_CONFIG;
}
