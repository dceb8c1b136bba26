"""Runs over folders: copies follow their photos, and nothing that Kith did not write is replaced."""

import csv
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from kith.errors import BadInput
from kith.jobs.build_kb import build_kb
from kith.jobs.context import Context
from kith.jobs.erasure import forget
from kith.jobs.events import Event, Notice, PhotoFailed, RecognitionFinished
from kith.jobs.person_changes import PersonChanges
from kith.jobs.recognize_folder import recognize_folder
from kith.photos.outputs import MARKER, REPORT
from tests.desk import run_job
from tests.filing_desk import opened_below, written
from tests.making import posix_only
from tests.small_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Ann, Bob and Eve are taught, seven photos wait in the input."""
    return World(tmp_path)


def _events(world: World) -> list[Event]:
    """Recognise the input and return the events."""

    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [world.root / "input"], world.root / "output")

    return run_job(world.settings, job, executor=lambda: world.eyes)


def _finished(events: list[Event]) -> RecognitionFinished:
    assert isinstance(events[-1], RecognitionFinished)
    return events[-1]


def _notices(events: list[Event], folder: Path) -> list[str]:
    """Return what was said of files in a folder."""
    return [event.text for event in events if isinstance(event, Notice) and str(folder) in event.text]


def _copies(world: World) -> dict[str, bytes]:
    output = world.root / "output"
    files = (path for path in output.rglob("*") if path.is_file() and path.name not in {MARKER, REPORT})
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}


def _tag(path: Path, text: str, orientation: int = 1) -> bytes:
    """Write metadata into a photo, in place, and return its content."""
    with Image.open(path) as image:
        info, exif = PngInfo(), Image.Exif()
        info.add_text("Comment", text)
        exif[0x0112] = orientation
        image.save(path, pnginfo=info, exif=exif)
    return path.read_bytes()


def _rows(world: World) -> list[tuple[object, ...]]:
    return world.query("SELECT * FROM copies ORDER BY id")


# Copies follow


def test_a_second_run_reads_no_copy_and_writes_none(world: World) -> None:
    _events(world)
    rows, count = _rows(world), len(_copies(world))
    before = {path: written(path) for path in (world.root / "output").rglob("*.png")}
    assert len(before) == len(rows) == count
    assert all(row[8:] != (None, None, None) for row in rows)
    with opened_below(world.root / "output") as opened:
        _events(world)
    assert {path: written(path) for path in before} == before
    files = [name for name in opened if name != str(world.root / "output")]  # which is told that the report has a name
    assert [name for name in files if not name.endswith(("report.csv", ".part"))] == []
    assert _rows(world) == rows


@pytest.mark.parametrize("orientation", [1, 6], ids=["tagged", "turned"])
def test_copies_of_a_photo_that_was_tagged_or_turned_follow(world: World, orientation: int) -> None:
    _events(world)
    names = {name for name in _copies(world) if name.endswith("/6.png")}
    assert names == {"Ann/6.png", "Bob/6.png"}
    tagged = _tag(world.root / "input/6.png", "at the lake", orientation)
    assert not _finished(_events(world)).failed
    copies = _copies(world)
    assert {name for name, content in copies.items() if content == tagged} == names
    assert len(copies) == len(_rows(world))
    with opened_below(world.root / "output") as opened:
        _events(world)
    assert [name for name in opened if name.endswith(".png")] == []


def test_a_copy_that_the_user_altered_is_said_once(world: World) -> None:
    _events(world)
    altered = world.root / "output/Ann/6.png"
    altered.write_bytes(b"retouched")
    tagged = _tag(world.root / "input/6.png", "at the lake")
    (note,) = _notices(_events(world), altered.parent)
    assert str(altered) in note
    assert altered.read_bytes() == b"retouched"
    assert _copies(world)["Ann/6 (2).png"] == _copies(world)["Bob/6.png"] == tagged
    assert _notices(_events(world), altered.parent) == []


def test_a_users_word_lets_copies_of_a_tagged_photo_follow_once_it_was_looked_at(world: World) -> None:
    _events(world)
    _tag(world.root / "input/6.png", "at the lake")
    before = _copies(world)
    with world.library() as library:
        assert PersonChanges(library).rename(library.people.find("Ann"), "Anna").problems == ()
    assert _copies(world)["Anna/6.png"] == before["Ann/6.png"]  # nobody has looked at the photo as it is now
    _events(world)
    tagged = _tag(world.root / "input/6.png", "at the lake in May")

    def only_told(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [world.root / "input/6.png"], None)

    run_job(world.settings, only_told, executor=lambda: world.eyes)
    with world.library() as library:
        assert PersonChanges(library).rename(library.people.find("Anna"), "Ann").problems == ()
    assert _copies(world)["Ann/6.png"] == _copies(world)["Bob/6.png"] == tagged


@posix_only
def test_the_report_tells_the_name_of_a_copy_that_could_not_have_the_photos(world: World) -> None:
    (world.root / "input/6.png").rename(world.root / "input/10:30.png")
    _events(world)
    with (world.root / "output" / REPORT).open(encoding="utf-8", newline="") as file:
        copies = {row["file"]: row["copies"] for row in csv.DictReader(file)}
    assert copies["10:30.png"] == "Ann/10_30.png; Bob/10_30.png"


def test_redeciding_reads_no_copy_that_stays(world: World) -> None:
    _events(world)
    with opened_below(world.root / "output") as opened:
        world.redecide()
    assert opened == []


# What is not Kith's


@pytest.mark.parametrize(
    "content",
    [b"my own notes", b"file,people\nmine,too\n", b"\xff\xfe\x00", b"name;file;people;source;faces\n", bytes(50_000)],
)
def test_a_report_csv_of_the_users_own_is_refused_before_anything_is_done(world: World, content: bytes) -> None:
    report = world.root / "output" / REPORT
    report.parent.mkdir()
    report.write_bytes(content)
    with pytest.raises(BadInput, match=r"no report that Kith wrote.*choose another output folder"):
        _events(world)
    assert report.read_bytes() == content
    assert list(report.parent.iterdir()) == [report]
    assert _rows(world) == []


@posix_only
def test_a_report_csv_that_is_a_link_is_refused(world: World) -> None:
    _events(world)
    report = world.root / "output" / REPORT
    moved = report.rename(world.root / "mine.csv")
    report.symlink_to(moved)
    before = moved.read_bytes()
    with pytest.raises(BadInput, match="no report that Kith wrote"):
        _events(world)
    assert moved.read_bytes() == before


def test_reports_of_any_version_and_empty_ones_give_way(world: World) -> None:
    _events(world)
    report = world.root / "output" / REPORT
    whole = report.read_bytes()
    first = ",".join(report.read_text(encoding="utf-8").splitlines()[0].split(",")[:18])
    for content in (whole, f"{first}\r\n".encode(), b""):
        report.write_bytes(content)
        assert _finished(_events(world)).report == report
        assert report.read_bytes() == whole


def _built(world: World, **changes: object) -> list[Event]:
    world.values |= changes
    return run_job(world.settings, build_kb, executor=lambda: world.eyes)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"my own notes"),
        ("beach.pkl", b"\x89PNG\r\n\x1a\n"),
        ("mine.pkl", pickle.dumps({"names": ["a list of mine"]})),
        ("empty.pkl", b""),
    ],
)
def test_another_file_of_the_exports_name_is_refused_before_anything_is_done(
    world: World, name: str, content: bytes
) -> None:
    file = world.root / "people" / name
    file.write_bytes(content)
    world.put(3, "people/Bob")
    looks = world.eyes.looked.total()
    with pytest.raises(BadInput, match=r"is not overwritten: let encodings_filename"):
        _built(world, encodings_filename=name)
    assert file.read_bytes() == content
    assert world.eyes.looked.total() == looks


@pytest.mark.parametrize("name", ["photo.JPG", "known.db", "known.db-wal", "KNOWN.db", "known.db.lock", "known.db-shm"])
def test_the_export_takes_no_name_of_a_photo_or_of_the_library(world: World, name: str) -> None:
    with pytest.raises(BadInput, match="encodings_filename in the settings names"):
        _built(world, library_path="people/known.db", encodings_filename=name)
    assert not [path for path in (world.root / "people").iterdir() if path.name == name and path.suffix == ".JPG"]


@posix_only
@pytest.mark.parametrize("make", ["link", "folder"])
def test_a_link_or_folder_of_the_exports_name_is_refused(world: World, make: str) -> None:
    export = world.settings.encodings_file
    moved = export.rename(world.root / "moved.pkl")
    before = moved.read_bytes()
    if make == "link":
        export.symlink_to(moved)
    else:
        export.mkdir()
    with pytest.raises(BadInput, match="is not overwritten"):
        _built(world)
    assert moved.read_bytes() == before


FACE = np.zeros(128)
FACE[0] = 1.4


def test_an_older_programs_knowledge_base_is_kept_beside(world: World) -> None:
    export = world.settings.encodings_file
    own = export.read_bytes()
    for number, kept in enumerate(("encodings.pkl.before-kith", "encodings.pkl.before-kith-2")):
        older = pickle.dumps({"face_encodings": [FACE] * number, "face_names": ["Ada"] * number})
        export.write_bytes(older)
        (notice,) = _notices(_built(world), export)
        assert "before-kith" in notice
        assert (export.parent / kept).read_bytes() == older
        assert export.read_bytes() == own
        assert _notices(_built(world), export) == []
    assert pickle.loads(own)["face_names"] == ["Ann", "Ann", "Bob", "Eve"]


def test_an_export_that_another_program_changed_is_kept_beside(world: World) -> None:
    export = world.settings.encodings_file
    changed = pickle.dumps(pickle.loads(export.read_bytes()) | {"mine": [1]})
    export.write_bytes(changed)
    assert _notices(_built(world), export)
    assert export.with_name("encodings.pkl.before-kith").read_bytes() == changed


def test_forgetting_names_what_is_kept_beside_and_what_is_not_its_own(world: World) -> None:
    export = world.settings.encodings_file
    export.write_bytes(pickle.dumps({"face_encodings": [FACE], "face_names": ["Ann"]}))
    _built(world)
    with world.library() as library:
        told = forget(library, library.people.find("Eve")).text
    assert str(export.with_name("encodings.pkl.before-kith")) in told
    assert "Eve" not in pickle.loads(export.read_bytes())["face_names"]
    export.write_bytes(b"my own notes")
    with world.library() as library:
        told = forget(library, library.people.find("Bob")).text
    assert f"{export} is no knowledge base" in told
    assert export.read_bytes() == b"my own notes"


# Folders that lead elsewhere


@posix_only
def test_a_persons_folder_that_is_a_link_gets_no_copies_and_the_run_goes_on(world: World) -> None:
    elsewhere = world.root / "elsewhere"
    elsewhere.mkdir()
    (world.root / "output").mkdir()
    (world.root / "output/Ann").symlink_to(elsewhere, target_is_directory=True)
    events = _events(world)
    failed = [event for event in events if isinstance(event, PhotoFailed)]
    assert {event.path.name for event in failed} == {"6.png", "10.png", "13.png"}
    assert all(f"{world.root / 'output/Ann'} is a link" in event.reason for event in failed)
    assert _finished(events).done == 7
    assert list(elsewhere.iterdir()) == []
    assert "Bob/6.png" in _copies(world)
    (world.root / "output/Ann").unlink()
    assert not _finished(_events(world)).failed
    assert {"Ann/6.png", "Ann/10.png", "Ann/13.png"} <= _copies(world).keys()
