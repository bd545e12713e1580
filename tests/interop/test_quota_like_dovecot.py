"""test_quota_like_dovecot.py - one maildirsize, kept by Dovecot's quota plugin and by linnet in turn (W11)"""
import re

import pytest

import dovecot
import linnet
import store

pytestmark = pytest.mark.skipif(not dovecot.is_there(), reason="needs root and Dovecot's imapd")

MESSAGE = b"From: a@example.org\r\nSubject: number %d\r\n\r\nText of %d.\r\n"
RULES = ["*:storage=20k:messages=30", "Trash:storage=+10k"]
CONF = """mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = maildir:User quota
  quota_rule = {}
  quota_rule2 = {}
}}
"""


def tool(mail, *commands, rules=RULES, check=True):
    return store.run(mail, "quota " + " ".join(rules), *commands, check=check, **linnet.as_mail_user())


def their(place, *commands, rules=RULES):
    """What Dovecot counts behind these commands: (bytes rounded to KiB, messages)."""
    with dovecot.imap(*place, more=CONF.format(*rules)) as imap:
        for command in commands:
            imap(*command) if isinstance(command, tuple) else imap(command)
        answer = "\n".join(imap("GETQUOTAROOT INBOX")[0])
    got = re.search(r"STORAGE (\d+) (\d+)", answer), re.search(r"MESSAGE (\d+) (\d+)", answer)
    return int(got[0][1]), int(got[1][1])


def mine(mail, *commands, rules=RULES):
    result = tool(mail, *commands, "use", rules=rules)
    return tuple(map(int, result.of("use")[0]))


def in_file(mail):
    """The first line of maildirsize and the sums of the others."""
    first, *rest = (mail / "maildirsize").read_text().splitlines()
    pairs = [tuple(map(int, line.split())) for line in rest]
    return first, (sum(b for b, _ in pairs), sum(n for _, n in pairs))


def on_disk(mail, skip=()):
    files = [path for part in ("cur", "new") for path in mail.glob(f"**/{part}/*")
             if not any(f".{name}" in str(path) for name in skip)]
    return sum(path.stat().st_size for path in files), len(files)


def assert_same(place, rules=RULES, skip=()):
    """Both see what is on the disk, and neither had to count anew to see it."""
    mail = place[1]
    wanted = on_disk(mail, skip)
    inode = (mail / "maildirsize").stat().st_ino
    assert in_file(mail)[1] == wanted
    assert mine(mail, rules=rules) == wanted
    kib, messages = their(place, rules=rules)
    assert messages == wanted[1] and kib == (wanted[0] + 1023) // 1024
    assert (mail / "maildirsize").stat().st_ino == inode


def test_what_dovecot_counted(place):
    their(place, "CREATE A.B", "CREATE Trash", *[("APPEND INBOX (\\Seen)", MESSAGE % (n, n)) for n in range(8)],
          ("APPEND A.B", MESSAGE % (99, 99)))
    assert in_file(place[1])[0] == "20480S,30C"
    assert_same(place)
    mine(place[1], "append INBOX - 0 100 3", "open INBOX", "flags add 1:2 Deleted", "expunge", "copy 3 A.B", "move 4:5 Trash")
    assert_same(place)
    their(place, "SELECT INBOX", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE", "COPY 1 Trash")
    assert_same(place)


def test_what_linnet_counted(place):
    mine(place[1], "create A", "append INBOX Deleted,x 0 300 4", "append A - 0 100")
    assert in_file(place[1])[0] == "20480S,30C"
    assert_same(place)
    their(place, ("APPEND A", MESSAGE % (1, 1)), "SELECT A", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE")
    assert_same(place)
    mine(place[1], "delete A")
    assert_same(place)


@pytest.mark.parametrize("rule,first", [("*:storage=1G", "1073741824S"), ("*:messages=12", "12C"),
                                        ("*:bytes=1000000:messages=7", "1000000S,7C")])
def test_the_first_line_is_the_same(place, rule, first):
    """Other limits in the file would make each of the two count anew, again and again."""
    rules = [rule, "None:ignore"]
    mine(place[1], "append INBOX - 0 10", rules=rules)
    assert in_file(place[1])[0] == first
    inode = (place[1] / "maildirsize").stat().st_ino
    with dovecot.imap(*place, more=CONF.format(*rules)) as imap:
        imap("APPEND INBOX", MESSAGE % (1, 1))
    assert in_file(place[1])[0] == first and (place[1] / "maildirsize").stat().st_ino == inode
    assert in_file(place[1])[1] == on_disk(place[1])


def test_what_is_ignored(place):
    rules = ["*:storage=20k:messages=30", "Spam:ignore"]
    their(place, "CREATE Spam", ("APPEND INBOX", MESSAGE % (1, 1)), ("APPEND Spam", MESSAGE % (2, 2)), rules=rules)
    assert_same(place, rules, ["Spam"])
    mine(place[1], "append Spam - 0 50 3", "append INBOX - 0 50", "open INBOX", "move 1 Spam", "open Spam", "move 1 INBOX",
         "copy 2 INBOX", rules=rules)
    assert_same(place, rules, ["Spam"])


def test_over_quota(place):
    """Neither takes more; expunging and moving always work."""
    mail = place[1]
    mine(mail, "create Trash", "append INBOX - 0 6000 3")
    full = tool(mail, "append INBOX - 0 4000", "append INBOX - 0 100", "open INBOX", "copy 1:2 INBOX", "copy 1 Trash",
                "move 2 Trash", "append INBOX - 0 100 31", "flags add 1 Deleted", "expunge", "append INBOX - 0 2000", check=False)
    assert full.ended() == ["ok", "Disk quota exceeded", "ok", "ok", "Disk quota exceeded", "ok", "ok",
                            "Disk quota exceeded", "ok", "ok", "ok"]
    assert not store.tmp_files(mail)
    assert_same(place)
    with dovecot.imap(*place, more=CONF.format(*RULES)) as imap:
        with pytest.raises(AssertionError, match="OVERQUOTA"):
            imap("APPEND INBOX", b"x: y\r\n\r\n" + b"z" * 19000)


@pytest.mark.parametrize("text", [None, "", "rubbish\n", "20480S,30C\n-5 -1\n", "20480S,30C\n20480S\n5 1\n", "1S\n5 1\n",
                                  "20480S,30C\n" + "0 0\n" * 1400])
def test_damaged(place, text):
    mail = place[1]
    mine(mail, "append INBOX - 0 300 4")
    if text is None:
        (mail / "maildirsize").unlink()
    else:
        (mail / "maildirsize").write_text(text)
    assert mine(mail) == on_disk(mail)
    assert_same(place)


def test_appended_by_others_at_the_same_time(place):
    """maildrop and Postfix add a line for what they delivered, at any moment."""
    mail = place[1]
    mine(mail, "append INBOX - 0 300 4")
    for n in range(20):
        linnet.deliver(mail, MESSAGE % (n, n))
        size = on_disk(mail)
        with open(mail / "maildirsize", "a") as f:
            f.write("%d 1\n" % len(MESSAGE % (n, n)))
        assert mine(mail) == size
        mine(mail, "open INBOX", f"flags add {n + 1} Deleted", "expunge")
    assert_same(place)
