"""test_lost_uidlist.py - W03, W04: dovecot-uidlist damaged in every way, files back from a backup

UIDVALIDITY never changes while dovecot-uidlist, linnet.uids or the index can be read,
and with an index no UID changes either.
"""
import os
import shutil

import pytest

import linnet
import store

UIDLIST = "dovecot-uidlist"


@pytest.fixture
def mail(folder):
    """Nine messages, UIDs 1 to 10 without 4, keywords, a POP3 UIDL, and an index."""
    mail = folder / "mail"
    tool(mail, "append INBOX Seen,work - 30 5", "append INBOX - - 40 5", "open INBOX", "flags add 4 Deleted", "expunge")
    path = mail / UIDLIST
    path.write_text(path.read_text().replace("\n7 :", "\n7 Pold-uidl :"))
    tool(mail, "open INBOX", "view")
    return mail


def tool(mail, *commands):
    return store.run(mail, *commands)


def look(mail):
    return tool(mail, "open INBOX", "view").view()


def same(view):
    """What a client holds on to."""
    return view.uidvalidity, {uid: (m.sum, m.flags - {"Recent"}) for uid, m in view.messages.items()}


def lines(text, change):
    head, *records = text.splitlines()
    return "\n".join([head, *change(records), ""])


def cut(text):
    return text[:len(text) // 2 + 7]


def yesterday(text):
    return lines(text.replace(" N11 ", " N4 "), lambda records: records[:3])


DAMAGE = {
    "deleted": lambda t: None,
    "empty": lambda t: "",
    "truncated": cut,
    "from yesterday": yesterday,
    "no header": lambda t: t.split("\n", 1)[1],
    "garbage": lambda t: "\x00\xff rubbish\n" * 50,
    "a record twice": lambda t: lines(t, lambda r: r + [r[2]]),
    "a base twice": lambda t: lines(t, lambda r: r + ["99 :" + r[2].split(":", 1)[1]]),
    "a UID twice": lambda t: lines(t, lambda r: r + ["3 :" + r[5].split(":", 1)[1]]),
    "descending": lambda t: lines(t, lambda r: r[::-1]),
    "UID 0": lambda t: lines(t, lambda r: ["0 " + r[0].split(" ", 1)[1]] + r[1:]),
    "UID beyond 32 bits": lambda t: lines(t, lambda r: r[:-1] + ["4294967297 " + r[-1].split(" ", 1)[1]]),
    "NULs": lambda t: t[:60] + "\0" * 40 + t[100:],
    "CRLF": lambda t: t.replace("\n", "\r\n"),
    "an older UIDVALIDITY": lambda t: "3 V7 N50 Gx\n" + "".join(
        f"{20 - n} {line.split(' ', 1)[1]}\n" for n, line in enumerate(t.splitlines()[1:])),
}
# what says other things of a message than the index does is believed where it is well-formed
ELSEWHERE = {"a base twice": {3}, "a UID twice": {3, 7}}


def damage(mail, how):
    path = mail / UIDLIST
    text = DAMAGE[how](path.read_text())
    path.unlink()
    if text is not None:
        path.write_text(text, newline="")


@pytest.mark.parametrize("how", DAMAGE)
def test_with_an_index(mail, how):
    before = look(mail)
    damage(mail, how)
    view = look(mail)
    assert view.trouble or how == "deleted"
    lost = ELSEWHERE.get(how, set())
    (validity, old), (_, new) = same(before), same(view)
    assert view.uidvalidity == validity
    assert {uid: m for uid, m in new.items() if uid in old and uid not in lost} == \
        {uid: m for uid, m in old.items() if uid not in lost}
    assert all(uid >= before.uidnext for uid in set(new) - set(old))
    assert sorted(new.values(), key=str) == sorted(old.values(), key=str)
    assert view.uidnext >= before.uidnext
    again = look(mail)
    assert again.trouble is None and same(again) == same(view)


@pytest.mark.parametrize("how", sorted(set(DAMAGE) - {"an older UIDVALIDITY"}))
def test_without_an_index(mail, how):
    """Then linnet.uids says UIDVALIDITY and the next UID: what cannot be read gets new UIDs above."""
    before = look(mail)
    damage(mail, how)
    for name in ("linnet.map", "linnet.journal", "linnet.cache"):
        (mail / name).unlink(missing_ok=True)
    view = look(mail)
    assert view.uidvalidity == before.uidvalidity and view.uidnext >= before.uidnext
    assert sorted(m.sum for m in view.messages.values()) == sorted(m.sum for m in before.messages.values())
    for uid, m in view.messages.items():
        assert uid >= before.uidnext or before.messages[uid].sum == m.sum
    assert same(look(mail)) == same(view)


@pytest.mark.parametrize("lost", [["linnet.uids"], ["linnet.uids", "linnet.cache"]])
@pytest.mark.parametrize("how", ["deleted", "empty", "truncated", "no header", "garbage"])
def test_the_index_alone(mail, how, lost):
    before = look(mail)
    damage(mail, how)
    for name in lost:
        (mail / name).unlink(missing_ok=True)
    assert same(look(mail)) == same(before)


def test_nothing_is_left(mail):
    """Only then there is a new UIDVALIDITY, and it is larger."""
    before = look(mail)
    for path in mail.glob("linnet.*"):
        path.unlink()
    (mail / UIDLIST).unlink()
    view = look(mail)
    assert view.uidvalidity > before.uidvalidity and len(view.messages) == 9


def put_folder(path):
    path.mkdir()
    (path / "x").write_text("x")


ODD = {
    "a symlink": lambda path: path.symlink_to("elsewhere"),
    "a FIFO": lambda path: os.mkfifo(path),
    "an empty folder": lambda path: path.mkdir(),
    "a folder": put_folder,
    "a gigabyte": lambda path: (path.write_text("3 V7 N9\n"), os.truncate(path, 1 << 30)),
}


@pytest.mark.parametrize("what", ODD)
def test_no_such_file(mail, what):
    """N09, N10: not followed, not waited for, not read whole; nothing outside is touched."""
    before = look(mail)
    (mail / UIDLIST).unlink()
    (mail / "elsewhere").write_text("3 V7 N9 Gx\n")
    ODD[what](mail / UIDLIST)
    view = look(mail)
    assert (mail / "elsewhere").read_text() == "3 V7 N9 Gx\n"
    assert same(view) == same(before) and view.trouble
    assert (mail / UIDLIST).is_file() and not (mail / UIDLIST).is_symlink()
    assert same(look(mail)) == same(before)
    if what == "a folder":
        assert [path.read_text() for path in mail.glob("linnet.odd.*/x")] == ["x"]


def test_back_from_a_backup(mail):
    """W03: old base names that were expunged come back as new messages; what never left keeps its UID."""
    backup = mail.parent / "backup"
    shutil.copytree(mail, backup)
    before = look(mail)
    tool(mail, "open INBOX", "flags add 1:3,8 Deleted", "expunge", "close", "append INBOX - - 50 2")
    left = look(mail)
    assert set(left.messages) == {5, 6, 7, 9, 10, 11, 12}
    for path in (backup / "cur").iterdir():
        shutil.copy2(path, mail / "cur" / path.name)
    view = look(mail)
    assert view.uidvalidity == before.uidvalidity
    assert set(view.messages) == set(left.messages) | {13, 14, 15, 16}
    assert {view.messages[uid].sum for uid in (13, 14, 15, 16)} == {before.messages[uid].sum for uid in (1, 2, 3, 8)}
    assert all(view.messages[uid].sum == m.sum for uid, m in left.messages.items())


def test_the_whole_folder_back_from_a_backup(mail):
    """W03: with the lists of yesterday, too: what was shown since is not given again."""
    backup = mail.parent / "backup"
    shutil.copytree(mail, backup)
    before = look(mail)
    tool(mail, "append INBOX - - 50 3")
    look(mail)
    floor = (mail / "linnet.uids").read_bytes()
    shutil.rmtree(mail)
    shutil.copytree(backup, mail)
    (mail / "linnet.uids").write_bytes(floor)
    view = look(mail)
    assert same(view) == same(before) and view.uidnext == before.uidnext + 3
    linnet.deliver(mail, b"Subject: new\n\nx\n")
    assert max(look(mail).messages) == before.uidnext + 3


@pytest.mark.parametrize("length", range(250, 256))
def test_names_without_room_for_flags(folder, length):
    """W06: ":2,Sab" would not fit behind 250 and more bytes; such a message gets a shorter name and keeps its UID."""
    mail = folder / "mail"
    tool(mail, "append INBOX - - 10")
    for part, info in (("new", ""), ("cur", ":2,"), ("cur", "")):
        name = (f"1700000000.M1P{len(info)}{part}." + "x" * 300)[:length - len(info)] + info
        (mail / part / name).write_text(f"Subject: {part}{info}\n\nx\n")
    path = mail / UIDLIST
    before = look(mail)
    assert len(before.messages) == 4
    path.write_text("".join(line.replace(" :", " Pkept :", 1) if line[0] != "3" or " V" not in line else line
                            for line in path.read_text().splitlines(keepends=True)))
    tool(mail, "open INBOX", "flags add 1:4 Seen,Deleted,work,another", "flags remove 1:4 Deleted")
    view = look(mail)
    assert view.uidvalidity == before.uidvalidity
    assert {uid: m.sum for uid, m in view.messages.items()} == {uid: m.sum for uid, m in before.messages.items()}
    assert all(m.flags == {"Seen", "work", "another"} for m in view.messages.values())
    assert path.read_text().count(" Pkept :") == 4
    tool(mail, "open INBOX", "flags add 1:4 Deleted", "expunge")
    assert not look(mail).messages
