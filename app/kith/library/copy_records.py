"""The record of copies: each is written down before it is made."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kith.library.connection import LibraryConnection
from kith.library.paths import BELOW, FileState, below, folder_of, path_of, path_text, path_value
from kith.library.photo_records import now
from kith.library.soundness import text_of, whole
from kith.policies import FileAs
from kith.text import folded

COLUMNS = "c.output, c.target, c.sha256, c.source, c.source_size, c.source_mtime_ns, c.kind, c.moved_from"
UNSETTLED = -1  # the size of no file: the copy is about to be made of it, the photo about to be moved


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """A copy of a photo under a person's name, or under Unknown where `person_id` is None.

    `sha256` is that of the copy as it was made, None until then; `source` the file it was made of, None where an
    earlier version did not write that down. What lies there is of a `kind`: of a link `sha256` is that of where it
    leads, of a hard link that of the file's number; a photo that was moved itself lay at `moved_from`.
    """

    id: int
    photo_id: int
    person_id: int | None
    output: Path
    target_text: str
    sha256: str | None = None
    source: FileState | None = None
    kind: FileAs = FileAs.COPY
    moved_from: Path | None = None

    @property
    def target(self) -> Path:
        """Where it lies, or is to lie."""
        return Path(self.target_text)

    @property
    def is_placed(self) -> bool:
        """Whether the target lies in a folder of the output, and not in it itself."""
        folder = self.target.parent
        return folder != self.output and folder.is_relative_to(self.output)

    @property
    def is_made(self) -> bool:
        """Whether it was made to its end; a damaged library may say so of what it has no hash of."""
        return re.fullmatch("[0-9a-f]{64}", self.sha256 or "") is not None


class CopyRecords:
    """Copies planned and made."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection
        self._names: dict[Path, set[str]] = {}  # by folder, as far as asked for: all names of copies there, folded

    def of_photo(self, photo_id: int, output: Path) -> list[CopyRecord]:
        """Return the copies of a photo in an output folder."""
        return self._where("c.photo_id = ? AND c.output = ?", photo_id, path_value(output))

    def of_photos(self, photo_ids: Collection[int], output: Path) -> dict[int, list[CopyRecord]]:
        """Return the copies of photos in an output folder, by photo."""
        among = json.dumps([*photo_ids])
        found: dict[int, list[CopyRecord]] = {photo_id: [] for photo_id in photo_ids}
        condition = "c.photo_id IN (SELECT value FROM json_each(?)) AND +c.output = ?"  # not by the index of outputs
        for record in self._where(condition, among, path_value(output)):
            found[record.photo_id].append(record)
        return found

    def unsettled(self, output: Path) -> list[CopyRecord]:
        """Return the copies in an output folder that are planned, or were being made anew when a run ended."""
        condition = f"c.output = ? AND (c.sha256 IS NULL OR c.source_size = {UNSETTLED})"
        return self._where(condition, path_value(output))

    def _where(self, condition: str, *values: int | str | bytes) -> list[CopyRecord]:
        rows = self._connection.read(
            "copies",
            record_of,
            f"SELECT c.id, c.id, c.photo_id, c.person_id, n.id, {COLUMNS} FROM copies c "
            "LEFT JOIN persons n ON n.id = c.person_id "
            f"WHERE {condition} ORDER BY c.id",
            values,
        )
        return list(rows)

    def missing(self, output: Path) -> list[CopyRecord]:
        """Return the complete copies in an output folder that are not there."""
        query = "SELECT id, id, target FROM copies WHERE output = ? AND sha256 IS NOT NULL"
        made = self._connection.read(
            "copies", lambda row: (whole(row[0]), path_text(row[1])), query, (path_value(output),)
        )
        gone = [key for key, target in made if not os.path.lexists(target)]  # by text: records are made of few
        return self._where("c.id IN (SELECT value FROM json_each(?))", json.dumps(gone))

    def photos_of(self, person_id: int) -> set[int]:
        """Return the photos with a copy under a person's name."""
        rows = self._connection.execute("SELECT photo_id FROM copies WHERE person_id = ?", (person_id,))
        return {row[0] for row in rows}

    def outputs_of(self, photo_id: int) -> list[Path]:
        """Return the output folders that a photo has copies in."""
        return [*self._outputs("SELECT min(id), output FROM copies WHERE photo_id = ? GROUP BY output", photo_id)]

    def outputs(self) -> list[Path]:
        """Return the output folders that hold copies."""
        rows = self._outputs(
            """
            WITH RECURSIVE outputs (output) AS (  -- from each to the next one in the index, of which there are few
                SELECT min(output) FROM copies UNION ALL
                SELECT (SELECT min(output) FROM copies WHERE output > outputs.output) FROM outputs
                WHERE outputs.output IS NOT NULL)
            SELECT output, output FROM outputs WHERE output IS NOT NULL
            """
        )
        return [*rows]

    def _outputs(self, query: str, *values: int) -> Iterator[Path]:
        return self._connection.read("copies", lambda row: path_of(row[0]), query, values)

    def originals(self, photo_id: int) -> list[FileState]:
        """Return the files of a photo, as they were when they were last looked at."""
        rows = self._connection.read(
            "files",
            lambda row: FileState(path_text(row[0]), whole(row[1]), whole(row[2])),
            "SELECT path, path, size, mtime_ns FROM files WHERE photo_id = ? ORDER BY path",
            (photo_id,),
        )
        return list(rows)

    def is_original(self, path: Path) -> bool:
        """Say whether a photo was looked at there, so that the file is no copy."""
        query = "SELECT 1 FROM files WHERE path = ?"
        return self._connection.execute(query, (path_value(path),)).fetchone() is not None

    def made(self) -> set[str]:
        """Return where all that was filed was put, as text, since there may be very many."""
        query = "SELECT id, target FROM copies WHERE sha256 IS NOT NULL"
        return {*self._connection.read("copies", lambda row: path_text(row[0]), query)}

    def targets(self, output: Path) -> Iterator[Path]:
        """Yield where the copies in an output folder lie, or are to lie: in folders of it."""
        query = "SELECT id, target FROM copies WHERE output = ?"
        targets = self._connection.read("copies", lambda row: path_of(row[0]), query, (path_value(output),))
        return (target for target in targets if target.parent != output and target.is_relative_to(output))

    def placed(self, output: Path, without: Container[int] = ()) -> dict[int, list[str]]:
        """Return the copies that lie in an output folder, by photo but for some, as they are called from there on.

        Those of its raw file count as those of a photo. By text, since taking paths apart is slow.
        """
        query = (
            "SELECT c.id, coalesce(p.stacked_on, p.id), c.target FROM copies c JOIN photos p ON p.id = c.photo_id "
            "WHERE c.output = ? AND c.sha256 IS NOT NULL ORDER BY c.id"
        )
        rows = self._connection.read(
            "copies", lambda row: (whole(row[0]), path_text(row[1])), query, (path_value(output),)
        )
        start, found = os.path.join(output, ""), dict[int, list[str]]()  # noqa: PTH118
        for photo_id, target in rows:
            name = target.removeprefix(start)
            if photo_id not in without and name != target and os.sep in name and os.path.lexists(target):
                found.setdefault(photo_id, []).append(name.replace(os.sep, "/"))
        return found

    def photos_in(self, output: Path) -> set[int]:
        """Return the photos of which copies lie in an output folder."""
        rows = self._connection.execute("SELECT photo_id FROM copies WHERE output = ?", (path_value(output),))
        return {row[0] for row in rows}

    def taken_at(self, photo_id: int) -> str | None:
        """Return when a photo was taken, None where that is not known."""
        query = "SELECT id, taken_at FROM photos WHERE id = ?"
        times = self._connection.read("photos", lambda row: row[0] and text_of(row[0]), query, (photo_id,))
        return next(iter(times), None)

    def is_moved(self, photo_id: int) -> bool:
        """Say whether a photo itself was moved to some output folder, or is about to be."""
        query = "SELECT 1 FROM copies WHERE photo_id = ? AND kind = ?"
        return self._connection.execute(query, (photo_id, FileAs.MOVE)).fetchone() is not None

    def is_taken(self, target: Path) -> bool:
        """Say whether a copy of that name is planned or made, or one that differs in capitals or accents alone."""
        query = "SELECT 1 FROM copies WHERE target = ?"
        if self._connection.execute(query, (path_value(target),)).fetchone():
            return True
        return folded(target.name) in self._names_in(target.parent)

    def _names_in(self, folder: Path) -> set[str]:
        if folder not in self._names:
            condition = BELOW.replace("path", "target")
            query = f"SELECT id, target FROM copies WHERE {condition}"
            targets = self._connection.read("copies", lambda row: path_of(row[0]), query, below(folder))
            self._names[folder] = {folded(target.name) for target in targets if target.parent == folder}
        return self._names[folder]

    def plan(
        self,
        photo_id: int,
        person_id: int | None,
        output: Path,
        target: Path,
        kind: FileAs = FileAs.COPY,
        moved_from: Path | None = None,
    ) -> CopyRecord:
        """Write down a copy to come, or a link, or that the photo itself is to be moved there."""
        place = os.fspath(target)
        record = self._entered(CopyRecord(0, photo_id, person_id, output, place, kind=kind, moved_from=moved_from))
        self._names_in(target.parent).add(folded(target.name))
        return record

    def _entered(self, record: CopyRecord) -> CopyRecord:
        moved_from = record.moved_from and path_value(record.moved_from)
        places = path_value(record.output), path_value(record.target_text), moved_from
        cursor = self._connection.execute(
            "INSERT INTO copies (photo_id, person_id, output, target, moved_from, kind, made_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (record.photo_id, record.person_id, *places, record.kind, now()),
        )
        return replace(record, id=int(cursor.lastrowid or 0))

    def plan_anew(self, record: CopyRecord) -> CopyRecord:
        """Say that a copy is to be made again where it lay."""
        self._connection.execute("UPDATE copies SET sha256 = NULL WHERE id = ?", (record.id,))
        return replace(record, sha256=None)

    def become(self, record: CopyRecord, kind: FileAs, moved_from: Path | None) -> CopyRecord:
        """Say that what lies, or is to lie, at the target is of another kind."""
        query = "UPDATE copies SET kind = ?, moved_from = ? WHERE id = ?"
        self._connection.execute(query, (kind, moved_from and path_value(moved_from), record.id))
        return replace(record, kind=kind, moved_from=moved_from)

    def relocate(self, photo_id: int, before: Path, after: Path) -> None:
        """Say that a photo's file is elsewhere by now."""
        state = FileState.now(after)
        if state is None:
            return
        self._connection.execute("DELETE FROM files WHERE path = ?", (path_value(before),))
        self._connection.execute(
            "INSERT INTO files (path, photo_id, size, mtime_ns) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (path) DO UPDATE "
            "SET photo_id = ?2, size = ?3, mtime_ns = ?4",
            (path_value(after), photo_id, state.size, state.mtime_ns),
        )

    def move(self, record: CopyRecord, target: Path) -> CopyRecord:
        """Plan the copy anew, under another name; what lies under the former one is no longer Kith's."""
        self._connection.execute(
            "UPDATE copies SET target = ?, sha256 = NULL, source = NULL, source_size = NULL, source_mtime_ns = NULL "
            "WHERE id = ?",
            (path_value(target), record.id),
        )
        self._give_free(record.target)
        self._names_in(target.parent).add(folded(target.name))
        return replace(record, target_text=os.fspath(target), sha256=None, source=None)

    def adopt(self, record: CopyRecord, person_id: int | None, target: Path) -> None:
        """Say that a copy lies elsewhere by the user's doing, and for whom; what was made of it stays true."""
        query = "UPDATE copies SET target = ?, person_id = ? WHERE id = ?"
        self._connection.execute(query, (path_value(target), person_id, record.id))
        self._give_free(record.target)
        self._names_in(target.parent).add(folded(target.name))
        if record.kind is FileAs.MOVE:
            self.relocate(record.photo_id, record.target, target)

    def begin(self, record: CopyRecord, source: Path) -> None:
        """Say that a copy that was complete is about to be made anew of a file."""
        self.follow(record, FileState(os.fspath(source), UNSETTLED, 0))

    def complete(self, record: CopyRecord, sha256: str, source: FileState | None) -> CopyRecord:
        """Say that the copy is complete, what it holds, and what it was made of."""
        self._connection.execute(
            "UPDATE copies SET sha256 = ?, made_at = ?, source = ?, source_size = ?, source_mtime_ns = ? WHERE id = ?",
            (sha256, now(), *_columns(source), record.id),
        )
        return replace(record, sha256=sha256, source=source)

    def follow(self, record: CopyRecord, source: FileState | None) -> CopyRecord:
        """Say which file a copy is compared with from now on."""
        query = "UPDATE copies SET source = ?, source_size = ?, source_mtime_ns = ? WHERE id = ?"
        self._connection.execute(query, (*_columns(source), record.id))
        return replace(record, source=source)

    def drop(self, record: CopyRecord) -> None:
        """Forget a copy that no longer stands for a decision."""
        self._connection.execute("DELETE FROM copies WHERE id = ?", (record.id,))
        self._give_free(record.target)

    def _give_free(self, target: Path) -> None:
        self._names.get(target.parent, set()).discard(folded(target.name))


class PlannedOnly(CopyRecords):
    """The record of copies, in which plans are kept for as long as this lasts only."""

    def __init__(self, records: CopyRecords) -> None:
        super().__init__(records._connection)
        self._planned: defaultdict[tuple[int, Path], list[CopyRecord]] = defaultdict(list)
        self._last = 0

    def of_photos(self, photo_ids: Collection[int], output: Path) -> dict[int, list[CopyRecord]]:
        """Return the copies of each of some photos in an output folder, those planned too."""
        found = super().of_photos(photo_ids, output)
        return {photo: [*records, *self._planned[photo, output]] for photo, records in found.items()}

    def _entered(self, record: CopyRecord) -> CopyRecord:
        self._last -= 1  # no number of the library's
        record = replace(record, id=self._last)
        self._planned[record.photo_id, record.output].append(record)
        return record


def _columns(source: FileState | None) -> tuple[object, object, object]:
    return (path_value(source.path_text), source.size, source.mtime_ns) if source else (None, None, None)


def record_of(row: Sequence[Any]) -> CopyRecord:
    """Return a record from its number, photo, person as named and as known, and COLUMNS.

    Raises ValueError or TypeError.
    """
    key, photo_id, person_id, known, output, target, sha256, source, size, mtime_ns, kind, moved_from = row
    if person_id != known:
        raise ValueError(person_id)
    made_of = None if source is None else FileState(path_text(source), whole(size or 0), whole(mtime_ns or 0))
    places = folder_of(output), path_text(target)
    lay_at = None if moved_from is None else path_of(moved_from)
    sha256 = sha256 and text_of(sha256)
    return CopyRecord(key, whole(photo_id), person_id, *places, sha256, made_of, FileAs(kind), lay_at)
