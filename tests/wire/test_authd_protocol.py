"""test_authd_protocol.py - authd's sockets: dialogues, garbage, limits, processes"""
import base64
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

import linnet
from authd import Authd, Client, b64, is_sanitized, verdict

memory_tells = pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps memory back")
USERS = {"toto@d.test": "secret", "titi@d.test": "other"}


@pytest.fixture(scope="module")
def authd():
    with Authd(USERS) as running:
        yield running


# --- dialogues ----------------------------------------------------------------------------------

def test_greeting(authd):
    with authd.login() as c:
        assert c.greeting[0] == b"VERSION\t1\t2"
        assert c.greeting[1:3] == [b"MECH\tPLAIN\tplaintext", b"MECH\tLOGIN\tplaintext"]
        assert [line.split(b"\t")[0] for line in c.greeting[3:]] == [b"SPID", b"CUID", b"COOKIE", b"DONE"]


def test_plain_on_the_login_socket(authd):
    with authd.login() as c:
        assert c.plain("toto@d.test", "wrong") == b"FAIL\t1\tuser=toto@d.test"
        assert c.plain("toto@d.test", "secret") == (
            b"OK\t2\tuser=toto@d.test\tuid=%d\tgid=%d\thome=%s/mail/d.test/toto"
            % (linnet.UID, linnet.GID, str(authd.folder).encode()))


def test_clients_learn_no_ids(authd):
    with authd.client() as c:
        assert c.plain("toto@d.test", "secret", service="smtp") == b"OK\t1\tuser=toto@d.test"
        assert c.plain("titi@d.test", "other", service="smtp") == b"OK\t2\tuser=titi@d.test"


def test_as_postfix_speaks(authd):
    """What smtpd sends with smtpd_sasl_type = dovecot: VERSION and CPID in one write, minor version 0."""
    with Client(authd.run / "auth-client", greet=False) as c:
        c.raw(b"VERSION\t1\t0\nCPID\t4711\n")
        seen = []
        while not seen or seen[-1] != b"DONE":
            seen.append(c.line())
        assert b"MECH\tPLAIN\tplaintext" in seen
        c.raw(b"AUTH\t1\tPLAIN\tservice=smtp\tnologin\tlip=127.0.0.1\trip=192.0.2.4\tsecured\tresp="
              + b64("\0toto@d.test\0secret") + b"\n")
        assert c.line() == b"OK\t1\tuser=toto@d.test"
        c.raw(b"AUTH\t2\tLOGIN\tservice=smtp\tnologin\tlip=127.0.0.1\trip=192.0.2.4\tsecured\n")
        assert c.line() == b"CONT\t2\t" + b64("Username:")
        c.raw(b"CONT\t2\t" + b64("toto@d.test") + b"\n")
        assert c.line() == b"CONT\t2\t" + b64("Password:")
        c.raw(b"CONT\t2\t" + b64("nonsense") + b"\n")
        assert c.line() == b"FAIL\t2\tuser=toto@d.test"


def test_login_mechanism(authd):
    with authd.login() as c:
        assert c.auth("LOGIN") == b"CONT\t1\t" + b64("Username:")
        assert c.cont(b64("TOTO@d.test")) == b"CONT\t1\t" + b64("Password:")
        assert c.cont(b64("secret")).startswith(b"OK\t1\tuser=toto@d.test\t")


def test_login_mechanism_with_initial_response(authd):
    with authd.login() as c:
        assert c.auth("login", b64("toto@d.test")) == b"CONT\t1\t" + b64("Password:")
        assert c.cont(b64("secret")).startswith(b"OK\t1\t")


def test_plain_asks_when_there_is_no_initial_response(authd):
    with authd.login() as c:
        assert c.auth("PLAIN") == b"CONT\t1\t"
        assert c.cont(b64("\0toto@d.test\0secret")).startswith(b"OK\t1\t")


def test_mechanism_that_is_not_offered(authd):
    with authd.login() as c:
        assert verdict(c.auth("CRAM-MD5")) == "Unsupported authentication mechanism."
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"


@pytest.mark.parametrize("message, wanted", [
    (b"", "wrong"), (b"totosecret", "wrong"), (b"\0totosecret", "wrong"), (b"\0toto@d.test\0secret\0", "wrong"),
    (b"\0\0\0\0", "wrong"), (b"\0\0secret", "wrong"), (b"\0toto@d.test\0", "wrong"),
    (b"titi@d.test\0toto@d.test\0secret", "authz"), (b"toto@d.test\0toto@d.test\0secret", "OK"),
])
def test_plain_messages_A02(authd, message, wanted):
    with authd.login() as c:
        assert verdict(c.auth("PLAIN", b64(message) or b"=")) == wanted


def test_empty_initial_response_A01(authd):
    with authd.login() as c:
        assert verdict(c.auth("PLAIN", b"=")) == "wrong"
        assert c.auth("PLAIN", b"") == b"CONT\t2\t"  # Exim's way to say that there was none
        c.send(b"CANCEL\t2")
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"


@memory_tells
def test_cancelled_dialogues_leave_nothing_A03(authd):
    with authd.login() as c:
        for _ in range(2000):
            c.start("LOGIN")
            assert c.line().startswith(b"CONT")
            c.send(b"CANCEL\t%d" % c.id)
        before = authd.memory_kib()
        for _ in range(5000):
            c.start("LOGIN")
            assert c.line().startswith(b"CONT")
            c.send(b"CANCEL\t%d" % c.id)
        assert authd.memory_kib() <= before + 256
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"


@pytest.mark.parametrize("bad", [b"====", b"a", b"\xff\xff\xff\xff", b"YQ=", b"YQ==\001nYQ==", b"-_-_", b"YR=="])
def test_bad_base64_hurts_nobody_else_A04(authd, bad):
    others = [authd.login() for _ in range(50)]
    for n, other in enumerate(others):
        other.start_plain("toto@d.test", "secret", rip=f"198.51.100.{n}")
    with authd.login() as c:
        assert verdict(c.auth("PLAIN", bad)) == "bad"
        assert c.auth("LOGIN").startswith(b"CONT")
        assert verdict(c.cont(bad)) == "bad"
    assert [verdict(other.line()) for other in others] == ["OK"] * 50
    for other in others:
        other.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_any_response_A05(authd, mechanism):
    with authd.login() as c:
        for data in (b"", b"a", b"\0", b"\0" * 10000, b"a" * 12000, b"\xff" * 12000):
            line = c.auth(mechanism, b64(data))
            assert line.startswith((b"FAIL", b"CONT")), line
            if line.startswith(b"CONT"):
                assert c.cont(b64(data)).startswith((b"FAIL", b"CONT"))
                c.send(b"CANCEL\t%d" % c.id)
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"


# --- user names and passwords ----------------------------------------------------------------------

@pytest.mark.parametrize("name", ["", "@d.test", "toto@", "toto@d.test@evil", "toto%d.test", "toto/../titi@d.test", "..@d.test",
                                  "toto@..", "toto@d.test.", "toto@d.test ", "caf\u00e9@d.test", "%u@d.test", "a" * 300])
def test_names_refused_A06_A09(authd, name):
    with authd.login() as c:
        assert verdict(c.plain(name, "secret")) == "wrong"


def test_log_stays_one_clean_line_A07(authd):
    with authd.login() as c:
        c.plain(b"caf\xe9\nx,6.6.6.6): unknown user@d.test", "x", rip="203.0.113.7")
    authd.wait_log("203.0.113.7")
    lines = [line for line in authd.log_path.read_bytes().split(b"\n") if b"203.0.113.7" in line]
    assert len(lines) == 1
    lines[0].decode("utf-8")
    assert b",6.6.6.6" not in lines[0]


@pytest.mark.parametrize("length, wanted", [(1, "OK"), (72, "OK"), (73, "OK"), (500, "OK"), (1024, "wrong"), (1025, "wrong")])
def test_password_lengths_A16(length, wanted):
    password = "p\u00e9:\\"[:length].ljust(length, "y")
    while len(password.encode()) > length:
        password = password[:-1]
    stored = "{PLAIN.b64}" + base64.b64encode(password.encode()).decode()
    if length > 700:  # the stored form is then above what a row may hold
        stored = "{PLAIN}" + "y" * 600
    with Authd() as authd:
        authd.write_users([f"toto@d.test:{stored}"])
        with authd.login() as c:
            assert verdict(c.plain("toto@d.test", password)) == wanted


@pytest.mark.parametrize("stored, wanted, text", [
    ("", "wrong", "no usable password"), ("*", "wrong", "no usable password"), ("!", "wrong", "no usable password"),
    ("x", "wrong", "no usable password"), ("{NOSUCH}abc", "temp", "scheme that this build does not know"),
    ("secret", "temp", "no hash of a kind that is known"), ("$6$rounds=999999999$abc$def", "temp", "above the limit"),
    ("$2y$31$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", "temp", "above the limit"),
])
def test_stored_passwords_A14_A15(stored, wanted, text):
    with Authd() as authd:
        authd.write_users([f"toto@d.test:{stored}", f"titi@d.test:{linnet.sha512_crypt('other')}"])
        with authd.login() as c:
            start = time.monotonic()
            assert verdict(c.plain("toto@d.test", "secret")) == wanted
            assert time.monotonic() - start < 2
            assert verdict(c.plain("titi@d.test", "other")) == "OK"
        authd.wait_log(text)
        assert "secret" not in authd.log()


def test_a_user_twice_is_nobody_A14():
    with Authd() as authd:
        authd.write_users([f"toto@d.test:{linnet.sha512_crypt(w)}" for w in ("one", "two")])
        with authd.login() as c:
            assert verdict(c.plain("toto@d.test", "one")) == "wrong"
            assert verdict(c.plain("toto@d.test", "two")) == "wrong"
        authd.wait_log("ambiguous")


@pytest.mark.parametrize("extra, wanted", [
    ("userdb_mail=maildir:/m", "OK"), ("allow_nets=192.0.2.0/24", "OK"), ("allow_nets=10.0.0.0/8", "wrong"),
    ("nologin=y", "This account may not log in"), ("nologin reason=Closed", "Closed"),
])
def test_extra_fields(extra, wanted):
    with Authd(userdb="userdb {\n driver = prefetch\n}\n") as authd:
        authd.write_users([f"toto@d.test:{linnet.sha512_crypt('secret')}:5002:5003::/home/toto::{extra}"])
        with authd.login() as c:
            line = c.plain("toto@d.test", "secret")
            assert verdict(line) == wanted
            if wanted == "OK":
                assert b"\tuid=5002\tgid=5003\thome=/home/toto" in line
                assert (b"\tmail=maildir:/m" in line) == ("mail" in extra)


@pytest.mark.parametrize("args, text", [
    ("uid=5000 gid=5000 home=relative/%n", "home="), ("uid=5000 gid=5000 home=/mail/../%n", "home="),
    ("uid=0 gid=5000 home=/m", "uid or gid 0"), ("uid=100 gid=5000 home=/m", "first_valid_uid"),
    ("uid=nosuchuser gid=5000 home=/m", "no such user"),
])
def test_userdb_that_may_not_be_A13(args, text):
    with Authd(USERS, userdb=f"userdb {{\n driver = static\n args = {args}\n}}\n") as authd:
        with authd.login() as c:
            assert verdict(c.plain("toto@d.test", "secret")) == "temp"
        authd.wait_log(text)


# --- the log ----------------------------------------------------------------------------------------

FAIL2BAN = r"auth\[\d+\]: [a-z\-]{3,15}\(\S*,%s(?:,\S*)?\): (?:[Uu]nknown user|[Ii]nvalid credentials|[Pp]assword mismatch)"


def test_one_line_an_attempt_at_its_verdict(authd):
    with authd.login() as c:
        c.plain("toto@d.test", "wrong", rip="203.0.113.1", more=["session=abcdefgh"])
        c.plain("nobody@d.test", "wrong", rip="203.0.113.2", more=["session=abcdefgh"])
        c.auth("PLAIN", b64("nonsense"), rip="203.0.113.3")
    authd.wait_log("203.0.113.3")
    log = authd.log()
    assert "passwd-file(toto@d.test,203.0.113.1,<abcdefgh>): Password mismatch\n" in log
    assert "passwd-file(nobody@d.test,203.0.113.2,<abcdefgh>): unknown user\n" in log
    import re
    for rip in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
        assert len(re.findall(FAIL2BAN % re.escape(rip), log)) == 1
    assert "wrong" not in log


def test_delay_cannot_be_cut_short_by_hanging_up():
    with Authd(USERS, settings={"auth_failure_delay": "2"}) as authd:
        with authd.login() as c:
            start = time.monotonic()
            assert verdict(c.plain("toto@d.test", "wrong")) == "wrong"
            assert time.monotonic() - start >= 2
        start = time.monotonic()
        with authd.login() as c:
            c.start_plain("toto@d.test", "wrong")
            authd.wait_log("Password mismatch", 2)
        with authd.login() as waiting:
            waiting.start_plain("toto@d.test", "secret")
            assert authd.tried("titi@d.test", "other", rip="192.0.2.99") == "OK"  # others do not wait
            assert not waiting.has_answer()
            assert verdict(waiting.line()) == "OK"
        assert time.monotonic() - start >= 2


def test_unknown_user_costs_a_hash_A17(authd):
    """Structural, no stopwatch: workers spend the same kind of CPU time on a name that does not exist."""
    def spent(user):
        before = sum(linnet.cpu_seconds(pid) for pid in authd.worker_pids())
        with authd.login() as c:
            for _ in range(100):
                assert verdict(c.plain(user, "wrong")) == "wrong"
        return sum(linnet.cpu_seconds(pid) for pid in authd.worker_pids()) - before
    known, unknown = spent("toto@d.test"), spent("nobody@d.test")
    assert unknown > known / 2


# --- sockets, garbage, limits -------------------------------------------------------------------------

@pytest.mark.parametrize("garbage", [
    b"\0" * 100 + b"\n", bytes(range(256)) * 4 + b"\n", b"\xff\xff\xff\xff" * 10 + b"\n", b"\n", b"AUTH\n", b"VERSION\n",
    b"VERSION\t2\t0\n", b"AUTH\t1\tPLAIN\tservice=imap\tresp=AAAA\n", b"CONT\t1\tAAAA\n", b"CPID\t1\n",
    b"VERSION\t1\t2\nCONT\t1\tAAAA\n", b"VERSION\t1\t2\nAUTH\t1\tPLAIN\n", b"VERSION\t1\t2\nUSER\t1\ttoto\n",
    b"VERSION\t1\t2\nOK\t1\tuser=toto\n", b"VERSION\t1\t2\nAUTH\t1\tLOGIN\tservice=x\nAUTH\t1\tLOGIN\tservice=x\n",
    b"VERSION\t1\t2\nAUTH\t1\t\001x\n", b"VERSION\t1\t2\n" + b"\t" * 100 + b"\n", b"a" * 30000,
])
@pytest.mark.parametrize("name", ["login", "auth-client"])
def test_garbage_closes_that_connection_only_A29(authd, garbage, name):
    with authd.login() as good, Client(authd.run / name, greet=False) as c:
        try:
            c.raw(garbage)
        except (BrokenPipeError, ConnectionResetError):
            pass
        while not c.is_closed():
            pass
        assert verdict(good.plain("toto@d.test", "secret")) == "OK"


def test_random_bytes_A29(authd):
    import random
    chance = random.Random(29)
    for _ in range(100):
        with authd.client() as c:
            try:
                for _ in range(20):
                    c.raw(chance.randbytes(chance.randrange(1, 400)))
            except (BrokenPipeError, ConnectionResetError):
                pass
    with authd.login() as c:
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"


@memory_tells
def test_half_frames_take_bounded_memory_A29(authd):
    """Never finished lines, each just below the limit, from one uid: the limit of its connections holds them."""
    before = authd.memory_kib()
    clients = []
    for _ in range(400):
        c = authd.client(greet=False)
        try:
            c.raw(b"VERSION\t1\t2\nAUTH\t1\tPLAIN\tservice=x\tresp=" + b"A" * 20000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        clients.append(c)
    with authd.login() as c:
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"
    assert authd.memory_kib() - before < 64 * 1024
    for c in clients:
        c.close()


def test_too_many_questions_at_once_A29(authd):
    with authd.client() as c:
        for _ in range(40):
            c.start("LOGIN")
        answers = [c.line() for _ in range(40)]
        assert sum(a.startswith(b"CONT") for a in answers) == 32
        assert sum(verdict(a) == "temp" for a in answers) == 8


def test_descriptors_sent_along_are_not_kept_A29(authd):
    before = len(os.listdir(f"/proc/{authd.server_pid()}/fd")) if linnet.IS_ROOT else 0
    with authd.client() as c, open("/dev/null") as null:
        for _ in range(100):
            socket.send_fds(c.sock, [b"V"], [null.fileno()] * 10)
        c.raw(b"\n")
        assert c.is_closed() or True
    if linnet.IS_ROOT:
        linnet.wait_for(lambda: len(os.listdir(f"/proc/{authd.server_pid()}/fd")) <= before + 1, "descriptors to go")


def test_only_root_may_use_the_login_socket_A29(authd, root):
    (authd.run / "login").chmod(0o666)
    try:
        program = ("import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
                   "s.settimeout(10); sys.stdout.write(repr(s.recv(100)))")
        done = subprocess.run(["/usr/bin/python3", "-c", program, str(authd.run / "login")], user=65534, group=65534,
                              extra_groups=[], capture_output=True, text=True)
        assert done.stdout == "b''" or "ConnectionReset" in done.stderr
        authd.wait_log("only root may use the login socket")
    finally:
        (authd.run / "login").chmod(0o600)


def test_modes_of_the_sockets(authd):
    assert (authd.run / "login").stat().st_mode & 0o777 == 0o600
    assert (authd.run / "auth-client").stat().st_mode & 0o777 == 0o666


def test_nothing_after_the_login(authd):
    with authd.login() as c:
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"
        c.start_plain("titi@d.test", "other")
        assert c.is_closed()


def test_sessions_of_one_user_from_one_address():
    with Authd(USERS, settings={"mail_max_userip_connections": "3"}) as authd:
        clients = [authd.login() for _ in range(5)]
        verdicts = [verdict(c.plain("toto@d.test", "secret")) for c in clients]
        assert verdicts[:3] == ["OK"] * 3
        assert all("mail_max_userip_connections" in v for v in verdicts[3:])
        assert verdict(clients[3].plain("toto@d.test", "secret", rip="192.0.2.2")) == "OK"
        assert verdict(clients[4].plain("toto@d.test", "secret", service="pop3")) == "OK"
        clients[0].close()
        linnet.wait_for(lambda: authd.tried("toto@d.test", "secret") == "OK", "a place to be free again")
        for c in clients:
            c.close()


# --- processes -----------------------------------------------------------------------------------------

def test_who_is_who(authd, root):
    nobody = "65534"
    for pid in [authd.server_pid(), *authd.worker_pids()]:
        status = linnet.process_status(pid)
        assert status["Uid"].split() == [nobody] * 4
        assert status["Groups"] == ""
        assert int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"] == "1"
    assert len(authd.worker_pids()) >= 2
    assert linnet.process_status(authd.process.pid)["Uid"].split()[0] == "0"


def test_killed_worker_costs_nobody_anything():
    with Authd(USERS, settings={"auth_worker_max_count": "2"}) as authd:
        for pid in authd.worker_pids():
            os.kill(pid, signal.SIGSTOP)
        clients = [authd.login() for _ in range(6)]
        for n, c in enumerate(clients):
            c.start_plain("toto@d.test", "secret", rip=f"198.51.100.{n}")
        time.sleep(0.2)
        for pid in authd.worker_pids():
            os.kill(pid, signal.SIGKILL)
        assert [verdict(c.line()) for c in clients] == ["OK"] * 6
        linnet.wait_for(lambda: len(authd.worker_pids()) == 2, "workers to be replaced")
        authd.wait_log("killed by signal 9")


@pytest.mark.slow
def test_stopped_workers_are_replaced_at_the_deadline_B03():
    with Authd(USERS, settings={"auth_worker_max_count": "2"}) as authd:
        stopped = authd.worker_pids()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        with authd.login() as c:
            start = time.monotonic()
            assert verdict(c.plain("toto@d.test", "secret")) == "temp"
            assert 9 < time.monotonic() - start < 13
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        with authd.login() as c:
            assert verdict(c.plain("toto@d.test", "secret")) == "OK"


def test_killed_server_is_replaced_B06():
    with Authd(USERS) as authd:
        with authd.login() as session, authd.login() as waiting:
            assert verdict(session.plain("toto@d.test", "secret")) == "OK"
            waiting.start("LOGIN")
            waiting.line()
            os.kill(authd.server_pid(), signal.SIGKILL)
            assert waiting.is_closed()
        linnet.wait_for(lambda: authd.tried("toto@d.test", "secret") == "OK", "a new server")
        assert authd.log().count("the server process of authd has ended") == 1


def test_killed_keeper_takes_all_with_it_and_a_new_one_finds_its_place_B06():
    with Authd(USERS) as authd:
        children = linnet.children(authd.process.pid)
        authd.process.kill()
        authd.process.wait()
        linnet.wait_for(lambda: not any(alive(pid) for pid in children), "the children to end")
        assert (authd.run / "login").exists()
        authd.begin()
        assert authd.tried("toto@d.test", "secret") == "OK"


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_second_authd_leaves_the_first_alone_A30():
    with Authd(USERS) as authd:
        second = authd.spawn()
        assert second.wait(10) != 0
        assert "another authd answers there" in authd.log()
        assert authd.tried("toto@d.test", "secret") == "OK"


def test_what_is_no_socket_is_not_removed_A30():
    with Authd(USERS) as authd:
        linnet.end(authd.process)
        assert not (authd.run / "login").exists()
        (authd.run / "login").write_text("mine")
        again = authd.spawn()
        assert again.wait(10) != 0
        assert (authd.run / "login").read_text() == "mine"
        (authd.run / "login").unlink()
        authd.run.chmod(0o777)
        again = authd.spawn()
        assert again.wait(10) != 0
        assert "nobody else can write" in authd.log()
        authd.run.chmod(0o755)
        authd.begin()


@pytest.mark.parametrize("order, names", [
    (["login", "auth-client"], "login:auth-client"), (["auth-client", "login"], "auth-client:login"),
    (["auth-client", "login"], "linnet-authd-client.socket:linnet-authd.socket"), (["auth-client", "login"], None),
    (["login"], "login"), (["login", "auth-client", "auth"], "login:auth-client:auth-client"),
])
def test_sockets_of_systemd(order, names):
    """LISTEN_FDS: told apart by LISTEN_FDNAMES or by their path; what is not handed over is made."""
    with Authd(USERS, listen=order, fd_names=names) as authd:
        assert authd.tried("toto@d.test", "secret") == "OK"
        for name in {"auth-client", *order} - {"login"}:
            with Client(authd.run / name) as c:
                assert c.plain("toto@d.test", "secret") == b"OK\t1\tuser=toto@d.test"
        linnet.end(authd.process)
        assert (authd.run / "login").exists()  # theirs stay, ours go
        assert (authd.run / "auth-client").exists() == ("auth-client" in order)
        authd.begin()
        assert authd.tried("toto@d.test", "secret") == "OK"


def test_sighup_takes_new_settings_over_and_keeps_sessions():
    with Authd(USERS) as authd:
        session = authd.login()
        assert verdict(session.plain("toto@d.test", "secret")) == "OK"
        authd.settings["auth_mechanisms"] = "plain"
        authd.write_conf()
        authd.reload()
        authd.wait_log("configuration read again")
        linnet.wait_for(lambda: not any(b"LOGIN" in line for line in greeting(authd)), "the new mechanisms")
        assert authd.tried("toto@d.test", "secret") == "OK"
        session.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            session.sock.recv(1)  # still open
        session.close()


def greeting(authd):
    with authd.login() as c:
        return c.greeting


@pytest.mark.parametrize("text", ["passdb {\n", "passdb {\n driver = nosuch\n}\n", "", "auth_mechanisms = gssapi\n",
                                  "passdb {\n driver = passwd-file\n args = /etc/x\n}\n" * 9])
def test_sighup_with_a_broken_file_changes_nothing_B12(text):
    with Authd(USERS) as authd:
        authd.write_conf(text or "# nothing in it\n")
        authd.reload()
        authd.wait_log("the settings of before stay in force")
        assert authd.tried("toto@d.test", "secret") == "OK"
        authd.write_conf()
        authd.reload()
        authd.wait_log("configuration read again")
        assert authd.tried("toto@d.test", "secret") == "OK"


def test_changed_passwd_file_counts_at_once():
    """Also one that only root may read: workers that have given root up are replaced."""
    with Authd(USERS) as authd:
        assert authd.tried("toto@d.test", "secret") == "OK"
        authd.users["toto@d.test"] = "changed"
        authd.write_users()
        for _ in range(4):
            assert authd.tried("toto@d.test", "secret") == "wrong"
            assert authd.tried("toto@d.test", "changed") == "OK"
        authd.users_path.unlink()
        assert authd.tried("toto@d.test", "changed") == "temp"
        authd.wait_log("No such file")
        authd.write_users()
        linnet.wait_for(lambda: authd.tried("toto@d.test", "changed") == "OK", "the file to be found again")


def test_passwd_file_that_is_too_large():
    with Authd(USERS) as authd:
        assert authd.tried("toto@d.test", "secret") == "OK"
        os.truncate(authd.users_path, (64 << 20) + 1)  # a hole: it costs no disk
        assert authd.tried("toto@d.test", "secret") == "temp"
        authd.wait_log("File too large")
        authd.write_users()
        linnet.wait_for(lambda: authd.tried("toto@d.test", "secret") == "OK", "the file to be small again")


def test_broken_configuration_does_not_start():
    with Authd(USERS) as authd:
        linnet.end(authd.process)
        authd.write_conf("passdb {\n driver = passwd-file\n args = relative\n}\nuserdb {\n driver = static\n args = x\n}\n")
        again = authd.spawn()
        assert again.wait(10) == 78
        assert "absolute path" in authd.log() and "uid=, gid= and home=" in authd.log()
        authd.write_conf()
        authd.begin()


@memory_tells
def test_no_growth_over_many_connections_A03(authd):
    for _ in range(300):
        authd.client().close()
    before = authd.memory_kib()
    for _ in range(3000):
        with authd.client(greet=False) as c:
            c.raw(b"VERSION\t1\t2\nAUTH\t1\tLOGIN\tservice=x\n")
    with authd.login() as c:
        assert verdict(c.plain("toto@d.test", "secret")) == "OK"
    assert authd.memory_kib() <= before + 1024  # 340 bytes for each would be a leak
