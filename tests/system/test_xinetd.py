"""test_xinetd.py - the shipped xinetd files, with the real xinetd on loopback ports"""
import contextlib
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
from linnet import Failure, Server, TOP, can_connect, free_port, program, wait_for

pytestmark = pytest.mark.skipif(not shutil.which("xinetd", path="/usr/sbin:/sbin:/usr/bin"), reason="no xinetd")

LIBEXEC = "/usr/libexec/linnet/"


def rewritten(name, server, ports):
    """The shipped file with this build's programs, the test's configuration, and unprivileged ports."""
    def block(found):
        service, body = found[1], found[2]
        body = re.sub(rf"(server\s*=\s*){LIBEXEC}(\w+)", lambda m: m[1] + str(program(m[2])), body)
        arguments = re.search(r"server_args\s*=\s*(.*)", body)
        body = re.sub(r"\n\tserver_args.*", "", body)
        body += f"\tserver_args     = -c {server.conf} {arguments[1] if arguments else ''}\n"
        body += f"\ttype            = UNLISTED\n\tbind            = 127.0.0.1\n\tport            = {ports[service]}\n"
        return f"service {service}\n{{{body}}}"
    text = (TOP / "doc/examples" / name).read_text()
    return re.sub(r"service (\w+)\n\{(.*?)\}", block, text, flags=re.S)


@contextlib.contextmanager
def xinetd(name, settings=""):
    """authd, and xinetd with the shipped file `name`; yields (server, ports)."""
    with Server(services=(), settings=settings) as server:
        ports = {service: free_port() for service in linnet.SERVICES}
        conf = server.folder / "xinetd.conf"
        text = rewritten(name, server, ports)
        conf.write_text("defaults\n{\n}\n" + text)
        served = [ports[service] for service in re.findall(r"^service (\w+)", text, re.M)]
        server.ports.update(ports)
        process = server._popen("xinetd", ["/usr/sbin/xinetd", "-dontfork", "-f", conf, "-pidfile",
                                           server.folder / "xinetd.pid", "-filelog", server.folder / "xinetd.log"],
                                stdin=subprocess.DEVNULL, env=linnet.environment())
        try:
            wait_for(lambda: all(map(can_connect, served)) or server._has_died("xinetd"), "xinetd to listen")
            yield server
        finally:
            linnet.end(process)
            server.processes.pop("xinetd", None)
            end_children_of_wait_services(server)


def end_children_of_wait_services(server):
    """xinetd leaves a `wait` server running; ours are known by their configuration file."""
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(server.conf).encode() in entry.read_bytes():
                os.kill(int(entry.parent.name), signal.SIGTERM)


def imap_round(server, service, source=None):
    with server.connect(service, source=source) as wire:
        wire.transcript(r"""
            S: * OK [CAPABILITY IMAP4rev1 …] linnet ready.
            C: a login toto@mondomaine.local motDePasseDeToto
            S: a OK [CAPABILITY …] Logged in
            C: b select INBOX
            S*:
            S: b OK [READ-WRITE] Select completed…
            C: c logout
            S: * BYE …
            S: c OK …
            E:
        """)


def pop3_round(server, service):
    with server.connect(service) as wire:
        wire.transcript(r"""
            S: +OK …
            C: USER toto@mondomaine.local
            S: +OK…
            C: PASS motDePasseDeToto
            S: +OK …
            C: STAT
            S: +OK 0 0
            C: QUIT
            S: +OK …
            E:
        """)


def test_nowait():
    with xinetd("xinetd-nowait") as server:
        for service in ("imap", "imaps"):
            imap_round(server, service)
        for service in ("pop3", "pop3s"):
            pop3_round(server, service)
        server.wait_log(r"Login: user=<toto@mondomaine\.local>.*rip=127\.0\.0\.1")


def test_wait():
    with xinetd("xinetd-wait") as server:
        for service in ("imap", "imaps", "imap", "imaps"):
            imap_round(server, service)


def test_nothing_but_protocol_reaches_the_client():
    """Descriptor 2 is the client's connection under xinetd: no log line may go there."""
    with xinetd("xinetd-nowait", settings="log_path =\nunknown_setting = 1") as server:
        with server.connect("imap") as wire:
            assert wire.line().startswith(b"* OK [CAPABILITY ")
            assert b"BAD" in wire.command("a", "NONSENSE")[-1]
            wire.send_line("b LOGOUT")
            assert wire.rest().startswith(b"* BYE")


@pytest.mark.slow
def test_L03_one_address_cannot_switch_the_service_off():
    with xinetd("xinetd-nowait") as server:
        crowd = []
        for _ in range(600):
            with contextlib.suppress(OSError):
                crowd.append(socket.create_connection(("127.0.0.1", server.ports["imap"]), 5, ("127.0.0.66", 0)))
        start = time.monotonic()
        imap_round(server, "imap", source="127.0.0.5")
        assert time.monotonic() - start < 10
        for sock in crowd:
            sock.close()
        imap_round(server, "imap", source="127.0.0.6")


def test_P22_client_gone_before_the_greeting():
    with xinetd("xinetd-nowait") as server:
        for _ in range(20):
            server.connect("imap").reset()
        imap_round(server, "imap")
        if re.search(r"signal|panic|assert", server.log(), re.I):
            raise Failure(server.log())
