"""What the user does to persons and links; each within a change, so that it can be undone."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence

from kith.library.person_records import PersonRecords
from kith.text import as_read
from kith.values.links import Link, Source, Word, said_to_be
from kith.values.partial_dates import earliest, latest, same_date
from kith.values.persons import Person


class PersonEdits:
    """Edits of persons and of the user's words, each within the caller's change."""

    def __init__(self, connection: sqlite3.Connection, people: PersonRecords) -> None:
        self._connection = connection
        self._people = people

    # What the user says of an appearance

    def name(self, appearance_id: int, person_id: int) -> None:
        """Say that an appearance is this person, in place of whom the user named before."""
        self._connection.execute(
            "DELETE FROM links WHERE appearance_id = ? AND source = 'user' AND word = 'is' AND person_id != ?",
            (appearance_id, person_id),
        )
        self._connection.execute(
            "DELETE FROM links WHERE appearance_id = ? AND source = 'machine' AND person_id != ?",
            (appearance_id, person_id),
        )
        self._connection.execute("DELETE FROM ignored WHERE appearance_id = ?", (appearance_id,))
        self._people.say(Link(appearance_id, person_id, Word.IS, Source.USER))

    def never(self, appearance_id: int, person_id: int) -> None:
        """Say that an appearance is not this person."""
        self._connection.execute(
            "DELETE FROM links WHERE appearance_id = ? AND source = 'machine' AND person_id = ?",
            (appearance_id, person_id),
        )
        self._people.say(Link(appearance_id, person_id, Word.IS_NOT, Source.USER))

    def take_back(self, appearance_id: int, person_id: int) -> None:
        """Take back what the user said of an appearance and a person, be it *is* or *is not*."""
        self._connection.execute(
            "DELETE FROM links WHERE appearance_id = ? AND source = 'user' AND person_id = ?",
            (appearance_id, person_id),
        )

    # Persons

    def rename(self, person_id: int, name: str) -> None:
        """Give a person another name."""
        self._connection.execute("UPDATE persons SET name = ? WHERE id = ? AND name != ?1", (name, person_id))
        self.drop_alias(person_id, name)

    def describe(self, person_id: int, values: Mapping[str, str | bool | None]) -> None:
        """Set some of birth, death, notes and hidden."""
        for column in values.keys() & {"birth", "death", "notes", "hidden"}:
            self._connection.execute(
                f"UPDATE persons SET {column} = ?1 WHERE id = ?2 AND {column} IS NOT ?1", (values[column], person_id)
            )

    def add_alias(self, person_id: int, name: str) -> None:
        """Add another name of a person."""
        self._connection.execute(
            "INSERT INTO aliases (person_id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (person_id, name)
        )

    def drop_alias(self, person_id: int, name: str) -> None:
        """Take another name of a person away."""
        self._connection.execute("DELETE FROM aliases WHERE person_id = ? AND name = ?", (person_id, name))

    def set_field(self, person_id: int, key: str, value: str | None) -> None:
        """Set a free field of a person, or take it away."""
        if value is None:
            self._connection.execute("DELETE FROM person_fields WHERE person_id = ? AND key = ?", (person_id, key))
            return
        self._connection.execute(
            "INSERT INTO person_fields (person_id, key, value) VALUES (?, ?, ?) "
            "ON CONFLICT (person_id, key) DO UPDATE SET value = excluded.value WHERE value != excluded.value",
            (person_id, key, value),
        )

    def set_key_face(self, person_id: int, appearance_id: int | None) -> None:
        """Let a face be the one that stands for a person, or with None the best by itself."""
        if appearance_id is None:
            self._connection.execute("DELETE FROM key_faces WHERE person_id = ?", (person_id,))
            return
        self._connection.execute(
            "INSERT INTO key_faces (person_id, appearance_id) VALUES (?, ?) ON CONFLICT (person_id) "
            "DO UPDATE SET appearance_id = excluded.appearance_id WHERE appearance_id != excluded.appearance_id",
            (person_id, appearance_id),
        )

    def move_folder(self, before: str, now: str) -> None:
        """Say that the dataset's folder of a person has another name."""
        self._connection.execute("DELETE FROM person_folders WHERE folder = ?", (now,))
        self._connection.execute("UPDATE person_folders SET folder = ? WHERE folder = ?", (now, before))

    def merge(self, kept: int, gone: int) -> None:
        """Let one person be another: links, folders, copies, names and details move to `kept`.

        An appearance that user or dataset said is either of them is the one who stays: what the user excluded of the
        other was said of two people who now are one. Any other *is not* about either stays, about the one who stays.
        """
        for appearance_id in self._about(gone):
            self._merge_links(appearance_id, kept, gone)
        for table in ("person_folders", "copies", "person_ids", "contradictions"):
            self._connection.execute(f"UPDATE {table} SET person_id = ? WHERE person_id = ?", (kept, gone))
        everybody = self._people.all()
        self.join_details(everybody[kept], everybody[gone])
        self._remove(gone)

    def split(self, appearance_ids: Collection[int], source: int, target: int) -> None:
        """Say that appearances of a person are another and not this one, which goes over the dataset's word."""
        for appearance_id in sorted(appearance_ids):
            self.name(appearance_id, target)
            self.never(appearance_id, source)

    def delete(self, person_id: int) -> None:
        """Delete a person with all that is said of them; appearances and photos stay, copies become Unknown's."""
        self._connection.execute("UPDATE copies SET person_id = NULL WHERE person_id = ?", (person_id,))
        self._connection.execute("DELETE FROM links WHERE person_id = ?", (person_id,))
        self._connection.execute("DELETE FROM person_folders WHERE person_id = ?", (person_id,))
        self._remove(person_id)

    def _remove(self, person_id: int) -> None:
        for table in ("aliases", "person_fields", "key_faces"):
            self._connection.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))
        self._connection.execute("DELETE FROM persons WHERE id = ?", (person_id,))

    def _about(self, person_id: int) -> list[int]:
        rows = self._connection.execute(
            "SELECT DISTINCT appearance_id FROM links WHERE person_id = ? ORDER BY appearance_id", (person_id,)
        )
        return [row[0] for row in rows]

    def _merge_links(self, appearance_id: int, kept: int, gone: int) -> None:
        links = self._people.links(appearance_id)
        of_both = [link for link in links if link.person_id in (kept, gone)]
        of_both.sort(key=lambda link: link.person_id != kept)
        is_one_of_them = said_to_be(links) in (kept, gone)
        for source in Source:
            pair = [link for link in of_both if link.source is source]
            words = {link.word for link in pair}
            if is_one_of_them:
                words.discard(Word.IS_NOT)
            elif len(words) > 1:
                words.discard(Word.IS)
            self._leave_one(pair, words, kept)

    def _leave_one(self, pair: Sequence[Link], words: Collection[Word], kept: int) -> None:
        """Of one source's words on both persons leave the one given, if any, as a word on the person who stays."""
        chosen = next((link for link in pair if link.word in words), None)
        for link in pair:
            key = (link.appearance_id, link.person_id, link.source)
            if link is not chosen:
                self._connection.execute(
                    "DELETE FROM links WHERE appearance_id = ? AND person_id = ? AND source = ?", key
                )
        if chosen and chosen.person_id != kept:
            self._connection.execute(
                "UPDATE links SET person_id = ? WHERE appearance_id = ? AND person_id = ? AND source = ?",
                (kept, chosen.appearance_id, chosen.person_id, chosen.source),
            )

    def join_details(self, kept: Person, gone: Person) -> None:
        """Give a person the names and details of another one; what both have is told once, what contradicts twice."""
        known = {as_read(name) for name in (kept.name, *kept.aliases)}
        for name in (gone.name, *gone.aliases):
            if as_read(name) not in known:
                self.add_alias(kept.id, name)
        fields = dict(kept.fields)
        for key, value in gone.fields:
            self.set_field(kept.id, key, _both(fields.get(key, ""), value, "; "))
        birth = _joined_date(kept.birth, gone.birth)
        death = _joined_date(kept.death, gone.death)
        if birth and death and not lived(birth, death):
            birth, death = kept.birth, kept.death
        notes = _both(kept.notes, gone.notes, "\n")
        for lost in (_lost_date(gone, "born", gone.birth, birth), _lost_date(gone, "died", gone.death, death)):
            notes = _both(notes, lost, "\n")
        self.describe(kept.id, {"birth": birth, "death": death, "notes": notes})


def lived(birth: str, death: str) -> bool:
    """Say whether a partial date of death may lie after one of birth."""
    return earliest(birth) <= latest(death)


def _both(own: str, other: str, between: str) -> str:
    """Return a text with those parts of another one behind it that it has not."""
    parts = own.split(between)
    return between.join(filter(None, (own, *(part for part in other.split(between) if part not in parts))))


def _lost_date(gone: Person, word: str, date: str | None, joined: str | None) -> str:
    """Return in words a date of a person who is gone, empty where the joined date tells it."""
    if date is None or (joined and same_date(joined, date) == joined):
        return ""
    return f"{gone.name}: {word} {date}"


def _joined_date(kept: str | None, gone: str | None) -> str | None:
    if kept and gone:
        return same_date(kept, gone) or kept
    return kept or gone
