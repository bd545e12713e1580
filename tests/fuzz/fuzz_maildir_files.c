/* fuzz_maildir_files.c - maildirsize, quota rules, Courier's files and linnet.intent, any bytes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/quota_rule.h"
#include "common/maildir/courier.h"
#include "common/maildir/intent.h"
#include "common/maildir/name.h"
#include "common/maildir/quota.h"
#include "common/maildir/subscriptions.h"
#include "common/maildir/uidlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool holds)
{
	if (!holds)
		abort();
}

static void
try_maildirsize(struct span text)
{
	struct quota_file f;

	if (quota_parse(text, &f))
		need(f.lines > 0 && f.use.bytes <= INT64_MAX && f.use.messages <= INT64_MAX);
}

static void
try_rule(struct span text)
{
	static const uint64_t standards[] = { 0, 1, 1000, UINT32_MAX, INT64_MAX, UINT64_MAX };
	struct arena mem = ARENA_EMPTY;
	struct quota_rule r;

	if (quota_rule_parse(arena_string(&mem, text), &mem, &r) == NULL)
		for (size_t i = 0; i < sizeof(standards) / sizeof(standards[0]); i++) {
			need(quota_amount_of(&r.bytes, standards[i]) <= INT64_MAX);
			need(quota_amount_of(&r.messages, standards[i]) <= INT64_MAX);
		}
	arena_free(&mem);
}

/* What is taken over can be written and read again as a uidlist. */
static void
try_sizelist(struct span text)
{
	struct uidlist u;

	uidlist_init(&u);
	uidlist_parse(&u, span_of("3 V7 N9 Gx\n1 :1.a,S=15\n2 Pold :2.b\n8 W5 :8.h\n"));
	courier_parse_sizelist(&u, text);
	for (size_t i = 0; i < u.count; i++) {
		struct span uidl = uidlist_field(&u.record[i], 'P');

		need(u.record[i].uid > 0 && u.record[i].uid < u.next);
		need(!strchr(u.record[i].base, '\n') && !strchr(u.record[i].ext, '\n'));
		need(!uidl.at || uidl.len <= 70);
	}
	uidlist_free(&u);
}

static void
try_list(struct span text)
{
	struct courier_keywords k;

	memset(&k, 0, sizeof(k));
	courier_parse_list(&k, text);
	for (size_t i = 0; i < k.count; i++)
		need(k.entry[i].base[0] != '\0' || k.entry[i].words.len <= text.len);
	arena_free(&k.mem);
}

/* All names are ours afterwards. */
static void
try_subscribed(struct span text)
{
	struct arena mem = ARENA_EMPTY;
	struct subscriptions subs;
	struct buf out = BUF_EMPTY;
	const char *why;

	courier_convert_subscriptions(text, &mem, &out);
	subscriptions_parse(buf_view(&out), &mem, &subs);
	for (size_t i = 0; i < subs.count; i++)
		need(name_from_client(span_of(subs.name[i]), true, false, &mem, &why) != NULL);
	buf_free(&out);
	arena_free(&mem);
}

/* Nothing leads out of the user's mailboxes. */
static bool
look_at_entry(void *context, const struct intent_entry *e)
{
	struct arena mem = ARENA_EMPTY;

	(void)context;
	need(!e->from_folder[0] || name_from_dir(e->from_folder, &mem));
	need(e->from[0] && e->from[0] != '.' && !strchr(e->from, '/'));
	need(e->to[0] && e->to[0] != '.' && !strchr(e->to, '/'));
	need(strcmp(e->to_part, "cur") == 0 || strcmp(e->to_part, "new") == 0);
	need(strcmp(e->from_part, "cur") == 0 || strcmp(e->from_part, "new") == 0 ||
	     (strcmp(e->from_part, "tmp") == 0 && !e->from_folder[0]));
	arena_free(&mem);
	return true;
}

static void
try_whole_intent(const char *header, struct span text)
{
	struct buf whole = BUF_EMPTY;
	uint64_t sum = 14695981039346656037ULL, strings = 0;

	buf_str(&whole, header);
	buf_span(&whole, text);
	for (size_t i = 0; i < whole.len; i++)
		sum = (sum ^ (unsigned char)whole.data[i]) * 1099511628211ULL;
	for (size_t i = 0; i < text.len; i++)
		strings += text.at[i] == '\0';
	buf_printf(&whole, "%010lu %016llx\n", (unsigned long)(strings / 5),
	           (unsigned long long)sum);
	intent_parse(buf_view(&whole), look_at_entry, NULL);
	buf_free(&whole);
}

/* Once as it is, and with a good sum behind it. */
static void
try_intent(struct span text)
{
	intent_parse(text, look_at_entry, NULL);
	try_whole_intent("linnet intent 1\n", text);
	try_whole_intent("linnet links 1\n", text);
}

/* The first byte says which file the rest is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct span text) = {
		try_maildirsize, try_rule, try_sizelist, try_list, try_subscribed, try_intent
	};
	enum { TRIES = sizeof(tries) / sizeof(tries[0]) };

	if (size > 0)
		tries[data[0] % TRIES](span_make((const char *)data + 1, size - 1));
	return 0;
}
