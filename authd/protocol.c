/*
 * protocol.c - Dovecot's authentication protocol 1.2, the server's side
 *
 * Postfix says VERSION and CPID at once and waits for DONE, then
 *	AUTH  id  mechanism  service=smtp  nologin  lip=  rip=  [secured]  [resp=base64]
 *	CONT  id  base64
 * Parameters that we do not know are read over, as the protocol wants.
 */
#include "authd/protocol.h"

#include <unistd.h>

#include "authd/mechanisms.h"
#include "common/base/base64.h"
#include "common/base/net.h"
#include "common/base/number.h"
#include "common/start/sasl_names.h"

enum { WORD_MAX = 64 };

/* A short printable word, or nothing: it goes to the log. */
static struct span
word_or_none(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] <= 0x20 || (unsigned char)s.at[i] >= 0x7f ||
		    strchr(",()<>", s.at[i]))
			return SPAN_NONE;
	return s.len > WORD_MAX ? SPAN_NONE : s;
}

static struct span
address_or_none(struct span s)
{
	struct net_address a;
	char text[NET_TEXT_ROOM];

	if (s.len == 0 || s.len >= sizeof(text))
		return SPAN_NONE;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	return net_address_parse(text, &a) ? s : SPAN_NONE;
}

static const char *
read_auth(const struct auth_line *line, struct protocol_command *out)
{
	if (line->count < 3 || line->field[2].len == 0 || line->field[2].len > WORD_MAX)
		return "AUTH without a mechanism";
	out->mechanism = line->field[2];
	out->service = word_or_none(auth_line_value(line, 3, "service"));
	out->session = word_or_none(auth_line_value(line, 3, "session"));
	out->remote_ip = address_or_none(auth_line_value(line, 3, "rip"));
	out->local_ip = address_or_none(auth_line_value(line, 3, "lip"));
	out->is_secured =
		auth_line_has(line, 3, "secured") || auth_line_value(line, 3, "secured").at;
	out->response = auth_line_value(line, 3, "resp");
	out->tls_exporter = auth_line_value(line, 3, "tls-exporter");
	out->tls_unique = auth_line_value(line, 3, "tls-unique");
	out->challenge = auth_line_value(line, 3, "challenge");
	if (auth_line_has(line, 3, "valid-client-cert"))
		out->cert_user = auth_line_value(line, 3, "cert_username");
	return out->service.len > 0 ? NULL : "AUTH without service=";
}

static const char *
read_cont(const struct auth_line *line, struct protocol_command *out)
{
	out->response = line->count > 2 ? line->field[2] : span_of("");
	return NULL;
}

static const char *
read_flush(const struct auth_line *line, struct protocol_command *out)
{
	out->user = auth_line_value(line, 2, "user");
	return NULL;
}

static const char *
read_nothing(const struct auth_line *line, struct protocol_command *out)
{
	(void)line;
	(void)out;
	return NULL;
}

static const struct kind_row {
	const char *name;
	enum protocol_kind kind;
	const char *(*read)(const struct auth_line *line, struct protocol_command *out);
} kind_rows[] = {
	{ "AUTH", PROTOCOL_AUTH, read_auth },         { "CONT", PROTOCOL_CONT, read_cont },
	{ "CANCEL", PROTOCOL_CANCEL, read_nothing },  { "CPID", PROTOCOL_CPID, read_nothing },
	{ "VERSION", PROTOCOL_VERSION, read_nothing }, { "WHO", PROTOCOL_WHO, read_nothing },
	{ "FLUSH", PROTOCOL_FLUSH, read_flush },      { "STATS", PROTOCOL_STATS, read_nothing },
};

const char *
protocol_parse(char *line, size_t len, struct protocol_command *out)
{
	struct auth_line fields;
	uint64_t number;

	memset(out, 0, sizeof(*out));
	if (!auth_line_parse(line, len, &fields) || fields.count < 2)
		return "a line that is no command";
	if (!number_parse(fields.field[1], UINT32_MAX, &number))
		return "a command without its number";
	out->number = (uint32_t)number;
	for (size_t i = 0; i < sizeof(kind_rows) / sizeof(kind_rows[0]); i++)
		if (span_is(fields.field[0], kind_rows[i].name)) {
			out->kind = kind_rows[i].kind;
			return kind_rows[i].read(&fields, out);
		}
	return "an unknown command";
}

static void
put_words(struct buf *out, const char *words)
{
	struct span rest = span_of(words), word;

	while (span_split(&rest, ' ', &word))
		auth_put_field(out, word);
}

static bool
needs_monitor(const struct mechanism *m)
{
	const struct sasl_name *name = sasl_name_each(sasl_name_find(span_of(m->name)));

	return name && (name->traits & (SASL_CERT | SASL_BINDING | SASL_COMMAND));
}

void
protocol_put_greeting(struct buf *out, const char *mechanisms, bool for_login,
                      uint32_t connection, const char *cookie)
{
	const struct mechanism *m;

	buf_str(out, "VERSION\t1\t2\n");
	for (size_t i = 0; (m = mechanism_each(i, mechanisms)); i++) {
		if (!for_login && needs_monitor(m))
			continue;
		auth_put(out, "MECH");
		auth_put_field(out, span_of(m->name));
		put_words(out, m->flags);
		auth_put_end(out);
	}
	buf_printf(out, "SPID\t%u\nCUID\t%u\nCOOKIE\t%s\nDONE\n", (unsigned)getpid(),
	           (unsigned)connection, cookie);
}

void
protocol_put_cont(struct buf *out, uint32_t id, struct span challenge)
{
	auth_put(out, "CONT");
	auth_put_number(out, id);
	buf_byte(out, '\t');
	buf_reserve(out, BASE64_ROOM(challenge.len));
	out->len += base64_encode(challenge, out->data + out->len);
	auth_put_end(out);
}

void
protocol_put_ok(struct buf *out, uint32_t id, struct span name, const struct protocol_user *user)
{
	auth_put(out, "OK");
	auth_put_number(out, id);
	auth_put_value(out, "user", name);
	if (user) {
		buf_printf(out, "\tuid=%u\tgid=%u", (unsigned)user->uid, (unsigned)user->gid);
		auth_put_value(out, "home", user->home);
		auth_put_value(out, "mail", user->mail);
		auth_put_value(out, "master_user", user->master);
		for (size_t i = 0; i < user->field_count; i++)
			auth_put_field(out, user->field[i]);
	}
	auth_put_end(out);
}

void
protocol_put_fail(struct buf *out, uint32_t id, struct span name, enum protocol_failure why,
                  struct span reason)
{
	static const char *const words[] = {
		[FAILURE_WRONG] = "",
		[FAILURE_TEMPORARY] = "\ttemp\tcode=temp_fail",
		[FAILURE_AUTHZ] = "\tauthz",
		[FAILURE_REFUSED] = "",
		[FAILURE_BAD] = "\tcode=bad",
	};

	auth_put(out, "FAIL");
	auth_put_number(out, id);
	auth_put_value(out, "user", name);
	auth_put_value(out, "reason", reason);
	buf_str(out, words[why]);
	auth_put_end(out);
}
