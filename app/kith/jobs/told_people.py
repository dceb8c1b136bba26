"""What a file of people tells, beside what is here: their words by face, and which of its faces are known here."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from kith.filing.people_file import AppearanceRow, ObservationRow, PeopleFile
from kith.library.photo_records import IMPORTED, Places, take_same_place
from kith.library.store import Store
from kith.photos.box import Box
from kith.values.links import Link, Source, Word, said_to_be
from kith.values.persons import Person
from kith.vision.observations import Kind, Observation

_WHOLE = Box(0, 0, 1, 1)  # where nobody knows a place: the whole photo
Photo = tuple[str, int]  # its image hash, and the way up


class ToldPeople:
    """The content of such a file, looked up; `persons` are its people by the file's own numbers."""

    def __init__(self, content: PeopleFile) -> None:
        self.content = content
        self.persons = {
            row.number: Person(
                row.number,
                " ".join(row.name.split()),
                aliases=(*row.aliases,),
                birth=row.birth,
                death=row.death,
                notes=row.notes,
                fields=(*row.fields.items(),),
                hidden=row.hidden,
            )
            for row in content.people
        }
        self.codes = {row.number: row.ids for row in content.people}

    @cached_property
    def words(self) -> Mapping[int, Sequence[Link]]:
        """What is said there of each appearance."""
        found: defaultdict[int, list[Link]] = defaultdict(list)
        for row in self.content.words:
            found[row.appearance].append(Link(row.appearance, row.person, Word(row.word), Source(row.source)))
        return found

    @cached_property
    def observations(self) -> Mapping[int, Sequence[Observation]]:
        """What models saw there of each appearance."""
        found: defaultdict[int, list[Observation]] = defaultdict(list)
        for row in self.content.observations:
            found[row.appearance].append(self._observation(row))
        return found

    def faces(self, number: int, model_id: str) -> list[Observation]:
        """Return the faces that are a person there, as a model saw them."""
        return [
            seen
            for appearance in self.named.get(number, ())
            for seen in self.observations.get(appearance, ())
            if seen.kind is Kind.FACE and seen.model_id == model_id
        ]

    @cached_property
    def named(self) -> Mapping[int, Sequence[int]]:
        """The appearances that are each person there."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for appearance, links in self.words.items():
            said = said_to_be(links)
            if said is not None:
                found[said].append(appearance)
        return found

    @cached_property
    def photos(self) -> Mapping[Photo, Sequence[AppearanceRow]]:
        """Who is spoken of in each photo."""
        found: defaultdict[Photo, list[AppearanceRow]] = defaultdict(list)
        for row in self.content.appearances:
            found[row.image_hash.removeprefix(IMPORTED), row.orientation].append(row)
        return found

    def place(self, row: AppearanceRow) -> Places:
        """Return where somebody shows, empty where that is not known."""
        place: dict[Kind | None, Box] = {seen.kind: seen.box for seen in self.observations.get(row.number, ())}
        if row.box:
            place[None] = Box(*row.box)
        return {} if {*place.values()} <= {_WHOLE} else place

    def known_here(self, store: Store) -> dict[int, int]:
        """Return which appearances of the file are which ones here: at the same place of the same photo."""
        found: dict[int, int] = {}
        for photo, rows in self.photos.items():
            photo_id = store.told.photo(*photo)
            if photo_id is not None:
                found |= self._known_in(store, photo_id, rows)
        return found

    def _known_in(self, store: Store, photo_id: int, rows: Sequence[AppearanceRow]) -> Iterator[tuple[int, int]]:
        free = {**store.photos.places(photo_id)}
        samples = [key for key in store.told.without_place(photo_id) if store.told.models_of(key)]
        for row in rows:
            place = self.place(row)
            if place:
                known = take_same_place(free, place)
            else:
                known = samples.pop(0) if samples and self.observations.get(row.number) else None
            if known is not None:
                yield row.number, known

    def _observation(self, row: ObservationRow) -> Observation:
        vector = self.content.vectors[row.model][row.row]
        box, qualities = Box(*row.box), (row.sharpness, row.pixels, row.frontality)
        return Observation(Kind(row.kind), row.model, box, 1.0, vector, *qualities)
