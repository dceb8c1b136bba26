"""What the rows of a library may hold: its tables see to some of it (CHECKS, in SQL), RULES to the rest."""

import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.library.paths import path_of
from kith.library.schema import JOURNALLED, definition
from kith.library.written_fields import unpacked
from kith.values.calibration import Calibration
from kith.values.partial_dates import earliest


def vector_of(blob: object) -> NDArray[np.float32]:
    """Return the vector kept as float32, little-endian; raises ValueError where it is none."""
    if not isinstance(blob, bytes) or not blob or len(blob) % 4:
        raise ValueError(blob)
    vector: NDArray[np.float32] = np.frombuffer(blob, "<f4")
    with np.errstate(over="ignore", invalid="ignore"):
        square = vector.dot(vector)
    if not math.isfinite(square):
        raise ValueError(blob)
    return vector


def whole(value: object) -> int:
    """Return a whole number; raises TypeError where it is none."""
    if not isinstance(value, int):
        raise TypeError(value)
    return value


def number_of(value: object) -> float:
    """Return a finite number; raises ValueError or TypeError where it is none."""
    if not isinstance(value, int | float):
        raise TypeError(value)
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def text_of(value: object) -> str:
    """Return a text; raises TypeError where it is none."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def name_of(value: object) -> str:
    """Return a name; raises ValueError or TypeError where it is none."""
    name = text_of(value)
    if not name:
        raise ValueError(value)
    return name


def date_of(text: str | None) -> str | None:
    """Return a partial date, or None for none; raises ValueError or TypeError where it is neither."""
    if text is not None:
        earliest(text)
    return text


def former_row(table: str, text: str | None) -> Mapping[str, Any] | None:
    """Return a row as the journal kept it, None where there was none; raises ValueError where it is neither."""
    if table not in JOURNALLED:
        raise ValueError(table)
    try:
        row = None if text is None else json.loads(text)
    except RecursionError as error:
        raise ValueError(text) from error
    if row is not None and (not isinstance(row, dict) or set(row) != {*JOURNALLED[table]}):
        raise ValueError(text)
    return row


def _target_of(output: str, target: str) -> None:
    """Raise ValueError where a copy's place is not in a folder of its output folder."""
    folder = path_of(target).parent
    if folder.parent != path_of(output):
        raise ValueError(target)


# Of a column: what raises ValueError or TypeError for what it cannot hold, and the columns whose values that is told.
RULES: dict[tuple[str, str], tuple[Callable[..., object], tuple[str, ...]]] = {
    ("files", "path"): (path_of, ("path",)),
    ("failures", "path"): (path_of, ("path",)),
    ("written_names", "path"): (path_of, ("path",)),
    ("written_names", "names"): (unpacked, ("names",)),
    ("observations", "vector"): (vector_of, ("vector",)),
    ("observations", "mirror"): (vector_of, ("mirror",)),
    ("persons", "birth"): (date_of, ("birth",)),
    ("persons", "death"): (date_of, ("death",)),
    ("copies", "output"): (path_of, ("output",)),
    ("copies", "target"): (_target_of, ("output", "target")),
    ("copies", "source"): (path_of, ("source",)),
    ("calibrations", "numbers"): (Calibration.from_json, ("numbers",)),
    ("change_steps", "before"): (former_row, ("table_name", "before")),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `parent` is the table whose id it holds, `default` as SQL."""

    table: str
    name: str
    kind: str
    may_be_empty: bool
    default: str | None
    parent: str | None


@cache
def columns_of(table: str) -> tuple[Column, ...]:
    """Return the columns of a table as it is today."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.execute(f"CREATE TABLE {table} {definition(table)}")
        parents = {row[3]: row[2] for row in empty.execute(f"PRAGMA foreign_key_list({table})")}
        return tuple(
            Column(table, name, kind, not (must_be or key), default, parents.get(name))
            for _, name, kind, must_be, default, key in empty.execute(f"PRAGMA table_info({table})")
        )
