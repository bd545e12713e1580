/* start.c - from main() to a monitor, a listener or a session of an ordinary user */
#include "common/start/start.h"

#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/die.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/start/descriptors.h"
#include "common/start/listener.h"
#include "common/start/monitor.h"
#include "common/start/preauth.h"
#include "common/start/privileges.h"

#define LINNET_CONF SYSCONFDIR "/linnet/linnet.conf"

enum { STATUS_USAGE = 64, STATUS_CONFIG = 78, NOBODY = 65534, IDLE_DEFAULT = 60 };

struct options {
	const char *conf, *mail;
	bool        is_tls, is_preauth, is_wrapped;
	uint64_t    idle_seconds;
};

enum {
	OPTION_TLS = 256,
	OPTION_PREAUTH,
	OPTION_MAIL,
	OPTION_STUNNEL,
	OPTION_IDLE,
	OPTION_VERSION,
	OPTION_HELP
};

static const struct option long_options[] = {
	{ "tls", no_argument, NULL, OPTION_TLS },
	{ "preauth", no_argument, NULL, OPTION_PREAUTH },
	{ "mail", required_argument, NULL, OPTION_MAIL },
	{ "stunnel", no_argument, NULL, OPTION_STUNNEL },
	{ "idle", required_argument, NULL, OPTION_IDLE },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: %s [-c FILE] [--tls] [--stunnel] [--idle SECONDS]\n"
	"       %s [-c FILE] --preauth [--mail MAILDIR]\n"
	"Serves the connection, or accepts on the listening socket, on descriptor 0 "
	"or in LISTEN_FDS.\n";

/* What is known only from the environment, taken before that is cleared. */
struct inherited {
	int         listen_fds;
	const char *fd_names;
	const char *remote_host;
	const char *journal_stream;
};

static const char *
keep_variable(struct arena *mem, const char *name)
{
	const char *value = getenv(name);

	return value ? arena_string(mem, span_of(value)) : "";
}

/*
 * LD_..., MALLOC_..., TZ and the rest are not for us (P24); the log alone wants
 * to know whether stderr is the journal.
 */
static void
take_environment(struct arena *mem, struct inherited *from)
{
	from->listen_fds = descriptors_listen_fds();
	from->fd_names = keep_variable(mem, "LISTEN_FDNAMES");
	from->remote_host = keep_variable(mem, "REMOTE_HOST");
	from->journal_stream = keep_variable(mem, "JOURNAL_STREAM");
	clearenv();
	if (from->journal_stream[0])
		setenv("JOURNAL_STREAM", from->journal_stream, 1);
}

/* Every option but the exits; false with *status_out for those. */
static bool
take_option(const struct service *service, int option, struct options *o, int *status_out)
{
	*status_out = 0;
	switch (option) {
	case 'c':
		o->conf = optarg;
		return true;
	case OPTION_TLS:
		return o->is_tls = true;
	case OPTION_PREAUTH:
		return o->is_preauth = true;
	case OPTION_MAIL:
		o->mail = optarg;
		return true;
	case OPTION_STUNNEL:
		return o->is_wrapped = true;
	case OPTION_IDLE:
		if (number_parse(span_of(optarg), UINT32_MAX, &o->idle_seconds))
			return true;
		break;
	case OPTION_VERSION:
		printf("%s (linnet) %s\n", service->program, PACKAGE_VERSION);
		return false;
	case OPTION_HELP:
		printf(usage, service->program, service->program);
		return false;
	default:
		break;
	}
	fprintf(stderr, usage, service->program, service->program);
	*status_out = STATUS_USAGE;
	return false;
}

static bool
take_options(const struct service *service, int argc, char **argv, struct options *o,
             int *status_out)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1)
		if (!take_option(service, option, o, status_out))
			return false;
	if (optind == argc)
		return true;
	fprintf(stderr, usage, service->program, service->program);
	*status_out = STATUS_USAGE;
	return false;
}

/* The settings and, with them, the log.  False: what is wrong was logged. */
static bool
load_settings(const struct service *service, const struct options *o, struct arena *mem,
              struct settings *s)
{
	struct settings_problems problems;
	bool usable = settings_load(o->conf, service->name, mem, s, &problems);

	log_open(service->program, s->log_path);
	log_set_debug(s->mail_debug || s->auth_debug);
	clearenv();
	/* an ordinary user may well have no configuration, or none that he may read */
	if (o->is_preauth && !usable && strcmp(o->conf, LINNET_CONF) == 0 &&
	    access(o->conf, R_OK) != 0)
		return true;
	settings_log_problems(&problems);
	return usable;
}

/* In the words of sd_listen_fds_with_names(3): "imap:imaps:...", one name a descriptor. */
static bool
is_named_tls(const char *names, int index, const char *tls_name)
{
	struct span rest = span_of(names), word = SPAN_NONE;

	while (index-- >= 0)
		if (!span_split(&rest, ':', &word))
			return false;
	for (size_t i = 0; i + strlen(tls_name) <= word.len; i++)
		if (span_starts(span_skip(word, i), tls_name))
			return true;
	return false;
}

static bool
is_tls_socket(const struct service *service, const struct options *o, const struct inherited *from,
              int fd)
{
	struct net_address remote, local;

	descriptors_addresses(fd, &remote, &local);
	return o->is_tls || local.port == service->tls_port ||
	       (from->listen_fds > 0 &&
	        is_named_tls(from->fd_names, fd - DESCRIPTORS_LISTEN_START, service->tls_name));
}

static void
prepare(struct prepared *p, const struct service *service, const struct settings *settings,
        const char *conf)
{
	memset(p, 0, sizeof(*p));
	p->service = service;
	p->settings = settings;
	p->conf = conf;
	p->login_uid = p->login_gid = NOBODY;
	if (!privileges_find_user(settings->default_login_user, &p->login_uid, &p->login_gid))
		log_warning("default_login_user = %s: no such user; using uid %d",
		            settings->default_login_user, NOBODY);
	p->pump = (struct pump_maker){
		.settings = settings,
		.service = service->name,
		.uid = p->login_uid,
		.gid = p->login_gid,
		.keeper = -1,
		.is_ready = pump_is_possible(settings),
	};
}

static int
serve_one(const struct prepared *p, int fd, bool is_tls, bool is_wrapped, const char *remote_host)
{
	struct connection c = { .is_tls = is_tls, .is_wrapped = is_wrapped };

	descriptors_addresses(fd, &c.remote, &c.local);
	if (is_wrapped && !net_address_parse(remote_host, &c.remote))
		log_warning("--stunnel: REMOTE_HOST is not set to an address");
	c.fd = descriptors_lift_client(fd);
	monitor_run(p, &c);
}

static int
serve_many(struct prepared *p, const struct options *o, const struct inherited *from, int first,
           int count)
{
	struct listening on[DESCRIPTORS_LISTEN_MOST];
	uint64_t idle = from->listen_fds > 0 ? 0 : o->idle_seconds;

	for (int i = 0; i < count; i++) {
		if (descriptors_kind(first + i) != DESCRIPTOR_LISTENING) {
			log_error("descriptor %d does not listen, others do", first + i);
			return STATUS_USAGE;
		}
		on[i].is_tls = is_tls_socket(p->service, o, from, first + i);
		on[i].fd = first + i;
	}
	if (first == STDIN_FILENO)
		on[0].fd = descriptors_lift_client(first);
	return listener_run(p, on, (size_t)count, idle, o->is_wrapped);
}

static int
serve(const struct service *service, const struct options *o, const struct inherited *from,
      const struct settings *settings)
{
	int first = from->listen_fds > 0 ? DESCRIPTORS_LISTEN_START : STDIN_FILENO;
	int count = from->listen_fds > 0 ? from->listen_fds : 1;
	enum descriptor_kind kind = descriptors_kind(first);
	struct prepared p;

	if (kind != DESCRIPTOR_CONNECTED && kind != DESCRIPTOR_LISTENING) {
		log_error("descriptor %d is no connection and does not listen: %s is started by "
		          "systemd, xinetd or stunnel",
		          first, service->program);
		return STATUS_USAGE;
	}
	if (geteuid() != 0) {
		log_error("%s must be started as root; an ordinary user's own Maildir is served "
		          "with --preauth",
		          service->program);
		return STATUS_USAGE;
	}
	prepare(&p, service, settings, o->conf);
	if (kind == DESCRIPTOR_LISTENING)
		return serve_many(&p, o, from, first, count);
	return serve_one(&p, first, is_tls_socket(service, o, from, first), o->is_wrapped,
	                 from->remote_host);
}

int
start_main(const struct service *service, int argc, char **argv)
{
	static struct arena mem = ARENA_EMPTY;
	static struct settings settings;
	struct options o = { .conf = LINNET_CONF, .idle_seconds = IDLE_DEFAULT };
	struct inherited from;
	int status;

	descriptors_fill_standard();
	if (!take_options(service, argc, argv, &o, &status))
		return status;
	take_environment(&mem, &from);
	descriptors_close_from(DESCRIPTORS_LISTEN_START + from.listen_fds);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!load_settings(service, &o, &mem, &settings)) {
		if (descriptors_kind(STDIN_FILENO) == DESCRIPTOR_CONNECTED)
			monitor_say(STDIN_FILENO, service->busy);
		return STATUS_CONFIG;
	}
	monitor_catch_term();
	if (o.is_preauth)
		return preauth_run(service, &settings, o.mail);
	return serve(service, &o, &from, &settings);
}
