#!/usr/bin/env python3
"""sweep.py - kill the store, or fail it, at one system call after the other

Each scenario is a Maildir, a few commands of store_tool, and what must hold afterwards:
a fresh process opens everything and the oracles of the hostile cases are asked.

    Omega 5  what was answered "ok" is there; what failed left nothing behind
    Omega 6  no message is lost, cut or doubled
    Omega 7  UIDVALIDITY and UIDs stay, UIDNEXT does not go back, no UID is given twice
    Omega 10 nothing stays in tmp/ after a failure (after a kill it may)

    sweep.py [--short] [scenario ...]
"""
import argparse
import collections
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import store  # noqa: E402

CHANGING = ("openat,write,pwrite64,fsync,rename,renameat,link,linkat,unlink,unlinkat,mkdir,mkdirat,ftruncate,utimensat,"
            "flock,getdents64")
GROWING = "openat,write,pwrite64,fsync,renameat,linkat,mkdirat"
READING = "openat,read,pread64,getdents64,newfstatat,fstat"

# name of a mode -> what strace injects, and whether the process dies of it
Mode = collections.namedtuple("Mode", "name calls inject kills")
SHORT = [Mode("kill", CHANGING, "signal=KILL", True), Mode("ENOSPC", GROWING, "error=ENOSPC", False)]
LONG = SHORT + [Mode("EDQUOT", GROWING, "error=EDQUOT", False), Mode("EIO", CHANGING, "error=EIO", False),
                Mode("EIO-reading", READING, "error=EIO", False), Mode("EMFILE", "openat", "error=EMFILE", False),
                Mode("EACCES", CHANGING, "error=EACCES", False), Mode("EINTR", "read,write,fsync,flock", "error=EINTR", False)]
POINTS_SHORT = 14


class Broken(AssertionError):
    pass


def need(condition, text, *values):
    if not condition:
        raise Broken(text.format(*values))


def sums(view):
    return collections.Counter(m.sum for m in view.messages.values()) if view else collections.Counter()


class Case:
    """One run with one fault: what was before, what it said, what is after."""

    def __init__(self, scenario, mode, before, result, after, wanted):
        self.mode, self.before, self.result, self.after, self.wanted = mode, before, result, after, wanted
        ended = result.ended()
        # a failed write may have been the one of the "ok" itself
        self.done = ended == ["ok"] * len(scenario.commands) or (not mode.kills and result.status == 0)
        self.failed = not self.done and not mode.kills

    def general(self):
        for name, old in self.before.items():
            new = self.after.get(name)
            if not new:
                continue
            need(new.uidvalidity == old.uidvalidity, "UIDVALIDITY of {} changed", name)
            need(new.uidnext >= old.uidnext, "UIDNEXT of {} went back", name)
            for uid, m in new.messages.items():
                if uid in old.messages:
                    need(m.sum == old.messages[uid].sum, "UID {} of {} is another message", uid, name)
                    need(m.date == old.messages[uid].date, "the date of UID {} of {} changed", uid, name)
                else:
                    need(uid >= old.uidnext, "UID {} of {} was given before", uid, name)
        known = set()
        for view in [*self.before.values(), *self.wanted.values()]:
            known |= set(sums(view))
        for name, view in self.after.items():
            need(set(sums(view)) <= known, "a message of {} is cut", name)

    def same(self, name):
        need(self.after[name].messages == self.before[name].messages, "{} changed", name)

    def count(self, name):
        return len(self.after[name].messages)


# ---- scenarios ---------------------------------------------------------------------------------

Scenario = collections.namedtuple("Scenario", "name prepare commands check")


def check_append(how_many):
    def check(case):
        new = case.count("INBOX") - len(case.before["INBOX"].messages)
        need(0 <= new <= how_many, "{} new messages", new)
        if case.done:
            need(new == how_many, "appended and answered ok, but {} are there", new)
        if case.failed:
            need(new == 0, "failed, but {} are there", new)
        if case.result.of("uids"):
            first = int(case.result.of("uids")[0][0].split(":")[0])
            need(first in case.after["INBOX"].messages, "UID {} was announced and is not there", first)
    return check


def check_copy(case):
    case.same("INBOX")
    new = case.count("T") - len(case.before["T"].messages)
    need(not (sums(case.after["T"]) - sums(case.before["T"]) - sums(case.before["INBOX"])), "a copy is doubled")
    need(new == 20 if case.done else new == 0 if case.failed else 0 <= new <= 20, "{} copies", new)


def check_move(case):
    all_before = sums(case.before["INBOX"]) + sums(case.before["T"])
    need(sums(case.after["INBOX"]) + sums(case.after["T"]) == all_before, "lost or doubled: {}",
         all_before - sums(case.after["INBOX"]) - sums(case.after["T"]))
    if case.done:
        need(case.count("INBOX") == len(case.before["INBOX"].messages) - 20, "not all moved")
    if case.failed and "copied" not in case.result.text:
        # all of them when only the last fsync, that of the source, failed: they are news of the view then
        need(case.count("T") - len(case.before["T"].messages) in (0, 20), "failed, but some moved")


def check_expunge(case):
    for uid, m in case.before["INBOX"].messages.items():
        if "Deleted" not in m.flags:
            need(uid in case.after["INBOX"].messages, "UID {} was not to be removed", uid)
        elif case.done:
            need(uid not in case.after["INBOX"].messages, "UID {} is still there", uid)


def check_flags(case):
    need(set(case.after["INBOX"].messages) == set(case.before["INBOX"].messages), "messages came or went")
    for uid, m in case.after["INBOX"].messages.items():
        old = case.before["INBOX"].messages[uid].flags
        new = old | {"Flagged", "fresh"} if uid <= 50 else old
        need(m.flags - {"Recent"} in ([new] if case.done else [old, new, old | {"Flagged"}]), "UID {} has {}", uid, m.flags)


def check_first_open(case):
    need(sums(case.after["INBOX"]) == sums(case.wanted["INBOX"]), "messages came or went")
    shown = case.result.view()
    for uid, m in (shown.messages if shown else {}).items():
        if case.mode.kills:
            need(case.after["INBOX"].messages[uid].sum == m.sum, "UID {} was shown for another message", uid)
    if shown:
        need(case.after["INBOX"].uidvalidity == shown.uidvalidity, "UIDVALIDITY was shown and changed")


def check_create(case):
    need(set(case.before) <= set(case.after) <= set(case.before) | {"N.new"}, "mailboxes: {}", sorted(case.after))
    if case.done:
        need("N.new" in case.after, "not there")
    if case.failed:
        need("N.new" not in case.after, "failed and there")


def check_delete(case):
    need(set(case.before) - {"A"} <= set(case.after), "mailboxes: {}", sorted(case.after))
    if "A" in case.after:
        need(not case.done, "still there")
        case.same("A")
    case.same("A.one")


def check_rename(case):
    for old in ("A", "A.one", "A.two"):
        new = old.replace("A", "B", 1)
        there = [name for name in (old, new) if name in case.after]
        need(len(there) == 1, "{} is {}", old, there)
        need(case.after[there[0]].messages == case.before[old].messages, "{} changed", old)
        need(case.after[there[0]].uidvalidity == case.before[old].uidvalidity, "UIDVALIDITY of {} changed", old)
        if case.done:
            need(there == [new], "{} was not renamed", old)


def check_inbox(case):
    here, there = sums(case.after["INBOX"]), sums(case.after.get("B"))
    need(here + there == sums(case.before["INBOX"]), "lost or doubled")
    if case.done:
        need(not here, "INBOX is not empty")
    for uid, m in (case.after["B"].messages if "B" in case.after else {}).items():
        need(case.before["INBOX"].messages[uid].sum == m.sum, "UID {} is another message", uid)


def check_subscribe(case):
    pass


FILL = ["create T", "append T Seen,t - 50 3", "append INBOX Seen,work 1000000000 200 40", "append INBOX - 1100000000 30 15",
        "open INBOX", "flags add 3:22 Deleted,other", "close"]
TREE = ["create A", "create A.one", "create A.two", "append A Seen - 100 3", "append A.one Seen - 100 2"]

SCENARIOS = [
    Scenario("append", FILL, ["append INBOX Flagged,new 1200000000 5000"], check_append(1)),
    Scenario("append5", FILL, ["append INBOX - 1200000000 500 5"], check_append(5)),
    Scenario("copy", FILL, ["open INBOX", "copy 1:20 T"], check_copy),
    Scenario("move", FILL, ["open INBOX", "move 1:20 T"], check_move),
    Scenario("expunge", FILL, ["open INBOX", "expunge"], check_expunge),
    Scenario("flags", FILL, ["open INBOX", "flags add 1:50 Flagged,fresh"], check_flags),
    Scenario("first-open", None, ["open INBOX", "view"], check_first_open),
    Scenario("create", TREE, ["create N.new"], check_create),
    Scenario("delete", TREE, ["delete A"], check_delete),
    Scenario("rename", TREE, ["rename A B"], check_rename),
    Scenario("rename-inbox", FILL, ["rename INBOX B"], check_inbox),
    Scenario("subscribe", TREE, ["subscribe A", "subscribe A.two", "unsubscribe A"], check_subscribe),
]


def make_unseen(root):
    """Thirty files that no server has seen yet, in new/ and cur/."""
    store.run(root, "list")
    for i in range(30):
        part, info = ("new", "") if i % 3 else ("cur", ":2,S")
        (root / part / f"{1700000000 + i}.M{i}P1.mail.example{info}").write_bytes(b"Subject: %d\n\nx\n" % i)


class Sweep:
    def __init__(self, scenario, folder):
        self.scenario = scenario
        self.model, self.place = folder / "model", folder / "place"
        if scenario.prepare:
            store.run(self.model, *scenario.prepare)
        else:
            make_unseen(self.model)
        # opening would give UIDs to what nobody has seen
        self.before = store.look(self.model) if scenario.prepare else {}
        self.fresh()
        # store_tool's answer without a fault, and what is there then
        store.run(self.place, *scenario.commands, sync=True)
        self.wanted = store.look(self.place)

    def fresh(self):
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.model, self.place, symlinks=True)
        if self.scenario.prepare:  # a copied index is not used: let there be one that is
            store.look(self.place)

    def list_calls(self, mode):
        """The system calls of this kind that the commands make, each as (name, how many of that name so far)."""
        self.fresh()
        log = self.place.parent / "log"
        store.run(self.place, *self.scenario.commands, sync=True,
                  prefix=["strace", "-f", "-qq", "-o", log, "-e", f"trace={mode.calls}", "-e", "signal=none"])
        seen, calls = collections.Counter(), []
        for line in log.read_text(errors="replace").splitlines():
            name = line.split()[1].split("(")[0]
            seen[name] += 1
            if not re.search(r"\bwrite\(1, ", line):  # what store_tool itself says
                calls.append((name, seen[name]))
        return calls

    def one(self, mode, call):
        self.fresh()
        # strace counts each system call of a set for itself
        inject = f"inject={call[0]}:{mode.inject}:when={call[1]}"
        result = store.run(self.place, *self.scenario.commands, sync=True, check=False,
                           prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call[0]}", "-e", inject,
                                   "-e", "signal=none"])
        if mode.kills:
            need(result.status in (-9, 137, 0), "status {}", result.status)
        else:
            need(result.status in (0, 1, 127), "status {}", result.status)
        started = mode.kills or result.status != 127
        if started and not mode.kills and not result.text.startswith("error"):
            need(not store.tmp_files(self.place), "left in tmp/: {}", store.tmp_files(self.place))
        after = store.look(self.place)
        case = Case(self.scenario, mode, self.before, result, after, self.wanted)
        case.general()
        self.scenario.check(case)
        need(store.look(self.place) == {name: self.quiet(view) for name, view in after.items()},
             "the second look is another")

    @staticmethod
    def quiet(view):
        """As the next session sees it: nothing is \\Recent any more."""
        messages = {uid: m._replace(flags=m.flags - {"Recent"}) for uid, m in view.messages.items()}
        return view._replace(messages=messages, recent=0, trouble=None)

    def points(self, calls, short):
        if not short or len(calls) <= POINTS_SHORT:
            return calls
        # what the commands do stands behind what starting a process does
        first = min(6, len(calls) - POINTS_SHORT)
        step = (len(calls) - first) / POINTS_SHORT
        return [calls[first + int(i * step)] for i in range(POINTS_SHORT)]

    def run(self, modes, short, say):
        broken = []
        for mode in modes:
            calls = self.list_calls(mode)
            points = self.points(calls, short)
            for call in points:
                try:
                    self.one(mode, call)
                except Broken as why:
                    broken.append(f"{self.scenario.name}: {mode.name} at {call[0]} {call[1]}: {why}")
            say(f"{self.scenario.name}: {mode.name} at {len(points)} of {len(calls)} calls")
        return broken


def run(scenario, short, say=print):
    """Sweep one scenario; returns what broke, as lines."""
    with tempfile.TemporaryDirectory(prefix="linnet-fault-") as folder:
        return Sweep(scenario, pathlib.Path(folder)).run(SHORT if short else LONG, short, say)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("scenario", nargs="*")
    args = parser.parse_args()
    broken = []
    for scenario in SCENARIOS:
        if not args.scenario or scenario.name in args.scenario:
            broken += run(scenario, args.short)
    print("\n".join(broken) or "nothing broke")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
