"""run.py - what one operation costs the whole server: CPU of all its processes, in milliseconds

run.py [--rounds N] [NAME ...]

Each row of BENCHES is one operation over loopback.  CPU is user and system time of the listener
with all its ended children, and of authd with its workers, divided by the rounds; wall time is the
client's, and says little on a busy machine.
"""
import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import linnet  # noqa: E402


def greeting(server):
    with server.connect("imap") as wire:
        wire.line()
        wire.command("a", "LOGOUT")
        wire.rest()


def greeting_tls(server):
    with server.connect("imaps") as wire:
        wire.line()
        wire.command("a", "LOGOUT")
        wire.rest()


def login(server):
    with server.imap() as wire:
        wire.command("a", "LOGOUT")
        wire.rest()


def short_session(server):
    with server.imap() as wire:
        wire.ok("a", "SELECT INBOX")
        wire.ok("b", "FETCH 1:* (UID FLAGS)")
        wire.ok("c", "FETCH 1 BODY.PEEK[]")
        wire.command("d", "LOGOUT")
        wire.rest()


def pop3_session(server):
    with server.pop3() as wire:
        for command in ("STAT", "UIDL", "RETR 1"):
            if not wire.pop(command).startswith(b"+OK"):
                raise linnet.Failure(command)
            if command != "STAT":
                wire.until_dot()
        wire.pop("QUIT")
        wire.rest()


BENCHES = {  # name: operation, messages in the mailbox
    "greeting": (greeting, 0),
    "greeting-tls": (greeting_tls, 0),
    "login": (login, 0),
    "session-20": (short_session, 20),
    "pop3-20": (pop3_session, 20),
}


def cpu(server):
    pids = [p.pid for p in server.processes.values()]
    return sum(linnet.cpu_seconds(pid) for top in pids for pid in [top] + linnet.descendants(top))


def measure(name, rounds):
    operation, messages = BENCHES[name]
    with linnet.Server() as server:
        linnet.fill(server.maildir(), messages)
        operation(server)
        before, start = cpu(server), time.monotonic()
        for _ in range(rounds):
            operation(server)
        wall = time.monotonic() - start
        time.sleep(0.2)  # the last child is still ending
        spent = cpu(server) - before
    print(f"{name:<16}{1000 * spent / rounds:8.2f} ms CPU{1000 * wall / rounds:8.2f} ms wall   ({rounds} rounds)", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(BENCHES))
    options = parser.parse_args()
    for name in options.names or BENCHES:
        measure(name, options.rounds)


if __name__ == "__main__":
    main()
