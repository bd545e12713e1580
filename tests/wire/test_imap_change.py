"""test_imap_change.py - STORE COPY MOVE EXPUNGE, and what other sessions see of it (G13, G18, S01 ... S10)"""
import re

import pytest

import linnet


@pytest.fixture
def start(start):
    """start(): a session with INBOX selected; its answers to that are read."""
    def begin(select="SELECT INBOX", **how):
        session = start(**how)
        session.wire.ok("select", select)
        return session
    return begin


def fill(start, maildir, count, flags=""):
    """Messages that are not \\Recent any more: another session has seen them."""
    linnet.fill(maildir, count, flags=flags)
    with start():
        pass


def uids(wire):
    return [int(n) for n in wire.ok("u", "UID SEARCH ALL")[0].split()[2:]]


def test_store(maildir, start):
    fill(start, maildir, 3)
    with start() as session:
        session.wire.transcript(r"""
            C: a STORE 1:2 +FLAGS (\Seen)
            S: * 1 FETCH (FLAGS (\Seen))
            S: * 2 FETCH (FLAGS (\Seen))
            S: a OK Store completed.
            C: b STORE 1 FLAGS \Flagged
            S: * 1 FETCH (FLAGS (\Flagged))
            S: b OK …
            C: c STORE 1 -FLAGS.SILENT (\Flagged)
            S: c OK Store completed.
            C: d UID STORE 1 +FLAGS (\Answered \Draft \Deleted)
            S: * 1 FETCH (UID 1 FLAGS (\Answered \Deleted \Draft))
            S: d OK …
            C: e UID STORE 99 +FLAGS (\Seen)
            S: e OK …
            C: f STORE 3 FLAGS ()
            S: * 3 FETCH (FLAGS ())
            S: f OK …
        """)


def test_a_new_keyword_is_told_before_it_is_used(maildir, start):
    fill(start, maildir, 1)
    with start() as session:
        session.wire.transcript(r"""
            C: a STORE 1 +FLAGS (work)
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft work)
            S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft work \*)] Flags permitted.
            S: * 1 FETCH (FLAGS (work))
            S: a OK …
            C: b STORE 1 +FLAGS (WORK)
            S: * 1 FETCH (FLAGS (work))
            S: b OK …
        """)
    with start() as session:
        session.wire.transcript(r"""
            C: a SELECT INBOX
            S: * OK [CLOSED] …
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft work)
            S*:
            S: a OK …
            C: b FETCH 1 FLAGS
            S: * 1 FETCH (FLAGS (work))
            S: b OK …
        """)


@pytest.mark.parametrize("flags,reply", [
    (r"(\Recent)", b"a BAD Error in IMAP command STORE: \\Recent cannot be changed by a client."),
    (r"(\Unknown)", b"a BAD Error in IMAP command STORE: no such system flag."),
    ("(" + "k" * 10240 + ")", b"a BAD Error in IMAP command STORE: a keyword is too long."),
    ("(a]b)", b"a BAD"), ("(a*)", b"a BAD"), ("(caf\u00e9)", b"a BAD"), ('("a b")', b"a BAD"),
    ("(" + " ".join(f"k{n}" for n in range(27)) + ")", b"a NO [LIMIT]"),
    (r"(\Seen \Unknown)", b"a BAD"),
], ids=lambda value: str(value)[:16])
def test_G13_flags_that_cannot_be(maildir, start, flags, reply):
    fill(start, maildir, 2)
    with start() as session:
        before = sorted(p.name for p in (maildir / "cur").iterdir())
        answers = session.wire.command("a", f"STORE 1:2 +FLAGS {flags}")
        assert answers[-1].startswith(reply), answers
        assert sorted(p.name for p in (maildir / "cur").iterdir()) == before
        assert session.wire.ok("b", "FETCH 1 FLAGS")[0] == b"* 1 FETCH (FLAGS ())"


def test_G13_sets_with_many_elements(maildir, start):
    fill(start, maildir, 50)
    with start() as session:
        many = ",".join(str(n) for n in range(1, 12000, 2))
        assert len(session.wire.ok("a", f"UID STORE {many} +FLAGS.SILENT (\\Seen)")) == 1
        assert session.wire.ok("b", "SEARCH SEEN")[0].split()[2:] == [b"%d" % n for n in range(1, 51, 2)]
        copied = session.wire.ok("c", f"UID COPY {many} INBOX")
        assert re.search(rb"\[COPYUID \d+ 1,3,5,.*,49 51:75\]", copied[-1])
        moved = session.wire.ok("d", f"UID MOVE {many} INBOX")
        assert moved[0].startswith(b"* OK [COPYUID ")


def test_copy(maildir, start):
    linnet.make_maildir(maildir, "MEETING")
    linnet.deliver(maildir, linnet.SIMPLE % (1, 1, 1), flags="FS")
    fill(start, maildir, 2)
    with start() as session:
        session.wire.ok("k", "STORE 1 +FLAGS.SILENT (work)")
        session.wire.transcript(r"""
            C: A003 COPY 1:2 MEETING
            S~: A003 OK \[COPYUID \d+ 1:2 1:2\] Copy completed\..*
            C: b UID COPY 3,1 meeting
            S: b NO [TRYCREATE] Mailbox doesn't exist: meeting
            C: c UID COPY 3,1 "MEETING"
            S~: c OK \[COPYUID \d+ 1,3 3:4\] Copy completed\..*
            C: d UID COPY 77 MEETING
            S: d OK No messages found.
            C: e SELECT MEETING
            S*:
            S: e OK …
            C: f FETCH 1:* FLAGS
            S~: \* 1 FETCH \(FLAGS \(\\Flagged \\Seen( \\Recent)? work\)\)
            S*:
            S: f OK …
        """)


def test_copy_into_itself(maildir, start):
    fill(start, maildir, 2)
    with start() as session:
        answers = session.wire.ok("a", "COPY 1:* INBOX")
        assert b"* 4 EXISTS" in answers
        assert re.match(rb"a OK \[COPYUID \d+ 1:2 3:4\]", answers[-1])


def test_move_RFC6851(maildir, start):
    linnet.make_maildir(maildir, "foo")
    fill(start, maildir, 5)
    with start() as session:
        session.wire.transcript(r"""
            C: a UID MOVE 2,4 foo
            S~: \* OK \[COPYUID \d+ 2,4 1:2\] Moved UIDs\.
            S~: \* [24] EXPUNGE
            S~: \* [23] EXPUNGE
            S: a OK Move completed.
            C: b MOVE 1 nothing
            S: b NO [TRYCREATE] …
            C: c MOVE 1 foo
            S: * OK [COPYUID …
            S: * 1 EXPUNGE
            S: c OK …
            C: d UID SEARCH ALL
            S: * SEARCH 3 5
            S: d OK …
            C: e STATUS foo (MESSAGES)
            S: * STATUS foo (MESSAGES 3)
            S: e OK …
        """)


def test_expunge(maildir, start):
    fill(start, maildir, 5)
    with start() as session:
        session.wire.transcript(r"""
            C: a STORE 1,3:5 +FLAGS.SILENT (\Deleted)
            S: a OK …
            C: b UID EXPUNGE 4:*
            S*:
            S: b OK Expunge completed.
            C: c UID SEARCH ALL
            S: * SEARCH 1 2 3
            S: c OK …
            C: d EXPUNGE
            S*:
            S: d OK Expunge completed.
            C: e UID SEARCH ALL
            S: * SEARCH 2
            S: e OK …
            C: f EXPUNGE
            S: f OK …
            C: g STORE 1 +FLAGS.SILENT (\Deleted)
            S: g OK …
            C: h CLOSE
            S: h OK Close completed.
            C: i STATUS INBOX (MESSAGES UIDNEXT)
            S: * STATUS INBOX (MESSAGES 0 UIDNEXT 6)
            S: i OK …
        """)


def expunges_fit(answers, count):
    """EXPUNGE numbers must exist at the moment they are sent; returns what is left."""
    for answer in answers:
        found = re.fullmatch(rb"\* (\d+) EXPUNGE", answer)
        if found:
            assert 1 <= int(found[1]) <= count, answers
            count -= 1
    return count


def test_unselect_removes_nothing(maildir, start):
    fill(start, maildir, 1, "T")
    with start() as session:
        session.wire.transcript("""
            C: a UNSELECT
            S: a OK …
            C: b STATUS INBOX (MESSAGES)
            S: * STATUS INBOX (MESSAGES 1)
            S: b OK …
        """)


def test_G18_a_hundred_commands_in_one_write(maildir, start):
    """In order; no EXPUNGE within plain FETCH, STORE, SEARCH."""
    fill(start, maildir, 60)
    with start() as session:
        texts = []
        for _ in range(25):
            texts += ["FETCH 1 FLAGS", r"STORE 1 +FLAGS (\Deleted)", "EXPUNGE", "UID FETCH 1:* FLAGS"]
        session.wire.send("".join(f"t{n} {text}\r\n" for n, text in enumerate(texts)))
        count = 60
        for n, text in enumerate(texts):
            answers = session.wire.until_tag(f"t{n}")
            assert answers[-1].startswith(b"t%d OK" % n), answers
            expunged = [a for a in answers if a.endswith(b"EXPUNGE")]
            assert len(expunged) == (1 if text == "EXPUNGE" else 0)
            count = expunges_fit(answers, count)
            if text.startswith("UID FETCH"):
                assert len([a for a in answers if b"FETCH" in a]) == count
        assert count == 35


def test_G18_expunges_wait_for_a_command_that_allows_them(maildir, start):
    fill(start, maildir, 4)
    with start() as one, start() as other:
        one.wire.ok("a", r"STORE 1:2 +FLAGS.SILENT (\Deleted)")
        one.wire.ok("b", "EXPUNGE")
        for text in ("FETCH 3 UID", r"STORE 4 +FLAGS.SILENT (\Seen)", "SEARCH UID 3"):
            answers = other.wire.command("c", text)
            assert not any(a.endswith(b"EXPUNGE") for a in answers), answers
            assert answers[-1].startswith(b"c OK")
        assert other.wire.ok("d", "FETCH 3 UID")[0] == b"* 3 FETCH (UID 3)"
        answers = other.wire.ok("e", "NOOP")
        assert len([a for a in answers if a.endswith(b"EXPUNGE")]) == 2
        assert other.wire.ok("f", "FETCH 1 UID")[0] == b"* 1 FETCH (UID 3)"


def test_S01_two_expunge_the_same_set(maildir, start):
    fill(start, maildir, 100, "T")
    with start() as one, start() as other:
        for session in (one, other):
            session.wire.send_line("x EXPUNGE")
        for session in (one, other):
            answers = session.wire.until_tag("x")
            assert answers[-1].startswith(b"x OK"), answers
            left = expunges_fit(answers, 100)
            left = expunges_fit(session.wire.ok("n", "NOOP"), left)
            assert left == 0
            assert uids(session.wire) == []
    assert list((maildir / "cur").iterdir()) == []


def test_S02_fetch_of_what_another_expunged(maildir, start):
    fill(start, maildir, 3)
    with start() as one, start() as other:
        one.wire.ok("a", r"STORE 2 +FLAGS.SILENT (\Deleted)")
        one.wire.ok("b", "EXPUNGE")
        other.wire.send_line("c FETCH 1:3 BODY.PEEK[TEXT]")
        answers = other.wire.until_tag("c")
        assert answers[-1].startswith((b"c OK", b"c NO [EXPUNGEISSUED]")), answers
        for answer in answers[:-1]:
            found = re.match(rb"\* (\d) FETCH.*?(?:Body of message (\d)|$)", answer, re.S)
            assert found, answer
            assert found[2] in (None, found[1]), "another message's bytes"
        other.wire.ok("d", "NOOP")


def test_S03_flags_of_two_sessions_unite(maildir, start):
    fill(start, maildir, 1)
    with start() as one, start() as other:
        for n in range(50):
            one.wire.send_line(f"a{n} STORE 1 +FLAGS.SILENT (\\Seen)")
            other.wire.send_line(f"a{n} STORE 1 +FLAGS.SILENT (\\Draft)")
            one.wire.until_tag(f"a{n}")
            other.wire.until_tag(f"a{n}")
            one.wire.ok("n", "NOOP")
            flags = one.wire.ok("f", "FETCH 1 FLAGS")[-2]
            assert b"\\Seen" in flags and b"\\Draft" in flags
            one.wire.ok("z", "STORE 1 FLAGS.SILENT ()")
            other.wire.ok("n", "NOOP")


def test_S05_delivery_while_selected(maildir, start):
    fill(start, maildir, 2)
    with start() as session:
        for n in range(3, 23):
            linnet.deliver(maildir, linnet.SIMPLE % (n, n, n))
            answers = session.wire.ok("a", ["NOOP", f"UID FETCH {n}:* FLAGS", "UID SEARCH ALL", "CHECK"][n % 4])
            answers += session.wire.ok("b", "NOOP")
            assert answers.count(b"* %d EXISTS" % n) == 1, answers
            for position, answer in enumerate(answers):
                if answer.startswith(b"* %d FETCH" % n):
                    assert b"* %d EXISTS" % n in answers[:position]
        assert uids(session.wire) == list(range(1, 23))


def test_S08_move_of_what_is_gone(maildir, start):
    linnet.make_maildir(maildir, "a")
    fill(start, maildir, 3)
    with start() as one, start() as other:
        one.wire.ok("m", "UID MOVE 1:2 a")
        answers = other.wire.command("m", "UID MOVE 1:2 a")
        assert answers[-1].startswith(b"m OK"), answers
        expunges_fit(answers, 3)
        other.wire.ok("n", "UID MOVE 1000:1001 a")
        other.wire.ok("o", "UID STORE 1 +FLAGS (x)")
        other.wire.ok("p", "UID COPY 1 a")
        assert one.wire.ok("s", "STATUS a (MESSAGES)")[0] == b"* STATUS a (MESSAGES 2)"
        assert uids(other.wire) == [3]


def test_flags_of_another_session_are_told(maildir, start):
    fill(start, maildir, 1)
    with start() as one, start() as other:
        one.wire.ok("a", r"STORE 1 +FLAGS (\Seen todo)")
        answers = other.wire.ok("b", "NOOP")
        assert answers[0].startswith(b"* FLAGS ("), answers
        assert b"* 1 FETCH (FLAGS (\\Seen todo))" in answers
        assert one.wire.ok("c", "NOOP") == [b"c OK NOOP completed."]
