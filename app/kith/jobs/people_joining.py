"""People of another library join those here: details, words and what was seen, and nothing said here gives way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kith.filing.people_file import AppearanceRow
from kith.jobs.open_library import OpenLibrary
from kith.jobs.people_matching import PersonMeant, Verdict
from kith.jobs.phrases import IN_WORDS
from kith.jobs.references import label_of
from kith.jobs.told_people import Photo, ToldPeople
from kith.library.store import Store
from kith.values.links import Link, Word, denied_by_user, said_to_be
from kith.values.partial_dates import same_date
from kith.values.persons import Person

_IGNORED = "ignored"


@dataclass(slots=True)
class Joined:
    """What became of a file: new people, words written and known before, samples taken over, and who is named now.

    `contradictions` tell what is said otherwise there: it is kept beside, and changes nothing.
    """

    new: int = 0
    words: int = 0
    known: int = 0
    samples: int = 0
    named: list[int] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)


class PeopleJoining:
    """Writes down what a file tells, within the caller's change."""

    def __init__(self, library: OpenLibrary, told: ToldPeople, meant: Sequence[PersonMeant]) -> None:
        self._store: Store = library.store
        self._people = library.people
        self._told = told
        self._meant = meant
        self._ours: dict[int, int] = {}
        self._ignored = {row.appearance for row in told.content.ignored}
        self._ignored_here = {key for key, _ in self._store.groups.ignored()}
        self.joined = Joined()

    def join(self) -> None:
        """Write down people first, then photo by photo who they are in it."""
        known = self._told.known_here(self._store)
        for meant in self._meant:
            if meant.verdict is not Verdict.WITHOUT:
                self._ours[meant.number] = self._person(meant)
        self._names = self._people.names()
        for photo, rows in self._told.photos.items():
            wanted = [row for row in rows if self._is_wanted(row.number)]
            if wanted:
                self._join_photo(photo, wanted, known)
        self._choose_key_faces(known)

    def _person(self, meant: PersonMeant) -> int:
        theirs = self._told.persons[meant.number]
        ours = self._new(theirs) if meant.person_id is None else self._people.by_number(meant.person_id)
        self.joined.contradictions += _contradicting_details(ours, theirs)
        self._store.edits.join_details(ours, theirs)
        self._store.told.know_as(ours.id, self._told.codes[meant.number])
        return ours.id

    def _new(self, theirs: Person) -> Person:
        person = Person(self._store.people.add(theirs.name), theirs.name)
        self.joined.new += 1
        if theirs.hidden:
            self._store.edits.describe(person.id, {"hidden": True})
        return person

    def _is_wanted(self, number: int) -> bool:
        words = self._told.words.get(number, ())
        return number in self._ignored or any(link.person_id in self._ours for link in words)

    def _join_photo(self, photo: Photo, rows: Sequence[AppearanceRow], known: dict[int, int]) -> None:
        photo_id = self._store.told.photo(*photo)
        if photo_id is None:
            photo_id = self._store.told.enter_photo(*photo, rows[0].taken_at, rows[0].phash)
        for row in rows:
            appearance = known.get(row.number)
            if appearance is None:
                appearance = known[row.number] = self._appearance(photo_id, row)
            self._see(photo_id, appearance, row.number)
            self._say(appearance, row.number)

    def _appearance(self, photo_id: int, row: AppearanceRow) -> int:
        """Return somebody in a photo who is not known by their place: entered now, but for who is named without one."""
        place = self._told.place(row)
        if not place and not self._told.observations.get(row.number):
            said = said_to_be(self._links(row.number))
            for key in self._store.told.without_place(photo_id):
                if said is not None and said_to_be(self._store.people.links(key)) == said:
                    return key
        return self._store.photos.add_appearance(photo_id, next(iter(place.values()), None))

    def _see(self, photo_id: int, appearance: int, number: int) -> None:
        """Take over what models saw there that did not see it here."""
        here = self._store.told.models_of(appearance)
        for seen in self._told.observations.get(number, ()):
            if (seen.kind, seen.model_id) not in here:
                self._store.told.add_observation(photo_id, appearance, seen)
                self.joined.samples += 1

    def _links(self, number: int) -> list[Link]:
        """Return what is said there of somebody, with people by their numbers here."""
        links = self._told.words.get(number, ())
        ours = [(link, self._ours[link.person_id]) for link in links if link.person_id in self._ours]
        return [Link(link.appearance_id, person, link.word, link.source) for link, person in ours]

    def _say(self, appearance: int, number: int) -> None:
        theirs = self._links(number)
        said = said_to_be(theirs)
        for person, word in dict.fromkeys((link.person_id, link.word) for link in theirs):
            counts = person == said if word is Word.IS else person != said
            self._say_word(appearance, person, word, counts)
        if number in self._ignored:
            self._ignore(appearance)

    def _say_word(self, appearance: int, person: int, word: Word, counts: bool) -> None:
        links = self._store.people.links(appearance)
        said, denied = said_to_be(links), denied_by_user(links)
        if person == said if word is Word.IS else person in denied:
            self.joined.known += 1
        elif not counts:
            self._store.told.contradict(appearance, person, word)  # they say otherwise themselves
        elif against := self._against(appearance, person, word, said, denied):
            self._contradict(appearance, person, word, against)
        else:
            self._write(appearance, person, word)

    def _against(self, appearance: int, person: int, word: Word, said: int | None, denied: set[int]) -> str:
        """Return what is said here against a word, empty where nothing is."""
        if word is Word.IS_NOT:
            return self._names[person] if said == person else ""
        if said is not None:
            return self._names[said]
        if person in denied:
            return f"not {self._names[person]}"
        return "nobody to know" if appearance in self._ignored_here else ""

    def _contradict(self, appearance: int, person: int, word: Word, against: str) -> None:
        self._store.told.contradict(appearance, person, word)
        label = label_of(self._store, appearance)
        told = f"{label} {IN_WORDS[word]} {self._names[person]} there, {against} here, which stays."
        self.joined.contradictions.append(told)

    def _write(self, appearance: int, person: int, word: Word) -> None:
        self.joined.words += 1
        if word is Word.IS:
            self._store.edits.name(appearance, person)
            self.joined.named.append(appearance)
        else:
            self._store.edits.never(appearance, person)

    def _ignore(self, appearance: int) -> None:
        said = said_to_be(self._store.people.links(appearance))
        if said is not None:
            self._store.told.contradict(appearance, None, _IGNORED)
            label = label_of(self._store, appearance)
            told = f"{label} is nobody to know there, {self._names[said]} here, which stays."
            self.joined.contradictions.append(told)
        elif appearance in self._ignored_here:
            self.joined.known += 1
        else:
            self._store.groups.ignore([appearance])
            self.joined.words += 1

    def _choose_key_faces(self, known: Mapping[int, int]) -> None:
        """Let the faces that stand for people there do so here, but for people of whom another one was chosen."""
        chosen = self._store.exchange.key_faces()
        for row in self._told.content.people:
            person = self._ours.get(row.number)
            face = known.get(row.key_face) if row.key_face is not None else None
            if person is not None and face is not None and person not in chosen:
                self._store.edits.set_key_face(person, face)
                chosen[person] = face


def _contradicting_details(ours: Person, theirs: Person) -> Iterator[str]:
    dates = (("was born", ours.birth, theirs.birth), ("died", ours.death, theirs.death))
    for what, here, there in dates:
        if here and there and same_date(here, there) is None:
            yield f"{ours.name} {what} {there} there, {here} here: this stays, that is noted."
    fields = dict(ours.fields)
    for key, value in theirs.fields:
        if key in fields and value not in fields[key].split("; "):
            yield f"{ours.name}, {key}: {value} there, {fields[key]} here: both are kept."
