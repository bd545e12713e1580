/* print_settings.c - the settings of settings.h as an mdoc list, for linnet.conf(5) */
#include <stdio.h>

#include "common/base/settings.h"

/*
 * In a page a backslash is written \e and a hyphen of a name \-; a dot or
 * apostrophe that may come first in a line is no request, and a word longer
 * than a line may be broken.
 */
static void
print_word(struct span word)
{
	if (word.len > 0 && (word.at[0] == '.' || word.at[0] == '\''))
		fputs("\\&", stdout);
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] == '\\')
			fputs("\\e", stdout);
		else if (word.at[i] == '-')
			fputs("\\-", stdout);
		else
			putchar(word.at[i]);
		if (i % 32 == 31)
			fputs("\\:", stdout);
	}
}

static void
print_text(const char *text)
{
	print_word(span_of(text));
}

/* Lines of at most 72 bytes, as pages are written. */
static void
print_filled(const char *text)
{
	struct span rest = span_of(text), word;
	size_t column = 0;

	while (span_split(&rest, ' ', &word)) {
		if (column + word.len > 72) {
			putchar('\n');
			column = 0;
		} else if (column > 0) {
			putchar(' ');
		}
		column += word.len + 1;
		print_word(word);
	}
}

static void
print_row(void *context, const char *name, const char *value, bool is_default, const char *doc)
{
	bool is_long;

	(void)context;
	(void)is_default;
	printf(".It Sy ");
	print_text(name);
	printf("\n");
	print_filled(doc);
	printf("%s\n", doc[strlen(doc) - 1] == '.' ? "" : ".");
	if (!*value) {
		printf("Empty by default.\n");
		return;
	}
	/* a long one is not to be stretched to both margins */
	is_long = strlen(value) > 50;
	printf("Default:\n%s", is_long ? ".Bd -ragged -offset indent\n" : ".Ql ");
	print_filled(value);
	printf("%s\n%s", value[strlen(value) - 1] == '.' ? "\\&" : "", is_long ? ".Ed\n" : "");
}

int
main(void)
{
	struct arena mem = ARENA_EMPTY;
	struct settings_problems problems;
	struct settings s;

	settings_load("/dev/null", NULL, &mem, &s, &problems);
	settings_each(&s, &mem, print_row, NULL);
	arena_free(&mem);
	return fflush(stdout) == 0 && problems.count == 0 ? 0 : 1;
}
