"""test_store_underfoot.py - the folder changes below an open session: W01 W05 W06 W09 W13 N09-N11 N15 N17 S02 S09"""
import os
import pathlib
import re

import pytest

import linnet


def rename_flags(maildir, number, flags):
    """Another program's way to set flags; number counts files in order of delivery."""
    old = sorted((maildir / "cur").iterdir())[number - 1]
    old.rename(old.with_name(old.name.split(":")[0] + ":2," + flags))


def marked(n):
    return b"X-Id: %d\r\n\r\ntext\r\n" % n


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("command", ["UID FETCH {uid} (FLAGS BODY.PEEK[HEADER.FIELDS (X-Id)])",
                                     "UID SEARCH UID {uid} HEADER X-Id {uid}"])
def test_found_while_fetching(imap, maildir, command, gap):
    """W01, S02: opening a renamed file finds new mail, and the answer still names the message asked for."""
    for n in range(1, 65):
        linnet.deliver(maildir, marked(n), "")
    with imap() as session:
        wire = session.wire
        wire.line()
        wire.ok("a", "SELECT INBOX")
        if gap:
            wire.ok("b", r"UID STORE 5,9,11 +FLAGS.SILENT (\Deleted)")
            wire.ok("c", "UID EXPUNGE 1:*")
        for uid in (30, 64, 7, 1):
            new = len(list((maildir / "cur").iterdir()))
            number = sorted(int(re.search(rb"X-Id: (\d+)", p.read_bytes())[1])
                            for p in (maildir / "cur").iterdir()).index(uid) + 1
            rename_flags(maildir, number, "F")
            linnet.deliver(maildir, marked(1000 + new))
            answers = wire.ok("d", command.format(uid=uid))
            if "SEARCH" in command:
                assert b"* SEARCH %d" % uid in answers
            else:
                assert any(b"UID %d FLAGS" % uid in a and b"X-Id: %d\r\n" % uid in a for a in answers), answers
