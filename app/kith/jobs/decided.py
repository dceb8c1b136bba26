"""A photo that was looked at and decided on, on its way to be filed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from kith.filing.copies import Filed, Filing, plan_copies
from kith.jobs.filed_copies import FiledCopies, Plan
from kith.jobs.looks import Look
from kith.jobs.photo_list import Listed
from kith.jobs.written_names import WrittenNames
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState, time_value
from kith.library.redecision_queries import StoredPhoto
from kith.library.store import Store
from kith.values.decisions import PhotoDecision


@dataclass(frozen=True, slots=True)
class Decided:
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


def plans_along(
    store: Store,
    records: CopyRecords,
    filing: Filing,
    listed: Listed,
    photo: StoredPhoto,
    people: Collection[int | None],
) -> list[Plan]:
    """Write down the copies of what is filed along with a photo, within the caller's transaction."""
    files = store.stacks.files(photo.id, listed.files_along) if listed.along else {}
    present = records.of_photos([*files.values()], filing.output) if files else {}
    return [
        (file, *plan_copies(records, filing, key, file.path, photo.case.taken_at, people, present[key]))
        for file, key in files.items()
    ]


def made_together(copies: FiledCopies, photos: Sequence[Decided]) -> list[Decided]:
    """Return photos with those copies made that nothing stands in the way of: many in the time of a few."""
    made = iter(copies.made_together([plan for photo in photos for plan in photo.plans]))
    plans = [[next(made) for _ in photo.plans] for photo in photos]
    return [
        replace(photo, standing=standing, along=along)
        for photo, ((_, standing, _), *along) in zip(photos, plans, strict=True)
    ]


@dataclass(slots=True)
class Tally:
    """How many photos were decided in which way: by person, and of those that show nobody for sure."""

    people: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    unknown: int = 0

    def count(self, decision: PhotoDecision, names: Mapping[int, str]) -> None:
        """Count a photo."""
        self.people.update(names[person] for person in decision.people)
        if not decision.people:
            self.unsure += bool(decision.unsure)
            self.unknown += not decision.unsure


def marked_named(planned: Sequence[Decided], written: WrittenNames, called: Mapping[int, str]) -> list[Decided]:
    """Return the photos, those marked that nothing is new of, and whose files name their people already.

    `called` is what each person is called.
    """
    same = [one for one in planned if one.look.facts is None and not one.outdated]
    same = [one for one in same if all(copy.sha256 for copy in one.standing)]
    copies = {one.photo_id: len(one.standing) for one in same}
    people = {one.photo_id: [called[person] for person in one.decision.people] for one in same}
    named = copies.keys() - written.behind(copies, people)
    return [replace(one, is_named=one.photo_id in named) for one in planned]
