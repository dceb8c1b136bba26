"""report.csv: one row per photo of the folder."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import FilingFailed
from app.filing.whole_files import replacing

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
)
_EXECUTED = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula: OWASP, CSV injection

Ranking = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A photo's row: `face` and `body` are the best three names with distance and similarity."""

    file: str
    people: Sequence[str] = ()
    source: str = "none"
    faces: int = 0
    face: Ranking = ()
    body: Ranking = ()
    copies: Sequence[str] = ()
    error: str = ""

    def cells(self) -> list[str]:
        """Return the row's cells in the order of COLUMNS."""
        return [
            _defused(self.file),
            _defused("; ".join(self.people)),
            self.source,
            str(self.faces),
            *_ranked(self.face),
            *_ranked(self.body),
            _defused("; ".join(self.copies)),
            _defused(self.error),
        ]


def _ranked(ranking: Ranking) -> list[str]:
    cells = [cell for name, value in ranking[:RANKS] for cell in (_defused(name), f"{value:.3f}")]
    return cells + [""] * (2 * RANKS - len(cells))


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_EXECUTED) else text


def write_report(path: Path, rows: Iterable[ReportRow]) -> None:
    """Write the report in place of an earlier one, at once and whole; raises FilingFailed."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            replacing(path, part),
            part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(row.cells() for row in rows)
    except OSError as error:
        raise FilingFailed(
            f"The report {path} could not be written: {error.strerror or error}. "
            "Close it if another program has it open, then start again."
        ) from error
