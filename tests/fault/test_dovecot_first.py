"""test_dovecot_first.py - K03: a COPY of 100 is cut short, and Dovecot's imapd comes before we do

Dovecot knows nothing of our intent: it gives UIDs to what it finds.  Whatever it showed stays, with these UIDs,
and all of the COPY is there when we have opened the folder, or nothing is.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

import dovecot
import linnet
import scenarios
import shim
import store
import sweep

POINTS = 60 if os.environ.get("LINNET_FAULT") == "all" else 12


class DovecotFirst(sweep.Sweep):
    def verify(self, one, outcome, hits):
        for path in self.place.rglob("dovecot-uidlist.lock"):
            path.unlink()  # Dovecot would break it, but that takes it seconds
        with dovecot.imap(self.other, self.place) as imap:
            validity, uidnext, shown = dovecot.look(imap, "T")
        after = store.tree(self.place)
        self.judge(one, outcome, after)
        got = after[0]["T"]
        assert (got.uidvalidity, got.uidnext >= uidnext) == (validity, True)
        assert set(shown) <= set(got.messages), "what Dovecot showed is gone"
        self.ask_dovecot(after[0])


def main():
    with tempfile.TemporaryDirectory(prefix="linnet-fault-", dir=sweep.workplace()) as folder:
        swept = DovecotFirst(scenarios.by_name("copy"), pathlib.Path(folder), True)
        kill = sweep.mode("kill", "kill", shim.CHANGING, ends=True)
        count = swept.count(kill)
        for n in range(POINTS):
            swept.one(kill, 1 + n * count // POINTS)
    print(f"{swept.injections} kills")


@pytest.mark.skipif(not (dovecot.IMAP.exists() and shutil.which("doveconf")), reason="Dovecot's package is not there")
def test_copy_cut_short():
    done = subprocess.run([sys.executable, "-B", __file__], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **linnet.as_mail_user(),
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.stdout.endswith(f"{POINTS} kills\n"), done.stdout
    assert done.returncode == 0


if __name__ == "__main__":
    main()
