"""test_imap_idle.py - IDLE (RFC 2177): news within a second, and every way out of it (G14)"""
import time

import pytest

import linnet


@pytest.fixture
def start(start):
    """start(): a session with INBOX selected; its answers to that are read."""
    def begin(select="SELECT INBOX", **how):
        session = start(**how)
        if select:
            session.wire.ok("select", select)
        return session
    return begin


def test_news(maildir, start):
    linnet.fill(maildir, 1, flags="S")
    with start():
        pass  # not \\Recent any more
    with start() as session, start() as other:
        session.wire.transcript("""
            C: a IDLE
            S: + idling
        """)
        begin = time.monotonic()
        linnet.deliver(maildir, linnet.SIMPLE % (2, 2, 2))
        session.wire.transcript("""
            S: * 2 EXISTS
            S: * 1 RECENT
        """)
        assert time.monotonic() - begin < 2
        other.wire.ok("b", "NOOP")
        other.wire.ok("c", r"STORE 1 +FLAGS (\Flagged)")
        session.wire.transcript(r"S: * 1 FETCH (FLAGS (\Flagged \Seen))")
        other.wire.ok("d", r"STORE 1 +FLAGS (\Deleted)")
        session.wire.transcript(r"S: * 1 FETCH (FLAGS (\Flagged \Deleted \Seen))")
        other.wire.ok("e", "EXPUNGE")
        session.wire.transcript("""
            S: * 1 EXPUNGE
            C: DONE
            S: a OK Idle completed.
        """)


def test_news_that_waited_come_first(maildir, start):
    with start() as session:
        linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1))
        session.wire.transcript("""
            C: a IDLE
            S: + idling
            S: * 1 EXISTS
            S: * 1 RECENT
            C: done
            S: a OK …
        """)


def test_nothing_happens_nothing_is_sent(start):
    with start() as session:
        session.wire.transcript("""
            C: a IDLE
            S: + idling
        """)
        before = linnet.cpu_seconds(session.pid)
        time.sleep(1.5)
        assert session.wire.received.endswith(b"+ idling\r\n")
        assert linnet.cpu_seconds(session.pid) - before < 0.2
        session.wire.transcript("""
            C: DONE
            S: a OK …
        """)


def test_without_a_mailbox(start):
    with start(select=None) as session:
        session.wire.transcript("""
            C: a IDLE
            S: + idling
            C: DONE
            S: a OK Idle completed.
        """)


def test_G14_commands_glued_behind_DONE(start):
    with start() as session:
        session.wire.transcript(r"""
            C: i IDLE
            S: + idling
            C: DONE
            C: a NOOP
            C: b LOGOUT
            S: i OK Idle completed.
            S: a OK NOOP completed.
            S: * BYE …
            S: b OK …
            E:
        """)


def test_G14_everything_in_one_packet(start):
    with start() as session:
        session.wire.transcript(r"""
            C: i IDLE
            C: DONE
            C: j IDLE
            C: DONE
            C: k NOOP
            S: + idling
            S: i OK …
            S: + idling
            S: j OK …
            S: k OK …
        """)


def test_G14_DONE_in_pieces(start):
    with start() as session:
        session.wire.transcript("""
            C: i IDLE
            S: + idling
        """)
        for piece in (b"D", b"ON", b"E", b"\r", b"\n"):
            session.wire.send(piece)
            time.sleep(0.02)
        session.wire.transcript("S: i OK Idle completed.")


@pytest.mark.parametrize("text", ["garbage", "", "DONE x", "a NOOP", "DONE\\0", "x" * 60000])
def test_G14_garbage_ends_it_with_BAD(start, text):
    with start() as session:
        session.wire.transcript(f"""
            C: i IDLE
            S: + idling
            C!: {text}
            S: i BAD Error in IMAP command IDLE: expected DONE.
            C: a NOOP
            S: a OK …
        """)


def test_G14_a_line_without_end(start):
    with start() as session:
        session.wire.transcript("""
            C: i IDLE
            S: + idling
        """)
        session.wire.send(b"x" * 70000)
        session.wire.transcript("S: * BYE Command line is too long")
        session.process.wait(5)


def test_buffers_are_given_back(maildir, start):
    """An idle session holds its view and little else."""
    linnet.fill(maildir, 10, flags="S")
    with start() as session:
        session.wire.ok("a", "UID SEARCH SUBJECT " + '"' + "x" * 60000 + '"')
        session.wire.transcript("""
            C: i IDLE
            S: + idling
        """)
        linnet.wait_for(lambda: int(linnet.process_status(session.pid)["RssAnon"].split()[0]) < 8 * 1024, "less than 8 MiB")
        session.wire.transcript("""
            C: DONE
            S: i OK …
        """)


def test_client_goes_while_idle(start):
    with start() as session:
        session.wire.transcript("""
            C: i IDLE
            S: + idling
        """)
        session.wire.close()
        assert session.process.wait(5) == 0
        assert "Disconnected: Connection closed" in session.log()


def test_S10_mailbox_goes_while_idle(maildir, start):
    linnet.make_maildir(maildir, "a")
    with start("SELECT a") as session, start() as other:
        session.wire.transcript("""
            C: i IDLE
            S: + idling
        """)
        other.wire.ok("d", "DELETE a")
        session.wire.transcript("""
            S: * BYE Selected mailbox was deleted or renamed…
            E:
        """)
