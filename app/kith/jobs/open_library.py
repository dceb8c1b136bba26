"""The open library: the one door for what a user says and changes, and for asking why."""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from kith.errors import BadInput, BadPhoto, FilingFailed, ModelMismatch, NobodyTaught
from kith.filing.copies import Folders
from kith.jobs.decisions import Decisions
from kith.jobs.engines import find_engines
from kith.jobs.explanation import Why, explain
from kith.jobs.filed_copies import FiledCopies, output_away
from kith.jobs.library_file import check_library
from kith.jobs.outcome import Outcome
from kith.jobs.people import People
from kith.jobs.people_folder import move_folder_back
from kith.jobs.references import appearance_meant, label_of
from kith.jobs.user_words import UserWord
from kith.jobs.written_names import WrittenNames
from kith.library.journal import Change, Turned
from kith.library.store import Store, open_store
from kith.settings import Settings
from kith.settings_model import FIELDS

T = TypeVar("T")


class OpenLibrary:
    """A library to be asked and changed, also beside a running job: a context, or to be closed in the same thread.

    `people` are those in it, `made` the changes made here by number, the newest last. Opening raises BadKnowledgeBase
    and ModelMissing; anything here may raise BadInput and BadKnowledgeBase.
    """

    def __init__(self, settings: Settings) -> None:
        check_library(settings)
        spec, _ = find_engines(settings)
        self._spec = spec
        self.settings = settings
        self.store: Store = open_store(settings.library_file)
        # No word of the user's is refused for what a build would change.
        self.decisions = Decisions(settings, self.store, spec, forgives=(NobodyTaught, ModelMismatch))
        self.copies = FiledCopies(self.store, settings)
        self.names = WrittenNames(self.store, settings)
        self.people = People(self.store)
        self.made: list[int] = []
        self._kept: dict[str, tuple[object, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.store.__exit__(kind, error, at)

    def close(self) -> None:
        """Close the library."""
        self.store.close()

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` came to by this name before, if nothing was written to the library since, else now.

        What `make` itself writes counts as written before, what others write meanwhile as written since.
        """
        if name not in self._kept or self._kept[name][0] != self.store.state():
            others, _ = self.store.state()
            made = make()
            _, own = self.store.state()
            self._kept[name] = (others, own), made
        value: T = self._kept[name][1]
        return value

    @property
    def models(self) -> dict[str, str]:
        """The ids of the models by which photos are looked at and people compared."""
        spec = self._spec
        chosen = {
            "face_detector": spec.face_detector,
            "face_model": spec.face_model,
            "second_opinion": spec.second_opinion,
            "person_detector": spec.person_detector,
            "body_model": spec.body_model,
        }
        return {name: model.id for name, model in chosen.items() if model} | {"engine": spec.engine_id}

    def appearance(self, text: str) -> int:
        """Return the appearance that `PHOTO#NUMBER` means; raises BadInput and BadPhoto."""
        return appearance_meant(self.store, text)

    def label(self, appearance_id: int) -> str:
        """Return how an appearance is called in words and on the command line: `IMG_1.jpg#12`."""
        return label_of(self.store, appearance_id)

    def place(self, photo_id: int, appearance_id: int) -> str:
        """Return `PHOTO#NUMBER` with the photo's path, as `appearance` takes it."""
        photo = self.store.reviews.source(photo_id) or photo_id
        return f"{photo}#{appearance_id}"

    def why(self, photo: str | Path) -> Why:
        """Decide a photo once more from what is stored, and give the grounds; nothing is changed.

        `photo` is a path, a file's name, or PHOTO#NUMBER for one appearance only. Raises BadInput for a photo that the
        library does not know, BadPhoto for one that cannot be read, NobodyTaught and ModelMismatch.
        """
        decisions = self.decisions
        if decisions.forgave:
            decisions = Decisions(self.settings, self.store, self._spec)  # which forgives nothing
        return explain(self.store, decisions, self.settings, str(photo))

    def say(self, word: UserWord) -> Outcome:
        """Write down what the user says of appearances; what is decided of their photos and the copies follow."""
        said = word.said(self.store)
        problems = self.change(said.action, said.summary, said.edit)
        twice = self.people.twice(said.named)
        return Outcome(said.text, problems, said.hints + twice)

    def change(
        self, action: str, summary: str, edit: Callable[[], object], also: Collection[int] = ()
    ) -> tuple[str, ...]:
        """Make an edit one change, decide its photos and `also` again, and return what could not follow."""
        before = self.copies.folders()
        with self.store.change(action, summary) as change_id:
            edit()
        self.made.append(change_id)
        photos = self.store.changes.photos(change_id)
        renamed = self.copies.photos_renamed(before)
        return self.decide_again(photos.union(also), renamed, change_id)

    def decide_again(
        self, photo_ids: Collection[int], renamed: Collection[int] = (), change_id: int | None = None
    ) -> tuple[str, ...]:
        """Decide photos and let their copies follow, each in its own transaction.

        Of photos whose people only have another name the copies move, and nothing is decided. What the machine says
        now belongs to the change that it follows from, and is undone with it. Returns what could not be filed, or was
        kept.
        """
        decisions = self.decisions
        decisions.forget()
        recognised = self.store.redecisions.recognised(self.settings.dataset_folder, photo_ids)
        photo_ids = set(recognised)
        if photo_ids and decisions.go_by_events:
            for photo_id in photo_ids:  # first the faces of all of them, whose bodies then speak in any order
                photo = decisions.photo(photo_id)
                decisions.by_faces([photo])
        folders = self.copies.folders()
        problems: list[str] = []
        for photo_id in sorted({*photo_ids, *renamed}):
            with self.store.following(change_id):
                people = decisions.settle(photo_id).people if photo_id in photo_ids else None
                plans = self.copies.plans(photo_id, people, folders)
            problems += map(output_away, self.copies.away(photo_id, people, folders))
            try:
                problems += self.copies.file(plans)
            except (BadPhoto, FilingFailed) as error:
                problems.append(error.message)
            problems += self.names.follow(photo_id)
        return tuple(dict.fromkeys(problems))

    def apply_settings(self, before: Settings, after: Settings) -> Outcome:
        """Write down which settings the user changed, so that this can be undone; deciding by them is the caller's."""
        old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
        changed = [key for key in new if new[key] != old[key]]
        told = ", ".join(f"{FIELDS[key].title}: {old[key]} → {new[key]}" for key in changed)
        with self.store.transaction():  # what they are set back to
            self.store.settings.note({key: json.dumps(old[key]) for key in changed})
        with self.store.change("settings", told):
            self.store.settings.note({key: json.dumps(new[key]) for key in changed})
        return Outcome(f"{told}.")

    def count_recognised(self) -> int:
        """Return how many photos were recognised, which deciding again would decide."""
        folder = self.settings.dataset_folder
        return self.kept("recognised", lambda: len(self.store.redecisions.recognised(folder)))

    def history(self, limit: int = -1) -> list[Change]:
        """Return what the user did, the newest first."""
        return self.store.changes.history(limit)

    def undo(self) -> Outcome:
        """Take the newest change back that is not undone."""
        before = self.copies.folders()
        turned = self.store.undo()
        if turned is None:
            raise BadInput("There is nothing to undo.")
        return self._follow(turned, before, "Undone")

    def redo(self) -> Outcome:
        """Do again what was undone last, unless something else was done since."""
        before = self.copies.folders()
        turned = self.store.redo()
        if turned is None:
            raise BadInput("There is nothing to do again.")
        return self._follow(turned, before, "Done again")

    @property
    def undoes(self) -> str:
        """What `undo` would take back, in words; empty where there is nothing."""
        newest = self.store.changes.newest()
        return newest.summary if newest else ""

    @property
    def redoes(self) -> str:
        """What `redo` would do again, in words; empty where there is nothing."""
        undone = self.store.changes.newest_undone()
        return undone.summary if undone else ""

    def _follow(self, turned: Turned, before: Folders, done: str) -> Outcome:
        """Let folders, decisions and copies follow a change taken back or done again; `before` it copies lay there."""
        root = self.settings.dataset_folder
        refused = [move_folder_back(self.store, root / now, root / then) for now, then in turned.folders]
        renamed = self.copies.photos_renamed(before)
        lagging = self.decide_again(turned.photo_ids, renamed)
        settings = {key: json.loads(value) for key, value in turned.settings.items()}
        return Outcome(f"{done}: {turned.change.summary}.", (*filter(None, refused), *lagging), settings=settings)
