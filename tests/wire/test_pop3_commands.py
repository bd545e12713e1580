"""test_pop3_commands.py - POP3 after login: every command and how it is refused (RFC 1939, 2449)"""
import pytest

import linnet

DIALOGUE = """
    S: +OK Logged in.
    C: STAT
    S: +OK 2 …
    C: LIST
    S: +OK 2 messages (…
    S~: 1 \\d+
    S~: 2 \\d+
    S: .
    C: UIDL
    S: +OK …
    S~: 1 [0-9a-f]{16}
    S~: 2 [0-9a-f]{16}
    S: .
    C: list 2
    S~: \\+OK 2 \\d+
    C: Uidl 1
    S~: \\+OK 1 [0-9a-f]{16}
    C: NOOP
    S: +OK …
    C: DELE 1
    S: +OK …
    C: STAT
    S: +OK 1 …
    C: LIST 1
    S: -ERR …
    C: DELE 1
    S: -ERR …
    C: RETR 1
    S: -ERR …
    C: UIDL 1
    S: -ERR …
    C: TOP 1 0
    S: -ERR …
    C: RSET
    S: +OK …
    C: STAT
    S: +OK 2 …
    C: QUIT
    S: +OK Logging out.
    E:
"""


def test_every_command_in_every_mode(pop3, maildir):
    linnet.fill(maildir, 2)
    with pop3() as session:  # gives UIDs, so that all modes see the same
        session.wire.transcript("S: +OK …\nC: QUIT\nS: +OK …\nE:")
    linnet.run_modes(pop3, DIALOGUE, splits=16)


@pytest.mark.parametrize("line", [
    "RETR 0", "RETR -1", "RETR +1", "RETR 4294967297", "RETR 18446744073709551617", "RETR 1 1", "RETR",
    "RETR 3", "RETR x", "LIST 99", "LIST 0", "UIDL 99", "DELE", "DELE 0", "DELE 3", "DELE 1 2",
    "DELE 4294967297",
])
def test_numbers_that_are_no_message_D01(pop3, maildir, line):
    linnet.fill(maildir, 2)
    with pop3() as session:
        session.wire.transcript("""
            S: +OK …
            C: {line}
            S: -ERR …
            C: STAT
            S: +OK 2 …
            C: QUIT
            S: +OK …
            E:
        """, line=line)
    assert len(list((maildir / "cur").iterdir())) == 2


def test_top_D02(pop3, maildir):
    linnet.deliver(maildir, b"A: 1\r\n\r\none\r\ntwo\r\nthree\r\n")
    with pop3() as session:
        session.wire.transcript("""
            S: +OK …
            C: TOP 1 0
            S: +OK …
            S: A: 1
            S:
            S: .
            C: TOP 1 2
            S: +OK …
            S: A: 1
            S:
            S: one
            S: two
            S: .
            C: TOP 1 4294967295
            S: +OK …
            S: A: 1
            S:
            S: one
            S: two
            S: three
            S: .
            C: TOP 1 -1
            S: -ERR …
            C: TOP 1 99999999999999999999
            S: -ERR …
            C: TOP 1
            S: -ERR …
            C: TOP
            S: -ERR …
            C: TOP 2 1
            S: -ERR …
            C: QUIT
            S: +OK …
            E:
        """)
        assert "top=3/" in session.log()


def test_form_of_lines_P16(pop3, maildir):
    linnet.fill(maildir, 1)
    with pop3() as session:
        session.wire.transcript("""
            S: +OK …
            C:  STAT
            S: -ERR …
            C!: \\tSTAT
            S: -ERR …
            C!: STAT\\0
            S: -ERR …
            C: QUIT extra
            S: -ERR …
            C: CAPA x
            S: -ERR …
            C:
            S: -ERR …
            C: nOoP
            S: +OK …
            C!: NOOP\\x20\\x20
            S: +OK …
            C: QUIT
            S: +OK …
            E:
        """)


def test_lists_without_messages(pop3):
    with pop3() as session:
        session.wire.transcript("""
            S: +OK …
            C: STAT
            S: +OK 0 0
            C: LIST
            S: +OK …
            S: .
            C: UIDL
            S: +OK …
            S: .
            C: RETR 1
            S: -ERR …
            C: QUIT
            S: +OK Logging out.
            E:
        """)


def test_commands_of_before_login(pop3):
    with pop3() as session:
        for line in ("USER toto", "PASS secret", "APOP toto x", "AUTH PLAIN", "AUTH", "STLS"):
            if line == "USER toto":
                session.wire.line()
            assert session.wire.pop(line).startswith(b"-ERR "), line
        assert b"UIDL" in session.wire.pop("LAST")  # says what to use in its place
        assert "secret" not in session.log()


def test_capabilities_RFC2449(pop3):
    with pop3() as session:
        session.wire.line()
        assert session.wire.pop("CAPA").startswith(b"+OK ")
        lines = session.wire.until_dot()
        names = [line.split()[0] for line in lines]
        assert {b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING"} <= set(names)
        assert len(names) == len(set(names))


def test_pipelined_in_one_packet_D09(pop3, maildir):
    linnet.fill(maildir, 3)
    with pop3() as session:
        wire = session.wire
        wire.send(b"STAT\r\nLIST\r\nRETR 1\r\nTOP 2 0\r\nDELE 3\r\nNOOP\r\nQUIT\r\nSTAT\r\n")
        answers = wire.rest().split(b"\r\n")
        assert answers[0] == b"+OK Logged in."
        assert answers[1].startswith(b"+OK 3 ")
        assert answers[2].startswith(b"+OK 3 messages")
        assert b"Body of message 1." in answers
        assert b"Subject: hello 2" in answers
        assert answers[-2:] == [b"+OK Logging out, messages deleted.", b""]
    assert len(list((maildir / "cur").iterdir())) == 2


def test_long_lines_and_garbage_are_bounded(pop3):
    with pop3() as session:
        wire = session.wire
        wire.line()
        assert wire.pop("NOOP" + " " * 249).startswith(b"+OK")  # 253 and CRLF: 255
        assert wire.pop("NOOP" + " " * 250).startswith(b"-ERR")
        wire.send(b"x" * 1000000 + b"\r\nNOOP\r\n")
        assert wire.line().startswith(b"-ERR")
        assert wire.line().startswith(b"+OK")
        wire.send(b"garbage\r\n" * 19)
        for _ in range(19):
            assert wire.line().startswith(b"-ERR")
        assert wire.pop("NOOP").startswith(b"+OK")  # a command sets the count back
        wire.send(b"garbage\r\n" * 30)
        assert wire.rest().count(b"-ERR") == 21


def test_many_commands_D17(pop3):
    with pop3() as session:
        session.wire.line()
        for _ in range(20):
            session.wire.send(b"NOOP\r\n" * 1000)
            for _ in range(1000):
                assert session.wire.line().startswith(b"+OK")


def test_lines_of_the_log(pop3, maildir):
    linnet.deliver(maildir, b"A: 1\r\n\r\nbody\r\n")
    linnet.deliver(maildir, b"A: 2\r\n\r\n.\r\n")
    with pop3() as session:
        wire = session.wire
        wire.line()
        wire.pop("STAT")
        wire.pop("RETR 2")
        wire.until_dot()
        wire.pop("DELE 1")
        wire.pop("QUIT")
        wire.at_end()
        session.process.wait(10)
        # retr= counts what is sent behind +OK: the stuffed dot and the last line too
        assert "Disconnected: Logged out top=0/0, retr=1/15, del=1/2, size=25" in session.log()


def test_idle_client_is_left_without_a_word(pop3, maildir):
    linnet.fill(maildir, 1)
    with pop3(settings="pop3_idle_timeout = 1\n") as session:
        session.wire.transcript("""
            S: +OK …
            C: DELE 1
            S: +OK …
            E:
        """)
        session.process.wait(10)
        assert "Disconnected: Inactivity" in session.log()
    assert len(list((maildir / "cur").iterdir())) == 1
