/*
 * read_password.c - a password from the terminal, or from a pipe
 *
 * A signal that ends the process must not leave the terminal without echo:
 * it is held until the terminal is as it was.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/wipe.h"
#include "ctl/ctl.h"

static volatile sig_atomic_t caught;

static void
catch(int number)
{
	caught = number;
}

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { DEADLY = sizeof(deadly) / sizeof(deadly[0]) };

/*
 * One line without its end, byte by byte: what follows is another reader's.
 * False at the end of input or beyond room.
 */
static bool
read_line(char *line, size_t room)
{
	size_t n = 0;

	while (!caught) {
		ssize_t got = read(STDIN_FILENO, line + n, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || line[n] == '\n') {
			line[n] = '\0';
			return got > 0 || n > 0;
		}
		if (++n == room) {
			ctl_complain("a password has at most %d bytes", LIMIT_PASSWORD);
			return false;
		}
	}
	return false;
}

static bool
read_from_terminal(const char *prompt, char *line, size_t room)
{
	struct sigaction catching = { .sa_handler = catch }, before[DEADLY];
	struct termios shown, hidden;
	bool ok;

	caught = 0;
	for (int i = 0; i < DEADLY; i++)
		sigaction(deadly[i], &catching, &before[i]);
	tcgetattr(STDIN_FILENO, &shown);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fputs(prompt, stderr); /* not before: what is typed at once would be flushed away */
	ok = read_line(line, room);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &shown);
	for (int i = 0; i < DEADLY; i++)
		sigaction(deadly[i], &before[i], NULL);
	fputc('\n', stderr);
	if (caught)
		raise(caught);
	return ok;
}

static bool
read_once(const char *prompt, char *line)
{
	size_t room = LIMIT_PASSWORD + 1;

	return isatty(STDIN_FILENO) ? read_from_terminal(prompt, line, room) :
	                              read_line(line, room);
}

char *
ctl_read_password(struct ctl *ctl, const char *prompt, bool twice)
{
	char *password = arena_zero(&ctl->mem, LIMIT_PASSWORD + 2), *again;
	bool same = true;

	if (!read_once(prompt, password)) {
		ctl_complain("no password was given");
		return NULL;
	}
	if (twice && isatty(STDIN_FILENO)) {
		again = arena_zero(&ctl->mem, LIMIT_PASSWORD + 2);
		same = read_once("Again: ", again) && strcmp(password, again) == 0;
		wipe(again, LIMIT_PASSWORD + 2);
	}
	if (same)
		return password;
	wipe(password, LIMIT_PASSWORD + 2);
	ctl_complain("the two differ");
	return NULL;
}
