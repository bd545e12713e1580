/* sql_connect.c - the words of connect = ... */
#include "authd/sql_connect.h"

#include <stddef.h>

#include "common/base/number.h"

/* A connection, a query and one try more stay within LIMIT_AUTH_SECONDS. */
enum { CONNECT_SECONDS = 2, READ_SECONDS = 4, WRITE_SECONDS = 4, MOST_SECONDS = 60 };

static bool
take_text(struct sql_connect *c, size_t offset, const char *value)
{
	*(const char **)(void *)((char *)c + offset) = value;
	return true;
}

static bool
take_host(struct sql_connect *c, size_t offset, const char *value)
{
	(void)offset;
	if (c->host_count == SQL_HOSTS || !value[0])
		return false;
	c->host[c->host_count++] = value;
	return true;
}

static bool
take_number(struct sql_connect *c, size_t offset, const char *value)
{
	uint64_t n, most = offset == offsetof(struct sql_connect, port) ? 65535 : MOST_SECONDS;

	if (!number_parse(span_of(value), most, &n))
		return false;
	*(unsigned *)(void *)((char *)c + offset) = (unsigned)n;
	return true;
}

static bool
take_yes(struct sql_connect *c, size_t offset, const char *value)
{
	bool yes = strcmp(value, "yes") == 0;

	*(bool *)(void *)((char *)c + offset) = yes;
	return yes || strcmp(value, "no") == 0;
}

#define FIELD(name) offsetof(struct sql_connect, name)
static const struct word_row {
	const char *key;
	bool (*take)(struct sql_connect *c, size_t offset, const char *value);
	size_t offset;
} word_rows[] = {
	{ "host", take_host, 0 },
	{ "hostaddr", take_host, 0 },
	{ "port", take_number, FIELD(port) },
	{ "dbname", take_text, FIELD(dbname) },
	{ "user", take_text, FIELD(user) },
	{ "password", take_text, FIELD(password) },
	{ "ssl_ca", take_text, FIELD(ssl_ca) },
	{ "ssl_ca_path", take_text, FIELD(ssl_ca_path) },
	{ "ssl_cert", take_text, FIELD(ssl_cert) },
	{ "ssl_key", take_text, FIELD(ssl_key) },
	{ "ssl_cipher", take_text, FIELD(ssl_cipher) },
	{ "ssl_verify_server_cert", take_yes, FIELD(ssl_verify_server_cert) },
	{ "option_file", take_text, FIELD(option_file) },
	{ "option_group", take_text, FIELD(option_group) },
	{ "connect_timeout", take_number, FIELD(connect_timeout) },
	{ "read_timeout", take_number, FIELD(read_timeout) },
	{ "write_timeout", take_number, FIELD(write_timeout) },
};

static bool
take_word(struct sql_connect *c, struct span key, struct span value, struct arena *mem,
          const char **why_out)
{
	for (size_t i = 0; i < sizeof(word_rows) / sizeof(word_rows[0]); i++) {
		if (!span_is(key, word_rows[i].key))
			continue;
		if (word_rows[i].take(c, word_rows[i].offset, arena_string(mem, value)))
			return true;
		*why_out = arena_printf(mem, "%s= has a value that cannot be", word_rows[i].key);
		return false;
	}
	/* not the word itself: it may be the second half of a password with a blank */
	*why_out = "a word that is none of host= port= dbname= user= password= ssl_ca= ssl_cert= "
	           "ssl_key= "
		   "connect_timeout= read_timeout= write_timeout= and the like (values cannot have "
	           "blanks)";
	return false;
}

bool
sql_connect_parse(const char *text, struct arena *mem, struct sql_connect *out,
                  const char **why_out)
{
	struct span rest = span_of(text), word, key;

	*out = (struct sql_connect){ .connect_timeout = CONNECT_SECONDS,
		                     .read_timeout = READ_SECONDS,
		                     .write_timeout = WRITE_SECONDS,
		                     .ssl_verify_server_cert = true };
	while (span_split(&rest, ' ', &word)) {
		word = span_trim(word);
		if (word.len == 0)
			continue;
		span_split(&word, '=', &key);
		if (!word.at)
			word = span_of("");
		if (!take_word(out, key, word, mem, why_out))
			return false;
	}
	if (out->host_count == 0)
		*why_out = "no host=";
	else if (!out->dbname || !out->user)
		*why_out = "dbname= and user= must be there";
	else
		return true;
	return false;
}
