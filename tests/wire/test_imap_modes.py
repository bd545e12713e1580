"""test_imap_modes.py - the dialogues of other files again, their bytes in other pieces: one by one, and cut anywhere

What the client writes at once must not matter to what it is answered (origin: replies that
depended on TCP segments).  LINNET_ALL_MODES=1 takes all files of IMAP and more seeds.
"""
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
LONG = bool(os.environ.get("LINNET_ALL_MODES"))
FILES = ("test_imap_condstore.py", "test_imap_catenate.py", "test_imap_dialogue.py")
ALL = tuple(sorted(p.name for p in HERE.glob("test_imap_*.py")
                   if p.name not in (pathlib.Path(__file__).name, "test_imap_resync_model.py")))


@pytest.mark.parametrize("mode,seed", [("bytes", 1)] + [("halves", seed) for seed in range(1, 9 if LONG else 2)])
def test_in_other_pieces(mode, seed):
    env = dict(os.environ, LINNET_WIRE_MODE=mode, LINNET_WIRE_SEED=str(seed), LINNET_ALL_MODES="")
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                          *(str(HERE / name) for name in (ALL if LONG else FILES))],
                         env=env, capture_output=True, text=True, timeout=1500 if LONG else 250)
    assert run.returncode == 0, run.stdout[-6000:]
