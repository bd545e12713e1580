"""codemap.py - print the map of the code from each file's first comment, or write it into README.md

codemap.py [--write]
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
START, END = "<!-- map: ./dev map --write -->\n", "<!-- end of map -->"

# folder, heading; in the order of the floors, lowest first
FOLDERS = (
    ("common/base", "floor 0, ground"),
    ("common/io", "floor 1, streams"),
    ("common/maildir", "floor 2, mail: the Maildir's files"),
    ("common/mime", "floor 2, mail: what is in a message"),
    ("common/index", "floor 2, mail: a mailbox as a session sees it"),
    ("common/start", "floor 3, from a connection to a session"),
    ("imapd", "IMAP"),
    ("pop3d", "POP3"),
    ("authd", "passwords"),
    ("ctl", "the administrator's tool"),
    ("systemd", "units"),
    ("tests/support", "what the tests stand on"),
    ("tests/wire", "dialogues with the real programs"),
    ("tests/system", "real systemd, xinetd, stunnel, Postfix, MariaDB, mail programs"),
    ("tests/interop", "other servers on the same mail"),
    ("tests/fault", "killed and failing system calls"),
    ("tests/shape", "the form of the code itself"),
    ("tests/fuzz", "fuzz targets"),
    ("tests/bench", "measuring"),
)


def first_comment(path):
    """The text behind "name - " in a file's first lines; None where there is none."""
    head = path.read_text(errors="replace")[:600]
    found = re.search(r"^(?:/\*\s*|\s*\*\s*|#\s*|\"\"\")" + re.escape(path.name) + r" - (.+)$", head, re.M)
    return re.sub(r"\s*(\*/|\"\"\")\s*$", "", found[1]).strip() if found else None


def mapped_files():
    """Files of the tree that the map speaks of, as git sees them; all files below without git."""
    run = subprocess.run(["git", "-C", str(TOP), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    names = run.stdout.splitlines() if run.returncode == 0 else [
        str(p.relative_to(TOP)) for p in TOP.rglob("*") if p.is_file()]
    return [TOP / n for n in sorted(set(names))
            if re.search(r"(\.[ch]|\.py|make-unit|\.in)$", n) and (TOP / n).exists()]


def entries(folder, files):
    """(shown name, text) of one folder; x.c and x.h are one line, in the header's words."""
    lines = {}
    for path in files:
        if path.parent == TOP / folder and path.name not in ("__init__.py",):
            stem = path.stem if path.suffix in (".c", ".h") else path.name
            lines.setdefault(stem, {})[path.suffix] = path
    for stem, found in sorted(lines.items()):
        text = next((t for t in (first_comment(found[s]) for s in (".h", ".c", ".py", ".in", "") if s in found) if t), None)
        if {".c", ".h"} <= set(found):
            yield stem + ".[ch]", text
        else:
            yield next(iter(found.values())).name, text


def code_map():
    files = mapped_files()
    lines = []
    for folder, heading in FOLDERS:
        rows = [row for row in entries(folder, files) if row[1]]
        if rows:
            lines += ["", f"{folder}/ - {heading}"]
            lines += [f"    {name:<23} {text}" for name, text in rows]
    return "```\n" + "\n".join(lines[1:]) + "\n```\n"


def unmapped():
    """Sources without a first comment."""
    return [str(p.relative_to(TOP)) for p in mapped_files()
            if p.suffix in (".c", ".h", ".py") and p.stat().st_size and not first_comment(p)]


def readme_parts():
    before, _, rest = (TOP / "README.md").read_text().partition(START)
    inside, _, after = rest.partition(END)
    return before, inside, after


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        before, _, after = readme_parts()
        (TOP / "README.md").write_text(before + START + code_map() + END + after)
    else:
        print(code_map(), end="")
