"""test_fetch_rfc.py - FETCH as the RFCs show it: their examples, played against the server, and what is kept of them

Where an example needs mail that the RFC does not print, mail of the same structure stands here.
"""
import re

import pytest

import linnet

ENVELOPE_MAIL = (
    b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\nFrom: Terry Gray <gray@cac.washington.edu>\n"
    b"Subject: IMAP4rev1 WG mtg summary and minutes\nTo: imap@cac.washington.edu\n"
    b"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\n"
    b"Message-Id: <B27397-0100000@cac.washington.edu>\nMIME-Version: 1.0\n"
    b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\n\n" + b"x" * 31 + b"\n" + (b"y" * 31 + b"\n") * 91)

# RFC 3501 s.6.4.5's example of part numbers
PARTS_MAIL = b"""Subject: parts
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: text/plain

1
--o
Content-Type: application/octet-stream

2
--o
Content-Type: message/rfc822

Subject: in 3
Content-Type: multipart/mixed; boundary=three

--three
Content-Type: text/plain

3.1
--three
Content-Type: application/octet-stream

3.2
--three--
--o
Content-Type: multipart/mixed; boundary=four

--four
Content-Type: image/gif

4.1
--four
Content-Type: message/rfc822

Subject: in 4.2
Content-Type: multipart/mixed; boundary=in42

--in42
Content-Type: text/plain

4.2.1
--in42
Content-Type: multipart/alternative; boundary=in422

--in422
Content-Type: text/plain

4.2.2.1
--in422
Content-Type: text/richtext

4.2.2.2
--in422--
--in42--
--four--
--o--
"""

# RFC 3501 s.7.4.2: "a simple text message", and the two part message with an attached diff
DIFF_MAIL = (b"Content-Type: multipart/mixed; boundary=b\n\n"
             b"--b\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII\n\n" + b"a line of text, 23 of it\n" * 23 + b"\n"
             b"--b\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=cc.diff\n"
             b"Content-ID: <960723163407.20117h@cac.washington.edu>\nContent-Description: Compiler diff\n"
             b"Content-Transfer-Encoding: BASE64\n\n" + b"YSBsaW5lIG9mIHRleHQK\n" * 73 + b"\n--b--\n")

# RFC 3516 s.4: an image, and text in quoted-printable
BINARY_MAIL = (b"Subject: binary\nContent-Type: multipart/mixed; boundary=b\n\n"
               b"--b\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nsoft=\nline =E2=82=AC\n\n"
               b"--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgoA\n"
               b"--b\nContent-Transfer-Encoding: x-unknown\n\nwhat?\n--b--\n")

PREVIEW_MAIL = (b"Subject: preview\nContent-Type: multipart/alternative; boundary=b\n\n"
                b"--b\nContent-Type: text/plain; charset=utf-8\n\nPreview text!\n\n"
                b"--b\nContent-Type: text/html\n\n<p>Preview text!</p>\n--b--\n")

MAIL = [ENVELOPE_MAIL, PARTS_MAIL, DIFF_MAIL, BINARY_MAIL, PREVIEW_MAIL]


@pytest.fixture
def filled(maildir, imap):
    """start(): a session that has selected an INBOX of MAIL."""
    for n, message in enumerate(MAIL):
        linnet.deliver(maildir, message, flags="S", when=837596665 + n, name=f"{1000000000 + n}.M1P1.host")

    def begin():
        session = imap()
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        return session
    with begin():
        pass  # nothing is \\Recent any more
    return begin


def twice(filled, dialogue):
    """In a first session, in a second one that has the cache, and again in it."""
    for _ in range(2):
        with filled() as session:
            session.wire.transcript(dialogue)
            session.wire.transcript(dialogue)


def test_RFC3501_s8_the_sample_session(filled):
    """fetch 12 full; fetch 12 body[header]"""
    size = len(ENVELOPE_MAIL.replace(b"\n", b"\r\n"))
    header = ENVELOPE_MAIL[:ENVELOPE_MAIL.index(b"\n\n") + 2].replace(b"\n", b"\r\n")
    twice(filled, rf"""
        C: a003 fetch 1 full
        S~: \* 1 FETCH \(FLAGS \(\\Seen\) INTERNALDATE "1[78]-Jul-1996 [0-9:]+ [+-]\d{{4}}" RFC822\.SIZE {size} ENVELOPE \("Wed, 17 Jul 1996 02:23:25 -0700 \(PDT\)" "IMAP4rev1 WG mtg summary and minutes" \(\("Terry Gray" NIL "gray" "cac\.washington\.edu"\)\) \(\("Terry Gray" NIL "gray" "cac\.washington\.edu"\)\) \(\("Terry Gray" NIL "gray" "cac\.washington\.edu"\)\) \(\(NIL NIL "imap" "cac\.washington\.edu"\)\) \(\(NIL NIL "minutes" "CNRI\.Reston\.VA\.US"\)\("John Klensin" NIL "KLENSIN" "MIT\.EDU"\)\) NIL NIL "<B27397-0100000@cac\.washington\.edu>"\) BODY \("TEXT" "PLAIN" \("CHARSET" "US-ASCII"\) NIL NIL "7bit" 3036 92\)\)
        S: a003 OK …
        C: a004 fetch 1 body[header]
        S~: \* 1 FETCH \(BODY\[HEADER\] \{{{len(header)}\}}\r\nDate: Wed, 17 Jul 1996.*\r\n\r\n\)
        S: a004 OK …
    """)


def test_RFC3501_s6_4_5_fetch_2_4(filled):
    twice(filled, r"""
        C: A654 FETCH 2:4 (FLAGS BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])
        S: * 2 FETCH (FLAGS (\Seen) BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {18}…Subject: parts…)
        S: * 3 FETCH (FLAGS (\Seen) BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {2}…)
        S: * 4 FETCH (FLAGS (\Seen) BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {19}…)
        S: A654 OK …
    """)


@pytest.mark.parametrize("number", ["1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2"])
def test_RFC3501_s6_4_5_part_numbers(filled, number):
    with filled() as session:
        session.wire.transcript(f"""
            C: a FETCH 2 BODY.PEEK[{number}]
            S: * 2 FETCH (BODY[{number}] {{{len(number)}}}…{number})
            S: a OK …
        """)


@pytest.mark.parametrize("section, text", [
    ("3.HEADER", "Subject: in 3…"), ("3.TEXT", "--three…"), ("3", "Subject: in 3…"), ("4.1.MIME", "Content-Type: image/gif…"),
    ("4.2.HEADER", "Subject: in 4.2…"), ("4.2.TEXT", "--in42…"), ("4.2.2.1.MIME", "Content-Type: text/plain…"),
    ("4.2.HEADER.FIELDS (Subject)", "Subject: in 4.2…"), ("3.HEADER.FIELDS.NOT (Subject)", "Content-Type: multipart/mixed…"),
])
def test_RFC9051_s6_4_5_sections(filled, section, text):
    with filled() as session:
        session.wire.transcript(f"""
            C: a FETCH 2 BODY.PEEK[{section}]
            S: * 2 FETCH (BODY[{section}] {{…}}…{text})
            S: a OK …
        """)


def test_RFC3501_s7_4_2_body(filled):
    twice(filled, r"""
        C: a FETCH 3 BODY
        S: * 3 FETCH (BODY (("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7bit" 598 23)("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "BASE64" 1606 73) "mixed"))
        S: a OK …
    """)


def test_RFC3516_s4_binary(filled):
    """BINARY, BINARY.PEEK, BINARY.SIZE, literal8 for what has a NUL, UNKNOWN-CTE; the refused one says nothing else."""
    twice(filled, r"""
        C: a FETCH 4 (BINARY.SIZE[1] BINARY.SIZE[2])
        S: * 4 FETCH (BINARY.SIZE[1] 14 BINARY.SIZE[2] 9)
        S: a OK …
        C: b FETCH 4 BINARY.PEEK[1]
        S: * 4 FETCH (BINARY[1] {14}…softline …)
        S: b OK …
        C: c FETCH 4 BINARY.PEEK[2]<1.3>
        S: * 4 FETCH (BINARY[2]<1> {3}…PNG)
        S: c OK …
        C: d FETCH 4 BINARY.PEEK[2]
        S~: \* 4 FETCH \(BINARY\[2\] ~\{9\}\r\n\x89PNG.*
        S: d OK …
        C: e FETCH 4 BINARY.PEEK[3]
        S: e NO [UNKNOWN-CTE] …
        C: f FETCH 4 (UID BINARY.PEEK[4])
        S: * 4 FETCH (UID 4 BINARY[4] NIL)
        S: f OK …
        C: g UID FETCH 4 BINARY.SIZE[3]
        S: g NO [UNKNOWN-CTE] …
    """.replace("\\x89", "."))


def test_RFC8474_s5_emailid(filled):
    """The same id in every session, another for every message; threads are not known here."""
    seen = []
    for _ in range(2):
        with filled() as session:
            answers = session.wire.ok("a", "FETCH 1:5 (EMAILID THREADID)")
            ids = [re.fullmatch(rb"\* \d FETCH \(EMAILID \(([A-Za-z0-9_-]{1,255})\) THREADID NIL\)", answer)[1]
                   for answer in answers[:-1]]
            assert len(set(ids)) == 5
            seen.append(ids)
    assert seen[0] == seen[1]


def test_RFC8514_s4_savedate(filled):
    with filled() as session:
        session.wire.transcript(r"""
            C: 1 FETCH 1:2 (UID SAVEDATE)
            S~: \* 1 FETCH \(UID 1 SAVEDATE "[ \d]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}"\)
            S~: \* 2 FETCH \(UID 2 SAVEDATE "[ \d]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}"\)
            S: 1 OK …
        """)


def test_RFC8970_s5_preview(filled):
    """Example 1 … 4: without a modifier, lazily where it is not there yet, lazily where it is."""
    with filled() as session:
        session.wire.transcript(r"""
            C: A1 FETCH 5 (RFC822.SIZE PREVIEW (LAZY))
            S~: \* 5 FETCH \(RFC822.SIZE \d+ PREVIEW NIL\)
            S: A1 OK …
            C: A2 FETCH 5 (PREVIEW)
            S: * 5 FETCH (PREVIEW "Preview text!")
            S: A2 OK …
            C: A3 FETCH 5 (PREVIEW (LAZY))
            S: * 5 FETCH (PREVIEW "Preview text!")
            S: A3 OK …
            C: A4 FETCH 4 PREVIEW
            S: * 4 FETCH (PREVIEW {12}…softline …)
            S: A4 OK …
            C: A5 FETCH 1 PREVIEW (FUZZY)
            S: A5 BAD …
        """)




def test_in_all_modes(filled):
    """G: whole, byte by byte, split anywhere."""
    linnet.run_modes(filled, r"""
        C: a UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject {4+}
        C: from X-None)]<0.20> BINARY.SIZE[1])
        S*:
        S: a OK …
        C: b FETCH 1:* (ENVELOPE BODYSTRUCTURE PREVIEW)
        S*:
        S: b OK …
        C: c FETCH 4 BINARY.PEEK[3]
        S: c NO [UNKNOWN-CTE] …
        C: d FETCH 2 (BODY.PEEK[4.2.2.1] BODY.PEEK[TEXT]<10.20> BODY.PEEK[9.MIME])
        S*:
        S: d OK …
    """, splits=24)
    linnet.glued(filled, r"""
        C: a FETCH 1:5 (ENVELOPE PREVIEW (LAZY))
        S*:
        S: a OK …
    """)


def test_RFC6855_s3_utf8(maildir, imap):
    linnet.deliver(maildir, "Subject: caf\u00e9\n\nt\u00e9xt\n".encode(), flags="S")
    for _ in range(2):
        with imap() as session:
            session.wire.line()
            session.wire.ok("s", "SELECT INBOX")
            plain = session.wire.ok("a", "FETCH 1 ENVELOPE")[0]
            assert plain.startswith(b"* 1 FETCH (ENVELOPE (NIL {5}\r\ncaf\xc3\xa9 NIL")
        with imap() as session:
            session.wire.line()
            session.wire.ok("e", "ENABLE UTF8=ACCEPT")
            session.wire.ok("s", "SELECT INBOX")
            quoted = session.wire.ok("a", "FETCH 1 (ENVELOPE PREVIEW)")[0]
            assert quoted.startswith(b'* 1 FETCH (ENVELOPE (NIL "caf\xc3\xa9" NIL')
            assert quoted.endswith(b'PREVIEW "t\xef\xbf\xbd\xef\xbf\xbdxt")') or quoted.endswith(b'PREVIEW "t\xc3\xa9xt")')


# ---- what is kept (issue 4, part 4) ----

ALL_ITEMS = "(UID ENVELOPE BODYSTRUCTURE BODY BODY.PEEK[HEADER.FIELDS (Subject X-None To)] PREVIEW RFC822.SIZE)"


def cache_files(maildir):
    return sorted(maildir.glob("linnet.cache.*"))


def ask(filled):
    with filled() as session:
        return session.wire.ok("a", f"FETCH 1:* {ALL_ITEMS}")[:-1]


def test_kept_for_the_next_session(maildir, filled):
    """The second session opens no message: they may even be unreadable."""
    first = ask(filled)
    assert len(cache_files(maildir)) >= 5
    for path in (maildir / "cur").iterdir():
        path.chmod(0)
    try:
        assert ask(filled) == first
    finally:
        for path in (maildir / "cur").iterdir():
            path.chmod(0o600)


@pytest.mark.parametrize("damage", ["deleted", "empty", "random", "cut", "of another mailbox", "unreadable", "a directory"])
def test_W08_cache_files(maildir, filled, damage):
    first = ask(filled)
    for n, path in enumerate(cache_files(maildir)):
        data = path.read_bytes()
        path.unlink()
        if damage == "empty":
            path.write_bytes(b"")
        elif damage == "random":
            path.write_bytes(bytes((i * 7919 + n) % 251 for i in range(len(data))))
        elif damage == "cut":
            path.write_bytes(data[:len(data) * 2 // 3])
        elif damage == "of another mailbox":
            path.write_bytes(data[:20] + bytes([data[20] ^ 1]) + data[21:])
        elif damage == "unreadable":
            path.write_bytes(data)
            path.chmod(0)
        elif damage == "a directory":
            path.mkdir()
    linnet.own(maildir)
    if damage == "unreadable":
        for path in cache_files(maildir):
            path.chmod(0)
    assert ask(filled) == first
    assert ask(filled) == first


def test_W07_a_message_changed_in_place(maildir, filled):
    """Shorter, longer, of the same size: what was kept of it is not shown any more."""
    path = next(p for p in (maildir / "cur").iterdir() if p.name.startswith("1000000004."))
    for subject in (b"a much longer subject than it was", b"b", b"c"):
        ask(filled)
        path.write_bytes(b"Subject: " + subject + b"\n\ntext of " + subject + b"\n")
        linnet.own(maildir)
        with filled() as session:
            answer = session.wire.ok("a", f"FETCH 5 {ALL_ITEMS}")[0]
            assert answer.count(subject) >= 3
            assert b"Preview text" not in answer


def test_not_writable(maildir, filled):
    """Another's folder: the same answers, and nothing is left behind."""
    first = ask(filled)
    for path in cache_files(maildir):
        path.unlink()
    maildir.chmod(0o500)
    try:
        assert ask(filled) == first
        assert cache_files(maildir) == []
    finally:
        maildir.chmod(0o700)


def test_a_thousand_header_fields(maildir, filled):
    """A client that asks for ever other fields lets nothing grow."""
    with filled() as session:
        for n in range(300):
            session.wire.ok(f"a{n}", f"FETCH 1:* BODY.PEEK[HEADER.FIELDS (X-Field-{n})]")
    size = (maildir / "linnet.cache.fields").stat().st_size
    with filled() as session:
        for n in range(300, 1000):
            session.wire.ok(f"a{n}", f"FETCH 1:* BODY.PEEK[HEADER.FIELDS (X-Field-{n})]")
    assert (maildir / "linnet.cache.fields").stat().st_size <= size < 100_000
