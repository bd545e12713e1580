"""test_form.py - the form of the C code: width, length, indentation, and what it does without"""
import re

import pytest

import codemap
import linnet

COLUMNS, LINES = 100, 600

# Tables whose rows are read as columns: wrapping them would hide what they compare.
WIDE_TABLES = {
    "imapd/commands.c": "one row a command: states, flags, parser, action",
}
# One story each, told by many small tests.
LONG = {"tests/unit/test_mailbox.c"}

SOURCES = [path for path in codemap.mapped_files() if path.suffix in (".c", ".h")]


def each_line():
    for path in SOURCES:
        name = str(path.relative_to(linnet.TOP))
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            yield name, number, line


def where(pattern, skip=()):
    """name:line of every line that the pattern is found in"""
    return [f"{name}:{number}" for name, number, line in each_line() if re.search(pattern, line) and name not in skip]


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 200


def test_width():
    wide = [f"{name}:{number}" for name, number, line in each_line()
            if len(line.expandtabs(8)) > COLUMNS and name not in WIDE_TABLES]
    assert wide == []


def test_exemptions_are_needed():
    wide = {name for name, _, line in each_line() if len(line.expandtabs(8)) > COLUMNS}
    long = {str(path.relative_to(linnet.TOP)) for path in SOURCES if path.read_text().count("\n") > LINES}
    assert set(WIDE_TABLES) - wide == set() and LONG - long == set()


def test_length_of_files():
    long = [str(path.relative_to(linnet.TOP)) for path in SOURCES if path.read_text().count("\n") > LINES]
    assert sorted(set(long) - LONG) == []


def test_every_file_says_what_it_is_in_one_line():
    wrong = [str(path.relative_to(linnet.TOP)) for path in SOURCES
             if not re.match(r"/\*(?: |\n \* )" + re.escape(path.name) + r" - \S.*(?: \*/)?\n", path.read_text())]
    assert wrong == []


@pytest.mark.parametrize("what,pattern", [
    ("a trailing blank", r"[ \t]$"),
    ("a carriage return", r"\r"),
    ("something left to do", r"\b(TODO|FIXME|HACK)\b|\bXXX\b(?!X)"),
    ("a goto that is not for failing", r"\bgoto\s+(?!fail;)"),
    ("a tab behind a blank", r"^\t* +\t"),
    ("a typedef of a struct", r"^\s*typedef\s+(struct|enum|union)\b"),
    ("a line comment", r"^\s*//"),
])
def test_there_is_no(what, pattern):
    assert where(pattern) == [], what


def test_indentation_is_by_tabs():
    """A line that begins with blanks continues the one before it: a statement, a comment, a macro."""
    wrong, before = [], ""
    for name, number, line in each_line():
        is_continued = not re.search(r"([;{}]|^|\*/)$", before.rstrip())
        if re.match(r" +[^ *]", line) and not is_continued:
            wrong.append(f"{name}:{number}")
        before = line if number > 1 or line else ""
    assert wrong == []


def test_no_preprocessor_condition_in_a_function():
    wrong, inside = [], False
    for name, number, line in each_line():
        if number == 1 or line.startswith("}"):
            inside = False
        elif line == "{":
            inside = True
        elif inside and re.match(r"\s*#\s*(if|else|elif)", line):
            wrong.append(f"{name}:{number}")
    assert wrong == []
