"""Compare two versions of Kith row by row on real photos, for a change that is to change nothing.

    .venv/bin/python scripts/compare_versions.py [BEFORE [AFTER]] [--data FOLDER] [--models FOLDER]

BEFORE and AFTER are git revisions or folders of checkouts; by default the tag before-f and this checkout. Each lives
the same life with the same photos: a knowledge base of the first five photos of most people in data/athletes and
data/lfw10, all other photos of `data` recognised, an unknown group named, people linked, excluded, ignored, renamed
and merged, all decided again by another tolerance, commands refused, all recognised again, the last changes undone.
After every command these are compared row by row, times left out: what it printed, the report, the library's rows, the
output folder and encodings.pkl. Then AFTER opens the library that BEFORE made and goes on: that must be the same, too.

Only the command line, the SQLite file and the output are used, so modules may move. The table counts the rows after
each command; the first rows that differ are printed below it. The exit code is 1 where anything differs. The photos
and weights are those of the folder `shared` beside the repository (KITH_SHARED names another place).
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from compare_state import Tables, compared
from compare_world import FIRST, LATER, Step, World
from versions import ROOT, SHARED, Version, laid_out

Steps = Sequence[Step]


def compare(before: Version, after: Version, world: World, first: Steps = FIRST, later: Steps = LATER) -> int:
    """Let both versions live the same life, print the comparison and return how many rows differ."""
    world.lay_out()
    lived = world.live(before, first, _tell)
    world.keep()
    went_on = world.live(before, later, _tell)
    world.lay_out()
    own = world.live(after, [*first, *later], _tell)
    world.put_back()
    opened = world.live(after, later, _tell)
    differing = _print("Each with a library of its own", lived | went_on, own)
    return differing + _print("The library of the version before, opened by the one after", went_on, opened)


def _print(title: str, before: dict[str, Tables], after: dict[str, Tables]) -> int:
    lines, count = compared(before, after)
    print(f"\n{title}: {f'{count} rows differ' if count else 'all rows are equal'}\n")
    print("\n".join(lines))
    return count


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Read the command line, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", nargs="?", default="before-f")
    parser.add_argument("after", nargs="?", default=str(ROOT))
    parser.add_argument("--data", type=Path, default=SHARED / "data", help="a folder with athletes/ or lfw10/ in it")
    parser.add_argument("--models", type=Path, default=SHARED / "models", help="the folder of the models' files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kith-compare-") as name:
        folder = Path(os.path.realpath(name))
        before, after = (laid_out(version, folder / "versions") for version in (arguments.before, arguments.after))
        count = compare(before, after, World(folder, arguments.data.resolve(), arguments.models.resolve()))
    print(f"\n{arguments.before} and {arguments.after}: {count} rows differ" if count else "\nEverything is equal.")
    return bool(count)


if __name__ == "__main__":
    sys.exit(main())
