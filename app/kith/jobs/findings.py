"""What a check found, face by face, and what can be done about it with a word: deny a face, or move it."""

from collections.abc import Collection
from dataclasses import dataclass

from kith.errors import BadInput
from kith.jobs.check import CheckFinished, Finding, check
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_changes import PersonChanges
from kith.jobs.review import Spot
from kith.jobs.user_words import AreNot
from kith.values.links import said_to_be


@dataclass(frozen=True, slots=True)
class FindingFace:
    """A face that a finding is about, in which photo, and who it is said to be."""

    appearance_id: int
    photo_id: int
    spot: Spot
    person_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Card:
    """A finding with its faces, and the numbers of the people it is about.

    `pair` are two people who may be one, or of whom one has faces of the other: None where there are no two.
    """

    finding: Finding
    faces: tuple[FindingFace, ...]
    people: tuple[int, ...]

    @property
    def pair(self) -> tuple[int, int] | None:
        """The two people."""
        return (self.people[0], self.people[1]) if len(self.people) == 2 else None


def cards(library: OpenLibrary) -> tuple[CheckFinished, list[Card]]:
    """Check the knowledge base, by stored observations only, and return what was found, the worst first."""
    finished = check(library.settings)
    names = library.people.names()
    numbers = {name: key for key, name in names.items()}
    found = []
    for finding in finished.findings:
        people = tuple(numbers[name] for name in finding.people if name in numbers)
        faces = [_face(library, key, names) for key in finding.faces]
        found.append(Card(finding, tuple(filter(None, faces)), people))
    return finished, found


def deny(library: OpenLibrary, card: Card, appearance_ids: Collection[int]) -> Outcome:
    """Say that faces of a finding are not who they are said to be; raises BadInput unless that is one person."""
    person_id = _whose(card, appearance_ids)
    return library.say(AreNot(list(appearance_ids), library.people.by_number(person_id)))


def move(library: OpenLibrary, card: Card, appearance_ids: Collection[int]) -> Outcome:
    """Say that faces of one of a finding's two people are the other; raises BadInput unless they are of one."""
    person_id = _whose(card, appearance_ids)
    others = [person for person in card.pair or () if person != person_id]
    if len(others) != 1:
        raise BadInput("It is about one person only: open their page to say who it is.")
    return PersonChanges(library).split(library.people.by_number(person_id), appearance_ids, f"#{others[0]}")


def _whose(card: Card, appearance_ids: Collection[int]) -> int:
    whose = {face.person_id for face in card.faces if face.appearance_id in appearance_ids}
    if len(whose) != 1:
        raise BadInput("Choose faces of one person.")
    return whose.pop()


def _face(library: OpenLibrary, appearance_id: int, names: dict[int, str]) -> FindingFace | None:
    reviews = library.store.reviews
    person_id = said_to_be(library.store.people.links(appearance_id))
    if person_id is None:  # taken back while the check ran
        return None
    photo_id, box = reviews.place(appearance_id)
    return FindingFace(appearance_id, photo_id, Spot(reviews.file_of(photo_id), box), person_id, names[person_id])
