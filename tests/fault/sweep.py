#!/usr/bin/env python3
"""sweep.py - fail, shorten or end the store at one call after the other

Each scenario (scenarios.py) is run again and again with one fault at its call number 1, 2, 3 ...
until it completes without one.  After each, a fresh process opens everything, twice, then
Dovecot's imapd, and the oracles of the hostile cases are asked:

    Omega 1  no end by a signal
    Omega 5  what was answered "ok" is there; what failed left nothing behind
    Omega 6  no message is lost, cut or doubled
    Omega 7  UIDVALIDITY and UIDs stay, UIDNEXT and MODSEQ do not go back, no UID is given twice
    Omega 10 nothing stays in tmp/ after a failure (after a kill it may)

    sweep.py [--short] [--mode NAME] [--at N] [scenario ...]

Only calls that belong to the Maildir, the client or memory count.  A kill before a call that only
reads leaves what a kill before the next one that changes something leaves, so those are left out.
"""
import argparse
import collections
import contextlib
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

import dovecot  # noqa: E402
import linnet  # noqa: E402
import scenarios  # noqa: E402
import shim  # noqa: E402
import store  # noqa: E402
from scenarios import Broken, need  # noqa: E402

# what: shim's mode; kinds: which calls; error; forever: from there on, too; heals: the client sees nothing of it
Mode = collections.namedtuple("Mode", "name what kinds error forever heals ends")


def mode(name, what, kinds, error="", forever=False, heals=False, ends=False):
    return Mode(name, what, kinds, error, forever, heals, ends)


CLIENT = "client-read client-write poll"
KILL = [mode("kill", "kill", shim.CHANGING, ends=True), mode("torn", "torn", "write", ends=True)]
FULL = mode("full-disk", "full", "create write fsync rename link mkdir", "ENOSPC", forever=True)
STORE = KILL + [
    FULL, mode("ENOSPC", "error", shim.GROWING, "ENOSPC"), mode("EDQUOT", "error", shim.GROWING, "EDQUOT"),
    mode("EIO", "error", shim.CHANGING, "EIO"), mode("EIO-reading", "error", shim.READING, "EIO"),
    mode("EMFILE", "error", "open create watch", "EMFILE"),
    mode("EMFILE-on", "error", "open create watch", "EMFILE", forever=True),
    mode("ENFILE", "error", "open create", "ENFILE"),
    mode("ENOMEM", "error", "open create mkdir rename stat watch", "ENOMEM"),
    mode("EACCES", "error", "open create rename link unlink mkdir", "EACCES"),
    mode("ESTALE", "error", "open read stat rename", "ESTALE"), mode("EROFS", "error", shim.CHANGING, "EROFS", forever=True),
    mode("EINTR", "error", "open create read write fsync flock truncate", "EINTR", heals=True),
    mode("malloc", "error", "malloc", "ENOMEM", ends=True),
    mode("lost-answer", "lost", "rename link unlink mkdir"),  # K19
]
# without a number: all calls
WHOLE = [mode("short", "short", "read write", heals=True), mode("short-client", "short", CLIENT, heals=True)]
SESSION = KILL + [
    mode("SIGTERM", "signal", f"{shim.CHANGING} {shim.READING} {CLIENT}", str(int(signal.SIGTERM)), ends=True),
    mode("EPIPE", "error", "client-write", "EPIPE", forever=True, ends=True),
    mode("ECONNRESET", "error", "client-write client-read", "ECONNRESET", forever=True, ends=True),
    FULL, mode("EIO", "error", shim.CHANGING, "EIO"),
    mode("EINTR", "error", f"open create read write fsync flock truncate {CLIENT}", "EINTR", heals=True),
]
MEMORY = SESSION + [mode("malloc", "error", "malloc", "ENOMEM", ends=True),
                    mode("EIO-reading", "error", shim.READING, "EIO"), mode("EMFILE", "error", "open create watch", "EMFILE")]
MODES = {"store": STORE, "session": SESSION, "memory": MEMORY, "kill": KILL, "sample": KILL}
POINTS_SHORT, POINTS_SAMPLE = {"kill": 8, "full-disk": 5}, 150
POINTS_OTHER = 2  # of any other mode in the short form

Outcome = collections.namedtuple("Outcome", "ended status shown promised subscribed text")


# ---- running the commands ----------------------------------------------------------------------

def promised_by_tool(commands, result):
    """{mailbox: UIDs} that were announced."""
    promised, lines, at = collections.defaultdict(list), result.lines, 0
    for line in lines:
        words = commands[at].split(" ") if at < len(commands) else [""]
        if line[0] in ("uids", "to") and len(line) > 1 and line[1] != "-":
            name = words[1] if line[0] == "uids" else words[2]
            for part in line[1].split(","):
                first, _, last = part.partition(":")
                promised[name] += range(int(first), int(last or first) + 1)
        at += line[0] in ("ok", "error")
    return promised


def run_tool(scenario, place, how):
    args = [str(store.program()), *how.pop("options", ()), str(place), *scenario.commands]
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          timeout=60, **how)
    linnet.check_output(done.stderr, "store_tool")
    result = store.Result(done.stdout.decode("utf-8", "replace"), done.returncode)
    text = result.text + done.stderr.decode("utf-8", "replace")
    return Outcome(result.ended(), done.returncode, result.view(), promised_by_tool(scenario.commands, result), None, text)


def ask(wire, imap, command):
    """How one command ended: ok, a refusal's text, or None when the session did."""
    try:
        if not imap:
            answer = wire.pop(command).decode()
            return "ok" if answer.startswith("+OK") else answer
        last = wire.command("c", command)[-1].decode("utf-8", "replace")
        return "ok" if last.startswith("c OK") else last
    except linnet.Failure:
        if not wire.is_at_end:
            raise
        return None



def promised_on_wire(wire):
    """The same, from APPENDUID and COPYUID: all that is appended goes to INBOX, all copies to T."""
    promised = collections.defaultdict(list)
    text = wire.received.decode("utf-8", "replace")
    for kind, found in re.findall(r"\[(APPENDUID|COPYUID) \d+ (?:\S+ )?([\d:,]+)\]", text):
        target = "INBOX" if kind == "APPENDUID" else "T"
        for part in found.split(","):
            first, _, last = part.partition(":")
            promised[target] += range(int(first), int(last or first) + 1)
    return promised


def run_session(scenario, place, how, begin):
    """A session whose `before` is over when begin() gives the orders."""
    session = linnet.preauth(scenario.program, place, env=how["env"], statuses=range(256))
    imap = scenario.program == "imapd"
    try:
        wire = session.wire
        wire.line()
        for command in scenario.before:
            need(ask(wire, imap, command) == "ok", "{} before the fault", command)
        begin()
        ended = []
        for command in scenario.commands:
            ended.append(ask(wire, imap, command))
            if ended[-1] is None:
                ended.pop()
                break
        wire.close()
        status = session.process.wait(20)
        log = session.log()
    finally:
        wire.close()
        linnet.end(session.process)
        shutil.rmtree(session.log_path.parent, ignore_errors=True)
        shutil.rmtree(session.conf, ignore_errors=True)
    linnet.check_output(log.encode(), "log")
    return Outcome(ended, status, None, promised_on_wire(wire), None,
                   log + wire.received.decode("utf-8", "replace")[-300:])


# ---- a scenario --------------------------------------------------------------------------------

class Sweep:
    def __init__(self, scenario, folder, ask_dovecot):
        self.scenario, self.folder = scenario, folder
        self.model, self.place = folder / "model", folder / "place"
        self.other, self.injections, self.asked = None, 0, 0
        if ask_dovecot:
            self.other = folder / "dovecot"
            self.other.mkdir()
        scenario.prepare(self.model)
        self.shim = shim.Shim(folder, self.place)
        self.before = ({}, {})
        if scenario.look == "copy":
            self.fresh()
            self.before = store.tree(self.place)
        self.fresh()
        outcome = self.start()
        need(outcome.ended == ["ok"] * len(scenario.commands), "without a fault: {}", outcome.text)
        self.wanted = store.tree(self.place)[0]

    def fresh(self):
        shutil.rmtree(self.place, ignore_errors=True)
        scenarios.copy_tree(self.model, self.place)
        if self.scenario.look == "place":  # a copied index is not used: let there be one that is
            self.before = store.tree(self.place)
        if self.scenario.warm:
            store.run(self.place, *self.scenario.warm)
            self.before = store.tree(self.place)

    def start(self, **order):
        def begin():
            self.shim.order(other=self.scenario.other, **order)
        how = {"env": self.shim.environment(), "options": self.options}
        if self.scenario.program == "tool":
            begin()
            return run_tool(self.scenario, self.place, how)
        self.shim.order(storm=order.pop("storm", 0))
        return run_session(self.scenario, self.place, how, begin)

    def count(self, one):
        self.fresh()
        self.start(mode="count", kinds=one.kinds)
        return self.shim.count

    def leftovers(self):
        """What a command that failed may not leave behind."""
        names = [str(path) for path in store.tmp_files(self.place)]
        for path in self.place.rglob("*"):
            if path.name.endswith(".lock") or path.name.startswith(("linnet.tmp.", "linnet.new.", "linnet.gone.")):
                names.append(str(path.relative_to(self.place)))
        # what cannot be looked at may be another's lock by now, or cannot be removed: the next one sees a dead owner
        call, _, name = self.shim.hit.partition(" ")
        kept = "linnet.pop3.lock", *([name] if call in ("stat", "unlink") and name else [])
        return [name for name in names if not name.endswith(kept)]

    def one(self, one, at):
        """One run; False when it completed before its call number `at`."""
        self.fresh()
        outcome = self.start(mode=one.what, kinds=one.kinds, error=one.error, at=at, forever=one.forever)
        hits, where = self.shim.hits, self.shim.hit
        self.injections += 1
        try:
            self.verify(one, outcome, hits)
        except (Broken, AssertionError) as why:
            raise Broken(f"{self.scenario.name}: {one.name} at {at} ({where}): {why}\n{outcome.text[-600:]}") from why
        return hits > 0

    def verify(self, one, outcome, hits):
        need(outcome.status >= 0, "ended by signal {}", -outcome.status)
        need(outcome.status == 0 or hits, "status {} without a fault", outcome.status)
        if not one.ends:
            need(len(outcome.ended) == len(self.scenario.commands) or outcome.text.startswith("error") or
                 outcome.status == 1 or "* BYE" in outcome.text, "ended with status {}", outcome.status)
        done = outcome.ended == ["ok"] * len(self.scenario.commands)
        need(done or hits, "failed without a fault: {}", outcome.ended)
        need(done or not one.heals, "was not retried: {}", outcome.ended)
        if not (one.ends and hits):
            need(done or one.forever or not self.leftovers(), "left behind: {}", self.leftovers())
        if one.forever and not one.ends and "unlink" not in one.kinds:
            need(not store.tmp_files(self.place), "left in tmp/: {}", store.tmp_files(self.place))
        after = store.tree(self.place)
        if one.ends and hits:  # what was begun is finished when its folder is opened, which may not be the first one
            self.judge(one, outcome, after, is_first=True)
            after = store.tree(self.place)
        self.judge(one, outcome, after)
        again = store.tree(self.place)
        need(again[0] == {name: self.quiet(view) for name, view in after[0].items()}, "the second look is another")
        need(again[1] == after[1], "the second look has other modseqs")
        if self.other and self.injections % self.asks_every == 0:
            self.ask_dovecot(again[0])

    def judge(self, one, outcome, after, is_first=False):
        subscribed = {line[0] for line in store.run(self.place, "list").of("folder") if "subscribed" in line}
        case = scenarios.Case(self.scenario, self.before, outcome._replace(subscribed=subscribed), after, self.wanted,
                              one.forever, is_first)
        case.may_mend = one.name == "cut"
        case.general()
        self.scenario.check(case)

    asks_every = 1
    options = ()  # of store_tool

    def ask_dovecot(self, views):
        """Dovecot's imapd sees the same UIDs, flags, keywords, dates and sizes, and complains of nothing."""
        self.asked += 1
        mine = {name: (view.uidvalidity, view.uidnext, {
            uid: (m.flags - {"Recent"}, time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(m.date)), m.size)
            for uid, m in view.messages.items()}) for name, view in views.items()}
        with contextlib.suppress(FileNotFoundError):
            (self.other / "log").unlink()
        for path in self.place.rglob("dovecot-uidlist.lock"):
            # what a kill left Dovecot breaks, too, but that takes it seconds, and minutes where no owner is named
            if self.asked > 1 or b":" not in path.read_bytes():
                path.unlink()
        with dovecot.imap(self.other, self.place) as imap:
            theirs = {name: dovecot.look(imap, name) for name in mine}
        need(theirs == mine, "Dovecot sees another: {}", [(name, theirs[name], mine[name]) for name in mine
                                                         if theirs[name] != mine[name]])
        log = (self.other / "log").read_text()
        need(not re.search("Error|Warning|Panic", log), "Dovecot says: {}", log)

    @staticmethod
    def quiet(view):
        """As the next session sees it: nothing is \\Recent any more."""
        messages = {uid: m._replace(flags=m.flags - {"Recent"}) for uid, m in view.messages.items()}
        return view._replace(messages=messages, recent=0, trouble=None)

    def numbers(self, one, short):
        if not short and self.scenario.modes != "sample":
            number = 0
            while True:  # until it completes
                number += 1
                yield number
        count = self.count(one)
        points = POINTS_SHORT.get(one.name, POINTS_OTHER) if short else POINTS_SAMPLE
        step = max(1.0, count / points)
        yield from sorted({1 + int(n * step) for n in range(points) if n * step < count} | {count} - {0})

    def run(self, one, short, say):
        broken, before, begun = [], self.injections, time.monotonic()
        for at in self.numbers(one, short):
            try:
                if not self.one(one, at):
                    break
            except Broken as why:
                broken.append(str(why))
                if len(broken) > 20:
                    break
        say(f"{self.scenario.name}: {one.name} at {self.injections - before} calls, {len(broken)} broken, "
            f"{time.monotonic() - begun:.1f} s")
        return broken

    def run_whole(self, one, say):
        try:
            self.one(one, 0)
            say(f"{self.scenario.name}: {one.name}")
            return []
        except Broken as why:
            return [str(why)]


def modes_of(scenario, short, only):
    modes = MODES[scenario.modes]
    if short:  # another kind of failure goes the same way out; a sample of them
        wanted = {"kill", "torn", "full-disk", "EIO", "EINTR", "malloc", "EIO-reading", "SIGTERM", "EPIPE"}
        modes = [one for one in modes if one.name in wanted]
    return [one for one in modes if not only or one.name == only]


def workplace():
    """Memory is many times faster than a disk, and what is swept is the order of calls."""
    return "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None


def run(scenario, short, say=print, only=None, at=None):
    """Sweep one scenario; (what broke, as lines; how many faults; how often Dovecot was asked)"""
    with tempfile.TemporaryDirectory(prefix="linnet-fault-", dir=workplace()) as folder:
        sweep = Sweep(scenario, pathlib.Path(folder), dovecot.IMAP.exists() and shutil.which("doveconf"))
        sweep.asks_every = 4 if short else 3
        broken = []
        for one in modes_of(scenario, short, only):
            if at:
                sweep.asks_every = 1
                sweep.one(one, at)
                continue
            broken += sweep.run(one, short, say)
        for one in WHOLE if scenario.modes in ("store", "session", "memory") else []:
            if not only or only == one.name:
                broken += sweep.run_whole(one, say)
        return broken, sweep.injections, sweep.asked


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--mode")
    parser.add_argument("--at", type=int)
    parser.add_argument("scenario", nargs="*")
    args = parser.parse_args()
    all_broken, faults, asked = [], 0, 0
    table = scenarios.SCENARIOS + ([] if args.short else scenarios.LONG_SCENARIOS)
    for scenario in [scenarios.by_name(name) for name in args.scenario] or table:
        broken, more, questions = run(scenario, args.short, only=args.mode, at=args.at)
        all_broken, faults, asked = all_broken + broken, faults + more, asked + questions
        sys.stdout.flush()
    print("\n".join(all_broken) or "nothing broke")
    print(f"{faults} faults, Dovecot asked {asked} times, {len(all_broken)} broken")
    sys.exit(1 if all_broken else 0)


if __name__ == "__main__":
    main()
