"""What a run reports of each photo: every decision, by the faces that made it, in the report and on the console."""

import csv
import re
from pathlib import Path

import pytest

from kith.filing.names import folder_names
from kith.filing.report import REPORT
from kith.jobs.events import PhotoDone
from kith.jobs.person_changes import PersonChanges
from kith.jobs.phrases import photo_line
from kith.jobs.user_words import Is
from kith.values.decisions import Candidate, Decision, Evidence, PhotoDecision, Reason
from kith.values.persons import Person
from tests import small_world
from tests.small_world import World

ANN, BOB = 0, 1
STRANGER, ANOTHER, BETWEEN = (6,), (7,), (ANN, BOB)  # the last is somebody between Ann and Bob
IN_FRONT, TWO_KNOWN, UNSURE, NOBODY, ALSO_UNSURE = range(20, 25)
OWN = [
    [STRANGER, (ANN,)],
    [STRANGER, (ANN,), (BOB,)],
    [STRANGER, BETWEEN],
    [STRANGER, ANOTHER],
    [STRANGER, (ANN,), BETWEEN],
]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ann, Bob and Eve are taught; each photo of the input shows a stranger first, who counts as the largest face."""
    monkeypatch.setattr(small_world, "SHOWN", [*small_world.SHOWN, *OWN])
    world = World(tmp_path)
    world.values |= {"face_margin": 0.2}
    for photo in range(IN_FRONT, ALSO_UNSURE + 1):
        world.put(photo, "input")
    return world


def _rows(world: World) -> dict[str, dict[str, str]]:
    with (world.root / "output" / REPORT).open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def _run(world: World) -> tuple[dict[int, dict[str, str]], dict[int, str]]:
    """Return the rows and the lines of the photos of this file."""
    lines = {event.path.name: event.line for event in world.recognise() if isinstance(event, PhotoDone)}
    photos = range(IN_FRONT, ALSO_UNSURE + 1)
    rows = _rows(world)
    return {one: rows[f"{one}.png"] for one in photos}, {one: lines[f"{one}.png"] for one in photos}


def _firsts(line: str) -> list[str]:
    """Return the nearest person of each face that a line shows."""
    return re.findall(r"\[(?:<?\d+ % )?(\w+) \(", line.partition("| Body")[0])


def test_the_faces_that_decide_are_reported_not_the_largest(world: World) -> None:
    rows, lines = _run(world)
    told = {one: (row["people"], row["unsure"], row["source"]) for one, row in rows.items()}
    assert told == {
        IN_FRONT: ("Ann", "", "face"),
        TWO_KNOWN: ("Ann; Bob", "", "face"),
        UNSURE: ("", "Bob", "none"),
        NOBODY: ("", "", "none"),
        ALSO_UNSURE: ("Ann", "Bob", "face"),
    }
    assert [rows[one]["face_1"] for one in (IN_FRONT, TWO_KNOWN, UNSURE, ALSO_UNSURE)] == [
        "Ann",
        "Ann; Bob",
        "Bob",
        "Ann",
    ]
    assert all(
        float(value) < 0.56 for one in (IN_FRONT, TWO_KNOWN) for value in rows[one]["face_1_distance"].split("; ")
    )
    assert len(rows[TWO_KNOWN]["face_3"].split("; ")) == len(rows[TWO_KNOWN]["face_3_distance"].split("; ")) == 2
    for one, row in rows.items():
        assert _firsts(lines[one]) == row["face_1"].split("; ")
        assert int(row["faces"]) == len(small_world.SHOWN[one])


def test_the_faces_that_decide_nothing_are_reported_too(world: World) -> None:
    rows, lines = _run(world)
    shown = {one: row["other_faces"].split("; ") if row["other_faces"] else [] for one, row in rows.items()}
    assert {one: len(others) for one, others in shown.items()} == {
        IN_FRONT: 1, TWO_KNOWN: 1, UNSURE: 1, NOBODY: 1, ALSO_UNSURE: 2,
    }  # fmt: skip
    for others in shown.values():
        assert all(re.fullmatch(r"(\w+:\d\.\d{3}(, |$)){3}", other) for other in others)
    assert shown[ALSO_UNSURE][1].startswith("Bob:0.5")
    for one, others in shown.items():
        assert f"+{len(others)} more" in lines[one]


def test_whom_the_user_named_is_reported_by_that_face(world: World) -> None:
    _run(world)
    query = "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ? ORDER BY a.x"
    key, _ = (row[0] for row in world.query(query, str(world.root / f"input/{NOBODY}.png")))
    before = _rows(world)[f"{NOBODY}.png"]
    with world.library() as library:
        library.say(Is([key], "Zoe"))
    rows, _ = _run(world)
    assert (rows[NOBODY]["people"], rows[NOBODY]["source"]) == ("Zoe", "face")
    assert rows[NOBODY]["face_1"] == "Zoe"  # who is taught by this very face
    assert rows[NOBODY]["other_faces"].count("; ") == before["other_faces"].count("; ") == 0


def test_names_with_separators_are_told_apart_in_the_report(world: World) -> None:
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Ann; Bob")
        PersonChanges(library).rename(library.people.find("Bob"), "B; C, D")
    rows, _ = _run(world)
    assert rows[TWO_KNOWN]["people"] == r"Ann\; Bob; B\; C, D"
    assert rows[TWO_KNOWN]["face_1"] == r"Ann\; Bob; B\; C, D"
    assert rows[TWO_KNOWN]["copies"] == rf"Ann\; Bob/{TWO_KNOWN}.png; B\; C, D/{TWO_KNOWN}.png"
    assert rows[UNSURE]["unsure"] == r"B\; C, D"
    assert rows[UNSURE]["other_faces"].count(r"\,") == 1


# A person called as Kith's own file


@pytest.mark.parametrize("name", ["report.csv", "Report.CSV", "REPORT.csv"])
def test_a_person_called_as_the_report_blocks_nothing(world: World, name: str) -> None:
    with world.library() as library:
        person = library.people.find("Ann")
        PersonChanges(library).rename(person, name)
    rows, _ = _run(world)
    assert rows[IN_FRONT]["copies"] == f"{name} #{person.id}/{IN_FRONT}.png"
    assert (world.root / "output" / REPORT).is_file()
    assert folder_names([Person(7, name)]) == {None: "Unknown", 7: f"{name} #7"}


# Bodies


def _body(key: int, person: int, value: float, **how: object) -> Decision:
    return Decision(key, has_face=False, body=(Candidate(person, value, 0.1, 1, 9),), **how)  # type: ignore[arg-type]


def test_the_bodies_that_decide_are_reported_not_the_most_alike() -> None:
    names = {1: "Ann", 2: "Bob", 3: "Eve"}
    alike = _body(1, 1, 0.95, reason=Reason.DENIED)
    decided = _body(2, 2, 0.85, person_id=2, evidence=Evidence.BODY, reason=Reason.BODY_EVENT)
    also = _body(3, 3, 0.82, person_id=3, evidence=Evidence.BODY, reason=Reason.BODY_ACCEPTED)
    unsure = _body(4, 3, 0.81, suggested=3, reason=Reason.BODY_SUGGESTED)
    by_face = _body(5, 1, 0.99, person_id=1, evidence=Evidence.FACE, reason=Reason.ACCEPTED)
    for bodies, deciding in (
        ((alike, decided, also, unsure, by_face), [decided, also]),
        ((alike, unsure, by_face), [unsure]),
        ((alike, by_face), [by_face]),
        ((alike,), [alike]),
        ((), []),
    ):
        assert PhotoDecision(bodies).deciding_bodies == deciding
    assert photo_line("a", PhotoDecision((alike, decided, also)), names).endswith("| Body: [Bob (0.85)] [Eve (0.82)]")
