"""test_store.py - K01-K07, K09-K12, K14-K20: the store failed, shortened or ended at its calls

A sample of the calls of each scenario; every one, and more kinds of failure, with LINNET_FAULT=all
(./dev fault).  Each sweep is a process of its own, which belongs to the owner of the mail.
"""
import os
import re
import subprocess
import sys

import pytest

import linnet
import scenarios

SHORT = os.environ.get("LINNET_FAULT") != "all"
TABLE = scenarios.SCENARIOS + ([] if SHORT else scenarios.LONG_SCENARIOS)


@pytest.mark.parametrize("scenario", TABLE, ids=lambda s: s.name)
def test_sweep(scenario):
    program = linnet.TOP / "tests" / "fault" / "sweep.py"
    done = subprocess.run([sys.executable, "-B", program, *(["--short"] if SHORT else []), scenario.name], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **linnet.as_mail_user())
    print(done.stdout)
    assert done.returncode == 0
    faults, asked = map(int, re.search(r"^(\d+) faults, Dovecot asked (\d+) times, 0 broken$", done.stdout, re.M).groups())
    assert faults >= 10
    assert asked or not sweep_has_dovecot()


def sweep_has_dovecot():
    import dovecot  # pylint: disable=import-outside-toplevel
    return dovecot.IMAP.exists()
