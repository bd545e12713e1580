"""dovecot.py - the real Dovecot 2.3 on a Maildir of ours: imapd over a pipe, and doveadm"""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess

import linnet

IMAP = pathlib.Path("/usr/lib/dovecot/imap")

CONF = """base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/log
ssl = no
protocols = imap
mail_location = maildir:{mail}
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
auth_username_format =
namespace inbox {{
  inbox = yes
}}
"""


def is_there():
    return linnet.IS_ROOT and IMAP.exists() and shutil.which("doveconf")


class Imap:
    """One session; each call is one command, answered by its untagged lines and the tagged one."""

    def __init__(self, base, mail, more=""):
        self.conf = base / "dovecot.conf"
        (base / "run").mkdir(exist_ok=True)
        self.conf.write_text(CONF.format(base=base, mail=mail, uid=linnet.UID, gid=linnet.GID) + more)
        linnet.own(base / "run")
        (base / "log").touch()
        os.chown(base / "log", linnet.UID, linnet.GID)
        self.log = base / "log"
        self.process = subprocess.Popen([IMAP, "-c", self.conf], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, cwd=mail, **linnet.as_mail_user(),
                                        env={"HOME": str(base), "USER": "someone", "PATH": "/usr/bin:/bin"})
        greeting = self.process.stdout.readline()
        assert greeting.startswith(b"* PREAUTH"), greeting + self.process.stderr.read()
        self.tag = 0

    def __call__(self, command, literal=None):
        self.tag += 1
        tag = b"t%d" % self.tag
        line = tag + b" " + command.encode()
        if literal is not None:
            line += b" {%d+}\r\n" % len(literal) + literal
        self.process.stdin.write(line + b"\r\n")
        self.process.stdin.flush()
        answer = []
        while True:
            got = self.process.stdout.readline()
            assert got, f"{command}: Dovecot is gone\n{self.log.read_text()}"
            got = got.decode("utf-8", "replace").rstrip("\r\n")
            if got.startswith(tag.decode() + " "):
                assert got.split()[1] == "OK", f"{command}: {got}"
                return answer, got
            answer.append(got)

    def close(self):
        try:
            self.process.stdin.write(b"bye LOGOUT\r\n")
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has gone by itself: the selected mailbox was deleted
        self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()


@contextlib.contextmanager
def imap(base, mail, more=""):
    """A session; more: lines behind the usual configuration."""
    session = Imap(base, mail, more)
    try:
        yield session
    finally:
        linnet.end(session.process) if session.process.stdin.closed else session.close()


def on_socketpair(folder, maildir):
    """A session whose wire is as that of ours (linnet.spawn_on_socketpair), in UTC; its greeting is not read."""
    conf = folder / "dovecot.conf"
    conf.write_text(f"base_dir = {folder}\nstate_dir = {folder}\nlog_path = {folder}/dovecot.log\nssl = no\n"
                    f"mail_location = maildir:{maildir}\ndefault_internal_user = nobody\ndefault_login_user = nobody\n"
                    "first_valid_uid = 1\nfirst_valid_gid = 1\nprotocols = imap\n")
    linnet.own(folder)
    return linnet.spawn_on_socketpair(
        [IMAP, "-c", conf], identity=linnet.as_mail_user(),
        env={"USER": "mail-test", "HOME": str(folder), "PATH": os.environ["PATH"], "TZ": "UTC"})


FETCH = re.compile(r"\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\) INTERNALDATE \"([^\"]+)\" RFC822.SIZE (\d+)\)")


def look(session, mailbox):
    """(UIDVALIDITY, UIDNEXT, {UID: (flags, date, size)}), with flags named as store_tool names them; not \\Recent."""
    answer, _ = session(f"EXAMINE {mailbox}")
    text = "\n".join(answer)
    validity = int(re.search(r"UIDVALIDITY (\d+)", text)[1])
    uidnext = int(re.search(r"UIDNEXT (\d+)", text)[1])
    messages = {}
    if not re.search(r"\* 0 EXISTS", text):
        for line in session("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)")[0]:
            got = FETCH.match(line)
            if got:
                flags = frozenset(flag.lstrip("\\") for flag in got[2].split()) - {"Recent"}
                messages[int(got[1])] = (flags, got[3], int(got[4]))
    return validity, uidnext, messages
