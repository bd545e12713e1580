"""test_pop3_extensions.py - what POP3 has learnt since RFC 1939: languages, UTF-8, ages, delays (RFC 2449, 6856)"""
import base64
import contextlib
import os
import time
import types

import pytest

import linnet

FRENCH = """
    S: +OK linnet ready.
    C: LANG
    S: +OK Language listing follows:
    S: en English
    S: fr Français
    S: .
    C: LANG MUL
    S: -ERR No such language; LANG alone lists them.
    C: LANG fr-CA
    S: +OK fr Langue changée.
    C: LANG uga
    S: -ERR Langue inconnue ; LANG seul en donne la liste.
    C: USER toto@mondomaine.local
    S: +OK
    C: PASS motDePasseDeToto
    S: +OK Connexion établie.
    C: RETR 9
    S: -ERR Ce message n'existe pas.
    C: LANG *
    S: +OK en Language changed.
    C: UTF8
    S: -ERR UTF8 comes before login.
    C: LANG
    S: +OK …
    S: en English
    S: fr Français
    S: .
    C: LANG a b
    S: -ERR …
    C: QUIT
    S: +OK Logging out.
    E:
"""


@pytest.fixture(scope="module")
def server():
    with linnet.Server(services=("pop3",)) as running:
        yield running


USER, WORD = "toto@mondomaine.local", "motDePasseDeToto"


def connect(server):
    """start() for what expects a session: a new connection before login"""
    @contextlib.contextmanager
    def start():
        with server.connect("pop3") as wire:
            yield types.SimpleNamespace(wire=wire)
    return start


def test_language_goes_through_the_login_RFC6856_s3_D15(server):
    linnet.run_modes(connect(server), FRENCH, splits=8)


def test_utf8_before_stls_is_refused_RFC6856_s2_1(server):
    with connect(server)() as session:
        session.wire.transcript("""
            S: +OK …
            C: UTF8 x
            S: -ERR …
            C: UTF8
            S: +OK UTF-8 mode is on.
            C: STLS
            S: -ERR STLS comes before UTF8.
            C: QUIT
            S: +OK …
            E:
        """)


UTF8_MAIL = ("From: Jürgen <jürgen@bücher.example>\r\nTo: b@y.example\r\nSubject: Grüße aus Köln\r\n"
             "\r\n.Text\r\nzwei\r\n").encode()
ASCII_TOP = (b"From: =?UTF-8?B?SsO8cmdlbg==?= =?UTF-8?B?asO8cmdlbkBiw7xjaGVyLmV4YW1wbGU=?= :;\r\n"
             b"To: b@y.example\r\nSubject: =?UTF-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\n\r\n")


def multiline(wire, command):
    first = wire.pop(command)
    assert first.startswith(b"+OK"), first
    lines = []
    while True:
        line = wire.line()
        if line == b".":
            return first, b"".join(one + b"\r\n" for one in lines)
        lines.append(line[1:] if line.startswith(b".") else line)


def log_in(session, *before):
    session.wire.line()
    for command in before + ("USER toto@mondomaine.local", "PASS motDePasseDeToto"):
        answer = session.wire.pop(command)
        assert answer.startswith(b"+OK"), answer


@pytest.fixture
def inbox(server):
    maildir = server.maildir("toto@mondomaine.local")
    yield maildir
    for path in [*(maildir / "cur").iterdir(), *(maildir / "new").iterdir()]:
        path.unlink()


def test_header_in_utf8_goes_as_it_is_with_utf8_and_as_ascii_without(server, inbox):
    linnet.deliver(inbox, UTF8_MAIL)
    with connect(server)() as session:
        log_in(session, "UTF8")
        first, text = multiline(session.wire, "RETR 1")
        assert text == UTF8_MAIL and first == b"+OK %d octets" % len(UTF8_MAIL)
    with connect(server)() as session:
        log_in(session)
        first, text = multiline(session.wire, "RETR 1")
        assert text == ASCII_TOP + b".Text\r\nzwei\r\n" and first == b"+OK %d octets" % len(text)
        assert multiline(session.wire, "TOP 1 0")[1] == ASCII_TOP
        assert multiline(session.wire, "TOP 1 1")[1] == ASCII_TOP + b".Text\r\n"


def test_header_in_latin1_is_not_touched(pop3, maildir):
    mail = b"Subject: caf\xe9\r\n\r\nx\r\n"
    linnet.deliver(maildir, mail)
    with pop3() as session:
        session.wire.line()
        assert multiline(session.wire, "RETR 1")[1] == mail


def capabilities(session):
    return multiline(session.wire, "CAPA")[1].decode().split("\r\n")


@pytest.mark.parametrize("settings, wanted, unwanted", [
    ("", {"EXPIRE NEVER", "UTF8", "LANG"}, "LOGIN-DELAY"),
    ("pop3_expire = 30\npop3_login_delay = 15 mins\n", {"EXPIRE 30", "LOGIN-DELAY 900"}, "EXPIRE NEVER"),
    ("pop3_expire = 0\n", {"EXPIRE 0"}, "EXPIRE NEVER"),
])
def test_capabilities_say_what_is_set_RFC2449_s6(pop3, maildir, settings, wanted, unwanted):
    with pop3(settings=settings) as session:
        session.wire.line()
        said = capabilities(session)
        assert wanted <= set(said) and not [one for one in said if one.startswith(unwanted)]


def test_capabilities_are_the_same_before_login():
    with linnet.Server("pop3_expire = 7\npop3_login_delay = 1 min\n", services=("pop3",)) as server:
        with connect(server)() as session:
            session.wire.line()
            before = capabilities(session)
            assert {"EXPIRE 7", "LOGIN-DELAY 60"} <= set(before)


@pytest.fixture(scope="module")
def many_ways():
    """a server with mechanisms that need a password which can be read"""
    with linnet.temporary_folder() as folder:
        users = folder / "users"
        users.write_text("".join(f"{user}:{{PLAIN}}{word}\n" for user, word in ((USER, WORD), LONG)))
        users.chmod(0o640)
        with linnet.Server("auth_mechanisms = plain login cram-md5 scram-sha-256 scram-sha-1 apop\n", services=("pop3", "pop3s"),
                           passdb=f"passdb {{\n  driver = passwd-file\n  args = {users}\n}}\n") as server:
            yield server


def leave(wire):
    """And wait for it: the next test wants the same user's maildrop."""
    wire.send_line("QUIT")
    wire.rest()


@pytest.mark.parametrize("service, is_bound", [("pop3", False), ("pop3s", True)])
def test_capabilities_stay_behind_login_RFC2449_s3_RFC5034_s3(many_ways, service, is_bound):
    """All are of "both states, differences: no"; only STLS is for AUTHORIZATION alone."""
    with many_ways.connect(service) as wire:
        session = types.SimpleNamespace(wire=wire)
        wire.line()
        before = capabilities(session)
        assert ("SCRAM-SHA-256-PLUS" in " ".join(before)) == is_bound
        assert ("STLS" in before) != is_bound
        assert wire.pop(f"USER {USER}") == b"+OK" and wire.pop(f"PASS {WORD}").startswith(b"+OK")
        assert capabilities(session) == [one for one in before if one != "STLS"]
        leave(wire)


LONG = "long@mondomaine.local", "w" * 700


@pytest.mark.parametrize("service", ["pop3", "pop3s"])
@pytest.mark.parametrize("steps", [
    ["AUTH PLAIN {}"],            # beyond RFC 5034's line of 255 octets: taken all the same
    ["AUTH PLAIN", "{}"],         # as RFC 5034 s.4 wants it then
    ["auth plain", "{}"],
])
def test_long_response_D13(many_ways, service, steps):
    message = base64.b64encode("\0{}\0{}".format(*LONG).encode()).decode()
    with many_ways.connect(service) as wire:
        wire.line()
        for step in steps[:-1]:
            assert wire.pop(step) == b"+ "
        assert wire.pop(steps[-1].format(message)) == b"+OK Logged in."
        leave(wire)


def test_forms_of_auth_D13(many_ways):
    with many_ways.connect("pop3") as wire:
        wire.line()
        assert wire.pop("AUTH") == b"+OK" and b"PLAIN" in wire.until_dot()
        for form, wanted in (("AUTH PLAIN =", b"-ERR"), ("AUTH PLAIN *", b"-ERR"), ("AUTH NONE", b"-ERR"),
                             ("AUTH CRAM-MD5 AAAA", b"-ERR"), ("AUTH PLAIN AHRvdG8", b"-ERR")):
            assert wire.pop(form).startswith(wanted), form
    for answer in ("*", "a b", "=", "====", ""):
        with many_ways.connect("pop3") as wire:
            wire.line()
            assert wire.pop("AUTH PLAIN") == b"+ "
            assert wire.pop(answer).startswith(b"-ERR"), answer
            assert wire.pop("CAPA").startswith(b"+OK") and wire.until_dot()


def age(path, days):
    """as if it had come so long ago: its name begins with the second of its delivery"""
    then = int(time.time() - days * 86400)
    seconds, dot, rest = path.name.partition(".")
    new = path.with_name(f"{then}{dot}{rest}")
    path.rename(new)
    os.utime(new, (then, then))
    return new


def count(maildir):
    return len(list((maildir / "cur").iterdir())) + len(list((maildir / "new").iterdir()))


def test_expire_removes_old_and_seen_mail_at_quit_D18(pop3, maildir):
    for days, flags in ((40, "S"), (40, ""), (20, "S"), (29, "S")):
        age(linnet.deliver(maildir, b"A: 1\r\n\r\nx\r\n", flags=flags), days)
    how = {"settings": "pop3_expire = 30\n"}
    with pop3(**how) as session:  # without QUIT nothing leaves
        session.wire.line()
        session.wire.pop("STAT")
    assert count(maildir) == 4
    with pop3(**how) as session:
        session.wire.line()
        assert session.wire.pop("QUIT") == b"+OK Logging out, messages deleted."
    assert count(maildir) == 3


def test_expire_0_removes_what_was_read_D18(pop3, maildir):
    linnet.fill(maildir, 3)
    with pop3(settings="pop3_expire = 0\n") as session:
        session.wire.line()
        multiline(session.wire, "RETR 2")
        multiline(session.wire, "TOP 3 1")
        session.wire.pop("QUIT")
    assert count(maildir) == 2


def test_login_delay_D16(pop3, maildir):
    settings = "pop3_login_delay = 1 hour\n"
    for wanted in (b"+OK", b"-ERR [LOGIN-DELAY]"):
        with pop3(settings=settings) as session:
            assert session.wire.line().startswith(wanted)
            if wanted == b"+OK":
                session.wire.pop("QUIT")
    os.utime(maildir / "linnet.pop3.lock", (time.time() - 3601, time.time() - 3601))
    with pop3(settings=settings) as session:
        assert session.wire.line().startswith(b"+OK")
    with pop3() as session:  # not configured: never
        assert session.wire.line().startswith(b"+OK")
    os.utime(maildir / "linnet.pop3.lock", (time.time() + 9999, time.time() + 9999))
    with pop3(settings=settings) as session:  # L08: a clock that went back refuses nobody
        assert session.wire.line().startswith(b"+OK")


def test_several_sessions_where_the_lock_is_off(pop3, maildir):
    linnet.fill(maildir, 1)
    how = {"settings": "pop3_lock_session = no\n"}
    with pop3(**how) as one, pop3(**how) as other:
        assert one.wire.line().startswith(b"+OK") and other.wire.line().startswith(b"+OK")
        one.wire.pop("DELE 1")
        assert one.wire.pop("QUIT").startswith(b"+OK")
        assert other.wire.pop("STAT").startswith(b"+OK 1 ")
        assert other.wire.pop("RETR 1").startswith(b"-ERR [SYS/TEMP]")


@pytest.mark.parametrize("field, is_used", [
    (b"X-UIDL: abc.123\r\n", True), (b"x-uidl:   abc.123  \r\n", True), (b"", False),
    (b"X-UIDL: two words\r\n", False), (b"X-UIDL: " + b"x" * 71 + b"\r\n", False),
])
def test_xuidl_of_another_server_D07(pop3, maildir, field, is_used):
    linnet.deliver(maildir, b"A: 1\r\n" + field + b"\r\nx\r\n")
    for reuse in ("yes", "no"):
        with pop3(settings=f"pop3_reuse_xuidl = {reuse}\n") as session:
            session.wire.line()
            answer = session.wire.pop("UIDL 1")
            assert (answer == b"+OK 1 abc.123") == (is_used and reuse == "yes")


def test_workaround_for_headers_without_an_end(pop3, maildir):
    linnet.deliver(maildir, b"A: 1\r\nB: 2\r\n")
    for words, wanted in (("", b"A: 1\r\nB: 2\r\n"), ("outlook-no-nuls oe-ns-eoh", b"A: 1\r\nB: 2\r\n\r\n")):
        with pop3(settings=f"pop3_client_workarounds = {words}\n") as session:
            session.wire.line()
            assert multiline(session.wire, "RETR 1")[1] == wanted
            assert multiline(session.wire, "TOP 1 0")[1] == wanted


def test_logout_format(pop3, maildir):
    linnet.fill(maildir, 2)
    with pop3(settings="pop3_logout_format = t=%t r=%{retr_count} d=%d/%m %x 100%\n") as session:
        session.wire.line()
        multiline(session.wire, "RETR 1")
        multiline(session.wire, "TOP 2 0")
        session.wire.pop("DELE 1")
        session.wire.pop("QUIT")
        session.wire.at_end()
        assert "Disconnected: Logged out t=1 r=1 d=1/2 %x 100%" in session.log()
