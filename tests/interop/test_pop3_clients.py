"""test_pop3_clients.py - the mail programs that fetch by POP3: fetchmail, getmail, mpop, curl, poplib

Each fetches the same mail, whose lines begin with dots and end in both ways, in each way it can log in;
what it stores must be what was delivered (D05), and what it deletes at the end must be gone.
"""
import os
import poplib
import re

import pytest

import linnet
from mail_programs import USER, WORD, need, run, write

BODIES = [b".\n..\n.dot first\n\nlast line\n", b"plain\r\n.\r\n.crlf\r\n", b"no line end at the end, . and .. inside",
          b"x" * 2000 + b"\n" + b".\n" * 3000 + b"end\n"]
SETTINGS = "auth_mechanisms = plain login apop cram-md5 scram-sha-1 scram-sha-256\n"


@pytest.fixture(scope="module")
def server():
    """APOP, CRAM-MD5 and SCRAM need a password that can be read."""
    with linnet.temporary_folder() as folder:
        users = folder / "users"
        users.write_text(f"{USER}:{{PLAIN}}{WORD}:::::\n")
        os.chmod(users, 0o640)
        with linnet.Server(SETTINGS, services=("pop3", "pop3s"),
                           passdb=f"passdb {{\n  driver = passwd-file\n  args = {users}\n}}\n") as running:
            yield running


@pytest.fixture
def inbox(server):
    maildir = server.maildir(USER)
    for number, body in enumerate(BODIES):
        linnet.deliver(maildir, b"From: a@x.example\nTo: b@y.example\nSubject: number %d\n\n" % number + body)
    yield maildir
    server.wait_sessions()
    for path in [*(maildir / "cur").iterdir(), *(maildir / "new").iterdir()]:
        path.unlink()


def lines_of(body):
    """What a mail program may not change: the lines, whatever ends them."""
    return re.sub(rb"\r?\n", b"\n", body).removesuffix(b"\n")


def check(got):
    """got: whole messages, as a program stored them"""
    bodies = {}
    for text in got:
        header, _, body = re.sub(rb"\r\n", b"\n", text).partition(b"\n\n")
        bodies[int(re.search(rb"^Subject: number (\d+)", header, re.M)[1])] = lines_of(body)
    assert bodies == {number: lines_of(body) for number, body in enumerate(BODIES)}


def left(maildir):
    return len([*(maildir / "cur").iterdir(), *(maildir / "new").iterdir()])


def storing(folder):
    """A command that puts what it reads into a file of its own below folder/got."""
    (folder / "got").mkdir()
    script = folder / "store"
    write(script, f"#!/bin/sh\nf=$(mktemp {folder}/got/XXXXXX) && cat >\"$f\"\n").chmod(0o700)
    return script


def stored(folder):
    return [path.read_bytes() for path in (folder / "got").iterdir()]


FETCHMAIL = [  # how, service, what fetchmail is told, what the log says
    ("clear", "pop3", "sslproto ''", "method=PLAIN"),
    ("stls", "pop3", "sslproto 'TLS1.2+' no sslcertck", "TLS"),
    ("tls", "pop3s", "ssl no sslcertck", "TLS"),
    ("apop", "pop3", "sslproto ''", "method=APOP"),
]


@pytest.mark.parametrize("how, service, told, logged", FETCHMAIL, ids=[row[0] for row in FETCHMAIL])
def test_fetchmail(server, inbox, folder, how, service, told, logged):
    rc = write(folder / "rc", f"""poll 127.0.0.1 service {server.ports[service]} protocol {"APOP" if how == "apop" else "POP3"}
  auth password user "{USER}" password "{WORD}" fetchall nokeep {told} mda "{storing(folder)}"
""")
    run(folder, need("fetchmail"), "-f", rc, "--nosyslog", "--pidfile", folder / "pid", "-i", folder / "ids",
        "--invisible", "--norewrite")
    check(stored(folder))
    assert left(inbox) == 0
    server.wait_log(re.escape(logged))


def test_fetchmail_keeps_and_fetches_only_what_is_new(server, inbox, folder):
    rc = write(folder / "rc", f"""poll 127.0.0.1 service {server.ports["pop3"]} protocol POP3 uidl
  user "{USER}" password "{WORD}" keep sslproto '' mda "{storing(folder)}"
""")
    argv = [need("fetchmail"), "-f", rc, "--nosyslog", "--pidfile", folder / "pid", "-i", folder / "ids"]
    run(folder, *argv)
    assert len(stored(folder)) == len(BODIES) == left(inbox)
    run(folder, *argv, wanted=(1,))  # nothing new
    assert len(stored(folder)) == len(BODIES)


@pytest.mark.parametrize("kind, service", [("SimplePOP3Retriever", "pop3"), ("SimplePOP3SSLRetriever", "pop3s")])
@pytest.mark.parametrize("delete", [True, False])
def test_getmail(server, inbox, folder, kind, service, delete):
    script = storing(folder)
    (folder / "getmail").mkdir(mode=0o700)
    write(folder / "getmail" / "rc", f"""[retriever]
type = {kind}
server = 127.0.0.1
port = {server.ports[service]}
username = {USER}
password = {WORD}
[destination]
type = MDA_external
path = {script}
allow_root_commands = true
[options]
delete = {delete}
delivered_to = false
received = false
read_all = false
""")
    argv = [need("getmail"), "--getmaildir", folder / "getmail", "--rcfile", "rc"]
    for _ in range(2):  # the second time there is nothing new
        run(folder, *argv)
        check(stored(folder))
        assert left(inbox) == (0 if delete else len(BODIES))


MPOP = [("plain", "off", "plain"), ("stls", "on", "user"), ("scram-1", "off", "scram-sha-1"),
        ("scram-256", "off", "scram-sha-256"), ("cram", "off", "cram-md5"), ("apop", "off", "apop")]


@pytest.mark.parametrize("name, tls, auth", MPOP, ids=[row[0] for row in MPOP])
def test_mpop_pipelines(server, inbox, folder, name, tls, auth):
    rc = write(folder / "rc", f"""account default
host 127.0.0.1
port {server.ports["pop3"]}
user {USER}
password {WORD}
auth {auth}
tls {tls}
tls_starttls on
tls_certcheck off
pipelining on
keep off
uidls_file {folder}/uidls
received_header off
delivery mda {storing(folder)}
""")
    run(folder, need("mpop"), "-C", rc, "-q")
    check(stored(folder))
    assert left(inbox) == 0


def test_curl(server, inbox, folder):
    curl = [need("curl"), "-sS", "-k", "--max-time", "20", "-u", f"{USER}:{WORD}"]
    check([run(folder, *curl, f"pop3://127.0.0.1:{server.ports['pop3']}/{number}").encode()
           for number in range(1, len(BODIES) + 1)])
    listed = run(folder, *curl, "--ssl-reqd", f"pop3://127.0.0.1:{server.ports['pop3']}/")
    assert len(listed.split("\r\n")) == len(BODIES) + 1
    check([run(folder, *curl, f"pop3s://127.0.0.1:{server.ports['pop3s']}/{number}").encode()
           for number in range(1, len(BODIES) + 1)])


@pytest.mark.parametrize("way", ["user", "apop"])
def test_poplib(server, inbox, way):
    client = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
    if way == "apop":
        client.apop(USER, WORD)
    else:
        client.user(USER)
        client.pass_(WORD)
    check([b"\n".join(client.retr(number)[1]) for number in range(1, len(BODIES) + 1)])
    assert len(client.uidl()[1]) == len(BODIES) and "UIDL" in client.capa()
    client.dele(1)
    client.quit()
    assert left(inbox) == len(BODIES) - 1
