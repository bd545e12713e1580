"""test_from_courier.py - a Maildir that Courier served until now: what clients know stays as it was

The files are what courier-imap 5.0.13 and courier-pop 1.0.16 wrote; both conflict with
Dovecot's packages, so they cannot be installed beside them.
"""
import pytest

import dovecot
import linnet
import store

pytestmark = pytest.mark.skipif(not dovecot.is_there(), reason="needs root and Dovecot's imapd")

FILES = {
    "courierimapuiddb": "1 795306828 6\n"
                        "1 1700000001.M1P1.mail.example,S=15\n2 1700000002.M1P2.mail.example,S=15\n"
                        "3 1700000003.M1P3.mail.example,S=15\n5 1700000005.M1P5.mail.example,S=15\n",
    "courierimapsubscribed": "INBOX.Sent\nINBOX\nINBOX.Entwürfe\n",
    "courierimapkeywords/:list": "work\n$Forwarded\nother\n\n"
                                 "1700000001.M1P1.mail.example,S=15:1 0\n1700000002.M1P2.mail.example,S=15:2\n"
                                 "1700000003.M1P3.mail.example,S=15:2\n",
    "courierimapkeywords/.5984357.1700000001.M1P1.mail.example,S=15": "$Forwarded\nwork\n",
    "courierimapkeywords/.5984357.1700000002.M1P2.mail.example,S=15": "other\n",
    "courierimapkeywords/.5984357.1700000003.M1P3.mail.example,S=15": "other\n",
    "courierimapkeywords/1700000001.M1P1.mail.example,S=15": "$Forwarded\n",
    "courierimapkeywords/1700000003.M1P3.mail.example,S=15": "late\nother\n",
    "courierpop3dsizelist": "/3 5 1795306833\n"
                            "1700000001.M1P1.mail.example,S=15:2, 17 1:1795306833:0\n"
                            "1700000002.M1P2.mail.example,S=15:2,S 17 2:1795306833:0\n"
                            "1700000003.M1P3.mail.example,S=15:2,S 17 3:1795306833:0\n"
                            "1700000005.M1P5.mail.example,S=15:2, 17 0:0:0\n",
    "cur/1700000001.M1P1.mail.example,S=15:2,": "Subject: 1\n\nx1\n",
    "cur/1700000002.M1P2.mail.example,S=15:2,S": "Subject: 2\n\nx2\n",
    "cur/1700000003.M1P3.mail.example,S=15:2,FS": "Subject: 3\n\nx3\n",
    "cur/1700000005.M1P5.mail.example,S=15:2,": "Subject: 5\n\nx5\n",
    ".Sent/maildirfolder": "",
    ".Sent/courierimapuiddb": "1 795306826 9\n8 1795306830.M62236P19200V000000000000FE00I0000000000BA8001_0.vm,S=14\n",
    ".Sent/courierimapkeywords/:list":
        "work\n$Forwarded\n\n1795306830.M62236P19200V000000000000FE00I0000000000BA8001_0.vm,S=14:1 0\n",
    ".Sent/cur/1795306830.M62236P19200V000000000000FE00I0000000000BA8001_0.vm,S=14:2,": "Subject: 6\n\nx\n",
    ".Entwürfe/cur/1795306831.M1P1.vm:2,D": "Subject: 7\n\nx\n",
}
UIDLS = {1: "UID1-1795306833", 2: "UID2-1795306833", 3: "UID3-1795306833", 4: "1700000005.M1P5.mail.example,S=15"}
WANTED = {
    "INBOX": (795306828, {1: {"$Forwarded"}, 2: {"Seen", "other"}, 3: {"Flagged", "Seen", "late", "other"}, 5: set()}),
    "Sent": (795306826, {8: {"work", "$Forwarded"}}),
}


@pytest.fixture
def place(folder):
    """(folder for Dovecot's own files, Maildir of Courier's)"""
    (folder / "dovecot").mkdir()
    mail = folder / "mail"
    for name, text in FILES.items():
        (mail / name).parent.mkdir(parents=True, exist_ok=True)
        (mail / name).write_text(text)
    for part in ("cur", "new", "tmp"):
        for box in (mail, mail / ".Sent", mail / ".Entwürfe"):
            (box / part).mkdir(exist_ok=True)
    linnet.own(folder)
    for path in folder.rglob("*"):
        linnet.own(path)
    return folder / "dovecot", mail


def tool(mail, *commands):
    return store.run(mail, *commands, **linnet.as_mail_user())


def seen_by_linnet(mail, mailbox):
    view = tool(mail, f"open {mailbox}", "view").view()
    assert view.trouble is None
    return view.uidvalidity, {uid: set(m.flags - {"Recent"}) for uid, m in view.messages.items()}


def seen_by_dovecot(place, mailbox):
    with dovecot.imap(*place) as imap:
        validity, _, messages = dovecot.look(imap, mailbox)
    return validity, {uid: set(flags) for uid, (flags, _, _) in messages.items()}


@pytest.mark.parametrize("mailbox", WANTED)
def test_uids_flags_and_keywords(place, mailbox):
    assert seen_by_linnet(place[1], mailbox) == WANTED[mailbox]
    assert seen_by_linnet(place[1], mailbox) == WANTED[mailbox]
    assert seen_by_dovecot(place, mailbox) == WANTED[mailbox]


def test_the_next_uid_is_as_courier_said(place):
    assert tool(place[1], "append INBOX - 0 10", "append Sent Seen,new 0 10").of("uids") == [["6"], ["9"]]
    validity, messages = seen_by_linnet(place[1], "Sent")
    assert (validity, messages[8]) == (795306826, {"work", "$Forwarded"}) and messages[9] == {"Seen", "new"}
    # keywords were taken over also where the first thing that came was a message
    assert seen_by_linnet(place[1], "INBOX")[1][3] == {"Flagged", "Seen", "late", "other"}


def test_subscriptions_and_folders(place):
    listed = {line[0]: line[1:] for line in tool(place[1], "list").of("folder")}
    assert listed == {"INBOX": ["subscribed"], "Sent": ["subscribed"], "Entwürfe": ["subscribed"]}
    assert tool(place[1], "open Entwürfe", "view").view().messages[1].flags - {"Recent"} == {"Draft"}
    with dovecot.imap(*place) as imap:
        assert sorted(imap('LSUB "" *')[0]) == ['* LSUB () "." Entw&APw-rfe', '* LSUB () "." INBOX', '* LSUB () "." Sent']


def test_pop3_uidls(place):
    with linnet.preauth("pop3d", place[1]) as session:
        session.wire.line()
        session.wire.send_line("UIDL")
        session.wire.line()
        got = dict(line.decode().split() for line in session.wire.until_dot())
    assert {int(number): uidl for number, uidl in got.items()} == UIDLS


def test_never_again(place):
    """What Courier's files say later is of no interest: they stay as they were on the day of the change."""
    mail = place[1]
    seen_by_linnet(mail, "INBOX")
    tool(mail, "open INBOX", "flags remove 1:5 other,late,$Forwarded")
    (mail / "courierimapuiddb").write_text("1 999 100\n99 1700000001.M1P1.mail.example,S=15\n")
    (mail / "dovecot-uidlist").unlink()
    view = tool(mail, "open INBOX", "view").view()
    assert view.uidvalidity == 795306828 and 99 not in view.messages
    assert all("other" not in m.flags for m in view.messages.values())
