"""test_many_files.py - W16: very many files that no server has seen: bounded memory, nothing quadratic

20,000 of them; with LINNET_LONG=1 a million, half of it in new/.
"""
import os
import resource
import subprocess
import time

import pytest

import linnet
import store

MANY = 1000000 if os.environ.get("LINNET_LONG") else 20000
FEW = MANY // 4
BYTES_EACH = 1000  # of memory for one message on the first opening, which knows all names
BYTES_MORE = 64 << 20


def fill(mail, count):
    """Empty files: only their names are of interest."""
    for part in ("cur", "new", "tmp"):
        (mail / part).mkdir(parents=True)
    for n in range(count):
        path = mail / ("cur" if n % 2 else "new") / (f"{1700000000 + n}.M{n % 1000}P1.mail.example,S=0,W=0" + ":2,S" * (n % 2))
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def opened(mail, *commands):
    """(seconds of CPU, bytes of memory at most, output) of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # RUSAGE_CHILDREN remembers the largest child ever: a shell's own measure is that of this one
    done = subprocess.run(["/usr/bin/python3", "-c",
                           "import resource, subprocess, sys\n"
                           "subprocess.run(sys.argv[1:], check=True)\n"
                           "print('rss', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
                           store.program(), "-n", mail, *commands],
                          capture_output=True, text=True, check=True, timeout=900, env=linnet.environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    rss = int(done.stdout.rsplit("rss ", 1)[1]) * 1024
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, rss, done.stdout


@pytest.mark.skipif(linnet.is_sanitized(), reason="measures memory and time")
def test_first_opening(folder):
    seconds = {}
    for count in (FEW, MANY):
        mail = folder / str(count)
        fill(mail, count)
        began = time.monotonic()
        seconds[count], rss, text = opened(mail, "open INBOX", "count")
        assert time.monotonic() - began < 10 + count / 5000
        assert f"count {count} recent {count}\n" in text
        assert rss < BYTES_MORE + count * BYTES_EACH
        assert not list((mail / "new").iterdir())
    # four times as many cost four times as much, not sixteen times
    assert seconds[MANY] < 8 * seconds[FEW] + 1
    # and the next opening reads none of them
    again, rss, _ = opened(folder / str(MANY), "open INBOX", "count")
    assert again < 0.5 + seconds[MANY] / 4 and rss < BYTES_MORE
