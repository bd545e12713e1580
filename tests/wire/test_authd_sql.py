"""test_authd_sql.py - authd and a real MariaDB: what it is asked, and what happens when it is not there"""
import os
import re
import signal
import socket
import time

import pytest

import linnet
import mariadb
from authd import Authd, is_sanitized, verdict

memory_tells = pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps memory back")
TOTO, WORD = "toto@mondomaine.local", "motDePasseDeToto"


@pytest.fixture(scope="module")
def database():
    with mariadb.MariaDB(tcp=True) as running:
        running.create_tutorial()
        running.add_user(TOTO, WORD)
        running.add_user("titi@mondomaine.local", "motDePasseDeTiti")
        yield running


@pytest.fixture(scope="module")
def authd(database):
    with Authd(passdb=database.passdb_block()) as running:
        yield running


def login(authd, user=TOTO, password=WORD, **how):
    with authd.login() as c:
        return c.plain(user, password, **how)


def test_the_tutorial(authd):
    line = login(authd)
    assert line.startswith(b"OK\t1\tuser=toto@mondomaine.local\tuid=5000\tgid=5000\thome=")
    assert line.endswith(b"/mail/mondomaine.local/toto")
    assert verdict(login(authd, password="wrong")) == "wrong"
    assert verdict(login(authd, user="tata@mondomaine.local")) == "wrong"
    authd.wait_log("sql(toto@mondomaine.local,192.0.2.1): Password mismatch")
    authd.wait_log("sql(tata@mondomaine.local,192.0.2.1): unknown user")


def test_name_is_only_ever_bound(database, authd):
    with database.logged() as said:
        login(authd)
        log = said()
    assert "SELECT email as user, password FROM virtual_users WHERE email=?" in database.general_log()
    assert "Query\tSELECT" not in log.replace("    ", "\t")


def test_host_is_a_port(database):
    """host= port= over TCP, several hosts of which the first refuses."""
    several = f"/nonexistent/sock host=127.0.0.1 port={database.port}"
    for connect in (database.connect_string(), database.connect_string(host=several)):
        with Authd(passdb=database.passdb_block(connect=connect)) as authd:
            assert verdict(login(authd)) == "OK"


def test_unix_socket(database):
    block = database.passdb_block(connect=database.connect_string(host=database.socket_path))
    with Authd(passdb=block) as authd:
        assert verdict(login(authd)) == "OK"


# --- names --------------------------------------------------------------------------------------------

INJECTIONS = ["' OR '1'='1' -- @d.test", "\\' OR 1=1 -- ", "%27 OR 1=1", "\" OR \"\"=\"", "x';DROP TABLE virtual_users;--",
              "/* */", "#", "-- ", "'" * 250, "\\", "\\\\", "toto@mondomaine.local'", "toto@mondomaine.local' -- ",
              "toto@mondomaine.local\\", "\u00bf' OR 1=1 -- ", "toto@mondomaine.loca_", "%@mondomaine.local", "?", "%s", "%u"]


@pytest.mark.parametrize("chars", [None, ""])
@pytest.mark.parametrize("mode", ["", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"])
def test_injections_A10_A12(database, chars, mode):
    database.sql(f"SET GLOBAL sql_mode='{mode}'")
    settings = {} if chars is None else {"auth_username_chars": chars}
    try:
        with Authd(passdb=database.passdb_block(), settings=settings) as authd, authd.login() as c:
            start = len(database.general_log())
            for name in INJECTIONS:
                assert verdict(c.plain(name, "x")) == "wrong", name
                assert verdict(c.plain(name, "' OR '1'='1")) == "wrong", name
            assert verdict(c.plain(b"\xbf\x27 OR 1=1 -- ", "x")) == "wrong"
            assert verdict(c.plain("'" * 10240, "x")) == "wrong"
            assert verdict(c.plain(TOTO, WORD)) == "OK"
            log = database.general_log()[start:]
        assert not re.search(r"\bQuery\b.*virtual_users", log)
        assert len(re.findall(r"\bPrepare\b", log)) <= 4
        assert set(re.findall(r"\bPrepare\s+(.*)", log)) <= {mariadb.QUERY.replace("'%u'", "?")}
        assert database.sql("SELECT COUNT(*) FROM messagerie.virtual_users").strip() == "2"
    finally:
        database.sql("SET GLOBAL sql_mode=DEFAULT")


@pytest.mark.parametrize("quoting", ["'%u'", '"%u"', "%u", "'%n@%d'", "'%Lu'"])
def test_each_way_to_write_the_variable(database, quoting):
    query = f"SELECT email as user, password FROM virtual_users WHERE email={quoting}"
    with Authd(passdb=database.passdb_block(password_query=query)) as authd:
        assert verdict(login(authd)) == "OK"
        assert verdict(login(authd, user="x' OR '1'='1")) == "wrong"


@pytest.mark.parametrize("typed", ["TOTO@mondomaine.local", "toto@MONDOMAINE.LOCAL", "TOTO@MONDOMAINE.LOCAL"])
def test_two_spellings_one_folder_A08(authd, typed):
    assert b"user=toto@mondomaine.local\t" in login(authd, typed)
    assert login(authd, typed).endswith(b"/mail/mondomaine.local/toto")


@pytest.mark.parametrize("typed", ["t\u00f6to@mondomaine.local", "toto@mondomaine.local ", "\uff54oto@mondomaine.local",
                                   "toto\u0308@mondomaine.local"])
def test_the_folder_is_the_databases_name_A08(database, typed):
    """Whatever the collation lets pass as equal, the canonical name decides, not what was typed."""
    with Authd(passdb=database.passdb_block(), settings={"auth_username_chars": ""}) as authd:
        line = login(authd, typed)
        assert verdict(line) == "wrong" or line.endswith(b"/mail/mondomaine.local/toto"), line


@pytest.mark.parametrize("column, wanted", [
    ("'../../etc'", "temp"), ("'a/b@d.test'", "temp"), ("''", "temp"), ("NULL", "temp"), ("'x@y@z'", "temp"), ("'..@d.test'", "temp"),
    ("CONCAT('a', CHAR(0), 'b')", "temp"), ("'other@d.test'", "OK"),
])
def test_what_the_database_calls_the_user_is_checked_A08(database, column, wanted):
    query = f"SELECT {column} as user, password FROM virtual_users WHERE email='%u'"
    with Authd(passdb=database.passdb_block(password_query=query)) as authd:
        line = login(authd)
        assert verdict(line) == wanted
        if wanted == "OK":
            assert line.endswith(b"/mail/d.test/other")
        else:
            authd.wait_log("the name in field user is refused")


def test_names_that_never_reach_the_database_A09(database, authd):
    login(authd)
    with database.logged() as said:
        for name in ("@d.test", "u1@", "u1@d.test@evil", "u1/../u2@d.test", "..@d.test", "u1@..", "a" * 300):
            assert verdict(login(authd, name)) == "wrong"
        assert "Execute" not in said()


# --- rows ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stored, wanted, text", [
    (None, "wrong", "no usable password"), ("", "wrong", "no usable password"), ("*", "wrong", "no usable password"),
    ("{NOSUCH}x", "temp", "does not know"), ("{PLAIN}geheim", "OK", None), ("geheim", "temp", "no hash of a kind"),
    ("$6$rounds=999999999$a$b", "temp", "above the limit"),
])
def test_rows_A14_A15(database, stored, wanted, text):
    database.add_user("row@d.test", stored=stored)
    try:
        with Authd(passdb=database.passdb_block()) as authd:
            assert verdict(login(authd, "row@d.test", "geheim")) == wanted
            if text:
                authd.wait_log(text)
            assert "geheim" not in authd.log()
    finally:
        database.sql("DELETE FROM messagerie.virtual_users WHERE email='row@d.test'")


def test_two_rows_for_one_name_A14(database, authd):
    for word in ("one", "two"):
        database.add_user("twin@d.test", word)
    try:
        assert verdict(login(authd, "twin@d.test", "one")) == "wrong"
        assert verdict(login(authd, "twin@d.test", "two")) == "wrong"
        authd.wait_log("user twin@d.test is ambiguous")
    finally:
        database.sql("DELETE FROM messagerie.virtual_users WHERE email='twin@d.test'")


@pytest.mark.parametrize("password", ["p", "p" * 72, "p" * 73, "p\u00e4ss:w\t\u00f6rd\\'\"%u", "x" * 1024])
def test_password_bytes_A16(database, password):
    database.add_user("bytes@d.test", password)
    try:
        with Authd(passdb=database.passdb_block()) as authd:
            wanted = "OK" if len(password) <= 511 else "wrong"  # libxcrypt itself refuses phrases above 511 bytes
            assert verdict(login(authd, "bytes@d.test", password)) == wanted
            assert verdict(login(authd, "bytes@d.test", "q" + password[1:200])) == "wrong"
    finally:
        database.sql("DELETE FROM messagerie.virtual_users WHERE email='bytes@d.test'")


def test_prefetch_and_user_query(database):
    prefetch = ("SELECT email as user, password, 5005 AS userdb_uid, 5006 AS userdb_gid, '/home/p' AS userdb_home "
                "FROM virtual_users WHERE email='%u'")
    with Authd(passdb=database.passdb_block(password_query=prefetch), userdb="userdb {\n driver = prefetch\n}\n") as authd:
        assert login(authd).endswith(b"\tuid=5005\tgid=5006\thome=/home/p")
    conf = database.write_conf(user_query="SELECT 5007 AS uid, 5008 AS gid, '/home/q' AS home, 'maildir:~/M' AS mail "
                                          "FROM virtual_users WHERE email='%u'")
    block = f"passdb {{\n driver = sql\n args = {conf}\n}}\n"
    with Authd(passdb=block, userdb=block.replace("passdb", "userdb")) as authd:
        assert login(authd).endswith(b"\tuid=5007\tgid=5008\thome=/home/q\tmail=maildir:~/M")


def test_second_passdb_is_asked_after_the_first(database):
    with Authd({"file@d.test": "other", TOTO: "fromFile"}) as authd:
        authd.passdb = (f"passdb {{\n driver = passwd-file\n args = scheme=SHA512-CRYPT {authd.users_path}\n}}\n"
                        + database.passdb_block())
        authd.write_conf()
        authd.reload()
        authd.wait_log("configuration read again")
        linnet.wait_for(lambda: verdict(login(authd)) == "OK", "the second passdb")
        assert verdict(login(authd, password="fromFile")) == "OK"
        assert verdict(login(authd, "file@d.test", "other")) == "OK"
        assert verdict(login(authd, "file@d.test", WORD)) == "wrong"


# --- a database that is not as it should be -------------------------------------------------------------

def test_database_down_B01():
    with mariadb.MariaDB() as database:
        database.create_tutorial()
        database.add_user(TOTO, WORD)
        with Authd(passdb=database.passdb_block(), settings={"auth_failure_delay": "2"}) as authd:
            assert verdict(login(authd)) == "OK"
            database.stop()
            start = time.monotonic()
            for n in range(20):
                assert verdict(login(authd, password="wrong" if n % 2 else WORD)) == "temp"
            assert time.monotonic() - start < 5  # told at once, no delay, no penalty
            log = authd.log()
            assert "Password mismatch" not in log and "unknown user" not in log
            assert log.count("Error:") <= 2  # what the lost connection said, what connecting said
            assert "linnet-sql.conf.ext" in log and "connect" in log and "openclassrooms" not in log
            database.start()
            linnet.wait_for(lambda: verdict(login(authd)) == "OK", "the database to be found again")


def test_wrong_password_in_connect(database):
    block = database.passdb_block(connect=database.connect_string(password="notTheWord"))
    with Authd(passdb=block) as authd:
        assert verdict(login(authd)) == "temp"
        authd.wait_log("Access denied")
        assert "linnet-sql.conf.ext: connect: host=" in authd.log()
        assert "notTheWord" not in authd.log()


@pytest.mark.parametrize("query, text", [
    ("SELECT nosuch FROM virtual_users WHERE email='%u'", "nosuch"),
    ("SELECT email as user, password FROM nosuchtable WHERE email='%u'", "nosuchtable"),
    ("SELECT email as user FROM virtual_users WHERE email='%u'", "no field named password"),
    ("UPDATE virtual_users SET domain_id=1 WHERE email='%u'", "is no SELECT"),
])
def test_wrong_query_is_the_servers_fault(database, query, text):
    with Authd(passdb=database.passdb_block(password_query=query)) as authd:
        assert verdict(login(authd)) == "temp"
        authd.wait_log(text)
        assert "password" in authd.log()


@pytest.mark.parametrize("query", ["SELECT 1 WHERE a='%u", "SELECT a FROM `%u`", "SELECT '%z'", "SELECT ?"])
def test_query_that_cannot_be_bound_does_not_start(database, query):
    with Authd(passdb=database.passdb_block()) as authd:
        linnet.end(authd.process)
        database.write_conf(password_query=query)
        again = authd.spawn()
        assert again.wait(10) == 78
        assert "password_query:" in authd.log()
        database.write_conf()
        authd.begin()


def test_slow_query_keeps_nobody_else_waiting_B03(database):
    query = ("SELECT email as user, password FROM virtual_users WHERE email='%u' "
             "AND (email <> 'titi@mondomaine.local' OR SLEEP(60) = 0)")
    with Authd(passdb=database.passdb_block(password_query=query), settings={"auth_worker_max_count": "2"}) as authd:
        with authd.login() as slow:
            start = time.monotonic()
            slow.start_plain("titi@mondomaine.local", "motDePasseDeTiti")
            time.sleep(0.2)
            for _ in range(5):
                assert verdict(login(authd)) == "OK"
                assert not slow.has_answer()
            assert verdict(slow.line()) == "temp"
            assert time.monotonic() - start < 12


def test_connection_lost_unseen_B04(database, authd):
    """wait_timeout, KILL, a restart: one reconnect, and nobody notices."""
    for _ in range(3):
        assert verdict(login(authd)) == "OK"
        ids = database.sql("SELECT id FROM information_schema.processlist WHERE user='messagerieUser'").split()
        assert ids
        for number in ids:
            database.sql(f"KILL {number}")
        for _ in range(4):
            assert verdict(login(authd)) == "OK"


def test_statement_is_prepared_again_B04(database, authd):
    assert verdict(login(authd)) == "OK"
    database.sql("FLUSH TABLES; ALTER TABLE messagerie.virtual_users ADD COLUMN extra INT")
    try:
        for _ in range(4):
            assert verdict(login(authd)) == "OK"
    finally:
        database.sql("ALTER TABLE messagerie.virtual_users DROP COLUMN extra")


@pytest.mark.slow
def test_host_that_says_nothing_B04(database):
    """A firewall that drops: the connection is taken and never answered."""
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(100)
        connect = database.connect_string(host=f"127.0.0.1 port={hole.getsockname()[1]}")
        with Authd(passdb=database.passdb_block(connect=connect)) as authd:
            start = time.monotonic()
            assert verdict(login(authd)) == "temp"
            assert time.monotonic() - start < 12
            assert verdict(login(authd)) == "temp"


def test_sighup_reads_the_sql_file_again_B12(database):
    with Authd(passdb=database.passdb_block()) as authd:
        assert verdict(login(authd)) == "OK"
        database.write_conf(connect="dbname=x")
        authd.reload()
        authd.wait_log("the settings of before stay in force")
        assert verdict(login(authd)) == "OK"
        database.write_conf(password_query="SELECT email as user, '{PLAIN}fresh' as password FROM virtual_users WHERE email='%u'")
        authd.reload()
        authd.wait_log("configuration read again")
        linnet.wait_for(lambda: verdict(login(authd, password="fresh")) == "OK", "the new query")
        assert verdict(login(authd)) == "wrong"
        database.write_conf()


def test_killed_workers_and_many_logins_B06(database):
    with Authd(passdb=database.passdb_block(), settings={"auth_worker_max_count": "2"}) as authd:
        clients = [authd.login() for _ in range(100)]
        for n, c in enumerate(clients):
            c.start_plain(TOTO, WORD, rip=f"198.51.{n // 250}.{n % 250}")
            if n == 50:
                for pid in authd.worker_pids()[:1]:
                    os.kill(pid, signal.SIGKILL)
        verdicts = [verdict(c.line()) for c in clients]
        assert verdicts == ["OK"] * 100
        for c in clients:
            c.close()


@memory_tells
def test_the_secret_is_with_those_who_need_it(database, root):
    """The server process, which hears strangers, has the database's password nowhere in its memory."""
    with Authd(passdb=database.passdb_block()) as authd:
        assert verdict(login(authd)) == "OK"
        assert b"openclassrooms" not in memory_of(authd.server_pid())
        assert b"openclassrooms" in memory_of(authd.worker_pids()[0])


def memory_of(pid):
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(n, 16) for n in span.split("-"))
            if "r" in rights and "[v" not in line:
                memory.seek(start)
                found.append(memory.read(end - start))
    return b"".join(found)
