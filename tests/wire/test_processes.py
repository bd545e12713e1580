"""test_processes.py - what monitor, greeter, keeper, pump and session are, from /proc/PID/status"""
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import linnet

NOBODY = 65534
MONITOR_CAPS = 1 << 6 | 1 << 7 | 1 << 18 | 1 << 5  # SETGID SETUID SYS_CHROOT KILL
FILTER = 2
STRICT = FILTER if linnet.is_sanitized() else 1


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: value.strip() for key, value in re.findall(r"^(\w+):(.*)$", text, re.M)}


def children(pid):
    found = []
    for child in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(child))
    return sorted(found)


def is_process(pid, uid, groups, caps, seccomp):
    s = status(pid)
    assert s["Uid"].split() == [str(uid)] * 4
    assert s["Gid"].split() == [str(uid)] * 4
    assert s["Groups"].split() == groups
    assert int(s["CapEff"], 16) == int(s["CapPrm"], 16) == caps, s["CapEff"]
    assert int(s["CapInh"], 16) == 0
    assert int(s["Seccomp"]) == seccomp
    assert s["NoNewPrivs"] == "1"


def descriptors(pid):
    return {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}


def by_seccomp(pids, mode):
    return [pid for pid in pids if int(status(pid)["Seccomp"]) == mode]


@pytest.fixture
def server():
    with linnet.Server() as running:
        yield running


def monitor_of(server, service, tls=False):
    """The listener's child that serves the only connection: not the keeper, which is nobody's."""
    listener = server.processes[service].pid
    return linnet.wait_for(lambda: [p for p in children(listener) if status(p)["Uid"].split()[0] == "0"],
                           "a monitor")[0]


def own_groups():
    return status(os.getpid())["Groups"].split()


@pytest.mark.parametrize("service", ["imap", "pop3"])
def test_before_login_in_clear(server, service):
    wire = server.connect(service)
    wire.line()
    monitor = monitor_of(server, service)
    is_process(monitor, 0, own_groups(), MONITOR_CAPS, 0)
    [greeter] = children(monitor)
    is_process(greeter, NOBODY, [str(NOBODY)], 0, STRICT)
    assert set(descriptors(greeter)) == {0, 1}


@pytest.mark.parametrize("service", ["imaps", "pop3s"])
def test_before_login_with_tls(server, service):
    wire = server.connect(service)
    wire.line()
    monitor = monitor_of(server, service)
    is_process(monitor, 0, own_groups(), MONITOR_CAPS, 0)
    [greeter] = children(monitor)
    is_process(greeter, NOBODY, [str(NOBODY)], 0, STRICT)
    [keeper] = [p for p in children(server.processes[service].pid) if p != monitor]
    is_process(keeper, NOBODY, [str(NOBODY)], 0, 0)
    [pump] = children(keeper)
    is_process(pump, NOBODY, [str(NOBODY)], 0, FILTER)
    assert len(descriptors(pump)) == 2 + 3  # client, plain side; 0-2


@pytest.mark.parametrize("service", ["imap", "imaps", "pop3", "pop3s"])
def test_after_login(server, service):
    wire = server.connect(service)
    wire.line()
    before = monitor_of(server, service)
    if service.startswith("imap"):
        wire.login()
    else:
        wire.pop("USER toto@mondomaine.local")
        assert wire.pop("PASS motDePasseDeToto").startswith(b"+OK")
    is_process(before, linnet.UID, [str(linnet.UID)], 0, FILTER)
    assert children(before) == []
    session = descriptors(before)
    assert [session[fd] for fd in (0, 1)] == ["/dev/null"] * 2
    mail = [path for path in session.values() if path.startswith(str(server.mail))]
    assert all(path.startswith(str(server.mail / "mondomaine.local/toto")) for path in mail)
    # the socket of the client or pump, and of authd; not the listener's, not the keeper's
    assert sum(path.startswith("socket:") for path in session.values()) == 2


def test_the_process_that_was_started_serves_the_mail(server):
    """One connection on descriptor 0: the same process from the start to the session (design 2)."""
    with linnet.spawn_on_socketpair([linnet.program("imapd"), "-c", server.conf]) as session:
        assert b"AUTH=PLAIN" in session.wire.line()
        is_process(session.pid, 0, own_groups(), MONITOR_CAPS, 0)
        session.wire.login()
        is_process(session.pid, linnet.UID, [str(linnet.UID)], 0, FILTER)
        session.wire.ok("a", "SELECT INBOX")
        session.wire.command("b", "LOGOUT")


def test_another_users_mail_stays_shut(server):
    """All mail has one uid: only the sandbox stands between two users.  A link that leads out is not opened."""
    other = linnet.deliver(server.maildir("titi@mondomaine.local"), b"Subject: secret of titi\r\n\r\nsecret\r\n")
    mine = server.maildir() / "cur" / "1700000000.M1P1.link:2,"
    mine.symlink_to(other)
    os.lchown(mine, linnet.UID, linnet.GID)
    folder = server.maildir() / ".Stolen"
    folder.symlink_to(server.maildir("titi@mondomaine.local"))
    os.lchown(folder, linnet.UID, linnet.GID)
    wire = server.imap()
    wire.command("a", "SELECT INBOX")
    wire.command("b", "FETCH 1:* BODY[]")
    wire.command("c", "SELECT Stolen")
    wire.command("d", "FETCH 1:* BODY[]")
    assert b"secret" not in wire.received


def private_scalar(key):
    """The 32 bytes that make the throw-away key private, as OpenSSL keeps them: either byte order."""
    text = subprocess.run(["openssl", "pkey", "-in", str(key), "-noout", "-text"], check=True, capture_output=True,
                          text=True).stdout
    digits = re.search(r"priv:((?:\s+[0-9a-f:]+)+?)\s*pub:", text)[1]
    raw = bytes.fromhex(re.sub(r"[\s:]", "", digits))[-32:]
    return raw, raw[::-1]


def memory_has(pid, needles):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, mode = line.split()[:2]
            start, end = (int(x, 16) for x in span.split("-"))
            if not mode.startswith("r") or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            if any(needle in data for needle in needles):
                return True
    return False


@pytest.mark.skipif(linnet.is_sanitized(), reason="AddressSanitizer's memory cannot be read whole")
@pytest.mark.parametrize("start", ["listener", "exec"])
def test_the_private_key_is_in_the_pump_only(server, start):
    needles = private_scalar(server.key)
    pem = server.key.read_bytes().splitlines()[1]
    if start == "listener":
        wire = server.connect("imaps")
        wire.line()
        listener = server.processes["imaps"].pid
        monitor = monitor_of(server, "imaps")
        [keeper] = [p for p in children(listener) if p != monitor]
        assert memory_has(keeper, needles)
        pumps = children(keeper)
        others = [listener, monitor] + children(monitor)
        assert not any(memory_has(pid, needles + (pem,)) for pid in others)
        wire.login()
    else:
        session = linnet.spawn_on_socketpair([linnet.program("imapd"), "-c", server.conf, "--tls"])
        wire = session.wire.starttls()
        wire.line()
        monitor = session.pid
        pumps = by_seccomp(children(monitor), FILTER)
        wire.login()
    assert len(pumps) == 1 and memory_has(pumps[0], needles)
    assert not memory_has(monitor, needles + (pem,))
    wire.close()
    if start == "exec":
        session.process.wait(10)


def test_sigterm_ends_the_listener_and_leaves_its_sessions(server):
    wire = server.imap()
    waiting = server.connect("imap")
    waiting.line()
    listener = server.processes["imap"]
    listener.terminate()
    assert listener.wait(10) == 0
    wire.ok("a", "NOOP")
    waiting.login("titi@mondomaine.local", "motDePasseDeTiti")
    with pytest.raises(OSError):
        server.connect("imap").line()


def test_no_zombies_and_nothing_left(server):
    for _ in range(20):
        with server.connect("imaps") as wire:
            wire.line()
            wire.command("a", "LOGOUT")
    listener = server.processes["imaps"].pid
    [keeper] = linnet.wait_for(lambda: len(children(listener)) == 1 and children(listener), "monitors to end")
    linnet.wait_for(lambda: children(keeper) == [], "pumps to end")
    assert not any(status(pid)["State"].startswith("Z") for pid in linnet.children(listener))


def test_the_greeter_dies_with_its_monitor(server):
    wire = server.connect("imap")
    wire.line()
    monitor = monitor_of(server, "imap")
    [greeter] = children(monitor)
    os.kill(monitor, signal.SIGKILL)
    linnet.wait_for(lambda: not pathlib.Path(f"/proc/{greeter}").exists(), "the greeter's end")
    wire.rest()


def test_sessions_cannot_be_dumped_or_traced_by_their_own_uid(server):
    server.imap()
    listener = server.processes["imap"].pid
    [session] = by_seccomp(children(listener), FILTER)
    with open(os.devnull) as null:
        probe = subprocess.run(["head", "-c", "1", f"/proc/{session}/mem"], stdin=null, capture_output=True,
                               **linnet.as_mail_user())
    assert probe.returncode != 0
    assert os.stat(f"/proc/{session}/mem").st_uid == 0


def test_idle_greeters_cost_little(server):
    """Omega 2: at most 256 KiB of its own for a stranger, greeter and monitor together."""
    wires = [server.connect("imap") for _ in range(5)]
    for wire in wires:
        wire.line()
        wire.send(b"a NOOP " + b"(" * 4000)
    time.sleep(0.2)
    monitor = monitor_of(server, "imap")
    private = 0
    for pid in [monitor] + children(monitor):
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        private += sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.M))
    limit = 2048 if "asan" in subprocess.run(["nm", str(linnet.program("imapd"))], capture_output=True,
                                              text=True).stdout else 512
    assert private <= limit, private
