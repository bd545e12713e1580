/* cmd_misc.c - CAPABILITY NOOP LOGOUT ID NAMESPACE */
#include "common/base/log.h"
#include "config.h"
#include "imapd/capability.h"
#include "imapd/commands.h"
#include "imapd/grammar.h"
#include "imapd/session.h"

void
run_capability(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	out_printf(&s->out, "* CAPABILITY %s\r\n", capability_line(s->login->settings, &s->mem));
	reply_ok(s, NULL, "Capability completed.");
}

/* News of the mailbox are the dispatcher's. */
void
run_noop(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	reply_ok(s, NULL, "NOOP completed.");
}

void
run_logout(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	out_str(&s->out, "* BYE Logging out\r\n");
	s->is_over = true;
	reply_ok(s, NULL, "Logout completed.");
}

/* One personal namespace (RFC 2342). */
void
run_namespace(struct session *s, const void *args, unsigned flags)
{
	(void)args, (void)flags;
	out_str(&s->out, "* NAMESPACE ((");
	put_string(&s->out, span_of(s->names.prefix));
	out_printf(&s->out, " \"%c\")) NIL NIL\r\n", s->names.separator);
	reply_ok(s, NULL, "Namespace completed.");
}

/* ---- ID (RFC 2971) ---- */

struct id_args {
	struct id_field {
		struct span name, value;
	} *field;
	size_t count, room;
};

/*
 * id = "ID" SP id_params_list                                       RFC 2971 s.4
 * id_params_list = "(" #(string SP nstring) ")" / nil
 */
void *
parse_id(struct cursor *c)
{
	struct id_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	if (try_whole_word(c, "NIL"))
		return a;
	take_byte(c, '(');
	if (try_byte(c, ')'))
		return a;
	do {
		struct id_field f = { SPAN_NONE, SPAN_NONE };

		f.name = take_string(c);
		take_byte(c, ' ');
		f.value = take_nstring(c);
		a->field = arena_grow(c->mem, a->field, a->count, &a->room, sizeof(*a->field));
		a->field[a->count++] = f;
	} while (try_byte(c, ' '));
	take_byte(c, ')');
	return a;
}

/* imap_id_log: names of fields, or * for all. */
static bool
is_logged(const char *wanted, struct span name)
{
	struct span rest = span_of(wanted), word;

	while (span_split(&rest, ' ', &word))
		if (span_is(word, "*") || (word.len > 0 && span_equal_nocase(word, name)))
			return true;
	return false;
}

static void
log_id(struct session *s, const struct id_args *a)
{
	struct buf line = BUF_EMPTY;

	for (size_t i = 0; i < a->count; i++) {
		if (!a->field[i].value.at ||
		    !is_logged(s->login->settings->imap_id_log, a->field[i].name))
			continue;
		if (line.len > 0)
			buf_str(&line, ", ");
		buf_span(&line, a->field[i].name);
		buf_byte(&line, '=');
		buf_span(&line, a->field[i].value);
	}
	if (line.len > 0)
		log_info("ID sent: %s", line.data);
	buf_free(&line);
}

/* imap_id_send: pairs of words; "*" stands for what we are. */
static void
put_id(struct session *s)
{
	static const struct {
		const char *name, *value;
	} ours[] = {
		{ "name", "linnet" },
		{ "version", PACKAGE_VERSION },
	};
	struct span rest = span_of(s->login->settings->imap_id_send), name, value;
	const char *before = "(";

	while (span_split(&rest, ' ', &name) && span_split(&rest, ' ', &value)) {
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			if (span_is(value, "*") && span_is_nocase(name, ours[i].name))
				value = span_of(ours[i].value);
		out_str(&s->out, before);
		put_string(&s->out, name);
		out_byte(&s->out, ' ');
		put_string(&s->out, value);
		before = " ";
	}
	out_str(&s->out, before[0] == '(' ? "NIL" : ")");
}

void
run_id(struct session *s, const void *args, unsigned flags)
{
	(void)flags;
	log_id(s, args);
	out_str(&s->out, "* ID ");
	put_id(s);
	out_str(&s->out, "\r\n");
	reply_ok(s, NULL, "ID completed.");
}
