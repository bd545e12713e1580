"""test_store_underfoot.py - the folder changes below an open session: W01 W05 W06 W09 W13 N09-N11 N15 N17 S02 S09"""
import os
import re

import pytest

import linnet


def rename_flags(maildir, number, flags):
    """Another program's way to set flags; number counts files in order of delivery."""
    old = sorted((maildir / "cur").iterdir())[number - 1]
    old.rename(old.with_name(old.name.split(":")[0] + ":2," + flags))


def marked(n):
    return b"X-Id: %d\r\n\r\ntext\r\n" % n


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("command", ["UID FETCH {uid} (FLAGS BODY.PEEK[HEADER.FIELDS (X-Id)])",
                                     "UID SEARCH UID {uid} HEADER X-Id {uid}"])
def test_found_while_fetching(imap, maildir, command, gap):
    """W01, S02: opening a renamed file finds new mail, and the answer still names the message asked for."""
    for n in range(1, 65):
        linnet.deliver(maildir, marked(n), "")
    with imap() as session:
        wire = session.wire
        wire.line()
        wire.ok("a", "SELECT INBOX")
        if gap:
            wire.ok("b", r"UID STORE 5,9,11 +FLAGS.SILENT (\Deleted)")
            wire.ok("c", "UID EXPUNGE 1:*")
        for uid in (30, 64, 7, 1):
            new = len(list((maildir / "cur").iterdir()))
            number = sorted(int(re.search(rb"X-Id: (\d+)", p.read_bytes())[1])
                            for p in (maildir / "cur").iterdir()).index(uid) + 1
            rename_flags(maildir, number, "F")
            linnet.deliver(maildir, marked(1000 + new))
            answers = wire.ok("d", command.format(uid=uid))
            if "SEARCH" in command:
                assert b"* SEARCH %d" % uid in answers
            else:
                assert any(b"UID %d FLAGS" % uid in a and b"X-Id: %d\r\n" % uid in a for a in answers), answers


# --- names (W06) --------------------------------------------------------------------------------

LONG = b"1700000000." + b"x" * 244
NAMES = {
    "without info": (b"1700000001.a", rb""),
    "unknown flags": (b"1700000002.b:2,PSQ", rb"\Seen"),
    "letters of no keyword": (b"1700000003.c:2,Sxyz", rb"\Seen"),
    "255 bytes": (LONG, rb""),
    "253 bytes": (LONG[:253], rb""),
    "escape": (b"1700000004.\x1b[31md:2,S", rb"\Seen"),
    "8-bit, no UTF-8": (b"1700000005.\xff\xfe\xe9:2,F", rb"\Flagged"),
    "UTF-8": ("1700000006.\u00e9\u65e5:2,F".encode(), rb"\Flagged"),
    "blank and colon": (b"1700000007.e f :g:2,S", rb"\Seen"),
    "line end": (b"1700000008.h\ni:2,S", rb"\Seen"),
    "other separators": (b"1700000009.j!2,S", rb""),
    "semicolon": (b"1700000010.k;2,S", rb""),
    "experimental info": (b"1700000011.l:1,S", rb""),
    "negative sizes": (b"1700000012.m,S=-1,W=-7:2,S", rb"\Seen"),
    "huge sizes": (b"1700000013.n,S=99999999999999999999,W=18446744073709551616:2,S", rb"\Seen"),
    "uidlist line": (b"1 W9 :1700000014.o", rb""),
    "only info": (b":2,S", rb"\Seen"),
    "one byte": (b"x", rb""),
}


@pytest.mark.parametrize("where", ["cur", "new"])
@pytest.mark.parametrize("kind", NAMES)
def test_name(imap, maildir, kind, where):
    """W06: each is one message that can be read, copied, flagged or not, and removed."""
    name, flags = NAMES[kind]
    path = os.path.join(os.fsencode(maildir), where.encode(), name)
    with open(path, "wb") as file:
        file.write(b"Subject: x\r\n\r\ntext\r\n")
    linnet.own(maildir)
    with imap() as session:
        wire = session.wire
        wire.line()
        wire.ok("c", "CREATE Other")
        assert b"* 1 EXISTS" in wire.ok("s", "SELECT INBOX")
        got = wire.ok("f", "FETCH 1 (UID FLAGS RFC822.SIZE BODY.PEEK[])")[0]
        assert got.endswith(b"RFC822.SIZE 20 BODY[] {20}\r\nSubject: x\r\n\r\ntext\r\n)"), got
        assert flags in got and b"UID 1 " in got
        wire.ok("c", "COPY 1 Other")
        stored = wire.command("t", r"STORE 1 +FLAGS (\Answered)")[-1]
        assert stored.startswith(b"t OK")
        left = os.listdir(os.fsencode(maildir / "cur"))[0]
        assert b"R" in left.split(b",")[-1] or b":2," in left
        if len(name) <= 250:  # a longer one has got a shorter base, for it had no room for flags
            if b"\n" not in name and not name.startswith(b":"):
                assert left.startswith(name.split(b":")[0]), "renamed destructively"
            for letter in b"PQxyz":
                assert (letter in left[-8:]) == (letter in name[-8:]) or len(name) < 8
        wire.ok("m", "MOVE 1 Other")
        assert b"* 2 EXISTS" in wire.ok("s", "SELECT Other")
        log = session.log()
    assert "\x1b" not in log and "\n[" not in log
    assert not any((maildir / "tmp").iterdir())


# --- what is no message, no mailbox (N09-N11) -----------------------------------------------------

def test_no_messages(imap, maildir, folder):
    """N09, N10: links, FIFOs, devices' likes and unreadable files stop nothing, and are not followed."""
    linnet.fill(maildir, 2, flags="")
    secret = folder / "secret"
    secret.mkdir()
    (secret / "file").write_bytes(b"Subject: secret\r\n\r\nsecret\r\n")
    cur = maildir / "cur"
    (cur / "1700000100.link:2,").symlink_to(secret / "file")
    (maildir / "new" / "1700000101.link").symlink_to(secret / "file")
    os.mkfifo(cur / "1700000102.fifo:2,")
    (cur / "1700000103.dir:2,").mkdir()
    (maildir / ".Sub").symlink_to(secret)
    (maildir / ".Deep").mkdir()
    (maildir / ".Deep" / "cur").symlink_to(secret)
    for name in (".dovecot.sieve", ".foo", "...", ".a..b"):
        (maildir / name).write_text("x")
    (maildir / ".-").mkdir()
    (maildir / "..evil").mkdir()
    (maildir / "..evil" / "cur").mkdir()
    linnet.own(maildir)
    unreadable = linnet.deliver(maildir, b"Subject: no\r\n\r\nno\r\n", "")
    unreadable.chmod(0)
    with imap() as session:
        wire = session.wire
        wire.line()
        assert wire.ok("l", 'LIST "" *')[:-1] == [b'* LIST (\\HasNoChildren) "." INBOX']
        for name in ("Sub", "Deep", "foo", "-", "Sub.x"):
            for command in ("SELECT {}", "STATUS {} (MESSAGES)", "DELETE {}", "RENAME {} X", "COPY 1 {}"):
                if command.startswith("COPY"):
                    wire.ok("s", "SELECT INBOX")
                assert wire.command("n", command.format(name))[-1].startswith(b"n NO")
            assert wire.command("n", f"APPEND {name} {{3+}}\r\nabc")[-1].startswith(b"n NO")
        assert b"* 3 EXISTS" in wire.ok("s", "SELECT INBOX")
        got = wire.command("f", "FETCH 1:* (BODY.PEEK[])")
        assert len(got) == 3 and got[-1].startswith(b"f NO") and b"secret" not in b"".join(got)
        wire.ok("m", r"STORE 3 +FLAGS (\Deleted)")
        wire.ok("e", "EXPUNGE")
        log = session.log()
    assert (secret / "file").exists() and sorted(os.listdir(secret)) == ["file"]
    assert "Permission denied" in log and "mail_location" in log


@pytest.mark.parametrize("part", ["tmp", "cur", "new", "dovecot-uidlist", "dovecot-keywords", "dovecot-uidlist.lock",
                                  "linnet.uids", "subscriptions", "linnet.tmp.dovecot-uidlist"])
def test_planted_link(imap, maildir, folder, part):
    """N09: links in place of the Maildir's own parts lead nowhere, and nothing is written through them."""
    linnet.fill(maildir, 2, flags="")
    outside = folder / "outside"
    outside.mkdir()
    (outside / "file").write_text("precious\n")
    old = maildir / part
    if old.is_dir():
        old.rename(folder / "aside")
        old.symlink_to(outside)
    else:
        old.symlink_to(outside / "file")
    linnet.own(folder)
    with imap() as session:
        wire = session.wire
        greeting = wire.line()
        if greeting.startswith(b"* BYE") or not greeting.startswith(b"* PREAUTH"):
            assert part in ("cur", "new", "tmp") and session.log().count("\n") <= 2
        else:
            for command in ("SELECT INBOX", "STORE 1 +FLAGS (word)", "APPEND INBOX (other) {3+}\r\nabc", "SUBSCRIBE INBOX",
                            "CREATE X", "COPY 1 X", "NOOP"):
                if part.endswith(".lock") and command.startswith("APPEND"):
                    continue
                assert re.match(rb"a (OK|NO|BAD)", wire.command("a", command)[-1])
    assert (outside / "file").read_text() == "precious\n" and os.listdir(outside) == ["file"]


# --- the uidlist (W04) ----------------------------------------------------------------------------

def list_uids(wire):
    answers = wire.ok("s", "SELECT INBOX") + wire.ok("f", "UID FETCH 1:* (UID)")
    text = b"\n".join(answers)
    return (int(re.search(rb"UIDVALIDITY (\d+)", text)[1]), int(re.search(rb"UIDNEXT (\d+)", text)[1]),
            [int(uid) for uid in re.findall(rb"FETCH \(UID (\d+)\)", text)])


DAMAGE = {
    "deleted": lambda text: None,
    "empty": lambda text: b"",
    "header only": lambda text: text.split(b"\n")[0] + b"\n",
    "truncated": lambda text: text[:len(text) // 2],
    "no header": lambda text: b"\n".join(text.split(b"\n")[1:]),
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "descending": lambda text: b"\n".join([text.split(b"\n")[0]] + text.split(b"\n")[1:-1][::-1]) + b"\n",
    "twice": lambda text: text + b"\n".join(text.split(b"\n")[1:]),
    "UID 0": lambda text: text + b"0 :1.a\n",
    "UID 2^32": lambda text: text + b"4294967296 :1.a\n",
    "NULs": lambda text: text[:60] + b"\0" * 500 + text[60:],
    "noise": lambda text: os.urandom(3000),
    "other version": lambda text: b"9 V1 N1\n",
    "UIDVALIDITY 0": lambda text: re.sub(rb"V\d+", b"V0", text, count=1),
    "next 1": lambda text: re.sub(rb" N\d+", b" N1", text, count=1),
    "a directory": lambda text: "directory",
    "a FIFO": lambda text: "fifo",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_uidlist(imap, maildir, kind):
    """W04: UIDVALIDITY stays, no UID is given to another message, and the log tells it once."""
    linnet.fill(maildir, 20, flags="")
    with imap() as session:
        session.wire.line()
        validity, uidnext, uids = list_uids(session.wire)
    assert uids == list(range(1, 21))
    path = maildir / "dovecot-uidlist"
    new = DAMAGE[kind](path.read_bytes())
    path.unlink()
    if new == "directory":
        path.mkdir()
    elif new == "fifo":
        os.mkfifo(path)
    elif new is not None:
        path.write_bytes(new)
    linnet.own(maildir)
    for _ in range(2):
        with imap() as session:
            session.wire.line()
            after = list_uids(session.wire)
            assert after[0] == validity and after[1] >= uidnext and len(after[2]) == 20
            assert all(uid > 20 or uid in uids for uid in after[2]) and after[2] == sorted(after[2])
            log = session.log()
    assert "Warning" not in log, "damage is told once"


def test_future_uidvalidity(imap, maildir):
    """W04: the largest UIDVALIDITY, and UIDs near the end."""
    linnet.fill(maildir, 3, flags="")
    (maildir / "dovecot-uidlist").write_text("3 V4294967295 N4294967295\n4294967290 :x\n")
    linnet.own(maildir)
    with imap() as session:
        session.wire.line()
        _, _, uids = list_uids(session.wire)
        assert len(uids) == 3


# --- permissions (N15), subscriptions (N17) -------------------------------------------------------

@pytest.mark.parametrize("what, mode", [("cur", 0), ("new", 0), ("", 0o555), ("cur", 0o555), ("tmp", 0)])
def test_permissions_removed(imap, maildir, what, mode):
    """N15: reads what it can, refuses the rest, goes on when they come back; UIDVALIDITY and UIDs stay."""
    linnet.fill(maildir, 3, flags="")
    with imap() as session, imap() as other:
        wire = session.wire
        wire.line(), other.wire.line()
        before = list_uids(wire)
        (maildir / what).chmod(mode)
        linnet.deliver(maildir, b"Subject: new\r\n\r\nx\r\n")
        for command in ("NOOP", "FETCH 1:3 (FLAGS BODY.PEEK[])", r"STORE 1 +FLAGS (\Seen)", "STORE 2 +FLAGS (word)",
                        "COPY 1 INBOX", "APPEND INBOX {3+}\r\nabc", "STATUS INBOX (MESSAGES)", "EXPUNGE", "NOOP"):
            assert re.match(rb"p (OK|NO)", wire.command("p", command)[-1]), command
        other.wire.command("q", "SELECT INBOX")
        (maildir / what).chmod(0o700)
        wire.ok("n", "NOOP")
        after = list_uids(wire)
        assert after[0] == before[0] and set(before[2]) <= set(after[2]) and max(after[2]) >= 4
        assert session.log().count("\n") < 15
    assert not any((maildir / "tmp").iterdir())


SUBSCRIPTIONS = {
    "1 GB": None,
    "NULs": b"V\t2\n\nSent\n\0\0\0\nDrafts\n",
    "no line end": b"V\t2\n\nSent",
    "unknown": b"V\t2\n\nNowhere\tElse\nSent\n\x1b[31m\n../x\n",
    "100000 lines": b"V\t2\n\n" + b"".join(b"box%d\n" % n for n in range(100000)) + b"Sent\n",
}


@pytest.mark.parametrize("kind", SUBSCRIPTIONS)
def test_subscriptions(imap, maildir, kind):
    """N17: bounded; what is not known is kept; LIST works whatever stands there."""
    linnet.make_maildir(maildir, "Sent", "Drafts")
    path = maildir / "subscriptions"
    with open(path, "wb") as file:
        if SUBSCRIPTIONS[kind] is None:
            file.truncate(1 << 30)
        else:
            file.write(SUBSCRIPTIONS[kind])
    linnet.own(maildir)
    with imap() as session:
        wire = session.wire
        wire.line()
        assert len(wire.ok("l", 'LIST "" *')) == 4
        if kind == "1 GB":
            assert wire.command("m", 'LSUB "" *')[-1].startswith(b"m NO [LIMIT]")
            assert wire.command("m", 'LIST (SUBSCRIBED) "" *')[-1].startswith(b"m NO [LIMIT]")
            assert wire.command("m", "SUBSCRIBE Drafts")[-1].startswith(b"m NO")
            return
        assert b'* LSUB () "." Sent' in wire.ok("m", 'LSUB "" *')
        wire.ok("u", "SUBSCRIBE INBOX")
        wire.ok("u", "UNSUBSCRIBE Sent")
        assert b'* LSUB () "." INBOX' in wire.ok("m", 'LSUB "" *')
    lines = set(path.read_bytes().split(b"\n"))
    assert b"Sent" not in lines and b"INBOX" in lines
    assert set(SUBSCRIPTIONS[kind].split(b"\n")) - {b"Sent"} <= lines


# --- sessions beside each other -------------------------------------------------------------------

def test_recent_once(imap, maildir):
    """S09: of ten sessions at most one sees a message as \\Recent; each sees each message once."""
    import contextlib
    import threading
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(imap()).wire for _ in range(10)]
        for wire in wires:
            wire.line()
            wire.ok("s", "SELECT INBOX")
        stop = threading.Event()

        def look(wire):
            while not stop.is_set():
                wire.ok("n", "NOOP")

        threads = [threading.Thread(target=look, args=(wire,)) for wire in wires]
        for thread in threads:
            thread.start()
        linnet.fill(maildir, 100)
        stop.set()
        for thread in threads:
            thread.join()
        seen = []
        for wire in wires:
            wire.ok("n", "NOOP")
            text = b"\n".join(wire.ok("f", "UID FETCH 1:* (FLAGS)"))
            assert len(re.findall(rb"UID \d+", text)) == 100
            seen += re.findall(rb"UID (\d+) FLAGS \([^)]*\\Recent", text)
        assert len(seen) == len(set(seen)) and len(seen) >= 90


def test_same_name_at_once(imap, maildir):
    """N22: two sessions make, rename and remove the same mailbox: one OK each, and the tree stays valid."""
    import threading
    with imap() as one, imap() as two:
        wires = [one.wire, two.wire]
        for wire in wires:
            wire.line()

        def both(command):
            answers = [None, None]

            def run(n):
                answers[n] = wires[n].command("x", command)[-1]

            threads = [threading.Thread(target=run, args=(n,)) for n in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return sorted(answer[:4] for answer in answers)

        for _ in range(60):
            assert both("CREATE A") == [b"x NO", b"x OK"]
            assert both("RENAME A B") == [b"x NO", b"x OK"]
            assert both("DELETE B") == [b"x NO", b"x OK"]
        assert [name for name in os.listdir(maildir) if name.startswith(".")] == []


@pytest.mark.slow
def test_lock_is_held(imap, pop3, maildir):
    """W09: somebody holds the lock and does not give it back: reading and removing go on, the rest says so in time.

    Flags wait for it, too: Dovecot would lose a message that is renamed while it reads cur/ under that lock.
    """
    linnet.fill(maildir, 3, flags="")
    with imap() as session:
        wire = session.wire
        wire.line()
        wire.ok("s", "SELECT INBOX")
        wire.ok("t", r"STORE 1 +FLAGS (\Deleted)")
        (maildir / "dovecot-uidlist.lock").write_text(f"{os.getpid()}:elsewhere.example")
        linnet.own(maildir)
        wire.ok("f", "FETCH 1:* (FLAGS BODY.PEEK[])")
        wire.ok("e", "EXPUNGE")
        assert wire.command("u", r"STORE 1 +FLAGS (\Flagged)")[-1].startswith(b"u NO [INUSE]")
        assert wire.command("p", "APPEND INBOX {3+}\r\nabc")[-1].startswith(b"p NO [INUSE]")
        lines = session.log().splitlines()
        assert len(lines) == 2 and "change flags in" in lines[0] and "append to" in lines[1]
        assert all(f"dovecot-uidlist.lock is of process {os.getpid()}:elsewhere.example" in line for line in lines)
    assert (maildir / "dovecot-uidlist.lock").exists() and not any((maildir / "tmp").iterdir())
