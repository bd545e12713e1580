/*
 * log.c - one line a call, to syslog, the journal or a file
 *
 * syslog(3) is not used: it reopens /dev/log by name when the daemon restarts,
 * which a session under chroot cannot, and it blocks while the daemon is stopped.
 * A datagram socket is connected once; a line that would have to wait is dropped
 * and counted, and the count stands in front of the next line that gets through.
 * The flag O_NONBLOCK is not set for that: it belongs to the open file, which is
 * shared with whoever started us.
 *
 * On standard error systemd reads the level, without a facility, from a leading
 * "<6>" (sd-daemon(3)); it is written only where the JOURNAL_STREAM variable
 * said that this is the journal.
 */
#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A line is shorter than PIPE_BUF: a pipe that poll() calls writable takes it whole. */
enum { LINE_MAX_BYTES = 2048, PREFIX_MAX_BYTES = 512, FACILITY_MAIL = 2 << 3 };

enum log_form { FORM_PLAIN, FORM_JOURNAL, FORM_FILE, FORM_SYSLOG };

static struct {
	const char   *ident, *target;
	char          prefix[PREFIX_MAX_BYTES];
	int           fd;
	enum log_form form;
	bool          debug, is_socket;
	bool          torn; /* the last line got out in part: begin a new one */
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

/* A regular file or a FIFO: one without a reader must not hold us up. */
static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

/* The descriptor for a form, above 2; -1 with errno. */
static int
open_form(enum log_form form, const char *target)
{
	switch (form) {
	case FORM_FILE:
		return lift(open_file(target));
	case FORM_SYSLOG:
		return lift(connect_syslog());
	default:
		return lift(STDERR_FILENO);
	}
}

static enum log_form
form_of_stderr(void)
{
	if (stderr_is_the_client())
		return FORM_SYSLOG;
	return stderr_is_the_journal() ? FORM_JOURNAL : FORM_PLAIN;
}

static enum log_form
form_of(const char *target)
{
	if (!target || !target[0] || strcmp(target, "/dev/stderr") == 0)
		return form_of_stderr();
	return strcmp(target, "syslog") == 0 ? FORM_SYSLOG : FORM_FILE;
}

void
log_open(const char *ident, const char *target)
{
	struct stat st;
	int reason = 0;

	tzset(); /* reads /etc/localtime while that can be seen */
	logger.ident = ident;
	logger.target = target;
	logger.torn = false;
	logger.form = form_of(target);
	logger.fd = open_form(logger.form, target);
	if (logger.fd < 0) {
		reason = errno;
		logger.form = form_of_stderr();
		logger.fd = open_form(logger.form, target);
	}
	logger.is_socket = logger.fd >= 0 && fstat(logger.fd, &st) == 0 && S_ISSOCK(st.st_mode);
	if (reason && target && target[0])
		log_warning("log_path = %s cannot be opened: %s; logging to %s", target,
		            strerror(reason),
		            logger.form == FORM_SYSLOG ? "syslog" : "standard error");
}

void
log_reopen(void)
{
	int old = logger.fd;

	log_open(logger.ident, logger.target);
	if (old > STDERR_FILENO && old != logger.fd)
		close(old);
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

/* "Nov  3 20:29:01", as syslog has it. */
static const char *
stamp(char *text, size_t room)
{
	time_t now = time(NULL);
	struct tm local;

	text[0] = '\0';
	if (localtime_r(&now, &local))
		strftime(text, room, "%b %e %H:%M:%S", &local);
	return text;
}

/* What stands in front of the line: each target has its own form. */
static size_t
write_head(char *line, size_t room, enum log_level level)
{
	char now[32];
	int n;

	switch (logger.form) {
	case FORM_JOURNAL:
		n = snprintf(line, room, "<%d>", (int)level);
		break;
	case FORM_SYSLOG: /* RFC 3164 s.4.1 */
		n = snprintf(line, room, "<%d>%s %.64s[%d]: ", FACILITY_MAIL | (int)level,
		             stamp(now, sizeof(now)), logger.ident, (int)getpid());
		break;
	case FORM_FILE:
		n = snprintf(line, room, "%s %.64s[%d]: ", stamp(now, sizeof(now)), logger.ident,
		             (int)getpid());
		break;
	default:
		n = snprintf(line, room, "%.64s[%d]: ", logger.ident, (int)getpid());
	}
	return n < 0 ? 0 : (size_t)n;
}

static const char *const level_word[] = {
	[LOG_LEVEL_ERROR] = "Error: ",
	[LOG_LEVEL_WARNING] = "Warning: ",
	[LOG_LEVEL_INFO] = "",
	[LOG_LEVEL_DEBUG] = "Debug: ",
};

static size_t
append(char *line, size_t len, size_t room, const char *text)
{
	size_t n = strlen(text);

	if (n > room - len)
		n = room - len;
	memcpy(line + len, text, n);
	return len + n;
}

static ssize_t
send_once(const char *line, size_t len)
{
	struct pollfd one = { logger.fd, POLLOUT, 0 };

	if (logger.is_socket)
		return send(logger.fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&one, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(logger.fd, line, len);
}

static void
send_line(const char *line, size_t len)
{
	ssize_t n;

	do
		n = send_once(line, len);
	while (n < 0 && errno == EINTR);
	logger.dropped = n < 0 ? logger.dropped + 1 : 0;
	if (n > 0)
		logger.torn = (size_t)n < len;
}

/* The text behind what is there, cut with "..." where it does not fit. */
static size_t __attribute__((format(printf, 3, 0)))
add_text(char *line, size_t len, const char *format, va_list args)
{
	int n = vsnprintf(line + len, LINE_MAX_BYTES - len, format, args);

	if (n < 0)
		return len;
	if ((size_t)n < LINE_MAX_BYTES - len)
		return len + (size_t)n;
	memcpy(line + LINE_MAX_BYTES - 4, "...", 3);
	return LINE_MAX_BYTES - 1;
}

void
log_write(enum log_level level, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES + 8], lost[64];
	int kept = errno;
	size_t len = 0, text;

	if (logger.fd < 0 || (level == LOG_LEVEL_DEBUG && !logger.debug))
		return;
	if (logger.torn)
		line[len++] = '\n';
	len += write_head(line + len, LINE_MAX_BYTES - len, level);
	text = len;
	len = append(line, len, LINE_MAX_BYTES, logger.prefix);
	len = append(line, len, LINE_MAX_BYTES, level_word[level]);
	if (logger.dropped > 0) {
		snprintf(lost, sizeof(lost), "(%u earlier lines lost) ", logger.dropped);
		len = append(line, len, LINE_MAX_BYTES, lost);
	}
	errno = kept; /* for %m */
	len = add_text(line, len, format, args);
	for (size_t i = text; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	if (logger.form != FORM_SYSLOG)
		line[len++] = '\n';
	send_line(line, len);
	errno = kept;
}

#define LOG_FUNCTION(name, level)                                                                  \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, format);                                                            \
		log_write(level, format, args);                                                    \
		va_end(args);                                                                      \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
