"""test_hostile_sessions.py - sessions beside each other and in the way of trouble (P10, G19, N08, N20, S07, O, L)"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import zlib

import pytest

import linnet


def private(pid):
    """Private dirty memory in KiB."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"Private_Dirty:\s+(\d+)", text)[1])


def own_seconds(pid):
    """Processor time of a process; 0 when it has ended."""
    try:
        return linnet.cpu_seconds(pid)
    except OSError:
        return 0


@pytest.mark.parametrize("service", ["imap", "pop3"])
def test_P10_two_hundred_half_lines(service):
    """CVE-2026-27857: brackets without an end, held open, from many; 256 KiB each at most, and no processor time."""
    with linnet.Server("login_timeout = 3\n", services=(service,)) as server:
        server.connect(service).line()
        listener = server.processes[service].pid
        idle = len(linnet.children(listener))
        wires = [server.connect(service) for _ in range(200)]
        begin = time.monotonic()
        for wire in wires:
            wire.line()
            wire.send((b"a NOOP " if service == "imap" else b"USER ") + b"(" * 4000)
        before = {pid: own_seconds(pid) for pid in linnet.descendants(listener)}
        if not linnet.is_sanitized():
            sizes = []
            for pid in linnet.descendants(listener):
                try:
                    sizes.append(private(pid))
                except (OSError, TypeError):  # it has ended meanwhile
                    continue
            assert sum(sizes) < 200 * 256, sum(sizes)
        # those that still wait (the others have ended, and took most of their time to begin with)
        assert sum(own_seconds(pid) - seconds for pid, seconds in before.items() if own_seconds(pid)) < 0.5
        for wire in wires:
            assert re.match(rb"\* BYE|-ERR|", wire.rest())
        assert time.monotonic() - begin < 30
        linnet.wait_for(lambda: len(linnet.children(listener)) <= idle, "all to be gone", seconds=10)


def test_G19_mailbox_is_left_in_the_middle_of_a_FETCH(maildir, start):
    """What is glued behind a long FETCH waits for its end; nothing of one mailbox is shown of the other."""
    linnet.make_maildir(maildir, "Other")
    linnet.deliver(maildir, linnet.SIMPLE % (7, 7, 7), folder="Other", flags="S")
    for _ in range(40):
        linnet.deliver(maildir, b"Subject: inbox\r\n\r\n" + b"inbox line\r\n" * 10000, flags="S")
    for leave in (b"UNSELECT", b"CLOSE", b"EXAMINE Other", b"SELECT missing"):
        with start() as session:
            session.wire.send(b"s SELECT INBOX\r\na FETCH 1:* BODY.PEEK[]\r\nb " + leave + b"\r\nc SELECT Other\r\nd FETCH 1:* BODY.PEEK[]\r\n"
                              b"e LOGOUT\r\n")
            session.wire.until_tag("s")
            bodies = session.wire.until_tag("a")
            assert len(bodies) == 41 and all(b"inbox line" in body and b"hello" not in body for body in bodies[:-1])
            session.wire.until_tag("b")
            assert session.wire.until_tag("c")[-1].startswith(b"c OK")
            bodies = session.wire.until_tag("d")
            assert len(bodies) == 2 and b"hello 7" in bodies[0] and b"inbox" not in bodies[0]
            session.wire.until_tag("e")
            session.wire.at_end()


def test_G19_LOGOUT_while_a_literal_is_pending(maildir, start):
    before = linnet.snapshot(maildir)
    with start() as session:
        session.wire.send(b"a APPEND INBOX {10}\r\nb LOGOUT")  # the ten octets of the literal are "b LOGOUT" and two more
        assert session.wire.line().startswith(b"+")
        session.wire.half_close()
        assert b"b OK" not in session.wire.rest()
    assert {name for name in linnet.snapshot(maildir) if "/" in name} == {name for name in before if "/" in name}


def test_N08_names_that_look_alike_stay_apart(start):
    """NFC and NFD, \u00df and SS, dotted and dotless I: no two are one mailbox."""
    names = ["&AOk-", "e&AwE-", "&AN8-", "SS", "ss", "&ATA-", "I", "i", "&ATE-", "&ISs-", "&AMU-"]
    with start() as session:
        for name in names:
            session.wire.ok("c", f"CREATE {name}")
        session.wire.ok("a", "APPEND &AOk- {3+}\r\nabc")
        for name in names:
            answer = session.wire.ok("s", f"STATUS {name} (MESSAGES)")
            assert answer[0].endswith(b"(MESSAGES %d)" % (name == "&AOk-"))
        listed = {line.rpartition(b" ")[2].decode() for line in session.wire.ok("l", 'LIST "" *')[:-1]}
        assert listed == set(names) | {"INBOX"}


@pytest.mark.parametrize("pattern", ["*%" * 64, "%" * 1000, "*" * 1000, "*a" * 64 + "b", "%*%*%*" * 100 + "z", "*.%" * 100, "%.*" * 32])
def test_N20_patterns_in_each_command(maildir, start, pattern):
    linnet.make_maildir(maildir, *["a" * 60 + f".{'a' * 60}.{n}" for n in range(300)])
    with start() as session:
        session.wire.ok("w", 'LIST "" *')
        before = linnet.cpu_seconds(session.pid)
        for command in (f'LIST "" "{pattern}"', f'LIST "{"a" * 60}" "{pattern}"', f'LSUB "" "{pattern}"',
                        f'LIST (SUBSCRIBED RECURSIVEMATCH) "" ("{pattern}" "{pattern}x") RETURN (CHILDREN)',
                        f'LIST "" ({" ".join([pattern] * 20)})'):
            session.wire.ok("a", command)
        if not linnet.is_sanitized():
            assert linnet.cpu_seconds(session.pid) - before < 1.0


def bodies(maildir):
    return sorted(p.read_bytes() for p in maildir.rglob("*") if p.parent.name in ("cur", "new"))


def test_S07_copy_and_move_while_others_expunge(maildir, start):
    """COPYUID says what is there, and no message is lost that nobody expunged."""
    linnet.make_maildir(maildir, "B")
    linnet.fill(maildir, 200, flags="")
    with start() as mover, start() as copier, start() as remover:
        for session in (mover, copier, remover):
            session.wire.ok("s", "SELECT INBOX")
        remover.wire.ok("d", "UID STORE 1:200:2 +FLAGS.SILENT (\\Deleted)".replace("1:200:2", ",".join(map(str, range(1, 201, 2)))))
        answers = {}

        def run(session, name, *commands):
            answers[name] = [session.wire.command("x", command) for command in commands]
        threads = [threading.Thread(target=run, args=args) for args in (
            (mover, "move", *[f"UID MOVE {n}:{n + 19} B" for n in range(1, 200, 20)]),
            (copier, "copy", *[f"UID COPY {n}:{n + 19} B" for n in range(1, 200, 20)]),
            (remover, "expunge", *["UID EXPUNGE 1:100", "UID EXPUNGE 101:200"]))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with start() as session:
        session.wire.ok("s", "SELECT B")
        there = {int(n) for n in session.wire.ok("q", "UID SEARCH ALL")[0].split()[2:]}
        told = set()
        for answer in sum(answers["move"] + answers["copy"], []):
            for group in re.findall(rb"COPYUID \d+ [\d,:]+ ([\d,:]+)\]", answer):
                for item in group.split(b","):
                    first, _, last = item.partition(b":")
                    told |= set(range(int(first), int(last or first) + 1))
        assert told == there
    kept = {int(re.search(rb"Subject: hello (\d+)", body)[1]) for body in bodies(maildir)}
    assert kept >= set(range(2, 201, 2))


# --- O: what there is not ---------------------------------------------------------------------------

@pytest.mark.parametrize("command", [
    "XFER INBOX host", "LOCALDELETE INBOX", "LOCALAPPEND INBOX", "SYNCAPPLY x", "SYNCGET x", "SYNCRESTART", "DUMP INBOX", "UNDUMP INBOX x",
    "X-STATE", "X-CANCEL", "XSTATS", "XCONVFETCH 1", "XWARMUP INBOX", "XSTATE-FLUSH", "DOVEADM stop", "RLIST \"\" *", "X-RESTORE-STATE x",
    "GENURLAUTH \"imap://u1@d/INBOX\" INTERNAL", "RESETKEY", "URLFETCH \"imap://u1@d/INBOX;URLAUTH=anonymous\"",
    "GETACL INBOX", "SETACL INBOX anyone lrs", "DELETEACL INBOX u1", "LISTRIGHTS INBOX u1", "MYRIGHTS INBOX", "MYRIGHTS user.u1",
    "PROXY host", "SCRIPT x", "EXEC sh", "UNAUTHENTICATE", "LOGIN u1 pw", "AUTHENTICATE PLAIN", "STARTTLS",
])
def test_O01_O04_O05_O06_no_such_command(maildir, start, command):
    """Not in the binary: the answer is the same for what exists and what does not."""
    before = linnet.snapshot(maildir)
    with start() as session:
        assert re.match(rb"a BAD Error in IMAP command [\w-]+: (Unknown command|\w)", session.wire.command("a", command)[-1])
        session.wire.ok("n", "NOOP")
        assert b"GENURLAUTH" not in session.wire.ok("c", "CAPABILITY")[0] and b"ACL" not in session.wire.ok("c", "CAPABILITY")[0]
    assert linnet.snapshot(maildir) == before


def test_O02_nothing_of_another_user(server):
    """Whether another user's mailbox exists is not told by any command."""
    server.maildir("titi@mondomaine.local", "Secret")
    with server.imap() as wire:
        for command in ("STATUS {} (MESSAGES)", "SELECT {}", 'LIST "" {}', 'LIST "" "{}*"', "GETMETADATA {} /private/comment",
                        "GETQUOTAROOT {}", "SUBSCRIBE {}", "DELETE {}", "RENAME {} x"):
            for there, missing in (("user.titi.Secret", "user.tutu.Secret"), ("#user.titi", "#user.tutu")):
                answers = [[a.replace(name.encode(), b"NAME") for a in wire.command("a", command.format(name))] for name in (there, missing)]
                assert answers[0] == answers[1], command
        for text in ("Shared", "Other Users"):
            assert wire.ok("b", f'LIST "" "{text}*"')[:-1] == []


# --- L: what one machine can show -----------------------------------------------------------------------

def test_L09_stopped_for_a_while(maildir, start):
    """As a virtual machine that stands still: the session goes on where it was."""
    with start(settings="imap_idle_notify_interval = 2 mins\n") as session:
        session.wire.ok("s", "SELECT INBOX")
        os.kill(session.pid, signal.SIGSTOP)
        session.wire.send_line("a NOOP")
        linnet.fill(maildir, 1)
        time.sleep(1)
        os.kill(session.pid, signal.SIGCONT)
        session.wire.until_tag("a")
        session.wire.ok("b", "NOOP")
        assert session.wire.ok("c", "SEARCH ALL")[0] == b"* SEARCH 1"


def test_L10_slow_large_literals_in_constant_memory(maildir, start):
    with start() as session:
        session.wire.send_line("a APPEND INBOX {20000000+}")
        size = 0
        for n in range(20):
            session.wire.send(b"x" * 1000000)
            time.sleep(0.01)
            size = max(size, private(session.pid)) if not linnet.is_sanitized() else 0
        session.wire.send(b"\r\n")
        assert session.wire.until_tag("a")[-1].startswith(b"a OK")
        assert size < 4096


def test_L15_nobody_reads_the_log(maildir, folder):
    """A log pipe that is full stops nobody; neither does one whose reader has gone."""
    for reader_is_there in (True, False):
        conf = folder / "linnet.conf"
        conf.write_text("")
        conf.chmod(0o644)
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        try:
            while True:
                os.write(write_end, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(write_end, True)
        if not reader_is_there:
            os.close(read_end)
        process = subprocess.Popen([str(linnet.reachable_program("imapd")), "-c", str(conf), "--preauth", "--mail", str(maildir)],
                                   stdin=theirs, stdout=theirs, stderr=write_end, cwd="/", env=linnet.environment(),
                                   **linnet.as_mail_user())
        theirs.close()
        os.close(write_end)
        try:
            with linnet.Wire(ours, 10) as wire:
                wire.line()
                wire.ok("s", "SELECT INBOX")
                wire.command("l", "LOGOUT")
                wire.at_end()
            linnet.check_status(process.wait(10), "imapd")
        finally:
            linnet.end(process, 1)
            if reader_is_there:
                os.close(read_end)


def test_L17_addresses_of_IPv4_in_IPv6():
    """A client of an IPv6 socket that speaks IPv4 is logged by its IPv4 address."""
    with linnet.Server("disable_plaintext_auth = no\n", services=()) as server:
        listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::", 0))
        listener.listen(5)
        server.ports["imap"] = listener.getsockname()[1]
        process = subprocess.Popen([str(linnet.program("imapd")), "-c", str(server.conf)], stdin=listener, cwd="/",
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=linnet.environment())
        listener.close()
        try:
            wire = server.connect("imap")
            wire.line()
            wire.login()
            assert "rip=127.0.0.1, lip=127.0.0.1" in server.wait_log(r"Login: user=<toto.*")[0]
            wire.command("z", "LOGOUT")
        finally:
            linnet.end(process)


@pytest.mark.parametrize("data", [b" " * (64 << 20), b"a NOOP\r\n" * 100000, b"\r\n" * 1000000, b"\0" * (64 << 20),
                                  b"a SEARCH SUBJECT {60000+}\r\n" + (b"x" * 60000 + b" SUBJECT {60000+}\r\n") * 1000, b"a X {67108864+}\r\n" + b"x" * (64 << 20)],
                         ids=["spaces", "commands", "empty lines", "NUL", "literals", "one literal"])
def test_G16_bombs_in_constant_memory(start, data):
    """A thousandfold more comes out than went in: the budgets of lines, literals and bad commands hold; commands are answered."""
    with start() as session:
        assert session.wire.command("z", "COMPRESS DEFLATE") == [b"z OK Begin compression."]
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = pack.compress(data) + pack.flush(zlib.Z_SYNC_FLUSH)
        sender = threading.Thread(target=session.wire.send, args=(packed + b"",), daemon=True)
        sender.start()
        unpack, size, tail, is_answering = zlib.decompressobj(-15), 0, b"", data.startswith(b"a NOOP")
        while True:
            try:
                piece = session.wire.sock.recv(65536)
            except ConnectionResetError:  # it has left what we still send unread
                piece = b""
            if not piece:
                break
            text = unpack.decompress(piece)
            size, tail = size + len(text), (tail + text)[-200:]
            if is_answering and size >= 100000 * len(b"a OK NOOP completed.\r\n"):
                break
        if not is_answering:
            assert b"BYE" in tail and size < 10000, (size, tail)
        elif not linnet.is_sanitized():
            assert int(linnet.process_status(session.pid)["VmHWM"].split()[0]) < 24 * 1024
        sender.join(10)
