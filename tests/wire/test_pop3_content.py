"""test_pop3_content.py - messages as POP3 sends them: dots, line ends, sizes, unique ids"""
import os
import re
import subprocess
import time

import pytest

import linnet


def crlf(data):
    return re.sub(rb"(?<!\r)\n", b"\r\n", data)


# D05: the file, and the lines that a client gets once it has taken the dots away
DOTS = {
    "dot lines": (b"A: 1\n\n.\n..\n...\n.x\n", b"A: 1\r\n\r\n.\r\n..\r\n...\r\n.x\r\n"),
    "crlf": (b"A: 1\r\n\r\n.\r\n..\r\n", b"A: 1\r\n\r\n.\r\n..\r\n"),
    "no newline at the end": (b"A: 1\n\nlast", b"A: 1\r\n\r\nlast\r\n"),
    "dot at the end": (b"A: 1\n\n.", b"A: 1\r\n\r\n.\r\n"),
    "bare lf before a dot": (b"A: 1\r\n\r\nx\n.\r\ny\r\n", b"A: 1\r\n\r\nx\r\n.\r\ny\r\n"),
    "dot in the header": (b".A: 1\n.\n\nbody\n", b".A: 1\r\n.\r\n\r\nbody\r\n"),
    "only a dot": (b".\n", b".\r\n"),
    "only a line end": (b"\n", b"\r\n"),
    "no empty line": (b"A: 1\nB: 2\n", b"A: 1\r\nB: 2\r\n"),
    "mixed": (b"A: 1\r\nB: 2\n\r\n.\n.\r\nx\n", b"A: 1\r\nB: 2\r\n\r\n.\r\n.\r\nx\r\n"),
    "dots over the window": (b"A: 1\n\n" + b"x" * 65530 + b"\n." * 70000 + b"\n", None),
    "long line": (b"A: 1\n\n" + b"." * 300000 + b"\n", None),
}


def retr(wire, number):
    """(octets of the +OK line, raw bytes up to the final dot)"""
    answer = wire.pop(f"RETR {number}")
    found = re.fullmatch(rb"\+OK (\d+) octets", answer)
    assert found, answer
    raw = bytearray()
    while not raw.endswith(b"\r\n.\r\n") and raw != b".\r\n":
        raw += wire.read(1) if len(wire.buffer) < 2 else wire.read(len(wire.buffer))
    return int(found[1]), bytes(raw[:-3])


def unstuff(raw):
    return re.sub(rb"^\.", b"", raw, flags=re.M)


@pytest.mark.parametrize("name", DOTS)
def test_dots_and_line_ends_D05(pop3, maildir, name):
    data, wanted = DOTS[name]
    wanted = wanted or crlf(data)
    linnet.deliver(maildir, data)
    with pop3() as session:
        session.wire.line()
        octets, raw = retr(session.wire, 1)
        assert all(line.startswith(b"..") for line in raw.split(b"\r\n") if line.startswith(b"."))
        assert unstuff(raw) == wanted
        # a line end that the file does not have belongs to the last line ".", not to the message
        assert octets == len(wanted) - (0 if data.endswith(b"\n") else 2)
        assert session.wire.pop("QUIT").startswith(b"+OK")


def test_sizes_are_what_is_sent_D06(pop3, maildir):
    """Also where the name says something else (M23), and where files are odd (M02)."""
    message = b"Subject: size\n\nline\nline\n"
    names = ["1.a.host,S=10,W=10", "2.a.host,S=99999999", "3.a.host,W=5", "4.a.host,S=abc,W=-1",
             "5.a.host,W=" + "9" * 30, "6.a.host,S=25,W=29,S=3", "7.a.host"]
    for name in names:
        linnet.deliver(maildir, message, name=name)
    linnet.deliver(maildir, b"")
    linnet.deliver(maildir, b"\n")
    linnet.deliver(maildir, b"A: 1\r\nB: 2\n\nmixed\r\n")
    for _ in range(2):  # wrong sizes are mended by RETR, and stay so
        with pop3() as session:
            wire = session.wire
            wire.line()
            sizes = {}
            for number in range(1, 11):
                octets, raw = retr(wire, number)
                sizes[number] = octets
                data = unstuff(raw)
                assert octets == len(data) or data == b"\r\n" and octets == 0
            wire.pop("LIST")
            listed = dict(map(int, line.split()) for line in wire.until_dot())
            assert listed == sizes
            assert wire.pop("STAT") == b"+OK 10 %d" % sum(sizes.values())
            wire.pop("QUIT")


def uidls(session):
    session.wire.line()
    assert session.wire.pop("UIDL").startswith(b"+OK")
    ids = [line.split(b" ") for line in session.wire.until_dot()]
    assert [int(number) for number, _ in ids] == list(range(1, len(ids) + 1))
    ids = [one for _, one in ids]
    for one in ids:
        assert re.fullmatch(rb"[\x21-\x7e]{1,70}", one)
    assert len(set(ids)) == len(ids)
    return ids


def test_unique_ids_stay_D07(pop3, maildir):
    linnet.fill(maildir, 3)
    with pop3() as session:
        first = uidls(session)
        for number in (1, 2, 3):
            assert session.wire.pop(f"UIDL {number}") == b"+OK %d %s" % (number, first[number - 1])
    for path in list((maildir / "cur").iterdir()):
        path.rename(path.with_name(path.name.partition(":")[0] + ":2,RS"))
    linnet.fill(maildir, 1)
    with pop3() as session:
        assert uidls(session)[:3] == first
        session.wire.pop("DELE 1")
        session.wire.pop("QUIT")
    with pop3() as session:
        assert uidls(session)[:2] == first[1:]


UIDLIST = "3 V1593884894 N8 G0123456789abcdef0123456789abcdef\n"


@pytest.mark.parametrize("setting, wanted", [
    ("", b"000000075f00c0de"), ("%08Xu%08Xv", b"000000075f00c0de"), ("%08Xv%08Xu", b"5f00c0de00000007"),
    ("%v-%u", b"1593884894-7"), ("%v.%u", b"1593884894.7"), ("%u", b"7"), ("%f", b"1700000000.M1P2.host"),
    ("%v", b"000000075f00c0de"),
])
def test_unique_ids_of_other_servers_D07(pop3, maildir, setting, wanted):
    linnet.deliver(maildir, b"A: 1\r\n\r\n", flags="S", name="1700000000.M1P2.host")
    path = maildir / "dovecot-uidlist"
    path.write_text(UIDLIST + "7 :1700000000.M1P2.host\n")
    linnet.own(maildir)
    with pop3(settings=f"pop3_uidl_format = {setting}\n" if setting else None) as session:
        assert uidls(session) == [wanted]


def test_unique_id_kept_in_the_uidlist_wins_D07(pop3, maildir):
    for number in (1, 2):
        linnet.deliver(maildir, b"A: 1\r\n\r\n", flags="S", name=f"170000000{number}.M1P2.host")
    path = maildir / "dovecot-uidlist"
    path.write_text(UIDLIST + "6 Pold-id-1 :1700000001.M1P2.host\n7 P" + "x" * 71 + " :1700000002.M1P2.host\n")
    linnet.own(maildir)
    with pop3() as session:
        assert uidls(session) == [b"old-id-1", b"000000075f00c0de"]


def test_file_that_shrinks_does_not_look_complete_M22(pop3, maildir):
    """A client that got half a message must not take it for the whole and delete it."""
    path = linnet.deliver(maildir, b"A: 1\r\n\r\n" + b"line of text\r\n" * 400000, flags="")
    with pop3() as session:
        session.wire.line()
        session.wire.send(b"RETR 1\r\nDELE 1\r\nQUIT\r\n")
        session.wire.line()
        os.truncate(next((maildir / "cur").iterdir()), 2000000)
        rest = session.wire.rest()
        assert not rest.endswith(b"\r\n.\r\n") and b"\r\n.\r\n" not in rest
        assert b"+OK" not in rest
        session.process.wait(10)
        assert "cannot read a message to its end" in session.log()
    assert path.exists() or list((maildir / "cur").iterdir())


def test_large_message_in_constant_memory_D10(pop3, maildir):
    linnet.deliver(maildir, b"A: 1\r\n\r\n" + b"x" * 76 + (b"\r\n" + b"y" * 76) * 300000)
    with pop3() as session:
        session.wire.line()
        octets, raw = retr(session.wire, 1)
        assert octets == len(raw) - 2
        peak = int(linnet.process_status(session.pid)["VmHWM"].split()[0])
        assert peak < 16 * 1024
        session.wire.pop("QUIT")


@pytest.mark.parametrize("resumes", [True, False])
def test_client_stops_reading_D10(pop3, maildir, resumes):
    """It may go on before pop3_idle_timeout is over; otherwise the session ends, deletes nothing and frees the lock."""
    linnet.deliver(maildir, b"A: 1\r\n\r\n" + (b"y" * 76 + b"\r\n") * 100000)
    with pop3(settings=f"pop3_idle_timeout = {30 if resumes else 3}\n") as session:
        wire = session.wire
        wire.line()
        assert wire.pop("DELE 1").startswith(b"+OK") and wire.pop("RSET").startswith(b"+OK")
        wire.send(b"RETR 1\r\nDELE 1\r\nQUIT\r\n")
        octets = int(re.fullmatch(rb"\+OK (\d+) octets", wire.line())[1])
        if resumes:
            wire.wait_full()
            before = linnet.cpu_seconds(session.pid)
            time.sleep(1)
            assert linnet.cpu_seconds(session.pid) - before < 0.05  # it sleeps
            assert len(wire.read(octets)) == octets
            assert wire.line() == b"." and wire.line().startswith(b"+OK") and wire.line().startswith(b"+OK")
            peak = linnet.process_status(session.pid).get("VmHWM") if session.process.poll() is None else None
            assert peak is None or int(peak.split()[0]) < 16 * 1024
        else:
            session.process.wait(10)
            assert "Client takes nothing" in session.log()
    assert len(list((maildir / "cur").iterdir())) == (0 if resumes else 1)
    with pop3() as session:
        assert session.wire.line().startswith(b"+OK")


def opened(trace):
    """Lines of strace that name a message's file."""
    return [line for line in trace.read_text().splitlines() if re.search(r"\d{9}\.M\d+P1\.host", line)]


def test_index_answers_without_opening_a_message_D08(maildir):
    """The second session's lists come from the index: not one message is opened or asked for its size."""
    for number in range(300):
        linnet.deliver(maildir, b"A: %d\n\nx\n" % number, flags="", name=f"{1700000000 + number}.M{number}P1.host")
    linnet.own(maildir)
    found = []
    with linnet.temporary_folder() as folder:
        conf, trace = folder / "linnet.conf", folder / "trace"
        conf.touch()
        for _ in range(2):
            argv = ["/usr/bin/strace", "-f", "-qq", "-s", "200", "-e", "trace=open,openat,stat,newfstatat", "-o", trace,
                    "/usr/bin/setpriv", "--reuid", str(linnet.UID), "--regid", str(linnet.GID), "--clear-groups",
                    linnet.reachable_program("pop3d"), "-c", conf, "--preauth", "--mail", maildir]
            done = subprocess.run(argv, input=b"STAT\r\nUIDL\r\nLIST\r\nUIDL 7\r\nLIST 7\r\nQUIT\r\n",
                                  capture_output=True, timeout=60)
            assert done.stdout.count(b"+OK") == 7, done
            found.append(len(opened(trace)))
    assert found[0] >= 300 and found[1] == 0


@pytest.mark.slow
def test_100000_messages_D08(pop3, maildir):
    count = 100000
    for number in range(count):
        (maildir / "cur" / f"{1700000000 + number}.M{number}P1.host,S=10,W=12:2,").touch()
    linnet.own(maildir)
    begun = time.monotonic()
    with pop3(timeout=60) as session:
        wire = session.wire
        wire.send(b"STAT\r\nUIDL\r\nLIST\r\n")
        assert wire.line() == b"+OK Logged in."
        assert wire.line() == b"+OK %d %d" % (count, 12 * count)
        for _ in range(2):
            assert wire.line().startswith(b"+OK")
            assert len(wire.until_dot()) == count
        seconds = time.monotonic() - begun
        peak = int(linnet.process_status(session.pid)["VmHWM"].split()[0])
        wire.pop("QUIT")
    assert seconds < 10
    assert peak < 128 * 1024
