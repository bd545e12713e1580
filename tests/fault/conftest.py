"""conftest.py - finds scenarios.py, and dovecot.py of the other servers' tests"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "interop")]
