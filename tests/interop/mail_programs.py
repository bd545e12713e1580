"""mail_programs.py - what the tests with other people's mail programs share"""
import contextlib
import re
import shutil
import subprocess

import linnet

USER, WORD = "toto@mondomaine.local", linnet.USERS["toto@mondomaine.local"]


def need(program):
    found = shutil.which(program)
    assert found, f"{program} is not here: ./dev packages check"
    return found


def write(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


def run(folder, *argv, wanted=(0,), seconds=90, **how):
    """Run a program with the folder as its home; its output."""
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm",
                   **how.pop("env", {})}
    done = subprocess.run(list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                          cwd=folder, env=environment, **how)
    assert done.returncode in wanted, done.stdout.decode(errors="replace")
    return done.stdout.decode(errors="replace")


def mail(number, subject=None, body=None):
    subject = subject or f"number {number}"
    return (f"From: Anne <anne@x.example>\r\nTo: {USER}\r\nSubject: {subject}\r\n"
            f"Date: Tue, 14 Nov 2023 22:{number % 60:02}:00 +0000\r\nMessage-ID: <{number}@x.example>\r\n"
            f"\r\n{body or f'text of {number}'}\r\n").encode()


def clear(maildir):
    """No folder, no message, no file of a server: as on the first day."""
    for path in list(maildir.iterdir()):
        if path.name in ("cur", "new", "tmp"):
            for one in path.iterdir():
                one.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def messages(maildir, folder=""):
    """{subject: sorted flag letters} of a folder of the server"""
    top = maildir / f".{folder}" if folder else maildir

    def files():
        return sorted([*(top / "cur").glob("*"), *(top / "new").glob("*")])
    while True:  # until nobody renamed anything meanwhile
        paths = files()
        with contextlib.suppress(FileNotFoundError):
            texts = [path.read_bytes() for path in paths]
            if files() == paths:
                break
    got = {}
    for path, text in zip(paths, texts):
        subject = re.search(rb"^Subject:[ \t]*(.*?)\r?$", text, re.M)[1].decode()
        assert subject not in got, f"{subject} is there twice"
        got[subject] = "".join(sorted(path.name.partition(":2,")[2]))
    return got


