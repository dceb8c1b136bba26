"""Changes, what they remember, and taking them back; with real rows in a real library."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith.library.schema import JOURNALLED
from kith.library.store import Store, open_store
from kith.values.links import Link, Source, Word
from kith.values.persons import Person
from tests.making import FACES, enter, face, say_by_machine

ANN, BEN, EVE = 1, 2, 3
Edit = Callable[[Store], object]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.fixture
def store(library: Path) -> Iterator[Store]:
    with closing(open_store(library, create=True)) as opened:
        _fill(opened)
        yield opened


def _fill(store: Store) -> None:
    """Enter three people and six faces: 1 and 2 taught, 3 named by the user, 4 recognised, 5 refused, 6 nobody."""
    for number in range(1, 7):
        enter(store, f"photo {number}", face(number))
    for name in ("Ann", "Ben", "Eve"):
        store.people.add(name, name)
    store.people.replace_dataset_links([(1, ANN), (2, BEN)])
    store.people.say(Link(3, BEN, Word.IS, Source.USER))
    store.people.say(Link(4, BEN, Word.IS, Source.MACHINE, 0.1 + 0.2, FACES))
    store.people.say(Link(5, BEN, Word.IS_NOT, Source.USER))
    store.edits.add_alias(BEN, "Benny")
    store.edits.set_field(BEN, "town", "Rome")
    store.edits.set_key_face(BEN, 3)
    store.groups.settle([5, 6], 5)


def _rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return every journalled row, byte for byte."""
    connection = store._connection
    return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in JOURNALLED}


def _change(store: Store, edit: Edit, summary: str = "a change") -> int:
    with store.change("test", summary) as change_id:
        edit(store)
    return change_id


def _renaming(name: str) -> Edit:
    return lambda store: store.edits.rename(ANN, name)


EDITS: dict[str, Edit] = {
    "create": lambda store: store.people.add("Zoe"),
    "rename": lambda store: store.edits.rename(BEN, "Benjamin"),
    "rename to an alias": lambda store: store.edits.rename(BEN, "Benny"),
    "merge": lambda store: store.edits.merge(ANN, BEN),
    "merge the other way": lambda store: store.edits.merge(BEN, ANN),
    "split to somebody known": lambda store: store.edits.split([2, 3, 4], BEN, EVE),
    "split to somebody new": lambda store: store.edits.split([2], BEN, store.people.add("Zoe")),
    "delete": lambda store: store.edits.delete(BEN),
    "describe": lambda store: store.edits.describe(BEN, {"birth": "1950-03", "notes": "said: 'ñ'\n", "hidden": True}),
    "alias": lambda store: store.edits.add_alias(BEN, "B"),
    "no alias": lambda store: store.edits.drop_alias(BEN, "Benny"),
    "field": lambda store: store.edits.set_field(BEN, "town", "Oslo"),
    "no field": lambda store: store.edits.set_field(BEN, "town", None),
    "name": lambda store: store.edits.name(4, ANN),
    "name another": lambda store: store.edits.name(3, ANN),
    "name who was refused": lambda store: store.edits.name(5, BEN),
    "never": lambda store: store.edits.never(4, BEN),
    "never whom the folder says": lambda store: store.edits.never(2, BEN),
    "take back": lambda store: store.edits.take_back(5, BEN),
    "folder": lambda store: store.edits.move_folder("Ben", "Benjamin"),
    "folder taken over": lambda store: store.edits.move_folder("Ben", "Ann"),
    "decide anew": lambda store: say_by_machine(store, [4, 6], [Link(6, EVE, Word.IS, Source.MACHINE)]),
    "key face": lambda store: store.edits.set_key_face(ANN, 1),
    "another key face": lambda store: store.edits.set_key_face(BEN, 2),
    "no key face": lambda store: store.edits.set_key_face(BEN, None),
    "split group": lambda store: store.groups.settle([6], 6),
    "ignore": lambda store: store._connection.execute("INSERT INTO ignored VALUES (6, 'now')"),
}


@pytest.mark.parametrize("name", EDITS)
def test_undo_brings_back_exactly_the_rows(store: Store, name: str) -> None:
    before = _rows(store)
    _change(store, EDITS[name])
    assert _rows(store) != before
    undone = store.undo()
    assert undone is not None
    assert undone.change.summary == "a change"
    assert _rows(store) == before


@pytest.mark.parametrize("name", EDITS)
def test_redo_brings_back_exactly_what_was_undone_as_often_as_one_likes(store: Store, name: str) -> None:
    before = _rows(store)
    _change(store, EDITS[name])
    after = _rows(store)
    for _ in range(3):
        assert store.undo() is not None
        assert _rows(store) == before
        done = store.redo()
        assert done is not None
        assert done.change.summary == "a change"
        assert _rows(store) == after
        assert store.redo() is None


@settings(max_examples=60)
@given(names=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=8))
def test_undoing_everything_gives_back_what_was(tmp_path: Path, names: list[str]) -> None:
    library = tmp_path / "library.sqlite"
    library.unlink(missing_ok=True)
    with closing(open_store(library, create=True)) as store:
        _fill(store)
        states = []
        for name in names:
            state = _rows(store)
            try:
                _change(store, EDITS[name])
            except (sqlite3.IntegrityError, KeyError):  # it speaks of somebody who is no more
                assert _rows(store) == state
                continue
            if _rows(store) != state:
                states.append(state)
        end = _rows(store)
        for state in reversed(states):
            assert store.undo() is not None
            assert _rows(store) == state
        assert store.undo() is None
        for state in [*states[1:], end][: len(states)]:
            assert store.redo() is not None
            assert _rows(store) == state
        assert store.redo() is None
        assert store._connection.execute("PRAGMA foreign_key_check").fetchall() == []


@given(score=st.floats(1e-9, 2) | st.floats(-1, -1e-9))
@settings(max_examples=60)
def test_a_score_comes_back_to_the_last_digit(tmp_path: Path, score: float) -> None:
    library = tmp_path / "library.sqlite"
    library.unlink(missing_ok=True)
    with closing(open_store(library, create=True)) as store:
        _fill(store)
        store.people.say(Link(6, EVE, Word.IS, Source.MACHINE, score))
        _change(store, lambda store: store.edits.never(6, EVE))
        store.undo()
        assert store.people.links(6)[0].score == score


def test_what_follows_from_a_change_is_undone_with_it(store: Store) -> None:
    before = _rows(store)
    first = _change(store, EDITS["rename"])
    with store.following(first):
        say_by_machine(store, [4, 6], [Link(6, EVE, Word.IS, Source.MACHINE, 0.5)])
    assert store.changes.photos(first) == {4, 6}
    store.undo()
    assert _rows(store) == before
    nothing = _change(store, lambda store: store.edits.rename(ANN, "Ann"))
    for change_id in (first, nothing, None):
        with store.following(change_id):
            say_by_machine(store, [4], [])
    assert store.undo() is None
    assert store._connection.execute("SELECT count(*) FROM open_change").fetchone() == (0,)


# History


def test_history_tells_the_newest_first_and_what_is_undone(store: Store) -> None:
    for name in ("Nan", "Anna", "Ann"):
        _change(store, _renaming(name), f"to {name}")
    store.undo()
    store.undo()
    assert [(one.summary, one.action, one.undone) for one in store.changes.history()] == [
        ("to Ann", "test", True),
        ("to Anna", "test", True),
        ("to Nan", "test", False),
    ]
    assert store.people.all()[ANN].name == "Nan"
    assert [one.summary for one in store.changes.history(1)] == ["to Ann"]


def test_after_an_undo_new_changes_are_undone_first(store: Store) -> None:
    for name in ("Nan", "Anna"):
        _change(store, _renaming(name))
    store.undo()
    _change(store, lambda store: store.edits.rename(ANN, "Annie"))
    names = []
    while store.undo():
        names.append(store.people.all()[ANN].name)
    assert names == ["Nan", "Ann"]


def test_there_may_be_nothing_to_undo(store: Store) -> None:
    assert store.undo() is None
    assert store.redo() is None


def test_a_new_change_makes_what_is_undone_final(store: Store) -> None:
    for name in ("Nan", "Anna"):
        _change(store, _renaming(name), f"to {name}")
    store.undo()
    _change(store, lambda store: store.edits.rename(ANN, "Nan"), "nothing new")
    undone = store.changes.newest_undone()
    assert undone is not None
    assert undone.summary == "to Anna"  # what changes nothing is no change
    _change(store, _renaming("Annie"), "to Annie")
    assert store.redo() is None
    store.undo()
    done = store.redo()
    assert done is not None
    assert done.change.summary == "to Annie"
    assert store.people.all()[ANN].name == "Annie"


def test_what_a_build_said_between_undo_and_redo_stays(store: Store) -> None:
    _change(store, lambda store: store.edits.name(4, ANN))
    store.undo()
    with store.transaction():
        store.people.replace_dataset_links([(1, ANN), (2, BEN), (4, BEN)])
    assert store.redo() is not None
    said = {(link.person_id, link.source) for link in store.people.links(4) if link.word is Word.IS}
    assert said >= {(BEN, Source.DATASET), (ANN, Source.USER)}


@pytest.mark.parametrize("act", ["merge", "delete"])
def test_whom_a_change_takes_away_goes_again_though_a_build_has_spoken_of_them(store: Store, act: str) -> None:
    _change(store, EDITS[act])
    assert store.undo() is not None
    with store.transaction():
        store.people.replace_dataset_links([(1, ANN), (2, BEN), (6, BEN)])
    built = _rows(store)
    turned = store.redo()
    assert turned is not None
    assert 6 in turned.photo_ids
    everybody = store.people.all()
    assert BEN not in everybody
    heirs = {"merge": [Link(6, ANN, Word.IS, Source.DATASET)], "delete": []}
    assert store.people.links(6) == heirs[act]
    assert store._connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert store.undo() is not None
    assert _rows(store) == built


def test_who_is_renamed_again_keeps_what_a_build_has_said_since(store: Store) -> None:
    _change(store, EDITS["rename"])
    store.undo()
    said = [(1, ANN), (2, BEN), (6, BEN)]
    with store.transaction():
        store.people.replace_dataset_links(said)
        store.people.say(Link(4, BEN, Word.IS, Source.MACHINE, 0.2, FACES))
    links = _rows(store)["links"]
    for _ in range(2):
        assert store.redo() is not None
        assert store.people.all()[BEN].name == "Benjamin"
        assert _rows(store)["links"] == links
        assert store.undo() is not None
        assert store.people.all()[BEN].name == "Ben"
        assert _rows(store)["links"] == links


def test_a_person_erased_is_not_in_what_could_be_done_again(store: Store) -> None:
    _change(store, lambda store: store.edits.add_alias(BEN, "Benito"))
    store.undo()
    store.forget(store.people.all()[ANN], [])
    assert store.redo() is None
    assert store._connection.execute("SELECT count(*) FROM change_steps").fetchone() == (0,)


def test_a_change_that_changes_nothing_leaves_no_trace(store: Store) -> None:
    _change(store, lambda store: store.edits.rename(ANN, "Ann"))
    _change(store, lambda store: store.edits.add_alias(BEN, "Benny"))
    _change(store, lambda store: store.edits.set_field(BEN, "town", "Rome"))
    _change(store, lambda store: store.edits.describe(BEN, {"birth": None, "hidden": False}))
    assert store.changes.history() == []


def test_a_change_that_fails_leaves_nothing(store: Store) -> None:
    before = _rows(store)
    with pytest.raises(sqlite3.IntegrityError):
        _change(store, lambda store: (store.edits.rename(ANN, "Nan"), store.edits.name(1, 99)))
    assert _rows(store) == before
    assert store.changes.history() == []
    with store.transaction():
        store.edits.rename(ANN, "Nan")  # no change is open any more
    assert store._connection.execute("SELECT count(*) FROM change_steps").fetchone() == (0,)


def test_what_build_and_run_write_is_not_journalled(store: Store) -> None:
    with store.transaction():
        store.people.add("Zoe", "Zoe")
        store.people.replace_dataset_links([(6, ANN)])
        say_by_machine(store, [4], [])
    assert store.undo() is None
    assert store._connection.execute("SELECT count(*) FROM change_steps").fetchone() == (0,)


def test_the_photos_of_a_change_are_those_whose_links_it_touched(store: Store) -> None:
    assert store.changes.photos(_change(store, EDITS["merge"])) == {2, 3, 4, 5}
    assert store.changes.photos(_change(store, EDITS["ignore"])) == {6}
    assert store.changes.photos(_change(store, lambda store: store.edits.rename(ANN, "Nan"))) == set()


def test_any_change_and_undo_is_noticed_by_whoever_keeps_people_in_memory(store: Store) -> None:
    states = [store.changes.state()]
    _change(store, EDITS["rename"])
    states.append(store.changes.state())
    store.undo()
    states.append(store.changes.state())
    _change(store, EDITS["rename"])
    states.append(store.changes.state())
    assert len(set(states)) == len(states)


# What happened meanwhile, outside of changes


def test_a_person_made_by_a_change_stays_if_the_people_folder_has_taken_them_up(store: Store) -> None:
    _change(store, lambda store: store.edits.name(6, store.people.add("Zoe")))
    zoe = max(store.people.all())
    with store.transaction():
        store.people.give_folder(zoe, "Zoe")
        store.people.replace_dataset_links([(1, ANN), (2, BEN), (6, zoe)])
    store.undo()
    assert store.people.all()[zoe] == Person(zoe, "Zoe", ("Zoe",))
    assert store.people.links(6) == [Link(6, zoe, Word.IS, Source.DATASET)]


def test_a_person_made_by_a_change_goes_with_all_that_the_machine_said_of_them(store: Store) -> None:
    _change(store, lambda store: store.edits.name(6, store.people.add("Zoe")))
    zoe = max(store.people.all())
    store.people.say(Link(5, zoe, Word.IS, Source.MACHINE, 0.2))
    store.copies.plan(3, zoe, Path("/out"), Path("/out/Zoe/photo.jpg"))
    undone = store.undo()
    assert undone is not None
    assert undone.photo_ids == {3, 5, 6}
    assert zoe not in store.people.all()
    assert [record.person_id for record in store.copies.of_photo(3, Path("/out"))] == [None]


def test_a_later_build_s_word_goes_over_the_one_before(store: Store) -> None:
    _change(store, lambda store: store.edits.delete(BEN))
    with store.transaction():
        again = store.people.add("Ben", "Ben")
        store.people.replace_dataset_links([(1, ANN), (2, again)])
    store.undo()
    everybody = store.people.all()
    assert everybody[BEN].folders == ("Ben",)
    assert again not in everybody  # whom the build made of the folder is Ben again
    assert store.people.links(2) == [Link(2, BEN, Word.IS, Source.DATASET)]
    assert store.people.links(3) == [Link(3, BEN, Word.IS, Source.USER)]


def test_whom_builds_made_of_a_folder_go_one_after_the_other(store: Store) -> None:
    before = _rows(store)
    states = []
    for name in ("Ben", "Ben again"):
        person = next(one.id for one in store.people.all().values() if "Ben" in one.folders)
        _change(store, lambda store, person=person: store.edits.delete(person))  # type: ignore[misc]
        states.append(store.people.all().keys())
        with store.transaction():
            store.people.replace_dataset_links([(1, ANN), (2, store.people.add(name, "Ben"))])
    for _ in range(2):
        assert store.undo() is not None
        assert store.undo() is not None
        assert store.people.all().keys() == {ANN, BEN, EVE}
        assert _rows(store)["person_folders"] == before["person_folders"]
        for state in states:
            assert store.redo() is not None
            assert store.people.all().keys() >= state


def test_what_a_later_run_said_gives_way_to_what_the_machine_said_before(store: Store) -> None:
    before = _rows(store)
    _change(store, lambda store: store.edits.merge(ANN, BEN))
    with store.transaction():
        say_by_machine(store, [4], [Link(4, EVE, Word.IS, Source.MACHINE, 0.1)])
    undone = store.undo()
    assert _rows(store) == before
    assert undone is not None
    assert 4 in undone.photo_ids  # to be decided anew


def test_a_build_after_a_merge_says_the_same_and_undo_gives_both_people_back(store: Store) -> None:
    before = _rows(store)
    _change(store, lambda store: store.edits.merge(ANN, BEN))
    with store.transaction():
        store.people.replace_dataset_links([(1, ANN), (2, ANN)])
    store.undo()
    assert _rows(store) == before


def test_undo_and_redo_tell_which_folders_were_renamed(store: Store) -> None:
    _change(store, EDITS["folder"])
    undone = store.undo()
    assert undone is not None
    assert undone.folders == [("Benjamin", "Ben")]
    done = store.redo()
    assert done is not None
    assert done.folders == [("Ben", "Benjamin")]
