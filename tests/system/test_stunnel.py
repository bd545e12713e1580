"""test_stunnel.py - the shipped stunnel files: TLS in front of linnet, and stunnel starting imapd itself"""
import contextlib
import re
import shutil
import socket
import subprocess

import pytest

import linnet
from linnet import Server, TOP, can_connect, free_port, program, wait_for
from test_xinetd import imap_round, pop3_round

pytestmark = pytest.mark.skipif(not shutil.which("stunnel", path="/usr/bin:/usr/sbin"), reason="no stunnel")


def rewritten(name, server, ports, plain=None):
    """The shipped file with the test's ports, certificate and programs."""
    text = (TOP / "doc/examples" / name).read_text()
    for service in ports:
        text = re.sub(rf"(\[{service}\].*?accept\s*=\s*)\d+", rf"\g<1>127.0.0.1:{ports[service]}", text, count=1, flags=re.S)
    for service, port in (plain or {}).items():
        number = {"imap": 143, "pop3": 110}[service]
        text = text.replace(f"127.0.0.1:{number}\n", f"127.0.0.1:{port}\n")
    text = re.sub(r"(cert\s*=).*", rf"\1 {server.cert}", text)
    text = re.sub(r"(key\s*=).*", rf"\1 {server.key}", text)
    text = re.sub(r"/usr/libexec/linnet/(\w+)", lambda m: str(program(m[1])), text)
    text = re.sub(r"(execArgs = \w+)", rf"\1 -c {server.conf}", text)
    return f"foreground = yes\npid =\nsyslog = no\noutput = {server.folder}/stunnel.log\n{text}"


@contextlib.contextmanager
def stunnel(name, services, settings=""):
    with Server(services=services, settings=settings) as server:
        ports = {service: free_port() for service in ("imaps", "pop3s")}
        conf = server.folder / "stunnel.conf"
        conf.write_text(rewritten(name, server, ports, {s: server.ports[s] for s in services}))
        server.ports.update(ports)
        process = server._popen("stunnel", ["stunnel", conf], stdin=subprocess.DEVNULL, env=linnet.environment())
        try:
            wait_for(lambda: all(map(can_connect, ports.values())) or server._has_died("stunnel"), "stunnel to listen")
            yield server
        finally:
            linnet.end(process)
            server.processes.pop("stunnel", None)


def test_connecting():
    with stunnel("stunnel-connect.conf", ("imap", "pop3")) as server:
        imap_round(server, "imaps")
        pop3_round(server, "pop3s")


def test_exec():
    with stunnel("stunnel-exec.conf", ()) as server:
        imap_round(server, "imaps")
        pop3_round(server, "pop3s")
        server.wait_log(r"Login: user=<toto@mondomaine\.local>.*rip=127\.0\.0\.1")


def test_P24_REMOTE_HOST_is_believed_only_with_the_option(server):
    """A peer address in the environment changes nothing for a connected socket without --stunnel."""
    env = linnet.environment(REMOTE_HOST="192.0.2.99", TCPREMOTEIP="192.0.2.98", TZ=":/etc/shadow", HUGE="x" * 100000)
    with linnet.listening_socket() as sock:
        client = socket.create_connection(sock.getsockname())
        accepted, _ = sock.accept()
    with accepted, linnet.Wire(client) as wire:
        process = subprocess.Popen([str(program("imapd")), "-c", str(server.conf)], stdin=accepted, stdout=accepted,
                                   stderr=subprocess.DEVNULL, env=env, cwd="/")
        accepted.close()
        wire.line()
        wire.login()
        wire.command("q", "LOGOUT")
        linnet.check_status(process.wait(10), "imapd")
    assert "rip=127.0.0.1" in server.wait_log(r".*Login: user=<toto.*")[0]
    assert "192.0.2.9" not in server.log()
