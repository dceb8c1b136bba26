"""Whom a name may have been meant for."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.person_names import alike, hints_on, may_mean
from kith.jobs.unknowns import Unknowns
from kith.values.persons import Person
from tests.desk import ran
from tests.small_world import World


def _person(number: int, name: str, aliases: Sequence[str] = ()) -> Person:
    return Person(number, name, aliases=tuple(aliases))


KNOWN = [
    _person(1, "Ariel Sharon"),
    _person(2, "Gerhard Schröder"),
    _person(3, "Tim", ["Timothy Bernes-Lee"]),
    _person(4, "Anna Rossi"),
    _person(5, "Child 1"),
    _person(6, "Mary-Ann O'Neill"),
    _person(7, "김민수"),
    _person(8, "🙂"),
]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Ariel Sharom", 1),  # another letter
        ("ariel sharn", 1),  # one missing
        ("Arriel Sharon", 1),  # one too many
        ("Airel Sharon", 1),  # two swapped
        ("Sharon, Ariel", 1),
        ("Sharom Ariel", 1),
        ("ArielSharon", 1),
        ("Ariel Sharon.", 1),
        ("Gerhard Schroder", 2),
        ("GERHARD SCHROEDER", 2),
        ("Gerhart Schrödr", 2),
        ("Timothy Berners-Lee", 3),  # another name of theirs
        ("Ana Rossi", 4),
        ("Anne Rossi", 4),
        ("Mary Ann O’Neill", 6),
        ("Maryann ONeill", 6),
        ("김민서", 7),
    ],
)
def test_a_slip_is_taken_for_one(text: str, number: int) -> None:
    found = alike(KNOWN, text)
    assert found
    assert found.id == number


@pytest.mark.parametrize(
    "text",
    ["Ariel", "Ariel Shavit", "Tom", "Jim", "Child 2", "Carl Rossi", "Anna Verdi", "Anna M Rossi", "🙃", "Rossi", "…"],
)
def test_another_name_is_somebody_else(text: str) -> None:
    assert alike(KNOWN, text) is None


@pytest.mark.parametrize("text", ["Ariel Sharon", " ariel  SHARON", "#1", "timothy bernes-lee", "Child 1"])
def test_a_known_name_is_like_nobody_elses(text: str) -> None:
    assert alike([*KNOWN, _person(9, "Ariel Sharom")], text) is None


def test_of_several_the_most_alike_is_meant() -> None:
    known = [_person(1, "Maria Rosso"), _person(2, "Mario Rossi"), _person(3, "Marie Rosso")]
    assert [one.id for one in [alike(known, "Mario Rosso"), alike(known, "Marie Rossi")] if one] == [1, 2]


def test_a_name_of_several_people_is_asked_about_as_ever() -> None:
    with pytest.raises(BadInput, match="2 people"):
        alike([_person(1, "Ann"), _person(2, "Ann")], "ann")


@pytest.mark.parametrize(
    ("text", "means"),
    [("ann #3", True), ("ANN", True), ("#3", True), ("#4", True), ("Ann #4", False), ("An", False), ("Ann 3", False)],
)
def test_a_name_without_its_number_may_be_meant_and_so_may_any_number(text: str, means: bool) -> None:
    assert may_mean(text, "Ann #3") is means


def test_of_nobody_known_nobody_is_alike() -> None:
    assert alike([], "Ann") is None
    assert hints_on([], "Ann") == ()


# On the command line


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Ariel Sharon")
    return world


def test_a_new_name_much_like_a_known_one_is_made_and_told(world: World) -> None:
    with world.library() as library:
        known = library.people.find("Ariel Sharon")
        assert f"much like Ariel Sharon (#{known.id})" in PersonChanges(library).create("Ariel Sharom").hints[0]
        assert PersonChanges(library).create("Somebody Else").hints == ()
        bob = library.people.find("Bob")
        assert "much like Ariel Sharo" in PersonChanges(library).rename(bob, "Ariel Sharn").hints[0]
        assert PersonChanges(library).rename(known, "Arial Sharon").hints != ()
        assert {"Ariel Sharom", "Ariel Sharn", "Arial Sharon"} <= {one.name for one in library.people.all().values()}


@pytest.mark.parametrize("name", ["#99", "Nan", "Ariel Sharon"])
def test_a_hint_never_keeps_from_making_a_person(world: World, name: str) -> None:
    with world.library() as library:
        for known in ("Bob", "Eve"):
            PersonChanges(library).set(library.people.find(known), {}, {}, {"Nan": True})
        assert PersonChanges(library).create(name).hints == ()
        assert name in [one.name for one in library.people.all().values()]


def test_a_name_corrected_is_not_told_to_be_like_itself(world: World) -> None:
    with world.library() as library:
        assert PersonChanges(library).rename(library.people.find("Ariel Sharon"), "Ariel Sharom").hints == ()


def test_split_off_and_named_groups_are_told_as_well(world: World) -> None:
    world.recognise()
    with world.library() as library:
        taught = [
            link.appearance_id for _, link in library.store.people.mentions(library.people.find("Ariel Sharon").id)
        ]
        assert PersonChanges(library).split(library.people.find("Ariel Sharon"), taught[:1], "Ariel Sharom").hints
        again = PersonChanges(library).split(library.people.find("Ariel Sharon"), taught[1:2], "Ariel Sharom")
        assert not again.hints, "known by now"
    with closing(OpenLibrary(world.settings)) as library:
        groups = Unknowns(library).groups(1)
        assert "much like" in Unknowns(library).name(groups[0].id, "Ariel Sharonn").hints[0]


NOBODYS = ["Unknown", "unknown", " UNKNOWN ", "Unknown.", "Ｕｎｋｎｏｗｎ", ".", "..", " .. "]


@pytest.mark.parametrize("name", NOBODYS)
def test_nobody_is_called_as_the_folder_of_nobody_or_as_points(world: World, name: str) -> None:
    world.recognise()
    with world.library() as library:
        bob, people = library.people.find("Bob"), PersonChanges(library)
        unknowns = Unknowns(library)
        group = unknowns.groups(1)[0]
        theirs = [link.appearance_id for _, link in library.store.people.mentions(bob.id)]
        for give in (
            lambda: people.create(name),
            lambda: people.rename(bob, name, rename_folder=True),
            lambda: people.set(bob, {}, {}, {name: True}),
            lambda: people.split(bob, theirs[:1], name),
            lambda: unknowns.name(group.id, name),
            lambda: library.people.meant(name),  # what the window and `link` name a face by
        ):
            with pytest.raises(BadInput, match="Nobody can be called"):
                give()


def test_who_was_called_unknown_before_can_still_be_named_and_renamed(world: World) -> None:
    with world.library() as library:
        bob = library.people.find("Bob")
        with library.store.change("test", "as earlier versions let"):
            library.store.edits.rename(bob.id, "Unknown")
        known = library.people.meant("Unknown")
        assert isinstance(known, Person)
        assert PersonChanges(library).rename(known, "Rob").text.startswith("Unknown is Rob now.")


def test_the_hint_is_a_line_of_its_own_among_the_messages(world: World) -> None:
    settings = world.root / "settings.json"
    settings.write_text(world.settings.model_dump_json(), encoding="utf-8")
    code, out, err = ran("people", "create", "Ariel Sharom", "--settings", settings)
    assert code == 0
    assert "Ariel Sharom is #" in out
    assert err.splitlines() == [hints_on([_known(world)], "Ariel Sharom")[0]]


def _known(world: World) -> Person:
    with world.library() as library:
        return library.people.find("Ariel Sharon")
