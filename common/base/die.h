/* die.h - the two ways to end a process that cannot go on */
#ifndef LINNET_DIE_H
#define LINNET_DIE_H

enum { EXIT_DIED = 75 /* EX_TEMPFAIL of sysexits.h: trying again may help */ };

/*
 * The world refused (memory, a descriptor, a file that must be there): log, then
 * _exit(EXIT_DIED).
 */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The program is wrong: log, then abort(). */
void bug(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
