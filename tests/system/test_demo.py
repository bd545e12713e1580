"""test_demo.py - ./dev demo's server: it serves what it prints, and leaves nothing behind"""
import re
import signal
import subprocess
import sys

import pytest

import linnet
from linnet import free_port


class Demo:
    """demo.py on free ports, as ./dev demo starts it."""

    def __init__(self, *options):
        self.ports = {service: free_port() for service in linnet.SERVICES}
        argv = [sys.executable, linnet.TOP / "tests/support/demo.py", *options]
        for service, port in self.ports.items():
            argv += [f"--{service}-port", str(port)]
        self.process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, text=True)

    def read_instructions(self):
        text = ""
        for line in self.process.stdout:
            text += line
            if "Ctrl-C ends it." in line:
                return text
        raise linnet.Failure(f"the demo ended:\n{text}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        linnet.end(self.process)


@pytest.mark.parametrize("options", [(), ("--mariadb",)], ids=["passwd-file", "mariadb"])
@pytest.mark.slow
def test_demo(root, options):
    with Demo(*options) as demo:
        text = demo.read_instructions()
        curl = re.search(r"^ +(curl .*UID=1')$", text, re.M)[1]
        done = subprocess.run(["sh", "-c", f"{curl} -sS --max-time 30"], capture_output=True, text=True)
        assert "Subject: Bienvenue" in done.stdout, done.stderr
        folders = subprocess.run(["sh", "-c", re.search(r"^ +(curl .*/')$", text, re.M)[1] + " -sS"],
                                 capture_output=True, text=True).stdout
        for name in ("Drafts", "Sent", "Trash", "Spam", "Archive", "INBOX"):
            assert f'"." {name}\r' in folders or f'"." {name}\n' in folders
        folder = re.search(r"stand in (\S+)", text)[1]
        demo.process.send_signal(signal.SIGINT)
        demo.process.wait(20)
        assert demo.process.returncode == 0
        assert not linnet.pathlib.Path(folder).exists()
        for port in demo.ports.values():
            linnet.listening_socket(port).close()
