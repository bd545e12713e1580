"""test_two_masters.py - sessions of linnet and of Dovecot, POP3 and a delivery agent fight over one Maildir

Random commands from all of them at once; then, in the quiet, the oracles of the hostile cases:

    Omega 5/6  what was acknowledged is there: each message as often as deliveries, copies and
               acknowledged removals say (SHA-256), none cut, none doubled, nothing left in tmp/
    Omega 7    UIDVALIDITY is what it was, a UID never means two messages, UIDNEXT lies above all
    W12        both servers list the same UIDs, flags, keywords, dates and sizes

LINNET_MASTERS_SECONDS (default 20) makes it longer, LINNET_MASTERS_SEED repeats a run as far as
the scheduler lets it.  In the long form (over 30 s) sessions are also killed in the middle, unless
LINNET_MASTERS_NOKILL is set.
"""
import collections
import contextlib
import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import dovecot
import linnet
import store

pytestmark = pytest.mark.skipif(not dovecot.is_there(), reason="needs root and Dovecot's imapd")

SECONDS = float(os.environ.get("LINNET_MASTERS_SECONDS", "20"))
SEED = int(os.environ.get("LINNET_MASTERS_SEED", "20240229"))
IS_LONG = SECONDS > 30 and not os.environ.get("LINNET_MASTERS_NOKILL")
BOXES = ("INBOX", "Work", "Work.Old")
SIDE = ("Side", "Side.A", "Other", "Other.A.B")  # made, renamed and deleted by everybody all the time
FLAGS = (r"\Seen", r"\Flagged", r"\Answered", r"\Draft", "$Forwarded", "red", "green", "Blue")


class Ledger:
    """What may be expected: counts of each message, and what each UID was."""

    def __init__(self):
        self.lock = threading.Lock()
        self.least, self.most = collections.Counter(), collections.Counter()
        self.identity = {}   # (mailbox, UID) -> (id of the message, who saw it first)
        self.removed = set()
        self.number = 0
        self.commands = collections.Counter()

    def new_message(self):
        with self.lock:
            self.number += 1
            n = self.number
        text = f"X-Id: {n}\nFrom: a@example.org\nSubject: number {n}\n\n" + f"Text of {n}.\n" * (n % 50)
        return n, text.encode()

    def created(self, message, for_sure=True):
        with self.lock:
            self.most[message] += 1
            self.least[message] += for_sure

    def seen(self, box, uid, message):
        who = threading.current_thread().name
        with self.lock:
            known, first = self.identity.setdefault((box, uid), (message, who))
        assert known == message, f"{who}: UID {uid} of {box} is message {message} and was {known} for {first}"

    def gone(self, box, uid, for_sure=True):
        """A removal that was acknowledged (or that may have happened); twice is once."""
        with self.lock:
            if (box, uid, True) in self.removed or (box, uid, for_sure) in self.removed:
                return
            message = self.identity[box, uid][0]
            if (box, uid, False) not in self.removed:
                self.least[message] -= 1
            self.removed.add((box, uid, for_sure))
            self.most[message] -= for_sure


def numbers(text):
    """1,3:5 -> 1 3 4 5"""
    for part in text.split(","):
        first, _, last = part.partition(":")
        low, high = sorted((int(first), int(last or first)))
        yield from range(low, high + 1)


class Killed(Exception):
    """The session was killed by this test: what it had under way is in doubt."""


class Client:
    """An IMAP session that does one random thing after the other."""

    def __init__(self, name, ledger, wire, process):
        self.name, self.ledger, self.wire, self.process = name, ledger, wire, process
        self.random = random.Random(f"{SEED} {name}")
        self.box, self.known, self.tag, self.was_killed = None, [], 0, False
        assert wire.line().startswith(b"* PREAUTH")

    def __call__(self, text, literal=None):
        """(untagged responses, tagged one)"""
        self.tag += 1
        self.ledger.commands[self.name] += 1
        tag = f"{self.name}{self.tag}"
        if literal is not None:
            text += f" {{{len(literal)}+}}\r\n" + literal.decode()
        self.wire.send_line(f"{tag} {text}")
        try:
            answers = [a.decode("utf-8", "replace") for a in self.wire.until_tag(tag)]
        except linnet.Failure:
            if self.was_killed:
                raise Killed from None
            raise
        return answers[:-1], answers[-1][len(tag) + 1:]

    def select(self):
        self.box = self.random.choice(BOXES)
        answers, tagged = self(f"SELECT {self.box}")
        assert tagged.startswith("OK"), tagged
        self.learn()

    def learn(self):
        """Which UIDs there are, and which message each of them is."""
        answers, tagged = self("UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (X-ID)])")
        self.known = []
        for answer in answers:
            uid, ident = re.search(r"UID (\d+)", answer), re.search(r"X-I[dD]: (\d+)", answer)
            if uid and ident:
                self.ledger.seen(self.box, int(uid[1]), int(ident[1]))
                self.known.append(int(uid[1]))

    def some(self, most=3):
        if not self.known:
            return []
        return sorted(self.random.sample(self.known, min(len(self.known), self.random.randint(1, most))))

    @staticmethod
    def uid_set(uids):
        return ",".join(map(str, uids))

    def store(self):
        sign, flag = self.random.choice("+-"), self.random.choice(FLAGS)
        silent = self.random.choice(("", ".SILENT"))
        self.check(self(f"UID STORE {self.uid_set(self.some(20))} {sign}FLAGS{silent} ({flag})")[1])

    def check(self, tagged):
        """NO is an answer only where a message was gone."""
        assert tagged.startswith("OK") or re.match(
            r"NO (\[EXPUNGEISSUED\]|Some (of the requested messages no longer exist|messages))", tagged), \
            f"{self.name}: {tagged}\n{self.wire.story()}"
        return tagged.startswith("OK")

    def append(self):
        box = self.random.choice(BOXES)
        number, text = self.ledger.new_message()
        flags = self.random.choice(("", r" (\Seen)", r" (red \Flagged)"))
        try:
            tagged = self(f"APPEND {box}{flags}", text)[1]
        except Killed:
            self.ledger.created(number, for_sure=False)
            raise
        got = re.match(r"OK \[APPENDUID \d+ (\d+)\]", tagged)
        assert got, tagged
        self.ledger.created(number)
        self.ledger.seen(box, int(got[1]), number)

    def transfer(self, verb):
        """COPY or MOVE; what COPYUID does not name was gone."""
        uids, target = self.some(), self.random.choice(BOXES)
        try:
            answers, tagged = self(f"UID {verb} {self.uid_set(uids)} {target}")
            done = self.check(tagged)
        except Killed:
            done, answers, tagged = None, [], ""
        got = re.search(r"\[COPYUID \d+ (\S+) (\S+)\]", "\n".join(answers + [tagged]))
        if got:
            pairs = list(zip(numbers(got[1]), numbers(got[2])))
            for source, copy in pairs:
                message = self.ledger.identity[self.box, source][0]
                self.ledger.created(message)
                self.ledger.seen(target, copy, message)
                if verb == "MOVE":
                    self.ledger.gone(self.box, source)
        elif not done:
            for source in uids:
                self.ledger.created(self.ledger.identity[self.box, source][0], for_sure=False)
                if verb == "MOVE":
                    self.ledger.gone(self.box, source, for_sure=False)
        if done is None:
            raise Killed
        if verb == "MOVE":
            self.known = [uid for uid in self.known if uid not in uids]

    def expunge(self):
        uids = self.some(2)
        self.known = [uid for uid in self.known if uid not in uids]
        try:
            marked = self.check(self(rf"UID STORE {self.uid_set(uids)} +FLAGS.SILENT (\Deleted)")[1])
            done = self.check(self(f"UID EXPUNGE {self.uid_set(uids)}")[1])
        except Killed:
            for uid in uids:
                self.ledger.gone(self.box, uid, for_sure=False)
            raise
        for uid in uids:
            self.ledger.gone(self.box, uid, for_sure=marked and done)

    def side(self):
        """Whose folder it is now nobody knows, so "no" is an answer; what is copied there is not counted.

        Four Dovecots without linnet say SERVERBUG here, too: only we may not.
        """
        one, two = self.random.choice(SIDE), self.random.choice(SIDE)
        uids = self.uid_set(self.some())
        command = self.random.choice((f"CREATE {one}", f"CREATE {one}", f"DELETE {one}", f"RENAME {one} {two}",
                                      f"UID COPY {uids} {one}", f"UID COPY {uids} {one}", f"STATUS {one} (MESSAGES)",
                                      f"SUBSCRIBE {one}", 'LIST "" *'))
        tagged = self(command)[1]
        is_dovecot = self.name.startswith("dovecot")
        assert tagged.startswith(("OK", "NO")) and (is_dovecot or "SERVERBUG" not in tagged), \
            f"{self.name}: {command}: {tagged}\n{self.wire.story()}"

    def read(self):
        for uid in self.some(1):
            for answer in self(f"UID FETCH {uid} (FLAGS RFC822.SIZE BODY.PEEK[])")[0]:
                body = re.search(r"BODY\[\] \{\d+\}\r\n(.*)\)$", answer, re.S)
                if body and f"UID {uid} " in answer:
                    number = int(re.match(r"X-Id: (\d+)", body[1])[1])
                    self.ledger.seen(self.box, uid, number)
                    assert body[1].count("Text of ") == number % 50, "a message is cut"

    def status(self):
        assert self(f"STATUS {self.random.choice(BOXES)} (MESSAGES UIDNEXT UNSEEN)")[1].startswith("OK")

    def step(self):
        if self.box is None or self.random.random() < 0.05:
            return self.select()
        if self.random.random() < 0.15 or not self.known:
            self("NOOP")
            self.learn()
        what = self.random.choices((self.store, self.append, lambda: self.transfer("COPY"),
                                    lambda: self.transfer("MOVE"), self.expunge, self.read, self.status,
                                    self.side), (6, 3, 1, 3, 3, 3, 1, 2))[0]
        return what() if self.known else self.append()


def linnet_client(name, ledger, mail):
    session = linnet.preauth("imapd", mail)
    client = Client(name, ledger, session.wire, session.process)
    client.session = session
    return client


def dovecot_client(name, ledger, base, mail):
    (base / "dovecot.conf").write_text(dovecot.CONF.format(base=base, mail=mail, uid=linnet.UID, gid=linnet.GID))
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen([dovecot.IMAP, "-c", base / "dovecot.conf"], stdin=theirs, stdout=theirs,
                                   stderr=subprocess.DEVNULL, cwd=mail, **linnet.as_mail_user(),
                                   env={"HOME": str(base), "USER": "someone", "PATH": "/usr/bin:/bin"})
    return Client(name, ledger, linnet.Wire(ours), process)


def pop3_step(ledger, mail, chance):
    """One POP3 session: it reads all it sees, removes some, and QUITs."""
    with linnet.preauth("pop3d", mail) as session:
        wire = session.wire
        assert wire.line().startswith(b"+OK")
        doomed = []
        assert wire.pop("UIDL").startswith(b"+OK")
        for line in wire.until_dot():
            number, unique = line.decode().split()
            if chance.random() < 0.3:
                continue
            if not wire.pop(f"TOP {number} 0").startswith(b"+OK"):
                continue  # removed meanwhile
            head = b"\n".join(wire.until_dot())
            uid = int(unique[:8], 16)
            ledger.seen("INBOX", uid, int(re.search(rb"X-Id: (\d+)", head)[1]))
            if chance.random() < 0.1 and wire.pop(f"DELE {number}").startswith(b"+OK"):
                doomed.append(uid)
        answer = wire.pop("QUIT")
        for uid in doomed:
            ledger.gone("INBOX", uid, for_sure=answer.startswith(b"+OK"))
        assert answer.startswith(b"+OK"), answer + session.log().encode()


class Actor(threading.Thread):
    """step() again and again until the time is up or anybody failed."""

    stop = False

    def __init__(self, name, until, step, end=lambda: None):
        super().__init__(name=name)
        self.until, self.step, self.end, self.error = until, step, end, None
        self.start()

    def run(self):
        try:
            while time.monotonic() < self.until and not Actor.stop:
                self.step()
        except BaseException as error:  # pylint: disable=broad-except
            self.error, Actor.stop = error, True
        self.end()


class LinnetUser:
    """Sessions of linnet one after the other; each ends politely, or is killed after a while."""

    def __init__(self, name, ledger, mail):
        self.name, self.ledger, self.mail, self.client, self.turn, self.logs = name, ledger, mail, None, 0, ""
        self.random = random.Random(f"{SEED} {name} life")

    def step(self):
        if self.client is None:
            self.turn += 1
            self.client = linnet_client(f"{self.name}{self.turn}x", self.ledger, self.mail)
            self.left = self.random.randint(20, 120)
            self.killer = None
            if IS_LONG and self.random.random() < 0.5:
                self.killer = threading.Timer(self.random.uniform(0.05, 1), self.kill, [self.client])
                self.killer.start()
        try:
            self.client.step()
            self.left -= 1
        except Killed:
            self.left = 0
        if self.left <= 0:
            self.close()

    @staticmethod
    def kill(client):
        client.was_killed = True
        client.process.send_signal(signal.SIGKILL)

    def close(self):
        client, self.client = self.client, None
        if client is None:
            return
        if self.killer:
            self.killer.cancel()
            self.killer.join()
        self.logs += client.session.log()
        if client.was_killed:
            client.wire.close()
            client.process.wait()
        else:
            client.session.finish()


def bodies(mail, box):
    """{UID: (id, whole text)} through linnet."""
    found = {}
    with linnet.preauth("imapd", mail) as session:
        session.wire.line()
        session.wire.ok("a", f"EXAMINE {box}")
        for answer in session.wire.ok("b", "UID FETCH 1:* (UID BODY.PEEK[])"):
            got = re.search(rb"UID (\d+) .*?BODY\[\] \{\d+\}\r\n(.*)\)$", answer, re.S)
            if got:
                found[int(got[1])] = got[2].replace(b"\r\n", b"\n")
    return found


def wanted_sum(n):
    text = f"X-Id: {n}\nFrom: a@example.org\nSubject: number {n}\n\n" + f"Text of {n}.\n" * (n % 50)
    return hashlib.sha256(text.encode()).hexdigest()


def linnet_view(mail, box):
    view = store.run(mail, f"open {box}", "view", **linnet.as_mail_user()).view()
    date = lambda s: time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(s))  # noqa: E731
    return view.uidvalidity, view.uidnext, {
        uid: (m.flags - {"Recent"}, date(m.date), m.size) for uid, m in view.messages.items()}


def check_side_folders(base, mail):
    """Both list the same folders, and the same in each of them."""
    time.sleep(1.1)
    os.utime(mail)  # Dovecot knows a list by its second
    names = sorted(name for name in store.folders(mail, **linnet.as_mail_user()) if name not in BOXES)
    for name in names:  # its index may say "deleted" of what was renamed away during its DELETE
        for index in (mail / f".{name}").glob("dovecot.index*"):
            index.unlink()
    mine = {box: linnet_view(mail, box) for box in names}
    with dovecot.imap(base, mail) as imap:
        listed = [re.match(r'\* LIST \(([^)]*)\) "." (\S+)$', line) for line in imap('LIST "" *')[0]]
        theirs = sorted(one[2] for one in listed if not re.search("Noselect|NonExistent", one[1], re.I))
        # a parent that it deleted itself Dovecot goes on listing as if it were there
        theirs = [name for name in theirs if name not in BOXES and (mail / f".{name}").exists()]
        assert theirs == names, {name: sorted(os.listdir(mail / f".{name}")) for name in set(theirs) - set(names)}
        assert {box: dovecot.look(imap, box) for box in names} == mine


def check_end(base, mail, ledger, before):
    check_side_folders(base, mail)
    mine = {box: linnet_view(mail, box) for box in BOXES}
    with dovecot.imap(base, mail) as imap:
        theirs = {box: dovecot.look(imap, box) for box in BOXES}
    assert mine == theirs
    assert mine == {box: linnet_view(mail, box) for box in BOXES}, "Dovecot's look changed it"
    there = collections.Counter()
    for box in BOXES:
        assert mine[box][0] == before[box], f"UIDVALIDITY of {box}"
        assert mine[box][1] > max([0, *(uid for b, uid in ledger.identity if b == box)])
        for uid, text in bodies(mail, box).items():
            number = int(re.match(rb"X-Id: (\d+)", text)[1])
            ledger.seen(box, uid, number)
            assert hashlib.sha256(text).hexdigest() == wanted_sum(number), f"message {number} is cut"
            there[number] += 1
    wrong = {n: (there[n], ledger.least[n], ledger.most[n]) for n in range(1, ledger.number + 1)
             if not ledger.least[n] <= there[n] <= ledger.most[n]}
    assert not wrong, f"message: (there, least, most) {wrong}\n" + "\n".join(
        f"  {key} = {n}{' removed' if (*key, True) in ledger.removed else ''}"
        for key, (n, _) in ledger.identity.items() if n in wrong)
    if not IS_LONG:
        assert not store.tmp_files(mail)
    left = [name for name in os.listdir(mail) if name.startswith(("linnet.new.", "linnet.gone.")) or name.endswith(".lock")
            and name != "linnet.pop3.lock"]
    assert not left


def test_two_masters(folder):
    """S01-S09, S13, S15, S18, W01, W12"""
    print(f"LINNET_MASTERS_SEED={SEED} LINNET_MASTERS_SECONDS={SECONDS}")
    Actor.stop = False
    base, mail = folder / "dovecot", folder / "mail"
    (base / "run").mkdir(parents=True)
    (base / "log").touch()
    linnet.make_maildir(mail, "Work", "Work.Old")
    linnet.own(folder)
    ledger, chance = Ledger(), random.Random(f"{SEED} delivery")
    before = {box: linnet_view(mail, box)[0] for box in BOXES}
    until = time.monotonic() + SECONDS

    def deliver():
        number, text = ledger.new_message()
        ledger.created(number)
        linnet.deliver(mail, text)
        time.sleep(chance.uniform(0, 0.05))

    users = [LinnetUser(name, ledger, mail) for name in "abc"]
    others = [dovecot_client(name, ledger, base, mail) for name in ("dovecot", "dovecot2")]
    pop_chance = random.Random(f"{SEED} pop3")
    actors = [Actor(user.name, until, user.step, user.close) for user in users]
    actors += [Actor(other.name, until, other.step) for other in others]
    actors += [Actor("deliver", until, deliver),
               Actor("pop3", until, lambda: (pop3_step(ledger, mail, pop_chance), time.sleep(0.2)))]
    for actor in actors:
        actor.join()
    for other in others:
        with contextlib.suppress(linnet.Failure):
            other("LOGOUT")
        other.process.wait(10)
        other.wire.close()
    errors = [(actor.name, actor.error) for actor in actors if actor.error]
    logs = "".join(line for user in users for line in user.logs.splitlines(True)
                   if "Disconnected" not in line)
    print(dict(ledger.commands), "messages:", ledger.number)
    print("linnet:", logs, "dovecot:", (base / "log").read_text(), sep="\n")
    if errors:
        raise errors[0][1]
    assert "rror" not in logs and "dovecot-uidlist" not in logs
    assert "Panic" not in (base / "log").read_text()
    check_end(base, mail, ledger, before)
