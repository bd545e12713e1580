"""test_quota.py - what a user may have: APPEND, COPY, MOVE, EXPUNGE, POP3, and what the settings say"""
import subprocess

import pytest

import linnet

MESSAGE = b"Subject: hello\r\n\r\n" + b"0123456789abcdef\r\n" * 50  # 866 bytes on disk
SETTINGS = """plugin {
  quota = maildir:User quota
  quota_rule = *:bytes=3000
  quota_rule2 = Trash:bytes=+1000
  quota_warning = storage=95%% quota-warning 95 %u
  sieve = ~/.dovecot.sieve
}
"""


def append(wire, mailbox="INBOX", messages=1):
    """The tagged answer to one APPEND."""
    literal = b"{%d+}\r\n" % len(MESSAGE) + MESSAGE
    wire.send(f"a APPEND {mailbox} ".encode() + b" ".join([literal] * messages) + b"\r\n")
    return wire.until_tag("a")[-1]


def used(maildir):
    lines = (maildir / "maildirsize").read_text().splitlines()
    pairs = [tuple(map(int, line.split())) for line in lines[1:]]
    return sum(b for b, _ in pairs), sum(n for _, n in pairs)


def test_append_copy_move_expunge(maildir, imap):
    linnet.make_maildir(maildir, "Trash", "A")
    with imap(settings=SETTINGS) as session:
        wire = session.wire
        wire.line()
        for _ in range(3):
            assert b"OK" in append(wire)
        assert append(wire).startswith(b"a NO [OVERQUOTA]")
        assert used(maildir) == (3 * 866, 3)
        assert b"OK" in append(wire, "Trash")
        assert append(wire, "Trash").startswith(b"a NO [OVERQUOTA]")
        wire.ok("b", "SELECT INBOX")
        assert wire.command("c", "COPY 1 A")[-1].startswith(b"c NO [OVERQUOTA]")
        wire.ok("d", "MOVE 1 A")
        wire.ok("e", r"STORE 1:2 +FLAGS.SILENT (\Deleted)")
        wire.ok("f", "EXPUNGE")
        assert used(maildir) == (2 * 866, 2)
        assert append(wire, messages=2).startswith(b"a NO [OVERQUOTA]")
        assert b"OK" in append(wire)
        wire.ok("g", "DELETE A")
        assert used(maildir) == (2 * 866, 2)
        assert not list((maildir / "tmp").iterdir())


def test_without_a_quota_nothing_is_counted(maildir, imap):
    (maildir / "maildirsize").write_text("rubbish")
    with imap(settings="plugin {\n  quota_rule = *:bytes=1\n}\n") as session:
        session.wire.line()
        assert b"OK" in append(session.wire)
    assert (maildir / "maildirsize").read_text() == "rubbish"


def test_pop3_deletions(maildir):
    for _ in range(3):
        linnet.deliver(maildir, MESSAGE.replace(b"\r\n", b"\n"))
    (maildir / "maildirsize").write_text("3000S\n2598 3\n")
    linnet.own(maildir)
    with linnet.preauth("pop3d", maildir, settings=SETTINGS) as session:
        session.wire.line()
        for command in ("DELE 1", "DELE 3", "QUIT"):
            session.wire.send_line(command)
            assert session.wire.line().startswith(b"+OK")
    assert used(maildir) == (866, 1)
    assert len(list((maildir / "new").iterdir()) + list((maildir / "cur").iterdir())) == 1


@pytest.mark.parametrize("rule,wanted", [("*:storage=1X", "quota_rule = *:storage=1X cannot be"),
                                         ("storage=1G", "quota_rule = storage=1G cannot be")])
def test_wrong_rules_are_named(folder, rule, wanted):
    conf = folder / "linnet.conf"
    conf.write_text(f"plugin {{\n  quota = maildir:User quota\n  quota_rule = {rule}\n}}\n")
    done = subprocess.run([linnet.program("linnetctl"), "-c", conf, "config", "check"], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode != 0 and wanted in done.stdout + done.stderr and "linnet.conf:3" in done.stdout + done.stderr


def test_more_keywords_than_letters(maildir, imap):
    """S17: 26 keywords in one mailbox; then NO [LIMIT], and no \\* any more."""
    linnet.deliver(maildir, MESSAGE)
    with imap() as session:
        wire = session.wire
        wire.line()
        wire.ok("a", "SELECT INBOX")
        wire.ok("b", "STORE 1 +FLAGS (" + " ".join(f"k{n}" for n in range(26)) + ")")
        assert wire.command("c", "STORE 1 +FLAGS (one-more)")[-1].startswith(b"c NO [LIMIT]")
        wire.ok("d", "STORE 1 -FLAGS (k3)")
        answers = b"\n".join(wire.ok("e", "SELECT INBOX"))
        assert b"PERMANENTFLAGS" in answers and b"k25" in answers and b"\\*" not in answers
        assert wire.command("f", "STORE 1 +FLAGS (K7)")[-1].startswith(b"f OK")
