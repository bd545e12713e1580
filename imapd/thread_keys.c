/*
 * thread_keys.c - what THREAD asks of messages, computed once
 *
 * CACHE_THREAD: one byte, bit 0: a reply or forward by its subject, bit 1: it tells a date;
 *               eight bytes each of its date in UTC seconds, of the hash of its base subject
 *               (0: empty), of the hash of its Message-ID (0: none), and of the hashes of its
 *               references, the oldest one first; least significant bytes first
 */
#include <stdlib.h>

#include "common/base/die.h"
#include "common/base/limits.h"
#include "common/mime/charset.h"
#include "common/mime/header.h"
#include "imapd/cache_number.h"
#include "imapd/search_message.h"
#include "imapd/subject_base.h"
#include "imapd/thread.h"

enum { KEY_REPLY = 1 << 0, KEY_DATE = 1 << 1 };
enum { HASH_BYTES = 8, KEY_BYTES = 1 + 3 * HASH_BYTES };

/* The hash of the base subject as SORT compares it. */
static uint64_t
subject_hash(struct search_message *m, struct span block, bool *is_reply)
{
	struct field subject;

	if (!header_find(block, "Subject", &subject))
		return 0;
	buf_reset(&m->spare);
	buf_reset(&m->text.window);
	*is_reply = subject_base(header_decode(subject.value, &m->mem), &m->spare);
	casemap_fold(buf_view(&m->spare), &m->text.window);
	return m->text.window.len > 0 ? thread_hash(buf_view(&m->text.window)) : 0;
}

static uint64_t
first_id(struct search_message *m, struct span block, const char *name)
{
	struct field field;

	return header_find(block, name, &field) ? message_id_next(&field.value, &m->spare) : 0;
}

/* References, or the first id of In-Reply-To where there are none (RFC 5256, REFERENCES). */
static void
add_references(struct search_message *m, struct span block)
{
	size_t before = m->value.len, most = (size_t)LIMIT_REFERENCES * HASH_BYTES;
	struct field field;
	uint64_t id;

	if (header_find(block, "References", &field))
		while ((id = message_id_next(&field.value, &m->spare)) != 0)
			put_number(&m->value, id, HASH_BYTES);
	if (m->value.len == before && (id = first_id(m, block, "In-Reply-To")) != 0)
		put_number(&m->value, id, HASH_BYTES);
	if (m->value.len - before > most) {
		memmove(m->value.data + before, m->value.data + m->value.len - most, most);
		m->value.len = before + most;
	}
}

static void
build_key(struct search_message *m, struct span block)
{
	struct sent_date sent;
	bool has_date = search_message_sent(m, &sent) && sent.is_known, is_reply = false;
	uint64_t subject = subject_hash(m, block, &is_reply);

	buf_reset(&m->value);
	buf_byte(&m->value, (char)((is_reply ? KEY_REPLY : 0) | (has_date ? KEY_DATE : 0)));
	put_number(&m->value, has_date ? (uint64_t)sent.utc : 0, HASH_BYTES);
	put_number(&m->value, subject, HASH_BYTES);
	put_number(&m->value, first_id(m, block, "Message-ID"), HASH_BYTES);
	add_references(m, block);
}

/* The key as it is kept; one without anything for what cannot be read any more. */
static struct span
key_of(struct search_message *m)
{
	static const char nothing[KEY_BYTES];
	struct span key, block;

	if (cached(m->box, m->number, CACHE_THREAD, &key) && key.len >= KEY_BYTES &&
	    (key.len - KEY_BYTES) % HASH_BYTES == 0)
		return key;
	if (!search_message_header(m, &block))
		return span_make(nothing, sizeof(nothing));
	build_key(m, block);
	cache_keep(m->box, m->number, CACHE_THREAD, buf_view(&m->value));
	return buf_view(&m->value);
}

/* Doubling: each of several arrays by its own count. */
static void *
grow(void *array, size_t count, size_t more, size_t *room, size_t size)
{
	if (count + more <= *room)
		return array;
	*room = 2 * (count + more) + 64;
	array = realloc(array, *room * size);
	if (!array)
		die("out of memory: threads of %zu messages", count);
	return array;
}

/* All of one message at most, so that those of all stay within what nodes there may be. */
static size_t
count_references(const struct thread_input *input, size_t has)
{
	size_t left = LIMIT_THREAD_NODES - input->references;

	return has < left ? has : left;
}

void
thread_input_add(struct thread_input *input, struct search_message *m)
{
	struct span key = key_of(m);
	size_t has = (key.len - KEY_BYTES) / HASH_BYTES, count = count_references(input, has);
	const char *reference = key.at + KEY_BYTES + (has - count) * HASH_BYTES;
	struct thread_message *t;
	time_t arrived;

	input->message = grow(input->message, input->count, 1, &input->room, sizeof(*t));
	input->reference = grow(input->reference, input->references, count,
	                        &input->reference_room, sizeof(*input->reference));
	t = &input->message[input->count++];
	*t = (struct thread_message){
		.number = m->number,
		.date = (int64_t)get_number(key.at + 1, HASH_BYTES),
		.subject = get_number(key.at + 1 + HASH_BYTES, HASH_BYTES),
		.is_reply = (key.at[0] & KEY_REPLY) != 0,
		.id = get_number(key.at + 1 + 2 * HASH_BYTES, HASH_BYTES),
		.first_reference = input->references,
		.references = count,
	};
	for (size_t i = 0; i < count; i++)
		input->reference[input->references++] =
			get_number(reference + i * HASH_BYTES, HASH_BYTES);
	if (!(key.at[0] & KEY_DATE))
		t->date = search_message_date(m, &arrived) ? (int64_t)arrived : 0;
}
