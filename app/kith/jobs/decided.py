"""A photo that was looked at and decided on, on its way to be filed."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from kith.filing.copies import Filed, Filing, plan_copies
from kith.filing.together import MOST
from kith.jobs.filed_copies import FiledCopies, Plan
from kith.jobs.looks import Look
from kith.jobs.photo_list import Listed
from kith.jobs.written_names import WrittenNames
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState, time_value
from kith.library.redecision_queries import StoredPhoto
from kith.library.store import Store
from kith.values.decisions import PhotoDecision


@dataclass(slots=True)
class Decided:
    """A photo's decision, and what is to be filed: the photo, then its raw files.

    It `is_named` where its files name its people already.
    """

    look: Look
    photo_id: int
    decision: PhotoDecision
    plans: Sequence[Plan] = ()
    is_named: bool = False

    @property
    def is_filed(self) -> bool:
        """Whether a copy of the photo itself stands for the decision."""
        return any(standing for _, standing, _ in self.plans[:1])

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
        return Filed(tuple(record.target_text for record in self.all_standing), ())

    def filed(self, copies: FiledCopies) -> Filed:
        """File it, and return where its copies lie. Raises BadPhoto and FilingFailed."""
        filed = [copies.file_photo(*plan) for plan in self.plans]
        if len(filed) == 1:
            return filed[0]
        placed = chain.from_iterable(one.copies for one in filed)
        return Filed((*placed,), (*chain.from_iterable(one.notes for one in filed),))


def file_of(look: Look) -> FileState:
    """Return a photo's file as it was looked at."""
    return FileState(os.fspath(look.path), look.size, time_value(look.mtime_ns))


@dataclass(frozen=True, slots=True)
class Planning:
    """Writes down the copies of listed photos in an output folder, within the caller's transaction."""

    store: Store
    records: CopyRecords
    filing: Filing
    listed: Mapping[Path, Listed]

    def plans(
        self, photos: Sequence[tuple[Look, StoredPhoto]], people: Iterable[Collection[int | None]]
    ) -> Iterator[list[Plan]]:
        """Yield what is to be filed of each photo that shows these people, or nobody (None): it, then its raw files."""
        present = self.records.of_photos([photo.id for _, photo in photos], self.filing.output)
        for (look, photo), shown in zip(photos, people, strict=True):
            own = self._plan(photo, shown, photo.id, file_of(look), present)
            yield [own, *self._along(photo, shown, self.listed[look.path])]

    def _along(self, photo: StoredPhoto, people: Collection[int | None], listed: Listed) -> list[Plan]:
        if not listed.along:
            return []
        files = self.store.stacks.files(photo.id, listed.files_along)
        present = self.records.of_photos([*files.values()], self.filing.output)
        return [self._plan(photo, people, key, file, present) for file, key in files.items()]

    def _plan(
        self,
        photo: StoredPhoto,
        people: Collection[int | None],
        key: int,
        file: FileState,
        present: Mapping[int, Sequence[CopyRecord]],
    ) -> Plan:
        return file, *plan_copies(self.records, self.filing, key, file, photo.case.taken_at, people, present[key])


def in_spans(photos: Sequence[Decided]) -> Iterator[Sequence[Decided]]:
    """Yield photos that are filed together: not too many where copies are to be made."""
    is_new = any(not copy.sha256 for photo in photos for copy in photo.all_standing)
    most = MOST if is_new else max(1, len(photos))
    return (photos[start : start + most] for start in range(0, len(photos), most))


def make_together(copies: FiledCopies, photos: Sequence[Decided]) -> None:
    """Make those copies of photos that nothing stands in the way of: many in the time of a few."""
    made = iter(copies.made_together([plan for photo in photos for plan in photo.plans]))
    for photo in photos:
        photo.plans = [*islice(made, len(photo.plans))]


@dataclass(slots=True)
class Tally:
    """How many photos were decided in which way: by person, and of those that show nobody for sure."""

    people: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    unknown: int = 0

    def count(self, decision: PhotoDecision, names: Mapping[int, str]) -> None:
        """Count a photo."""
        for person in decision.people:
            self.people[names[person]] += 1
        if not decision.people:
            self.unsure += bool(decision.unsure)
            self.unknown += not decision.unsure


def mark_named(planned: Sequence[Decided], written: WrittenNames, called: Mapping[int, str]) -> None:
    """Mark the photos that nothing is new of, and whose files name their people already.

    `called` is what each person is called.
    """
    copies: dict[int, int] = {}
    people: dict[int, Collection[str]] = {}
    for photo in planned:
        _, standing, outdated = photo.plans[0]
        if photo.look.facts is None and not outdated and all(copy.sha256 for copy in standing):
            copies[photo.photo_id] = len(standing)
            people[photo.photo_id] = [called[person] for person in photo.decision.people]
    named = copies.keys() - written.behind(copies, people)
    for photo in planned:
        photo.is_named = photo.photo_id in named
