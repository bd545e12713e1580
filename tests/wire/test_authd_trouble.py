"""test_authd_trouble.py - authd that is gone, full or in the middle of something (A24, B07, B09, B10, B14)"""
import base64
import os
import re
import signal
import subprocess
import time

import pytest

import linnet
from authd import Authd, b64, verdict
from sasl import Scram

USER, WORD = "toto@mondomaine.local", "motDePasseDeToto"


def test_restart_between_the_steps_B07():
    """SCRAM, and the server process is gone before the last step: the client tries again and is let in."""
    with Authd({}, settings={"auth_mechanisms": "scram-sha-256"}) as authd:
        authd.write_users(["toto@d.test:{PLAIN}secret"])
        with authd.login() as c:
            s = Scram("toto@d.test", "secret")
            challenge = base64.b64decode(c.auth("SCRAM-SHA-256", b64(s.first())).split(b"\t")[2]).decode()
            os.kill(authd.server_pid(), signal.SIGKILL)
            try:
                assert c.cont(b64(s.final(challenge))) == b""
            except BrokenPipeError:
                pass
        authd.wait_log("starting another")

        def again():
            with authd.login() as c:
                s = Scram("toto@d.test", "secret")
                line = c.auth("SCRAM-SHA-256", b64(s.first()))
                line = c.cont(b64(s.final(base64.b64decode(line.split(b"\t")[2]).decode())))
                return verdict(c.cont(b"")) == "OK" and s.is_right(base64.b64decode(line.split(b"\t")[2]).decode())
        linnet.wait_for(again, "another dialogue to go well")


def told(server, *answers):
    """What a login is answered, over IMAP."""
    with server.connect("imap") as wire:
        wire.line()
        wire.send_line(f"a LOGIN {USER} {WORD}")
        while not (line := wire.line()).startswith(b"a "):
            pass
        assert any(a in line for a in answers), line


def test_socket_that_is_not_there_or_not_ours_B09():
    with linnet.Server(services=("imap",)) as server:
        told(server, b"a OK")
        socket = server.run / "login"
        moved = server.run / "elsewhere"
        socket.rename(moved)
        told(server, b"[UNAVAILABLE]")
        socket.symlink_to(moved)  # A30
        told(server, b"[UNAVAILABLE]")
        socket.unlink()
        moved.rename(socket)
        server.run.chmod(0o777)
        told(server, b"[UNAVAILABLE]")
        server.run.chmod(0o755)
        told(server, b"a OK")


class Narrow(Authd):
    """An authd that may have 40 descriptors."""

    def _listen_prefix(self, fds):
        return ["/bin/bash", "-c", 'ulimit -n 40; exec "$0" "$@"']


def test_out_of_descriptors_B10():
    """The server process has no descriptor left: clients wait in the backlog, and are served when some are free."""
    with Narrow({"toto@d.test": "secret"}) as authd:
        held = [authd.client(greet=False) for _ in range(50)]
        authd.wait_log("no descriptors left")
        for c in held:
            c.close()
        with authd.login() as c:
            assert verdict(c.plain("toto@d.test", "secret")) == "OK"


@pytest.mark.parametrize("many", [60])
def test_many_dear_hashes_and_a_canary_B10(many):
    """Argon2 for a whole network at once: somebody from elsewhere is let in before they are through."""
    got = subprocess.run([linnet.program("linnetctl"), "pw", "-s", "ARGON2ID"], input="secret\n", text=True, capture_output=True, timeout=30)
    if got.returncode == 69:
        pytest.skip("this build has no Argon2")
    with Authd({}, settings={"auth_worker_max_count": "2"}) as authd:
        authd.write_users([f"toto@d.test:{got.stdout.strip()}"])
        start = time.monotonic()
        assert authd.tried("toto@d.test", "secret", is_client=True) == "OK"
        one = time.monotonic() - start
        clients = [authd.client(timeout=60) for _ in range(many)]
        start = time.monotonic()
        for c in clients:
            c.start_plain("toto@d.test", "secret", rip="198.51.100.1")
        with authd.client(timeout=60) as canary:
            assert verdict(canary.plain("toto@d.test", "secret", rip="203.0.113.1")) == "OK"
            canary_took = time.monotonic() - start
        verdicts = [verdict(c.line()) for c in clients]
        assert set(verdicts) <= {"OK", "temp"} and verdicts.count("OK") >= min(10, 2 / one)  # in ten seconds
        assert canary_took < (time.monotonic() - start) / 2 or canary_took < 2
        for c in clients:
            c.close()


def test_a_deleted_user_is_kicked_B14():
    """Until then the session lives: what is open is not looked up again."""
    with linnet.Server(services=("imap",)) as server:
        with server.imap(USER) as wire:
            lines = server.users_path.read_text().splitlines(keepends=True)
            server.users_path.write_text("".join(line for line in lines if not line.startswith(USER)))
            wire.ok("n", "NOOP")
            told(server, b"[AUTHENTICATIONFAILED]")
            done = subprocess.run([linnet.program("linnetctl"), "-c", str(server.conf), "kick", USER], capture_output=True, text=True, timeout=30)
            assert done.returncode == 0, done.stderr
            assert b"BYE" in wire.rest()


SECRETS = ("authd/password_crypt.c", "authd/password_digest.c", "authd/password_keys.c", "authd/scram.c", "authd/jwt.c", "authd/cram_state.c")


def test_secrets_are_compared_in_constant_time_A24():
    """Static: where hashes and signatures are compared, it is by secret_equal(); memcmp() does not occur."""
    for name in SECRETS:
        text = (linnet.TOP / name).read_text()
        assert not re.search(r"\b(memcmp|bcmp)\s*\(", text), name
    for name in SECRETS[:5]:
        assert "secret_equal(" in (linnet.TOP / name).read_text(), name
    body = re.search(r"secret_equal\(.*?\n\}", (linnet.TOP / "common/base/wipe.c").read_text(), re.S)[0]
    assert body.count("return") == 1 and "break" not in body


@pytest.mark.parametrize("is_broken", [False, True])
def test_the_log_is_opened_anew_by_SIGHUP(is_broken):
    """logrotate's way: the file is moved, the programs are told.  Also when the settings are broken just then."""
    with linnet.Server(services=("imap",)) as server:
        told(server, b"a OK")
        old = server.log_path.with_suffix(".1")
        server.log_path.rename(old)
        if is_broken:
            server.conf.write_text(server.conf.read_text() + "ssl = maybe\n")
        for name in ("authd", "imap"):
            server.processes[name].send_signal(signal.SIGHUP)
        server.wait_log("not taken over" if is_broken else "configuration read again")
        server.wait_log("the old settings stay" if is_broken else "settings read again")
        size = old.stat().st_size
        with server.connect("imap") as wire:
            wire.line()
            wire.send_line(f"a LOGIN {USER} wrong")
            wire.until_tag("a")
        server.wait_log(r"auth\[\d+\]: passwd-file\(.*Password mismatch")
        server.wait_log(r"imap-login: Disconnected.*auth failed")
        assert old.stat().st_size == size
