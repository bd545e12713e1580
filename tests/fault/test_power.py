"""test_power.py - K13: the power goes while something is changed, or right after it was answered

Twice: on a real ext4 whose disk is an image (what was not flushed is not in it), and on paper, for
a file system that keeps no more than it was told to (power.py).
"""
import contextlib
import datetime
import os
import re
import shutil
import subprocess
import sys

import pytest

import linnet
import scenarios
import shim
import store
import sweep

SHORT = os.environ.get("LINNET_FAULT") != "all"
NAMES = ("append append5 copy move move-other expunge flags fold first-open vanished create delete rename rename-inbox "
         "subscribe").split()
JOURNALS = "data=ordered", "data=writeback"
PAIRS = ([(name, JOURNALS[n % 2]) for n, name in enumerate(NAMES)] if SHORT else
         [(name, options) for name in NAMES for options in JOURNALS])
IMAGE_BYTES, POINTS = 24 << 20, 5 if SHORT else 60


def on_paper(*args):
    program = linnet.TOP / "tests" / "fault" / "power.py"
    done = subprocess.run([sys.executable, "-B", program, *args], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **linnet.as_mail_user())
    print(done.stdout)
    return tuple(map(int, re.search(r"^(\d+) cuts, (\d+) broken$", done.stdout, re.M).groups()))


def test_on_paper():
    """Every fourth scenario in the short form, another fourth each day; LINNET_FAULT_DAY=0 to 3 chooses."""
    day = int(os.environ.get("LINNET_FAULT_DAY", datetime.date.today().toordinal() % 4))
    print(f"LINNET_FAULT_DAY={day}")
    cuts, broken = on_paper("--short", *NAMES[day::4]) if SHORT else on_paper()
    assert cuts > 50 and broken == 0


def test_paper_forgets():
    """Without fsync the same cuts do break something: the instrument sees it."""
    assert on_paper("--short", "--no-sync", "append")[1] > 0


class Disk:
    """An image, and where it is mounted; nothing is written to it but by fsync."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.model, self.image, self.cut, self.at = (folder / name for name in ("model", "image", "cut", "at"))
        self.at.mkdir()
        with open(self.model, "wb") as out:
            out.truncate(IMAGE_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.model], check=True)

    @contextlib.contextmanager
    def mounted(self, image):
        subprocess.run(["mount", "-o", f"loop,commit=300,{self.options}", image, self.at], check=True)
        try:
            yield self.at / "mail"
        finally:
            subprocess.run(["umount", self.at], check=True)

    @staticmethod
    def copy(source, target):
        subprocess.run(["cp", "--sparse=always", source, target], check=True)


@pytest.fixture
def workplace():
    with linnet.tempfile.TemporaryDirectory(prefix="linnet-power-", dir=sweep.workplace()) as folder:
        path = linnet.pathlib.Path(folder)
        path.chmod(0o755)
        yield path


def run_and_cut(disk, scenario, at):
    """(outcome, whether it was ended at its call number `at`, how many calls)"""
    disk.copy(disk.model, disk.image)
    control = disk.folder / "shim"
    control.mkdir(exist_ok=True)
    linnet.own(control)
    with disk.mounted(disk.image) as mail:
        orders = shim.Shim(control, mail)
        orders.order("kill" if at else "count", at=at, other=scenario.other)
        linnet.own(control)
        outcome = sweep.run_tool(scenario, mail, {"env": orders.environment(), **linnet.as_mail_user()})
        result = outcome, bool(orders.hits), orders.count
        orders.close()
        disk.copy(disk.image, disk.cut)  # now
    return result


@pytest.mark.skipif(not linnet.IS_ROOT or not shutil.which("mkfs.ext4"), reason="needs root and mkfs.ext4")
@pytest.mark.parametrize("name, options", PAIRS)
def test_on_ext4(name, options, workplace):
    scenario, disk = scenarios.by_name(name), Disk(workplace, options)
    how = linnet.as_mail_user()
    with disk.mounted(disk.model) as mail:
        mail.mkdir(mode=0o700)
        os.chown(mail, linnet.UID, linnet.GID)
        scenario.prepare(mail)
        linnet.own(mail)
        if scenario.warm:
            store.run(mail, *scenario.warm, **how)
        before = store.tree(mail, **how) if scenario.look == "place" else ({}, {})
    if scenario.look == "copy":
        disk.copy(disk.model, disk.cut)
        with disk.mounted(disk.cut) as mail:
            before = store.tree(mail, **how)
    whole, _, calls = run_and_cut(disk, scenario, 0)
    assert whole.ended == ["ok"] * len(scenario.commands), whole.text
    with disk.mounted(disk.cut) as mail:
        wanted = store.tree(mail, **how)[0]
        judge(scenario, mail, before, whole, wanted, f"{name}, {options}: cut behind the last answer")
    for n in range(POINTS):
        at = 1 + calls * n // POINTS
        outcome, _, _ = run_and_cut(disk, scenario, at)
        with disk.mounted(disk.cut) as mail:
            judge(scenario, mail, before, outcome, wanted, f"{name}, {options}: cut at call {at} of {calls}")


@pytest.mark.skipif(not linnet.IS_ROOT or not shutil.which("mkfs.ext4"), reason="needs root and mkfs.ext4")
def test_ext4_forgets(workplace):
    """Without fsync a message that was appended is not on the disk: the instrument sees it."""
    disk, how = Disk(workplace, "data=ordered"), linnet.as_mail_user()
    with disk.mounted(disk.model) as mail:
        mail.mkdir(mode=0o700)
        os.chown(mail, linnet.UID, linnet.GID)
        store.run(mail, "list", **how)
    disk.copy(disk.model, disk.image)
    with disk.mounted(disk.image) as mail:
        store.run(mail, "append INBOX - - 1000", **how)
        disk.copy(disk.image, disk.cut)
    with disk.mounted(disk.cut) as mail:
        assert not store.tree(mail, **how)[0]["INBOX"].messages


def judge(scenario, mail, before, outcome, wanted, what):
    how = linnet.as_mail_user()
    try:
        for is_first in (True, False):
            after = store.tree(mail, **how)
            subscribed = {line[0] for line in store.run(mail, "list", **how).of("folder") if "subscribed" in line}
            case = scenarios.Case(scenario, before, outcome._replace(subscribed=subscribed), after, wanted,
                                  is_first=is_first)
            case.may_mend = True
            case.general()
            scenario.check(case)
    except AssertionError as why:
        raise AssertionError(f"{what}: {why}") from why
