"""test_store.py - K01-K06, K09-K12, K14-K17: the store killed or failed at its system calls

A dozen points of each scenario; every one of them, and more kinds of failure, with LINNET_FAULT=all.
"""
import os
import shutil

import pytest

import sweep

SHORT = os.environ.get("LINNET_FAULT") != "all"


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("scenario", sweep.SCENARIOS, ids=lambda s: s.name)
def test_sweep(scenario):
    assert sweep.run(scenario, SHORT) == []
