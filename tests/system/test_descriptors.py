"""test_descriptors.py - started wrongly, or by somebody with ideas of his own (P23, P24, Omega 12)"""
import itertools
import os
import pty
import socket
import subprocess

import pytest

import linnet
from linnet import Server, Wire, program

PROGRAMS = ("imapd", "pop3d")
GREETING = {"imapd": b"* OK ", "pop3d": b"+OK "}


@pytest.fixture(scope="module")
def host():
    with Server(services=()) as running:
        yield running


def start(host, name, redirections, stdin=None, env=None, options=""):
    """The program below a shell that closes or replaces descriptors first."""
    return subprocess.Popen(["/bin/sh", "-c", f'exec "$0" -c "$1" {options} {redirections}', program(name), host.conf],
                            stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                            env=env or linnet.environment())


def ended(process, seconds=20):
    """It ended by itself, without a signal."""
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        linnet.end(process)
        raise linnet.Failure("still running") from None
    assert 0 <= status < 128 and status != 99, status
    return status


def connected_pair():
    with linnet.listening_socket() as listener:
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]


CLOSED = [combination for count in range(4) for combination in itertools.combinations("012", count)]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("closed", CLOSED, ids="".join)
def test_P23_closed_descriptors(host, name, closed):
    """Without a connection on 0 it ends; with one it serves, whatever else is closed."""
    ours, theirs = connected_pair()
    with theirs:
        process = start(host, name, " ".join(f"{n}>&-" if n != "0" else "0<&-" for n in closed), stdin=theirs)
    with Wire(ours) as wire:
        if "0" in closed:
            wire.rest()
            assert ended(process) != 0
            return
        assert wire.line().startswith(GREETING[name])
        check_standard_descriptors(process.pid)
    ended(process)


def check_standard_descriptors(pid):
    """0, 1 and 2 are open, and none is a mail file (Omega 12)."""
    for number in "012":
        target = os.readlink(f"/proc/{pid}/fd/{number}")
        assert target.startswith(("/dev/null", "socket:", "pipe:", "/dev/pts")), target


@pytest.mark.parametrize("name", PROGRAMS)
def test_P23_a_file_is_no_connection(host, name):
    with open(host.conf, "rb") as file:
        assert ended(start(host, name, "", stdin=file)) != 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_P23_a_terminal_is_no_connection(host, name):
    ours, theirs = pty.openpty()
    try:
        assert ended(start(host, name, "", stdin=theirs)) != 0
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("name", PROGRAMS)
def test_P23_a_datagram_socket_is_no_connection(host, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert ended(start(host, name, "", stdin=sock)) != 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_P23_another_socket_on_1_gets_nothing(host, name):
    """Everything goes to the connection on 0: nothing to a different socket on 1 or 2."""
    ours, theirs = connected_pair()
    other, others = connected_pair()
    with theirs, others:
        process = subprocess.Popen([str(program(name)), "-c", str(host.conf)], stdin=theirs, stdout=others,
                                   stderr=others, cwd="/", env=linnet.environment())
    with Wire(ours, 5) as wire, Wire(other, 5) as silent:
        first = wire.rest_or_line()
        assert first == b"" or first.startswith(GREETING[name])
        wire.close()
        assert silent.rest() == b""
    ended(process)


@pytest.mark.parametrize("name", PROGRAMS)
def test_P24_environment_is_cleared(host, name):
    """Neither a wrapper's words nor the loader's nor a huge value reach the serving process."""
    env = linnet.environment(TCPREMOTEIP="1.2.3.4", REMOTE_HOST="trusted", LD_PRELOAD="", MALLOC_ARENA_MAX="1",
                             TZ=":/etc/shadow", HUGE="x" * 120000, LISTEN_FDS="77", LISTEN_PID="1")
    ours, theirs = connected_pair()
    with theirs:
        process = start(host, name, "", stdin=theirs, env=env)
    with Wire(ours) as wire:
        assert wire.line().startswith(GREETING[name])
        for pid in [process.pid] + linnet.descendants(process.pid):
            data = open(f"/proc/{pid}/environ", "rb").read().strip(b"\0")
            maps = open(f"/proc/{pid}/maps").read()
            assert b"secret" not in data and "/etc/shadow" not in maps
    ended(process)
    assert "1.2.3.4" not in host.log() and "trusted" not in host.log()


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_descriptor_leaks_to_a_helper(host, name):
    """A descriptor that the starter left open is closed in every process of the connection."""
    ours, theirs = connected_pair()
    with theirs, open(host.users_path, "rb") as left_open:
        process = subprocess.Popen([str(program(name)), "-c", str(host.conf)], stdin=theirs, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, cwd="/", env=linnet.environment(),
                                   pass_fds=[left_open.fileno()])
    with Wire(ours) as wire:
        wire.line()
        for pid in [process.pid] + linnet.descendants(process.pid):
            targets = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
            assert str(host.users_path) not in targets
    ended(process)


@pytest.mark.parametrize("name, options, what", [
    ("imapd", ["-c", "/nonexistent/linnet.conf"], b"/nonexistent/linnet.conf"),
    ("pop3d", ["-c", "/nonexistent/linnet.conf"], b"/nonexistent/linnet.conf"),
    ("imapd", ["--no-such-option"], b"--no-such-option"),
    ("authd", ["-c", "/nonexistent/linnet.conf"], b"/nonexistent/linnet.conf")])
def test_a_wrong_start_is_told_on_standard_error(name, options, what):
    done = subprocess.run([str(program(name)), *options], stdin=subprocess.DEVNULL, capture_output=True, cwd="/",
                          env=linnet.environment(), timeout=20)
    assert done.returncode > 0 and what in done.stderr


@pytest.mark.parametrize("name", ("imapd", "pop3d", "authd", "linnetctl"))
def test_help_and_version(name):
    for option in ("--help", "--version"):
        if name == "linnetctl" and option == "--version":
            continue
        done = subprocess.run([str(program(name)), option], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=20, env=linnet.environment())
        assert done.returncode == 0 and name in done.stdout + done.stderr or "linnet" in done.stdout
