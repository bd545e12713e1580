/*
 * command.c - the table of POP3 commands and their arguments
 *
 * RFC 1939 s.3: a keyword of three or four letters in either case, arguments
 * each behind one space.  Blanks at the end of the line, which some clients
 * send, are read over; anything else that does not belong is an error, so that "RETR 1 1"
 * or "DELE 4294967297" never reaches another message.
 */
#include "pop3d/command.h"

#include "common/base/number.h"

static const char no_arguments[] = "this command has no arguments";
static const char one_number[] = "expected one message number";
static const char two_numbers[] = "expected a message number and a number of lines";

/* msg = %x31-39 *DIGIT, as far as a number can be that of a message */
static bool
parse_message(struct span word, uint32_t *number_out)
{
	uint64_t n;

	if (!number_parse(word, UINT32_MAX, &n) || n == 0)
		return false;
	*number_out = (uint32_t)n;
	return true;
}

static bool
parse_none(struct span rest, struct pop3_args *args_out, const char **why_out)
{
	(void)args_out;
	*why_out = no_arguments;
	return rest.len == 0;
}

static bool
parse_number(struct span rest, struct pop3_args *args_out, const char **why_out)
{
	*why_out = one_number;
	return parse_message(rest, &args_out->number);
}

static bool
parse_may_number(struct span rest, struct pop3_args *args_out, const char **why_out)
{
	return rest.len == 0 || parse_number(rest, args_out, why_out);
}

static bool
parse_number_lines(struct span rest, struct pop3_args *args_out, const char **why_out)
{
	struct span number;

	*why_out = two_numbers;
	return span_split(&rest, ' ', &number) && parse_message(number, &args_out->number) &&
	       number_parse(rest, UINT64_MAX - 1, &args_out->lines);
}

static const char logged_in[] = "you are logged in already";

const struct pop3_command pop3_commands[] = {
	{ "CAPA", parse_none,         pop3_run_capa, NULL },
	{ "STAT", parse_none,         pop3_run_stat, NULL },
	{ "LIST", parse_may_number,   pop3_run_list, NULL },
	{ "UIDL", parse_may_number,   pop3_run_uidl, NULL },
	{ "RETR", parse_number,       pop3_run_retr, NULL },
	{ "TOP",  parse_number_lines, pop3_run_top,  NULL },
	{ "DELE", parse_number,       pop3_run_dele, NULL },
	{ "RSET", parse_none,         pop3_run_rset, NULL },
	{ "NOOP", parse_none,         pop3_run_noop, NULL },
	{ "QUIT", parse_none,         pop3_run_quit, NULL },
	{ "LAST", NULL, NULL,
	  "LAST is not in use since RFC 1725; UIDL tells which messages are new" },
	{ "USER", NULL, NULL, logged_in },
	{ "PASS", NULL, NULL, logged_in },
	{ "APOP", NULL, NULL, logged_in },
	{ "AUTH", NULL, NULL, logged_in },
	{ "STLS", NULL, NULL, "TLS can begin only before login" },
};
const size_t pop3_command_count = sizeof(pop3_commands) / sizeof(pop3_commands[0]);

const struct pop3_command *
pop3_command_find(struct span line, struct span *rest_out)
{
	struct span name;

	while (line.len > 0 && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
		line.len--;
	if (!span_split(&line, ' ', &name))
		return NULL;
	*rest_out = line;
	for (size_t i = 0; i < pop3_command_count; i++)
		if (span_is_nocase(name, pop3_commands[i].name))
			return &pop3_commands[i];
	return NULL;
}
