"""After a user's word: decide the photos again that it is about, and let their copies follow."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kith.errors import BadPhoto, FilingFailed, ModelMismatch, NobodyTaught
from kith.filing.copies import file_copies, plan_copies
from kith.filing.names import folder_names
from kith.identity.decision import Decider
from kith.identity.event_evidence import EventEvidence
from kith.jobs.judging import decider_by_words, decider_of, evidence_for
from kith.jobs.settling import decide, judged
from kith.library.copy_records import CopyRecord, FileState
from kith.library.store import Store
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.text import printable
from kith.values.sightings import Sighting, with_unseen

Plan = tuple[FileState, list[CopyRecord], list[CopyRecord]]  # the photo's file, its copies standing, those outdated
Folders = Mapping[int | None, str]


@dataclass(slots=True)
class Refiler:
    """Decides photos again from what is stored, without opening one; `judge` is made anew after `forget_judge`."""

    settings: Settings
    store: Store
    body_model_id: str | None
    _decider: Decider | None = None
    _evidence: EventEvidence | None = None
    _read: tuple[int, int] | None = None

    @property
    def decider(self) -> Decider:
        """The decider of all that is taught: where bodies are another model's by faces alone, where nobody is by words.

        So that no word of the user's is refused for what a build would change.
        """
        self._decider = self._decider or self._decider_at_hand()
        return self._decider

    def _decider_at_hand(self) -> Decider:
        self._read = self.store.changes.state()
        try:
            return decider_of(self.settings, self.store, self.body_model_id)
        except ModelMismatch:
            return decider_of(self.settings, self.store, None)
        except NobodyTaught:
            return decider_by_words(self.settings)

    @property
    def evidence(self) -> EventEvidence:
        """What the other photos of an event say."""
        self._evidence = self._evidence or evidence_for(self.decider, self.settings, self.store)
        return self._evidence

    def forget_decider(self) -> None:
        """Say that something teaches from now on, or no longer."""
        self._decider = self._evidence = None

    def keep_up(self) -> None:
        """Forget the decider where the user has changed people or links since it was made, perhaps beside."""
        if self._read != self.store.changes.state():
            self.forget_decider()

    def sightings(self, photo_id: int, decider: Decider) -> list[Sighting]:
        """Return whom the last look saw, no bodies of other models than the gallery's, and whom only the user saw."""
        analysis = self.store.reviews.newest_analysis(photo_id)
        sightings = [
            seen if seen.body and seen.body.model_id == decider.bodies.model_id else replace(seen, body=None)
            for seen in self.store.photos.sightings(analysis or 0)
        ]
        return with_unseen(sightings, self.store.people.named_by_user(photo_id))

    def settle(self, photo_id: int, folders: Folders) -> list[Plan]:
        """Decide a photo, within the caller's transaction, and return the plan of copies for each output folder."""
        people = decide(self.store, self.decider, self.sightings(photo_id, self.decider), self.evidence).people
        return self.plans(photo_id, people, folders)

    def folders(self) -> Folders:
        """Return everybody's folder of copies."""
        return folder_names(self.store.people.all().values())

    def follow(
        self, photo_ids: Collection[int], renamed: Collection[int] = (), change_id: int | None = None
    ) -> list[str]:
        """Settle photos and their copies, each in its own transaction; return what could not be filed, or was kept.

        Of photos whose people only have another name the copies move, and nothing is decided. What the machine says
        now belongs to the change that it follows from, and is undone with it.
        """
        self.forget_decider()
        photo_ids = set(self.store.redecisions.recognised(self.settings.dataset_folder, photo_ids))
        if photo_ids and self.decider.body_policy is BodyPolicy.EVENT:
            for photo_id in photo_ids:  # first the faces of all of them, whose bodies then speak in any order
                self.evidence.learn(photo_id, judged(self.store, self.decider, self.sightings(photo_id, self.decider)))
        folders, problems = self.folders(), []
        for photo_id in sorted({*photo_ids, *renamed}):
            with self.store.following(change_id):
                plans = self.settle(photo_id, folders) if photo_id in photo_ids else self.plans(photo_id, None, folders)
            try:
                problems += self.file(plans)
            except (BadPhoto, FilingFailed) as error:
                problems.append(str(error))
        return list(dict.fromkeys(problems))

    def file(self, plans: Iterable[Plan]) -> list[str]:
        """Make the copies of a plan, withdraw the outdated, and return what is to be said of files left alone.

        Raises BadPhoto and FilingFailed.
        """
        return [note for plan in plans for note in file_copies(self.store.copies, *plan).notes]

    def file_of(self, photo_id: int) -> Path | None:
        """Return where the photo lies unchanged."""
        reviews = self.store.reviews
        return next((path for path in reviews.files(photo_id) if reviews.is_unchanged(path)), None)

    def source(self, photo_id: int) -> Path | None:
        """Return where the photo lies, or else where it was last seen."""
        return self.file_of(photo_id) or next(iter(self.store.reviews.files(photo_id)), None)

    def label(self, photo_id: int, appearance_id: int) -> str:
        """Return how an appearance is called in words and on the command line: `IMG_1.jpg#12`."""
        source = self.source(photo_id)
        return f"{printable(source.name) if source else photo_id}#{appearance_id}"

    def plans(self, photo_id: int, people: Collection[int | None] | None, folders: Folders) -> list[Plan]:
        """Return the plan of copies under the names of `people`, or else of those who have them now."""
        copies = self.store.copies
        # An output folder that is gone, perhaps with its drive, is not made anew for one photo.
        outputs = [output for output in copies.outputs_of(photo_id) if os.path.isdir(output)]
        plans = []
        for output in outputs:
            present = copies.of_photo(photo_id, output)
            source = self._original(photo_id) or FileState(present[0].target, 0, 0)
            filed = dict.fromkeys(record.person_id for record in present) if people is None else people or (None,)
            plans.append((source, *plan_copies(copies, photo_id, source.path.name, filed, folders, output)))
        return plans

    def _original(self, photo_id: int) -> FileState | None:
        """Return a file of the photo as it was looked at, one that is so still if there is one."""
        originals = self.store.copies.originals(photo_id)
        return next((one for one in originals if FileState.now(one.path) == one), next(iter(originals), None))
