/* ctl.h - what the verbs of linnetctl have in common */
#ifndef LINNET_CTL_H
#define LINNET_CTL_H

#include <stdbool.h>
#include <sysexits.h>

#include "common/base/settings.h"

/* One call of linnetctl: one thing asked, one answer, then the process ends. */
struct ctl {
	const char  *config; /* path of linnet.conf */
	struct arena mem;
};

/*
 * A verb gets what stands behind it, argv[0] being its own last word, and
 * returns an exit status: 0, or one of sysexits.h (linnetctl(8) lists them).
 */
int ctl_config(struct ctl *ctl, int argc, char **argv);
int ctl_config_check(struct ctl *ctl, int argc, char **argv);
int ctl_auth_test(struct ctl *ctl, int argc, char **argv);
int ctl_pw(struct ctl *ctl, int argc, char **argv);
int ctl_who(struct ctl *ctl, int argc, char **argv);
int ctl_kick(struct ctl *ctl, int argc, char **argv);
int ctl_stats(struct ctl *ctl, int argc, char **argv);
int ctl_flush(struct ctl *ctl, int argc, char **argv);

/* One line on standard error, with the program's name in front. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Settings with all that is wrong told on standard error (notes only with_notes);
 * false when they cannot be used.
 */
bool ctl_load(struct ctl *ctl, struct settings *settings_out,
              struct settings_problems *problems_out, bool with_notes);
void ctl_tell_problems(const struct settings_problems *problems, bool with_notes);

/*
 * A password, from the terminal without echo (asked for twice where twice is
 * set) or as the first line of standard input.  NULL when none came, it is too
 * long or the two differ: said so.  wipe() it after use.
 */
char *ctl_read_password(struct ctl *ctl, const char *prompt, bool twice);

#endif
