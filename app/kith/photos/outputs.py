"""Folders that Kith filed copies to: what a machine filed must never teach, nor be filed a second time."""

import csv
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from kith.whole_files import complete, part_file, take_name

MARKER = ".kith-output"
REPORT = "report.csv"
PAGE, DATA = "report.html", "report.json"  # what lies beside it on demand
_TEXT = """\
Kith files copies of photos into this folder. Whom they show was decided by a machine, so Kith learns nobody from
them and recognises none of them again. This file marks the folder: leave it here.
"""
_HEADER = "file,people,source,faces,face_1,face_1_distance,"  # how every report begins
_ROWS = 1000  # of a report: enough to meet a copy that is still there


def mark_output(folder: Path) -> None:
    """Make a folder and say in it that Kith files copies there; nothing that lies there is touched. Raises OSError."""
    marker = folder / MARKER
    folder.mkdir(parents=True, exist_ok=True)
    if os.path.isfile(marker) and not marker.lstat().st_size:
        marker.unlink()  # left by a killed run
    if not os.path.lexists(marker):
        with part_file(folder) as (file, part):
            file.write(_TEXT.encode())
            complete(file)
            take_name(part, marker)


def is_output(folder: Path, known: Collection[Path] = ()) -> bool:
    """Say whether Kith filed copies to a folder: it is marked, or one of the `known`, or its report names copies in it.

    Earlier versions left no mark.
    """
    if os.path.lexists(folder / MARKER):
        return True
    if any(is_same_folder(folder, output) for output in known):
        return True
    return _holds_copies_it_reports(folder)


def output_around(path: Path, known: Collection[Path] = ()) -> Path | None:
    """Return the folder of copies that a path is or lies in, whatever links lead there; None where there is none."""
    folders = _real_with_parents(path)
    return next((folder for folder in folders if is_output(folder, known)), None)


def is_same_folder(folder: Path, other: Path) -> bool:
    """Say whether two paths lead to one folder, be it by links or by capitals that make no difference there."""
    with suppress(OSError):
        return folder == other or folder.samefile(other)
    return False


def lies_in(path: Path, folder: Path) -> bool:
    """Say whether a path is a folder or lies in it, whatever links lead there; either may be still to be made."""
    outer = Path(os.path.realpath(folder))
    return any(is_same_folder(around, outer) for around in _real_with_parents(path))


def _real_with_parents(path: Path) -> tuple[Path, ...]:
    real = Path(os.path.realpath(path))
    return real, *real.parents


def _holds_copies_it_reports(folder: Path) -> bool:
    copies = _reported_copies(folder / REPORT)
    return any(os.path.isfile(folder / name) for name in copies)


def _reported_copies(report: Path) -> Iterator[str]:
    """Yield the copies that a report of Kith names, the first of each photo; of any other file nothing."""
    if not os.path.isfile(report):
        return
    with suppress(OSError, csv.Error), report.open(encoding="utf-8", errors="replace", newline="") as file:
        if file.read(len(_HEADER)) != _HEADER:
            return
        file.seek(0)
        for row in islice(csv.DictReader(file), _ROWS):
            copies = row.get("copies")
            if copies:
                first = copies.split("; ")[0]
                yield first.removeprefix("'")
