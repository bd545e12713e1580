/* net.c - addresses and networks; IPv4 is kept in its mapped form: one comparison serves both */
#include "common/base/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/base/number.h"
#include "common/base/span.h"

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_mapped(const struct net_address *a)
{
	return memcmp(a->byte, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static void
set_ipv4(struct net_address *out, const struct in_addr *in)
{
	memcpy(out->byte, mapped_prefix, sizeof(mapped_prefix));
	memcpy(out->byte + sizeof(mapped_prefix), in, 4);
	out->known = true;
}

bool
net_address_from(const struct sockaddr *from, struct net_address *out)
{
	memset(out, 0, sizeof(*out));
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from;

		set_ipv4(out, &in->sin_addr);
		out->port = ntohs(in->sin_port);
	} else if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)from;

		memcpy(out->byte, &in->sin6_addr, 16);
		out->port = ntohs(in->sin6_port);
		out->known = true;
	}
	return out->known;
}

bool
net_address_parse(const char *text, struct net_address *out)
{
	struct span s = span_of(text);
	char copy[NET_TEXT_ROOM];
	struct in_addr in;

	memset(out, 0, sizeof(*out));
	if (s.len > 1 && s.at[0] == '[' && s.at[s.len - 1] == ']')
		s = span_make(s.at + 1, s.len - 2);
	if (s.len == 0 || s.len >= sizeof(copy))
		return false;
	memcpy(copy, s.at, s.len);
	copy[s.len] = '\0';
	if (inet_pton(AF_INET, copy, &in) == 1)
		set_ipv4(out, &in);
	else
		out->known = inet_pton(AF_INET6, copy, out->byte) == 1;
	return out->known;
}

const char *
net_address_text(const struct net_address *a, char *text)
{
	text[0] = '\0';
	if (a->known && is_mapped(a))
		inet_ntop(AF_INET, a->byte + sizeof(mapped_prefix), text, NET_TEXT_ROOM);
	else if (a->known)
		inet_ntop(AF_INET6, a->byte, text, NET_TEXT_ROOM);
	return text;
}

bool
net_address_is_loopback(const struct net_address *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (!a->known)
		return false;
	return is_mapped(a) ? a->byte[12] == 127 : memcmp(a->byte, one, 16) == 0;
}

bool
net_address_equal(const struct net_address *a, const struct net_address *b)
{
	return a->known == b->known && memcmp(a->byte, b->byte, 16) == 0;
}

static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* "address[/bits]" */
static bool
parse_network(struct span word, struct net_address *base_out, unsigned *bits_out)
{
	struct span address, bits = SPAN_NONE;
	char copy[NET_TEXT_ROOM + 2];
	uint64_t n, most;

	span_split(&word, '/', &address);
	bits = word;
	if (address.len >= sizeof(copy))
		return false;
	memcpy(copy, address.at, address.len);
	copy[address.len] = '\0';
	if (!net_address_parse(copy, base_out))
		return false;
	most = is_mapped(base_out) && !strchr(copy, ':') ? 32 : 128;
	n = most;
	if (bits.at && !number_parse(bits, most, &n))
		return false;
	*bits_out = (unsigned)(n + 128 - most);
	return true;
}

/* The next word of *rest between blanks and commas; false at the end. */
static bool
next_word(struct span *rest, struct span *word_out)
{
	size_t n = 0;

	while (rest->len > 0 && strchr(" ,\t", rest->at[0]))
		*rest = span_skip(*rest, 1);
	while (n < rest->len && !strchr(" ,\t", rest->at[n]))
		n++;
	*word_out = span_make(rest->at, n);
	*rest = span_skip(*rest, n);
	return n > 0;
}

bool
net_is_in(const struct net_address *a, const char *networks)
{
	struct span rest = span_of(networks), word;
	struct net_address base;
	unsigned bits;

	while (a->known && next_word(&rest, &word))
		if (parse_network(word, &base, &bits) && bits_equal(a->byte, base.byte, bits))
			return true;
	return false;
}

bool
net_find_bad(const char *networks, char *word, size_t room)
{
	struct span rest = span_of(networks), each;
	struct net_address base;
	unsigned bits;

	while (next_word(&rest, &each))
		if (!parse_network(each, &base, &bits)) {
			snprintf(word, room, "%.*s", (int)(each.len < room ? each.len : room - 1),
			         each.at);
			return true;
		}
	return false;
}
