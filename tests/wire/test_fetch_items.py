"""test_fetch_items.py - FETCH on the real imapd: octets, sizes, \\Seen, messages that vanish or lie (G04, M, S02)"""
import re
import time

import pytest

import linnet

NESTED = (b"Content-Type: multipart/mixed; boundary=o\n\n--o\n\nplain\n--o\nContent-Type: message/rfc822\n\n"
          b"Subject: inner\n\nin it\n--o--\n")

MESSAGES = {  # M01 ... M03: what is hardly a message
    "LF": b"From: a@b\nSubject: x\n\nbody\nmore\n",
    "CRLF": b"From: a@b\r\nSubject: x\r\n\r\nbody\r\nmore\r\n",
    "mixed": b"From: a@b\r\nSubject: x\n\r\nbody\nmore\r\n",
    "empty": b"",
    "one line end": b"\n",
    "no body": b"From: a@b\n",
    "no last line end": b"From: a@b\n\nbody",
    "no header": b"\nbody",
    "NUL": b"Subject: a\0b\n\nx\0y\n",
    "lone CR": b"Subject: a\rb\n\nx\ry\r",
    "8-bit": bytes(range(128, 256)) + b"\n\n" + bytes(range(1, 256)),
    "nested": NESTED,
    "long line": b"X: y\n\n" + b"l" * 700000 + b"\nend\n",
    "long header": b"X: " + b"h" * 700000 + b"\n\nbody\n",
    "many lines": b"X: y\n\n" + b"\n" * 300000,
}


def wanted(message):
    """What a client must get: CRLF, and no NUL."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", message).replace(b"\0", b"\x80")


def literal(answer):
    """The only string of an answer."""
    found = re.search(rb' \{(\d+)\}\r\n', answer)
    if found:
        return answer[found.end():found.end() + int(found[1])]
    return re.search(rb' "((?:[^"\\]|\\.)*)"', answer)[1]


@pytest.fixture
def filled(maildir, imap):
    """start(): a session that has selected an INBOX of all MESSAGES."""
    for n, message in enumerate(MESSAGES.values()):
        linnet.deliver(maildir, message, flags="", when=1000000000 + n, name=f"{1000000000 + n}.M1P1.host")

    def begin():
        session = imap()
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        return session
    return begin


def test_octets_and_sizes(filled):
    with filled() as session:
        for number, (name, message) in enumerate(MESSAGES.items(), 1):
            size = session.wire.ok("a", f"FETCH {number} RFC822.SIZE")[0]
            body = literal(session.wire.ok("b", f"FETCH {number} BODY.PEEK[]")[0])
            header = literal(session.wire.ok("c", f"FETCH {number} BODY.PEEK[HEADER]")[0])
            text = literal(session.wire.ok("d", f"FETCH {number} RFC822.TEXT")[0])
            assert body == wanted(message), name
            assert header + text == body, name
            assert int(re.search(rb"RFC822.SIZE (\d+)", size)[1]) == len(body), name


def test_partials_join(filled):
    """Pieces of any size put together are the message."""
    with filled() as session:
        for number, (name, message) in enumerate(MESSAGES.items(), 1):
            whole, step = wanted(message), max(1, len(wanted(message)) // 7)
            pieces = [literal(session.wire.ok("a", f"FETCH {number} BODY.PEEK[]<{at}.{step}>")[0])
                      for at in range(0, len(whole), step)]
            assert b"".join(pieces) == whole, name


@pytest.mark.parametrize("partial, octets", [
    ("<4294967295.1>", b""), ("<0.4294967295>", None), ("<9223372036854775807.1>", b""),
])
def test_G04_partials(filled, partial, octets):
    with filled() as session:
        answer = literal(session.wire.ok("a", f"FETCH 1 BODY.PEEK[]{partial}")[0])
        assert answer == (wanted(MESSAGES["LF"]) if octets is None else octets)


@pytest.mark.parametrize("item", ["BODY[]<18446744073709551615.2>", "BODY[4294967296]", "BODY[]<0.0>", "BODY[]<-1.2>",
                                  "BODY[MIME]", "BODY[0]", "()", "BODY[HEADER.FIELDS ()]", "(FLAGS"])
def test_G04_bad(filled, item):
    with filled() as session:
        assert session.wire.command("a", f"FETCH 1 {item}")[-1].startswith(b"a BAD ")
        session.wire.ok("b", "NOOP")


def test_parts(filled):
    number = list(MESSAGES).index("nested") + 1
    with filled() as session:
        for section, octets in [("1", b"plain"), ("2", b"Subject: inner\r\n\r\nin it"), ("2.HEADER", b"Subject: inner\r\n\r\n"),
                                ("2.TEXT", b"in it"), ("2.1", b"in it"), ("2.MIME", b"Content-Type: message/rfc822\r\n\r\n")]:
            assert literal(session.wire.ok("a", f"FETCH {number} BODY.PEEK[{section}]")[0]) == octets, section
        assert session.wire.ok("b", f"FETCH {number} BODY.PEEK[3]")[0] == b"* %d FETCH (BODY[3] NIL)" % number


def test_seen(filled):
    with filled() as session:
        assert b"FLAGS (\\Seen" in session.wire.ok("a", "FETCH 1 BODY[TEXT]")[0]
        assert b"FLAGS" not in session.wire.ok("b", "FETCH 1 BODY[TEXT]")[0]
        assert session.wire.ok("c", "FETCH 2 (UID FLAGS)")[0].count(b"\\Seen") == 0
        assert session.wire.ok("d", "UID FETCH 1 FLAGS")[0].startswith(b"* 1 FETCH (UID 1 FLAGS (\\Seen")
    with filled() as session:
        session.wire.ok("e", "EXAMINE INBOX")
        assert b"FLAGS" not in session.wire.ok("f", "FETCH 2 BODY[TEXT]")[0]
        assert b"\\Seen" not in session.wire.ok("g", "FETCH 2 FLAGS")[0]


def test_S02_vanished(maildir, filled):
    with filled() as session:
        next(p for p in (maildir / "cur").iterdir() if p.name.startswith("1000000001.")).unlink()
        answers = session.wire.command("a", "FETCH 1:3 (UID BODY.PEEK[HEADER])")
        assert answers[-1] == b"a NO [EXPUNGEISSUED] Some of the requested messages no longer exist."
        numbers = [a.split()[1] for a in answers[:-1] if b" FETCH " in a]
        assert numbers == [b"1", b"3"]
        session.wire.ok("b", "NOOP")


@pytest.mark.parametrize("fields", [",S=10,W=10", ",S=6288,W=6400", ",S=abc", ",S=-1", ",W=" + "9" * 30, ",S=1,S=2,W=0"])
def test_M23_lying_names(maildir, imap, fields):
    """The real octets are served, the size is repaired, the session goes on."""
    message = MESSAGES["LF"] * 3
    linnet.deliver(maildir, message, flags="S", name=f"1000000000.M1P1.host{fields}")
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        session.wire.ok("a", "FETCH 1 RFC822.SIZE")
        assert literal(session.wire.ok("b", "FETCH 1 BODY[]")[0]) == wanted(message)
        assert session.wire.ok("c", "FETCH 1 RFC822.SIZE")[0] == b"* 1 FETCH (RFC822.SIZE %d)" % len(wanted(message))


def test_M05_M06_M07_M10_bounded(maildir, imap):
    """Structures without end cost what they are long, and the answer is one line that a client can read."""
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d-\n\n--%d-\n" % (i, i) for i in range(10000))
    hostile = [
        nested,
        b"Content-Type: message/rfc822\n\n" * 10000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n\n" * 200000,
        b"From: a@b\n" * 500000 + b"\nx\n",
        b"To: " + b"a:b:c:;;;" * 100000 + b"(" * 100000 + b"\n\nx\n",
        b"Content-Type: text/plain" + b"; n*1=x" * 100000 + b"\n\nx\n",
    ]
    for n, message in enumerate(hostile):
        linnet.deliver(maildir, message, flags="S", name=f"{1000000000 + n}.M1P1.host")
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        for number, message in enumerate(hostile, 1):
            begin = time.process_time()
            answer = session.wire.ok("a", f"FETCH {number} (BODYSTRUCTURE ENVELOPE RFC822.SIZE)")[0]
            assert answer.count(b"(") == answer.count(b")")
            assert b"RFC822.SIZE %d)" % len(wanted(message)) in answer
            assert time.process_time() - begin < 10
        session.wire.ok("b", "NOOP")


def test_M22_a_file_that_shrinks_while_it_is_sent(maildir, imap):
    """As many octets as were announced come, then the connection ends: nothing is taken for a reply."""
    message = b"Subject: large\n\n" + b"x" * 79 + b"\n" * 2
    message += (b"y" * 79 + b"\n") * 250_000
    linnet.deliver(maildir, message, flags="S", name="1000000000.M1P1.host")
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        session.wire.send(b"a FETCH 1 BODY.PEEK[]\r\n")
        announced = int(re.search(rb"\{(\d+)\}", session.wire.line())[1])
        assert announced == len(wanted(message))
        path = next((maildir / "cur").iterdir())
        with open(path, "r+b") as file:
            file.truncate(100_000)
        got = session.wire.read(announced)
        assert got.startswith(wanted(message)[:90_000]) and got.endswith(b"    ")
        rest = session.wire.rest()
        assert rest.startswith(b")\r\n* BYE "), rest
        assert "shrank while it was read" in session.log()


@pytest.mark.parametrize("begin", [b"\x1f\x8b\x08\0", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"CRYPTED\x03\x07\0"])
def test_M24_packed_by_another_server(maildir, imap, begin):
    """The bytes as they are, of the right number, and a line in the log."""
    message = begin + bytes(range(256)) * 20
    linnet.deliver(maildir, message, flags="S", name="1000000000.M1P1.host,S=9999,W=9999")
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        assert literal(session.wire.ok("a", "FETCH 1 BODY.PEEK[]")[0]) == wanted(message)
        session.wire.ok("b", "FETCH 1 (ENVELOPE BODYSTRUCTURE PREVIEW RFC822.SIZE)")
        assert "unpack them" in session.log()


def test_M03_one_line_of_fifty_megabytes(maildir, imap):
    message = b"Subject: x\n\n" + b"z" * 50_000_000
    linnet.deliver(maildir, message, flags="S", name="1000000000.M1P1.host")
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        size = len(wanted(message))
        answer = session.wire.ok("a", "FETCH 1 (RFC822.SIZE BODYSTRUCTURE PREVIEW)")[0]
        assert b"RFC822.SIZE %d " % size in answer and b'PREVIEW "%s"' % (b"z" * 200) in answer
        assert literal(session.wire.ok("b", f"FETCH 1 BODY.PEEK[]<{size - 5}.100>")[0]) == b"zzzzz"
        assert session.wire.ok("c", "FETCH 1 BINARY.SIZE[1]")[0] == b"* 1 FETCH (BINARY.SIZE[1] 50000000)"
