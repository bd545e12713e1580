/* commands.h - parse and run functions of every command, for the table in commands.c */
#ifndef LINNET_IMAPD_COMMANDS_H
#define LINNET_IMAPD_COMMANDS_H

#include <stdbool.h>

#include "imapd/command.h"

/* parse_x() and run_x() as command.h describes them. */
#define COMMAND_PARSE(name) void *parse_##name(struct cursor *c)
#define COMMAND_RUN(name)   void run_##name(struct session *s, const void *args, unsigned flags)

/* cmd_misc.c */
COMMAND_RUN(capability);
COMMAND_RUN(noop);
COMMAND_RUN(logout);
COMMAND_RUN(namespace);
COMMAND_PARSE(id);
COMMAND_RUN(id);

/* cmd_enable.c */
COMMAND_PARSE(enable);
COMMAND_RUN(enable);

/* cmd_select.c */
COMMAND_PARSE(select);
COMMAND_RUN(select);
COMMAND_RUN(examine);
COMMAND_RUN(check);
COMMAND_RUN(close);
COMMAND_RUN(unselect);

/* cmd_list.c */
COMMAND_PARSE(list);
COMMAND_RUN(list);
COMMAND_PARSE(lsub);
COMMAND_RUN(lsub);

/* cmd_mailbox.c */
COMMAND_PARSE(create);
COMMAND_RUN(create);
COMMAND_PARSE(mailbox);
COMMAND_RUN(delete);
COMMAND_RUN(subscribe);
COMMAND_RUN(unsubscribe);
COMMAND_PARSE(rename);
COMMAND_RUN(rename);

/* cmd_compress.c */
COMMAND_PARSE(compress);
COMMAND_RUN(compress);

/* cmd_metadata.c */
COMMAND_PARSE(getmetadata);
COMMAND_RUN(getmetadata);
COMMAND_PARSE(setmetadata);
COMMAND_RUN(setmetadata);

/* cmd_notify.c */
COMMAND_PARSE(notify);
COMMAND_RUN(notify);

/* cmd_quota.c */
COMMAND_PARSE(getquota);
COMMAND_RUN(getquota);
COMMAND_RUN(getquotaroot);
COMMAND_PARSE(setquota);
COMMAND_RUN(setquota);

/* cmd_status.c */
COMMAND_PARSE(status);
COMMAND_RUN(status);

/* cmd_append.c */
COMMAND_PARSE(append);
COMMAND_RUN(append);

/* cmd_replace.c */
COMMAND_PARSE(replace);
COMMAND_RUN(replace);

/* cmd_expunge.c */
COMMAND_RUN(expunge);
COMMAND_PARSE(uid_expunge);
COMMAND_RUN(uid_expunge);

/* cmd_store.c */
COMMAND_PARSE(store);
COMMAND_RUN(store);

/* cmd_copy.c */
COMMAND_PARSE(copy);
COMMAND_RUN(copy);
COMMAND_RUN(move);

/* cmd_idle.c */
COMMAND_RUN(idle);

/* fetch.c, search.c */
COMMAND_PARSE(fetch);
COMMAND_RUN(fetch);
COMMAND_PARSE(search);
COMMAND_RUN(search);
COMMAND_PARSE(cancelupdate);
COMMAND_RUN(cancelupdate);

/* sort.c, thread.c */
COMMAND_PARSE(sort);
COMMAND_RUN(sort);
COMMAND_PARSE(thread);
COMMAND_RUN(thread);

#endif
