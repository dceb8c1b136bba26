"""The filed copies of photos follow a word, a change of persons or a decision made again."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kith.filing.copies import file_copies, plan_copies
from kith.filing.names import folder_names
from kith.library.copy_records import CopyRecord
from kith.library.paths import FileState
from kith.library.store import Store

Plan = tuple[FileState, list[CopyRecord], list[CopyRecord]]  # the photo's file, its copies standing, those outdated
Folders = Mapping[int | None, str]


@dataclass(frozen=True, slots=True)
class FiledCopies:
    """The copies of photos in the output folders, wherever they were filed."""

    store: Store

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

        Where `people` is None, copies stay theirs who have them now.
        """
        copies = self.store.copies
        # An output folder that is gone, perhaps with its drive, is not made anew for one photo.
        outputs = filter(os.path.isdir, copies.outputs_of(photo_id))
        plans = []
        for output in outputs:
            present = copies.of_photo(photo_id, output)
            source = self._original(photo_id) or FileState(present[0].target, 0, 0)
            filed: Collection[int | None] = people or (None,)
            if people is None:
                filed = dict.fromkeys(record.person_id for record in present)
            standing, outdated = plan_copies(copies, photo_id, source.path.name, filed, folders, output, present)
            plans.append((source, standing, outdated))
        return plans

    def file(self, plans: Iterable[Plan]) -> list[str]:
        """Make the copies of plans, withdraw the outdated, and return what is to be said of files left alone.

        Raises BadPhoto and FilingFailed.
        """
        notes: list[str] = []
        for plan in plans:
            filed = file_copies(self.store.copies, *plan)
            notes += filed.notes
        return notes

    def _original(self, photo_id: int) -> FileState | None:
        """Return a file of the photo as it was looked at, one that is so still if there is one."""
        originals = self.store.copies.originals(photo_id)
        for original in originals:
            if FileState.now(original.path) == original:
                return original
        return originals[0] if originals else None
