"""burst.py - many connections at the same moment: is everybody served?

All connect, read the greeting, log in, and leave, each as fast as it gets answers.  "one address":
all from 127.0.0.1, as a webmail or a proxy on this machine does it; "many": each from an address of
its own below 127.0.0.0/8, as clients do.
"""
import collections
import errno
import selectors
import socket
import time

import servers

LOGIN = f"a LOGIN {servers.USER} {servers.PASSWORD}\r\n".encode()
LEAVE = b"z LOGOUT\r\n"
GIVE_UP = 120.0
STEPS = ((b"* OK", LOGIN), (b"a OK", LEAVE), (b"z OK", None))  # a line that begins so, what follows it


class One:
    """A client that never waits: step() is called when something can be read."""

    def __init__(self, port, source):
        self.sock = socket.socket()
        self.sock.setblocking(False)
        if source:
            self.sock.bind((source, 0))
        self.start, self.got, self.step_number, self.end = time.monotonic(), b"", 0, None
        error = self.sock.connect_ex(("127.0.0.1", port))
        if error not in (0, errno.EINPROGRESS):
            self.end = errno.errorcode[error]

    def step(self):
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.end = errno.errorcode[error.errno]
            return
        self.got += data
        wanted, answer = STEPS[min(self.step_number, 2)]
        if any(line.startswith(wanted) for line in self.got.split(b"\r\n")):
            self.step_number, self.got = self.step_number + 1, b""
            if answer:
                self.sock.sendall(answer)
        if not data:
            self.end = "served" if self.step_number == 3 else \
                f"refused: {self.got[:60]!r}" if self.got else f"closed at step {self.step_number}"


def burst(server, count, sources):
    """Counter of how the clients ended, and seconds until the last had."""
    clients = {}
    start = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for n in range(count):
            one = One(server.ports["imap"], sources and f"127.{1 + n // 62500}.{1 + n // 250 % 250}.{1 + n % 250}")
            clients[one.sock] = one
            selector.register(one.sock, selectors.EVENT_READ)
        waiting = count
        while waiting and time.monotonic() - start < GIVE_UP:
            for key, _ in selector.select(1):
                one = clients[key.fileobj]
                one.step()
                if one.end:
                    selector.unregister(one.sock)
                    one.sock.close()
                    waiting -= 1
    return collections.Counter(one.end or "no end" for one in clients.values()), time.monotonic() - start


def run(counts, only):
    for kind in servers.all_there():
        if only and kind.name not in only:
            continue
        with kind() as server:
            for count in counts:
                for sources in (False, True):
                    ends, seconds = burst(server, count, sources)
                    story = ", ".join(f"{number} {end}" for end, number in ends.most_common())
                    print(f"{server.name:<14}{count:>6} at once, {'many addresses' if sources else 'one address':<16}"
                          f"{seconds:6.1f} s: {story}", flush=True)
