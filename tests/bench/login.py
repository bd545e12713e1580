"""login.py - what one connection costs: CPU of the whole server, beside Dovecot on the same machine

The figures are CPU milliseconds for one operation, so they mean something on a busy machine too;
noise only ever adds to them, hence the smallest of several batches counts.  The goals hold for a
machine on which a SHA512-CRYPT hash costs some 2.5 ms; the hash of this machine is measured.
"""
import ctypes
import ctypes.util
import sys
import time

import linnet
import servers

BATCHES = 5
MESSAGE = (b"From: Anne <anne@example.org>\r\nTo: toto@mondomaine.local\r\nSubject: hello %d\r\n"
           b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <%d@example.org>\r\n\r\n"
           + 100 * (77 * b"x" + b"\r\n") + b"\r\n")
MESSAGES = 20


class Client:
    """As little work as possible: whole answers are waited for by their last line."""

    def __init__(self, sock):
        self.sock, self.got = sock, b""

    def until(self, end):
        """Everything up to a line that begins with `end`, and that line."""
        while True:
            at = self.got.find(b"\n" + end) + 1 if not self.got.startswith(end) else 0
            if at or self.got.startswith(end):
                line_end = self.got.find(b"\n", at)
                if line_end >= 0:
                    answer, self.got = self.got[:line_end + 1], self.got[line_end + 1:]
                    return answer
            data = self.sock.recv(65536)
            if not data:
                raise linnet.Failure(f"connection ended, {self.got!r} left, waiting for {end!r}")
            self.got += data

    def say(self, line, end):
        self.sock.sendall(line + b"\r\n")
        return self.until(end)

    def ok(self, tag, text):
        """One IMAP command."""
        answer = self.say(tag + b" " + text, tag + b" ")
        if (b"\n" + answer).rfind(b"\n" + tag + b" OK") < 0:
            raise linnet.Failure(f"{text!r} was answered {answer!r}")

    def pop(self, line, has_more=False):
        answer = self.say(line, b".\r\n" if has_more else b"+OK")
        if not answer.startswith(b"+OK"):
            raise linnet.Failure(f"{line!r} was answered {answer!r}")

    def end(self):
        while self.sock.recv(65536):
            pass
        self.sock.close()


def login_words():
    return f"LOGIN {servers.USER} {servers.PASSWORD}".encode()


def greet_and_leave(sock):
    client = Client(sock)
    client.until(b"* OK")
    client.say(b"z LOGOUT", b"z OK")
    client.end()


def connect(server):
    greet_and_leave(server.connect("imap"))


def login(server):
    client = Client(server.connect("imap"))
    client.until(b"* OK")
    client.ok(b"a", login_words())
    client.say(b"z LOGOUT", b"z OK")
    client.end()


def session(server):
    client = Client(server.connect("imap"))
    client.until(b"* OK")
    client.ok(b"a", login_words())
    client.ok(b"b", b"SELECT INBOX")
    client.ok(b"c", b"FETCH 1:* (UID FLAGS)")
    client.ok(b"d", b"FETCH 1 BODY.PEEK[]")
    client.say(b"z LOGOUT", b"z OK")
    client.end()


def pop3(server):
    client = Client(server.connect("pop3"))
    client.until(b"+OK")
    client.pop(f"USER {servers.USER}".encode())
    client.pop(f"PASS {servers.PASSWORD}".encode())
    client.pop(b"STAT")
    client.pop(b"UIDL", True)
    for number in range(1, MESSAGES + 1):
        client.pop(b"RETR %d" % number, True)
    client.pop(b"QUIT")
    client.end()


CONTEXT = servers.tls13()
tickets = {}  # server: the session to resume


def tls_connect(server):
    greet_and_leave(CONTEXT.wrap_socket(server.connect("imaps")))


def tls_resume(server):
    """The first call for a server makes the session; None when it hands out no tickets."""
    sock = CONTEXT.wrap_socket(server.connect("imaps"), session=tickets.get(server))
    if server in tickets and not sock.session_reused:
        sock.close()
        return False
    client = Client(sock)
    client.until(b"* OK")
    client.say(b"z LOGOUT", b"z OK")
    tickets[server] = sock.session  # TLS 1.3 sends it behind the handshake
    client.end()
    return True


def hash_ms():
    """CPU of one SHA512-CRYPT as the passwd-file has it."""
    libcrypt = ctypes.CDLL(ctypes.util.find_library("crypt"))
    libcrypt.crypt.restype = ctypes.c_char_p
    start = time.process_time()
    for _ in range(10):
        libcrypt.crypt(servers.PASSWORD.encode(), b"$6$linnetsalt$")
    return (time.process_time() - start) * 100


WORKS = {  # name: what it is, operation, goal in ms: listener, exec (None: none), counted behind the hash
    "connect":   ("connect, greeting, LOGOUT", connect, 0.35, 0.8, False),
    "login":     ("login, LOGOUT", login, 0.7, 0.7, True),
    "session":   ("login, SELECT 20, FETCH, body", session, 1.2, 1.2, True),
    "tls":       ("TLS 1.3 P-256 connect", tls_connect, 0.8, None, False),
    "resume":    ("the same, resumed", tls_resume, 0.6, None, False),
    "pop3":      ("POP3 STAT, UIDL, RETR of 20", pop3, 1.0, 1.0, True),
}
IDLE = {  # name: what it is, service, goal in kB
    "idle":      ("an idle session", "imap", 150),
    "idle-tls":  ("an idle TLS session", "imaps", 400),
}
SESSIONS = 40


def batch(server, operation, rounds):
    """CPU milliseconds of one operation, or None when the server cannot do it."""
    if operation(server) is False:
        return None
    before = server.meter.settled_seconds()
    for _ in range(rounds):
        if operation(server) is False:
            return None
    return 1000 * (server.meter.settled_seconds() - before) / rounds


def measure(all_servers, operation, rounds):
    """{server name: smallest batch}, and the smallest hash; they take turns, so that all see the same machine."""
    best, hashed = {}, hash_ms()
    for _ in range(BATCHES):
        hashed = min(hashed, hash_ms())
        for server in all_servers:
            if best.get(server.name, 0) is None:
                continue
            got = batch(server, operation, rounds)
            best[server.name] = got if got is None else min(got, best.get(server.name, got))
    return best, hashed


def idle_kilobytes(server, service):
    """What one more logged-in session adds to the memory of the server."""
    before, clients = server.meter.pss(), []
    for _ in range(SESSIONS):
        sock = server.connect(service)
        client = Client(CONTEXT.wrap_socket(sock) if service == "imaps" else sock)
        client.until(b"* OK")
        client.ok(b"a", login_words())
        client.ok(b"b", b"SELECT INBOX")
        clients.append(client)
    server.meter.settled_seconds()
    added = server.meter.pss() - before
    for client in clients:
        client.say(b"z LOGOUT", b"z OK")
        client.end()
    server.meter.settled_seconds()
    return added / SESSIONS / 1024


def cell(value, unit):
    return "-" if value is None else f"{value:.2f} {unit}" if unit == "ms" else f"{value:.0f} {unit}"


def verdict(value, goal):
    return "" if value is None or goal is None else "met" if value <= goal else f"missed by {100 * (value / goal - 1):.0f} %"


COLUMNS = "{:<42}{:>11}{:>11}{:>12}{:>14}{:>8}  {:<28}{}"


def print_row(name, got, unit, goals):
    """goals: {server name: goal}; the ratio is to the better Dovecot."""
    dovecots = [got[peer] for peer in ("Dovecot", "Dovecot fast") if got.get(peer) is not None]
    ours = got.get("listener")
    ratio = f"{ours / min(dovecots):.2f}" if ours and dovecots and min(dovecots) > 0 else ""
    goal = ", ".join(f"{way} {goals[way]:.2f}" if unit == "ms" else f"{goals[way]:.0f} {unit}"
                     for way in goals if goals[way] is not None)
    met = ", ".join(f"{way}: {verdict(got.get(way), goals[way])}" for way in goals
                    if got.get(way) is not None and goals[way] is not None)
    cells = [cell(got.get(column), unit) for column in ("listener", "exec", "Dovecot", "Dovecot fast")]
    print(COLUMNS.format(name, *cells, ratio, goal, met), flush=True)


def selected(names):
    return [name for name in [*WORKS, *IDLE] if not names or name in names]


def run(rounds, names, only):
    print(f"CPU of the whole server for one operation, {BATCHES} batches of {rounds}, the smallest")
    print(COLUMNS.format("work", "listener", "exec", "Dovecot", "Dovecot fast", "ratio", "linnet must reach", ""))
    open_servers = []
    try:
        for kind in servers.all_there():
            if not only or kind.name in only:
                server = kind().__enter__()
                open_servers.append(server)
                server.fill([MESSAGE % (n, n) for n in range(1, MESSAGES + 1)])
        for name in selected(names):
            if name in WORKS:
                label, operation, listener, execed, has_hash = WORKS[name]
                got, hashed = measure(open_servers, operation, rounds)
                extra = hashed if has_hash else 0
                label += f" (hash {hashed:.2f})" if has_hash else ""
                print_row(label, got, "ms", {"listener": listener + extra, "exec": execed and execed + extra})
            else:
                label, service, goal = IDLE[name]
                got = {server.name: idle_kilobytes(server, service) for server in open_servers}
                print_row(label, got, "kB", {"listener": goal, "exec": goal})
    finally:
        for server in reversed(open_servers):
            server.__exit__(*sys.exc_info())
