"""test_examples.py - the shipped examples for HAProxy, nginx, fail2ban and logrotate, with the real programs"""
import contextlib
import re
import shutil
import subprocess

import pytest

import linnet
from linnet import Server, TOP, can_connect, free_port, wait_for
from test_xinetd import imap_round

EXAMPLES = TOP / "doc/examples"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def needs(tool):
    if not shutil.which(tool, path=PATH):
        pytest.skip(f"no {tool}")


def proxied(text, server, port):
    """An example with its two mail hosts as this server's port, and its own port unprivileged."""
    text = text.replace("bind :993", f"bind 127.0.0.1:{port}").replace("listen 993;", f"listen 127.0.0.1:{port};")
    return text.replace("192.0.2.11:993", f"127.0.0.1:{server.ports['imaps']}")


@contextlib.contextmanager
def front(name, argv, text):
    """A server that believes PROXY headers from 127.0.0.1, and a proxy in front of it."""
    needs(argv[0])
    with Server(services=("imaps",), settings="haproxy_trusted_networks = 127.0.0.1/32") as server:
        port = free_port()
        conf = server.folder / f"{name}.conf"
        conf.write_text(text(server, port))
        process = server._popen(name, [shutil.which(argv[0], path=PATH), *argv[1:], conf], stdin=subprocess.DEVNULL,
                                env=linnet.environment())
        try:
            wait_for(lambda: can_connect(port) or server._has_died(name), f"{name} to listen")
            server.ports["imaps"] = port
            yield server
        finally:
            linnet.end(process)
            server.processes.pop(name, None)


def haproxy_text(server, port):
    text = proxied((EXAMPLES / "haproxy.cfg").read_text(), server, port)
    return re.sub(r"\n\tserver mail2.*", "", text)


def nginx_text(server, port):
    module = next(linnet.pathlib.Path("/usr/lib/nginx/modules").glob("ngx_stream_module.so"), None)
    load = f"load_module {module};\n" if module else ""
    return (f"{load}daemon off;\nmaster_process off;\npid {server.folder}/nginx.pid;\nerror_log {server.folder}/nginx.log;\n"
            "events { }\n" + proxied((EXAMPLES / "nginx.conf").read_text(), server, port))


@pytest.mark.parametrize("name, argv, text", [
    ("haproxy", ["haproxy", "-db", "-f"], haproxy_text),
    ("nginx", ["nginx", "-c"], nginx_text)], ids=["haproxy", "nginx"])
def test_a_proxy_tells_the_clients_address(name, argv, text):
    with front(name, argv, text) as server:
        imap_round(server, "imaps", source="127.0.0.9")
        assert "rip=127.0.0.9" in server.wait_log(r".*Login: user=<toto@mondomaine\.local>.*")[0]


def fail2ban_matches(log, folder):
    """How many lines the shipped jail's filter takes."""
    needs("fail2ban-regex")
    jail = (EXAMPLES / "fail2ban-jail.local").read_text()
    path = folder / "lines"
    path.write_text(log)
    done = subprocess.run(["fail2ban-regex", path, re.search(r"^filter\s*=\s*(.*)$", jail, re.M)[1]],
                          capture_output=True, text=True, timeout=60)
    return int(re.search(r"(\d+) matched", done.stdout)[1])


def test_fail2ban_reads_refusals_and_nothing_else(folder):
    with Server(services=("imap", "pop3")) as server:
        with server.imap() as wire:
            wire.command("q", "LOGOUT")
        server.wait_log(r"Login: user=<toto")
        assert fail2ban_matches(server.log(), folder) == 0
        with server.connect("imap") as wire:
            wire.line()
            wire.command("a", "LOGIN toto@mondomaine.local wrong")
            wire.command("q", "LOGOUT")
        with server.connect("pop3") as wire:
            wire.line()
            wire.pop("USER nobody@mondomaine.local")
            assert wire.pop("PASS wrong").startswith(b"-ERR [AUTH]")
            wire.pop("QUIT")
        server.wait_log(r"pop3.*auth failed, 1 attempts")
        matched = fail2ban_matches(server.log(), folder)
        assert 2 <= matched <= 4, server.log()


def test_logrotate(folder):
    needs("logrotate")
    log = folder / "linnet.log"
    log.write_text("one line\n")
    conf = folder / "logrotate.conf"
    conf.write_text((EXAMPLES / "logrotate").read_text().replace("/var/log/linnet.log", str(log)))
    conf.chmod(0o644)
    subprocess.run(["logrotate", "-f", "-s", folder / "state", conf], check=True, env={"PATH": PATH})
    assert (folder / "linnet.log.1").read_text() == "one line\n" and log.read_text() == ""
