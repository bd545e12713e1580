"""test_answers.py - K15, K17, K21: one call fails under a session of ours, and the rest of the session is as ever"""
import os
import signal
import threading
import time

import pytest

import linnet
import shim


@pytest.fixture
def control(folder, maildir):
    linnet.fill(maildir, 5, flags="")
    place = folder / "control"
    place.mkdir()
    orders = shim.Shim(place, maildir)
    linnet.own(place)
    yield orders
    orders.close()


def begin(maildir, control):
    session = linnet.preauth("imapd", maildir, env=control.environment())
    session.wire.line()
    session.wire.ok("s", "SELECT INBOX")
    return session


@pytest.mark.parametrize("kind, error", [("read", "EIO"), ("open", "EIO"), ("open", "EACCES"), ("stat", "ESTALE")])
def test_one_message_cannot_be_read(maildir, control, kind, error):
    """K15, K19: that message is refused and logged, all others are given; nothing changes for the next session."""
    with begin(maildir, control) as session:
        wire = session.wire
        control.order("error", kinds=kind, error=error, at=1)
        wire.send_line("f FETCH 2 BODY.PEEK[]")
        first = wire.response()
        assert control.hits == 1
        if first.startswith(b"* BYE"):  # the literal had been announced: no other way to end it
            assert kind == "read"
            wire.rest()
            return
        assert first.startswith((b"f NO [SERVERBUG]", b"f NO [NOPERM]", b"f NO [EXPUNGEISSUED]", b"* 2 FETCH")), first
        if first.startswith(b"* 2 FETCH"):
            assert wire.response().startswith(b"f OK")
        control.order("count")
        assert len(wire.ok("g", "FETCH 1:5 BODY.PEEK[]")) == 6
        validity = [line for line in wire.ok("t", "STATUS INBOX (UIDVALIDITY UIDNEXT)") if b"STATUS" in line]
    with linnet.preauth("imapd", maildir) as session:
        session.wire.line()
        assert session.wire.ok("t", "STATUS INBOX (UIDVALIDITY UIDNEXT)")[0] in validity


@pytest.mark.parametrize("kind", ["readdir", "read", "open", "stat"])
def test_folder_cannot_be_read(maildir, control, kind):
    """K15: refused for as long as it lasts, then the folder is what it was: no message fewer, the same UIDVALIDITY."""
    with begin(maildir, control) as session:
        wire = session.wire
        before = wire.ok("t", "STATUS INBOX (MESSAGES UIDVALIDITY UIDNEXT)")[0]
        linnet.deliver(maildir, b"Subject: new\n\nx\n")
        control.order("error", kinds=kind, error="EIO", at=1, forever=True)
        for command in ("NOOP", "STATUS INBOX (MESSAGES UIDVALIDITY UIDNEXT)", "SELECT INBOX", r"STORE 1 +FLAGS (\Seen)"):
            answers = wire.command("x", command)
            assert not any(b"EXPUNGE" in line or b" 0 EXISTS" in line for line in answers), answers
        control.order("count")
        selected = wire.ok("s", "SELECT INBOX")
        assert b"* 6 EXISTS" in selected
        after = wire.ok("t", "STATUS INBOX (MESSAGES UIDVALIDITY UIDNEXT)")[0]
        assert after.split(b"UIDVALIDITY ")[1].split()[0].rstrip(b")") == before.split(b"UIDVALIDITY ")[1].split()[0].rstrip(b")")


def test_fsync_fails(maildir, control):
    """K15: an fsync that failed is a message refused, and none there; not tried again as if it were good now."""
    with begin(maildir, control) as session:
        wire = session.wire
        control.order("error", kinds="fsync", error="EIO", at=1)
        answers = wire.command("a", "APPEND INBOX {12+}\r\nSubject: x\r\n")
        assert answers[-1].startswith(b"a NO") and control.hits == 1 and control.count == 1
        assert not any(b"EXISTS" in line for line in wire.ok("n", "NOOP"))
        control.order("count")
        wire.ok("a", "APPEND INBOX {12+}\r\nSubject: x\r\n")
        assert b"* 6 EXISTS" in wire.ok("n", "NOOP") + wire.ok("s", "SELECT INBOX")


@pytest.mark.parametrize("program", ["imapd", "pop3d"])
def test_storm(maildir, control, program):
    """K17: a signal every few hundred microseconds, for which no call starts again by itself."""
    control.order("count", storm=400)
    body = b"Subject: long\r\n\r\n" + b"A line of a long message.\r\n" * 20000
    linnet.deliver(maildir, body.replace(b"\r\n", b"\n"), flags="")
    with linnet.preauth(program, maildir, env=control.environment()) as session:
        wire = session.wire
        wire.line()
        if program == "pop3d":
            assert wire.pop("STAT").startswith(b"+OK 6 ")
            assert wire.pop("RETR 6").startswith(b"+OK") and len(wire.until_dot()) == 20002
            assert wire.pop("DELE 1").startswith(b"+OK") and wire.pop("QUIT").startswith(b"+OK")
            return
        wire.ok("s", "SELECT INBOX")
        assert body in wire.ok("f", "FETCH 6 BODY.PEEK[]")[0]
        for n in range(20):
            wire.ok("p", f"STORE 1:5 {'-' if n % 2 else '+'}FLAGS (\\Flagged word)")
        wire.ok("a", "APPEND INBOX {%d+}\r\n%s" % (len(body), body.decode()))
        wire.ok("c", "COPY 1:* INBOX")
        assert b"* 14 EXISTS" in wire.ok("s", "SELECT INBOX")
        wire.ok("d", r"STORE 8:14 +FLAGS (\Deleted)")
        wire.ok("e", "EXPUNGE")
        assert b"* 7 EXISTS" in wire.ok("s", "SELECT INBOX")


def test_other_signals(maildir, control):
    """K17: SIGHUP, SIGWINCH, SIGCHLD, SIGPIPE, SIGURG from outside, in the middle of everything."""
    with begin(maildir, control) as session:
        wire, over = session.wire, threading.Event()

        def send():
            while not over.is_set():
                for number in (signal.SIGWINCH, signal.SIGCHLD, signal.SIGPIPE, signal.SIGURG, signal.SIGCONT):
                    os.kill(session.pid, number)
                time.sleep(0.0005)
        sender = threading.Thread(target=send)
        sender.start()
        try:
            for n in range(30):
                wire.ok("p", f"STORE 1:5 {'-' if n % 2 else '+'}FLAGS (\\Flagged)")
                wire.ok("a", "APPEND INBOX {12+}\r\nSubject: x\r\n")
            wire.ok("c", "COPY 1:* INBOX")
        finally:
            over.set()
            sender.join()
        assert b"* 70 EXISTS" in wire.ok("s", "SELECT INBOX")
