"""Disturb Kith as power cuts, full disks and damaged files do, and look whether anything is lost.

    .venv/bin/python scripts/torture.py kill [--count 500] [--seed 0] [--data FOLDER]
    .venv/bin/python scripts/torture.py errors [--count 500] [--seed 0] [--data FOLDER]
    .venv/bin/python scripts/torture.py filing [--count 200] [--seed 0]
    .venv/bin/python scripts/torture.py fuzz [--count 200] [--seed 0] [--data FOLDER]

kill: commands are killed at random moments. errors (Linux, needs a C compiler): one call that writes to the disk
fails, or all from it on. After either, the next undisturbed run must come to what it would have come to, originals and
finished copies untouched, and nobody may have seen a traceback. filing (Linux, needs a C compiler): the same for what
files photos, killed at a call by its number, with another run beside it, its output folder taken away, and, for root
alone, on disks that are full or read-only. fuzz: that many damaged files of each format are recognised; each must be in
the report, read or with a reason. Exit code 1 where anything went wrong. The photos are those of `data` in the folder
`shared` beside the repository (KITH_SHARED names another place); filing draws its own.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))

from torture_disturbing import errors, kills
from torture_filing import filing
from torture_fuzz import fuzz
from torture_world import SHARED

COUNTS = {"kill": 500, "errors": 500, "filing": 200, "fuzz": 200}


def main() -> int:
    """Run one kind of disturbance and tell what it came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=COUNTS)
    parser.add_argument("--count", type=int, help="how many disturbances, or damaged files of each format")
    parser.add_argument("--seed", type=int, default=0, help="for the same disturbances again")
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    arguments = parser.parse_args()
    count = arguments.count or COUNTS[arguments.kind]
    with tempfile.TemporaryDirectory(prefix="kith-torture-") as folder:
        run = {"kill": kills, "errors": errors, "filing": filing, "fuzz": fuzz}[arguments.kind]
        troubles = run(Path(os.path.realpath(folder)), arguments.data, count, random.Random(arguments.seed))
    for trouble in troubles:
        print(trouble)
    print(f"{arguments.kind}: {count} tried with seed {arguments.seed}, {len(troubles)} went wrong")
    return bool(troubles)


if __name__ == "__main__":
    sys.exit(main())
