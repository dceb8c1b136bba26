"""Who of another library is whom here: known from before, named in the same photos, called or looking the same."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kith.errors import BadInput
from kith.identity.same_people import Resemblance, distance_between, resemblances, telling_faces
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_names import person_called, same_name, why_no_name
from kith.jobs.phrases import display_names
from kith.jobs.told_people import ToldPeople
from kith.text import counted
from kith.values.links import said_to_be
from kith.values.persons import Person
from kith.vision.observations import Observation


class Verdict(StrEnum):
    """What becomes of a person of another library."""

    SAME = "same"
    MERGE = "merge"
    NEW = "new"
    WITHOUT = "left out"


Choices = Mapping[str, "str | Verdict"]  # by the name there: the name here, or NEW, or WITHOUT


@dataclass(frozen=True, slots=True)
class PersonMeant:
    """Somebody of a file, by number and name there, and who that is here: `into`, of number `person_id`.

    `distance` is how far their faces are from that person's, or from those of whom they may be instead: `perhaps`.
    """

    number: int
    name: str
    verdict: Verdict
    reason: str
    person_id: int | None = None
    into: str = ""
    distance: float | None = None
    perhaps: str = ""


@dataclass(order=True, frozen=True, slots=True)
class _Claim:
    """Grounds for taking somebody for a person here; those of the lowest rank are the best."""

    rank: int
    weakness: float
    number: int
    person_id: int
    verdict: Verdict = field(compare=False)
    reason: str = field(compare=False)


_CHOSEN, _KNOWN, _CALLED_ALIKE, _NAMED, _ALIKE, _CALLED = range(6)
_SHARED = _KNOWN  # by no weaker grounds are two of a file one person here


class Matching:
    """Finds out who of a file is whom in an open library, None where there is none yet."""

    def __init__(self, told: ToldPeople, library: OpenLibrary | None) -> None:
        self._told = told
        self._library = library
        self._here = library.people.all() if library else {}
        self._shown = display_names(self._here.values())
        self._called = display_names(told.persons.values())
        self._faces: dict[int, list[Observation]] = {}
        self._alike: dict[int, dict[int, Resemblance]] = {}
        self._why_not: dict[int, str] = {}
        self._codes = library.store.exchange.codes() if library else {}
        self._places = told.known_here(library.store) if library else {}  # faces of the file, and which these are here
        if library:
            self._compare(library)

    def meant(self, choices: Choices) -> list[PersonMeant]:
        """Return who is whom, in the order of the file, as chosen or else proposed; raises BadInput."""
        chosen = self._chosen(choices)
        claims = [claim for claim in chosen.values() if isinstance(claim, _Claim)]
        open_ones = [number for number in self._told.persons if number not in chosen]
        claims += [claim for number in open_ones for claim in self._claims(number)]
        given: dict[int, _Claim] = {}
        taken: set[int] = set()
        for claim in sorted(claims):
            if claim.number not in given and (claim.rank <= _SHARED or claim.person_id not in taken):
                given[claim.number] = claim
                taken.add(claim.person_id)
        return [self._person_meant(number, given.get(number), chosen.get(number)) for number in self._told.persons]

    def _chosen(self, choices: Choices) -> dict[int, "_Claim | Verdict"]:
        found: dict[int, _Claim | Verdict] = {}
        for text, choice in choices.items():
            theirs = person_called(self._told.persons.values(), text)
            if theirs is None:
                raise BadInput(f"Nobody in the file is called {text}.")
            found[theirs.id] = choice if isinstance(choice, Verdict) else self._claim_chosen(theirs, choice)
        return found

    def _claim_chosen(self, theirs: Person, text: str) -> _Claim:
        ours = person_called(self._here.values(), text)
        if ours is None:
            raise BadInput(f"Nobody here is called {text}: name somebody who is known, or let {theirs.name} be new.")
        return self._claim(_CHOSEN, 0, theirs.id, ours.id, "chosen")

    def _compare(self, library: OpenLibrary) -> None:
        decider = library.decisions.decider
        for number in self._told.persons:
            faces = telling_faces(self._told.faces(number, decider.faces.model_id), decider.least_sharpness)
            self._faces[number] = faces
        self._alike = resemblances(decider, self._faces)

    def _claims(self, number: int) -> Iterator[_Claim]:
        """Yield all grounds for taking somebody for people here."""
        yield from self._known(number)
        yield from self._named(number)
        for person_id, likeness in self._alike.get(number, {}).items():
            if likeness.is_sure:
                yield self._claim(_ALIKE, -likeness.sure, number, person_id, "the faces are alike")
        yield from self._by_name(number)

    def _known(self, number: int) -> Iterator[_Claim]:
        for code in self._told.codes[number]:
            if code in self._codes:
                yield _Claim(_KNOWN, 0, number, self._codes[code], Verdict.SAME, "known from before")

    def _named(self, number: int) -> Iterator[_Claim]:
        """Go by photos of both libraries: the faces that are this person there, and whom they are said to be here."""
        if self._library is None:
            return
        links = self._library.store.people.links
        here = [self._places[face] for face in self._told.named.get(number, ()) if face in self._places]
        named = Counter(said for said in (said_to_be(links(face)) for face in here) if said is not None)
        for person_id, count in named.most_common(1):
            if 2 * count > named.total() and self._may_be(number, person_id):
                reason = f"{counted(count, 'face')} named the same in photos of both"
                yield self._claim(_NAMED, 0, number, person_id, reason)

    def _claim(self, rank: int, weakness: float, number: int, person_id: int, reason: str) -> _Claim:
        called_alike = _called_alike(self._told.persons[number], self._here[person_id])
        return _Claim(rank, weakness, number, person_id, Verdict.SAME if called_alike else Verdict.MERGE, reason)

    def _may_be(self, number: int, person_id: int) -> bool:
        """Say whether somebody's faces, or else their name, do not speak against a person here."""
        if _called_alike(self._told.persons[number], self._here[person_id]):
            return True
        likeness = self._alike[number].get(person_id)
        return bool(likeness and likeness.is_likely) or self._apart(number, person_id) is None

    def _by_name(self, number: int) -> Iterator[_Claim]:
        theirs = self._told.persons[number]
        called = [person for person in self._here.values() if _called_alike(theirs, person)]
        if not called:
            return
        for ours in called:
            apart = self._apart(number, ours.id)
            likeness = self._alike[number].get(ours.id)
            own = same_name(theirs.name, ours.name)
            if apart is None and len(called) == 1:
                yield self._claim(_CALLED, not own, number, ours.id, "the name is the same")
            elif likeness and likeness.is_likely:
                reason = "the name is the same, the faces are alike"
                yield self._claim(_CALLED_ALIKE, -likeness.likely, number, ours.id, reason)
            else:
                several = "several here are called so" if apart is None else "the name is the same, but not the face"
                self._why_not[number] = several

    def _apart(self, number: int, person_id: int) -> float | None:
        if self._library is None:
            return None
        return distance_between(self._library.decisions.decider.faces, person_id, self._faces[number])

    def _person_meant(self, number: int, claim: _Claim | None, chosen: "_Claim | Verdict | None") -> PersonMeant:
        name = self._called[number]
        if claim:
            person, apart = claim.person_id, self._apart(number, claim.person_id)
            return PersonMeant(number, name, claim.verdict, claim.reason, person, self._shown[person], apart)
        no_name = why_no_name(self._told.persons[number].name)
        if no_name and chosen is Verdict.NEW:
            raise BadInput(f"{no_name} Let them be somebody who is known here, or leave them out.")
        if isinstance(chosen, Verdict):
            return PersonMeant(number, name, chosen, "chosen")
        if no_name:
            return PersonMeant(number, name, Verdict.WITHOUT, no_name)
        likely = [person for person, likeness in self._alike.get(number, {}).items() if likeness.is_likely]
        perhaps = next(iter(likely), None) or next(iter(self._namesakes(number)), None)
        reason = self._why_not.get(number, "nobody here is called so, or looks so")
        if perhaps is None:
            return PersonMeant(number, name, Verdict.NEW, reason)
        apart = self._apart(number, perhaps)
        return PersonMeant(number, name, Verdict.NEW, reason, distance=apart, perhaps=self._shown[perhaps])

    def _namesakes(self, number: int) -> Sequence[int]:
        theirs = self._told.persons[number]
        return [person.id for person in self._here.values() if _called_alike(theirs, person)]


def _called_alike(theirs: Person, ours: Person) -> bool:
    """Say whether two have a name in common, their own or another."""
    names = (ours.name, *ours.aliases)
    return any(same_name(name, other) for name in (theirs.name, *theirs.aliases) for other in names)
