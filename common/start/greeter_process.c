/* greeter_process.c - starting and ending the greeter */
#include "common/start/greeter_process.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/start/descriptors.h"
#include "common/start/greeter_message.h"
#include "common/start/privileges.h"
#include "common/start/seccomp.h"

enum { CLIENT = 0, CHANNEL = 1 };

/* Untouched pages cost nothing: the monitor never writes here, and a greeter to few of them. */
static struct greeter block __attribute__((aligned(4096)));

/* Everything between the fork and the first byte of a stranger.  Nothing here may return. */
static void __attribute__((noreturn))
become_greeter(int client, int channel, uid_t uid, gid_t gid, pid_t monitor,
               void (*greet)(struct greeter *g))
{
	const char *what;
	int high_client = dup(client), high_channel = dup(channel);

	if (high_client < 0 || high_channel < 0 || dup2(high_client, CLIENT) < 0 ||
	    dup2(high_channel, CHANNEL) < 0)
		_exit(1);
	descriptors_close_from(CHANNEL + 1);
	if (getuid() == 0 && !privileges_drop(uid, gid, false, &what))
		_exit(1);
	/* behind the change of uid, which would clear it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != monitor)
		_exit(1);
	block.client = CLIENT;
	block.channel = CHANNEL;
	if (!seccomp_strict())
		_exit(1);
	greeter_run(&block, greet);
}

bool
greeter_process_start(struct greeter_process *p, int client, const struct greeter_facts *facts,
                      bool expects_proxy, uid_t uid, gid_t gid, void (*greet)(struct greeter *g))
{
	pid_t monitor = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		block.facts = *facts;
		block.expects_proxy = expects_proxy;
		become_greeter(client, pair[1], uid, gid, monitor, greet);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return false;
	}
	*p = (struct greeter_process){ .pid = pid, .channel = pair[0] };
	return true;
}

void
greeter_process_end(struct greeter_process *p)
{
	if (p->pid == 0)
		return;
	close(p->channel);
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
}
