"""What a command of Kith answered and left behind, as rows without times and the library's own numbers."""

import csv
import hashlib
import json
import pickle
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]
Tables = dict[str, list[Row]]

TIMES = {"seconds", "made_at", "undone_at", "added_at", "edited_at"}  # keys of answers
TIME_IN_WORDS = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?\S*|\b[\d.]+ (s|seconds?|minutes?|photos/s)\b")
DIFFERENCES_SHOWN = 3

_PHOTO = "p.image_hash, p.orientation, (SELECT min(path) FROM files WHERE photo_id = p.id)"
_APPEARANCE = f"{_PHOTO}, a.x, a.y, a.w, a.h"
_OF_APPEARANCE = "JOIN appearances a ON a.id = t.appearance_id JOIN photos p ON p.id = a.photo_id"
_GROUP = (
    "SELECT group_concat(place, ' ') FROM (SELECT path || ':' || b.x AS place FROM unknown_groups g "
    "JOIN appearances b ON b.id = g.appearance_id JOIN files USING (photo_id) WHERE g.group_id = t.group_id ORDER BY 1)"
)
# Who somebody is, is told by their photo and place in it; mirror vectors are left out, since nothing reads them.
QUERIES = {
    "photos": f"SELECT {_PHOTO}, width, height, taken_at, camera, phash, carried_at IS NULL FROM photos p",
    "files": f"SELECT t.path, t.size, t.mtime_ns, {_PHOTO} FROM files t JOIN photos p ON p.id = t.photo_id",
    "observations": (
        f"SELECT {_APPEARANCE}, n.engine_id, n.orientation, t.kind, t.model_id, t.x, t.y, t.w, t.h, t.score, "
        f"t.sharpness, t.pixels, t.frontality, t.weak, t.vector FROM observations t "
        f"JOIN analyses n ON n.id = t.analysis_id {_OF_APPEARANCE}"
    ),
    "persons": (
        "SELECT name, birth, death, notes, hidden, 'person', NULL FROM persons "
        "UNION ALL SELECT p.name, folder, NULL, NULL, NULL, 'folder', NULL FROM person_folders t "
        "JOIN persons p ON p.id = t.person_id "
        "UNION ALL SELECT p.name, t.name, NULL, NULL, NULL, 'alias', NULL FROM aliases t "
        "JOIN persons p ON p.id = t.person_id "
        "UNION ALL SELECT p.name, t.key, t.value, NULL, NULL, 'field', NULL FROM person_fields t "
        "JOIN persons p ON p.id = t.person_id"
    ),
    "links": (
        f"SELECT {_APPEARANCE}, n.name, t.word, t.source, t.score, t.model_id FROM links t {_OF_APPEARANCE} "
        "JOIN persons n ON n.id = t.person_id"
    ),
    "ignored": f"SELECT {_APPEARANCE} FROM ignored t {_OF_APPEARANCE}",
    "groups": f"SELECT {_APPEARANCE}, ({_GROUP}) FROM unknown_groups t {_OF_APPEARANCE}",
    "copies": (
        f"SELECT {_PHOTO}, n.name, t.output, t.target, t.sha256, t.source, t.source_size, t.source_mtime_ns "
        "FROM copies t JOIN photos p ON p.id = t.photo_id LEFT JOIN persons n ON n.id = t.person_id"
    ),
    "changes": (
        "SELECT action, summary, undone_at IS NULL, (SELECT count(*) FROM change_steps s WHERE s.change_id = t.id) "
        "FROM changes t"
    ),
}


def state(root: Path) -> Tables:
    """Return what lies in the folders of a collection: the library's rows, the report's, copies and encodings."""
    return {
        **_library(root / "people/library.sqlite"),
        "report": _report(root / "output/report.csv"),
        "output": _tree(root / "output"),
        "encodings.pkl": _encodings(root / "people/encodings.pkl"),
    }


def _library(file: Path) -> Tables:
    if not file.is_file():
        return {name: [] for name in QUERIES}
    with closing(sqlite3.connect(file)) as library:
        return {name: [_short(row) for row in library.execute(query)] for name, query in QUERIES.items()}


def _short(row: Row) -> Row:
    """Return a row with the digest of a vector in its place."""
    return tuple(_digest(value)[:16] if isinstance(value, bytes) else value for value in row)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _report(file: Path) -> list[Row]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return [tuple(row) for row in csv.reader(lines)]


def _tree(folder: Path) -> list[Row]:
    paths = folder.rglob("*") if folder.is_dir() else ()
    rows = []
    for path in sorted(filter(Path.is_file, paths)):
        place = path.relative_to(folder)
        content = path.read_bytes()
        rows.append((place.as_posix(), _digest(content)))
    return rows


def _encodings(file: Path) -> list[Row]:
    if not file.is_file():
        return []
    with file.open("rb") as stream:
        content = pickle.load(stream)  # written by the version that has just run
    rows: list[Row] = [(key,) for key in content]
    for kind in ("face", "body"):
        names, vectors = content[f"{kind}_names"], content[f"{kind}_encodings"]
        for name, vector in zip(names, vectors, strict=True):
            row = kind, name, str(vector.dtype), vector.tobytes()
            rows.append(_short(row))
    return rows


def answers(out: str, err: str) -> list[Row]:
    """Return what a command printed as rows: the values of JSON with their places, or lines; times are left out."""
    told = [row for number, line in enumerate(out.splitlines()) for row in _answer(number, line)]
    return told + [("said", _without_times(line)) for line in err.splitlines()]


def _answer(number: int, line: str) -> list[Row]:
    try:
        found = json.loads(line)
    except ValueError:
        return [(number, _without_times(line))]
    return [(f"{number}{place}", value) for place, value in _values(found, "")]


def _without_times(line: str) -> str:
    return TIME_IN_WORDS.sub("…", line)


def _values(found: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(found, dict):
        for key, value in found.items():
            if key not in TIMES:
                yield from _values(value, f"{place}.{key}")
    elif isinstance(found, list):
        yield f"{place} has", len(found)
        for number, value in enumerate(found):
            yield from _values(value, f"{place}[{number}]")
    else:
        yield place, found


def differences(before: Sequence[Row], after: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows that only the first has, and those that only the second has."""
    counted, counted_after = Counter(before), Counter(after)
    lost = counted - counted_after
    new = counted_after - counted
    return [*lost.elements()], [*new.elements()]


def compared(before: Mapping[str, Tables], after: Mapping[str, Tables]) -> tuple[list[str], int]:
    """Compare two lives step by step; return the lines of a table of rows and differences, and how many differ."""
    told, details, total = [], [], 0
    for step, tables in after.items():
        cells = []
        for name, rows in tables.items():
            lost, new = differences(before[step][name], rows)
            differing = len(lost) + len(new)
            total += differing
            cell = f"{len(rows)}, {differing} differ" if differing else f"{len(rows)}"
            cells.append(cell)
            details += _shown(f"{step}, {name}", lost, new)
        told.append(f"| {step} | {' | '.join(cells)} |")
    first = next(iter(after.values()))
    titles = ["step", *first]
    return [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}", *told, *details], total


def _shown(where: str, lost: Sequence[Row], new: Sequence[Row]) -> list[str]:
    lines = [f"  before: {row}" for row in lost[:DIFFERENCES_SHOWN]]
    lines += [f"  after:  {row}" for row in new[:DIFFERENCES_SHOWN]]
    return [f"{where}: {len(lost)} rows of before are missing, {len(new)} are new", *lines] if lines else []
