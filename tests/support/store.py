"""store.py - the store by hand: tests/interop/store_tool and what it prints"""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import linnet

Message = collections.namedtuple("Message", "uid flags size date sum base")
View = collections.namedtuple("View", "uidvalidity uidnext recent writable messages trouble")


_copies = None


def program():
    """Path of store_tool, at a place where the mail user may execute it."""
    global _copies
    path = linnet.BUILD / "tests" / "interop" / "store_tool"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not built: make check builds it")
    if all(parent.stat().st_mode & 0o001 for parent in path.parents):
        return path
    if _copies is None:
        _copies = tempfile.TemporaryDirectory(prefix="linnet-bin-")
        os.chmod(_copies.name, 0o755)
        shutil.copy(path, _copies.name)
    return pathlib.Path(_copies.name) / path.name


class Result:
    """What one run printed: lines by their first word, and how each command ended."""

    def __init__(self, output, status):
        self.status = status
        self.text = output
        self.lines = [line.split(" ") for line in output.splitlines()]

    def of(self, word):
        return [line[1:] for line in self.lines if line[0] == word]

    def ended(self):
        """One "ok" or an error's text for each command that came to its end."""
        return ["ok" if line[0] == "ok" else " ".join(line[1:]) for line in self.lines if line[0] in ("ok", "error")]

    def view(self):
        """The last view that was printed whole, or in part before a kill."""
        found = None
        for line in self.lines:
            if line[0] == "view":
                found = View(int(line[2]), int(line[4]), int(line[8]), line[9] == "writable", {}, None)
            elif line[0] == "trouble" and found:
                found = found._replace(trouble=" ".join(line[1:]))
            elif line[0] == "message" and found and len(line) == 8:
                flags = frozenset(line[2].split(",")) - {"-", ""}
                found.messages[int(line[1])] = Message(int(line[1]), flags, int(line[3]), int(line[4]), line[5],
                                                       line[6])
        return found


def run(root, *commands, prefix=(), sync=False, check=True, timeout=60, **how):
    """Run commands in one process; with check each of them must end with ok."""
    args = [*map(str, prefix), str(program()), *([] if sync else ["-n"]), str(root), *commands]
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=linnet.environment(), timeout=timeout, **how)
    linnet.check_output(done.stderr, "store_tool")
    result = Result(done.stdout.decode("utf-8", "replace"), done.returncode)
    if check:
        assert result.ended() == ["ok"] * len(commands), result.text + done.stderr.decode(errors="replace")
    return result


def traced(root, *commands, **how):
    """(result, system calls) of one session."""
    with linnet.temporary_folder() as folder:
        log = folder / "strace.log"
        result = run(root, *commands, prefix=["strace", "-qq", "-o", log], **how)
        return result, log.read_text(errors="replace")


def assert_no_look(calls):
    """Neither cur/, new/ nor the uidlist was read."""
    assert "getdents" not in calls
    assert not re.search(r'openat\([^)]*"dovecot-uidlist"', calls)


Modseqs = collections.namedtuple("Modseqs", "highest of")


def parse_tree(result):
    """({mailbox: View}, {mailbox: Modseqs}) of store_tool's "tree"."""
    views, modseqs, name, part = {}, {}, None, []
    for line in [*result.lines, ["mailbox", None]]:
        if line[0] != "mailbox":
            part.append(line)
            continue
        if name is not None:
            one = Result("\n".join(" ".join(words) for words in part), 0)
            views[name] = one.view()
            modseqs[name] = Modseqs(int(one.of("modseq")[0][0]) if one.of("modseq") else 0,
                                    {int(words[0]): int(words[6]) for words in one.of("message")})
        name, part = line[1], []
    return views, modseqs


def tree(root, **how):
    """The same of a Maildir, in one fresh process; a mailbox that cannot be opened is a failure."""
    result = run(root, "tree", **how)
    assert not result.of("unopened"), result.text
    return parse_tree(result)


def folders(root, **how):
    """Names of the mailboxes that exist."""
    return [line[0] for line in run(root, "list", **how).of("folder") if "nonexistent" not in line]


def look(root, **how):
    """{mailbox: View} of the whole tree, in one fresh process each."""
    return {name: run(root, f"open {name}", "view", **how).view() for name in folders(root, **how)}


def tmp_files(root):
    found = []
    for folder, _, files in os.walk(root):
        if os.path.basename(folder) == "tmp":
            found += [os.path.join(folder, name) for name in files]
    return found
