"""Groups of unknown people, named and ignored, on real photos."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.unknowns import Group, Unknowns
from kith.jobs.user_words import Heeded, Ignored, Is, IsNot
from tests.desk import POWELL_AGAIN, SCHROEDER, STRANGER, TWO_STRANGERS, Desk, ran
from tests.unknowns import all_unknown, give_name, look_once, question_on, recognized_desk, reviewing

FIRST, SECOND, THIRD = (Path(name).name for name in SCHROEDER)  # the first with another look
TWO, ONE_OF_THEM, POWELL = (Path(name).name for name in (TWO_STRANGERS, STRANGER, POWELL_AGAIN[0]))
BYSTANDERS = "Vladimir_Putin_0001.jpg"  # two, in a photo that teaches


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.fixture
def desk(tmp_path: Path, material: Path, seen: Path) -> Desk:
    return recognized_desk(tmp_path / "desk", material, look_once(seen / "desk", material))


@contextmanager
def _opened(desk: Desk) -> Iterator[OpenLibrary]:
    with closing(OpenLibrary(desk.settings)) as library:
        yield library


def _shown(library: OpenLibrary, least: int = 1) -> list[list[str]]:
    """Return the photos of each group."""
    return [sorted(one.path.name for one in group.examples if one.path) for group in Unknowns(library).groups(least)]


def _group(library: OpenLibrary) -> int:
    """Return the number of the only group of several faces."""
    (group,) = Unknowns(library).groups(2)
    return group.id


def _of(desk: Desk, name: str) -> list[str]:
    """Return everybody who shows in a photo of the input, as the command line calls them."""
    rows = desk.query(
        "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ? ORDER BY a.id",
        str(desk.input / name),
    )
    return [f"{desk.input / name}#{key}" for (key,) in rows]


def _asked(desk: Desk) -> list[str]:
    with reviewing(desk) as library:
        return sorted(question_on(library, one).photo for one in all_unknown(library))


# Groups


def test_faces_alike_are_a_group_and_others_are_alone(desk: Desk) -> None:
    with _opened(desk) as library:
        assert _shown(library, 2) == [[SECOND, THIRD]]
        assert _shown(library) == [[SECOND, THIRD], [FIRST], [BYSTANDERS], [BYSTANDERS], [TWO], [TWO]]
        assert _shown(library, 3) == []


def test_a_new_photo_joins_or_founds_a_group_and_leaves_the_others_as_they_are(desk: Desk) -> None:
    with _opened(desk) as library:
        before = Unknowns(library).groups(2)
    desk.put(STRANGER, "input/")
    desk.recognize()
    with _opened(desk) as library:
        assert Unknowns(library).groups(2) == [*before, Unknowns(library).groups(2)[1]]
        assert _shown(library, 2)[1] == sorted([ONE_OF_THEM, TWO])
        assert Unknowns(library).groups(2) == Unknowns(library).groups(2)


def test_whoever_becomes_known_leaves_the_group_and_comes_back_with_the_undoing(desk: Desk) -> None:
    with _opened(desk) as library:
        group = _group(library)
    with reviewing(desk) as library:
        third = next(one for one in all_unknown(library) if question_on(library, one).photo == THIRD)
        give_name(library, third, "Gerhard")
    with _opened(desk) as library:
        assert _shown(library, 2) == []
        assert [SECOND] in _shown(library)
        library.undo()
        assert _group(library) == group


# Naming


def test_a_whole_group_gets_a_name_in_one_change_and_its_copies_follow(desk: Desk) -> None:
    before = desk.copies()
    with _opened(desk) as library:
        group = _group(library)
        assert Unknowns(library).name(group, " Gerhard  S ").text == "2 faces named Gerhard S. Gerhard S is new."
        assert f"Unknown/{SECOND}" in before
        assert {f"Gerhard S/{SECOND}", f"Gerhard S/{THIRD}"} <= set(desk.copies())
        assert f"Unknown/{SECOND}" not in desk.copies()
        assert _shown(library, 2) == []
        assert sorted(desk.links("user").values()) == ["Gerhard S"] * 2
        with pytest.raises(BadInput, match="no group"):
            Unknowns(library).name(group, "Somebody")
        library.undo()
        assert desk.copies() == before
        assert "Gerhard S" not in [person.name for person in library.people.all().values()]
        assert _group(library) == group


def test_naming_leaves_out_whom_you_said_it_is_not(desk: Desk) -> None:
    with _opened(desk) as library, closing(OpenLibrary(desk.settings)) as beside:
        group = _group(library)
        powell = beside.people.find("Powell")
        beside.say(IsNot(beside.appearance(_of(desk, SECOND)[0]), powell))
        outcome = Unknowns(library).name(group, "powell")
        assert outcome.text == "1 face named Powell. Left out: 1 face of which you said that it is not Powell."
        assert [Path(path).name for path in desk.links("user")].count(THIRD) == 1
        beside.undo()
        beside.say(IsNot(beside.appearance(_of(desk, THIRD)[0]), powell))
        with pytest.raises(BadInput, match="can be Powell"):
            Unknowns(library).name(group, "powell")


def test_naming_who_stands_beside_the_person_counts_and_is_told(desk: Desk) -> None:
    desk.put(STRANGER, "input/")
    desk.recognize()
    with _opened(desk) as library, closing(OpenLibrary(desk.settings)) as beside:
        (group,) = (one for one in Unknowns(library).groups(2) if one.examples[0].path and TWO in _names(one))
        (other,) = set(_of(desk, TWO)) - {f"{desk.input / TWO}#{one.appearance_id}" for one in group.examples}
        PersonChanges(beside).create("Joe")
        beside.say(Is([beside.appearance(other)], beside.people.find("Joe")))
        outcome = Unknowns(library).name(group.id, "Joe")
        assert outcome.text == "2 faces named Joe."
        assert len(outcome.hints) == 1
        assert f"{TWO}#{library.appearance(other)}" in outcome.hints[0]


def _names(group: Group) -> list[str]:
    return [one.path.name for one in group.examples if one.path]


# Ignoring


def test_who_is_ignored_is_neither_asked_about_nor_grouped_until_taken_back(desk: Desk) -> None:
    asked = _asked(desk)
    with _opened(desk) as library:
        before = Unknowns(library).groups(1)
        second = library.appearance(_of(desk, SECOND)[0])
        assert library.say(Ignored([second])).text == f"{SECOND}#{second} ignored."
        assert [SECOND] not in [_names(group) for group in Unknowns(library).groups(1)]
        assert [one.appearance_id for one in Unknowns(library).ignored()] == [second]
        assert _asked(desk) == [name for name in asked if name != SECOND]
        with pytest.raises(BadInput, match="already"):
            library.say(Ignored([second]))
        library.say(Heeded([second]))
        assert Unknowns(library).groups(1) == before
        assert _asked(desk) == asked
        with pytest.raises(BadInput, match="None of them"):
            library.say(Heeded([second]))


def test_a_machine_names_nobody_who_is_ignored_whatever_looks_at_the_photo(desk: Desk) -> None:
    assert f"Powell/{POWELL}" in desk.copies()
    with _opened(desk) as library:
        library.say(Ignored([library.appearance(_of(desk, POWELL)[0])]))
    assert f"Unknown/{POWELL}" in desk.copies()
    assert f"Powell/{POWELL}" not in desk.copies()
    desk.change(resize_max=640)  # another look at every photo
    desk.build()
    desk.recognize()
    assert f"Powell/{POWELL}" not in desk.copies()
    assert POWELL not in _asked(desk)
    with _opened(desk) as library:
        assert [one.path for one in Unknowns(library).ignored()] == [desk.input / POWELL]
        library.say(Heeded(Unknowns(library).all_in_photo(str(desk.input / POWELL))))
    assert f"Powell/{POWELL}" in desk.copies()


def test_all_others_in_a_photo_are_ignored_at_once(desk: Desk) -> None:
    photo = str(desk.input / TWO)
    with _opened(desk) as library:
        assert library.say(Ignored(Unknowns(library).in_photo(photo))).text == "2 people in 1 photo ignored."
        assert TWO not in _asked(desk)
        with pytest.raises(BadInput, match="Nobody unknown"):
            library.say(Ignored(Unknowns(library).in_photo(photo)))
        assert library.undo().text == "Undone: 2 people in 1 photo ignored."
        assert _asked(desk).count(TWO) == 2


def test_a_group_is_ignored_and_heeded_as_a_whole(desk: Desk) -> None:
    with _opened(desk) as library:
        group = _group(library)
        library.say(Ignored(Unknowns(library).in_group(group)))
        assert _shown(library, 2) == []
        library.say(Heeded(Unknowns(library).ever_in_group(group)))
        assert _group(library) == group


def test_nobody_whom_you_know_is_ignored_by_mistake(desk: Desk) -> None:
    taught = min((desk.people / "Powell").iterdir())
    with _opened(desk) as library:
        rows = desk.query(
            "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ?", str(taught)
        )
        with pytest.raises(BadInput, match="somebody known"):
            library.say(Ignored([rows[0][0]]))


def test_a_name_goes_over_ignoring(desk: Desk) -> None:
    with _opened(desk) as library, closing(OpenLibrary(desk.settings)) as beside:
        first = library.appearance(_of(desk, FIRST)[0])
        library.say(Ignored([first]))
        PersonChanges(beside).create("Gerhard")
        beside.say(Is([first], beside.people.find("Gerhard")))
        assert Unknowns(library).ignored() == []
    assert f"Gerhard/{FIRST}" in desk.copies()


# The command line


def test_examples_of_all_groups_are_asked_for_at_once(desk: Desk) -> None:
    with _opened(desk) as library:
        store, asked = library.store, list[str]()
        groups = Unknowns(library).groups(1)
        library.say(Ignored(Unknowns(library).all_in_photo(str(desk.input / TWO))))
        left = Unknowns(library).groups(1)
        store._connection.set_trace_callback(asked.append)
        assert Unknowns(library).groups(1) == left
        ignored = Unknowns(library).ignored()
        assert sum("FROM files" in statement for statement in asked) == 2
        assert len(left) >= 2
        assert len(groups) > len(left)
        assert [example.path for example in ignored] == [desk.input / TWO] * 2
        photo_of = store.photos.photo_of
        for example in [*ignored, *(one for group in groups for one in group.examples)]:
            assert example.path == store.reviews.source(photo_of(example.appearance_id) or 0)


def test_a_photo_that_lies_nowhere_is_told_where_it_was_seen_and_one_that_lies_somewhere_there(desk: Desk) -> None:
    with _opened(desk) as library:
        (key, first), *_ = desk.query("SELECT photo_id, path FROM files WHERE path LIKE ?", f"%{TWO}")
        again = desk.input / "zz.jpg"
        with library.store.transaction():
            library.store._connection.execute(
                "INSERT INTO files (path, photo_id, size, mtime_ns) SELECT ?, photo_id, size, mtime_ns FROM files "
                "WHERE path = ?",
                (str(again), first),
            )
        Path(first).rename(again)
        assert library.store.reviews.sources([key, key, 999]) == {key: again}
        again.unlink()
        assert library.store.reviews.sources([key]) == {key: Path(first)}


def _kith(desk: Desk, *arguments: str) -> tuple[int, str, str]:
    return ran(*arguments, "--settings", str(desk.settings_file()))


def test_the_command_line_lists_names_and_ignores(desk: Desk) -> None:
    code, out, err = _kith(desk, "unknowns", "--json")
    assert (code, err) == (0, "")
    (group,) = json.loads(out)["groups"]
    assert group["faces"] == 2
    assert sorted(Path(one["path"]).name for one in group["examples"]) == [SECOND, THIRD]
    _, out, _ = _kith(desk, "unknowns")
    assert out.startswith(f"Group {group['id']}: 2 faces\n    {desk.input}")
    code, out, _ = _kith(desk, "ignore", *_of(desk, TWO))
    assert (code, out) == (0, "2 people in 1 photo ignored.\n")
    assert _kith(desk, "unknowns", "--ignored")[1].split() == _of(desk, TWO)
    assert _kith(desk, "ignore", "--undo", "--others", str(desk.input / TWO))[0] == 0
    assert _kith(desk, "unknowns", "--ignored")[1] == "Nobody is ignored.\n"
    code, out, _ = _kith(desk, "unknowns", "name", str(group["id"]), "Gerhard")
    assert (code, out) == (0, "2 faces named Gerhard. Gerhard is new.\n")
    assert _kith(desk, "unknowns")[1] == "No unknown face shows 2 times or more.\n"


@pytest.mark.parametrize("arguments", [[], ["--group", "1", "--others", "photo.jpg"], ["--group", "999"], ["#x"]])
def test_what_cannot_be_ignored_is_said(desk: Desk, arguments: list[str]) -> None:
    code, out, err = _kith(desk, "ignore", *arguments)
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
