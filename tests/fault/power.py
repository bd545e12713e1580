#!/usr/bin/env python3
"""power.py - K13: a power cut, played by leaving out what was not fsynced

The shim writes down what a command did.  Here that is done again, on paper, for a file system that
keeps only what it was told to keep, and less tidily than any real one:

(1) Bytes, sizes and times of a file are safe after fsync() of that file, names after fsync() of
    their directory; a rename is whole or has not happened.
(2) At a cut, each change that is not safe is there or not: none of them; all names but no bytes
    (files of length zero); or as a seed chooses, where a file may be cut or full of zeros.

Then the oracles of sweep.py are asked: behind the last answer for what was answered, before it for
what a kill at that moment may leave.

    power.py [--short] [--seed N] [scenario ...]
"""
import argparse
import os
import pathlib
import random
import shutil
import sys
import tempfile

import sweep  # finds the others
import shim
import store
from scenarios import Broken, SCENARIOS, by_name

NAMES = ("append append5 copy copy-other move move-other expunge uid-expunge flags fold first-open vanished create "
         "delete rename rename-inbox subscribe").split()
LOG_ROOM = 8 << 20
CUTS_SHORT, SEEDS = 8, 2


class File:
    """What is safe, and what came later."""

    def __init__(self, path=None):
        self.path, self.data, self.mtime, self.pending = path, b"", None, []

    def content(self):
        return self.path.read_bytes() if self.path else self.data

    def change(self, *what):
        self.pending.append(what)

    def apply(self, changes):
        data = bytearray(self.content())
        for kind, value, text in changes:
            if kind == "write":
                data.extend(bytes(max(0, value - len(data))))
                data[value:value + len(text)] = text
            elif kind == "size":
                del data[value:]
                data.extend(bytes(max(0, value - len(data))))
            else:
                self.mtime = value
        self.path, self.data = None, bytes(data)

    def fsync(self):
        if self.pending:
            if self.path and self.mtime is None:
                self.mtime = self.path.stat().st_mtime
            self.apply(self.pending)
            self.pending = []

    def size_now(self):
        size = len(self.content())
        for kind, value, text in self.pending:
            size = max(size, value + len(text)) if kind == "write" else value if kind == "size" else size
        return size


class Folder:
    def __init__(self):
        self.safe, self.live = {}, {}


class Disk:
    def __init__(self, root):
        self.root, self.opened, self.position = self.load(root), {}, {}
        self.pending = []  # changes of names that are not safe: each a list of (folder, name, what)

    def load(self, path):
        folder = Folder()
        for entry in os.scandir(path):
            below = pathlib.Path(entry.path)
            folder.safe[entry.name] = self.load(below) if entry.is_dir(follow_symlinks=False) else File(below)
        folder.live = dict(folder.safe)
        return folder

    def names(self, *changes):
        for folder, name, what in changes:
            if what is None:
                folder.live.pop(name, None)
            else:
                folder.live[name] = what
        self.pending.append(list(changes))

    def keep(self, index):
        """One change of names becomes safe, and those before it of the same names."""
        wanted, kept = [self.pending[index]], []
        touched = {(id(folder), name) for folder, name, _ in self.pending[index]}
        for before in reversed(self.pending[:index]):
            if touched & {(id(folder), name) for folder, name, _ in before}:
                touched |= {(id(folder), name) for folder, name, _ in before}
                wanted.insert(0, before)
        for change in wanted:
            kept.append(change)
            for folder, name, what in change:
                if what is None:
                    folder.safe.pop(name, None)
                else:
                    folder.safe[name] = what
        self.pending = [change for change in self.pending if not any(change is one for one in kept)]

    def fsync(self, number):
        thing = self.opened[number]
        if isinstance(thing, File):
            return thing.fsync()
        while True:
            mine = [n for n, change in enumerate(self.pending) if any(folder is thing for folder, _, _ in change)]
            if not mine:
                return None
            self.keep(mine[0])

    # one line of the log each

    def do_open(self, number, at, how, position, name):
        if at == 0:
            thing = self.root
        else:
            folder = self.opened[at]
            thing = folder if name == "." else folder.live.get(name)
        if thing is None:
            thing = File()
            self.names((self.opened[at], name, thing))
        elif how == "truncate":
            thing.change("size", 0, b"")
        self.opened[number] = thing
        self.position[number] = None if position == "append" else 0

    def do_write(self, number, at, data):
        file = self.opened[number]
        if at < 0:
            at = file.size_now() if self.position[number] is None else self.position[number]
            if self.position[number] is not None:
                self.position[number] += len(data)
        file.change("write", at, data)

    def do_rename(self, from_at, to_at, name, to):
        source, target = self.opened[from_at], self.opened[to_at]
        thing = source.live[name]
        if target.live.get(to) is not thing:  # two names of one file: rename() does nothing
            self.names((source, name, None), (target, to, thing))

    def play(self, line, data):
        word, *rest = line.split(" ", 1)[0], line.split(" ", 1)[1]
        rest = rest[0]
        if word == "open":
            number, at, how, position, name = rest.split(" ", 4)
            self.do_open(int(number), int(at), how, position, name)
        elif word == "write":
            number, at, _ = rest.split(" ")
            self.do_write(int(number), int(at), data)
        elif word == "truncate":
            number, size = rest.split(" ")
            self.opened[int(number)].change("size", int(size), b"")
        elif word == "utime":
            number, seconds = rest.split(" ")
            if isinstance(self.opened[int(number)], File):
                self.opened[int(number)].change("time", int(seconds), b"")
        elif word == "fsync":
            self.fsync(int(rest))
        elif word in ("rename", "link"):
            first, to = rest.split("\t")
            from_at, to_at, name = first.split(" ", 2)
            if word == "rename":
                self.do_rename(int(from_at), int(to_at), name, to)
            else:
                self.names((self.opened[int(to_at)], to, self.opened[int(from_at)].live[name]))
        elif word == "unlink":
            at, name = rest.split(" ", 1)
            self.names((self.opened[int(at)], name, None))
        elif word == "mkdir":
            at, name = rest.split(" ", 1)
            if int(at):
                self.names((self.opened[int(at)], name, Folder()))

    # the cut

    def cut(self, how, chance):
        """What is safe is kept; of the rest what `how` says.  Ends this disk."""
        if how == "names":
            while self.pending:
                self.keep(0)
        elif how == "some":
            for _ in range(chance.randint(0, len(self.pending))):
                if self.pending and chance.random() < 0.7:
                    self.keep(chance.randrange(len(self.pending)))
        for file in self.files(self.root, set()):
            if how == "some" and file.pending and chance.random() < 0.6:
                self.spoil(file, chance)

    @staticmethod
    def spoil(file, chance):
        """Some of the bytes that were not safe, in any order, or zeros in their place."""
        size = file.size_now()
        changes = [change for change in file.pending if chance.random() < 0.7]
        if chance.random() < 0.3:
            changes = [(kind, value, bytes(len(text))) for kind, value, text in changes]
        if file.path and file.mtime is None:
            file.mtime = file.path.stat().st_mtime
        file.apply(changes)
        if chance.random() < 0.3:
            # a sector is written whole or not at all
            file.apply([("size", chance.choice((0, size)) if size <= 512 else chance.randint(0, size), b"")])

    def files(self, folder, seen):
        for thing in folder.safe.values():
            if isinstance(thing, Folder):
                yield from self.files(thing, seen)
            elif id(thing) not in seen:
                seen.add(id(thing))
                yield thing

    def write(self, folder, path, made):
        path.mkdir(mode=0o700)
        for name, thing in folder.safe.items():
            target = path / name
            if isinstance(thing, Folder):
                self.write(thing, target, made)
            elif id(thing) in made:
                os.link(made[id(thing)], target)
            else:
                made[id(thing)] = target
                if thing.path and sweep.scenarios.is_message(target):
                    os.link(thing.path, target)
                    continue
                target.write_bytes(thing.content())
                target.chmod(0o600)
                mtime = thing.path.stat().st_mtime if thing.path else thing.mtime
                if mtime is not None:
                    os.utime(target, (mtime, mtime))


def parse(log):
    """(line, bytes written) of each call."""
    at, calls = 0, []
    while at < len(log):
        end = log.index(b"\n", at)
        line, at, data = log[at:end].decode("utf-8", "surrogateescape"), end + 1, b""
        if line.startswith("write "):
            length = int(line.rsplit(" ", 1)[1])
            data, at = log[at:at + length], at + length
        calls.append((line, data))
    return calls


class Cut(sweep.Sweep):
    """A scenario, and cuts behind any of its calls."""

    def __init__(self, scenario, folder, options):
        super().__init__(scenario, folder, False)
        self.options = options
        self.shim.close()
        self.shim = shim.Shim(folder, self.place, LOG_ROOM)
        self.fresh()
        self.start_from = folder / "from"
        shutil.copytree(self.place, self.start_from)
        self.outcome = self.start(mode="count", logging=True)
        self.calls = parse(self.shim.log())
        if self.outcome.ended != ["ok"] * len(scenario.commands):
            raise Broken(f"without a cut: {self.outcome.text}")
        self.nothing = self.outcome._replace(ended=[], shown=None, promised={})
        self.lasting = sweep.mode("cut", "count", "", ends=True)

    def one(self, behind, how, seed):
        disk, chance = Disk(self.start_from), random.Random(f"{seed} {behind} {how}")
        for line, data in self.calls[:behind]:
            disk.play(line, data)
        disk.cut(how, chance)
        shutil.rmtree(self.place)
        disk.write(disk.root, self.place, {})
        self.injections += 1
        is_over = behind == len(self.calls)
        try:
            after = store.tree(self.place)
            self.judge(self.lasting, self.outcome if is_over else self.nothing, after, is_first=True)
            after = store.tree(self.place)
            self.judge(self.lasting, self.outcome if is_over else self.nothing, after)
            again = store.tree(self.place)
            sweep.need(again[0] == {name: self.quiet(view) for name, view in after[0].items()}, "the second look is another")
        except (Broken, AssertionError) as why:
            last = self.calls[behind - 1][0] if behind else "start"
            return [f"{self.scenario.name}: {how}, seed {seed}, cut behind call {behind} of {len(self.calls)} ({last[:90]}): {why}"]
        return []


def run(scenario, short, seed, options=(), say=print):
    with tempfile.TemporaryDirectory(prefix="linnet-power-", dir=sweep.workplace()) as folder:
        cuts = Cut(scenario, pathlib.Path(folder), options)
        total, broken = len(cuts.calls), []
        step = max(1, total // CUTS_SHORT) if short else max(1, total // 250)
        for behind in sorted({*range(total, 0, -step), total}, reverse=True):
            for how, seeds in (("nothing", 1), ("names", 1), ("some", SEEDS if short else 4)):
                for n in range(seeds):
                    broken += cuts.one(behind, how, seed + n)
            if len(broken) > 20:
                break
        say(f"{scenario.name}: {cuts.injections} cuts, {total} calls, {len(broken)} broken")
        return broken, cuts.injections


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-sync", action="store_true", help="without fsync: things must break then")
    parser.add_argument("scenario", nargs="*")
    args = parser.parse_args()
    broken, cuts = [], 0
    for name in args.scenario or [one.name for one in SCENARIOS if one.name in NAMES]:
        more, count = run(by_name(name), args.short, args.seed, ["-n"] if args.no_sync else [])
        broken, cuts = broken + more, cuts + count
        sys.stdout.flush()
    print("\n".join(broken) or "nothing broke")
    print(f"{cuts} cuts, {len(broken)} broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
