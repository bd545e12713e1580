"""test_ctl.py - linnetctl: usage, config, config check, auth test, pw"""
import base64
import os
import pty
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading

import pytest

import linnet
import mariadb
from authd import Authd

NEEDS_FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


def run(*arguments, text=None, **more):
    return subprocess.run([linnet.program("linnetctl"), *map(str, arguments)], input=text, capture_output="stdout" not in more,
                          text=True, timeout=30, env=linnet.environment(), **more)


# --- the frame ----------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments", [[], ["nothing"], ["auth"], ["config", "-x"], ["auth", "test"], ["pw", "extra"],
                                       ["pw", "-s", "ROT13"], ["config", "check", "x"], ["configure"]])
def test_wrong_usage_is_64(arguments):
    got = run(*arguments)
    assert got.returncode == 64
    assert got.stdout == "" and got.stderr != ""


def test_help_and_version():
    assert run("--help").returncode == 0
    assert re.fullmatch(r"linnetctl \(linnet\) \d+\.\d+\.\d+\n", run("--version").stdout)


@NEEDS_FULL
def test_a_full_disk_is_74():
    with open("/dev/full", "w", encoding="ascii") as full:
        assert run("--help", stdout=full, stderr=subprocess.PIPE).returncode == 74


# --- config -------------------------------------------------------------------------------------

def test_config_of_named_settings(folder):
    path = folder / "linnet.conf"
    path.write_text("ssl = no\nlogin_greeting = \"a # b\"\n")
    assert run("-c", path, "config", "ssl", "login_greeting").stdout == 'ssl = no\nlogin_greeting = "a # b"\n'
    assert run("-c", path, "config", "-n", "ssl", "base_dir").stdout == "ssl = no\n"
    got = run("-c", path, "config", "sssl")
    assert got.returncode == 65
    assert 'no setting "sssl"' in got.stderr


def test_config_does_not_hide_a_bad_value(folder):
    path = folder / "linnet.conf"
    path.write_text("ssl = maybe\n")
    got = run("-c", path, "config", "ssl")
    assert got.returncode == 78
    assert got.stdout == "ssl = yes\n"


# --- config check -------------------------------------------------------------------------------

SOUND = """\
default_login_user = root
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
passdb {{
  driver = passwd-file
  args = scheme=plain {folder}/users
}}
userdb {{
  driver = static
  args = uid=root gid=root home=/nowhere/%n
}}
"""


@pytest.fixture
def sound(folder):
    """A configuration with which nothing is wrong."""
    for name in ("cert.pem", "key.pem", "users"):
        (folder / name).write_text("x\n")
    path = folder / "linnet.conf"
    path.write_text(SOUND.format(folder=folder))
    return path


def test_check_of_a_sound_configuration(sound):
    got = run("-c", sound, "config", "check")
    assert (got.returncode, got.stdout, got.stderr) == (0, f"{sound}: nothing to mend\n", "")


@pytest.mark.parametrize("old, new, complaint", [
    ("default_login_user = root", "default_login_user = nobody-here", "this system has no such user"),
    ("cert.pem", "cart.pem", "ssl_cert: cannot read"),
    ("key.pem", "kay.pem", "ssl_key: cannot read"),
    ("ssl_key = <", "#", "ssl_cert is set and ssl_key is not"),
    ("ssl_cert = <", "#", "ssl_key is set and ssl_cert is not"),
    ("/users", "/losers", "passwd-file: cannot read"),
    ("uid=root", "uid=nobody-here", "uid=nobody-here: this system has no such user"),
    ("gid=root", "gid=nobody-here", "gid=nobody-here: this system has no such group"),
    ("driver = passwd-file", "driver = pam", 'linnet has no driver "pam"'),
    ("userdb", "plugin", "there is no userdb {}"),
])
def test_check_finds(sound, old, new, complaint):
    sound.write_text(sound.read_text().replace(old, new))
    got = run("-c", sound, "config", "check")
    assert got.returncode == 78
    assert complaint in got.stderr


def test_check_of_required_tls_without_certificate(sound):
    text = re.sub(r"ssl_(cert|key) = .*\n", "", sound.read_text())
    sound.write_text(text + "ssl = required\n")
    got = run("-c", sound, "config", "check")
    assert got.returncode == 78
    assert "ssl = required needs ssl_cert and ssl_key" in got.stderr


@pytest.mark.parametrize("text, complaint", [
    ("driver = mysql\nconect = host=localhost\n", ':2: warning: unknown setting "conect"; did you mean connect?'),
    ("driver = pgsql\nconnect = host=x dbname=d user=u\n", "only mysql is known"),
    ("connect = host=localhost\n", "dbname= and user= must be there"),
    ("connect = host=/nowhere/sock dbname=d user=u\npassword_query = SELECT a FROM `%u`\n", "password_query: a variable cannot be"),
    ("connect = host=/nowhere/sock dbname=d user=u password=geheim\n", "connect: host=/nowhere/sock"),
    (None, "No such file"),
])
def test_check_looks_into_the_sql_file(sound, folder, text, complaint):
    if text:
        (folder / "sql").write_text(text)
    sound.write_text(sound.read_text() + f"passdb {{\n driver = sql\n args = {folder}/sql\n}}\n")
    got = run("-c", sound, "config", "check")
    assert got.returncode == 78
    assert complaint in got.stderr
    assert "geheim" not in got.stderr


@pytest.fixture(scope="module")
def database():
    with mariadb.MariaDB() as running:
        running.create_tutorial()
        yield running


@pytest.mark.parametrize("query, complaint", [
    (mariadb.QUERY, None),
    ("SELECT email as user, password FROM no_such_table WHERE email='%u'", "no_such_table"),
    ("SELECT email as user, pasword FROM virtual_users WHERE email='%u'", "pasword"),
    ("SELECT email as user FROM virtual_users WHERE email='%u'", "no column named password"),
    ("SELECT email, password FROM virtual_users WHERE email='%u'", "no column named user"),
    ("SELEKT 1", "SQL syntax"),
    ("UPDATE virtual_users SET email='' WHERE email='%u'", "is no SELECT"),
])
def test_check_runs_the_query_on_nobody(sound, database, query, complaint):
    sound.write_text(sound.read_text() + database.passdb_block(password_query=query))
    got = run("-c", sound, "config", "check")
    assert got.returncode == (78 if complaint else 0), got.stderr
    assert (complaint or "") in got.stderr


# --- pw -----------------------------------------------------------------------------------------

def crypt_says(password, hashed):
    """Verified by the system's own crypt(3), through another program."""
    code = "exit(crypt($ARGV[0], $ARGV[1]) ne $ARGV[1])"  # Python has no crypt since 3.13
    return subprocess.run(["perl", "-e", code, password, hashed], timeout=60).returncode == 0


@pytest.mark.parametrize("scheme, form", [
    ("SHA512-CRYPT", r"\{SHA512-CRYPT\}\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}"),
    ("SHA256-CRYPT", r"\{SHA256-CRYPT\}\$5\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{43}"),
    ("BLF-CRYPT", r"\{BLF-CRYPT\}\$2y\$10\$[./0-9A-Za-z]{53}"),
    ("md5-crypt", r"\{MD5-CRYPT\}\$1\$[./0-9A-Za-z]{8}\$[./0-9A-Za-z]{22}"),
])
def test_pw_makes_a_hash_that_fits(scheme, form):
    got = run("pw", "-s", scheme, text="motDePasse ümläut\nsecond line\n")
    if got.returncode == 69:
        pytest.skip(got.stderr)
    assert got.returncode == 0
    assert re.fullmatch(form + "\n", got.stdout)
    hashed = got.stdout.strip().split("}", 1)[1]
    assert crypt_says("motDePasse ümläut", hashed)
    assert not crypt_says("motDePasse umlaut", hashed)


def test_pw_salts_differ():
    assert len({run("pw", text="x\n").stdout for _ in range(5)}) == 5


def test_pw_rounds():
    assert run("pw", "-r", "1000", text="x\n").stdout.startswith("{SHA512-CRYPT}$6$rounds=1000$")
    assert run("pw", "-s", "BLF-CRYPT", "-r", "4", text="x\n").stdout.startswith("{BLF-CRYPT}$2y$04$")
    for scheme, rounds in (("SHA512-CRYPT", "999"), ("SHA512-CRYPT", "999999999999"), ("BLF-CRYPT", "31"),
                           ("MD5-CRYPT", "5"), ("SHA512-CRYPT", "many")):
        assert run("pw", "-s", scheme, "-r", rounds, text="x\n").returncode == 64


def test_pw_without_a_password():
    assert run("pw", text="").returncode == 66
    assert run("pw", text="x" * 1025 + "\n").returncode == 66
    assert run("pw", text="x" * 500 + "\n").returncode == 0


def on_terminal(*typed):
    """linnetctl pw with a terminal on its standard input: (status, what the terminal showed, stdout)."""
    master, slave = pty.openpty()
    process = subprocess.Popen([linnet.program("linnetctl"), "pw"], stdin=slave, stdout=subprocess.PIPE, stderr=slave,
                               env=linnet.environment(), start_new_session=True)
    os.close(slave)
    shown = b""
    try:
        for prompt, line in typed:
            while prompt not in shown:
                assert select.select([master], [], [], linnet.TIMEOUT)[0], f"no {prompt!r} in {shown!r}"
                shown += os.read(master, 1000)
            os.write(master, line)
        out = process.communicate(timeout=20)[0]
    finally:
        linnet.end(process)
    os.set_blocking(master, False)
    try:
        shown += os.read(master, 1000)
    except OSError:
        pass
    os.close(master)
    return process.returncode, shown, out


def test_pw_asks_twice_without_echo():
    status, shown, out = on_terminal((b"Password: ", b"secret\n"), (b"Again: ", b"secret\n"))
    assert status == 0
    assert b"secret" not in shown
    assert out.startswith(b"{SHA512-CRYPT}$6$")


def test_pw_notices_a_slip():
    status, shown, out = on_terminal((b"Password: ", b"secret\n"), (b"Again: ", b"sceret\n"))
    assert status == 66
    assert b"the two differ" in shown and out == b""


# --- auth test ----------------------------------------------------------------------------------

class FakeAuthd:
    """Greets, takes one question and gives the answer it was made with; an empty one hangs up."""

    def __init__(self, folder, answer):
        self.base, self.answer, self.question = folder / "run", answer, b""
        self.base.mkdir(mode=0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.base / "login"))
        self.listener.listen(1)
        self.conf = folder / "linnet.conf"
        self.conf.write_text(f"base_dir = {self.base}\n")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            peer = self.listener.accept()[0]
        except OSError:  # closed: nobody came
            return
        with peer, peer.makefile("rwb") as stream:
            stream.write(b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\n"
                         b"COOKIE\t0123456789abcdef0123456789abcdef\nDONE\n")
            stream.flush()
            for line in stream:
                if line.startswith(b"AUTH\t"):
                    self.question = line
                    break
            number = self.question.split(b"\t")[1]
            if self.answer:
                stream.write(self.answer.replace(b"ID", number) + b"\n")

    def ask(self, user, password):
        got = run("-c", self.conf, "auth", "test", user, text=password + "\n")
        self.thread.join(10)
        self.listener.close()
        return got


@pytest.mark.parametrize("answer, status, words", [
    (b"OK\tID\tuser=toto@x\tuid=5000\tgid=5001\thome=/var/mail/x/toto", 0, "the password is right"),
    (b"FAIL\tID\tuser=toto@x", 77, "refused: no such user, or a wrong password"),
    (b"FAIL\tID\tuser=toto@x\treason=Too many", 77, "Too many"),
    (b"FAIL\tID\tuser=toto@x\ttemp", 75, "cannot say now"),
    (b"", 75, "cannot say now"),
])
def test_auth_test_tells_the_verdict(folder, answer, status, words):
    got = FakeAuthd(folder, answer).ask("toto@x", "secret")
    assert got.returncode == status
    assert words in got.stdout
    assert "secret" not in got.stdout + got.stderr


def test_auth_test_sends_what_imapd_would(folder):
    authd = FakeAuthd(folder, b"OK\tID\tuser=toto@x\tuid=5000\tgid=5001\thome=/h")
    got = authd.ask("toto@x", "se cret")
    assert "uid = 5000\n  gid = 5001\n  home = /h\n" in got.stdout
    fields = authd.question.rstrip(b"\n").split(b"\t")
    assert fields[2] == b"PLAIN" and b"service=imap" in fields and b"secured" in fields
    response = [field[5:] for field in fields if field.startswith(b"resp=")][0]
    assert base64.b64decode(response) == b"\0toto@x\0se cret"


def test_auth_test_without_authd(folder):
    conf = folder / "linnet.conf"
    conf.write_text(f"base_dir = {folder}/nothing\n")
    got = run("-c", conf, "auth", "test", "toto@x", text="x\n")
    assert got.returncode == 69
    assert "is authd running?" in got.stderr


def test_auth_test_does_not_believe_a_foreign_folder(folder):
    authd = FakeAuthd(folder, b"")
    os.chmod(authd.base, 0o777)
    got = run("-c", authd.conf, "auth", "test", "toto@x", text="x\n")
    authd.listener.shutdown(socket.SHUT_RDWR)
    authd.thread.join(10)
    authd.listener.close()
    assert got.returncode == 69


# --- pw: the other schemes, with Dovecot as the other side --------------------------------------------

WORD = "motDePasse"
OURS = ["SHA512-CRYPT", "SHA256-CRYPT", "BLF-CRYPT", "ARGON2I", "ARGON2ID", "PBKDF2", "SCRAM-SHA-1", "SCRAM-SHA-256",
        "CRAM-MD5", "MD5-CRYPT", "DES-CRYPT", "PLAIN", "CLEARTEXT", "PLAIN-MD5", "LDAP-MD5", "SMD5", "SHA", "SHA1", "SSHA",
        "SHA256", "SSHA256", "SHA512", "SSHA512", "SHA256.hex", "SSHA.b64", "PLAIN-MD5.b64", "PLAIN.b64"]


def doveadm(*arguments):
    # no configuration: doveadm pw needs none, and the host's may be anything; since 2.4 one has to name its version
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, timeout=60).stdout.split()
        if version and not version[0].startswith("2.3"):
            conf.write("dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n")
            conf.flush()
        return subprocess.run(["doveadm", "-c", conf.name, "pw", *arguments], capture_output=True, text=True,
                              timeout=60)


@pytest.mark.parametrize("scheme", OURS)
def test_pw_as_dovecot_has_it(scheme):
    made = run("pw", "-s", scheme, text=WORD + "\n")
    assert made.returncode == 0, made.stderr
    theirs = doveadm("-s", scheme, "-p", WORD)
    # what we make, Dovecot verifies
    assert "(verified)" in doveadm("-t", made.stdout.strip(), "-p", WORD).stdout, made.stdout
    assert "(verified)" not in doveadm("-t", made.stdout.strip(), "-p", "x" + WORD).stdout
    # and the other way round
    assert theirs.returncode == 0, theirs.stderr
    assert run("pw", "-t", theirs.stdout.strip(), text=WORD + "\n").stdout == "(verified)\n", theirs.stdout
    assert run("pw", "-t", theirs.stdout.strip(), text="x" + WORD + "\n").returncode == 77


def test_pw_lists_and_verifies():
    names = run("pw", "-l").stdout.split()
    assert {s.split(".")[0] for s in OURS} <= set(names)
    got = run("pw", "-V", "-s", "SSHA256", text=WORD + "\n")
    assert got.returncode == 0 and got.stdout.startswith("{SSHA256}") and got.stdout.endswith(" (verified)\n")
    assert run("pw", "-t", "{NOSUCH}x", text="x\n").returncode == 69


@pytest.mark.parametrize("stored", [
    "{PBKDF2}$1$salt$2147483648$" + "0" * 40, "{ARGON2ID}$argon2id$v=19$m=4194304,t=3,p=1$c2FsdHNhbHRzYWx0c2E$" + "A" * 43,
    "{ARGON2I}$argon2i$v=19$m=65536,t=1000,p=1$c2FsdHNhbHRzYWx0c2E$" + "A" * 43, "{BLF-CRYPT}$2y$31$" + "a" * 53,
    "{SCRAM-SHA-256}2147483648,c2FsdA==," + "A" * 43 + "=," + "A" * 43 + "=",
    "{SCRAM-SHA-1}1024,c2FsdA==," + "A" * 27 + "=," + "A" * 27 + "=",
])
def test_absurd_costs_are_refused_at_once_A15(stored):
    import time
    start = time.monotonic()
    assert run("pw", "-t", stored, text="x\n").returncode == 69
    assert time.monotonic() - start < 2


# --- who, kick, stats, flush --------------------------------------------------------------------------

def test_who_and_kick():
    with Authd({"toto@d.test": "secret", "titi@d.test": "other"}) as authd:
        assert run("-c", authd.conf, "who").stdout == ""
        # the session's part: a process that holds the connection, and ends on SIGTERM
        code = ("import socket, sys, base64; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rb');"
                "s.sendall(b'VERSION\\t1\\t2\\nCPID\\t1\\nAUTH\\t1\\tPLAIN\\tservice=imap\\trip=192.0.2.7\\tsession=abc\\tresp='"
                " + base64.b64encode(b'\\0toto@d.test\\0secret') + b'\\n');"
                "[print(l.decode(), end='', flush=True) for l in f]")
        session = subprocess.Popen([sys.executable, "-c", code, str(authd.run / "login")], stdout=subprocess.PIPE, text=True)
        try:
            assert any(line.startswith("OK") for line in session.stdout)
            got = run("-c", authd.conf, "who")
            assert re.search(rf"toto@d\.test +imap +{session.pid} +192\.0\.2\.7 ", got.stdout)
            assert "toto" not in run("-c", authd.conf, "who", "titi@d.test").stdout
            assert "toto" in run("-c", authd.conf, "who", "192.0.2.0/24").stdout
            assert run("-c", authd.conf, "kick", "titi@d.test").returncode == 67
            assert "is ended" in run("-c", authd.conf, "kick", "toto@d.test").stdout
            assert session.wait(10) == -15
            linnet.wait_for(lambda: run("-c", authd.conf, "who").stdout == "", "the list to be empty")
        finally:
            linnet.end(session)
            session.stdout.close()


def test_stats_and_flush():
    with Authd({"toto@d.test": "secret"}, settings={"auth_cache_size": "1M"}) as authd:
        with authd.login() as c:
            c.plain("toto@d.test", "wrong")
        text = run("-c", authd.conf, "stats").stdout
        assert 'linnet_auth_attempts_total{verdict="failed"} 1\n' in text
        assert text.endswith("# EOF\n")
        with authd.client() as c:
            c.plain("toto@d.test", "secret")
        assert run("-c", authd.conf, "cache", "flush", "nobody@d.test").stdout == "0 answers are forgotten\n"
        assert run("-c", authd.conf, "cache", "flush").stdout == "1 answers are forgotten\n"
