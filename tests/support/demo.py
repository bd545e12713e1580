"""demo.py - what ./dev demo runs: sample mail on four loopback ports, in the foreground

demo.py [--mariadb] [--imap-port N] [--imaps-port N] [--pop3-port N] [--pop3s-port N]
"""
import argparse
import signal
import sys
import time

import linnet
import samples

PORTS = {"imap": 1143, "imaps": 1993, "pop3": 1110, "pop3s": 1995}

GREETING = """
linnet serves sample mail of two users on this machine only:

    {users}

    IMAP  127.0.0.1:{imap}   (STARTTLS)      POP3  127.0.0.1:{pop3}   (STLS)
    IMAPS 127.0.0.1:{imaps}   (TLS)           POP3S 127.0.0.1:{pop3s}   (TLS)

Read a message:
    curl -k --user toto@mondomaine.local:motDePasseDeToto 'imaps://127.0.0.1:{imaps}/INBOX;UID=1'
List the folders:
    curl -k --user toto@mondomaine.local:motDePasseDeToto 'imaps://127.0.0.1:{imaps}/'
Talk to it:
    openssl s_client -quiet -crlf -connect 127.0.0.1:{imaps}
    a login toto@mondomaine.local motDePasseDeToto

In a mail program: server 127.0.0.1, port {imaps}, SSL/TLS, user name and password as above;
the certificate is self-signed and new each time: accept it.

Mail and log stand in {folder} and go away with the demo; mail belongs to uid {uid}.
Ctrl-C ends it.
"""


def arguments(words):
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--mariadb", action="store_true", help="users in a throw-away MariaDB instead of a file")
    for service, port in PORTS.items():
        parser.add_argument(f"--{service}-port", type=int, default=port, metavar="N")
    return parser.parse_args(words)


def serve(server):
    """Fill the mailboxes, say what to type, and wait for Ctrl-C."""
    for user in server.users:
        count = samples.write_maildir(server.maildir(user), linnet.UID, linnet.GID)
        print(f"{user}: {count} messages")
    print(GREETING.format(users="\n    ".join(f"{u}  {p}" for u, p in server.users.items()),
                          folder=server.folder, uid=linnet.UID, **server.ports), flush=True)
    while True:
        time.sleep(1)
        for name, process in server.processes.items():
            if process.poll() is not None:
                raise SystemExit(f"{name} ended with status {process.returncode}\n{server.logs()}")


def run(ports, **how):
    with linnet.Server(ports=ports, **how) as server:
        serve(server)


def run_with_mariadb(ports):
    import mariadb
    with mariadb.MariaDB() as database:
        database.create_tutorial()
        for user, password in linnet.USERS.items():
            database.add_user(user, password)
        run(ports, passdb=database.passdb_block())


def main():
    options = arguments(sys.argv[1:])
    ports = {service: getattr(options, f"{service}_port") for service in PORTS}
    if not linnet.IS_ROOT:
        sys.exit("dev demo: needs root (sudo ./dev demo): a session gives up root's rights at login")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the starter ignored it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        (run_with_mariadb if options.mariadb else run)(ports)
    except KeyboardInterrupt:
        print("\nended, everything removed")
    except OSError as error:
        sys.exit(f"dev demo: {error} (other ports: --imap-port N ...)")


if __name__ == "__main__":
    main()
