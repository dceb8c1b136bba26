"""What a run would file, told without anything being done."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from kith.library.copy_records import CopyRecord, CopyRecords
from kith.policies import FileAs
from kith.text import folded

_DOES = {
    FileAs.COPY: "copy to",
    FileAs.HARD_LINK: "link at",
    FileAs.SYMBOLIC_LINK: "symbolic link at",
    FileAs.MOVE: "move to",
}


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

    def plan(
        self,
        photo_id: int,
        person_id: int | None,
        output: Path,
        target: Path,
        kind: FileAs = FileAs.COPY,
        moved_from: Path | None = None,
    ) -> CopyRecord:
        """Return a copy to come, whose name is taken from now on."""
        self._names_in(target.parent).add(folded(target.name))
        self._last -= 1  # no number of the library's
        record = CopyRecord(self._last, photo_id, person_id, output, target, kind=kind, moved_from=moved_from)
        self._planned[photo_id, output].append(record)
        return record


def planned_line(name: str, output: Path, standing: Sequence[CopyRecord], outdated: Iterable[CopyRecord]) -> str:
    """Return what would be done with a photo: `photo.jpg: copy to Ann/photo.jpg, take back Unknown/photo.jpg`."""
    to_do = [f"{_DOES[record.kind]} {_below(output, record)}" for record in standing if not record.sha256]
    to_do += [f"take back {_below(output, record)}" for record in outdated if record.id > 0]
    return f"{name}: {', '.join(to_do) or 'nothing to do'}"


def _below(output: Path, record: CopyRecord) -> str:
    return record.target.relative_to(output).as_posix() if record.target.is_relative_to(output) else str(record.target)
