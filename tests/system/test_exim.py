"""test_exim.py - Exim logs its users in through authd, with the shipped example

exim4-daemon-heavy takes the place of Postfix on a Debian host, so the binary comes unpacked:
LINNET_EXIM is its path ("apt-get download exim4-daemon-heavy; dpkg -x ... folder"), LD_LIBRARY_PATH
names its libraries.  It runs in a mount namespace of its own, where its user is known.
"""
import os
import subprocess

import pytest

import linnet
from authd import Authd, b64

EXIM = os.environ.get("LINNET_EXIM", "/usr/sbin/exim4")
CONF = """\
primary_hostname = localhost
spool_directory = {folder}/spool
log_file_path = {folder}/log-%slog
auth_advertise_hosts = *
tls_advertise_hosts =
begin acl
begin authenticators
"""


def smtp(authd, *lines):
    """The server's lines of one SMTP dialogue, from an address elsewhere."""
    folder = authd.folder / "exim"
    folder.mkdir(mode=0o777, exist_ok=True)
    for name in ("passwd", "group"):
        with open(f"/etc/{name}", encoding="utf-8") as f:
            (folder / name).write_text(f.read() + ("Debian-exim:x:888:888::/:/bin/false\n" if name == "passwd" else "Debian-exim:x:888:\n"))
    example = (linnet.TOP / "doc/examples/exim-authenticator.conf").read_text().replace("/run/linnet", str(authd.run))
    (folder / "exim.conf").write_text(CONF.format(folder=folder) + example)
    shell = f'mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/group /etc/group && exec "$0" "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", shell, EXIM, "-C", str(folder / "exim.conf"), "-bh", "192.0.2.7"],
                          input="".join(line + "\r\n" for line in lines), capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines()


@pytest.mark.skipif(not os.access(EXIM, os.X_OK) or os.geteuid() != 0, reason="needs root and LINNET_EXIM, the path of an Exim")
def test_exim_asks_authd():
    with Authd({"toto@d.test": "secret"}) as authd:
        for word, wanted in (("secret", "235"), ("wrong", "535")):
            got = smtp(authd, "EHLO x", "AUTH PLAIN " + b64(f"\0toto@d.test\0{word}").decode(), "QUIT")
            assert any(line.startswith(wanted) for line in got), got
            got = smtp(authd, "EHLO x", "AUTH LOGIN", b64("toto@d.test").decode(), b64(word).decode(), "QUIT")
            assert any(line.startswith(wanted) for line in got), got
        authd.wait_log("passwd-file(toto@d.test,192.0.2.7): Password mismatch", 2)
