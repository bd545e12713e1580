"""test_imap_login.py - the same session behind a real login: sandboxed, with every family of commands used once"""
import re

import linnet


def test_the_answer_to_login(server):
    wire = server.connect()
    wire.transcript(r"""
        S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE …
        C: . login toto@mondomaine.local motDePasseDeToto
        S~: \. OK \[CAPABILITY IMAP4rev1 .*\] Logged in
        C: z LOGOUT
        S: * BYE Logging out
        S: z OK Logout completed.
        E:
    """)
    server.wait_log(r"imap\(toto@mondomaine\.local\)<\d+><[^>]+>: Disconnected: Logged out in=\d+ out=\d+ ")


def test_commands_glued_behind_login(server):
    """What the greeter had read too much belongs to the session."""
    wire = server.connect()
    wire.transcript(r"""
        S: * OK …
        C: a LOGIN toto@mondomaine.local motDePasseDeToto
        C: b STATUS {5+}
        C: INBOX (MESSAGES)
        C: c LOGOUT
        S: a OK …
        S: * STATUS INBOX (MESSAGES …
        S: b OK …
        S: * BYE …
        S: c OK …
        E:
    """)


def test_every_family_within_the_sandbox(server):
    """Landlock or chroot and the seccomp filter let through all that a session does."""
    wire = server.imap()
    wire.transcript(r"""
        C: a CREATE one
        C: b SUBSCRIBE one
        C: c LSUB "" *
        C: d APPEND one (\Seen work) "17-Jul-1996 02:44:25 -0700" {17+}
        C: Subject: sandbox
        C: e SELECT one
        S: a OK …
        S: b OK …
        S: * LSUB () "." one
        S: c OK …
        S*:
        S: d OK [APPENDUID …
        S*:
        S: e OK [READ-WRITE] …
        C: f FETCH 1 (FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY[])
        S: * 1 FETCH (…sandbox…)
        S: f OK …
        C: g STORE 1 +FLAGS (\Flagged more)
        S*:
        S: g OK …
        C: h SEARCH SUBJECT sandbox KEYWORD more
        S: * SEARCH 1
        S: h OK …
        C: i COPY 1 INBOX
        S: i OK [COPYUID …
        C: j MOVE 1 INBOX
        S: * OK [COPYUID …
        S: * 1 EXPUNGE
        S*:
        S: j OK …
        C: k RENAME one two
        S: * OK [CLOSED] …
        S: k OK …
        C: l DELETE two
        S: l OK …
        C: m SELECT INBOX
        S*:
        S: m OK …
        C: n STORE 1:* +FLAGS.SILENT (\Deleted)
        S*:
        S: n OK …
        C: o EXPUNGE
        S*:
        S: o OK …
    """)


def test_IDLE_within_the_sandbox(server):
    """inotify works there, and another process's delivery is told."""
    wire = server.imap()
    count = int(re.search(rb"\* (\d+) EXISTS", b"\n".join(wire.ok("s", "SELECT INBOX")))[1])
    wire.transcript("""
        C: a IDLE
        S: + idling
    """)
    linnet.deliver(server.maildir(), linnet.SIMPLE % (1, 1, 1))
    wire.timeout = 4
    wire.transcript(f"""
        S: * {count + 1} EXISTS
        S*:
        S: * 1 RECENT
        C: DONE
        S: a OK Idle completed.
    """)


def test_one_user_does_not_see_the_other(server):
    linnet.deliver(server.maildir("titi@mondomaine.local", "Secret"), linnet.SIMPLE % (1, 1, 1))
    wire = server.imap()
    for name in ("Secret", "../titi", "titi.Secret", "..", "&AC4-&AC4-"):
        assert wire.command("a", f"SELECT {name}")[-1].startswith(b"a NO")
    assert not [line for line in wire.ok("b", 'LIST "" *') if b"Secret" in line]
