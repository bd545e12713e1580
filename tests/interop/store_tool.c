/*
 * store_tool.c - the store by hand, for tests: each argument is one command
 *
 *	store_tool [-n] ROOT 'create A' 'append A Seen,work - 1000' 'open A' view
 *
 * STORE_TOOL_INDEX in the environment is index_dir, or MEMORY.
 * -n: without fsync.  Each command ends with a line "ok ..." or "error NAME";
 * the exit status is that of the last one.  See the table for the commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/number.h"
#include "common/index/mailbox.h"
#include "common/maildir/index_place.h"
#include "common/maildir/quota.h"

enum { WORDS_MOST = 8, KEYWORDS_MOST = 40 };

struct tool {
	struct store   *store;
	struct mailbox *box;
	struct arena    mem;
	char           *word[WORDS_MOST];
	size_t          words;
};

static const struct flag_name {
	const char *name;
	uint32_t    flag;
} flag_names[] = {
	{ "Answered", FLAG_ANSWERED }, { "Deleted", FLAG_DELETED }, { "Draft", FLAG_DRAFT },
	{ "Flagged", FLAG_FLAGGED },   { "Recent", FLAG_RECENT },   { "Seen", FLAG_SEEN },
};
enum { FLAG_NAMES = sizeof(flag_names) / sizeof(flag_names[0]) };

static const char *
word(const struct tool *t, size_t n)
{
	return n < t->words ? t->word[n] : "";
}

/* "Seen,work,Flagged"; "-" for none */
static uint32_t
parse_flags(struct tool *t, const char *text, const char **keyword, size_t *keywords_out)
{
	struct span rest = span_of(text), one;
	uint32_t flags = 0;

	*keywords_out = 0;
	while (strcmp(text, "-") != 0 && span_split(&rest, ',', &one)) {
		size_t i;

		for (i = 0; i < FLAG_NAMES && !span_is(one, flag_names[i].name); i++)
			;
		if (i < FLAG_NAMES)
			flags |= flag_names[i].flag;
		else if (*keywords_out < KEYWORDS_MOST)
			keyword[(*keywords_out)++] = arena_string(&t->mem, one);
	}
	return flags;
}

/* "1:3,7" or "*" for all */
static struct ranges
parse_uids(struct tool *t, const char *text)
{
	struct span rest = span_of(text);
	struct ranges set = RANGES_EMPTY;
	uint64_t first, last;

	if (strcmp(text, "*") == 0)
		ranges_add(&set, &t->mem, 1, UINT32_MAX);
	while (number_take(&rest, UINT32_MAX, &first)) {
		last = first;
		if (rest.len > 0 && rest.at[0] == ':') {
			rest = span_skip(rest, 1);
			if (!number_take(&rest, UINT32_MAX, &last))
				break;
		}
		ranges_add(&set, &t->mem, (uint32_t)first, (uint32_t)last);
		rest = span_skip(rest, 1);
	}
	return set;
}

static void
print_ranges(const char *label, const struct ranges *set)
{
	struct buf text = BUF_EMPTY;

	ranges_print(set, &text);
	printf("%s %s\n", label, text.len ? text.data : "-");
	buf_free(&text);
}

/* ---- mailboxes ---- */

static int
run_list(struct tool *t)
{
	struct store_folder *f;
	size_t count;

	if (store_list(t->store, &t->mem, &f, &count) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		printf("folder %s%s%s%s\n", f[i].name, f[i].exists ? "" : " nonexistent",
		       f[i].has_children ? " children" : "", f[i].subscribed ? " subscribed" : "");
	return 0;
}

static int
run_create(struct tool *t)
{
	return store_create(t->store, word(t, 1));
}

static int
run_delete(struct tool *t)
{
	return store_delete(t->store, word(t, 1));
}

static int
run_rename(struct tool *t)
{
	return store_rename(t->store, word(t, 1), word(t, 2));
}

static int
run_subscribe(struct tool *t)
{
	return store_subscribe(t->store, word(t, 1), true);
}

static int
run_unsubscribe(struct tool *t)
{
	return store_subscribe(t->store, word(t, 1), false);
}

static int
run_status(struct tool *t)
{
	struct mailbox_status st;

	if (mailbox_status(t->store, word(t, 1), STATUS_WITH_SIZE, &st) != 0)
		return -1;
	printf("status messages %u recent %u unseen %u deleted %u uidnext %u uidvalidity %u size "
	       "%llu\n",
	       st.messages, st.recent, st.unseen, st.deleted, st.uidnext, st.uidvalidity,
	       (unsigned long long)st.size);
	return 0;
}

/* ---- messages ---- */

static int
open_box(struct tool *t, enum mailbox_mode mode)
{
	t->box = mailbox_close(t->box);
	return mailbox_open(t->store, word(t, 1), mode, &t->box);
}

static int
run_open(struct tool *t)
{
	return open_box(t, MAILBOX_READ_WRITE);
}

static int
run_examine(struct tool *t)
{
	return open_box(t, MAILBOX_READ_ONLY);
}

static int
run_close(struct tool *t)
{
	t->box = mailbox_close(t->box);
	return 0;
}

/* FNV-1a of the file's bytes: enough to know a message again. */
static uint64_t
sum_file(struct mailbox *box, uint32_t number)
{
	uint64_t h = 14695981039346656037ULL;
	int fd = mailbox_message_open(box, number);
	unsigned char piece[4096];
	ssize_t n;

	if (fd < 0)
		return 0;
	while ((n = read(fd, piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++)
			h = (h ^ piece[i]) * 1099511628211ULL;
	close(fd);
	return h;
}

static void
print_message(struct tool *t, uint32_t number)
{
	const struct message *m = mailbox_message(t->box, number);
	const char *comma = "";
	uint64_t size = 0;
	time_t date = 0;

	printf("message %u ", m->uid);
	for (size_t i = 0; i < FLAG_NAMES; i++) {
		if (m->flags & flag_names[i].flag) {
			printf("%s%s", comma, flag_names[i].name);
			comma = ",";
		}
	}
	for (unsigned n = 0; n < mailbox_keyword_count(t->box); n++) {
		if (m->keywords >> n & 1) {
			printf("%s%s", comma, mailbox_keyword(t->box, n));
			comma = ",";
		}
	}
	if (mailbox_message_size(t->box, number, &size) != 0 ||
	    mailbox_message_date(t->box, number, &date) != 0)
		printf("!%s", strerror(errno));
	printf("%s %llu %lld %016llx %s %llu\n", *comma ? "" : "-", (unsigned long long)size,
	       (long long)date, (unsigned long long)sum_file(t->box, number),
	       mailbox_message_base(t->box, number), (unsigned long long)m->modseq);
}

static int
run_view(struct tool *t)
{
	printf("view uidvalidity %u uidnext %u count %u recent %u %s\n",
	       mailbox_uidvalidity(t->box), mailbox_uidnext(t->box), mailbox_count(t->box),
	       mailbox_recent(t->box), mailbox_is_writable(t->box) ? "writable" : "read-only");
	printf("modseq %llu\n", (unsigned long long)mailbox_highestmodseq(t->box));
	if (mailbox_trouble(t->box))
		printf("trouble %s\n", mailbox_trouble(t->box));
	for (uint32_t n = 1; n <= mailbox_count(t->box); n++)
		print_message(t, n);
	return 0;
}

/* Every mailbox, one after the other, as a fresh session sees it. */
static int
run_tree(struct tool *t)
{
	struct store_folder *f;
	size_t count;

	if (store_list(t->store, &t->mem, &f, &count) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!f[i].exists)
			continue;
		printf("mailbox %s\n", f[i].name);
		t->box = mailbox_close(t->box);
		if (mailbox_open(t->store, f[i].name, MAILBOX_READ_WRITE, &t->box) != 0)
			printf("unopened %s: %s\n", f[i].name, strerror(errno));
		else
			run_view(t);
	}
	return 0;
}

static int
run_count(struct tool *t)
{
	printf("count %u recent %u\n", mailbox_count(t->box), mailbox_recent(t->box));
	return 0;
}

static int
run_sync(struct tool *t)
{
	static const char *const names[] = { "none",     "expunged", "exists", "recent",
		                             "keywords", "flags",    "lost" };
	struct news n;

	if (mailbox_sync(t->box) != 0)
		return -1;
	while (mailbox_next_news(t->box, strcmp(word(t, 1), "hold") != 0, &n))
		printf("news %s %u %u\n", names[n.kind], n.number, n.uid);
	return 0;
}

/* append NAME FLAGS DATE BYTES [COUNT]: DATE "-" for now */
static int
run_append(struct tool *t)
{
	const char *keyword[KEYWORDS_MOST];
	size_t keywords, bytes = strtoul(word(t, 4), NULL, 10),
			 count = t->words > 5 ? strtoul(word(t, 5), NULL, 10) : 1;
	uint32_t flags = parse_flags(t, word(t, 2), keyword, &keywords), uidvalidity;
	time_t date = strcmp(word(t, 3), "-") == 0 ? -1 : (time_t)strtol(word(t, 3), NULL, 10);
	static const char line[] = "A line of a message that somebody has written.\r\n";
	struct ranges uids;
	struct append *a;
	int failed;

	if (append_open(t->store, word(t, 1), &a) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		char head[80];
		int n = snprintf(head, sizeof(head), "Subject: %zu of %zu\r\n\r\n", i + 1, count);

		append_message(a, flags, keyword, keywords, date);
		append_write(a, head, (size_t)n);
		for (size_t done = 0; done < bytes; done += sizeof(line) - 1)
			append_write(a, line, sizeof(line) - 1);
	}
	failed = append_commit(a, &t->mem, &uidvalidity, &uids) == 0 ? 0 : errno;
	append_close(a);
	errno = failed;
	if (failed)
		return -1;
	printf("appended %u\n", uidvalidity);
	print_ranges("uids", &uids);
	return 0;
}

/* flags add|remove|set UIDS FLAGS */
static int
run_flags(struct tool *t)
{
	const char *keyword[KEYWORDS_MOST];
	struct flags_change change = { .how = FLAGS_SET, .keyword = keyword };
	struct ranges uids = parse_uids(t, word(t, 2));
	struct flags_result result;

	change.how = strcmp(word(t, 1), "add") == 0    ? FLAGS_ADD :
	             strcmp(word(t, 1), "remove") == 0 ? FLAGS_REMOVE :
	                                                 FLAGS_SET;
	change.flags = parse_flags(t, word(t, 3), keyword, &change.keyword_count);
	if (mailbox_flags(t->box, &uids, &change, &t->mem, &result) != 0)
		return -1;
	print_ranges("gone", &result.gone);
	return 0;
}

static int
copy_or_move(struct tool *t, bool move)
{
	struct ranges uids = parse_uids(t, word(t, 1));
	struct copied copied;

	if (mailbox_copy(t->box, &uids, word(t, 2), move, &t->mem, &copied) != 0)
		return -1;
	printf("copied %u\n", copied.uidvalidity);
	print_ranges("from", &copied.from);
	print_ranges("to", &copied.to);
	return 0;
}

static int
run_copy(struct tool *t)
{
	return copy_or_move(t, false);
}

static int
run_move(struct tool *t)
{
	return copy_or_move(t, true);
}

static int
run_expunge(struct tool *t)
{
	struct ranges uids = parse_uids(t, word(t, 1));

	return mailbox_expunge(t->box, t->words > 1 ? &uids : NULL);
}

static int
run_sleep(struct tool *t)
{
	struct timespec pause = { 0, strtol(word(t, 1), NULL, 10) * 1000000 };

	return nanosleep(&pause, NULL);
}

static int
run_watch(struct tool *t)
{
	return mailbox_watch(t->box) < 0 ? -1 : 0;
}

/* quota RULE ...: of the store from now on */
static int
run_quota(struct tool *t)
{
	const char *bad;

	store_set_quota(t->store,
	                quota_new("maildir:User quota", (const char *const *)&t->word[1],
	                          t->words - 1, &t->mem, &bad));
	errno = EINVAL;
	return bad ? -1 : 0;
}

static int
run_use(struct tool *t)
{
	struct quota_amounts use;

	if (quota_use(t->store, &use) != 0)
		return -1;
	printf("use %llu %llu\n", (unsigned long long)use.bytes, (unsigned long long)use.messages);
	return 0;
}

static const struct row {
	const char *name;
	int       (*run)(struct tool *t);
	bool        needs_box;
} rows[] = {
	{ "append", run_append, false },       { "close", run_close, false },
	{ "copy", run_copy, true },
	{ "count", run_count, true },          { "create", run_create, false },
	{ "delete", run_delete, false },
	{ "examine", run_examine, false },     { "expunge", run_expunge, true },
	{ "flags", run_flags, true },
	{ "list", run_list, false },           { "move", run_move, true },
	{ "open", run_open, false },
	{ "quota", run_quota, false },
	{ "rename", run_rename, false },       { "sleep", run_sleep, false },
	{ "status", run_status, false },
	{ "subscribe", run_subscribe, false }, { "sync", run_sync, true },
	{ "tree", run_tree, false },
	{ "unsubscribe", run_unsubscribe, false }, { "use", run_use, false },
	{ "view", run_view, true },            { "watch", run_watch, true },
};

static int
run_command(struct tool *t, const char *command)
{
	struct span rest = span_of(command), one;

	t->words = 0;
	while (t->words < WORDS_MOST && span_split(&rest, ' ', &one))
		t->word[t->words++] = arena_string(&t->mem, one);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, word(t, 0)) != 0)
			continue;
		errno = EBADF;
		return rows[i].needs_box && !t->box ? -1 : rows[i].run(t);
	}
	errno = ENOSYS;
	return -1;
}

int
main(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "-n") == 0 ? 2 : 1, failed = 0;
	const char *index = getenv("STORE_TOOL_INDEX");
	struct tool t = { NULL, NULL, ARENA_EMPTY, { NULL }, 0 };

	if (argc <= first ||
	    store_open(argv[first], true, first == 2 ? STORE_NO_SYNC : STORE_SYNC, &t.store) != 0) {
		printf("error %s\n", strerror(errno));
		return 1;
	}
	if (index && strcmp(index, "MEMORY") == 0)
		store_set_index(t.store, INDEX_NOWHERE);
	else if (index)
		store_set_index(t.store, open(index, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = first + 1; i < argc; i++) {
		failed = run_command(&t, argv[i]);
		if (failed)
			printf("error %s\n", strerror(errno));
		else
			printf("ok %s\n", argv[i]);
	}
	mailbox_close(t.box);
	store_close(t.store);
	arena_free(&t.mem);
	return failed ? 1 : 0;
}
