/*
 * config_check.c - linnetctl config check: what is wrong in the settings and in what they name
 *
 * The parser finds what is wrong within the files; here come the certificate
 * and key, the database files and the users, as far as whoever asks may see them.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authd/database.h"
#include "authd/sql_conf.h"
#include "common/base/number.h"
#include "common/base/settings_problem.h"
#include "ctl/ctl.h"

struct checking {
	struct ctl              *ctl;
	struct settings          s;
	struct settings_problems problems;
};

static struct settings_place
place(struct checking *c, const char *file, unsigned line)
{
	return (struct settings_place){ &c->ctl->mem, &c->problems, file, line };
}

/* Can path be read?  What it is for stands in front of the reason. */
static bool
can_read(const struct settings_place *at, const char *what, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char byte;

	if (fd >= 0 && read(fd, &byte, 1) >= 0) {
		close(fd);
		return true;
	}
	settings_tell(at, SETTINGS_FATAL, "%s: cannot read %s: %s", what, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

static void
check_pem(struct checking *c, const char *name, const char *value)
{
	struct settings_place at = place(c, c->ctl->config, 0);

	if (value[0] == '<')
		can_read(&at, name, value + 1);
}

static void
check_tls(struct checking *c)
{
	struct settings_place at = place(c, c->ctl->config, 0);
	bool has_cert = c->s.ssl_cert[0], has_key = c->s.ssl_key[0];

	check_pem(c, "ssl_cert", c->s.ssl_cert);
	check_pem(c, "ssl_key", c->s.ssl_key);
	if (has_cert != has_key)
		settings_tell(&at, SETTINGS_FATAL, "%s is set and %s is not: TLS needs both",
		              has_cert ? "ssl_cert" : "ssl_key", has_cert ? "ssl_key" : "ssl_cert");
	else if (!has_cert && strcmp(c->s.ssl, "required") == 0)
		settings_tell(&at, SETTINGS_FATAL,
		              "ssl = required needs ssl_cert and ssl_key: nobody could log in");
	else if (!has_cert && strcmp(c->s.ssl, "yes") == 0)
		settings_tell(&at, SETTINGS_NOTE,
		              "ssl = yes without ssl_cert and ssl_key: TLS is not offered");
}

static void
check_login_user(struct checking *c)
{
	struct settings_place at = place(c, c->ctl->config, 0);

	if (!getpwnam(c->s.default_login_user))
		settings_tell(&at, SETTINGS_FATAL,
		              "default_login_user = %s: this system has no such user",
		              c->s.default_login_user);
}

/* What authd itself would read and ask: each section is prepared, and its query tried out. */
static void
check_database(struct checking *c, const struct settings_db *db, enum database_kind kind)
{
	struct settings_place at = place(c, db->file, db->line);
	const char *why = NULL;
	struct database opened;

	if (!database_prepare(&opened, db, kind, &c->ctl->mem, &why)) {
		settings_tell(&at, SETTINGS_FATAL, "%s", why);
		return;
	}
	if (!opened.driver->try_out)
		return;
	why = opened.driver->try_out(opened.state, kind, &c->ctl->mem);
	if (why)
		settings_tell(&at, SETTINGS_FATAL, "%s", why);
}

/* The lines of the file that are wrong, before the database is asked. */
static void
check_sql(struct checking *c, const struct settings_db *db)
{
	struct settings_problems inside;
	struct sql_conf unused;

	settings_load_rows(db->args, sql_conf_rows, &c->ctl->mem, &unused, &inside);
	for (size_t i = 0; i < inside.count; i++) {
		const struct settings_problem *p = &inside.problem[i];
		struct settings_place at = place(c, p->file, p->line);

		settings_tell(&at, p->fatal ? SETTINGS_FATAL : SETTINGS_WARNING, "%s", p->text);
	}
}

/* args = scheme=plain username_format=%u /etc/linnet/users: the path is the last word. */
static void
check_passwd_file(struct checking *c, const struct settings_db *db)
{
	struct settings_place at = place(c, db->file, db->line);
	const char *blank = strrchr(db->args, ' ');
	const char *path = blank ? blank + 1 : db->args;

	if (!path[0])
		settings_tell(&at, SETTINGS_FATAL,
		              "driver = passwd-file needs args = /path/to/the/file");
	else if (!strchr(path, '%'))
		can_read(&at, "passwd-file", path);
}

static bool
is_user(const char *name)
{
	return getpwnam(name) != NULL;
}

static bool
is_group(const char *name)
{
	return getgrnam(name) != NULL;
}

static const struct owner {
	const char *prefix, *what;
	bool (*is_known)(const char *name);
} owners[] = {
	{ "uid=", "user", is_user },
	{ "gid=", "group", is_group },
};

static void
check_owner(struct checking *c, const struct settings_db *db, const struct owner *owner,
            struct span word)
{
	struct settings_place at = place(c, db->file, db->line);
	struct span name = span_skip(word, strlen(owner->prefix));
	uint64_t number;

	if (number_parse(name, UINT32_MAX - 1, &number) || span_find(name, '%'))
		return;
	if (!owner->is_known(arena_string(&c->ctl->mem, name)))
		settings_tell(&at, SETTINGS_FATAL, "%.*s: this system has no such %s",
		              (int)word.len, word.at, owner->what);
}

/* args = uid=vhosts gid=vhosts home=/var/mail/vhosts/%d/%n */
static void
check_static(struct checking *c, const struct settings_db *db)
{
	struct span rest = span_of(db->args), word;

	while (span_split(&rest, ' ', &word))
		for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
			if (span_starts(word, owners[i].prefix))
				check_owner(c, db, &owners[i], word);
}

static const struct {
	const char *driver;
	void (*check)(struct checking *c, const struct settings_db *db);
} drivers[] = {
	{ "sql", check_sql },
	{ "passwd-file", check_passwd_file },
	{ "static", check_static },
};

static void
check_dbs(struct checking *c, const char *section, const struct settings_db *db, size_t count)
{
	enum database_kind kind = strcmp(section, "passdb") == 0 ? DATABASE_PASS : DATABASE_USER;
	struct settings_place at = place(c, c->ctl->config, 0);

	if (count == 0)
		settings_tell(&at, SETTINGS_FATAL,
		              "there is no %s {} that can be used: nobody could log in", section);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sizeof(drivers) / sizeof(drivers[0]); k++)
			if (strcmp(drivers[k].driver, db[i].driver) == 0)
				drivers[k].check(c, &db[i]);
		check_database(c, &db[i], kind);
	}
}

static size_t
count_complaints(const struct settings_problems *problems)
{
	size_t n = 0;

	for (size_t i = 0; i < problems->count; i++)
		n += !problems->problem[i].note;
	return n;
}

int
ctl_config_check(struct ctl *ctl, int argc, char **argv)
{
	struct checking c = { .ctl = ctl };
	size_t complaints;

	if (argc > 1) {
		ctl_complain("config check takes no \"%s\"", argv[1]);
		return EX_USAGE;
	}
	settings_load(ctl->config, NULL, &ctl->mem, &c.s, &c.problems);
	check_tls(&c);
	check_login_user(&c);
	check_dbs(&c, "passdb", c.s.passdb, c.s.passdb_count);
	check_dbs(&c, "userdb", c.s.userdb, c.s.userdb_count);
	ctl_tell_problems(&c.problems, true);
	complaints = count_complaints(&c.problems);
	if (complaints > 0)
		ctl_complain("%s: %zu to mend", ctl->config, complaints);
	else
		printf("%s: nothing to mend\n", ctl->config);
	return complaints > 0 ? EX_CONFIG : EX_OK;
}
