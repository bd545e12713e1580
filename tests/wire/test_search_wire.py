"""test_search_wire.py - SEARCH and UID SEARCH on the wire (RFC 3501 s.6.4.4)"""
import pytest

import linnet


@pytest.fixture
def box(imap, maildir):
    """start() of a session with three messages selected."""
    linnet.deliver(maildir, b"Subject: one\nFrom: a@example.org\n\nfirst\n", flags="S")
    linnet.deliver(maildir, "Subject: zwei\nFrom: b@example.org\n\nm\u00fcde\n".encode(), flags="")
    linnet.deliver(maildir, b"Subject: three\nFrom: b@example.org\n\nthird\n", flags="FS")

    def start(name="INBOX"):
        session = imap()
        session.wire.transcript("S: * PREAUTH …")
        session.wire.ok("s", f"SELECT {name}")
        return session
    return start


def test_answers(box):
    with box() as session:
        session.wire.transcript("""
            C: a SEARCH ALL
            S: * SEARCH 1 2 3
            S: a OK Search completed…
            C: b search unseen
            S: * SEARCH 2
            S: b OK …
            C: c UID SEARCH FLAGGED
            S~: \\* SEARCH \\d+
            S: c OK …
            C: d SEARCH SUBJECT nothing
            S: * SEARCH
            S: d OK …
            C: e SEARCH CHARSET UTF-8 SUBJECT zwei
            S: * SEARCH 2
            S: e OK …
            C: f SEARCH CHARSET us-ascii FROM B@EXAMPLE NOT 3
            S: * SEARCH 2
            S: f OK …
            C: g SEARCH 2:* SEEN
            S: * SEARCH 3
            S: g OK …
        """)


def test_strings_as_literals(box):
    with box() as session:
        session.wire.transcript("""
            C: a SEARCH CHARSET UTF-8 BODY {5+}
            C!: m\\xc3\\xbcde
            S: * SEARCH 2
            S: a OK …
            C!: b SEARCH CHARSET UTF-8 TEXT "M\\xc3\\x9cDE"
            S: * SEARCH 2
            S: b OK …
            C: c SEARCH OR SUBJECT {3}
            S: + …
            C: one SUBJECT {5}
            S: + …
            C: three
            S: * SEARCH 1 3
            S: c OK …
        """)


def test_charsets_that_are_unknown(box):
    with box() as session:
        session.wire.transcript("""
            C: a SEARCH CHARSET KLINGON SUBJECT x
            S~: a NO \\[BADCHARSET \\(US-ASCII UTF-8 ISO-8859-1 [^()]* KOI8-R [^()]*\\)\\] .*
            C: b SEARCH CHARSET
            S: b BAD …
            C!: c SEARCH CHARSET UTF-8 SUBJECT "\\xff\\xfe"
            S: c BAD …
            C: d NOOP
            S: d OK …
        """)


@pytest.mark.parametrize("text", [
    "", " ", " FOO", " NOT", " OR SEEN", " (SEEN", " ()", " SEEN ", " LARGER x", " ON 31-Foo-2020", " KEYWORD (x)",
    " 0", " 4", " 1:4", " 4294967296", " UID 0", " HEADER x", " SUBJECT", " SEENDELETED", " CHARSET UTF-8",
])
def test_what_is_no_search(box, text):
    with box() as session:
        answers = session.wire.command("a", "SEARCH" + text)
        assert len(answers) == 1 and answers[0].startswith(b"a BAD "), answers
        session.wire.ok("b", "NOOP")


@pytest.mark.parametrize("text", [
    "NOT " * 12000 + "ALL", "OR " * 16000 + "ALL", "(" * 60000, "(" * 33 + "ALL" + ")" * 33,
    "NOT (" * 10000 + "ALL", "NOT OR ALL " * 5000 + "ALL", "ALL " * 1000 + "ALL", "NOT " * 100000 + "ALL",
])
def test_deep_and_long_programs_G05(box, text):
    with box() as session:
        session.wire.send_line("a SEARCH " + text)
        answer = session.wire.line()
        assert answer.startswith(b"a BAD ") or answer.startswith(b"* BYE ") or answer.startswith(b"* BAD "), answer


def test_programs_within_the_limits_G05(box):
    with box() as session:
        wire = session.wire
        assert wire.ok("a", "SEARCH " + "OR FROM zq " * 400 + "FLAGGED")[0] == b"* SEARCH 3"
        assert wire.ok("b", "SEARCH " + "ALL " * 999 + "SEEN")[0] == b"* SEARCH 1 3"
        assert wire.ok("c", "SEARCH " + "(" * 31 + "SEEN" + ")" * 31)[0] == b"* SEARCH 1 3"
        assert wire.ok("d", "SEARCH " + "NOT " * 900 + "SEEN")[0] == b"* SEARCH 1 3"


def test_nothing_of_a_search_is_echoed_G15(box):
    with box() as session:
        session.wire.transcript("""
            C: a SEARCH HEADER {13+}
            C!: X\\r\\nb OK split {14+}
            C!: y\\r\\nc BYE split
            S: * SEARCH
            S: a OK Search completed…
            C: d SEARCH KEYWORD {3+}
            C: a b
            S: d BAD …
        """)


def test_empty_mailbox(imap, maildir):
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        for text in ("ALL", "1:* SEEN", "UID 1:*", "NOT SEEN"):
            assert session.wire.ok("a", "SEARCH " + text)[:-1] == [b"* SEARCH"]
            assert session.wire.ok("b", "UID SEARCH " + text)[:-1] == [b"* SEARCH"]


def test_search_needs_a_mailbox(imap):
    with imap() as session:
        session.wire.line()
        assert session.wire.command("a", "SEARCH ALL")[-1].startswith(b"a BAD ")


def test_vanished_messages_do_not_match(box, maildir):
    with box() as session:
        for path in (maildir / "cur").iterdir():
            if b"zwei" in path.read_bytes():
                path.unlink()
        answers = session.wire.ok("a", "SEARCH NOT BODY nothing")
        assert b"* SEARCH 1 3" in answers


def test_unreadable_message_is_told(box, maildir):
    if not linnet.IS_ROOT:
        pytest.skip("the mail user is who runs the test")
    with box() as session:
        for path in (maildir / "cur").iterdir():
            if b"zwei" in path.read_bytes():
                path.chmod(0)
        answers = session.wire.command("a", "SEARCH BODY i")
        assert answers[0] == b"* SEARCH 1 3"
        assert answers[-1].startswith(b"a NO [")


def test_search_does_not_mark_seen(box):
    with box() as session:
        session.wire.ok("a", "SEARCH TEXT zwei BODY m")
        assert session.wire.ok("b", "SEARCH UNSEEN")[0] == b"* SEARCH 2"


def test_in_every_mode(box):
    with box():
        pass  # nothing is recent any more, so that every mode sees the same
    linnet.run_modes(box, """
        C: a SEARCH OR SUBJECT one FLAGGED
        S: * SEARCH 1 3
        S: a OK …
        C: b UID SEARCH CHARSET UTF-8 BODY {5+}
        C!: m\\xc3\\xbcde
        S: * SEARCH …
        S: b OK …
    """, splits=12)


def test_deliveries_while_searching_S05(imap, maildir):
    """Each message is found once it was announced, under one UID, and none is skipped."""
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        seen = {}
        for n in range(120):
            linnet.deliver(maildir, b"Subject: number %d\n\nx\n" % n)
            answers = session.wire.ok("a", "UID SEARCH RETURN (ALL COUNT) SUBJECT number")
            exists = [int(line.split()[1]) for line in answers if line.endswith(b" EXISTS")]
            found = session.wire.ok("b", f"UID SEARCH SUBJECT \"number {n}\"")[0].split()[2:]
            if exists:
                assert exists[-1] == n + 1
                assert len(found) == 1
                seen[n] = int(found[0])
        session.wire.ok("n", "NOOP")
        assert len(seen) >= 100 and sorted(seen.values()) == list(seen.values())
        assert len(session.wire.ok("c", "SEARCH SUBJECT number")[0].split()) == 122
