"""test_index_dir.py - index_dir and INDEX=: indexes and caches elsewhere than in the Maildir

The store alone is driven by store_tool, whose system calls strace tells; a session with its
sandbox by imapd and pop3d.
"""
import os
import re
import shutil
import subprocess
import time

import pytest

import linnet
import store

USER = "toto@mondomaine.local"
OURS = re.compile(r"linnet\.(map|journal|cache)")


def index_files(path):
    """What of an index lies below path, as names relative to it."""
    return sorted(str(p.relative_to(path)) for p in path.rglob("linnet.*") if OURS.match(p.name))


class Place:
    """A Maildir and an index_dir for store_tool."""

    def __init__(self, folder):
        self.mail, self.index = folder / "mail", folder / "index"
        self.index.mkdir(mode=0o700)
        self.where = self.index

    def __call__(self, *commands, by=store.run):
        os.environ["STORE_TOOL_INDEX"] = str(self.where)
        try:
            return by(self.mail, *commands)
        finally:
            del os.environ["STORE_TOOL_INDEX"]

    def look(self, name):
        return self(f"open {name}", "view").view()

    def assert_known(self, name, count):
        """It is opened without a look."""
        result, calls = self(f"open {name}", "view", by=store.traced)
        assert len(result.view().messages) == count
        store.assert_no_look(calls)
        return result.view()


@pytest.fixture
def place(folder, monkeypatch):
    monkeypatch.setattr(linnet, "environment", with_index(linnet.environment))
    p = Place(folder)
    p("create Sent", "append INBOX - - 100 20", "append Sent - - 100 5")
    p("open INBOX", "view")
    p("open Sent", "view")
    return p


def let_settle():
    """What was changed as lately as the clock is coarse is looked at twice (common/index/mailbox_look.c, (5))."""
    time.sleep(0.1)


def with_index(environment):
    def more(**how):
        name = "STORE_TOOL_INDEX"
        return {**environment(**how), **({name: os.environ[name]} if name in os.environ else {})}
    return more


# ---- the store ----

@pytest.mark.parametrize("change,counts", [
    (["open INBOX", "flags add 1:7 Seen"], (20, 5)), (["append INBOX Seen - 30"], (21, 5)),
    (["open INBOX", "copy 1:5 Sent"], (20, 10)), (["open INBOX", "move 1:5 Sent"], (15, 10)),
    (["open INBOX", "flags add 2 Deleted", "expunge"], (19, 5)),
])
def test_nothing_in_the_maildir(place, change, counts):
    place(*change)
    for name, count in zip(("INBOX", "Sent"), counts):
        place.assert_known(name, count)
    assert index_files(place.mail) == []
    assert index_files(place.index) == [f"{folder}/linnet.{part}" for folder in (".INBOX", ".Sent")
                                        for part in ("journal", "map")]
    assert all(p.stat().st_mode & 0o777 == 0o700 for p in place.index.iterdir())


def test_status_needs_no_look(place):
    result, calls = place("status INBOX", by=store.traced)
    assert result.of("status")[0][:2] == ["messages", "20"]
    store.assert_no_look(calls)


def test_rename_takes_it_along(place):
    before = place.assert_known("Sent", 5)
    place("create Sent.Old", "rename Sent Away")
    assert not (place.index / ".Sent").exists()
    assert place.assert_known("Away", 5) == before


def test_delete_removes_it_and_a_new_one_is_another(place):
    before = place.assert_known("Sent", 5)
    place("delete Sent")
    assert not (place.index / ".Sent").exists()
    place("create Sent", "append Sent - - 10 2")
    view = place("open Sent", "view").view()
    assert view.uidvalidity > before.uidvalidity and len(view.messages) == 2


@pytest.mark.parametrize("lose_uidlist", [False, True])
def test_an_index_of_another_folder_is_not_taken(place, lose_uidlist):
    """Another program deletes, or renames and makes anew: what stands under the name means another folder."""
    before = place.assert_known("Sent", 5)
    (place.mail / ".Sent").rename(place.mail / ".Moved")
    place("create Other", "append Other - - 10 3")
    (place.mail / ".Other").rename(place.mail / ".Sent")
    if lose_uidlist:
        (place.mail / ".Sent" / "dovecot-uidlist").unlink()
        (place.mail / ".Sent" / "linnet.uids").unlink()
    view = place("open Sent", "view").view()
    assert len(view.messages) == 3 and view.uidvalidity != before.uidvalidity
    let_settle()
    moved = place("open Moved", "view").view()
    assert moved.uidvalidity == before.uidvalidity and moved.messages == before.messages
    assert place.assert_known("Moved", 5) == moved


@pytest.mark.parametrize("made_by", ["linnet", "mutt"])
def test_removed_and_made_anew_by_another_program(place, made_by):
    """cur/ may even have the number of the one that was removed."""
    before = place.assert_known("Sent", 5)
    for _ in range(5):
        shutil.rmtree(place.mail / ".Sent")
        if made_by == "linnet":
            store.run(place.mail, "create Sent", "append Sent - - 10 2")  # it knows of no index_dir
        else:
            linnet.make_maildir(place.mail / ".Sent")
            linnet.deliver(place.mail / ".Sent", linnet.SIMPLE % (1, 1, 1))
        let_settle()
        view = place("open Sent", "view").view()
        assert len(view.messages) == (2 if made_by == "linnet" else 1)
        assert view.uidvalidity != before.uidvalidity or min(view.messages) > max(before.messages)
        assert place.assert_known("Sent", len(view.messages)).messages.keys() == view.messages.keys()
        before = view


def test_two_users_in_one_index_dir(place, folder):
    """index_dir without %u: each takes the other's for no index."""
    first = place.assert_known("INBOX", 20)
    other = Place.__new__(Place)
    other.mail, other.index, other.where = folder / "other", place.index, place.index
    other("append INBOX - - 10 4")
    for _ in range(2):
        assert len(other.look("INBOX").messages) == 4
        assert place.look("INBOX") == first


def test_lost_uidlist_is_mended_from_there(place):
    before = place.assert_known("INBOX", 20)
    for name in ("dovecot-uidlist", "linnet.uids"):
        (place.mail / name).unlink()
    after = place.look("INBOX")
    assert after.uidvalidity == before.uidvalidity and after.messages == before.messages


def test_memory(place, folder):
    place.where = "MEMORY"
    shutil.rmtree(place.index)
    place("append INBOX Seen - 30", "open INBOX", "flags add 1 Flagged", "copy 1:2 Sent", "flags add 3 Deleted",
          "expunge")
    assert len(place.look("INBOX").messages) == 20
    assert len(place.look("Sent").messages) == 7
    assert index_files(folder) == []


# ---- sessions ----

SERVICES = ("imap", "pop3")


def fill(wire, server):
    wire.ok("a1", "CREATE Sent")
    for number in range(3):
        text = linnet.SIMPLE % (number, number, number)
        wire.send(b"a2 APPEND INBOX {%d+}\r\n" % len(text) + text + b"\r\n")
        assert wire.until_tag("a2")[-1].startswith(b"a2 OK")
    wire.ok("a3", "SELECT INBOX")
    wire.ok("a4", r"STORE 1 +FLAGS (\Seen)")
    wire.ok("a5", "FETCH 1:* (ENVELOPE BODYSTRUCTURE)")
    wire.ok("a6", "COPY 1:2 Sent")
    wire.ok("a7", "LOGOUT")


def serve(line):
    """A server whose settings know where its own folders are."""
    server = linnet.Server(services=SERVICES)
    write = server.write_settings
    server.write_settings = lambda: write(
        line.replace("{mail}", str(server.mail)).replace("{folder}", str(server.folder)))
    return server


def use(server):
    with server.imap() as wire:
        fill(wire, server)
    with server.imap() as wire:
        wire.ok("b1", "SELECT INBOX")
        answer = wire.ok("b2", "FETCH 1 (UID FLAGS)")
        assert rb"\Seen" in b"".join(answer)
        wire.ok("b3", "RENAME Sent Away")
        wire.ok("b4", "DELETE Away")
        wire.ok("b5", "LOGOUT")
    with server.pop3() as wire:
        assert wire.pop("STAT").startswith(b"+OK 3 ")
        assert wire.pop("QUIT").startswith(b"+OK")


# Under chroot (a kernel without Landlock) it must lie below the Maildir; there it may in any case.
@pytest.mark.parametrize("line,where", [
    ("index_dir = {mail}/%d/%n/index", "index"),
    ("index_dir = %h/deep/index/%u", f"deep/index/{USER}"),
    ("mail_location = maildir:{mail}/%d/%n:INDEX={mail}/%d/%n/index/%n\n", "index/toto"),
    ("index_dir = /nonexistent/%u\nmail_location = maildir:{mail}/%d/%n:INDEX=~/index", "index"),
])
def test_below_the_maildir(line, where):
    with serve(line) as server:
        use(server)
        path = server.maildir() / where
        inbox = [name for name in index_files(server.maildir())]
        assert inbox and all(name.startswith(f"{where}/.INBOX/") for name in inbox)
        assert any(name.startswith(f"{where}/.INBOX/linnet.cache.") for name in inbox)
        assert path.stat().st_mode & 0o777 == 0o700 and path.stat().st_uid == linnet.UID
        assert "index_dir" not in server.log()


def test_elsewhere():
    """Behind Landlock it is one rule more; under chroot one log line, and no index."""
    with serve("index_dir = {folder}/index/%d/%n") as server:
        (server.folder / "index").mkdir()
        linnet.own(server.folder / "index")
        use(server)
        assert index_files(server.mail) == []
        if "without Landlock" in server.log():
            server.wait_log(r"index_dir: .* is not below .*: this session does without an index")
            assert index_files(server.folder / "index") == []
        else:
            path = server.folder / "index" / "mondomaine.local" / "toto"
            assert any(name.startswith(".INBOX/linnet.map") for name in index_files(path))


@pytest.mark.parametrize("line,words", [
    ("index_dir = /nonexistent/%u", "cannot be opened as uid|is not below"),
    ("index_dir = {mail}/%d/%n/closed", "cannot be opened as uid"),
    ("index_dir = {mail}/%d/%n/link", "a link is not followed"),
    ("index_dir = relative/%n", "it is not an absolute path"),
    ("index_dir = {mail}/../%n", "has \".\" or \"..\" in it"),
])
def test_without_one_everything_works(line, words):
    with serve(line) as server:
        mail = server.maildir()
        (mail / "closed").mkdir(mode=0o700)
        os.chown(mail / "closed", 0, 0)
        (mail / "link").symlink_to("cur")
        use(server)
        assert index_files(server.folder) == []
        lines = [one for one in server.log().splitlines() if re.search(r"Warning: index_dir.*" + words, one)]
        assert len(lines) == 3, server.log()  # one for each session
        assert "does without an index" in lines[0]


def test_read_only():
    """What stands there is read while it is right; nothing is refused when it cannot be written."""
    with serve("index_dir = %h/index") as server:
        with server.imap() as wire:
            fill(wire, server)
        index = server.maildir() / "index"
        before = linnet.snapshot(index)
        for path in [index, *index.rglob("*")]:
            path.chmod(0o500 if path.is_dir() else 0o400)
        with server.imap() as wire:
            wire.ok("b1", "SELECT INBOX")
            wire.ok("b2", r"STORE 2 +FLAGS (\Flagged)")
            wire.ok("b3", "CREATE Away")
            wire.ok("b4", "MOVE 2 Away")
            wire.ok("b5", "SELECT Away")
            wire.ok("b6", "LOGOUT")
        with server.imap() as wire:
            wire.ok("c1", "SELECT INBOX")
            wire.ok("c2", "DELETE Away")
            wire.ok("c3", "LOGOUT")
        with server.pop3() as wire:
            assert wire.pop("STAT").startswith(b"+OK 2 ")
            wire.pop("QUIT")
        assert {name for name in linnet.snapshot(index)} == {name for name in before}
        for path in [index, *index.rglob("*")]:
            path.chmod(0o700 if path.is_dir() else 0o600)
        use_again = server.imap()
        use_again.ok("d1", "SELECT INBOX")
        use_again.ok("d2", "LOGOUT")


@pytest.mark.parametrize("line", ["index_dir = MEMORY", "mail_location = maildir:{mail}/%d/%n:INDEX=MEMORY"])
def test_index_memory(line):
    with serve(line) as server:
        use(server)
        assert index_files(server.folder) == []


def test_control_is_refused():
    """The lists of UIDs stay in the Maildir: to serve on without those of Dovecot would give new UIDs."""
    with serve("") as server:
        conf = server.folder / "other.conf"
        conf.write_text(f"mail_location = maildir:{server.mail}/%d/%n:INDEX=/i/%u:CONTROL=/c/%u\n")
        done = subprocess.run([linnet.program("linnetctl"), "-c", conf, "config"], capture_output=True, timeout=20,
                              env=linnet.environment())
        assert done.returncode != 0
        assert b"CONTROL= is not supported: dovecot-uidlist stands in the Maildir" in done.stderr + done.stdout
