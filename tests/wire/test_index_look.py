"""test_index_look.py - a folder that did not change is opened without being read

What the store asks the system is taken from strace, with store_tool as the session.
"""
import os
import shutil

import pytest

import linnet
import store

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


@pytest.fixture
def root(folder):
    mail = folder / "mail"
    store.run(mail, "create Sent", "append INBOX - - 100 50")
    store.run(mail, "open INBOX", "view")
    return mail


def test_second_open(root):
    result, text = store.traced(root, "open INBOX", "view")
    assert len(result.view().messages) == 50
    store.assert_no_look(text)


def test_status_reads_one_file(root):
    result, text = store.traced(root, "status INBOX")
    assert result.of("status")[0][:2] == ["messages", "50"]
    store.assert_no_look(text)
    assert '"linnet.map"' not in text


@pytest.mark.parametrize("change", ["flags add 1:7 Seen", "flags add 3 work", "append INBOX Seen - 30", "copy 1:5 INBOX",
                                    "expunge"])
def test_right_after_a_change_of_another_session(root, change):
    store.run(root, "open INBOX", "flags add 50 Deleted", change)
    _, text = store.traced(root, "open INBOX")
    store.assert_no_look(text)


def test_move_leaves_both_known(root):
    store.run(root, "open INBOX", "move 1:5 Sent")
    for name, count in (("INBOX", 45), ("Sent", 5)):
        result, text = store.traced(root, f"open {name}", "view")
        assert len(result.view().messages) == count
        if name == "INBOX":  # Sent had no index yet
            store.assert_no_look(text)


def test_foreign_changes_are_looked_for(root):
    names = sorted(os.listdir(root / "cur"))
    changes = [
        lambda: (root / "cur" / names[0]).rename(root / "cur" / (names[0] + "F")),
        lambda: (root / "cur" / names[1]).unlink(),
        lambda: linnet.deliver(root, linnet.SIMPLE % (1, 1, 1)),
        lambda: shutil.copy(root / "cur" / names[2], root / "cur" / "1700000000.back.host:2,S"),
    ]
    for change in changes:
        change()
        result = store.run(root, "open INBOX", "view")
        assert len(result.view().messages) == len(os.listdir(root / "cur"))
        assert not os.listdir(root / "new")
