"""The library: opening it, what is refused, what lands together, and what it keeps of photos."""

import os
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kith.errors import BadKnowledgeBase
from kith.library.migrations import VERSION
from kith.library.paths import FileState, path_value
from kith.library.store import Store, open_store
from kith.photos.box import Box
from kith.photos.facts import read_facts
from kith.values.links import Link, Source, Word
from kith.values.sightings import SAME_PLACE_IOU, Sighting
from kith.vision.observations import Observation
from tests.making import BODIES, ENGINE, LEFT, RIGHT, body, enter, face, facts, posix_only

OTHER_ENGINE = "other detector@1600"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.fixture
def store(library: Path) -> Iterator[Store]:
    with closing(open_store(library, create=True)) as opened:
        yield opened


def _write(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def _ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def _fill(path: Path) -> None:
    with closing(open_store(path, create=True)) as store:
        enter(store, "photo", *[face(*range(128))] * 400)


# Opening


@posix_only
def test_a_new_library_is_its_owners_only(library: Path) -> None:
    before = os.umask(0)
    try:
        with closing(open_store(library, create=True)) as store:
            enter(store, "photo", face())
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in library.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) == {library.name, f"{library.name}-wal", f"{library.name}-shm"}
    assert set(modes.values()) == {0o600}


def test_what_was_entered_is_there_when_opened_again(library: Path) -> None:
    with closing(open_store(library, create=True)) as store:
        photo_id, seen = enter(store, "photo", face(1, 2))
    with closing(open_store(library)) as store:
        assert store.photos.ways_up("photo").get(1) == photo_id
        analysis_id = store.photos.analysis(photo_id, ENGINE, 1)
        assert [one.appearance_id for one in store.photos.sightings(analysis_id or 0)] == [seen[0].appearance_id]
    assert _ask(library, "PRAGMA user_version") == [(VERSION,)]


def test_the_mirror_vectors_of_earlier_versions_do_no_harm(library: Path) -> None:
    with closing(open_store(library, create=True)) as store:
        _, (before,) = enter(store, "photo", face(1, 2))
    _write(library, "UPDATE observations SET mirror = zeroblob(8)")
    with closing(open_store(library)) as store:
        (after,) = store.photos.sightings(1)
        assert after.face
        assert before.face
        assert np.array_equal(after.face.vector, before.face.vector)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_newer_library_is_refused_and_left_as_it_is(library: Path, journal: str) -> None:
    _fill(library)
    _write(library, f"PRAGMA journal_mode = {journal}; PRAGMA user_version = {VERSION + 1}")
    before = library.read_bytes()
    with pytest.raises(BadKnowledgeBase, match="newer Kith"):
        open_store(library)
    assert library.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_programs_database_is_refused_and_left_as_it_is(library: Path, version: int) -> None:
    _write(library, f"CREATE TABLE photos (id INTEGER); PRAGMA user_version = {version}")
    before = library.read_bytes()
    with pytest.raises(BadKnowledgeBase, match="another program's database"):
        open_store(library)
    assert library.read_bytes() == before


def _damage(library: Path, kind: str) -> None:
    whole = library.read_bytes()
    damaged = {
        "text": b"this is no database, but it is long enough to be looked at\n" * 100,
        "cut in half": whole[: len(whole) // 2],
        "cut within the first page": whole[:1000],
        "header overwritten": b"\0" * 100 + whole[100:],
    }
    library.write_bytes(damaged[kind])


@pytest.mark.parametrize("kind", ["text", "cut in half", "cut within the first page", "header overwritten"])
def test_a_damaged_file_is_named_with_what_to_do_and_left_as_it_is(library: Path, kind: str) -> None:
    _fill(library)
    _damage(library, kind)
    before = library.read_bytes()
    with pytest.raises(BadKnowledgeBase) as error:
        open_store(library)
    assert str(library) in str(error.value)
    assert "backup" in str(error.value)
    assert library.read_bytes() == before


def test_damage_further_behind_is_told_when_it_is_met(library: Path) -> None:
    _fill(library)
    whole = library.read_bytes()
    library.write_bytes(whole[: len(whole) * 3 // 4] + b"\xff" * (len(whole) // 4))
    with (
        closing(open_store(library)) as store,
        pytest.raises(BadKnowledgeBase, match=r"malformed.*backup"),
        store.transaction(),
    ):
        store.photos.sightings(1)


@pytest.mark.parametrize("place", ["a folder", "missing/library.sqlite", "file/library.sqlite"])
def test_a_place_where_no_library_can_be_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "a folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(BadKnowledgeBase, match="cannot be created"):
        open_store(tmp_path / place, create=True)
    assert not (tmp_path / "missing").exists()


def test_a_library_is_made_only_where_that_is_asked_for(library: Path) -> None:
    with pytest.raises(BadKnowledgeBase, match=r"library\.sqlite cannot be opened"):
        open_store(library)
    assert list(library.parent.iterdir()) == []


def test_the_library_is_read_while_a_transaction_is_open(library: Path, store: Store) -> None:
    enter(store, "before", face())
    with store.transaction():
        store.photos.save_photo(facts("during"))
        assert _ask(library, "SELECT image_hash FROM photos") == [("before",)]
    assert _ask(library, "PRAGMA journal_mode") == [("wal",)]


@posix_only
def test_a_file_system_without_wal_does_as_well(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = partial(sqlite3.connect, uri=True)
    monkeypatch.setattr(sqlite3, "connect", lambda path, **more: connect(f"{path.as_uri()}?vfs=unix-none", **more))
    with closing(open_store(library, create=True)) as store:
        enter(store, "photo", face())
        assert not library.with_name(f"{library.name}-wal").exists()
    monkeypatch.undo()
    assert _ask(library, "PRAGMA journal_mode") == [("delete",)]
    assert _ask(library, "SELECT image_hash FROM photos") == [("photo",)]


def test_a_library_that_is_long_open_keeps_nothing_of_what_was_asked(store: Store) -> None:
    """Python keeps a reference to each cursor that is made past its connection."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20_000):
            store.people.all()
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept < 100_000  # bytes


# Transactions


def _known_at(store: Store, path: Path, size: int, mtime_ns: int) -> tuple[int, int] | None:
    """Return photo and orientation of an unchanged file, None if it is new or was written to."""
    known = store.photos.unchanged([FileState(str(path), size, mtime_ns)], ENGINE).get(str(path))
    return known and known[:2]


def _enter_and_fail(store: Store, failure: type[BaseException]) -> None:
    with store.transaction():
        photo_id = store.photos.save_photo(facts("photo"))
        store.photos.save_file(Path("photo.jpg"), photo_id, 1, 1)
        store.people.add("Ann")
        raise failure


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_transaction_that_fails_leaves_nothing(store: Store, failure: type[BaseException]) -> None:
    with pytest.raises(failure):
        _enter_and_fail(store, failure)
    assert store.photos.ways_up("photo").get(1) is None
    assert _known_at(store, Path("photo.jpg"), 1, 1) is None
    assert store.people.all() == {}
    enter(store, "photo", face())
    assert store.photos.ways_up("photo").get(1) is not None


def test_a_full_disk_is_told_and_leaves_nothing(store: Store, library: Path) -> None:
    enter(store, "before", face())
    pages = _ask(library, "PRAGMA page_count")[0][0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(BadKnowledgeBase, match=r"is full.*free some space"):
        enter(store, "during", *[face(*range(2000))] * 20)
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert store.photos.ways_up("during").get(1) is None
    enter(store, "after", face())
    assert _ask(library, "SELECT image_hash FROM photos ORDER BY id") == [("before",), ("after",)]


def test_a_mistake_of_our_own_stays_one(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError), store.transaction():
        store.photos.save_file(Path("photo.jpg"), photo_id=999, size=1, mtime_ns=1)


def test_invariant_6_a_killed_run_loses_the_photo_in_flight_only(library: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from kith.library.store import open_store\n"
        "from tests.making import enter, face, facts\n"
        "store = open_store(Path(sys.argv[1]), create=True)\n"
        "for number in range(3):\n"
        "    enter(store, f'photo {number}', face(), face())\n"
        "with store.transaction():\n"
        "    store.photos.save_photo(facts('in flight'))\n"
        "    os.abort() if os.name == 'nt' else os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, library], cwd=Path(__file__).parents[1], check=False)
    assert killed.returncode != 0
    with closing(open_store(library)) as store:
        assert [store.photos.ways_up(f"photo {number}").get(1) for number in range(3)] == [1, 2, 3]
        assert store.photos.ways_up("in flight").get(1) is None
    assert _ask(library, "SELECT count(*) FROM observations") == [(6,)]


# Photos and files


def test_a_photo_is_known_by_its_hash(store: Store) -> None:
    photo_id, _ = enter(store, "one", face())
    other_id, _ = enter(store, "two", face())
    assert store.photos.ways_up("one").get(1) == photo_id != other_id == store.photos.ways_up("two").get(1)
    assert store.photos.ways_up("three").get(1) is None
    assert store.photos.save_photo(facts("one")) == photo_id


def test_invariant_4_a_photo_moved_and_newly_tagged_keeps_what_is_known_of_it(store: Store, tmp_path: Path) -> None:
    old, new = tmp_path / "old.jpg", tmp_path / "sub" / "new name.jpg"
    pixels = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(old)
    photo_id, seen = enter(store, read_facts(old).image_hash, face())
    link = Link(seen[0].appearance_id, store.people.add("Ann"), Word.IS, Source.USER)
    store.people.say(link)
    exif = Image.Exif()
    exif[0x010E] = "a description"
    new.parent.mkdir()
    new.write_bytes(_with_exif(old.read_bytes(), exif))
    old.unlink()
    known = store.photos.save_photo(read_facts(new))
    assert known == photo_id
    assert store.photos.analysis(known, ENGINE, 1) is not None
    assert store.people.links(seen[0].appearance_id) == [link]


def _with_exif(jpeg: bytes, exif: Image.Exif) -> bytes:
    segment = exif.tobytes()
    return jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + jpeg[2:]


def test_invariant_4_another_photo_at_the_same_place_is_another_photo(store: Store) -> None:
    path = Path("photo.jpg")
    first, _ = enter(store, "first", face())
    store.photos.save_file(path, first, 10, 100)
    second, seen = enter(store, "second")
    store.photos.save_file(path, second, 10, 200)
    assert _known_at(store, path, 10, 200) == (second, 1)
    assert _known_at(store, path, 10, 100) is None
    assert seen == []


@pytest.mark.parametrize(("size", "mtime_ns", "same"), [(10, 100, True), (11, 100, False), (10, 101, False)])
def test_a_file_is_recalled_while_size_and_time_are_the_same(
    store: Store, size: int, mtime_ns: int, same: bool
) -> None:
    photo_id, _ = enter(store, "photo")
    store.photos.save_file(Path("photo.jpg"), photo_id, 10, 100)
    assert _known_at(store, Path("photo.jpg"), size, mtime_ns) == ((photo_id, 1) if same else None)
    assert _known_at(store, Path("other.jpg"), size, mtime_ns) is None


def test_new_metadata_is_kept(store: Store, library: Path) -> None:
    photo_id, _ = enter(store, "photo")
    store.photos.save_file(Path("photo.jpg"), photo_id, 10, 100)
    store.photos.save_photo(facts("photo", orientation=6), photo_id)
    assert _known_at(store, Path("photo.jpg"), 10, 100) == (photo_id, 6)
    assert _ask(library, "SELECT count(*) FROM photos") == [(1,)]


def test_missing_files_below_a_folder_are_forgotten_and_their_photos_stay_known(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "people"
    kept, gone, beside = root / "kept.jpg", root / "sub" / "gone.jpg", tmp_path / "people 2" / "beside.jpg"
    photo_id, _ = enter(store, "photo")
    for path in (kept, gone, beside):
        store.photos.save_file(path, photo_id, 10, 100)
    store.photos.forget_missing_files(root, {kept})
    assert [_known_at(store, path, 10, 100) for path in (kept, gone, beside)] == [(photo_id, 1), None, (photo_id, 1)]
    assert store.photos.ways_up("photo").get(1) == photo_id


@posix_only
@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"\xff\xfe/\x80.jpg"])
def test_a_name_that_is_no_unicode_is_kept_byte_for_byte(store: Store, name: bytes) -> None:
    path, neighbour = Path(os.fsdecode(b"/photos/" + name)), Path("/photos/other.jpg")
    assert path_value(path) == b"/photos/" + name
    photo_id, _ = enter(store, "photo")
    for place in (path, neighbour):
        store.photos.save_file(place, photo_id, 10, 100)
    assert _known_at(store, path, 10, 100) == (photo_id, 1)
    store.photos.forget_missing_files(Path("/photos"), {path})
    assert _known_at(store, path, 10, 100) == (photo_id, 1)
    assert _known_at(store, neighbour, 10, 100) is None


@pytest.mark.parametrize("name", ["café.jpg", "写真 📷.jpg"])
def test_a_name_that_is_unicode_is_kept_as_text(name: str) -> None:
    assert path_value(Path(name)) == name


# Appearances and observations


def _ids(seen: list[Sighting]) -> list[int]:
    return [one.appearance_id for one in seen]


def _shifted(box: Box, share: float) -> Box:
    """Return the box moved right by a share of its width: the two overlap by (1 - share) / (1 + share)."""
    return box._replace(x=box.x + share * box.w)


def test_observations_come_back_as_they_were(store: Store) -> None:
    seen_face = face(0.25, -1.5, box=RIGHT, sharpness=81.5, pixels=42, frontality=0.75)
    seen_body = body(3, 4, box=LEFT, weak=True)
    _, seen = enter(store, "photo", [seen_face, seen_body], body(1, 0))
    assert [_values(seen[0].face), _values(seen[0].body)] == [_values(seen_face), _values(seen_body)]
    assert seen[1].face is None


def _values(seen: Observation | None) -> list[object]:
    values = [getattr(seen, name) for name in Observation.__slots__]
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in values]


def test_invariant_2_a_second_engine_joins_the_appearances_and_loses_no_link(store: Store) -> None:
    photo_id, first = enter(store, "photo", face(1, box=LEFT), face(2, box=RIGHT))
    links = [Link(key, store.people.add("Ann"), Word.IS, Source.USER) for key in _ids(first)]
    for link in links:
        store.people.say(link)
    _, second = enter(
        store, "photo", face(2, box=_shifted(RIGHT, 0.2)), face(1, box=_shifted(LEFT, 0.2)), engine=OTHER_ENGINE
    )
    assert _ids(second) == _ids(first)[::-1]
    assert [store.people.links(key) for key in _ids(first)] == [[link] for link in links]
    assert store.photos.analysis(photo_id, OTHER_ENGINE, 1) != store.photos.analysis(photo_id, ENGINE, 1)


def test_observations_of_the_first_engine_are_not_edited(store: Store) -> None:
    photo_id, _ = enter(store, "photo", [face(1), body(1)])
    enter(store, "photo", [face(9), body(0, 1, model="other")], engine=OTHER_ENGINE)
    (seen,) = store.photos.sightings(store.photos.analysis(photo_id, ENGINE, 1) or 0)
    assert [_values(seen.face), _values(seen.body)] == [_values(face(1)), _values(body(1))]


@pytest.mark.parametrize(("beyond", "joins"), [(-0.02, True), (0.02, False)])
def test_overlap_decides_whether_it_is_the_same_place(store: Store, beyond: float, joins: bool) -> None:
    limit = (1 - SAME_PLACE_IOU) / (1 + SAME_PLACE_IOU)
    _, first = enter(store, "photo", face())
    _, second = enter(store, "photo", face(box=_shifted(LEFT, limit + beyond)), engine=OTHER_ENGINE)
    assert (_ids(first) == _ids(second)) is joins


def test_of_two_neighbours_each_joins_its_own_appearance_once(store: Store) -> None:
    near, far = LEFT, _shifted(LEFT, 0.3)
    _, first = enter(store, "photo", face(box=near), face(box=far))
    _, second = enter(store, "photo", face(box=far), face(box=near), face(box=near), engine=OTHER_ENGINE)
    assert _ids(second)[:2] == _ids(first)[::-1]
    assert _ids(second)[2] not in _ids(first)


def test_a_turned_orientation_tag_keeps_the_appearances(store: Store) -> None:
    """Boxes are those of the stored pixels, which the tag does not move."""
    _, first = enter(store, "photo", face())
    photo_id, second = enter(store, "photo", face(), orientation=6)
    assert _ids(second) == _ids(first)
    assert store.photos.analysis(photo_id, ENGINE, 1) != store.photos.analysis(photo_id, ENGINE, 6)


def test_invariant_5_every_vector_carries_its_model(store: Store, library: Path) -> None:
    enter(store, "photo", [face(1, model="faces"), body(1, model=BODIES)])
    assert _ask(library, "SELECT kind, model_id FROM observations") == [("face", "faces"), ("body", BODIES)]
    with pytest.raises(sqlite3.IntegrityError, match="model_id"):
        _write(library, "UPDATE observations SET model_id = NULL")


def test_the_analysis_of_another_engine_is_not_taken_for_this_ones(store: Store) -> None:
    photo_id, _ = enter(store, "photo", face())
    assert store.photos.analysis(photo_id, ENGINE, 1) is not None
    assert store.photos.analysis(photo_id, OTHER_ENGINE, 1) is None
    assert store.photos.analysis(photo_id, ENGINE, 6) is None


BELOW_LEFT = Box(0.05, 0.3, 0.3, 0.6)


def test_a_body_whose_face_a_later_model_finds_is_the_same_somebody(store: Store) -> None:
    _, (first,) = enter(store, "a", body(1, box=BELOW_LEFT))
    _, seen = enter(store, "a", (face(1), body(1, box=BELOW_LEFT)), engine="later")
    assert [one.appearance_id for one in seen] == [first.appearance_id]
    _, seen = enter(store, "a", body(1, box=BELOW_LEFT), face(1, box=RIGHT), engine="last")
    assert seen[0].appearance_id == first.appearance_id != seen[1].appearance_id


def test_faces_decide_where_both_have_one(store: Store) -> None:
    """Two people, one before the other: their bodies overlap, their faces do not."""
    _, (first,) = enter(store, "a", (face(1), body(1, box=BELOW_LEFT)))
    _, seen = enter(
        store, "a", (face(1, box=RIGHT), body(1, box=BELOW_LEFT)), (face(1), body(1, box=RIGHT)), engine="b"
    )
    assert [one.appearance_id == first.appearance_id for one in seen] == [False, True]


def test_the_newest_place_counts(store: Store) -> None:
    _, (first,) = enter(store, "a", face(1))
    half_way = Box(LEFT.x + LEFT.w / 4, LEFT.y, LEFT.w, LEFT.h)
    for number, box in enumerate((half_way, Box(LEFT.x + LEFT.w / 2, LEFT.y, LEFT.w, LEFT.h))):
        _, (again,) = enter(store, "a", face(1, box=box), engine=f"later {number}")
        assert again.appearance_id == first.appearance_id
