"""The runs that filed photos: what each of them touched, as it was before, so that it can be taken back."""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import path_of, path_text, path_value
from kith.library.photo_records import now
from kith.library.soundness import text_of, whole

_BEFORE = ("photo_id", "person_id", "output", "target", "sha256", "kind")
_COLUMNS = ", ".join(_BEFORE)
_INSERT = """
    CREATE TEMP TRIGGER run_insert AFTER INSERT ON main.copies BEGIN
    INSERT INTO run_copies (run_id, copy_id, photo_id, output) VALUES ({run}, NEW.id, NEW.photo_id, NEW.output); END"""
_OTHER = """
    CREATE TEMP TRIGGER run_{event} AFTER {event} ON main.copies
    WHEN NOT EXISTS (SELECT 1 FROM run_copies WHERE run_id = {run} AND copy_id = OLD.id) BEGIN
    INSERT INTO run_copies (run_id, copy_id, {columns}) VALUES ({run}, OLD.id, {values}); END"""
_FILED_ANY = "EXISTS (SELECT 1 FROM run_copies WHERE run_id = runs.id)"
_EVENTS = ("insert", "update", "delete")


def _triggers(run_id: int) -> Iterator[str]:
    """Return the triggers of this connection alone: what another program files beside a run is not the run's."""
    _, *others = _EVENTS
    yield _INSERT.format(run=run_id)
    values = ", ".join(f"OLD.{column}" for column in _BEFORE)
    for event in others:
        yield _OTHER.format(run=run_id, event=event, columns=_COLUMNS, values=values)


@dataclass(frozen=True, slots=True)
class FilingRun:
    """A run that filed photos: when it began and ended (ISO 8601), what job it was, and what it touched.

    `made` are the copies that are new since, `photos` all whose copies are others; `ended_at` is None of a run that is
    at work or was killed, or with `undone_at` of one that is just being taken back.
    """

    id: int
    began_at: str
    ended_at: str | None
    job: str
    photos: int
    made: int
    outputs: tuple[Path, ...]
    undone_at: str | None = None

    @property
    def is_undone(self) -> bool:
        """Whether all that it did is taken back."""
        return bool(self.undone_at and self.ended_at)


@dataclass(frozen=True, slots=True)
class Former:
    """A copy as it was before a run: for whom, where, and what it held; no target where there was none."""

    copy_id: int
    photo_id: int
    person_id: int | None
    output: Path
    target: Path | None
    sha256: str | None
    kind: str | None


class RunRecords:
    """Reads and writes them."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection
        self._at_work: int | None = None

    def begin(self, job: str) -> int:
        """Write down that a run begins; what this connection does to copies from now on belongs to it."""
        cursor = self._connection.execute("INSERT INTO runs (began_at, job) VALUES (?, ?)", (now(), job))
        self._at_work = run_id = int(cursor.lastrowid or 0)
        for trigger in _triggers(run_id):
            self._connection.execute(trigger)
        return run_id

    def end(self, run_id: int) -> None:
        """Write down that a run has ended; one that touched nothing and has nothing to tell is forgotten."""
        self.leave()
        self._connection.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (now(), run_id))
        self._connection.execute(
            f"DELETE FROM runs WHERE id = ? AND told IS NULL AND undone_at IS NULL AND NOT {_FILED_ANY}", (run_id,)
        )
        self._keep_counts(run_id)

    def leave(self) -> None:
        """Say that what this connection does from now on belongs to no run."""
        self._at_work = None
        for event in _EVENTS:
            self._connection.execute(f"DROP TRIGGER IF EXISTS run_{event}")

    def all(self) -> list[FilingRun]:
        """Return every run that touched a copy, the newest first."""
        return self._where(f"undone_at IS NOT NULL OR {_FILED_ANY}")

    def tell(self, counts: Mapping[str, int]) -> None:
        """Write down how many photos the run at work brought to what."""
        if self._at_work is not None:
            self._connection.execute("UPDATE runs SET told = ? WHERE id = ?", (json.dumps(counts), self._at_work))

    def last(self) -> tuple[str, dict[str, int]] | None:
        """Return when the newest run ended that told of its photos, and how many came to what."""
        rows = self._connection.read(
            "runs",
            lambda row: (text_of(row[0]), {str(key): whole(count) for key, count in json.loads(row[1]).items()}),
            "SELECT id, ended_at, told FROM runs WHERE told IS NOT NULL AND ended_at IS NOT NULL "
            "ORDER BY id DESC LIMIT 1",
        )
        return next(iter(rows), None)

    def killed(self) -> list[FilingRun]:
        """Return the runs that did not come to their end, the oldest first."""
        return self._where("ended_at IS NULL")[::-1]

    def get(self, run_id: int) -> FilingRun | None:
        """Return a run, None where there is none of that number."""
        return next(iter(self._where("id = ?", run_id)), None)

    def _where(self, condition: str, *values: int) -> list[FilingRun]:
        rows = self._connection.read(
            "runs",
            self._run,
            f"SELECT id, id, began_at, ended_at, job, undone_at, filed FROM runs WHERE {condition} ORDER BY id DESC",
            values,
        )
        return list(rows)

    def _run(self, row: Any) -> FilingRun:
        key, began_at, ended_at, job, undone_at, filed = row
        photos, made, *outputs = json.loads(filed) if filed else self._counted(key)
        times = (text_of(began_at), ended_at and text_of(ended_at))
        places = tuple(map(path_of, outputs))
        undone_at = undone_at and text_of(undone_at)
        return FilingRun(whole(key), *times, text_of(job), whole(photos), whole(made), places, undone_at)

    def _counted(self, run_id: int) -> list[Any]:
        """Return of how many photos a run touched the copies, how many it made, and the output folders."""
        (photos, made), *_ = self._connection.execute(
            "SELECT count(DISTINCT photo_id), count(*) FILTER (WHERE target IS NULL) FROM run_copies WHERE run_id = ?",
            (run_id,),
        )
        outputs = self._connection.read(
            "run_copies",
            lambda place: path_text(place[0]),
            "SELECT min(id), output FROM run_copies WHERE run_id = ? GROUP BY output",
            (run_id,),
        )
        return [photos, made, *outputs]

    def _keep_counts(self, run_id: int) -> None:
        """Write down what a run comes to, which nobody waits for while it runs: a list of runs goes by that."""
        filed = json.dumps(self._counted(run_id))
        self._connection.execute("UPDATE runs SET filed = ? WHERE id = ?", (filed, run_id))

    def former(self, run_id: int, photo_ids: Collection[int] | None = None) -> list[Former]:
        """Return the copies that a run touched, as they were before, of some photos or of all."""
        chosen = "" if photo_ids is None else "AND photo_id IN (SELECT value FROM json_each(?))"
        among = () if photo_ids is None else (json.dumps([*photo_ids]),)
        rows = self._connection.read(
            "run_copies",
            _former,
            f"SELECT id, copy_id, {_COLUMNS} FROM run_copies WHERE run_id = ? {chosen} ORDER BY id",
            (run_id, *among),
        )
        return list(rows)

    def photos(self, run: FilingRun) -> list[int]:
        """Return the photos whose copies a run touched, and of whose people something was said since it began."""
        rows = self._connection.execute(
            "SELECT photo_id FROM run_copies WHERE run_id = ? UNION SELECT a.photo_id FROM links l "
            "JOIN appearances a ON a.id = l.appearance_id WHERE l.made_at >= ? ORDER BY 1",
            (run.id, run.began_at),
        )
        return [row[0] for row in rows]

    def touched_since(self, run_id: int, photo_ids: Iterable[int]) -> set[int]:
        """Return which of these photos a later run touched that is not undone."""
        rows = self._connection.execute(
            "SELECT DISTINCT c.photo_id FROM run_copies c JOIN runs r ON r.id = c.run_id WHERE c.run_id > ? "
            "AND c.photo_id IN (SELECT value FROM json_each(?))",
            (run_id, json.dumps([*photo_ids])),
        )
        return {row[0] for row in rows}

    def begin_undo(self, run_id: int) -> None:
        """Say that a run is being taken back, all of it or photo by photo."""
        self._connection.execute(
            "UPDATE runs SET undone_at = ?, ended_at = NULL, filed = NULL WHERE id = ?", (now(), run_id)
        )

    def undo(self, run_id: int, photo_ids: Iterable[int]) -> bool:
        """Say that what a run did to the copies of photos is taken back, and say whether that is all it did.

        It is for the caller's transaction.
        """
        self._connection.execute(
            "DELETE FROM run_copies WHERE run_id = ? AND photo_id IN (SELECT value FROM json_each(?))",
            (run_id, json.dumps([*photo_ids])),
        )
        self._connection.execute(
            f"UPDATE runs SET ended_at = ?1, undone_at = iif({_FILED_ANY}, NULL, ?1) WHERE id = ?2",
            (now(), run_id),
        )
        self._keep_counts(run_id)
        return not self.former(run_id)

    def note_folder(self, folder: Path) -> None:
        """Write down how old a folder is that the run at work moves a photo out of, unless that was done already."""
        if self._at_work is None or not os.path.isdir(folder):
            return
        self._connection.execute(
            "INSERT OR IGNORE INTO moved_folders (run_id, path, mtime_ns) VALUES (?, ?, ?)",
            (self._at_work, path_value(folder), folder.stat().st_mtime_ns),
        )

    def folders(self, run_id: int) -> list[tuple[Path, int]]:
        """Return the folders that a run moved photos out of, and how old they were, in nanoseconds."""
        rows = self._connection.read(
            "moved_folders",
            lambda row: (path_of(row[0]), whole(row[1])),
            "SELECT id, path, mtime_ns FROM moved_folders WHERE run_id = ?",
            (run_id,),
        )
        return list(rows)


def _former(row: Any) -> Former:
    copy_id, photo_id, person_id, output, target, sha256, kind = row
    places = path_of(output), target and path_of(target)
    return Former(whole(copy_id), whole(photo_id), person_id, *places, sha256, kind)
