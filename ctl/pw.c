/*
 * pw.c - linnetctl pw: the hash of a password, in the form of the password column
 *
 * Salts are 16 characters of 6 bits; bcrypt's 22nd character has but two bits
 * that count, so the last one is drawn from the four that crypt(3) accepts.
 */
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/base/wipe.h"
#include "ctl/ctl.h"

/* No more rounds than authd is willing to check. */
static const struct scheme {
	const char *name;
	const char *prefix; /* crypt(3)'s, with its own number of rounds */
	/* what stands in front of a number of rounds; NULL when the scheme has none */
	const char *rounds;
	int         digits; /* of that number, at least */
	uint64_t    least, most;
	size_t      salt;
} schemes[] = {
	{ "SHA512-CRYPT", "$6$",     "$6$rounds=", 1, 1000, LIMIT_CRYPT_ROUNDS, 16 },
	{ "SHA256-CRYPT", "$5$",     "$5$rounds=", 1, 1000, LIMIT_CRYPT_ROUNDS, 16 },
	{ "BLF-CRYPT",    "$2y$10$", "$2y$",       2, 4,    LIMIT_BCRYPT_COST,  22 },
	{ "MD5-CRYPT",    "$1$",     NULL,         0, 0,    0,                  8 },
};

static const struct scheme *
find_scheme(const char *name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (span_is_nocase(span_of(name), schemes[i].name))
			return &schemes[i];
	fprintf(stderr, "linnetctl: there is no scheme \"%s\"; these are:", name);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		fprintf(stderr, " %s", schemes[i].name);
	fputc('\n', stderr);
	return NULL;
}

static bool
random_bytes(void *to, size_t n)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && read(fd, to, n) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	if (!ok)
		ctl_complain("/dev/urandom gives no random bytes");
	return ok;
}

/* crypt(3)'s second argument; NULL with a message. */
static const char *
make_setting(struct ctl *ctl, const struct scheme *scheme, uint64_t rounds)
{
	static const char alphabet[] =
		"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char raw[32];
	char salt[33] = "";

	if (!random_bytes(raw, sizeof(raw)))
		return NULL;
	for (size_t i = 0; i < scheme->salt; i++)
		salt[i] = alphabet[raw[i] % 64];
	if (scheme->salt == 22)
		salt[21] = ".Oeu"[raw[21] % 4];
	if (rounds == 0)
		return arena_printf(&ctl->mem, "%s%s", scheme->prefix, salt);
	return arena_printf(&ctl->mem, "%s%0*llu$%s", scheme->rounds, scheme->digits,
	                    (unsigned long long)rounds, salt);
}

static int
print_hash(struct ctl *ctl, const struct scheme *scheme, uint64_t rounds, char *password)
{
	const char *setting = make_setting(ctl, scheme, rounds);
	struct crypt_data *data = arena_zero(&ctl->mem, sizeof(*data));
	const char *hash = setting ? crypt_r(password, setting, data) : NULL;
	bool is_made = hash && strncmp(hash, scheme->prefix, 3) == 0;

	if (is_made)
		printf("{%s}%s\n", scheme->name, hash);
	else if (setting)
		ctl_complain(errno == ERANGE ?
		                     "the password is too long for %s of this system's crypt(3)" :
		                     "this system's crypt(3) has no %s",
		             scheme->name);
	wipe(password, strlen(password));
	wipe(data, sizeof(*data));
	return is_made ? EX_OK : EX_UNAVAILABLE;
}

static bool
rounds_fit(const struct scheme *scheme, const char *text, uint64_t *rounds_out)
{
	if (!text)
		return true;
	if (!scheme->rounds) {
		ctl_complain("%s has no rounds", scheme->name);
		return false;
	}
	if (number_parse(span_of(text), scheme->most, rounds_out) && *rounds_out >= scheme->least)
		return true;
	ctl_complain("-r %s: %s takes %llu to %llu rounds", text, scheme->name,
	             (unsigned long long)scheme->least, (unsigned long long)scheme->most);
	return false;
}

int
ctl_pw(struct ctl *ctl, int argc, char **argv)
{
	const char *name = "SHA512-CRYPT", *rounds_text = NULL;
	const struct scheme *scheme;
	char *password = NULL;
	uint64_t rounds = 0;
	int option;

	while ((option = getopt(argc, argv, "s:r:p:")) != -1) {
		if (option == 's')
			name = optarg;
		else if (option == 'r')
			rounds_text = optarg;
		else if (option == 'p')
			password = optarg;
		else
			return EX_USAGE;
	}
	if (optind < argc) {
		ctl_complain("usage: linnetctl pw [-s SCHEME] [-r ROUNDS]; the password is read "
		             "from standard input");
		return EX_USAGE;
	}
	scheme = find_scheme(name);
	if (!scheme || !rounds_fit(scheme, rounds_text, &rounds))
		return EX_USAGE;
	if (!password)
		password = ctl_read_password(ctl, "Password: ", true);
	return password ? print_hash(ctl, scheme, rounds, password) : EX_NOINPUT;
}
