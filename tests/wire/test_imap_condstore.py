"""test_imap_condstore.py - CONDSTORE and QRESYNC (RFC 7162), ENABLE (RFC 5161), UIDONLY (RFC 9586) (S04, G17, G20)"""
import os
import re

import pytest

import linnet


@pytest.fixture
def box(maildir):
    """INBOX with UIDs 1 ... 6, none of them \\Recent any more."""
    linnet.fill(maildir, 6, flags="")
    with linnet.preauth("imapd", maildir) as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
    return maildir


def selected(wire, command="SELECT INBOX"):
    """(UIDVALIDITY, HIGHESTMODSEQ, all responses)."""
    answers = wire.ok("sel", command)
    text = b"\n".join(answers)
    return int(re.search(rb"UIDVALIDITY (\d+)", text)[1]), int(re.search(rb"HIGHESTMODSEQ (\d+)", text)[1]), answers


def modseqs(wire, what="1:*"):
    """{number: mod-sequence} as FETCH tells them."""
    answers = wire.ok("m", f"FETCH {what} (MODSEQ)")
    return {int(n): int(m) for n, m in re.findall(rb"\* (\d+) FETCH \(MODSEQ \((\d+)\)\)", b"\n".join(answers))}


# --- what makes a client CONDSTORE-aware: RFC 7162 s.3.1 ---

@pytest.mark.parametrize("command,is_first", [
    ("ENABLE CONDSTORE", True), ("ENABLE QRESYNC", True), ("FETCH 1 (MODSEQ)", True), ("FETCH 1 MODSEQ", True),
    ("UID FETCH 1 (FLAGS) (CHANGEDSINCE 1)", True), ("STORE 1 (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Seen)", True),
    ("SEARCH MODSEQ 1", True), ("STATUS INBOX (HIGHESTMODSEQ)", True),
    ("NOOP", False), ("FETCH 1 FLAGS", False), ("ENABLE UTF8=ACCEPT", False),
])
def test_RFC7162_3_1_condstore_enabling(box, start, command, is_first):
    """The first such command tells HIGHESTMODSEQ, a second one does not; from then on FETCH responses have MODSEQ."""
    with start() as session, start() as other:
        wire = session.wire
        highest = selected(wire)[1]
        selected(other.wire)
        told = [a for a in wire.ok("a", command) if a.startswith(b"* OK [HIGHESTMODSEQ ")]
        assert told == ([b"* OK [HIGHESTMODSEQ %d] Highest" % highest] if is_first else [])
        assert not [a for a in wire.ok("b", command) if a.startswith(b"* OK [HIGHESTMODSEQ ")]
        other.wire.ok("c", "STORE 2 +FLAGS (\\Flagged)")
        news = wire.ok("d", "NOOP")[0]
        form = rb"\* 2 FETCH \(UID 2 MODSEQ \(\d+\) FLAGS \(\\Flagged\)\)" if is_first else rb"\* 2 FETCH \(FLAGS \(\\Flagged\)\)"
        assert re.fullmatch(form, news), news


def test_RFC7162_3_1_8_select_condstore(box, start):
    with start() as session, start() as other:
        highest, answers = selected(session.wire, "SELECT INBOX (CONDSTORE)")[1:]
        assert sum(b"HIGHESTMODSEQ" in a for a in answers) == 1
        selected(other.wire)
        other.wire.ok("c", "STORE 2 +FLAGS (\\Flagged)")
        news = session.wire.ok("d", "NOOP")[0]
        assert int(re.search(rb"UID 2 MODSEQ \((\d+)\)", news)[1]) > highest
        assert selected(other.wire)[1] > highest


# --- STORE: RFC 7162 s.3.1.3 ---

def test_RFC7162_3_1_3_all_pass_examples_3_and_4(box, start):
    with start() as session:
        highest = selected(session.wire)[1]
        answers = session.wire.ok("a103", f"UID STORE 6,4,2 (UNCHANGEDSINCE {highest}) +FLAGS.SILENT (\\Deleted)")
        assert answers[0] == b"* OK [HIGHESTMODSEQ %d] Highest" % highest
        assert [re.match(rb"\* (\d) FETCH \(UID \1 MODSEQ \((\d+)\)\)$", a)[1] for a in answers[1:-1]] == [b"2", b"4", b"6"]
        assert answers[-1] == b"a103 OK Store completed."
        newest = max(modseqs(session.wire).values())
        assert newest > highest
        answers = session.wire.ok("a104", f"STORE * (UNCHANGEDSINCE {newest}) +FLAGS.SILENT (\\Deleted $Processed)")
        assert re.fullmatch(rb"\* 6 FETCH \(UID 6 MODSEQ \((\d+)\)\)", answers[-2])


def test_RFC7162_3_1_3_some_fail_example_6(box, start):
    """The messages that fail are named, and what they are now is told without being asked for."""
    with start() as session, start() as other:
        highest = selected(session.wire, "SELECT INBOX (CONDSTORE)")[1]
        selected(other.wire)
        other.wire.ok("o", "STORE 5 +FLAGS (\\Seen)")
        answers = session.wire.ok("d105", f"STORE 6,3,5 (UNCHANGEDSINCE {highest}) +FLAGS.SILENT (\\Deleted)")
        text = b"\n".join(answers)
        assert re.search(rb"\* 3 FETCH \(UID 3 MODSEQ \(\d+\)\)\n", text)
        assert re.search(rb"\* 6 FETCH \(UID 6 MODSEQ \(\d+\)\)\n", text)
        assert len(re.findall(rb"\* 5 FETCH \(UID 5 MODSEQ \(\d+\) FLAGS \(\\Seen\)\)", text)) == 1
        assert answers[-1].startswith(b"d105 OK [MODIFIED 5] ")
        # the client is one behind itself: the same again fails with what it knows
        answers = session.wire.ok("e", f"UID STORE 1:6 (UNCHANGEDSINCE {highest}) +FLAGS (\\Draft)")
        assert answers[-1].startswith(b"e OK [MODIFIED 3,5:6] ")
        assert len([a for a in answers if b"FLAGS" in a]) == 6


def test_RFC7162_3_1_3_zero_fails_always_example_8(box, start):
    with start() as session:
        selected(session.wire)
        before = modseqs(session.wire)
        answers = session.wire.ok("a102", "STORE 2 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)")
        assert answers[-1].startswith(b"a102 OK [MODIFIED 2] ")
        assert modseqs(session.wire) == before
        assert b"FLAGS ()" in session.wire.ok("f", "FETCH 2 FLAGS")[0]


def test_RFC7162_3_1_3_expunged_ones_example_11(box, start):
    with start() as session, start() as other:
        highest = selected(session.wire, "SELECT INBOX (CONDSTORE)")[1]
        selected(other.wire)
        other.wire.ok("o", "STORE 4:6 +FLAGS.SILENT (\\Deleted)")
        other.wire.ok("o", "EXPUNGE")
        other.wire.ok("o", "STORE 2 +FLAGS (\\Answered)")
        answers = session.wire.command("B001", f"STORE 1:6 (UNCHANGEDSINCE {highest}) +FLAGS (\\Seen)")
        assert answers[-1].startswith(b"B001 NO [MODIFIED 2] ")
        assert not [a for a in answers if b"EXPUNGE" in a]
        assert len(re.findall(rb"\* [13] FETCH \(UID \d MODSEQ \(\d+\) FLAGS \(\\Seen\)\)", b"\n".join(answers))) == 2
        news = session.wire.ok("B002", "NOOP")
        assert sorted(n for n in news if b"EXPUNGE" in n) == [b"* 4 EXPUNGE", b"* 5 EXPUNGE", b"* 6 EXPUNGE"]
        newest = max(modseqs(session.wire).values())
        assert session.wire.ok("b003", f"STORE 2 (UNCHANGEDSINCE {newest}) +FLAGS (\\Seen)")[-1] == b"b003 OK Store completed."


def test_RFC7162_3_1_3_twice_in_a_set(box, start):
    with start() as session:
        highest = selected(session.wire)[1]
        answers = session.wire.ok("e105", f"STORE 5,3:6 (UNCHANGEDSINCE {highest}) +FLAGS.SILENT (\\Deleted)")
        assert answers[-1] == b"e105 OK Store completed."


def test_S04_one_winner(box, start):
    """Of two conditional stores with one mod-sequence exactly one wins, whoever comes first."""
    with start() as one, start() as two:
        sessions = (one.wire, two.wire)
        for wire in sessions:
            selected(wire, "SELECT INBOX (CONDSTORE)")
        for turn in range(20):
            since = max(modseqs(one.wire, "1").values())
            for wire in sessions:
                wire.send_line(f"r STORE 1 (UNCHANGEDSINCE {since}) FLAGS (k{turn % 5})")
            ends = [wire.until_tag("r")[-1] for wire in sessions]
            assert sorted(b"MODIFIED" in end for end in ends) == [False, True], ends


# --- FETCH: RFC 7162 s.3.1.4, 3.2.6 ---

def test_RFC7162_3_1_4_1_changedsince_example_12(box, start):
    with start() as session:
        highest = selected(session.wire)[1]
        session.wire.ok("s", "STORE 2,4 +FLAGS.SILENT (\\Seen)")
        answers = session.wire.ok("s100", f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {highest})")
        got = [re.match(rb"\* (\d) FETCH \(UID \1 FLAGS \(\\Seen\) MODSEQ \((\d+)\)\)$", a) for a in answers[1:-1]]
        assert [m[1] for m in got] == [b"2", b"4"]
        newest = max(int(m[2]) for m in got)
        assert len(session.wire.ok("n", f"FETCH 1:* (FLAGS) (CHANGEDSINCE {newest})")) == 1
        assert len(session.wire.ok("n", "FETCH 1:* FAST (CHANGEDSINCE 0)")) == 7


def test_RFC7162_3_2_6_vanished(box, start):
    with start() as session:
        session.wire.ok("e", "ENABLE QRESYNC")
        highest = selected(session.wire)[1]
        session.wire.ok("s", "STORE 1,3,6 +FLAGS.SILENT (\\Deleted)")
        assert session.wire.ok("x", "EXPUNGE")[0] == b"* VANISHED 1,3,6"
        session.wire.ok("s", "STORE 2 +FLAGS.SILENT (\\Seen)")
        answers = session.wire.ok("s100", f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {highest} VANISHED)")
        assert answers[0] == b"* VANISHED (EARLIER) 1,3,6"
        assert re.fullmatch(rb"\* 2 FETCH \(UID 4 FLAGS \(\\Seen\) MODSEQ \(\d+\)\)", answers[1])
        assert session.wire.ok("t", f"UID FETCH 2:5 (FLAGS) (CHANGEDSINCE {highest} VANISHED)")[0] == b"* VANISHED (EARLIER) 3"
        assert len(session.wire.ok("u", f"UID FETCH 2,4 (UID) (CHANGEDSINCE {highest} VANISHED)")) == 2


@pytest.mark.parametrize("enable,command,reply", [
    ("ENABLE CONDSTORE", "UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)", b"a BAD "),
    ("ENABLE QRESYNC", "FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)", b"a BAD "),
    ("ENABLE QRESYNC", "UID FETCH 1:* FLAGS (VANISHED)", b"a BAD "),
    ("ENABLE CONDSTORE", "SELECT INBOX (QRESYNC (1 1))", b"a BAD "),
    ("NOOP", "EXAMINE INBOX (CONDSTORE QRESYNC (1 1))", b"a BAD "),
    ("ENABLE QRESYNC", "SELECT INBOX (QRESYNC (0 1))", b"a BAD "),
    ("ENABLE QRESYNC", "SELECT INBOX (QRESYNC (1 2 1:*))", b"a BAD "),
    ("ENABLE QRESYNC", "SELECT INBOX (QRESYNC (1 2 1:9 (1:2 3)))", b"a BAD "),
])
def test_G17_what_is_not_allowed(box, start, enable, command, reply):
    with start() as session:
        session.wire.ok("e", enable)
        selected(session.wire)
        assert session.wire.command("a", command)[-1].startswith(reply)
        assert session.wire.ok("f", "FETCH 1 UID")[0] == b"* 1 FETCH (UID 1)"  # the mailbox is still selected


# --- QRESYNC: RFC 7162 s.3.2 ---

def changed_box(start):
    """(UIDVALIDITY, old HIGHESTMODSEQ) of INBOX, from which 2 and 5 left and where 3 was flagged since."""
    with start() as session:
        validity, highest, _ = selected(session.wire)
        session.wire.ok("s", "STORE 2,5 +FLAGS.SILENT (\\Deleted)")
        session.wire.ok("x", "EXPUNGE")
        session.wire.ok("f", "UID STORE 3 +FLAGS (\\Flagged)")
    return validity, highest


def resync(start, parameters, enable="ENABLE QRESYNC", command="SELECT"):
    """What follows the state of the mailbox."""
    with start() as session:
        session.wire.ok("e", enable)
        answers = session.wire.ok("r", f"{command} INBOX (QRESYNC ({parameters}))")
        at = max(n for n, a in enumerate(answers) if a.startswith(b"* OK ["))
        assert b"RECENT" in b"\n".join(answers[:at])
        return answers[at + 1:-1]


def test_RFC7162_3_2_5_resynchronise(box, start):
    validity, since = changed_box(start)
    flagged = rb"\* 2 FETCH \(UID 3 MODSEQ \(\d+\) FLAGS \(\\Flagged\)\)"
    for command in ("SELECT", "EXAMINE"):
        got = resync(start, f"{validity} {since}", command=command)
        assert got[0] == b"* VANISHED (EARLIER) 2,5" and re.fullmatch(flagged, got[1]) and len(got) == 2
    assert resync(start, f"{validity} {since} 1:2,6") == [b"* VANISHED (EARLIER) 2"]
    assert re.fullmatch(flagged, resync(start, f"{validity} {since} 3:4")[0])
    assert resync(start, f"{validity + 1} {since}") == []       # s.3.2.5: another UIDVALIDITY, nothing more is said
    assert resync(start, f"{validity} 9223372036854775807") == []


def test_RFC7162_3_2_5_2_sequence_match_data(box, start):
    validity, since = changed_box(start)  # left: 1 3 4 6
    assert resync(start, f"{validity} {since} 1:6 (1,2 1,3)")[0] == b"* VANISHED (EARLIER) 5"
    assert resync(start, f"{validity} {since} 1:6 (1,2,3 1,3,5)")[0] == b"* VANISHED (EARLIER) 5"
    assert resync(start, f"{validity} {since} (1,2 1,2)")[0] == b"* VANISHED (EARLIER) 2,5"
    assert not [a for a in resync(start, f"{validity} {since} 1:6 (1:4 1,3:4,6)") if b"VANISHED" in a]
    assert resync(start, f"{validity} {since} 1:6 (1,4294967295 1,4294967295)")[0] == b"* VANISHED (EARLIER) 2,5"


def test_RFC7162_5_1_without_history(box, start):
    """linnet.* gone: all of the known UIDs that are not there are told, which is more and never less."""
    validity, since = changed_box(start)
    for path in box.glob("linnet.*"):
        path.unlink()
    got = resync(start, f"{validity} {since} 1:6")
    assert got[0] == b"* VANISHED (EARLIER) 2,5"
    assert len(got) == 5
    assert resync(start, f"{validity} {since} 1:6 (1,2 1,3)")[0] == b"* VANISHED (EARLIER) 5"


def test_RFC7162_3_2_5_an_empty_mailbox(maildir, start):
    with start() as session:
        session.wire.ok("e", "ENABLE QRESYNC")
        validity, highest, _ = selected(session.wire)
        assert len(session.wire.ok("a", f"SELECT INBOX (QRESYNC ({validity} 1))")) == len(selected(session.wire)[2])


def test_RFC7162_3_2_7_expunge_with_qresync(box, start):
    with start() as session, start() as other:
        session.wire.ok("e", "ENABLE QRESYNC")
        selected(session.wire)
        selected(other.wire)
        session.wire.ok("s", "STORE 1,3:4 +FLAGS.SILENT (\\Deleted)")
        session.wire.transcript(r"""
            C: B202 EXPUNGE
            S: * VANISHED 1,3:4
            S~: B202 OK \[HIGHESTMODSEQ \d+\] Expunge completed\.
            C: B203 EXPUNGE
            S: B203 OK Expunge completed.
            C: B204 UID STORE 2 +FLAGS.SILENT (\Deleted)
            S~: \* 1 FETCH \(UID 2 MODSEQ \(\d+\)\)
            S: B204 OK …
            C: B205 UID EXPUNGE 5:6
            S: B205 OK Expunge completed.
            C: B206 UID EXPUNGE 1:6
            S: * VANISHED 2
            S~: B206 OK \[HIGHESTMODSEQ \d+\] Expunge completed\.
        """)
        assert other.wire.ok("n", "NOOP")[:4] == [b"* 4 EXPUNGE", b"* 3 EXPUNGE", b"* 2 EXPUNGE", b"* 1 EXPUNGE"]


def test_RFC7162_3_2_8_close_says_no_modseq(box, start):
    with start() as session:
        session.wire.ok("e", "ENABLE QRESYNC")
        selected(session.wire)
        session.wire.ok("s", "STORE 1 +FLAGS.SILENT (\\Deleted)")
        assert session.wire.ok("c", "CLOSE") == [b"c OK Close completed."]


def test_RFC7162_3_2_10_move_with_qresync(box, start):
    linnet.make_maildir(box, "foo")
    with start() as session:
        session.wire.ok("e", "ENABLE QRESYNC")
        selected(session.wire)
        session.wire.transcript(r"""
            C: a UID MOVE 2,4 foo
            S~: \* OK \[COPYUID \d+ 2,4 1:2\] Moved UIDs\.
            S: * VANISHED 2,4
            S~: a OK \[HIGHESTMODSEQ \d+\] Move completed\.
        """)


def test_RFC7162_3_2_11_closed(box, start):
    with start() as session:
        selected(session.wire)
        assert session.wire.ok("a", "SELECT INBOX")[0].startswith(b"* OK [CLOSED] ")
        session.wire.ok("b", "UNSELECT")
        assert not session.wire.ok("c", "SELECT INBOX")[0].startswith(b"* OK [CLOSED] ")
        assert session.wire.command("d", "SELECT nowhere")[0].startswith(b"* OK [CLOSED] ")


def test_RFC7162_3_2_10_2_none_behind_a_search_by_numbers(box, start):
    with start() as session, start() as other:
        session.wire.ok("e", "ENABLE QRESYNC")
        selected(session.wire)
        selected(other.wire)
        other.wire.ok("o", "STORE 3 +FLAGS.SILENT (\\Deleted)")
        other.wire.ok("o", "EXPUNGE")
        assert not [a for a in session.wire.ok("a", "UID SEARCH OR 1:2 SEEN") if b"VANISHED" in a]
        assert b"* VANISHED 3" in session.wire.ok("b", "UID SEARCH SEEN")


def test_RFC7162_6_a_modseq_is_held_back_with_vanished(box, start):
    """While VANISHED has to wait the client is told a HIGHESTMODSEQ below it."""
    with start() as session, start() as other:
        session.wire.ok("e", "ENABLE QRESYNC")
        highest = selected(session.wire)[1]
        selected(other.wire)
        other.wire.ok("o", "STORE 3 +FLAGS.SILENT (\\Deleted)")
        other.wire.ok("o", "EXPUNGE")
        for command in ("STORE 1:2 +FLAGS.SILENT (\\Seen)", "FETCH 1 FLAGS", "SEARCH ALL"):
            answers = session.wire.ok("A150", command)
            assert not [a for a in answers if b"VANISHED" in a]
            assert answers[-2] == b"* OK [HIGHESTMODSEQ %d] Highest" % highest, command
        assert session.wire.ok("A152", "NOOP")[0] == b"* VANISHED 3"
        assert not [a for a in session.wire.ok("A153", "FETCH 1 FLAGS") if b"HIGHESTMODSEQ" in a]


def test_RFC7162_3_2_4_seen_by_fetch(box, start):
    with start() as session:
        selected(session.wire, "SELECT INBOX (CONDSTORE)")
        answer = session.wire.ok("a", "FETCH 1 BODY[TEXT]<0.1>")[0]
        assert re.fullmatch(rb"\* 1 FETCH \(UID 1 FLAGS \(\\Seen\) MODSEQ \(\d+\) BODY\[TEXT\]<0> \{1\}\r\nB\)", answer)
        assert session.wire.ok("b", "FETCH 1 RFC822.SIZE")[0].startswith(b"* 1 FETCH (RFC822.SIZE ")


# --- UIDPLUS and MOVE: RFC 4315, RFC 6851 ---

def test_RFC4315_2_1_uid_expunge_and_3_copyuid(maildir, start):
    """The numbers of the RFC's examples, in a mailbox made for them."""
    linnet.make_maildir(maildir, "meeting")
    linnet.fill(maildir, 24, flags="")
    with start() as session:
        selected(session.wire)
        session.wire.ok("d", "STORE 13:15,1 +FLAGS.SILENT (\\Deleted)")
        session.wire.transcript(r"""
            C: A003 UID EXPUNGE 12:15
            S: * 15 EXPUNGE
            S: * 14 EXPUNGE
            S: * 13 EXPUNGE
            S*:
            S: A003 OK …
            C: A004 UID COPY 20,5:6,9 meeting
            S~: A004 OK \[COPYUID \d+ 5:6,9,20 1:4\] Copy completed\.
            C: A005 UID COPY 13:15 meeting
            S: A005 OK No messages found.
            C: A006 COPY 1 funny
            S: A006 NO [TRYCREATE] …
        """)


def test_RFC6851_3_3_both_forms(maildir, start):
    """EXPUNGE comes behind COPYUID and before the tagged OK; a message that is gone already is left out."""
    linnet.make_maildir(maildir, "foo")
    linnet.fill(maildir, 5, flags="")
    with start() as session, start() as other:
        selected(session.wire)
        selected(other.wire)
        other.wire.ok("m", "UID MOVE 2 foo")
        answers = session.wire.ok("a", "MOVE 1:3 foo")
        assert re.fullmatch(rb"\* OK \[COPYUID \d+ 1,3 2[:,][34]\] Moved UIDs\.", answers[0])
        assert [a for a in answers if b"EXPUNGE" in a] == [b"* 3 EXPUNGE", b"* 2 EXPUNGE", b"* 1 EXPUNGE"]
        assert session.wire.ok("b", "UID MOVE 2 foo")[-1] == b"b OK No messages found."
        assert session.wire.command("c", "UID MOVE 4 bar")[-1].startswith(b"c NO [TRYCREATE] ")
        assert session.wire.ok("d", "UID SEARCH ALL")[0] == b"* SEARCH 4 5"


# --- ENABLE: RFC 5161 ---

def test_RFC5161_3_1_enable(start):
    with start() as session:
        before = session.wire.ok("t1", "CAPABILITY")[0]
        session.wire.transcript("""
            C: t2 ENABLE CONDSTORE X-GOOD-IDEA
            S: * ENABLED CONDSTORE
            S: t2 OK …
            C: t3 ENABLE condstore qresync
            S: * ENABLED QRESYNC
            S: t3 OK …
            C: t4 ENABLE SORT NOTHING
            S: * ENABLED
            S: t4 OK …
            C: t5 ENABLE
            S: t5 BAD …
        """)
        assert session.wire.ok("t6", "CAPABILITY")[0] == before


def test_G17_enable_a_thousand_unknown_ones(start):
    with start() as session:
        assert session.wire.ok("a", "ENABLE" + " X" * 1000)[0] == b"* ENABLED"
        assert session.wire.ok("b", "ENABLE " + " ".join(f"X{n}" for n in range(1000)))[0] == b"* ENABLED"


# --- UIDONLY: RFC 9586 ---

@pytest.fixture
def uidonly(box, start):
    with start() as session:
        session.wire.transcript("""
            C: e ENABLE UIDONLY
            S: * ENABLED UIDONLY
            S: e OK …
        """)
        answers = selected(session.wire)[2]
        assert not [a for a in answers if b"UNSEEN" in a]
        yield session.wire


@pytest.mark.parametrize("command", [
    "FETCH 1 FLAGS", "STORE 1 +FLAGS (\\Seen)", "COPY 1 INBOX", "MOVE 1 INBOX", "SEARCH ALL", "REPLACE 1 INBOX {1+}\r\nx",
    "SELECT INBOX (QRESYNC (1 1 1:6 (1 1)))", "UID SEARCH 1", "UID SEARCH OR 1 SEEN", "UID SEARCH NOT (1:*)",
    "SORT (DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL",
])
def test_RFC9586_3_message_numbers_are_refused(uidonly, command):
    uidonly.ok("q", "ENABLE QRESYNC")
    answer = uidonly.command("a", command)[-1]
    assert answer.startswith(b"a BAD [UIDREQUIRED] "), answer


def test_RFC9586_3_3_uidfetch(uidonly):
    uidonly.transcript(r"""
        C: a UID STORE 2 +FLAGS.SILENT (\Deleted)
        S: a OK …
        C: b UID EXPUNGE 2
        S: * VANISHED 2
        S: b OK …
        C: c UID FETCH 3:* (FLAGS)
        S: * 3 UIDFETCH (FLAGS ())
        S: * 4 UIDFETCH (FLAGS ())
        S: * 5 UIDFETCH (FLAGS ())
        S: * 6 UIDFETCH (FLAGS ())
        S: c OK …
        C: d UID FETCH 6 (UID RFC822.SIZE)
        S~: \* 6 UIDFETCH \(UID 6 RFC822\.SIZE \d+\)
        S: d OK …
        C: e UID STORE 6 +FLAGS (\Seen)
        S: * 6 UIDFETCH (FLAGS (\Seen))
        S: e OK …
    """)
    assert uidonly.ok("f", "UID FETCH 5 (BODY[TEXT]<0.1>)")[0] == b"* 5 UIDFETCH (FLAGS (\\Seen) BODY[TEXT]<0> {1}\r\nB)"


def test_RFC9586_3_3_news(uidonly, start):
    with start() as other:
        selected(other.wire)
        other.wire.ok("o", "STORE 4 +FLAGS (\\Answered)")
        assert uidonly.ok("n", "NOOP")[0] == b"* 4 UIDFETCH (FLAGS (\\Answered))"
        uidonly.ok("q", "ENABLE CONDSTORE")
        other.wire.ok("o", "STORE 1 +FLAGS (\\Answered)")
        assert re.fullmatch(rb"\* 1 UIDFETCH \(MODSEQ \(\d+\) FLAGS \(\\Answered\)\)", uidonly.ok("n", "NOOP")[0])
        other.wire.ok("o", "STORE 3:5 +FLAGS.SILENT (\\Deleted)")
        other.wire.ok("o", "EXPUNGE")
        assert b"* VANISHED 3:5" in uidonly.ok("n", "NOOP")


# --- IMAP4rev2: RFC 9051 appendix E ---

def test_RFC9051_6_3_2_select(box, start):
    linnet.deliver(box, linnet.SIMPLE % (7, 7, 7))
    with start() as session:
        session.wire.transcript(r"""
            C: a ENABLE IMAP4rev2
            S: * ENABLED IMAP4rev2
            S: a OK …
            C: A142 SELECT INBOX
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] …
            S: * 7 EXISTS
            S: * OK [UIDVALIDITY …
            S: * OK [UIDNEXT 8] …
            S: * OK [HIGHESTMODSEQ …
            S: * OK [MAILBOXID …
            S: * LIST () "." INBOX
            S: A142 OK [READ-WRITE] …
            C: b FETCH 7 FLAGS
            S: * 7 FETCH (FLAGS ())
            S: b OK …
            C: c SELECT nowhere
            S: * OK [CLOSED] …
            S: c NO [NONEXISTENT] …
        """)
        linnet.deliver(box, linnet.SIMPLE % (8, 8, 8))
        selected(session.wire)
        linnet.deliver(box, linnet.SIMPLE % (9, 9, 9))
        assert session.wire.ok("n", "NOOP") == [b"* 9 EXISTS", b"n OK NOOP completed."]


def test_RFC9051_7_5_2_news_have_uids(box, start):
    with start() as session, start() as other:
        session.wire.ok("e", "ENABLE IMAP4rev2")
        selected(session.wire)
        selected(other.wire)
        other.wire.ok("o", "STORE 4 +FLAGS (\\Answered)")
        assert session.wire.ok("n", "NOOP")[0] == b"* 4 FETCH (UID 4 FLAGS (\\Answered))"


def test_RFC9051_what_replaces_what_is_deprecated(box, start):
    """Appendix E: ESEARCH for SEARCH, UTF-8 names, BINARY, STATUS DELETED and SIZE, TRYCREATE of MOVE."""
    with start() as session:
        assert b" IMAP4rev2 " in session.wire.ok("c", "CAPABILITY")[0]
        session.wire.ok("e", "ENABLE IMAP4rev2")
        selected(session.wire)
        session.wire.transcript(r"""
            C: a SEARCH ALL
            S: * ESEARCH (TAG "a") ALL 1:6
            S: a OK …
            C: b UID SEARCH SUBJECT nothing
            S: * ESEARCH (TAG "b") UID
            S: b OK …
            C: c SEARCH RETURN (SAVE) SUBJECT "hello 2"
            S: c OK …
            C: d FETCH $ (BINARY.SIZE[1] UID)
            S: * 2 FETCH (BINARY.SIZE[1] 20 UID 2)
            S: d OK …
            C: e STATUS INBOX (MESSAGES DELETED)
            S: * STATUS INBOX (MESSAGES 6 DELETED 0)
            S: e OK …
            C: f MOVE 1 nowhere
            S: f NO [TRYCREATE] …
            C: g CREATE "\u00e9t\u00e9"
            S: g OK …
            C: h LIST "" "\u00e9*"
            S: * LIST (\HasNoChildren) "." "\u00e9t\u00e9"
            S: h OK …
        """.replace("\\u00e9", "\u00e9"))


# --- the four modes ---

DIALOGUE = r"""
    C: a ENABLE QRESYNC
    S: * ENABLED QRESYNC
    S: a OK …
    C: b SELECT INBOX (CONDSTORE QRESYNC (7 1 1:9,12 (1,2 1,2)))
    S*:
    S: b OK …
    C: c STORE 2 (UNCHANGEDSINCE 0) +FLAGS (\Seen)
    S*:
    S: c OK [MODIFIED 2] …
    C: d UID STORE 3:4 +FLAGS.SILENT (\Deleted)
    S*:
    S: d OK …
    C: e EXPUNGE
    S: * VANISHED 3:4
    S: * 4 RECENT
    S: e OK [HIGHESTMODSEQ …
    C: f UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
    S: * VANISHED (EARLIER) 3:4
    S*:
    S: f OK …
    C: g FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)
    S: g BAD …
    C: h UNSELECT
    S: h OK …
"""


@pytest.mark.parametrize("way", ["modes", "glued"])
def test_G17_in_pieces_and_glued(folder, way):
    """Whole, byte by byte, split anywhere, and with the next command glued on."""
    linnet.in_pieces_and_glued(way, folder, lambda maildir: linnet.fill(maildir, 6, flags=""), DIALOGUE)


def test_S19_a_saved_result_after_an_expunge(box, start):
    with start() as session:
        session.wire.ok("e", "ENABLE UIDONLY")
        selected(session.wire)
        session.wire.ok("s", "UID SEARCH RETURN (SAVE) ALL")
        session.wire.ok("d", "UID STORE 2:4 +FLAGS.SILENT (\\Deleted)")
        session.wire.ok("x", "UID EXPUNGE 2:4")
        answers = session.wire.ok("f", "UID FETCH $ FLAGS")
        assert [a.split()[1] for a in answers[:-1]] == [b"1", b"5", b"6"]


def test_S12_offline_across_many_changes(maildir, start):
    """Thousands of changes and a lost connection: what was kept is enough to come back."""
    linnet.fill(maildir, 300, flags="")
    with start() as session:
        validity, highest, _ = selected(session.wire)
    with start() as session:
        selected(session.wire)
        for turn in range(100):
            session.wire.send_line(f"c STORE 1:* {'+-'[turn % 2]}FLAGS.SILENT (\\Seen k{turn % 7})")
            session.wire.until_tag("c")
        session.wire.ok("d", "UID STORE 1:150 +FLAGS.SILENT (\\Deleted)")
        session.wire.ok("x", "EXPUNGE")
    with start() as session:
        session.wire.ok("e", "ENABLE QRESYNC")
        answers = session.wire.ok("r", f"SELECT INBOX (QRESYNC ({validity} {highest}))")
        assert b"* VANISHED (EARLIER) 1:150" in answers
        assert len([a for a in answers if b"FETCH (UID" in a]) == 150
