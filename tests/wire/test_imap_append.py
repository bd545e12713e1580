"""test_imap_append.py - APPEND and MULTIAPPEND: streams, limits, all or nothing (G08 ... G10)"""
import pathlib
import re
import time

import pytest

import linnet

MESSAGE = b"From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n"


def append(wire, data, arguments="INBOX", tag="a", sync=False):
    """One APPEND; its responses."""
    wire.send(f"{tag} APPEND {arguments} {{{len(data)}{'' if sync else '+'}}}\r\n".encode())
    if sync:
        answer = wire.line()
        if not answer.startswith(b"+"):
            return [answer]
    wire.send(data + b"\r\n")
    return wire.until_tag(tag)


def fetch(wire, uid, item="BODY.PEEK[]"):
    """The literal of one item."""
    answer = wire.ok("f", f"UID FETCH {uid} ({item})")[0]
    return re.search(rb"\{(\d+)\}\r\n(.*)\)$", answer, re.S)[2]


def files(maildir):
    """Everything in cur, new and tmp."""
    return sorted(str(p.relative_to(maildir)) for sub in ("cur", "new", "tmp") for p in (maildir / sub).iterdir())


def test_RFC3501_6_3_11_example(maildir, start):
    linnet.make_maildir(maildir, "saved-messages")
    text = (b"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
            b"From: Fred Foobar <foobar@Blurdybloop.COM>\r\n"
            b"Subject: afternoon meeting\r\n"
            b"To: mooch@owatagu.siam.edu\r\n"
            b"Message-Id: <B27397-0100000@Blurdybloop.COM>\r\n"
            b"MIME-Version: 1.0\r\n"
            b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
            b"\r\n"
            b"Hello Joe, do you think we can meet at 3:30 tomorrow?\r\n")
    with start() as session:
        session.wire.send_line(rf"A003 APPEND saved-messages (\Seen) {{{len(text)}}}")
        assert session.wire.line() == b"+ OK"
        session.wire.send(text + b"\r\n")
        assert re.fullmatch(rb"A003 OK \[APPENDUID \d+ 1\] Append completed\..*", session.wire.line())
        session.wire.ok("b", "SELECT saved-messages")
        assert fetch(session.wire, 1) == text
        assert b"\\Seen" in session.wire.ok("c", "FETCH 1 FLAGS")[0]


def test_flags_date_and_keywords(start):
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        answers = append(session.wire, MESSAGE, r'INBOX (\Flagged work \Draft) "17-Jul-1996 02:44:25 -0700"', sync=True)
        assert b"* 1 EXISTS" in answers
        answer = session.wire.ok("b", "FETCH 1 (FLAGS INTERNALDATE)")[0]
        assert all(flag in answer for flag in (b"\\Flagged", b"work", b"\\Draft"))
        assert b"\\Seen" not in answer
        assert re.search(rb'INTERNALDATE "1[67]-Jul-1996 ', answer)


def test_appended_to_the_selected_mailbox(start):
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        answers = append(session.wire, MESSAGE)
        assert b"* 1 EXISTS" in answers
        assert answers[-1].startswith(b"a OK [APPENDUID ")


@pytest.mark.parametrize("arguments,reply", [
    ("nothing", b"a NO [TRYCREATE] Mailbox doesn't exist: nothing"),
    ("../x", b"a NO [CANNOT] "),
    ('INBOX "29-Feb-2023 00:00:00 +0000"', b"a BAD "),
    ('INBOX "01-Jan--001 00:00:00 +0000"', b"a BAD "),
    ('INBOX ""', b"a BAD "),
    (r"INBOX (\Recent)", b"a BAD "),
    (r"INBOX (\Nonsense)", b"a BAD "),
    ("INBOX (" + " ".join(f"k{n}" for n in range(9000)) + ")", b"a NO [LIMIT] "),
    ("INBOX (" + "k" * 256 + ")", b"a BAD "),
], ids=lambda value: str(value)[:24])
@pytest.mark.parametrize("sync", [True, False])
def test_G08_refused_before_the_literal_is_asked_for(maildir, start, arguments, reply, sync):
    with start() as session:
        before = files(maildir)
        answers = append(session.wire, MESSAGE, arguments, sync=sync)
        assert len(answers) == 1 and answers[0].startswith(reply), answers
        session.wire.ok("n", "NOOP")
        assert files(maildir) == before


@pytest.mark.parametrize("date", ["01-Jan-9999 00:00:00 +0000", "31-Dec-1969 23:59:59 +0000", " 1-Jan-1900 00:00:00 +1400"])
def test_G08_dates_beyond(start, date):
    with start() as session:
        answers = append(session.wire, MESSAGE, f'INBOX "{date}"')
        assert answers[-1].startswith((b"a OK", b"a BAD")), answers
        session.wire.ok("s", "SELECT INBOX")
        session.wire.ok("n", "UID FETCH 1:* INTERNALDATE")


@pytest.mark.parametrize("literal", ["{0}", "{0+}"])
def test_G08_nothing_to_append(maildir, start, literal):
    with start() as session:
        session.wire.send_line(f"a APPEND INBOX {literal}")
        if literal == "{0+}":
            session.wire.send_line("")
        assert session.wire.line() == b"a NO Can't save a zero byte message."
        session.wire.ok("n", "NOOP")
        assert files(maildir) == []


def test_G09_too_big_before_it_is_asked_for(start):
    with start() as session:
        session.wire.transcript("""
            C: a APPEND INBOX {67108865}
            S: a NO [TOOBIG] The message is too large.
            C: b APPEND INBOX {18446744073709551615}
            S: b BAD …
            C: c APPEND INBOX {99999999999999999999999}
            S: c BAD …
            C: d APPEND INBOX {67108865+}
            S: * BYE Literal is too large
        """)


def test_G09_the_limit_is_a_setting(start):
    with start(settings="mail_max_append_size = 100\n") as session:
        assert append(session.wire, b"a: b\r\n" + b"x" * 94, sync=True)[-1].startswith(b"a OK")
        assert append(session.wire, b"a: b\r\n" + b"x" * 95, sync=True) == [b"a NO [TOOBIG] The message is too large."]


@pytest.mark.parametrize("data", [b"Subject: x\r\n\r\nnul \0 here\r\n", b"\0", b"x" * 20000 + b"\0" + b"y" * 20000],
                         ids=["middle", "only", "large"])
@pytest.mark.parametrize("sync", [True, False])
def test_G10_NUL_is_refused(maildir, start, data, sync):
    with start() as session:
        answers = append(session.wire, data, sync=sync)
        assert answers[-1].startswith(b"a NO"), answers
        session.wire.ok("n", "NOOP")
        assert files(maildir) == []


@pytest.mark.parametrize("data", [
    b"Subject: x\r\n\r\nno final newline",
    b"Subject: x\r\n\r\nbare \r cr\r\n",
    "Subject: caf\u00e9\r\n\r\n\u00fc\r\n".encode(),
    b"Subject: x\r\n\r\n\xff\xfe\x80\r\n",
    b"no header at all",
    b"\r\n",
    b"x",
    b"a: b\r\n\r\n" + b"l" * 1000000 + b"\r\n",
    b"a: b\r\n" * 20000,
], ids=lambda data: str(len(data)))
def test_G10_octets_come_back(start, data):
    with start() as session:
        append(session.wire, data)
        session.wire.ok("s", "SELECT INBOX")
        assert b"RFC822.SIZE %d" % len(data) in session.wire.ok("z", "FETCH 1 RFC822.SIZE")[0]
        assert fetch(session.wire, 1) == data


def test_G10_bare_LF_becomes_CRLF(start):
    with start() as session:
        append(session.wire, b"Subject: x\n\nbody\n")
        session.wire.ok("s", "SELECT INBOX")
        assert fetch(session.wire, 1) == b"Subject: x\r\n\r\nbody\r\n"
        assert b"RFC822.SIZE 20)" in session.wire.ok("z", "FETCH 1 RFC822.SIZE")[0]


def test_G10_one_line_of_50_MB_in_constant_memory(start):
    data = b"a: b\r\n\r\n" + b"l" * 50_000_000 + b"\r\n"
    with start() as session:
        assert append(session.wire, data)[-1].startswith(b"a OK")
        status = pathlib.Path(f"/proc/{session.pid}/status").read_text()
        assert int(re.search(r"VmHWM:\s+(\d+)", status)[1]) < 100_000
        session.wire.ok("s", "SELECT INBOX")
        assert b"RFC822.SIZE %d)" % len(data) in session.wire.ok("z", "FETCH 1 RFC822.SIZE")[0]


def test_RFC3516_4_4_literal8_that_cannot_be_kept(maildir, start):
    """Text is; NUL and bare line feeds are refused before anything is kept."""
    with start() as session:
        session.wire.transcript(r"""
            C: a APPEND INBOX ~{4+}
            C!: a\r\nb
            S: a OK [APPENDUID …
            C: b APPEND INBOX ~{3+}
            C!: a\0b
            S: b NO [UNKNOWN-CTE] …
            C: c APPEND INBOX ~{4}
            S: + OK
            C!: ab\nb
            S: c NO [UNKNOWN-CTE] …
            C: d NOOP
            S: d OK …
        """)
    assert [name[:4] for name in files(maildir)] == ["new/"]


# --- several messages: RFC 3502 ---

def multi(parts, arguments="INBOX"):
    """The bytes of a MULTIAPPEND with LITERAL+; parts: (attributes, data)."""
    text = b"a APPEND " + arguments.encode()
    for attributes, data in parts:
        text += b" " + attributes + (b" " if attributes else b"") + b"{%d+}\r\n" % len(data) + data
    return text + b"\r\n"


def test_RFC3502_several_messages(start):
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        session.wire.send(multi([(b"(\\Seen)", b"A: 1\r\n"), (b'"17-Jul-1996 02:44:25 -0700"', b"A: 2\r\n"), (b"", b"A: 3\r\n")]))
        answers = session.wire.until_tag("a")
        assert b"* 3 EXISTS" in answers
        assert re.fullmatch(rb"a OK \[APPENDUID \d+ 1:3\] Append completed\..*", answers[-1])
        for n in (1, 2, 3):
            assert fetch(session.wire, n) == b"A: %d\r\n" % n


def test_RFC3502_with_synchronizing_literals(start):
    with start() as session:
        session.wire.transcript(r"""
            C: a APPEND {5}
            S: + OK
            C: INBOX (\Seen) {6}
            S: + OK
            C: A: 1
            C!:  (\\Flagged) {6}
            S: + OK
            C: A: 2
            C!: 
            S~: a OK \[APPENDUID \d+ 1:2\] Append completed\..*
        """)


@pytest.mark.parametrize("bad", [
    (b"(\\Recent)", b"A: 3\r\n"), (b'"nonsense"', b"A: 3\r\n"), (b"", b"nul\0"), (b"", b""), (b"x", b"A: 3\r\n"),
], ids=["flag", "date", "NUL", "empty", "word"])
def test_G08_third_message_fails_and_none_is_there(maildir, start, bad):
    with start() as session:
        session.wire.send(multi([(b"", b"A: 1\r\n"), (b"", b"A: 2\r\n"), bad, (b"", b"A: 4\r\n")]))
        answers = session.wire.until_tag("a")
        assert len(answers) == 1 and answers[0].startswith((b"a NO", b"a BAD")), answers
        session.wire.ok("n", "NOOP")
        assert files(maildir) == []


def test_what_was_refused_in_the_middle_is_not_asked_for(start):
    with start() as session:
        session.wire.transcript(r"""
            C: a APPEND INBOX {6+}
            C: A: 1
            C!:  (\\Recent) {6}
            S: a BAD …
            C: b NOOP
            S: b OK …
        """)


def test_client_goes_in_the_middle(maildir, start):
    """Refused or cut off: nothing is left, also not in tmp/."""
    with start() as session:
        session.wire.send(b"a APPEND INBOX {1000+}\r\nSubject: half")
        linnet.wait_for(lambda: list((maildir / "tmp").iterdir()) or session.process.poll() is not None, "tmp", 5)
        session.wire.close()
        session.process.wait(5)
        assert files(maildir) == []


def test_many_keywords_in_one_mailbox(start):
    """26 keywords fit; the 27th is refused and changes nothing."""
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        append(session.wire, MESSAGE, "INBOX (" + " ".join(f"k{n}" for n in range(26)) + ")")
        answer = session.wire.ok("f", "FETCH 1 FLAGS")[0]
        assert all(b"k%d" % n in answer for n in range(26))
        assert append(session.wire, MESSAGE, "INBOX (other)")[-1].startswith(b"a NO [LIMIT]")
        assert session.wire.command("b", "STORE 1 +FLAGS (other)")[-1].startswith(b"b NO [LIMIT]")
        assert b"other" not in session.wire.ok("f", "FETCH 1 FLAGS")[0]


def test_speed_of_streaming(start):
    """Not read byte by byte: 20 MB within seconds."""
    data = b"a: b\r\n\r\n" + b"0123456789abcdef\r\n" * 1_100_000
    with start() as session:
        begin = time.monotonic()
        assert append(session.wire, data)[-1].startswith(b"a OK")
        assert time.monotonic() - begin < 10
