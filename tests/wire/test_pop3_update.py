"""test_pop3_update.py - what POP3 changes and when: deletion, locks, other programs (RFC 1939 s.6)"""
import fcntl
import os
import random
import signal
import time

import pytest

import linnet


def files(maildir):
    """Message texts there are, in either folder."""
    return sorted(p.read_bytes() for sub in ("cur", "new") for p in (maildir / sub).iterdir())


def flags(maildir):
    """Flags of each message, by its text's number."""
    found = {}
    for path in (maildir / "cur").iterdir():
        number = int(path.read_bytes().rsplit(b"message ", 1)[1].split(b".")[0])
        found[number] = path.name.partition(":2,")[2]
    return found


def start(pop3):
    session = pop3()
    assert session.wire.line() == b"+OK Logged in."
    return session


def ok(session, *lines):
    for line in lines:
        answer = session.wire.pop(line)
        assert answer.startswith(b"+OK"), (line, answer)


def test_reset_and_lost_connections_delete_nothing_D03_D11(pop3, maildir):
    linnet.fill(maildir, 4)
    before = files(maildir)
    with start(pop3) as session:
        ok(session, "DELE 1", "DELE 2", "RSET", "QUIT")
    assert files(maildir) == before
    with start(pop3) as session:
        ok(session, "DELE 1", "DELE 2")
    assert files(maildir) == before
    with start(pop3) as session:
        ok(session, "DELE 1")
        session.wire.send(b"RETR 2\r\n")
        session.wire.reset()
    assert files(maildir) == before
    with start(pop3) as session:
        ok(session, "DELE 1")
        session.wire.send(b"QUI")  # half a command is none
        session.wire.half_close()
        session.wire.rest()
    assert files(maildir) == before
    assert not any("T" in f for f in flags(maildir).values())


def test_server_stopped_deletes_nothing(pop3, maildir):
    linnet.fill(maildir, 2)
    with start(pop3) as session:
        ok(session, "DELE 1")
        session.process.send_signal(signal.SIGTERM)
        assert session.wire.rest() == b""
        session.process.wait(10)
        assert "Server shutting down" in session.log()
    assert len(files(maildir)) == 2


def test_quit_deletes_exactly_what_was_named(pop3, maildir):
    linnet.fill(maildir, 5)
    with start(pop3) as session:
        ok(session, "DELE 2", "DELE 5", "QUIT")
    assert sorted(flags(maildir)) == [1, 3, 4]


def test_messages_flagged_deleted_by_imap_stay(pop3, maildir):
    for number, letters in enumerate(("", "T", "ST"), 1):
        linnet.deliver(maildir, linnet.SIMPLE % (number, number, number), letters)
    with start(pop3) as session:
        assert session.wire.pop("STAT").startswith(b"+OK 3 ")
        ok(session, "DELE 1", "QUIT")
    assert flags(maildir) == {2: "T", 3: "ST"}
    with start(pop3) as session:
        ok(session, "DELE 1", "QUIT")
    assert flags(maildir) == {3: "ST"}


def test_retr_marks_seen_top_does_not(pop3, maildir):
    linnet.fill(maildir, 3)
    with start(pop3) as session:
        for line in ("RETR 1", "TOP 2 1"):
            ok(session, line)
            session.wire.until_dot()
        ok(session, "QUIT")
    assert flags(maildir) == {1: "S", 2: "", 3: ""}
    with start(pop3) as session:  # without QUIT
        ok(session, "RETR 3")
        session.wire.until_dot()
    assert flags(maildir) == {1: "S", 2: "", 3: "S"}


def test_no_flag_updates(pop3, maildir):
    linnet.fill(maildir, 1)
    with pop3(settings="pop3_no_flag_updates = yes\n") as session:
        session.wire.line()
        ok(session, "RETR 1")
        session.wire.until_dot()
        ok(session, "QUIT")
    assert flags(maildir) == {1: ""}


@pytest.mark.skipif(not linnet.IS_ROOT, reason="the mail user is who runs the test")
def test_deletion_that_fails_D04(pop3, maildir):
    linnet.fill(maildir, 3)
    with start(pop3) as session:
        ok(session, "DELE 1", "DELE 3")
        os.chmod(maildir / "cur", 0o500)
        answer = session.wire.pop("QUIT")
        os.chmod(maildir / "cur", 0o700)
        assert answer.startswith(b"-ERR [SYS/TEMP]")
        session.wire.at_end()
        session.process.wait(10)
        assert "cannot remove the deleted messages" in session.log()
        assert "del=0/3" in session.log()
    assert flags(maildir) == {1: "", 2: "", 3: ""}


@pytest.mark.skipif(not linnet.IS_ROOT, reason="the mail user is who runs the test")
def test_deletion_of_some_fails_D04(pop3, maildir):
    """What another owner keeps in a sticky folder stays, with the flags it had; the rest leaves."""
    linnet.fill(maildir, 5, flags="")
    with start(pop3) as session:
        ok(session, "DELE 1", "DELE 2", "DELE 3", "DELE 5")
        for path in (maildir / "cur").iterdir():
            if path.read_bytes().endswith((b"message 2.\r\n", b"message 5.\r\n")):
                os.chown(path, 0, 0)
        os.chown(maildir / "cur", 0, 0)
        os.chmod(maildir / "cur", 0o1777)
        assert session.wire.pop("QUIT") == b"-ERR [SYS/TEMP] Some deleted messages were not removed."
        session.wire.at_end()
        session.process.wait(10)
        assert "del=2/5" in session.log()
    linnet.own(maildir)
    assert flags(maildir) == {2: "", 4: "", 5: ""}
    with start(pop3) as session:  # as if nothing had been
        assert session.wire.pop("STAT").startswith(b"+OK 3 ")
        ok(session, "DELE 1", "QUIT")
    assert flags(maildir) == {4: "", 5: ""}


def test_vanished_messages_S13(pop3, maildir):
    linnet.fill(maildir, 4)
    with start(pop3) as session:
        before = session.wire.pop("STAT")
        names = {int(p.read_bytes().rsplit(b"message ", 1)[1][:1]): p for p in (maildir / "cur").iterdir()}
        names[2].unlink()
        names[3].rename(names[3].with_name(names[3].name + "F"))  # flagged by somebody else
        assert session.wire.pop("RETR 2").startswith(b"-ERR [SYS/TEMP]")
        ok(session, "RETR 3")
        assert b"Body of message 3." in session.wire.until_dot()
        assert session.wire.pop("STAT") == before
        ok(session, "DELE 2", "DELE 3", "QUIT")
    assert sorted(flags(maildir)) == [1, 4]


def test_mail_that_comes_is_not_seen_D12(pop3, maildir):
    linnet.fill(maildir, 2)
    with start(pop3) as session:
        before = session.wire.pop("STAT")
        linnet.deliver(maildir, b"Subject: new\r\n\r\nlater\r\n")
        linnet.deliver(maildir, b"Subject: new\r\n\r\nlater\r\n", flags="")
        assert session.wire.pop("STAT") == before
        assert session.wire.pop("RETR 3").startswith(b"-ERR")
        ok(session, "DELE 1", "DELE 2", "QUIT")
    assert len(files(maildir)) == 2
    with start(pop3) as session:
        assert session.wire.pop("STAT").startswith(b"+OK 2 ")


def test_one_session_at_a_time_S14(pop3, maildir):
    linnet.fill(maildir, 1)
    with start(pop3) as first:
        with pop3() as second:
            assert second.wire.line().startswith(b"-ERR [IN-USE]")
            second.wire.at_end()
        ok(first, "NOOP", "QUIT")
        first.wire.at_end()
    with start(pop3) as again:
        ok(again, "QUIT")


def test_last_session_is_still_ending_S14(pop3, maildir):
    """Who comes back at once is not told of himself."""
    path = maildir / "linnet.pop3.lock"
    path.touch()
    os.chown(path, linnet.UID, linnet.GID)
    with open(path, "r+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        with pop3() as session:
            time.sleep(0.1)  # it waits as long as limits.h says, ten times this
            fcntl.lockf(lock, fcntl.LOCK_UN)
            assert session.wire.line() == b"+OK Logged in."
            ok(session, "QUIT")


def test_lock_is_free_once_quit_is_answered_S14(pop3, maildir):
    path = maildir / "linnet.pop3.lock"
    for _ in range(10):
        with start(pop3) as session:
            ok(session, "QUIT")
            with open(path, "r+") as lock:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_lock_of_a_killed_session_is_gone_S14(pop3, maildir):
    first = start(pop3)
    first.process.kill()
    first.process.wait()
    first.wire.close()
    with start(pop3) as second:
        ok(second, "QUIT")


@pytest.mark.skipif(not linnet.IS_ROOT, reason="the mail user is who runs the test")
def test_maildrop_that_cannot_be_opened(pop3, maildir):
    (maildir / "cur").chmod(0)
    with pop3() as session:
        assert session.wire.line().startswith(b"-ERR [SYS/")
        session.wire.at_end()
        session.process.wait(10)
        assert "cannot open" in session.log()
    (maildir / "cur").chmod(0o700)


@pytest.mark.skipif(not linnet.IS_ROOT, reason="the mail user is who runs the test")
def test_maildrop_that_cannot_be_written(pop3, maildir):
    linnet.fill(maildir, 2, flags="")
    for path in (maildir / "cur", maildir / "new", maildir / "tmp", maildir):
        path.chmod(0o500)
    with start(pop3) as session:
        ok(session, "STAT", "RETR 1")
        session.wire.until_dot()
        assert session.wire.pop("DELE 1").startswith(b"-ERR [SYS/PERM]")
        ok(session, "QUIT")
    for path in (maildir, maildir / "cur", maildir / "new", maildir / "tmp"):
        path.chmod(0o700)
    assert len(files(maildir)) == 2


@pytest.mark.slow
def test_killed_during_quit_K07(pop3, maildir):
    """Whenever the process dies, only messages that were named may be gone."""
    chance = random.Random(7)
    for _ in range(12):
        for sub in ("cur", "new"):
            for path in (maildir / sub).iterdir():
                path.unlink()
        linnet.fill(maildir, 120)
        session = start(pop3)
        session.wire.send(b"".join(b"DELE %d\r\n" % n for n in range(1, 101)))
        for _ in range(100):
            assert session.wire.line().startswith(b"+OK")
        session.wire.send(b"QUIT\r\n")
        time.sleep(chance.random() * 0.02)
        session.process.kill()
        session.process.wait()
        answer = session.wire.rest()
        session.wire.close()
        left = flags(maildir)
        assert set(range(101, 121)) <= set(left)
        assert not any("T" in left[n] for n in range(101, 121))
        if answer.startswith(b"+OK"):
            assert sorted(left) == list(range(101, 121))


def test_imap_session_sees_what_quit_deletes_S15(pop3, imap, maildir):
    linnet.fill(maildir, 1000)
    with imap() as reader:
        reader.wire.line()
        reader.wire.ok("s", "SELECT INBOX")
        with start(pop3) as session:
            session.wire.send(b"".join(b"DELE %d\r\n" % n for n in range(1, 1001) if n % 10))
            for _ in range(900):
                assert session.wire.line().startswith(b"+OK")
            ok(session, "QUIT")
        view = list(range(1, 1001))
        for answer in reader.wire.ok("n", "NOOP"):
            words = answer.split()
            if words[2:] == [b"EXPUNGE"]:
                del view[int(words[1]) - 1]
        assert view == list(range(10, 1001, 10))
        assert reader.wire.ok("t", "SEARCH ALL")[0] == b"* SEARCH " + b" ".join(b"%d" % n for n in range(1, 101))
