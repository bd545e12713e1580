/*
 * lineends.c - counting and finding line ends at memory speed
 *
 * Sixteen bytes at a time with the compilers' vector extension (gcc 4.7 and
 * later, clang; plain code where the processor has no such registers).  A
 * comparison gives -1 in each lane that is alike, so subtracting it counts;
 * a lane of eight bits holds 255 rounds, then it is added up.
 */
#include "common/mime/lineends.h"

enum { WIDE = 16, ROUNDS = 255, BLOCK = 4 * WIDE, DASHES = 3 /* LF and "--" */ };

static uint64_t
sum_of_lanes(const void *vector)
{
	unsigned char lane[WIDE];
	uint64_t sum = 0;

	memcpy(lane, vector, sizeof(lane));
	for (int i = 0; i < WIDE; i++)
		sum += lane[i];
	return sum;
}

/* At most ROUNDS steps from p on, whose byte in front may be read. */
static void
count_wide(const char *p, size_t rounds, struct line_ends *n)
{
	unsigned char lf __attribute__((vector_size(WIDE)));
	unsigned char cr __attribute__((vector_size(WIDE)));
	unsigned char here __attribute__((vector_size(WIDE)));
	unsigned char before __attribute__((vector_size(WIDE)));
	unsigned char lines __attribute__((vector_size(WIDE)));
	unsigned char pairs __attribute__((vector_size(WIDE)));

	memset(&lf, '\n', WIDE);
	memset(&cr, '\r', WIDE);
	memset(&lines, 0, WIDE);
	memset(&pairs, 0, WIDE);
	for (size_t i = 0; i < rounds; i++, p += WIDE) {
		memcpy(&here, p, WIDE);
		memcpy(&before, p - 1, WIDE);
		here = (__typeof__(lf))(here == lf);
		before = (__typeof__(lf))(before == cr);
		lines -= here;
		pairs -= here & before;
	}
	n->lines += sum_of_lanes(&lines);
	n->bare += sum_of_lanes(&lines) - sum_of_lanes(&pairs);
}

static void
count_byte(char c, char before, struct line_ends *n)
{
	if (c != '\n')
		return;
	n->lines++;
	if (before != '\r')
		n->bare++;
}

void
line_ends_count(struct span s, char before, struct line_ends *n)
{
	size_t i = 1;

	if (s.len == 0)
		return;
	count_byte(s.at[0], before, n);
	while (s.len - i >= WIDE) {
		size_t rounds = (s.len - i) / WIDE;

		if (rounds > ROUNDS)
			rounds = ROUNDS;
		count_wide(s.at + i, rounds, n);
		i += rounds * WIDE;
	}
	for (; i < s.len; i++)
		count_byte(s.at[i], s.at[i - 1], n);
}

static bool
is_any(const void *vector)
{
	uint64_t half[WIDE / sizeof(uint64_t)];

	memcpy(half, vector, sizeof(half));
	return (half[0] | half[1]) != 0;
}

/*
 * Is there a LF with "--" behind it among the BLOCK bytes from p on?  Two bytes more may be read.
 */
static bool
has_dashes(const char *p)
{
	unsigned char lf __attribute__((vector_size(WIDE)));
	unsigned char dash __attribute__((vector_size(WIDE)));
	unsigned char here __attribute__((vector_size(WIDE)));
	unsigned char second __attribute__((vector_size(WIDE)));
	unsigned char third __attribute__((vector_size(WIDE)));
	unsigned char found __attribute__((vector_size(WIDE)));

	memset(&lf, '\n', WIDE);
	memset(&dash, '-', WIDE);
	memset(&found, 0, WIDE);
	for (const char *end = p + BLOCK; p < end; p += WIDE) {
		memcpy(&here, p, WIDE);
		memcpy(&second, p + 1, WIDE);
		memcpy(&third, p + 2, WIDE);
		here = (__typeof__(lf))(here == lf);
		second = (__typeof__(lf))(second == dash);
		third = (__typeof__(lf))(third == dash);
		found |= here & second & third;
	}
	return is_any(&found);
}

const char *
line_ends_find_dashes(struct span s)
{
	size_t i = 0;

	while (s.len - i >= BLOCK + DASHES - 1 && !has_dashes(s.at + i))
		i += BLOCK;
	while (s.len - i >= DASHES) {
		const char *lf = memchr(s.at + i, '\n', s.len - i - (DASHES - 1));

		if (!lf || (lf[1] == '-' && lf[2] == '-'))
			return lf;
		i = (size_t)(lf - s.at) + 1;
	}
	return NULL;
}

/*
 * Is there a blank with a CR or LF behind it among the BLOCK bytes from p on?  One byte more may
 * be read.
 */
static bool
has_blank(const char *p)
{
	unsigned char cr __attribute__((vector_size(WIDE)));
	unsigned char lf __attribute__((vector_size(WIDE)));
	unsigned char space __attribute__((vector_size(WIDE)));
	unsigned char tab __attribute__((vector_size(WIDE)));
	unsigned char here __attribute__((vector_size(WIDE)));
	unsigned char next __attribute__((vector_size(WIDE)));
	unsigned char found __attribute__((vector_size(WIDE)));

	memset(&cr, '\r', WIDE);
	memset(&lf, '\n', WIDE);
	memset(&space, ' ', WIDE);
	memset(&tab, '\t', WIDE);
	memset(&found, 0, WIDE);
	for (const char *end = p + BLOCK; p < end; p += WIDE) {
		memcpy(&here, p, WIDE);
		memcpy(&next, p + 1, WIDE);
		here = (__typeof__(lf))(here == space) | (__typeof__(lf))(here == tab);
		next = (__typeof__(lf))(next == cr) | (__typeof__(lf))(next == lf);
		found |= here & next;
	}
	return is_any(&found);
}

size_t
line_ends_blank(struct span s)
{
	size_t i = 0;

	while (s.len - i > BLOCK && !has_blank(s.at + i))
		i += BLOCK;
	for (; i + 1 < s.len; i++) {
		bool is_blank = s.at[i] == ' ' || s.at[i] == '\t';

		if (is_blank && (s.at[i + 1] == '\r' || s.at[i + 1] == '\n'))
			return i;
	}
	return s.len;
}

char *
line_ends_to_crlf(struct span s, char before, char *to)
{
	const char *at = s.at, *end = s.at + s.len;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t      n = (size_t)((lf ? lf : end) - at);

		memcpy(to, at, n);
		to += n;
		if (!lf)
			break;
		if ((n > 0 ? lf[-1] : at > s.at ? '\n' : before) != '\r')
			*to++ = '\r';
		*to++ = '\n';
		at = lf + 1;
	}
	return to;
}
