"""How things stand: counted from the library and the report, with what to do next."""

from dataclasses import replace
from pathlib import Path

import pytest

from kith.jobs.overview import Next, Overview, last_run, overview, overview_lines
from kith.jobs.person_changes import PersonChanges
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.review_queues import waiting
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Ignored
from tests.desk import run_job
from tests.small_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _seen(world: World) -> Overview:
    with world.library() as library:
        return overview(library)


def test_before_a_run_there_is_one_to_make(world: World) -> None:
    found = _seen(world)
    assert (found.people, found.photos, found.last) == (3, 0, None)
    assert found.next is Next.RECOGNIZE


def test_after_a_run_its_counts_are_told_and_faces_wait(world: World) -> None:
    world.recognise()
    found = _seen(world)
    assert found.last
    assert found.last.total == found.photos == 7
    assert not found.last.stopped
    assert found.next is Next.REVIEW
    with world.library() as library:
        waiting = [face for face in library.store.reviews.unknowns(library.decisions.face_model_id) if face.has_face]
    assert found.unsure + found.unknown == len(waiting)
    assert any("Faces to be named" in line for line in overview_lines(found))


def test_naming_makes_fewer_wait(world: World) -> None:
    world.put(7, "input")
    world.recognise()
    before = _seen(world)
    assert before.groups == 1
    with world.library() as library:
        (group,) = Unknowns(library).groups(2)
        Unknowns(library).name(group.id, "Zoe")
    after = _seen(world)
    assert after.unsure + after.unknown < before.unsure + before.unknown
    assert (after.groups, after.people) == (0, before.people + 1)


def test_as_many_groups_are_told_as_review_shows(world: World) -> None:
    """Faces that are perhaps somebody are counted as unsure, and not once more as a group."""
    world.put(7, "input")
    world.recognise()
    for limits in ({}, {"face_tol": 0.3, "face_suggest": 1.3}):
        world.values.update(limits)
        world.recognise()
        with world.library() as library:
            shown = waiting(library).queues.groups
            assert overview(library).groups == len(shown) == 1


def test_a_stopped_run_is_to_be_resumed(world: World) -> None:
    run_job(
        world.settings,
        lambda context: recognize_folder(context, [world.root / "input"], world.root / "output"),
        stop_at=2,
        executor=lambda: world.eyes,
    )
    found = _seen(world)
    assert found.last
    assert found.last.stopped
    assert found.next is Next.RESUME
    world.recognise()
    assert _seen(world).next is Next.REVIEW


def test_a_new_folder_of_photos_asks_for_a_build(world: World) -> None:
    (world.root / "people/Empty").mkdir()
    world.recognise()
    assert _seen(world).next is Next.REVIEW
    world.put(9, "people/Zoe")
    found = _seen(world)
    assert found.new_people == ("Zoe",)
    assert found.next is Next.BUILD
    world.build()
    assert _seen(world).new_people == ()


def test_a_file_that_is_no_report_is_no_run(world: World) -> None:
    (world.root / "output").mkdir()
    (world.root / "output/report.csv").write_bytes(b"\xff\xfe no report")
    with world.store() as store:
        assert last_run(store) is None


def test_what_is_kept_of_how_things_stand_is_what_would_be_counted(world: World) -> None:
    world.put(7, "input")

    def name() -> None:
        with world.library() as library:
            (group,) = Unknowns(library).groups(2)
            Unknowns(library).name(group.id, "Zoe")

    def undo() -> None:
        with world.library() as library:
            library.undo()

    def ignore() -> None:
        with world.library() as library:
            (appearance, *_) = (one for group in Unknowns(library).groups(1) for one in group.examples)
            library.say(Ignored([appearance.appearance_id]))

    def look_at_more() -> None:
        world.put(9, "input")
        world.recognise()

    for act in (world.recognise, name, undo, ignore, look_at_more, world.redecide, world.build):
        act()
        kept = [_seen(world) for _ in range(2)]
        with world.store() as store, store.transaction():
            assert store._connection.execute("DELETE FROM standing").rowcount == 1
        assert kept == [_seen(world)] * 2


def test_how_things_stand_is_counted_once(world: World) -> None:
    world.recognise()
    found = _seen(world)
    with world.store() as store, store.transaction():
        store._connection.execute("UPDATE standing SET counts = json_set(counts, '$.unsure', 77)")
    assert replace(_seen(world), unsure=found.unsure) == found
    assert _seen(world).unsure == 77


def test_what_others_write_while_something_is_looked_up_is_seen_the_next_time(world: World) -> None:
    with world.library() as library, world.library() as other:

        def look() -> set[str]:
            found = {person.name for person in library.store.people.all().values()}
            if "Zoe" not in found:
                PersonChanges(other).create("Zoe")
            return found

        assert "Zoe" not in library.kept("names", look)
        assert "Zoe" in library.kept("names", look)
