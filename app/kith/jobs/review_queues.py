"""What waits for the user's word: groups of unknown faces, faces that are likely somebody, single ones."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.phrases import display_names
from kith.jobs.unknowns import groups_near
from kith.jobs.user_words import AreNot, Ignored, Is
from kith.library.paths import FileState
from kith.photos.box import Box
from kith.values.decisions import Decision
from kith.values.links import known_as
from kith.values.persons import Person

SPAN = 2_000  # photos decided at once


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody whom nobody is said to be, by the number of the appearance: `box` in the upright photo at `path`.

    `person_id` is who it is perhaps, `certainty` how likely that is (None of bodies and of models that are not
    calibrated), `value` the distance of a face or the similarity of a body. `group` is that of the faces alike.
    """

    id: int
    photo_id: int
    path: Path
    box: Box
    has_face: bool = True
    taken_at: str = ""
    group: int = 0
    person_id: int | None = None
    certainty: float | None = None
    value: float = 0.0

    @property
    def sureness(self) -> tuple[float, float]:
        """What ranks it among the faces of its person."""
        return self.certainty or 0.0, -self.value


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom to ask about: photos between two partial dates, and in or below a folder."""

    since: str = ""
    until: str = ""
    folder: Path | None = None

    def takes(self, face: Face) -> bool:
        """Say whether a face is asked about; one of an unknown date is not where dates are chosen."""
        day = face.taken_at
        if (self.since or self.until) and not day:
            return False
        if day[: len(self.since)] < self.since:
            return False
        if self.until and day[: len(self.until)] > self.until:
            return False
        return self.folder is None or face.path.is_relative_to(self.folder)


@dataclass(frozen=True, slots=True)
class Queue:
    """Faces to be answered for together, by the number of their group, of the person they may be, or of the face."""

    id: int
    faces: tuple[Face, ...]
    name: str = ""
    near: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Queues:
    """The three queues; every face is in one of them."""

    groups: tuple[Queue, ...] = ()
    likely: tuple[Queue, ...] = ()
    singles: tuple[Queue, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits for a word, by photo; `near` are pairs of groups that may be one person, the nearest first.

    `queues` are they all in the three queues, where that was worked out already, and `folders` those of their photos:
    of many both take a while.
    """

    faces: tuple[Face, ...] = ()
    near: tuple[tuple[int, int], ...] = ()
    people: Mapping[int, Person] = field(default_factory=dict)
    queues: Queues | None = None
    folders: frozenset[Path] = frozenset()


def waiting(library: OpenLibrary) -> Waiting:
    """Return everybody whom a review asks about, in photos that are still there; brings the groups up to date."""
    near = groups_near(library)
    everybody, files = library.kept("waiting", lambda: _asked(library))
    faces = tuple(_there(everybody, files))
    found = Waiting(faces, tuple(near), library.people.all())
    folders = frozenset(face.path.parent for face in faces)
    return replace(found, queues=queues_of(found), folders=folders)


_Files = Mapping[int, Sequence[tuple[Path, FileState]]]  # where photos lie, as they were when they were looked at


def _asked(library: OpenLibrary) -> tuple[Sequence[Face], _Files]:
    """Return everybody whom a review asks about, as if their photos lay where they were seen first, and all places."""
    store = library.store
    everybody = store.waiting.seen(library.decisions.face_model_id)
    photo_ids = [seen.photo_id for seen in everybody]
    states = store.waiting.files({*photo_ids})
    files = {photo_id: [(state.path, state) for state in own] for photo_id, own in states.items()}
    likely = _suggested(library, photo_ids)
    faces = []
    for seen in everybody:
        if seen.photo_id in files and (seen.has_face or seen.appearance_id in likely):
            (path, _), *_ = files[seen.photo_id]
            who = likely.get(seen.appearance_id, (None, None, 0.0))
            place = path, seen.box, seen.has_face, seen.taken_at, seen.group
            faces.append(Face(seen.appearance_id, seen.photo_id, *place, *who))
    return faces, files


def _there(faces: Iterable[Face], files: _Files) -> Iterator[Face]:
    """Yield those whose photos lie unchanged somewhere, there."""
    paths = {
        photo_id: next((path for path, state in own if state.now(path) == state), None)
        for photo_id, own in files.items()
    }
    for face in faces:
        path = paths[face.photo_id]
        if path is face.path:
            yield face
        elif path:
            yield replace(face, path=path)


def _suggested(library: OpenLibrary, photo_ids: Sequence[int]) -> dict[int, tuple[int, float | None, float]]:
    """Return who everybody in photos may be, how likely that is, and by which distance or similarity."""
    decisions = library.decisions
    found: dict[int, tuple[int, float | None, float]] = {}
    distinct = [*dict.fromkeys(photo_ids)]
    for start in range(0, len(distinct), SPAN):
        photos = decisions.photos(distinct[start : start + SPAN])
        for decided in decisions.by_events(photos, decisions.by_faces(photos)):
            for decision in decided.appearances:
                person_id = decision.suggested or decision.person_id
                if person_id is not None:
                    found[decision.appearance_id] = person_id, _certainty(decision, person_id), decision.score or 0.0
    return found


def _certainty(decision: Decision, person_id: int) -> float | None:
    candidates = {candidate.person_id: candidate for candidate in (*decision.body, *decision.face)}
    candidate = candidates.get(person_id)
    return candidate.certainty if candidate else None


def queues_of(waiting: Waiting, choice: Choice = Choice()) -> Queues:
    """Sort who waits into the three queues: the largest groups and the people with most faces first."""
    groups, likely = defaultdict(list), defaultdict(list)
    singles = []
    for face in waiting.faces:
        if not choice.takes(face):
            continue
        if not face.has_face:
            singles.append(face)
        elif face.person_id in waiting.people:
            likely[face.person_id].append(face)
        else:
            groups[face.group].append(face)
    several = {key: faces for key, faces in groups.items() if len(faces) > 1 and key}
    alone = [face for key, faces in groups.items() if key not in several for face in faces]
    singles = [*sorted(alone, key=lambda face: (face.photo_id, face.id)), *singles]
    names = display_names(waiting.people.values())
    return Queues(
        _largest_first(Queue(key, tuple(faces), near=_near(key, waiting, several)) for key, faces in several.items()),
        _largest_first(_likely(key, faces, names[key]) for key, faces in likely.items() if key),
        tuple(Queue(face.id, (face,)) for face in singles),
    )


def _largest_first(queues: Iterator[Queue]) -> tuple[Queue, ...]:
    return tuple(sorted(queues, key=lambda queue: (-len(queue.faces), queue.id)))


def _likely(person_id: int, faces: Sequence[Face], name: str) -> Queue:
    best_first = sorted(faces, key=lambda face: face.sureness, reverse=True)
    return Queue(person_id, tuple(best_first), name)


def _near(group: int, waiting: Waiting, several: Collection[int]) -> tuple[int, ...]:
    pairs = [pair for pair in waiting.near if group in pair]
    others = [pair[0] if pair[1] == group else pair[1] for pair in pairs]
    return tuple(other for other in others if other in several)


def names_of(library: OpenLibrary, faces: Collection[int]) -> dict[int, str]:
    """Return what those of some faces are called who are said or decided to be somebody."""
    names, links = library.people.names(), library.store.people.links
    known = {face: known_as(links(face)) for face in faces}
    return {face: names[person_id] for face, person_id in known.items() if person_id is not None}


# What is said


def confirm(library: OpenLibrary, person_id: int, faces: Sequence[int]) -> Outcome:
    """Say that faces are a person, in one change."""
    person = library.people.by_number(person_id)
    return library.say(Is(faces, person))


def deny(library: OpenLibrary, person_id: int, faces: Sequence[int]) -> Outcome:
    """Say that faces are not a person, in one change."""
    person = library.people.by_number(person_id)
    return library.say(AreNot(faces, person))


def others_ignored(library: OpenLibrary, face: Face) -> Outcome:
    """Say that everybody in a photo whom nobody is said to be, but for one, is nobody to know; raises BadInput."""
    others = [key for key in library.store.groups.nobodies_in(face.photo_id) if key != face.id]
    if not others:
        raise BadInput("Nobody else unknown is in that photo.")
    return library.say(Ignored(others))
