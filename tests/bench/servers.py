"""servers.py - what is measured: linnet in its two ways of starting, and the installed Dovecot 2.3

Each is a context manager with .name, .connect(service) and .meter, which counts all its processes.
All have the same users in a passwd-file (SHA512-CRYPT), the same kind of certificate, their own
Maildir with the same messages, and write a log file.
"""
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time

import linnet
from meter import Meter

USER, PASSWORD = "toto@mondomaine.local", linnet.USERS["toto@mondomaine.local"]
SERVICES = ("imap", "imaps", "pop3", "pop3s")
SETTINGS = "mail_max_userip_connections = 0\n"  # all clients here are one user
XINETD = "/usr/sbin/xinetd"
DOVECOT = "/usr/sbin/dovecot"


def tls13():
    context = linnet.anything_goes()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class Measured:
    """Common to all: connections to .ports, and a meter on the processes of .tops()."""

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        with self._stack:
            self._start()
            self.meter = self._stack.enter_context(Meter())
            linnet.wait_for(self._all_are_counted, "all processes to be in the control group", pause=0.1)
            self._stack = self._stack.pop_all()
        return self

    def _all_are_counted(self):
        """A process that was being forked while its parent was moved is caught in the next round."""
        for top in self.tops():
            self.meter.add(top, *linnet.descendants(top))
        time.sleep(0.2)
        return all({top, *linnet.descendants(top)} <= set(self.meter.pids()) for top in self.tops())

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def connect(self, service):
        sock = socket.create_connection(("127.0.0.1", self.ports[service]), linnet.TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


class Linnet(Measured):
    """A listener for each port that forks: systemd's Accept=no, xinetd's wait = yes."""
    name = "listener"

    def _start(self):
        self.server = self._stack.enter_context(linnet.Server(settings=SETTINGS, use_listen_fds=True))
        self.ports = self.server.ports

    def fill(self, messages):
        for message in messages:
            linnet.deliver(self.server.maildir(USER), message, "")

    def tops(self):
        return [process.pid for process in self.server.processes.values()]


class LinnetExec(Linnet):
    """A program started for each connection: systemd's Accept=yes, xinetd's wait = no.  systemd's own
    milliseconds for an instance are not ours, so the starter is xinetd."""
    name = "exec"

    def _start(self):
        self.server = self._stack.enter_context(linnet.Server(services=(), settings=SETTINGS))
        self.ports = {service: linnet.free_port() for service in SERVICES}
        conf = self.server.folder / "xinetd.conf"
        conf.write_text("defaults\n{\n}\n" + "".join(self._entry(service) for service in SERVICES))
        self.xinetd = self.server._popen("xinetd", [XINETD, "-dontfork", "-f", conf, "-pidfile",
                                                    self.server.folder / "xinetd.pid"],
                                         stdin=subprocess.DEVNULL, env=linnet.environment())
        linnet.wait_for(lambda: linnet.can_connect(self.ports["imap"]), "xinetd to listen")

    def _entry(self, service):
        name, options = linnet.SERVICES[service]
        rows = {"type": "UNLISTED", "socket_type": "stream", "protocol": "tcp", "wait": "no", "user": "root",
                "flags": "NODELAY KEEPALIVE", "bind": "127.0.0.1", "port": self.ports[service],
                "server": linnet.program(name), "server_args": " ".join(["-c", str(self.server.conf), *options]),
                "instances": "UNLIMITED", "per_source": "UNLIMITED", "cps": "100000 1", "log_on_success": ""}
        return f"service {service}\n{{\n" + "".join(f"\t{key} = {value}\n" for key, value in rows.items()) + "}\n"


DOVECOT_CONF = """base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/log
protocols = imap pop3
listen = 127.0.0.1
disable_plaintext_auth = yes
mail_location = maildir:{base}/mail/%d/%n
first_valid_uid = 1
mail_max_userip_connections = 0
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
passdb {{
  driver = passwd-file
  args = {base}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%d/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
  {login}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
  {login}
}}
"""


class Dovecot(Measured):
    """As the tutorial configures it: a login process for each connection."""
    name, login = "Dovecot", ""

    def _start(self):
        base = self.base = self._stack.enter_context(linnet.temporary_folder("linnet-bench-dovecot-"))
        self.ports = {service: linnet.free_port() for service in SERVICES}
        self.maildir = linnet.make_maildir(base / "mail" / "mondomaine.local" / "toto")
        linnet.own(base / "mail")
        cert, key = linnet.make_certificate(base)
        users = base / "users"
        users.write_text(f"{USER}:{{SHA512-CRYPT}}{linnet.sha512_crypt(PASSWORD)}::::::\n")
        os.chmod(users, 0o644)
        conf = base / "dovecot.conf"
        conf.write_text(DOVECOT_CONF.format(base=base, cert=cert, key=key, uid=linnet.UID, gid=linnet.GID,
                                            login=self.login, **self.ports))
        with open(base / "stderr", "wb") as errors:
            self.process = subprocess.Popen([DOVECOT, "-F", "-c", str(conf)], stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors)
        self._stack.callback(linnet.end, self.process)
        linnet.wait_for(lambda: linnet.can_connect(self.ports["imap"]), "Dovecot to listen")

    def fill(self, messages):
        for message in messages:
            linnet.deliver(self.maildir, message, "")

    def tops(self):
        return [self.process.pid]


class DovecotFast(Dovecot):
    """Its fast login: login processes that serve many connections."""
    name, login = "Dovecot fast", "service_count = 0\n  process_min_avail = 1"


def all_there():
    """Those of them that this machine can run."""
    there = [Linnet]
    if shutil.which(XINETD):
        there.append(LinnetExec)
    if shutil.which(DOVECOT):
        there += [Dovecot, DovecotFast]
    return there
