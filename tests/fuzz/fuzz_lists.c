/* fuzz_lists.c - dovecot-keywords, subscriptions and annotations in every state of a file */
#include <stdlib.h>

#include "common/maildir/keywords.h"
#include "common/maildir/metadata.h"
#include "common/maildir/subscriptions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_keywords(struct span text)
{
	struct keywords k;

	keywords_init(&k);
	keywords_parse(&k, text);
	keywords_add(&k, "another", 5);
	keywords_free(&k);
}

/* What is subscribed is so afterwards, and what is unsubscribed is not; all others stay. */
static void
try_subscriptions(struct span text, bool on)
{
	struct arena mem = ARENA_EMPTY;
	struct subscriptions before, after;
	struct buf out = BUF_EMPTY;
	const char *name = "A.b";

	subscriptions_parse(text, &mem, &before);
	if (before.count > 0 && !on)
		name = before.name[0];
	if (subscriptions_have(&before, name) != on) {
		subscriptions_edit(&before, name, on, &out);
		subscriptions_parse(buf_view(&out), &mem, &after);
		if (subscriptions_have(&after, name) != on)
			abort();
		for (size_t i = 0; i < before.count; i++)
			if (strcmp(before.name[i], name) != 0 &&
			    !subscriptions_have(&after, before.name[i]))
				abort();
	}
	buf_free(&out);
	arena_free(&mem);
}

/* What was read is written so that it reads the same. */
static void
try_metadata(struct span text)
{
	struct arena mem = ARENA_EMPTY;
	struct metadata before, after;
	struct buf out = BUF_EMPTY;

	metadata_parse(text, &mem, &before);
	metadata_write(&before, &out);
	metadata_parse(buf_view(&out), &mem, &after);
	if (after.count != before.count)
		abort();
	for (size_t i = 0; i < after.count; i++)
		if (!span_equal(after.entry[i].value, before.entry[i].value))
			abort();
	buf_free(&out);
	arena_free(&mem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make((const char *)data, size);

	if (!data)
		text.at = "";
	try_keywords(text);
	try_subscriptions(text, true);
	try_subscriptions(text, false);
	try_metadata(text);
	return 0;
}
