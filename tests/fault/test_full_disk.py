"""test_full_disk.py - K14, W14, W15: a disk that is really full, one that cannot be written, two of them"""
import contextlib
import os
import pathlib
import subprocess
import tempfile

import pytest

import linnet
import shim
import store

pytestmark = pytest.mark.skipif(not linnet.IS_ROOT, reason="needs root, to mount a tmpfs")


@contextlib.contextmanager
def small_disk(options):
    """A tmpfs of its own."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="linnet-disk-"))
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], check=False)
    if done.returncode:
        path.rmdir()
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)
        path.rmdir()


def fill_up(path):
    """Not one byte more."""
    with contextlib.suppress(OSError), open(path / "filler", "wb", buffering=0) as out:
        for size in (65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    out.write(b"x" * size)


def test_full(tmp_path):
    """Reading, removing flags, EXPUNGE and DELETE go on; what needs room is refused and leaves nothing behind."""
    with small_disk("size=1m,mode=0700") as disk:
        mail = disk / "mail"
        store.run(mail, "create Old", "append Old Seen - 100", "create T", "append INBOX Seen,work 1000000000 2000 10",
                  "append INBOX Deleted 1000000000 2000 3", "open INBOX")
        fill_up(disk)
        before = store.look(mail)
        for command in ("append INBOX - - 9000", "create New", "subscribe T"):
            got = store.run(mail, command, sync=True, check=False)
            assert got.ended() == ["No space left on device"], got.text
        got = store.run(mail, "open INBOX", "copy 1:5 T", sync=True, check=False)
        assert got.ended()[0] == "ok"
        if got.ended()[1] != "ok":
            assert store.look(mail)["T"].messages == before["T"].messages
        assert not store.tmp_files(mail)
        assert store.look(mail)["INBOX"] == before["INBOX"]
        got = store.run(mail, "open INBOX", "flags remove 1:10 Seen,work", "flags add 1 Deleted", "expunge", "sync",
                        "delete Old", sync=True)
        after = store.look(mail)
        assert sorted(after["INBOX"].messages) == list(range(2, 11)) and "Old" not in after
        assert all(not m.flags for m in after["INBOX"].messages.values())
        assert after["INBOX"].uidvalidity == before["INBOX"].uidvalidity
        assert after["INBOX"].uidnext == before["INBOX"].uidnext


def test_full_with_new_mail():
    """New mail on a full disk waits until its UID can be written; what has one is shown."""
    with small_disk("size=1m,nr_inodes=60,mode=0700") as disk:
        mail = disk / "mail"
        store.run(mail, "append INBOX Seen - 100 3")
        (mail / "new" / "1700000000.M1P1.host").write_bytes(b"Subject: x\n\ny\n")
        with contextlib.suppress(OSError):
            for n in range(100):
                (disk / f"filler{n}").touch()
        fill_up(disk)
        assert len(store.look(mail)["INBOX"].messages) == 3
        for path in disk.glob("filler*"):
            path.unlink()
        view = store.look(mail)["INBOX"]
        assert sorted(view.messages) == [1, 2, 3, 4] and view.messages[4].base == "1700000000.M1P1.host"


def test_read_only():
    """W14: opened read-only, new mail is shown with UIDs of this session; writable again, all is as it was."""
    with small_disk("size=1m,mode=0700") as disk:
        mail = disk / "mail"
        store.run(mail, "append INBOX Seen - 100 3", "create A")
        (mail / "new" / "1700000000.M1P1.host").write_bytes(b"Subject: x\n\ny\n")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        got = store.run(mail, "open INBOX", "view", "flags add 1 Flagged", "expunge", "copy 1 A", "append INBOX - - 1",
                        "create B", "delete A", "subscribe A", "list", sync=True, check=False)
        assert got.ended() == ["ok", "ok"] + ["Read-only file system"] * 7 + ["ok"]
        assert sorted(got.view().messages) == [1, 2, 3, 4] and not got.view().writable
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        view = store.run(mail, "open INBOX", "view").view()
        assert view.writable and view.uidvalidity == got.view().uidvalidity and sorted(view.messages) == [1, 2, 3, 4]


@contextlib.contextmanager
def on_two_disks():
    """INBOX with five messages, and T on another disk: a mount, which a symlink to one is not allowed to be."""
    with small_disk("size=1m,mode=0700") as disk, tempfile.TemporaryDirectory() as other:
        mail = pathlib.Path(other) / "mail"
        store.run(mail, "create T", "append INBOX Seen,work 1000000000 2000 5")
        subprocess.run(["mount", "--bind", disk, mail / ".T"], check=True)
        try:
            for part in ("cur", "new", "tmp"):
                os.mkdir(disk / part)
            yield mail
        finally:
            subprocess.run(["umount", "-l", mail / ".T"], check=True)


def test_two_disks():
    """W15: where neither link nor rename can be, bytes are copied with their date, and MOVE still moves."""
    with on_two_disks() as mail:
        before = store.look(mail)["INBOX"]
        store.run(mail, "open INBOX", "copy 1:2 T", "move 3:4 T", sync=True)
        after = store.look(mail)
        assert sorted(after["INBOX"].messages) == [1, 2, 5]
        copies = list(after["T"].messages.values())
        assert [m.sum for m in copies] == [before.messages[uid].sum for uid in (1, 2, 3, 4)]
        assert all(m.date == 1000000000 and m.flags == {"Seen", "work"} for m in copies)
        assert not store.tmp_files(mail)


def test_killed_between_two_disks(tmp_path):
    """K04, W15: what a MOVE promised to rename and could not stays, and the target takes messages as ever."""
    with on_two_disks() as mail:
        orders = shim.Shim(tmp_path, mail)
        store.run(mail, "append T Seen,work - 10")  # each try finds the same lists and index
        before = store.look(mail)["INBOX"].messages
        for at in range(1, 20):
            orders.order("kill", kinds="rename", at=at)
            subprocess.run([store.program(), "-n", mail, "open INBOX", "move 1:5 T"], env=orders.environment(),
                           stdout=subprocess.DEVNULL, check=False)
            assert orders.hits
            if (mail / ".T" / "linnet.intent").exists():
                break
        assert (mail / ".T" / "linnet.intent").read_bytes().startswith(b"linnet intent 1\n.\0")  # from INBOX
        after = store.look(mail)
        assert after["INBOX"].messages == before and len(after["T"].messages) == 1
        store.run(mail, "open INBOX", "append T - - 10", "move 1:5 T")
        after = store.look(mail)
        assert not after["INBOX"].messages
        assert {m.sum for m in before.values()} <= {m.sum for m in after["T"].messages.values()}
        assert len(after["T"].messages) == 7 and not (mail / ".T" / "linnet.intent").exists()
        orders.close()


def test_sessions_on_a_full_disk():
    """K14 on the wire: each refusal is [OVERQUOTA] and one log line that names the place; the rest works."""
    with small_disk("size=1m,mode=0755") as disk:
        mail = linnet.make_maildir(disk / "mail", "T", "Old")
        linnet.fill(mail, 10, flags="S")
        with linnet.preauth("imapd", mail) as session:
            wire = session.wire
            wire.line()
            wire.ok("s", "SELECT T")
            wire.ok("s", "SELECT INBOX")
            wire.ok("d", r"STORE 1:3 +FLAGS (\Deleted word)")
            fill_up(disk)
            refused = (("STORE 4 +FLAGS (new)", "change flags in", "."), ("COPY 4:5 T", "copy to", ".T"),
                       ("APPEND T {9000+}\r\n" + "x" * 9000, "append to", ".T"), ("MOVE 6 T", "move to", ".T"))
            for command, _, _ in refused:
                assert wire.command("n", command)[-1].startswith(b"n NO [OVERQUOTA]"), command
            log = session.log().splitlines()
            assert len(log) == len(refused)
            for line, (_, what, place) in zip(log, refused):
                assert what in line and f"mail_location {mail}, folder {place})" in line
            assert not store.tmp_files(mail)
            for command in ("FETCH 1:* (FLAGS BODY.PEEK[])", r"STORE 5:7 -FLAGS (\Seen)", r"STORE 4 +FLAGS (\Flagged)",
                            "EXPUNGE", "DELETE Old", "SELECT T", "SELECT INBOX", 'LIST "" *', "STATUS T (MESSAGES)"):
                wire.ok("w", command)
        fill_up(disk)
        with linnet.preauth("pop3d", mail) as session:
            wire = session.wire
            assert wire.line().startswith(b"+OK") and wire.pop("STAT").startswith(b"+OK 7 ")
            assert wire.pop("DELE 1").startswith(b"+OK") and wire.pop("QUIT").startswith(b"+OK")
        with linnet.preauth("imapd", mail) as session:
            session.wire.line()
            assert b"* 6 EXISTS" in session.wire.ok("s", "SELECT INBOX")


def test_sessions_on_a_read_only_disk():
    """W14 on the wire: reading and flags in memory only; each change refused."""
    with small_disk("size=1m,mode=0755") as disk:
        mail = linnet.make_maildir(disk / "mail", "T")
        linnet.fill(mail, 3)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with linnet.preauth("imapd", mail) as session:
            wire = session.wire
            wire.line()
            assert wire.ok("s", "SELECT INBOX")[-1].startswith(b"s OK [READ-ONLY]")
            wire.ok("f", "FETCH 1:* (FLAGS BODY[])")
            for command in (r"STORE 1 +FLAGS (\Seen)", "COPY 1 T", "APPEND T {3+}\r\nabc", "EXPUNGE", "DELETE T",
                            "CREATE New", "SUBSCRIBE T", "RENAME T U"):
                assert wire.command("n", command)[-1].startswith(b"n NO [READ-ONLY]"), command
        with linnet.preauth("pop3d", mail) as session:
            wire = session.wire
            assert wire.line().startswith(b"+OK") and wire.pop("RETR 1").startswith(b"+OK")
            wire.until_dot()
            assert wire.pop("DELE 1").startswith(b"-ERR [SYS/PERM]") and wire.pop("QUIT").startswith(b"+OK")
            assert "Error" not in session.log()
