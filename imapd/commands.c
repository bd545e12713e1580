/* commands.c - the table of all commands behind login */
#include "imapd/commands.h"

#include "imapd/cursor.h"

enum { REPLACES = CHANGES | STREAMS };

const struct command commands[] = {
	{ "CAPABILITY",   ANY,         0,                       NULL,              run_capability  },
	{ "NOOP",         ANY,         0,                       NULL,              run_noop        },
	{ "LOGOUT",       ANY,         NO_REPORT,               NULL,              run_logout      },
	{ "ID",           ANY,         0,                       parse_id,          run_id          },
	{ "ENABLE",       ANY,         0,                       parse_enable,      run_enable      },
	{ "NAMESPACE",    ANY,         0,                       NULL,              run_namespace   },
	{ "IDLE",         ANY,         0,                       NULL,              run_idle        },
	{ "NOTIFY",       ANY,         0,                       parse_notify,      run_notify      },
	{ "COMPRESS",     ANY,         0,                       parse_compress,    run_compress    },

	{ "SELECT",       ANY,         ENDS_BOX,                parse_select,      run_select      },
	{ "EXAMINE",      ANY,         ENDS_BOX,                parse_select,      run_examine     },
	{ "LIST",         ANY,         0,                       parse_list,        run_list        },
	{ "LSUB",         ANY,         0,                       parse_lsub,        run_lsub        },
	{ "STATUS",       ANY,         0,                       parse_status,      run_status      },
	{ "CREATE",       ANY,         0,                       parse_create,      run_create      },
	{ "DELETE",       ANY,         0,                       parse_mailbox,     run_delete      },
	{ "RENAME",       ANY,         0,                       parse_rename,      run_rename      },
	{ "SUBSCRIBE",    ANY,         0,                       parse_mailbox,     run_subscribe   },
	{ "UNSUBSCRIBE",  ANY,         0,                       parse_mailbox,     run_unsubscribe },
	{ "GETMETADATA",  ANY,         0,                       parse_getmetadata, run_getmetadata },
	{ "SETMETADATA",  ANY,         0,                       parse_setmetadata, run_setmetadata },
	{ "GETQUOTA",     ANY,         0,                       parse_getquota,    run_getquota    },
	{ "GETQUOTAROOT", ANY,         0,                       parse_mailbox,     run_getquotaroot },
	{ "SETQUOTA",     ANY,         0,                       parse_setquota,    run_setquota    },
	{ "APPEND",       ANY,         STREAMS,                 parse_append,      run_append      },

	{ "CHECK",        IN_SELECTED, 0,                       NULL,              run_check       },
	{ "CLOSE",        IN_SELECTED, ENDS_BOX,                NULL,              run_close       },
	{ "UNSELECT",     IN_SELECTED, ENDS_BOX,                NULL,              run_unselect    },
	{ "EXPUNGE",      IN_SELECTED, CHANGES,                 NULL,              run_expunge     },
	{ "UID EXPUNGE",  IN_SELECTED, BY_UID | CHANGES,        parse_uid_expunge, run_uid_expunge },
	{ "FETCH",        IN_SELECTED, HOLDS_EXPUNGE,           parse_fetch,       run_fetch       },
	{ "UID FETCH",    IN_SELECTED, BY_UID,                  parse_fetch,       run_fetch       },
	{ "STORE",        IN_SELECTED, HOLDS_EXPUNGE | CHANGES, parse_store,       run_store       },
	{ "UID STORE",    IN_SELECTED, BY_UID | CHANGES,        parse_store,       run_store       },
	{ "SEARCH",       IN_SELECTED, HOLDS_EXPUNGE,           parse_search,      run_search      },
	{ "UID SEARCH",   IN_SELECTED, BY_UID,                  parse_search,      run_search      },
	{ "SORT",         IN_SELECTED, HOLDS_EXPUNGE,           parse_sort,        run_sort        },
	{ "UID SORT",     IN_SELECTED, BY_UID,                  parse_sort,        run_sort        },
	{ "THREAD",       IN_SELECTED, HOLDS_EXPUNGE,           parse_thread,      run_thread      },
	{ "UID THREAD",   IN_SELECTED, BY_UID,                  parse_thread,      run_thread      },
	{ "CANCELUPDATE", IN_SELECTED, 0,                       parse_cancelupdate, run_cancelupdate },
	{ "COPY",         IN_SELECTED, BY_NUMBER,               parse_copy,        run_copy        },
	{ "UID COPY",     IN_SELECTED, BY_UID,                  parse_copy,        run_copy        },
	{ "MOVE",         IN_SELECTED, CHANGES | BY_NUMBER,     parse_copy,        run_move        },
	{ "UID MOVE",     IN_SELECTED, BY_UID | CHANGES,        parse_copy,        run_move        },
	{ "REPLACE",      IN_SELECTED, REPLACES | BY_NUMBER,    parse_replace,     run_replace     },
	{ "UID REPLACE",  IN_SELECTED, REPLACES | BY_UID,       parse_replace,     run_replace     },

	/* in no state: the greeter has had them */
	{ "LOGIN",        0,           0,                       NULL,              NULL            },
	{ "AUTHENTICATE", 0,           0,                       NULL,              NULL            },
	{ "STARTTLS",     0,           0,                       NULL,              NULL            },
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command *
command_find(struct cursor *c)
{
	for (size_t i = 0; i < command_count; i++)
		if (try_whole_word(c, commands[i].name))
			return &commands[i];
	return NULL;
}
