/* test_settings.c - linnet.conf: syntax, values, sections, and words about mistakes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "tests/unit/settings_folder.h"

/* The lines of the tutorial, one after the other, as they stand there. */
static void
test_tutorial(void **state)
{
	struct fixture *f = *state;

	assert_true(load(f, "mail_location = maildir:/var/mail/vhosts/%d/%n\n"
	                    "mail_privileged_group = mail\n"
	                    "disable_plaintext_auth = yes\n"
	                    "passdb {\n"
	                    " driver = sql\n"
	                    " args = /etc/linnet/linnet-sql.conf.ext\n"
	                    "}\n"
	                    "userdb {\n"
	                    " driver = static\n"
	                    " args = uid=vhosts gid=vhosts home=/var/mail/vhosts/%d/%n\n"
	                    "}\n"));
	assert_clean(f);
	assert_string_equal(f->s.mail_location, "maildir:/var/mail/vhosts/%d/%n");
	assert_string_equal(f->s.mail_privileged_group, "mail");
	assert_string_equal(f->s.disable_plaintext_auth, "yes");
	assert_int_equal(f->s.passdb_count, 1);
	assert_string_equal(f->s.passdb[0].driver, "sql");
	assert_string_equal(f->s.passdb[0].args, "/etc/linnet/linnet-sql.conf.ext");
	assert_int_equal(f->s.passdb[0].line, 4);
	assert_int_equal(f->s.userdb_count, 1);
	assert_string_equal(f->s.userdb[0].driver, "static");
	assert_string_equal(f->s.userdb[0].args,
	                    "uid=vhosts gid=vhosts home=/var/mail/vhosts/%d/%n");
}

/* The tutorial's way: 10-auth.conf includes auth-sql.conf.ext, the others stay commented out. */
static void
test_tutorial_includes(void **state)
{
	struct fixture *f = *state;

	write_file(f, "10-auth.conf", "disable_plaintext_auth = yes\n\n"
	                              "#!include auth-system.conf.ext\n"
	                              "!include auth-sql.conf.ext\n"
	                              "#!include auth-ldap.conf.ext\n"
	                              "#!include auth-passwdfile.conf.ext\n");
	write_file(f, "auth-sql.conf.ext",
	           "passdb {\n driver = sql\n args = /etc/dovecot/dovecot-sql.conf.ext\n}\n");
	assert_true(load(
		f, "protocols = imap pop3 lmtp\nssl_protocols = !SSLv2 !SSLv3\n!include 10-*.conf\n"
		   "!include_try local.conf\n"));
	assert_clean(f);
	assert_string_equal(f->s.protocols, "imap pop3 lmtp");
	assert_string_equal(f->s.ssl_protocols, "!SSLv2 !SSLv3");
	assert_int_equal(f->s.passdb_count, 1);
	assert_string_equal(f->s.passdb[0].file, path_of(f, "auth-sql.conf.ext"));
}

/* Dovecot's quota plugin: rules by their numbers, the later line of one number, nothing else. */
static void
test_quota_rules(void **state)
{
	static const char *const wanted[] = { "*:storage=2G", "Trash:storage=+100M",
		                              "Junk:ignore" };
	struct fixture *f = *state;

	assert_true(load(f, "plugin {\n quota_rule3 = Junk:ignore\n quota = maildir:User quota\n"
	                    " quota_rule = *:storage=1G\n quota_rule2 = Trash:storage=+100M\n"
	                    " quota_rules = x\n sieve = ~/x\n}\n"
	                    "plugin {\n quota_rule = *:storage=2G\n}\n"));
	assert_clean(f);
	assert_string_equal(f->s.quota, "maildir:User quota");
	assert_int_equal(f->s.quota_rule_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f->s.quota_rule[i].number, i + 1);
		assert_string_equal(f->s.quota_rule[i].text, wanted[i]);
	}
	assert_true(load(f, "plugin {\n sieve = ~/x\n}\n"));
	assert_null(f->s.quota);
}

/* A problem of the kind "no effect here" for a word that Dovecot has and linnet has not. */
static void
test_note_is_no_warning(void **state)
{
	struct fixture *f = *state;

	assert_true(load(f, "protocols = imap lmtp\nmail_plugins = $mail_plugins "
	                    "quota\nauth_mechanisms = plain ntlm\n"));
	assert_clean(f);
	assert_int_equal(f->problems.count, 3);
	for (size_t i = 0; i < f->problems.count; i++)
		assert_true(f->problems.problem[i].note);
}

/* What a row of the next table looks at: the greeting, since it may hold any text. */
static const struct {
	const char *text, *greeting;
} syntax[] = {
	{ "login_greeting = a b", "a b" },
	{ "login_greeting=a b", "a b" },
	{ "\tlogin_greeting\t=\ta b\t\r\n", "a b" },
	{ "\xef\xbb\xbflogin_greeting = a", "a" },
	{ "login_greeting =", "" },
	{ "login_greeting = \"\"", "" },
	{ "login_greeting = \"", "\"" },
	{ "login_greeting = '", "'" },
	{ "login_greeting = \" a \"", " a " },
	{ "login_greeting = ' a '", " a " },
	{ "login_greeting = \"a \\\"b\\\" \\\\ # c\"", "a \"b\" \\ # c" },
	{ "login_greeting = \"a\" and \"b\"", "a\" and \"b" },
	{ "login_greeting = it's # here", "it's # here" },
	{ "login_greeting = a # b", "a" },
	{ "login_greeting = a\t# b", "a" },
	{ "login_greeting = # b", "" },
	{ "#login_greeting = b\nlogin_greeting = a\n  # login_greeting = c", "a" },
	{ "login_greeting = a\nlogin_greeting = b", "b" },
	{ "login_greeting = a \\\n   b\\\nc\n", "a b c" },
	{ "login_greeting = a \\\n# between\n\n   b\n", "a b" },
	{ "login_greeting = a \\", "a" },
	{ "login_greeting = \"a \\\n b\"", "a b" },
	{ "login_greeting = a { b }", "a { b }" },
	{ "login_greeting = a }", "a }" },
	{ "login_greeting = a = b", "a = b" },
	{ "login_greeting = a\nlogin_greeting = $login_greeting b", "a b" },
	{ "login_greeting = $login_timeout!", "linnet ready." },
	{ "login_greeting = $login_timeout !", "1 mins !" },
	{ "login_greeting = \"$login_timeout\"", "$login_timeout" },
	{ "login_greeting = \"</etc/passwd\"", "</etc/passwd" },
	{ "protocol imap {\n login_greeting = a\n}\nlogin_greeting = b", "a" },
	{ "protocol imap { login_greeting = a }\nlogin_greeting = b", "a" },
	{ "protocol imap { login_greeting = \"a b\" login_timeout = 5 }", "a b" },
	{ "protocol pop3 {\n login_greeting = a\n}\nlogin_greeting = b", "b" },
	{ "protocol !pop3 {\n login_greeting = a\n}\nlogin_greeting = b", "a" },
	{ "protocol !imap {\n login_greeting = a\n}\nlogin_greeting = b", "b" },
	{ "protocol lda {\n login_greeting = a\n anything = goes\n}", "linnet ready." },
	{ "service imap-login {\n inet_listener imap {\n  port = 143\n }\n}\nlogin_greeting = a",
	  "a" },
	{ "service imap-login { inet_listener imap { port = 143 } } login_greeting = a", "a" },
	{ "plugin {\n login_greeting = b\n quota = maildir:User quota\n}\nlogin_greeting = a",
	  "a" },
	{ "dict {\n}\nlogin_greeting = a", "a" },
	{ "plugin{\n}\nlogin_greeting = a", "a" },
};

static void
test_syntax(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++) {
		if (!load(f, syntax[i].text))
			fail_msg("%s: %s", syntax[i].text, told(f));
		if (strcmp(f->s.login_greeting, syntax[i].greeting) != 0)
			fail_msg("%s: got \"%s\"", syntax[i].text, f->s.login_greeting);
	}
}

static const struct {
	const char *text, *problem;
} fatal[] = {
	{ "foo", "1 expected \"name = value\"" },
	{ "\n\nfoo bar baz", "3 expected" },
	{ "= x", "1 a name is missing" },
	{ "{", "1 a name is missing" },
	{ "}", "1 a } without its {" },
	{ "passdb {\n driver = sql\n", "1 the section \"passdb\" that begins here has no }" },
	{ "passdb {\n driver = sql }\n", "1 the section \"passdb\" that begins here has no }" },
	{ "passdb {\n}\n", "1 this passdb {} has no driver" },
	{ "!include", "1 expected a path behind !include" },
	{ "!inclued x", "1 of the words with \"!\"" },
	{ "!include missing.conf", "missing.conf: No such file or directory" },
	{ "!include *.none", "1 no file matches" },
	{ "!include linnet.conf", "does a file include itself?" },
	{ "!include lin*.conf", "does a file include itself?" },
	{ "!include_try linnet.conf\n!include_try linnet.conf", "does a file include itself?" },
	{ "ssl = perhaps", "1 ssl = perhaps cannot be; allowed is one of: no yes required" },
	{ "disable_plaintext_auth = maybe",
	  "disable_plaintext_auth = maybe cannot be; allowed is yes or no" },
	{ "ssl_min_protocol = SSLv3", "allowed is one of: TLSv1 TLSv1.1 TLSv1.2 TLSv1.3" },
	{ "ssl_protocols = !SSLv2 !SSLv4", "each word is one of: SSLv2 SSLv3 TLSv1" },
	{ "ssl_cert = /etc/ssl/cert.pem", "a file is named with < in front" },
	{ "ssl_cert = <", "a file is named with < in front" },
	{ "login_greeting = </etc/motd", "login_greeting takes no </file" },
	{ "auth_verbose = perhaps", "expected yes or no" },
	{ "mail_max_userip_connections = -1", "expected a number" },
	{ "mail_max_userip_connections = 99999999999999999999", "expected a number" },
	{ "login_timeout = soon", "expected a time" },
	{ "login_timeout = 5 parsecs", "expected a time" },
	{ "login_timeout = 9223372036854775807 weeks", "expected a time" },
	{ "mail_max_append_size = big", "expected a size" },
	{ "first_valid_uid = vhosts", "allowed is a number" },
	{ "mail_fsync = sometimes", "one of: optimized always never" },
	{ "mail_location = maildir:/var/mail/%z", "unknown variable \"%z\"" },
	{ "mail_location = maildir:/var/mail/%{zone}/x", "unknown variable \"%{zone}\"" },
	{ "mail_location = maildir:/a/%n:INDEX=/b/%z", "unknown variable \"%z\"" },
	{ "mail_location = maildir:/a/%n:CONTROL=/b/%n", "CONTROL= is not supported" },
	{ "index_dir = /var/index/%z", "unknown variable \"%z\"" },
	{ "auth_username_format = %", "a lone %" },
	{ "pop3_uidl_format = %m", "the variables are %u, %v and %f" },
	{ "pop3_uidl_format = %", "the variables are %u, %v and %f" },
	{ "passdb {\n driver = passwd-file\n deny = yes\n}",
	  "3 linnet has no \"deny = yes\" in passdb {}" },
	{ "passdb {\n driver = sql\n username_filter = !admin\n}",
	  "3 linnet has no \"username_filter" },
	{ "passdb {\n driver = sql\n args = $ssl\n}", "3 args: neither </file nor $variable" },
	{ "namespace inbox {\n mailbox {\n }\n}", "2 mailbox {} has no name" },
	{ "namespace inbox {\n mailbox A {\n auto = yes\n }\n}",
	  "2 auto = yes cannot be; allowed is one of" },
	{ "protocol pop3 {\n login_timeout = x\n}", "2 login_timeout = x cannot be" },
	{ "a{b{c{d{e{f{g{h{i{j{k{l{m{n{o{p{q{r{s{t{u{v{w{x{y{z{", "sections inside each other" },
};

static void
test_fatal(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		if (load(f, fatal[i].text))
			fail_msg("loads: %s", fatal[i].text);
		assert_told(f, fatal[i].problem);
		assert_string_equal(f->s.base_dir, "/run/linnet");
	}
}

/* The default stands, the file loads, and the line is named. */
static const struct {
	const char *text, *problem;
} warned[] = {
	{ "mail_locatoin = maildir:/x",
	  "1 unknown setting \"mail_locatoin\"; did you mean mail_location?\n" },
	{ "\nssl_certs = </x", "2 unknown setting \"ssl_certs\"; did you mean ssl_cert?\n" },
	{ "disable_plain_text_auth = yes", "did you mean disable_plaintext_auth?\n" },
	{ "mail_plugnis = quota", "did you mean mail_plugins?\n" },
	{ "quite_another_thing = 1", "1 unknown setting \"quite_another_thing\"\n" },
	{ "pasdb {\n driver = sql\n}", "1 unknown section \"pasdb\"; did you mean passdb?\n" },
	{ "passdb {\n driver = sql\n agrs = x\n}",
	  "3 unknown setting \"agrs\" in passdb {}; did you mean args?\n" },
	{ "passdb {\n driver = pam\n}",
	  "1 linnet has no driver \"pam\"; this passdb {} is left out" },
	{ "userdb {\n driver = passwd\n}",
	  "1 linnet has no driver \"passwd\"; this userdb {} is left out" },
	{ "mail_location = mbox:~/mail",
	  "1 mail_location = mbox:~/mail: linnet serves Maildir only" },
	{ "protocols = imap nntp", "1 protocols: nobody knows \"nntp\"; known are: imap pop3" },
	{ "login_trusted_networks = 10.0.0.0/8 lan",
	  "1 login_trusted_networks: \"lan\" is no network" },
	{ "login_greeting = $nothing", "1 login_greeting: there is no setting \"nothing\"" },
	{ "login_greeting = a#b", "1 the # inside a word begins a comment" },
	{ "local 10.0.0.0/8 {\n ssl = no\n}", "1 linnet has no local {}" },
	{ "remote 10.0.0.0/8 {\n ssl = no\n}", "1 linnet has no remote {}" },
	{ "local_name mail.example.org {\n ssl_cert = </x\n}", "1 linnet has no local_name {}" },
	{ "plugin {\n quota = dirsize:x\n}", "2 quota = dirsize:x: what is used is kept in" },
	{ "plugin {\n quota2 = maildir:x\n}", "2 linnet has one quota a user" },
	{ "namespace inbox {\n separator = ^\n}",
	  "2 linnet has no \"separator = ^\" in namespace {}" },
	{ "namespace inbox {\n mailbox A {\n special_use = \\Sport\n }\n}",
	  "2 nobody knows special_use = \\Sport" },
};

static void
test_warned(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
		if (!load(f, warned[i].text))
			fail_msg("does not load: %s: %s", warned[i].text, told(f));
		assert_told(f, warned[i].problem);
		assert_int_equal(f->s.passdb_count, strstr(warned[i].text, "agrs") ? 1 : 0);
		assert_string_equal(f->s.mail_location, "maildir:/var/mail/vhosts/%d/%n");
	}
}

static const struct {
	const char *text;
	uint64_t    seconds;
} times[] = {
	{ "0", 0 },        { "30", 30 },       { "30s", 30 },         { "30 secs", 30 },
	{ "1 second", 1 }, { "10 mins", 600 }, { "2h", 7200 },        { "1 hours", 3600 },
	{ "1D", 86400 },   { "2 days", 172800 }, { "1 weeks", 604800 }, { "5 m", 300 },
};

static void
test_times(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_true(load(f, arena_printf(&f->mem, "login_timeout = %s", times[i].text)));
		assert_int_equal(f->s.login_timeout, times[i].seconds);
	}
}

static const struct {
	const char *text;
	uint64_t    bytes;
} sizes[] = {
	{ "0", 0 },           { "4096", 4096 },      { "64k", 65536 },       { "64 kB", 65536 },
	{ "64 KiB", 65536 },  { "64M", 67108864 },   { "1 G", 1073741824 },
	{ "1 TB", 1099511627776 },
	{ "12 B", 12 },
};

static void
test_sizes(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_true(
			load(f, arena_printf(&f->mem, "mail_max_append_size = %s", sizes[i].text)));
		assert_int_equal(f->s.mail_max_append_size, sizes[i].bytes);
	}
}

static void
test_yes_and_words(void **state)
{
	struct fixture *f = *state;

	assert_true(load(
		f,
		"auth_verbose = NO\nmail_debug = on\nssl = Required\ndisable_plaintext_auth = No\n"
		"auth_mechanisms = $auth_mechanisms login\nprotocols = $protocols imap pop3\n"
		"ssl_cert = <  /etc/ssl/cert.pem\n"));
	assert_clean(f);
	assert_false(f->s.auth_verbose);
	assert_true(f->s.mail_debug);
	assert_string_equal(f->s.ssl, "required");
	assert_string_equal(f->s.disable_plaintext_auth, "no");
	assert_string_equal(f->s.auth_mechanisms, "plain login");
	assert_string_equal(f->s.protocols, "imap pop3");
	assert_string_equal(f->s.ssl_cert, "</etc/ssl/cert.pem");
	assert_string_equal(f->s.ssl_key, "");
}

static const struct settings_mailbox *
mailbox(const struct fixture *f, const char *name)
{
	for (size_t i = 0; i < f->s.mailbox_count; i++)
		if (strcmp(f->s.mailbox[i].name, name) == 0)
			return &f->s.mailbox[i];
	fail_msg("no mailbox %s", name);
	return NULL;
}

static void
test_default_mailboxes(void **state)
{
	struct fixture *f = *state;

	assert_true(load(f, ""));
	assert_int_equal(f->s.mailbox_count, 3);
	assert_string_equal(mailbox(f, "Drafts")->special_use, "\\Drafts");
	assert_string_equal(mailbox(f, "Sent")->special_use, "\\Sent");
	assert_string_equal(mailbox(f, "Trash")->special_use, "\\Trash");
	assert_string_equal(mailbox(f, "Trash")->automatic, "no");
}

/* Two may share a special use; sections of one name add up; quotes take a blank and an escape. */
static void
test_mailboxes(void **state)
{
	struct fixture *f = *state;

	assert_true(load(
		f, "namespace inbox {\n inbox = yes\n mailbox Sent {\n  special_use = \\Sent\n }\n"
		   " mailbox \"Sent Messages\" {\n  special_use = \"\\\\Sent\"\n }\n}\n"
		   "namespace inbox {\n mailbox Sent {\n  auto = subscribe\n  autoexpunge = 30d\n "
	           "}\n}\n"));
	assert_clean(f);
	assert_int_equal(f->s.mailbox_count, 2);
	assert_string_equal(mailbox(f, "Sent")->special_use, "\\Sent");
	assert_string_equal(mailbox(f, "Sent")->automatic, "subscribe");
	assert_string_equal(mailbox(f, "Sent Messages")->special_use, "\\Sent");
}

static void
test_mailboxes_in_one_line(void **state)
{
	struct fixture *f = *state;

	assert_true(load(f,
	                 "namespace inbox { inbox = yes mailbox Sent { special_use = \\Sent auto = "
	                 "subscribe } }\n"
	                 "namespace inbox { mailbox \"A b\" { } mailbox C {\n auto=create\n} }\n"));
	assert_clean(f);
	assert_int_equal(f->s.mailbox_count, 3);
	assert_string_equal(mailbox(f, "Sent")->special_use, "\\Sent");
	assert_string_equal(mailbox(f, "Sent")->automatic, "subscribe");
	assert_string_equal(mailbox(f, "A b")->special_use, "");
	assert_string_equal(mailbox(f, "C")->automatic, "create");
}

static void
test_databases_in_order(void **state)
{
	struct fixture *f = *state;

	assert_true(load(
		f, "passdb {\n driver = passwd-file\n args = /a\n}\npassdb {\n driver = sql\n args "
	           "= /b\n"
		   " default_fields = x=1\n override_fields = y=2\n skip = never\n deny = no\n}\n"
		   "userdb { driver = static args = \"uid=1 gid=2\" }\nuserdb { driver = prefetch "
	           "}\n"));
	assert_clean(f);
	assert_int_equal(f->s.passdb_count, 2);
	assert_string_equal(f->s.passdb[0].args, "/a");
	assert_string_equal(f->s.passdb[0].default_fields, "");
	assert_string_equal(f->s.passdb[1].args, "/b");
	assert_string_equal(f->s.passdb[1].default_fields, "x=1");
	assert_string_equal(f->s.passdb[1].override_fields, "y=2");
	assert_int_equal(f->s.userdb_count, 2);
	assert_string_equal(f->s.userdb[0].args, "uid=1 gid=2");
	assert_string_equal(f->s.userdb[1].driver, "prefetch");
	assert_string_equal(f->s.userdb[1].args, "");
}

struct sql {
	const char *driver, *connect, *default_pass_scheme, *password_query, *user_query;
};

static const struct settings_row sql_rows[] = {
	{ "driver", offsetof(struct sql, driver), "", "" },
	{ "connect", offsetof(struct sql, connect), "", "" },
	{ "default_pass_scheme", offsetof(struct sql, default_pass_scheme), "MD5", "" },
	{ "password_query", offsetof(struct sql, password_query), "", "" },
	{ "user_query", offsetof(struct sql, user_query), "none", "" },
	{ NULL, 0, NULL, NULL },
};

static void
test_tutorial_sql(void **state)
{
	struct fixture *f = *state;
	struct sql sql;
	const char *path = write_file(
		f, "sql",
		"driver = mysql\n"
		"connect = host=localhost dbname=messagerie user=messagerieUser "
		"password=openclassrooms\n"
		"default_pass_scheme = SHA512-CRYPT\n"
		"password_query = SELECT email as user, password FROM virtual_users "
		"WHERE email='%u'\n");

	assert_true(settings_load_rows(path, sql_rows, &f->mem, &sql, &f->problems));
	assert_clean(f);
	assert_string_equal(sql.driver, "mysql");
	assert_string_equal(
		sql.connect,
		"host=localhost dbname=messagerie user=messagerieUser password=openclassrooms");
	assert_string_equal(sql.default_pass_scheme, "SHA512-CRYPT");
	assert_string_equal(sql.password_query,
	                    "SELECT email as user, password FROM virtual_users WHERE email='%u'");
	assert_string_equal(sql.user_query, "none");
}

static void
test_rows(void **state)
{
	struct fixture *f = *state;
	struct sql sql;
	const char *path = write_file(
		f, "sql",
		"conect = x\nconnect = \"password=a#b\"\npassword_query = \\\n"
		"  SELECT a \\\n  FROM b\nuser_query = $x\ndefault_pass_scheme = <y\n"
		"map {\n}\n");

	assert_true(settings_load_rows(path, sql_rows, &f->mem, &sql, &f->problems));
	assert_told(f, "1 unknown setting \"conect\"; did you mean connect?\n");
	assert_told(f, "8 unknown section \"map\"\n");
	assert_string_equal(sql.connect, "password=a#b");
	assert_string_equal(sql.password_query, "SELECT a FROM b");
	assert_string_equal(sql.user_query, "$x");
	assert_string_equal(sql.default_pass_scheme, "<y");
	assert_false(settings_load_rows(path_of(f, "none"), sql_rows, &f->mem, &sql, &f->problems));
	assert_string_equal(sql.default_pass_scheme, "MD5");
}

/* What settings_each() writes is read back as the same value. */
struct written {
	struct arena *mem;
	struct buf    text;
	unsigned      count, changed;
};

static void
write_row(void *context, const char *name, const char *value, bool is_default, const char *doc)
{
	struct written *w = context;

	assert_true(strlen(doc) > 0);
	w->count++;
	w->changed += !is_default;
	buf_printf(&w->text, "%s = %s\n", name, value);
}

static void
test_each_round_trip(void **state)
{
	struct fixture *f = *state;
	struct written first = { &f->mem, BUF_EMPTY, 0, 0 }, second = { &f->mem, BUF_EMPTY, 0, 0 };

	assert_true(load(f, "login_timeout = 90\nmail_max_append_size = 10M\nauth_debug = "
	                    "yes\nssl_cert = </x\n"));
	settings_each(&f->s, &f->mem, write_row, &first);
	assert_int_equal(first.changed, 4);
	assert_non_null(strstr(first.text.data, "\nlogin_timeout = 90 secs\n"));
	assert_non_null(strstr(first.text.data, "\nmail_max_append_size = 10 M\n"));
	assert_non_null(strstr(first.text.data, "\nimap_idle_timeout = 30 mins\n"));
	assert_true(load(f, first.text.data));
	assert_clean(f);
	settings_each(&f->s, &f->mem, write_row, &second);
	assert_string_equal(first.text.data, second.text.data);
	buf_free(&first.text);
	buf_free(&second.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tutorial, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tutorial_includes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quota_rules, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_note_is_no_warning, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_syntax, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fatal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_warned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_times, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_yes_and_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_default_mailboxes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mailboxes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mailboxes_in_one_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_databases_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tutorial_sql, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_round_trip, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
