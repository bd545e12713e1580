/* append.h - the arguments of APPEND and REPLACE, which come in pieces between message literals */
#ifndef LINNET_IMAPD_APPEND_H
#define LINNET_IMAPD_APPEND_H

#include <time.h>

#include "imapd/grammar.h"

struct session;

/*
 * args is all of an APPEND or REPLACE command behind its name, up to and with
 * the announcement of a literal; words: how many arguments stand in front of the mailbox.
 * Is that literal a message?  It is not when it is the mailbox's name or a URL.
 */
bool append_literal_is_message(struct span args, unsigned words);
/* The same for what follows a message's literal. */
bool append_more_is_message(struct span text);

/*
 * What is to be done, in the order of the text.  A piece of text ends in a
 * STEP_LITERAL or with the command; what a literal is part of is kept for the next piece.
 */
enum append_step_kind { STEP_MESSAGE, STEP_URL, STEP_LITERAL, STEP_END };
struct append_step {
	enum append_step_kind kind;
	struct flag_list      list;      /* STEP_MESSAGE: what it is appended with */
	time_t                date;      /* of STEP_MESSAGE; -1: now */
	struct span           url;       /* of STEP_URL */
	bool                  is_binary; /* of STEP_LITERAL: "~{n}" */
	bool                  is_utf8;   /* of STEP_LITERAL: "UTF8 (~{n}" */
	bool                  is_whole;  /* of STEP_LITERAL: it is all of the message */
};

enum append_state { APPEND_NEXT, APPEND_PARTS, APPEND_CLOSE, APPEND_PARTS_CLOSE };
struct append_script {
	bool                is_single; /* one message only (REPLACE) */
	bool                waits;     /* the last step is a literal: more text comes behind it */
	enum append_state   state;
	size_t              messages, parts; /* so far */
	size_t              text;      /* bytes of arguments behind the first literal */
	struct append_step *step;
	size_t              count, room;
};

/* append_grammar.c: 1*append-message, as far as this piece of text goes. */
void take_append_steps(struct cursor *c, struct append_script *script);

/*
 * cmd_append.c: take all messages of the script, and all that follow in the
 * stream, into s->append, which is opened on target.  False: the reply is set; s->append is
 * the caller's to commit or to close in either case.
 */
bool append_receive(struct session *s, const char *target, struct append_script *script);
bool append_open_target(struct session *s, const struct mailbox_name *target);
/* Commit; "APPENDUID 1 2:3", or NULL with the reply set. */
const char *append_finish(struct session *s, const char *target);

/* append_url.c: what a URL names goes to s->append, counted in *octets.  False: reply set. */
bool append_url(struct session *s, struct span url, const char *target, uint64_t *octets);

#endif
