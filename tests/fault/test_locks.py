"""test_locks.py - W09: who holds a lock is stopped, in another pid namespace, or gone"""
import os
import shutil
import signal
import subprocess
import time

import pytest

import linnet
import shim
import store

LOCK = "dovecot-uidlist.lock"


def stopped_within(mail, control, prefix=()):
    """A store_tool that appends and stops itself while it holds every lock: before its first rename into the folder."""
    args = [*prefix, store.program(), "-n", mail, "append INBOX Flagged - 100 3"]
    process = subprocess.Popen([str(arg) for arg in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=control.environment(), **linnet.as_mail_user())
    linnet.wait_for(lambda: control.hits, "the holder to stop")
    assert (mail / LOCK).exists()
    return process


@pytest.fixture
def control(folder, maildir):
    linnet.fill(maildir, 3, flags="")
    store.tree(maildir, **linnet.as_mail_user())  # gives them their UIDs
    place = folder / "control"
    place.mkdir()
    orders = shim.Shim(place, maildir)
    orders.order("signal", kinds="rename", at=2, error=str(int(signal.SIGSTOP)))
    linnet.own(place)
    yield orders
    orders.close()


def holder_of(mail):
    return int((mail / LOCK).read_text().split(":")[0])


def took(begun, least, most):
    return least <= time.monotonic() - begun <= most


def check_reading(wire):
    """What is known is shown: it waits once, for as long as a busy session holds the lock, and then no more."""
    begun = time.monotonic()
    assert b"* 3 EXISTS" in wire.ok("s", "SELECT INBOX") and took(begun, 0, 3.5)
    begun = time.monotonic()
    wire.ok("f", "FETCH 1:* (FLAGS BODY.PEEK[])")
    wire.ok("n", "NOOP")
    assert took(begun, 0, 2)


def check_refusal(wire, mail, *more):
    """What needs the locks says so after ten seconds in all, and leaves them alone."""
    for command in ("APPEND INBOX {3+}\r\nabc", *more):
        begun = time.monotonic()
        assert wire.command("a", command)[-1].startswith(b"a NO [INUSE]") and took(begun, 9, 12)
    assert (mail / LOCK).exists()


@pytest.mark.slow
def test_holder_is_stopped(imap, maildir, control):
    """SIGSTOP: it lives, so nobody breaks its lock; let go on, it ends what it began."""
    process = stopped_within(maildir, control)
    with imap() as session:
        session.wire.line()
        check_reading(session.wire)
        more = ["COPY 1 INBOX", "MOVE 1 INBOX"] if os.environ.get("LINNET_FAULT") == "all" else []
        check_refusal(session.wire, maildir, "STORE 1 +FLAGS (\\Seen)", *more)
    os.kill(process.pid, signal.SIGCONT)
    output = process.communicate(timeout=20)[0].decode()
    assert process.returncode == 0 and "ok append" in output, output
    view = store.tree(maildir, **linnet.as_mail_user())[0]["INBOX"]
    assert len(view.messages) == 6 and not (maildir / LOCK).exists()


@pytest.mark.slow
@pytest.mark.skipif(not linnet.IS_ROOT or not shutil.which("unshare"), reason="needs root and unshare")
def test_holder_in_another_pid_namespace(imap, maildir, control):
    """Its number means nothing here, or another process: the kernel's lock beside the file tells that it lives."""
    process = stopped_within(maildir, control,
                             ["unshare", "--user", "--map-current-user", "--pid", "--fork", "--kill-child",
                              # number 1 of a namespace does not stop
                              "sh", "-c", '"$@" & wait', "sh"])
    assert holder_of(maildir) != process.pid
    try:
        with imap() as session:
            session.wire.line()
            check_refusal(session.wire, maildir)
    finally:
        process.kill()
        process.communicate(timeout=20)
    # dead, but its number is somebody's here: Dovecot's rule, and so ours, is to wait until the file is two minutes old
    os.utime(maildir / LOCK, (time.time() - 130,) * 2)
    store.run(maildir, "append INBOX - 100 10", **linnet.as_mail_user())
    view = store.tree(maildir, **linnet.as_mail_user())[0]["INBOX"]
    assert len(view.messages) in (4, 7) and not (maildir / LOCK).exists()


def test_holder_was_killed(imap, maildir, control):
    """kill -9: the lock file is there, its owner is not: nobody waits longer than it takes to see that."""
    process = stopped_within(maildir, control)
    process.kill()
    process.communicate(timeout=20)
    assert (maildir / LOCK).exists()
    with imap() as session:
        session.wire.line()
        begun = time.monotonic()
        session.wire.ok("a", "APPEND INBOX {3+}\r\nabc")
        assert time.monotonic() - begun < 2
    view = store.tree(maildir, **linnet.as_mail_user())[0]["INBOX"]
    assert len(view.messages) in (4, 7) and not (maildir / LOCK).exists()
