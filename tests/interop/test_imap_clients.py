"""test_imap_clients.py - mail programs that read by IMAP: mbsync, offlineimap, mutt, imapfilter, Perl, imapflow

Each does what its users do with it, and what it did is looked for in the Maildir.
"""
import json
import pathlib
import subprocess

import pytest

import linnet
from mail_programs import USER, WORD, clear, mail, messages, need, run, write

SCRIPTS = pathlib.Path(__file__).with_name("scripts")


@pytest.fixture(scope="module")
def server():
    with linnet.Server(services=("imap", "imaps")) as running:
        yield running


@pytest.fixture
def inbox(server):
    maildir = server.maildir(USER)
    for number in range(1, 6):
        linnet.deliver(maildir, mail(number), flags="S" if number > 3 else None)
    linnet.make_maildir(maildir / ".Archive")
    linnet.deliver(maildir, mail(10), flags="RS", folder="Archive")
    linnet.own(maildir)
    yield maildir
    server.wait_sessions()
    clear(maildir)


def local(top, folder):
    """{subject: flags} of a program's own Maildir"""
    return messages(top / folder) if (top / folder).exists() else {}


# ---- mbsync: both ways ----

MBSYNC = """IMAPAccount there
Host 127.0.0.1
Port {port}
User {user}
Pass {word}
{tls}

IMAPStore far
Account there

MaildirStore near
Path {folder}/mail/
Inbox {folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
CopyArrivalDate yes
SyncState *
"""


@pytest.mark.parametrize("service, tls", [("imap", "SSLType None\nAuthMechs PLAIN"),
                                          ("imap", "SSLType STARTTLS\nCertificateFile {cert}"),
                                          ("imaps", "SSLType IMAPS\nCertificateFile {cert}")])
def test_mbsync_both_ways(server, inbox, folder, service, tls):
    rc = write(folder / "rc", MBSYNC.format(port=server.ports[service], user=USER, word=WORD, folder=folder,
                                            tls=tls.format(cert=server.cert)).replace("127.0.0.1", "localhost"))
    (folder / "mail").mkdir()
    sync = [need("mbsync"), "-c", rc, "-a"]
    run(folder, *sync)
    near = folder / "mail"
    assert local(near, "INBOX") == messages(inbox) and local(near, "Archive") == {"number 10": "RS"}
    # near: one is flagged, one removed, one written; far: one answered, one moved away, one delivered
    for path in list((near / "INBOX" / "cur").iterdir()) + list((near / "INBOX" / "new").iterdir()):
        text = path.read_bytes()
        if b"number 1\r" in text or b"number 1\n" in text:
            path.rename(near / "INBOX" / "cur" / (path.name.partition(":")[0] + ":2,FS"))
        if b"number 2\r" in text or b"number 2\n" in text:
            path.unlink()
    (near / "INBOX" / "new" / "1700000001.1.here").write_bytes(mail(20))
    with server.imap() as wire:
        wire.ok("a", "SELECT INBOX")
        wire.ok("b", "UID STORE 3 +FLAGS (\\Answered)")
        wire.ok("c", "UID MOVE 4 Archive")
    linnet.deliver(inbox, mail(30))
    run(folder, *sync)
    run(folder, *sync)
    assert local(near, "INBOX") == messages(inbox)
    assert messages(inbox) == {"number 1": "FS", "number 3": "R", "number 5": "S", "number 20": "", "number 30": ""}
    assert local(near, "Archive") == messages(inbox, "Archive") == {"number 10": "RS", "number 4": "S"}


# ---- offlineimap ----

OFFLINEIMAP = """[general]
accounts = a
metadata = {folder}/meta
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {folder}/mail
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = {word}
ssl = {ssl}
sslcacertfile = {cert}
starttls = no
auth_mechanisms = PLAIN, LOGIN
"""


@pytest.mark.parametrize("service", ["imap", "imaps"])
def test_offlineimap_both_ways(server, inbox, folder, service):
    rc = write(folder / "rc", OFFLINEIMAP.format(port=server.ports[service], user=USER, word=WORD, folder=folder,
                                                 ssl="yes" if service == "imaps" else "no", cert=server.cert)
               .replace("127.0.0.1", "localhost"))
    sync = [need("offlineimap"), "-c", rc, "-o", "-u", "basic"]
    run(folder, *sync)
    near = folder / "mail"
    assert local(near, "INBOX") == messages(inbox) and local(near, "Archive") == {"number 10": "RS"}
    for path in list((near / "INBOX" / "cur").iterdir()) + list((near / "INBOX" / "new").iterdir()):
        if b"number 1" in path.read_bytes():
            path.rename(near / "INBOX" / "cur" / (path.name.partition(":")[0] + ":2,FS"))
    (near / "INBOX" / "new" / "1700000001.1.here").write_bytes(mail(20))
    with server.imap() as wire:
        wire.ok("a", "SELECT INBOX")
        wire.ok("b", "UID STORE 2 +FLAGS (\\Deleted)")
        wire.ok("c", "EXPUNGE")
    run(folder, *sync)
    assert local(near, "INBOX") == messages(inbox)
    assert messages(inbox) == {"number 1": "FS", "number 3": "", "number 4": "S", "number 5": "S", "number 20": ""}


# ---- mutt, in a terminal ----

class Terminal:
    """A program in tmux: keys go in, the screen comes out."""

    def __init__(self, folder, command):
        self.argv = ["tmux", "-S", str(folder / "tmux")]
        self.environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        self._run("new-session", "-d", "-x", "100", "-y", "30", command)

    def _run(self, *argv):
        return subprocess.run([*self.argv, *argv], check=True, capture_output=True, text=True, timeout=20,
                              env=self.environment).stdout

    def screen(self):
        return self._run("capture-pane", "-p")

    def press(self, *keys):
        self._run("send-keys", *keys)

    def wait(self, text):
        try:
            linnet.wait_for(lambda: text in self.screen(), f"{text!r} on the screen", pause=0.1)
        except linnet.Failure as failure:
            raise linnet.Failure(f"{failure}\n{self.screen()}") from None

    def close(self):
        subprocess.run([*self.argv, "kill-server"], env=self.environment, capture_output=True, timeout=20)


def test_mutt_in_a_terminal(server, inbox, folder):
    need("tmux")
    write(folder / "muttrc", f"""set imap_user="{USER}"
set imap_pass="{WORD}"
set folder="imap://127.0.0.1:{server.ports['imap']}"
set spoolfile="+INBOX"
set ssl_starttls=no
set ssl_force_tls=no
set imap_condstore=yes
set imap_qresync=yes
set header_cache="{folder}/cache"
set mail_check=1
set timeout=1
set confirmappend=no
set delete=yes
set quit=yes
set move=no
set sort=date
set mark_old=no
""")
    terminal = Terminal(folder, f"{need('mutt')} -F {folder}/muttrc")
    try:
        terminal.wait("number 5")
        terminal.press("1", "Enter")
        terminal.wait("number 1")
        terminal.press("Enter")
        terminal.wait("text of 1")
        terminal.press("i")
        terminal.press("2", "Enter", "F")         # flag
        terminal.press("3", "Enter", "d")         # delete
        terminal.press("4", "Enter", "s")         # save = move
        terminal.press("C-u")
        terminal.press("=Archive", "Enter")
        terminal.press("$")
        linnet.wait_for(lambda: "number 3" not in messages(inbox), "mutt to write its changes", pause=0.1)
        linnet.deliver(inbox, mail(40, subject="just come"))
        terminal.wait("just come")
        terminal.press("q")
        linnet.wait_for(lambda: "F" in messages(inbox)["number 2"], "the flag", pause=0.1)
        assert "number 4" in messages(inbox, "Archive") and "number 4" not in messages(inbox)
        assert "S" in messages(inbox)["number 1"]
    finally:
        terminal.close()


# ---- imapfilter ----

def test_imapfilter(server, inbox, folder):
    write(folder / "rc.lua", f"""
options.timeout = 20
options.create = true
options.subscribe = true
options.certificates = false
options.hostnames = false
options.trustfile = '{server.cert}'
a = IMAP {{ server = 'localhost', port = {server.ports['imaps']}, username = '{USER}', password = '{WORD}', ssl = 'auto' }}
seen = a.INBOX:is_seen()
seen:move_messages(a['Old things'])
unseen = a.INBOX:is_unseen() * a.INBOX:contain_subject('number 2')
unseen:mark_flagged()
big = a.INBOX:is_smaller(100000) * a.INBOX:contain_body('text of 3')
big:copy_messages(a.Archive)
""")
    run(folder, need("imapfilter"), "-c", folder / "rc.lua")
    assert messages(inbox, "Old things") == {"number 4": "S", "number 5": "S"}
    assert messages(inbox) == {"number 1": "", "number 2": "F", "number 3": ""}
    assert set(messages(inbox, "Archive")) == {"number 10", "number 3"}
    assert "Old things" in (inbox / "subscriptions").read_text()


# ---- Perl and JavaScript: what they found comes back as JSON ----

def test_perl_client(server, inbox, folder):
    said = json.loads(run(folder, need("perl"), SCRIPTS / "client.pl", server.ports["imap"], USER, WORD))
    assert said["folders"] == ["Archive", "INBOX"] and said["subjects"] == [f"number {n}" for n in range(1, 6)]
    assert said["found"] == [2] and said["idle"] and said["appended"]
    assert messages(inbox)["from Perl"] == "FS" and messages(inbox, "Made by Perl") == {"number 3": ""}


def imapflow():
    """The folder with the package: NODE_PATH of a machine, or what ./dev has put into build."""
    for top in (linnet.TOP / "build", linnet.BUILD):
        if (top / "npm" / "node_modules" / "imapflow").is_dir():
            return top / "npm" / "node_modules"
    raise linnet.Failure("imapflow is not here: ./dev check installs it")


def test_imapflow(server, inbox, folder):
    said = json.loads(run(folder, need("node"), SCRIPTS / "client.js", server.ports["imaps"], USER, WORD,
                          env={"NODE_PATH": str(imapflow())}))
    assert said["capabilities"]["CONDSTORE"] and said["exists"] == 5
    assert said["subjects"] == [f"number {n}" for n in range(1, 6)]
    assert said["text"] == "text of 2" and said["moved"] == 1 and said["news"] == 6
    assert messages(inbox, "Archive") == {"number 10": "RS", "number 1": "S"}
    assert messages(inbox)["from JavaScript"] == "S"


def test_they_left_a_log_without_complaint(server):
    server.wait_sessions()
    wrong = [line for line in server.log().splitlines() if "rror" in line or "arning" in line]
    assert wrong == []
