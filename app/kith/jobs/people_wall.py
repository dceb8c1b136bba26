"""Everybody at a glance: the face that stands for each, and how many photos show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from kith.jobs.open_library import OpenLibrary
from kith.jobs.review import Spot
from kith.text import folded, unaccented


@dataclass(frozen=True, slots=True)
class WallPerson:
    """A person on the wall; `spot` is None where no photo of theirs shows a face."""

    id: int
    name: str
    names: tuple[str, ...]
    photos: int
    hidden: bool
    spot: Spot | None


def wall(library: OpenLibrary) -> list[WallPerson]:
    """Return everybody by name, the hidden among them."""
    store = library.store
    people, shown = library.people.all(), library.people.names()
    portraits = library.kept("portraits", store.portraits.all)
    counts = library.kept("photo counts", store.portraits.photo_counts)
    paths = store.reviews.files_of(portrait.photo_id for portrait in portraits.values())
    found = []
    for key, person in people.items():
        portrait = portraits.get(key)
        spot = Spot(paths.get(portrait.photo_id), portrait.box) if portrait else None
        names = person.name, *person.aliases
        found.append(WallPerson(key, shown[key], names, counts.get(key, 0), person.hidden, spot))
    return sorted(found, key=lambda person: (folded(person.name), person.id))


def searched(people: Iterable[WallPerson], text: str, with_hidden: bool = False) -> list[WallPerson]:
    """Return those with a name that holds the text, whatever its accents and letters' size."""
    wanted = unaccented(text.strip())
    named = (person for person in people if any(wanted in unaccented(name) for name in person.names))
    return [person for person in named if with_hidden or not person.hidden]
