"""mariadb.py - a throw-away MariaDB server with the tutorial's table

    with MariaDB() as database:
        database.create_tutorial()
        database.add_user("toto@mondomaine.local", "motDePasseDeToto")
        with linnet.Server(passdb=database.passdb_block()) as server:
            ...

It lives in a temporary folder, listens on a UNIX socket there (and on a free port of 127.0.0.1
with tcp=True), runs as the user mysql where we are root, and is gone at the end.
"""
import contextlib
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import linnet

DATABASE = """
CREATE DATABASE messagerie CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE USER 'messagerieUser'@'localhost' IDENTIFIED BY 'openclassrooms';
CREATE USER 'messagerieUser'@'127.0.0.1' IDENTIFIED BY 'openclassrooms';
GRANT SELECT, UPDATE ON messagerie.* TO 'messagerieUser'@'localhost';
GRANT SELECT, UPDATE ON messagerie.* TO 'messagerieUser'@'127.0.0.1';
USE messagerie;
"""
TABLE = DATABASE + """
CREATE TABLE virtual_domains (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL);
INSERT INTO virtual_domains (name) VALUES ('mondomaine.local');
CREATE TABLE virtual_users (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, domain_id INT NOT NULL,
  password VARCHAR(255), email VARCHAR(120) NOT NULL, KEY email (email));
"""
QUERY = "SELECT email as user, password FROM virtual_users WHERE email='%u'"


def quoted(text):
    """A string literal for our own statements."""
    return "NULL" if text is None else "x'" + text.encode().hex() + "'" if text else "''"


class MariaDB:
    def __init__(self, tcp=False, options=()):
        self.options = list(options)
        self.port = linnet.free_port() if tcp else None
        self.process = None

    # starting and ending

    def __enter__(self):
        if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
            import pytest
            pytest.skip("needs mariadb-server")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="linnet-mariadb-"))
        self.folder.chmod(0o755)
        self.data, self.socket_path = self.folder / "data", self.folder / "db" / "sock"
        self.general_log_path = self.folder / "db" / "general.log"
        self.error_log_path = self.folder / "db" / "error.log"
        self.data.mkdir(mode=0o700)
        (self.folder / "db").mkdir(mode=0o755)
        try:
            self._install()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _as_mysql(self):
        if not linnet.IS_ROOT:
            return []
        user = pwd.getpwnam("mysql")
        for path in (self.data, self.folder / "db"):
            shutil.chown(path, user.pw_uid, user.pw_gid)
        return ["--user=mysql"]

    def _install(self):
        done = subprocess.run(["mariadb-install-db", "--no-defaults", *self._as_mysql(), f"--datadir={self.data}",
                               "--auth-root-authentication-method=normal", "--skip-test-db"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        if done.returncode != 0:
            raise linnet.Failure(f"mariadb-install-db: {done.stdout.decode(errors='replace')}")

    def start(self):
        network = ["--skip-networking"] if self.port is None else ["--bind-address=127.0.0.1", f"--port={self.port}"]
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", *self._as_mysql(), f"--datadir={self.data}",
             f"--socket={self.socket_path}", f"--pid-file={self.folder}/db/pid", f"--log-error={self.error_log_path}",
             "--general-log=1", f"--general-log-file={self.general_log_path}", "--skip-name-resolve",
             "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--skip-log-bin", "--max-connections=200",
             *network, *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        linnet.wait_for(self._is_up, "MariaDB to start", 60, 0.05)

    def _is_up(self):
        if self.process.poll() is not None:
            log = self.error_log_path.read_text() if self.error_log_path.exists() else ""
            raise linnet.Failure(f"mariadbd ended with {self.process.returncode}\n{log}")
        return self._client("SELECT 1").returncode == 0

    def stop(self, kill=False):
        if self.process:
            if kill:
                self.process.kill()
            linnet.end(self.process, 30)
            self.process = None

    # what tests do with it

    def _client(self, statements):
        return subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket_path}", "-uroot", "-N", "-B"],
                              input=statements, text=True, capture_output=True, timeout=60)

    def sql(self, statements):
        """Run statements as the server's root; what they print."""
        done = self._client(statements)
        if done.returncode != 0:
            raise linnet.Failure(f"{statements}\n{done.stderr}")
        return done.stdout

    def create_tutorial(self):
        self.sql(TABLE)

    def add_user(self, user, password=None, stored=None):
        """One row of virtual_users; stored is what stands in the column instead of a SHA512-CRYPT hash."""
        if stored is None and password is not None:
            stored = linnet.sha512_crypt(password)
        self.sql(f"INSERT INTO messagerie.virtual_users (domain_id, password, email) "
                 f"VALUES (1, {quoted(stored)}, {quoted(user)})")

    def clear(self):
        self.sql("DELETE FROM messagerie.virtual_users")

    def general_log(self):
        """What the server was asked so far."""
        return self.general_log_path.read_text(errors="replace")

    @contextlib.contextmanager
    def logged(self):
        """with database.logged() as said: ...; afterwards said() is what was asked within."""
        start = self.general_log_path.stat().st_size
        yield lambda: self.general_log_path.read_bytes()[start:].decode(errors="replace")

    # settings

    def connect_string(self, password="openclassrooms", host=None):
        host = host or (f"127.0.0.1 port={self.port}" if self.port else self.socket_path)
        return f"host={host} dbname=messagerie user=messagerieUser password={password}"

    def write_conf(self, password_query=QUERY, scheme="SHA512-CRYPT", connect=None, user_query=None, path=None):
        """linnet-sql.conf.ext as the tutorial has it; its path."""
        path = path or self.folder / "linnet-sql.conf.ext"
        text = (f"driver = mysql\nconnect = {connect or self.connect_string()}\n"
                f"default_pass_scheme = {scheme}\npassword_query = {password_query}\n")
        if user_query:
            text += f"user_query = {user_query}\n"
        path.write_text(text)
        path.chmod(0o600)
        return path

    def passdb_block(self, **conf):
        return f"passdb {{\n driver = sql\n args = {self.write_conf(**conf)}\n}}\n"
