"""test_pre_login_start.py - ways of being started, and what is inherited (hostile cases P21-P24, L02, L04, A13)"""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import linnet


@pytest.fixture(scope="module")
def server():
    with linnet.Server("mail_debug = no\n", services=("imap",)) as running:
        yield running


def run(argv, stdin, env=None, **how):
    return subprocess.Popen([str(a) for a in argv], stdin=stdin, cwd="/", env=env or linnet.environment(), **how)


def imapd(server, *options):
    return [linnet.program("imapd"), "-c", server.conf, *options]


@contextlib.contextmanager
def tcp_pair():
    with linnet.listening_socket() as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    with ours, theirs:
        yield ours, theirs


def test_connected_tcp_socket_on_descriptor_zero(server):
    with tcp_pair() as (ours, theirs):
        process = run(imapd(server), theirs, stdout=theirs, stderr=theirs)  # as xinetd: 0, 1 and 2
        theirs.close()
        wire = linnet.Wire(ours)
        wire.line()
        wire.login()
        assert {os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in (0, 1, 2)} == {"/dev/null"}
        wire.command("a", "LOGOUT")
        assert process.wait(10) == 0


def test_listen_fds_connected(server):
    with tcp_pair() as (ours, theirs):
        shell = 'exec 3<&0 </dev/null; LISTEN_PID=$$; export LISTEN_PID; exec "$@"'
        process = run(["/bin/sh", "-c", shell, "sh", *imapd(server)], theirs, linnet.environment(LISTEN_FDS="1"),
                      stderr=subprocess.DEVNULL)
        theirs.close()
        wire = linnet.Wire(ours)
        wire.line()
        wire.login()
        wire.command("a", "LOGOUT")
        assert process.wait(10) == 0


def test_listen_fds_of_another_process_are_not_ours(server):
    with tcp_pair() as (ours, theirs):
        process = run(imapd(server), theirs, linnet.environment(LISTEN_FDS="1", LISTEN_PID="1"),
                      stderr=subprocess.DEVNULL)
        theirs.close()
        assert linnet.Wire(ours).line().startswith(b"* OK")
        ours.close()
        assert process.wait(10) == 0


def test_listen_fds_several(server):
    """Two listening sockets, told apart by their names."""
    with linnet.listening_socket() as plain, linnet.listening_socket() as secure:
        code = ("import os, socket, sys\n"
                "os.dup2(int(sys.argv[1]), 63); os.dup2(int(sys.argv[2]), 62)\n"
                "os.dup2(63, 3); os.dup2(62, 4)\n"
                "os.environ['LISTEN_PID'] = str(os.getpid())\n"
                "os.execv(sys.argv[3], sys.argv[3:])\n")
        env = linnet.environment(LISTEN_FDS="2", LISTEN_FDNAMES="imap:imaps")
        process = run(["/usr/bin/python3", "-c", code, plain.fileno(), secure.fileno(), *imapd(server)],
                      subprocess.DEVNULL, env, pass_fds=(plain.fileno(), secure.fileno()), stderr=subprocess.DEVNULL)
        try:
            assert linnet.Wire(socket.create_connection(plain.getsockname())).line().startswith(b"* OK")
            tls = linnet.Wire(socket.create_connection(secure.getsockname())).starttls()
            assert tls.line().startswith(b"* OK")
        finally:
            assert linnet.end(process) == 0


def test_xinetd_wait_ends_when_idle(server):
    with linnet.listening_socket() as listener:
        process = run(imapd(server, "--idle", "1"), listener, stderr=subprocess.DEVNULL)
        wire = linnet.Wire(socket.create_connection(listener.getsockname()))
        wire.line()
        wire.login()
        assert process.wait(10) == 0
        wire.ok("a", "NOOP")
        wire.close()


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
def test_p23_closed_descriptors(server, closed):
    close = "".join(f"exec {fd}>&-;" for fd in closed)
    with tcp_pair() as (ours, theirs):
        process = run(["/bin/sh", "-c", close + 'exec "$@"', "sh", *imapd(server)], theirs, stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL)
        theirs.close()
        wire = linnet.Wire(ours)
        if 0 in closed:
            wire.at_end()
            assert process.wait(10) == 64
            return
        wire.line()
        wire.login()
        wire.ok("a", "SELECT INBOX")
        for fd in (0, 1, 2):
            assert str(server.mail) not in os.readlink(f"/proc/{process.pid}/fd/{fd}")
        wire.command("b", "LOGOUT")
        assert process.wait(10) == 0


@pytest.mark.parametrize("kind", ["file", "null", "pipe", "datagram"])
def test_p23_descriptor_zero_is_something_else(server, kind):
    with contextlib.ExitStack() as stack:
        if kind == "file":
            stdin = stack.enter_context(open(server.conf, "rb"))
        elif kind == "datagram":
            stdin = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        else:
            stdin = subprocess.PIPE if kind == "pipe" else subprocess.DEVNULL
        process = run(imapd(server), stdin, stderr=subprocess.DEVNULL)
        assert process.wait(10) == 64
    server.wait_log("descriptor 0 is no connection and does not listen")


def test_p24_the_environment_is_not_believed(server):
    env = linnet.environment(TCPREMOTEIP="1.2.3.4", REMOTE_HOST="5.6.7.8", TZ=":/etc/shadow", MALLOC_CHECK_="3",
                             BIG="x" * 100000)
    with tcp_pair() as (ours, theirs):
        process = run(imapd(server), theirs, env, stderr=subprocess.DEVNULL)
        theirs.close()
        wire = linnet.Wire(ours)
        wire.line()
        wire.login()
        session = server.wait_log(rf"imapd\[{process.pid}\]: imap-login: Login: .*")[0]
        assert "rip=127.0.0.1" in session and "1.2.3.4" not in session
        wire.command("a", "LOGOUT")
        assert process.wait(10) == 0
    with tcp_pair() as (ours, theirs):
        process = run(imapd(server, "--stunnel"), theirs, env, stderr=subprocess.DEVNULL)
        theirs.close()
        wire = linnet.Wire(ours)
        assert b"STARTTLS" not in wire.line()
        wire.login()
        server.wait_log(rf"imapd\[{process.pid}\]: imap-login: Login: .*rip=5.6.7.8")
        ours.close()
        process.wait(10)


def test_p21_reset_before_the_greeting(server):
    for _ in range(20):
        server.connect("imap").reset()
    server.connect("imap").line()


def test_p22_a_client_that_never_reads():
    with linnet.Server("login_timeout = 2\n", services=("imap",)) as server:
        wire = server.connect("imap")
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        with contextlib.suppress(OSError):
            wire.sock.sendall(b"a ID NIL\r\n" * 19)
        listener = server.processes["imap"].pid

        def monitors():
            return [pid for pid in linnet.children(listener) if linnet.runs_as(pid, 0)]
        linnet.wait_for(monitors, "its monitor")
        linnet.wait_for(lambda: not monitors(), "its monitor to end")


def own_address():
    """An address of this machine that is not loopback's, or None; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def test_per_address_cap_before_login():
    """L04: one address fills its own share; what it has logged in does not count, and others are served."""
    address = own_address()
    if not address:
        pytest.skip("no address but loopback's, which may have more")
    with linnet.Server(services=("imap",), host=address) as server:
        users = server.imap()
        wires = [server.connect("imap") for _ in range(300)]
        answers = [wire.line() for wire in wires]
        assert sum(a.startswith(b"* OK") for a in answers) == 256
        assert all(a.startswith((b"* OK", b"* BYE")) for a in answers)
        users.ok("a", "NOOP")
        other = server.connect("imap", source="127.0.0.2")
        assert other.line().startswith(b"* OK")
        other.login()
        for wire in wires:
            wire.close()
        linnet.wait_for(lambda: server.connect("imap").line().startswith(b"* OK"), "places to be free", pause=0.1)


def test_a_proxy_or_webmail_on_this_machine_may_have_more():
    """Loopback speaks for many people: a burst of their logins is served."""
    with linnet.Server(services=("imap",)) as server:
        wires = [server.connect("imap") for _ in range(400)]
        assert all(wire.line().startswith(b"* OK") for wire in wires)


def test_l02_a_burst(server):
    for _ in range(500):
        with socket.create_connection(("127.0.0.1", server.ports["imap"])):
            pass
    linnet.wait_for(lambda: server.connect("imap").line().startswith(b"* OK"), "a place", pause=0.05)
    with linnet.Canary(server) as canary:
        linnet.wait_for(lambda: canary.rounds > 2 or canary.error, "three rounds")


def test_out_of_descriptors():
    """EMFILE pauses the listener instead of ending or spinning."""
    with linnet.Server(services=()) as server:
        with linnet.listening_socket() as listener:
            process = run(["/bin/sh", "-c", 'ulimit -n 6; exec "$@"', "sh", *imapd(server)], listener,
                          stderr=subprocess.DEVNULL)
            address = listener.getsockname()
        held = [socket.create_connection(address) for _ in range(3)]
        time.sleep(1)
        assert process.poll() is None
        assert linnet.cpu_seconds(process.pid) < 0.5
        for sock in held:
            sock.close()
        assert linnet.end(process) == 0


# --- mail that cannot be served ------------------------------------------------------------------

def reload(server):
    server.connect("imap").line()  # it is up, and listens to signals
    server.processes["imap"].send_signal(signal.SIGHUP)


def login_answer(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.send_line("a LOGIN toto@mondomaine.local motDePasseDeToto")
        return wire.rest()


@pytest.mark.parametrize("location,words", [
    ("maildir:relative/%n", "not an absolute path"),
    ("maildir:/", "root folder"),
    ("maildir:/var/../etc/%n", '"." or ".."'),
    ("maildir:{mail}/%d/%n:LAYOUT=fs", "options behind a path"),
    ("maildir:/etc", "belongs to uid 0"),
    ("maildir:/nonexistent/%d/%n", "No such file"),
    ("maildir:{mail}/link", "a link is not followed"),
    ("maildir:{mail}/file", "not a folder"),
    ("maildir:{mail}/titi/locked", "Permission denied"),
])
def test_a13_locations_that_cannot_be(location, words):
    with linnet.Server(services=("imap",)) as server:
        (server.mail / "link").symlink_to(server.maildir())
        (server.mail / "file").write_text("x")
        (server.mail / "titi").mkdir(mode=0o700)
        server.write_settings("mail_location = " + location.replace("{mail}", str(server.mail)))
        reload(server)
        server.wait_log("settings read again")
        before = linnet.snapshot(server.mail)
        answer = login_answer(server)
        assert b"a NO [SERVERBUG]" in answer and answer.count(b"* BYE") == 1
        server.wait_log(r"imap\(toto@mondomaine.local\)<\d+><.*>: Error: .*mail.location.*" + re.escape(words))
        assert linnet.snapshot(server.mail) == before


def test_a_new_user_gets_a_folder(server):
    shutil.rmtree(server.mail / "mondomaine.local")
    wire = server.imap()
    wire.ok("a", "SELECT INBOX")
    made = server.mail / "mondomaine.local" / "toto"
    assert made.stat().st_uid == linnet.UID and made.stat().st_mode & 0o777 == 0o700
    server.maildir("titi@mondomaine.local")


def test_first_valid_uid():
    with linnet.Server("first_valid_uid = 6000\n", services=("imap",)) as server:
        with server.connect("imap") as wire:
            wire.line()
            assert wire.command("a", "LOGIN toto@mondomaine.local motDePasseDeToto")[-1].startswith(b"a NO [")
        server.wait_log(r"uid 5000 is below first_valid_uid = 6000")


def test_settings_that_cannot_be_used(folder):
    conf = folder / "linnet.conf"
    conf.write_text("}\n")
    with linnet.spawn_on_socketpair([linnet.program("imapd"), "-c", conf], statuses=(78,)) as session:
        assert session.wire.rest().startswith(b"* BYE [UNAVAILABLE]")
        session.process.wait(10)
        assert "linnet.conf" in session.log()


def test_a_broken_reload_keeps_the_old_settings():
    with linnet.Server(services=("imap",)) as server:
        server.connect("imap").line()
        server.conf.write_text("}\n")
        reload(server)
        server.wait_log("the old settings stay in use")
        server.imap()


# --- PREAUTH -------------------------------------------------------------------------------------

def test_preauth_over_a_socket(imap):
    with imap() as session:
        assert session.wire.line().startswith(b"* PREAUTH [CAPABILITY ")
        session.wire.ok("a", "SELECT INBOX")
        session.wire.command("b", "LOGOUT")


def test_preauth_over_two_pipes(maildir, folder):
    conf = folder / "linnet.conf"
    conf.write_text("")
    conf.chmod(0o644)
    process = subprocess.run([str(linnet.reachable_program("imapd")), "-c", str(conf), "--preauth", "--mail",
                              str(maildir)], input=b"a SELECT INBOX\r\nb LOGOUT\r\n", capture_output=True, cwd="/",
                             env=linnet.environment(), timeout=20, **linnet.as_mail_user())
    assert process.stdout.startswith(b"* PREAUTH") and b"a OK" in process.stdout and b"b OK" in process.stdout
    assert process.returncode == 0


def test_preauth_never_as_root(root, server):
    with linnet.spawn_on_socketpair(imapd(server, "--preauth"), statuses=(64,)) as session:
        assert session.wire.rest() == b""
        session.process.wait(10)


@pytest.mark.parametrize("options,status", [(["--version"], 0), (["--help"], 0), (["--nonsense"], 64), (["x"], 64),
                                            (["--idle", "soon"], 64)])
def test_options(options, status):
    result = subprocess.run([str(linnet.program("imapd")), *options], stdin=subprocess.DEVNULL, capture_output=True,
                            timeout=10)
    assert result.returncode == status
    assert result.stdout or result.stderr


def test_not_root_and_not_preauth(folder):
    conf = folder / "linnet.conf"
    conf.write_text("")
    with linnet.spawn_on_socketpair([linnet.reachable_program("imapd"), "-c", conf], identity=linnet.as_mail_user(),
                                    statuses=(64,)) as session:
        assert session.wire.rest() == b""
        session.process.wait(10)
        assert "--preauth" in session.log()
