"""What a run would file, told without anything being done."""

from collections.abc import Iterable, Sequence
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
        self._planned = 0

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
        self._planned -= 1  # no number of the library's
        return CopyRecord(self._planned, photo_id, person_id, output, target, kind=kind, moved_from=moved_from)


def planned_line(name: str, output: Path, standing: Sequence[CopyRecord], outdated: Iterable[CopyRecord]) -> str:
    """Return what would be done with a photo: `photo.jpg: copy to Ann/photo.jpg, take back Unknown/photo.jpg`."""
    to_do = [f"{_DOES[record.kind]} {_below(output, record)}" for record in standing if not record.sha256]
    to_do += [f"take back {_below(output, record)}" for record in outdated]
    return f"{name}: {', '.join(to_do) or 'nothing to do'}"


def _below(output: Path, record: CopyRecord) -> str:
    return record.target.relative_to(output).as_posix() if record.target.is_relative_to(output) else str(record.target)
