/*
 * courier.c - what Courier left in a Maildir, taken over once: UIDs, UIDLs, subscriptions
 *
 *	courierimapuiddb                     the form of dovecot-uidlist 1:
 *	  1 795306828 6                      1 UIDVALIDITY NEXT
 *	  1 1700000001.M1P1.host,S=15        UID BASE
 *
 *	courierpop3dsizelist                 in the root
 *	  /3 8 1795306833                    /VERSION NEXT VALIDITY; 2 and 3 are known
 *	  1700000001.M1P1.host,S=15:2,S 17 3:1795306833:0    NAME OCTETS NUMBER:VALIDITY[:UTF8]
 *
 * The UIDL of such a line is "UID" NUMBER "-" VALIDITY, and with number 0 the
 * name up to the colon.  Older lists had no numbers: there Courier itself gave new UIDLs.
 *
 *	courierimapsubscribed                in the root, a line for each: INBOX, INBOX.Sent
 *
 * Names in it, and those of the folders, are modified UTF-7 up to Courier 4, UTF-8
 * since Courier 5.
 */
#include "common/maildir/courier.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/number.h"
#include "common/maildir/dir.h"
#include "common/maildir/name.h"
#include "common/maildir/uidlist_file.h"

static bool
read_file(int dir, const char *name, struct arena *mem, struct span *text_out)
{
	struct stat st;

	return file_read(dir, name, LIMIT_COURIER_BYTES, mem, text_out, &st) == 0;
}

/* ---- UIDLs ---- */

/* "NUMBER:VALIDITY" or "NUMBER:VALIDITY:UTF8" */
static bool
parse_uidl(struct span s, struct span base, struct buf *out)
{
	uint64_t number, validity;

	if (!number_take(&s, UINT32_MAX, &number) || s.len == 0 || s.at[0] != ':')
		return false;
	s = span_skip(s, 1);
	if (!number_take(&s, UINT32_MAX, &validity) || (s.len > 0 && s.at[0] != ':'))
		return false;
	if (number == 0)
		buf_span(out, base);
	else
		buf_printf(out, "UID%llu-%llu", (unsigned long long)number,
		           (unsigned long long)validity);
	return true;
}

/* RFC 1939 s.7: 1 to 70 characters from ! to ~; in the uidlist a blank would end the field. */
static bool
is_uidl(struct span s)
{
	if (s.len == 0 || s.len > 70)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return true;
}

/* A message that only POP3 has seen gets the next UID here. */
static void
keep_uidl(struct uidlist *u, struct span base, struct span uidl)
{
	size_t number = uidlist_find(u, base.at, base.len);
	struct buf field = BUF_EMPTY;

	buf_byte(&field, 'P');
	buf_span(&field, uidl);
	if (number < u->count && !uidlist_field(&u->record[number], 'P').at)
		u->record[number].ext = arena_string(&u->mem, buf_view(&field));
	else if (number >= u->count)
		uidlist_add(u, base, buf_view(&field));
	buf_free(&field);
}

static void
parse_line(struct uidlist *u, struct span line)
{
	struct buf uidl = BUF_EMPTY;
	struct span name, octets, base;

	if (!span_split(&line, ' ', &name) || !span_split(&line, ' ', &octets) || !line.at)
		return;
	base = name;
	span_split(&name, ':', &base);
	if (base.len > 0 && !span_find(base, '/') && !span_find(base, '\0') &&
	    parse_uidl(span_trim(line), base, &uidl) && is_uidl(buf_view(&uidl)))
		keep_uidl(u, base, buf_view(&uidl));
	buf_free(&uidl);
}

void
courier_parse_sizelist(struct uidlist *u, struct span text)
{
	struct span line;

	if (!span_split(&text, '\n', &line) ||
	    (!span_starts(line, "/2 ") && !span_starts(line, "/3 ")))
		return;
	while (span_split(&text, '\n', &line))
		if (line.len <= LIMIT_LINE)
			parse_line(u, line);
}

/* ---- UIDs ---- */

bool
courier_read_uids(struct uidlist *u, int dir)
{
	struct arena mem = ARENA_EMPTY;
	bool was_here = false;
	struct span text;

	if (read_file(dir, "courierimapuiddb", &mem, &text)) {
		uidlist_parse(u, text);
		/* those complaints are about another file */
		u->trouble = u->trouble ?
		                     "courierimapuiddb: what could be read of it was taken over" :
		                     NULL;
		was_here = true;
	}
	if (read_file(dir, "courierpop3dsizelist", &mem, &text)) {
		if (u->slots == 0)
			uidlist_rebuild_table(u);
		courier_parse_sizelist(u, text);
		was_here = true;
	}
	u->saved = 0;
	u->must_rewrite = true;
	arena_free(&mem);
	return was_here;
}

/* ---- subscriptions ---- */

/* Levels below INBOX are levels of the Maildir: Courier shows all folders there. */
void
courier_convert_subscriptions(struct span text, struct arena *mem, struct buf *out)
{
	static const char prefix[] = "INBOX.";
	struct span line;

	while (span_split(&text, '\n', &line)) {
		const char *name, *why;

		line = span_trim(line);
		if (span_starts_nocase(line, prefix))
			line = span_skip(line, sizeof(prefix) - 1);
		name = name_from_client(line, false, false, mem, &why);
		if (!name)
			name = name_from_client(line, true, false, mem, &why);
		if (!name)
			continue;
		buf_str(out, name_to_client(name, false, mem));
		buf_byte(out, '\n');
	}
}

bool
courier_subscriptions(int root, struct arena *mem, struct span *text_out)
{
	struct buf out = BUF_EMPTY;
	struct span text;

	if (!read_file(root, "courierimapsubscribed", mem, &text))
		return false;
	courier_convert_subscriptions(text, mem, &out);
	*text_out = arena_copy(mem, buf_view(&out));
	buf_free(&out);
	return true;
}

/* ---- folders ---- */

static void
take_folder(int root, const char *entry, struct arena *mem)
{
	const char *why, *name = name_from_client(span_of(entry + 1), true, false, mem, &why);
	struct stat st;

	if (!name || strcmp(name, "INBOX") == 0 ||
	    !dir_is_there(root, arena_printf(mem, "%s/cur", entry)) ||
	    fstatat(root, name_to_dir(name, mem), &st, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	renameat(root, entry, root, name_to_dir(name, mem));
}

void
courier_take_folders(int root)
{
	struct arena mem = ARENA_EMPTY;
	DIR *dir = dir_list(root, ".");
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)) != NULL) {
		struct arena_mark mark = arena_mark(&mem);

		if (e->d_name[0] == '.' && e->d_name[1] && e->d_name[1] != '.' &&
		    !name_from_dir(e->d_name, &mem))
			take_folder(root, e->d_name, &mem);
		arena_release(&mem, mark);
	}
	closedir(dir);
	arena_free(&mem);
}
