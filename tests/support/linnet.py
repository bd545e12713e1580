"""linnet.py - helpers of the pytest suites: processes, connections, Maildirs

Everything here talks to loopback or a socketpair only, has a deadline, and ends what it
started by its pid.  LINNET_BUILD names the build folder (default: build/ below the top).

    with preauth("imapd", maildir) as s:        # "* PREAUTH" over a socketpair
        s.wire.transcript('''
            S: * PREAUTH …
            C: a NOOP
            S: a OK …
        ''')

    with Server() as server:                    # authd and four listeners on free ports
        wire = server.connect("imap")
        wire.line()
        wire.login()
"""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import termios
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LINNET_BUILD", TOP / "build")).resolve()
UID = GID = 5000  # owns the mail in tests; needs no name in the system
TIMEOUT = float(os.environ.get("LINNET_TIMEOUT", "20"))  # seconds for any one answer
IS_ROOT = os.geteuid() == 0

# A process killed by a signal, and what the sanitizers print, are failures wherever they show.
SANITIZER_REPORT = re.compile(
    rb"(ERROR: (Address|Leak|Undefined|Memory)\w*Sanitizer|runtime error: |SUMMARY: \w+Sanitizer)")


class Failure(AssertionError):
    """An answer that is wrong, late or missing; the text holds the dialogue up to there."""


# --- programs -----------------------------------------------------------------------------------

_copies = None


def program(name):
    """Path of a built program: "imapd", "pop3d", "authd", "linnetctl"."""
    folder = "ctl" if name == "linnetctl" else name
    path = BUILD / folder / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is not built: make it, or set LINNET_BUILD")
    return path


def is_sanitized():
    """Built with AddressSanitizer: sizes mean nothing, and strict mode is a longer filter."""
    return b"__asan_init" in program("authd").read_bytes()


def reachable_program(name):
    """The same, at a place where uid 5000 may execute it."""
    global _copies
    path = program(name)
    if all(parent.stat().st_mode & 0o001 for parent in path.parents):
        return path
    if _copies is None:
        _copies = tempfile.TemporaryDirectory(prefix="linnet-bin-")
        os.chmod(_copies.name, 0o755)
    copy = pathlib.Path(_copies.name) / name
    if not copy.exists():
        shutil.copy(path, copy)
        copy.chmod(0o755)
    return copy


def environment(**more):
    """What the programs are started with: nothing but a path and the sanitizers' options."""
    env = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=0:exitcode=99"),
        "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS", "print_stacktrace=1:exitcode=99"),
    }
    env.update(more)
    return env


def as_mail_user():
    """Arguments for subprocess: run as the owner of the mail, where we may choose."""
    return {"user": UID, "group": GID, "extra_groups": []} if IS_ROOT else {}


def check_output(data, what):
    """No sanitizer report in what a program wrote."""
    if SANITIZER_REPORT.search(data):
        raise Failure(f"{what}: sanitizer report\n{data.decode(errors='replace')}")


def check_status(status, what, wanted=(0, 1)):
    """Ended by itself (Omega 1): never by a signal, never with a status nobody documented."""
    if status < 0:
        raise Failure(f"{what} was ended by {signal.Signals(-status).name}")
    if status not in wanted:
        raise Failure(f"{what} ended with status {status}")


def end(process, grace=5):
    """Terminate one process of ours by its pid and return its status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def wait_for(condition, what, seconds=TIMEOUT, pause=0.01):
    """Poll condition() until it is true; its value is returned."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise Failure(f"waited {seconds} s for {what}")
        time.sleep(pause)


# --- folders ------------------------------------------------------------------------------------

@contextlib.contextmanager
def temporary_folder(prefix="linnet-test-"):
    """A folder whose path uid 5000 may walk, gone at the end."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def own(path):
    """Give a tree to the mail user."""
    if IS_ROOT:
        for folder, folders, files in os.walk(path):
            os.chown(folder, UID, GID)
            for name in folders + files:
                with contextlib.suppress(FileNotFoundError):  # a session has just removed its draft
                    os.lchown(os.path.join(folder, name), UID, GID)
    return path


def make_maildir(path, *folders):
    """A Maildir++ with the named folders ("Sent", "A.B"), owned by the mail user."""
    path = pathlib.Path(path)
    for folder in ("",) + folders:
        root = path / ("." + folder) if folder else path
        for sub in ("cur", "new", "tmp"):
            (root / sub).mkdir(parents=True, mode=0o700, exist_ok=True)
        if folder:
            (root / "maildirfolder").touch(0o600)
        root.chmod(0o700)
    return own(path)


_delivered = 0


def deliver(maildir, message, flags=None, folder="", when=None, name=None):
    """Put one message into new/ (flags None) or cur/, as Postfix names it; returns its path."""
    global _delivered
    _delivered += 1
    root = pathlib.Path(maildir) / ("." + folder) if folder else pathlib.Path(maildir)
    when = 1700000000 + _delivered if when is None else when
    name = name or f"{when}.V801I{_delivered:x}M{_delivered:06d}.mail.example"
    target = root / "new" / name if flags is None else root / "cur" / f"{name}:2,{flags}"
    draft = root / "tmp" / name
    draft.write_bytes(message)
    os.utime(draft, (when, when))
    if IS_ROOT:
        os.chown(draft, UID, GID)
    draft.rename(target)
    return target


SIMPLE = (b"From: Anne <anne@example.org>\r\nTo: toto@mondomaine.local\r\n"
          b"Subject: hello %d\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
          b"Message-ID: <%d@example.org>\r\n\r\nBody of message %d.\r\n")


def fill(maildir, count, folder="", flags=None):
    """Deliver count small different messages."""
    return [deliver(maildir, SIMPLE % (n, n, n), flags, folder) for n in range(1, count + 1)]


def snapshot(maildir):
    """Contents of every file below a Maildir, by relative path: for "nothing changed"."""
    root = pathlib.Path(maildir)
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


# --- the connection -----------------------------------------------------------------------------

class Wire:
    """One client's end of a connection.

    All reading has a deadline.  mode says how bytes leave: "whole"; "bytes" one a write, each
    waited for until the other side has read it; ("split", n) with one pause before byte n of
    all that is ever sent; "halves" with a pause at a random place of each write.  LINNET_WIRE_MODE
    is what is used where a test says nothing; writes of more than a few KiB are whole then.
    """

    def __init__(self, sock, timeout=TIMEOUT, mode=None):
        self.sock = sock
        self.sock.settimeout(timeout)
        self.timeout = timeout
        self.mode = mode or os.environ.get("LINNET_WIRE_MODE", "whole")
        self.chance = random.Random(os.environ.get("LINNET_WIRE_SEED", "1"))
        self.sent = 0
        self.buffer = b""
        self.log = []       # (who, bytes) of the whole dialogue
        self.received = b""  # all bytes of the server, for comparing modes
        self.is_at_end = False

    # sending

    def drained(self, seconds=0.2):
        """Wait until the other side has read what we wrote (or it is busy: not for long)."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            word = fcntl.ioctl(self.sock.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
            if struct.unpack("i", word)[0] == 0:
                return
            time.sleep(0.0002)

    def _write(self, data):
        if data:
            self.sock.sendall(data)

    def send(self, data):
        """Bytes as they are.  A connection that the server has closed is not an error here."""
        if isinstance(data, str):
            data = data.encode()
        self.log.append(("C", data))
        try:
            if self.mode == "bytes" and len(data) <= 4096:
                for n in range(len(data)):
                    self._write(data[n:n + 1])
                    self.drained()
            elif self.mode == "halves" and 1 < len(data) <= 4096:
                cut = self.chance.randrange(1, len(data))
                self._write(data[:cut])
                self.drained()
                self._write(data[cut:])
            elif isinstance(self.mode, tuple) and 0 < self.mode[1] - self.sent < len(data):
                cut = self.mode[1] - self.sent
                self._write(data[:cut])
                self.drained()
                self._write(data[cut:])
            else:
                self._write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.sent += len(data)

    def send_line(self, text):
        self.send((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    # receiving

    def waiting(self):
        """How many bytes have come that nobody has read yet."""
        return struct.unpack("i", fcntl.ioctl(self.sock.fileno(), termios.FIONREAD, struct.pack("i", 0)))[0]

    def wait_full(self):
        """Wait until the other side can write no more: what waits for us has stopped growing."""
        seen = [-1]

        def is_full():
            before, seen[0] = seen[0], self.waiting()
            return seen[0] == before > 0
        wait_for(is_full, "the pipe to be full", pause=0.2)

    def _more(self, what):
        try:
            data = self.sock.recv(65536)
        except (socket.timeout, TimeoutError):
            raise Failure(f"no answer in {self.timeout} s: {what}\n{self.story()}") from None
        except ConnectionResetError:
            data = b""
        if not data:
            self.is_at_end = True
            return False
        self.buffer += data
        self.received += data
        return True

    def line(self):
        """The next line without its CRLF; a bare LF or the end of the connection is a failure."""
        while b"\n" not in self.buffer:
            if not self._more("waiting for a line"):
                raise Failure(f"connection ended, {self.buffer!r} left\n{self.story()}")
        line, self.buffer = self.buffer.split(b"\n", 1)
        self.log.append(("S", line + b"\n"))
        if not line.endswith(b"\r"):
            raise Failure(f"line without CR: {line!r}\n{self.story()}")
        return line[:-1]

    def read(self, count):
        """Exactly count bytes."""
        while len(self.buffer) < count:
            if not self._more(f"waiting for {count} bytes"):
                raise Failure(f"connection ended after {len(self.buffer)} of {count} bytes\n{self.story()}")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        self.log.append(("S", data))
        return data

    def response(self):
        """One IMAP response with its literals in place: b'* 1 FETCH (BODY[] {3}\\r\\nabc)'."""
        whole = self.line()
        while True:
            literal = re.search(rb"\{(\d+)\}$", whole)
            if not literal:
                return whole
            whole += b"\r\n" + self.read(int(literal.group(1))) + self.line()

    def until_tag(self, tag):
        """Responses up to and with the tagged one."""
        tag = tag.encode() if isinstance(tag, str) else tag
        answers = []
        while not answers or not answers[-1].startswith(tag + b" "):
            answers.append(self.response())
        return answers

    def until_dot(self):
        """Lines of a POP3 multi-line answer behind its first line, dots removed, without the end."""
        lines = []
        while True:
            line = self.line()
            if line == b".":
                return lines
            lines.append(line[1:] if line.startswith(b".") else line)

    def rest(self):
        """Everything until the server closes."""
        while self._more("waiting for the end of the connection"):
            pass
        data, self.buffer = self.buffer, b""
        self.log.append(("S", data))
        return data

    def rest_or_line(self):
        """The next line, or b"" when the server closes without one."""
        try:
            return self.line()
        except Failure:
            if self.is_at_end and not self.buffer:
                return b""
            raise

    def at_end(self):
        """The server has closed and nothing more has come."""
        data = self.rest()
        if data:
            raise Failure(f"more than expected: {data!r}\n{self.story()}")

    # dialogue

    def command(self, tag, text):
        """One IMAP command; all responses with the tagged one."""
        self.send_line(f"{tag} {text}" if isinstance(text, str) else tag.encode() + b" " + text)
        return self.until_tag(tag)

    def ok(self, tag, text):
        """The same, and the answer must be OK."""
        answers = self.command(tag, text)
        if not answers[-1].startswith(tag.encode() + b" OK"):
            raise Failure(f"{text!r} was answered {answers[-1]!r}\n{self.story()}")
        return answers

    def pop(self, text):
        """One POP3 command; the first line of its answer."""
        self.send_line(text)
        return self.line()

    def login(self, user="toto@mondomaine.local", password="motDePasseDeToto", tag="login"):
        return self.ok(tag, f"LOGIN {user} {password}")

    def starttls(self, context=None):
        """The TLS handshake, now."""
        if self.buffer:
            raise Failure(f"bytes before the handshake: {self.buffer!r}")
        context = context or anything_goes()
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        return self

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.close()

    def reset(self):
        """Leave with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def story(self):
        """The dialogue so far, for a failure's text."""
        lines = []
        for who, data in self.log[-60:]:
            shown = repr(data if len(data) < 300 else data[:200] + b" ... " + data[-60:])[2:-1]
            lines.append(f"  {who}: {shown}")
        return "\n".join(lines)

    def transcript(self, text, **values):
        """Play a dialogue; see run_transcript."""
        run_transcript(self, text, **values)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def anything_goes(minimum=None):
    """A TLS client that asks for no particular certificate: ours are thrown away each time."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if minimum:
        context.minimum_version = minimum
    return context


# --- transcripts --------------------------------------------------------------------------------

ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[0rnt\\])")
ESCAPED = {"0": "\0", "r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def unescape(text):
    return ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" else ESCAPED[m[1]], text)


def client_bytes(kind, text):
    """What a C line stands for: C: as it is, C!: with \\0 \\r \\n \\t \\xNN \\\\ replaced."""
    data = unescape(text).encode("latin-1") if kind == "C!" else text.encode()
    if data.endswith("…NOLF".encode()):
        return data[:-len("…NOLF".encode())]
    return data + b"\r\n"


def server_pattern(kind, text):
    """What an S line stands for: … matches anything (also literals); S~: is a regular expression."""
    if kind == "S~":
        return re.compile(text.encode(), re.S)
    return re.compile(b".*".join(re.escape(part.encode()) for part in text.split("…")), re.S)


def transcript_steps(text, **values):
    """(kind, text) of each line; {name} in the text is replaced by the given values only."""
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        for name, value in values.items():
            line = line.replace("{" + name + "}", str(value))
        found = re.match(r"(C!?|S~?|S\*|E|T|W):(?: (.*))?$", line)
        if not found:
            raise ValueError(f"transcript line {number}: {line}")
        steps.append((found[1], found[2] or ""))
    return steps


def run_transcript(wire, text, **values):
    """Play a dialogue, one step a line:

    C:  a client's line; "…NOLF" at its end: without CRLF     C!: the same with \\0 \\xNN \\r \\n \\t
    S:  a response of the server (with its literals), … for anything     S~: a regular expression
    S*: any number of responses, until the next S line matches
    E:  the server has closed, nothing more comes              T: TLS handshake
    W:  seconds to wait

    Client lines that follow each other leave in one write.
    """
    steps = transcript_steps(text, **values)
    pending = b""
    skipping = False
    for kind, rest in steps:
        if kind in ("C", "C!"):
            pending += client_bytes(kind, rest)
            continue
        if pending:
            wire.send(pending)
            pending = b""
        if kind == "S*":
            skipping = True
        elif kind in ("S", "S~"):
            _expect(wire, kind, rest, skipping)
            skipping = False
        elif kind == "E":
            wire.rest() if skipping else wire.at_end()
        elif kind == "T":
            wire.starttls()
        elif kind == "W":
            time.sleep(float(rest))
    if pending:
        wire.send(pending)


def _expect(wire, kind, text, skipping):
    pattern = server_pattern(kind, text)
    while True:
        answer = wire.response()
        if pattern.fullmatch(answer):
            return
        if not skipping:
            raise Failure(f"expected  {text}\ngot       {answer.decode(errors='replace')}\n{wire.story()}")


VOLATILE = (
    (re.compile(rb"\(\d+\.\d+( \+ \d+\.\d+)* secs\)"), b"(secs)"),
    (re.compile(rb"UIDVALIDITY \d+"), b"UIDVALIDITY n"),
    (re.compile(rb"(APPENDUID|COPYUID) \d+"), rb"\1 n"),
    (re.compile(rb"MAILBOXID \(\w+\)"), b"MAILBOXID (n)"),
    (re.compile(rb"MODSEQ (\(?)\d+"), rb"MODSEQ \1n"),
)


def comparable(data):
    """A server's bytes without what differs from run to run."""
    for pattern, replacement in VOLATILE:
        data = pattern.sub(replacement, data)
    return data


def run_modes(start, text, splits=64, **values):
    """Play one dialogue whole, byte by byte and split at up to `splits` positions; each time
    against a new start() (a context manager whose value has .wire).  The server's bytes must
    be the same each time (origin: replies that depended on TCP segments)."""
    total = sum(len(client_bytes(kind, rest)) for kind, rest in transcript_steps(text, **values)
                if kind in ("C", "C!"))
    step = max(1, total // splits)
    modes = ["whole", "bytes"] + [("split", n) for n in range(1, total, step)]
    first = None
    for mode in modes:
        with start() as session:
            session.wire.mode = mode
            run_transcript(session.wire, text, **values)
            got = comparable(session.wire.received)
        if first is None:
            first = got
        elif got != first:
            raise Failure(f"mode {mode} differs:\n{got!r}\nwhole:\n{first!r}")


def glued(start, text, extra="zz NOOP", reply="zz OK …", **values):
    """Play a dialogue with the next case's first command glued behind its last client line."""
    steps = transcript_steps(text, **values)
    last = max(n for n, (kind, _) in enumerate(steps) if kind in ("C", "C!"))
    steps.insert(last + 1, ("C", extra))
    steps += [("S*", ""), ("S", reply)]
    with start() as session:
        run_transcript(session.wire, "\n".join(f"{kind}: {rest}" for kind, rest in steps))


def in_pieces_and_glued(way, folder, fill_maildir, text, *folders):
    """way "modes" or "glued": the dialogue with imapd, each time on a Maildir of its own that
    fill_maildir(path) has filled.  LINNET_ALL_MODES: split behind every byte."""
    count = iter(range(100000))

    def start():
        maildir = make_maildir(folder / f"mail{next(count)}", *folders)
        fill_maildir(maildir)
        session = preauth("imapd", maildir)
        session.wire.line()
        session.wire.received, session.wire.sent = b"", 0
        return session
    if way == "modes":
        run_modes(start, text, splits=10000 if os.environ.get("LINNET_ALL_MODES") else 24)
    else:
        glued(start, text)


# --- one process over a socketpair --------------------------------------------------------------

class Session:
    """A program on a socketpair; leaving the with block ends it and checks how it ended."""

    def __init__(self, process, wire, log_path, statuses=(0, 1)):
        self.process, self.wire, self.log_path, self.statuses = process, wire, log_path, statuses
        self.last_log = ""

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else self.last_log

    def clean_up(self):
        """The log's folder goes, log() stays."""
        self.last_log = self.log()
        shutil.rmtree(self.log_path.parent, ignore_errors=True)

    def finish(self, seconds=10):
        """Close our end, wait for the process, and check status and log."""
        self.wire.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            end(self.process)
            raise Failure(f"still running {seconds} s after the connection was closed\n"
                          f"{self.wire.story()}") from None
        self.clean_up()
        check_output(self.last_log.encode(), "log")
        check_status(self.process.returncode, self.process.args[0], self.statuses)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.finish()
        else:
            self.wire.close()
            end(self.process, 2)
        self.clean_up()


def spawn_on_socketpair(argv, identity=None, env=None, timeout=TIMEOUT, statuses=(0, 1), **popen):
    """Start argv with a connection on descriptors 0 and 1 and its log on descriptor 2."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="linnet-log-"))
    folder.chmod(0o755)
    ours, theirs = socket.socketpair()
    with theirs, open(folder / "log", "wb") as log:
        process = subprocess.Popen([str(a) for a in argv], stdin=theirs, stdout=theirs, stderr=log,
                                   cwd="/", env=env or environment(), **(identity or {}), **popen)
    return Session(process, Wire(ours, timeout), folder / "log", statuses)


def preauth(name, maildir, *options, settings=None, **how):
    """`imapd --preauth --mail MAILDIR` (or pop3d) as the mail user.  settings: text of a
    configuration file of its own (default: an empty one)."""
    conf = pathlib.Path(tempfile.mkdtemp(prefix="linnet-conf-"))
    conf.chmod(0o755)
    path = conf / "linnet.conf"
    path.write_text(settings or "")
    path.chmod(0o644)
    session = spawn_on_socketpair([reachable_program(name), "-c", path, "--preauth", "--mail", maildir,
                                   *options], identity=as_mail_user(), **how)
    session.conf = conf
    inner = session.finish

    def finish(seconds=10):
        try:
            inner(seconds)
        finally:
            shutil.rmtree(conf, ignore_errors=True)
    session.finish = finish
    return session


# --- what the kernel knows of a process ---------------------------------------------------------

def process_status(pid):
    """/proc/PID/status as a dict: Uid, Groups, CapEff, Seccomp, NoNewPrivs, VmRSS, ..."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


def runs_as(pid, uid):
    """The process lives, and has this uid."""
    try:
        return process_status(pid)["Uid"].split()[0] == str(uid)
    except OSError:
        return False


def children(pid):
    """Pids of the direct children."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in task.read_text().split()]
    return found


def descendants(pid):
    """Pids below pid, children first."""
    below = children(pid)
    return below + [deeper for child in below for deeper in descendants(child)]


def become_subreaper():
    """Orphans of our children become ours, so that a test can see how each ended."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def cpu_seconds(pid):
    """User and system time of a process and its ended children."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(n) for n in fields[11:15]) / os.sysconf("SC_CLK_TCK")


# --- certificates, passwords, ports --------------------------------------------------------------

def make_certificate(folder, name="localhost"):
    """A throw-away self-signed pair; (certificate, key)."""
    cert, key = pathlib.Path(folder) / "cert.pem", pathlib.Path(folder) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(cert)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key.chmod(0o600)
    return cert, key


def sha512_crypt(password, salt="linnetsalt"):
    """$6$... as SHA512-CRYPT stores it."""
    return subprocess.run(["openssl", "passwd", "-6", "-salt", salt, "-stdin"], input=password + "\n",
                          check=True, capture_output=True, text=True).stdout.strip()


_given = set()


def free_port(kind=socket.SOCK_STREAM):
    """A port of 127.0.0.1 for a program that wants a number: below those that the kernel gives to others."""
    while True:
        port = random.SystemRandom().randrange(15000, 30000)
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def listening_socket(port=0, host="127.0.0.1", backlog=1024):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(backlog)
    return sock


# --- a whole server ------------------------------------------------------------------------------

USERS = {"toto@mondomaine.local": "motDePasseDeToto", "titi@mondomaine.local": "motDePasseDeTiti"}
SERVICES = {  # service: program, options
    "imap":  ("imapd", ()),
    "imaps": ("imapd", ("--tls",)),
    "pop3":  ("pop3d", ()),
    "pop3s": ("pop3d", ("--tls",)),
}


class Server:
    """authd and listeners with a configuration in Dovecot's syntax, all in one temporary folder.

    settings    more lines for linnet.conf, behind the standard ones (the last one wins)
    users       {name: password}, kept in a passwd-file; or passdb: text of a passdb block instead
    services    which of imap, imaps, pop3, pop3s are started
    ports       {service: port} for fixed ports; free ones otherwise
    use_listen_fds   hand the socket over as LISTEN_FDS instead of descriptor 0
    """

    def __init__(self, settings="", users=None, passdb=None, services=tuple(SERVICES), ports=None,
                 host="127.0.0.1", use_listen_fds=False, start_authd=True):
        self.settings, self.users, self.passdb = settings, dict(USERS if users is None else users), passdb
        self.services, self.ports, self.host = services, dict(ports or {}), host
        self.use_listen_fds, self.start_authd = use_listen_fds, start_authd
        self.processes, self.wires = {}, []
        self.authd = None

    # making and ending

    def __enter__(self):
        if not IS_ROOT:
            import pytest
            pytest.skip("needs root")
        self._folder = temporary_folder("linnet-server-")
        self.folder = self._folder.__enter__()
        try:
            self._prepare()
            if self.start_authd:
                self.begin_authd()
            for service in self.services:
                self.begin(service)
        except BaseException:
            self._clean()
            raise
        return self

    def _prepare(self):
        self.mail = self.folder / "mail"
        self.run = self.folder / "run"
        self.run.mkdir(mode=0o755)
        self.mail.mkdir(mode=0o755)
        own(self.mail)
        self.cert, self.key = make_certificate(self.folder)
        self.log_path = self.folder / "log"
        self.users_path = self.folder / "users"
        self.write_users()
        for user in self.users:
            self.maildir(user)
        self.conf = self.folder / "linnet.conf"
        self.write_settings()

    def write_users(self):
        lines = [f"{user}:{{SHA512-CRYPT}}{sha512_crypt(word)}::::::\n" for user, word in self.users.items()]
        self.users_path.write_text("".join(lines))
        self.users_path.chmod(0o600)

    def write_settings(self, settings=None):
        if settings is not None:
            self.settings = settings
        passdb = self.passdb or f"passdb {{\n  driver = passwd-file\n  args = {self.users_path}\n}}\n"
        fresh = self.conf.with_suffix(".fresh")  # never half written: a program may be reading it just now
        fresh.write_text(
            f"base_dir = {self.run}\n"
            f"log_path = {self.log_path}\n"
            f"mail_location = maildir:{self.mail}/%d/%n\n"
            "disable_plaintext_auth = yes\n"
            "default_login_user = nobody\n"
            "auth_failure_delay = 0\n"
            f"ssl_cert = <{self.cert}\nssl_key = <{self.key}\n"
            f"{passdb}"
            f"userdb {{\n  driver = static\n  args = uid={UID} gid={GID} home={self.mail}/%d/%n\n}}\n"
            f"{self.settings}\n")
        fresh.chmod(0o644)
        fresh.replace(self.conf)

    def _popen(self, name, argv, **how):
        log = open(self.folder / f"{name}.err", "ab")
        with log:
            process = subprocess.Popen([str(a) for a in argv], stderr=log, stdout=subprocess.DEVNULL, cwd="/",
                                       start_new_session=True, **how)
        self.processes[name] = process
        return process

    def begin_authd(self):
        """Start authd and wait until it takes a connection."""
        self.authd = self._popen("authd", [program("authd"), "-c", self.conf], stdin=subprocess.DEVNULL,
                                 env=environment())
        wait_for(lambda: self._authd_answers() or self._has_died("authd"), "authd's login socket")
        return self.authd

    def _authd_answers(self):
        with socket.socket(socket.AF_UNIX) as sock:
            try:
                sock.connect(str(self.run / "login"))
            except OSError:
                return False
        return True

    def _has_died(self, name):
        process = self.processes[name]
        if process.poll() is not None:
            raise Failure(f"{name} ended with {process.returncode}\n{self.logs()}")
        return False

    def end_authd(self, sig=signal.SIGTERM):
        """End authd alone (for tests of an authd that is away)."""
        process = self.processes.pop("authd")
        process.send_signal(sig)
        process.wait(10)
        self.authd = None

    def begin(self, service):
        """Start one listener on its port."""
        name, options = SERVICES[service]
        argv = [program(name), "-c", self.conf, *options]
        with listening_socket(self.ports.get(service, 0), self.host) as sock:
            self.ports[service] = sock.getsockname()[1]
            if self.use_listen_fds:
                shell = 'exec 3<&0 </dev/null; LISTEN_PID=$$; export LISTEN_PID; exec "$@"'
                return self._popen(service, ["/bin/sh", "-c", shell, "sh", *argv], stdin=sock,
                                   env=environment(LISTEN_FDS="1"))
            return self._popen(service, argv, stdin=sock, env=environment())

    def __exit__(self, kind, *_):
        self._clean(check=kind is None)

    def _clean(self, check=False):
        try:
            for wire in self.wires:
                wire.close()
            statuses = {name: end(process) for name, process in reversed(list(self.processes.items()))}
            if check:
                for name, status in statuses.items():
                    check_status(status if status != -signal.SIGTERM else 0, name)
                for path in (self.log_path, *self.folder.glob("*.err")):
                    if path.exists():
                        check_output(path.read_bytes(), path.name)
                crash = re.search(r".*(?:killed with signal|ended by signal|signal (?:6|7|8|11)\b).*", self.log())
                if crash:
                    raise Failure(f"a process crashed: {crash[0]}")
        finally:
            self._folder.__exit__(None, None, None)

    # using

    def maildir(self, user="toto@mondomaine.local", *folders):
        """The user's Maildir, made when it is not there."""
        local, _, domain = user.partition("@")
        path = self.mail / domain / local
        make_maildir(path, *folders)
        own(self.mail / domain)
        return path

    def connect(self, service="imap", tls=None, timeout=TIMEOUT, source=None):
        """A connection; TLS at once for imaps and pop3s (tls=False leaves the handshake to the caller)."""
        sock = socket.create_connection((self.host, self.ports[service]), timeout,
                                        (source, 0) if source else None)
        wire = Wire(sock, timeout)
        self.wires.append(wire)
        if service.endswith("s") if tls is None else tls:
            wire.starttls()
        return wire

    def imap(self, user="toto@mondomaine.local", service="imap"):
        """A logged-in IMAP connection."""
        wire = self.connect(service)
        wire.line()
        wire.login(user, self.users[user])
        return wire

    def pop3(self, user="toto@mondomaine.local", service="pop3"):
        """A logged-in POP3 connection."""
        wire = self.connect(service)
        wire.line()
        for command in (f"USER {user}", f"PASS {self.users[user]}"):
            answer = wire.pop(command)
            if not answer.startswith(b"+OK"):
                raise Failure(f"{command.split()[0]} was answered {answer!r}")
        return wire

    def wait_sessions(self):
        """Wait until no session works for the mail user any more, whose clients have all gone."""
        def is_over():
            for service in self.services:
                if any(runs_as(pid, UID) for pid in descendants(self.processes[service].pid)):
                    return False
            return True
        wait_for(is_over, "the sessions to end")

    def log(self):
        """What log_path holds."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def logs(self):
        """log_path and what the processes wrote to standard error: for failures."""
        texts = [f"log:\n{self.log()}"]
        texts += [f"{p.name}:\n{p.read_text(errors='replace')}" for p in sorted(self.folder.glob("*.err"))]
        return "\n".join(texts)

    def wait_log(self, pattern, seconds=TIMEOUT):
        """The first log line that the regular expression finds, waited for."""
        def look():
            return re.search(pattern, self.log(), re.M)
        return wait_for(look, f"log line /{pattern}/", seconds)


class Canary:
    """A client that works beside a test (Omega 8): login, NOOP, logout all the time.

    with Canary(server) as canary: ...
    canary.worst is the longest round in seconds; leaving raises what went wrong.
    """

    def __init__(self, server, user="titi@mondomaine.local", pause=0.1, limit=5.0):
        self.server, self.user, self.pause, self.limit = server, user, pause, limit
        self.rounds, self.worst, self.error = 0, 0.0, None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _round(self):
        sock = socket.create_connection((self.server.host, self.server.ports["imap"]), self.limit)
        with Wire(sock, self.limit) as wire:
            wire.line()
            wire.login(self.user, self.server.users[self.user])
            wire.ok("n", "NOOP")
            wire.command("l", "LOGOUT")

    def _run(self):
        while not self._stop.is_set():
            start = time.monotonic()
            try:
                self._round()
            except (OSError, AssertionError) as error:
                self.error = error
                return
            self.rounds += 1
            self.worst = max(self.worst, time.monotonic() - start)
            self._stop.wait(self.pause)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        self._thread.join(self.limit + 5)
        if kind is None and self.error:
            raise Failure(f"the canary failed after {self.rounds} rounds: {self.error}")
