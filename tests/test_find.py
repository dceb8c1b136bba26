"""Searching as one types: the grammar, where it points at what is wrong, what is found, copied and shown."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from kith.errors import BadInput, BadSearch
from kith.gui.photos_place import PhotosPlace
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_search import PhotoSearch
from kith.jobs.search_text import SearchText
from kith.library.photo_queries import PhotoQueries
from kith.values.persons import Person
from kith.values.photo_condition import (
    AllOf,
    AnyOf,
    Below,
    Camera,
    Condition,
    Faces,
    InFolder,
    InState,
    Not,
    Shows,
    Taken,
    Words,
)
from kith.values.photo_filter import PhotoFilter, PhotoState
from tests.desk import ran
from tests.making import aged
from tests.small_world import World
from tests.windows import PATIENCE_MS, open_window

ANNA, BEN, CLEO, SMITH, OR, SECOND_BEN = 1, 2, 3, 4, 5, 6
PEOPLE = [
    Person(ANNA, "Anna"),
    Person(BEN, "Ben"),
    Person(CLEO, "Cléo", aliases=("Kleopatra the Great",)),
    Person(SMITH, "Anna Smith"),
    Person(OR, "Or"),
    Person(SECOND_BEN, "Ben"),
]
READER = SearchText(PEOPLE)


def _is(*people: int) -> Shows:
    return Shows(people)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", AllOf(())),
        ("  ", AllOf(())),
        ("Anna", _is(ANNA)),
        ("ANNA", _is(ANNA)),
        ("anna smith", _is(SMITH)),
        ("Anna cléo", AllOf((_is(ANNA), _is(CLEO)))),
        ("Anna Smith Cléo", AllOf((_is(SMITH), _is(CLEO)))),
        ("kleopatra  the great", _is(CLEO)),
        ("Ben", _is(BEN, SECOND_BEN)),
        ("Ben #6", _is(SECOND_BEN)),
        ("#3", _is(CLEO)),
        ("Anna?", Shows((ANNA,), perhaps=True)),
        ("Anna Smith?", Shows((SMITH,), perhaps=True)),
        ('"Or"', _is(OR)),
        ('"anna smith" or anna', AnyOf((_is(SMITH), _is(ANNA)))),
        ("Anna and Cléo or #2", AnyOf((AllOf((_is(ANNA), _is(CLEO))), _is(BEN)))),
        ("Anna (Cléo or #2)", AllOf((_is(ANNA), AnyOf((_is(CLEO), _is(BEN)))))),
        ("Anna together with Cléo", AllOf((_is(ANNA), _is(CLEO)))),
        ("not Anna", Not(_is(ANNA))),
        ("not not Anna", _is(ANNA)),
        ("NOT Anna AND Cléo", AllOf((Not(_is(ANNA)), _is(CLEO)))),
        ("((Anna))", _is(ANNA)),
        ("beach", Words("beach")),
        ("Ann", Words("Ann", (ANNA, SMITH))),
        ('"two words"', Words("two words")),
        ('"100%_"', Words("100%_")),
        ("android orchid nothing", AllOf((Words("android"), Words("orchid"), Words("nothing")))),
        ("year:2019", Taken("2019", "2019")),
        ("YEAR: 2019", Taken("2019", "2019")),
        ("year:2017..2019", Taken("2017", "2019")),
        ("date:2019-05..", Taken("2019-05", "")),
        ("from:2019-05-31", Taken("2019-05-31", "")),
        ("to:2019", Taken("", "2019")),
        ("faces:2", Faces(2, 2)),
        ("faces:2..", Faces(2)),
        ("faces:2..4", Faces(2, 4)),
        ("faces:..2", Faces(0, 2)),
        ("faces:0", Faces(0, 0)),
        ("camera:Canon", Camera("Canon")),
        ('camera:"EOS 5D"', Camera("EOS 5D")),
        ("folder:Italy", InFolder("Italy")),
        ("folder:2019/Italy/", InFolder("2019/Italy")),
        ("with:unsure", InState(PhotoState.UNSURE)),
        ("with:FAILED", InState(PhotoState.FAILED)),
        (
            "Anna and (Ben or Cléo) not Or1 year:2019 with:unsure",
            AllOf(
                (
                    _is(ANNA),
                    AnyOf((_is(BEN, SECOND_BEN), _is(CLEO))),
                    Not(Words("Or1")),
                    Taken("2019", "2019"),
                    InState(PhotoState.UNSURE),
                )
            ),
        ),
    ],
)
def test_what_a_search_means(text: str, meant: Condition) -> None:
    assert READER.read(text) == meant


@pytest.mark.skipif("os.sep == '\\\\'", reason="Windows spells such paths in another way")
def test_a_folder_may_be_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert READER.read("folder:/photos/../photos/2019/") == Below(Path("/photos/2019"))
    assert READER.read('folder:"~/my photos"') == Below(Path("/home/me/my photos"))


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("Anna and", 8, "missing"),
        ("Anna or ", 8, "missing"),
        ("or Anna", 0, "missing here"),
        ("and", 0, "missing here"),
        ("Anna and or Ben", 9, "missing here"),
        ("not", 3, "missing"),
        ("(Anna", 5, "closing bracket is missing"),
        ("(Anna or (Ben)", 14, "closing bracket is missing"),
        ("Anna)", 4, "no opening one"),
        ("()", 1, "missing here"),
        ('Anna "Ben', 5, "no second one"),
        ('""', 0, "nothing between"),
        ('year:" "', 5, "nothing between"),
        ("yaer:2019", 0, "yaer: is nothing to search by; there are year, date"),
        ("year:", 5, "missing"),
        ("year:(2019)", 5, "missing here"),
        ("Anna year:last", 10, "last is no date"),
        ("year:2019-13", 5, "2019-13 is no date"),
        ("date:..", 5, "no date"),
        ("date:2019..2020..2021", 5, "no date"),
        ("faces:two", 6, "two is no number of faces"),
        ("faces:..", 6, "no number"),
        ("faces:2...4", 6, "no number"),
        ("with:Anna", 5, "Anna is none of sure, unsure, unknown, failed"),
        ("a:b:c", 2, "missing here"),
    ],
)
def test_what_means_nothing_is_pointed_at(text: str, at: int, reason: str) -> None:
    with pytest.raises(BadSearch) as caught:
        READER.read(text)
    assert caught.value.at == at
    assert reason in caught.value.reason
    assert str(caught.value).endswith(f"{text[:at]}▸{text[at:]}")


@given(st.text(alphabet=st.sampled_from('()":?#. orandt Ännéa12..٣')) | st.text())
def test_whatever_is_typed_means_something_or_is_refused(text: str) -> None:
    with suppress(BadSearch):
        READER.read(text)


@pytest.mark.parametrize("text", ["(" * 7 + "Anna" + ")" * 7, "Anna " * 201])
def test_what_is_too_much_is_told(text: str) -> None:
    with pytest.raises(BadSearch, match=r"(?i)at most"):
        READER.read(text)


DEEP = "b a not (x? or Ann (Bob or " * 2 + "b a not (x or Ann (Bob? or Ann year:2019 faces:2" + "))" * 3


@pytest.mark.parametrize("text", [DEEP, "not " * 246 + "Ann", "a " * 498 + "x", "n or " * 199 + "x"])
def test_what_is_much_is_found(library: OpenLibrary, text: str) -> None:
    PhotoSearch(library).find(PhotoFilter(text=text))


LEAVES = st.one_of(
    st.builds(_is, st.sampled_from([ANNA, CLEO, SMITH])),
    st.builds(Words, st.sampled_from(["beach", "x (1).jpg", "or", "a:b"])),
    st.just(Taken("2019", "2019")),
    st.just(Faces(2)),
    st.just(Faces(0, 1)),
    st.just(Camera("EOS")),
    st.just(InState(PhotoState.UNSURE)),
)
TREES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(Not, parts.filter(lambda part: not isinstance(part, Not))),
        st.builds(AllOf, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def _written(condition: Condition) -> str:
    match condition:
        case Shows((person,)):
            return f'"{PEOPLE[person - 1].name}"'
        case Words(text):
            return f'"{text}"'
        case Taken(since, until):
            return f"year:{since}..{until}"
        case Faces(least, most):
            return f"faces:{least}.." if most is None else f"faces:{least}..{most}"
        case Camera(text):
            return f"camera:{text}"
        case InState(state):
            return f"with:{state}"
        case Not(part):
            return f"not {_written(part)}"
        case AllOf(parts):
            return f"({' and '.join(map(_written, parts))})"
        case AnyOf(parts):
            return f"({' or '.join(map(_written, parts))})"
    raise AssertionError(condition)


@given(TREES)
def test_a_tree_that_is_written_down_is_read_as_itself(tree: Condition) -> None:
    people = [person for person in PEOPLE if person.id != OR]  # who would be meant by the word
    assert SearchText(people).read(_written(tree)) == tree


@dataclass(frozen=True)
class Photo:
    """A photo as the test tells of it by itself, to be compared with what SQL finds."""

    path: str
    taken: str | None
    camera: str | None
    faces: int
    sure: frozenset[int]
    perhaps: frozenset[int]


def _holds(condition: Condition, photo: Photo, perhaps: bool = False) -> bool:
    match condition:
        case AllOf(parts):
            perhaps = perhaps or InState(PhotoState.UNSURE) in parts
            return all(_holds(part, photo, perhaps) for part in parts)
        case AnyOf(parts):
            return any(_holds(part, photo, perhaps) for part in parts)
        case Not(part):
            return not _holds(part, photo, perhaps)
        case Shows(people, also):
            shown = photo.sure | photo.perhaps if perhaps or also else photo.sure
            return bool(shown & set(people))
        case Words(text, people):
            return text.casefold() in photo.path.casefold() or _holds(Shows(people), photo, perhaps)
    return _is_so(condition, photo)


def _is_so(condition: Condition, photo: Photo) -> bool:
    match condition:
        case Taken(since, until):
            return photo.taken is not None and since <= photo.taken[: len(since)] and photo.taken[: len(until)] <= until
        case Faces(least, most):
            return least <= photo.faces <= (99 if most is None else most)
        case Camera(text):
            return text.casefold() in (photo.camera or "").casefold()
        case InFolder(name):
            return f"/{name}/".casefold() in photo.path.casefold()
        case InState(state):
            sure, perhaps = bool(photo.sure), bool(photo.perhaps)
            return {"sure": sure, "unsure": perhaps, "unknown": not sure and not perhaps}[state]
    raise AssertionError(condition)


TAKEN = {5: "2018-12-31T23:59:59", 6: "2019-01-01T00:00:00", 8: "2019-05-05T12:00:00", 10: "2020-02-29T08:00:00"}
CAMERAS = {5: "Canon EOS 5D", 6: "canon 100%", 13: "X_1"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("find"))
    world.recognise()
    with closing(sqlite3.connect(world.settings.library_file)) as library, library:
        for column, values in (("taken_at", TAKEN), ("camera", CAMERAS)):
            for number, value in values.items():
                photo = "(SELECT photo_id FROM files WHERE path LIKE ?)"
                library.execute(f"UPDATE photos SET {column} = ? WHERE id = {photo}", (value, f"%/input/{number}.png"))
    (world.root / "settings.json").write_text(json.dumps(world.values), encoding="utf-8")
    return world


@pytest.fixture(scope="module")
def library(world: World) -> Iterator[OpenLibrary]:
    with world.library() as library:
        yield library


@pytest.fixture(scope="module")
def photos(world: World, library: OpenLibrary) -> dict[int, Photo]:
    """Every recognised photo by its number, told by plain questions."""
    faces = dict(
        world.query(
            "SELECT a.photo_id, count(DISTINCT a.id) FROM appearances a JOIN observations o ON o.appearance_id = a.id "
            "WHERE o.kind = 'face' GROUP BY 1"
        )
    )
    linked = {}
    for table in ("accepted_links", "suggestions"):
        rows = library.store._connection.execute(
            f"SELECT a.photo_id, l.person_id FROM {table} l JOIN appearances a ON a.id = l.appearance_id"
        ).fetchall()
        linked[table] = {photo: frozenset(person for key, person in rows if key == photo) for photo, _ in rows}
    told = {}
    for key, path, taken, camera in world.query(
        "SELECT id, path, taken_at, camera FROM photos JOIN files ON photo_id = id WHERE path LIKE '%/input/%'"
    ):
        shown = (linked[table].get(key, frozenset()) for table in ("accepted_links", "suggestions"))
        told[key] = Photo(path, taken, camera, faces.get(key, 0), *shown)
    return told


SMALL = st.recursive(
    st.one_of(
        st.builds(Shows, st.lists(st.sampled_from([1, 2, 3]), max_size=2).map(tuple), st.booleans()),
        st.builds(Words, st.sampled_from(["1", "png", "INPUT", "%", "_", "\\"]), st.just((2,))),
        st.builds(Taken, st.sampled_from(["2018", "2019"]), st.sampled_from(["2019", "2019-05", "2020-02-29"])),
        st.builds(Faces, st.integers(0, 3), st.none() | st.integers(0, 3)),
        st.builds(Camera, st.sampled_from(["canon", "100%", "_", "x"])),
        st.builds(InState, st.sampled_from([PhotoState.SURE, PhotoState.UNSURE, PhotoState.UNKNOWN])),
        st.builds(InFolder, st.sampled_from(["input", "INPUT", "nput", "people"])),
    ),
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(AllOf, st.lists(parts, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(parts, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


@given(condition=SMALL)
def test_sql_finds_what_holds(
    library: OpenLibrary, world: World, photos: dict[int, Photo], condition: Condition
) -> None:
    queries: PhotoQueries = library.store.search
    wanted = AllOf((Not(InFolder("people")), condition))
    found = queries.found(wanted, world.settings.dataset_folder)
    assert set(found) == {key for key, photo in photos.items() if _holds(condition, photo)}
    times = [photos[key].taken or "" for key in found]
    assert times == sorted(times, reverse=True)


def _found(library: OpenLibrary, text: str) -> set[int]:
    search = PhotoSearch(library)
    return {int(card.path.stem) for card in search.cards(search.find(PhotoFilter(text=text)).photos) if card.path}


def test_photos_of_the_people_folder_alone_are_found_only_where_a_folder_is_asked_for(
    world: World, library: OpenLibrary
) -> None:
    assert _found(library, "") == {5, 6, 8, 10, 11, 12, 13}
    assert _found(library, "Ann not Bob not Eve") == {13}
    assert _found(library, "folder:Ann") == {0, 1}
    assert _found(library, f'folder:"{world.root}/people"') >= {0, 1}
    assert _found(library, "not folder:input") >= {0, 1}


def test_a_word_that_is_nobodys_name_is_told(library: OpenLibrary) -> None:
    (hint,) = PhotoSearch(library).find(PhotoFilter(text="Robert")).hints
    assert hint == "Nobody is called Robert: it was looked for in paths."
    assert PhotoSearch(library).find(PhotoFilter(text="Ann Bo")).hints == ()


def test_files_that_are_no_photos_are_found_by_where_they_lie(tmp_path: Path) -> None:
    world = World(tmp_path)
    broken = world.root / "input" / "broken.png"
    broken.write_bytes(b"no photo")
    aged(broken)
    world.recognise()
    with world.library() as library:

        def failed(text: str) -> bool:
            return bool(PhotoSearch(library).find(PhotoFilter(text=text)).failed)

        assert failed("with:failed")
        assert failed("with:failed broken folder:input")
        assert failed(f'with:failed folder:"{broken.parent}"')
        assert failed("Ann or with:failed")
        assert not failed("with:failed Ann")
        assert not failed("with:failed not folder:input")
        assert not failed("broken")


def test_the_command_prints_paths_and_copies(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "for mother"
    order = ("find", "Ann", "and", "(Bob", "or", "Eve)", "--settings", world.root / "settings.json")
    code, told, notes = ran(*order, "--copy-to", folder)
    paths = [Path(line) for line in told.splitlines()]
    assert (code, [path.name for path in paths], notes) == (0, ["10.png", "6.png"], "2 photos.\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {p.name: p.read_bytes() for p in paths}
    assert (folder / "6.png").stat().st_mtime_ns == paths[1].stat().st_mtime_ns
    (folder / "6.png").write_bytes(b"mine")
    code, told, _ = ran(*order, "--copy-to", folder, "--json")
    assert [Path(path).name for path in json.loads(told)["copies"]] == ["10.png", "6 (2).png"]
    assert (folder / "6.png").read_bytes() == b"mine"
    assert sorted(path.name for path in folder.iterdir()) == ["10.png", "6 (2).png", "6.png"]


def test_the_command_points_at_what_is_wrong_and_teaches_nobody(world: World) -> None:
    settings = ("--settings", world.root / "settings.json")
    code, told, error = ran("find", "Ann (Bob", *settings)
    assert (code, told) == (3, "")
    assert error.strip() == "A closing bracket is missing, where ▸ stands: Ann (Bob▸"
    code, _, error = ran("find", "Ann", "--copy-to", world.root / "people" / "Ann", *settings)
    assert (code, "would teach" in error) == (3, True)


def test_the_box_in_photos_is_the_same_search(qtbot: QtBot, world: World) -> None:
    window = open_window(qtbot, world.root / "settings.json")
    window.go("Photos")
    place = window.places["Photos"]
    assert isinstance(place, PhotosPlace)
    qtbot.waitUntil(lambda: len(place.grid.photos.found.keys) == 7, timeout=PATIENCE_MS)
    place.filter.text.setText("Ann (Bob or Eve)")
    qtbot.waitUntil(lambda: len(place.grid.photos.found.keys) == 2, timeout=PATIENCE_MS)
    place.filter.text.setText("Ann (Bob or")
    qtbot.waitUntil(lambda: "▸" in place.hint.text(), timeout=PATIENCE_MS)
    assert len(place.grid.photos.found.keys) == 2  # what is typed is not ready yet: what was found stays
    place.filter.text.setText("Ann (Bob or Eve) not Eve")
    qtbot.waitUntil(lambda: len(place.grid.photos.found.keys) == 1 and not place.hint.text(), timeout=PATIENCE_MS)


def test_a_bad_search_is_bad_input() -> None:
    assert issubclass(BadSearch, BadInput)
