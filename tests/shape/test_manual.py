"""test_manual.py - the manual pages are clean, and tell of every setting, limit and verb"""
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import linnet  # noqa: E402

MAN = linnet.TOP / "doc" / "man"
HAND_WRITTEN = sorted(MAN.glob("*.[1-8]"))
GENERATED = linnet.BUILD / "doc" / "man" / "linnet.conf.5"
PAGES = [page for page in HAND_WRITTEN if page.name != GENERATED.name] + [GENERATED]
IDS = [page.name for page in PAGES]


def text_of(page):
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=IDS)
@pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc here")
def test_mandoc_lint(page):
    found = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, timeout=60).stdout
    # The pages name each other, and are not installed where they are tested.
    assert [line for line in found.splitlines() if "referenced manual not found" not in line] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
@pytest.mark.skipif(not shutil.which("groff"), reason="no groff here")
def test_groff_warnings(page):
    found = subprocess.run(["groff", "-mdoc", "-ww", "-Tutf8", "-z", page], capture_output=True, text=True, timeout=60)
    ours = [line for line in found.stderr.splitlines() if page.name in line]
    assert found.returncode == 0 and ours == []


def test_every_setting_is_in_the_page():
    page = text_of(GENERATED)
    header = text_of(linnet.TOP / "common/base/settings.h")
    names = re.findall(r"^\t(?:STR|NUM|YES|TIME|SIZE|FILE)\((\w+),", header, re.M)
    assert len(names) > 30
    assert [name for name in names if f"\n.It Sy {name}\n" not in page] == []


def test_every_limit_is_in_the_page_with_its_value():
    page = text_of(GENERATED)
    rows = re.findall(r"^\tLIMIT_(\w+)\s*= ([0-9 *]+)", text_of(linnet.TOP / "common/base/limits.h"), re.M)
    assert len(rows) > 30
    for name, product in rows:
        value = 1
        for factor in product.split("*"):
            value *= int(factor)
        assert f"\n.It Sy {name.lower().replace('_', ' ')} No = {value}\n" in page


def test_every_verb_is_in_the_page():
    page = text_of(MAN / "linnetctl.8")
    usage = subprocess.run([linnet.program("linnetctl"), "--help"], capture_output=True, text=True, timeout=20).stdout
    verbs = re.findall(r"^  ([a-z]+(?: [a-z]+)?) ", usage, re.M)
    assert len(verbs) >= 4
    assert [verb for verb in verbs if f"\n.Cm {verb}\n" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_pages_refer_to_pages_that_exist(page):
    ours = {path.name for path in PAGES}
    for name, section in re.findall(r"^\.Xr (\S+) (\d)", text_of(page), re.M):
        assert f"{name}.{section}" in ours
