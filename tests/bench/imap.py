"""imap.py - what IMAP commands on a large mailbox cost linnet, and Dovecot 2.3 where it is installed

Both serve the same Maildir to the same client over loopback, one after the other.  "first" is a
session without an index and cache: linnet.* and dovecot.index* are removed before it; "again" is
the next one.  CPU is user and system time of the session's process from the reply of SELECT to its
end; the least of the rounds is shown.  "must reach" is meant for 10,000 messages on a quiet machine;
"flags" is asked of 100,000 small ones.
"""
import argparse
import os
import pathlib
import socket
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "interop")]

import bench_mail  # noqa: E402
import dovecot  # noqa: E402
import linnet  # noqa: E402

FIELDS = "From To Subject Date Message-ID"
BENCHES = {  # name: command, milliseconds that linnet must reach first and again
    "envelope":  ("FETCH 1:* ENVELOPE", 80, 10),
    "structure": ("FETCH 1:* BODYSTRUCTURE", 130, 8),
    "fields":    (f"FETCH 1:* BODY.PEEK[HEADER.FIELDS ({FIELDS})]", 90, 12),
    "size":      ("FETCH 1:* RFC822.SIZE", None, 4),
    "preview":   ("FETCH 1:* PREVIEW", None, None),
    "subject":   ("SEARCH SUBJECT xyzzy", 80, 5),
    "body":      ("SEARCH BODY xyzzy", 200, 200),
    "text":      ("SEARCH TEXT xyzzy", 220, 220),
    "unseen":    ("SEARCH UNSEEN", 0.2, 0.2),
    "sort":      ("SORT (DATE) UTF-8 ALL", 100, 2),
    "sort-subject": ("SORT (SUBJECT) UTF-8 ALL", None, None),
    "thread":    ("THREAD REFERENCES UTF-8 ALL", 120, 8),
    "bodies":    ("FETCH 1:* BODY.PEEK[]", 100, 100),
    "flags":     ("FETCH 1:* (UID FLAGS)", None, 10),
}
MANY = {"flags": 100_000}  # messages, where it is not options.messages


class Refused(Exception):
    """A server without this command."""


def linnet_argv(folder, maildir):
    conf = folder / "linnet.conf"
    conf.touch()
    return [linnet.reachable_program("imapd"), "-c", conf, "--preauth", "--mail", maildir]


def dovecot_argv(folder, maildir):
    conf, run = folder / "dovecot.conf", folder / "run"
    run.mkdir(exist_ok=True)
    linnet.own(run)
    conf.write_text(dovecot.CONF.format(base=folder, mail=maildir, uid=linnet.UID, gid=linnet.GID))
    return [dovecot.IMAP, "-c", conf]


SERVERS = {"linnet": linnet_argv, "dovecot": dovecot_argv}


def pair():
    """Both ends of a TCP connection."""
    with linnet.listening_socket() as listener:
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]


def command(sock, text):
    """Send it and read to its OK; returns the number of bytes."""
    sock.sendall(b"benched " + text.encode() + b"\r\n")
    total, tail = 0, b"\n"
    while True:
        more = sock.recv(1 << 18)
        if not more:
            raise linnet.Failure(f"{text}: connection closed behind {tail!r}")
        total += len(more)
        tail = (tail + more)[-400:]
        last = tail.rstrip(b"\r\n").rpartition(b"\n")[2]
        if tail.endswith(b"\r\n") and last.startswith(b"benched "):
            if last.startswith(b"benched BAD"):
                raise Refused(text)
            if not last.startswith(b"benched OK"):
                raise linnet.Failure(f"{text}: {last!r}")
            return total


def spent(pid):
    """Seconds of CPU so far, to the nanosecond."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def forget_indexes(maildir):
    for pattern in ("dovecot.index*", "linnet.*"):
        for path in maildir.glob(pattern):
            path.unlink()


def measure(server, folder, maildir, text):
    """Milliseconds of CPU for one command in a session of its own."""
    ours, theirs = pair()
    environment = {"HOME": str(folder), "USER": "someone", "PATH": "/usr/bin:/bin"}
    with ours, open(folder / f"{server}.err", "ab") as log:
        with theirs:
            process = subprocess.Popen(SERVERS[server](folder, maildir), stdin=theirs, stdout=theirs, stderr=log,
                                       cwd="/", env=environment, **linnet.as_mail_user())
        ours.recv(4096)
        command(ours, "SELECT INBOX")
        before = spent(process.pid)
        command(ours, text)
        ours.sendall(b"t LOGOUT\r\n")
        while ours.recv(4096):
            pass
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise linnet.Failure(f"{server} ended with {process.returncode}: {(folder / f'{server}.err').read_text()}")
    return 1000 * (usage.ru_utime + usage.ru_stime - before)


def show(name, cells):
    print(f"{name:<12}" + "".join(f"{cell:>15}" for cell in cells), flush=True)


def first_and_again(server, folder, maildir, text, rounds):
    """The least milliseconds of a first and a second session, as cells."""
    first, again = [], []
    try:
        for _ in range(rounds):
            forget_indexes(maildir)
            first.append(measure(server, folder, maildir, text))
            again.append(measure(server, folder, maildir, text))
    except Refused:
        return ["-", "-"]
    return [f"{min(first):.1f}", f"{min(again):.1f}"]


def many_small(maildir, count):
    linnet.make_maildir(maildir)
    for n in range(count):
        name = f"{1700000000 + n}.V801I{n:x}M{n % 1000000:06d}.mail.example:2,{'S' if n % 3 else ''}"
        (maildir / "cur" / name).write_bytes(b"Subject: %d\n\ntext\n" % n)
    linnet.own(maildir)
    return maildir


def measure_all(options, folder, maildir):
    servers = [name for name in SERVERS if options.only in (None, name)]
    if not dovecot.is_there():
        servers = [name for name in servers if name != "dovecot"]
    show("CPU ms", [f"{server} {when}" for server in servers + ["must"] for when in ("first", "again")])
    for server in servers:
        measure(server, folder, maildir, "NOOP")  # UIDs are given, the page cache is warm
    for name in options.names or BENCHES:
        text, first, again = BENCHES[name]
        where = many_small(folder / name, MANY[name]) if name in MANY else maildir
        cells = [cell for server in servers for cell in first_and_again(server, folder, where, text, options.rounds)]
        show(name, cells + [first or "-", again or "-"])


def add_arguments(parser):
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mail", type=pathlib.Path, help="a Maildir made by bench_mail.py; default: a new one")
    parser.add_argument("--only", choices=SERVERS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(BENCHES))


def run(options):
    if not linnet.IS_ROOT:
        sys.exit("imap.py: needs root, to become the owner of the mail")
    with linnet.temporary_folder() as folder:
        maildir = options.mail or folder / "mail"
        if not options.mail:
            size = bench_mail.make(maildir, options.messages)
            print(f"{options.messages} messages, {size / 1e6:.0f} MB", flush=True)
        measure_all(options, folder, maildir)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="imap.py")
    add_arguments(arguments)
    run(arguments.parse_args())
