"""meter.py - CPU time and memory of a whole server: all its processes, the ended ones included

A server's processes are moved into a control group of their own, so whatever they fork later is
counted too, also children that nobody waits for and processes that have long ended.  Version 1
(cpuacct) and version 2 (cpu.stat, there in every group) both count the scheduler's nanoseconds,
not ticks.
"""
import contextlib
import os
import pathlib
import re
import time

QUIET = 0.0002      # seconds of CPU in one pause below which a server has come to rest
PAUSE = 0.1
PAUSES_MOST = 50


def _mounted(kind, option):
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, where, name, options = line.split()[:4]
        if name == kind and (not option or option in options.split(",")):
            return pathlib.Path(where)
    return None


class Meter:
    """with Meter() as meter: meter.add(pid, ...); ...; meter.seconds()"""

    def __init__(self):
        old, new = _mounted("cgroup", "cpuacct"), _mounted("cgroup2", None)
        if not old and not new:
            raise SystemExit("bench: neither a cpuacct nor a version 2 control group hierarchy is mounted")
        self.is_old, self.root = bool(old), old or new

    def __enter__(self):
        self.folder = self.root / f"linnet-bench-{os.getpid()}-{id(self):x}"
        self.folder.mkdir()
        return self

    def __exit__(self, *_):
        for pid in self.pids():
            with contextlib.suppress(OSError):
                (self.root / "cgroup.procs").write_text(str(pid))
        for _ in range(PAUSES_MOST):
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(PAUSE)

    def add(self, *pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
                (self.folder / "cgroup.procs").write_text(str(pid))

    def pids(self):
        return [int(word) for word in (self.folder / "cgroup.procs").read_text().split()]

    def seconds(self):
        """User and system time so far."""
        if self.is_old:
            return int((self.folder / "cpuacct.usage").read_text()) / 1e9
        return int(re.search(r"^usage_usec (\d+)", (self.folder / "cpu.stat").read_text(), re.M)[1]) / 1e6

    def settled_seconds(self):
        """The same, once the last child has ended and nothing runs any more."""
        last = self.seconds()
        for _ in range(PAUSES_MOST):
            time.sleep(PAUSE)
            now = self.seconds()
            if now - last < QUIET:
                return now
            last = now
        return last

    def pss(self):
        """Bytes of memory, shared pages divided among those who share them."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += 1024 * int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])
        return total
