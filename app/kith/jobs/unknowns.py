"""Unknown people: faces that resemble each other, to be named or ignored together."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kith.errors import BadInput, command
from kith.identity.clusters import grouped, near_groups
from kith.jobs.editing import Editor, Outcome
from kith.jobs.references import photo_meant
from kith.library.group_records import Member
from kith.library.store import Store
from kith.settings import Settings
from kith.values.links import Source, Word, said_to_be
from kith.values.persons import Person
from kith.vision.face_model import default_face_model

EXAMPLES = 3


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


def open_unknowns(settings: Settings) -> "Unknowns":
    """Open the library to name and ignore unknown people; raises BadKnowledgeBase and ModelMissing."""
    return Unknowns(settings)


def update_groups(store: Store, least_sharpness: float) -> list[tuple[int, int]]:
    """Let new unknown faces join groups or found some; return the pairs of groups that may be one person."""
    faces = store.groups.faces(default_face_model().id, least_sharpness)
    groups = grouped(faces)
    before, after = faces.groups.tolist(), groups.tolist()
    moved = {key: (was, now) for key, was, now in zip(faces.ids.tolist(), before, after, strict=True) if was != now}
    if moved:
        with store.transaction():
            store.groups.save(moved)
    return near_groups(faces.in_groups(groups))


class Unknowns(Editor):
    """The unknown people of a library, to be named or ignored; raises BadInput and BadKnowledgeBase."""

    def groups(self, least: int) -> list[Group]:
        """Bring the groups up to date and return those of at least so many faces, the largest first."""
        pairs = update_groups(self.store, self.settings.lap_var_thresh)
        members = {key: own for key, own in self.store.groups.groups().items() if len(own) >= least}
        perhaps: dict[int, list[int]] = {}
        for one, other in pairs:
            if one in members and other in members:
                perhaps.setdefault(one, []).append(other)
                perhaps.setdefault(other, []).append(one)
        return [
            Group(key, len(own), tuple(map(self._example, own[:EXAMPLES])), tuple(perhaps.get(key, ())))
            for key, own in members.items()
        ]

    def ignored(self) -> list[Example]:
        """Return who is ignored."""
        return [Example(key, self._refiler.source(photo_id)) for key, photo_id in self.store.groups.ignored()]

    def name(self, group_id: int, text: str) -> Outcome:
        """Say that everybody in a group is the person of this name, a new one if nobody has it.

        Left out is whom the user said the person is not: a word on a group does not go over one on a single face.
        """
        members, meant = self._members(group_id), self.meant(text)
        shown = self.shown(meant)
        fitting = [one.appearance_id for one in members if not self._is_denied(one, meant)]
        if not fitting:
            raise BadInput(f"Nobody in group {group_id} can be {shown}: you said of each that it is not.")
        count, left = _faces(len(fitting)), len(members) - len(fitting)
        outcome = self._name(fitting, meant, f"{count} of group {group_id} named {shown}", f"{count} named {shown}")
        told = f" Left out: {_faces(left)} of which you said that it is not {shown}." if left else ""
        return replace(outcome, text=outcome.text + told)

    def ignore(self, appearance_ids: Collection[int]) -> Outcome:
        """Say that these are nobody to know; raises BadInput where user or dataset said who one is."""
        named = [key for key in appearance_ids if said_to_be(self.store.people.links(key)) is not None]
        if named:
            raise BadInput(
                f"{self.label(named[0])} is somebody known: {command('unlink', '--never')} says that it is not."
            )
        new = self._not_yet_ignored(appearance_ids)
        if not new:
            raise BadInput("They are ignored already.")
        problems = self.change("ignore", f"{self._told(new)} ignored", lambda: self.store.groups.ignore(new))
        return Outcome(f"{self._told(new)} ignored.", problems)

    def ignore_group(self, group_id: int) -> Outcome:
        """Ignore everybody in a group."""
        return self.ignore([one.appearance_id for one in self._members(group_id)])

    def ignore_others(self, photo: str) -> Outcome:
        """Ignore everybody in a photo who is nobody known."""
        others = self.store.groups.nobodies_in(photo_meant(self.store, photo))
        if not others:
            raise BadInput(f"Nobody unknown is left in {photo}.")
        return self.ignore(others)

    def heed(self, appearance_ids: Iterable[int]) -> Outcome:
        """Take back that these are ignored."""
        ignored = {key for key, _ in self.store.groups.ignored()}
        back = sorted(ignored.intersection(appearance_ids))
        if not back:
            raise BadInput(f"None of them is ignored: {command('unknowns', '--ignored')} shows who is.")
        text = f"{self._told(back)} no longer ignored"
        return Outcome(f"{text}.", self.change("heed", text, lambda: self.store.groups.heed(back)))

    def heed_group(self, group_id: int) -> Outcome:
        """Take back that anybody of a group is ignored."""
        return self.heed(self.store.groups.group_members(group_id))

    def heed_photo(self, photo: str) -> Outcome:
        """Take back that anybody in a photo is ignored."""
        return self.heed(self.store.photos.appearances(photo_meant(self.store, photo)))

    def _members(self, group_id: int) -> Sequence[Member]:
        found = self.store.groups.groups().get(group_id)
        if not found:
            raise BadInput(f"There is no group {group_id} of unknown people: {command('unknowns')} shows them.")
        return found

    def _is_denied(self, member: Member, meant: Person | str) -> bool:
        links = self.store.people.links(member.appearance_id)
        denied = {one.person_id for one in links if one.word is Word.IS_NOT and one.source is Source.USER}
        return isinstance(meant, Person) and meant.id in denied

    def _not_yet_ignored(self, appearance_ids: Iterable[int]) -> list[int]:
        ignored = {key for key, _ in self.store.groups.ignored()}
        return [key for key in dict.fromkeys(appearance_ids) if key not in ignored]

    def _told(self, appearance_ids: Sequence[int]) -> str:
        if len(appearance_ids) == 1:
            return self.label(appearance_ids[0])
        photos = Counter(self.store.photos.photo_of(key) for key in appearance_ids)
        return f"{len(appearance_ids)} people in {len(photos)} photo{'s' * (len(photos) > 1)}"

    def _example(self, member: Member) -> Example:
        return Example(member.appearance_id, self._refiler.source(member.photo_id))


def _faces(count: int) -> str:
    return f"{count} face" if count == 1 else f"{count} faces"
