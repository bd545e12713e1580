"""test_imap_mailbox.py - mailbox names and CREATE DELETE RENAME LIST LSUB SUBSCRIBE STATUS (N01 ... N20)"""
import re

import pytest

import linnet

ESCAPES = ["..", "../u2", "a/../../u2", "/etc", "~root", "~/x", "./x", "a//b", "a/", "/a", "INBOX/../..", "&AC4-.", "&AC8-", ".",
           "a..b", ".a", '"a/b"', '""', "&AC4-&AC4-"]
BROKEN_UTF7 = ["&", "&&", "&AAA-", "&2AA-", "&AGE-", "&AOk", "&AOk=-", "&AOl-&AOk-x&", "&-&", "a&AG"]


def tree(maildir):
    """All paths of the Maildir and beside it."""
    return sorted(str(p) for p in maildir.parent.rglob("*") if not re.search(r"/(dovecot|linnet|subscriptions)", str(p)))


@pytest.mark.parametrize("name", ESCAPES + BROKEN_UTF7)
def test_N01_N04_names_that_cannot_be(maildir, start, name):
    with start() as session:
        session.wire.ok("c", "CREATE good")
        session.wire.ok("m", "SELECT INBOX")
        before = tree(maildir)
        for command in ("CREATE {}", "DELETE {}", "SELECT {}", "EXAMINE {}", "SUBSCRIBE {}", "UNSUBSCRIBE {}",
                        "RENAME {} x", "RENAME good {}", "STATUS {} (MESSAGES)", "APPEND {} {{3+}}\r\nabc"):
            answer = session.wire.command("a", command.format(name))
            assert answer[-1].startswith(b"a NO [CANNOT]"), (command, answer)
        session.wire.ok("m", "SELECT INBOX")
        for command in ("COPY 1:1 {}", "UID COPY 1 {}", "UID MOVE 1 {}"):
            answer = session.wire.command("a", command.format(name))
            assert re.match(rb"a (NO \[CANNOT\]|BAD)", answer[-1]), (command, answer)
        session.wire.ok("l", f'LIST "" {name}')
        session.wire.ok("l", f'LIST {name} *')
        assert tree(maildir) == before


@pytest.mark.parametrize("name", [
    "cur", "new", "tmp", "dovecot-uidlist", "maildirsize", "subscriptions", "courierimapuiddb", "linnet.map",   # N02
    "-rf", '"{host:-oProxyCommand=touch x}"', "#news.x", "#mh", "INBOX.sub", "a.b.c",  # N12
    '" lead"', '"trail "', '"a\\\\b"', '"a\\"b"', "&-", "x&AOk-y", "&2D3eAA-", '"{3}"', '"*"', '"%"', "NIL",     # N03
    "a" * 200,
])
def test_N02_N03_N12_odd_names_round_trip(start, name):
    """CREATE, LIST, SELECT, STATUS, SUBSCRIBE, RENAME, DELETE: the same name all the way."""
    with start() as session:
        session.wire.ok("a", f"CREATE {name}")
        listed = [line for line in session.wire.ok("b", 'LIST "" *')[:-1] if not line.endswith(b'"." INBOX')]
        listed = [line for line in listed if b"\\Noselect" not in line]
        assert len(listed) == 1, listed
        shown = listed[0].split(b'"." ', 1)[1]
        for command in (b"SELECT %s", b"STATUS %s (MESSAGES)", b"SUBSCRIBE %s", b"UNSUBSCRIBE %s", b"RENAME %s other",
                        b"RENAME other %s", b"UNSELECT", b"DELETE %s"):
            text = command % shown if b"%s" in command else command
            answer = session.wire.command("c", text)
            if command == b"UNSELECT":
                continue
            assert answer[-1].startswith(b"c OK"), (text, answer)
        assert session.wire.ok("d", 'LIST "" *')[:-1] == [b'* LIST (\\HasNoChildren) "." INBOX']


def test_N03_limits_of_names(start):
    with start() as session:
        for name in ("a" * 256, ".".join("a" * 33), "x" * 2000, ".".join(["b" * 100] * 30)):
            answer = session.wire.command("a", f"CREATE {name}")
            assert answer[-1].startswith(b"a NO ["), answer
        session.wire.ok("b", f"CREATE {'.'.join('a' * 32)}")


def test_N05_INBOX_in_any_case(start):
    with start() as session:
        session.wire.transcript(r"""
            C: a SELECT iNbOx
            S*:
            S: a OK …
            C: b CREATE inbox.x
            S: b OK …
            C: c LIST "" InBoX*
            S: * LIST (\HasChildren) "." INBOX
            S: * LIST (\HasNoChildren) "." INBOX.x
            S: c OK …
            C: d SELECT INBOX.x
            S*:
            S: d OK …
            C: e CREATE inbox
            S: e NO [ALREADYEXISTS] …
            C: f STATUS "inbox" (MESSAGES)
            S: * STATUS INBOX (MESSAGES 0)
            S: f OK …
            C: g SELECT "INBOX "
            S*:
            S: g NO …
        """)


def test_N07_rename_and_delete(maildir, start):
    linnet.fill(maildir, 2, flags="S")
    with start() as session:
        session.wire.transcript(r"""
            C: a DELETE INBOX
            S: a NO [CANNOT] INBOX can't be deleted.
            C: b CREATE a
            S: b OK [MAILBOXID (…)] Create completed.
            C: c CREATE a
            S: c NO [ALREADYEXISTS] Mailbox already exists: a
            C: d CREATE b.c
            S: d OK …
            C: e RENAME a a.b
            S: e NO [CANNOT] …
            C: f RENAME a b.c
            S: f NO [ALREADYEXISTS] Mailbox already exists: b.c
            C: g RENAME nothing x
            S: g NO [NONEXISTENT] Mailbox doesn't exist: nothing
            C: h DELETE nothing
            S: h NO [NONEXISTENT] Mailbox doesn't exist: nothing
            C: i DELETE b
            S: i NO [NONEXISTENT] …
            C: j RENAME b d
            S: j OK Rename completed.
            C: k LIST "" *
            S: * LIST (\HasNoChildren) "." INBOX
            S: * LIST (\HasNoChildren) "." a
            S: * LIST (\Noselect \HasChildren) "." d
            S: * LIST (\HasNoChildren) "." d.c
            S: k OK …
            C: l RENAME INBOX old
            S: l OK Rename completed.
            C: m STATUS INBOX (MESSAGES)
            S: * STATUS INBOX (MESSAGES 0)
            S: m OK …
            C: n STATUS old (MESSAGES)
            S: * STATUS old (MESSAGES 2)
            S: n OK Status completed.
            C: o SELECT old
            S*:
            S: o OK …
            C: p DELETE old
            S: * OK [CLOSED] …
            S: p OK Delete completed.
            C: q SELECT d.c
            S*:
            S: q OK …
            C: r RENAME d e
            S: * OK [CLOSED] …
            S: r OK …
        """)


def test_delete_parent_keeps_children(start):
    with start() as session:
        session.wire.transcript(r"""
            C: a CREATE a
            C: b CREATE a.b
            C: c DELETE a
            S: a OK …
            S: b OK …
            S: c OK …
            C: d LIST "" a*
            S: * LIST (\Noselect \HasChildren) "." a
            S: * LIST (\HasNoChildren) "." a.b
            S: d OK …
            C: e SELECT a
            S: e NO …
            C: f CREATE a.
            S: f OK …
            C: g LIST "" a
            S: * LIST (\HasChildren) "." a
            S: g OK …
        """)


def test_list(start):
    with start() as session:
        for name in ("a", "a.b", "a.b.c", "x.y", "Sent"):
            session.wire.ok("c", f"CREATE {name}")

        def names(arguments):
            return [line.decode() for line in session.wire.ok("l", f"LIST {arguments}")[:-1]]
        assert names('"" ""') == ['* LIST (\\Noselect) "." ""']
        assert names('a.b ""') == ['* LIST (\\Noselect) "." ""']
        assert names('"" %') == ['* LIST (\\HasNoChildren) "." INBOX', '* LIST (\\HasNoChildren \\Sent) "." Sent',
                                 '* LIST (\\HasChildren) "." a', '* LIST (\\Noselect \\HasChildren) "." x']
        assert names('"" a.%') == ['* LIST (\\HasChildren) "." a.b']
        assert names('a. %') == ['* LIST (\\HasChildren) "." a.b']
        assert names('a.b *c') == ['* LIST (\\HasNoChildren) "." a.b.c']
        assert names('"" nothing') == []
        assert names('"" (Sent x.y)') == ['* LIST () "." Sent', '* LIST () "." x.y']
        assert names('(SPECIAL-USE) "" *') == ['* LIST (\\Sent) "." Sent']
        assert names('"" x% RETURN (CHILDREN SPECIAL-USE)') == ['* LIST (\\NonExistent \\HasChildren) "." x']
        session.wire.ok("s", "SUBSCRIBE a.b")
        assert names('(SUBSCRIBED) "" *') == ['* LIST (\\Subscribed) "." a.b']
        assert names('"" a* RETURN (SUBSCRIBED)') == [
            '* LIST () "." a', '* LIST (\\Subscribed) "." a.b', '* LIST () "." a.b.c']


def test_special_use_by_setting(start):
    with start(settings="namespace inbox {\n inbox = yes\n mailbox Junk {\n special_use = \\Junk\n }\n}\n") as session:
        session.wire.ok("a", "CREATE Junk")
        assert session.wire.ok("b", 'LIST "" Junk')[0] == b'* LIST (\\HasNoChildren \\Junk) "." Junk'


def test_subscriptions_and_lsub(maildir, start):
    with start() as session:
        for name in ("foo", "foo.bar", "foo.baz.deep", "box"):
            session.wire.ok("c", f"CREATE {name}")
        session.wire.transcript(r"""
            C: a SUBSCRIBE foo.bar
            S: a OK Subscribe completed.
            C: b SUBSCRIBE foo.baz.deep
            S: b OK …
            C: c SUBSCRIBE nothing
            S: c NO [NONEXISTENT] Mailbox doesn't exist: nothing
            C: d LSUB "" *
            S: * LSUB () "." foo.bar
            S: * LSUB () "." foo.baz.deep
            S: d OK Lsub completed.
            C: e LSUB "" %
            S: * LSUB (\Noselect) "." foo
            S: e OK …
            C: f LSUB "" foo.%
            S: * LSUB () "." foo.bar
            S: * LSUB (\Noselect) "." foo.baz
            S: f OK …
            C: g SUBSCRIBE foo
            S: g OK …
            C: h LSUB "" %
            S: * LSUB () "." foo
            S: h OK …
            C: i DELETE foo.bar
            S: i OK …
            C: j LSUB "" foo.b%
            S: * LSUB () "." foo.bar
            S: * LSUB (\Noselect) "." foo.baz
            S: j OK …
            C: k LIST (SUBSCRIBED) "" foo.bar
            S: * LIST (\NonExistent \Subscribed) "." foo.bar
            S: k OK …
            C: l UNSUBSCRIBE foo.bar
            S: l OK Unsubscribe completed.
            C: m UNSUBSCRIBE foo.bar
            S: m OK …
            C: n LSUB "" foo.bar
            S: n OK …
        """)


def test_N13_G15_nothing_splits_a_response(maildir, start):
    """CR, LF and ESC are refused in names and never come back raw."""
    with start() as session:
        for name in (b"a\r\nb", b"a\nb", b"a\rb", b"a\x1b[0m", b"a\x7fb"):
            answer = session.wire.command("c", b"CREATE {%d+}\r\n%s" % (len(name), name))
            assert answer[-1].startswith(b"c NO [CANNOT]"), answer
        session.wire.send(b"d LIST {4+}\r\na\r\nb {6+}\r\n*\r\n* x\r\n")
        assert session.wire.until_tag("d") == [b"d OK List completed."]
        session.wire.send(b"e SELECT {13+}\r\na\r\n* 9 EXISTS\r\n")
        assert session.wire.line().startswith(b"e NO [CANNOT]")


def test_N20_patterns_are_linear(maildir, start):
    """2,000 mailboxes against patterns that are exponential elsewhere."""
    linnet.make_maildir(maildir, *[f"aaaaaaaaaa{n}.aaaaaaaaaaaaaaa" for n in range(1000)])
    with start() as session:
        session.wire.ok("w", 'LIST "" *')  # the folder is in the kernel's cache now
        begin = linnet.cpu_seconds(session.pid)
        session.wire.ok("p", 'LIST "" nothing')
        plain = linnet.cpu_seconds(session.pid) - begin
        for pattern in ("*%" * 64, "%" * 4096, "*a" * 4 + "*b", "*a" * 200 + "b", "%a" * 100 + "*%b"):
            begin = linnet.cpu_seconds(session.pid)
            session.wire.ok("p", f'LIST "" {pattern}')
            assert linnet.cpu_seconds(session.pid) - begin < plain + 1.0, pattern


def test_status_items(maildir, start):
    linnet.fill(maildir, 3, flags="S")
    linnet.fill(maildir, 1, flags="ST")
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        session.wire.ok("u", "UNSELECT")
        linnet.fill(maildir, 2)
        session.wire.transcript(r"""
            C: a STATUS INBOX (MESSAGES UNSEEN RECENT DELETED)
            S: * STATUS INBOX (MESSAGES 6 RECENT 2 UNSEEN 2 DELETED 1)
            S: a OK Status completed.
            C: b STATUS INBOX (UIDNEXT UIDVALIDITY)
            S~: \* STATUS INBOX \(UIDNEXT 7 UIDVALIDITY [1-9]\d*\)
            S: b OK …
            C: c STATUS nothing (MESSAGES)
            S: c NO [NONEXISTENT] Mailbox doesn't exist: nothing
            C: d STATUS INBOX (messages messages)
            S: * STATUS INBOX (MESSAGES 6)
            S: d OK …
        """)


def test_recreated_mailbox_has_a_greater_uidvalidity_S10(start):
    def uidvalidity(session):
        return int(re.search(rb"UIDVALIDITY (\d+)", session.wire.ok("u", "STATUS a (UIDVALIDITY)")[0])[1])
    with start() as session:
        session.wire.ok("c", "CREATE a")
        before = uidvalidity(session)
        session.wire.ok("d", "DELETE a")
        session.wire.ok("c", "CREATE a")
        assert uidvalidity(session) > before


def test_S10_mailbox_goes_while_selected_elsewhere(start):
    for last in ("DELETE a", "RENAME a b"):
        with start() as one, start() as other:
            one.wire.ok("c", "CREATE a")
            one.wire.ok("p", "APPEND a {6+}\r\nA: b\r\n")
            other.wire.ok("s", "SELECT a")
            one.wire.ok("d", last)
            other.wire.send_line("n NOOP")
            answer = other.wire.response()
            assert answer.startswith((b"* BYE", b"n OK")), answer
            if last.startswith("RENAME"):
                one.wire.ok("e", "DELETE b")
