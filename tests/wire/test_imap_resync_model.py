"""test_imap_resync_model.py - a client that resynchronises by QRESYNC ends with what a fresh SELECT shows (S05, S12)

Two sessions change a mailbox at random, mail is delivered, files of the index are deleted.  A
third client follows as RFC 7162 s.6 tells it to: live for a while, then cut off, then again with
the UIDVALIDITY and mod-sequence that it kept.  LINNET_MODEL_ROUNDS and LINNET_MODEL_SEED choose a longer or another run.
"""
import os
import random
import re

import pytest

import linnet

ROUNDS = int(os.environ.get("LINNET_MODEL_ROUNDS", "60"))
SEED = int(os.environ.get("LINNET_MODEL_SEED", "0"))
FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "work", "$Later")


def numbers(text):
    """The numbers of a uid-set."""
    for part in text.split(","):
        first, _, last = part.partition(":")
        yield from range(int(first), int(last or first) + 1)


def uid_set(uids):
    return ",".join(str(uid) for uid in sorted(uids))


def view_of(answers):
    """{uid: flags} of FETCH responses with UID and FLAGS."""
    found = re.findall(rb"^\* \d+ FETCH \((?=[^\n]*UID (\d+))[^\n]*FLAGS \(([^)]*)\)", b"\n".join(answers), re.M)
    return {int(uid): frozenset(flags.decode().split()) - {"\\Recent"} for uid, flags in found}


class Writer:
    """A session that changes things."""

    def __init__(self, start, chance):
        self.session, self.chance = start(), chance
        self.wire = self.session.wire
        self.wire.ok("s", "SELECT INBOX")

    def change(self):
        uids = [int(n) for n in self.wire.ok("u", "UID SEARCH ALL")[0].split()[2:]]
        some = self.chance.sample(uids, min(len(uids), self.chance.randint(1, 5)))
        kind = self.chance.choice(("store", "store", "store", "expunge", "move", "copy", "append", "seen", "replace"))
        if not uids:
            kind = "append"
        getattr(self, kind)(uid_set(some))

    def store(self, uids):
        how = self.chance.choice(("+", "-", ""))
        flags = " ".join(self.chance.sample(FLAGS, self.chance.randint(0, 3)))
        self.wire.ok("c", f"UID STORE {uids} {how}FLAGS{self.chance.choice(('', '.SILENT'))} ({flags})")

    def expunge(self, uids):
        self.wire.ok("c", f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
        self.wire.ok("c", self.chance.choice(("EXPUNGE", f"UID EXPUNGE {uids}")))

    def move(self, uids):
        self.wire.ok("c", f"UID MOVE {uids} {self.chance.choice(('Other', 'INBOX'))}")

    def copy(self, uids):
        self.wire.ok("c", f"UID COPY {uids} INBOX")

    def append(self, _):
        self.wire.send(b"c APPEND INBOX (\\Flagged) {3+}\r\nx\r\n {3+}\r\ny\r\n\r\n")
        self.wire.until_tag("c")

    def seen(self, uids):
        self.wire.ok("c", f"UID FETCH {uids} BODY[TEXT]<0.1>")

    def replace(self, uids):
        self.wire.send(f"c UID REPLACE {uids.split(',')[0]} INBOX {{3+}}\r\nz\r\n\r\n".encode())
        self.wire.until_tag("c")


class Follower:
    """What a client keeps between two connections, and how it follows the server."""

    def __init__(self, start, chance):
        self.start, self.chance = start, chance
        self.validity, self.highest, self.view = 0, 0, {}
        self.session = None

    def hear(self, answers):
        """Take in the responses of one command: RFC 7162 s.6 on which mod-sequence to keep."""
        text = b"\n".join(answers)
        told = re.findall(rb"\[HIGHESTMODSEQ (\d+)\]", text)
        seen = [int(n) for n in re.findall(rb"MODSEQ \((\d+)\)", text)]
        for line in re.findall(rb"^\* VANISHED (?:\(EARLIER\) )?([\d:,]+)$", text, re.M):
            for uid in numbers(line.decode()):
                self.view.pop(uid, None)
        self.view.update(view_of(answers))
        if told:
            self.highest = int(told[-1])
        elif seen:
            self.highest = max(self.highest, *seen)

    def connect(self):
        self.session = self.start()
        wire = self.session.wire
        wire.ok("e", "ENABLE QRESYNC")
        if not self.validity:
            answers = wire.ok("s", "SELECT INBOX")
            self.validity = int(re.search(rb"UIDVALIDITY (\d+)", b"\n".join(answers))[1])
            self.hear(answers)
            self.hear(wire.ok("f", "FETCH 1:* (UID FLAGS MODSEQ)") if b"* 0 EXISTS" not in answers else [])
            return
        known = self.chance.choice(("", uid_set(self.view) or "1", f"1:{max(self.view, default=1)}"))
        match = self.chance.choice(("", self.match_data()))
        answers = wire.ok("s", f"SELECT INBOX (QRESYNC ({self.validity} {self.highest}"
                               f"{' ' + known if known else ''}{match}))")
        assert int(re.search(rb"UIDVALIDITY (\d+)", b"\n".join(answers))[1]) == self.validity
        newest = max(self.view, default=0)
        self.hear(answers)
        if known:  # new messages are not among the known ones
            self.hear(wire.ok("n", f"UID FETCH {newest + 1}:* (UID FLAGS MODSEQ)"))

    def match_data(self):
        """Some numbers and UIDs as this client knows them."""
        order = sorted(self.view)
        if not order:
            return ""
        chosen = sorted(self.chance.sample(range(len(order)), min(len(order), 3)))
        return f" ({','.join(str(n + 1) for n in chosen)} {','.join(str(order[n]) for n in chosen)})"

    def live(self):
        """A command or two while connected; new messages are asked for as they appear."""
        wire = self.session.wire
        for _ in range(self.chance.randint(0, 3)):
            command = self.chance.choice(("NOOP", "UID SEARCH ALL", "CHECK", "SEARCH SEEN", "store"))
            if command == "store":
                command = "STORE 1 +FLAGS (\\Seen)" if self.view else "NOOP"
            answers = wire.command("l", command)
            self.hear(answers)
            if any(a.endswith(b" EXISTS") for a in answers):
                newest = max(self.view, default=0)
                kept = self.highest
                self.hear(wire.ok("n", f"UID FETCH {newest + 1}:* (UID FLAGS MODSEQ)"))
                self.highest = max(kept, self.highest)

    def part(self):
        self.session.wire.close()
        self.session.finish()


def fresh_view(start):
    with start() as session:
        exists = b"\n".join(session.wire.ok("s", "EXAMINE INBOX"))
        return {} if b"* 0 EXISTS" in exists else view_of(session.wire.ok("f", "FETCH 1:* (UID FLAGS)"))


def lose_index(maildir):
    for path in maildir.glob("linnet.*"):
        path.unlink()


@pytest.mark.parametrize("seed", range(SEED, SEED + 2))
@pytest.mark.parametrize("loses", [False, True], ids=["index", "index-lost"])
def test_S12_a_resynchronised_client_sees_what_a_fresh_one_sees(maildir, start, seed, loses):
    chance = random.Random(seed)
    linnet.make_maildir(maildir, "Other")
    linnet.fill(maildir, 12, flags="")
    writers = [Writer(start, chance), Writer(start, chance)]
    follower = Follower(start, chance)
    for turn in range(ROUNDS // 2):
        for _ in range(chance.randint(0, 6)):
            chance.choice(writers).change()
            if chance.random() < 0.2:
                linnet.deliver(maildir, linnet.SIMPLE % (turn, turn, turn), flags=chance.choice((None, "", "S")))
        if loses and chance.random() < 0.2:
            lose_index(maildir)
        follower.connect()
        assert follower.view == fresh_view(start), f"seed {seed}, turn {turn}\n{follower.session.wire.story()}"
        for _ in range(chance.randint(0, 3)):
            chance.choice(writers).change()
            follower.live()
        follower.part()
    for writer in writers:
        writer.wire.close()
        writer.session.finish()
