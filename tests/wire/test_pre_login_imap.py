"""test_pre_login_imap.py - strangers and IMAP: lines, literals, limits before login (hostile cases P, A)"""
import base64
import os
import re
import signal
import socket
import time

import pytest

import linnet

GREETING = "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE STARTTLS AUTH=PLAIN AUTH=LOGIN] linnet ready."
EXTRA = "auth_mechanisms = plain login\n"


@pytest.fixture(scope="module")
def server():
    with linnet.Server(EXTRA, services=("imap",)) as running:
        yield running


def play(server, text, mode="whole"):
    with server.connect("imap") as wire:
        wire.mode = mode
        wire.transcript(text)
        return wire.received


LOGGED_IN = "S: {tag} OK [CAPABILITY IMAP4rev1 …] Logged in"

# id: dialogue.  Each is also run byte by byte: replies may not depend on how bytes arrive.
DIALOGUES = {
    "greeting": f"""
        S: {GREETING}
        C: . login toto@mondomaine.local motDePasseDeToto
        S: . OK [CAPABILITY IMAP4rev1 …] Logged in
    """,
    "capability-noop-id-logout": """
        S: * OK …
        C: a CAPABILITY
        S: * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE STARTTLS AUTH=PLAIN AUTH=LOGIN
        S: a OK …
        C: b NOOP
        S: b OK …
        C: c ID NIL
        S: * ID ("name" "linnet")
        S: c OK …
        C: d ID ("name" "mutt" "version" NIL)
        S: * ID …
        S: d OK …
        C: e LOGOUT
        S: * BYE Logging out
        S: e OK Logout completed.
        E:
    """,
    "wrong-password-then-right": """
        S: * OK …
        C: a LOGIN toto@mondomaine.local wrong
        S: a NO [AUTHENTICATIONFAILED] Authentication failed.
        C: b LOGIN "toto@mondomaine.local" "motDePasseDeToto"
        S: b OK …
    """,
    "literals": """
        S: * OK …
        C: a LOGIN {21}
        S: + …
        C: toto@mondomaine.local {16}
        S: + …
        C: motDePasseDeToto
        S: a OK …
    """,
    "literal-plus": """
        S: * OK …
        C: a LOGIN {21+}
        C: toto@mondomaine.local {16+}
        C: motDePasseDeToto
        C: b NOOP
        S: a OK …
        S: b OK …
    """,
    "what-comes-behind-login-is-given-back": """
        S: * OK …
        C: a LOGIN toto@mondomaine.local motDePasseDeToto
        C: b SELECT INBOX
        C: c LOGOUT
        S: a OK …
        S*:
        S: b OK …
        S*:
        S: c OK …
        E:
    """,
    "authenticate-plain": """
        S: * OK …
        C: a AUTHENTICATE PLAIN
        S~: \\+ ?
        C: AHRvdG9AbW9uZG9tYWluZS5sb2NhbABtb3REZVBhc3NlRGVUb3Rv
        S: a OK …
    """,
    "authenticate-plain-initial": """
        S: * OK …
        C: a AUTHENTICATE PLAIN AHRvdG9AbW9uZG9tYWluZS5sb2NhbABtb3REZVBhc3NlRGVUb3Rv
        S: a OK …
    """,
    "authenticate-login": """
        S: * OK …
        C: a authenticate login
        S: + VXNlcm5hbWU6
        C: dG90b0Btb25kb21haW5lLmxvY2Fs
        S: + UGFzc3dvcmQ6
        C: bW90RGVQYXNzZURlVG90bw==
        S: a OK …
    """,
    "A01-cancel-and-nonsense": """
        S: * OK …
        C: a AUTHENTICATE PLAIN
        S~: \\+ ?
        C: *
        S: a BAD …
        C: b AUTHENTICATE PLAIN
        S~: \\+ ?
        C: ====?
        S: b BAD …
        C: c LOGIN toto@mondomaine.local motDePasseDeToto
        S: c OK …
    """,
    "A01-cancel-login": """
        S: * OK …
        C: a AUTHENTICATE LOGIN
        S: + …
        C: *
        S: a BAD …
        C: b LOGIN toto@mondomaine.local motDePasseDeToto
        S: b OK …
    """,
    "A01-empty-initial": """
        S: * OK …
        C: a AUTHENTICATE PLAIN =
        S~: a (NO|BAD) .*
        C: b AUTHENTICATE CRAM-MD5
        S: b NO …
        C: c LOGIN toto@mondomaine.local motDePasseDeToto
        S: c OK …
    """,
    "A06-empty-user": """
        S: * OK …
        C: a LOGIN "" ""
        S: a NO …
    """,
    "P01-nul-in-quoted": """
        S: * OK …
        C!: a LOGIN "u\\0x" "pw"
        S~: (\\*|a) BAD .*
    """,
    "P02-nul-behind-backslash": """
        S: * OK …
        C!: a LOGIN "\\\\\\0" "\\\\"\\0"
        S~: (\\*|a) BAD .*
    """,
    "P03-nul-in-literal": """
        S: * OK …
        C: a LOGIN {3}
        S: + …
        C!: u\\0x pw
        S: a BAD …
    """,
    "P08-bare-lf": """
        S: * OK …
        C!: a NOOP\\nb NOOP\\nc LOGOUT
        S: a OK …
        S: b OK …
        S: * BYE …
        S: c OK …
        E:
    """,
    "P08-bare-cr": """
        S: * OK …
        C!: a NO\\rOP
        S: a BAD …
    """,
    "P09-literal-sizes": """
        S: * OK …
        C: a LOGIN {4294967295}
        S: a NO [TOOBIG] …
        C: b LOGIN {99999999999999999999}
        S: b NO [TOOBIG] …
        C: c LOGIN {4097}
        S: c NO [TOOBIG] …
        S: * BYE …
        E:
    """,
    "P09-literals-that-are-none": """
        S: * OK …
        C: a LOGIN {-1}
        S: a BAD …
        C: b LOGIN { 5}
        S: b BAD …
        C: c LOGIN {05}
        S: c BAD …
        S: * BYE …
        E:
    """,
    "P09-plus-alone": """
        S: * OK …
        C: a LOGIN {+}
        S: * BYE …
        E:
    """,
    "P09-huge-plus": """
        S: * OK …
        C: a LOGIN {4294967296+}
        S: * BYE …
        E:
    """,
    "P14-literals-in-all": """
        S: * OK …
        C: a ID ("a" {4096+}
        C: """ + "x" * 4096 + """ "b" {4096+}
        C: """ + "x" * 4096 + """ "c" {4096+}
        C: """ + "x" * 4096 + """ "d" {4096+}
        S: * BYE …
        E:
    """,
    "P15-not-before-login": """
        S: * OK …
        C: a SELECT INBOX
        S: a BAD …
        C: b APPEND INBOX {100}
        S: b BAD …
        C: c LIST "" *
        S: c BAD …
        C: d IDLE
        S: d BAD …
        C: e ENABLE CONDSTORE
        S: e BAD …
        C: f UID FETCH 1 FLAGS
        S: f BAD …
        C: g LOGIN toto@mondomaine.local motDePasseDeToto
        S: g OK …
    """,
    "P15-append-plus": """
        S: * OK …
        C: b APPEND INBOX {100+}
        S: * BYE …
        E:
    """,
    "P17-http": """
        S: * OK …
        C: GET / HTTP/1.1
        C: Host: x
        S: * BAD …
        E:
    """,
    "P17-ssh": """
        S: * OK …
        C: SSH-2.0-OpenSSH_9.2
        S: * BAD …
        E:
    """,
    "P17-smtp": """
        S: * OK …
        C: EHLO me
        S: * BAD …
        E:
    """,
    "P19-id-nested": """
        S: * OK …
        C: a ID (("name" "x"))
        S: a BAD …
        C: b ID ("name")
        S: b BAD …
        C: c ID (NIL "x")
        S: c BAD …
        S: * BYE …
        E:
    """,
    "G22-tags": """
        S: * OK …
        C: + NOOP
        S: * BAD …
        C: a+b NOOP
        S: * BAD …
        C: "" NOOP
        S: * BAD …
        S: * BYE …
        E:
    """,
    "arguments-where-none-are": """
        S: * OK …
        C: a NOOP x
        S: a BAD …
        C: b LOGOUT now
        S: b BAD …
        C: c CAPABILITY {1}
        S: c BAD …
        S: * BYE …
        E:
    """,
    "three-bad-commands": """
        S: * OK …
        C: a FOO
        S: a BAD …
        C: b BAR
        S: b BAD …
        C: c BAZ
        S: c BAD …
        S: * BYE …
        E:
    """,
}


@pytest.mark.parametrize("name", sorted(DIALOGUES))
def test_dialogue(server, name):
    whole = play(server, DIALOGUES[name])
    assert linnet.comparable(play(server, DIALOGUES[name], "bytes")) == linnet.comparable(whole)


@pytest.mark.parametrize("name", ["literals", "literal-plus", "authenticate-login", "P03-nul-in-literal"])
def test_dialogue_split_anywhere(server, name):
    linnet.run_modes(lambda: _Connection(server), DIALOGUES[name], splits=12)


class _Connection:
    def __init__(self, server):
        self.wire = server.connect("imap")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()


@pytest.mark.parametrize("bytes_", [b"(", b")", b"()(", b"{", b"[", b'"', b"\\", b'(["{', b"<>"])
def test_p11_brackets_in_any_number(server, bytes_):
    for command in (b"a NOOP ", b"a ID ", b"a LOGIN ", b""):
        with server.connect("imap") as wire:
            wire.line()
            wire.send_line(command + bytes_ * (4000 // len(bytes_)))
            assert re.match(rb"(\*|a) BAD ", wire.line())


def test_p05_a_line_without_end(server):
    with server.connect("imap") as wire:
        wire.line()
        sent = 0
        wire.sock.settimeout(10)
        try:
            while sent < 1 << 30:
                sent += wire.sock.send(b"A" * 65536)
        except OSError:
            pass
        # what the kernel's buffers take (tcp_rmem, tcp_wmem) before the connection is closed
        assert sent < 256 << 20
    with server.connect("imap") as wire:
        wire.line()
        wire.send(b"A" * 8193)
        assert wire.line().startswith(b"* BYE")
        wire.at_end()


@pytest.mark.parametrize("length,answer", [(8192, rb"\* BAD"), (8193, rb"\* BYE")])
def test_p05_the_limit_is_eight_kib(server, length, answer):
    with server.connect("imap") as wire:
        wire.line()
        wire.send(b"A" * length + b"\n")
        assert re.match(answer, wire.line())


def test_a01_sasl_lines_may_be_longer(server):
    token = base64.b64encode(b"\0toto\0" + b"x" * 9000)
    with server.connect("imap") as wire:
        wire.line()
        assert re.match(rb"a (NO|BAD) ", wire.command("a", b"AUTHENTICATE PLAIN " + token)[-1])
        wire.send_line("b AUTHENTICATE PLAIN")
        wire.line()
        wire.send_line(token)
        assert re.match(rb"b (NO|BAD) ", wire.line())
        wire.send_line("c AUTHENTICATE PLAIN")
        wire.line()
        wire.send(b"A" * 16385)
        assert wire.line().startswith(b"* BYE")
        wire.at_end()


def test_p08_empty_lines_are_counted(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.send(b"\r\n" * 10000)
        assert wire.rest().count(b"* BYE") == 1


def test_twenty_commands(server):
    with server.connect("imap") as wire:
        wire.line()
        for n in range(20):
            wire.ok(f"a{n}", "NOOP")
        wire.send_line("b NOOP")
        assert wire.line().startswith(b"* BYE")
        wire.at_end()


def test_a18_three_failures_and_one_line(server):
    with server.connect("imap") as wire:
        wire.line()
        for n in range(3):
            assert wire.command(f"a{n}", "LOGIN toto@mondomaine.local no")[0].startswith(b"a%d NO [AUTHENT" % n)
        assert wire.line().startswith(b"* BYE")
        wire.at_end()
    line = server.wait_log(r".*Disconnected \(auth failed, 3 attempts in \d+ secs\): user=<toto@mondomaine.local>, "
                           r"method=PLAIN, rip=127.0.0.1, lip=127.0.0.1, .*session=<[\w+/]{16}>$")
    assert "imap-login: " in line[0]


@pytest.mark.parametrize("user", [b"a" * 256, b"a" * 1024])
def test_p07_long_names_are_never_cut(server, user):
    with server.connect("imap") as wire:
        wire.line()
        assert wire.command("a", b"LOGIN " + user + b" pw")[-1].startswith(b"a BAD")


def test_p19_id_limits(server):
    pair = b' "name" "x"'
    for body, good in ((pair * 30, True), (pair * 31, False), (b' "n" "' + b"v" * 1024 + b'"', True),
                       (b' "n" "' + b"v" * 1025 + b'"', False), (b' "' + b"n" * 30 + b'" NIL', True),
                       (b' "' + b"n" * 31 + b'" NIL', False)):
        with server.connect("imap") as wire:
            wire.line()
            assert wire.command("a", b"ID (" + body[1:] + b")")[-1].startswith(b"a OK" if good else b"a BAD")


def test_p17_tls_on_the_plain_port(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.send(b"\x16\x03\x01\x02\x00\x01")
        assert wire.line().startswith(b"* BAD")
        wire.at_end()
    server.wait_log(r"Disconnected: TLS \(no auth attempts")


def test_p21_half_close(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.send_line("a LOGOUT")
        wire.half_close()
        assert wire.line().startswith(b"* BYE")
        assert wire.line().startswith(b"a OK")
        wire.at_end()
    wire = server.connect("imap")
    wire.reset()


def test_no_password_in_the_log(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.command("a", "LOGIN toto@mondomaine.local sEcReT-1")
        wire.command("b", "AUTHENTICATE PLAIN " + base64.b64encode(b"\0toto@mondomaine.local\0sEcReT-2").decode())
    server.wait_log(r"auth failed, 2 attempts")
    assert "sEcReT" not in server.logs()
    assert base64.b64encode(b"sEcReT").decode()[:7] not in server.logs()


def test_log_injection(server):
    name = b'x>, rip=9.9.9.9, session=<a\r\x1b[31m'
    with server.connect("imap") as wire:
        wire.line()
        wire.send(b"a AUTHENTICATE PLAIN " + base64.b64encode(b"\0" + name + b"\0pw") + b"\r\n")
        assert re.match(rb"a (NO|BAD) ", wire.line())
    found = server.wait_log(r".*auth failed, 1 attempts.*9\.9\.9\.9.*")[0]
    assert "\x1b" not in found and found.count("session=<") == 1 and found.count(", rip=") == 1


def test_every_connection_is_one_line():
    with linnet.Server(services=("imap",)) as server:
        for _ in range(5):
            with server.connect("imap") as wire:
                wire.line()
                wire.send_line("a LOGOUT")
                wire.rest()
        linnet.wait_for(lambda: server.log().count("imap-login: ") == 5, "five lines")
        assert re.search(r"Aborted login \(no auth attempts in \d secs\): user=<>, rip=127.0.0.1, lip=127.0.0.1, ",
                         server.log())


def test_p12_p13_the_deadline_is_absolute():
    with linnet.Server("login_timeout = 2\n", services=("imap", "imaps")) as server:
        silent, dripping = server.connect("imap"), server.connect("imap")
        shaking = server.connect("imaps", tls=False)
        shaking.send(b"\x16\x03\x01\x02\x00\x01\x00")  # T10: half a ClientHello
        literal = server.connect("imap")
        literal.line()
        literal.send_line("a LOGIN {4096}")
        assert literal.line().startswith(b"+")
        start = time.monotonic()
        while time.monotonic() - start < 1.5:
            dripping.send(b"x")
            time.sleep(0.2)
        for wire in (silent, dripping):
            wire.line()
            assert wire.line().startswith(b"* BYE")
            wire.at_end()
        assert literal.line().startswith(b"* BYE")
        shaking.at_end()
        assert time.monotonic() - start < 5
        server.wait_log(r"Disconnected: Inactivity \(no auth attempts in [2-9] secs\): user=<>, rip=127.0.0.1, "
                        r"lip=127.0.0.1, TLS handshaking")


def test_p20_authd_is_away():
    with linnet.Server(services=("imap",), start_authd=False) as server:
        with server.connect("imap") as wire:
            wire.line()
            assert wire.command("a", "LOGIN toto@mondomaine.local x")[-1].startswith(b"a NO [UNAVAILABLE]")
            wire.ok("b", "NOOP")
        server.wait_log("authd cannot be reached at .*base_dir")


def test_p20_authd_is_stopped():
    with linnet.Server("login_timeout = 2\n", services=("imap",)) as server:
        os.killpg(server.authd.pid, signal.SIGSTOP)
        try:
            with server.connect("imap") as wire:
                wire.line()
                wire.send_line("a LOGIN toto@mondomaine.local motDePasseDeToto")
                answer = wire.rest()
                assert b"* BYE" in answer and b"a OK" not in answer
        finally:
            os.killpg(server.authd.pid, signal.SIGCONT)


def test_failure_delay():
    with linnet.Server("auth_failure_delay = 1\n", services=("imap",)) as server:
        with server.connect("imap") as wire:
            wire.line()
            start = time.monotonic()
            wire.command("a", "LOGIN toto@mondomaine.local x")
            assert 0.9 < time.monotonic() - start < 5


def test_refused_from_afar():
    """No TLS, not this machine: the words of the tutorial; the address comes in a PROXY header here."""
    settings = EXTRA + "haproxy_trusted_networks = 127.0.0.0/8\n"
    with linnet.Server(settings, services=("imap",)) as server:
        def connect():
            wire = server.connect("imap")
            wire.send(b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 143\r\n")
            return wire
        alert = ("* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, but your client did it anyway. "
                 "If anyone was listening, the password was exposed.")
        private = "NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections."
        connect().transcript(f"""
            S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE STARTTLS LOGINDISABLED] linnet ready.
            C: . login toto@mondomaine.local motDePasseDeToto
            S: {alert}
            S: . {private}
            C: b AUTHENTICATE PLAIN AHRvdG9AbW9uZG9tYWluZS5sb2NhbABtb3REZVBhc3NlRGVUb3Rv
            S: {alert}
            S: b {private}
            C: c LOGIN {{21}}
            S: {alert}
            S: c {private}
            C: d STARTTLS
            S: d OK …
            T:
            C: e LOGIN toto@mondomaine.local motDePasseDeToto
            S: e OK …
        """)
        server.wait_log(r"Login: user=<toto@mondomaine.local>, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1, .*TLS")
        with connect() as wire:
            wire.line()
            wire.command("a", "LOGIN toto@mondomaine.local x")
        server.wait_log(r"Disconnected \(tried to use disallowed plaintext auth\): user=<>, rip=192.0.2.7")


def test_disable_plaintext_auth_no():
    settings = "haproxy_trusted_networks = 127.0.0.0/8\ndisable_plaintext_auth = no\n"
    with linnet.Server(settings, services=("imap",)) as server:
        wire = server.connect("imap")
        wire.send(b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 143\r\n")
        assert b"AUTH=PLAIN" in wire.line()
        wire.login()
        server.wait_log(r"rip=2001:db8::7, lip=2001:db8::1")


V2 = b"\r\n\r\n\0\r\nQUIT\n"
PROXIES = {
    "v1-four": (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 143\r\n", "192.0.2.7"),
    "v1-six": (b"PROXY TCP6 2001:db8::7 ::1 40000 143\r\n", "2001:db8::7"),
    "v1-unknown": (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    "v1-unknown-more": (b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n", "127.0.0.1"),
    "v2-four": (V2 + b"\x21\x11\0\x0c\xc0\0\2\7\xc6\x33\x64\1\x9c\x40\0\x8f", "192.0.2.7"),
    "v2-four-tlv": (V2 + b"\x21\x11\0\x10\xc0\0\2\7\xc6\x33\x64\1\x9c\x40\0\x8f\4\0\1x", "192.0.2.7"),
    "v2-local": (V2 + b"\x20\0\0\0", "127.0.0.1"),
    "v1-108": (b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n", None),
    "v1-bad-address": (b"PROXY TCP4 192.0.2.777 198.51.100.1 40000 143\r\n", None),
    "v1-bad-port": (b"PROXY TCP4 192.0.2.7 198.51.100.1 70000 143\r\n", None),
    "v1-lf": (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 143\n", None),
    "v2-signature": (V2[:-1] + b"X\x21\x11\0\x0c" + b"\0" * 12, None),
    "v2-long": (V2 + b"\x21\x11\xff\xff" + b"\0" * 600, None),
    "v2-short": (V2 + b"\x21\x11\0\x04" + b"\0" * 4, None),
    "absent": (b"a NOOP\r\n", None),
}


@pytest.fixture(scope="module")
def proxied():
    settings = "haproxy_trusted_networks = 127.0.0.0/8\ndisable_plaintext_auth = no\n"
    with linnet.Server(settings, services=("imap", "imaps")) as running:
        yield running


@pytest.mark.parametrize("name", sorted(PROXIES))
def test_t14_proxy(proxied, name):
    header, address = PROXIES[name]
    with proxied.connect("imap") as wire:
        wire.send(header + b"a LOGOUT\r\n")
        answer = wire.rest()
        if address is None:
            assert answer == b""
        else:
            assert answer.startswith(b"* OK") and b"a OK" in answer
    if address:
        proxied.wait_log(rf"Aborted login .*rip={re.escape(address)}, ")


def test_t14_proxy_in_front_of_tls(proxied):
    with proxied.connect("imaps", tls=False) as wire:
        wire.send(PROXIES["v2-four"][0])
        wire.starttls()
        wire.line()
        wire.login()
    proxied.wait_log(r"Login: user=<toto@mondomaine.local>, .*rip=192.0.2.7, .*TLS")
    with proxied.connect("imaps", tls=False) as wire:
        wire.send(b"\x16\x03\x01\x00\x05hello")
        assert wire.rest() == b""


def test_t14_proxy_from_the_world_is_not_believed(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.send(b"PROXY TCP4 192.0.2.99 198.51.100.1 40000 143\r\n")
        assert wire.line().startswith(b"PROXY BAD")
    time.sleep(0.1)
    assert "192.0.2.99" not in server.log()


def test_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with linnet.Server(host="::1", services=("imap", "imaps")) as server:
        server.imap()
        server.imap(service="imaps")
        server.wait_log(r"rip=::1, lip=::1")
