"""shim.py - the shim (shim.c) from Python: its orders, and what it wrote down"""
import errno
import mmap
import os
import struct

import linnet

KINDS = ("open create read write fsync rename link unlink mkdir truncate utime flock stat readdir watch "
         "client-read client-write poll malloc").split()
MODES = ("count", "kill", "torn", "full", "error", "lost", "short", "signal")
LAYOUT = struct.Struct("<10IQQ64s64s")
CONTROL_BYTES = 4096
KILLED = 137  # the status with which the shim ends a process


def bits(names):
    return sum(1 << KINDS.index(name) for name in names.split())


CHANGING = "create write fsync rename link unlink mkdir truncate utime flock"
GROWING = "create write fsync rename link mkdir truncate"
READING = "open read stat readdir"


class Shim:
    """One control file, shared with the process that is started with environment()."""

    def __init__(self, folder, root, log_room=1 << 16):
        self.path, self.root = folder / "control", root
        with open(self.path, "wb") as out:
            out.truncate(CONTROL_BYTES + log_room)
        with open(self.path, "r+b") as both:
            self.map = mmap.mmap(both.fileno(), 0)
        self.order()

    def order(self, mode="count", kinds=CHANGING, at=0, forever=False, error="", logging=False, storm=0, other=""):
        """From now on; counting begins anew."""
        number = getattr(errno, error) if error.startswith("E") else int(error or 0)
        LAYOUT.pack_into(self.map, 0, MODES.index(mode), bits(kinds), at, forever, number, 0, 0, logging, storm, 0, 0,
                         len(self.map) - CONTROL_BYTES, b"", other.encode())

    def _field(self, n):
        return LAYOUT.unpack_from(self.map, 0)[n]

    count = property(lambda self: self._field(5))
    hits = property(lambda self: self._field(6))
    hit = property(lambda self: self._field(12).rstrip(b"\0").decode("utf-8", "replace"))

    def log(self):
        return self.map[CONTROL_BYTES:CONTROL_BYTES + self._field(10)]

    def environment(self):
        return linnet.environment(LD_PRELOAD=str(linnet.BUILD / "tests" / "fault" / "shim.so"),
                                  LINNET_FAULT_CONTROL=str(self.path), LINNET_FAULT_ROOT=str(self.root),
                                  MALLOC_ARENA_MAX="1")

    def close(self):
        self.map.close()
        os.unlink(self.path)
