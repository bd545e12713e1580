"""run.py - the benchmarks: what linnet costs beside the installed Dovecot

run.py login [--rounds N] [--only SERVER ...] [ROW ...]
run.py burst [--only SERVER ...] [COUNT ...]
run.py imap [--messages N] [--rounds N] [--mail MAILDIR] [--only SERVER] [ROW ...]
run.py pop3 [--messages N] [--rounds N] [--only SERVER] [ROW ...]
run.py store [--rounds N] [--only SERVER] [ROW ...]

login   CPU of the whole server for one connection of each kind, memory of an idle one
burst   that many clients log in at the same moment: who is refused
imap    CPU of FETCH and SEARCH on 10,000 messages
pop3    CPU of a POP3 session on 10,000 messages
store   CPU of opening, changing and filling mailboxes of 100,000 and 10,000 messages
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import bench_store  # noqa: E402
import burst  # noqa: E402
import imap  # noqa: E402
import login  # noqa: E402
import pop3  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    row = benches.add_parser("login", help="CPU of the whole server for one connection, memory of an idle one")
    row.add_argument("--rounds", type=int, default=60, help="operations of one batch (60)")
    row.add_argument("--only", action="append", metavar="SERVER", help='"listener", "exec", "Dovecot", "Dovecot fast"')
    row.add_argument("rows", nargs="*", metavar="ROW", help=" ".join([*login.WORKS, *login.IDLE]))
    row.set_defaults(run=lambda o: login.run(o.rounds, o.rows, o.only))
    row = benches.add_parser("burst", help="that many clients log in at the same moment: who is refused")
    row.add_argument("--only", action="append", metavar="SERVER")
    row.add_argument("counts", nargs="*", type=int, metavar="COUNT", help="200 2000")
    row.set_defaults(run=lambda o: burst.run(o.counts or [200, 2000], o.only))
    row = benches.add_parser("imap", help="CPU of FETCH and SEARCH on 10,000 messages")
    imap.add_arguments(row)
    row.set_defaults(run=imap.run)
    row = benches.add_parser("pop3", help="CPU of a POP3 session on 10,000 messages")
    pop3.add_arguments(row)
    row.set_defaults(run=pop3.run)
    row = benches.add_parser("store", help="CPU of opening, changing and filling large mailboxes")
    row.add_argument("--rounds", type=int, default=3, help="operations of which the cheapest counts (3)")
    row.add_argument("--only", metavar="SERVER", help='"linnet", "dovecot"')
    row.add_argument("rows", nargs="*", metavar="ROW", help=" ".join([*bench_store.BENCHES, "growth"]))
    row.set_defaults(run=lambda o: bench_store.run(o.rounds, o.rows, o.only))
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
