"""test_pre_login_pop3.py - strangers and POP3 before login (hostile cases P, A, D)"""
import base64
import re

import pytest

import linnet


@pytest.fixture(scope="module")
def server():
    users = dict(linnet.USERS, **{"blank@mondomaine.local": " two  words "})
    with linnet.Server("auth_mechanisms = plain login\n", users=users, services=("pop3",)) as running:
        yield running


DIALOGUES = {
    "login": """
        S: +OK linnet ready.
        C: USER toto@mondomaine.local
        S: +OK
        C: PASS motDePasseDeToto
        S: +OK Logged in.
        C: QUIT
        S: +OK …
        E:
    """,
    "D09-pipelined": """
        S: +OK …
        C: USER toto@mondomaine.local
        C: PASS motDePasseDeToto
        C: STAT
        C: QUIT
        S: +OK
        S: +OK Logged in.
        S: +OK 0 0
        S: +OK …
        E:
    """,
    "D14-all-behind-the-first-space": """
        S: +OK …
        C: USER blank@mondomaine.local
        S: +OK
        C!: PASS  two  words\\x20
        S: +OK Logged in.
    """,
    "capa": """
        S: +OK …
        C: CAPA
        S: +OK …
        S*:
        S: STLS
        S: USER
        S: SASL PLAIN LOGIN
        S*:
        S: .
    """,
    "auth-plain": """
        S: +OK …
        C: AUTH PLAIN AHRvdG9AbW9uZG9tYWluZS5sb2NhbABtb3REZVBhc3NlRGVUb3Rv
        S: +OK Logged in.
    """,
    "auth-plain-continued": """
        S: +OK …
        C: AUTH PLAIN
        S~: \\+ ?
        C: AHRvdG9AbW9uZG9tYWluZS5sb2NhbABtb3REZVBhc3NlRGVUb3Rv
        S: +OK Logged in.
    """,
    "D13-auth": """
        S: +OK …
        C: AUTH
        S: +OK
        S: PLAIN
        S: LOGIN
        S: .
        C: AUTH PLAIN =
        S: -ERR …
        C: AUTH PLAIN *
        S: -ERR …
        C: AUTH CRAM-MD5
        S: -ERR …
    """,
    "auth-login": """
        S: +OK …
        C: auth login
        S: + VXNlcm5hbWU6
        C: dG90b0Btb25kb21haW5lLmxvY2Fs
        S: + UGFzc3dvcmQ6
        C: bW90RGVQYXNzZURlVG90bw==
        S: +OK Logged in.
    """,
    "wrong-password-forgets-the-user": """
        S: +OK …
        C: USER toto@mondomaine.local
        S: +OK
        C: PASS wrong
        S: -ERR [AUTH] Authentication failed.
        C: PASS motDePasseDeToto
        S: -ERR …
        C: USER toto@mondomaine.local
        S: +OK
        C: PASS motDePasseDeToto
        S: +OK Logged in.
    """,
    "P04-nul": """
        S: +OK …
        C!: USER a\\0b
        S: -ERR …
        E:
    """,
    "P16-not-before-login": """
        S: +OK …
        C: RETR 1
        S: -ERR …
        C: stat
        S: -ERR …
        C: NOOP
        S: -ERR …
        C: user toto@mondomaine.local
        S: +OK
        C: pass motDePasseDeToto
        S: +OK Logged in.
    """,
    "P16-wrong-forms": """
        S: +OK …
        C: QUIT extra
        S: -ERR …
        C: CAPA x
        S: -ERR …
        C:  USER toto@mondomaine.local
        S: -ERR …
        E:
    """,
    "P16-tab": """
        S: +OK …
        C!: USER\\ttoto@mondomaine.local
        S: -ERR …
        C: PASS motDePasseDeToto
        S: -ERR …
    """,
    "A06-no-user": """
        S: +OK …
        C: USER
        S: -ERR …
        C!: USER\\x20
        S: -ERR …
    """,
    "P17-http": """
        S: +OK …
        C: GET / HTTP/1.0
        S: -ERR …
        E:
    """,
}


@pytest.mark.parametrize("name", sorted(DIALOGUES))
def test_dialogue(server, name):
    received = []
    for mode in ("whole", "bytes"):
        with server.connect("pop3") as wire:
            wire.mode = mode
            wire.transcript(DIALOGUES[name])
            received.append(wire.received)
    assert received[0] == received[1]


@pytest.mark.parametrize("length,answer", [(255, b"+OK"), (256, b"-ERR"), (4096, b"-ERR")])
def test_p07_names_are_never_cut(server, length, answer):
    with server.connect("pop3") as wire:
        wire.line()
        assert wire.pop("USER " + "a" * length).startswith(answer)


def test_p05_a_line_without_end(server):
    with server.connect("pop3") as wire:
        wire.line()
        wire.send(b"A" * 8193)
        assert wire.line().startswith(b"-ERR")
        wire.at_end()


def test_p04_nuls(server):
    with server.connect("pop3") as wire:
        wire.line()
        wire.send(b"\0" * 600 + b"\r\n")
        assert wire.line().startswith(b"-ERR")
        wire.at_end()
    server.wait_log(r"Disconnected: NUL in a command")


def test_p17_tls_on_the_plain_port(server):
    with server.connect("pop3") as wire:
        wire.line()
        wire.send(b"\x16\x03\x01\x02\x00\x01")
        assert wire.line().startswith(b"-ERR")
        wire.at_end()


def test_three_failures(server):
    with server.connect("pop3") as wire:
        wire.line()
        for _ in range(3):
            wire.pop("USER toto@mondomaine.local")
            assert wire.pop("PASS no").startswith(b"-ERR [AUTH]")
        wire.at_end()
    server.wait_log(r"pop3-login: Disconnected \(auth failed, 3 attempts in \d+ secs\): "
                    r"user=<toto@mondomaine.local>, method=PLAIN, rip=127.0.0.1")


def test_a16_long_password(server):
    with server.connect("pop3") as wire:
        wire.line()
        wire.pop("USER toto@mondomaine.local")
        assert wire.pop("PASS " + "x" * 1025).startswith(b"-ERR")


def test_a05_sasl_message_of_every_length(server):
    message = b"\0toto@mondomaine.local\0motDePasseDeToto"
    for length in range(0, len(message), 3):
        with server.connect("pop3") as wire:
            wire.line()
            assert wire.pop("AUTH PLAIN " + (base64.b64encode(message[:length]).decode() or "=")).startswith(b"-ERR")


def test_refused_from_afar():
    with linnet.Server("haproxy_trusted_networks = 127.0.0.0/8\n", services=("pop3",)) as server:
        wire = server.connect("pop3")
        wire.send(b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 110\r\n")
        wire.line()
        capa = wire.pop("CAPA") + b"\n".join(wire.until_dot())
        assert b"STLS" in capa and b"SASL" not in capa and not re.search(rb"^USER", capa, re.M)
        for command in ("USER toto@mondomaine.local", "AUTH PLAIN AHQAcA==", "PASS x"):
            assert wire.pop(command).startswith(b"-ERR [AUTH] Plaintext")
        assert wire.pop("STLS").startswith(b"+OK")
        wire.starttls()
        assert wire.pop("USER toto@mondomaine.local") == b"+OK"
        assert wire.pop("PASS motDePasseDeToto") == b"+OK Logged in."


def test_authd_is_away():
    with linnet.Server(services=("pop3",), start_authd=False) as server:
        with server.connect("pop3") as wire:
            wire.line()
            wire.pop("USER toto@mondomaine.local")
            assert wire.pop("PASS x").startswith(b"-ERR [SYS/TEMP]")
