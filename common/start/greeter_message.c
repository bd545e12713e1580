/* greeter_message.c - packets between monitor and greeter: a table says what each may hold */
#include "common/start/greeter_message.h"

/* Longest parts of each kind; a kind without a row is no message. */
static const struct shape {
	bool   is_known;
	size_t name, user, data;
} shapes[GREETER_KINDS] = {
	[GREETER_AUTH]      = { true, 31, LIMIT_USER_NAME, LIMIT_GREETER_SASL_LINE },
	[GREETER_CONT]      = { true, 0, LIMIT_USER_NAME, LIMIT_GREETER_SASL_LINE },
	[GREETER_CANCEL]    = { true, 0, 0, 0 },
	[GREETER_STARTTLS]  = { true, 0, 0, 0 },
	[GREETER_GIVE_BACK] = { true, GREETER_NAME_MOST, 0, GREETER_DATA_MOST },
	[GREETER_LOG]       = { true, GREETER_NAME_MOST, 0, GREETER_LOG_MOST },
	[GREETER_END]       = { true, GREETER_NAME_MOST, 0, 0 },
	[GREETER_PROXY]     = { true, 0, 0, sizeof(struct proxy_header) },
};

static bool
fits(uint32_t kind, size_t name, size_t user, size_t data)
{
	const struct shape *s;

	if (kind >= GREETER_KINDS || !shapes[kind].is_known)
		return false;
	s = &shapes[kind];
	return name <= s->name && user <= s->user && data <= s->data;
}

bool
greeter_message_is_whole(const struct greeter_message *m, size_t n)
{
	if (n < GREETER_MESSAGE_HEAD || !fits(m->kind, m->name_len, m->user_len, m->data_len))
		return false;
	if (m->has_data > 1 || (!m->has_data && m->data_len > 0))
		return false;
	return n - GREETER_MESSAGE_HEAD == (size_t)m->name_len + m->user_len + m->data_len;
}

struct span
greeter_message_name(const struct greeter_message *m)
{
	return span_make(m->bytes, m->name_len);
}

struct span
greeter_message_user(const struct greeter_message *m)
{
	return span_make(m->bytes + m->name_len, m->user_len);
}

struct span
greeter_message_data(const struct greeter_message *m)
{
	return m->has_data ? span_make(m->bytes + m->name_len + m->user_len, m->data_len) :
	                     SPAN_NONE;
}

static size_t
put(char *to, struct span s)
{
	if (s.len > 0)
		memcpy(to, s.at, s.len);
	return s.len;
}

bool
greeter_message_make(struct greeter_message *m, enum greeter_kind kind, struct span name,
                     struct span user, struct span data, size_t *size_out)
{
	char *to = m->bytes;

	if (!fits(kind, name.len, user.len, data.len))
		return false;
	m->kind = kind;
	m->has_data = data.at != NULL;
	m->name_len = (uint32_t)name.len;
	m->user_len = (uint32_t)user.len;
	m->data_len = (uint32_t)data.len;
	to += put(to, name);
	to += put(to, user);
	to += put(to, data);
	*size_out = (size_t)(to - m->bytes) + GREETER_MESSAGE_HEAD;
	return true;
}
