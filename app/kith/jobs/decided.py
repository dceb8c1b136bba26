"""A photo that was looked at and decided on, on its way to be filed."""

from collections.abc import Sequence
from dataclasses import dataclass

from kith.jobs.looks import Look
from kith.library.copy_records import CopyRecord
from kith.library.paths import FileState, time_value
from kith.values.decisions import PhotoDecision


@dataclass(frozen=True, slots=True)
class Decided:
    """A photo's decision, its copies that stand for it and those that it outdates."""

    look: Look
    photo_id: int
    decision: PhotoDecision
    standing: Sequence[CopyRecord] = ()
    outdated: Sequence[CopyRecord] = ()
    is_named: bool = False

    @property
    def source(self) -> FileState:
        """The photo's file as it was looked at."""
        return FileState(self.look.path, self.look.size, time_value(self.look.mtime_ns))
