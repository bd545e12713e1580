/* command.h - the POP3 commands after login */
#ifndef LINNET_POP3_COMMAND_H
#define LINNET_POP3_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/span.h"
#include "pop3d/texts.h"

struct pop3_session;

struct pop3_args {
	uint32_t number; /* message; 0: none was given */
	uint64_t lines;  /* TOP's body lines */
	struct span word; /* LANG's range; SPAN_NONE: none was given */
};

/*
 * One row per command.  parse() is pure: what stands behind the command's name
 * in, arguments out, or false with *why_out for the -ERR.  run()
 * sends the whole answer.  parse NULL: the command is refused in this state, and
 * refusal says why.
 */
struct pop3_command {
	const char *name;
	bool      (*parse)(struct span rest, struct pop3_args *args_out, enum text *why_out);
	void      (*run)(struct pop3_session *s, const struct pop3_args *args);
	enum text   refusal;
};

extern const struct pop3_command pop3_commands[];
extern const size_t pop3_command_count;

/* The row for what line begins with (case alike), *rest_out what stands behind it; NULL: none. */
const struct pop3_command *pop3_command_find(struct span line, struct span *rest_out);

void pop3_run_capa(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_stat(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_list(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_uidl(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_retr(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_top(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_dele(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_rset(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_noop(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_lang(struct pop3_session *s, const struct pop3_args *args);
void pop3_run_quit(struct pop3_session *s, const struct pop3_args *args);

#endif
