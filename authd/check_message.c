/* check_message.c - questions to the workers and their answers, as lines of key=value */
#include <stddef.h>

#include "authd/check.h"
#include "common/base/number.h"
#include "common/start/auth_line.h"

static const struct text_row {
	const char *key;
	size_t      offset;
} check_rows[] = {
	{ "user", offsetof(struct check, user) },
	{ "secret", offsetof(struct check, secret) },
	{ "authzid", offsetof(struct check, authzid) },
	{ "challenge", offsetof(struct check, challenge) },
	{ "mechanism", offsetof(struct check, mechanism) },
	{ "service", offsetof(struct check, service) },
	{ "rip", offsetof(struct check, remote_ip) },
	{ "lip", offsetof(struct check, local_ip) },
	{ "stage", offsetof(struct check, stage) },
	{ "wants_user", offsetof(struct check, wants_user) },
}, result_rows[] = {
	{ "user", offsetof(struct check_result, user) },
	{ "home", offsetof(struct check_result, home) },
	{ "mail", offsetof(struct check_result, mail) },
	{ "reason", offsetof(struct check_result, reason) },
	{ "driver", offsetof(struct check_result, driver) },
	{ "line", offsetof(struct check_result, line) },
	{ "trouble", offsetof(struct check_result, trouble) },
	{ "data", offsetof(struct check_result, data) },
	{ "master", offsetof(struct check_result, master) },
};
enum {
	CHECK_ROWS = sizeof(check_rows) / sizeof(check_rows[0]),
	RESULT_ROWS = sizeof(result_rows) / sizeof(result_rows[0])
};

static void
put_texts(struct buf *out, const struct text_row *row, size_t count, const void *from)
{
	struct span text;

	for (size_t i = 0; i < count; i++) {
		memcpy(&text, (const char *)from + row[i].offset, sizeof(text));
		auth_put_value(out, row[i].key, text);
	}
}

static void
take_texts(const struct auth_line *line, size_t first, const struct text_row *row, size_t count,
           void *into)
{
	for (size_t i = 0; i < count; i++) {
		struct span text = auth_line_value(line, first, row[i].key);

		memcpy((char *)into + row[i].offset, &text, sizeof(text));
	}
}

void
check_pack(const struct check *c, struct buf *out)
{
	auth_put(out, "CHECK");
	put_texts(out, check_rows, CHECK_ROWS, c);
}

bool
check_unpack(char *message, size_t len, struct check *out)
{
	struct auth_line line;

	memset(out, 0, sizeof(*out));
	if (!auth_line_parse(message, len, &line) || line.count < 2 ||
	    !span_is(line.field[0], "CHECK"))
		return false;
	take_texts(&line, 1, check_rows, CHECK_ROWS, out);
	return out->user.at && out->secret.at && out->mechanism.at;
}

static const char *const verdicts[] = {
	[CHECK_OK] = "OK",
	[CHECK_CONTINUE] = "CONTINUE",
	[CHECK_FAILED] = "FAILED",
	[CHECK_AUTHZ] = "AUTHZ",
	[CHECK_REFUSED] = "REFUSED",
	[CHECK_UNAVAILABLE] = "UNAVAILABLE",
	[CHECK_STALE] = "STALE",
};
enum { VERDICTS = sizeof(verdicts) / sizeof(verdicts[0]) };

/* The userdb's own fields stand behind all others, with a + that no key of ours begins with. */
void
check_result_pack(const struct check_result *r, struct buf *out)
{
	auth_put(out, verdicts[r->verdict]);
	auth_put_number(out, r->uid);
	auth_put_number(out, r->gid);
	put_texts(out, result_rows, RESULT_ROWS, r);
	for (size_t i = 0; i < r->field_count; i++) {
		struct buf field = BUF_EMPTY;

		buf_byte(&field, '+');
		buf_span(&field, r->field[i]);
		auth_put_field(out, buf_view(&field));
		buf_free(&field);
	}
}

static void
take_fields(const struct auth_line *line, struct check_result *out)
{
	for (size_t i = 3; i < line->count && out->field_count < CHECK_FIELDS; i++)
		if (span_starts(line->field[i], "+"))
			out->field[out->field_count++] = span_skip(line->field[i], 1);
}

bool
check_result_unpack(char *message, size_t len, struct check_result *out)
{
	struct auth_line line;
	uint64_t uid, gid;
	int verdict = 0;

	if (!auth_line_parse(message, len, &line) || line.count < 3 ||
	    !number_parse(line.field[1], UINT32_MAX, &uid) ||
	    !number_parse(line.field[2], UINT32_MAX, &gid))
		return false;
	while (verdict < VERDICTS && !span_is(line.field[0], verdicts[verdict]))
		verdict++;
	if (verdict == VERDICTS)
		return false;
	*out = (struct check_result){ .verdict = (enum check_verdict)verdict,
		                      .uid = (uid_t)uid,
		                      .gid = (gid_t)gid };
	take_texts(&line, 3, result_rows, RESULT_ROWS, out);
	take_fields(&line, out);
	return true;
}
