"""A user's words go along when the file of a photo is edited, or another file shows the same."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kith.library.connection import LibraryConnection
from kith.library.person_records import PersonRecords, links_by_photo
from kith.library.photo_records import PhotoRecords, Places, box_of, now, take_same_place
from kith.photos.box import Box
from kith.values.links import Link, Source

Turn = Callable[[Box], Box]  # from the stored pixels of one content to those of another

_OF_PHOTO = {
    "appearances": "photo_id = ?",
    "observations": "appearance_id IN (SELECT id FROM appearances WHERE photo_id = ?)",
}


def as_stored(box: Box) -> Box:
    """Return a place as it is: both contents have the same stored pixels."""
    return box


def turn_between(before: int, after: int, turned: int = 1) -> Turn:
    """Return how a place in stored pixels goes over to others that show the same, by the orientations of both.

    `turned` is the orientation by which the upright photo was turned in between.
    """
    return lambda box: box.to_upright(before).to_upright(turned).to_stored(after)


class CarriedWords:
    """Places and words of one content of a photo, as another content has them; within the caller's transaction."""

    def __init__(self, connection: LibraryConnection, photos: PhotoRecords, people: PersonRecords) -> None:
        self._connection = connection
        self._photos = photos
        self._people = people

    def since(self, photo_id: int) -> str | None:
        """Return when words said before began to count for what a photo's file holds now; None where none do."""
        row = self._connection.execute("SELECT carried_at FROM photos WHERE id = ?", (photo_id,)).fetchone()
        return row[0] if row else None

    def keep(self, photo_id: int, turn: Turn) -> None:
        """Keep all that is said of a photo whose file has other pixels now, at the same places of the upright photo.

        Earlier analyses are no longer those of this photo.
        """
        self._connection.execute(
            "UPDATE analyses SET engine_id = 'before ' || id || ' ' || engine_id WHERE photo_id = ?", (photo_id,)
        )
        for table, condition in _OF_PHOTO.items():
            query = f"SELECT id, id, x, y, w, h FROM {table} WHERE {condition} AND x IS NOT NULL"
            boxes = self._connection.read(table, lambda row: (row[0], box_of(row[1:])), query, (photo_id,))
            turned = [(*turn(box), key) for key, box in boxes]
            self._connection.executemany(f"UPDATE {table} SET x = ?, y = ?, w = ?, h = ? WHERE id = ?", turned)
        self._mark(photo_id)

    def copy(self, source: int, target: int, turn: Turn) -> None:
        """Let the user's words on one photo count for another that shows the same, but where something is said."""
        words = links_by_photo(self._connection, [source], "l.source = 'user'")[source]
        ignored = self._ignored(source)
        places, free = self._photos.places(source), self._photos.places(target)
        for appearance_id in sorted(words.keys() | ignored):
            place = {kind: turn(box) for kind, box in places.get(appearance_id, {}).items()}
            self._say(self._appearance(free, place, target), words.get(appearance_id, ()), appearance_id in ignored)
        if words or ignored:
            self._mark(target)

    def _appearance(self, free: dict[int, Places], place: Places, photo_id: int) -> int:
        known = take_same_place(free, place) if place else None
        return known or self._photos.add_appearance(photo_id, place.get(None))

    def _say(self, appearance_id: int, words: Sequence[Link], is_ignored: bool) -> None:
        if any(link.source is Source.USER for link in self._people.links(appearance_id)):
            return
        for link in words:
            self._people.say(replace(link, appearance_id=appearance_id))
        if is_ignored:
            self._connection.execute(
                "INSERT INTO ignored (appearance_id, made_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (appearance_id, now()),
            )

    def _ignored(self, photo_id: int) -> set[int]:
        rows = self._connection.execute(
            "SELECT i.appearance_id FROM ignored i JOIN appearances a ON a.id = i.appearance_id WHERE a.photo_id = ?",
            (photo_id,),
        )
        return {row[0] for row in rows}

    def _mark(self, photo_id: int) -> None:
        self._connection.execute("UPDATE photos SET carried_at = ? WHERE id = ?", (now(), photo_id))
