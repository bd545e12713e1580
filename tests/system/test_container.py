"""test_container.py - the tutorial's host: systemd, MariaDB, Postfix, our units and real mail programs"""
import imaplib
import poplib
import re
import smtplib
import socket
import time

import pytest

import container
import linnet

TOTO, WORD = "toto@mondomaine.local", linnet.USERS["toto@mondomaine.local"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def box():
    why_not = container.is_possible()
    if why_not:
        pytest.skip(why_not)
    with container.Container() as running:
        send(running, 3)
        yield running


class Smtp(smtplib.SMTP):
    def __init__(self, box, source=None):
        self.box, self.source = box, source
        super().__init__("127.0.0.1", 25, local_hostname="client.example", timeout=linnet.TIMEOUT)

    def _get_socket(self, *_):
        return self.box.socket("smtp", self.source)


class Imap(imaplib.IMAP4):
    def __init__(self, box, service="imap"):
        self.box, self.service = box, service
        super().__init__("127.0.0.1")

    def _create_socket(self, timeout):
        return self.box.connect(self.service).sock


class Pop3(poplib.POP3):
    def __init__(self, box, service="pop3"):
        self.box, self.service = box, service
        super().__init__("127.0.0.1")

    def _create_socket(self, timeout):
        return self.box.connect(self.service).sock


def maildir(box, user=TOTO):
    local, _, domain = user.partition("@")
    return box.root / "var/mail/vhosts" / domain / local


def message_count(box, user=TOTO):
    return sum(1 for sub in ("cur", "new") for _ in (maildir(box, user) / sub).glob("*"))


def send(box, count, user=TOTO):
    """Real SMTP transactions, and their delivery waited for."""
    before = message_count(box, user)
    with Smtp(box) as client:
        for n in range(count):
            client.sendmail("anne@example.org", [user],
                            f"From: anne@example.org\r\nTo: {user}\r\nSubject: by SMTP {before + n + 1}\r\n\r\n"
                            f"Bonjour {n}.\r\n")
    linnet.wait_for(lambda: message_count(box, user) == before + count, "Postfix to deliver", 60, 0.1)


def logged_in(box, service="imap"):
    wire = box.connect(service)
    assert wire.line().startswith(b"* OK [CAPABILITY IMAP4rev1 ")
    wire.login()
    return wire


def can_log_in(box):
    with box.connect("imap") as wire:
        wire.line()
        return wire.command("a", f"LOGIN {TOTO} {WORD}")[-1].startswith(b"a OK")


def unit_states(box, pattern="linnet*"):
    text = box.run("systemctl", "list-units", "--all", "--plain", "--no-legend", pattern).stdout
    return {line.split()[0]: line.split()[2] for line in text.splitlines() if line.strip()}


def test_units_load_without_complaint(box):
    for unit in container.UNITS:
        assert box.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active"
    complaints = [line for line in box.journal(5000).splitlines()
                  if re.search(r"linnet-\S+\.(socket|service):\d+:", line)]
    assert complaints == []
    units = [*container.UNITS, "linnet-authd.service", "linnet-imap@.service", "linnet-pop3s-listener.socket"]
    verify = box.run("systemd-analyze", "verify", "--man=no", *(f"/usr/lib/systemd/system/{unit}" for unit in units),
                     check=False)
    assert [line for line in verify.stderr.splitlines() if "linnet" in line] == []


def test_tutorial_dialogue(box):
    with box.connect("imap") as wire:
        wire.transcript(r"""
            S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE…AUTH=PLAIN…] linnet ready.
            C: . login toto@mondomaine.local motDePasseDeToto
            S: . OK [CAPABILITY …] Logged in
            C: . LIST "" *
            S*:
            S: * LIST (…) "." INBOX
            S*:
            S: . OK List completed…
            C: . SELECT INBOX
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags permitted.
            S: * 3 EXISTS
            S: * …RECENT
            S: * OK [UNSEEN 1] First unseen.
            S: * OK [UIDVALIDITY …] UIDs valid
            S: * OK [UIDNEXT 4] Predicted next UID
            S: * OK [HIGHESTMODSEQ …] Highest
            S*:
            S: . OK [READ-WRITE] Select completed…
            C: . logout
            S: * BYE Logging out
            S: . OK Logout completed…
            E:
        """)


def test_session_is_vhosts_and_nothing_more(box):
    with logged_in(box) as wire:
        pid = int(re.search(rb"\d+", box.run("pgrep", "-u", "vhosts", "imapd").stdout.encode())[0])
        status = box.run("cat", f"/proc/{pid}/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert fields["Uid"].split() == [str(box.uid)] * 4
        assert fields["Gid"].split() == [str(box.gid)] * 4
        assert fields["Groups"].split() in ([], [str(box.gid)])
        assert int(fields["CapEff"], 16) == 0 and int(fields["CapPrm"], 16) == 0
        assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
        wire.ok("n", "NOOP")


@pytest.mark.parametrize("service", ["imap", "imaps"])
def test_imaplib(box, service):
    client = Imap(box, service)
    assert client.login(TOTO, WORD)[0] == "OK"
    kind, data = client.select("INBOX", readonly=True)
    assert kind == "OK" and int(data[0]) >= 3
    kind, data = client.fetch("1", "(UID BODY.PEEK[])")
    assert kind == "OK" and b"Subject: by SMTP 1\r\n" in data[0][1]
    assert b"Delivered-To: " in data[0][1]
    client.logout()


def test_imaplib_starttls(box):
    client = Imap(box)
    assert client.starttls(linnet.anything_goes())[0] == "OK"
    assert client.login(TOTO, WORD)[0] == "OK"
    assert client.create("Projets")[0] == "OK"
    assert client.append("Projets", r"(\Seen)", None, b"Subject: a\r\n\r\nb\r\n")[0] == "OK"
    assert client.select("Projets") == ("OK", [b"1"])
    client.logout()
    assert (maildir(box) / ".Projets/cur").is_dir()


@pytest.mark.parametrize("service", ["pop3", "pop3s"])
def test_poplib(box, service):
    client = Pop3(box, service)
    assert client.user(TOTO).startswith(b"+OK") and client.pass_(WORD).startswith(b"+OK")
    count, size = client.stat()
    assert count >= 3 and size > 0
    assert b"Subject: by SMTP 1" in client.retr(1)[1]
    assert len(client.uidl()[1]) == count
    client.quit()


def test_poplib_stls(box):
    client = Pop3(box)
    assert client.stls(linnet.anything_goes()).startswith(b"+OK")
    client.user(TOTO)
    assert client.pass_(WORD).startswith(b"+OK")
    client.quit()


@pytest.mark.parametrize("url, more", [
    ("imap://localhost/INBOX;UID=1", []), ("imaps://localhost/INBOX;UID=1", []),
    ("imap://localhost/INBOX;UID=1", ["--ssl-reqd"]),
    ("pop3://localhost/1", []), ("pop3s://localhost/1", []), ("pop3://localhost/1", ["--ssl-reqd"])])
def test_curl(box, url, more):
    done = box.run("curl", "-sSk", "--max-time", "30", "--user", f"{TOTO}:{WORD}", url, *more)
    assert "Subject: by SMTP 1" in done.stdout


@pytest.mark.parametrize("port, tls", [(143, "None"), (143, "STARTTLS"), (993, "IMAPS")])
def test_mbsync(box, port, tls):
    folder = f"/root/mbsync-{port}-{tls}"
    box.write(folder + "/rc", f"""IMAPAccount a
Host localhost
Port {port}
User {TOTO}
Pass {WORD}
SSLType {tls}
AuthMechs LOGIN
CertificateFile /etc/linnet/tls/cert.pem

IMAPStore far
Account a

MaildirStore near
Path {folder}/mail/
Inbox {folder}/mail/INBOX

Channel c
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
""", 0o600)
    box.run("mkdir", "-p", folder + "/mail")
    box.run("mbsync", "-c", folder + "/rc", "-a")
    got = box.run("sh", "-c", f"ls {folder}/mail/INBOX/new {folder}/mail/INBOX/cur | grep -c =1").stdout
    assert int(got) >= 1
    assert "by SMTP 2" in box.run("sh", "-c", f"cat {folder}/mail/INBOX/*/*").stdout


@pytest.mark.parametrize("protocol, options", [("IMAP", ""), ("IMAP", "ssl"), ("POP3", ""), ("POP3", "ssl")])
def test_fetchmail(box, protocol, options):
    path = f"/root/fetchmailrc-{protocol}-{options}"
    box.write(path, f"""poll localhost protocol {protocol} user "{TOTO}" password "{WORD}" keep fetchall
  {options} {'sslproto ""' if not options else ''} no sslcertck mda "cat >> {path}.got"
""", 0o600)
    box.run("fetchmail", "-f", path, "--nosyslog", "--pidfile", path + ".pid", "-i", path + ".ids")
    assert "by SMTP 3" in (box.root / (path.lstrip("/") + ".got")).read_text()


def test_postfix_asks_authd(box):
    with Smtp(box) as client:
        client.ehlo()
        assert "PLAIN" in client.esmtp_features.get("auth", "")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(TOTO, "wrong")
    with Smtp(box) as client:
        client.login(TOTO, WORD)
        assert client.mail(TOTO)[0] == 250
        assert client.rcpt("someone@example.org")[0] == 250  # relayed for who is logged in
        client.rset()


def test_refusals_are_logged_once_each(box):
    with box.connect("imap", source="127.0.0.77") as wire:
        wire.line()
        assert b"NO [AUTHENTICATIONFAILED]" in wire.command("a", f"LOGIN {TOTO} wrong1word")[-1]
        assert b"NO [AUTHENTICATIONFAILED]" in wire.command("b", "LOGIN nobody@mondomaine.local wrong1word")[-1]
        wire.command("c", "LOGOUT")
    journal = box.journal(3000)
    refused = [line for line in journal.splitlines() if "127.0.0.77" in line and " auth[" in line]
    assert len([line for line in refused if TOTO in line]) == 1
    assert len([line for line in refused if "nobody@mondomaine.local" in line]) == 1
    assert "wrong1word" not in journal and WORD not in journal


def test_login_line(box):
    with logged_in(box) as wire:
        wire.command("q", "LOGOUT")
    wanted = rf"imapd.*Login: user=<{re.escape(TOTO)}>, method=PLAIN, rip=127\.0\.0\.1, lip=127\.0\.0\.1"
    linnet.wait_for(lambda: re.search(wanted, box.journal(3000)), "the login's line", 10, 0.2)


def test_database_that_is_down_is_not_a_wrong_password(box):
    box.run("systemctl", "stop", "mariadb.socket", "mariadb.service")
    try:
        with box.connect("imap") as wire:
            wire.line()
            assert b"NO [UNAVAILABLE]" in wire.command("a", f"LOGIN {TOTO} {WORD}")[-1]
        with box.connect("pop3") as wire:
            wire.line()
            wire.pop(f"USER {TOTO}")
            assert wire.pop(f"PASS {WORD}").startswith(b"-ERR [SYS/TEMP]")
    finally:
        box.run("systemctl", "start", "mariadb")
    linnet.wait_for(lambda: can_log_in(box), "logins to work again", 5, 0.3)


def test_sessions_survive_authd(box):
    with logged_in(box) as wire:
        box.run("systemctl", "restart", "linnet-authd.service")
        wire.ok("a", "SELECT INBOX")
        logged_in(box).close()


@pytest.fixture
def listener(box):
    """linnet-imap-listener in place of linnet-imap.socket."""
    box.run("systemctl", "start", "linnet-imap-listener.socket")
    yield
    box.run("systemctl", "stop", "linnet-imap-listener.socket", "linnet-imap-listener.service")
    box.run("systemctl", "start", "linnet-imap.socket")


def test_listener_and_its_restart(box, listener):
    assert unit_states(box)["linnet-imap.socket"] == "inactive"
    with logged_in(box) as wire:
        assert unit_states(box)["linnet-imap-listener.service"] == "active"
        box.run("systemctl", "restart", "linnet-imap-listener.service")
        wire.ok("a", "SELECT INBOX")
        logged_in(box).close()
        wire.ok("b", "NOOP")


def burst(box, service, count):
    """Connect count times as fast as it goes, from 20 addresses; how many were taken."""
    def work():
        opened = []
        for n in range(count):
            sock = socket.socket()
            sock.setblocking(False)
            sock.bind((f"127.0.1.{n % 20 + 1}", 0))
            sock.connect_ex(("127.0.0.1", container.PORTS[service]))
            opened.append(sock)
        time.sleep(1)
        for sock in opened:
            sock.close()
        return len(opened)
    return box.inside(work)


@pytest.mark.parametrize("service", ["imap", "pop3s"])
def test_L02_burst_leaves_the_sockets_serving(box, service):
    burst(box, service, 2000)
    start = time.monotonic()
    with box.connect(service, timeout=120) as wire:
        assert re.match(rb"\* OK|\+OK", wire.line())
    waited = time.monotonic() - start
    print(f"L02 {service}: next greeting after {waited:.1f} s")
    assert unit_states(box)[f"linnet-{service}.socket"] == "active"
    linnet.wait_for(lambda: f"linnet-{service}@" not in str(unit_states(box, f"linnet-{service}@*")),
                    "the burst's instances to be gone", 180, 1)
    logged_in(box).close()


def test_L02_listener_takes_the_burst(box, listener):
    burst(box, "imap", 2000)
    with box.connect("imap", timeout=60) as wire:
        assert wire.line().startswith(b"* OK")
    assert unit_states(box)["linnet-imap-listener.service"] == "active"
    logged_in(box).close()


def test_no_unit_of_ours_has_failed(box):
    failed = {unit: state for unit, state in unit_states(box).items() if state == "failed"}
    assert failed == {}
