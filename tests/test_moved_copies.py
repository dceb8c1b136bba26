"""Copies moved by hand: a correction that is offered, taken as the user's word, and taken back."""

import json
from pathlib import Path

import pytest

from kith.jobs.moved_copies import MovedCopies
from kith.policies import FileAs
from kith.values.links import Source
from tests.desk import ran
from tests.small_world import World
from tests.test_runs import Cabinet
from tests.test_runs import built as built
from tests.test_runs import world as world


def _move(world: Cabinet, before: str, now: str) -> None:
    target = world.output / now
    target.parent.mkdir(exist_ok=True)
    (world.output / before).rename(target)


def _found(world: World) -> list[str]:
    with world.library() as library:
        return [move.line for move in MovedCopies(library).found()]


def _learn(world: World) -> str:
    with world.library() as library:
        moved = MovedCopies(library)
        return moved.take_as_word(moved.found()).text


def _undo(world: World) -> None:
    with world.library() as library:
        library.undo()


@pytest.mark.parametrize("file_as", FileAs)
def test_moves_are_offered_learned_and_taken_back(world: Cabinet, file_as: FileAs) -> None:
    world.change(file_as=file_as)
    world.run()
    assert _found(world) == []
    _move(world, "Unknown/8.png", "Ann/8.png")
    _move(world, "Bob/11.png", "Eve/11.png")
    _move(world, "Ann/13.png", "Unknown/mine.png")
    assert _found(world) == [
        "8.png: from Unknown to Ann",
        "11.png: from Bob to Eve",
        "mine.png: from Ann to Unknown",
    ]
    assert _learn(world) == "3 copies moved by hand: taken as your word."
    assert _found(world) == []
    expected = {"8.png": {"Ann"}, "11.png": {"Eve"}, "mine.png": {"Unknown"}}
    assert expected.items() <= world.filed().items()
    assert "13.png" not in world.filed()
    said = world.query("SELECT word, count(*) FROM links WHERE source = ? GROUP BY 1 ORDER BY 1", Source.USER)
    assert said == [("is", 2), ("is_not", 1)]
    _undo(world)
    assert world.query("SELECT * FROM links WHERE source = ?", Source.USER) == []
    assert (world.filed()["8.png"], world.filed()["11.png"]) == ({"Unknown"}, {"Bob"})
    assert {"Ann"} in (world.filed().get("13.png"), world.filed().get("mine.png"))


def test_a_folder_of_a_name_that_nobody_has_is_somebody_new(world: Cabinet) -> None:
    world.run()
    _move(world, "Unknown/8.png", "Zoe/8.png")
    assert _found(world) == ["8.png: from Unknown to Zoe (new)"]
    _learn(world)
    with world.library() as library:
        assert library.people.find("Zoe").name == "Zoe"
    assert world.filed()["8.png"] == {"Zoe"}


def test_of_several_faces_a_move_does_not_tell_which_and_teaches_nothing(world: Cabinet) -> None:
    world.put(14, "input")  # two strangers
    world.run()
    _move(world, "Unknown/14.png", "Bob/14.png")
    _learn(world)
    ((box,),) = world.query(
        "SELECT a.x FROM links l JOIN appearances a ON a.id = l.appearance_id WHERE l.source = ?", Source.USER
    )
    assert box is None
    assert world.filed()["14.png"] == {"Bob"}


def test_what_is_no_correction_is_not_offered(world: Cabinet, tmp_path: Path) -> None:
    world.run()
    _move(world, "Ann/13.png", "Ann/renamed.png")
    _move(world, "Bob/11.png", "11.png")
    (world.output / "Unknown/12.png").rename(tmp_path / "12.png")
    (world.output / "Eve/5.png").write_bytes(b"edited")
    _move(world, "Eve/5.png", "Ann/5.png")
    assert _found(world) == []
    before = world.filed()
    world.run()
    assert {name for name in world.filed() if name not in before} <= {"13.png"}


def test_the_command_lists_and_learns(world: Cabinet) -> None:
    world.run()
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    _move(world, "Unknown/8.png", "Ann/8.png")
    code, told, notes = ran("learn-moves", "--settings", file)
    assert (code, told) == (0, "8.png: from Unknown to Ann\n")
    assert notes == "1 copy was moved by hand: kith learn-moves --yes takes that as your word.\n"
    code, told, _ = ran("learn-moves", "--yes", "--settings", file)
    assert (code, told) == (0, "1 copy moved by hand: taken as your word.\n")
    assert ran("learn-moves", "--settings", file)[2] == "0 copies were moved by hand.\n"
