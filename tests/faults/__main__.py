"""The fault table: what is injected, how often, and in how many cases the result was bad.

Usage: python tests/faults [--short] [NAME …]     (exit status 1 when a state was bad, 77 when skipped)
"""

from __future__ import annotations

import argparse
import importlib
import sys

from harness import ROOT, FirstBad, Row, Skipped

NAMES = ["kills", "errors", "power", "seeds", "metadata", "cold_cache", "zombie", "killed_runs", "poison"]
SOAK = ["stream_kills"]  # of Spark: an hour and more


def printed(row: Row) -> str:
    cells = [
        row.fault,
        row.how,
        f"{row.injections:,}",
        str(len(row.bad)),
        f"{row.seconds:.1f}",
        row.note or "",
        f"`{row.command}`",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=", ".join(NAMES) + "; these when left out; " + ", ".join(SOAK),
    )
    parser.add_argument("--short", action="store_true", help="the form that `make test` runs")
    parser.add_argument("--first", action="store_true", help="stop at the first bad state")
    given = parser.parse_args()
    Row.stop_at_first = given.first
    if unknown := set(given.names) - {*NAMES, *SOAK}:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join([*NAMES, *SOAK])}")
    rows = 0
    bad = 0
    print("| fault | how | injections | bad states | seconds | figures | command |", flush=True)
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in given.names or NAMES:
        module = importlib.import_module(name)
        try:
            for row in module.run(given.short):
                rows += 1
                bad += len(row.bad)
                print(printed(row), flush=True)
                for line in row.bad[:5]:
                    print(f"bad: {line}", file=sys.stderr, flush=True)
                if not row.injections:
                    bad += 1
                    print("bad: nothing was injected", file=sys.stderr, flush=True)
        except FirstBad as found:
            print(f"bad: {found}", file=sys.stderr, flush=True)
            return 1
        except Skipped as reason:
            print(f"| {name} | skipped: {reason} | 0 | | | | |", flush=True)
    if bad:
        return 1
    return 0 if rows else 77


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "python"))
    sys.exit(main())
