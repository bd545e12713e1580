/* fuzz_auth_protocol.c - bytes as lines of the authentication protocol, and as SASL responses */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "authd/check.h"
#include "authd/jwt.h"
#include "authd/mechanisms.h"
#include "authd/password.h"
#include "authd/protocol.h"
#include "authd/scram.h"
#include "authd/sql_query.h"
#include "authd/user_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of its own for each parser: they unescape in place, and must not read beyond the end. */
static char *
copy(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);

	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	return bytes;
}

static void
parse_lines(const uint8_t *data, size_t size)
{
	struct protocol_command command;
	struct check_result result;
	struct check check;
	char *bytes = copy(data, size);

	protocol_parse(bytes, size, &command);
	free(bytes);
	bytes = copy(data, size);
	check_unpack(bytes, size, &check);
	free(bytes);
	bytes = copy(data, size);
	check_result_unpack(bytes, size, &result);
	free(bytes);
}

/* Every word of auth_mechanisms. */
static const char everything[] = "plain login cram-md5 apop scram-sha-1 scram-sha-256 external "
				 "oauthbearer xoauth2 gssapi";

static const struct dialogue_facts facts = {
	.nonce = "3rfcNHYJY1ZVvWVqj", .host = "host", .challenge = "<1@host>", .cert_user = "u@d",
	.tls_exporter = { "exporter", 8 }, .tls_unique = { "unique", 6 }, .has_plus = true,
};

static void
check_bounds(const struct dialogue *d)
{
	if (d->user.len > LIMIT_USER_NAME || d->authzid.len > LIMIT_USER_NAME ||
	    d->secret.len > LIMIT_OAUTH_TOKEN)
		abort();
}

/* Lines of the input are the responses of one dialogue; what a worker finds is made up. */
static void
run_mechanisms(struct span input)
{
	const struct mechanism *m;

	for (size_t i = 0; (m = mechanism_each(i, everything)); i++) {
		struct dialogue d = { .facts = facts };
		struct span rest = input, response;
		enum mechanism_next next = MECHANISM_ASK;

		while (next == MECHANISM_ASK && span_split(&rest, '\n', &response)) {
			next = m->step(&d, response);
			check_bounds(&d);
			if (next == MECHANISM_CHECK && m->go_on)
				next = m->go_on(&d, span_of("s=c2FsdHNhbHQ=,i=4096"));
			else if (next == MECHANISM_CHECK && m->refused && m->refused(&d))
				next = MECHANISM_ASK;
		}
		if (next == MECHANISM_CHECK && m->is_password &&
		    (d.user.len == 0 || d.secret.len == 0 || d.secret.len > LIMIT_PASSWORD))
			abort();
		dialogue_free(&d);
	}
}

/* A token that nobody has signed is nobody's, whatever stands in it. */
static void
check_tokens(struct span input, struct arena *mem)
{
	static const char set[] =
		"{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":"
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}";
	struct jwt_keys keys;
	struct jwt_rules rules = { &keys, "RS256 ES256 HS256", "", "", "email", "" };
	const char *why = NULL;

	if (jwt_keys_parse(span_of(set), mem, &keys, &why))
		jwt_check(input, &rules, 1000, mem, &why);
	jwt_keys_parse(input, mem, &keys, &why);
	for (size_t i = 0; i < keys.count; i++)
		EVP_PKEY_free(keys.key[i].public);
}

/* Half of the input as what was typed, half as what is stored; costs are kept small by length. */
static void
verify_passwords(struct span input, struct arena *mem)
{
	struct password_parts parts;
	const char *stored = arena_string(mem, input);
	struct scram_keys keys;

	password_take_apart(stored, "PLAIN", &parts);
	password_is_made_so(stored, "CRYPT", "SHA512-CRYPT");
	scram_keys_read(scram_hash_of(span_of("SCRAM-SHA-1")), input, &keys);
}

static void
make_names(struct span input, struct arena *mem)
{
	static const struct user_name_rules rules = { "", "%Lu", "" };
	const char *why = NULL, *again, *name = user_name_make(input, &rules, mem, &why);

	user_name_for_log(input, mem);
	if (!name)
		return;
	again = user_name_make(span_of(name), &rules, mem, &why);
	if (!again || strcmp(again, name) != 0 || strstr(name, "..") || strchr(name, '/'))
		abort(); /* made once it stays, and is fit for a path */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem = ARENA_EMPTY;
	struct span input = span_make((const char *)data, size);
	struct sql_query query;
	const char *why;

	parse_lines(data, size);
	run_mechanisms(input);
	make_names(input, &mem);
	check_tokens(input, &mem);
	verify_passwords(input, &mem);
	sql_query_rewrite(arena_string(&mem, input), &mem, &query, &why);
	arena_free(&mem);
	return 0;
}
