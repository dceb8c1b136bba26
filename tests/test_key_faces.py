"""The face that stands for a person, and groups that the user has split: both last, and both can be taken back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Is
from kith.library.portrait_queries import Portrait
from kith.values.links import Source
from tests.desk import ran
from tests.small_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.put(7, "input")  # who also shows in 8, and in 14
    world.recognise()
    return world


def _portraits(world: World) -> dict[str, Portrait]:
    with world.store() as store:
        names = {key: person.name for key, person in store.people.all().items()}
        return {names[key]: portrait for key, portrait in store.portraits.all().items()}


def _faces_of(library: OpenLibrary, name: str) -> list[int]:
    person = library.people.find(name)
    return sorted(link.appearance_id for _, link in library.store.people.mentions(person.id))


def test_everybody_with_a_photo_has_a_portrait(world: World) -> None:
    portraits = _portraits(world)
    assert portraits.keys() == {"Ann", "Bob", "Eve"}
    assert not any(portrait.chosen for portrait in portraits.values())
    with world.library() as library:
        counts = library.store.portraits.photo_counts()
        for name in portraits:
            person = library.people.find(name)
            assert counts[person.id] == len({photo for photo, _ in library.store.people.mentions(person.id)})


def test_a_chosen_face_stands_for_a_person_until_it_is_theirs_no_longer(world: World) -> None:
    best = _portraits(world)["Ann"].appearance_id
    with world.library() as library:
        changes, ann = PersonChanges(library), library.people.find("Ann")
        other = next(key for key in _faces_of(library, "Ann") if key != best)
        changes.set_key_face(ann, other)
        assert _portraits(world)["Ann"].appearance_id == other
        assert _portraits(world)["Ann"].chosen
        library.undo()
        assert _portraits(world)["Ann"].appearance_id == best
        library.redo()
        assert _portraits(world)["Ann"].appearance_id == other
        library.say(Is([other], library.people.find("Bob")))
        assert _portraits(world)["Ann"].appearance_id != other
        library.undo()
        changes.set_key_face(ann, None)
        assert _portraits(world)["Ann"].appearance_id == best


def test_who_was_only_recognised_is_shown_by_what_the_machine_says(world: World) -> None:
    before = _portraits(world)
    with world.library() as library:
        ann = library.people.find("Ann")
        links = [link for _, link in library.store.people.mentions(ann.id)]
    taught = {link.appearance_id for link in links if link.source is Source.DATASET}
    assert before["Ann"].appearance_id in taught  # however good the recognised ones are
    with closing(sqlite3.connect(world.settings.library_file)) as connection, connection:
        connection.execute("DELETE FROM links WHERE source = 'dataset' AND person_id = ?", (ann.id,))
    now = _portraits(world)
    assert now["Ann"].appearance_id in {link.appearance_id for link in links} - taught
    assert {name: now[name] for name in ("Bob", "Eve")} == {name: before[name] for name in ("Bob", "Eve")}


def test_one_person_is_shown_by_the_same_face_as_among_all(world: World) -> None:
    with world.library() as library:
        bob = library.people.find("Bob")
        PersonChanges(library).set_key_face(bob, _faces_of(library, "Bob")[-1])
        portraits = library.store.portraits
        everybody = portraits.all()
        assert everybody[bob.id].chosen
        assert {key: portraits.of(key) for key in library.people.all()} == {
            key: everybody.get(key) for key in library.people.all()
        }


def test_no_face_of_somebody_else_stands_for_a_person(world: World) -> None:
    with world.library() as library, pytest.raises(BadInput, match="is not Ann"):
        PersonChanges(library).set_key_face(library.people.find("Ann"), _faces_of(library, "Bob")[0])


@pytest.mark.parametrize("act", ["merge", "delete", "forget"])
def test_with_a_person_goes_their_key_face(world: World, act: str) -> None:
    with world.library() as library:
        changes, bob = PersonChanges(library), library.people.find("Bob")
        changes.set_key_face(bob, _faces_of(library, "Bob")[0])
        if act == "merge":
            changes.merge(library.people.find("Ann"), bob)
        elif act == "delete":
            changes.delete(bob)
    if act == "forget":
        file = world.root / "settings.json"
        file.write_text(world.settings.model_dump_json(), encoding="utf-8")
        assert ran("forget", "Bob", "--erase", "Bob", "--settings", file)[0] == 0
    assert world.query("SELECT * FROM key_faces") == []
    assert world.query("PRAGMA foreign_key_check") == []
    if act != "forget":
        with world.library() as library:
            library.undo()
        assert len(world.query("SELECT * FROM key_faces")) == 1


def _group(world: World) -> tuple[int, list[int]]:
    with world.library() as library:
        unknowns = Unknowns(library)
        group = unknowns.groups(2)[0]
        return group.id, unknowns.in_group(group.id)


def test_a_group_split_stays_two_whatever_is_seen_later(world: World) -> None:
    number, members = _group(world)
    before = world.query("SELECT * FROM unknown_groups ORDER BY 1")
    with world.library() as library:
        unknowns = Unknowns(library)
        unknowns.split(number, members[:1])
        groups = {group.id: unknowns.in_group(group.id) for group in unknowns.groups(1)}
        assert members not in groups.values()
        assert members[:1] in groups.values()
        assert not any(group.perhaps for group in unknowns.groups(1) if group.id in {number, members[0]})
        library.undo()
        assert world.query("SELECT * FROM unknown_groups ORDER BY 1") == before
        assert unknowns.in_group(number) == members
        library.redo()
        assert unknowns.in_group(number) == members[1:] or unknowns.in_group(number) == members[:1]
    world.put(14, "input")
    world.recognise()
    with world.library() as library:
        groups = {group.id: Unknowns(library).in_group(group.id) for group in Unknowns(library).groups(1)}
    assert not any({*members} <= {*faces} for faces in groups.values())


def test_any_face_can_be_split_off_any_number_of_times(world: World) -> None:
    number, members = _group(world)
    for _ in range(4):
        for key in members:
            with world.library() as library:
                unknowns = Unknowns(library)
                place = next(group for group in unknowns.groups(1) if key in unknowns.in_group(group.id))
                own = unknowns.in_group(place.id)
                if len(own) > 1:
                    unknowns.split(place.id, [key])
                    assert unknowns.in_group(place.id) != own
                    library.undo()
    assert _group(world) == (number, members)


@pytest.mark.parametrize("chosen", ["nobody", "everybody", "somebody else"])
def test_a_split_that_is_none_is_refused(world: World, chosen: str) -> None:
    number, members = _group(world)
    faces: list[int] = {"nobody": [], "everybody": members, "somebody else": [10**6]}[chosen]
    with world.library() as library, pytest.raises(BadInput):
        Unknowns(library).split(number, faces)


def test_commands_choose_and_split(world: World) -> None:
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json(), encoding="utf-8")
    number, members = _group(world)
    with world.library() as library:
        face = library.label(_faces_of(library, "Bob")[-1])
        apart = library.label(members[0])
    code, out, err = ran("people", "key-face", "Bob", face, "--settings", file)
    assert (code, "shown by" in out) == (0, True), err
    code, out, err = ran("unknowns", "split", str(number), apart, "--settings", file)
    assert (code, "two people" in out) == (0, True), err


def test_a_library_of_the_version_before_gets_both(world: World) -> None:
    with closing(sqlite3.connect(world.settings.library_file)) as library:
        library.executescript(
            "DROP TABLE key_faces; ALTER TABLE unknown_groups RENAME TO old; "
            "CREATE TABLE unknown_groups (appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id), "
            "group_id INTEGER NOT NULL) STRICT; INSERT INTO unknown_groups SELECT appearance_id, group_id FROM old; "
            "DROP TABLE old; PRAGMA user_version = 4"
        )
    number, members = _group(world)
    with world.library() as library:
        Unknowns(library).split(number, members[:1])
        PersonChanges(library).set_key_face(library.people.find("Ann"), _faces_of(library, "Ann")[0])
    assert np.array(world.query("SELECT settled FROM unknown_groups")).any()
