/* pump_main.c - tls-pump: TLS for one connection, or the keeper of a listener's key */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/number.h"
#include "common/start/descriptors.h"
#include "common/start/keeper_run.h"
#include "common/start/pump_run.h"
#include "common/start/tls_context.h"

enum { STATUS_USAGE = 64, WHY_ROOM = 256 };

static bool
take_id(const char *text, uint32_t *id_out)
{
	uint64_t n;

	if (!number_parse(span_of(text), UINT32_MAX - 1, &n))
		return false;
	*id_out = (uint32_t)n;
	return true;
}

static bool
take_arguments(int argc, char **argv, struct settings *s, struct pump_maker *maker)
{
	if (argc != PUMP_ARGUMENTS || strcmp(argv[PUMP_VERSION], PACKAGE_VERSION) != 0)
		return false;
	s->base_dir = argv[PUMP_BASE_DIR];
	s->ssl_cert = argv[PUMP_CERT];
	s->ssl_key = argv[PUMP_KEY];
	s->ssl_min_protocol = argv[PUMP_MIN_PROTOCOL];
	s->ssl_protocols = argv[PUMP_PROTOCOLS];
	s->ssl_cipher_list = argv[PUMP_CIPHERS];
	s->ssl_prefer_server_ciphers = strcmp(argv[PUMP_PREFERS_OURS], "yes") == 0;
	s->ssl_ca = argv[PUMP_CA];
	s->ssl_verify_client_cert = s->ssl_ca[0] != '\0';
	s->ssl_cert_username_field = argv[PUMP_CERT_FIELD];
	maker->settings = s;
	maker->service = argv[PUMP_SERVICE];
	return take_id(argv[PUMP_UID], &maker->uid) && take_id(argv[PUMP_GID], &maker->gid);
}

static void __attribute__((noreturn))
serve_one(const struct pump_maker *maker, bool expects_proxy)
{
	static const struct pump_ends ends = { PUMP_FIRST_FD, PUMP_FIRST_FD + 1,
		                               PUMP_FIRST_FD + 2 };
	char why[WHY_ROOM];
	const char *what = why;
	SSL_CTX *ctx = tls_context_make(maker->settings, maker->service, false, why, sizeof(why));

	if (!ctx || !pump_lock(maker, &what)) {
		pump_fail(ends.control, what);
		_exit(1);
	}
	pump_run(ctx, maker, &ends, expects_proxy);
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	struct pump_maker maker = { .keeper = -1 };
	sigset_t none;

	descriptors_fill_standard();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN); /* the session says goodbye through us, and we end with it */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!take_arguments(argc, argv, &settings, &maker)) {
		fprintf(stderr, "tls-pump is started by imapd and pop3d of the same version (%s)\n",
		        PACKAGE_VERSION);
		return STATUS_USAGE;
	}
	if (strcmp(argv[PUMP_ROLE], PUMP_ROLE_KEEPER) == 0)
		keeper_run(&maker, PUMP_FIRST_FD, PUMP_FIRST_FD + 1);
	serve_one(&maker, strcmp(argv[PUMP_ROLE], PUMP_ROLE_PROXY) == 0);
}
