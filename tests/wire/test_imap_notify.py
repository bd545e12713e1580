"""test_imap_notify.py - NOTIFY (RFC 5465): what it asks for comes within a second, and nothing else comes"""
import time

import pytest

import linnet

BOTH = "(MessageNew MessageExpunge)"


@pytest.fixture
def pair(maildir, start):
    """Two sessions of one user: the first listens, the second acts."""
    linnet.make_maildir(maildir, "Lists.Lemonade", "Lists.Im2000", "misc")
    linnet.fill(maildir, 2, flags="S")
    with start() as session:
        session.wire.ok("see", "SELECT INBOX")  # nothing is \\Recent any more
    with start() as one, start() as two:
        yield one.wire, two.wire


def silence(wire, seconds=0.6):
    wire.sock.settimeout(seconds)
    try:
        data = wire.sock.recv(4096)
    except (TimeoutError, linnet.socket.timeout):
        return
    finally:
        wire.sock.settimeout(wire.timeout)
    raise linnet.Failure(f"unasked: {data!r}")


def soon(wire, text):
    begin = time.monotonic()
    wire.transcript(text)
    assert time.monotonic() - begin < 2


def test_RFC5465_s3_1_example(maildir, pair):
    one, two = pair
    one.transcript(r"""
        C: b notify set status (selected (MessageNew (uid body.peek[header.fields (FROM SUBJECT)]) MessageExpunge)) (subtree Lists (MessageNew MessageExpunge))
        S: * STATUS Lists.Im2000 (MESSAGES 0 UIDNEXT 1 UIDVALIDITY …)
        S: * STATUS Lists.Lemonade (MESSAGES 0 UIDNEXT 1 UIDVALIDITY …)
        S: b OK NOTIFY completed.
        C: c select inbox
        S*:
        S: c OK …
    """)
    silence(one)
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1), folder="Lists.Lemonade")
    soon(one, "S: * STATUS Lists.Lemonade (MESSAGES 1 UIDNEXT 2 UIDVALIDITY …)")
    linnet.deliver(maildir, linnet.SIMPLE % (7, 7, 7))
    soon(one, r"""
        S: * 3 EXISTS
        S: * 1 RECENT
        S: * 3 FETCH (UID 3 BODY[HEADER.FIELDS (FROM SUBJECT)] {…}…Subject: hello 7…)
    """)
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1), folder="misc")
    silence(one)
    one.transcript("""
        C: e notify set (selected (MessageNew (uid) MessageExpunge)) (subtree Lists (MessageNew MessageExpunge)) (mailboxes misc (MessageNew MessageExpunge))
        S: e OK …
    """)
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1), folder="misc")
    soon(one, "S: * STATUS misc (MESSAGES 2 UIDNEXT 3 UIDVALIDITY …)")


def test_RFC5465_s5_1_FlagChange(pair):
    one, two = pair
    one.ok("a", "NOTIFY SET (selected (MessageNew MessageExpunge FlagChange)) (mailboxes INBOX (MessageNew MessageExpunge FlagChange))")
    two.ok("b", "SELECT INBOX")
    two.ok("c", r"STORE 1 -FLAGS (\Seen)")
    soon(one, r"S~: \* STATUS INBOX \(.*UNSEEN 1.*\)")
    one.ok("d", "SELECT INBOX")
    two.ok("e", r"STORE 2 +FLAGS ($Junk)")
    one.transcript(r"""
        S*:
        S: * 2 FETCH (UID 2 …FLAGS (\Seen $Junk))
    """)


@pytest.mark.parametrize("how, is_told", [("selected", True), ("selected-delayed", False)])
def test_RFC5465_s6_1_expunges(pair, how, is_told):
    one, two = pair
    one.ok("a", f"NOTIFY SET ({how} {BOTH})")
    one.ok("b", "SELECT INBOX")
    two.ok("c", "SELECT INBOX")
    two.ok("d", r"STORE 1 +FLAGS.SILENT (\Deleted)")
    two.ok("e", "EXPUNGE")
    if is_told:
        soon(one, "S: * 1 EXPUNGE")
    else:
        silence(one)
        one.transcript("""
            C: f NOOP
            S: * 1 EXPUNGE
            S*:
            S: f OK …
        """)


def test_RFC5465_s5_4_MailboxName_and_s5_5_SubscriptionChange(maildir, pair):
    one, two = pair
    one.ok("a", "NOTIFY SET (personal (MailboxName SubscriptionChange))")
    for command, told in (
            ("CREATE NewMailbox", [r'* LIST (\HasNoChildren) "." NewMailbox']),
            ("CREATE a.b", [r'* LIST (\HasNoChildren) "." a.b', r'* LIST (\NonExistent \HasChildren) "." a']),
            ("RENAME NewMailbox Renamed", [r'* LIST (\HasNoChildren) "." Renamed ("OLDNAME" (NewMailbox))']),
            ("SUBSCRIBE Renamed", [r'* LIST (\HasNoChildren \Subscribed) "." Renamed']),
            ("UNSUBSCRIBE Renamed", [r'* LIST (\HasNoChildren) "." Renamed']),
            ("DELETE Renamed", [r'* LIST (\NonExistent) "." Renamed']),
            ("DELETE a.b", [r'* LIST (\NonExistent) "." a.b', r'* LIST (\NonExistent) "." a'])):
        two.ok("b", command)
        soon(one, "\n".join("S: " + line for line in told))
    for command in ("CREATE own", "SUBSCRIBE own", "RENAME own x", "DELETE x"):
        one.ok("c", command)
    silence(one)
    # another program makes the folder first and its parts later
    (maildir / ".late").mkdir()
    time.sleep(0.1)
    linnet.make_maildir(maildir, "late")
    soon(one, r'S: * LIST (\HasNoChildren) "." late')


def test_RFC5465_s5_6_and_s5_7_annotations(pair):
    one, two = pair
    one.ok("a", "NOTIFY SET (subtree Lists (MailboxMetadataChange)) (inboxes (ServerMetadataChange))")
    two.ok("b", 'SETMETADATA Lists.Im2000 (/private/comment "x" /shared/comment "y")')
    soon(one, "S: * METADATA Lists.Im2000 /private/comment /shared/comment")
    two.ok("c", "SETMETADATA Lists.Im2000 (/shared/comment NIL)")
    soon(one, "S: * METADATA Lists.Im2000 /shared/comment")
    two.ok("d", 'SETMETADATA "" (/private/vendor/x/y "x")')
    soon(one, 'S: * METADATA "" /private/vendor/x/y')
    two.ok("e", 'SETMETADATA misc (/private/comment "x")')
    silence(one)


def test_RFC5465_s3_1_nothing_of_the_selected_mailbox_unless_asked(maildir, pair):
    one, two = pair
    for command in ("NOTIFY NONE", "NOTIFY SET (mailboxes misc NONE)", "NOTIFY SET (selected NONE)"):
        one.ok("a", command)
        one.ok("b", "SELECT INBOX")
        linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1))
        silence(one, 0.3)
        assert one.ok("c", "NOOP") == [b"c OK NOOP completed."]


def test_RFC5465_s3_1_STATUS_with_HIGHESTMODSEQ(pair):
    """Where FlagChange is asked for, by a server that has CONDSTORE; whether it is enabled or not."""
    one, two = pair
    one.transcript("""
        C: a NOTIFY SET STATUS (mailboxes INBOX (MessageNew MessageExpunge FlagChange)) (mailboxes misc (MessageNew MessageExpunge))
        S~: \\* STATUS INBOX \\(MESSAGES 2 UIDNEXT 3 UIDVALIDITY \\d+ UNSEEN 0 HIGHESTMODSEQ [1-9]\\d*\\)
        S: * STATUS misc (MESSAGES 0 UIDNEXT 1 UIDVALIDITY …)
        S: a OK …
    """)


@pytest.mark.parametrize("groups", [f"(personal {BOTH})", f"(selected {BOTH})", "(selected NONE)"])
def test_RFC5465_s3_1_SET_is_a_NOOP(maildir, pair, groups):
    """What has gathered is told at once, whatever is wanted from then on."""
    one, two = pair
    one.ok("a", "NOTIFY SET (selected NONE)")
    one.ok("b", "SELECT INBOX")
    two.ok("c", "SELECT INBOX")
    two.ok("d", r"STORE 2 +FLAGS (\Flagged)")
    two.ok("e", r"STORE 1 +FLAGS.SILENT (\Deleted)")
    two.ok("f", "EXPUNGE")
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1))
    answers = one.ok("g", f"NOTIFY SET {groups}")
    assert answers[:2] == [b"* 1 EXPUNGE", b"* 2 EXISTS"]
    assert any(rb"\Flagged" in line for line in answers)


def test_RFC5465_s5_1_flags_of_the_selected_mailbox_with_UID(pair):
    one, two = pair
    one.ok("a", "NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))")
    one.ok("b", "SELECT INBOX")
    two.ok("c", "SELECT INBOX")
    two.ok("d", r"STORE 1 +FLAGS (\Flagged)")
    soon(one, r"S: * 1 FETCH (UID 1 FLAGS (\Flagged \Seen))")


def test_RFC5465_s5_and_s5_2_own_mail(maildir, pair):
    """No STATUS of another mailbox, and no FETCH of the selected one, for what the client puts there itself."""
    one, two = pair
    one.ok("a", f"NOTIFY SET (selected (MessageNew (UID) MessageExpunge)) (personal {BOTH})")
    one.ok("b", "SELECT INBOX")
    assert one.ok("c", "APPEND INBOX {3+}\r\nabc")[:-1] == [b"* 3 EXISTS", b"* 1 RECENT"]
    one.ok("d", "APPEND misc {3+}\r\nabc {3+}\r\ndef")
    one.ok("e", "COPY 1:2 misc")
    assert one.ok("f", "COPY 1 INBOX")[:-1] == [b"* 4 EXISTS"]
    silence(one)
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1), folder="misc")
    soon(one, "S: * STATUS misc (MESSAGES 5 UIDNEXT 6 UIDVALIDITY …)")
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1))
    soon(one, """
        S: * 5 EXISTS
        S: * 2 RECENT
        S: * 5 FETCH (UID 5)
    """)
    assert one.ok("g", "MOVE 1 misc")[-2] == b"* 1 EXPUNGE"
    silence(one)


@pytest.mark.parametrize("select, leave", [("SELECT", "CLOSE"), ("EXAMINE", "CLOSE"), ("SELECT", "UNSELECT"), ("SELECT", "SELECT misc")])
def test_RFC5465_s6_1_a_mailbox_that_is_left(maildir, pair, select, leave):
    """What went with CLOSE is no news; from then on the mailbox is one of the others."""
    one, two = pair
    one.ok("a", f"NOTIFY SET (selected {BOTH}) (personal {BOTH})")
    one.ok("b", f"{select} INBOX")
    if select == "SELECT":
        one.ok("c", r"STORE 1 +FLAGS (\Deleted)")
    one.ok("d", leave)
    silence(one)
    count = 1 if (select, leave) == ("SELECT", "CLOSE") else 2
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1))
    soon(one, f"S: * STATUS INBOX (MESSAGES {count + 1} UIDNEXT 4 UIDVALIDITY …)")
    one.ok("e", "EXAMINE INBOX")
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1))
    soon(one, f"S: * {count + 2} EXISTS")


def test_RFC5465_s6_1_mail_that_came_before_it_is_left(maildir, pair):
    one, two = pair
    one.ok("a", f"NOTIFY SET (selected NONE) (personal {BOTH})")
    one.ok("b", "SELECT INBOX")
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1))
    silence(one)
    one.ok("c", "UNSELECT")
    soon(one, "S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY …)")


def test_in_IDLE_too(maildir, pair):
    one, two = pair
    one.ok("a", f"NOTIFY SET (selected-delayed {BOTH}) (subscribed {BOTH})")
    two.ok("b", "SUBSCRIBE misc")
    one.transcript("""
        C: c IDLE
        S: + idling
    """)
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1), folder="misc")
    soon(one, "S: * STATUS misc (MESSAGES 1 UIDNEXT 2 UIDVALIDITY …)")
    one.transcript("""
        C: DONE
        S: c OK …
    """)


@pytest.mark.parametrize("text, answer", [
    ("SET (selected (AnnotationChange))", b"a NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange "
     b"MailboxMetadataChange ServerMetadataChange)] Unsupported NOTIFY event."),
    ("SET (personal (X-Else MailboxName))", b"a NO [BADEVENT ("),
    ("SET (selected (MessageNew))", b"a BAD"), ("SET (personal (FlagChange))", b"a BAD"),
    ("SET (personal (MessageNew (UID) MessageExpunge))", b"a BAD"), ("SET (selected (MailboxName))", b"a BAD"),
    (f"SET (selected {BOTH}) (selected-delayed {BOTH})", b"a BAD"), ("SET", b"a BAD"), ("SET (everybody NONE)", b"a BAD"),
    ("SET (personal ())", b"a BAD"), ("ALL", b"a BAD"), ("SET STATUS", b"a BAD"),
    ("SET (selected (MessageNew (UID NOTHING) MessageExpunge))", b"a BAD"),
    ("SET (mailboxes (missing ../u2) (MailboxName))", b"a OK"), ("SET (mailboxes misc MessageNew)", b"a BAD"),
])
def test_RFC5465_s8_grammar(pair, text, answer):
    assert pair[0].command("a", f"NOTIFY {text}")[-1].startswith(answer)


def test_RFC5465_s5_8_overflow(maildir, start):
    linnet.make_maildir(maildir, *[f"f{n}" for n in range(999)])
    with start() as one, start() as two:
        one.wire.ok("a", "NOTIFY SET (personal (MailboxMetadataChange))")
        two.wire.ok("b", "CREATE f1000")
        one.wire.transcript("S: * OK [NOTIFICATIONOVERFLOW] …")
        assert one.wire.command("c", "NOTIFY SET (personal (MailboxMetadataChange))")[-1].startswith(b"c NO [NOTIFICATIONOVERFLOW]")
        one.wire.ok("d", "NOTIFY SET (personal (MailboxName))")
