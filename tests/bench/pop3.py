"""pop3.py - what a POP3 session on a large maildrop costs linnet, and Dovecot 2.3 where it is installed

Both serve the same mail to the same client over loopback, each from a Maildir of its own.  CPU is user
and system time of the session's process from its start to its end; the least of the rounds is shown.
"first" is without linnet.* and dovecot.index*, "again" behind it.  "must reach" is meant for 10,000
messages on a quiet machine, less what login costs (./dev bench login).
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "interop")]

import bench_mail  # noqa: E402
import dovecot  # noqa: E402
import imap  # noqa: E402
import linnet  # noqa: E402

DOVECOT_POP3 = pathlib.Path(dovecot.IMAP).with_name("pop3")


def say(sock, line, is_long=False):
    """Send one command; the bytes of its answer."""
    sock.sendall(line + b"\r\n")
    return answer(sock, is_long)


def answer(sock, is_long=False):
    total, tail, end = 0, b"", b"\r\n.\r\n" if is_long else b"\r\n"
    while not tail.endswith(end):
        more = sock.recv(1 << 18)
        if not more:
            raise linnet.Failure(f"connection closed behind {tail!r}")
        if total == 0 and not more.startswith(b"+OK"):
            raise linnet.Failure(f"answered {more[:100]!r}")
        total, tail = total + len(more), (tail + more)[-5:]
    return total


def lists(sock, count):
    say(sock, b"STAT")
    say(sock, b"UIDL", True)
    say(sock, b"LIST", True)


def download(sock, count):
    lists(sock, count)
    for number in range(1, count + 1):
        say(sock, b"RETR %d" % number, True)


WORKS = {  # name: what is done, milliseconds that linnet must reach first, and again
    "lists":    (lists, None, None),
    "download": (download, 220, 130),
}


def linnet_argv(folder, maildir):
    conf = folder / "linnet.conf"
    conf.touch()
    return [linnet.reachable_program("pop3d"), "-c", conf, "--preauth", "--mail", maildir]


def dovecot_argv(folder, maildir):
    imap.dovecot_argv(folder, maildir)
    return [DOVECOT_POP3, "-c", folder / "dovecot.conf"]


SERVERS = {"linnet": linnet_argv, "dovecot": dovecot_argv}


def measure(server, folder, maildir, count, work):
    """Milliseconds of CPU for one session."""
    ours, theirs = imap.pair()
    environment = {"HOME": str(folder), "USER": "someone", "PATH": "/usr/bin:/bin"}
    with ours, open(folder / f"{server}.err", "ab") as log:
        with theirs:
            process = subprocess.Popen(SERVERS[server](folder, maildir), stdin=theirs, stdout=theirs, stderr=log,
                                       cwd="/", env=environment, **linnet.as_mail_user())
        if server == "linnet":  # Dovecot's answers the first command
            answer(ours)
        work(ours, count)
        say(ours, b"QUIT")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise linnet.Failure(f"{server} ended with {process.returncode}: {(folder / f'{server}.err').read_text()}")
    return 1000 * (usage.ru_utime + usage.ru_stime)


def forget(maildir):
    """As if nobody had opened it: no index, no flags, UIDs stay."""
    imap.forget_indexes(maildir)
    for path in list((maildir / "cur").iterdir()):
        path.rename(path.with_name(path.name.partition(":")[0] + ":2,"))


def measure_work(server, folder, maildir, count, rounds, work):
    first, again = [], []
    for _ in range(rounds):
        forget(maildir)
        first.append(measure(server, folder, maildir, count, work))
        again.append(measure(server, folder, maildir, count, work))
    return f"{min(first):.1f} / {min(again):.1f}"


def add_arguments(parser):
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=SERVERS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(WORKS))


def run(options):
    if not linnet.IS_ROOT:
        sys.exit("pop3.py: needs root, to become the owner of the mail")
    servers = [name for name in SERVERS if options.only in (None, name)]
    if not DOVECOT_POP3.exists():
        servers = [name for name in servers if name != "dovecot"]
    with linnet.temporary_folder() as folder:
        size = bench_mail.make(folder / servers[0], options.messages)
        print(f"{options.messages} messages, {size / 1e6:.0f} MB", flush=True)
        for server in servers[1:]:
            shutil.copytree(folder / servers[0], folder / server, symlinks=True)
            linnet.own(folder / server)
        imap.show("CPU ms", servers + ["must reach"])
        for name in options.names or WORKS:
            work, first, again = WORKS[name]
            cells = [measure_work(server, folder, folder / server, options.messages, options.rounds, work)
                     for server in servers]
            imap.show(name, cells + [f"{first} / {again}" if first else "-"])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="pop3.py")
    add_arguments(arguments)
    run(arguments.parse_args())
