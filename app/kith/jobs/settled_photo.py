"""A photo that is decided, with the raw files that are filed along with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from kith.filing.copies import Filed
from kith.jobs.filed_copies import FiledCopies, Plan
from kith.jobs.looks import Look
from kith.library.copy_records import CopyRecord
from kith.library.paths import FileState, time_value
from kith.values.decisions import PhotoDecision


@dataclass(frozen=True, slots=True)
class SettledPhoto:
    """A photo's decision, its copies that stand for it and those that it outdates; `along` are its raw files' plans."""

    look: Look
    photo_id: int
    decision: PhotoDecision
    standing: Sequence[CopyRecord] = ()
    outdated: Sequence[CopyRecord] = ()
    is_named: bool = False
    along: Sequence[Plan] = ()

    @property
    def source(self) -> FileState:
        """The photo's file as it was looked at."""
        return FileState(self.look.path, self.look.size, time_value(self.look.mtime_ns))

    @property
    def plans(self) -> list[Plan]:
        """What is to be filed: the photo, then its raw files."""
        return [(self.source, self.standing, self.outdated), *self.along]

    @property
    def all_standing(self) -> list[CopyRecord]:
        """The copies that stand, those of the raw files too."""
        return [record for _, standing, _ in self.plans for record in standing]

    @property
    def all_outdated(self) -> list[CopyRecord]:
        """The copies that the decision outdates, those of the raw files too."""
        return [record for _, _, outdated in self.plans for record in outdated]

    @property
    def planned(self) -> Filed:
        """What would be filed."""
        return Filed(tuple(record.target for record in self.all_standing), ())

    def filed(self, copies: FiledCopies) -> Filed:
        """File it, and return where its copies lie. Raises BadPhoto and FilingFailed."""
        filed = [copies.file_photo(*plan) for plan in self.plans]
        placed = chain.from_iterable(one.copies for one in filed)
        return Filed((*placed,), (*chain.from_iterable(one.notes for one in filed),))


def made_together(copies: FiledCopies, photos: Sequence[SettledPhoto]) -> list[SettledPhoto]:
    """Return photos with those copies made that nothing stands in the way of: many in the time of a few."""
    made = iter(copies.made_together([plan for photo in photos for plan in photo.plans]))
    plans = [[next(made) for _ in photo.plans] for photo in photos]
    return [
        replace(photo, standing=standing, along=along)
        for photo, ((_, standing, _), *along) in zip(photos, plans, strict=True)
    ]
