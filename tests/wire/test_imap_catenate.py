"""test_imap_catenate.py - messages put together and replaced: RFC 3502, 4469, 5092, 6855, 7889, 8508"""
import os
import re

import pytest

import linnet

BOUNDARY = (b"Date: Thu, 1 Jan 2015 00:10:00 -0500 (EST)\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nfirst part\r\n"
            b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nX: y\r\n\r\ninner text\r\n--b--\r\n")


@pytest.fixture
def box(maildir):
    """Drafts with one message of many parts, as UID 1, and a simple one, as UID 2."""
    linnet.make_maildir(maildir, "Drafts", "Entw\u00fcrfe".encode("utf-7").decode().replace("+", "&"))
    linnet.deliver(maildir, BOUNDARY, flags="", folder="Drafts")
    linnet.deliver(maildir, (linnet.SIMPLE % (2, 2, 2)).replace(b"\r\n", b"\n"), flags="", folder="Drafts")
    return maildir


def files(maildir):
    return sorted(str(p.relative_to(maildir)) for p in maildir.rglob("*") if p.parent.name in ("cur", "new", "tmp"))


def fetch(wire, uid, item="BODY.PEEK[]"):
    answer = wire.ok("f", f"UID FETCH {uid} ({item})")[0]
    return re.search(rb"\{(\d+)\}\r\n(.*)\)$", answer, re.S)[2]


def body(wire, mailbox, uid, item="BODY.PEEK[]"):
    """The octets of a message, as another session sees them."""
    wire.ok("g", f"EXAMINE {mailbox}")
    return fetch(wire, uid, item)


def catenated(start, parts, selected=None):
    """The text that the parts (URL as str, text as bytes) give."""
    with start() as session:
        if selected:
            session.wire.ok("s", f"SELECT {selected}")
        line = b"a APPEND INBOX CATENATE ("
        for n, part in enumerate(parts):
            line += b" " if n else b""
            line += b'URL "%s"' % part.encode() if isinstance(part, str) else b"TEXT {%d+}\r\n%s" % (len(part), part)
        session.wire.send(line + b")\r\n")
        answer = session.wire.until_tag("a")[-1]
        uid = re.match(rb"a OK \[APPENDUID \d+ (\d+)\]", answer)
        return body(session.wire, "INBOX", int(uid[1])) if uid else answer


# --- RFC 3502: the dialogue of its section "APPEND Command" ---

FIRST = (b"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\nFrom: Fred Foobar <foobar@Blurdybloop.example.COM>\r\n"
         b"Subject: afternoon meeting\r\nTo: mooch@owatagu.example.net\r\n"
         b"Message-Id: <B27397-0100000@Blurdybloop.example.COM>\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"
         b"Hello Joe, do you think we can meet at 3:30 tomorrow?\r\n")
SECOND = (b"Date: Mon, 7 Feb 1994 22:43:04 -0800 (PST)\r\nFrom: Joe Mooch <mooch@OWaTaGu.example.net>\r\n"
          b"Subject: Re: afternoon meeting\r\nTo: foobar@blurdybloop.example.com\r\n"
          b"Message-Id: <a0434793874930@OWaTaGu.example.net>\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n3:30 is fine with me.\r\n")


def test_RFC3502_examples(box, start):
    linnet.make_maildir(box, "saved-messages")
    with start() as session:
        wire = session.wire
        wire.send(b"A003 APPEND saved-messages (\\Seen) {%d}\r\n" % len(FIRST))
        assert wire.line() == b"+ OK"
        wire.send(FIRST + b" (\\Seen) \" 7-Feb-1994 22:43:04 -0800\" {%d}\r\n" % len(SECOND))
        assert wire.line() == b"+ OK"
        wire.send(SECOND + b"\r\n")
        assert re.match(rb"A003 OK \[APPENDUID \d+ 1:2\] ", wire.line())
        wire.send_line("A004 APPEND bogusname (\\Flagged) {1023}")
        assert wire.line().startswith(b"A004 NO [TRYCREATE] ")
        assert body(wire, "saved-messages", 1) == FIRST and fetch(wire, 2) == SECOND
        assert b'INTERNALDATE "08-Feb-1994 06:43:04 +0000"' in wire.ok("i", "FETCH 2 INTERNALDATE")[0]


def test_RFC3502_the_second_one_is_refused(box, start):
    """A005 of the RFC: what the first one was is not kept either (here: too big instead of over quota)."""
    before = files(box)
    with start(settings="mail_max_append_size = 1000\n") as session:
        wire = session.wire
        wire.send(b"A005 APPEND Drafts (\\Flagged) {%d}\r\n" % len(FIRST))
        assert wire.line() == b"+ OK"
        wire.send(FIRST + b" {35403}\r\n")
        assert wire.line().startswith(b"A005 NO [TOOBIG] ")
    assert files(box) == before


# --- RFC 4469 ---

def test_RFC4469_3_as_in_the_example(box, start):
    """Text, a part's MIME header, an end, a header; before it a URL whose UIDVALIDITY is not the one."""
    with start() as session:
        session.wire.send(b"A003 APPEND Drafts (\\Seen \\Draft $MDNSent) CATENATE (TEXT {10}\r\n")
        assert session.wire.line() == b"+ OK"
        session.wire.send(b"Subject: a URL \"/Drafts;UIDVALIDITY=1/;UID=1\")\r\n")
        assert session.wire.line().startswith(b"A003 NO [BADURL /Drafts;UIDVALIDITY=1/;UID=1] ")
        session.wire.send(b"A004 APPEND Drafts (\\Seen \\Draft $MDNSent) CATENATE (TEXT {12}\r\n")
        assert session.wire.line() == b"+ OK"
        session.wire.send(b"Subject: a\r\n URL \"/Drafts/;UID=1/;SECTION=1.MIME\" TEXT {9}\r\n")
        assert session.wire.line() == b"+ OK"
        session.wire.send(b"\r\n--b--\r\n URL \"/Drafts/;UID=1/;section=HEADER\")\r\n")
        assert re.match(rb"A004 OK \[APPENDUID \d+ 3\] Append completed\.", session.wire.line())
        text = body(session.wire, "Drafts", 3)
        assert text == (b"Subject: a\r\nContent-Type: text/plain\r\n\r\n\r\n--b--\r\n" + BOUNDARY[:BOUNDARY.index(b"preamble")])
        flags = session.wire.ok("h", "FETCH 1:* FLAGS")
        assert flags[2].startswith(b"* 3 FETCH (FLAGS (\\Seen \\Draft $MDNSent") and b"\\Seen" not in flags[0]


@pytest.mark.parametrize("url,wanted", [
    ("/Drafts/;UID=1", BOUNDARY),
    ("Drafts/;UID=1", BOUNDARY),
    ("/Drafts/;UID=2", linnet.SIMPLE % (2, 2, 2)),
    ("/drafts%2F/;UID=1", None), ("/%44rafts/;UID=1", BOUNDARY),
    ("/Drafts/;UID=1/;SECTION=", None),
    ("/Drafts/;UID=1/;SECTION=TEXT", BOUNDARY[BOUNDARY.index(b"preamble"):]),
    ("/Drafts/;UID=1/;SECTION=1", b"first part"),
    ("/Drafts/;UID=1/;SECTION=1.MIME", b"Content-Type: text/plain\r\n\r\n"),
    ("/Drafts/;UID=1/;SECTION=2.HEADER", b"Subject: inner\r\nX: y\r\n\r\n"),
    ("/Drafts/;UID=1/;SECTION=2.TEXT", b"inner text"),
    ("/Drafts/;UID=1/;SECTION=2.1", b"inner text"),
    ("/Drafts/;UID=1/;SECTION=2.HEADER.FIELDS%20(X)", b"X: y\r\n\r\n"),
    ("/Drafts/;UID=2/;SECTION=HEADER.FIELDS%20(To%20Subject)",
     b"To: toto@mondomaine.local\r\nSubject: hello 2\r\n\r\n"),
    ("/Drafts/;UID=2/;SECTION=HEADER.FIELDS.NOT%20(To%20From%20Message-ID%20Date)", b"Subject: hello 2\r\n\r\n"),
    ("/Drafts/;UID=2/;PARTIAL=0.6", b"From: "),
    ("/Drafts/;UID=2/;SECTION=TEXT/;PARTIAL=5", b"of message 2.\r\n"),
    ("/Drafts/;UID=2/;PARTIAL=25.4", b"org>"),
    ("/Drafts/;UID=2/;PARTIAL=29.4", b"\r\nTo"),  # the octets of CRLF count, though the file has none
    ("/Drafts/;UID=1/;SECTION=3", None), ("/Drafts/;UID=1/;SECTION=1.HEADER", None),
    ("/Drafts/;UID=9", None), ("/Drafts/;UID=0", None), ("/Drafts/;UID=x", None), ("/Drafts/;UID=01", None),
    ("/Drafts/;UID=4294967297", None), ("/Drafts;UIDVALIDITY=0/;UID=1", None), ("/Drafts", None), ("", None),
    ("/", None), (";UID=1", None), ("//server/Drafts/;UID=1", None), ("imap://server/Drafts/;UID=1", None),
    ("/Drafts/;UID=1/;SECTION=BODY", None), ("/Drafts/;UID=1/;PARTIAL=1.0", None), ("/Drafts/;UID=1/;PARTIAL=", None),
    ("/Drafts/;UID=1;URLAUTH=anonymous:INTERNAL:91354a473744909de610943775f92038", None),
    ("/Drafts/;UID=1/;SECTION=1%00", None), ("/Drafts/;UID=1/;SECTION=1%", None), ("/../Drafts/;UID=1", None),
    ("/Nowhere/;UID=1", None), ("/Drafts?SUBJECT%20x/;UID=1", None),
])
def test_RFC5092_urls(box, start, url, wanted):
    got = catenated(start, [url])
    if wanted is None:
        assert got.startswith(b"a NO [BADURL " + url.encode() + b"] "), got
    else:
        assert got == wanted


def test_RFC5092_a_url_within_the_selected_mailbox(box, start):
    assert catenated(start, [";UID=1/;SECTION=1", b"\r\n"], selected="Drafts") == b"first part\r\n"


def test_RFC4469_4_1_a_bad_url_is_shown_encoded_G15(box, start):
    with start() as session:
        session.wire.send(b"a APPEND INBOX CATENATE (URL {10+}\r\n/]\r\nb NO x)\r\n")
        assert session.wire.line() == (b"a NO [BADURL /%5D%0D%0Ab%20NO%20x] "
                                       b"This is no URL of a message on this server.")


@pytest.mark.parametrize("sync", [True, False])
def test_RFC4469_3_url_as_a_literal(box, start, sync):
    with start() as session:
        plus = b"" if sync else b"+"
        session.wire.send(b"a APPEND INBOX CATENATE (URL {14%s}\r\n" % plus)
        if sync:
            assert session.wire.line() == b"+ OK"
        session.wire.send(b"/Drafts/;UID=1 TEXT {3%s}\r\n" % plus)
        if sync:
            assert session.wire.line() == b"+ OK"
        session.wire.send(b"end)\r\n")
        assert session.wire.line().startswith(b"a OK [APPENDUID ")
        assert body(session.wire, "INBOX", 1) == BOUNDARY + b"end"


def test_RFC4469_3_several_messages(box, start):
    with start() as session:
        session.wire.send(b"a APPEND INBOX (\\Seen) CATENATE (URL /Drafts/;UID=1 TEXT {1+}\r\nx) {3+}\r\nabc"
                          b" (\\Flagged) \"17-Jul-1996 02:44:25 -0700\" CATENATE (TEXT {3+}\r\ndef URL /Drafts/;UID=2)\r\n")
        assert re.match(rb"a OK \[APPENDUID \d+ 1:3\]", session.wire.line())
        assert body(session.wire, "INBOX", 1) == BOUNDARY + b"x"
        assert fetch(session.wire, 2) == b"abc"
        assert fetch(session.wire, 3) == b"def" + linnet.SIMPLE % (2, 2, 2)
        assert session.wire.ok("h", "FETCH 3 (FLAGS INTERNALDATE)")[0].startswith(b"* 3 FETCH (FLAGS (\\Flagged")


@pytest.mark.parametrize("text", [
    b"CATENATE (TEXT {3+}\r\nabc URL /Drafts/;UID=9)",          # the second part fails
    b"{3+}\r\nabc CATENATE (URL /Drafts/;UID=9)",               # the second message fails
    b"CATENATE (URL /Drafts/;UID=9 TEXT {3+}\r\nabc) {3+}\r\nabc",
    b"CATENATE (TEXT {3+}\r\nabc X)", b"CATENATE (TEXT {3+}\r\nabc", b"CATENATE (TEXT {3+}\r\nabc)x",
    b"CATENATE (TEXT {3+}\r\nabcTEXT {3+}\r\nabc)", b"CATENATE (TEXT {0+}\r\n)", b"UTF8 (~{3+}\r\nabc)",
    b"{3+}\r\nabc (\\Seen {3+}\r\nabc", b"{3+}\r\na\0c", b"UTF8 (~{3+}\r\nabc",
])
def test_G08_what_fails_leaves_nothing(box, start, text):
    before = files(box)
    with start() as session:
        session.wire.send(b"a APPEND INBOX " + text + b"\r\nb NOOP\r\n")
        answers = session.wire.until_tag("b")
        assert re.match(rb"a (NO|BAD) ", answers[0]), answers
        assert len(answers) == 2
    assert files(box) == before


def test_RFC4469_4_2_too_big(box, start):
    """Parts count together, before a literal is asked for."""
    settings = "mail_max_append_size = 200\n"
    with start(settings=settings) as session:
        session.wire.transcript(r"""
            C: a APPEND INBOX CATENATE (TEXT {201}
            S: a NO [TOOBIG] The message is too large.
            C: b APPEND INBOX CATENATE (TEXT {3+}
            C: abc TEXT {198}
            S: b NO [TOOBIG] The message is too large.
            C: c APPEND INBOX CATENATE (URL /Drafts/;UID=1 TEXT {3+}
            C: abc)
            S: c NO [TOOBIG] The message is too large.
            C: d APPEND INBOX CATENATE (URL /Drafts/;UID=1/;PARTIAL=0.100 TEXT {3+}
            C: abc)
            S: d OK [APPENDUID …
        """)


def test_RFC7889_2_the_limit_is_announced(start):
    with start(settings="mail_max_append_size = 1M\n") as session:
        assert b" APPENDLIMIT=1048576" in session.wire.ok("a", "CAPABILITY")[0]


def test_a_client_that_goes_in_between_leaves_nothing(box, start):
    before = files(box)
    for text in (b"CATENATE (TEXT {3+}\r\nab", b"CATENATE (TEXT {3+}\r\nabc", b"CATENATE (URL /Drafts/;UID=1 TEXT {9}\r\n",
                 b"{3+}\r\nabc {3+}\r\nab"):
        with start() as session:
            session.wire.send(b"a APPEND INBOX " + text)
    assert files(box) == before


def test_G01_arguments_have_a_budget(box, start):
    """Parts are counted, and the text between literals, over the whole command."""
    before = files(box)
    with start() as session:
        session.wire.send(b"a APPEND INBOX CATENATE (" + b" ".join([b"TEXT {0+}\r\n"] * 30001) + b")\r\nb NOOP\r\n")
        assert session.wire.line() == b"a BAD Error in IMAP command APPEND: too many messages or parts of messages."
        assert session.wire.line().startswith(b"b OK")
        flags = b" (" + b" ".join(b"k%02d" % n + b"x" * 250 for n in range(26)) + b") {1+}\r\nx"
        session.wire.send(b"c APPEND INBOX" + flags * 170 + b"\r\nd NOOP\r\n")
        assert session.wire.line() == b"c BAD Error in IMAP command APPEND: Command is too large."
        assert session.wire.line().startswith(b"d OK")
    assert files(box) == before


# --- RFC 6855 ---

def test_RFC6855_3_names_in_utf8(maildir, start):
    with start() as session:
        session.wire.transcript("""
            C: a CREATE &AOk-t&AOk-
            S: a OK …
            C: b ENABLE UTF8=ACCEPT
            S: * ENABLED UTF8=ACCEPT
            S: b OK …
            C: c STATUS "\u00e9t\u00e9" (MESSAGES)
            S: * STATUS "\u00e9t\u00e9" (MESSAGES 0)
            S: c OK …
            C: d STATUS &AOk-t&AOk- (MESSAGES)
            S: d NO [NONEXISTENT] Mailbox doesn't exist: &AOk-t&AOk-
            C!: e STATUS "\\xff" (MESSAGES)
            S: e BAD Error in IMAP command STATUS: a quoted string must be UTF-8.
            C: f LIST "" *t\u00e9
            S: f BAD …
            C: g LIST "" "*t\u00e9"
            S: * LIST (\\HasNoChildren) "." "\u00e9t\u00e9"
            S: g OK …
        """)


def test_RFC6855_4_utf8_literal(box, start):
    text = "Subject: \u00e9t\u00e9\r\n\r\nbody\r\n".encode()
    with start() as session:
        wire = session.wire
        wire.send(b"a APPEND INBOX UTF8 (~{%d+}\r\n%s)\r\n" % (len(text), text))
        assert wire.line().startswith(b"a NO [CANNOT] ")
        wire.ok("b", "ENABLE UTF8=ACCEPT")
        wire.send(b"c APPEND INBOX (\\Seen) UTF8 (~{%d+}\r\n%s) CATENATE (UTF8 (~{%d+}\r\n%s) URL /Drafts/;UID=1)\r\n"
                  % (len(text), text, len(text), text))
        assert re.match(rb"c OK \[APPENDUID \d+ 1:2\]", wire.line())
        assert body(wire, "INBOX", 1) == text
        assert fetch(wire, 2) == text + BOUNDARY


# --- RFC 8508 ---

REPLACEMENT = b"Date: Thu, 1 Jan 2015 00:05:00 -0500 (EST)\r\nSubject: happy new year !!\r\n\r\nfireworks\r\n"


def replace(wire, arguments, tag="a", command="REPLACE", text=REPLACEMENT):
    wire.send(f"{tag} {command} {arguments} {{{len(text)}+}}\r\n".encode() + text + b"\r\n")
    return wire.until_tag(tag)


def test_RFC8508_3_2_example(box, start):
    linnet.fill(box, 4, flags="")
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        answers = replace(session.wire, r"4 INBOX (\Seen \Draft)", "A003")
        assert re.fullmatch(rb"\* OK \[APPENDUID \d+ 5\] Replacement message ready", answers[0])
        assert b"* 4 EXPUNGE" in answers and b"* 4 EXISTS" in answers
        assert answers[-1] == b"A003 OK Replace completed."
        assert fetch(session.wire, 5) == REPLACEMENT
        answers = replace(session.wire, r"5 INBOX (\Seen \Draft)", "A004", "UID REPLACE")
        assert re.fullmatch(rb"\* OK \[APPENDUID \d+ 6\] .*", answers[0]) and b"* 4 EXPUNGE" in answers
        assert session.wire.ok("u", "UID SEARCH ALL")[0] == b"* SEARCH 1 2 3 6"


def test_RFC8508_4_2_with_catenate(box, start):
    with start() as session:
        session.wire.ok("s", "SELECT Drafts")
        session.wire.send(b"A011 UID REPLACE 1 Drafts CATENATE (TEXT {71}\r\n")
        assert session.wire.line() == b"+ OK"
        session.wire.send(b"To: Mitzy <miss.mitzy@example.org>\r\nSubject: My view of the fireworks\r\n"
                          b" URL \"/Drafts/;UID=1\")\r\n")
        answers = session.wire.until_tag("A011")
        assert re.fullmatch(rb"\* OK \[APPENDUID \d+ 3\] .*", answers[0]) and b"* 1 EXPUNGE" in answers
        assert fetch(session.wire, 3).endswith(BOUNDARY)


def test_RFC8508_4_5_with_qresync(box, start):
    linnet.make_maildir(box, "Sent")
    with start() as session:
        session.wire.ok("e", "ENABLE QRESYNC")
        session.wire.ok("s", "SELECT Drafts")
        answers = replace(session.wire, "1 Sent")
        assert answers[1] == b"* VANISHED 1"
        assert re.match(rb"a OK \[HIGHESTMODSEQ \d+\] Replace completed", answers[-1])
        assert session.wire.ok("t", "STATUS Sent (MESSAGES)")[0] == b"* STATUS Sent (MESSAGES 1)"


@pytest.mark.parametrize("select,command,arguments,reply", [
    ("SELECT", "REPLACE", "0 Drafts", b"a BAD "), ("SELECT", "REPLACE", "3 Drafts", b"a BAD "),
    ("SELECT", "REPLACE", "4294967295 Drafts", b"a BAD "), ("SELECT", "UID REPLACE", "9 Drafts", b"a NO "),
    ("SELECT", "REPLACE", "1 Nowhere", b"a NO [TRYCREATE] "), ("EXAMINE", "REPLACE", "1 Drafts", b"a NO [READ-ONLY] "),
    ("SELECT", "REPLACE", "1:2 Drafts", b"a BAD "), ("SELECT", "REPLACE", "1 Drafts (\\Recent)", b"a BAD "),
    ("SELECT", "REPLACE", "1 ../x", b"a NO [CANNOT] "),
])
def test_G20_replace_that_cannot_be(box, start, select, command, arguments, reply):
    with start() as session:
        session.wire.ok("s", f"{select} Drafts")
        before = files(box)
        answers = replace(session.wire, arguments, command=command)
        assert answers[-1].startswith(reply), answers
        session.wire.send(f"b {command} {arguments} {{100}}\r\n".encode())  # refused before it is asked for
        assert session.wire.until_tag("b")[-1].startswith(b"b" + reply[1:])
        assert files(box) == before


def test_RFC8508_3_5_needs_a_mailbox(box, start):
    with start() as session:
        assert replace(session.wire, "1 Drafts")[-1] == b"a BAD Error in IMAP command REPLACE: No mailbox selected."


# --- the four modes ---

DIALOGUE = """
    C: a SELECT Drafts
    S*:
    S: a OK …
    C: b APPEND INBOX (\\Seen) CATENATE (TEXT {4+}
    C: ab TEXT {2+}
    C!: cd URL ";UID=1/;SECTION=1" URL {8+}
    C: /X/;UID=1)
    S: b BAD …
    C: c APPEND INBOX CATENATE (TEXT {2+}
    C: ab URL "/Drafts/;UID=1/;SECTION=1/;PARTIAL=0.5" URL {14+}
    C: /Drafts/;UID=9)
    S: c NO [BADURL /Drafts/;UID=9] There is no such message.
    C: d APPEND INBOX CATENATE (TEXT {2+}
    C: ab URL ";UID=1/;SECTION=1/;PARTIAL=0.5" TEXT {1+}
    C: c) (\\Flagged) ~{3+}
    C: def
    S~: d OK \\[APPENDUID \\d+ 1:2\\] Append completed\\.
    C: e REPLACE 2 Drafts (\\Draft) CATENATE (TEXT {2+}
    C: xy)
    S: * OK [APPENDUID …
    S*:
    S: e OK Replace completed.
    C: f UID REPLACE 3 Drafts {0+}
    C:
    S: f NO Can't save a zero byte message.
    C: g UID REPLACE 3 Drafts UTF8 (~{2+}
    C: xy)
    S: g NO [CANNOT] UTF8=ACCEPT has to be enabled first.
    C: h UNSELECT
    S: h OK …
"""


@pytest.mark.parametrize("way", ["modes", "glued"])
def test_in_pieces_and_glued(folder, way):
    """Whole, byte by byte, split anywhere, and with the next command glued on."""
    def fill(maildir):
        linnet.deliver(maildir, BOUNDARY, flags="", folder="Drafts")
        linnet.deliver(maildir, linnet.SIMPLE % (2, 2, 2), flags="", folder="Drafts")
    linnet.in_pieces_and_glued(way, folder, fill, DIALOGUE, "Drafts")


@pytest.mark.parametrize("command", ["UNAUTHENTICATE", "GENURLAUTH x INTERNAL", "RESETKEY", "URLFETCH x", "CONVERT 1 (x)",
                                     "UID CONVERT 1 (x)", "CONVERSIONS a b", "XLIST \"\" *"])
def test_what_is_left_out_on_purpose(start, command):
    with start() as session:
        answer = session.wire.command("a", command)[-1]
        assert answer.startswith(b"a BAD Error in IMAP command ") and answer.endswith(b": Unknown command.")
