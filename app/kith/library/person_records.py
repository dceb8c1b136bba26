"""Subjective and linking layers: persons, and who says that an appearance is one of them."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from kith.library.connection import Damaged, LibraryConnection
from kith.library.photo_records import IMPORTED, now
from kith.library.soundness import date_of, name_of, number_of, text_of, whole
from kith.values.links import Link, Source, Word
from kith.values.persons import Person
from kith.values.samples import Sample
from kith.vision.observations import Kind

T = TypeVar("T")

# Of an appearance a: what the model ?2 last saw of the kind ?1, if more than the whole photo.
NEWEST_OBSERVATION = (
    "(SELECT max(id) FROM observations WHERE appearance_id = a.id AND kind = ?1 AND model_id = ?2 AND NOT weak)"
)
# Whose word counts, as `accepted_link` has it: links but for those that a word of the user's speaks against. The plus
# keeps SQLite from looking for these among all that the user ever said, once a link, by the index on the source.
ACCEPTED_LINKS = """
    CREATE TEMP VIEW accepted_links AS SELECT * FROM links WHERE word = 'is' AND NOT EXISTS (
        SELECT 1 FROM links u WHERE u.appearance_id = links.appearance_id AND +u.source = 'user'
        AND links.source != 'user' AND (u.word = 'is' OR u.person_id = links.person_id))"""
# The words of links l on whom somebody is, or is not, with that observation: rows for `sample_of`.
SAMPLES = f"""
    SELECT o.id, l.id, n.id, a.id, p.id, o.model_id, o.sharpness, o.frontality, o.vector, o.pixels, o.score
    FROM {{links}} l JOIN appearances a ON a.id = l.appearance_id JOIN observations o ON o.id = {NEWEST_OBSERVATION}
    LEFT JOIN persons n ON n.id = l.person_id LEFT JOIN photos p ON p.id = a.photo_id
    WHERE {{condition}} ORDER BY l.person_id, a.id"""
# Of links l: the columns of `link_of`, with the person only where there is one.
TAUGHT = "l.source IN ('user', 'dataset') AND l.source != 'machine'"  # the latter for the index, which holds only these
LINKS = "l.appearance_id, n.id, l.word, l.source, l.score, l.model_id"


class PersonRecords:
    """Persons and links."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection
        self._known: tuple[object, dict[int, Person]] = (None, {})

    def all(self) -> dict[int, Person]:
        """Return every person by id: the same dictionary, which is not to be changed, while nothing is written."""
        if self._connection.in_transaction:  # which may be taken back
            return self._all()
        state = self._connection.state()
        if self._known[0] != state:
            self._known = state, self._all()
        return self._known[1]

    def _all(self) -> dict[int, Person]:
        folders = self._of_each("person_folders", "folder", "folder")
        aliases = self._of_each("aliases", "name", "id")
        fields = self._of_each("person_fields", "key, value", "id")
        rows = self._connection.execute("SELECT id, name, birth, death, notes, hidden FROM persons ORDER BY id")
        return {
            key: Person(
                key,
                self._or(f"#{key}", key, name, name_of),  # a person stays, whatever is damaged of them
                tuple(folder for (folder,) in folders.get(key, ())),
                tuple(alias for (alias,) in aliases.get(key, ())),
                self._or(None, key, birth, date_of),
                self._or(None, key, death, date_of),
                self._or("", key, notes, text_of),
                tuple((field, value) for field, value in fields.get(key, ())),
                bool(hidden),
            )
            for key, name, birth, death, notes, hidden in rows
        }

    def _or(self, otherwise: T, key: int, value: Any, make: Callable[[Any], T]) -> T:
        """Return a detail of a person, or what stands for a damaged one."""
        try:
            return make(value)
        except (ValueError, TypeError):
            self._connection.left_out.add("persons", key)
            return otherwise

    def _of_each(self, table: str, columns: str, order: str) -> dict[int, list[tuple[str, ...]]]:
        found: dict[int, list[tuple[str, ...]]] = {}
        rows = self._connection.read(
            table,
            lambda row: (row[0], tuple(map(text_of, row[1:]))),
            f"SELECT id, person_id, {columns} FROM {table} ORDER BY {order}",
        )
        for person_id, values in rows:
            found.setdefault(person_id, []).append(values)
        return found

    def add(self, name: str, folder: str | None = None) -> int:
        """Enter a person, taught by a folder of the dataset or by none yet, and return their id."""
        cursor = self._connection.execute("INSERT INTO persons (name, added_at) VALUES (?, ?)", (name, now()))
        person_id = int(cursor.lastrowid or 0)
        if folder is not None:
            self.give_folder(person_id, folder)
        return person_id

    def give_folder(self, person_id: int, folder: str, instead_of: str | None = None) -> None:
        """Say that a folder teaches the person, perhaps one renamed; their name follows if it was the folder's."""
        if instead_of is None:
            self._connection.execute(
                "INSERT INTO person_folders (folder, person_id) VALUES (?, ?) ON CONFLICT (folder) DO UPDATE "
                "SET person_id = excluded.person_id WHERE person_id NOT IN (SELECT id FROM persons)",  # of nobody
                (folder, person_id),
            )
            return
        self._connection.execute("UPDATE person_folders SET folder = ? WHERE folder = ?", (folder, instead_of))
        self._connection.execute(
            "UPDATE persons SET name = ? WHERE id = ? AND name = ?", (folder, person_id, instead_of)
        )

    def say(self, link: Link) -> None:
        """Enter a link in place of the same source's earlier word about this appearance and person."""
        self._connection.execute(
            "INSERT INTO links (appearance_id, person_id, word, source, score, model_id, made_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (appearance_id, person_id, source) DO UPDATE SET "
            "word = excluded.word, score = excluded.score, model_id = excluded.model_id, made_at = excluded.made_at "
            "WHERE word != excluded.word OR score IS NOT excluded.score OR model_id IS NOT excluded.model_id",
            (link.appearance_id, link.person_id, link.word, link.source, link.score, link.model_id, now()),
        )

    def replace_dataset_links(self, wanted: Iterable[tuple[int, int]]) -> None:
        """Make the dataset say exactly these (appearance, person) pairs, beside what was imported."""
        rows = self._connection.execute(
            "SELECT l.appearance_id, l.person_id FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "JOIN photos p ON p.id = a.photo_id "
            f"WHERE l.source = 'dataset' AND {TAUGHT} AND l.word = 'is' AND p.image_hash NOT GLOB ?",
            (f"{IMPORTED}*",),
        )
        present, target = set(rows), set(wanted)
        self._connection.executemany(
            "DELETE FROM links WHERE source = 'dataset' AND appearance_id = ? AND person_id = ?", present - target
        )
        for appearance_id, person_id in sorted(target - present):
            self.say(Link(appearance_id, person_id, Word.IS, Source.DATASET))

    def links(self, appearance_id: int) -> list[Link]:
        """Return all that is said of an appearance."""
        rows = self._connection.read(
            "links",
            link_of,
            f"SELECT l.id, {LINKS} FROM links l LEFT JOIN persons n ON n.id = l.person_id WHERE l.appearance_id = ?",
            (appearance_id,),
        )
        return list(rows)

    def mentions(self, person_id: int) -> list[tuple[int, Link]]:
        """Return all that is said of a person, each with its photo's id, photo by photo."""
        rows = self._connection.read(
            "links",
            lambda row: (whole(row[0]), link_of(row[1:])),
            f"SELECT l.id, a.photo_id, {LINKS} FROM links l JOIN appearances a ON a.id = l.appearance_id "
            "JOIN persons n ON n.id = l.person_id WHERE l.person_id = ? ORDER BY a.photo_id, a.id, l.source",
            (person_id,),
        )
        return list(rows)

    def counts(self) -> defaultdict[int, Counter[Source]]:
        """Return of how many appearances each source says that they are a person, by the person's id."""
        found: defaultdict[int, Counter[Source]] = defaultdict(Counter)
        rows = self._connection.read(
            "links",
            lambda row: (row[0], Source(row[1]), row[2]),
            "SELECT min(id), person_id, source, count(*) FROM links WHERE word = 'is' GROUP BY person_id, source",
        )
        for person_id, source, count in rows:
            found[person_id][source] = count
        return found

    def dataset_links(self, photo_ids: Collection[int]) -> list[tuple[int, int]]:
        """Return the dataset's (appearance, person) pairs in these photos."""
        return [(appearance, person) for _, appearance, person in self._dataset_links(photo_ids)]

    def taught_by_dataset(self) -> dict[int, set[int]]:
        """Return the photos that folders of the dataset teach each person from, by the person's id."""
        rows = self._connection.execute(
            "SELECT l.person_id, a.photo_id FROM links l JOIN appearances a ON a.id = l.appearance_id "
            f"JOIN photos p ON p.id = a.photo_id WHERE l.source = 'dataset' AND {TAUGHT} AND p.image_hash NOT GLOB ?",
            (f"{IMPORTED}*",),
        )
        found: defaultdict[int, set[int]] = defaultdict(set)
        for person_id, photo_id in rows:
            found[person_id].add(photo_id)
        return found

    def dataset_persons(self, photo_ids: Collection[int]) -> dict[int, int]:
        """Return photo id → person id as the dataset's links have it."""
        return {photo: person for photo, _, person in self._dataset_links(photo_ids)}

    def _dataset_links(self, photo_ids: Collection[int]) -> list[tuple[int, int, int]]:
        return self._connection.execute(
            "SELECT a.photo_id, a.id, l.person_id FROM appearances a JOIN links l ON l.appearance_id = a.id "
            "WHERE a.photo_id IN (SELECT value FROM json_each(?)) AND l.source = 'dataset'",
            (json.dumps([*photo_ids]),),
        ).fetchall()

    def taught(self, kind: Kind, model_id: str) -> list[Sample]:
        """Return what dataset and user teach: the newest observation of each appearance that is somebody.

        Rows ordered by person. A user's word goes over the dataset's.
        """
        return samples(self._connection, "accepted_links", TAUGHT, kind, model_id)

    def taught_models(self, kind: Kind) -> set[str]:
        """Return the ids of the models that made the observations which dataset and user teach."""
        rows = self._connection.execute(
            "SELECT DISTINCT o.model_id FROM observations o JOIN links l ON l.appearance_id = o.appearance_id "
            f"WHERE o.kind = ? AND NOT o.weak AND l.word = 'is' AND {TAUGHT}",
            (kind,),
        )
        return {row[0] for row in rows}


def samples(connection: LibraryConnection, links: str, condition: str, kind: Kind, model_id: str) -> list[Sample]:
    """Return the newest observation of each appearance that some `links` (table or view) say something of."""

    def sample_of(row: Sequence[Any]) -> Sample:
        link_id, person_id, appearance_id, photo_id, model, sharpness, frontality, vector, pixels, score = row
        if person_id is None or photo_id is None:
            raise Damaged("links", link_id)
        qualities = number_of(sharpness), number_of(frontality)
        seen, width, is_drawn = connection.vector(model, vector), number_of(pixels), score == 0
        return Sample(person_id, appearance_id, photo_id, *qualities, seen, width, is_drawn)

    query = SAMPLES.format(links=links, condition=condition)
    return list(connection.read("observations", sample_of, query, (kind, model_id)))


def links_by_photo(
    connection: LibraryConnection, photo_ids: Collection[int], condition: str = "TRUE"
) -> defaultdict[int, defaultdict[int, list[Link]]]:
    """Return all that is said of who shows in photos, photo by photo; `condition` limits the appearances `a`."""
    rows = connection.read(
        "links",
        lambda row: (row[0], link_of(row[1:])),
        f"SELECT l.id, a.photo_id, {LINKS} FROM appearances a JOIN links l ON l.appearance_id = a.id "
        "LEFT JOIN persons n ON n.id = l.person_id "
        f"WHERE a.photo_id IN (SELECT value FROM json_each(?)) AND {condition} ORDER BY l.id",
        (json.dumps([*photo_ids]),),
    )
    links: defaultdict[int, defaultdict[int, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for photo_id, link in rows:
        links[photo_id][link.appearance_id].append(link)
    return links


def link_of(row: Sequence[Any]) -> Link:
    """Return a link from the columns LINKS; raises ValueError or TypeError where they make none."""
    appearance_id, person_id, word, source, score, model_id = row
    distance = None if score is None else number_of(score)
    return Link(whole(appearance_id), whole(person_id), Word(word), Source(source), distance, model_id)
