"""test_dovecot_exchange.py - W12: one Maildir, Dovecot 2.3 and linnet in turn and at once

UIDVALIDITY, UIDs, flags, keywords, dates, sizes and subscriptions stay the same whoever
looks, and what one changes the other sees.
"""
import random
import re
import threading
import time

import pytest

import dovecot
import linnet
import store

pytestmark = pytest.mark.skipif(not dovecot.is_there(), reason="needs root and Dovecot's imapd")

MESSAGE = b"From: a@example.org\r\nSubject: number %d\r\n\r\nText of %d.\r\n"


def tool(mail, *commands):
    return store.run(mail, *commands, **linnet.as_mail_user())


def imap_date(seconds):
    return time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(seconds))


def as_linnet_sees(mail, mailbox):
    view = tool(mail, f"open {mailbox}", "view").view()
    return view.uidvalidity, view.uidnext, {
        uid: (m.flags - {"Recent"}, imap_date(m.date), m.size) for uid, m in view.messages.items()}


def assert_same(place, mailboxes):
    base, mail = place
    mine = {name: as_linnet_sees(mail, name) for name in mailboxes}
    with dovecot.imap(base, mail) as imap:
        theirs = {name: dovecot.look(imap, name) for name in mailboxes}
    assert mine == theirs
    text = (base / "log").read_text()
    assert "Error" not in text and "Warning" not in text and "Panic" not in text, text
    return mine


def fill_with_dovecot(place):
    with dovecot.imap(*place) as imap:
        imap("CREATE Sent")
        imap("CREATE A.B")
        for n in range(1, 8):
            flags = r"(\Seen $Forwarded)" if n % 2 else r"(\Flagged)" if n % 3 else "()"
            imap(f'APPEND INBOX {flags} "{10 + n}-Jan-2020 10:00:0{n} +0000"', MESSAGE % (n, n))
        imap("SUBSCRIBE Sent")
        imap("SUBSCRIBE A.B")
        imap("SELECT INBOX")
        imap(r"STORE 2:3 +FLAGS (work \Answered)")
        imap("COPY 1:3 A.B")
        imap(r"STORE 5 FLAGS (\Deleted)")
        imap("EXPUNGE")


def test_what_dovecot_wrote(place):
    fill_with_dovecot(place)
    same = assert_same(place, ["INBOX", "Sent", "A.B"])
    assert len(same["INBOX"][2]) == 6 and same["INBOX"][1] == 8
    assert same["INBOX"][2][3][0] == {"Answered", "Seen", "$Forwarded", "work"}
    listed = {line[0]: line[1:] for line in tool(place[1], "list").of("folder")}
    assert listed["Sent"] == ["subscribed"] and listed["A.B"] == ["subscribed"] and "INBOX" in listed


def test_what_linnet_wrote(place):
    mail = place[1]
    tool(mail, "create Sent", "create A.B", "append INBOX Seen,work 1500000000 300 3", "append INBOX - 1500000001 10",
         "append Sent Draft - 0", "open INBOX", "flags add 2:4 Flagged,$Forwarded", "copy 1:3 A.B", "move 2 A.B",
         "flags set 3 Deleted", "expunge", "subscribe A.B")
    same = assert_same(place, ["INBOX", "Sent", "A.B"])
    assert set(same["INBOX"][2]) == {1, 4} and len(same["A.B"][2]) == 4
    with dovecot.imap(*place) as imap:
        assert imap('LSUB "" *')[0] == ['* LSUB () "." A.B']


def test_in_turn(place):
    """Dovecot, linnet, Dovecot, linnet: each changes what the other left."""
    mail = place[1]
    fill_with_dovecot(place)
    before = assert_same(place, ["INBOX", "Sent", "A.B"])
    for turn in range(3):
        tool(mail, f"append INBOX Seen,linnet{turn} 1600000000 100 2", "append A.B - 1600000000 50", "open INBOX",
             "flags add 1:2 Flagged,work", "flags remove 3 Seen,work", "copy 1:2 Sent", "move 6 Sent")
        assert_same(place, ["INBOX", "Sent", "A.B"])
        with dovecot.imap(*place) as imap:
            imap('APPEND INBOX (dovecot%d) "11-Feb-2021 11:11:11 +0000"' % turn, MESSAGE % (100 + turn, turn))
            imap("SELECT INBOX")
            imap(r"UID STORE 1:2 -FLAGS (\Flagged)")
            imap(r"UID STORE 7 +FLAGS (late \Deleted)")
            imap("UID COPY 1:4 A.B")
            imap("EXPUNGE")
            imap("SELECT A.B")
            imap("UID MOVE 1 Sent")
        after = assert_same(place, ["INBOX", "Sent", "A.B"])
        for name, (validity, uidnext, messages) in after.items():
            assert validity == before[name][0] and uidnext >= before[name][1]
            for uid, (_, date, size) in messages.items():
                if uid in before[name][2]:
                    assert before[name][2][uid][1:] == (date, size)
                else:
                    assert uid >= before[name][1], "a UID was given twice"
        before = after


def test_both_selected(place):
    """One session of each, open all the time, on one mailbox."""
    base, mail = place
    fill_with_dovecot(place)
    with dovecot.imap(base, mail) as imap:
        imap("SELECT INBOX")
        got = tool(mail, "open INBOX", "append INBOX - - 20", "flags add 1 Draft,mine", "sync")
        answer = "\n".join(imap("NOOP")[0])
        assert "* 7 EXISTS" in answer and "Draft" in answer
        imap(r"UID STORE 2 +FLAGS (\Deleted)")
        imap("EXPUNGE")
        assert got.ended() == ["ok"] * 4
        view = tool(mail, "open INBOX", "view").view()
        assert 2 not in view.messages and view.messages[1].flags >= {"Draft", "mine"}
        # a message that linnet removed goes away for Dovecot
        tool(mail, "open INBOX", "flags add 3 Deleted", "expunge 3")
        assert any("EXPUNGE" in line for line in imap("NOOP")[0])
    assert_same(place, ["INBOX"])


def test_names(place):
    """Names beyond US-ASCII, children, and what is deleted or renamed by the other."""
    base, mail = place
    tool(mail, "create Entwürfe.日本語", "create INBOX.x", "append Entwürfe.日本語 Seen - 10", "subscribe Entwürfe.日本語")
    with dovecot.imap(base, mail) as imap:
        names = [line.rsplit(" ", 1)[1] for line in imap('LIST "" *')[0] if "NonExistent" not in line and "Noselect" not in line]
        assert sorted(names) == sorted(["INBOX", "INBOX.x", "Entw&APw-rfe.&ZeVnLIqe-"])
        assert imap('LSUB "" *')[0] == ['* LSUB () "." Entw&APw-rfe.&ZeVnLIqe-']
        imap("RENAME Entw&APw-rfe.&ZeVnLIqe- New")
        imap("DELETE INBOX.x")
    assert sorted(store.folders(mail, **linnet.as_mail_user())) == ["INBOX", "New"]
    tool(mail, "rename New Newer", "create INBOX.x", "delete INBOX.x")
    assert_same(place, ["INBOX", "Newer"])


def test_uidvalidity_counter(place):
    """Both count on in the same files: a mailbox made again has a larger UIDVALIDITY."""
    base, mail = place
    seen = []
    for turn in range(3):
        tool(mail, "create X")
        seen.append(as_linnet_sees(mail, "X")[0])
        tool(mail, "delete X")
        with dovecot.imap(base, mail) as imap:
            imap("CREATE X")
            seen.append(dovecot.look(imap, "X")[0])
            imap("DELETE X")
    assert seen == sorted(set(seen))


class Worker(threading.Thread):
    """Calls step(n) until the time is up; what it raised is raised again by join()."""

    def __init__(self, seconds, step):
        super().__init__()
        self.until, self.step, self.error = time.monotonic() + seconds, step, None
        self.start()

    def run(self):
        n = 0
        try:
            while time.monotonic() < self.until:
                self.step(n)
                n += 1
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error

    def join(self, timeout=None):
        super().join(timeout)
        if self.error:
            raise self.error


def records(mail):
    """{UID: base} of the uidlist as it stands, with or without a file."""
    lines = (mail / "dovecot-uidlist").read_text().splitlines()[1:]
    return {int(line.split()[0]): line.split(" :", 1)[1] for line in lines}


def fate(mail, view, shown):
    """What became of each UID that is not there, for the message of a failure."""
    told, files = [], {f.name.split(":")[0] for part in ("new", "cur") for f in (mail / part).iterdir()}
    uid_of = {m.base: uid for uid, m in view.messages.items()}
    for uid in sorted(set(range(1, view.uidnext)) - set(view.messages)):
        base = shown.get(uid) or records(mail).get(uid)
        told.append(f"UID {uid}: {base}, " + (f"has UID {uid_of[base]} now" if base in uid_of else
                                              "its file is there" if base in files else "its file is gone"))
    return "\n".join(told)


def test_at_once(place):
    """S03, S05, S06: two of linnet, one Dovecot and a delivery agent work on one folder at the same moment.

    No UID is wasted here: nobody is killed, nothing fails, and nothing is removed.
    """
    base, mail = place
    tool(mail, "create Sent")
    delivered, promised, shown, uid_of, lock = [], [], {}, {}, threading.Lock()

    def deliver(n):
        delivered.append(linnet.deliver(mail, MESSAGE % (n, n)).name)
        time.sleep(0.01)

    def see(view):
        with lock:
            for uid, m in view.messages.items():
                assert shown.setdefault(uid, m.base) == m.base, f"UID {uid} is two messages"
                assert uid_of.setdefault(m.base, uid) == uid, f"{m.base} had UID {uid_of[m.base]} and has {uid}"

    def work(who):
        def step(n):
            chosen = random.randint(1, 40)
            got = tool(mail, f"append INBOX {who} - 100", "open INBOX", f"flags add {chosen} {who}", "view",
                       f"copy {chosen} Sent", "sync")
            promised.extend(int(line[0]) for line in got.of("uids")[:1])
            see(got.view())
        return step

    with dovecot.imap(base, mail) as imap:
        def by_dovecot(n):
            imap("SELECT INBOX")
            promised.append(int(re.search(r"APPENDUID \d+ (\d+)", imap("APPEND INBOX (dovecot)", MESSAGE % (n, n))[1])[1]))
            imap("NOOP")
            imap(f"UID STORE {random.randint(1, 40)} +FLAGS (dovecot)")

        workers = [Worker(4, deliver), Worker(4, work("one")), Worker(4, work("two")), Worker(4, by_dovecot)]
        for worker in workers:
            worker.join()
    after = assert_same(place, ["INBOX", "Sent"])
    view = tool(mail, "open INBOX", "view").view()
    see(view)
    bases = [m.base for m in view.messages.values()]
    assert len(promised) == len(set(promised)), "a UID was promised twice"
    assert set(promised) <= set(view.messages), f"lost: {set(promised) - set(view.messages)}\n" + fate(mail, view, shown)
    assert set(delivered) <= {base.split(",")[0] for base in bases}, fate(mail, view, shown)
    assert len(bases) == len(delivered) + len(promised) and len(set(bases)) == len(bases)
    assert len(bases) == after["INBOX"][1] - 1, "UIDs were wasted\n" + fate(mail, view, shown)
    assert not store.tmp_files(mail)


def test_renames_while_dovecot_reads(place):
    """S05: Dovecot reads cur/, linnet renames in it; readdir() may pass over what is renamed meanwhile.

    Dovecot gives what it did not see another UID when it comes back.  It reads under its
    lock, so whoever renames must hold that: without it 300 of 3000 messages had new UIDs.
    """
    base, mail = place
    tool(mail, "create X")
    for n in range(2000):
        linnet.deliver(mail, MESSAGE % (n, n))
    before = tool(mail, "open INBOX", "view").view()

    def flags(_):
        chosen = [random.randint(1, 2000) for _ in range(30)]
        tool(mail, "open INBOX", *(f"flags {how} {uid} Flagged" for uid in chosen for how in ("add", "remove")))

    with dovecot.imap(base, mail) as imap:
        imap("SELECT INBOX")
        workers = [Worker(3, flags), Worker(3, lambda _: imap("NOOP"))]
        for worker in workers:
            worker.join()
    after = tool(mail, "open INBOX", "view").view()
    assert {uid: m.base for uid, m in before.messages.items()} == {uid: m.base for uid, m in after.messages.items()}
    assert before.uidnext == after.uidnext
