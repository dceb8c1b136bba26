"""A photo that was looked at and decided on, on its way to be filed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kith.jobs.looks import Look
from kith.jobs.written_names import WrittenNames
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
