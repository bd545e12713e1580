"""test_imap_metadata.py - METADATA (RFC 5464) and QUOTA (RFC 9208)"""
import pytest

import linnet

QUOTA = "plugin {\n quota = maildir:User quota\n quota_rule = *:storage=1G:messages=1000\n}\n"


def test_RFC5464_s4_2_and_s4_3_examples(start):
    with start(settings="mail_server_comment = Shared comment\nmail_server_admin = mailto:root@example.org\n") as session:
        session.wire.transcript(r"""
            C: a GETMETADATA "" /shared/comment
            S: * METADATA "" (/shared/comment "Shared comment")
            S: a OK Getmetadata completed.
            C: b SETMETADATA INBOX (/private/comment {33+}
            C: My new comment across
            C: two lines.)
            S: b OK Setmetadata completed.
            C: c GETMETADATA "INBOX" /private/comment
            S: * METADATA INBOX (/private/comment {33}…My new comment across…two lines.)
            S: c OK …
            C: d SETMETADATA INBOX (/private/comment NIL)
            S: d OK …
            C: e GETMETADATA "INBOX" /private/comment
            S: e OK …
            C: f SETMETADATA INBOX (/private/comment "My new comment" /shared/comment "This one is for you!")
            S: f OK …
            C: g GETMETADATA "INBOX" (/shared/comment /private/comment)
            S: * METADATA INBOX (/private/comment "My new comment" /shared/comment "This one is for you!")
            S: g OK …
            C: h GETMETADATA "" (/shared/admin)
            S: * METADATA "" (/shared/admin "mailto:root@example.org")
            S: h OK …
            C: i SETMETADATA "" (/shared/admin "tel:1")
            S: i NO [NOPERM] …
            C: j SETMETADATA "" (/private/vendor/me/x "1")
            S: j OK …
            C: k GETMETADATA "" (DEPTH infinity) /private
            S: * METADATA "" (/private/vendor/me/x "1")
            S: k OK …
        """)


def test_RFC5464_s4_2_1_MAXSIZE_and_s4_2_2_DEPTH(start):
    with start() as session:
        session.wire.ok("s", f'SETMETADATA INBOX (/shared/comment "{"x" * 2199}" /private/comment "My own comment")')
        session.wire.transcript(r"""
            C: a GETMETADATA "INBOX" (MAXSIZE 1024) (/shared/comment /private/comment)
            S: * METADATA INBOX (/private/comment "My own comment")
            S: a OK [METADATA LONGENTRIES 2199] Getmetadata completed.
            C: b SETMETADATA INBOX (/private/filters/values/small "SMALLER 5000" /private/filters/values/boss "FROM \"boss@example.com\"")
            S: b OK …
            C: c GETMETADATA "INBOX" (DEPTH 1) (/private/filters/values)
            S: * METADATA INBOX (/private/filters/values/small "SMALLER 5000" /private/filters/values/boss "FROM \"boss@example.com\"")
            S: c OK …
            C: d GETMETADATA (DEPTH 1) INBOX /private/filters
            S: d OK …
            C: e GETMETADATA (DEPTH infinity MAXSIZE 12) INBOX (/PRIVATE/Filters)
            S: * METADATA INBOX (/private/filters/values/small "SMALLER 5000")
            S: e OK [METADATA LONGENTRIES 23] …
            C: f GETMETADATA (DEPTH 0) INBOX /private/filters/values
            S: f OK …
        """)


def test_RFC5464_s4_3_all_or_nothing(maildir, start):
    with start() as session:
        for n in range(99):
            session.wire.ok("s", f'SETMETADATA INBOX (/private/vendor/x/n{n} "{n}")')
        before = linnet.snapshot(maildir)
        session.wire.transcript(r"""
            C: a SETMETADATA INBOX (/private/comment "1" /shared/comment "2")
            S: a NO [METADATA TOOMANY] There are too many annotations.
            C: b SETMETADATA missing (/private/comment "1")
            S: b NO [NONEXISTENT] …
        """)
        big = "y" * (32 * 1024 + 1)
        answer = session.wire.command("c", f"SETMETADATA INBOX (/private/comment NIL /private/vendor/x/n1 {{{len(big)}+}}\r\n{big})")
        assert answer[-1] == b"c NO [METADATA MAXSIZE 32768] The value is too large."
        assert linnet.snapshot(maildir) == before
        session.wire.ok("d", "SETMETADATA INBOX (" + " ".join(f"/private/vendor/x/n{n} NIL" for n in range(99)) + ")")
        assert not (maildir / "linnet.metadata").exists()


def test_RFC5464_s4_1_annotations_follow_their_mailbox(start):
    with start() as session:
        session.wire.transcript(r"""
            C: a CREATE x
            S: a OK …
            C: b SETMETADATA x (/private/comment "of x")
            S: b OK …
            C: c RENAME x y
            S: c OK …
            C: d GETMETADATA y /private/comment
            S: * METADATA y (/private/comment "of x")
            S: d OK …
            C: e DELETE y
            S: e OK …
            C: f CREATE y
            S: f OK …
            C: g GETMETADATA y /private/comment
            S: g OK …
            C: h SETMETADATA INBOX (/private/comment "of INBOX")
            S: h OK …
            C: i RENAME INBOX old
            S: i OK …
            C: j GETMETADATA INBOX /private/comment
            S: * METADATA INBOX (/private/comment "of INBOX")
            S: j OK …
            C: k GETMETADATA old /private/comment
            S: * METADATA old (/private/comment "of INBOX")
            S: k OK …
        """)


def test_values_of_any_bytes(start):
    with start() as session:
        session.wire.send(b'a SETMETADATA INBOX (/private/x ~{6+}\r\n\x00\r\n)\xff"\r\n /private/y "")\r\n'.replace(b'"\r\n /', b'" /'))
        assert session.wire.until_tag("a")[-1].startswith(b"a OK")
        assert session.wire.ok("b", "GETMETADATA INBOX (/private/x /private/y)")[0] == (
            b'* METADATA INBOX (/private/x ~{6}\r\n\x00\r\n)\xff" /private/y "")')


@pytest.mark.parametrize("text", [
    "SETMETADATA INBOX ()", "SETMETADATA INBOX (/private/a)", "SETMETADATA INBOX (private/a \"x\")",
    "SETMETADATA INBOX (/private//a \"x\")", "SETMETADATA INBOX (/private/a/ \"x\")", "SETMETADATA INBOX (/other/a \"x\")",
    "SETMETADATA INBOX (\"/private/a*\" \"x\")", "SETMETADATA INBOX (/private/vendor/x \"x\")",
    "SETMETADATA INBOX (/private/comment atom)", "GETMETADATA INBOX ()", "GETMETADATA INBOX (DEPTH 2) /private/a",
    "GETMETADATA INBOX (MAXSIZE) /private/a", "GETMETADATA (NOTHING) INBOX /private/a", "GETMETADATA INBOX /x",
    "GETMETADATA INBOX \"/private/a%\"",
])
def test_RFC5464_s3_2_what_cannot_be_is_BAD(start, text):
    with start() as session:
        assert session.wire.command("a", text)[-1].startswith(b"a BAD")


def test_a_damaged_file_costs_only_what_is_damaged(maildir, start):
    (maildir / "linnet.metadata").write_bytes(b"linnet-metadata 1\n/private/comment 2\nab\n/private/x 99999\nshort")
    linnet.own(maildir)
    with start() as session:
        session.wire.transcript(r"""
            C: a GETMETADATA INBOX (DEPTH infinity) /private
            S: * METADATA INBOX (/private/comment "ab")
            S: a OK …
            C: b SETMETADATA INBOX (/private/x "new")
            S: b OK …
            C: c GETMETADATA INBOX (/private/comment /private/x)
            S: * METADATA INBOX (/private/comment "ab" /private/x "new")
            S: c OK …
        """)


def test_metadata_switched_off(imap):
    with imap(settings="imap_metadata = no\n") as session:
        assert b"METADATA" not in session.wire.line()
        assert session.wire.command("a", "GETMETADATA INBOX /private/comment")[-1].startswith(b"a BAD")


def test_RFC9208_s4_1_examples(maildir, start):
    linnet.fill(maildir, 3)
    with start(settings=QUOTA) as session:
        session.wire.transcript(r"""
            C: a GETQUOTAROOT INBOX
            S: * QUOTAROOT INBOX "User quota"
            S: * QUOTA "User quota" (STORAGE 1 1048576 MESSAGE 3 1000)
            S: a OK Getquotaroot completed.
            C: b GETQUOTAROOT "to be made"
            S: * QUOTAROOT "to be made" "User quota"
            S: * QUOTA "User quota" (…)
            S: b OK …
            C: c GETQUOTA "User quota"
            S: * QUOTA "User quota" (STORAGE 1 1048576 MESSAGE 3 1000)
            S: c OK Getquota completed.
            C: d GETQUOTA "!partition/sda4"
            S: d NO [NONEXISTENT] There is no such quota root.
            C: e SETQUOTA "User quota" (STORAGE 510)
            S: e NO [NOPERM] Permission denied.
            C: f SETQUOTA "User quota" (STORAGE)
            S: f BAD …
        """)
    with start() as session:
        session.wire.transcript(r"""
            C: a GETQUOTAROOT INBOX
            S: * QUOTAROOT INBOX
            S: a OK …
            C: b GETQUOTA ""
            S: b NO [NONEXISTENT] …
        """)


def test_RFC9208_s4_3_OVERQUOTA(maildir, start):
    linnet.fill(maildir, 2)
    with start(settings="plugin {\n quota = maildir:User quota\n quota_rule = *:messages=2\n}\n") as session:
        session.wire.transcript(r"""
            C: a APPEND INBOX {1+}
            C: a
            S: a NO [OVERQUOTA] …
            C: b SELECT INBOX
            S*:
            S: b OK …
            C: c COPY 1 INBOX
            S: c NO [OVERQUOTA] …
        """)
