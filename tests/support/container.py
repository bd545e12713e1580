"""container.py - a booted systemd with our units, MariaDB and Postfix, in a throw-away overlay

The machine's own root is the lower layer and stays as it is; a tmpfs takes every change.
Needs root, systemd-nspawn and overlay.  As a program: boots it and gives a shell.

    with Container() as box:
        box.run("systemctl", "is-active", "linnet-imap.socket")
        wire = box.connect("imap")
"""
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import linnet

PORTS = {"smtp": 25, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}
UNITS = ["linnet-authd.socket", "linnet-authd-client.socket", "linnet-imap.socket", "linnet-imaps.socket",
         "linnet-pop3.socket", "linnet-pop3s.socket"]
# What the machine may have of its own that would take our ports or our time.
MASKED = ["dovecot.service", "dovecot.socket", "xinetd.service", "haproxy.service", "nginx.service", "fail2ban.service", "stunnel4.service", "stunnel.target",
          "systemd-networkd-wait-online.service", "NetworkManager-wait-online.service", "apt-daily.timer",
          "apt-daily-upgrade.timer", "man-db.timer", "dpkg-db-backup.timer", "exim4.service"]

SQL = """CREATE DATABASE IF NOT EXISTS messagerie;
CREATE USER IF NOT EXISTS 'messagerieUser'@'localhost' IDENTIFIED BY 'openclassrooms';
CREATE USER IF NOT EXISTS 'messagerieUser'@'127.0.0.1' IDENTIFIED BY 'openclassrooms';
GRANT SELECT ON messagerie.* TO 'messagerieUser'@'localhost', 'messagerieUser'@'127.0.0.1';
USE messagerie;
CREATE TABLE virtual_users (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, domain_id INT NOT NULL,
  password VARCHAR(106) NOT NULL, email VARCHAR(120) NOT NULL, UNIQUE KEY email (email));
"""

MAIN_CF = """compatibility_level = 3.6
myhostname = mail.mondomaine.local
mydestination = localhost
mynetworks = 127.0.0.99/32
inet_interfaces = loopback-only
inet_protocols = ipv4
biff = no
virtual_mailbox_domains = mondomaine.local
virtual_mailbox_maps = mysql:/etc/postfix/mysql-virtual-mailbox-maps.cf
virtual_mailbox_base = /var/mail/vhosts
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 100
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
"""

# By TCP, for smtpd runs in a chroot that has no socket of MariaDB's.
MAILBOX_MAPS = """user = messagerieUser
password = openclassrooms
hosts = 127.0.0.1
dbname = messagerie
query = SELECT CONCAT(SUBSTRING_INDEX(email, '@', -1), '/', SUBSTRING_INDEX(email, '@', 1), '/')
        FROM virtual_users WHERE email='%s'
"""


def is_possible():
    """Why a container cannot be booted here; None when it can."""
    if not linnet.IS_ROOT:
        return "needs root"
    for tool in ("systemd-nspawn", "nsenter", "mariadbd", "postfix"):
        if not shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            return f"needs {tool}"
    return None


def private_mounts():
    """Mounts of this process from now on are its own: they end with it, however it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x00020000):  # CLONE_NEWNS
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def run_quietly(argv, **how):
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, **how)
    if done.returncode:
        raise linnet.Failure(f"{argv[0]}: status {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def make_variable(build, name):
    found = re.search(rf"^{name} = (.*)$", (build / "Makefile").read_text(), re.M)
    return found[1] if found else None


class Container:
    """Booted on entering, powered off and forgotten on leaving."""

    def __init__(self, users=None):
        self.users = dict(linnet.USERS if users is None else users)

    # making

    def __enter__(self):
        private_mounts()
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="linnet-box-"))
        self.nspawn = None
        try:
            self._fill()
            self._boot()
            self._prepare_database()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _fill(self):
        run_quietly(["mount", "-t", "tmpfs", "-o", "size=3g,mode=755", "none", self.top])
        for name in ("u", "w", "m"):
            (self.top / name).mkdir(mode=0o755)
        self.upper, self.root = self.top / "u", self.top / "m"
        run_quietly(["make", "-s", "-C", self._build(), "install", f"DESTDIR={self.upper}"])
        self._mount()
        run_quietly(["systemd-sysusers", f"--root={self.root}", "linnet.conf"])
        passwd = (self.root / "etc/passwd").read_text()
        self.uid, self.gid = map(int, re.search(r"^vhosts:[^:]*:(\d+):(\d+):", passwd, re.M).groups())
        self._write_files()
        for unit in MASKED:
            link = self.root / "etc/systemd/system" / unit
            with contextlib.suppress(FileNotFoundError):
                link.unlink()
            link.symlink_to("/dev/null")
        run_quietly(["systemctl", f"--root={self.root}", "enable", "mariadb.service", "postfix.service", *UNITS])

    def _build(self):
        """A build whose paths are /usr and /etc: the one at hand, or one made for this."""
        if make_variable(linnet.BUILD, "prefix") == "/usr" and make_variable(linnet.BUILD, "sysconfdir") == "/etc":
            return linnet.BUILD
        build = self.top / "build"
        build.mkdir()
        run_quietly([linnet.TOP / "configure", "-q", "--prefix=/usr", "--sysconfdir=/etc", "--libexecdir=/usr/libexec"],
                    cwd=build)
        run_quietly(["make", "-s", "-j2", "-C", build])
        return build

    def _mount(self):
        layers = f"lowerdir=/,upperdir={self.upper},workdir={self.top / 'w'}"
        run_quietly(["mount", "-t", "overlay", "overlay", "-o", layers, self.root])

    def write(self, path, text, mode=0o644):
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def _write_files(self):
        tls = self.root / "etc/linnet/tls"
        tls.mkdir(parents=True, exist_ok=True)
        linnet.make_certificate(tls)
        conf = (self.root / "etc/linnet/linnet.conf").read_text()
        self.write("/etc/linnet/linnet.conf", conf + "\nssl_cert = </etc/linnet/tls/cert.pem\n"
                   "ssl_key = </etc/linnet/tls/key.pem\n")
        self.write("/etc/postfix/main.cf", MAIN_CF.format(uid=self.uid, gid=self.gid))
        self.write("/etc/postfix/mysql-virtual-mailbox-maps.cf", MAILBOX_MAPS)
        drop_in = (linnet.TOP / "doc/examples/postfix-authd.socket.conf").read_text()
        self.write("/etc/systemd/system/linnet-authd-client.socket.d/postfix.conf", drop_in)
        vhosts = self.root / "var/mail/vhosts"
        vhosts.mkdir(parents=True, exist_ok=True)
        os.chown(vhosts, self.uid, self.gid)

    def _boot(self):
        log = open(self.top / "boot.log", "wb")
        with log:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", f"--directory={self.root}", "--register=no", "--keep-unit", "--private-network",
                 "--boot"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.leader = linnet.wait_for(self._leader, "the container's init", 60)
        try:
            linnet.wait_for(self._is_up, "the container to be up", 120, 0.2)
        except linnet.Failure as failure:
            jobs = self.run("systemctl", "list-jobs", check=False)
            raise linnet.Failure(f"{failure}\n{jobs.stdout}{jobs.stderr}{self.boot_log()[-3000:]}") from None

    def _leader(self):
        """nspawn's descendant that is pid 1 inside: not the helper that it forks on the way."""
        if self.nspawn.poll() is not None:
            raise linnet.Failure("systemd-nspawn ended:\n" + self.boot_log())
        for pid in linnet.children(self.nspawn.pid):
            with contextlib.suppress(OSError):
                if linnet.process_status(pid)["NSpid"].split()[1:] == ["1"]:
                    return pid
        return None

    def boot_log(self):
        return (self.top / "boot.log").read_text(errors="replace")

    def _is_up(self):
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def _prepare_database(self):
        linnet.wait_for(lambda: self.run("mariadb", "-e", "SELECT 1", check=False).returncode == 0, "MariaDB", 60, 0.2)
        self.run("mariadb", text=SQL)
        for user, password in self.users.items():
            self.sql(f"INSERT INTO virtual_users (domain_id, password, email) VALUES "
                     f"(1, '{linnet.sha512_crypt(password)}', '{user}')")

    # ending

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            if self.nspawn and self.nspawn.poll() is None:
                self.run("systemctl", "poweroff", "--no-block", check=False)
                self.nspawn.wait(60)
        if self.nspawn:
            linnet.end(self.nspawn)
        for place in (self.top / "m", self.top):
            subprocess.run(["umount", "-l", str(place)], stderr=subprocess.DEVNULL)
        with contextlib.suppress(OSError):
            self.top.rmdir()

    # using

    def run(self, *argv, text=None, check=True, timeout=120):
        """A command inside; CompletedProcess."""
        done = subprocess.run(["nsenter", "-t", str(self.leader), "-a", "-r", "-w", *argv], input=text, capture_output=True,
                              text=True, timeout=timeout, cwd="/", env=linnet.environment(HOME="/root", LC_ALL="C"),
                              stdin=subprocess.DEVNULL if text is None else None)
        if check and done.returncode:
            raise linnet.Failure(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}\n{done.stderr}\n"
                                 f"{self.journal(40)}")
        return done

    def sql(self, statement):
        return self.run("mariadb", "-N", "messagerie", text=statement).stdout

    def journal(self, lines=2000, *more):
        done = subprocess.run(["nsenter", "-t", str(self.leader), "-a", "-r", "-w", "journalctl", "--no-pager", "-o", "short",
                               "-n", str(lines), *more], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.stdout

    def inside(self, function):
        """Run function() on a thread within the container's network; its value is returned."""
        result = {}

        def work():
            try:
                with open(f"/proc/{self.leader}/ns/net") as namespace:
                    libc = ctypes.CDLL(None, use_errno=True)
                    if libc.setns(namespace.fileno(), 0x40000000):  # CLONE_NEWNET
                        raise OSError(ctypes.get_errno(), "setns")
                result["value"] = function()
            except BaseException as error:  # handed to the caller's thread
                result["error"] = error

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if "error" in result:
            raise result["error"]
        return result["value"]

    def socket(self, service, source=None, timeout=linnet.TIMEOUT, host="127.0.0.1"):
        """A connected socket inside, usable from any thread."""
        return self.inside(lambda: socket.create_connection(
            (host, PORTS[service]), timeout, (source, 0) if source else None))

    def connect(self, service, source=None, tls=None, timeout=linnet.TIMEOUT, host="127.0.0.1"):
        wire = linnet.Wire(self.socket(service, source, timeout, host), timeout)
        if service.endswith("s") if tls is None else tls:
            wire.starttls()
        return wire

    def shell(self):
        """An interactive shell inside."""
        subprocess.run(["nsenter", "-t", str(self.leader), "-a", "-r", "-w", "/bin/bash", "-l"], cwd="/")


def main():
    why_not = is_possible()
    if why_not:
        sys.exit(f"dev container: {why_not}")
    print("booting ...")
    with Container() as box:
        print("Ports 25, 143, 993, 110, 995 inside; users", ", ".join(f"{u} / {p}" for u, p in box.users.items()))
        print("Try: systemctl list-units 'linnet*'; curl -k imaps://localhost/INBOX -u ...; leave with exit.")
        box.shell()


if __name__ == "__main__":
    main()
