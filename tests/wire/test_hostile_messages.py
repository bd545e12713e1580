"""test_hostile_messages.py - each hostile message (M01 ... M23) by every command that looks into messages

Anybody may deliver these and the victim's client opens them.  What must hold for each: the octets are the file's with
CRLF, every size that is told is the number of octets that come, every answer can be parsed by a strict client, the second
answer (from the cache) and one without the cache are the first, IMAP and POP3 agree, and it costs little.
"""
import itertools
import re
import shutil

import pytest

import linnet


def nested(count):
    return b"".join(b"Content-Type: multipart/mixed; boundary=%d-\n\n--%d-\n" % (i, i) for i in range(count)) + b"\nx\n"


def parts(count, closed=True):
    return b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * count + (b"--b--\n" if closed else b"")


def text(fields, body=b"x\n", encoding=b"", kind=b"text/plain"):
    extra = b"Content-Transfer-Encoding: %s\n" % encoding if encoding else b""
    return b"Content-Type: %s\n%s%s\n%s" % (kind, extra, fields, body)


def page_end(message):
    """The file ends where a page of memory ends: a byte too far is a crash."""
    return b"X-Fill: " + b"f" * (4096 - len(message) - 9) + b"\n" + message


MESSAGES = {
    "M01 NUL in a name": b"Sub\0ject: x\n\nx\n",
    "M01 NUL in a value": b"Subject: a\0b\nFrom: a\0b <c\0d@e\0f>\nMessage-ID: <\0@\0>\n\nx\0\n",
    "M01 NUL in a boundary": b"Content-Type: multipart/mixed; boundary=\"a\0b\"\n\n--a\0b\n\nx\n--a\0b--\n",
    "M01 only NUL": b"\0" * 10000,
    "M02 empty": b"",
    "M02 one LF": b"\n",
    "M02 one CRLF": b"\r\n",
    "M02 headers only": b"Subject: x\nFrom: a@b",
    "M02 body only": b"\nbody",
    "M02 mixed": b"A: 1\r\nB: 2\n\r\n.\n.\r\nx",
    "M02 CR at the end": b"A: 1\n\nx\r",
    "M03 long line": b"Subject: x\n\n" + b"z" * 300000,
    "M03 long header": b"Subject: " + b"h" * 300000 + b"\n\nx\n",
    "M03 continuation lines": b"Subject: x\n" + b" y\n" * 100000 + b"\nx\n",
    "M04 many headers": b"".join(b"X-%d: y\n" % i for i in range(50000)) + b"\nx\n",
    "M05 nested 100": nested(100),
    "M05 nested 101": nested(101),
    "M05 nested 10000": nested(10000),
    "M06 parts 10000": parts(9999),
    "M06 parts 10001": parts(10001, False),
    "M06 parts 30000": parts(30000),
    "M06 empty parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 5000,
    "M06 prefix": b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n\n--ab\n\nx\n--a\n\n"
                  b"y\n--ab--\n\nz\n--a--\n",
    "M06 boundary 8000": b"Content-Type: multipart/mixed; boundary=" + b"q" * 8000 + b"\n\n--" + b"q" * 8000 + b"\n\nx\n",
    "M06 boundary empty": b"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx\n----\n",
    "M06 boundary twice": b"Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\nx\n--b\n\ny\n--a--\n",
    "M07 messages 10000": b"Content-Type: message/rfc822\n\n" * 10000 + b"Subject: in\n\nx\n",
    "M07 last is a message": parts(9990, False) + b"--b\nContent-Type: message/rfc822\n\nSubject: in\n\nx\n--b--\n",
    "M09 no boundary": b"Content-Type: multipart/mixed\n\n--\n\nx\n",
    "M09 lies": text(b"Content-Length: 99999999\nLines: -1\n"),
    "M09 unknown encoding": text(b"", b"x\n", b"x-unknown"),
    "M09 encoded multipart": b"Content-Transfer-Encoding: base64\n" + parts(3),
    "M10 From": b"From: a@b\nTo: c@d\n" * 50000 + b"\nx\n",
    "M11 addresses": b"To: " + b"a@b," * 100000 + b"\n\nx\n",
    "M11 groups": b"To: " + b"a:b:c:;;;" * 100000 + b"\n\nx\n",
    "M11 comments": b"To: " + b"(" * 200000 + b"\nFrom: " + b"()" * 100000 + b"a@b\n\nx\n",
    "M11 quotes": b"To: " + b'"' * 200001 + b"\nFrom: " + b"<" * 100000 + b"\nCc: " + b"\\" * 100001 + b"\nBcc: " + b"[" * 9999 + b"\n\nx\n",
    "M12 QP bomb": text(b"", b"=" * 300000 + b"\n", b"quoted-printable"),
    "M12 QP at the end": text(b"", b"abc=", b"quoted-printable"),
    "M12 QP half": text(b"", b"abc=4", b"quoted-printable"),
    "M12 base64 bad": text(b"", b"YWJj!!!!ZGVm=ZZ==\n====A\xff\xfe\n" * 20000, b"base64"),
    "M12 UTF-7": text(b"", b"+AAAA-+2AA-+ADw-script+AD4-\n", b"7bit", b"text/plain; charset=utf-7"),
    "M12 UTF-16": text(b"", b"\0d\xd8\0\xdc", b"binary", b"text/plain; charset=utf-16"),
    "M13 nested": b"Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= =?utf-8?b?=?utf-8?q?x?=?=\n\nx\n",
    "M13 1 MB": b"Subject: =?utf-8?q?" + b"=C3=A9" * 170000 + b"?=\nFrom: =?utf-8?b?" + b"QUJD" * 99999 + b"?= <a@b>\n\nx\n",
    "M13 charsets": b"Subject: =?x-no-such?q?a?= =?utf-8*en?q?b?= =?../../etc?q?c?= =?iso-2022-jp?b?GyRC?= =?utf-7?q?+AAA-?=\n\nx\n",
    "M13 split bytes": b"Subject: =?utf-8?q?=C3?= =?utf-8?q?=A9?= =?utf-8?b?4oI=?= =?utf-8?b?rA==?=\n\nx\n",
    "M13 NUL CR LF": b"Subject: =?utf-8?q?=00=0D=0Ax=20OK=0D=0A?=\nFrom: =?utf-8?q?=0D=0A*_BYE?= <a@b>\n\nx\n",
    "M13 many words": b"Subject: " + b"=?utf-8?q?a?= " * 100000 + b"\n\nx\n",
    "M14 sections": b"Content-Type: text/plain" + b"".join(b";\n n*%d*=x" % i for i in range(100000)) + b"\n\nx\n",
    "M14 odd": b"Content-Type: text/plain; n*0*=utf-8''%41; n*2=c; n*1=b; n*1=B; n*-1=z; n*99999999999999999999=y; n**=q; n*=%ZZ%0; "
               b"m*=iso-8859-1'de'%E9%00%0D%0A; *=x; *0=y; =z\nContent-Disposition: attachment; filename*0*=x; filename*1=\"y\\\"z\"\n\nx\n",
    "M15 comment": page_end(b"From: a (comment\\"),
    "M15 word": page_end(b"Subject: =?"),
    "M15 word 2": page_end(b"Subject: =?utf-8?q?="),
    "M15 quote": page_end(b'From: "a\\'),
    "M15 angle": page_end(b"From: <a@"),
    "M15 type": page_end(b'Content-Type: text/plain; a="\\'),
    "M15 colon": page_end(b"Date:"),
    "M15 boundary": page_end(b"Content-Type: multipart/mixed; boundary=b\n\n--b"),
    "M15 base64": page_end(b"Content-Transfer-Encoding: base64\n\nYQ"),
    "M15 literal": page_end(b"To: a@[\\"),
    "M16 bad date": b"Date: 32 Foo 99999 25:61:61 +9999\nSubject: d\n\nx\n",
    "M16 long date": b"Date: " + b"1 " * 500000 + b"\n\nx\n",
    "M16 negative": b"Date: Mon, -1 Jan -2024 -1:-1:-1 -9999\n\nx\n",
    "M16 far": b"Date: Fri, 31 Dec 9999 23:59:60 +1400\n\nx\n",
    "M16 huge": b"Date: 1 Jan 99999999999999999999 00:00:00 +99999999999\n\nx\n",
    "M17 tags": text(b"", b"<" * 300000, kind=b"text/html"),
    "M17 script": text(b"", b"<script>" + b"x<!--" * 100000, kind=b"text/html"),
    "M17 divs": text(b"", b"<div>" * 200000 + b"hi", kind=b"text/html"),
    "M17 entities": text(b"", b"&#0;&#13;&#10;&#27;&#x110000;&#99999999999999;&amp&lt;" * 5000, kind=b"text/html"),
    "M18 group": b"From: group:;\nTo:\nCc: ,,,\nSender: <>\nReply-To: <@a,@b:c@d>\nBcc: g:a@b,c@d;,e@f\n\nx\n",
    "M18 broken": b"From: @\nTo: a@b c@d\nCc: <a@b><c@d>\nBcc: ;;;:::\nSender: \"\"@\"\"\nReply-To: a@b@c\n\nx\n",
    "M19 references": b"References: " + b"".join(b"<%d@x>\n " % i for i in range(100000)) + b"\nMessage-ID: <r@x>\n\nx\n",
    "M19 cycle A": b"Message-ID: <A@x>\nReferences: <B@x>\nSubject: c\n\nx\n",
    "M19 cycle B": b"Message-ID: <B@x>\nReferences: <A@x>\nSubject: c\n\nx\n",
    "M19 self": b"Message-ID: <S@x>\nReferences: <S@x> <S@x>\nIn-Reply-To: <S@x>\nSubject: Re: c\n\nx\n",
    "M19 same id": b"Message-ID: <A@x>\nSubject: Re: Re: Fwd: [x] c (fwd)\n\nx\n",
    "M19 subject": b"Subject: " + b"Re: [x] " * 100000 + b"\n\nx\n",
    "M21 bare CR": b"Subject: a\rb\rc OK x\r\n\r\nx\r\n",
    "M21 bare CR in all": b"From: \"a\r\" <b\r@c\r>\rTo: x\nMessage-ID: <\r>\nIn-Reply-To: \r\nContent-ID: <\r>\nContent-Type: te\rxt/plain;\ra=\"\r\"\n\nx\n",
    "M21 8-bit": bytes(range(128, 256)) + b": " + bytes(range(128, 256)) + b"\nSubject: " + bytes(range(1, 10)) + bytes(range(14, 256)) +
                 b"\nContent-Type: text/plain; a=\"" + bytes(range(128, 256)) + b"\"\n\nx\n",
    "M24 gzip": b"\x1f\x8b\x08\0" + bytes(range(256)) * 8,
}
NAMES = list(MESSAGES)


def wanted(message):
    """What a client must get: CRLF, and no NUL."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", message).replace(b"\0", b"\x80")


# --- a client that forgives nothing -----------------------------------------------------------------

TOKEN = re.compile(rb'(?P<open>\()|(?P<close>\))|(?P<space> )|\{(?P<size>\d+)\}\r\n|'
                   rb'"(?P<quoted>(?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"|(?P<atom>[^\x00-\x20"\\\x7f-\xff(){%]+)')


def parse(data):
    """Nested lists, strings as bytes, atoms as (bytes,), of an answer's text; anything not of the grammar fails."""
    stack, at = [[]], 0
    while at < len(data):
        found = TOKEN.match(data, at)
        assert found, data[max(0, at - 80):at + 80]
        at = found.end()
        if found["open"]:
            stack.append([])
        elif found["close"]:
            stack[-2].append(stack.pop())
        elif found["size"]:
            size = int(found["size"])
            stack[-1].append(data[at:at + size])
            at += size
        elif found["quoted"] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", found["quoted"]))
        elif found["atom"]:
            stack[-1].append((found["atom"],))
    assert len(stack) == 1
    return stack[0]


def fetched(answer):
    """{item: value} of one FETCH answer whose items have no brackets."""
    head = re.match(rb"\* \d+ FETCH ", answer)
    (items,) = parse(answer[head.end():])
    return {items[n][0]: items[n + 1] for n in range(0, len(items), 2)}


def leaves(structure, path=()):
    """(part number, octets) of each leaf that is no message."""
    todo = [(structure, path)]
    while todo:
        node, where = todo.pop()
        if isinstance(node[0], list):
            children = itertools.takewhile(lambda child: isinstance(child, list), node)
            todo += [(child, where + (n,)) for n, child in enumerate(children, 1)]
        elif (node[0].upper(), node[1].upper()) != (b"MESSAGE", b"RFC822"):
            yield ".".join(map(str, where or (1,))), int(node[6][0])


# --- the sessions -------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def mail():
    """A Maildir with one of each."""
    with linnet.temporary_folder() as folder:
        maildir = linnet.make_maildir(folder / "mail")
        for n, message in enumerate(MESSAGES.values()):
            linnet.deliver(maildir, message, flags="S", when=1000000000 + n, name=f"{1000000000 + n}.M1P1.host")
        yield maildir


@pytest.fixture
def selected(mail):
    def begin():
        session = linnet.preauth("imapd", mail, timeout=60)
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        return session
    return begin


ITEMS = ("ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE PREVIEW INTERNALDATE UID BINARY.SIZE[1] BODY.PEEK[HEADER] BODY.PEEK[1] "
         "BODY.PEEK[1.MIME] BODY.PEEK[2.1] BODY.PEEK[TEXT]<0.100> BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)] "
         "BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT FROM)]<10.999>").replace(" ", "|").split("|")


def items():
    """ITEMS, with those put together again that hold a space."""
    joined, found = "", []
    for word in ITEMS:
        joined = f"{joined} {word}".strip()
        if joined.count("[") == joined.count("]") and joined.count("(") == joined.count(")"):
            found.append(joined)
            joined = ""
    return found


def strict(session, number, item, tag="a"):
    """The answer to one FETCH; OK, or the one NO that an item may have."""
    session.wire.received = b""  # or Python copies all that ever came
    answers = session.wire.command(tag, f"FETCH {number} ({item})")
    assert re.match(rb"a (OK|NO \[UNKNOWN-CTE\]) ", answers[-1]), (NAMES[number - 1], item, answers[-1])
    assert len(answers) <= 2
    return answers[0] if len(answers) == 2 else b""


def test_M_octets_sizes_and_grammar(selected):
    """Each item alone; sizes and octets agree; the same again from the cache."""
    with selected() as session:
        for number, (name, message) in enumerate(MESSAGES.items(), 1):
            before = linnet.cpu_seconds(session.pid)
            body = strict(session, number, "BODY.PEEK[]")
            octets = re.search(rb"BODY\[\] (?:\{(\d+)\}\r\n|\"\")", body)
            assert body[octets.end():len(body) - 1] == wanted(message), name
            first = fetched(strict(session, number, "ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE PREVIEW"))
            assert int(first[b"RFC822.SIZE"][0]) == len(wanted(message)), name
            assert len(first[b"ENVELOPE"]) == 10, name
            preview = first[b"PREVIEW"]
            assert preview == (b"NIL",) or not re.search(rb"[\0-\x1f\x7f]", preview) and len(preview.decode()) <= 200, name
            for part, size in list(leaves(first[b"BODYSTRUCTURE"]))[:40]:
                answer = strict(session, number, f"BODY.PEEK[{part}]")
                got = re.search(rb"BODY\[[\d.]+\] (?:\{(\d+)\}|\"([^\"]*)\"|NIL)", answer)
                assert got and int(got[1] or len(got[2] or b"")) == size, (name, part, size, answer[:100])
            for item in items():
                once = strict(session, number, item)
                assert strict(session, number, item) == once, (name, item)
            if not linnet.is_sanitized():
                assert linnet.cpu_seconds(session.pid) - before < 3, name
        if not linnet.is_sanitized():
            assert int(linnet.process_status(session.pid)["VmHWM"].split()[0]) < 96 * 1024


def test_M_the_cache_changes_nothing(selected, mail):
    """What the next session reads from the cache is what one without any cache computes."""
    wanted_items = "ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE PREVIEW BODY.PEEK[HEADER.FIELDS (SUBJECT FROM DATE REFERENCES)]"
    answers = []
    for _ in range(3):
        with selected() as session:
            answers.append(session.wire.ok("a", f"FETCH 1:* ({wanted_items})"))
        if len(answers) == 2:
            for path in mail.glob("linnet.cache*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]) == len(MESSAGES) + 1


SEARCHES = [
    'SUBJECT x', 'FROM a', 'TO a@b', 'CC c', 'BCC d', 'BODY x', 'TEXT needle', 'HEADER References ""', 'HEADER Message-ID A@x',
    'HEADER Content-Type text', 'SENTON 1-Jan-2024', 'SENTBEFORE 1-Jan-2024', 'SENTSINCE 1-Jan-9999', 'LARGER 100', 'SMALLER 100',
    'CHARSET UTF-8 SUBJECT "Re"', 'TEXT "<"', 'BODY "="',
]
ORDERS = ["ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO", "REVERSE SUBJECT DATE"]


def test_M16_M19_search_sort_thread(selected):
    """Twice the same, every message once in an order and in a thread, little time."""
    everyone = set(range(1, len(MESSAGES) + 1))
    with selected() as session:
        wire = session.wire
        before = linnet.cpu_seconds(session.pid)
        for keys in SEARCHES:
            found = wire.ok("a", f"SEARCH {keys}")
            assert wire.ok("a", f"SEARCH {keys}") == found
            opposite = wire.ok("a", f"SEARCH NOT {keys}" if "CHARSET" not in keys else f"SEARCH CHARSET UTF-8 NOT {keys[14:]}")
            numbers = {int(n) for n in found[0].split()[2:]}, {int(n) for n in opposite[0].split()[2:]}
            assert numbers[0] | numbers[1] == everyone and not numbers[0] & numbers[1], keys
        for order in ORDERS:
            found = wire.ok("a", f"SORT ({order}) UTF-8 ALL")
            assert sorted(int(n) for n in found[0].split()[2:]) == sorted(everyone), order
            assert wire.ok("a", f"SORT ({order}) UTF-8 ALL") == found
        for kind in ("REFERENCES", "REFS", "ORDEREDSUBJECT"):
            found = wire.ok("a", f"THREAD {kind} UTF-8 ALL")
            assert sorted(int(n) for n in re.findall(rb"\d+", found[0][len(b"* THREAD"):])) == sorted(everyone), kind
            assert found[0].count(b"(") == found[0].count(b")")
            assert wire.ok("a", f"THREAD {kind} UTF-8 ALL") == found
        if not linnet.is_sanitized():
            assert linnet.cpu_seconds(session.pid) - before < 15
            assert int(linnet.process_status(session.pid)["VmHWM"].split()[0]) < 128 * 1024


def test_M_pop3_agrees(mail, selected):
    """LIST, RETR and TOP: the sizes of LIST are the octets of RETR, the octets those of IMAP."""
    with linnet.preauth("pop3d", mail, timeout=60) as session:
        wire = session.wire
        wire.line()
        assert wire.pop("LIST").startswith(b"+OK")
        sizes = dict(tuple(map(int, line.split())) for line in wire.until_dot())
        for number, (name, message) in enumerate(MESSAGES.items(), 1):
            octets = wanted(message)
            assert sizes[number] == len(octets), name
            for command, whole in ((f"TOP {number} 0", False), (f"TOP {number} 4294967295", True), (f"RETR {number}", True)):
                wire.received = b""
                wire.send_line(command)
                assert wire.line().startswith(b"+OK"), name
                got = bytearray()
                while not (got == b".\r\n" or got.endswith(b"\r\n.\r\n")):
                    if not wire.buffer:
                        assert wire._more(command), name
                    got += wire.buffer
                    wire.buffer = b""
                got = re.sub(rb"(?m)^\.", b"", bytes(got[:-3]))
                ended = octets if octets.endswith(b"\r\n") or not octets else octets + b"\r\n"
                assert got == ended if whole else ended.startswith(got[:-2]), (name, command, got[:80], ended[:80])
        assert wire.pop("QUIT").startswith(b"+OK")
