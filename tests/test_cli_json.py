"""Every command takes --json and prints nothing but JSON: one object, the long jobs one object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kith.cli.main import cli
from kith.jobs.backup import back_up
from kith.jobs.export_people import export_people
from kith.json_file import as_json_text
from kith.values.decisions import Candidate
from tests.small_world import World

# A simple call of each command, in a world where photo 8 shows somebody unknown.
CALLS = {
    "backup": ["{root}/backup.sqlite"],
    "build-kb": [],
    "check": [],
    "duplicates": [],
    "demo": None,  # it fetches its photos
    "evaluate": [],
    "export library": ["{root}/library.zip"],
    "export people": ["{root}/family.zip"],
    "forget": ["Eve", "--erase", "Eve"],
    "ignore": ["{face}"],
    "import library": ["{root}/given.zip", "--yes"],
    "import people": ["{root}/given.zip", "--new", "Ann"],
    "import-kb": ["{root}/people/encodings.pkl"],
    "learn-moves": [],
    "import-tags": ["{root}/input"],
    "link": ["{face}", "Ann"],
    "models": [],
    "models add": None,  # it takes published files only: tests/test_given_models.py
    "models download": ["--set", "face_detector=hog"],
    "people create": ["Zoe"],
    "people delete": ["Bob"],
    "people faces": ["Ann"],
    "people history": [],
    "people key-face": ["Ann", "{ann}"],
    "people left-out": [],
    "people list": [],
    "people merge": ["Ann", "Bob"],
    "people redo": None,  # there is to be something undone: tests/test_gui_undo.py
    "people rename": ["Ann", "Anna"],
    "people set": ["Ann", "birth=1950"],
    "people show": ["Ann"],
    "people split": ["Ann", "{ann}", "--to", "Zoe"],
    "people undo": [],
    "find": ["Ann"],
    "photos": [],
    "privacy": [],
    "recognize": [],
    "redecide": [],
    "restore": ["{root}/earlier.sqlite"],
    "report": None,  # it wants filed photos: tests/test_full_report.py
    "runs": [],
    "settings": [],
    "shows": ["{photo}", "Zoe"],
    "status": [],
    "undo": None,  # it wants a run: tests/test_runs.py
    "unknowns": ["--least", "1"],
    "unknowns confirm": None,  # it takes likely faces: tests/test_review_queues.py
    "unknowns likely": [],
    "unknowns name": ["{group}", "Zoe"],
    "unknowns split": None,  # it takes a group of several: tests/test_key_faces.py
    "unlink": ["{face}", "Ann", "--never"],
    "watch": None,  # it does not end by itself: tests/test_watch.py
    "why": ["{photo}"],
    "write-names": ["--dry-run"],
}
LONG = {"build-kb", "recognize", "redecide", "demo"}
SHOWN = {  # what a result has at least
    "people list": {"people"},
    "people show": {"person", "said"},
    "people faces": {"faces", "years", "together"},
    "people history": {"changes"},
    "people left-out": {"left_out"},
    "people create": {"text", "problems", "hints"},
    "models": {"models"},
    "models download": {"fetched", "failed"},
    "settings": {"settings", "settings_file", "log_file"},
    "backup": {"backup"},
    "restore": {"library", "kept"},
    "unknowns": {"groups"},
}


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield what can be run: a group only where it does something by itself."""
    below = getattr(command, "commands", {})
    if path and (not below or command.invoke_without_command):
        yield " ".join(path), command
    for name, one in below.items():
        yield from _commands(one, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(cli)))


def test_every_command_has_a_simple_call_here() -> None:
    assert COMMANDS.keys() == CALLS.keys()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_takes_json(name: str) -> None:
    assert "--json" in [option for parameter in COMMANDS[name].params for option in parameter.opts]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A world that has recognised, with what calls name of it."""
    world = World(tmp_path_factory.mktemp("world"))
    world.recognise()
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json(), encoding="utf-8")
    photo = world.root / "input/8.png"
    query = "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ?"
    ((face,),) = world.query(query, str(photo))
    ((ann,),) = world.query(query, str(world.root / "people/Ann/0.png"))
    CliRunner().invoke(cli, ["unknowns", "--settings", str(file)])
    back_up(world.settings, world.root / "earlier.sqlite")
    export_people(world.settings, world.root / "given.zip")
    ((group,),) = world.query("SELECT group_id FROM unknown_groups WHERE appearance_id = ?", face)
    names = {"root": world.root, "photo": photo, "face": f"{photo}#{face}", "ann": f"#{ann}", "group": group}
    return {"file": str(file), **{key: str(value) for key, value in names.items()}}


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize("name", [name for name, arguments in CALLS.items() if arguments is not None])
def test_what_a_command_prints_is_json(places: dict[str, str], name: str) -> None:
    arguments = [one.format(**places) for one in CALLS[name] or ()]
    CliRunner().invoke(cli, ["people", "create", "Somebody", "--settings", places["file"]])  # something to undo
    done = CliRunner().invoke(cli, [*name.split(), *arguments, "--json", "--settings", places["file"]])
    assert done.exit_code == 0, (done.output, done.exception)
    lines = done.stdout.splitlines()
    objects = [json.loads(line, parse_constant=_refuse) for line in lines]
    assert all(isinstance(one, dict) for one in objects)
    assert len(objects) == 1 or name in LONG
    assert not SHOWN.get(name, set()) - objects[0].keys()
    # The next call is to meet the same world.
    while CliRunner().invoke(cli, ["people", "undo", "--settings", places["file"]]).exit_code == 0:
        pass


def test_a_number_that_is_none_is_null() -> None:
    told = json.loads(
        as_json_text({"one": Candidate(1, 0.5, float("inf"), 1, 2), Path("a"): (float("nan"), Path("b"))})
    )
    assert told == {
        "one": {"person_id": 1, "value": 0.5, "margin": None, "samples": 1, "nearest": 2, "certainty": None},
        "a": [None, "b"],
    }


@pytest.mark.parametrize("group", ["unknowns name", "models download"])
@pytest.mark.parametrize("option", [["--json"], ["--settings", "somewhere.json"], ["--set", "face_tol=0.4"]])
def test_options_before_the_command_they_would_go_unheard_at_are_refused(group: str, option: list[str]) -> None:
    first, second = group.split()
    done = CliRunner().invoke(cli, [first, *option, second, "1", "Ann"])
    assert done.exit_code == 2
    assert f"options come after {second}" in done.output
