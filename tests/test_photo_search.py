"""Photos found by who shows in them: the filter as a value, by the library, by jobs and on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_search import PhotoCard, PhotoSearch
from kith.jobs.user_words import Ignored, Is, IsNot
from kith.library.photo_conditions import Marks, PhotoSets
from kith.values.photo_filter import PhotoFilter, PhotoState
from tests.desk import ran
from tests.making import aged
from tests.small_world import World

# The photos of the small world's input by number, and who shows: 6 Ann and Bob, 10 Ann and Eve, 11 Bob, 13 Ann,
# 12 somebody between Ann and Bob, 8 nobody known, 5 Eve.
SURE = {5, 6, 10, 11, 13}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.recognise()
    return world


@pytest.fixture
def library(world: World) -> Iterator[OpenLibrary]:
    with world.library() as library:
        yield library


def _found(library: OpenLibrary, **wanted: object) -> set[int]:
    search = PhotoSearch(library)
    cards = search.cards(search.find(PhotoFilter(**wanted)).photos)  # type: ignore[arg-type]
    return {int(card.path.stem) for card in cards if card.path}


def _number(library: OpenLibrary, name: str) -> int:
    return library.people.find(name).id


def test_all_recognised_photos_are_found_and_none_of_the_people_folder(library: OpenLibrary) -> None:
    assert _found(library) == {5, 6, 8, 10, 11, 12, 13}


def test_people_are_all_of_any_of_and_none_of(library: OpenLibrary) -> None:
    ann, bob, eve = (_number(library, name) for name in ("Ann", "Bob", "Eve"))
    assert _found(library, any_of=(ann,)) == {6, 10, 13}
    assert _found(library, any_of=(bob, eve)) == {5, 6, 10, 11}
    assert _found(library, all_of=(ann, bob)) == {6}
    assert _found(library, all_of=(ann,), none_of=(bob, eve)) == {13}
    assert _found(library, none_of=(ann,)) == {5, 8, 11, 12}


def test_states_part_all_photos(library: OpenLibrary) -> None:
    assert _found(library, state=PhotoState.SURE) == SURE
    unsure = _found(library, state=PhotoState.UNSURE)
    unknown = _found(library, state=PhotoState.UNKNOWN)
    assert 8 in unknown
    assert 12 in unsure
    assert SURE | unsure | unknown == _found(library)


def test_of_the_unsure_ones_a_person_shows_who_is_suggested(library: OpenLibrary) -> None:
    (card,) = (
        card
        for card in PhotoSearch(library).cards(PhotoSearch(library).find(PhotoFilter(state=PhotoState.UNSURE)).photos)
        if card.path and card.path.stem == "12"
    )
    (suggested,) = card.unsure
    assert card.people == ()
    person = _number(library, suggested)
    assert 12 in _found(library, state=PhotoState.UNSURE, any_of=(person,))
    assert 12 not in _found(library, any_of=(person,))


def test_what_the_user_says_counts_at_once(library: OpenLibrary) -> None:
    ann, bob = _number(library, "Ann"), _number(library, "Bob")
    (face,) = library.store.photos.appearances(_photo(library, 13))
    library.say(IsNot(face, library.people.by_number(ann)))
    assert 13 not in _found(library, any_of=(ann,))
    library.say(Is([face], library.people.by_number(bob)))
    assert 13 in _found(library, any_of=(bob,))
    library.undo()
    library.undo()
    assert 13 in _found(library, any_of=(ann,))


def test_who_is_suggested_no_longer_is_no_longer_unsure(library: OpenLibrary) -> None:
    (face,) = library.store.photos.appearances(_photo(library, 12))
    library.say(Ignored([face]))
    assert 12 not in _found(library, state=PhotoState.UNSURE)
    library.undo()
    assert 12 in _found(library, state=PhotoState.UNSURE)


def _photo(library: OpenLibrary, number: int) -> int:
    (photo,) = library.store.photos.named(Path(f"input/{number}.png")).values()
    return photo


def test_deciding_again_keeps_whom_it_is_unsure_of(world: World) -> None:
    before = world.query("SELECT * FROM suggestions ORDER BY 1")
    assert before
    world.redecide()
    assert world.query("SELECT * FROM suggestions ORDER BY 1") == before
    world.values["sure_at"] = 0.2
    world.values["suggest_at"] = 0.2
    world.redecide()
    with world.library() as library:
        shown = {*_found(library, state=PhotoState.SURE), *_found(library, state=PhotoState.UNSURE)}
        assert shown | _found(library, state=PhotoState.UNKNOWN) == _found(library)


def test_nobody_is_suggested_who_is_gone(world: World) -> None:
    ((person,),) = world.query("SELECT DISTINCT person_id FROM suggestions")[:1]
    with world.library() as library, library.store.transaction():
        library.store.edits.delete(person)
    assert world.query("SELECT 1 FROM suggestions WHERE person_id = ?", person) == []
    assert world.query("PRAGMA foreign_key_check") == []


def test_a_folder_and_words_of_the_path_or_of_names(world: World, library: OpenLibrary) -> None:
    assert _found(library, folder=world.root / "input") == {5, 6, 8, 10, 11, 12, 13}
    assert _found(library, folder=world.root / "people" / "Ann") == {0, 1}
    assert _found(library, folder=world.root / "nowhere") == set()
    assert _found(library, text="13.png") == {13}
    assert _found(library, text="ann BOB") == {6}
    assert _found(library, text="ann 13") == {13}
    assert _found(library, text="100%") == set()  # a sign is no pattern
    assert _found(library, text="1_") == set()


def test_dates_are_partial_and_both_ends_count(world: World) -> None:
    with world.library() as library:
        for number, taken in ((5, "2019-05-31T23:59:59"), (6, "2019-06-01T00:00:00"), (8, "2021-01-01T10:00:00")):
            with library.store.transaction():
                library.store._connection.execute(
                    "UPDATE photos SET taken_at = ? WHERE id = ?", (taken, _photo(library, number))
                )
        assert _found(library, since="2019") == {5, 6, 8}
        assert _found(library, until="2019-05") == {5}
        assert _found(library, since="2019-06", until="2020") == {6}
        newest_first = [card.taken_at[:4] for card in _cards(library)]
        assert newest_first == ["2021", "2019", "2019", "", "", "", ""]
        for date in ("yesterday", "2019-13", "19"):
            with pytest.raises(BadInput, match="is no date"):
                _found(library, since=date)


def _cards(library: OpenLibrary) -> list[PhotoCard]:
    search = PhotoSearch(library)
    return [*search.cards(search.find(PhotoFilter()).photos)]


def test_photos_that_cannot_be_read_are_kept_with_the_reason_until_they_can(world: World) -> None:
    broken = world.root / "input" / "broken.png"
    broken.write_bytes(b"no photo")
    aged(broken)
    world.recognise()
    with world.library() as library:
        (failure,) = PhotoSearch(library).find(PhotoFilter(state=PhotoState.FAILED)).failed
        assert failure.path == broken
        assert failure.reason
        assert PhotoSearch(library).find(PhotoFilter(state=PhotoState.FAILED, text="other")).failed == []
        folder = PhotoFilter(state=PhotoState.FAILED, folder=world.root / "people")
        assert PhotoSearch(library).find(folder).failed == []
    broken.unlink()
    world.put(9, "input")
    (world.root / "input" / "9.png").rename(broken)
    world.originals.clear()
    world.recognise()
    assert world.query("SELECT path FROM failures") == []


def test_a_photo_of_a_person_that_cannot_be_read_is_kept_with_the_reason_too(world: World) -> None:
    broken = world.root / "people" / "Ann" / "broken.png"
    broken.write_bytes(b"no photo")
    aged(broken)
    world.build()
    with world.library() as library:
        (failure,) = PhotoSearch(library).find(PhotoFilter(state=PhotoState.FAILED)).failed
        assert failure.path == broken
    broken.unlink()
    world.build()
    assert world.query("SELECT path FROM failures") == []


def test_a_broken_file_that_is_gone_is_forgotten(world: World) -> None:
    broken = world.root / "input" / "broken.png"
    broken.write_bytes(b"no photo")
    aged(broken)
    world.recognise()
    broken.unlink()
    world.recognise()
    assert world.query("SELECT path FROM failures") == []


def _kith(world: World, *arguments: str) -> "dict[str, list[dict[str, object]]]":
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    code, told, error = ran("photos", *arguments, "--json", "--settings", file)
    assert code == 0, error
    return json.loads(told)


def test_the_command_finds_them_by_the_same_filter(world: World) -> None:
    found = _kith(
        world, "--with", "Ann", "--and", "Bob", "--without", "Eve", "--sure", "--folder", f"{world.root}/input"
    )
    (photo,) = found["photos"]
    assert str(photo["path"]).endswith("6.png")
    assert photo["people"] == ["Ann", "Bob"]


def test_what_another_program_says_meanwhile_is_found(world: World, library: OpenLibrary) -> None:
    eve = _number(library, "Eve")
    assert 8 not in _found(library, all_of=[eve])
    assert 8 in _found(library, none_of=[eve])
    with world.library() as other:
        (photo,) = (
            key for path, key in other.store.photos.photos_at([world.root / "input"]).items() if path.stem == "8"
        )
        (face, *_) = other.store.photos.appearances(photo)
        other.say(Is([face], other.people.find("Eve")))
    assert 8 in _found(library, all_of=[eve])
    assert 8 not in _found(library, none_of=[eve])


def test_a_search_is_of_one_moment_whatever_is_written_during_it(
    world: World, library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, outside = _found(library), PhotoSets.outside

    def forgotten_meanwhile(sets: PhotoSets, folder: Path) -> Marks:
        with world.store() as store, store.transaction():
            store.photos.forget_missing_files(world.root / "input", ())
        return outside(sets, folder)

    monkeypatch.setattr(PhotoSets, "outside", forgotten_meanwhile)
    with world.store() as store, store.transaction():  # so that nothing is known from before
        store.failures.save(world.root / "x.jpg", "no photo")
    search = PhotoSearch(library)
    assert len(search.find(PhotoFilter()).photos) == len(before)
    assert search.find(PhotoFilter()).photos == []
