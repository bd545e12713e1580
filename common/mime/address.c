/*
 * address.c - RFC 5322 address lists (s.3.4, obsolete forms s.4.4)
 *
 * One pass and no recursion: words are collected until a special byte says
 * what they were - a name before '<', a local part before '@', a group's name
 * before ':'.  A list that is broken is read on behind the next comma.
 */
#include "common/mime/address.h"

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/mime/token.h"

/* What Dovecot shows for an address without its half: NIL would make a group of it. */
static const char no_mailbox[] = "MISSING_MAILBOX";
static const char no_host[] = "MISSING_DOMAIN";

/* The list being read. */
struct list {
	struct span     rest;
	struct arena   *mem;
	struct address *address;
	size_t          count, room;
	bool            in_group;
	struct buf      phrase; /* the words with single spaces between them */
	size_t          name_len; /* of phrase in front of the last run of words */
	struct buf      local;  /* the last run: words with nothing but dots between them */
	bool            is_quoted; /* the last word was */
	struct span     comment; /* the last one since the address began */
};

static void
add(struct list *l, struct address a)
{
	l->address = arena_grow(l->mem, l->address, l->count, &l->room, sizeof(*l->address));
	l->address[l->count++] = a;
}

static bool
has_room(const struct list *l)
{
	return l->count + 1 < LIMIT_ADDRESSES; /* one is kept for a group's end */
}

static bool
at_any(struct span s, const char *bytes)
{
	while (s.len > 0 && *bytes && *bytes != s.at[0])
		bytes++;
	return s.len > 0 && *bytes;
}

/* Over blanks and comments; true when there were any. */
static bool
skip_blank(struct list *l)
{
	size_t before = l->rest.len;

	token_skip_comment(&l->rest, &l->comment);
	return l->rest.len < before;
}

/* An atom or quoted-string; a byte that cannot stand there is left out. */
static struct span
take_one_word(struct list *l)
{
	struct span word;

	if (at_any(l->rest, "\""))
		return token_quoted(&l->rest, l->mem);
	word = token_word(&l->rest, token_specials);
	if (word.len == 0)
		l->rest = span_skip(l->rest, 1);
	return word;
}

static bool
ends_in_dot(const struct buf *b)
{
	return b->len > 0 && b->data[b->len - 1] == '.';
}

/* One more word; blanks end a run of words, but not around a dot (obs-local-part). */
static void
add_word(struct list *l, struct span word, bool had_blank, bool is_quoted)
{
	bool is_new_run = had_blank && !ends_in_dot(&l->local) && !span_starts(word, ".");

	if (is_new_run || l->phrase.len == 0) {
		l->name_len = l->phrase.len;
		buf_reset(&l->local);
	}
	if (l->phrase.len > 0 && (had_blank || is_quoted || l->is_quoted))
		buf_byte(&l->phrase, ' ');
	buf_span(&l->phrase, word);
	buf_span(&l->local, word);
	l->is_quoted = is_quoted;
}

/* Words up to one of stops or the end, into phrase and local. */
static void
take_words(struct list *l, const char *stops)
{
	buf_reset(&l->phrase);
	buf_reset(&l->local);
	l->name_len = 0;
	l->is_quoted = false;
	for (;;) {
		bool had_blank = skip_blank(l), is_quoted = at_any(l->rest, "\"");
		struct span word;

		if (l->rest.len == 0 || at_any(l->rest, stops))
			return;
		word = take_one_word(l);
		if (word.len > 0 || is_quoted)
			add_word(l, word, had_blank, is_quoted);
	}
}

static struct span
copy(struct list *l, const struct buf *b)
{
	return b->len > 0 ? arena_copy(l->mem, buf_view(b)) : SPAN_NONE;
}

/* domain = dot-atom / domain-literal / obs-domain; SPAN_NONE when there is nothing. */
static struct span
take_domain(struct list *l, const char *stops)
{
	buf_reset(&l->local);
	for (;;) {
		skip_blank(l);
		if (l->rest.len == 0 || at_any(l->rest, stops))
			break;
		if (at_any(l->rest, "[")) {
			const char *close = span_find(l->rest, ']');
			size_t n = close ? (size_t)(close - l->rest.at) + 1 : l->rest.len;

			buf_span(&l->local, token_plain(span_make(l->rest.at, n), l->mem));
			l->rest = span_skip(l->rest, n);
			continue;
		}
		buf_span(&l->local, take_one_word(l));
	}
	return copy(l, &l->local);
}

/* obs-route = obs-domain-list ":"; kept as it is written, without blanks. */
static struct span
take_route(struct list *l)
{
	struct buf route = BUF_EMPTY;
	struct span copied;

	while (l->rest.len > 0 && !at_any(l->rest, ":>")) {
		if (at_any(l->rest, "@,")) {
			buf_byte(&route, l->rest.at[0]);
			l->rest = span_skip(l->rest, 1);
		}
		buf_span(&route, take_domain(l, "@,:>"));
	}
	token_byte(&l->rest, ':');
	copied = copy(l, &route);
	buf_free(&route);
	return copied;
}

static struct span
or_missing(struct span s, const char *missing)
{
	return s.at ? s : span_of(missing);
}

/* angle-addr: behind the '<'. */
static void
take_angle(struct list *l)
{
	struct address a = { .name = copy(l, &l->phrase) };

	skip_blank(l);
	if (at_any(l->rest, "@"))
		a.route = take_route(l);
	take_words(l, "@>");
	a.mailbox = copy(l, &l->local);
	if (token_byte(&l->rest, '@'))
		a.host = take_domain(l, ">");
	token_byte(&l->rest, '>');
	take_words(l, ",;"); /* whatever stands behind it */
	a.mailbox = or_missing(a.mailbox, no_mailbox);
	a.host = or_missing(a.host, no_host);
	add(l, a);
}

/*
 * The name of an address that has no '<': the words in front of its local part
 * (which should not be there), or its comment: joe@example.org (Joe).
 */
static struct span
loose_name(struct list *l, size_t words_len)
{
	struct span text = span_make(l->phrase.data, words_len);

	if (words_len > 0)
		return arena_copy(l->mem, text);
	text = span_trim(token_plain(l->comment, l->mem));
	return text.len > 0 ? text : SPAN_NONE;
}

/* addr-spec whose local part is in l->local: behind the '@'. */
static void
take_spec(struct list *l)
{
	struct address a = { .mailbox = or_missing(copy(l, &l->local), no_mailbox) };

	a.host = or_missing(take_domain(l, ",;:<>@"), no_host);
	a.name = loose_name(l, l->name_len);
	if (!at_any(l->rest, ",;"))
		take_words(l, ",;");
	add(l, a);
}

/*
 * Words that no special byte explained: one alone is a local part, several or a quoted one are a
 * name.
 */
static void
add_bare(struct list *l)
{
	bool is_name = l->name_len > 0 || l->is_quoted;
	struct address a = { .host = span_of(no_host) };

	if (l->phrase.len == 0)
		return;
	a.name = loose_name(l, is_name ? l->phrase.len : 0);
	a.mailbox = is_name ? span_of(no_mailbox) : copy(l, &l->local);
	add(l, a);
}

static void
begin_group(struct list *l)
{
	if (l->in_group) /* groups cannot be nested: the inner one's name is dropped */
		return;
	l->in_group = true;
	add(l, (struct address){ .mailbox = or_missing(copy(l, &l->phrase), "") });
}

static void
end_group(struct list *l)
{
	if (l->in_group)
		add(l, (struct address){ .mailbox = SPAN_NONE });
	l->in_group = false;
}

/* address-list = (address *("," address)) / obs-addr-list */
size_t
address_parse(struct span value, struct arena *mem, struct address **addresses_out)
{
	struct list l = { .rest = value, .mem = mem };

	while (l.rest.len > 0 && has_room(&l)) {
		l.comment = SPAN_NONE;
		take_words(&l, "<@:,;");
		if (token_byte(&l.rest, '<'))
			take_angle(&l);
		else if (token_byte(&l.rest, '@'))
			take_spec(&l);
		else if (token_byte(&l.rest, ':'))
			begin_group(&l);
		else
			add_bare(&l);
		if (token_byte(&l.rest, ';'))
			end_group(&l);
		else
			token_byte(&l.rest, ',');
	}
	end_group(&l);
	buf_free(&l.phrase);
	buf_free(&l.local);
	*addresses_out = l.address;
	return l.count;
}
