/* cmd_enable.c - ENABLE (RFC 5161), and what else switches an extension on */
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

/* What can be switched on, with what it brings along (QRESYNC: RFC 7162 s.3.2.3). */
static const struct enable_row {
	const char *name;
	unsigned    bit, brings;
} enable_rows[] = {
	{ "CONDSTORE",   ENABLED_CONDSTORE, 0                 },
	{ "QRESYNC",     ENABLED_QRESYNC,   ENABLED_CONDSTORE },
	{ "UTF8=ACCEPT", ENABLED_UTF8,      0                 },
	{ "IMAP4rev2",   ENABLED_IMAP4REV2, 0                 },
	{ "UIDONLY",     ENABLED_UIDONLY,   0                 },
};
enum { ROW_COUNT = sizeof(enable_rows) / sizeof(enable_rows[0]) };

/* enable = "ENABLE" 1*(SP capability) ; unknown ones are read over */
void *
parse_enable(struct cursor *c)
{
	unsigned *bits = arena_zero(c->mem, sizeof(*bits));

	do {
		struct span name;

		take_byte(c, ' ');
		name = take_atom(c);
		for (size_t i = 0; i < ROW_COUNT; i++)
			if (span_is_nocase(name, enable_rows[i].name))
				*bits |= enable_rows[i].bit;
	} while (cursor_ok(c) && !at_end(c));
	return bits;
}

/*
 * The first command that makes a client CONDSTORE-aware while a mailbox is
 * selected is told its HIGHESTMODSEQ (RFC 7162 s.3.1).
 */
void
session_enable(struct session *s, unsigned bits)
{
	unsigned before = s->enabled;

	for (size_t i = 0; i < ROW_COUNT; i++)
		if (bits & enable_rows[i].bit)
			bits |= enable_rows[i].brings;
	s->enabled |= bits;
	if (s->box && (s->enabled & ~before & ENABLED_CONDSTORE))
		put_highestmodseq(s);
}

void
run_enable(struct session *s, const void *args, unsigned flags)
{
	const unsigned *bits = args;

	(void)flags;
	out_str(&s->out, "* ENABLED");
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (*bits & ~s->enabled & enable_rows[i].bit)
			out_printf(&s->out, " %s", enable_rows[i].name);
	out_str(&s->out, "\r\n");
	session_enable(s, *bits);
	reply_ok(s, NULL, "Enabled.");
}
