"""run.py - the benchmarks: what linnet costs beside the installed Dovecot

run.py login [--rounds N] [--only SERVER ...] [ROW ...]

login   CPU of the whole server for one connection of each kind, memory of an idle one
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import login  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    row = benches.add_parser("login", help="CPU of the whole server for one connection, memory of an idle one")
    row.add_argument("--rounds", type=int, default=60, help="operations of one batch (60)")
    row.add_argument("--only", action="append", metavar="SERVER", help='"listener", "exec", "Dovecot", "Dovecot fast"')
    row.add_argument("rows", nargs="*", metavar="ROW", help=" ".join([*login.WORKS, *login.IDLE]))
    row.set_defaults(run=lambda o: login.run(o.rounds, o.rows, o.only))
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
