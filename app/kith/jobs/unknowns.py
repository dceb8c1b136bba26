"""Unknown people: faces that resemble each other, to be named or ignored together."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from kith.errors import BadInput
from kith.identity.face_groups import grouped, near_groups
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.references import photo_meant
from kith.jobs.user_words import Is
from kith.library.group_records import Member
from kith.library.store import Store
from kith.messages import Action, Do
from kith.text import counted
from kith.values.links import denied_by_user
from kith.values.persons import Person

EXAMPLES = 3
BEYOND = 10**9  # as many appearances no library has: a number from here on is none's


@dataclass(frozen=True, slots=True)
class Example:
    """Somebody of a group: the photo, where it lies or was last seen, and the appearance there."""

    appearance_id: int
    path: Path | None


@dataclass(frozen=True, slots=True)
class Group:
    """Faces that seem to be one unknown person's, in as many photos; `perhaps` are groups that may be the same."""

    id: int
    faces: int
    examples: tuple[Example, ...]
    perhaps: tuple[int, ...] = ()


def update_groups(store: Store, face_model_id: str, least_sharpness: float) -> list[tuple[int, int]]:
    """Let new unknown faces join groups or found some; return the pairs of groups that may be one person."""
    faces = store.groups.faces(face_model_id, least_sharpness)
    groups = grouped(faces)
    if (groups != faces.groups).any():
        with store.transaction():
            store.groups.save(faces, groups)
    return near_groups(faces.in_groups(groups))


def groups_near(library: OpenLibrary) -> list[tuple[int, int]]:
    """Bring the groups up to date, unless they are, and return the pairs that may be one person."""
    model_id, least_sharpness = library.decisions.face_model_id, library.settings.lap_var_thresh
    return library.kept("near groups", lambda: update_groups(library.store, model_id, least_sharpness))


class Unknowns:
    """The unknown and the ignored people of a library, by group and photo; raises BadInput and BadKnowledgeBase."""

    def __init__(self, library: OpenLibrary) -> None:
        self._library = library
        self._store = library.store
        self._groups = self._store.groups
        self._face_model_id = library.decisions.face_model_id

    def groups(self, least: int, most: int | None = None) -> list[Group]:
        """Bring the groups up to date; return those of at least so many faces, the largest first, `most` of them."""
        pairs = groups_near(self._library)
        large = [(key, faces) for key, faces in self._of_several(least, most).items() if len(faces) >= least]
        members = dict(large[:most])
        perhaps: dict[int, list[int]] = {key: [] for key in members}
        for group, other in pairs:
            if group in members and other in members:
                perhaps[group].append(other)
                perhaps[other].append(group)
        shown = {
            key: [(face.appearance_id, face.photo_id) for face in faces[:EXAMPLES]] for key, faces in members.items()
        }
        examples = {example.appearance_id: example for example in self._examples(chain(*shown.values()))}
        return [
            Group(key, len(faces), tuple(examples[face] for face, _ in shown[key]), tuple(perhaps[key]))
            for key, faces in members.items()
        ]

    def _of_several(self, least: int, most: int | None = None) -> dict[int, list[Member]]:
        def read() -> dict[int, list[Member]]:
            return self._groups.groups(self._face_model_id, self._groups.largest(least, most))

        return self._library.kept(f"groups of {least}, {most}", read)

    def name(self, group_id: int, text: str) -> Outcome:
        """Say that everybody in a group is the person of this name, a new one if nobody has it.

        Left out is whom the user said the person is not: a word on a group does not go over one on a single face.
        """
        return self.name_faces(self.in_group(group_id), text, group_id)

    def name_faces(
        self, faces: Sequence[int], text: str, group_id: int | None = None, *, meant: bool = False
    ) -> Outcome:
        """Say as `name` does, in one change, that several faces are a person, `meant` to be called so.

        What the user said of the only one counts no longer.
        """
        people = self._library.people
        person = people.meant(text)
        shown = people.shown(person)
        fitting = [key for key in faces if len(faces) == 1 or not self._is_denied(key, person)]
        if not fitting:
            who = f"Nobody in group {group_id}" if group_id else "None of them"
            raise BadInput(f"{who} can be {shown}: you said of each that it is not.")
        outcome = self._library.say(Is(fitting, person, group_id, meant))
        left = len(faces) - len(fitting)
        told = f" Left out: {counted(left, 'face')} of which you said that it is not {shown}." if left else ""
        return replace(outcome, text=outcome.text + told)

    def split(self, group_id: int, appearance_ids: Collection[int]) -> Outcome:
        """Say that some of a group are somebody else than the rest: both groups stay as they are from then on."""
        members = self.in_group(group_id)
        apart = [key for key in members if key in appearance_ids]
        rest = [key for key in members if key not in appearance_ids]
        if len(apart) != len(set(appearance_ids)):
            raise BadInput(f"Not all of them are in group {group_id}: ", Do(Action.SHOW_UNKNOWNS), " shows who is.")
        if not apart or not rest:
            raise BadInput(f"Name some of group {group_id} and leave some: these are two people then.")
        told = f"{counted(len(apart), 'face')} split off group {group_id}"

        def edit() -> None:
            self._groups.settle(apart, self._free_number(apart))
            self._groups.settle(rest, group_id)

        problems = self._library.change("split group", told, edit)
        return Outcome(f"{told}: two people.", problems)

    def _free_number(self, appearance_ids: Sequence[int]) -> int:
        """Return the number of a group that one of these founds, or one of no group where each has founded another."""
        free = [key for key in appearance_ids if not self._groups.group_members(key)]
        return free[0] if free else BEYOND + appearance_ids[0]

    def in_group(self, group_id: int) -> list[int]:
        """Return the appearances in a group."""
        members = self._members().get(group_id)
        if not members:
            raise BadInput(
                f"There is no group {group_id} of unknown people: ", Do(Action.SHOW_UNKNOWNS), " shows them."
            )
        return [member.appearance_id for member in members]

    def _members(self) -> dict[int, list[Member]]:
        return self._library.kept("group members", lambda: self._groups.groups(self._face_model_id))

    def ever_in_group(self, group_id: int) -> list[int]:
        """Return the appearances that were ever put into a group."""
        return self._groups.group_members(group_id)

    def in_photo(self, photo: str) -> list[int]:
        """Return the appearances in a photo who are nobody known."""
        photo_id = photo_meant(self._store, photo)
        others = self._groups.nobodies_in(photo_id)
        if not others:
            raise BadInput(f"Nobody unknown is left in {photo}.")
        return others

    def all_in_photo(self, photo: str) -> list[int]:
        """Return all appearances in a photo."""
        photo_id = photo_meant(self._store, photo)
        return self._store.photos.appearances(photo_id)

    def ignored(self) -> list[Example]:
        """Return who is ignored."""
        return self._examples(self._groups.ignored())

    def _is_denied(self, appearance_id: int, person: Person | str) -> bool:
        if not isinstance(person, Person):
            return False
        links = self._store.people.links(appearance_id)
        return person.id in denied_by_user(links)

    def _examples(self, faces: Iterable[tuple[int, int]]) -> list[Example]:
        """Return appearances, each told with its photo."""
        faces = [*faces]
        sources = self._store.reviews.sources(photo_id for _, photo_id in faces)
        return [Example(key, sources.get(photo_id)) for key, photo_id in faces]
