"""test_authd_users.py - users in a real MariaDB: fields, application passwords, masters, rehash, fail-over, TLS (A20-A22, B03-B13)"""
import contextlib
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import linnet
import mariadb
from authd import Authd, b64, verdict

USER, WORD = "toto@d.test", "motDePasse"
TABLES = mariadb.DATABASE + """
CREATE TABLE users (email VARCHAR(120) PRIMARY KEY, password VARCHAR(255), home VARCHAR(255), mail VARCHAR(255),
  quota VARCHAR(100), last_login DATETIME NULL, nologin VARCHAR(10) NULL, reason VARCHAR(100) NULL, nets VARCHAR(100) NULL);
CREATE TABLE app_passwords (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(120), password VARCHAR(255), label VARCHAR(50),
  services VARCHAR(100) NULL, nets VARCHAR(100) NULL, not_after DATETIME NULL, last_used DATETIME NULL);
"""
FIND = "SELECT email AS user, password FROM users WHERE email='%u'"


@pytest.fixture(scope="module")
def database():
    with mariadb.MariaDB(tcp=True) as running:
        running.sql(TABLES)
        yield running


@pytest.fixture
def users(database):
    """One user, alone in fresh tables."""
    database.sql("DELETE FROM messagerie.users; DELETE FROM messagerie.app_passwords")

    def add(email=USER, password="{PLAIN}" + WORD, **columns):
        names = ["email", "password", *columns]
        values = [email, password, *columns.values()]
        database.sql(f"INSERT INTO messagerie.users ({', '.join(names)}) VALUES ({', '.join(map(mariadb.quoted, values))})")
    add()
    return add


def sql_file(database, name, extra="", **conf):
    path = database.write_conf(path=database.folder / name, password_query=conf.pop("query", FIND), **conf)
    path.write_text(path.read_text() + extra)
    return path


def passdb(path, more=""):
    return f"passdb {{\n driver = sql\n args = {path}\n{more}}}\n"


def login(authd, user=USER, password=WORD, **how):
    with authd.login() as c:
        return c.plain(user, password, **how)


# --- what the database says of a user -----------------------------------------------------------------

def test_prefetched_fields_reach_the_session(database, users):
    database.sql("UPDATE messagerie.users SET quota='*:storage=1G', home='/var/mail/x', mail='maildir:/var/mail/x/M\tx'")
    query = ("SELECT email AS user, password, 5000 AS userdb_uid, 5001 AS userdb_gid, home AS userdb_home, mail AS userdb_mail,"
             " quota AS userdb_quota_rule, NULL AS userdb_nothing, 'x' AS userdb_uid2, 'evil' AS `userdb_a=b` FROM users WHERE email='%u'")
    block = passdb(sql_file(database, "prefetch", query=query))
    with Authd(passdb=block, userdb="userdb {\n driver = prefetch\n}\n") as authd:
        fields = login(authd).split(b"\t")
        assert fields[2:7] == [b"user=" + USER.encode(), b"uid=5000", b"gid=5001", b"home=/var/mail/x",
                               b"mail=maildir:/var/mail/x/M\1tx"]
        assert b"quota_rule=*:storage=1G" in fields and b"uid2=x" in fields
        assert not any(b"nothing" in f or b"evil" in f for f in fields)
        with authd.client() as c:
            assert c.plain(USER, WORD) == b"OK\t1\tuser=" + USER.encode()


def test_fields_of_user_query_and_defaults(database, users):
    path = sql_file(database, "query", user_query="SELECT 5000 AS uid, 5001 AS gid, '/h' AS home, quota AS quota_rule FROM users WHERE email='%u'")
    userdb = f"userdb {{\n driver = sql\n args = {path}\n default_fields = quota_rule2=Trash:ignore quota_rule=no\n override_fields = home=/var/mail/%n\n}}\n"
    database.sql("UPDATE messagerie.users SET quota='*:messages=7'")
    with Authd(passdb=passdb(path), userdb=userdb) as authd:
        fields = login(authd).split(b"\t")
        assert b"quota_rule=*:messages=7" in fields and b"quota_rule2=Trash:ignore" in fields and b"home=/var/mail/toto" in fields


def test_disabled_with_a_reason(database, users):
    query = "SELECT email AS user, password, nets AS allow_nets, IF(nologin IS NULL, 'no', 'yes') AS nologin, reason FROM users WHERE email='%u'"
    with Authd(passdb=passdb(sql_file(database, "nologin", query=query.replace("nets AS allow_nets, ", "")))) as authd:
        assert verdict(login(authd)) == "OK"
        database.sql("UPDATE messagerie.users SET nologin='y', reason='Unpaid since May'")
        assert verdict(login(authd)) == "Unpaid since May"
        assert verdict(login(authd, password="wrong")) == "wrong"  # only who knows the password learns it
        authd.wait_log("User login is disabled")


def test_canonical_name_A08(database, users):
    with Authd(passdb=passdb(sql_file(database, "plain"))) as authd:
        assert login(authd, "TOTO@d.test").split(b"\t")[2] == b"user=toto@d.test"


# --- several passdbs, application passwords -----------------------------------------------------------

APP = ("SELECT email AS user, password, label, services, nets AS allow_nets, not_after, id FROM app_passwords WHERE email='%u'")
APP_MORE = "app_passwords = yes\nlogin_query = UPDATE app_passwords SET last_used = NOW() WHERE id = '%{id}'\n"


def add_app(database, password, **columns):
    names = ["email", "password", *columns]
    values = [USER, "{PLAIN}" + password, *columns.values()]
    database.sql(f"INSERT INTO messagerie.app_passwords ({', '.join(names)}) VALUES ({', '.join(map(mariadb.quoted, values))})")


@pytest.fixture
def with_apps(database, users):
    query = APP.replace("nets AS allow_nets", "IFNULL(nets, '0.0.0.0/0') AS allow_nets")
    block = passdb(sql_file(database, "main", query=FIND)) + passdb(sql_file(database, "apps", query=query, extra=APP_MORE))
    with Authd(passdb=block) as authd:
        yield authd


def test_application_passwords_A22(database, with_apps):
    """What one row says never counts for another, nor for the main password."""
    add_app(database, "phone", label="phone", services="imap")
    add_app(database, "office", label="office", nets="198.51.100.0/24")
    add_app(database, "old", label="old", not_after="2020-01-01 00:00:00")
    add_app(database, "new", label="new", not_after="2090-01-01 00:00:00", services="imap,pop3")
    wanted = {("phone", "imap"): "OK", ("phone", "pop3"): "wrong", ("office", "imap"): "wrong", ("old", "imap"): "wrong",
              ("new", "pop3"): "OK", ("new", "smtp"): "wrong", (WORD, "imap"): "OK", (WORD, "smtp"): "OK", ("no", "imap"): "wrong"}
    for (password, service), what in wanted.items():
        assert verdict(login(with_apps, password=password, service=service)) == what, (password, service)
    assert verdict(login(with_apps, password="office", rip="198.51.100.7")) == "OK"
    assert verdict(login(with_apps, password=WORD, rip="203.0.113.7")) == "OK"
    linnet.wait_for(lambda: database.sql("SELECT label FROM messagerie.app_passwords WHERE last_used IS NOT NULL ORDER BY label")
                    .split() == ["new", "office", "phone"], "last_used to be written")


def test_a_revoked_application_password_A21(database, with_apps):
    add_app(database, "phone")
    assert verdict(login(with_apps, password="phone")) == "OK"
    database.sql("DELETE FROM messagerie.app_passwords")
    assert verdict(login(with_apps, password="phone")) == "wrong"


def test_too_many_application_passwords_are_none(database, with_apps):
    for i in range(21):
        add_app(database, f"app{i}")
    assert verdict(login(with_apps, password="app3")) == "wrong"
    with_apps.wait_log("ambiguous: more than one answer")
    assert verdict(login(with_apps)) == "OK"


def test_a_passdb_for_other_mechanisms_only_A22(database, users):
    block = passdb(sql_file(database, "main"), " mechanisms = LOGIN\n")
    with Authd(passdb=block) as authd:
        assert verdict(login(authd)) == "wrong"
        with authd.login() as c:
            c.start("LOGIN", b64(USER))
            c.line()
            assert verdict(c.cont(b64(WORD))) == "OK"


def test_no_hint_of_the_first_passdb_in_the_second_A22(database, users):
    """The first one's row is not used for the second's password: default scheme, fields and all."""
    database.sql("UPDATE messagerie.users SET password='{PLAIN}other'")
    add_app(database, WORD)
    first = sql_file(database, "first", query="SELECT 'evil@d.test' AS user, password, 'yes' AS nologin, 0 AS userdb_uid FROM users WHERE email='%u'")
    block = passdb(first) + passdb(sql_file(database, "second", query=APP.replace("nets AS allow_nets, ", ""), extra=APP_MORE))
    with Authd(passdb=block) as authd:
        line = login(authd)
        assert line.split(b"\t")[2] == b"user=" + USER.encode() and verdict(line) == "OK"


# --- master users (O09) -------------------------------------------------------------------------------

@pytest.fixture
def with_master(database, users, folder):
    users("off@d.test", nologin="y")
    masters = pathlib.Path(folder) / "masters"
    masters.write_text("admin:{PLAIN}root\n")
    query = "SELECT email AS user, password, IFNULL(nologin, 'no') AS nologin FROM users WHERE email='%u'"
    block = passdb(sql_file(database, "main", query=query)) + f"passdb {{\n driver = passwd-file\n args = {masters}\n master = yes\n}}\n"
    with Authd(passdb=block, settings={"auth_master_user_separator": "*", "auth_username_chars": ""}) as authd:
        yield authd


def test_master_users_O09(with_master):
    line = login(with_master, f"{USER}*admin", "root")
    assert line.split(b"\t")[2] == b"user=" + USER.encode() and b"master_user=admin" in line.split(b"\t")
    with_master.wait_log(f"master user admin logs in as {USER}")
    with with_master.login() as c:
        assert verdict(c.plain("admin", "root", authzid=USER)) == "OK"
    for user, password in ((f"{USER}*admin", WORD), (f"{USER}*nobody", "root"), ("nobody@d.test*admin", "root"), ("admin", "root"),
                           (f"{USER}*{USER}", "root"), (f"admin*{USER}", WORD), ("*admin", "root"), (f"{USER}*", WORD),
                           (f"{USER}*admin*admin", "root")):
        assert verdict(login(with_master, user, password)) == "wrong", user
    assert verdict(login(with_master, f"{USER}", WORD)) == "OK"
    assert "may not log in" in verdict(login(with_master, "off@d.test*admin", "root"))


def test_no_masters_without_the_settings_O09(database, users):
    with Authd(passdb=passdb(sql_file(database, "main")), settings={"auth_username_chars": ""}) as authd:
        assert verdict(login(authd, f"{USER}*admin", WORD)) == "wrong"
        with authd.login() as c:
            assert verdict(c.plain("admin", WORD, authzid=USER)) == "authz"


# --- written back -------------------------------------------------------------------------------------

def test_rehash_and_last_login(database, users):
    extra = ("login_query = UPDATE users SET last_login = NOW() WHERE email = '%u'\n"
             "rehash_query = UPDATE users SET password = '%{hash}' WHERE email = '%u'\nrehash_scheme = SHA256-CRYPT\n")

    def stored():
        return database.sql("SELECT password, last_login IS NULL FROM messagerie.users").strip().split("\t")
    with Authd(passdb=passdb(sql_file(database, "rehash", extra=extra))) as authd:
        assert verdict(login(authd, password="wrong")) == "wrong"
        assert stored() == ["{PLAIN}" + WORD, "1"]
        with database.logged() as said:
            assert verdict(login(authd)) == "OK"
            linnet.wait_for(lambda: stored()[0].startswith("{SHA256-CRYPT}$5$"), "the new hash")
            assert stored()[1] == "0"
            assert not re.search(r"Query.*SHA256", said())  # bound, not written into the statement
        before = stored()
        assert verdict(login(authd)) == "OK" and verdict(login(authd, password="wrong")) == "wrong"
        assert stored() == before


def test_rehash_never_takes_what_is_no_password(database, users):
    """CRAM-MD5 and SCRAM show no password: there is nothing to hash."""
    extra = "rehash_query = UPDATE users SET password = '%{hash}' WHERE email = '%u'\n"
    from sasl import cram
    import base64
    with Authd(passdb=passdb(sql_file(database, "rehash", extra=extra)), settings={"auth_mechanisms": "plain cram-md5"}) as authd:
        with authd.login() as c:
            challenge = base64.b64decode(c.auth("CRAM-MD5").split(b"\t")[2])
            assert verdict(c.cont(b64(cram(USER, WORD, challenge)))) == "OK"
        time.sleep(0.3)
        assert database.sql("SELECT password FROM messagerie.users").strip() == "{PLAIN}" + WORD


def test_a_write_that_fails_blocks_no_login_B11(database, users):
    extra = "login_query = UPDATE no_such_table SET x = 1\nrehash_query = UPDATE users SET nope = '%{hash}'\n"
    with Authd(passdb=passdb(sql_file(database, "broken", extra=extra))) as authd:
        for _ in range(5):
            assert verdict(login(authd)) == "OK"
        authd.wait_log("the login itself is not affected")


# --- the cache (A20, A21, B13) ------------------------------------------------------------------------

CACHE = {"auth_cache_size": "1M", "auth_cache_ttl": "30"}


def counters(authd):
    text = subprocess.run([linnet.program("linnetctl"), "-c", str(authd.conf), "stats"], capture_output=True, text=True, timeout=30).stdout
    return {k: int(v) for k, v in re.findall(r"^(linnet_\S+) (\d+)$", text, re.M)}


def test_cache_answers_the_same_question_only_A20(database, users):
    users("titi@d.test", "{PLAIN}other")
    with Authd(passdb=passdb(sql_file(database, "main")), settings=CACHE) as authd:
        assert verdict(login(authd)) == "OK"
        with database.logged() as said:
            first, second = login(authd), login(authd)
            assert first == second and b"/mail/d.test/toto" in first
            assert "Execute" not in said()
        assert counters(authd)["linnet_auth_cache_hits_total"] == 2
        # other password, other user with that password, other service, other network, other mechanism: all asked anew
        assert verdict(login(authd, password="other")) == "wrong"
        assert verdict(login(authd, "titi@d.test", WORD)) == "wrong"
        assert b"/mail/d.test/titi" in login(authd, "titi@d.test", "other")
        for how in ({"service": "pop3"}, {"rip": "198.51.100.1"}):
            with database.logged() as said:
                assert verdict(login(authd, **how)) == "OK"
                assert "Execute" in said()
        with authd.client() as c:  # learns no uid from an answer that was kept for a session
            assert c.plain(USER, WORD) == b"OK\t1\tuser=" + USER.encode()


def test_a_changed_password_works_at_once_A21(database, users):
    with Authd(passdb=passdb(sql_file(database, "main")), settings=CACHE) as authd:
        assert verdict(login(authd)) == "OK"
        assert verdict(login(authd, password="newer")) == "wrong"
        database.sql("UPDATE messagerie.users SET password='{PLAIN}newer'")
        assert verdict(login(authd, password="newer")) == "OK"
        assert verdict(login(authd)) == "OK"  # within auth_cache_ttl
        subprocess.run([linnet.program("linnetctl"), "-c", str(authd.conf), "cache", "flush", USER], check=True, capture_output=True)
        assert verdict(login(authd)) == "wrong"
        assert verdict(login(authd, password="newer")) == "OK"
        authd.reload()
        authd.wait_log("configuration read again")
        database.sql("DELETE FROM messagerie.users")
        linnet.wait_for(lambda: verdict(login(authd, password="newer")) == "wrong", "SIGHUP to empty the cache")


def test_cache_ends_with_its_time_A21(database, users):
    with Authd(passdb=passdb(sql_file(database, "main")), settings={**CACHE, "auth_cache_ttl": "3", "auth_cache_negative_ttl": "3"}) as authd:
        begin = time.monotonic()
        assert verdict(login(authd)) == "OK"
        assert verdict(login(authd, password="later")) == "wrong"
        database.sql("UPDATE messagerie.users SET password='{PLAIN}later'")
        kept = verdict(login(authd)), verdict(login(authd, password="later"))
        assert kept == ("OK", "wrong") or time.monotonic() - begin > 3
        linnet.wait_for(lambda: verdict(login(authd)) == "wrong", "the password of before to be forgotten")
        linnet.wait_for(lambda: verdict(login(authd, password="later")) == "OK", "the refusal to be forgotten")


@pytest.mark.parametrize("stale, wanted", [("0", "temp"), ("60", "OK")])
def test_database_down_and_a_cache_B13(stale, wanted):
    with mariadb.MariaDB() as database:
        database.sql(TABLES)
        database.sql(f"INSERT INTO messagerie.users (email, password) VALUES ('{USER}', '{{PLAIN}}{WORD}')")
        settings = {**CACHE, "auth_cache_ttl": "1", "auth_cache_stale_ttl": stale}
        with Authd(passdb=passdb(sql_file(database, "main")), settings=settings) as authd:
            assert verdict(login(authd)) == "OK"
            database.stop(kill=True)
            time.sleep(1.2)
            assert verdict(login(authd)) == wanted
            assert verdict(login(authd, password="wrong")) == "temp"
            if wanted == "OK":
                authd.wait_log("no database answers (auth_cache_stale_ttl)")


# --- hosts: fail-over, fail-back, TLS (B04, B11) ------------------------------------------------------

class Relay:
    """A TCP relay in front of MariaDB that can be shut and opened again."""

    def __init__(self, port, address=("127.0.0.1", 0)):
        self.to, self.is_open, self.count, self.pairs = port, True, 0, []
        self.listener = socket.create_server(address)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            if not self.is_open:
                near.close()
                continue
            self.count += 1
            far = socket.create_connection(("127.0.0.1", self.to))
            self.pairs += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    @staticmethod
    def carry(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        with contextlib.suppress(OSError):
            b.shutdown(socket.SHUT_RDWR)

    def shut(self):
        self.is_open = False
        for sock in self.pairs:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self.pairs = []

    def close(self):
        self.shut()
        self.listener.close()


def test_fail_over_without_a_lost_request_B04_B11(database, users):
    """The connection is cut under open workers, again and again: nobody is told anything but OK."""
    first = Relay(database.port)
    connect = (f"host=127.0.0.1 port={first.port} host={database.socket_path} dbname=messagerie user=messagerieUser password=openclassrooms")
    try:
        with Authd(passdb=passdb(sql_file(database, "two", connect=connect)), settings={"auth_worker_max_count": "2"}) as authd:
            for _ in range(6):
                assert verdict(login(authd)) == "OK"
            assert first.count >= 1
            first.shut()
            for _ in range(6):
                assert verdict(login(authd)) == "OK"
    finally:
        first.close()


@contextlib.contextmanager
def two_hosts(database, name):
    """Relays at 127.0.0.1 and 127.0.0.2, and an authd with one worker that asks the first before the second."""
    port = linnet.free_port()
    first, second = Relay(database.port, ("127.0.0.1", port)), Relay(database.port, ("127.0.0.2", port))
    connect = f"host=127.0.0.1 host=127.0.0.2 port={first.port} dbname=messagerie user=messagerieUser password=openclassrooms"
    try:
        with Authd(passdb=passdb(sql_file(database, name, connect=connect)), settings={"auth_worker_max_count": "1"}) as authd:
            yield first, second, authd
    finally:
        first.close()
        second.close()


def test_back_at_the_first_host_when_the_second_goes_B11(database, users):
    """Each time one host is cut the other one is there again: nobody is told anything but OK."""
    with two_hosts(database, "back") as (first, second, authd):
        for _ in range(3):
            before = first.count, second.count
            assert verdict(login(authd)) == "OK" and second.count == before[1]
            first.shut()
            assert verdict(login(authd)) == "OK" and second.count == before[1] + 1
            first.is_open = True
            assert verdict(login(authd)) == "OK" and second.count == before[1] + 1  # stays, as it serves
            before = first.count
            second.shut()
            assert verdict(login(authd)) == "OK" and first.count == before + 1
            second.is_open = True


@pytest.mark.slow
def test_back_at_the_first_host_while_the_second_serves_B11(database, users):
    """Within about a minute, and without a login that fails meanwhile."""
    with two_hosts(database, "minute") as (first, second, authd):
        assert verdict(login(authd)) == "OK" and (first.count, second.count) == (1, 0)
        first.shut()
        assert verdict(login(authd)) == "OK" and second.count == 1
        first.is_open, before, start = True, first.count, time.monotonic()
        while first.count == before and time.monotonic() < start + 75:
            assert verdict(login(authd)) == "OK"
            time.sleep(0.5)
        assert first.count == before + 1 and time.monotonic() > start + 50
        second.shut()  # holds nothing of ours any more
        for _ in range(3):
            assert verdict(login(authd)) == "OK"
        assert (first.count, second.count) == (before + 1, 1)


@pytest.fixture(scope="module")
def tls_files():
    with linnet.temporary_folder("linnet-dbtls-") as folder:
        folder = pathlib.Path(folder)

        def openssl(*arguments):
            subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)
        for name in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem",
                    "-subj", f"/CN={name}", "-days", "2")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "db.key", "-out", folder / "db.csr", "-subj", "/CN=localhost")
        (folder / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", folder / "db.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial",
                "-out", folder / "db.pem", "-days", "2", "-extfile", folder / "san")
        folder.chmod(0o755)
        for path in folder.iterdir():
            path.chmod(0o644)
        yield folder


def test_tls_to_the_database_B04(tls_files):
    options = [f"--ssl-ca={tls_files}/ca.pem", f"--ssl-cert={tls_files}/db.pem", f"--ssl-key={tls_files}/db.key"]
    with mariadb.MariaDB(tcp=True, options=options) as database:
        database.sql(TABLES)
        database.sql(f"ALTER USER 'messagerieUser'@'127.0.0.1' REQUIRE SSL;"
                     f"INSERT INTO messagerie.users (email, password) VALUES ('{USER}', '{{PLAIN}}{WORD}')")
        for more, wanted in ((f" ssl_ca={tls_files}/ca.pem", "OK"), (f" ssl_ca={tls_files}/other.pem", "temp"), ("", "temp")):
            connect = database.connect_string() + more
            with Authd(passdb=passdb(sql_file(database, "tls", connect=connect))) as authd:
                assert verdict(login(authd)) == wanted, (more, authd.log())
                assert "openclassrooms" not in authd.log()


def test_half_open_connections_B04(database, users):
    """A firewall that forgets: the query goes out and nothing comes back.  The worker's own deadline ends it."""
    with Authd(passdb=passdb(sql_file(database, "short", connect=database.connect_string() + " read_timeout=1"))) as authd:
        assert verdict(login(authd)) == "OK"
        database.process.send_signal(signal.SIGSTOP)
        try:
            start = time.monotonic()
            assert verdict(login(authd)) == "temp"
            assert time.monotonic() - start < 12
        finally:
            database.process.send_signal(signal.SIGCONT)
        linnet.wait_for(lambda: verdict(login(authd)) == "OK", "authd to be well again", 15)
