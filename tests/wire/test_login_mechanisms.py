"""test_login_mechanisms.py - SASL through imapd and the pump: what is offered where, channel binding, client certificates (A01, A25, A27)"""
import base64
import pathlib
import re
import signal
import ssl
import subprocess
import time

import pytest

import linnet
from sasl import Scram, b64, cram

USER, WORD = "toto@mondomaine.local", "motDePasseDeToto"
MECHANISMS = "auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 external\n"


def openssl(*arguments, **how):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60, **how)


class Authority:
    """A CA, and certificates that it has signed."""

    def __init__(self, folder, name):
        self.folder, self.name = pathlib.Path(folder), name
        self.cert, self.key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.cert, "-subj", f"/CN={name}", "-days", "2")

    def client(self, name, subject):
        key, request, cert = (self.folder / f"{name}.{end}" for end in ("ckey", "csr", "crt"))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", subject)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-out", cert, "-days", "2")
        return cert, key


@pytest.fixture(scope="module")
def server():
    with linnet.temporary_folder("linnet-ca-") as folder:
        ours, other = Authority(folder, "ours"), Authority(folder, "other")
        users = f"passdb {{\n driver = passwd-file\n args = scheme=PLAIN {folder}/users\n}}\n"
        (pathlib.Path(folder) / "users").write_text(f"{USER}:{WORD}\ntiti@mondomaine.local:x\n")
        settings = MECHANISMS + f"ssl_ca = <{ours.cert}\nssl_verify_client_cert = yes\n"
        with linnet.Server(settings, passdb=users, services=("imap", "imaps")) as running:
            running.authorities = ours, other
            running.maildir(USER)
            yield running


def mechanisms(line):
    return re.findall(rb"AUTH=(\S+?)(?=[\] \r]|$)", line)


def tls(wanted=None, cert=None):
    context = linnet.anything_goes()
    if wanted:
        context.minimum_version = context.maximum_version = wanted
    if cert:
        context.load_cert_chain(*map(str, cert))
    return context


def secure(server, **how):
    wire = server.connect("imaps", tls=False)
    wire.starttls(tls(**how))
    wire.greeting = wire.line()
    return wire


def exchange(wire, name, *responses, initial=None):
    """AUTHENTICATE with these responses, each a function of the challenge: the tagged line."""
    wire.send_line(f"a AUTHENTICATE {name}" + (f" {initial.decode()}" if initial else ""))
    for response in responses:
        line = wire.line()
        if not line.startswith(b"+ "):
            return line
        wire.send_line(response(base64.b64decode(line[2:])).decode())
    while not (line := wire.line()).startswith(b"a "):
        pass
    return line


def scram(wire, name, user=USER, password=WORD, **how):
    s = Scram(user, password, name, **how)
    return exchange(wire, name, lambda c: b64(s.final(c.decode())), lambda c: b64("") if s.is_right(c.decode()) else b"*",
                    initial=b64(s.first()))


def test_offered_by_what_the_connection_is(server):
    """Nothing here comes from loopback's own trust: login is by setting, so ask over TLS 1.3, 1.2 and with a certificate."""
    plus = {b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-1-PLUS"}
    always = {b"SCRAM-SHA-256", b"SCRAM-SHA-1", b"CRAM-MD5", b"PLAIN", b"LOGIN"}
    for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        with secure(server, wanted=version) as wire:
            assert set(mechanisms(wire.greeting)) == always | plus
    cert = server.authorities[0].client("offered", f"/CN={USER}")
    with secure(server, cert=cert) as wire:
        assert set(mechanisms(wire.greeting)) == always | plus | {b"EXTERNAL"}
    with server.connect("imap") as wire:  # loopback counts as secure, but there is nothing to bind to
        assert set(mechanisms(wire.line())) == always


@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_scram_login(server, name):
    with server.connect("imap") as wire:
        wire.line()
        assert b"AUTHENTICATIONFAILED" in scram(wire, name, password="wrong")
        assert scram(wire, name).startswith(b"a OK")
        assert wire.ok("b", "SELECT INBOX")


def test_cram_login(server):
    with server.connect("imap") as wire:
        wire.line()
        assert exchange(wire, "CRAM-MD5", lambda c: b64(cram(USER, WORD, c))).startswith(b"a OK")


def test_scram_plus_with_tls_unique_A25(server):
    with secure(server, wanted=ssl.TLSVersion.TLSv1_2) as wire:
        binding = wire.sock.get_channel_binding("tls-unique")
        assert b"AUTHENTICATIONFAILED" in scram(wire, "SCRAM-SHA-256-PLUS", flag="p=tls-unique", binding=bytes(12))
        assert scram(wire, "SCRAM-SHA-256-PLUS", flag="p=tls-unique", binding=binding).startswith(b"a OK")
    with secure(server, wanted=ssl.TLSVersion.TLSv1_3) as wire:
        assert b"AUTHENTICATIONFAILED" in scram(wire, "SCRAM-SHA-256-PLUS", flag="p=tls-unique", binding=bytes(12))
        assert b"AUTHENTICATIONFAILED" in scram(wire, "SCRAM-SHA-256", flag="y")  # PLUS was offered


class Exporter:
    """openssl s_client, which tells the value that RFC 9266 binds to."""

    def __init__(self, port):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3", "-keymatexport", "EXPORTER-Channel-Binding",
             "-keymatexportlen", "32", "-ign_eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.value = bytes.fromhex(re.search(rb"Keying material: ([0-9A-F]{64})", self.until(b"* OK"))[1].decode())

    def until(self, start):
        seen = b""
        while line := self.process.stdout.readline():
            seen += line
            if line.startswith(start):
                return seen
        raise linnet.Failure(f"no {start!r} in {seen!r}")

    def send(self, text):
        self.process.stdin.write(text + b"\r\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        linnet.end(self.process)
        self.process.stdout.close()


@pytest.mark.parametrize("is_right", [True, False])
def test_scram_plus_with_tls_exporter_A25(server, is_right):
    with Exporter(server.ports["imaps"]) as client:
        s = Scram(USER, WORD, "SCRAM-SHA-256-PLUS", client.value if is_right else bytes(32), "p=tls-exporter")
        client.send(b"a AUTHENTICATE SCRAM-SHA-256-PLUS " + b64(s.first()))
        challenge = base64.b64decode(client.until(b"+ ").splitlines()[-1][2:]).decode()
        client.send(b64(s.final(challenge)))
        if not is_right:
            assert b"AUTHENTICATIONFAILED" in client.until(b"a ")
            return
        assert s.is_right(base64.b64decode(client.until(b"+ ").splitlines()[-1][2:]).decode())
        client.send(b"")
        assert b"a OK" in client.until(b"a ")


# --- certificates (A27, CVE-2019-3814) ----------------------------------------------------------------

@pytest.mark.parametrize("subject, asks_for, wanted", [
    (f"/CN={USER}", b"", b"a OK"), (f"/CN={USER}", USER.encode(), b"a OK"),
    (f"/CN={USER}", b"titi@mondomaine.local", b"a NO"), ("/O=nobody", b"", b"a NO"), ("/O=nobody", USER.encode(), b"a NO"),
    ("/CN=nobody@mondomaine.local", b"", b"a NO"), (f"/CN={USER}/CN=titi@mondomaine.local", b"", b"a NO"), ("/CN=..@x", b"", b"a NO"),
])
def test_external_A27(server, subject, asks_for, wanted):
    cert = server.authorities[0].client("external", subject)
    with secure(server, cert=cert) as wire:
        assert exchange(wire, "EXTERNAL", initial=b64(asks_for) or b"=").startswith(wanted)


def test_external_of_another_authority_A27(server):
    cert = server.authorities[1].client("foreign", f"/CN={USER}")
    with pytest.raises((ssl.SSLError, OSError, linnet.Failure)):
        with secure(server, cert=cert) as wire:
            wire.command("n", "NOOP")


def test_external_without_a_certificate_A27(server):
    with secure(server) as wire:
        assert exchange(wire, "EXTERNAL", initial=b64(USER)).startswith(b"a NO [CANNOT]")


def test_a_certificate_can_be_required():
    with linnet.temporary_folder("linnet-ca-") as folder:
        ours = Authority(folder, "ours")
        settings = f"ssl_ca = <{ours.cert}\nssl_verify_client_cert = yes\nauth_ssl_require_client_cert = yes\nauth_ssl_username_from_cert = yes\n"
        with linnet.Server(settings, services=("imap", "imaps")) as server:
            for cert, wanted in ((None, b"l NO"), (ours.client("toto", f"/CN={USER}"), b"l OK"), (ours.client("titi", "/CN=titi@d"), b"l NO")):
                with secure(server, cert=cert) as wire:
                    wire.send_line(f"l LOGIN {USER} {WORD}")
                    while not (line := wire.line()).startswith(b"l "):
                        pass
                    assert line.startswith(wanted), (cert, line)
            with server.connect("imap") as wire:
                wire.line()
                wire.send_line(f"l LOGIN {USER} {WORD}")
                assert wire.line().startswith(b"l NO")


# --- in clear -----------------------------------------------------------------------------------------

def test_in_clear_from_elsewhere():
    """Only what shows no password may be used; loopback itself is trusted, so the client comes by a PROXY header."""
    settings = MECHANISMS + "haproxy_trusted_networks = 127.0.0.1\n"
    with linnet.Server(settings, services=("imap",)) as server:
        server.users_path.write_text(f"{USER}:{{PLAIN}}{WORD}\n")
        with server.connect("imap") as wire:
            wire.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 143\r\n")
            greeting = wire.line()
            assert set(mechanisms(greeting)) == {b"SCRAM-SHA-256", b"SCRAM-SHA-1", b"CRAM-MD5"} and b"LOGINDISABLED" in greeting
            wire.send_line("a AUTHENTICATE PLAIN " + b64(f"\0{USER}\0{WORD}").decode())
            assert b"[PRIVACYREQUIRED]" in wire.until_tag("a")[-1]
            assert scram(wire, "SCRAM-SHA-256").startswith(b"a OK")
        server.wait_log(r"Login: user=<toto@mondomaine.local>, method=SCRAM-SHA-256, rip=192.0.2.7")


def test_the_password_of_LOGIN_is_in_no_log():
    with linnet.Server(MECHANISMS, services=("imap",)) as server:
        with server.connect("imap") as wire:
            wire.line()
            assert exchange(wire, "LOGIN", lambda _: b64(USER), lambda _: b64("geheimesWort")).startswith(b"a NO")
        server.wait_log(r"Disconnected.*user=<toto@mondomaine.local>, method=LOGIN")
        assert "geheimesWort" not in server.logs()


# --- authd that does not answer -----------------------------------------------------------------------

def test_SIGTERM_is_seen_while_authd_is_waited_for_B08():
    """authd is stopped in the middle of a login: the monitor that waits for it ends when it is told to."""
    with linnet.Server(services=("imap",)) as server:
        for pid in [server.authd.pid, *linnet.descendants(server.authd.pid)]:
            linnet.os.kill(pid, signal.SIGSTOP)
        try:
            with server.connect("imap") as wire:
                wire.line()
                wire.send_line(f"a LOGIN {USER} {WORD}")
                time.sleep(0.5)
                monitor = next(pid for pid in linnet.children(server.processes["imap"].pid) if linnet.children(pid))
                start = time.monotonic()
                linnet.os.kill(monitor, signal.SIGTERM)
                assert b"BYE" in wire.rest()
                assert time.monotonic() - start < 3
        finally:
            for pid in [server.authd.pid, *linnet.descendants(server.authd.pid)]:
                linnet.os.kill(pid, signal.SIGCONT)
