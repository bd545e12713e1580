"""conftest.py - tests of this folder may import from each other"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
