/* greeter_stranger.c - clients of other protocols: scanners come to every port */
#include "common/start/greeter_stranger.h"

static const struct {
	const char *begins, *is;
} strangers[] = {
	{ "GET ", "HTTP" },     { "POST ", "HTTP" },    { "HEAD ", "HTTP" }, { "PUT ", "HTTP" },
	{ "OPTIONS ", "HTTP" }, { "CONNECT ", "HTTP" }, { "EHLO ", "SMTP" }, { "HELO ", "SMTP" },
	{ "SSH-", "SSH" },      { "\x16", "TLS" },
};

void
greeter_refuse_stranger(struct greeter *g, struct span line, const char *last_words)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		if (!span_starts_nocase(line, strangers[i].begins))
			continue;
		greeter_write(g, last_words);
		greeter_end(g, strangers[i].is);
	}
}

void
greeter_refuse_tls(struct greeter *g, const char *last_words)
{
	if (greeter_peek(g) == 0x16)
		greeter_refuse_stranger(g, span_make("\x16", 1), last_words);
}
