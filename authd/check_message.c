/* check_message.c - questions to the workers and their answers, as lines */
#include "authd/check.h"
#include "common/base/number.h"
#include "common/start/auth_line.h"

void
check_pack(const struct check *c, struct buf *out)
{
	auth_put(out, c->wants_user ? "CHECK" : "PASSWORD");
	auth_put_field(out, c->user);
	auth_put_field(out, c->password);
	auth_put_field(out, c->mechanism);
	auth_put_field(out, c->service);
	auth_put_field(out, c->remote_ip);
	auth_put_field(out, c->local_ip);
}

bool
check_unpack(char *message, size_t len, struct check *out)
{
	struct auth_line line;

	if (!auth_line_parse(message, len, &line) || line.count != 7)
		return false;
	*out = (struct check){ line.field[1], line.field[2], line.field[3], line.field[4],
		               line.field[5], line.field[6], span_is(line.field[0], "CHECK") };
	return true;
}

static const char *const verdicts[] = {
	[CHECK_OK] = "OK",
	[CHECK_FAILED] = "FAILED",
	[CHECK_REFUSED] = "REFUSED",
	[CHECK_UNAVAILABLE] = "UNAVAILABLE",
	[CHECK_STALE] = "STALE",
};
enum { VERDICTS = sizeof(verdicts) / sizeof(verdicts[0]) };

void
check_result_pack(const struct check_result *r, struct buf *out)
{
	auth_put(out, verdicts[r->verdict]);
	auth_put_number(out, r->uid);
	auth_put_number(out, r->gid);
	auth_put_value(out, "user", r->user);
	auth_put_value(out, "home", r->home);
	auth_put_value(out, "mail", r->mail);
	auth_put_value(out, "reason", r->reason);
	auth_put_value(out, "driver", r->driver);
	auth_put_value(out, "line", r->line);
	auth_put_value(out, "trouble", r->trouble);
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
	out->user = auth_line_value(&line, 3, "user");
	out->home = auth_line_value(&line, 3, "home");
	out->mail = auth_line_value(&line, 3, "mail");
	out->reason = auth_line_value(&line, 3, "reason");
	out->driver = auth_line_value(&line, 3, "driver");
	out->line = auth_line_value(&line, 3, "line");
	out->trouble = auth_line_value(&line, 3, "trouble");
	return true;
}
