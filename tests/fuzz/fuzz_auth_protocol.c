/* fuzz_auth_protocol.c - bytes as lines of the authentication protocol, and as SASL responses */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "authd/check.h"
#include "authd/mechanisms.h"
#include "authd/protocol.h"
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

/* Lines of the input are the responses of one dialogue. */
static void
run_mechanisms(struct span input)
{
	const struct mechanism *m;

	for (size_t i = 0; (m = mechanism_each(i, "plain login")); i++) {
		struct dialogue d = { 0 };
		struct span rest = input, response;
		enum mechanism_next next = MECHANISM_ASK;

		while (next == MECHANISM_ASK && span_split(&rest, '\n', &response))
			next = m->step(&d, response);
		if (next == MECHANISM_CHECK &&
		    (d.user.len == 0 || d.password.len == 0 || d.password.len > LIMIT_PASSWORD))
			abort();
		dialogue_free(&d);
	}
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
	sql_query_rewrite(arena_string(&mem, input), &mem, &query, &why);
	arena_free(&mem);
	return 0;
}
