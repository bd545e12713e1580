/* command_reader.h - collecting one complete, bounded command from the stream */
#ifndef LINNET_COMMAND_READER_H
#define LINNET_COMMAND_READER_H

#include "imapd/session.h"

/*
 * Read the next command, its literals in place, into s->command.  NULL, or
 * what is wrong with it: then s->command holds at least its tag, the rest has
 * been read over, and s->reply_code may be set.  What cannot be read over
 * (a non-synchronizing literal beyond the limits) ends the session with BYE.
 *
 * The message literal of a STREAMS command is not read: s->command ends with
 * its announcement and s->literal is there.
 */
const char *command_read(struct session *s);

/*
 * The same for the text behind a literal that was streamed (MULTIAPPEND, CATENATE): it
 * replaces s->command.  The next message literal stays in the stream again.
 */
const char *command_read_more(struct session *s);

/*
 * Ask for the pending literal where the client waits for that.  Afterwards its
 * bytes are next in s->in: take s->literal.left down while reading them, and
 * set is_there to false behind the last.
 */
void command_ask_literal(struct session *s);

/*
 * Read over what a command left in the stream: its literal and what the client
 * sends behind it unasked.
 */
void command_drop_rest(struct session *s);

#endif
