"""test_pre_login_tls.py - STARTTLS, STLS, handshakes, certificates (hostile cases T)"""
import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

import linnet


@pytest.fixture(scope="module")
def server():
    with linnet.Server() as running:
        yield running


def test_starttls(server):
    server.connect("imap").transcript("""
        S: * OK …STARTTLS…
        C: a STARTTLS
        S: a OK Begin TLS negotiation now.
        T:
        C: b CAPABILITY
        S: * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE AUTH=PLAIN
        S: b OK …
        C: c STARTTLS
        S: c BAD …
        C: d LOGIN toto@mondomaine.local motDePasseDeToto
        S: d OK …
        C: e STARTTLS
        S: e BAD …
        C: f LOGOUT
        S: * BYE …
        S: f OK …
    """)
    server.wait_log(r"Login: user=<toto@mondomaine.local>, .*, TLS, session=")


def test_stls(server):
    server.connect("pop3").transcript("""
        S: +OK …
        C: STLS
        S: +OK …
        T:
        C: STLS
        S: -ERR …
        C: USER toto@mondomaine.local
        S: +OK
        C: PASS motDePasseDeToto
        S: +OK Logged in.
    """)


INJECTIONS = {  # T01, T02: what an attacker puts behind the command in the clear
    "imap": (b"a STARTTLS\r\n", b"b LOGIN toto@mondomaine.local motDePasseDeToto\r\n", b"c CAPABILITY", b"c OK"),
    "pop3": (b"STLS\r\n", b"USER toto@mondomaine.local\r\nPASS motDePasseDeToto\r\n", b"CAPA", b"."),
}


def inject(server, service, delay, cut):
    """The answers of the protected side to a command of our own; None when the server closed instead."""
    command, evil, probe, last = INJECTIONS[service]
    with server.connect(service) as wire:
        wire.line()
        if delay is None:
            wire.send(command + evil[:cut])
        else:
            wire.send(command)
            time.sleep(delay)
            wire.send(evil[:cut])
        wire.line()
        try:
            wire.starttls()
            wire.send_line(probe)
            answer = b""
            while not re.search(rb"^" + re.escape(last), answer, re.M):
                answer += wire.line() + b"\r\n"
        except (ssl.SSLError, OSError, linnet.Failure):
            return None
        return answer


@pytest.mark.parametrize("service", ["imap", "pop3"])
@pytest.mark.parametrize("cut", [1, 7, None])
@pytest.mark.parametrize("delay", [None, 0, 0.0005, 0.002, 0.005])
def test_t01_t02_t03_injected_commands_do_nothing(server, service, cut, delay):
    answer = inject(server, service, delay, cut)
    assert answer is None or (b"OK [CAP" not in answer and b"b " not in answer and b"Logged in" not in answer)


def test_t01_in_one_segment_is_dropped(server):
    assert inject(server, "imap", None, None) is not None


@pytest.mark.parametrize("line,answer", [("a STARTTLS {20}", b"a BAD"), ("a STARTTLS foo", b"a BAD")])
def test_t04_not_starttls(server, line, answer):
    with server.connect("imap") as wire:
        wire.line()
        assert wire.command("a", line[2:])[-1].startswith(answer)


def test_t05_user_is_forgotten(server):
    with server.connect("pop3") as wire:
        wire.line()
        assert wire.pop("USER toto@mondomaine.local") == b"+OK"
        wire.pop("STLS")
        wire.starttls()
        assert wire.pop("PASS motDePasseDeToto").startswith(b"-ERR")


def test_t06_an_exchange_is_forgotten(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.send_line("a AUTHENTICATE PLAIN")
        wire.line()
        wire.send_line("*")
        assert wire.line().startswith(b"a BAD")
        wire.command("b", 'ID ("name" "x")')
        wire.ok("c", "STARTTLS")
        wire.starttls()
        wire.ok("d", "NOOP")
        wire.login()


@pytest.mark.parametrize("service,line", [("imaps", "a STARTTLS"), ("pop3s", "STLS")])
def test_t07_tls_inside_tls(server, service, line):
    with server.connect(service) as wire:
        wire.line()
        wire.send_line(line)
        assert re.match(rb"a BAD|-ERR", wire.line())


@pytest.mark.parametrize("offered,chosen", [([], None), (["imap"], "imap"), (["http/1.1", "imap"], "imap"),
                                            (["http/1.1"], False), (["pop3"], False)])
def test_t09_alpn(server, offered, chosen):
    context = linnet.anything_goes()
    if offered:
        context.set_alpn_protocols(offered)
    with server.connect("imaps", tls=False) as wire:
        if chosen is False:
            with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
                wire.starttls(context)
            return
        wire.starttls(context)
        assert wire.sock.selected_alpn_protocol() == chosen
        assert wire.line().startswith(b"* OK")


def test_t10_half_hellos_free_their_place():
    with linnet.Server("login_timeout = 2\n", services=("imaps",)) as server:
        wires = [server.connect("imaps", tls=False) for _ in range(50)]
        for wire in wires:
            wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        for wire in wires:
            wire.rest()
        server.connect("imaps").line()


@pytest.mark.parametrize("name", ["x" * 250 + ".test", "../../etc", "UPPER.example", "127.0.0.1"])
def test_t12_server_names(server, name):
    context = linnet.anything_goes()
    with server.connect("imaps", tls=False) as wire:
        try:
            wire.sock = context.wrap_socket(wire.sock, server_hostname=name)
        except ValueError:
            pytest.skip("this client cannot send that name")
        except ssl.SSLError:
            return  # refused is fine
        assert wire.line().startswith(b"* OK")


@pytest.mark.filterwarnings("ignore:.*TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(server):
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = linnet.anything_goes()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = version
        context.maximum_version = version
        with server.connect("imaps", tls=False) as wire:
            with pytest.raises((ssl.SSLError, OSError)):
                wire.starttls(context)


@pytest.mark.parametrize("settings,version,works", [
    ("ssl_min_protocol = TLSv1.3\n", ssl.TLSVersion.TLSv1_2, False),
    ("ssl_min_protocol = TLSv1.3\n", ssl.TLSVersion.TLSv1_3, True),
    ("ssl_protocols = !SSLv2 !SSLv3\n", ssl.TLSVersion.TLSv1_2, True),
    ("ssl_protocols = !SSLv3 !TLSv1.2\n", ssl.TLSVersion.TLSv1_2, False),
    ("ssl_protocols = TLSv1.2\n", ssl.TLSVersion.TLSv1_3, False),
    ("ssl_cipher_list = ECDHE+AESGCM\nssl_prefer_server_ciphers = yes\n", ssl.TLSVersion.TLSv1_2, True),
])
def test_versions_by_setting(settings, version, works):
    context = linnet.anything_goes()
    context.minimum_version = context.maximum_version = version
    with linnet.Server(settings, services=("imaps",)) as server:
        with server.connect("imaps", tls=False) as wire:
            if works:
                assert wire.starttls(context).line().startswith(b"* OK")
            else:
                with pytest.raises((ssl.SSLError, OSError)):
                    wire.starttls(context)


def test_sessions_resume_in_listener_mode(server):
    context = linnet.anything_goes()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    port = server.ports["imaps"]
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw) as first:
        first.recv(100)
        session = first.session
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, session=session) as again:
        assert again.session_reused
        assert again.recv(100).startswith(b"* OK")


def test_t11_renegotiation_is_refused(server):
    with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports['imaps']}", "-tls1_2"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        for line in client.stdout:
            if line.startswith(b"* OK"):
                break
        client.stdin.write(b"R\n")
        client.stdin.flush()
        out = client.stdout.read()
    assert b"no renegotiation" in out.lower() or b"error" in out.lower() or b"closed" in out.lower()


def test_t11_key_updates_are_bounded(server):
    client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports['imaps']}", "-tls1_3"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, bufsize=0)
    try:
        def is_over():  # of several letters in one read the client takes the first one
            with contextlib.suppress(BrokenPipeError):
                client.stdin.write(b"k\n")
            return client.poll() is not None
        linnet.wait_for(is_over, "the connection to be ended")
    finally:
        client.kill()
        with contextlib.suppress(BrokenPipeError):
            client.stdin.close()
        client.wait()


def test_big_transfers_both_ways(server):
    body = os.urandom(2_000_000).hex().encode()
    message = b"Subject: big\r\n\r\n" + b"\r\n".join(body[n:n + 76] for n in range(0, len(body), 76)) + b"\r\n"
    wire = server.imap(service="imaps")
    wire.send(b"a APPEND INBOX {%d+}\r\n" % len(message))
    wire.send(message + b"\r\n")
    assert wire.until_tag("a")[-1].startswith(b"a OK")
    wire.ok("b", "SELECT INBOX")
    answer = wire.ok("c", "FETCH 1 BODY[]")[0]
    assert message in answer


def test_t15_truncation_stores_nothing(server):
    def files():
        return {path for part in ("cur", "new", "tmp") for path in (server.maildir() / part).iterdir()}
    wire = server.imap(service="imaps")
    before = files()
    wire.send(b"a APPEND INBOX {5000+}\r\n" + b"x" * 3000)
    linnet.wait_for(lambda: files() > before, "the message to begin")
    wire.reset()
    linnet.wait_for(lambda: files() == before, "the message to be given up")


def peer_certificate(server, service="imaps"):
    with server.connect(service) as wire:
        return wire.sock.getpeercert(binary_form=True)


def test_t13_new_certificates_while_running(folder):
    with linnet.Server(services=("imaps",)) as server:
        old = peer_certificate(server)
        held = server.imap(service="imaps")
        (folder / "b").mkdir()
        cert, key = linnet.make_certificate(folder / "b")

        def becomes(expected):
            linnet.wait_for(lambda: (peer_certificate(server) == old) == expected, "the certificate", pause=0.3)

        good = server.cert.read_bytes(), server.key.read_bytes()
        for broken in (key.read_bytes(), b"", good[1][:40]):  # not matching, empty, half
            server.key.write_bytes(broken)
            time.sleep(1.1)
            assert peer_certificate(server) == old
        server.wait_log(r"ssl_key = <.*; the pair read last stays in use")
        shutil.copy(cert, server.cert)
        shutil.copy(key, server.key)
        becomes(False)
        server.cert.write_bytes(good[0])
        server.key.write_bytes(good[1])
        server.processes["imaps"].send_signal(signal.SIGHUP)
        becomes(True)
        held.ok("a", "NOOP")


def test_an_unreadable_certificate_is_named():
    with linnet.Server("ssl_key = </nonexistent/key.pem\n", services=("imap", "imaps")) as server:
        server.wait_log(r"ssl_key = </nonexistent/key.pem: No such file or directory; TLS is not offered")
        with server.connect("imap") as wire:
            assert b"STARTTLS" not in wire.line()
            assert wire.command("a", "STARTTLS")[-1].startswith(b"a BAD")
        with server.connect("imaps", tls=False) as wire:
            with pytest.raises((ssl.SSLError, OSError)):
                wire.starttls()


@pytest.mark.parametrize("program,line", [("imapd", b"* OK"), ("pop3d", b"+OK")])
def test_tls_for_one_connection(server, program, line):
    """Started with the connection on descriptor 0: the pump reads the key itself."""
    with linnet.spawn_on_socketpair([linnet.program(program), "-c", server.conf, "--tls"]) as session:
        session.wire.starttls()
        assert session.wire.line().startswith(line)


def test_tls_by_the_name_of_the_descriptor(server):
    ours, theirs = socket.socketpair()
    shell = 'exec 3<&0 </dev/null; LISTEN_PID=$$; export LISTEN_PID; exec "$@"'
    with theirs:
        process = subprocess.Popen(["/bin/sh", "-c", shell, "sh", str(linnet.program("imapd")), "-c", str(server.conf)],
                                   stdin=theirs, stderr=subprocess.DEVNULL, cwd="/",
                                   env=linnet.environment(LISTEN_FDS="1", LISTEN_FDNAMES="linnet-imaps.socket"))
    with linnet.Wire(ours) as wire:
        wire.starttls()
        assert wire.line().startswith(b"* OK")
    assert process.wait(10) == 0
