"""conftest.py - finds tests/support, and the fixtures that every suite uses"""
import faulthandler
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

import linnet  # noqa: E402

LONGEST = int(os.environ.get("LINNET_TEST_SECONDS", "300"))


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds; left out by dev check --fast")


@pytest.fixture(autouse=True)
def _deadline():
    """A test that hangs ends the run with every thread's stack instead of hanging it."""
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def folder():
    """A temporary folder that uid 5000 may walk."""
    with linnet.temporary_folder() as path:
        yield path


@pytest.fixture
def maildir(folder):
    """An empty Maildir of the mail user."""
    return linnet.make_maildir(folder / "mail")


@pytest.fixture
def imap(maildir):
    """start(): a new `imapd --preauth` on that Maildir."""
    return lambda *options, **how: linnet.preauth("imapd", maildir, *options, **how)


@pytest.fixture
def start(imap):
    """start(): a session of it whose greeting has been read."""
    def begin(**how):
        session = imap(**how)
        session.wire.transcript("S: * PREAUTH …")
        return session
    return begin


@pytest.fixture
def pop3(maildir):
    """start(): a new `pop3d --preauth` on that Maildir."""
    return lambda *options, **how: linnet.preauth("pop3d", maildir, *options, **how)


@pytest.fixture(scope="module")
def server():
    """One authd with four listeners for a test file; tests that change it make their own."""
    with linnet.Server() as running:
        yield running


@pytest.fixture
def root():
    if not linnet.IS_ROOT:
        pytest.skip("needs root")
