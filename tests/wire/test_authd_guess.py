"""test_authd_guess.py - guessing, sessions by number, counters (A18, A19, L06), with the real fail2ban and the real Prometheus"""
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import linnet
from authd import Authd, b64, verdict

USERS = {"toto@d.test": "secret", "titi@d.test": "other"}


def slow(seconds="1", more=None):
    return Authd(USERS, settings={"auth_failure_delay": seconds, "auth_penalty_max": "3", **(more or {})})


def guess(authd, *passwords):
    """Wrong passwords from one address: when each was sent, and when it was refused."""
    sent, refused = [], []
    for password in passwords:
        with authd.login() as c:
            sent.append(time.monotonic())
            assert verdict(c.plain("toto@d.test", password, rip="192.0.2.7")) == "wrong"
            refused.append(time.monotonic())
    return sent, refused


def test_pauses_grow_for_the_guesser_only_A18():
    """A slow machine makes the pauses longer, never shorter: what is at once is before what must wait."""
    with slow() as authd:
        sent, refused = guess(authd, "guess0", "guess1", "guess2", "guess3")
        # each is told after the second that a refusal takes; the pause behind it runs meanwhile:
        # none, none that is felt, two seconds, three
        took = [end - begin for begin, end in zip(sent, refused)]
        assert max(took[:2]) < took[3]
        assert refused[2] - sent[1] >= 2.8 and refused[3] - sent[1] >= 5.7
        # the victim at home, where he has logged in before: at once; so is anybody else
        with authd.login() as guesser:
            guesser.start_plain("toto@d.test", "guess4", rip="192.0.2.7")
            for user, password, rip in (("toto@d.test", "secret", "198.51.100.1"), ("titi@d.test", "other", "192.0.2.7")):
                assert authd.tried(user, password, rip=rip) == "OK"
            assert not guesser.has_answer()
        authd.wait_log("Password mismatch", 4)


def test_the_same_wrong_password_is_no_guess_A18():
    with slow() as authd:
        sent, refused = guess(authd, "old", "old", "old", "old")
        assert refused[3] - sent[1] < 5.7  # what four guesses take at least


def test_hundred_at_once_A19():
    """In five seconds a network has no more than a few guesses looked at, however many connections it opens."""
    with slow() as authd:
        clients = [authd.login() for _ in range(100)]
        begin = time.monotonic()
        for i, c in enumerate(clients):
            c.start_plain("toto@d.test", f"guess{i}", rip="192.0.2.7")
        time.sleep(5)
        looked_at = authd.log().count("Password mismatch")
        assert looked_at <= 16 * (time.monotonic() - begin) / 5
        assert authd.tried("titi@d.test", "other", rip="203.0.113.9") == "OK"
        assert sum(not c.has_answer() for c in clients) > 50
        for c in clients:
            c.close()


def test_a_phone_s_five_connections_are_no_guessing():
    """All are let in before somebody else is told that he is not."""
    with slow("3") as authd:
        with authd.login() as guesser:
            guesser.start_plain("titi@d.test", "guess", rip="203.0.113.9")
            clients = [authd.login() for _ in range(8)]
            for c in clients:
                c.start_plain("toto@d.test", "secret", rip="192.0.2.7")
            assert [verdict(c.line()) for c in clients] == ["OK"] * 8
            assert not guesser.has_answer()
        for c in clients:
            c.close()


def test_trusted_networks_are_exempt():
    with slow("1", {"login_trusted_networks": "192.0.2.0/24", "mail_max_ip_connections": "2"}) as authd:
        sent, refused = guess(authd, "guess0", "guess1", "guess2", "guess3")
        assert refused[3] - sent[1] < 5.7  # what they take at least from elsewhere
        clients = [authd.login() for _ in range(5)]
        assert [verdict(c.plain("toto@d.test", "secret", rip="192.0.2.7")) for c in clients] == ["OK"] * 5
        for c in clients:
            c.close()


@pytest.mark.parametrize("setting, user, rip", [
    ("mail_max_userip_connections", "toto@d.test", "192.0.2.7"), ("mail_max_user_connections", "toto@d.test", "203.0.113.{}"),
    ("mail_max_ip_connections", None, "192.0.2.7"),
])
def test_sessions_by_number_L06(setting, user, rip):
    with Authd(USERS, settings={setting: "3"}) as authd:
        names = [user] * 5 if user else ["toto@d.test", "titi@d.test"] * 3
        clients = [authd.login() for _ in range(5)]
        verdicts = [verdict(c.plain(n, USERS[n], rip=rip.format(i + 1))) for i, (c, n) in enumerate(zip(clients, names))]
        assert verdicts[:3] == ["OK"] * 3
        assert all(f"({setting})" in v and v.startswith("Maximum number of connections") for v in verdicts[3:])
        clients[0].close()

        linnet.wait_for(lambda: authd.tried("toto@d.test", "secret", rip=rip.format(9)) == "OK", "a place to be free again")
        for c in clients:
            c.close()


@pytest.mark.parametrize("setting", ["mail_max_userip_connections", "mail_max_user_connections"])
def test_the_oldest_session_makes_room_L06(setting):
    """mail_limit_closes_oldest: real sessions; the client's oldest one is told BYE, nobody else's."""
    with linnet.Server(f"{setting} = 3\nmail_limit_closes_oldest = yes\n", users={"toto@d.test": "secret", "titi@d.test": "other"},
                       services=("imap",)) as server:
        def session(user="toto@d.test", password="secret"):
            wire = server.connect("imap")
            wire.line()
            wire.login(user, password)
            return wire
        wires = [session() for _ in range(3)]
        for _ in range(3):
            wires.append(session())
            assert b"* BYE" in wires.pop(0).rest()
            for wire in wires:
                wire.ok("n", "NOOP")
        # another user is no reason to end this one's
        session("titi@d.test", "other").ok("n", "NOOP")
        for wire in wires:
            wire.ok("n", "NOOP")
        ended = r"user toto@d\.test: the oldest session <\S+> \(process \d+\) is ended for a new one: Maximum"
        linnet.wait_for(lambda: len(re.findall(ended, server.log())) >= 3, "three lines")
        assert len(re.findall(ended, server.log())) == 3


@pytest.mark.parametrize("setting", ["mail_max_userip_connections", "mail_max_user_connections", "mail_max_ip_connections"])
def test_who_does_not_end_is_not_made_more_L06(setting):
    """As many as the limit may be on their way out; then the sentence comes again.  The sessions are this process's."""
    before, told = signal.getsignal(signal.SIGTERM), []
    signal.signal(signal.SIGTERM, lambda *_: told.append(1))
    try:
        with Authd(USERS, settings={setting: "2", "mail_limit_closes_oldest": "yes"}) as authd:
            clients = [authd.login() for _ in range(6)]
            verdicts = [verdict(c.plain("toto@d.test", "secret")) for c in clients]
            assert verdicts[:4] == ["OK"] * 4 and all(f"({setting})" in v for v in verdicts[4:])
            if setting == "mail_max_ip_connections":  # another user has none there that could end
                assert f"({setting})" in verdict(clients[4].plain("titi@d.test", "other"))
            linnet.wait_for(lambda: told, "SIGTERM")
            clients[0].close()
            linnet.wait_for(lambda: verdict(clients[5].plain("toto@d.test", "secret")) == "OK", "a place")
            for c in clients[1:]:
                c.close()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_limits_of_the_auth_client_socket():
    """LIMIT_AUTH_CLIENTS, which one user cannot use up alone (LIMIT_AUTH_CLIENTS_UID holds for all but root)."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    code = ("import socket, sys\nheld = []\nfor i in range(int(sys.argv[2])):\n"
            "    s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); held.append(s)\n"
            "    if not s.recv(1): break\n"
            "else: i += 1\nprint(i, flush=True); sys.stdin.read()\n")
    with Authd(USERS) as authd:
        held = []
        try:
            for uid, wanted in ((1001, 256), (1002, 256), (1003, 256), (1004, 256), (1005, 0)):
                process = subprocess.Popen(["/usr/bin/python3", "-c", code, str(authd.run / "auth-client"), "300"], user=uid, group=uid,
                                           extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
                held.append(process)
                assert int(process.stdout.readline()) == wanted
            with authd.login() as c:  # logins are not touched
                assert verdict(c.plain("toto@d.test", "secret")) == "OK"
        finally:
            for process in held:
                linnet.end(process)
                process.stdin.close()
                process.stdout.close()
        linnet.wait_for(lambda: authd.tried("toto@d.test", "secret", is_client=True) == "OK", "places to be free again")


@pytest.mark.slow
def test_a_dialogue_has_its_time(monkeypatch):
    """LIMIT_AUTH_DIALOGUE_SECONDS: who asks for a challenge and says nothing more."""
    with Authd(USERS) as authd, authd.login(timeout=90) as c:
        start = time.monotonic()
        c.auth("LOGIN")
        assert verdict(c.line()) == "bad"
        assert 55 < time.monotonic() - start < 70


# --- fail2ban -----------------------------------------------------------------------------------------

def test_fail2ban_s_own_filter_finds_each_refusal(folder):
    if not shutil.which("fail2ban-regex"):
        pytest.skip("needs fail2ban")
    from sasl import Scram
    with Authd(USERS, settings={"auth_mechanisms": "plain login cram-md5 scram-sha-256"}) as authd:
        with authd.login() as c:
            c.plain("toto@d.test", "wrong", rip="203.0.113.1", more=["session=abc"])
            c.plain("nobody@d.test", "wrong", rip="203.0.113.2")
            c.auth("PLAIN", b64("nonsense"), rip="203.0.113.3")
            c.auth("SCRAM-SHA-256", b64(Scram("toto@d.test", "x").first().replace("n,,", "p=x,,")), rip="203.0.113.4")
            c.auth("CRAM-MD5", rip="203.0.113.5")
            c.cont(b64("toto@d.test " + "0" * 32))
            c.plain("a <b>@d.test' rip=198.51.100.66", "wrong", rip="203.0.113.6")
        authd.wait_log("203.0.113.6")
        lines = [line for line in authd.log().splitlines() if "203.0.113" in line]
    log = pathlib.Path(folder) / "mail.log"
    log.write_text("".join(re.sub(r"^.*?auth\[", "Nov 21 20:00:00 host auth[", line) + "\n" for line in lines))
    got = subprocess.run(["fail2ban-regex", "--print-all-matched", str(log), "dovecot"], capture_output=True, text=True, timeout=60)
    assert re.search(r"(\d+) lines, \d+ ignored, (\d+) matched", got.stdout).groups() == ("6", "6"), got.stdout
    assert "198.51.100.66" not in re.sub(r"(?m)^.*rip.*$", "", got.stdout)


# --- counters -----------------------------------------------------------------------------------------

class UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


def fetch(connection, path="/metrics", method="GET"):
    with contextlib.closing(connection):
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()


def test_counters_over_http(folder):
    path = pathlib.Path(folder) / "metrics"
    with Authd(USERS, settings={"auth_metrics_listen": str(path)}) as authd:
        with authd.login() as c:
            c.plain("toto@d.test", "wrong")
            c.plain("toto@d.test", "secret")
            status, kind, text = fetch(UnixHTTP(path))
            assert (status, kind) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
            for line in ('linnet_auth_attempts_total{verdict="ok"} 1', 'linnet_auth_attempts_total{verdict="failed"} 1', "linnet_sessions 1"):
                assert line + "\n" in text
            assert text.endswith("# EOF\n")
            assert not re.search(r"toto|secret|192\.0", text)
        assert fetch(UnixHTTP(path), "/")[0] == 404
        assert fetch(UnixHTTP(path), "/metrics", "POST")[0] == 405
        # who says nothing, too much, or nonsense: closed, and nobody else suffers
        held = []
        for data in (b"", b"x" * 20000, b"\r\n\r\n", b"\0\r\n\r\n"):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(path))
            with contextlib.suppress(BrokenPipeError):
                sock.sendall(data)
            held.append(sock)
        assert fetch(UnixHTTP(path))[0] == 200
        held[0].settimeout(10)
        assert held[0].recv(1) == b""
        for sock in held:
            sock.close()


@pytest.mark.parametrize("where", ["192.0.2.1:9166", "0.0.0.0:9166", "nonsense", "127.0.0.1:99999"])
def test_counters_are_told_on_this_machine_only(where):
    with Authd(USERS, settings={"auth_metrics_listen": where}) as authd:
        authd.wait_log("auth_metrics_listen")
        with authd.login() as c:
            assert verdict(c.plain("toto@d.test", "secret")) == "OK"


def test_a_real_prometheus_reads_them(folder):
    if not shutil.which("prometheus"):
        pytest.skip("needs prometheus")
    folder = pathlib.Path(folder)
    ours, theirs = linnet.free_port(), linnet.free_port()
    (folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s}}\nscrape_configs:\n - job_name: linnet\n   static_configs: [{{targets: ['127.0.0.1:{ours}']}}]\n")
    with Authd(USERS, settings={"auth_metrics_listen": f"127.0.0.1:{ours}"}) as authd:
        process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                    f"--web.listen-address=127.0.0.1:{theirs}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with authd.client() as c:
                for _ in range(7):
                    c.plain("toto@d.test", "secret")

            def value():
                with contextlib.suppress(OSError, http.client.HTTPException):
                    query = "/api/v1/query?query=linnet_auth_attempts_total%7Bverdict%3D%22ok%22%7D"
                    return fetch(http.client.HTTPConnection("127.0.0.1", theirs, timeout=5), query)[2]
                return ""
            linnet.wait_for(lambda: re.search(r'"value":\[[\d.]+,"7"\]', value()), "Prometheus to have the counter", 30, 0.2)
        finally:
            linnet.end(process)
