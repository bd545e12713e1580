"""test_imap_dialogue.py - the dialogue of an IMAP session: login's answer, SELECT, LIST, the small commands"""
import os
import re
import signal

import linnet

# the rows of the table; what the whole line must be, test_imap_capability.py says
CAPABILITY = " ".join(re.findall(r'^\t\{ "([^"]+)", ', (linnet.TOP / "imapd/capability.c").read_text(), re.M)
                      + ["APPENDLIMIT=67108864"])


def see(start):
    """Another session has seen all messages: none is \\Recent any more."""
    with start() as session:
        session.wire.ok("see", "SELECT INBOX")


def test_preauth_greeting(imap):
    with imap() as session:
        session.wire.transcript(f"S: * PREAUTH [CAPABILITY {CAPABILITY}] Logged in as …")


def test_the_dialogue_of_the_tutorial(maildir, start):
    """Issue 2: the same lines and response codes."""
    linnet.make_maildir(maildir, "Drafts", "Sent", "Trash", "Spam", "Archive")
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1), flags="S")
    linnet.deliver(maildir, linnet.SIMPLE % (2, 2, 2), flags="")
    linnet.deliver(maildir, linnet.SIMPLE % (3, 3, 3), flags="S")
    see(start)
    with start() as session:
        answers = session.wire.ok(".", 'LIST "" *')
        assert sorted(answers[:-1]) == sorted([
            b'* LIST (\\HasNoChildren \\Drafts) "." Drafts',
            b'* LIST (\\HasNoChildren \\Sent) "." Sent',
            b'* LIST (\\HasNoChildren \\Trash) "." Trash',
            b'* LIST (\\HasNoChildren) "." Spam',
            b'* LIST (\\HasNoChildren) "." Archive',
            b'* LIST (\\HasNoChildren) "." INBOX',
        ])
        assert answers[-1].startswith(b". OK List completed")
        session.wire.transcript(r"""
            C: . SELECT INBOX
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags permitted.
            S: * 3 EXISTS
            S: * 0 RECENT
            S: * OK [UNSEEN 2] First unseen.
            S~: \* OK \[UIDVALIDITY \d+\] UIDs valid
            S: * OK [UIDNEXT 4] Predicted next UID
            S: * OK [HIGHESTMODSEQ …] Highest
            S: * OK [MAILBOXID (…)] Mailbox id
            S~: \. OK \[READ-WRITE\] Select completed.*
        """)


def test_new_mail_is_recent(maildir, start):
    linnet.fill(maildir, 2)
    with start() as session:
        session.wire.transcript(r"""
            C: a SELECT INBOX
            S: * FLAGS …
            S: * OK [PERMANENTFLAGS …
            S: * 2 EXISTS
            S: * 2 RECENT
            S: * OK [UNSEEN 1] First unseen.
            S: * OK [UIDVALIDITY …
            S: * OK [UIDNEXT 3] Predicted next UID
            S: * OK [HIGHESTMODSEQ …] Highest
            S: * OK [MAILBOXID (…)] Mailbox id
            S: a OK [READ-WRITE] …
        """)


def test_examine_and_read_only(maildir, start):
    linnet.fill(maildir, 1, flags="S")
    see(start)
    with start() as session:
        session.wire.transcript(r"""
            C: a EXAMINE INBOX
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS ()] Read-only mailbox.
            S: * 1 EXISTS
            S: * 0 RECENT
            S: * OK [UIDVALIDITY …
            S: * OK [UIDNEXT 2] Predicted next UID
            S: * OK [HIGHESTMODSEQ …] Highest
            S: * OK [MAILBOXID (…)] Mailbox id
            S: a OK [READ-ONLY] Examine completed.
            C: b STORE 1 +FLAGS (\Deleted)
            S: b NO [READ-ONLY] Read-only mailbox.
            C: c EXPUNGE
            S: c NO [READ-ONLY] Read-only mailbox.
            C: d MOVE 1 INBOX
            S: d NO [READ-ONLY] Read-only mailbox.
            C: e CLOSE
            S: e OK Close completed.
        """)


def test_states(maildir, start):
    linnet.make_maildir(maildir, "a")
    with start() as session:
        session.wire.transcript("""
            C: 1 FETCH 1 FLAGS
            S: 1 BAD Error in IMAP command FETCH: No mailbox selected.
            C: 2 CLOSE
            S: 2 BAD Error in IMAP command CLOSE: No mailbox selected.
            C: 3 LOGIN a b
            S: 3 BAD Error in IMAP command LOGIN: Already logged in.
            C: 4 STARTTLS
            S: 4 BAD …
            C: 5 SELECT INBOX
            S*:
            S: 5 OK [READ-WRITE] …
            C: 6 SELECT a
            S: * OK [CLOSED] Previous mailbox is now closed.
            S*:
            S: 6 OK …
            C: 7 SELECT nothing
            S: * OK [CLOSED] Previous mailbox is now closed.
            S: 7 NO [NONEXISTENT] Mailbox doesn't exist: nothing
            C: 8 CHECK
            S: 8 BAD Error in IMAP command CHECK: No mailbox selected.
            C: 9 EXAMINE a
            S*:
            S: 9 OK [READ-ONLY] …
            C: 10 UNSELECT
            S: 10 OK Unselect completed.
            C: 11 UNSELECT
            S: 11 BAD …
        """)


def test_small_commands(start):
    with start() as session:
        session.wire.transcript(f"""
            C: a CAPABILITY
            S: * CAPABILITY {CAPABILITY}
            S: a OK Capability completed.
            C: b NOOP
            S: b OK NOOP completed.
            C: c NAMESPACE
            S: * NAMESPACE (("" ".")) NIL NIL
            S: c OK Namespace completed.
            C: d ID NIL
            S: * ID ("name" "linnet")
            S: d OK ID completed.
            C: e ID ("name" "mutt" "version" NIL)
            S: * ID ("name" "linnet")
            S: e OK …
            C: f ENABLE X-UNKNOWN CONDSTORE2
            S: * ENABLED
            S: f OK Enabled.
            C: g LOGOUT
            S: * BYE Logging out
            S: g OK Logout completed.
            E:
        """)


def test_settings_of_capability_and_id(start):
    with start(settings="imap_capability = +X-HOUSE\nimap_id_send = name * support-url http://x/\n"
                        "imap_id_log = name version\n") as session:
        session.wire.transcript(f"""
            C: a CAPABILITY
            S: * CAPABILITY {CAPABILITY} X-HOUSE
            S: a OK …
            C: b ID ("name" "mutt\\\\" "version" "1" "os" "secret")
            S: * ID ("name" "linnet" "support-url" "http://x/")
            S: b OK …
        """)
        session.wire.command("c", "LOGOUT")
        session.wire.at_end()
        assert "ID sent: name=mutt\\, version=1" in session.log()
        assert "secret" not in session.log()
    with start(settings="imap_capability = IMAP4rev1 IDLE\n") as session:
        session.wire.transcript("""
            C: a CAPABILITY
            S: * CAPABILITY IMAP4rev1 IDLE
            S: a OK …
        """)


COUNTS = r"in=\d+ out=\d+ deleted=\d+ expunged=\d+ trashed=0 hdr_count=\d+ hdr_bytes=\d+ body_count=\d+ body_bytes=\d+"


def ends(session):
    session.process.wait(5)
    return session.log()


def test_log_at_logout(maildir, start):
    linnet.fill(maildir, 3)
    with start() as session:
        session.wire.ok("a", "SELECT INBOX")
        session.wire.ok("b", r"STORE 1:2 +FLAGS (\Deleted)")
        session.wire.ok("c", "EXPUNGE")
        session.wire.ok("d", "LOGOUT")
        log = ends(session)
        line = re.search(r"imap\([^)]*\)<(\d+)><[^>]*>: Disconnected: Logged out " + COUNTS, log)
        assert line, log
        assert int(line[1]) == session.pid
        assert " deleted=2 expunged=2 " in line[0]


def test_log_when_the_client_goes(start):
    with start() as session:
        session.wire.close()
        assert re.search(r"Disconnected: Connection closed " + COUNTS, ends(session))
        assert session.log().count("Disconnected") == 1


def test_SIGTERM_while_a_client_takes_nothing(maildir, start):
    """The answer is cut where it is: a BYE in the middle of a literal would be its text."""
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1) + b"x" * 78 * 100000, flags="")
    with start() as session:
        session.wire.ok("a", "SELECT INBOX")
        session.wire.send_line("b FETCH 1 BODY.PEEK[]")
        session.wire.wait_full()
        os.kill(session.pid, signal.SIGTERM)
        session.process.wait(10)
        assert session.process.returncode == 0
        assert b"BYE" not in session.wire.rest()[-200:]
        assert "Server shutting down" in session.log()


def test_SIGTERM(start):
    with start() as session:
        session.wire.ok("a", "NOOP")
        os.kill(session.pid, signal.SIGTERM)
        session.wire.transcript("""
            S: * BYE Server shutting down.
            E:
        """)
        assert "Server shutting down" in ends(session)


def test_silence(start):
    with start(settings="imap_idle_timeout = 1\n") as session:
        session.wire.ok("a", "NOOP")
        session.wire.transcript("""
            S: * BYE Disconnected for inactivity.
            E:
        """)
        assert "Disconnected for inactivity" in ends(session)


def test_silence_within_IDLE_G14(start):
    with start(settings="imap_idle_timeout = 1\n") as session:
        session.wire.transcript("""
            C: a IDLE
            S: + idling
            S: * BYE Disconnected for inactivity.
            E:
        """)


def test_maildir_that_cannot_be(folder):
    """Issue 2: a clear log line that names the setting, and a polite answer."""
    (folder / "file").write_text("no folder")
    with linnet.preauth("imapd", folder / "file", statuses=(0, 1, 75)) as session:
        session.wire.transcript("""
            S: * BYE …
            E:
        """)
        session.process.wait(5)
        assert str(folder / "file") in session.log()
