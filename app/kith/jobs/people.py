"""The people of a library: found by what they are called, and what of their names and faces is worth a second look."""

from collections.abc import Iterable

from kith.errors import BadInput
from kith.jobs.person_names import alike, hints_on, person_called, person_meant
from kith.jobs.phrases import display_names
from kith.jobs.references import label_of
from kith.library.store import Store
from kith.messages import Action, Do, Message
from kith.values.links import known_as, said_to_be
from kith.values.persons import Person

SHOWN = 3  # photos that somebody is in twice


class People:
    """The people of a library; raises BadInput and BadKnowledgeBase."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._named: tuple[object, dict[int, str]] = (None, {})

    def all(self) -> dict[int, Person]:
        """Return everybody by number."""
        return self._store.people.all()

    def names(self) -> dict[int, str]:
        """Return the name to show for each person, a dictionary that is not to be changed."""
        people = self.all()
        if self._named[0] is not people:
            self._named = people, display_names(people.values())
        return self._named[1]

    def shown(self, person: Person | str) -> str:
        """Return the name to show for a person, be it somebody new."""
        return self.names()[person.id] if isinstance(person, Person) else person

    def find(self, text: str) -> Person:
        """Return the person of a name, another name or a number (#3); raises BadInput for none and for several."""
        person = person_called(self.all().values(), text)
        if person is None:
            raise BadInput(f"Nobody is called {text}: ", Do(Action.LIST_PEOPLE), " shows everybody.")
        return person

    def meant(self, text: str) -> Person | str:
        """Return the person whom a text means as in `find`, or the name of somebody new."""
        return person_meant(self.all().values(), text)

    def alike(self, text: str) -> tuple[int, str] | None:
        """Return whom a name was perhaps meant for that nobody has, by number and name to show; raises BadInput."""
        person = alike(self.all().values(), text)
        return (person.id, self.shown(person)) if person else None

    def by_number(self, person_id: int) -> Person:
        """Return the person of a number; raises BadInput where there is none any more."""
        person = self.all().get(person_id)
        if person is None:
            raise BadInput(f"There is no person #{person_id} any more: they were merged or deleted meanwhile.")
        return person

    def known(self, appearance_id: int) -> Person:
        """Return who an appearance is said or decided to be; raises BadInput where it is nobody."""
        person_id = known_as(self._store.people.links(appearance_id))
        if person_id is None:
            raise BadInput(f"Nobody is said to be {self._label(appearance_id)}: name the person.")
        return self.all()[person_id]

    def entered(self, person: Person | str) -> int:
        """Return a person's number, entered within the caller's change if it is somebody new."""
        return person.id if isinstance(person, Person) else self._store.people.add(person)

    def likeness(self, meant: Person | str, renamed: Person | None = None) -> tuple[str, ...]:
        """Return whom somebody new, or `renamed` by a new name, is called much like, in a sentence or none."""
        if isinstance(meant, Person):
            return ()
        others = [person for person in self.all().values() if person != renamed]
        return hints_on(others, meant)

    def twice(self, appearance_ids: Iterable[int]) -> tuple[str, ...]:
        """Return where one of these and somebody else in the photo are said to be one person, in a sentence or none."""
        photos = self._store.photos
        told = {}
        for key in appearance_ids:
            person_id = self._said_to_be(key)
            if person_id is None:
                continue
            photo_id = photos.photo_of(key) or 0
            same = [other for other in photos.appearances(photo_id) if self._said_to_be(other) == person_id]
            if len(same) > 1:
                labels = " and ".join(map(self._label, same))
                told[photo_id] = f"{labels} are {self.names()[person_id]}"
        if not told:
            return ()
        shown = [*told.values()][:SHOWN]
        more = f", and so on in {len(told) - SHOWN} more photos" if len(told) > SHOWN else ""
        hint = Message(
            f"Twice in one photo: {', '.join(shown)}{more}. That is right for a mirror or a collage; else ",
            Do(Action.UNDO),
            " takes it back.",
        )
        return (hint,)

    def _label(self, appearance_id: int) -> str:
        return label_of(self._store, appearance_id)

    def _said_to_be(self, appearance_id: int) -> int | None:
        return said_to_be(self._store.people.links(appearance_id))
