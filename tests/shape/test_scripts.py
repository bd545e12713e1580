"""test_scripts.py - the shell scripts are clean, and name every verb they have"""
import re
import shutil
import subprocess

import pytest

from linnet import TOP

SCRIPTS = ["dev", ".ci/run", "systemd/make-unit"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck(script):
    if not shutil.which("shellcheck"):
        pytest.skip("no shellcheck")
    subprocess.run(["shellcheck", TOP / script], check=True)


def test_every_verb_is_listed():
    text = (TOP / "dev").read_text()
    listed = re.search(r"^verbs='\n(.*?)'$", text, re.S | re.M)[1]
    assert sorted(line.split()[0] for line in listed.splitlines()) == sorted(re.findall(r"^verb_(\w+)\(\)", text, re.M))


def test_without_a_verb_the_usage_is_shown():
    run = subprocess.run(["bash", TOP / "dev"], capture_output=True, text=True)
    assert run.returncode == 2 and "demo" in run.stderr
