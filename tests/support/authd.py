"""authd.py - an authd of its own for a test, and clients that speak its protocol

    with Authd(users={"toto@d.test": "secret"}) as authd:
        client = authd.login()
        assert client.plain("toto@d.test", "secret").startswith(b"OK\\t1\\tuser=toto@d.test\\tuid=5000")
"""
import base64
import os
import re
import select
import signal
import socket
import subprocess
import time

import linnet
from linnet import is_sanitized  # noqa: F401 - for the tests of authd

STANDARD = {"auth_failure_delay": "0", "default_login_user": "nobody", "auth_mechanisms": "plain login"}


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data)


class Client:
    """One connection.  Lines go out and come in without their LF; ids count from 1."""

    def __init__(self, path, greet=True, timeout=15):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self._connect(str(path))
        self.file = self.sock.makefile("rb")
        self.id = 0
        self.greeting = []
        if greet:
            self.send(b"VERSION\t1\t2", b"CPID\t%d" % os.getpid())
            while not self.greeting or self.greeting[-1] != b"DONE":
                self.greeting.append(self.line())
                if not self.greeting[-1]:
                    raise ConnectionResetError("authd has closed the connection before DONE")

    def _connect(self, path):
        """A full backlog is EAGAIN on a UNIX socket: authd is busy, not gone."""
        for _ in range(500):
            try:
                self.sock.connect(path)
                return
            except BlockingIOError:
                time.sleep(0.02)
        self.sock.connect(path)

    def send(self, *lines):
        self.sock.sendall(b"".join(line + b"\n" for line in lines))

    def raw(self, data):
        self.sock.sendall(data)

    def line(self):
        """The next line; b"" once the connection is closed."""
        try:
            return self.file.readline().rstrip(b"\n")
        except ConnectionResetError:
            return b""

    def is_closed(self):
        """The server closes without another line."""
        return self.line() == b""

    def start(self, mechanism="PLAIN", response=None, service="imap", rip="192.0.2.1", more=()):
        """Send AUTH; the id."""
        self.id += 1
        fields = [b"AUTH", b"%d" % self.id, mechanism.encode(), b"service=" + service.encode()]
        if rip:
            fields.append(b"rip=" + rip.encode())
        fields += [m.encode() if isinstance(m, str) else m for m in more]
        if response is not None:
            fields.append(b"resp=" + response)
        self.send(b"\t".join(fields))
        return self.id

    def auth(self, *args, **how):
        self.start(*args, **how)
        return self.line()

    def start_plain(self, user, password, authzid="", **how):
        parts = [p.encode() if isinstance(p, str) else p for p in (authzid, user, password)]
        return self.start("PLAIN", b64(b"\0".join(parts)), **how)

    def plain(self, user, password, **how):
        self.start_plain(user, password, **how)
        return self.line()

    def cont(self, response):
        self.send(b"CONT\t%d\t%s" % (self.id, response))
        return self.line()

    def has_answer(self):
        """A line has come and waits to be read (only where all before it were read)."""
        return bool(select.select([self.sock], [], [], 0)[0])

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def verdict(line):
    """OK, wrong, temp, authz, bad, or the reason."""
    fields = line.split(b"\t")
    if fields[0] != b"FAIL":
        return fields[0].decode()
    if b"temp" in fields:
        return "temp"
    if b"authz" in fields:
        return "authz"
    if b"code=bad" in fields:
        return "bad"
    reasons = [f[7:].decode() for f in fields if f.startswith(b"reason=")]
    return reasons[0] if reasons else "wrong"


class Authd:
    """users: a passwd-file is made of them; or passdb: text of passdb blocks.
    listen: names of sockets that are made here and handed over in this order as LISTEN_FDS, as systemd
    does; fd_names: LISTEN_FDNAMES for them."""

    def __init__(self, users=None, passdb=None, userdb=None, settings=None, listen=(), fd_names=None, env=None):
        self.users, self.passdb, self.userdb = dict(users or {}), passdb, userdb
        self.settings = {**STANDARD, **(settings or {})}
        self.listen, self.fd_names, self.env = listen, fd_names, dict(env or {})
        self.listeners = []
        self.process = None

    def __enter__(self):
        self._context = linnet.temporary_folder("linnet-authd-")
        self.folder = self._context.__enter__()
        self.run = self.folder / "run"
        self.run.mkdir(mode=0o755)
        self.conf, self.log_path, self.users_path = (self.folder / n for n in ("linnet.conf", "log", "users"))
        self.write_users()
        self.write_conf()
        for name in self.listen:
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(str(self.run / name))
            sock.listen(64)
            self.listeners.append(sock)
        try:
            self.begin()
        except BaseException:
            self.__exit__(None)
            raise
        return self

    def __exit__(self, kind, *_):
        status = linnet.end(self.process) if self.process else 0
        log = self.log()
        for sock in self.listeners:
            sock.close()
        self._context.__exit__(None, None, None)
        if kind is None:
            linnet.check_output(log.encode(), "authd")
            linnet.check_status(status, "authd", (0, -signal.SIGKILL))

    def write_users(self, lines=None):
        if lines is None:
            lines = [f"{user}:{linnet.sha512_crypt(word)}" for user, word in self.users.items()]
        draft = self.folder / "users.new"
        draft.write_text("".join(line + "\n" for line in lines))
        draft.chmod(0o600)
        draft.rename(self.users_path)

    def write_conf(self, text=None):
        passdb = self.passdb or f"passdb {{\n driver = passwd-file\n args = scheme=SHA512-CRYPT {self.users_path}\n}}\n"
        userdb = self.userdb or (f"userdb {{\n driver = static\n"
                                 f" args = uid={linnet.UID} gid={linnet.GID} home={self.folder}/mail/%d/%n\n}}\n")
        lines = [f"{name} = {value}\n" for name, value in self.settings.items()]
        self.conf.write_text(text or f"base_dir = {self.run}\n{''.join(lines)}{passdb}{userdb}")

    def spawn(self):
        fds = [sock.fileno() for sock in self.listeners]
        with open(self.log_path, "ab") as log:
            return subprocess.Popen([*self._listen_prefix(fds), str(linnet.reachable_program("authd")),
                                     "-c", str(self.conf)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=log, cwd="/", env=linnet.environment(**self.env), pass_fds=fds)

    def _listen_prefix(self, fds):
        """A shell that moves the sockets to 3, 4, ... and sets LISTEN_PID to the pid that authd will have."""
        if not fds:
            return []
        high = [f"{100 + n}<&{fd}" for n, fd in enumerate(fds)]
        low = [f"{3 + n}<&{100 + n} {100 + n}<&-" for n in range(len(fds))]
        names = f"export LISTEN_FDNAMES={self.fd_names}; " if self.fd_names else ""
        return ["/bin/bash", "-c", f'exec {" ".join(high)}; exec {" ".join(low)}; {names}'
                f'export LISTEN_PID=$$ LISTEN_FDS={len(fds)}; exec "$0" "$@"']

    def begin(self):
        self.process = self.spawn()
        linnet.wait_for(self.is_up, "authd to answer")

    def is_up(self):
        if self.process.poll() is not None:
            raise linnet.Failure(f"authd ended with {self.process.returncode}\n{self.log()}")
        try:
            self.login().close()
            return True
        except OSError:
            return False

    def login(self, **how):
        return Client(self.run / "login", **how)

    def client(self, **how):
        return Client(self.run / "auth-client", **how)

    def tried(self, user, password, is_client=False, **how):
        """The verdict of one login over a connection of its own; "" when authd takes none."""
        try:
            with self.client() if is_client else self.login() as c:
                return verdict(c.plain(user, password, **how))
        except OSError:
            return ""

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_log(self, text, count=1):
        linnet.wait_for(lambda: self.log().count(text) >= count, f"{text!r} in the log:\n{self.log()}")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    # its processes

    def server_pid(self):
        return next(pid for pid in linnet.children(self.process.pid) if self._is_server(pid))

    def worker_pids(self):
        return [pid for pid in linnet.children(self.process.pid) if not self._is_server(pid)]

    @staticmethod
    def _is_server(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                return b"--server" in f.read()
        except OSError:
            return False

    def memory_kib(self):
        """What the server process has resident of its own."""
        return int(re.match(r"\d+", linnet.process_status(self.server_pid())["RssAnon"])[0])
