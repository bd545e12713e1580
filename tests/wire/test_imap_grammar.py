"""test_imap_grammar.py - hostile commands: literals, limits, nesting, sets, tags, pipelining (G01 ... G22)"""
import pathlib
import re

import pytest

import linnet


@pytest.fixture
def start(start, maildir):
    """start(): a session with three messages in INBOX, not selected."""
    linnet.fill(maildir, 3, flags="S")
    return start


def memory(session):
    """Peak resident memory in KiB."""
    status = pathlib.Path(f"/proc/{session.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])


def alive(session, tag="alive"):
    session.wire.ok(tag, "NOOP")


def test_G01_synchronizing_literals_up_to_the_total(start):
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        session.wire.send_line("a SEARCH SUBJECT {65536}")
        for n in range(1000):
            answer = session.wire.line()
            if not answer.startswith(b"+"):
                break
            session.wire.send(b"x" * 65536 + b" SUBJECT {65536}\r\n")
        assert answer.startswith(b"a BAD [TOOBIG]")
        assert 14 <= n <= 16
        alive(session)
        assert memory(session) < 64 * 1024


def test_G01_one_literal_too_large(start):
    with start() as session:
        session.wire.transcript("""
            C: a SELECT {65537}
            S: a BAD [TOOBIG] Error in IMAP command SELECT: Literal is too large.
            C: b SELECT {18446744073709551616}
            S: b BAD [TOOBIG] …
            C: c SELECT {99999999999999999999999999999999999999}
            S: c BAD [TOOBIG] …
            C: d NOOP
            S: d OK …
        """)


@pytest.mark.parametrize("command", ["NOOP", "CREATE", "SELECT", "APPEND", "XYZZY"])
def test_G02_literal_plus_beyond_the_limit(start, command):
    with start() as session:
        before = memory(session)
        session.wire.transcript(f"""
            C: a {command} {{67108864+}}
            S: * BYE Literal is too large
        """)
        if session.process.poll() is None:
            assert session.process.wait(5) == 0
        assert before < 64 * 1024


def test_G01_literal_plus_in_small_pieces(start):
    with start() as session:
        session.wire.send_line("a X {60000+}")
        for _ in range(20):
            session.wire.send(b"x" * 60000 + b"{60000+}\r\n")
        session.wire.transcript("""
            S: * BYE Command is too large
        """)


def test_G02_literal_for_a_command_that_takes_none(start):
    with start() as session:
        session.wire.transcript("""
            C: a NOOP {3+}
            C: abc
            S: a BAD Error in IMAP command NOOP: unexpected text behind the last argument.
            C: b NOOP
            S: b OK …
        """)


@pytest.mark.parametrize("command", [
    "FETCH 1 (" + "FLAGS " * 100000 + ")",          # G03
    "FETCH 1 (" + "FLAGS " * 10900 + "FLAGS)",      # G03: within a line
    "SEARCH " + "NOT " * 100000 + "ALL",            # G05
    "SEARCH " + "NOT " * 16000 + "ALL",
    "SEARCH " + "OR " * 50000,
    "SEARCH " + "OR " * 16000,
    "SEARCH " + "(" * 50000,
    "SEARCH " + "(" * 100000,
    "ID " + "(" * 60000,
    'LIST "" ' + "(" * 60000,
    'LIST "" (' + "a " * 30000 + "a)",
    "STATUS INBOX (" + "MESSAGES " * 7000 + "MESSAGES",
    "STORE 1 FLAGS (" + "k " * 30000 + "k)",
    "ENABLE" + " X" * 30000,
], ids=lambda text: text[:12] + str(len(text)))
def test_G03_G05_long_and_deep(start, command):
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        answers = session.wire.command("a", command)
        assert re.match(rb"a BAD (\[TOOBIG\] )?Error in IMAP command", answers[-1]), answers[-1]
        alive(session)
        assert memory(session) < 64 * 1024


@pytest.mark.parametrize("form", ["FETCH {} FLAGS", "STORE {} +FLAGS (a)", "COPY {} INBOX", "SEARCH {}"])
@pytest.mark.parametrize("sequence", ["0", "4", "1:4294967295", "4294967296", "1,,2", ",1", "1,", "1:", ":1", "4:*", "-1",
                                      "00001", "1:0", "1.2", "1 :2"])
def test_G06_numbers_that_are_not_there(start, form, sequence):
    with start() as session:
        session.wire.ok("s", "SELECT INBOX")
        answers = session.wire.command("a", form.format(sequence))
        assert len(answers) == 1 and answers[0].startswith(b"a BAD"), answers
        alive(session)


def test_G06_sets(start):
    with start() as session:
        session.wire.transcript("""
            C: s SELECT INBOX
            S*:
            S: s OK …
            C: a FETCH *:1 UID
            S: * 1 FETCH (UID 1)
            S: * 2 FETCH (UID 2)
            S: * 3 FETCH (UID 3)
            S: a OK …
            C: b FETCH * UID
            S: * 3 FETCH (UID 3)
            S: b OK …
            C: c FETCH 3:2,2,2:3 UID
            S: * 2 FETCH (UID 2)
            S: * 3 FETCH (UID 3)
            S: c OK …
            C: d UID FETCH 100:* UID
            S: * 3 FETCH (UID 3)
            S: d OK …
            C: e UID FETCH 4294967295:1 UID
            S: * 1 FETCH (UID 1)
            S: * 2 FETCH (UID 2)
            S: * 3 FETCH (UID 3)
            S: e OK …
            C: f UID FETCH 7 UID
            S: f OK …
            C: g UID FETCH 0 UID
            S: g BAD …
        """)
        many = ",".join(["1:*"] * 16000)
        assert len(session.wire.ok("h", f"FETCH {many} UID")) == 4
        descending = ",".join(str(n) for n in range(20000, 1, -2))
        assert len(session.wire.ok("i", f"UID FETCH {descending} UID")) == 2
        answers = session.wire.command("j", "FETCH " + ",".join(["1"] * 500000) + " UID")
        assert answers == [b"j BAD [TOOBIG] Error in IMAP command FETCH: Command line is too long."]
        alive(session)


def test_G06_empty_mailbox(imap):
    with imap() as session:
        session.wire.transcript(r"""
            S: * PREAUTH …
            C: s SELECT INBOX
            S*:
            S: s OK …
            C: a FETCH * FLAGS
            S: a BAD …
            C: b FETCH 1:* FLAGS
            S: b BAD …
            C: c UID FETCH 1:* FLAGS
            S: c OK …
            C: d UID STORE * +FLAGS (\Seen)
            S: d OK …
            C: e UID COPY 1:* INBOX
            S: e OK No messages found.
            C: f UID MOVE 1:* INBOX
            S: f OK No messages found.
            C: g UID EXPUNGE 1:*
            S: g OK Expunge completed.
        """)


def test_G22_tags(start):
    with start() as session:
        session.wire.transcript(r"""
            C: + NOOP
            S: * BAD Error in IMAP command: expected a tag.
            C: * NOOP
            S: * BAD Error in IMAP command: expected a tag.
            C: "" NOOP
            S: * BAD …
            C: a{1+}
            C: x
            S: a BAD Error in IMAP command: expected a space and another argument.
            C: 
            S: * BAD Error in IMAP command: expected a tag.
            C: a
            S: a BAD …
            C!: a\x20
            S: a BAD Error in IMAP command: expected a word.
            C: a  NOOP
            S: a BAD …
            C: [CAPABILITY NOOP
            S: [CAPABILITY OK NOOP completed.
            C: ] NOOP
            S: ] OK …
            C!: \xc3\xa9 NOOP
            S: * BAD …
            C!: a\0 NOOP
            S: a BAD …
        """)
        session.wire.send(b"same NOOP\r\n" * 1000)
        for _ in range(1000):
            assert session.wire.line() == b"same OK NOOP completed."


def test_unknown_commands_are_told_and_counted(start):
    with start() as session:
        session.wire.transcript("""
            C: a XYZZY
            S: a BAD Error in IMAP command XYZZY: Unknown command.
            C: b UID NOOP
            S: b BAD Error in IMAP command UID: Unknown command.
        """)
        session.wire.send_line("c " + "X" * 5000)
        assert session.wire.line() == b"c BAD Error in IMAP command " + b"X" * 32 + b": Unknown command."
        alive(session)  # a good one starts the count anew
        for n in range(20):
            session.wire.send_line(f"t{n} XYZZY")
        for n in range(20):
            assert session.wire.line().startswith(b"t%d BAD" % n)
        session.wire.transcript("""
            S: * BYE Too many invalid IMAP commands.
            E:
        """)


def test_lines_without_end(start):
    with start() as session:
        session.wire.send(b"a NOOP " + b"x" * 3000000)
        session.wire.transcript("S: * BYE Command line is too long")
        session.process.wait(5)


def test_NUL_and_bare_CR(start):
    with start() as session:
        session.wire.transcript(r"""
            C!: a SELECT INB\0OX
            S: a BAD …
            C!: b SELECT "INB\0OX"
            S: b BAD …
            C: c SELECT {6+}
            C!: INB\0OX
            S: c BAD Error in IMAP command SELECT: a literal may not hold NUL.
            C!: d NO\rOP
            S: d BAD …
            C: e NOOP
            S: e OK …
        """)


DIALOGUE = r"""
    S: * PREAUTH …
    C: a SELECT {5+}
    C: INBOX
    C: b LIST {0+}
    C:  {1+}
    C: %
    C: c UID FETCH 1:2 FLAGS
    C: d APPEND INBOX (\Seen) {5+}
    C: hello
    C: e STORE 1 +FLAGS.SILENT (a)
    C: f SEARCH KEYWORD a
    C: g IDLE
    C: DONE
    C: h STATUS INBOX (MESSAGES)
    C: i XYZZY {3+}
    C: abc
    C: j LOGOUT
    S*:
    S: a OK …
    S: * LIST …
    S: b OK …
    S*:
    S: c OK …
    S*:
    S: d OK [APPENDUID …
    S*:
    S: e OK …
    S: * SEARCH 1
    S: f OK …
    S: + idling
    S*:
    S: g OK Idle completed.
    S: * STATUS INBOX (MESSAGES 4)
    S: h OK …
    S: i BAD …
    S: * BYE …
    S: j OK …
    E:
"""


def test_pipelining_at_any_split(folder):
    """The same bytes from the server however the client's arrive."""
    counter = iter(range(10000))

    def begin():
        box = linnet.make_maildir(folder / str(next(counter)))
        for n in range(1, 4):
            linnet.deliver(box, linnet.SIMPLE % (n, n, n), flags="S", name=f"{n}.m.example")
        return linnet.preauth("imapd", box)
    linnet.run_modes(begin, DIALOGUE, splits=24)
