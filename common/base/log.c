/*
 * log.c - one line a call, to syslog, the journal or a file
 *
 * syslog(3) is not used: it reopens /dev/log by name when the daemon restarts,
 * which a session under chroot cannot, and it blocks while the daemon is stopped.
 * A datagram socket is connected once; a send that would block is dropped and
 * counted, and the count stands in front of the next line that gets through.
 *
 * On standard error systemd reads the level from a leading "<6>" (sd-daemon(3));
 * it is written only where the JOURNAL_STREAM variable said that this is the
 * journal.
 */
#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048, PREFIX_MAX_BYTES = 512, FACILITY_MAIL = 2 << 3 };

enum log_form { FORM_PLAIN, FORM_JOURNAL, FORM_FILE, FORM_SYSLOG };

static struct {
	const char   *ident;
	char          prefix[PREFIX_MAX_BYTES];
	int           fd;
	enum log_form form;
	bool          debug;
	unsigned      dropped;
} logger = { .ident = "linnet", .fd = STDERR_FILENO };

static int
connect_syslog(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* xinetd puts the client's connection on 0, 1 and 2 alike. */
static bool
stderr_is_the_client(void)
{
	struct stat in, err;

	if (fstat(STDERR_FILENO, &err) != 0)
		return true;
	return S_ISSOCK(err.st_mode) && fstat(STDIN_FILENO, &in) == 0 && in.st_ino == err.st_ino &&
	       in.st_dev == err.st_dev;
}

static bool
stderr_is_the_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat err;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &err) == 0 && err.st_dev == device && err.st_ino == inode;
}

/* Above 2, so that nothing that dup2()s onto the standard descriptors closes it. */
static int
lift(int fd)
{
	int high;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd != STDERR_FILENO)
		close(fd);
	return high;
}

void
log_open(const char *ident, const char *target)
{
	bool by_name = target && target[0] && strcmp(target, "/dev/stderr") != 0;

	logger.ident = ident;
	logger.form = FORM_PLAIN;
	if (by_name && strcmp(target, "syslog") != 0) {
		logger.fd = open(target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
		logger.form = FORM_FILE;
	} else if (by_name || stderr_is_the_client()) {
		logger.fd = connect_syslog();
		logger.form = FORM_SYSLOG;
	} else {
		logger.fd = lift(STDERR_FILENO);
		logger.form = stderr_is_the_journal() ? FORM_JOURNAL : FORM_PLAIN;
	}
	logger.fd = lift(logger.fd);
	if (logger.fd < 0 && !stderr_is_the_client()) {
		int reason = errno;

		logger.fd = STDERR_FILENO;
		logger.form = FORM_PLAIN;
		log_warning("log_path = %s cannot be opened: %s; logging to standard error", target ? target : "",
		            strerror(reason));
	}
}

void
log_set_prefix(const char *prefix)
{
	snprintf(logger.prefix, sizeof(logger.prefix), "%s", prefix ? prefix : "");
}

void
log_set_debug(bool on)
{
	logger.debug = on;
}

int
log_descriptor(void)
{
	return logger.fd;
}

/* What stands in front of the line: each target has its own form. */
static size_t
write_head(char *line, size_t room, enum log_level level)
{
	time_t now = time(NULL);
	struct tm local;
	char stamp[32] = "";
	int n;

	switch (logger.form) {
	case FORM_JOURNAL:
		n = snprintf(line, room, "<%d>%s", FACILITY_MAIL | (int)level, "");
		break;
	case FORM_SYSLOG:
		localtime_r(&now, &local);
		strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &local);
		n = snprintf(line, room, "<%d>%s %s[%d]: ", FACILITY_MAIL | (int)level, stamp, logger.ident,
		             (int)getpid());
		break;
	case FORM_FILE:
		localtime_r(&now, &local);
		strftime(stamp, sizeof(stamp), "%b %d %H:%M:%S", &local);
		n = snprintf(line, room, "%s %s[%d]: ", stamp, logger.ident, (int)getpid());
		break;
	default:
		n = snprintf(line, room, "%s[%d]: ", logger.ident, (int)getpid());
	}
	return n < 0 ? 0 : (size_t)n;
}

static const char *
level_word(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "Error: ";
	case LOG_LEVEL_WARNING:
		return "Warning: ";
	case LOG_LEVEL_DEBUG:
		return "Debug: ";
	default:
		return "";
	}
}

static size_t
append(char *line, size_t len, size_t room, const char *text)
{
	size_t n = strlen(text);

	if (n > room - len)
		n = room - len;
	memcpy(line + len, text, n);
	return len + n;
}

static void
send_line(const char *line, size_t len)
{
	ssize_t n;

	do
		n = logger.form == FORM_SYSLOG ? send(logger.fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL)
		                               : write(logger.fd, line, len);
	while (n < 0 && errno == EINTR);
	logger.dropped = n < 0 ? logger.dropped + 1 : 0;
}

void
log_write(enum log_level level, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES + 8], lost[64];
	int kept = errno;
	size_t len, text;
	int n;

	if (logger.fd < 0 || (level == LOG_LEVEL_DEBUG && !logger.debug))
		return;
	len = text = write_head(line, LINE_MAX_BYTES, level);
	len = append(line, len, LINE_MAX_BYTES, logger.prefix);
	len = append(line, len, LINE_MAX_BYTES, level_word(level));
	if (logger.dropped > 0) {
		snprintf(lost, sizeof(lost), "(%u earlier lines lost) ", logger.dropped);
		len = append(line, len, LINE_MAX_BYTES, lost);
	}
	n = vsnprintf(line + len, LINE_MAX_BYTES - len, format, args);
	if (n < 0)
		n = 0;
	if ((size_t)n >= LINE_MAX_BYTES - len) {
		len = LINE_MAX_BYTES - 4;
		memcpy(line + len, "...", 3);
		len += 3;
	} else {
		len += (size_t)n;
	}
	for (size_t i = text; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	if (logger.form != FORM_SYSLOG)
		line[len++] = '\n';
	send_line(line, len);
	errno = kept;
}

#define LOG_FUNCTION(name, level)                                                                                      \
	void name(const char *format, ...)                                                                             \
	{                                                                                                              \
		va_list args;                                                                                          \
                                                                                                                       \
		va_start(args, format);                                                                                \
		log_write(level, format, args);                                                                        \
		va_end(args);                                                                                          \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
