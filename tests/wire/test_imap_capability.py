"""test_imap_capability.py - the capability line, word for word, and the log lines of a session"""
import re

import pytest

import linnet

# what the tutorial's server says behind its login
TUTORIAL = ("IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS "
            "THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED "
            "I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SPECIAL-USE")
BEYOND = ("IMAP4rev2 UTF8=ACCEPT OBJECTID PREVIEW SAVEDATE STATUS=SIZE REPLACE CREATE-SPECIAL-USE COMPRESS=DEFLATE QUOTA "
          "QUOTA=RES-STORAGE QUOTA=RES-MESSAGE NOTIFY METADATA PARTIAL UIDONLY INPROGRESS APPENDLIMIT=67108864")


def test_the_whole_line(start):
    with start() as session:
        assert session.wire.ok("a", "CAPABILITY")[0].decode() == f"* CAPABILITY {TUTORIAL} {BEYOND}"


def test_one_line_at_login_and_one_at_logout(maildir, server):
    with server.connect("imap") as wire:
        wire.line()
        wire.login()
        wire.ok("b", 'APPEND INBOX {3+}\r\na\r\n')
        wire.ok("c", "SELECT INBOX")
        wire.ok("d", "FETCH 1 BODY[]")
        wire.ok("e", r"STORE 1 +FLAGS (\Deleted)")
        wire.ok("f", "EXPUNGE")
        wire.ok("g", "LOGOUT")
    lines = linnet.wait_for(lambda: [line for line in server.log().splitlines() if "Logged out" in line], "the last line")
    assert re.search(r"imap\(toto@mondomaine\.local\)<\d+><\S+>: Disconnected: Logged out in=\d+ out=\d+ deleted=1 expunged=1 "
                     r"trashed=0 hdr_count=0 hdr_bytes=0 body_count=1 body_bytes=\d+$", lines[-1]), lines
    assert re.search(r"Login: user=<toto@mondomaine\.local>, method=PLAIN, rip=127\.0\.0\.1, lip=127\.0\.0\.1, mpid=\d+, "
                     r".*session=<\S+>", server.log())


@pytest.mark.parametrize("form, wanted", [
    ("in=%i bytes %{appended} %{nothing} 100%", r"Logged out in=\d+ bytes 0 %\{nothing\} 100%$"),
    ("%{input}/%{output}", r"Logged out \d+/\d+$"),
])
def test_imap_logout_format(start, form, wanted):
    with start(settings=f"imap_logout_format = {form}\n") as session:
        session.wire.ok("a", "LOGOUT")
        session.wire.rest()
        assert re.search(wanted, session.log().strip(), re.M), session.log()


def test_imap_id_log_and_send(start):
    with start(settings="imap_id_log = name os\nimap_id_send = name * support-url http://x/\n") as session:
        assert session.wire.ok("a", 'ID ("name" "Mail" "version" "1" "os" "Linux")')[0] == (
            b'* ID ("name" "linnet" "support-url" "http://x/")')
        assert "ID sent: name=Mail, os=Linux" in session.log()
