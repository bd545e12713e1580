"""test_authd_gssapi.py - GSSAPI (RFC 4752) with a real KDC on a loopback port"""
import base64
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess

import pytest

import linnet
from authd import Authd, b64, verdict

REALM, HOST = "D.TEST", "mail.d.test"
NEEDS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")


class Realm:
    """A KDC of its own: users toto and off, the keys of imap/mail.d.test in a keytab."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        port = linnet.free_port(socket.SOCK_DGRAM)
        (self.folder / "krb5.conf").write_text(
            f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n rdns = false\n"
            f"[realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n[domain_realm]\n .d.test = {REALM}\n")
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = \"\"\n[realms]\n {REALM} = {{\n"
            f"  database_name = {folder}/db\n  key_stash_file = {folder}/stash\n  acl_file = {folder}/acl\n }}\n"
            f"[logging]\n kdc = FILE:{folder}/kdc.log\n")
        self.env = {**linnet.environment(), "KRB5_CONFIG": f"{folder}/krb5.conf", "KRB5_KDC_PROFILE": f"{folder}/kdc.conf",
                    "KRB5CCNAME": f"FILE:{folder}/cc", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        self.run("kdb5_util", "create", "-s", "-P", "master", "-r", REALM)
        for query in ("addprinc -pw geheim toto", "addprinc -pw geheim off", "addprinc -pw geheim stranger",
                      f"addprinc -randkey imap/{HOST}", "addprinc -randkey imap/other.d.test",
                      f"addprinc -randkey pop/{HOST}", f"ktadd -k {folder}/keytab imap/{HOST}", f"ktadd -k {folder}/keytab pop/{HOST}"):
            self.run("kadmin.local", "-r", REALM, "-q", query)
        self.process = subprocess.Popen(["krb5kdc", "-n", "-r", REALM], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        linnet.wait_for(lambda: self.kinit("toto").returncode == 0, "the KDC to answer", 20, 0.1)

    def run(self, *arguments):
        return subprocess.run(arguments, env=self.env, check=True, capture_output=True, timeout=60)

    def kinit(self, user, password="geheim"):
        return subprocess.run(["kinit", user], input=password + "\n", text=True, env=self.env, capture_output=True, timeout=30)


@pytest.fixture(scope="module")
def realm():
    missing = [name for name in NEEDS if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    gssapi = pytest.importorskip("gssapi", reason="needs python3-gssapi")
    if missing:
        pytest.skip(f"needs {' '.join(missing)}")
    with linnet.temporary_folder("linnet-kdc-") as folder:
        running = Realm(folder)
        before = {name: os.environ.get(name) for name in ("KRB5_CONFIG", "KRB5CCNAME")}
        os.environ.update({name: running.env[name] for name in before})
        running.gssapi = gssapi
        try:
            yield running
        finally:
            linnet.end(running.process)
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value


@contextlib.contextmanager
def started(realm, **more):
    users = realm.folder / "users"
    users.write_text("toto@d.test:{PLAIN}x\noff@d.test:{PLAIN}x::::::nologin\n")
    settings = {"auth_mechanisms": "plain gssapi", "auth_krb5_keytab": realm.folder / "keytab", **more}
    with Authd(passdb=f"passdb {{\n driver = passwd-file\n args = {users}\n}}\n", settings=settings,
               env={"KRB5_CONFIG": realm.env["KRB5_CONFIG"]}) as authd:
        with authd.login() as c:
            if not any(line.startswith(b"MECH\tGSSAPI") for line in c.greeting):
                pytest.skip("this build has no GSSAPI: configure --with-gssapi")
        yield authd


@pytest.fixture(scope="module")
def authd(realm):
    with started(realm) as running:
        yield running


def decode(line):
    assert line.startswith(b"CONT\t"), line
    return base64.b64decode(line.split(b"\t")[2])


def dialogue(realm, authd, user, host=HOST, authzid=b"", change=None, layer=b"\1\0\0\0"):
    """The verdict of one GSSAPI dialogue with a fresh ticket."""
    gssapi = realm.gssapi
    assert realm.kinit(user).returncode == 0
    name = gssapi.Name(f"imap@{host}", gssapi.NameType.hostbased_service)
    context = gssapi.SecurityContext(name=name, usage="initiate", creds=gssapi.Credentials(usage="initiate"),
                                     flags=[gssapi.RequirementFlag.mutual_authentication, gssapi.RequirementFlag.integrity])
    token = context.step()
    with authd.login() as c:
        line = c.auth("GSSAPI", b64(change(token) if change else token))
        if not line.startswith(b"CONT"):
            return verdict(line)
        context.step(decode(line))
        assert context.complete
        offer = context.unwrap(decode(c.cont(b"")))
        assert offer.message == b"\1\0\0\0"
        return verdict(c.cont(b64(context.wrap(layer + authzid, False).message)))


def test_a_ticket_lets_in(realm, authd):
    for _ in range(5):  # whichever worker has the next step
        assert dialogue(realm, authd, "toto") == "OK"
    assert dialogue(realm, authd, "toto", authzid=b"toto@d.test") == "OK"


def test_who_may_not(realm, authd):
    assert dialogue(realm, authd, "toto", authzid=b"off@d.test") == "authz"
    assert dialogue(realm, authd, "off") == "This account may not log in"
    assert dialogue(realm, authd, "stranger") == "wrong"
    assert dialogue(realm, authd, "toto", host="other.d.test") == "wrong"  # a ticket for another service
    assert dialogue(realm, authd, "toto", change=lambda t: t[:-20] + bytes(20)) == "wrong"
    assert dialogue(realm, authd, "toto", change=lambda t: t[:40]) == "wrong"
    assert dialogue(realm, authd, "toto", layer=b"\4\0\0\0") == "wrong"
    assert dialogue(realm, authd, "toto") == "OK"


def test_out_of_order(realm, authd):
    with authd.login() as c:
        for response in (b"", b"a", b"\0" * 100):
            assert verdict(c.auth("GSSAPI", b64(response) or b"=")) == "wrong"
        assert decode(c.auth("GSSAPI")) == b""
        assert verdict(c.cont(b64("nonsense"))) == "wrong"


@pytest.mark.parametrize("principal, wanted", [("pop", b"+OK"), ("imap", b"-ERR")])
def test_pop3_with_a_ticket_RFC5034(realm, authd, monkeypatch, principal, wanted):
    """What became of KPOP: AUTH GSSAPI, with a ticket for pop/host and no other service's."""
    gssapi, environment = realm.gssapi, linnet.environment
    monkeypatch.setattr(linnet, "environment", lambda **more: environment(KRB5_CONFIG=realm.env["KRB5_CONFIG"], **more))
    settings = f"auth_mechanisms = plain gssapi\nauth_krb5_keytab = {realm.folder}/keytab\nauth_gssapi_hostname = {HOST}\n"
    with linnet.Server(settings, users={"toto@d.test": "x"}, services=("pop3",)) as server, server.connect("pop3") as wire:
        wire.line()
        wire.send_line("CAPA")
        assert any(line.startswith(b"SASL") and b"GSSAPI" in line.split() for line in wire.until_dot())
        assert realm.kinit("toto").returncode == 0
        context = gssapi.SecurityContext(name=gssapi.Name(f"{principal}@{HOST}", gssapi.NameType.hostbased_service), usage="initiate",
                                         flags=[gssapi.RequirementFlag.mutual_authentication, gssapi.RequirementFlag.integrity])
        wire.send_line("AUTH GSSAPI")
        assert wire.line().rstrip() == b"+"
        wire.send_line(b64(context.step()).decode())
        answer = wire.line()
        if answer.startswith(b"+ "):
            context.step(base64.b64decode(answer[2:]))
            wire.send_line("")
            offer = context.unwrap(base64.b64decode(wire.line()[2:]))
            wire.send_line(b64(context.wrap(offer.message, False).message).decode())
            answer = wire.line()
        assert answer.startswith(wanted)
        if wanted == b"+OK":
            wire.send_line("STAT")
            assert wire.line().startswith(b"+OK 0 0")


def test_the_host_of_the_setting(realm):
    with started(realm, auth_gssapi_hostname=HOST) as authd:
        assert dialogue(realm, authd, "toto") == "OK"


def test_without_a_keytab(realm):
    with started(realm, auth_krb5_keytab="/nowhere/keytab") as authd:
        authd.wait_log("auth_krb5_keytab = /nowhere/keytab")
        assert dialogue(realm, authd, "toto") == "wrong"
        with authd.login() as c:
            assert verdict(c.plain("toto@d.test", "x")) == "OK"
