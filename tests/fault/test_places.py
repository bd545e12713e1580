"""test_places.py - W13, W14: the folder of an open session is another one now, or may not be written"""
import os

import pytest

import linnet


@pytest.fixture
def two(maildir):
    linnet.make_maildir(maildir, "A")
    linnet.fill(maildir, 3, folder="A", flags="")
    return maildir


def other_folder(maildir, count=1):
    """What somebody puts in its place: with messages of its own."""
    root = linnet.make_maildir(maildir / ".B").parent
    linnet.fill(root, count, folder="B", flags="S")
    return root / ".B"


@pytest.mark.parametrize("what", ["deleted", "another", "symlink", "symlink-cur", "file"])
@pytest.mark.parametrize("command", ["NOOP", "FETCH 1:* (FLAGS BODY.PEEK[])", r"STORE 1 +FLAGS (\Flagged)", "EXPUNGE",
                                     "UID SEARCH ALL"])
def test_replaced_while_selected(imap, two, folder, what, command):
    """W13, N09: the session ends with BYE, refuses, or goes on with the folder it has; the other one is not touched."""
    secret = linnet.make_maildir(folder / "secret")
    linnet.deliver(secret, b"Subject: secret\n\nsecret\n", flags="")
    before = linnet.snapshot(secret)
    with imap() as session:
        wire = session.wire
        wire.line()
        wire.ok("s", "SELECT A")
        if what == "symlink-cur":
            (two / ".A" / "cur").rename(folder / "aside")
            (two / ".A" / "cur").symlink_to(secret / "cur")
        else:
            (two / ".A").rename(folder / "aside")
        if what == "another":
            other_folder(two).rename(two / ".A")
        elif what == "symlink":
            (two / ".A").symlink_to(secret)
        elif what == "file":
            (two / ".A").write_text("no folder")
        wire.send_line(f"c {command}")
        answers = []
        while not answers or not answers[-1].startswith((b"c ", b"* BYE")):
            answers.append(wire.response())
        assert not any(b"secret" in line for line in answers)
        if answers[-1].startswith(b"* BYE"):
            wire.rest()
        else:
            wire.send_line("l LOGOUT")
            wire.rest()
    assert linnet.snapshot(secret) == before
    if what == "another":
        assert [len(os.listdir(two / ".A" / part)) for part in ("cur", "new", "tmp")] == [1, 0, 0]


def test_read_only_by_permission(imap, pop3, two):
    """W14: EXAMINE works, SELECT says that it is read-only, each change is refused, and all is well afterwards."""
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT A")
        session.wire.ok("s", "SELECT INBOX")
    linnet.fill(two, 2)
    folders = [path for path in (two, *two.rglob("*")) if path.is_dir()]
    for path in folders:
        path.chmod(0o500)
    try:
        with imap() as session:
            wire = session.wire
            wire.line()
            assert wire.ok("e", "EXAMINE INBOX")[-1].startswith(b"e OK [READ-ONLY]")
            selected = wire.ok("s", "SELECT INBOX")
            assert selected[-1].startswith(b"s OK [READ-ONLY]") and b"* 2 EXISTS" in selected
            assert len(wire.ok("f", "FETCH 1:* (FLAGS BODY[])")) == 3
            for command in (r"STORE 1 +FLAGS (\Seen)", "COPY 1 A", "MOVE 1 A", "APPEND A {3+}\r\nabc", "EXPUNGE", "DELETE A",
                            "CREATE New", "SUBSCRIBE A", "RENAME A B"):
                assert wire.command("n", command)[-1].startswith((b"n NO [READ-ONLY]", b"n NO [NOPERM]")), command
            wire.ok("l", 'LIST "" * RETURN (STATUS (MESSAGES UNSEEN))')
        with pop3() as session:
            wire = session.wire
            assert wire.line().startswith(b"+OK") and wire.pop("RETR 1").startswith(b"+OK")
            wire.until_dot()
            assert wire.pop("QUIT").startswith(b"+OK")
    finally:
        for path in folders:
            path.chmod(0o700)
    with imap() as session:
        wire = session.wire
        wire.line()
        assert wire.ok("s", "SELECT INBOX")[-1].startswith(b"s OK [READ-WRITE]")
        wire.ok("t", r"STORE 1:2 +FLAGS (\Deleted)")
        assert sum(b"EXPUNGE" in line for line in wire.ok("e", "EXPUNGE")[:-1]) == 2
