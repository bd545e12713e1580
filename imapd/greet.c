/*
 * greet.c - IMAP before the login: reading its commands (RFC 3501 s.2.2, RFC 7888)
 *
 * One command is collected in the greeter's block, its literals behind their
 * "{n}" CRLF, and then parsed.  A literal is only asked for where a command
 * takes one and there is room: whatever else announces one is refused before
 * its bytes come.  Parsing allocates nothing: strings are unescaped into two
 * buffers that hold the longest name and the longest password.
 */
#include "imapd/greet.h"

#include "common/base/limits.h"
#include "common/base/wipe.h"
#include "common/start/greeter.h"
#include "common/start/greeter_stranger.h"
#include "imapd/greet_commands.h"

#define NOT_OURS "* BAD This is an IMAP server.\r\n"

static void
refuse_command(struct greet_dialogue *d, const struct greet_command *c)
{
	if (!c)
		greet_bad(d, "BAD Unknown command.");
	else if (!c->run)
		greet_reply(d, "BAD Not before login.");
	else
		greet_bad(d, "BAD This command takes no literal here.");
}

/* May the literal of n bytes be read?  If not, that has been told. */
static bool
may_have_literal(struct greet_dialogue *d, const struct greet_command *c, enum greet_literal kind,
                 uint64_t n)
{
	bool is_wanted = c && (c->flags & GREET_TAKES_LITERALS);
	bool fits = n <= LIMIT_GREETER_LITERAL && n + sizeof("\r\n") < greeter_room(d->g);

	if (is_wanted && fits && kind == GREET_LITERAL_WAITS && (c->flags & GREET_SHOWS_PASSWORD) &&
	    !greeter_facts(d->g)->plaintext_is_allowed) {
		greet_refuse_plaintext(d);
		return false;
	}
	if (is_wanted && fits)
		return true;
	if (kind == GREET_LITERAL_FOLLOWS)
		greet_bye(d, "A literal that cannot be taken.", "Literal refused");
	if (!fits)
		greet_bad(d, "NO [TOOBIG] Literal too long.");
	else
		refuse_command(d, c);
	return false;
}

/* Only AUTHENTICATE may be longer than other lines: its tickets are. */
static bool
may_be_long(struct span line)
{
	struct span tag, name;

	return span_split(&line, ' ', &tag) && span_split(&line, ' ', &name) &&
	       span_is_nocase(name, "AUTHENTICATE");
}

static struct span
next_line(struct greet_dialogue *d)
{
	struct span line;

	if (greeter_line(d->g, LIMIT_GREETER_LINE, &line) == GREETER_LINE)
		return line;
	if (!may_be_long(line) ||
	    greeter_line(d->g, LIMIT_GREETER_SASL_LINE, &line) != GREETER_LINE)
		greet_bye(d, "Command line too long.", "Command line too long");
	return line;
}

/* Read behind a command's first line what its literals say; false: refused, and told. */
static bool
collect_literals(struct greet_dialogue *d, const struct greet_command *c, struct span line)
{
	enum greet_literal kind;
	uint64_t n;

	while ((kind = greet_literal_at_end(line, &n)) != GREET_LITERAL_NONE) {
		if (!may_have_literal(d, c, kind, n))
			return false;
		if (kind == GREET_LITERAL_WAITS)
			greeter_write(d->g, "+ OK\r\n");
		greeter_keep(d->g, span_make("\r\n", 2));
		greeter_bytes(d->g, (size_t)n);
		line = greeter_keep(d->g, next_line(d));
		if (!line.at) {
			greet_bad(d, "NO [TOOBIG] Command too long.");
			return false;
		}
	}
	return true;
}

static void
forget_texts(struct greet_dialogue *d)
{
	wipe(&d->first, sizeof(d->first));
	wipe(&d->second, sizeof(d->second));
}

static void
run_command(struct greet_dialogue *d, const struct greet_command *c)
{
	if (!c->run) {
		refuse_command(d, c);
		return;
	}
	if (d->cursor.rest.len > 0 && !(c->flags & GREET_TAKES_ARGUMENTS)) {
		greet_bad(d, "BAD This command takes no arguments.");
		return;
	}
	c->run(d);
	forget_texts(d);
}

/* One command: its first line, then the rest of it. */
static void
next_command(struct greet_dialogue *d)
{
	struct span line, name;
	const struct greet_command *c;
	const char *start;

	d->tag = SPAN_NONE;
	d->cursor.failed = false;
	line = next_line(d);
	if (d->commands == 1)
		greeter_refuse_stranger(d->g, line, NOT_OURS);
	line = greeter_keep(d->g, line);
	start = line.at;
	d->cursor.rest = line;
	if (span_find(line, '\0') || !greet_take_tag(&d->cursor, &d->tag)) {
		greet_bad(d,
		          line.len > 0 ? "BAD A command begins with a tag." : "BAD Empty command.");
		return;
	}
	name = greet_take_word(&d->cursor);
	c = greet_find_command(name);
	if (!collect_literals(d, c, line))
		return;
	d->cursor.rest = span_skip(greeter_kept(d->g), (size_t)(name.at + name.len - start));
	if (c)
		run_command(d, c);
	else
		refuse_command(d, c);
}

static void
write_greeting(struct greet_dialogue *d)
{
	greeter_write(d->g, "* OK [");
	greet_write_capabilities(d);
	greeter_write(d->g, "] ");
	greeter_write(d->g, greeter_facts(d->g)->greeting);
	greeter_write(d->g, "\r\n");
}

void
imap_greet(struct greeter *g)
{
	static struct greet_dialogue d;

	memset(&d, 0, sizeof(d));
	d.g = g;
	if (greeter_facts(g)->greets)
		write_greeting(&d);
	greeter_refuse_tls(g, NOT_OURS);
	for (;;) {
		if (++d.commands > LIMIT_GREETER_COMMANDS)
			greet_bye(&d, "Too many commands before login.", "Too many commands");
		next_command(&d);
		greeter_forget(g);
	}
}
