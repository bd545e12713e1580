"""test_hostile_commands.py - generators over the whole grammar of IMAP: every number, every bracket, every literal

P09 ... P11, G01 ... G06, G22, N20.  Each row of a table is a place in a command; each place meets each hostile value.
After each command the session must still answer, in order; at the end its memory and its processor time are looked at.
"""
import re

import pytest

import linnet

U32, U63 = 2 ** 32 - 1, 2 ** 63 - 1
MAILBOX = "SELECT INBOX"


@pytest.fixture
def box(start, maildir):
    """box(): a session that has INBOX with three messages selected; checked for what it cost at its end."""
    linnet.fill(maildir, 3, flags="S")

    def begin(enable="", **how):
        session = start(**how)
        if enable:
            session.wire.ok("e", f"ENABLE {enable}")
        session.wire.ok("s", MAILBOX)
        return session
    return begin


def cheap(session, seconds=5.0, kib=32 * 1024):
    """Omega 2: what the commands before cost.  (A sanitizer's sizes say nothing.)"""
    if not linnet.is_sanitized():
        assert linnet.cpu_seconds(session.pid) < seconds
        assert int(linnet.process_status(session.pid)["VmHWM"].split()[0]) < kib


def tagged(wire, text, tag="a"):
    """The tagged answer of a command that leaves the session alive; OK, NO or BAD, and nothing to a command not sent."""
    answers = wire.command(tag, text)
    assert re.match(rb"a (OK|NO|BAD) ", answers[-1]), answers[-1]
    assert wire.command("n", "NOOP")[-1].startswith(b"n OK"), text
    return answers[-1]


# --- numbers --------------------------------------------------------------------------------------

# a place where a number stands, the largest one that the grammar has, and whether 0 is one
NUMBERS = [
    ("FETCH 1 BODY.PEEK[]<{}.1>", U63, True),
    ("FETCH 1 BODY.PEEK[]<0.{}>", U63, False),
    ("FETCH 1 BINARY.PEEK[1]<{}.5>", U63, True),
    ("FETCH 1 BINARY.PEEK[1]<5.{}>", U63, False),
    ("FETCH 1 BINARY.SIZE[{}]", U32, False),
    ("FETCH 1 BODY.PEEK[{}]", U32, False),
    ("FETCH 1 BODY.PEEK[1.{}.MIME]", U32, False),
    ("FETCH 1 UID (CHANGEDSINCE {})", U63, True),
    ("UID FETCH 1:* UID (CHANGEDSINCE {} VANISHED)", U63, True),
    ("UID FETCH 1:* UID (PARTIAL 1:{})", U32, False),
    ("UID FETCH 1:* UID (PARTIAL -1:-{})", U32, False),
    ("STORE 1 (UNCHANGEDSINCE {}) +FLAGS.SILENT (x)", U63, True),
    ("UID STORE 1 (UNCHANGEDSINCE {}) +FLAGS.SILENT (x)", U63, True),
    ("SELECT INBOX (QRESYNC ({} 1))", U32, False),
    ("SELECT INBOX (QRESYNC (1 {}))", U63, None),  # RFC: not 0; Dovecot and we take it for "all"
    ("SELECT INBOX (QRESYNC (1 1 {}))", U32, False),
    ("SELECT INBOX (QRESYNC (1 1 1:{} (1 1)))", U32, False),
    ("SELECT INBOX (QRESYNC (1 1 1:9 ({} 1)))", U32, False),
    ("SELECT INBOX (QRESYNC (1 1 1:9 (1 {})))", U32, False),
    ("SEARCH MODSEQ {}", U63, True),
    ('SEARCH MODSEQ "/flags/\\\\Seen" all {}', U63, True),
    ("SEARCH LARGER {}", U63, True),
    ("SEARCH SMALLER {}", U63, True),
    ("SEARCH OLDER {}", U32, False),
    ("SEARCH YOUNGER {}", U32, False),
    ("SEARCH UID {}", U32, False),
    ("SEARCH UID {}:*", U32, False),
    ("UID SEARCH UID 7:{}", U32, False),
    ("SEARCH RETURN (PARTIAL {}:5) ALL", U32, False),
    ("SEARCH RETURN (PARTIAL -1:-{}) ALL", U32, False),
    ("SORT RETURN (PARTIAL 1:{}) (SUBJECT) UTF-8 ALL", U32, False),
    ("UID SORT (ARRIVAL) UTF-8 LARGER {}", U63, True),
    ("THREAD REFS UTF-8 SMALLER {}", U63, True),
    ("UID COPY {} nowhere", U32, False),
    ("UID MOVE 9:{} nowhere", U32, False),
    ("UID EXPUNGE {}", U32, False),
    ("UID STORE {} +FLAGS.SILENT (x)", U32, False),
    ("UID FETCH {} UID", U32, False),
    ('SETQUOTA "" (STORAGE {})', U63, True),
    ("GETMETADATA (MAXSIZE {}) INBOX /private/x", U32, True),
    ("NOTIFY SET (selected (MessageNew (BODY.PEEK[{}]) MessageExpunge))", U32, False),
    ("NOTIFY SET (selected (MessageNew (BODY.PEEK[]<0.{}>) MessageExpunge))", U63, False),
]
NO_NUMBERS = ["-1", "+1", "", " 1", "1x", "0x1", "1e3", "1,", "1.", '"1"', "NIL", "٣",
              str(2 ** 64), str(2 ** 64 + 1), str(2 ** 65), "9" * 1000]


@pytest.mark.parametrize("place, most, has_zero", NUMBERS, ids=lambda v: re.sub(r"[^\w{}]+", "-", str(v))[:44])
def test_G04_G06_G17_numbers(box, place, most, has_zero):
    with box("QRESYNC") as session:
        wire = session.wire
        for value in ("1", str(most), str(most - 1), str(2 ** 31), str(2 ** 31 - 1), "65536"):
            assert tagged(wire, place.format(value))[:5] != b"a BAD", value
            wire.ok("s", MAILBOX)
        for value in [str(most + 1)] + NO_NUMBERS:
            if value == "" and "[{}]" in place:  # BODY[]
                continue
            answers = tagged(wire, place.format(value).encode())
            assert answers[:5] == b"a BAD", (value, answers)
            wire.ok("s", MAILBOX)
        if has_zero is not None:
            assert (tagged(wire, place.format("0"))[:5] != b"a BAD") == has_zero
        tagged(wire, place.format("0" * 300 + "1"))  # leading zeros: one answer, whichever
        cheap(session)


# --- brackets -------------------------------------------------------------------------------------

# what stands before an argument: each gets each mixture of brackets behind it
PLACES = [
    "NOOP ", "ID ", "ID (", "ENABLE ", "NAMESPACE ", "COMPRESS ", "CREATE ", "CREATE x (", "CREATE x (USE (", "DELETE ",
    "SELECT ", "SELECT INBOX (", "SELECT INBOX (QRESYNC (", "SELECT INBOX (QRESYNC (1 1 1 (", "RENAME a ",
    "LIST ", 'LIST "" ', 'LIST "" (', 'LIST (', 'LIST "" * RETURN (', 'LIST "" * RETURN (STATUS (', 'LSUB "" ',
    "STATUS INBOX ", "STATUS INBOX (", "GETMETADATA ", "GETMETADATA (", "GETMETADATA INBOX (", "GETMETADATA (DEPTH ",
    "SETMETADATA INBOX ", "SETMETADATA INBOX (", "SETMETADATA INBOX (/private/x ", "GETQUOTA ", "GETQUOTAROOT ",
    "SETQUOTA ", 'SETQUOTA "" (', 'SETQUOTA "" (STORAGE ', "NOTIFY ", "NOTIFY SET ", "NOTIFY SET (", "NOTIFY SET (selected ",
    "NOTIFY SET (selected (", "NOTIFY SET (selected (MessageNew (", "NOTIFY SET (mailboxes (", "NOTIFY SET (subtree ",
    "FETCH ", "FETCH 1 ", "FETCH 1 (", "FETCH 1 BODY[", "FETCH 1 BODY[HEADER.FIELDS (", "FETCH 1 BODY[]<", "FETCH 1 BINARY[",
    "FETCH 1 PREVIEW (", "FETCH 1 UID (", "FETCH 1 UID (CHANGEDSINCE ", "UID FETCH 1 (UID) (PARTIAL ",
    "STORE 1 ", "STORE 1 (", "STORE 1 (UNCHANGEDSINCE ", "STORE 1 FLAGS (", "STORE 1 +FLAGS ",
    "SEARCH ", "SEARCH RETURN (", "SEARCH RETURN (PARTIAL ", "SEARCH MODSEQ ", "SEARCH HEADER ", "SEARCH CHARSET ",
    "SEARCH NOT ", "SEARCH OR ", "SEARCH UID ", "SEARCH ON ", "SEARCH EMAILID ", "SEARCH BODY ",
    "SORT ", "SORT (", "SORT RETURN (", "SORT (DATE) UTF-8 ", "THREAD ", "THREAD REFS ", "THREAD REFS UTF-8 ",
    "CANCELUPDATE ", "CANCELUPDATE (", "COPY ", "COPY 1 ", "UID MOVE 1 ", "UID EXPUNGE ",
    "APPEND ", "APPEND INBOX ", "APPEND INBOX (", "APPEND INBOX CATENATE ", "APPEND INBOX CATENATE (",
    "APPEND INBOX CATENATE (URL ", "APPEND INBOX UTF8 (", "REPLACE 1 INBOX ", "REPLACE 1 INBOX CATENATE (",
    "UID REPLACE 1 INBOX CATENATE (URL ", "UID ", "",
]
BRACKETS = ["(", ")", "()(", "[", "]", "[(", '"', '\\"', "\\", "{", "}", "<", "<>", '(["{<', "(NOT ", "(OR (", "(() ", "%*"]


@pytest.mark.parametrize("count", [33, 4000, 60000])
def test_P11_G05_brackets(box, count):
    """P11 is a generator over all brackets and all places: one limit for each, and never a crash."""
    with box() as session:
        wire = session.wire
        for place in PLACES:
            for bracket in BRACKETS if count < 60000 else BRACKETS[:3]:
                text = bracket * (count // len(bracket))
                answer = tagged(wire, f"{place}{text}")
                if bracket not in ("%*", "[", "]", "}", "<", "<>"):  # which may be names
                    assert not answer.startswith(b"a OK") or place.startswith("LIST"), (place, bracket, answer)
                wire.ok("s", MAILBOX)
        cheap(session, 20.0)


@pytest.mark.parametrize("place, opening, inside, closing", [
    ("SEARCH ", "(", "ALL", ")"), ("SEARCH RETURN (COUNT) ", "(", "ALL", ")"), ("SORT (DATE) UTF-8 ", "(", "ALL", ")"),
    ("THREAD REFS UTF-8 ", "(", "ALL", ")"), ("SEARCH ", "NOT (", "ALL", ")"), ("SEARCH ", "ALL (", "ALL", ")"),
])
def test_G05_nesting_of_32_and_33(box, place, opening, inside, closing):
    with box() as session:
        for depth, good in ((31, True), (33, False), (1000, False)):
            answer = tagged(session.wire, place + opening * depth + inside + closing * depth)
            assert answer.startswith(b"a OK" if good else b"a BAD"), (depth, answer)


# --- long lists -------------------------------------------------------------------------------------

LISTS = [  # before, one element (with its number), between, behind
    ("FETCH 1 (", "UID", " ", ")"),
    ("FETCH 1 BODY.PEEK[HEADER.FIELDS (", "X-{n}", " ", ")]"),
    ("FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (", "X-{n}", " ", ")]"),
    ("FETCH 1 BODY.PEEK[", "1", ".", "]"),
    ("FETCH 1 BINARY.PEEK[", "1", ".", "]"),
    ("FETCH 1 UID (", "CHANGEDSINCE 1", " ", ")"),
    ("STORE 1 +FLAGS.SILENT (", "k{n}", " ", ")"),
    ("STATUS INBOX (", "MESSAGES", " ", ")"),
    ('LIST "" (', "f{n}", " ", ")"),
    ('LIST "" * RETURN (', "CHILDREN", " ", ")"),
    ('LIST "" * RETURN (STATUS (', "MESSAGES", " ", "))"),
    ("LIST (", "SUBSCRIBED", " ", ') "" *'),
    ("CREATE x (USE (", "\\Junk", " ", "))"),
    ("GETMETADATA INBOX (", "/private/x{n}", " ", ")"),
    ("GETMETADATA (", "MAXSIZE 1", " ", ") INBOX /private/x"),
    ("SETMETADATA INBOX (", "/private/x{n} NIL", " ", ")"),
    ('SETQUOTA "" (', "STORAGE 1", " ", ")"),
    ("ID (", '"n{n}" "v"', " ", ")"),
    ("ENABLE ", "X{n}", " ", ""),
    ("SELECT INBOX (", "CONDSTORE", " ", ")"),
    ("NOTIFY SET ", "(mailboxes f{n} (MailboxName))", " ", ""),
    ("NOTIFY SET (mailboxes (", "f{n}", " ", ") (MailboxName))"),
    ("NOTIFY SET (personal (", "MailboxName", " ", "))"),
    ("NOTIFY SET (selected (MessageNew (", "UID", " ", ") MessageExpunge))"),
    ("SEARCH ", "ALL", " ", ""),
    ("SEARCH ", "KEYWORD k{n}", " ", ""),
    ("SEARCH RETURN (", "COUNT", " ", ") ALL"),
    ("SORT (", "REVERSE DATE", " ", ") UTF-8 ALL"),
    ("SORT (DATE) UTF-8 ", "NOT ALL", " ", ""),
    ("THREAD REFERENCES UTF-8 ", "SUBJECT x", " ", ""),
    ("CANCELUPDATE ", '"c{n}"', " ", ""),
    ("APPEND INBOX (", "k{n}", " ", ") {{3+}}\r\nabc"),
    ("APPEND INBOX CATENATE (", 'URL "/INBOX/;UID=1"', " ", ")"),
    ("REPLACE 1 INBOX CATENATE (", 'URL "/INBOX/;UID=77{n}"', " ", ")"),
]


@pytest.mark.parametrize("before, element, between, behind", LISTS, ids=lambda v: re.sub(r"\W+", "-", v)[:30])
def test_G03_lists_of_ten_thousand_and_one(box, before, element, between, behind):
    """Longer than a line may be, as long as a line may be, and more tokens than a command may have over literals."""
    with box() as session:
        wire = session.wire
        for count in (10001, 400):
            answer = tagged_somehow(wire, before + between.join(element.format(n=n) for n in range(count)) + behind.format())
            if count == 10001:
                assert not answer.startswith(b"a OK") or len(element) < 6, answer
        wire.ok("s", MAILBOX)
        cheap(session, 5.0, 64 * 1024)


def tagged_somehow(wire, text):
    """tagged(), also where a literal of the text was refused with the line before it."""
    wire.send_line("a " + text)
    answer = wire.until_tag("a")[-1]
    wire.send_line("n NOOP")
    answers = wire.until_tag("n")
    assert answers[-1].startswith(b"n OK")
    return answer


SETS = ["FETCH {} UID", "UID FETCH {} UID", "UID STORE {} +FLAGS.SILENT (x)", "SEARCH {}", "UID SEARCH UID {}", "UID COPY {} INBOX",
        "UID MOVE {} nowhere", "UID EXPUNGE {}", "SELECT INBOX (QRESYNC (1 1 {}))", "UID SORT (DATE) UTF-8 UID {}",
        "UID THREAD REFS UTF-8 UID {}"]


@pytest.mark.parametrize("command", SETS)
def test_G06_sets_of_ten_thousand_ranges(box, command):
    """As one line of 64 KiB: merged, descending, each apart, all the same, all of everything."""
    with box("QRESYNC") as session:
        wire = session.wire
        for ranges in ([f"{n}" for n in range(20000, 0, -2)], [f"{n}:{n + 1}" for n in range(1, 16000, 3)],
                       ["1:*"] * 15000, ["3:1"] * 15000, [f"{U32 - n}" for n in range(0, 11000, 2)],
                       ["*"] * 30000, [f"{U32}:1"] * 5000):
            text = ",".join(ranges)[:65400].rpartition(",")[0]
            tagged(wire, command.format(text))
            wire.ok("s", MAILBOX)
        for text in ("1," * 20000, "," * 20000, "1:" * 20000, ":" * 20000, "1:2:3", "1,,2", "*:*:*", "0:*", "*:0", "1;2"):
            assert tagged(wire, command.format(text)).startswith(b"a BAD"), text[:20]
            wire.ok("s", MAILBOX)
        cheap(session, 10.0)


# --- literals, NUL, long lines ------------------------------------------------------------------------

STRINGS = [  # places of an astring
    "CREATE {}", "DELETE {}", "RENAME {} x", "RENAME INBOX.y {}", "SELECT {}", "EXAMINE {}", "SUBSCRIBE {}", "UNSUBSCRIBE {}",
    "STATUS {} (MESSAGES)", "LIST {} *", 'LIST "" {}', 'LIST "" ({})', 'LSUB "" {}', "GETMETADATA {} /private/x",
    "GETMETADATA INBOX {}", "GETMETADATA INBOX ({})", "SETMETADATA {} (/private/x NIL)", "SETMETADATA INBOX ({} NIL)",
    "SETMETADATA INBOX (/private/x {})", "GETQUOTA {}", "GETQUOTAROOT {}", "SETQUOTA {} ()", "COPY 1 {}", "UID MOVE 9 {}",
    "SEARCH SUBJECT {}", "SEARCH HEADER {} x", "SEARCH HEADER x {}", "SEARCH BODY {}", "SEARCH CHARSET {} ALL",
    "SORT (SUBJECT) {} ALL", "SORT (SUBJECT) UTF-8 TEXT {}", "THREAD REFS UTF-8 FROM {}",
    "FETCH 1 BODY.PEEK[HEADER.FIELDS ({})]", "ID ({} NIL)", "ID (x {})",
    "NOTIFY SET (mailboxes {} (MailboxName))", "NOTIFY SET (subtree ({}) (MailboxName))", "CANCELUPDATE {}",
    "APPEND {} CATENATE (URL x)", "APPEND INBOX CATENATE (URL {})", "REPLACE 1 {} CATENATE (URL x)",
]
BYTES = [b"\0", b"a\0b", b"\0" * 4000, b"\x80", b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x7f", b"\x1b[31m",
         b"&", b"&AAA-", b"&2AA-", b"&AC4-", b"../" * 100, b"a" * 65536, b"%*" * 4000, b"(" * 4000, b"\\" * 4000, b'"' * 4000,
         b"\r\nx OK done\r\n", b"\r\n* BYE\r\n", b" ", b""]


@pytest.mark.parametrize("place", STRINGS, ids=lambda v: re.sub(r"\W+", "-", v))
def test_G15_N13_literals_of_any_bytes(box, place):
    """Nothing that a client says comes back as a line of its own (response splitting); NUL is always refused."""
    with box() as session:
        wire = session.wire
        for data in BYTES:
            for plus in (b"+", b""):
                before, _, behind = place.partition("{}")
                wire.send(b"a " + before.encode() + b"{%d%s}\r\n" % (len(data), plus))
                if not plus:
                    answer = wire.response()
                    if not answer.startswith(b"+"):
                        assert answer.startswith(b"a "), answer
                        continue
                wire.send(data + behind.encode() + b"\r\n")
                answers = wire.until_tag("a")
                assert all(re.match(rb"\* (LIST|LSUB|METADATA|QUOTAROOT|STATUS|ID|SEARCH|SORT|ESEARCH|\d+ FETCH|OK|NO|FLAGS|\d+ E|\d+ R)"
                                    rb"|\* THREAD|\* VANISHED|a (OK|NO|BAD) ", answer) for answer in answers), answers
                if b"\0" in data and not place.startswith("SETMETADATA INBOX (/private/x"):
                    assert answers[-1].startswith((b"a BAD", b"a NO")), (place, data[:20], answers)
                wire.ok("n", "NOOP")
            if place[:6] in ("SELECT", "EXAMIN"):
                wire.ok("s", MAILBOX)
        assert "\x1b" not in session.log() and "\0" not in session.log()


@pytest.mark.parametrize("place", STRINGS, ids=lambda v: re.sub(r"\W+", "-", v))
def test_P09_literals_that_are_none(box, place):
    """Unterminated, oversized and malformed announcements: an answer at once, no memory, and the next command works."""
    with box() as session:
        wire = session.wire
        before = place.partition("{}")[0]
        for size in ("{65537}", "{4294967295}", "{4294967296}", "{18446744073709551616}", "{" + "9" * 300 + "}"):
            wire.send_line(f"a {before}{size}")
            assert re.match(rb"a (NO|BAD) \[TOOBIG\]", wire.line())
        for size in ("{-1}", "{ 5}", "{}", "{", "{5", "{5}}", "{+5}", "{5+", "{0x5}", "~{5", "{5-}"):
            assert tagged(wire, before + size).startswith((b"a BAD", b"a NO")), size
        cheap(session)
        wire.send_line(f"a {before}" + "{5}")
        if wire.line().startswith(b"+"):
            wire.half_close()
            wire.rest()


@pytest.mark.parametrize("announced", ["{65537+}", "{4294967296+}", "{18446744073709551616+}", "{99999999999999999999999+}"])
def test_G02_literal_plus_that_cannot_be_skipped(box, announced):
    for place in STRINGS[::6]:
        with box() as session:
            session.wire.send_line("a " + place.partition("{}")[0] + announced)
            answer = session.wire.rest()
            assert answer.count(b"* BYE") == 1 and b"a OK" not in answer, (place, answer)


@pytest.mark.parametrize("count", [65000, 65536, 65537, 200000])
def test_P05_lines_of_64_KiB(box, count):
    """Each place with a word as long as a line may be, and longer: BAD or NO, and the next command works."""
    with box() as session:
        for place in STRINGS + [p + "{}" for p in PLACES]:
            text = place.format("x" * count) if place.count("{}") == 1 else place.replace("{}", "x" * count, 1)
            answer = tagged(session.wire, text)
            if count > 65536:
                assert answer.startswith(b"a BAD"), (place, answer)
            if place[:6] in ("SELECT", "EXAMIN"):
                session.wire.ok("s", MAILBOX)
        cheap(session, 10.0)
