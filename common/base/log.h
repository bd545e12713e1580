/* log.h - one line a call, to syslog, the journal or a file */
#ifndef LINNET_LOG_H
#define LINNET_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/*
 * Choose where lines go.  ident ("imapd", "authd"; stays with the caller, must
 * live as long as the process) stands in front of each.  target is
 * log_path's value (stays with the caller as well):
 *   NULL or ""   standard error where it is a file, pipe, terminal or the
 *                journal's socket; syslog where descriptor 2 is the client's
 *                connection (xinetd) or closed
 *   "syslog"     the datagram socket /dev/log, facility mail
 *   a path       that file, opened for appending and written one line a write()
 * The descriptor is opened here, so that logging goes on under chroot, Landlock
 * and seccomp; a line costs write() or send(), and poll() and getpid().  A target that
 * cannot be opened falls back to the choice for "" and says so.
 * A log that blocks or fails never stops the service: lines are dropped and counted.
 */
void log_open(const char *ident, const char *target);

/*
 * Open the same target anew: after logrotate has moved the file, or syslogd was
 * restarted (SIGHUP).
 */
void log_reopen(void);

/*
 * Put before every later line: "imap(toto@mondomaine.local)<123><session>: ".
 * Copied; NULL for none.
 */
void log_set_prefix(const char *prefix);

void log_set_debug(bool on);

/*
 * Each is one line; bytes below 0x20 and 0x7f in the text are written as ?,
 * longer than 2 KiB is cut with "...".
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_write(enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* The descriptor in use, which a sandbox or a descriptor sweep must leave open; -1 for none. */
int log_descriptor(void);

#endif
