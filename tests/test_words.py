"""One word of the user's has one outcome, wherever it is said: in the window, on the command line, for a group."""

import csv
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from kith.cli.main import cli
from kith.errors import BadInput, KithError
from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_changes import PersonChanges
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Ignored
from kith.library.review_queries import Unknown
from kith.photos.outputs import REPORT
from tests import small_world
from tests.review_world import open_review, rest
from tests.small_world import World
from tests.unknowns import accept, all_unknown, give_name, question_on, refuse

ANN, BOB, EVE, STRANGER = range(4)
# Photos of this file, beside those of the small world.
ANN_TWICE, STRANGER_TWICE, ANN_AND_STRANGER = range(20, 23)
OWN = [[(ANN,), (ANN,)], [(6,), (6,)], [(ANN,), (7,)]]

Face = tuple[int, int]  # a photo, and the place of somebody in it
Said = set[tuple[int, str]]  # the place of somebody in a photo, and what is said of them: `user is not Ann`
Door = Callable[[World, Face, str], Outcome]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ann, Bob and Eve are taught; the input shows them, strangers, and Ann beside her mirror image."""
    monkeypatch.setattr(small_world, "SHOWN", [*small_world.SHOWN, *OWN])
    world = World(tmp_path)
    for photo in (ANN_TWICE, STRANGER_TWICE, ANN_AND_STRANGER):
        world.put(photo, "input")
    world.recognise()
    return world


def _settings_file(world: World) -> str:
    path = world.root / "settings.json"
    path.write_text(world.settings.model_dump_json(), encoding="utf-8")
    return str(path)


def _path(world: World, photo: int) -> Path:
    return world.root / "input" / f"{photo}.png"


def _key(world: World, face: Face) -> int:
    """Return the appearance at a place, counted from the left."""
    keys = world.query(
        "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ? ORDER BY a.x",
        str(_path(world, face[0])),
    )
    return int(keys[face[1]][0])


def _links(world: World, photo: int) -> Said:
    """Return all that is said of who shows in a photo."""
    query = (
        "SELECT l.source || ' ' || replace(l.word, '_', ' ') || ' ' || n.name FROM links l "
        "JOIN persons n ON n.id = l.person_id WHERE l.appearance_id = ?"
    )
    places = range(len(small_world.SHOWN[photo]))
    return {(place, text) for place in places for (text,) in world.query(query, _key(world, (photo, place)))}


def _copies(world: World, photo: int) -> list[str]:
    """Return the folders that hold a copy of a photo."""
    return sorted(path.parent.name for path in world.root.glob(f"output/*/{photo}.png"))


def _reported(world: World, photo: int) -> list[str]:
    """Return the folders that the next run reports copies of a photo in."""
    world.recognise()
    with (world.root / "output" / REPORT).open(encoding="utf-8", newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["file"] == f"{photo}.png")
    return sorted(Path(copy).parent.name for copy in row["copies"].split("; "))


# The doors


def _meant(says: str) -> tuple[bool, str]:
    """Return whether it is a name that is given, and the name."""
    _, is_not, denied = says.partition("is not ")
    return not is_not, denied or says.removeprefix("is ")


def by_review(world: World, face: Face, says: str) -> Outcome:
    """Say it as the window does."""
    key, (is_name, person) = _key(world, face), _meant(says)
    with closing(OpenLibrary(world.settings)) as library:
        unknown = Unknown(key, library.store.photos.photo_of(key) or 0, has_face=True)
        question_on(library, unknown)
        if is_name:
            return give_name(library, unknown, person)
        return refuse(library, unknown, library.people.find(person).id)


def by_command(world: World, face: Face, says: str) -> Outcome:
    """Say it on the command line."""
    is_name, person = _meant(says)
    verb = ["link"] if is_name else ["unlink", "--never"]
    return _run(world, *verb, f"{_path(world, face[0])}#{_key(world, face)}", person)


def by_group(world: World, face: Face, says: str) -> Outcome:
    """Say it of the group that the face, unknown until now, is alone in."""
    with closing(OpenLibrary(world.settings)) as library:
        Unknowns(library).groups(1)
    ((group,),) = world.query("SELECT group_id FROM unknown_groups WHERE appearance_id = ?", _key(world, face))
    return _run(world, "unknowns", "name", str(group), _meant(says)[1])


def _run(world: World, *arguments: str) -> Outcome:
    done = CliRunner().invoke(cli, [*arguments, "--settings", _settings_file(world), "--json"])
    if isinstance(done.exception, KithError):
        raise done.exception
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    return Outcome(told["text"], tuple(told["problems"]), tuple(told["hints"]))


# The table


@dataclass(frozen=True)
class Case:
    """A situation, what is said of a face in it, and what there is then of its photo; `{face}` is the face's label.

    `told` is what is answered, or behind a ! why it is refused; `runs` tells that the photo can be recognised again.
    """

    face: Face
    says: str
    told: str
    links: Said
    copies: list[str]
    before: Callable[[World], object] = lambda world: None
    doors: tuple[Door, ...] = (by_review, by_command)
    twice: bool = False
    filed: bool = True
    runs: bool = True


def _edited(act: Callable[[OpenLibrary], object]) -> Callable[[World], None]:
    def before(world: World) -> None:
        with world.library() as library:
            act(library)

    return before


def _said(face: Face, says: str) -> Callable[[World], object]:
    return lambda world: by_command(world, face, says)


def _nobody_taught(library: OpenLibrary) -> None:
    for name in ("Ann", "Bob", "Eve"):
        PersonChanges(library).delete(library.people.find(name))


def _ignored(world: World) -> None:
    with closing(OpenLibrary(world.settings)) as library:
        library.say(Ignored([_key(world, ALONE)]))


def _other_bodies(world: World) -> None:
    """Bodies are taught by one model, and compared by another."""
    world.values |= {"body_policy": "suggest"}
    world.build()
    world.recognise()
    world.values |= {"reid_weights": "second.onnx"}


def _original_gone(world: World) -> None:
    _path(world, ALONE[0]).unlink()


def _original_and_copy_gone(world: World) -> None:
    _original_gone(world)
    (world.root / "output/Unknown" / _path(world, ALONE[0]).name).unlink()


ALONE, KNOWN, LEFT, RIGHT = (8, 0), (13, 0), (ANN_TWICE, 0), (ANN_TWICE, 1)
EVERY = (by_review, by_command, by_group)
CASES = {
    "a stranger is somebody known": Case(
        ALONE, "is Bob", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"], doors=EVERY
    ),
    "a stranger is somebody new": Case(
        ALONE, "is Zoe", "{face} is Zoe. Zoe is new.", {(0, "user is Zoe")}, ["Zoe"], doors=EVERY
    ),
    "a name in other letters": Case(ALONE, "is  bOB ", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"], doors=EVERY),
    "another name of theirs": Case(
        ALONE, "is Robert", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"],
        _edited(lambda library: PersonChanges(library).set(library.people.find("Bob"), {}, {}, {"Robert": True})),
        EVERY,
    ),
    "a number": Case(ALONE, "is #2", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"], doors=EVERY),
    "a number that nobody has": Case(ALONE, "is #99", "!Nobody has the number #99", set(), ["Unknown"], doors=EVERY),
    "a name of two people": Case(
        ALONE, "is ann", "!2 people are called ann: say which one, Ann #1 or ANN #4", set(), ["Unknown"],
        _edited(lambda library: PersonChanges(library).create("ANN")), EVERY,
    ),
    "one of two told apart": Case(
        ALONE, "is ann #4", "{face} is ANN #4.", {(0, "user is ANN")}, ["ANN #4"],
        _edited(lambda library: PersonChanges(library).create("ANN")), EVERY,
    ),
    "no name": Case(ALONE, "is   ", "!Type a name", set(), ["Unknown"], doors=EVERY),
    "somebody recognised is somebody else": Case(KNOWN, "is Bob", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"]),
    "somebody recognised is who they are": Case(
        KNOWN, "is Ann", "{face} is Ann.", {(0, "user is Ann")}, ["Ann"]
    ),
    "somebody recognised is not them": Case(
        KNOWN, "is not Ann", "{face} is not Ann.", {(0, "user is not Ann")}, ["Unknown"]
    ),
    "a stranger is not somebody": Case(
        ALONE, "is not Bob", "{face} is not Bob.", {(0, "user is not Bob")}, ["Unknown"]
    ),
    # The face denied is nearer to the other one than Ann is: by what the word says it is not her, either.
    "not this person, who is in the mirror": Case(
        RIGHT, "is not Ann", "{face} is not Ann.", {(1, "user is not Ann")}, ["Unknown"]
    ),
    "named where the machine named the mirror": Case(
        RIGHT, "is Ann", "{face} is Ann.", {(1, "user is Ann")}, ["Ann"]
    ),
    "named twice in one photo": Case(
        (STRANGER_TWICE, 1), "is Zoe", "{face} is Zoe.", {(0, "user is Zoe"), (1, "user is Zoe")}, ["Zoe"],
        _said((STRANGER_TWICE, 0), "is Zoe"), EVERY, twice=True,
    ),
    "named beside them": Case(
        (ANN_AND_STRANGER, 1), "is Ann", "{face} is Ann.", {(0, "user is Ann"), (1, "user is Ann")}, ["Ann"],
        _said((ANN_AND_STRANGER, 0), "is Ann"), EVERY, twice=True,
    ),
    "the newest word on a face": Case(
        ALONE, "is Bob", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"], _said(ALONE, "is not Bob")
    ),
    "the newest name of a face": Case(
        ALONE, "is Eve", "{face} is Eve.", {(0, "user is Eve")}, ["Eve"], _said(ALONE, "is Bob")
    ),
    "a name denied after all": Case(
        ALONE, "is not Bob", "{face} is not Bob.", {(0, "user is not Bob")}, ["Unknown"], _said(ALONE, "is Bob")
    ),
    "somebody ignored": Case(ALONE, "is Bob", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"], _ignored),
    "somebody new where nobody is taught": Case(
        ALONE, "is Zoe", "{face} is Zoe. Zoe is new.", {(0, "user is Zoe")}, ["Zoe"], _edited(_nobody_taught), EVERY
    ),
    "not somebody where nobody is taught": Case(
        ALONE, "is not Zoe", "{face} is not Zoe.", {(0, "user is not Zoe")}, ["Unknown"],
        _edited(lambda library: (_nobody_taught(library), PersonChanges(library).create("Zoe"))), runs=False,
    ),
    "bodies of another model than those taught": Case(
        ALONE, "is Bob", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"], _other_bodies, EVERY, runs=False
    ),
    "the original is gone": Case(
        ALONE, "is Bob", "{face} is Bob.", {(0, "user is Bob")}, ["Bob"], _original_gone, EVERY, runs=False
    ),
    "the original and its copy are gone": Case(
        ALONE, "is Bob", "{face} is Bob.", {(0, "user is Bob")}, [], _original_and_copy_gone, filed=False, runs=False
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "door"), [(name, door) for name, case in CASES.items() for door in case.doors])
def test_a_word_has_one_outcome(world: World, name: str, door: Door) -> None:
    case = CASES[name]
    case.before(world)
    label = f"{_path(world, case.face[0]).name}#{_key(world, case.face)}"
    changes = _history(world)
    if case.told.startswith("!"):
        with pytest.raises(KithError) as refusal:
            door(world, case.face, case.says)
        assert str(refusal.value).startswith(case.told[1:])
        assert _history(world) == changes
    else:
        outcome = door(world, case.face, case.says)
        assert door is by_group or outcome.text == case.told.format(face=label)
        assert len(outcome.hints) == case.twice
        assert (outcome.problems == ()) is case.filed
        assert _history(world)[1:] == changes
        said = case.told.split(". ")[0].removesuffix(".").format(face=label)
        assert door is by_group or _history(world)[0] == ("link", said)
    assert _links(world, case.face[0]) == case.links
    assert _copies(world, case.face[0]) == case.copies
    if case.runs:
        world.check()
        assert _reported(world, case.face[0]) == case.copies
        assert _links(world, case.face[0]) == case.links


def _history(world: World) -> list[tuple[str, str]]:
    with world.library() as library:
        return [(one.action, one.summary) for one in library.history()]


# The window itself


def _open(qtbot: QtBot, world: World) -> ReviewPlace:
    _, place = open_review(qtbot, world)
    return place


def _answer(qtbot: QtBot, place: ReviewPlace, photo: int, name: str) -> str:
    """Turn to a face of a photo, name it and return what the window says of it."""
    queues = [(step, queue) for step, line in place.model.lines.items() for queue in line.queues.values()]
    step, queue = next(
        (step, queue) for step, queue in queues if f"{photo}.png" in [face.path.name for face in queue.faces]
    )
    place.model.lines[step].turn_to(queue)
    place.model.mark({face.id for face in queue.faces if face.path.name != f"{photo}.png"})
    place.tabs.setCurrentIndex(step)
    rest(qtbot, place)
    told: list[str] = []
    place.house.desk.told.connect(told.append)
    (place.single if step is Step.SINGLES else place.groups).name.named.emit(name)
    rest(qtbot, place)
    return told[0]


def test_the_window_tells_who_is_twice_in_a_photo(qtbot: QtBot, world: World) -> None:
    place = _open(qtbot, world)
    assert "Twice" not in _answer(qtbot, place, STRANGER_TWICE, "Zoe")
    told = _answer(qtbot, place, STRANGER_TWICE, "zoe")
    assert "is Zoe. Twice in one photo:" in told
    assert "Ctrl+Z takes it back" in told
    assert _copies(world, STRANGER_TWICE) == ["Zoe"]


def test_the_window_takes_names_where_nobody_is_taught(qtbot: QtBot, world: World) -> None:
    _edited(_nobody_taught)(world)
    place = _open(qtbot, world)
    assert _answer(qtbot, place, ALONE[0], "Zoe").endswith("Zoe. Zoe is new.")
    assert _copies(world, ALONE[0]) == ["Zoe"]


def test_whom_the_user_deleted_meanwhile_is_neither_suggested_nor_named(world: World) -> None:
    with closing(OpenLibrary(world.settings)) as library:
        unknown = next(face for face in all_unknown(library) if question_on(library, face).photo == f"{ALONE[0]}.png")
        bob = library.people.find("Bob").id
        assert bob in [one.person_id for one in question_on(library, unknown).suggestions]
        _edited(lambda library: PersonChanges(library).delete(library.people.find("Bob")))(world)
        assert bob not in [one.person_id for one in question_on(library, unknown).suggestions]
        with pytest.raises(BadInput, match="merged or deleted"):
            accept(library, unknown, bob)


def test_two_people_merged_who_show_in_one_photo_are_told(world: World) -> None:
    _said((ANN_AND_STRANGER, 0), "is Ann")(world)
    _said((ANN_AND_STRANGER, 1), "is Zoe")(world)
    with world.library() as library:
        (hint,) = PersonChanges(library).merge(library.people.find("Ann"), library.people.find("Zoe")).hints
        assert f"{ANN_AND_STRANGER}.png#{_key(world, (ANN_AND_STRANGER, 1))} are Ann" in hint


def test_somebody_split_off_who_shows_beside_is_told(world: World) -> None:
    _said((ANN_AND_STRANGER, 0), "is Ann")(world)
    _said((ANN_AND_STRANGER, 1), "is Bob")(world)
    with world.library() as library:
        key = _key(world, (ANN_AND_STRANGER, 1))
        assert len(PersonChanges(library).split(library.people.find("Bob"), [key], "ann").hints) == 1
