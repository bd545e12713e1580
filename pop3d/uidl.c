/* uidl.c - the unique ids of POP3 */
#include "pop3d/uidl.h"

#include "common/base/number.h"

const char uidl_default_format[] = "%08Xu%08Xv";

/* What stands between '%' and the letter. */
struct modifiers {
	bool     zeros, hex, lower, upper;
	uint64_t width;
};

static void
add_padding(struct buf *out, const struct modifiers *m, size_t len)
{
	while (len++ < m->width)
		buf_byte(out, m->zeros ? '0' : ' ');
}

static void
add_number(struct buf *out, const struct modifiers *m, uint32_t n)
{
	struct buf digits = BUF_EMPTY;

	buf_printf(&digits, m->hex ? "%lx" : "%lu", (unsigned long)n);
	add_padding(out, m, digits.len);
	buf_span(out, buf_view(&digits));
	buf_free(&digits);
}

static void
add_text(struct buf *out, const struct modifiers *m, const char *text)
{
	add_padding(out, m, strlen(text));
	for (; *text; text++) {
		char c = m->lower ? ascii_lower(*text) : *text;

		buf_byte(out, m->upper && c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c);
	}
}

static void
print_uid(struct buf *out, const struct modifiers *m, const struct uidl_values *v)
{
	add_number(out, m, v->uid);
}

static void
print_uidvalidity(struct buf *out, const struct modifiers *m, const struct uidl_values *v)
{
	add_number(out, m, v->uidvalidity);
}

static void
print_file_name(struct buf *out, const struct modifiers *m, const struct uidl_values *v)
{
	add_text(out, m, v->file_name);
}

static void
print_percent(struct buf *out, const struct modifiers *m, const struct uidl_values *v)
{
	(void)m;
	(void)v;
	buf_byte(out, '%');
}

static const struct letter {
	char letter;
	void (*print)(struct buf *out, const struct modifiers *m, const struct uidl_values *v);
} letters[] = {
	{ 'u', print_uid },
	{ 'v', print_uidvalidity },
	{ 'f', print_file_name },
	{ 'g', print_file_name },
	{ '%', print_percent },
};

static const struct letter *
find_letter(char c)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].letter == c)
			return &letters[i];
	return NULL;
}

/* Take the letter behind '%' with its modifiers; NULL: not one of ours. */
static const struct letter *
take_letter(struct span *rest, struct modifiers *m)
{
	const struct letter *found;

	memset(m, 0, sizeof(*m));
	m->zeros = span_starts(*rest, "0");
	if (rest->len > 0 && ascii_is_digit(*rest->at) &&
	    !number_take(rest, UIDL_MOST, &m->width))
		return NULL;
	for (; rest->len > 0; *rest = span_skip(*rest, 1)) {
		m->hex = m->hex || *rest->at == 'X';
		m->lower = m->lower || *rest->at == 'L';
		m->upper = m->upper || *rest->at == 'U';
		if (*rest->at != 'X' && *rest->at != 'L' && *rest->at != 'U')
			break;
	}
	if (rest->len == 0)
		return NULL;
	found = find_letter(*rest->at);
	*rest = span_skip(*rest, 1);
	return found;
}

bool
uidl_print(const char *format, const struct uidl_values *values, struct buf *out)
{
	struct span rest = span_of(format);

	while (rest.len > 0) {
		const struct letter *letter;
		struct modifiers m;
		char c = *rest.at;

		rest = span_skip(rest, 1);
		if (c != '%') {
			buf_byte(out, c);
			continue;
		}
		letter = take_letter(&rest, &m);
		if (!letter)
			return false;
		letter->print(out, &m, values);
	}
	return true;
}

/* Two messages that differ in UID and file name must get two ids. */
bool
uidl_format_is_usable(const char *format)
{
	static const struct uidl_values one = { 1, 1, "1.a.b" }, other = { 2, 1, "2.a.b" };
	struct buf first = BUF_EMPTY, second = BUF_EMPTY;
	bool is_usable;

	is_usable = uidl_print(format, &one, &first) && uidl_print(format, &other, &second) &&
	            uidl_is_valid(buf_view(&first)) &&
	            !span_equal(buf_view(&first), buf_view(&second));
	buf_free(&first);
	buf_free(&second);
	return is_usable;
}

bool
uidl_is_valid(struct span id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.at[i] < 0x21 || id.at[i] > 0x7e)
			return false;
	return id.len >= 1 && id.len <= UIDL_MOST;
}
