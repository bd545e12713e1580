"""bench_store.py - what opening, changing and filling large mailboxes costs linnet, and Dovecot 2.3 where it is installed

Both serve Maildirs of the same content to the same client, one after the other.  CPU is user and
system time of the session's process for the one command; the least of the rounds is shown.  The mail is
small, as none of these commands reads it; names are as Postfix gives them.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

import dovecot  # noqa: E402
import imap  # noqa: E402
import linnet  # noqa: E402

LARGE, SMALL = 100_000, 10_000
GROWTH = (1_000, 10_000, 100_000, 1_000_000)
APPENDS = 20
TEXT = b"From: a@example.org\r\nSubject: one\r\n\r\ntext\r\n"


class Place:
    """One server's Maildir of `count` messages, with a stash of the files to fill it again from."""

    def __init__(self, folder, server, count):
        self.folder, self.server, self.count = folder / f"{server}-{count}", server, count
        self.folder.mkdir()
        self.mail, self.stash = self.folder / "mail", self.folder / "stash"
        for path in (self.mail, self.mail / ".Copied"):
            linnet.make_maildir(path)
        self.stash.mkdir()
        for n in range(count):
            name = f"{1700000000 + n}.V801I{n:x}M{n % 1000000:06d}.mail.example:2,{'S' if n % 3 else ''}"
            (self.stash / name).write_bytes(b"Subject: %d\n\ntext\n" % n)
        self.fill()

    def fill(self):
        """As if nobody had seen it yet."""
        for path in [*self.mail.glob("dovecot*"), *self.mail.glob("linnet*")]:
            path.unlink()
        subprocess.run(["find", self.mail / "cur", "-type", "f", "-delete"], check=True)
        subprocess.run(["cp", "-al", f"{self.stash}/.", self.mail / "cur"], check=True)
        linnet.own(self.folder)
        with Session(self) as session:
            session("SELECT INBOX")

    def empty_copies(self):
        shutil.rmtree(self.mail / ".Copied")
        linnet.make_maildir(self.mail / ".Copied")
        linnet.own(self.mail / ".Copied")


class Session:
    def __init__(self, place):
        self.place = place

    def __enter__(self):
        self.sock, theirs = imap.pair()
        folder = self.place.folder
        with theirs, open(folder / "err", "ab") as log:
            self.process = subprocess.Popen(imap.SERVERS[self.place.server](folder, self.place.mail), stdin=theirs,
                                            stdout=theirs, stderr=log, cwd="/", **linnet.as_mail_user(),
                                            env={"HOME": str(folder), "USER": "someone", "PATH": "/usr/bin:/bin"})
        self.sock.recv(4096)
        return self

    def __exit__(self, kind, *_):
        with self.sock:
            if not kind:
                self.sock.sendall(b"t LOGOUT\r\n")
                while self.sock.recv(4096):
                    pass
        self.process.wait(20)

    def private(self):
        """kB of memory that no other process shares."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+) kB", text, re.M))

    def __call__(self, text):
        """Milliseconds of CPU for one command."""
        before = imap.spent(self.process.pid)
        imap.command(self.sock, text)
        return 1000 * (imap.spent(self.process.pid) - before)


def select_cold(place):
    for pattern in ("dovecot.index*", "linnet.*"):
        for path in place.mail.glob(pattern):
            path.unlink()
    return select(place)


def select(place):
    with Session(place) as session:
        return session("SELECT INBOX")


def selected(text):
    def bench(place):
        with Session(place) as session:
            session("SELECT INBOX")
            return session(text)
    return bench


def deliver(place):
    """As a delivery agent does: a name of now, in new/."""
    now = time.time_ns()
    name = f"{now // 10**9}.V801I1M{now // 1000 % 10**6:06d}.mail.example"
    path = place.mail / "tmp" / name
    path.write_bytes(TEXT)
    linnet.own(path)
    path.rename(place.mail / "new" / name)


def after_delivery(place):
    with Session(place) as session:
        session("SELECT INBOX")
    deliver(place)
    time.sleep(0.1)
    return select(place)


def expunge_one(place):
    deliver(place)
    with Session(place) as session:
        session("SELECT INBOX")
        session(r"STORE * +FLAGS.SILENT (\Deleted)")
        return session("EXPUNGE")


def store(place):
    with Session(place) as session:
        session("SELECT INBOX")
        spent = session(r"STORE 1:* +FLAGS.SILENT (\Flagged)")
        session(r"STORE 1:* -FLAGS.SILENT (\Flagged)")
        return spent


def copy(place):
    place.empty_copies()
    with Session(place) as session:
        session("SELECT INBOX")
        return session("COPY 1:* Copied")


def expunge(place):
    with Session(place) as session:
        session("SELECT INBOX")
        session(r"STORE 1:* +FLAGS.SILENT (\Deleted)")
        spent = session("EXPUNGE")
    place.fill()
    return spent


def append(place):
    with Session(place) as session:
        session("SELECT INBOX")
        literal = "{%d+}\r\n" % len(TEXT) + TEXT.decode()
        return sum(session(f"APPEND INBOX (\\Seen) {literal}") for _ in range(APPENDS)) / APPENDS


def status(place):
    with Session(place) as session:
        return session("STATUS INBOX (MESSAGES UNSEEN UIDNEXT)")


BENCHES = {  # name: messages, operation, milliseconds that linnet must reach
    "select-cold": (LARGE, select_cold, 80),
    "select": (LARGE, select, 1),
    "status": (LARGE, status, 1),
    "delivered": (LARGE, after_delivery, 2),
    "expunge-one": (LARGE, expunge_one, 1),
    "flags": (LARGE, selected("FETCH 1:* (UID FLAGS)"), 10),
    "unseen": (LARGE, selected("SEARCH UNSEEN"), 2),
    "size": (SMALL, selected("FETCH 1:* RFC822.SIZE"), 4),
    "store": (SMALL, store, 72),
    "copy": (SMALL, copy, 90),
    "expunge": (SMALL, expunge, 40),
    "append": (SMALL, append, 0.25),
}


def growth(rounds, folder, servers):
    """SELECT with an index, and the memory that is the session's own then, by the size of the mailbox."""
    imap.show("", [f"{name}: ms, kB" for name in servers])
    for count in GROWTH:
        cells = []
        for server in servers:
            place = Place(folder, server, count)
            spent = min(select(place) for _ in range(rounds + 1))
            with Session(place) as session:
                session("SELECT INBOX")
                cells.append(f"{spent:.2f} {session.private()}")
            shutil.rmtree(place.folder)
        imap.show(f"select {count}", cells)


def run(rounds, names, only=None):
    if not linnet.IS_ROOT:
        sys.exit("bench store: needs root, to become the owner of the mail")
    servers = [name for name in imap.SERVERS if only in (None, name) and (name != "dovecot" or dovecot.is_there())]
    imap.show("CPU ms", servers + ["must reach"])
    with linnet.temporary_folder() as folder:
        places = {}
        for name in names or [*BENCHES, "growth"]:
            if name == "growth":
                growth(rounds, folder, servers)
                continue
            count, bench, goal = BENCHES[name]
            best = []
            for server in servers:
                if (server, count) not in places:
                    places[server, count] = Place(folder, server, count)
                best.append(min(bench(places[server, count]) for _ in range(rounds)))
            imap.show(name, [f"{value:.2f}" for value in best] + [goal])
    os.sync()
