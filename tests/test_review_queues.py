"""What waits for a word, in three queues; and what follows from a word for everybody else."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kith.errors import BadInput
from kith.jobs.follow_up import FollowUp
from kith.jobs.open_library import OpenLibrary
from kith.jobs.overview import overview
from kith.jobs.review_queues import Choice, Queues, confirm, deny, others_ignored, queues_of, waiting
from kith.jobs.unknowns import Unknowns
from tests.desk import ran
from tests.review_world import FACES, GROUPS, LIKELY, OTHERS, TWINS, review_world
from tests.small_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return review_world(tmp_path)


@pytest.fixture
def library(world: World) -> Iterator[OpenLibrary]:
    with world.library() as library:
        yield library


def _queues(library: OpenLibrary, **choice: object) -> Queues:
    return queues_of(waiting(library), Choice(**choice))  # type: ignore[arg-type]


def _shown(queues: Queues) -> list[list[list[str]]]:
    """Return the photos of each entry of each queue."""
    of_all = (queues.groups, queues.likely, queues.singles)
    return [[[face.path.name for face in queue.faces] for queue in of_one] for of_one in of_all]


def test_every_face_that_waits_is_in_one_queue(library: OpenLibrary) -> None:
    waits = waiting(library)
    queues = queues_of(waits)
    assert _shown(queues) == [[GROUPS, OTHERS], [[LIKELY], ["16.png"]], [[TWINS], [TWINS]]]
    assert [queue.name for queue in queues.likely] == ["Bob", "Eve"]
    of_all = (*queues.groups, *queues.likely, *queues.singles)
    faces = [face.id for queue in of_all for face in queue.faces]
    assert sorted(faces) == sorted(face.id for face in waits.faces)
    assert len(faces) == len(set(faces)) == FACES


def test_the_surest_of_a_person_come_first(world: World) -> None:
    world.put(18, "input")
    world.values["sure_at"] = 1.0
    world.build()
    world.recognise()
    with world.library() as library:
        for queue in _queues(library).likely:
            certainties = [face.certainty or 0 for face in queue.faces]
            assert certainties == sorted(certainties, reverse=True)
        assert max(len(queue.faces) for queue in _queues(library).likely) > 1


def test_photos_that_are_gone_are_not_asked_about(world: World, library: OpenLibrary) -> None:
    (world.root / "input" / TWINS).unlink()
    assert _shown(_queues(library))[2] == []


def test_ignored_ones_are_in_no_queue(library: OpenLibrary) -> None:
    waits = waiting(library)
    twin = next(face for face in waits.faces if face.path.name == TWINS)
    others_ignored(library, twin)
    assert [queue.id for queue in _queues(library).singles] == [twin.id]
    with pytest.raises(BadInput, match="Nobody else"):
        others_ignored(library, twin)


@pytest.mark.parametrize(
    ("since", "until", "asked"),
    [("2004", "", True), ("2005", "", False), ("2004-06", "", False), ("", "2003-12-31", False), ("", "2004-05", True)],
)
def test_a_span_of_dates_is_chosen(world: World, library: OpenLibrary, since: str, until: str, asked: bool) -> None:
    with world.store() as store, store.transaction():
        store._connection.execute(
            "UPDATE photos SET taken_at = '2004-05-31T10:00:00' "
            "WHERE id IN (SELECT photo_id FROM files WHERE path LIKE ?)",
            (f"%{LIKELY}",),
        )
    expected = [[LIKELY]] if asked else []
    assert _shown(_queues(library, since=since, until=until)) == [[], expected, []]


def test_a_folder_is_chosen_with_what_lies_below(world: World, library: OpenLibrary) -> None:
    assert _shown(_queues(library, folder=world.root)) == _shown(_queues(library))
    assert _shown(_queues(library, folder=world.root / "people")) == [[], [], []]


# What is said


def _state(world: World) -> tuple[object, ...]:
    return world.persons(), world.links(), world.ignored(), world.tree()


def test_many_are_confirmed_and_denied_each_in_one_change(world: World, library: OpenLibrary) -> None:
    before = _state(world)
    (group, _) = _queues(library).groups
    ann = library.people.find("Ann").id
    faces = [face.id for face in group.faces]
    assert confirm(library, ann, faces).text == "3 faces named Ann."
    assert deny(library, ann, faces).text == "3 faces are not Ann."
    assert [change.summary for change in library.history()] == ["3 faces are not Ann", "3 faces named Ann"]
    library.undo()
    library.undo()
    assert _state(world) == before


def test_a_name_for_many_goes_not_over_what_was_denied_of_one(library: OpenLibrary) -> None:
    (group, _) = _queues(library).groups
    faces = [face.id for face in group.faces]
    deny(library, library.people.find("Ann").id, faces[:1])
    outcome = Unknowns(library).name_faces(faces, "ann", meant=True)
    assert outcome.text == "2 faces named Ann. Left out: 1 face of which you said that it is not Ann."
    assert Unknowns(library).name_faces(faces[:1], "ann", meant=True).text.endswith(" is Ann.")


# What follows for everybody else


def test_a_word_teaches_and_others_are_found_as_part_of_it(world: World, library: OpenLibrary) -> None:
    before = _state(world)
    (group, _) = _queues(library).groups
    Unknowns(library).name_faces([group.faces[0].id, group.faces[1].id], "Zoe", group.id)
    assert [face.path.name for queue in _queues(library).likely for face in queue.faces if queue.name == "Zoe"] == [
        GROUPS[2]
    ]
    followed = FollowUp(library)
    assert followed.run().text == "1 more photo of Zoe found."
    assert followed.is_complete
    assert ("Zoe", world.contents) != before
    assert [folder for folder, _ in world.tree().elements()].count("Zoe") == 3
    assert FollowUp(library).run().text == ""
    world.check()
    library.undo()
    assert _state(world) == before


def test_others_whose_output_folder_is_away_are_found_and_that_is_said(world: World, library: OpenLibrary) -> None:
    (group, _) = _queues(library).groups
    Unknowns(library).name_faces([group.faces[0].id, group.faces[1].id], "Zoe", group.id)
    output = world.root / "output"
    drive = output.rename(world.root / "drive")
    followed = FollowUp(library).run()
    assert followed.text == "1 more photo of Zoe found."
    (problem,) = followed.problems
    assert f"{output} is not there" in problem
    drive.rename(output)
    world.redecide()
    assert [folder for folder, _ in world.tree().elements()].count("Zoe") == 3


def test_it_stops_for_the_next_word_and_does_nothing_for_one_taken_back(world: World, library: OpenLibrary) -> None:
    (group, _) = _queues(library).groups
    Unknowns(library).name_faces([group.faces[0].id, group.faces[1].id], "Zoe", group.id)
    said = _state(world)
    stop = threading.Event()
    stop.set()
    stopped = FollowUp(library, stop)
    assert stopped.run().text == ""
    assert not stopped.is_complete
    library.undo()
    taken_back = FollowUp(library)
    assert taken_back.run().text == ""
    assert taken_back.is_complete
    assert _state(world) != said


def test_whom_others_perhaps_are_follows_a_word_and_its_undo(world: World) -> None:
    world.values["sure_at"] = 1.0  # nobody is sure: all are suggested
    world.redecide()

    def suggested() -> list[tuple[int, int]]:
        return world.query("SELECT * FROM suggestions ORDER BY 1")

    with world.library() as library:
        before = suggested()
        (group, _) = _queues(library).groups
        Unknowns(library).name_faces([group.faces[0].id, group.faces[1].id], "Zoe", group.id)
        FollowUp(library).run()
        zoe = library.people.find("Zoe").id
        assert (group.faces[2].id, zoe) in suggested()
        assert overview(library).unsure == len(suggested())
        library.undo()
        FollowUp(library).run()
        assert suggested() == before
    world.redecide()
    assert suggested() == before


def test_what_follows_is_what_deciding_all_again_comes_to(world: World, library: OpenLibrary) -> None:
    (group, other) = _queues(library).groups
    for queue, name in ((group, "Zoe"), (other, "Yan")):
        Unknowns(library).name_faces([queue.faces[0].id], name, queue.id)
        FollowUp(library).run()
    assert world.redecide().changed == 0


# The command line


def _run(world: World, *arguments: str) -> tuple[int, str, str]:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    return ran(*arguments, "--settings", file)


def test_likely_faces_are_listed_and_confirmed_on_the_command_line(world: World) -> None:
    code, out, _ = _run(world, "unknowns", "likely")
    assert code == 0
    assert out.startswith("Bob: 1 face\n")
    assert f"{LIKELY}#" in out
    code, out, _ = _run(world, "unknowns", "confirm", "Bob", "--rest")
    assert (code, out) == (0, f"{LIKELY}#14 is Bob.\n")
    code, _, err = _run(world, "unknowns", "confirm", "Bob")
    assert code != 0
    assert "kith unknowns likely shows them" in err


def test_those_left_out_can_be_denied_on_the_command_line(world: World) -> None:
    code, out, _ = _run(world, "unknowns", "confirm", "Bob", "--but", f"{LIKELY}#14", "--deny", "--json")
    assert code == 0
    assert json.loads(out)["text"] == f"{LIKELY}#14 is not Bob."


def test_a_word_on_the_command_line_teaches_the_rest_on_wish(world: World, library: OpenLibrary) -> None:
    (group, _) = _queues(library).groups
    first, second, _ = (f"{face.path.name}#{face.id}" for face in group.faces)
    assert _run(world, "link", first, "Zoe")[:2] == (0, f"{first} is Zoe. Zoe is new.\n")
    assert _run(world, "link", second, "Zoe", "--rest")[:2] == (0, f"{second} is Zoe. 1 more photo of Zoe found.\n")
