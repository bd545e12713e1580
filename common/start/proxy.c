/*
 * proxy.c - the PROXY protocol's header
 *
 *	"PROXY TCP4 192.0.2.1 198.51.100.7 56324 143" CRLF
 *	"PROXY TCP6 " ... , "PROXY UNKNOWN" ... CRLF             at most 107 bytes
 *
 * or, in version 2, a signature of 12 bytes, version and command, family,
 * length (16 bits, network order), addresses, and TLVs, which are read over.
 */
#include "common/start/proxy.h"

#include "common/base/number.h"

enum { V1_MOST = 107, V2_HEAD = 16, V2_SIGNATURE = 12 };
enum { V2_LOCAL = 0x20, V2_PROXY = 0x21, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };

static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

static bool
parse_ipv4(struct span s, uint8_t *to)
{
	struct span part;

	for (int i = 0; i < 4; i++) {
		uint64_t n;

		if (!span_split(&s, '.', &part) || part.len > 3 || !number_parse(part, 255, &n))
			return false;
		to[i] = (uint8_t)n;
	}
	return s.at == NULL;
}

static bool
parse_mapped(struct span s, uint8_t *to)
{
	memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	return parse_ipv4(s, to + 12);
}

static bool
parse_group(struct span s, uint8_t *to)
{
	unsigned n = 0;

	if (s.len < 1 || s.len > 4)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = ascii_lower(s.at[i]);

		if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
		n = n << 4 | (unsigned)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	to[0] = (uint8_t)(n >> 8);
	to[1] = (uint8_t)n;
	return true;
}

/* Groups of "a:b:c" into to, of room for 8; their number, or -1.  Nothing is no group. */
static int
parse_groups(struct span s, uint8_t *to)
{
	struct span part;
	int count = 0;

	if (s.len == 0)
		return 0;
	while (span_split(&s, ':', &part))
		if (count == 8 || !parse_group(part, to + 2 * count++))
			return -1;
	return count;
}

/* The eight groups, or fewer around one "::". */
static bool
parse_ipv6(struct span s, uint8_t *to)
{
	uint8_t tail[16];
	struct span front = s, back = SPAN_NONE;
	int before, behind = 0;

	for (size_t i = 0; i + 1 < s.len && !back.at; i++)
		if (s.at[i] == ':' && s.at[i + 1] == ':') {
			front = span_make(s.at, i);
			back = span_skip(s, i + 2);
		}
	memset(to, 0, 16);
	before = parse_groups(front, to);
	if (back.at)
		behind = parse_groups(back, tail);
	if (before < 0 || behind < 0 || (back.at ? before + behind > 7 : before != 8))
		return false;
	memcpy(to + 16 - 2 * behind, tail, (size_t)(2 * behind));
	return true;
}

static bool
parse_port(struct span s, uint16_t *to)
{
	uint64_t n;

	if (!number_parse(s, 65535, &n))
		return false;
	*to = (uint16_t)n;
	return true;
}

/* What stands behind "PROXY ", without its CRLF. */
static bool
parse_v1(struct span rest, struct proxy_header *header)
{
	struct span family = SPAN_NONE, source = SPAN_NONE, target = SPAN_NONE;
	struct span port[2] = { SPAN_NONE, SPAN_NONE };
	bool (*address)(struct span, uint8_t *);

	span_split(&rest, ' ', &family);
	if (span_is(family, "UNKNOWN"))
		return true;
	if (!span_is(family, "TCP4") && !span_is(family, "TCP6"))
		return false;
	address = span_is(family, "TCP4") ? parse_mapped : parse_ipv6;
	span_split(&rest, ' ', &source);
	span_split(&rest, ' ', &target);
	span_split(&rest, ' ', &port[0]);
	span_split(&rest, ' ', &port[1]);
	header->has_addresses = 1;
	return !rest.at && address(source, header->remote) && address(target, header->local) &&
	       parse_port(port[0], &header->remote_port) &&
	       parse_port(port[1], &header->local_port);
}

static enum proxy_result
look_v1(struct span bytes, struct proxy_header *header, size_t *used_out)
{
	static const char word[] = "PROXY ";
	size_t n = bytes.len < sizeof(word) - 1 ? bytes.len : sizeof(word) - 1;
	const char *lf;

	if (memcmp(bytes.at, word, n) != 0)
		return PROXY_BAD;
	lf = span_find(span_make(bytes.at, bytes.len < V1_MOST ? bytes.len : V1_MOST), '\n');
	if (!lf)
		return bytes.len < V1_MOST ? PROXY_MORE : PROXY_BAD;
	*used_out = (size_t)(lf - bytes.at) + 1;
	if (*used_out < n + 2 || lf[-1] != '\r')
		return PROXY_BAD;
	return parse_v1(span_make(bytes.at + n, *used_out - 2 - n), header) ? PROXY_WHOLE :
	                                                                      PROXY_BAD;
}

static uint16_t
big_endian(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* The address block: source, target, source port, target port. */
static bool
take_v2_addresses(const uint8_t *at, size_t len, size_t size, struct proxy_header *header)
{
	if (len < 2 * size + 4)
		return false;
	header->has_addresses = 1;
	if (size == 4)
		header->remote[10] = header->remote[11] = header->local[10] = header->local[11] =
			0xff;
	memcpy(header->remote + 16 - size, at, size);
	memcpy(header->local + 16 - size, at + size, size);
	header->remote_port = big_endian(at + 2 * size);
	header->local_port = big_endian(at + 2 * size + 2);
	return true;
}

static enum proxy_result
look_v2(struct span bytes, struct proxy_header *header, size_t *used_out)
{
	const uint8_t *raw = (const uint8_t *)bytes.at;
	size_t n = bytes.len < V2_SIGNATURE ? bytes.len : V2_SIGNATURE, len;

	if (memcmp(bytes.at, v2_signature, n) != 0)
		return PROXY_BAD;
	if (bytes.len < V2_HEAD)
		return PROXY_MORE;
	len = big_endian(raw + 14);
	if ((raw[12] != V2_LOCAL && raw[12] != V2_PROXY) || V2_HEAD + len > PROXY_MOST)
		return PROXY_BAD;
	if (bytes.len < V2_HEAD + len)
		return PROXY_MORE;
	*used_out = V2_HEAD + len;
	if (raw[12] == V2_LOCAL || raw[13] == 0)
		return PROXY_WHOLE;
	if (raw[13] != V2_TCP4 && raw[13] != V2_TCP6)
		return PROXY_BAD;
	return take_v2_addresses(raw + V2_HEAD, len, raw[13] == V2_TCP4 ? 4 : 16, header) ?
	               PROXY_WHOLE :
	               PROXY_BAD;
}

enum proxy_result
proxy_parse(struct span bytes, struct proxy_header *header_out, size_t *used_out)
{
	memset(header_out, 0, sizeof(*header_out));
	if (bytes.len == 0)
		return PROXY_MORE;
	return bytes.at[0] == 'P' ? look_v1(bytes, header_out, used_out) :
	                            look_v2(bytes, header_out, used_out);
}
