"""conftest.py - finds dovecot.py and mail_programs.py, and makes a place for Dovecot and its mail"""
import pathlib
import sys

import pytest

import linnet

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


@pytest.fixture
def place(folder):
    """(folder for Dovecot's own files, Maildir)"""
    (folder / "dovecot").mkdir()
    mail = folder / "mail"
    mail.mkdir(mode=0o700)
    linnet.own(folder)
    return folder / "dovecot", mail
