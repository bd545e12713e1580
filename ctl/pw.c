/* pw.c - linnetctl pw: the hash of a password, in the form of the password column */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authd/password.h"
#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/base/wipe.h"
#include "ctl/ctl.h"

struct pw {
	const char *scheme, *rounds, *test, *user;
	char       *password;
	bool        lists, verifies;
};

static int
list_schemes(void)
{
	const char *name;

	for (size_t i = 0; (name = password_scheme_each(i)); i++)
		printf("%s%s", i > 0 ? " " : "", name);
	putchar('\n');
	return EX_OK;
}

static const struct {
	enum password_verdict verdict;
	const char           *text;
	int                   status;
} verdicts[] = {
	{ PASSWORD_RIGHT, "verified", EX_OK },
	{ PASSWORD_WRONG, "the password does not fit", EX_NOPERM },
	{ PASSWORD_NONE, "no password fits that", EX_NOPERM },
	{ PASSWORD_UNUSABLE, "cannot be checked", EX_UNAVAILABLE },
};

static int
test_hash(const struct pw *pw, const char *hash, bool says_hash)
{
	const char *why = "";
	enum password_verdict verdict =
		password_verify(span_of(pw->password), hash, "CRYPT", &why);
	size_t i = 0;

	while (verdicts[i].verdict != verdict)
		i++;
	if (verdict == PASSWORD_UNUSABLE)
		ctl_complain("%s: %s", verdicts[i].text, why);
	else
		printf("%s%s(%s)\n", says_hash ? hash : "", says_hash ? " " : "", verdicts[i].text);
	return verdicts[i].status;
}

static int
make_hash(struct ctl *ctl, const struct pw *pw, uint64_t rounds)
{
	const char *why = "", *hash = password_make(span_of(pw->password), pw->scheme, rounds,
	                                            &ctl->mem, &why);
	int status = EX_OK;

	if (!hash) {
		ctl_complain("%s", why);
		return EX_UNAVAILABLE;
	}
	if (pw->verifies)
		status = test_hash(pw, hash, true);
	else
		puts(hash);
	return status;
}

/* A call that cannot be is told before anybody is asked for a password. */
static bool
is_possible(struct ctl *ctl, const struct pw *pw, uint64_t *rounds_out)
{
	const char *why = "", *name;

	if (!password_scheme_exists(pw->scheme)) {
		fprintf(stderr, "linnetctl: there is no scheme \"%s\"; these are:", pw->scheme);
		for (size_t i = 0; (name = password_scheme_each(i)); i++)
			fprintf(stderr, " %s", name);
		fputc('\n', stderr);
		return false;
	}
	if (!pw->rounds)
		return true;
	if (!number_parse(span_of(pw->rounds), UINT32_MAX, rounds_out) || *rounds_out == 0) {
		ctl_complain("-r %s: not a number of rounds", pw->rounds);
		return false;
	}
	if (password_rounds_fit(pw->scheme, *rounds_out, &ctl->mem, &why))
		return true;
	ctl_complain("-r %s: %s", pw->rounds, why);
	return false;
}

static bool
take_option(struct pw *pw, int option)
{
	const char **const text[] = { ['s'] = &pw->scheme, ['r'] = &pw->rounds, ['t'] = &pw->test,
		                      ['u'] = &pw->user };

	if (option == 'l')
		pw->lists = true;
	else if (option == 'V')
		pw->verifies = true;
	else if (option == 'p')
		pw->password = optarg;
	else if (option == '?')
		return false;
	else
		*text[option] = optarg;
	return true;
}

int
ctl_pw(struct ctl *ctl, int argc, char **argv)
{
	struct pw pw = { .scheme = "SHA512-CRYPT" };
	uint64_t rounds = 0;
	int option, status;

	while ((option = getopt(argc, argv, "ls:r:p:t:u:V")) != -1)
		if (!take_option(&pw, option))
			return EX_USAGE;
	if (optind < argc) {
		ctl_complain("usage: linnetctl pw [-l] [-s SCHEME] [-r ROUNDS] [-t HASH] [-V]; the "
		             "password is read from standard input");
		return EX_USAGE;
	}
	if (pw.lists)
		return list_schemes();
	if (!is_possible(ctl, &pw, &rounds))
		return EX_USAGE;
	if (!pw.password)
		pw.password = ctl_read_password(ctl, "Password: ", !pw.test);
	if (!pw.password)
		return EX_NOINPUT;
	status = pw.test ? test_hash(&pw, pw.test, false) : make_hash(ctl, &pw, rounds);
	wipe(pw.password, strlen(pw.password));
	return status;
}
