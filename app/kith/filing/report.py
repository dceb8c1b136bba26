"""report.csv: one row per photo of the folder."""

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, zip_longest
from pathlib import Path

from kith.errors import BadInput, FilingFailed
from kith.filing.own_copies import is_file
from kith.photos.outputs import REPORT as REPORT  # a search tells folders of copies by it
from kith.text import printable
from kith.whole_files import replacing

RANKS = 3
COLUMNS = (
    "file",
    "people",
    "source",
    "faces",
    *(f"face_{rank}{part}" for rank in range(1, RANKS + 1) for part in ("", "_distance")),
    *(f"body_{rank}{part}" for rank in range(1, RANKS + 1) for part in ("", "_similarity")),
    "copies",
    "error",
    "unsure",
    "other_faces",
    "duplicate_of",
    "other_files",
    "times",
)
FIRST_COLUMNS = 18  # of the first version; others are only ever added behind, so that any version's report is known
LONGEST_HEADER = 2_000  # letters
SEPARATOR = "; "
# What a spreadsheet takes for a formula, full-width signs too: OWASP, CSV injection.
_EXECUTED = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

Ranking = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A photo's row: `face` and `body` are the best three names with distance and similarity of what decided.

    Where several faces or bodies decided, `more_faces` and `more_bodies` are those of the others, in the order of the
    first; `other_faces` are those of the faces that decided nothing. `unsure` are the people only suggested.
    `duplicate_of` is a better file that shows the same, exactly or nearly; `other_files` are filed along; `times` tells
    who shows when in a video.
    """

    file: str
    people: Sequence[str] = ()
    source: str = "none"
    faces: int = 0
    face: Ranking = ()
    body: Ranking = ()
    copies: Sequence[str] = ()
    error: str = ""
    unsure: Sequence[str] = ()
    more_faces: Sequence[Ranking] = ()
    more_bodies: Sequence[Ranking] = ()
    other_faces: Sequence[Ranking] = ()
    duplicate_of: str = ""
    other_files: Sequence[str] = ()
    times: Sequence[str] = ()

    def cells(self) -> list[str]:
        """Return the row's cells in the order of COLUMNS; those that list several names keep them apart by `; `."""
        return [
            _defused(_escaped(self.file, "")),
            _listed(self.people),
            self.source,
            str(self.faces),
            *_ranked([self.face, *self.more_faces]),
            *_ranked([self.body, *self.more_bodies]),
            _listed(self.copies),
            _defused(printable(self.error)),
            _listed(self.unsure),
            _defused(SEPARATOR.join(map(_told, self.other_faces))),
            _defused(_escaped(self.duplicate_of, "")),
            _listed(self.other_files),
            _listed(self.times),
        ]


class RowCells(dict[str, str]):
    """The row of an earlier report, as it stands there."""

    def cells(self) -> list[str]:
        """Return the row's cells in the order of COLUMNS."""
        return [self.get(column) or "" for column in COLUMNS]


def listed_in(cell: str) -> list[str]:
    """Return what a cell lists, as `_listed` writes it."""
    listed = re.findall(r"(?:\\.|[^\\;])+", cell.removeprefix("'"))
    names = [*listed[:1], *(name.removeprefix(" ") for name in listed[1:])]
    return [re.sub(r"\\(.)", r"\1", name) for name in names]


def _ranked(rankings: Sequence[Ranking]) -> list[str]:
    """Return for each rank the names of all rankings, then their values."""
    cells = []
    for found in islice(zip_longest(*rankings), RANKS):
        cells.append(_listed([candidate[0] if candidate else "" for candidate in found]))
        cells.append(SEPARATOR.join([f"{candidate[1]:.3f}" if candidate else "" for candidate in found]))
    return cells + [""] * (2 * RANKS - len(cells))


def _told(ranking: Ranking) -> str:
    return ", ".join(f"{_escaped(name, ';,')}:{value:.3f}" for name, value in ranking[:RANKS])


def _listed(names: Sequence[str]) -> str:
    return _defused(SEPARATOR.join([_escaped(name, ";") for name in names])) if names else ""


@lru_cache(maxsize=4096)  # most are people's
def _escaped(name: str, separators: str) -> str:
    r"""Return a name as it stands in a cell: `\\` for `\`, `\;` for `;` where that separates, `\n` for a line break."""
    for sign in ("\\", *separators):
        name = name.replace(sign, f"\\{sign}")
    return printable(name)


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_EXECUTED) else text


def write_report(path: Path, rows: Iterable[ReportRow | RowCells]) -> None:
    """Write the report in place of an earlier one, at once and whole.

    Raises BadInput as `check_report`, and FilingFailed.
    """
    check_report(path)
    try:
        with (
            replacing(path) as part,
            open(part.fileno(), "w", encoding="utf-8", errors="backslashreplace", newline="", closefd=False) as file,
        ):
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(row.cells() for row in rows)
    except OSError as error:
        raise FilingFailed(
            f"The report {path} could not be written: {error.strerror or error}. "
            "Close it if another program has it open, then start again."
        ) from error


def read_report(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a report by column; none where there is no report. Raises OSError and ValueError."""
    if not is_file(path) or not _is_report(path):
        return
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def check_report(path: Path) -> None:
    """Raise BadInput where a file of the report's name is no report of Kith's, which alone gives way to another."""
    if os.path.lexists(path) and not _is_report(path):
        raise BadInput(
            f"{path} is no report that Kith wrote, and is not overwritten: move or rename it, or choose another output "
            "folder."
        )


def _is_report(path: Path) -> bool:
    """Say whether a file begins with the columns of any version, or holds nothing at all.

    A folder of that name is left to the end of the run: an earlier version filed a person of that name there.
    """
    if not is_file(path):
        return os.path.isdir(path) and not path.is_symlink()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            line = file.readline(LONGEST_HEADER)
    except (OSError, ValueError):
        return False
    if not line:
        return True
    columns = tuple(next(csv.reader([line]), []))
    return len(columns) >= FIRST_COLUMNS and columns == COLUMNS[: len(columns)]
