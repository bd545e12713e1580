/*
 * seccomp.c - which system calls a process may still make
 *
 * A filter is a search by halves among the numbers: the kernel runs it for each of
 * its calls when it is loaded (since 5.11), or at each call, so a plain list of 130
 * comparisons would cost every login a quarter of a millisecond.
 * abort() and a failed stack check need tgkill, but a session shares its uid with
 * all other sessions: it may signal only itself, and ask with kill(pid, 0) whether
 * the owner of a lock still lives.
 */
#include "common/start/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/die.h"

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define THIS_ARCHITECTURE 0 /* no table: seccomp_filter() does nothing */
#endif

enum { HIGH_BIT_64 = 1 << 30, MOST_RULES = 176, MOST_STEPS = 2 * MOST_RULES + 24 };

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS SECCOMP_RET_KILL /* the same for a process of one thread */
#endif
#ifndef SYS_statx
#define SYS_statx -1
#endif
#ifndef SYS_renameat2
#define SYS_renameat2 -1
#endif
#ifndef SYS_getrandom
#define SYS_getrandom -1
#endif
#ifndef SYS_copy_file_range
#define SYS_copy_file_range -1
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 -1
#endif
#ifndef SYS_rseq
#define SYS_rseq -1
#endif

/* Memory, time, signals of its own, the end: whatever glibc and OpenSSL do by themselves. */
#define EVERYBODYS_CALLS                                                                           \
	SYS_read, SYS_write, SYS_writev, SYS_readv, SYS_ppoll, SYS_clock_gettime, SYS_close,       \
		SYS_mmap, SYS_munmap, SYS_brk, SYS_mremap, SYS_mprotect, SYS_madvise,              \
		SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_fcntl, SYS_fstat,          \
		SYS_getrandom, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn,             \
		SYS_restart_syscall, SYS_futex, SYS_getpid, SYS_gettid, SYS_gettimeofday,          \
		SYS_getsockopt, SYS_setsockopt, SYS_shutdown, SYS_exit, SYS_exit_group,            \
		SYS_sigaltstack, SYS_sched_yield, SYS_clock_getres

/* The oldest forms, which newer architectures never had. */
#ifdef SYS_poll
#define EVERYBODYS_OLD_CALLS SYS_poll, SYS_time,
#define SESSIONS_OLD_CALLS                                                                         \
	SYS_open, SYS_stat, SYS_lstat, SYS_rename, SYS_link, SYS_unlink, SYS_mkdir, SYS_rmdir,     \
		SYS_access, SYS_readlink, SYS_chmod, SYS_utimes, SYS_utime, SYS_getdents,          \
		SYS_dup2, SYS_pipe, SYS_select, SYS_inotify_init,
#else
#define EVERYBODYS_OLD_CALLS
#define SESSIONS_OLD_CALLS
#endif

static const int session_calls[] = {
	EVERYBODYS_CALLS,
	EVERYBODYS_OLD_CALLS SESSIONS_OLD_CALLS SYS_openat,
	SYS_newfstatat,
	SYS_statx,
	SYS_pread64,
	SYS_pwrite64,
	SYS_preadv,
	SYS_pwritev,
	SYS_lseek,
	SYS_getdents64,
	SYS_renameat,
	SYS_renameat2,
	SYS_linkat,
	SYS_unlinkat,
	SYS_mkdirat,
	SYS_fsync,
	SYS_fdatasync,
	SYS_ftruncate,
	SYS_truncate,
	SYS_fallocate,
	SYS_utimensat,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_umask,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_readlinkat,
	SYS_getcwd,
	SYS_chdir,
	SYS_fchdir,
	SYS_flock,
	SYS_dup,
	SYS_dup3,
	SYS_pipe2,
	SYS_statfs,
	SYS_fstatfs,
	SYS_inotify_init1,
	SYS_inotify_add_watch,
	SYS_inotify_rm_watch,
	SYS_fadvise64,
	SYS_copy_file_range,
	SYS_sendfile,
	SYS_sync_file_range,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_pselect6,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getppid,
	SYS_uname,
	SYS_sysinfo,
	SYS_getrusage,
	SYS_times,
	SYS_getpeername,
	SYS_getsockname,
	SYS_rseq,
	SYS_set_robust_list,
};

static const int pump_calls[] = { EVERYBODYS_CALLS, EVERYBODYS_OLD_CALLS };

static const int deadly_calls[] = { SYS_execve,
	                            SYS_ptrace,
	                            SYS_process_vm_readv,
	                            SYS_process_vm_writev,
	                            SYS_init_module,
	                            SYS_kexec_load,
	                            SYS_mount,
	                            SYS_unshare,
	                            SYS_setns };

/*
 * SECCOMP_MODE_STRICT as a list.  A build with AddressSanitizer cannot live in
 * strict mode: it asks for its stack before each call that does not return, and
 * wants memory for a report.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { STRICT_MODE_IS_USED = false };
#define SANITIZERS_CALLS                                                                           \
	, SYS_sigaltstack, SYS_mmap, SYS_munmap, SYS_madvise, SYS_getpid, SYS_gettid,              \
		SYS_exit_group, SYS_openat, SYS_close, SYS_futex, SYS_rt_sigaction,                \
		SYS_rt_sigprocmask, SYS_prctl, SYS_readlink, SYS_fstat, SYS_newfstatat
#else
enum { STRICT_MODE_IS_USED = true };
#define SANITIZERS_CALLS
#endif
static const int strict_calls[] = { SYS_read, SYS_write, SYS_exit,
	                            SYS_rt_sigreturn SANITIZERS_CALLS };

/* What becomes of one call; where has_argument, only with that low word of one argument. */
struct rule {
	uint32_t call, verdict;
	bool     has_argument;
	unsigned argument;
	uint32_t value;
};

/* Numbers from first to the next segment's; rule NULL: none of ours. */
struct segment {
	uint32_t           first;
	const struct rule *rule;
};

/* A branch of the search that ends in a verdict. */
struct ending {
	unsigned short     at; /* the step that jumps */
	bool               if_true;
	const struct rule *rule;
};

struct program {
	struct rule        rule[MOST_RULES];
	size_t             rules;
	uint32_t           otherwise; /* the verdict of calls without a rule */
	struct ending      ending[2 * MOST_RULES + 2];
	size_t             endings;
	struct sock_filter step[MOST_STEPS];
	unsigned short     len;
	unsigned short
		own_pid; /* the step that compares with it: a forked process puts in its own */
};

static void
add(struct program *p, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	if (p->len == MOST_STEPS)
		bug("seccomp filter too long");
	p->step[p->len++] = (struct sock_filter){ code, if_true, if_false, k };
}

static void
add_rule(struct program *p, struct rule rule)
{
	if (p->rules == MOST_RULES)
		bug("too many rules for a seccomp filter");
	p->rule[p->rules++] = rule;
}

static void
add_verdicts(struct program *p, const int *call, size_t count, uint32_t verdict)
{
	for (size_t i = 0; i < count; i++)
		if (call[i] >= 0)
			add_rule(p, (struct rule){ .call = (uint32_t)call[i], .verdict = verdict });
}

/* Allow call where the low word of an argument has one value. */
static void
add_with_argument(struct program *p, int call, unsigned argument, uint32_t value)
{
	add_rule(p, (struct rule){ (uint32_t)call, SECCOMP_RET_ALLOW, true, argument, value });
}

static int
by_call(const void *a, const void *b)
{
	uint32_t x = ((const struct rule *)a)->call, y = ((const struct rule *)b)->call;

	return (x > y) - (x < y);
}

static bool
is_same_verdict(const struct rule *a, const struct rule *b)
{
	return a && !a->has_argument && !b->has_argument && a->verdict == b->verdict;
}

/* The rules, sorted, as segments without a gap from 0 to the end; neighbours that agree are one. */
static size_t
cut_segments(const struct program *p, struct segment *out)
{
	size_t n = 0;
	uint32_t next = 0;

	for (size_t i = 0; i < p->rules; i++) {
		const struct rule *r = &p->rule[i];

		if (i > 0 && r->call < next)
			continue; /* the same call twice */
		if (r->call > next || i == 0)
			out[n++] = (struct segment){ next, NULL };
		if (!is_same_verdict(out[n - 1].rule, r))
			out[n++] = (struct segment){ r->call, r };
		next = r->call + 1;
	}
	out[n++] = (struct segment){ next, NULL };
	return n;
}

static void
emit_verdict(struct program *p, const struct rule *r)
{
	if (r && r->has_argument) {
		add(p, BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)offsetof(struct seccomp_data, args[0]) + 8 * r->argument, 0, 0);
		if (r->call == SYS_tgkill)
			p->own_pid = p->len;
		add(p, BPF_JMP | BPF_JEQ | BPF_K, r->value, 1, 0);
		add(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	}
	add(p, BPF_RET | BPF_K, r ? r->verdict : p->otherwise, 0, 0);
}

static void emit_search(struct program *p, const struct segment *segment, size_t count);

static void
set_jump(struct program *p, unsigned short at, bool if_true)
{
	unsigned short over = (unsigned short)(p->len - at - 1);

	if (over > UINT8_MAX)
		bug("seccomp filter too long for its jumps");
	*(if_true ? &p->step[at].jt : &p->step[at].jf) = (uint8_t)over;
}

/*
 * Where step at goes: on with the search behind what is there, or to a verdict that is not there
 * yet.
 */
static void
emit_branch(struct program *p, unsigned short at, bool if_true, const struct segment *segment,
            size_t count)
{
	if (count == 1) {
		p->ending[p->endings++] = (struct ending){ at, if_true, segment->rule };
		return;
	}
	set_jump(p, at, if_true);
	emit_search(p, segment, count);
}

/* A search by halves; as deep as the logarithm of MOST_RULES. */
static void
emit_search(struct program *p, const struct segment *segment, size_t count)
{
	size_t half = count / 2;
	unsigned short at = p->len;

	add(p, BPF_JMP | BPF_JGE | BPF_K, segment[half].first, 0, 0);
	emit_branch(p, at, false, segment, half);
	emit_branch(p, at, true, segment + half, count - half);
}

static bool
ends_alike(const struct rule *a, const struct rule *b)
{
	return a == b || (b && !b->has_argument && is_same_verdict(a, b));
}

/* Each verdict once, behind the search. */
static void
emit_endings(struct program *p)
{
	for (size_t i = 0; i < p->endings; i++) {
		const struct rule *rule = p->ending[i].rule;
		bool is_there = false;

		for (size_t k = 0; k < i && !is_there; k++)
			is_there = ends_alike(p->ending[k].rule, rule);
		if (is_there)
			continue;
		for (size_t k = i; k < p->endings; k++)
			if (ends_alike(p->ending[k].rule, rule))
				set_jump(p, p->ending[k].at, p->ending[k].if_true);
		emit_verdict(p, rule);
	}
}

/* Calls of another architecture's numbering end the process, whatever the role. */
static void
begin(struct program *p)
{
	p->len = 0;
	p->rules = 0;
	add(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0);
	add(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	add(p, BPF_JMP | BPF_JGE | BPF_K, HIGH_BIT_64, 0, 1); /* the x32 calls of x86_64 */
	add(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

static void
finish(struct program *p, uint32_t otherwise)
{
	struct segment segment[2 * MOST_RULES + 1];

	p->otherwise = otherwise;
	p->endings = 0;
	qsort(p->rule, p->rules, sizeof(p->rule[0]), by_call);
	emit_search(
		p, segment,
		cut_segments(p,
	                     segment)); /* two at least: calls with a rule, and those above them */
	emit_endings(p);
}

static void
build(struct program *p, const int *call, size_t count)
{
	begin(p);
	add_verdicts(p, call, count, SECCOMP_RET_ALLOW);
	add_verdicts(p, deadly_calls, sizeof(deadly_calls) / sizeof(deadly_calls[0]),
	             SECCOMP_RET_KILL_PROCESS);
	add_with_argument(p, SYS_tgkill, 0, (uint32_t)getpid());
	add_with_argument(p, SYS_kill, 1, 0);
	finish(p, SECCOMP_RET_ERRNO | ENOSYS);
}

static bool
load(struct sock_filter *step, unsigned short len)
{
	struct sock_fprog program = { len, step };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static const struct role {
	const int *call;
	size_t     count;
} roles[] = {
	[SECCOMP_SESSION] = { session_calls, sizeof(session_calls) / sizeof(session_calls[0]) },
	[SECCOMP_PUMP] = { pump_calls, sizeof(pump_calls) / sizeof(pump_calls[0]) },
};
static struct program prepared[sizeof(roles) / sizeof(roles[0])];

void
seccomp_prepare(enum seccomp_role role)
{
	if (prepared[role].len == 0)
		build(&prepared[role], roles[role].call, roles[role].count);
}

/* Of what the parent has prepared nothing is written, so that its pages stay shared. */
bool
seccomp_filter(enum seccomp_role role)
{
	const struct program *p = &prepared[role];
	struct sock_filter step[MOST_STEPS];

	if (THIS_ARCHITECTURE == 0)
		return true;
	seccomp_prepare(role);
	memcpy(step, p->step, p->len * sizeof(step[0]));
	step[p->own_pid].k = (uint32_t)getpid();
	return load(step, p->len);
}

/*
 * The same four calls as a filter of our own.  Its program is large: inlined, each greeter would
 * touch those pages of stack for nothing.
 */
static bool __attribute__((noinline))
strict_by_filter(void)
{
	struct program p;

	begin(&p);
	add_verdicts(&p, strict_calls, sizeof(strict_calls) / sizeof(strict_calls[0]),
	             SECCOMP_RET_ALLOW);
	finish(&p, SECCOMP_RET_KILL_PROCESS);
	return load(p.step, p.len);
}

/*
 * A process that already has a filter - in a container, or in a unit with
 * SystemCallFilter= - may not enter strict mode (EINVAL).
 */
bool
seccomp_strict(void)
{
	if (STRICT_MODE_IS_USED && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0)
		return true;
	if ((STRICT_MODE_IS_USED && errno != EINVAL) || THIS_ARCHITECTURE == 0)
		return false;
	return strict_by_filter();
}
