"""test_search_returns.py - ESEARCH, SEARCHRES, PARTIAL, CONTEXT, WITHIN and MODSEQ: the examples of their RFCs

A mailbox of 24 messages in which the numbers of the examples come out, as far as one can hold them all.
"""
import calendar
import contextlib
import os
import re
import signal
import time

import pytest

import linnet

OTHERS = (2, 10, 11, 12, 13, 14, 15, 21)  # not from Smith (RFC 5182 example 10)
FLAGGED = (2, 10, 11)                     # RFC 4731 s.3.1
OLD = calendar.timegm((2006, 1, 1, 12, 0, 0))
NEW = calendar.timegm((2006, 3, 1, 12, 0, 0))


@pytest.fixture
def box(imap, maildir):
    """start(): a session with the mailbox selected; start(selected=False): without."""
    (maildir / "dovecot-keywords").write_text("0 $Junk\n")
    for n in range(1, 25):
        sender = b"Eric" if n in OTHERS else b"Smith"
        flags = ("F" if n in FLAGGED else "") + ("S" if n < 4 else "") + ("a" if n in (5, 7) else "")
        path = maildir / "cur" / f"{1000000000 + n}.M{n}P1.host:2,{flags}"
        path.write_bytes(b"From: %s <x@example.org>\nSubject: %02d\n\nbody %d\n" % (sender, 30 - n, n))
        os.utime(path, (OLD, OLD) if n == 24 else (NEW, NEW))
    linnet.make_maildir(maildir, "Junk", "Other Messages")
    linnet.own(maildir)

    @contextlib.contextmanager
    def start(selected=True):
        with imap() as session:
            session.wire.line()
            if selected:
                session.wire.ok("s", "SELECT INBOX")
            yield session
    return start


RFC4731_3_1 = """
    C: A282 SEARCH RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"
    S: * ESEARCH (TAG "A282") MIN 2 COUNT 3
    S: A282 OK …
    C: A283 SEARCH RETURN () FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"
    S: * ESEARCH (TAG "A283") ALL 2,10:11
    S: A283 OK …
    C: A284 SEARCH RETURN (MIN) UNSEEN
    S: * ESEARCH (TAG "A284") MIN 4
    S: A284 OK …
    C: A285 UID SEARCH RETURN (MIN MAX) 1:24
    S: * ESEARCH (TAG "A285") UID MIN 1 MAX 24
    S: A285 OK …
    C: A286 SEARCH RETURN (COUNT) DELETED
    S: * ESEARCH (TAG "A286") COUNT 0
    S: A286 OK …
    C: A287 SEARCH RETURN (MIN MAX ALL) DELETED
    S: * ESEARCH (TAG "A287")
    S: A287 OK …
    C: A288 SEARCH RETURN (ALL ALL MIN) CHARSET UTF-8 FLAGGED
    S: * ESEARCH (TAG "A288") MIN 2 ALL 2,10:11
    S: A288 OK …
"""

RFC5182_2_2 = """
    C: A282 SEARCH RETURN (SAVE) FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"
    C: A283 FETCH $ (UID)
    S: A282 OK …
    S: * 2 FETCH (UID 2)
    S: * 10 FETCH (UID 10)
    S: * 11 FETCH (UID 11)
    S: A283 OK …
    C: A300 SEARCH RETURN (SAVE) SINCE 1-Jan-2004 NOT FROM "Smith"
    C: A301 UID SEARCH UID $ SMALLER 4096
    C: A302 UID SEARCH $ SMALLER 4096
    S: A300 OK …
    S: * SEARCH 2 10 11 12 13 14 15 21
    S: A301 OK …
    S: * SEARCH 2 10 11 12 13 14 15 21
    S: A302 OK …
    C: P283 SEARCH CHARSET UTF-8 (OR $ 1,20:24) TEXT {1+}
    C: 2
    S: * SEARCH 1 2 10 12 20 21 22 23 24
    S: P283 OK …
    C: B283 SEARCH RETURN (SAVE) CHARSET KLINGON (OR $ 1,3:21) TEXT {4}
    S: + …
    C: XXXX
    S: B283 NO [BADCHARSET (…)] …
    C: B284 FETCH $ UID
    S: B284 OK …
    C: E282 SEARCH RETURN (SAVE) SINCE 28-Oct-2006 NOT FROM "Eric"
    C: E283 COPY $ "Other Messages"
    S: E282 OK …
    S: E283 OK …
    C: F282 SEARCH RETURN (SAVE) KEYWORD $Junk
    C: F283 COPY $ "Junk"
    C: F284 STORE $ +FLAGS.Silent (\\Deleted)
    S: F282 OK …
    S: F283 OK [COPYUID …] …
    S: F284 OK …
    C: F285 SEARCH DELETED
    S: * SEARCH 5 7
    S: F285 OK …
    C: H282 SEARCH RETURN (SAVE) KEYWORD $Junk
    C: H283 SEARCH RETURN (SAVE) SINCE 1-Feb-2006 FROM "Eric"
    C: H284 SEARCH $
    S: H282 OK …
    S: H283 OK …
    S: * SEARCH 2 10 11 12 13 14 15 21
    S: H284 OK …
"""

RFC5182_2_4 = """
    C: C282 SEARCH RETURN (ALL) SINCE 12-Feb-2006 NOT FROM "Smith"
    S: * ESEARCH (TAG "C282") ALL 2,10:15,21
    S: C282 OK …
    C: x1 SEARCH $
    S: * SEARCH
    S: x1 OK …
    C: C283 SEARCH RETURN (ALL SAVE) SINCE 12-Feb-2006 NOT FROM "Smith"
    S: * ESEARCH (TAG "C283") ALL 2,10:15,21
    S: C283 OK …
    C: x2 SEARCH $
    S: * SEARCH 2 10 11 12 13 14 15 21
    S: x2 OK …
    C: C284 SEARCH RETURN (SAVE MIN) SINCE 12-Feb-2006 NOT FROM "Smith"
    S: * ESEARCH (TAG "C284") MIN 2
    S: C284 OK …
    C: x3 SEARCH $
    S: * SEARCH 2
    S: x3 OK …
    C: C285 SEARCH RETURN (MAX SAVE MIN) SINCE 12-Feb-2006 NOT FROM "Smith"
    S: * ESEARCH (TAG "C285") MIN 2 MAX 21
    S: C285 OK …
    C: x4 SEARCH $
    S: * SEARCH 2 21
    S: x4 OK …
    C: C286 SEARCH RETURN (MAX SAVE MIN COUNT) SINCE 12-Feb-2006 NOT FROM "Smith"
    S: * ESEARCH (TAG "C286") MIN 2 MAX 21 COUNT 8
    S: C286 OK …
    C: x5 SEARCH $
    S: * SEARCH 2 10 11 12 13 14 15 21
    S: x5 OK …
    C: C287 SEARCH RETURN (ALL SAVE MIN) SINCE 12-Feb-2006 NOT FROM "Smith"
    S: * ESEARCH (TAG "C287") MIN 2 ALL 2,10:15,21
    S: C287 OK …
    C: x6 UID SEARCH RETURN (SAVE PARTIAL -1:-2 MIN) FROM Eric
    S: * ESEARCH (TAG "x6") UID MIN 2 PARTIAL (-1:-2 15,21)
    S: x6 OK …
    C: x7 SEARCH $
    S: * SEARCH 2 15 21
    S: x7 OK …
    C: x8 SEARCH RETURN (SAVE) $ FOO
    S: x8 BAD …
    C: x9 SEARCH NOT $ FROM Eric
    S: * SEARCH 10 11 12 13 14
    S: x9 OK …
"""

RFC9394_3 = """
    C: A01 UID SEARCH RETURN (PARTIAL -1:-3) FROM Eric
    S: * ESEARCH (TAG "A01") UID PARTIAL (-1:-3 14:15,21)
    S: A01 OK …
    C: A02 UID SEARCH RETURN (PARTIAL 3:5) FROM Eric
    S: * ESEARCH (TAG "A02") UID PARTIAL (3:5 11:13)
    S: A02 OK …
    C: A03 UID SEARCH RETURN (PARTIAL 7:12 COUNT) FROM Eric
    S: * ESEARCH (TAG "A03") UID COUNT 8 PARTIAL (7:12 15,21)
    S: A03 OK …
    C: A04 UID SEARCH RETURN (PARTIAL 24000:24500) FROM Eric
    S: * ESEARCH (TAG "A04") UID PARTIAL (24000:24500 NIL)
    S: A04 OK …
    C: A05 SEARCH RETURN (PARTIAL 5:3 MIN MAX) FROM Eric
    S: * ESEARCH (TAG "A05") MIN 2 MAX 21 PARTIAL (5:3 11:13)
    S: A05 OK …
    C: A06 SEARCH RETURN (PARTIAL -8:-100) FROM Eric
    S: * ESEARCH (TAG "A06") PARTIAL (-8:-100 2)
    S: A06 OK …
    C: A07 SEARCH RETURN (PARTIAL -9:-100) FROM Eric
    S: * ESEARCH (TAG "A07") PARTIAL (-9:-100 NIL)
    S: A07 OK …
    C: A08 SEARCH RETURN (PARTIAL 1:2 ALL) FROM Eric
    S: A08 BAD …
    C: A09 SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) FROM Eric
    S: A09 BAD …
    C: A10 SEARCH RETURN (PARTIAL 1:-2) FROM Eric
    S: A10 BAD …
    C: A11 SEARCH RETURN (PARTIAL 0:2) FROM Eric
    S: A11 BAD …
    C: A12 SEARCH RETURN (PARTIAL 1:*) FROM Eric
    S: A12 BAD …
    C: A13 SEARCH RETURN (RELEVANCY) FROM Eric
    S: A13 BAD …
"""

RFC9394_3_2 = """
    C: a SEARCH RETURN (SAVE PARTIAL 3:5) FROM Eric
    S: * ESEARCH (TAG "a") PARTIAL (3:5 11:13)
    S: a OK …
    C: b SEARCH $
    S: * SEARCH 11 12 13
    S: b OK …
    C: c SEARCH RETURN (SAVE PARTIAL 3:5 MIN) FROM Eric
    S: * ESEARCH (TAG "c") MIN 2 PARTIAL (3:5 11:13)
    S: c OK …
    C: d SEARCH $
    S: * SEARCH 2 11 12 13
    S: d OK …
    C: e UID SEARCH RETURN (MAX MIN SAVE PARTIAL -2:-3) FROM Eric
    S: * ESEARCH (TAG "e") UID MIN 2 MAX 21 PARTIAL (-2:-3 14:15)
    S: e OK …
    C: f SEARCH $
    S: * SEARCH 2 14 15 21
    S: f OK …
    C: g SEARCH RETURN (COUNT SAVE PARTIAL 3:5 MIN) FROM Eric
    S: * ESEARCH (TAG "g") MIN 2 COUNT 8 PARTIAL (3:5 11:13)
    S: g OK …
    C: h SEARCH $
    S: * SEARCH 2 10 11 12 13 14 15 21
    S: h OK …
"""

RFC9394_3_4 = """
    C: a UID FETCH 1:* (UID) (PARTIAL 1:2)
    S: * 1 FETCH (UID 1)
    S: * 2 FETCH (UID 2)
    S: a OK …
    C: b UID FETCH 1:20,22 (UID) (PARTIAL -1:-3)
    S: * 19 FETCH (UID 19)
    S: * 20 FETCH (UID 20)
    S: * 22 FETCH (UID 22)
    S: b OK …
    C: c UID FETCH 5:9 (UID) (PARTIAL 6:9)
    S: c OK …
    C: d UID FETCH 5:9 (UID) (PARTIAL 5:9)
    S: * 9 FETCH (UID 9)
    S: d OK …
    C: e UID FETCH 5:9 (UID) (PARTIAL 5)
    S: e BAD …
    C: f UID FETCH 5:9 (UID) (PARTIAL 1:2 CHANGEDSINCE 1)
    S*:
    S: * 5 FETCH (UID 5 …
    S: * 6 FETCH (UID 6 …
    S: f OK …
"""

RFC5267_3_AND_4_4 = """
    C: E01 UID SORT RETURN () (REVERSE SUBJECT) UTF-8 UNDELETED UNKEYWORD $Junk
    S: * ESEARCH (TAG "E01") UID ALL 1:4,6,8:24
    S: E01 OK …
    C: E02 SORT RETURN () (SUBJECT) UTF-8 FROM Eric
    S: * ESEARCH (TAG "E02") ALL 21,15,14,13,12,11,10,2
    S: E02 OK …
    C: E03 SORT RETURN (MIN MAX COUNT) (SUBJECT) UTF-8 FROM Eric
    S: * ESEARCH (TAG "E03") MIN 21 MAX 2 COUNT 8
    S: E03 OK …
    C: E04 SORT RETURN (PARTIAL 2:4 SAVE) (SUBJECT) UTF-8 FROM Eric
    S: * ESEARCH (TAG "E04") PARTIAL (2:4 15,14,13)
    S: E04 OK …
    C: E05 SEARCH $
    S: * SEARCH 13 14 15
    S: E05 OK …
    C: E06 SEARCH RETURN (CONTEXT COUNT) UNDELETED
    S: * ESEARCH (TAG "E06") COUNT 24
    S: E06 OK …
    C: E07 UID SORT RETURN (UPDATE COUNT) (DATE) UTF-8 KEYWORD $Junk
    S: * ESEARCH (TAG "E07") UID COUNT 2
    S: * NO [NOUPDATE "E07"] …
    S: E07 OK …
    C: E08 UID SORT (DATE) RETURN () UTF-8 ALL
    S: E08 NO [BADCHARSET …
"""

RFC5032_3 = """
    C: a1 SEARCH UNSEEN YOUNGER 2147483647
    S: * SEARCH 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24
    S: a1 OK …
    C: a2 SEARCH UNSEEN YOUNGER 259200
    S: * SEARCH
    S: a2 OK …
    C: a3 SEARCH RETURN (COUNT) OLDER 259200
    S: * ESEARCH (TAG "a3") COUNT 24
    S: a3 OK …
    C: a4 SEARCH OLDER 0
    S: a4 BAD …
"""

DIALOGUES = {name: text for name, text in list(globals().items()) if name.startswith("RFC")}


@pytest.mark.parametrize("name", DIALOGUES)
def test_examples(box, name):
    with box() as session:
        session.wire.transcript(DIALOGUES[name])


@pytest.mark.parametrize("name", ["RFC5182_2_4", "RFC9394_3"])
def test_examples_in_four_modes(box, name):
    with box():
        pass  # it has had what is \\Recent
    linnet.run_modes(box, DIALOGUES[name], splits=6)
    linnet.glued(box, DIALOGUES[name])


def test_saved_result_and_expunge_RFC5182_2_1_S19(box):
    with box() as session, box() as other:
        session.wire.transcript("""
            C: a SEARCH RETURN (SAVE COUNT) FROM Eric
            S: * ESEARCH (TAG "a") COUNT 8
            S: a OK …
        """)
        other.wire.ok("a", "STORE 1,10,21 +FLAGS.SILENT (\\Deleted)")
        other.wire.ok("b", "EXPUNGE")
        session.wire.transcript("""
            C: b NOOP
            S*:
            S: b OK …
            C: c SEARCH $
            S: * SEARCH 1 9 10 11 12 13
            S: c OK …
            C: d UID FETCH $ (UID)
            S: * 1 FETCH (UID 2)
            S*:
            S: d OK …
            C: e SELECT INBOX
            S*:
            S: e OK …
            C: f SEARCH $
            S: * SEARCH
            S: f OK …
        """)


def test_a_search_that_fails_in_between_RFC5182_2_1(box):
    with box() as session:
        session.wire.transcript("""
            C: a SEARCH RETURN (SAVE) FROM Eric
            S: a OK …
            C: b SEARCH CHARSET KLINGON $
            S: b NO [BADCHARSET …
            C: c UID SEARCH RETURN (COUNT) $
            S: * ESEARCH (TAG "c") UID COUNT 8
            S: c OK …
            C: d SEARCH RETURN (SAVE) 1:99
            S: d BAD …
            C: e UID SEARCH RETURN (COUNT) $
            S: * ESEARCH (TAG "e") UID COUNT 8
            S: e OK …
        """)


def test_imap4rev2_always_answers_esearch_RFC9051_6_4_4(box):
    with box(selected=False) as session:
        session.wire.transcript("""
            C: a ENABLE IMAP4rev2
            S: * ENABLED IMAP4rev2
            S: a OK …
            C: s SELECT INBOX
            S*:
            S: s OK …
            C: b SEARCH FROM Eric
            S: * ESEARCH (TAG "b") ALL 2,10:15,21
            S: b OK …
            C: c UID SEARCH DELETED
            S: * ESEARCH (TAG "c") UID
            S: c OK …
            C: d SEARCH RETURN (SAVE) FROM Eric
            S: d OK …
            C: e SEARCH $
            S: * ESEARCH (TAG "e") ALL 2,10:15,21
            S: e OK …
        """)


# ---- contexts ----

def test_context_RFC5267_4_3(box):
    with box() as session, box() as other:
        session.wire.transcript("""
            C: B01 UID SEARCH RETURN (UPDATE COUNT) FLAGGED
            S: * ESEARCH (TAG "B01") UID COUNT 3
            S: B01 OK …
            C: B01 SEARCH RETURN (UPDATE) FLAGGED
            S: B01 BAD …
            C: B02 SEARCH RETURN (UPDATE) FROM Smith
            S: * ESEARCH (TAG "B02")
            S: B02 OK …
            C: n1 NOOP
            S: n1 OK …
        """)
        other.wire.ok("a", "STORE 5:7 +FLAGS.SILENT (\\Flagged)")
        other.wire.ok("b", "STORE 2 -FLAGS.SILENT (\\Flagged)")
        session.wire.transcript("""
            C: n2 NOOP
            S: * 2 FETCH …
            S: * 5 FETCH …
            S: * 6 FETCH …
            S: * 7 FETCH …
            S: * ESEARCH (TAG "B01") UID REMOVEFROM (0 2)
            S: * ESEARCH (TAG "B01") UID ADDTO (0 5:7)
            S: n2 OK …
            # one's own changes are changes as well
            C: o STORE 8 +FLAGS.SILENT (\\Flagged)
            S: * ESEARCH (TAG "B01") UID ADDTO (0 8)
            S: o OK …
        """)
        other.wire.ok("c", "STORE 5,10 +FLAGS.SILENT (\\Deleted)")
        other.wire.ok("d", "EXPUNGE")
        session.wire.transcript("""
            C: n3 NOOP
            S: * ESEARCH (TAG "B01") UID REMOVEFROM (0 10)
            S: * 10 EXPUNGE
            S: * ESEARCH (TAG "B02") REMOVEFROM (0 5)
            S: * ESEARCH (TAG "B01") UID REMOVEFROM (0 5)
            S: * 5 EXPUNGE
            S*:
            S: n3 OK …
            C: B04 CANCELUPDATE "B01"
            S: B04 OK …
            C: B05 CANCELUPDATE "B01"
            S: B05 NO …
            C: B06 CANCELUPDATE B02
            S: B06 BAD …
            C: o2 STORE 9 +FLAGS.SILENT (\\Flagged)
            S: o2 OK …
        """)


def test_context_and_new_mail_RFC5267_4_3_3(box, maildir):
    with box() as session:
        session.wire.ok("u", "UID SEARCH RETURN (UPDATE) SUBJECT fresh")
        session.wire.ok("v", "SEARCH RETURN (UPDATE) UNSEEN")
        linnet.deliver(maildir, b"Subject: fresh\n\nx\n")
        linnet.deliver(maildir, b"Subject: stale\n\nx\n")
        answers = session.wire.ok("n", "NOOP")
        assert answers.index(b"* 26 EXISTS") < answers.index(b'* ESEARCH (TAG "v") ADDTO (0 25:26)')
        assert any(re.fullmatch(rb'\* ESEARCH \(TAG "u"\) UID ADDTO \(0 2[56]\)', line) for line in answers), answers


def test_context_while_idle_RFC5267_4_3_2(box):
    with box() as session, box() as other:
        session.wire.ok("u", "SEARCH RETURN (UPDATE) FLAGGED")
        session.wire.transcript("""
            C: i IDLE
            S: + idling
        """)
        other.wire.ok("a", "STORE 1 +FLAGS.SILENT (\\Flagged)")
        session.wire.transcript("""
            S: * 1 FETCH …
            S: * ESEARCH (TAG "u") ADDTO (0 1)
            C: DONE
            S: i OK …
        """)


def test_message_numbers_of_a_context_are_those_of_its_time_RFC5267_4_3(box):
    with box() as session, box() as other:
        session.wire.ok("u", "UID SEARCH RETURN (UPDATE) 1:10 FLAGGED")
        other.wire.ok("a", "STORE 1 +FLAGS.SILENT (\\Deleted)")
        other.wire.ok("b", "EXPUNGE")
        session.wire.ok("n", "NOOP")
        other.wire.ok("c", "UID STORE 9,11,12 +FLAGS.SILENT (\\Flagged)")
        assert b'* ESEARCH (TAG "u") UID ADDTO (0 9)' in session.wire.ok("n", "NOOP")


def test_contexts_are_limited_and_end_with_the_mailbox_RFC5267_4_3_1(box):
    with box() as session:
        for n in range(16):
            assert not any(b"NOUPDATE" in line for line in session.wire.ok(f"c{n}", "SEARCH RETURN (UPDATE) SEEN"))
        session.wire.transcript("""
            C: c16 SEARCH RETURN (UPDATE COUNT) SEEN
            S: * ESEARCH (TAG "c16") COUNT 3
            S: * NO [NOUPDATE "c16"] …
            S: c16 OK …
            C: x CANCELUPDATE "c3" "c5"
            S: x OK …
            C: c17 SEARCH RETURN (UPDATE COUNT) SEEN
            S: * ESEARCH (TAG "c17") COUNT 3
            S: c17 OK …
            C: s SELECT INBOX
            S*:
            S: s OK …
            C: o STORE 8 +FLAGS.SILENT (\\Seen)
            S: o OK …
        """)


# ---- MODSEQ ----

def test_modseq_RFC7162_3_1_5_and_3_1_10_and_RFC4731_3_2(box):
    with box() as session:
        wire = session.wire
        wire.ok("e", "ENABLE CONDSTORE")
        wire.ok("a", "STORE 2 +FLAGS.SILENT (\\Draft)")
        wire.ok("b", "STORE 23 +FLAGS.SILENT (\\Draft)")
        wire.ok("c", "STORE 9 +FLAGS.SILENT (\\Draft)")
        modseq = {int(n): int(value) for n, value in re.findall(
            rb"\* (\d+) FETCH \(MODSEQ \((\d+)\)\)", b"\n".join(wire.ok("f", "FETCH 1:* (MODSEQ)")))}
        two, nine, last = modseq[2], modseq[9], modseq[23]
        assert max(modseq[1], modseq[24]) < two < last < nine
        wire.transcript(f"""
            C: a SEARCH MODSEQ "/flags/\\\\draft" all {two}
            S: * SEARCH 2 9 23 (MODSEQ {nine})
            S: a OK …
            C: t SEARCH OR NOT MODSEQ {two} LARGER 50000
            S*:
            S: t OK …
            C: b SEARCH MODSEQ {nine + 1}
            S: * SEARCH
            S: b OK …
            C: a1 SEARCH RETURN (MIN) MODSEQ "/flags/\\\\draft" all {two}
            S: * ESEARCH (TAG "a1") MIN 2 MODSEQ {two}
            S: a1 OK …
            C: a2 SEARCH RETURN (MAX) MODSEQ "/flags/\\\\draft" priv {two}
            S: * ESEARCH (TAG "a2") MAX 23 MODSEQ {last}
            S: a2 OK …
            C: a3 SEARCH RETURN (MIN MAX) MODSEQ {two}
            S: * ESEARCH (TAG "a3") MIN 2 MAX 23 MODSEQ {last}
            S: a3 OK …
            C: a4 SEARCH RETURN (MIN COUNT) MODSEQ {two}
            S: * ESEARCH (TAG "a4") MIN 2 COUNT 3 MODSEQ {nine}
            S: a4 OK …
            C: a5 SEARCH RETURN (ALL) MODSEQ {last}
            S: * ESEARCH (TAG "a5") ALL 9,23 MODSEQ {nine}
            S: a5 OK …
            C: a6 SEARCH RETURN (COUNT) MODSEQ {nine + 1}
            S: * ESEARCH (TAG "a6") COUNT 0
            S: a6 OK …
            C: a7 SORT RETURN (ALL) (SUBJECT) UTF-8 MODSEQ {two}
            S: * ESEARCH (TAG "a7") ALL 23,9,2 MODSEQ {nine}
            S: a7 OK …
            C: a8 SORT (SUBJECT) UTF-8 MODSEQ {two}
            S: * SORT 23 9 2 (MODSEQ {nine})
            S: a8 OK …
        """)


def test_modseq_makes_the_session_aware_RFC7162_3_1(box):
    with box() as session, box() as other:
        session.wire.ok("a", "SEARCH MODSEQ 1")
        other.wire.ok("a", "STORE 1 +FLAGS.SILENT (\\Draft)")
        assert any(b"MODSEQ" in line for line in session.wire.ok("n", "NOOP"))


# ---- objects, character sets ----

def test_emailid_RFC8474_5_2(box):
    with box() as session:
        ids = [re.search(rb"EMAILID \(([^)]+)\)", line) for line in
               session.wire.command("f", "FETCH 3,4 (EMAILID)")]
        if not ids[0]:
            pytest.skip("FETCH knows no EMAILID yet")
        session.wire.transcript("""
            C: a SEARCH EMAILID {id}
            S: * SEARCH 3
            S: a OK …
            C: b SEARCH OR EMAILID {other} THREADID T1
            S: * SEARCH 4
            S: b OK …
        """, id=ids[0][1].decode(), other=ids[1][1].decode())


CHARSETS = {"US-ASCII": "mude", "UTF-8": "m\u00fcde", "ISO-8859-1": "m\u00fcde", "ISO-8859-15": "\u20ac5",
            "windows-1252": "\u20ac5", "windows-1251": "\u041f\u0440\u0438", "KOI8-R": "\u041f\u0440\u0438",
            "ISO-2022-JP": "\u65e5\u672c", "Shift_JIS": "\u65e5\u672c", "EUC-JP": "\u65e5\u672c",
            "GB18030": "\u65e5\u672c", "Big5": "\u65e5\u672c", "EUC-KR": "\ud55c\uad6d", "ISO-8859-7": "\u0395\u03bb"}


@pytest.mark.parametrize("charset", CHARSETS)
def test_strings_of_all_charsets(imap, maildir, charset):
    """A message in that set is found by a string in it, and by one in UTF-8."""
    word, codec = CHARSETS[charset], charset.replace("windows-", "cp")
    linnet.deliver(maildir, b"Subject: other\n\nnothing\n", flags="")
    linnet.deliver(maildir, f"Content-Type: text/plain; charset={charset}\n\nx ".encode() + word.encode(codec) +
                   b" y\n", flags="")
    data = word.upper().encode(codec)
    with imap() as session:
        session.wire.line()
        session.wire.ok("s", "SELECT INBOX")
        number = 1 if session.wire.ok("z", "SEARCH SUBJECT other")[0] == b"* SEARCH 2" else 2
        for name, text in ((charset, data), ("UTF-8", word.encode())):
            session.wire.send(b"a SEARCH CHARSET %s BODY {%d+}\r\n%s\r\n" % (name.encode(), len(text), text))
            session.wire.transcript(f"""
                S: * SEARCH {number}
                S: a OK …
            """)


def test_strings_that_are_not_of_their_charset(box):
    with box() as session:
        session.wire.transcript("""
            C!: a SEARCH CHARSET EUC-JP BODY {2+}\\r\\n\\xff\\xff
            S: a BAD …
            C: b ENABLE UTF8=ACCEPT
            S*:
            S: b OK …
            C: c SEARCH CHARSET UTF-8 BODY x
            S: c BAD …
            C!: d SEARCH BODY "\\xc3\\xbc"
            S: * SEARCH
            S: d OK …
        """)


# ---- long ones ----

@pytest.fixture
def heavy(imap, maildir):
    """A session in a mailbox whose bodies take a while."""
    text = b"Subject: x\n\n" + b"some words and some more of them\n" * 60000
    for n in range(400):
        path = maildir / "cur" / f"{1000000000 + n}.M{n}P1.host:2,S"
        if n == 0:
            path.write_bytes(text)
            first = path
        else:
            os.link(first, path)
    linnet.own(maildir)

    @contextlib.contextmanager
    def start():
        with imap() as session:
            session.wire.line()
            session.wire.ok("s", "SELECT INBOX")
            yield session
    return start


def test_progress_is_told_RFC9585_4(heavy):
    """The clock goes on while the process is stopped in the middle of its work.  A tag with "]" is not told."""
    tags = {"a": b'"a"', "a]": b"NIL"}
    with heavy() as session, heavy() as other:
        for one, tag in zip((session, other), tags):
            before = linnet.cpu_seconds(one.pid)
            one.wire.send_line(f"{tag} SEARCH BODY absent")
            linnet.wait_for(lambda: linnet.cpu_seconds(one.pid) > before + 0.03, "it to be at work", pause=0.001)
            os.kill(one.pid, signal.SIGSTOP)
        time.sleep(5.2)
        for one, (tag, told) in zip((session, other), tags.items()):
            os.kill(one.pid, signal.SIGCONT)
            lines = one.wire.until_tag(tag)
            found = [re.fullmatch(rb"\* OK \[INPROGRESS \(" + told + rb" (\d+) 400\)\] .+", line) for line in lines[:-2]]
            assert len(found) == 1 and found[0] and 0 < int(found[0][1]) < 400, lines
            assert lines[-2] == b"* SEARCH"
        assert not any(b"INPROGRESS" in line for line in session.wire.ok("b", "SEARCH SUBJECT y"))


def test_a_search_ends_when_its_client_has_gone(heavy):
    with heavy() as session:
        session.wire.send_line("a SEARCH BODY absent BODY absent2 BODY absent3")
        time.sleep(0.1)
        before = time.monotonic()
        session.wire.close()
        linnet.wait_for(lambda: session.process.poll() is not None, "the session's end", 10)
        assert time.monotonic() - before < 1.5


def test_charsets_within_the_sandbox(server):
    """After a real login iconv finds its tables, though the session sees little else of the system."""
    maildir = server.maildir()
    linnet.deliver(maildir, "Content-Type: text/plain; charset=EUC-KR\n\nx \ud55c\uad6d y\n".encode("euc-kr"), flags="")
    word = "\ud55c\uad6d".encode("euc-kr")
    with server.imap() as wire:
        wire.ok("s", "SELECT INBOX")
        wire.send(b"a SEARCH CHARSET EUC-KR BODY {%d+}\r\n%s\r\n" % (len(word), word))
        wire.transcript("""
            S: * SEARCH 1
            S: a OK …
            C!: b SEARCH CHARSET UTF-8 BODY "\\xed\\x95\\x9c"
            S: * SEARCH 1
            S: b OK …
        """)
