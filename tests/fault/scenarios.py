"""scenarios.py - what is swept: a Maildir, some commands, and what must hold after any fault in them

A row names its hostile cases.  Commands are store_tool's, or lines of IMAP or POP3 for a session
of ours; those of `before` are over when the fault begins.
"""
import collections
import os

import linnet
import store


class Broken(AssertionError):
    pass


def need(condition, text, *values):
    if not condition:
        raise Broken(text.format(*values))


def sums(view):
    return collections.Counter(m.sum for m in view.messages.values()) if view else collections.Counter()


class Case:
    """One run with one fault: what was before, how it ended, what is after."""

    def __init__(self, scenario, before, outcome, after, wanted, is_lasting=False, is_first=False):
        self.before, self.before_modseqs = before
        self.after, self.after_modseqs = after
        self.outcome, self.wanted, self.is_lasting = outcome, wanted, is_lasting
        self.is_first = is_first
        self.may_mend = False  # of a line that was being appended, a power cut may leave a part
        self.done = outcome.ended == ["ok"] * len(scenario.commands)
        # "no" was said; a process that ended before may have done any part of it
        self.failed = any(end != "ok" for end in outcome.ended)

    def count(self, name):
        return len(self.after[name].messages)

    def same(self, name):
        need(self.after[name].messages == self.before[name].messages, "{} changed", name)

    # Omega 6, 7

    def general(self):
        for name, old in self.before.items():
            if name in self.after:
                self.same_uids(name, old, self.after[name])
                self.modseqs(name, old, self.after[name])
        known = set()
        for view in [*self.before.values(), *self.wanted.values()]:
            known |= set(sums(view))
        for name, view in self.after.items():
            need(set(sums(view)) <= known, "a message of {} is cut", name)
            need(view.trouble is None or self.may_mend, "{} had to be repaired: {}", name, view.trouble)
            for uid in self.outcome.promised.get(name, ()):
                need(uid in view.messages, "UID {} of {} was announced and is not there", uid, name)

    @staticmethod
    def same_uids(name, old, new):
        need(new.uidvalidity == old.uidvalidity, "UIDVALIDITY of {} changed", name)
        need(new.uidnext >= old.uidnext, "UIDNEXT of {} went back", name)
        for uid, m in new.messages.items():
            if uid in old.messages:
                need(m.sum == old.messages[uid].sum, "UID {} of {} is another message", uid, name)
                need(m.date == old.messages[uid].date, "the date of UID {} of {} changed", uid, name)
            else:
                need(uid >= old.uidnext, "UID {} of {} was given before", uid, name)

    def modseqs(self, name, old, new):
        was, is_now = self.before_modseqs[name], self.after_modseqs[name]
        need(is_now.highest >= was.highest, "HIGHESTMODSEQ of {} went back", name)
        for uid, m in new.messages.items():
            need(is_now.of[uid] <= is_now.highest, "MODSEQ of UID {} of {} is above the highest", uid, name)
            if uid not in old.messages:
                need(is_now.of[uid] > was.highest, "UID {} of {} is new, its MODSEQ is not", uid, name)
                continue
            need(is_now.of[uid] >= was.of[uid], "MODSEQ of UID {} of {} went back", uid, name)
            if m.flags - {"Recent"} != old.messages[uid].flags - {"Recent"}:
                need(is_now.of[uid] > was.highest, "UID {} of {} changed, its MODSEQ did not", uid, name)


# ---- what must hold ----------------------------------------------------------------------------

def check_append(how_many, in_part=True):
    """in_part: a kill may leave some of them."""
    def check(case):
        new = case.count("INBOX") - len(case.before["INBOX"].messages)
        if case.done:
            need(new == how_many, "appended and answered ok, but {} are there", new)
        elif case.failed:
            need(new == 0, "failed, but {} are there", new)
        else:
            need(0 <= new <= how_many if in_part else new in (0, how_many), "{} new messages", new)
    return check


def check_copy(case):
    case.same("INBOX")
    new = case.count("T") - len(case.before["T"].messages)
    need(not sums(case.after["T"]) - sums(case.before["T"]) - sums(case.before["INBOX"]), "a copy is doubled")
    need(new == 100 if case.done else new == 0 if case.failed else new in (0, 100), "{} copies", new)


def check_move(doubles):
    """doubles: across file systems a kill may leave a message in both."""
    def check(case):
        all_before = sums(case.before["INBOX"]) + sums(case.before["T"])
        all_after = sums(case.after["INBOX"]) + sums(case.after["T"])
        need(not all_before - all_after, "lost: {}", all_before - all_after)
        if case.done or not (doubles or case.is_first):
            need(all_after == all_before, "doubled: {}", all_after - all_before)
        need(all(n <= 2 for n in (all_after - all_before).values()), "more than doubled")
        if case.done:
            need(case.count("INBOX") == len(case.before["INBOX"].messages) - 100, "not all moved")
        # where nothing can be renamed any more, what has moved cannot go back: the client is told by EXPUNGEs
        if case.failed and not case.is_lasting and not case.outcome.promised.get("T"):
            need(case.count("T") - len(case.before["T"].messages) in (0, 100), "failed, but some moved")
    return check


def check_expunge(first, last, marked=frozenset()):
    """Only UIDs first to last may go, and of them those that are \\Deleted (or become it meanwhile)."""
    def check(case):
        for uid, m in case.before["INBOX"].messages.items():
            if first <= uid <= last and ("Deleted" in m.flags or uid in marked):
                need(not case.done or uid not in case.after["INBOX"].messages, "UID {} is still there", uid)
            else:
                need(uid in case.after["INBOX"].messages, "UID {} was not to be removed", uid)
    return check


def check_flags(case):
    need(set(case.after["INBOX"].messages) == set(case.before["INBOX"].messages), "messages came or went")
    for uid, m in case.after["INBOX"].messages.items():
        old = case.before["INBOX"].messages[uid].flags
        new = old | {"Flagged", "fresh"}
        need(m.flags - {"Recent"} in ([new] if case.done else [old, new, old | {"Flagged"}]), "UID {} has {}", uid, m.flags)


def check_fold(case):
    need(set(case.after["INBOX"].messages) == set(case.before["INBOX"].messages), "messages came or went")
    for uid, m in case.after["INBOX"].messages.items():
        old = case.before["INBOX"].messages[uid].flags
        need(m.flags - {"Recent"} in ([old | {"Draft"}] if case.done else [old, old | {"Draft"}]), "UID {} has {}", uid, m.flags)


def check_first_open(case):
    need(sums(case.after["INBOX"]) == sums(case.wanted["INBOX"]), "messages came or went")
    shown = case.outcome.shown
    for uid, m in (shown.messages if shown else {}).items():
        # what was given while nothing could be written down holds for that session only
        if shown.writable and not case.failed:
            need(case.after["INBOX"].messages[uid].sum == m.sum, "UID {} was shown for another message", uid)
    if shown:
        need(case.after["INBOX"].uidvalidity == shown.uidvalidity, "UIDVALIDITY was shown and changed")


def check_vanished(case):
    """Thirty files were removed by hand: looking writes the list of UIDs anew, and nothing else changes."""
    need(sums(case.after["INBOX"]) == sums(case.before["INBOX"]), "messages came or went")


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
    elif case.failed:
        need(case.is_lasting, "failed, but it is gone")
    case.same("A.one")


def check_rename(case):
    for old in case.before:
        new = old.replace("A", "B", 1) if old.split(".")[0] == "A" else old
        there = [name for name in {old, new} if name in case.after]
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
    """Each line of the file is whole, and those of others stay."""
    names = case.outcome.subscribed
    need({"Other", "A.one"} <= names <= {"Other", "A.one", "A", "A.two"}, "subscribed: {}", sorted(names))
    if case.done:
        need(names == {"Other", "A.one", "A.two"}, "subscribed: {}", sorted(names))


def check_session(case):
    """STORE 1:10, APPEND, then COPY 1:5 T: each whole or not at all, as it was answered."""
    old, new = case.before["INBOX"].messages, case.after["INBOX"].messages
    need(set(old) <= set(new), "messages went")
    for uid in old:
        flags, wanted = new[uid].flags - {"Recent"}, old[uid].flags | ({"Flagged", "fresh"} if uid <= 10 else set())
        allowed = [wanted] if case.outcome.ended[1:2] == ["ok"] else [old[uid].flags, old[uid].flags | {"Flagged"}, wanted]
        need(flags in allowed, "UID {} has {}", uid, flags)
    added = len(new) - len(old)
    need(added == 1 if case.outcome.ended[3:4] == ["ok"] else added == 0 if case.outcome.ended[3:4] else added in (0, 1),
         "{} appended", added)
    copies = case.count("T") - len(case.before["T"].messages)
    need(copies == 5 if case.outcome.ended[4:5] == ["ok"] else copies == 0 if case.outcome.ended[4:5] else 0 <= copies <= 5,
         "{} copies", copies)


# ---- Maildirs ----------------------------------------------------------------------------------

def tool(*commands):
    return lambda root: store.run(root, *commands)


FILL = ("create T", "append T Seen,t - 50 3", "append INBOX Seen,work 1000000000 200 140",
        "append INBOX - 1100000000 30 60", "open INBOX", "flags add 51:150 Deleted,other", "close")
TREE = ("create A", "create A.one", "create A.two", "append A Seen - 100 3", "append A.one Seen - 100 2")


def big_folder(count):
    return tool("create A", "create A.one", f"append A Seen - 10 {count}", "append A.one Seen - 100 2")


def deep_tree(children):
    return tool("create A", "append A Seen - 100 3", *(f"create A.c{n}" for n in range(children)),
                "append A.c1 Seen - 100 2", "create Other")


def subscriptions(root):
    tool(*TREE, "subscribe A.one")(root)
    with open(root / "subscriptions", "a", encoding="utf-8") as out:
        out.write("Other\n")


def unseen(count):
    """Files that no server has seen yet, in new/ and cur/."""
    def prepare(root):
        store.run(root, "list")
        for n in range(count):
            part, info = ("new", "") if n % 3 else ("cur", ":2,S")
            (root / part / f"{1700000000 + n}.M{n}P1.mail.example{info}").write_bytes(b"Subject: %d\n\nx\n" % n)
    return prepare


def vanished(root):
    tool(*FILL)(root)
    for path in sorted((root / "cur").iterdir())[5:35]:
        path.unlink()


# ---- the table ---------------------------------------------------------------------------------

# warm: commands that bring a fresh copy to where the journal is about to be folded
Scenario = collections.namedtuple("Scenario", "name cases prepare commands check program before warm other modes look")


def row(name, cases, prepare, commands, check, program="tool", before=(), warm=(), other="", modes="store",
        look="place"):
    """other: a folder on another file system.  look: where to see what was before; in the place itself (which
    gives it an index), in a copy (looking would repair it), or nowhere (looking would give UIDs)."""
    return Scenario(name, cases, prepare, commands, check, program, before, warm, other, modes, look)


FILLED = tool(*FILL)
FOLDING = [f"flags {'add' if n % 2 else 'remove'} 1:200 Draft" for n in range(13)]
IMAP_STORE = r"STORE 1:10 +FLAGS.SILENT (\Flagged fresh)"
IMAP_APPEND = "APPEND INBOX (\\Flagged) {5+}\r\nS: x\n"

SCENARIOS = [
    row("append", "K01 K14", FILLED, ["append INBOX Flagged,new 1200000000 1000000"], check_append(1)),
    row("append5", "K02 K14", FILLED, ["append INBOX - 1200000000 500 5"], check_append(5, in_part=False)),
    row("append5-flags", "K02", FILLED, ["append INBOX Seen,fresh 1200000000 500 5"], check_append(5, in_part=False), modes="kill"),
    row("copy", "K03", FILLED, ["open INBOX", "copy 1:100 T"], check_copy),
    row("copy-other", "K03 W15", FILLED, ["open INBOX", "copy 1:100 T"], check_copy, other=".T"),
    row("move", "K04", FILLED, ["open INBOX", "move 1:100 T"], check_move(False)),
    row("move-other", "K04 W15", FILLED, ["open INBOX", "move 1:100 T"], check_move(True), other=".T"),
    row("expunge", "K05 K14", FILLED, ["open INBOX", "expunge"], check_expunge(1, 200)),
    row("uid-expunge", "K05", FILLED, ["open INBOX", "expunge 1:99"], check_expunge(1, 99)),
    row("flags", "K06 K10", FILLED, ["open INBOX", "flags add 1:200 Flagged,fresh"], check_flags),
    row("fold", "K10 W08", FILLED, ["open INBOX", "flags add 1:200 Draft"], check_fold, warm=("open INBOX", *FOLDING)),
    row("first-open", "K09", unseen(30), ["open INBOX", "view"], check_first_open, look=""),
    row("vanished", "K10", vanished, ["open INBOX", "append T - - 10"], check_vanished, look="copy"),
    row("create", "K11", tool(*TREE), ["create N.new"], check_create),
    row("delete", "K11", big_folder(40), ["delete A"], check_delete),
    row("rename", "K12", deep_tree(5), ["rename A B"], check_rename),
    row("rename-inbox", "K12", FILLED, ["rename INBOX B"], check_inbox),
    row("subscribe", "K10", subscriptions, ["subscribe A", "subscribe A.two", "unsubscribe A"], check_subscribe),
    row("imap-close", "K05 K20", FILLED, ["CLOSE"], check_expunge(1, 200), "imapd", before=["SELECT INBOX"],
        modes="session"),
    row("imap-uid-expunge", "K05", FILLED, ["UID EXPUNGE 1:99"], check_expunge(1, 99), "imapd",
        before=["SELECT INBOX"], modes="session"),
    row("imap-move", "K04 K20", FILLED, ["MOVE 1:100 T"], check_move(False), "imapd", before=["SELECT INBOX"],
        modes="session"),
    row("imap-multiappend", "K02", FILLED, ["APPEND INBOX " + " ".join(["(\\Seen) {5+}\r\nS: x\n"] * 5)],
        check_append(5, in_part=False), "imapd", modes="session"),
    row("imap-session", "K16 K17 K18 K20", FILLED,
        ["SELECT INBOX", IMAP_STORE, "FETCH 1:5 (FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])", IMAP_APPEND, "COPY 1:5 T",
         "SEARCH SUBJECT 1 TEXT somebody"], check_session, "imapd", modes="memory"),
    row("pop3-quit", "K07 K20", FILLED, ["QUIT"], check_expunge(1, 100, marked=range(1, 101)), "pop3d",
        before=[f"DELE {n}" for n in range(1, 101)], modes="session"),
]

LONG_SCENARIOS = [
    row("first-open-300", "K09", unseen(300), ["open INBOX", "view"], check_first_open, look=""),
    row("first-open-10000", "K09", unseen(10000), ["open INBOX", "view"], check_first_open, modes="sample", look=""),
    row("delete-10000", "K11", big_folder(10000), ["delete A"], check_delete, modes="sample"),
    row("rename-100", "K12", deep_tree(100), ["rename A B"], check_rename, modes="kill"),
    row("rename-1000", "K12", deep_tree(1000), ["rename A B"], check_rename, modes="sample"),
]


def by_name(name):
    return next(one for one in SCENARIOS + LONG_SCENARIOS if one.name == name)


def is_message(path):
    return path.parent.name in ("cur", "new") and not path.name.startswith("linnet.")


def copy_tree(source, target):
    """Messages are linked, for nobody writes into them; what a server keeps is copied."""
    for folder, _, files in os.walk(source):
        here = target / os.path.relpath(folder, source)
        here.mkdir(mode=0o700)
        link = os.path.basename(folder) in ("cur", "new")
        for name in files:
            if link:
                os.link(os.path.join(folder, name), here / name)
            else:
                (here / name).write_bytes((linnet.pathlib.Path(folder) / name).read_bytes())
