"""The filed copies of photos follow a word, a change of persons or a decision made again."""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.filing.copies import Filed, Filing, Folders, file_copies, plan_copies
from kith.filing.names import folder_names
from kith.filing.places import Places
from kith.filing.together import make_together
from kith.library.copy_records import CopyRecord
from kith.library.paths import FileState
from kith.library.store import Store
from kith.messages import Action, Do, Message
from kith.policies import FileAs
from kith.settings import Settings

Plan = tuple[
    FileState, Sequence[CopyRecord], Sequence[CopyRecord]
]  # the photo's file, its copies standing, those outdated


def output_away(output: Path) -> Message:
    """Return what is said of an output folder that is not there, whose copies would follow."""
    told = f"The output folder {output} is not there, and what is filed in it stays as it is: connect its drive, then "
    return Message(told, Do(Action.REDECIDE), " lets it follow.")


@dataclass(frozen=True, slots=True)
class FiledCopies:
    """The copies of photos in the output folders, wherever they were filed."""

    store: Store
    settings: Settings

    def filing(self, output: Path, folders: Folders) -> Filing:
        """Return how photos are filed into an output folder."""
        return Filing(output, folders, Places(self.settings.file_under), self.settings.file_as)

    def folders(self) -> Folders:
        """Return everybody's folder of copies."""
        return folder_names(self.store.people.all().values())

    def photos_renamed(self, before: Folders) -> set[int]:
        """Return the photos with copies, or names written to them, under a name that is another now."""
        photos = set()
        for person, name in self.folders().items():
            if person is not None and before.get(person, name) != name:
                photos |= self.store.copies.photos_of(person) | self.store.names.photos_of(person)
        return photos

    def plans(self, photo_id: int, people: Collection[int] | None, folders: Folders) -> list[Plan]:
        """Return for each output folder the plan of copies under the names of `people`, of nobody under Unknown.

        Those of its raw file are planned with those of a photo. Where `people` is None, copies stay theirs who have
        them now.
        """
        plans: list[Plan] = []
        for key in self.store.stacks.with_stacked(photo_id):
            plans += self._plans(key, people, folders)
        return plans

    def _plans(self, photo_id: int, people: Collection[int] | None, folders: Folders) -> list[Plan]:
        copies = self.store.copies
        # An output folder that is gone, perhaps with its drive, is not made anew for one photo.
        outputs = filter(os.path.isdir, copies.outputs_of(photo_id))
        plans: list[Plan] = []
        for output in outputs:
            present = copies.of_photo(photo_id, output)
            source = self.original(photo_id) or FileState(present[0].target_text, 0, 0)
            filed: Collection[int | None] = people or (None,)
            if people is None:
                filed = dict.fromkeys(record.person_id for record in present)
            filing, taken_at = self.filing(output, folders), copies.taken_at(photo_id)
            standing, outdated = plan_copies(copies, filing, photo_id, source, taken_at, filed, present)
            plans.append((source, standing, outdated))
        return plans

    def away(self, photo_id: int, people: Collection[int] | None, folders: Folders) -> list[Path]:
        """Return the output folders that are not there, of those whose copies would follow; `people` as of `plans`."""
        copies, found = self.store.copies, []
        for key in self.store.stacks.with_stacked(photo_id):
            for output in copies.outputs_of(key):
                if os.path.isdir(output):
                    continue
                filing, taken_at = self.filing(output, folders), copies.taken_at(key)
                present = {(copy.person_id, copy.target.parent) for copy in copies.of_photo(key, output)}
                shown = (person for person, _ in present) if people is None else people or (None,)
                if present != {(person, filing.folder(person, taken_at)) for person in shown}:
                    found.append(output)
        return found

    def file(self, plans: Iterable[Plan]) -> list[str]:
        """Make the copies of plans, withdraw the outdated, and return what is to be said of files left alone.

        Raises BadPhoto and FilingFailed.
        """
        notes: list[str] = []
        for plan in plans:
            notes += self.file_photo(*plan).notes
        return notes

    def made_together(self, plans: Sequence[Plan]) -> list[Plan]:
        """Return plans with those copies made that nothing stands in the way of: many in the time of a few."""

        def is_plain(plan: Plan) -> bool:
            _, standing, outdated = plan
            return not outdated and all(record.kind is not FileAs.MOVE for record in standing)

        plain = [plan for plan in plans if is_plain(plan)]
        to_make = [(record, source.path) for source, standing, _ in plain for record in standing if not record.sha256]
        if len(to_make) < 2:
            return [*plans]
        made = make_together(self.store.copies, self.store.transaction, to_make)
        return [(source, [made.get(one.id, one) for one in standing], outdated) for source, standing, outdated in plans]

    def file_photo(self, source: FileState, standing: Sequence[CopyRecord], outdated: Sequence[CopyRecord]) -> Filed:
        """Do as `file` with one photo in one output folder; how old the folder is that it is moved from, is kept."""
        for record in standing:
            if record.moved_from and not record.sha256:
                self.store.runs.note_folder(record.moved_from.parent)
        return file_copies(self.store.copies, source, standing, outdated)

    def original(self, photo_id: int) -> FileState | None:
        """Return a file of the photo as it was looked at, one that is so still if there is one."""
        originals = self.store.copies.originals(photo_id)
        for original in originals:
            if FileState.now(original.path) == original:
                return original
        return originals[0] if originals else None
