"""No statement reads all of a large table to answer about some of it: those of a day with Kith are explained."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kith.jobs.build_kb import build_kb
from kith.jobs.check import check
from kith.jobs.drawn_faces import drawn
from kith.jobs.erasure import forget
from kith.jobs.evaluate import evaluate
from kith.jobs.open_library import OpenLibrary
from kith.jobs.overview import overview
from kith.jobs.people_wall import wall
from kith.jobs.person_changes import PersonChanges
from kith.jobs.person_page import person_page
from kith.jobs.photo_search import PhotoSearch
from kith.jobs.photo_view import view_photo
from kith.jobs.redecision import redecide
from kith.jobs.review_queues import waiting
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Heeded, Ignored, Shows
from kith.library.connection import LibraryConnection
from kith.library.store import Store, open_store
from kith.photos.box import Box
from kith.values.photo_filter import PhotoFilter, PhotoState
from tests.album import ANN, EVE, Album
from tests.desk import no_analysis, run_job, why
from tests.drawn import LEFT, RIGHT, draw
from tests.unknowns import all_unknown, question_on

LARGE = {"photos", "files", "analyses", "appearances", "observations", "links", "copies"}
# What asks for all rows of a large table, or for nearly all, by words that only this statement has.
WHOLE = {
    "SELECT p.id FROM photos p\n            WHERE  (EXISTS": "all photos that are the machine's to decide",
    "coalesce(g.group_id, 0),": "who waits for a word in any filed photo",
    "AS has_face": "who is unknown in any filed photo",
    "ORDER BY p.taken_at DESC": "all photos in their order, kept until something is written",
    "SELECT photo_id FROM files WHERE NOT": "all photos but the people folder's, kept until something is written",
    "CROSS JOIN accepted_links l": "all photos in which anybody is known, kept until something is written",
    "SELECT photo_id FROM files WHERE path LIKE": "the photos whose path holds a word",
    "SELECT path, path FROM files WHERE NOT": "all folders with recognised photos",
    "substr(path, -length(": "the photos that a bare file name may mean",
    "p.phash FROM files f": "which of the photos in a run are nearly the same",
    "SELECT f.path, p.id, p.phash FROM files f": "which of all photos are the same, once for every search",
}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Every statement that any open library runs from here on, with a library to explain it by."""
    seen: dict[str, Path] = {}
    make = Store.__init__

    def traced(self: Store, connection: LibraryConnection) -> None:
        make(self, connection)
        connection.set_trace_callback(lambda statement: seen.setdefault(statement, connection.path))

    monkeypatch.setattr(Store, "__init__", traced)
    return seen


def _scanned(connection: sqlite3.Connection, statement: str) -> set[str]:
    """Return the large tables that a statement reads from end to end."""
    named = re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?!WHERE|JOIN|ON|SET|ORDER|CROSS)(\w+))?", statement)
    tables = {alias or table: table for table, alias in named}
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    scans = (str(match[1]) for step in plan if (match := re.match(r"SCAN (\w+)", step)))
    return {tables.get(name, name) for name in scans} & LARGE


@pytest.mark.parametrize(
    ("statement", "scanned"),
    [
        ("SELECT 1 FROM photos WHERE camera = 'x'", {"photos"}),
        ("SELECT 1 FROM photos p JOIN files f ON f.size = p.width WHERE p.id = 1", {"files"}),
        ("UPDATE links SET score = 1", {"links"}),
        ("SELECT 1 FROM files f WHERE f.photo_id = 3", set()),
    ],
)
def test_a_scan_is_seen(tmp_path: Path, statement: str, scanned: set[str]) -> None:
    with closing(open_store(tmp_path / "library.sqlite", create=True)) as store:
        assert _scanned(store._connection, statement) == scanned


def test_no_statement_reads_a_large_table_from_end_to_end(tmp_path: Path, statements: dict[str, Path]) -> None:
    album = Album(tmp_path)
    ann = album.save(draw((ANN, LEFT)), "album/ann.png")
    both = album.save(draw((ANN, LEFT), (EVE, RIGHT)), "album/both.png")
    for shade in (3, 4, 5):
        album.save(draw((EVE, RIGHT), shade=shade), f"album/eve{shade}.png")
    album.recognise()
    run_job(album.settings, build_kb, executor=no_analysis)
    run_job(album.settings, redecide, executor=no_analysis)
    with closing(OpenLibrary(album.settings)) as library:
        (group,) = Unknowns(library).groups(2)
        library.say(Ignored(Unknowns(library).in_photo(str(both))))
        library.say(Heeded(Unknowns(library).all_in_photo(str(both))))
        Unknowns(library).name(group.id, "Eve")
    with closing(OpenLibrary(album.settings)) as library:
        library.undo()
        PersonChanges(library).rename(library.people.find("Ann"), "Anna")
        PersonChanges(library).merge(library.people.find("Anna"), library.people.find("Bob"))
        library.undo()
        library.history()
    with closing(OpenLibrary(album.settings)) as library:
        for unknown in all_unknown(library):
            question_on(library, unknown)
        overview(library)
    with closing(OpenLibrary(album.settings)) as library:
        search = PhotoSearch(library)
        ann_id = library.people.find("Anna").id
        for state in (None, *PhotoState):
            wanted = PhotoFilter([ann_id], [ann_id], [0], state, since="2000", until="2030", text="ann both")
            search.find(wanted)
        search.cards(search.find(PhotoFilter(folder=album.album)).photos)
        search.choices()
        view_photo(library, library.store.photos.at_path(ann) or 0)
        library.say(Shows(library.store.photos.at_path(ann) or 0, "Zoe", Box(0.1, 0.1, 0.2, 0.2)))
        drawn(library)
        library.undo()
    why(album.settings, ann)
    why(album.settings, ann.name)
    check(album.settings)
    evaluate(album.settings, None, None)
    with closing(OpenLibrary(album.settings)) as library:
        forget(library, library.people.find("Bob"))

    with closing(open_store(album.settings.library_file)) as store:  # which has the view beside the tables
        connection = store._connection
        explained = [one for one in statements if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", one)]
        scanning = [one for one in explained if _scanned(connection, one)]
    assert len(explained) > 100
    assert [one for one in scanning if not any(words in one for words in WHOLE)] == []
    assert all(any(words in one for one in scanning) for words in WHOLE), "what is excused here no longer runs"


OF_FEW_VALUES = ("links_by_source", "copies_by_output")  # indexes by which nearly all rows may be one value's


def test_what_is_asked_of_some_photos_does_not_go_through_all_links_or_copies(
    tmp_path: Path, statements: dict[str, Path]
) -> None:
    album = Album(tmp_path)
    album.save(draw((ANN, LEFT)), "album/ann.png")
    album.recognise()
    statements.clear()
    album.recognise(looks=False)
    of_some = [one for one in statements if "json_each" in one]
    with closing(open_store(album.settings.library_file)) as store:
        plans = {one: str(store._connection.execute(f"EXPLAIN QUERY PLAN {one}").fetchall()) for one in of_some}
    assert len(plans) >= 5
    assert [one for one, plan in plans.items() if any(index in plan for index in OF_FEW_VALUES)] == []


def test_whose_word_counts_is_not_looked_for_among_all_that_the_user_said(
    tmp_path: Path, statements: dict[str, Path]
) -> None:
    album = Album(tmp_path)
    both = album.save(draw((ANN, LEFT), (EVE, RIGHT)), "album/both.png")
    album.recognise()
    with closing(OpenLibrary(album.settings)) as library:
        library.say(Ignored(Unknowns(library).in_photo(str(both))))
        statements.clear()
        wall(library)
        person_page(library, library.people.find("Ann").id)
        waiting(library)
        asked = [one for one in statements if "accepted_links" in one]
        store = library.store._connection
        plans = {one: str(store.execute(f"EXPLAIN QUERY PLAN {one}").fetchall()) for one in asked}
    assert len(plans) >= 4
    assert [one for one, plan in plans.items() if "SEARCH u USING INDEX links_by_source" in plan] == []
