/*
 * auth_test.c - linnetctl auth test: ask the running authd, as imapd would
 *
 * The attempt counts and is logged like any other, from 127.0.0.1.  Only who
 * may open the login socket (root) can ask.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/wipe.h"
#include "common/start/auth_client.h"
#include "ctl/ctl.h"

enum { PATIENCE_MS = 30 * 1000 };

/* RFC 4616: NUL, name, NUL, password; in base64. */
static struct span
plain_response(struct ctl *ctl, const char *user, char *password)
{
	size_t user_len = strlen(user), password_len = strlen(password),
	       len = user_len + password_len + 2;
	char *plain = arena_zero(&ctl->mem, len + 1),
	     *encoded = arena_alloc(&ctl->mem, BASE64_ROOM(len));
	struct span response;

	memcpy(plain + 1, user, user_len);
	memcpy(plain + user_len + 2, password, password_len);
	response = span_make(encoded, base64_encode(span_make(plain, len), encoded));
	wipe(plain, len);
	wipe(password, password_len);
	return response;
}

static const struct {
	enum auth_verdict verdict;
	const char       *text;
	int               status;
} verdicts[] = {
	{ AUTH_OK,          "the password is right",                    EX_OK },
	{ AUTH_FAILED,      "refused: no such user, or a wrong password", EX_NOPERM },
	{ AUTH_REFUSED,     "refused",                                  EX_NOPERM },
	{ AUTH_UNAVAILABLE, "authd cannot say now",                     EX_TEMPFAIL },
	{ AUTH_BAD,         "authd does not understand the question",   EX_PROTOCOL },
	{ AUTH_CONTINUE,    "authd asks on where nothing is left to say", EX_PROTOCOL },
};

static int
tell_verdict(const char *user, const struct auth_answer *a)
{
	size_t i = 0;

	while (i + 1 < sizeof(verdicts) / sizeof(verdicts[0]) && verdicts[i].verdict != a->verdict)
		i++;
	printf("%s: %s%s%s\n", user, verdicts[i].text, a->reason ? ": " : "",
	       a->reason ? a->reason : "");
	if (a->verdict == AUTH_OK)
		printf("  user = %s\n  uid = %lu\n  gid = %lu\n  home = %s\n%s%s%s", a->user,
		       (unsigned long)a->uid, (unsigned long)a->gid, a->home ? a->home : "",
		       a->mail ? "  mail = " : "", a->mail ? a->mail : "", a->mail ? "\n" : "");
	return verdicts[i].status;
}

static int
ask(struct ctl *ctl, const struct settings *s, const char *service, const char *user,
    char *password)
{
	const char *socket = arena_printf(&ctl->mem, "%s/login", s->base_dir), *why = "";
	struct auth_request request = { .service = service,
		                        .mechanism = "PLAIN",
		                        .session_id = "linnetctl",
		                        .is_secured = true };
	int64_t deadline = clock_ms() + PATIENCE_MS;
	struct auth_client *client;
	struct auth_answer answer;

	request.response = plain_response(ctl, user, password);
	client = auth_client_open(socket, deadline, &ctl->mem, &why);
	if (!client) {
		ctl_complain("authd cannot be reached: %s", why);
		return EX_UNAVAILABLE;
	}
	net_address_parse("127.0.0.1", &request.remote);
	net_address_parse("127.0.0.1", &request.local);
	answer = auth_client_ask(client, &request, deadline, &ctl->mem);
	auth_client_close(client);
	return tell_verdict(user, &answer);
}

int
ctl_auth_test(struct ctl *ctl, int argc, char **argv)
{
	const char *service = "imap", *user;
	struct settings_problems problems;
	struct settings s;
	char *password;
	int option;

	while ((option = getopt(argc, argv, "s:")) != -1) {
		if (option == '?')
			return EX_USAGE;
		service = optarg;
	}
	user = argv[optind];
	if (!user || argc - optind > 2 || strlen(user) > LIMIT_USER_NAME) {
		ctl_complain("usage: linnetctl auth test [-s SERVICE] USER; the password is read "
		             "from standard input");
		return EX_USAGE;
	}
	if (!ctl_load(ctl, &s, &problems, false))
		return EX_CONFIG;
	password = argv[optind + 1] ? argv[optind + 1] :
	                              ctl_read_password(ctl, "Password: ", false);
	return password ? ask(ctl, &s, service, user, password) : EX_NOINPUT;
}
