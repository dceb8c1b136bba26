"""Find the rows of a library that make no sense, and mend or remove them.

So a library is checked, repaired and brought up to date. It works on tables of any version, typed or not. A damaged
value becomes empty where its column may be empty, or what is named here; else its row goes, and whatever refers to it.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kith.library.journal import make_final
from kith.library.schema import CHECKS, TABLES
from kith.library.soundness import RULES, Column, columns_of
from kith.vision.face_model import vector_lengths

_NOW = "strftime('%Y-%m-%dT%H:%M:%S+00:00')"
# A photo and a person stay whatever is damaged of them: all that the user said hangs on them.
_INSTEAD = {
    ("photos", "image_hash"): "'damaged:' || id",
    ("photos", "width"): "1",
    ("photos", "height"): "1",
    ("photos", "orientation"): "1",
    ("persons", "name"): "'#' || id",
    ("changes", "action"): "'?'",
    ("changes", "summary"): "'?'",
}
_TELLING_IF_EMPTY = {("change_steps", "before")}  # that there was no such row
_TYPES = {
    "INTEGER": "('integer')",
    "REAL": "('real', 'integer')",
    "TEXT": "('text')",
    "BLOB": "('blob')",
    "ANY": "('text', 'blob', 'integer', 'real')",
}


@dataclass(slots=True)
class Mended:
    """How many rows of each table were mended, and how many removed."""

    mended: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return any(self.mended.values()) or any(self.removed.values())

    def __add__(self, other: "Mended") -> "Mended":
        return Mended(self.mended + other.mended, self.removed + other.removed)

    def __str__(self) -> str:
        parts = [_told(+self.removed, "left out"), _told(+self.mended, "mended")]
        if not any(parts):
            return "No entry was damaged."
        return f"Some entries were damaged: {', '.join(filter(None, parts))}."


def _told(rows: Counter[str], what: str) -> str:
    tables = ", ".join(f"{table}: {count}" for table, count in rows.items())
    return f"{rows.total()} {what} ({tables})" if rows else ""


def damage(connection: sqlite3.Connection) -> dict[str, Counter[str]]:
    """Return by table how many rows have a damaged value in which column; "" stands for rows with any."""
    found = {}
    for table, columns in _prepared(connection).items():
        names = [column.name for column in columns]
        tests = ", ".join(f"{_is_damaged(column)} AS {column.name}" for column in columns)
        sums = ", ".join(f"total({name})" for name in (" OR ".join(names), *names))
        # With a limit each value is tested once: else SQLite would put the tests into the sums, twice.
        counts = connection.execute(f"SELECT {sums} FROM (SELECT {tests} FROM {table} LIMIT -1)").fetchone()
        rows = Counter({name: int(count) for name, count in zip(("", *names), counts, strict=True)})
        if rows[""]:
            found[table] = +rows
    return found


def mend(connection: sqlite3.Connection) -> Mended:
    """Mend or remove every damaged row, within the caller's transaction, which checks neither keys nor constraints."""
    done = Mended()
    tables = _prepared(connection)
    if "open_change" in tables:  # first: a row in it makes triggers write
        done.removed["open_change"] = connection.execute("DELETE FROM open_change").rowcount
    for table, columns in tables.items():
        done.mended[table] += _mend_values(connection, table, columns)
        if table == "observations":
            _look_again(connection, columns)
        if table == "change_steps":
            _cut_journal(connection, columns, done)
        done.removed[table] += connection.execute(f"DELETE FROM {table} WHERE {_damaged(columns)}").rowcount
    return Mended(+done.mended, +done.removed)


def _mend_values(connection: sqlite3.Connection, table: str, columns: Sequence[Column]) -> int:
    mendable = [column for column in columns if _instead_of(column)]
    if not mendable:
        return 0
    values = (
        f"{column.name} = CASE WHEN {_is_damaged(column)} THEN {_instead_of(column)} ELSE {column.name} END"
        for column in mendable
    )
    update = f"UPDATE {table} SET {', '.join(values)} WHERE {_damaged(mendable)}"
    first = changed = connection.execute(update).rowcount
    while changed:  # what is empty now may make another value of its row a damaged one
        changed = connection.execute(update).rowcount
    return first


def _instead_of(column: Column) -> str | None:
    """Return in SQL what a damaged value becomes, None where the row cannot do without it."""
    place = column.table, column.name
    if column.may_be_empty and place not in _TELLING_IF_EMPTY:
        return "NULL"
    now = _NOW if column.name.endswith("_at") else None
    return _INSTEAD.get(place) or column.default or now


def _look_again(connection: sqlite3.Connection, columns: Sequence[Column]) -> None:
    """See to it that a photo of which a face or body is to go is analysed anew at the next look."""
    connection.execute(
        "UPDATE analyses SET engine_id = 'damaged ' || id || ' ' || engine_id WHERE engine_id NOT LIKE 'damaged %' "
        f"AND id IN (SELECT analysis_id FROM observations WHERE {_damaged(columns)})"
    )


def _cut_journal(connection: sqlite3.Connection, columns: Sequence[Column], done: Mended) -> None:
    """Remove the changes up to the newest that is damaged: nothing can be undone, or done again, past a gap."""
    (newest,) = connection.execute(
        f"SELECT max(change_id) FROM change_steps WHERE {_damaged(columns)} AND change_id IN (SELECT id FROM changes)"
    ).fetchone()
    if newest:
        steps = connection.execute("DELETE FROM change_steps WHERE change_id <= ?", (newest,))
        done.removed["change_steps"] += steps.rowcount
        done.removed["changes"] += connection.execute("DELETE FROM changes WHERE id <= ?", (newest,)).rowcount
        make_final(connection)


def _damaged(columns: Sequence[Column]) -> str:
    return f"({' OR '.join(map(_is_damaged, columns))})"


def _is_damaged(column: Column) -> str:
    """Return the SQL condition that is true of a row with a damaged value there."""
    name, place = column.name, (column.table, column.name)
    wrong = [f"typeof({name}) NOT IN {_TYPES[column.kind]}"]
    if column.kind in {"TEXT", "ANY"}:
        wrong.append(f"typeof({name}) = 'text' AND NOT sound_text(CAST({name} AS BLOB))")
    check = CHECKS.get(column.table, {}).get(name)
    if check:
        wrong.append(f"NOT ({check})")
    if place in RULES:
        values = ", ".join(map(_value_for_rule, _columns_of_rule(place)))
        wrong.append(f"NOT sound_{column.table}_{name}({values})")
    if place == ("observations", "vector"):
        wrong.append("length(vector) != sound_length(CAST(model_id AS BLOB))")
    if column.parent:
        wrong.append(f"NOT EXISTS (SELECT 1 FROM {column.parent} parent WHERE parent.id = {column.table}.{name})")
    if column.table == "open_change":
        wrong.append("TRUE")  # there is a row within a change's transaction only
    cases = " ".join(f"WHEN {condition} THEN 1" for condition in wrong)
    return f"CASE WHEN {name} IS NULL THEN {int(not column.may_be_empty)} {cases} ELSE 0 END"


def _value_for_rule(column: Column) -> str:
    return f"CAST({column.name} AS BLOB)" if column.kind in {"TEXT", "ANY"} else column.name


def _columns_of_rule(place: tuple[str, str]) -> list[Column]:
    """Return the columns whose values the rule of a column is told."""
    columns = {column.name: column for column in columns_of(place[0])}
    return [columns[name] for name in RULES[place][1]]


def _prepared(connection: sqlite3.Connection) -> dict[str, tuple[Column, ...]]:
    """Return the tables of today that are there, with the columns that are, and make the rules known to SQL."""
    tables = {}
    for table in TABLES:
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        columns = tuple(column for column in columns_of(table) if column.name in present)
        if columns:
            tables[table] = columns
    connection.create_function("sound_text", 1, _holds(bytes.decode), deterministic=True)
    for table, name in RULES:
        rule = _of_bytes((table, name))
        connection.create_function(f"sound_{table}_{name}", -1, _holds(rule), deterministic=True)
    lengths = _lengths(connection) if "observations" in tables else {}
    connection.create_function("sound_length", 1, lengths.get, deterministic=True)
    return tables


def _of_bytes(place: tuple[str, str]) -> Callable[..., object]:
    """Return the rule of a column, to be told texts as bytes: SQLite refuses to hand on what is no Unicode."""
    rule, _ = RULES[place]
    are_texts = [column.kind == "TEXT" for column in _columns_of_rule(place)]

    def apply(*values: object) -> object:
        told = [
            value.decode() if is_text and isinstance(value, bytes) else value
            for value, is_text in zip(values, are_texts, strict=True)
        ]
        return rule(*told)

    return apply


def _holds(rule: Callable[..., object]) -> Callable[..., bool]:
    def holds(*values: object) -> bool:
        try:
            rule(*values)
        except (ValueError, TypeError):
            return False
        return True

    return holds


def _lengths(connection: sqlite3.Connection) -> dict[bytes, int]:
    """Return by model how many bytes its vectors have: most of them."""
    rows = connection.execute(
        "SELECT CAST(model_id AS BLOB), length(vector) FROM observations WHERE typeof(vector) = 'blob' AND "
        f"{CHECKS['observations']['vector']} GROUP BY 1, 2 ORDER BY count(*)"
    )
    known = {model_id.encode(): 4 * length for model_id, length in vector_lengths().items()}
    return {**dict(rows.fetchall()), **known}
