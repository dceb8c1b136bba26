"""Deciding again: what recognising the same photos afresh would come to, without looking at one."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kith.errors import BadKnowledgeBase
from kith.jobs import redecision as module
from kith.jobs.context import Context, open_context
from kith.jobs.engines import find_engines
from kith.jobs.events import Event, Notice, PersonChange, PhotosDone, RedecisionFinished, Started
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.phrases import redecision_summary
from kith.jobs.redecision import redecide
from kith.jobs.user_words import Is, IsNot
from kith.library.store import open_store
from kith.values.links import Link, Source, Word
from kith.vision.face_model import default_face_model
from kith.vision.observations import Observation
from tests.desk import POWELL_AGAIN, SCHROEDER, TWO_STRANGERS, Desk, finished, kith, no_analysis, ran
from tests.making import body, enter, face
from tests.unknowns import look_once, recognized_desk

STRICT: dict[str, object] = {"face_tol": 0.2, "face_suggest": 0.2, "sure_at": 0.96}
LAX: dict[str, object] = {"face_tol": 0, "face_suggest": 0, "sure_at": 0}
FIRST, *_ = (Path(name).name for name in SCHROEDER)
KNOWN = Path(POWELL_AGAIN[0]).name
BESIDE = Path(TWO_STRANGERS).name


@pytest.fixture
def library(built: Path, material: Path) -> Path:
    """A library that has looked at every photo used here."""
    return look_once(built / "desk", material)


@pytest.fixture
def desk(tmp_path: Path, material: Path, library: Path) -> Desk:
    """A desk that knows three people and has filed its input."""
    return recognized_desk(tmp_path / "desk", material, library)


def again(desk: Desk, preview: bool = False, stop_at: int | None = None) -> RedecisionFinished:
    """Decide again and return the summary; user and dataset are not touched, and no photo is analysed."""
    said = others(desk)
    summary = desk.run(lambda context: redecide(context, preview), stop_at, no_analysis)[-1]
    assert isinstance(summary, RedecisionFinished)
    assert others(desk) == said
    return summary


def others(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.query("SELECT * FROM links WHERE source != 'machine' ORDER BY id")


def machine(desk: Desk) -> dict[tuple[str, float], tuple[str, str, Any]]:
    """Return what the machine says, by photo and place."""
    rows = desk.query(
        "SELECT p.image_hash, a.x, n.name, l.word, l.score FROM links l JOIN appearances a ON a.id = l.appearance_id "
        "JOIN photos p ON p.id = a.photo_id JOIN persons n ON n.id = l.person_id WHERE l.source = 'machine'"
    )
    return {(image, x): (name, word, pytest.approx(score, abs=1e-9)) for image, x, name, word, score in rows}


def tree(desk: Desk) -> dict[str, bytes]:
    return {name: (desk.output / name).read_bytes() for name in desk.copies()}


def records(desk: Desk) -> list[str]:
    assert desk.query("SELECT id FROM copies WHERE sha256 IS NULL") == []
    return sorted(
        Path(target).relative_to(desk.output).as_posix() for (target,) in desk.query("SELECT target FROM copies")
    )


def hide_photos(desk: Desk) -> None:
    """Move all originals away, so that opening one fails."""
    for photo in [*desk.input.rglob("*.jpg"), *desk.people.rglob("*.jpg")]:
        photo.rename(desk.root / f"hidden {photo.parent.name} {photo.name}")


def appearance(desk: Desk, name: str, place: int = 0) -> int:
    rows = desk.query(
        "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ? ORDER BY a.x",
        str(desk.input / name),
    )
    return int(rows[place][0])


def edited(desk: Desk) -> "closing[OpenLibrary]":
    return closing(OpenLibrary(desk.settings))


# The same as recognising


@pytest.mark.parametrize("values", [STRICT, LAX, {"lap_var_thresh": 5000.0}], ids=["stricter", "laxer", "sharper"])
def test_another_threshold_comes_to_what_recognising_comes_to(
    desk: Desk, values: dict[str, object], tmp_path: Path, material: Path, library: Path
) -> None:
    fresh = recognized_desk(tmp_path / "fresh", material, library, **values)
    before = machine(desk)
    desk.change(**values)
    summary = again(desk)
    assert machine(desk) == machine(fresh) != before
    assert tree(desk) == tree(fresh)
    assert records(desk) == desk.copies()
    assert (summary.failed, summary.stopped, summary.done) == ((), False, summary.total)
    assert summary.changed > 0
    assert summary.refiled > 0


def test_there_and_back_again_is_where_it_was(desk: Desk) -> None:
    before, files = machine(desk), tree(desk)
    hide_photos(desk)
    for values in (STRICT, LAX, {"face_tol": 0, "face_suggest": 0, "sure_at": 0.96}):
        desk.change(**values)
        again(desk)
    assert (machine(desk), tree(desk)) == (before, files)


def test_without_a_change_nothing_changes(desk: Desk) -> None:
    before = desk.query("SELECT * FROM links ORDER BY id"), desk.query("SELECT * FROM copies ORDER BY id")
    summary = again(desk)
    assert (summary.changed, summary.refiled, summary.people) == (0, 0, ())
    assert (desk.query("SELECT * FROM links ORDER BY id"), desk.query("SELECT * FROM copies ORDER BY id")) == before
    assert redecision_summary(summary)[-1].endswith("0 decisions changed, 0 photos filed anew.")


def test_who_was_named_is_found_in_other_photos_and_the_other_way_round(desk: Desk) -> None:
    with edited(desk) as library:
        PersonChanges(library).create("Schroeder")
        library.say(Is([appearance(desk, FIRST)], library.people.find("Schroeder")))
    hide_photos(desk)
    (gained,) = [one for one in again(desk).people if one.name == "Schroeder"]
    assert len(gained.gained) == 2
    assert gained.lost == gained.now == ()
    assert [name for name in desk.copies() if name.startswith("Schroeder/")] == [
        f"Schroeder/{Path(name).name}" for name in SCHROEDER
    ]
    with edited(desk) as library:
        library.undo()
    (lost,) = [one for one in again(desk).people if one.name == "Schroeder"]
    assert len(lost.lost) == 2
    assert records(desk) == desk.copies()
    assert not [name for name in desk.copies() if name.startswith("Schroeder/")]


def test_is_not_holds_and_is_never_decided_over(desk: Desk) -> None:
    key = appearance(desk, KNOWN)
    with edited(desk) as library:
        library.say(IsNot(key, library.people.find("Powell")))
    for values in (LAX, STRICT, LAX):
        desk.change(**values)
        again(desk)
        said = desk.query("SELECT person_id, source, word FROM links WHERE appearance_id = ?", key)
        assert not [row for row in said if row[2] == "is" and row[0] == denied(desk, key)]
        assert records(desk) == desk.copies()


def denied(desk: Desk, key: int) -> int:
    ((person,),) = desk.query("SELECT person_id FROM links WHERE appearance_id = ? AND word = 'is_not'", key)
    return int(person)


def test_merged_people_are_one(desk: Desk) -> None:
    with edited(desk) as library:
        PersonChanges(library).merge(library.people.find("Chirac"), library.people.find("Powell"))
    hide_photos(desk)
    again(desk)
    assert {name for name, _, _ in machine(desk).values()} <= {"Chirac", "Putin"}
    assert f"Chirac/{KNOWN}" in desk.copies()
    assert records(desk) == desk.copies()


def test_whom_only_the_user_saw_keeps_the_copy(desk: Desk) -> None:
    """The last look at a photo may miss a face that an earlier one found and the user named."""
    key = appearance(desk, FIRST)
    with edited(desk) as library:
        library.say(Is([key], library.people.find("Putin")))
    with closing(sqlite3.connect(desk.settings.library_file)) as connection, connection:
        connection.execute("DELETE FROM observations WHERE appearance_id = ?", (key,))
    again(desk)
    assert f"Putin/{FIRST}" in desk.copies()


def test_nobody_taught_leaves_nobody_decided(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.settings.library_file)) as connection, connection:
        connection.execute("DELETE FROM links WHERE source = 'dataset'")
    assert again(desk).changed == 1
    assert machine(desk) == {}
    assert {Path(name).parts[0] for name in desk.copies()} == {"Unknown"}


def test_a_library_without_photos_is_refused(tmp_path: Path, material: Path) -> None:
    with pytest.raises(BadKnowledgeBase, match="recognize"):
        Desk(tmp_path / "new", material).run(redecide)


# Bodies


@pytest.fixture
def bodies(tmp_path: Path, material: Path) -> tuple[Desk, str]:
    """An empty desk that goes by bodies too, and the id of its body model."""
    weights = material / "models/osnet_x0_25_msmt17.pth"
    desk = Desk(
        tmp_path / "bodies", material, reid_model="osnet_x0_25", reid_weights=str(weights), body_policy="suggest"
    )
    model = find_engines(desk.settings)[0].body_model_id
    assert model
    return desk, model


def _known_face(place: float) -> Observation:
    """Return a face as dlib's network would describe it."""
    return face(place, *[0] * (default_face_model().length - 1), model=default_face_model().id)


def enter_photos(desk: Desk, **photos: Sequence[Observation]) -> dict[str, tuple[int, int]]:
    """Enter photos of one event, a minute apart; return each photo and who shows there. The first teaches Ann."""
    found = {}
    with closing(open_store(desk.settings.library_file, create=True)) as store:
        for minute, (name, seen) in enumerate(photos.items()):
            photo, (sighting,) = enter(store, name, seen)
            found[name] = photo, sighting.appearance_id
            with store.transaction():
                store.photos.save_file(desk.input / f"IMG_{minute}.jpg", photo, 1, minute * 60_000_000_000)
        with store.transaction():
            store.people.say(Link(found["ann"][1], store.people.add("Ann"), Word.IS, Source.DATASET))
    return found


def by_machine(desk: Desk) -> list[int]:
    return [row[0] for row in desk.query("SELECT appearance_id FROM links WHERE source = 'machine' ORDER BY 1")]


def test_another_policy_files_bodies_and_lets_them_go(bodies: tuple[Desk, str]) -> None:
    desk, model = bodies
    found = enter_photos(
        desk,
        ann=(_known_face(0), body(1, 0, model=model)),
        shown=(body(1, 0, model=model),),
        other=(body(0, 1, model=model),),
        older=(body(1, 0, model="another-model"),),
    )
    assert again(desk).changed == 0
    desk.change(body_policy="anywhere")
    assert again(desk).changed == 1
    assert by_machine(desk) == [found["shown"][1]]
    desk.change(body_policy="suggest")
    (change,) = again(desk).people
    assert (change.name, change.lost) == ("Ann", (str(desk.input / "IMG_1.jpg"),))


@pytest.mark.parametrize("span", [1, 2, 10])
def test_bodies_are_decided_on_when_all_faces_of_their_event_are(
    bodies: tuple[Desk, str], monkeypatch: pytest.MonkeyPatch, span: int
) -> None:
    monkeypatch.setattr(module, "SPAN", span)
    desk, model = bodies
    found = enter_photos(
        desk,
        ann=(_known_face(0),),
        hidden=(body(0, 1, model=model),),
        shown=(_known_face(0.1), body(0, 1, model=model)),
        other=(body(1, 0, model=model),),
    )
    desk.change(body_policy="event")
    told = again(desk, preview=True)
    done = again(desk)
    assert (told.people, told.changed, told.done) == (done.people, done.changed, done.done) != ((), 0, 4)
    assert by_machine(desk) == [found["hidden"][1], found["shown"][1]]
    desk.change(body_policy="event", face_tol=0.05, face_suggest=0.05)
    assert again(desk).changed == 2
    assert by_machine(desk) == []


# Preview


def test_a_preview_tells_and_writes_nothing(desk: Desk) -> None:
    files, links = tree(desk), desk.query("SELECT * FROM links ORDER BY id")
    desk.change(**STRICT)
    with open_context(desk.settings, threading.Event(), "test", executor=no_analysis) as context:
        connection = context.store._connection
        written = connection.total_changes
        *_, told = redecide(context, preview=True)
        assert connection.total_changes == written
    assert isinstance(told, RedecisionFinished)
    assert told.preview
    assert (tree(desk), desk.query("SELECT * FROM links ORDER BY id")) == (files, links)
    (powell,) = told.people
    assert (powell.name, powell.gained, powell.lost, powell.now) == ("Powell", (), (str(desk.input / KNOWN),), ())
    assert told.refiled == 1
    done = again(desk)
    assert (done.people, done.changed, done.refiled) == (told.people, told.changed, told.refiled)


def test_who_becomes_somebody_else_is_told_as_that(desk: Desk) -> None:
    """Powell's face in the input is taught as Putin's, so that every Powell there is nearer to Putin."""
    key = appearance(desk, KNOWN)
    vector = np.frombuffer(desk.query("SELECT vector FROM observations WHERE appearance_id = ?", key)[0][0], "<f4")
    with closing(open_store(desk.settings.library_file)) as store:
        _, (twin,) = enter(store, "twin", face(*vector.tolist(), model=default_face_model().id))
        (putin,) = [one.id for one in store.people.all().values() if one.name == "Putin"]
        with store.transaction():
            for (taught,) in desk.query(
                "SELECT appearance_id FROM links WHERE source = 'dataset' AND person_id = ?", putin
            ):
                store._connection.execute("DELETE FROM links WHERE appearance_id = ?", (taught,))
            store.people.say(Link(twin.appearance_id, putin, Word.IS, Source.DATASET))
    told = {one.name: one for one in again(desk, preview=True).people}
    assert told["Powell"].now == (("Putin", (str(desk.input / KNOWN),)),)
    assert str(desk.input / KNOWN) in told["Putin"].gained
    lines = redecision_summary(again(desk, preview=True))
    assert "Powell: 1 now Putin" in lines
    assert f"    now Putin: {desk.input / KNOWN}" in lines


def test_a_long_list_is_cut_for_reading_only(desk: Desk) -> None:
    photos = tuple(f"{number}.jpg" for number in range(13))
    change = PersonChange("Ann", photos, (), ())
    lines = redecision_summary(RedecisionFinished(13, 13, True, (change,), 13, 0, (), 1.0, False))
    assert lines[0] == "Ann: 13 gained"
    assert lines[1] == "    gained: 0.jpg"
    assert lines[11] == "    gained: 3 more"


# Copies


def test_a_photo_whose_original_is_gone_is_told_and_loses_nothing(desk: Desk) -> None:
    """Two people in a photo that has one copy: the second cannot be made without the original."""
    with edited(desk) as library:
        PersonChanges(library).create("Left")
        PersonChanges(library).create("Right")
    hidden = (desk.input / BESIDE).rename(desk.root / "hidden.jpg")
    with closing(open_store(desk.settings.library_file)) as store, store.transaction():
        for place, name in enumerate(("Left", "Right")):
            (person,) = [one.id for one in store.people.all().values() if one.name == name]
            store.people.say(Link(appearance(desk, BESIDE, place), person, Word.IS, Source.USER))
    content = hidden.read_bytes()
    summary = again(desk)
    assert [(one.path, "could not be copied" in one.reason) for one in summary.failed] == [(desk.input / BESIDE, True)]
    assert [data for name, data in tree(desk).items() if Path(name).name == BESIDE] == [content]
    assert any("tried again" in line for line in redecision_summary(summary))
    assert len(again(desk).failed) == 1
    hidden.rename(desk.input / BESIDE)
    assert again(desk).failed == ()
    assert {f"Left/{BESIDE}", f"Right/{BESIDE}"} <= set(desk.copies())
    assert records(desk) == desk.copies()


def test_an_output_folder_that_is_gone_is_left_alone(desk: Desk) -> None:
    shutil.rmtree(desk.output)
    desk.change(**STRICT)
    summary = again(desk)
    assert (summary.changed, summary.refiled, summary.failed) == (1, 0, ())
    assert not desk.output.exists()


# Stopped, killed, and somebody beside


@pytest.fixture
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPAN", 2)


@pytest.mark.usefixtures("small_spans")
def test_spans_come_to_the_same(desk: Desk, tmp_path: Path, material: Path, library: Path) -> None:
    fresh = recognized_desk(tmp_path / "fresh", material, library, **LAX)
    desk.change(**LAX)
    events = desk.run(redecide, None, no_analysis)
    assert (machine(desk), tree(desk)) == (machine(fresh), tree(fresh))
    steps = [event.done for event in events if isinstance(event, PhotosDone)]
    total = events[0].total if isinstance(events[0], Started) else 0
    assert all(one <= other for one, other in pairwise(steps))
    assert steps[-1] == total


@pytest.mark.usefixtures("small_spans")
def test_stopped_anywhere_the_next_run_does_the_rest(desk: Desk, tmp_path: Path, material: Path, library: Path) -> None:
    fresh = recognized_desk(tmp_path / "fresh", material, library, **LAX)
    desk.change(**LAX)
    stops = [summary.stopped for number in range(1, 12) if (summary := again(desk, stop_at=number))]
    assert stops[0]
    assert not again(desk).stopped
    assert (machine(desk), tree(desk)) == (machine(fresh), tree(fresh))
    assert records(desk) == desk.copies()


@pytest.mark.parametrize("events", [1, 2, 3])
def test_killed_anywhere_the_next_run_does_the_rest(
    desk: Desk, events: int, tmp_path: Path, material: Path, library: Path
) -> None:
    fresh = recognized_desk(tmp_path / "fresh", material, library, **LAX)
    desk.change(**LAX)
    process = kith("redecide", "--settings", desk.settings_file(), "--json")
    assert process.stdout is not None
    for _ in range(events):
        process.stdout.readline()
    process.kill()
    finished(process)
    assert desk.query("PRAGMA integrity_check") == [("ok",)]
    again(desk)
    assert (machine(desk), tree(desk)) == (machine(fresh), tree(fresh))
    assert records(desk) == desk.copies()


@pytest.mark.usefixtures("small_spans")
def test_what_the_user_changes_beside_is_heeded(desk: Desk) -> None:
    key = appearance(desk, KNOWN)

    def beside(context: Context) -> Iterator[Event]:
        for number, event in enumerate(redecide(context)):
            if number == 1:
                with edited(desk) as library:
                    library.say(IsNot(key, library.people.find("Powell")))
            yield event

    events = desk.run(beside, None, no_analysis)
    assert [event.text for event in events if isinstance(event, Notice) and "meanwhile" in event.text]
    assert key not in [row[0] for row in desk.query("SELECT appearance_id FROM links WHERE source = 'machine'")]
    assert f"Unknown/{KNOWN}" in desk.copies()
    assert records(desk) == desk.copies()
    assert again(desk).changed == 0


# The command


def test_the_command_previews_and_decides(desk: Desk) -> None:
    command = ("redecide", "--settings", desk.settings_file(), "--set", "face_tol=0.2", "--set", "face_suggest=0.2")
    code, out, err = ran(*command, "--preview")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["Powell: 1 lost", f"    lost: {desk.input / KNOWN}"]
    assert out.splitlines()[-1].endswith("1 decision would change, 1 photo would be filed anew. Nothing is written.")
    assert f"Powell/{KNOWN}" in desk.copies()
    code, out, err = ran(*command, "--json")
    assert (code, err) == (0, "")
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["changed"], last["refiled"]) == ("RedecisionFinished", 1, 1)
    assert last["people"] == [{"name": "Powell", "gained": [], "lost": [str(desk.input / KNOWN)], "now": []}]
    assert f"Unknown/{KNOWN}" in desk.copies()
