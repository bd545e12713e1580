/* worker.c - one process, one database connection, one password at a time: here it may block */
#include "authd/worker.h"

#include <errno.h>
#include <unistd.h>

#include "authd/channel.h"
#include "authd/check.h"
#include "authd/gssapi.h"
#include "authd/mechanisms.h"
#include "authd/privileges.h"
#include "common/base/log.h"
#include "common/base/wipe.h"

static void
open_databases(const struct database *db, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (db[i].driver->open)
			db[i].driver->open(db[i].state);
}

/* GSSAPI's keys may be root's alone, as a passwd-file. */
static void
open_keytab(const struct auth_config *config, struct arena *mem)
{
	const char *why = NULL;

	if (mechanism_find(span_of("GSSAPI"), config->settings.auth_mechanisms) &&
	    !gssapi_open(config->settings.auth_krb5_keytab, mem, &why))
		log_error("GSSAPI: %s", why);
}

/* False when this worker has no more to do. */
static bool
answer(const struct auth_config *config, int channel, char *message, size_t len, struct arena *mem)
{
	struct check_result result;
	struct check_after after;
	struct buf out = BUF_EMPTY;
	struct check c;
	bool is_sent;

	if (!check_unpack(message, len, &c)) {
		log_error("a worker of authd was asked something that is no question");
		return false;
	}
	result = check_run(config, &c, mem, &after);
	check_result_pack(&result, &out);
	is_sent = channel_send(channel, buf_view(&out), -1);
	buf_free(&out);
	if (result.verdict == CHECK_STALE)
		_exit(WORKER_STALE);
	check_finish(&after, mem);
	return is_sent;
}

void
worker_run(const struct auth_config *config, int channel)
{
	static char message[CHANNEL_MESSAGE];
	struct arena mem = ARENA_EMPTY;
	bool goes_on = true;
	ssize_t n;

	open_databases(config->passdb, config->passdb_count);
	open_databases(config->userdb, config->userdb_count);
	open_keytab(config, &mem);
	privileges_drop(config->settings.default_login_user);
	while (goes_on && (n = channel_receive(channel, message, sizeof(message), NULL)) > 0) {
		goes_on = answer(config, channel, message, (size_t)n, &mem);
		wipe(message, (size_t)n);
		arena_reset(&mem);
	}
	_exit(0);
}
