"""What a run would file, told without anything being done."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from kith.library.copy_records import CopyRecord
from kith.policies import FileAs

_DOES = {
    FileAs.COPY: "copy to",
    FileAs.HARD_LINK: "link at",
    FileAs.SYMBOLIC_LINK: "symbolic link at",
    FileAs.MOVE: "move to",
}


def planned_line(name: str, output: Path, standing: Sequence[CopyRecord], outdated: Iterable[CopyRecord]) -> str:
    """Return what would be done with a photo: `photo.jpg: copy to Ann/photo.jpg, take back Unknown/photo.jpg`."""
    to_do = [f"{_DOES[record.kind]} {_below(output, record)}" for record in standing if not record.sha256]
    to_do += [f"take back {_below(output, record)}" for record in outdated if record.id > 0]
    return f"{name}: {', '.join(to_do) or 'nothing to do'}"


def _below(output: Path, record: CopyRecord) -> str:
    return record.target.relative_to(output).as_posix() if record.target.is_relative_to(output) else str(record.target)
