"""Both jobs from end to end, on real photos where they are."""

import errno
import os
import shutil
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageFilter

from kith.errors import BadInput, BadKnowledgeBase, KithError, ModelMismatch, StoreBusy
from kith.jobs.build_kb import UNREAD, build_kb
from kith.jobs.context import Context, open_context
from kith.jobs.events import BuildFinished, Notice, PhotoDone, PhotoFailed, PhotoLearned, RecognitionFinished, Started
from kith.jobs.looks import Look, look_at_photos, save_look
from kith.jobs.open_library import OpenLibrary
from kith.jobs.phrases import build_summary, recognition_summary
from kith.jobs.recognize_folder import NOT_REACHED, recognize_folder
from kith.jobs.workers import InlineExecutor
from kith.library.store import open_store
from kith.values.links import Link, Source, Word
from kith.values.samples import LEAST_PIXELS
from tests.desk import (
    CHIRAC,
    CHIRAC_AGAIN,
    NOBODY,
    POWELL,
    POWELL_AGAIN,
    SCHROEDER,
    SCHROEDER_AGAIN,
    STRANGER,
    TWO_STRANGERS,
    Desk,
    no_analysis,
)
from tests.making import aged
from tests.networks import save_one_person

FACE_TOL = 0.56  # nearer faces may be one person's


@pytest.fixture
def new_desk(tmp_path: Path, material: Path) -> Desk:
    """A desk whose library knows no photo yet."""
    return Desk(tmp_path / "desk", material)


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the library that has seen every photo used here: faces are slow, so they are analysed once."""
    return tmp_path_factory.mktemp("seen")


@pytest.fixture
def desk(new_desk: Desk, seen: Path, material: Path) -> Desk:
    """A desk whose library has analysed the photos and knows nobody, nor where any photo lies."""
    if not list(seen.iterdir()):
        first = Desk(seen / "desk", material)
        for sources in (POWELL, POWELL_AGAIN, CHIRAC, CHIRAC_AGAIN, SCHROEDER, SCHROEDER_AGAIN):
            first.put_all(sources, "input")
        first.put_all([STRANGER, NOBODY, TWO_STRANGERS], "input")
        first.run(_only_look)
        with closing(sqlite3.connect(first.settings.library_file)) as library, library:
            library.execute("DELETE FROM files")
    shutil.copyfile(seen / "desk/people/library.sqlite", new_desk.settings.library_file)
    return new_desk


def _only_look(context: Context) -> Iterator[Any]:
    for look in look_at_photos(context, sorted(context.settings.input_folder.iterdir())):
        assert isinstance(look, Look)
        with context.store.transaction():
            save_look(context.store, look, context.spec.engine_id)
        yield


@pytest.fixture
def taught(desk: Desk) -> Desk:
    """A desk whose knowledge base knows Powell and Chirac."""
    desk.put_all(POWELL, "people/Powell")
    desk.put_all(CHIRAC, "people/Chirac")
    desk.build()
    return desk


def _add_exif(photo: Path, tag: ExifTags.Base, value: object) -> None:
    """Write EXIF into a JPEG that has none; the scan stays byte for byte."""
    exif = Image.Exif()
    exif[tag] = value
    block = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
    data = photo.read_bytes()
    photo.write_bytes(data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2) + block + data[2:])


def _spoil(photo: Path) -> None:
    """Make the pixels unreadable behind the back of whoever trusts name, size and time."""
    before = photo.stat()
    photo.write_bytes(bytes(before.st_size))
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))


# The knowledge base


def test_build_tells_photo_by_photo_and_a_second_one_analyses_nothing(new_desk: Desk) -> None:
    new_desk.put_all(POWELL, "people/Powell")
    new_desk.put_all(CHIRAC[:2], "people/Chirac/holidays/sea")

    events = new_desk.run(build_kb)
    again = new_desk.build(executor=no_analysis)

    assert events[0] == Started("Build KB", 5)
    learned = events[1:-1]
    assert all(isinstance(event, PhotoLearned) and not event.left_out for event in learned)
    assert [(event.done, event.total) for event in learned] == [(number, 5) for number in range(1, 6)]
    assert [event.path.name for event in learned] == [Path(name).name for name in (*CHIRAC[:2], *POWELL)]
    summary = events[-1]
    assert isinstance(summary, BuildFinished)
    assert (summary.done, summary.analysed, summary.failed, summary.stopped) == (5, 5, (), False)
    assert {person.name: person.used for person in summary.people} == {"Chirac": 2, "Powell": 3}
    assert "only 2" in summary.people[0].advice
    assert (again.done, again.analysed, again.people) == (5, 0, summary.people)
    assert new_desk.settings.encodings_file.is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_library_is_readable_by_its_owner_only(taught: Desk) -> None:
    taught.settings.library_file.unlink()
    before = os.umask(0)
    try:
        with open_context(taught.settings, threading.Event(), "test", create=True):
            kept = [path for path in taught.people.glob("library.sqlite*") if path.suffix not in {".lock", ".holder"}]
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in kept}
    finally:
        os.umask(before)
    assert modes["library.sqlite"] == 0o600
    assert set(modes.values()) == {0o600}


def test_deleted_photo_loses_its_link(taught: Desk) -> None:
    (taught.people / "Powell" / Path(POWELL[0]).name).unlink()
    assert taught.build(executor=no_analysis).total == 5
    assert sorted(taught.links().values()) == ["Chirac"] * 3 + ["Powell"] * 2
    assert len(taught.query("SELECT path FROM files")) == 5


def test_photo_that_cannot_be_read_this_time_keeps_its_link(taught: Desk) -> None:
    links = taught.query("SELECT id, appearance_id, person_id FROM links ORDER BY id")
    photo = taught.people / "Powell" / Path(POWELL[0]).name
    content = photo.read_bytes()
    photo.write_bytes(b"")
    assert [failure.path for failure in taught.build(executor=no_analysis).failed] == [photo]
    assert taught.query("SELECT id, appearance_id, person_id FROM links ORDER BY id") == links
    photo.write_bytes(content)
    assert taught.build(executor=no_analysis).failed == ()


def test_person_of_whom_nothing_can_be_read_this_time_stays_known(taught: Desk) -> None:
    links = taught.links()
    for photo in (taught.people / "Chirac").iterdir():
        photo.write_bytes(b"")
    chirac = taught.build(executor=no_analysis).people[0]
    assert (chirac.name, chirac.used, chirac.advice) == ("Chirac", 0, UNREAD)
    assert taught.links() == links


def test_moved_photo_and_renamed_folder_keep_what_is_known(taught: Desk) -> None:
    persons = taught.query("SELECT id, name FROM persons")
    links = taught.query("SELECT id, appearance_id, person_id FROM links ORDER BY id")
    moved = taught.people / "Powell/later" / "portrait.jpg"
    moved.parent.mkdir()
    (taught.people / "Powell" / Path(POWELL[0]).name).rename(moved)
    (taught.people / "Chirac").rename(taught.people / "Jacques Chirac")

    assert taught.build(executor=no_analysis).analysed == 0

    assert taught.links()["people/Powell/later/portrait.jpg"] == "Powell"
    assert taught.query("SELECT id, appearance_id, person_id FROM links ORDER BY id") == links
    renamed = [(key, name.replace("Chirac", "Jacques Chirac")) for key, name in persons]
    assert taught.query("SELECT id, name FROM persons") == renamed


def test_photo_in_another_folder_teaches_that_person(taught: Desk) -> None:
    name = Path(POWELL[0]).name
    (taught.people / "Powell" / name).rename(taught.people / "Chirac" / name)
    assert taught.build(executor=no_analysis).analysed == 0
    assert taught.links()[f"people/Chirac/{name}"] == "Chirac"
    assert sorted(taught.links().values()) == ["Chirac"] * 4 + ["Powell"] * 2


def test_rewritten_metadata_keeps_what_is_known(taught: Desk) -> None:
    taught.put(POWELL_AGAIN[0], "input/")
    taught.recognize()
    links, copies = taught.links(), taught.copies()
    known, probe = taught.people / "Powell" / Path(POWELL[0]).name, taught.input / Path(POWELL_AGAIN[0]).name
    for photo in (known, probe):
        _add_exif(photo, ExifTags.Base.DateTime, "2004:01:26 10:30:00")

    built, recognised = taught.build(executor=no_analysis), taught.recognize(executor=no_analysis)

    assert (built.analysed, recognised.analysed) == (0, 0)
    assert (taught.links(), taught.copies()) == (links, copies)
    dated = taught.query("SELECT f.path FROM photos p JOIN files f ON f.photo_id = p.id WHERE taken_at LIKE '2004-01%'")
    assert {Path(path) for (path,) in dated} == {known, probe}


def test_changed_orientation_is_looked_at_again_at_the_same_appearance(taught: Desk) -> None:
    probe = taught.put(POWELL_AGAIN[0], "input/")
    taught.recognize()
    said = taught.query("SELECT appearance_id, person_id, source FROM links ORDER BY id")
    known = taught.people / "Powell" / Path(POWELL[0]).name
    mirrored = 2
    for photo in (known, probe):
        _add_exif(photo, ExifTags.Base.Orientation, mirrored)

    built, recognised = taught.build(), taught.recognize()

    assert (built.analysed, recognised.analysed, recognised.known) == (1, 1, 1)
    assert taught.query("SELECT appearance_id, person_id, source FROM links ORDER BY id") == said
    seen_twice = taught.query("SELECT appearance_id FROM observations GROUP BY appearance_id HAVING count(*) = 2")
    assert len(seen_twice) == 2


def test_word_of_a_user_outlives_a_new_orientation(taught: Desk) -> None:
    probe = taught.put(STRANGER, "input/stranger.jpg")
    taught.recognize(filing=False)
    with closing(open_store(taught.settings.library_file)) as store:
        person = store.people.add("Barack Obama")
        query = "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ?"
        ((appearance,),) = taught.query(query, str(probe))
        store.people.say(Link(appearance, person, Word.IS, Source.USER))
    _add_exif(probe, ExifTags.Base.Orientation, 2)

    summary = taught.recognize()

    assert (summary.analysed, summary.people) == (1, (("Barack Obama", 1),))
    assert taught.copies() == ["Barack Obama/stranger.jpg"]


def test_person_with_blurred_photos_only_keeps_the_sharpest(desk: Desk) -> None:
    for name, radius in (("softer.jpg", 3), ("soft.jpg", 2)):
        with Image.open(desk.data / POWELL[0]) as photo:
            (desk.people / "Powell").mkdir(exist_ok=True)
            photo.filter(ImageFilter.GaussianBlur(radius)).save(desk.people / "Powell" / name, quality=95)
    desk.put_all(CHIRAC, "people/Chirac")
    desk.put(POWELL_AGAIN[0], "input/sharp.jpg")
    shutil.copyfile(desk.people / "Powell/softer.jpg", desk.input / "blurred.jpg")
    desk.build()
    rows = dict(
        desk.query(
            "SELECT f.path, max(o.sharpness) FROM files f JOIN appearances a USING (photo_id) "
            "JOIN observations o ON o.appearance_id = a.id GROUP BY f.path"
        )
    )
    sharpness = {Path(path).name: value for path, value in rows.items()}
    assert sharpness["softer.jpg"] < sharpness["soft.jpg"] < min(sharpness[Path(name).name] for name in CHIRAC)

    desk.change(lap_var_thresh=sharpness["soft.jpg"] + 1)
    built = desk.build(executor=no_analysis)
    desk.recognize()

    assert built.analysed == 0
    people = {person.name: person for person in built.people}
    assert (people["Chirac"].used, people["Powell"].used) == (3, 1)
    assert "the sharpest is used" in people["Powell"].advice
    assert [(one.path.name, one.reason) for one in people["Powell"].left_out] == [("softer.jpg", "the face is blurred")]
    assert desk.report()["sharp.jpg"]["people"] == "Powell"
    lines = [event.line for event in desk.run(desk.recognition()) if isinstance(event, PhotoDone)]
    assert [("(blurred)" in line) for line in lines] == [True, False]


def test_each_photo_that_teaches_nothing_has_its_reason(desk: Desk) -> None:
    good = desk.put(POWELL[0], "people/Powell/good.jpg")
    desk.put(NOBODY, "people/Powell/nobody.jpg")
    desk.put(TWO_STRANGERS, "people/Powell/two.jpg")
    shutil.copyfile(good, good.with_name("twin.jpg"))
    with Image.open(good) as photo:  # a face about half as wide as the photo
        far_away = Image.new("RGB", (400, 400), (90, 110, 90))
        side = round(LEAST_PIXELS * 1.6)
        far_away.paste(photo.resize((side, side), Image.Resampling.LANCZOS), (150, 150))
        far_away.save(good.with_name("far away.png"))
    (good.parent / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    aged(good.parent / "broken.jpg")

    events = desk.run(build_kb)

    summary = events[-1]
    assert isinstance(summary, BuildFinished)
    reasons = {one.path.name: one.reason for one in summary.people[0].left_out}
    assert reasons == {
        "nobody.jpg": "no face found",
        "two.jpg": "shows 2 faces: which one is meant is not clear",
        "twin.jpg": "the same photo as good.jpg",
        "far away.png": "the face is too small",
    }
    assert summary.people[0].used == 1
    (failure,) = [event for event in events if isinstance(event, PhotoFailed)]
    assert failure.path.name == "broken.jpg"
    assert summary.failed == (failure,)
    lines = "\n".join(build_summary(summary))
    assert all(f"{name}: {reason}" in lines for name, reason in reasons.items())
    assert f"{failure.path}: {failure.reason}" in lines


def test_photo_under_two_people_teaches_neither(desk: Desk) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.put_all([*CHIRAC, POWELL[0]], "people/Chirac")
    people = {person.name: person for person in desk.build().people}
    assert (people["Powell"].used, people["Chirac"].used) == (2, 3)
    assert people["Powell"].left_out[0].reason == "the same photo lies in the folder of Chirac too"
    assert people["Chirac"].left_out[0].reason == "the same photo lies in the folder of Powell too"
    assert Path(POWELL[0]).name not in {Path(path).name for path in desk.links()}


def test_links_back_to_the_people_folder_teach_nobody_anything_else(desk: Desk) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.put_all(CHIRAC, "people/Chirac")
    for link in (desk.people / "everybody", desk.people / "Powell/all"):
        try:
            link.symlink_to(desk.people, target_is_directory=True)
        except OSError as error:
            pytest.skip(f"links cannot be made here: {error}")
    used = {person.name: person.used for person in desk.build().people}
    assert used == {"Powell": len(POWELL), "Chirac": len(CHIRAC), "everybody": 0}


def test_stopped_build_changes_nobody_and_the_next_one_goes_on(new_desk: Desk) -> None:
    new_desk.change(workers=1)
    new_desk.put_all(POWELL[:2], "people/Powell")
    new_desk.build()
    tables = ("persons", "links")
    before = [new_desk.query(f"SELECT * FROM {table}") for table in tables]
    export = new_desk.settings.encodings_file.read_bytes()
    (new_desk.people / "Powell" / Path(POWELL[0]).name).unlink()
    new_desk.put_all([*CHIRAC, POWELL[2]], "people/Chirac")

    stopped = new_desk.build(stop_at=2)

    assert stopped.stopped
    assert stopped.people == ()
    assert 1 <= stopped.done < stopped.total == 5
    assert [new_desk.query(f"SELECT * FROM {table}") for table in tables] == before
    assert new_desk.settings.encodings_file.read_bytes() == export
    assert "the knowledge base is as it was before" in build_summary(stopped)[-1]
    rest = new_desk.build()
    assert (rest.stopped, stopped.analysed + rest.analysed) == (False, 4)
    assert stopped.analysed > 0
    assert sorted(new_desk.links().values()) == ["Chirac"] * 4 + ["Powell"]


def test_photos_of_nobody_are_told(taught: Desk) -> None:
    taught.put(STRANGER, "people/")
    (taught.people / "Nobody yet").mkdir()
    events = taught.run(build_kb)
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert any("teach nobody" in text for text in notices)
    summary = events[-1]
    assert isinstance(summary, BuildFinished)
    assert {person.name: (person.used, person.advice[:14]) for person in summary.people}["Nobody yet"] == (
        0,
        "nobody learned",
    )


# Recognising a folder


def test_recognise_tells_files_and_reports(taught: Desk) -> None:
    taught.put_all([POWELL_AGAIN[0], CHIRAC_AGAIN[0], STRANGER, NOBODY], "input")
    events = taught.run(taught.recognition())

    assert events[0] == Started("Recognize Folder", 4)
    told = events[1:-1]
    assert all(isinstance(event, PhotoDone) for event in told)
    assert [(event.done, event.total) for event in told] == [(number, 4) for number in range(1, 5)]
    assert [event.path.name for event in told] == [
        "cat.jpg",
        "Colin_Powell_0007.jpg",
        "Jacques_Chirac_0005.jpg",
        "obama-1080p.jpg",
    ]
    assert [event.row.people for event in told] == [[], ["Powell"], ["Chirac"], []]
    name, distance = told[1].row.face[0]
    assert name == "Powell"
    assert 0 < distance < FACE_TOL
    assert told[1].line.startswith(
        f"Colin_Powell_0007.jpg → Powell | Face: [99 % Powell ({distance:.2f}), <1 % Chirac ("
    )
    assert told[3].row.face[0][1] > FACE_TOL + 0.1
    assert told[0].line == "cat.jpg → Unknown | Face: [] | Body: []"
    summary = events[-1]
    assert isinstance(summary, RecognitionFinished)
    assert dict(summary.people) == {"Powell": 1, "Chirac": 1}
    assert (summary.known, summary.unsure, summary.unknown, summary.stopped) == (2, 0, 2, False)
    assert taught.copies() == [
        "Chirac/Jacques_Chirac_0005.jpg",
        "Powell/Colin_Powell_0007.jpg",
        "Unknown/cat.jpg",
        "Unknown/obama-1080p.jpg",
    ]
    assert taught.links("machine") == {
        "input/Colin_Powell_0007.jpg": "Powell",
        "input/Jacques_Chirac_0005.jpg": "Chirac",
    }
    report = taught.report()
    assert list(report) == [event.path.name for event in told]
    row = report["Colin_Powell_0007.jpg"]
    assert (row["people"], row["source"], row["faces"]) == ("Powell", "face", "1")
    assert (row["face_1"], float(row["face_1_distance"])) == ("Powell", pytest.approx(distance, abs=0.001))
    assert (row["copies"], row["error"]) == ("Powell/Colin_Powell_0007.jpg", "")
    assert "4 photos: 2 with people known, 0 unsure, 2 unknown (50 %), 0 failed" in "\n".join(
        recognition_summary(summary)
    )


def test_person_called_unknown_is_told_from_nobody_known(desk: Desk) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.build()
    with closing(OpenLibrary(desk.settings)) as library, library.store.change("test", "as earlier versions let"):
        library.store.edits.rename(library.people.find("Powell").id, "Unknown")
    desk.put_all([POWELL_AGAIN[0], STRANGER], "input")
    known, nobody = (event for event in desk.run(desk.recognition()) if isinstance(event, PhotoDone))
    assert [Path(copy).parts[0] for copy in (*known.row.copies, *nobody.row.copies)] == ["Unknown #1", "Unknown"]
    assert "→ Unknown #1 |" in known.line
    assert "→ Unknown |" in nobody.line


def test_second_run_analyses_and_copies_nothing(new_desk: Desk) -> None:
    new_desk.put_all(POWELL[:2], "people/Powell")
    new_desk.build()
    new_desk.put_all([POWELL_AGAIN[0], NOBODY], "input")
    first = new_desk.recognize()
    copies = {name: (new_desk.output / name).stat().st_mtime_ns for name in new_desk.copies()}
    report = new_desk.report()
    second = new_desk.recognize(new_desk.root / "people/../input", executor=no_analysis)
    assert (first.analysed, second.analysed) == (2, 0)
    assert {name: (new_desk.output / name).stat().st_mtime_ns for name in new_desk.copies()} == copies
    assert new_desk.report() == report


def test_another_spelling_of_the_output_folder_makes_no_second_copy(taught: Desk) -> None:
    taught.put(POWELL_AGAIN[0], "input/")
    taught.recognize()
    detour = taught.input / ".." / "output"
    taught.run(lambda context: recognize_folder(context, [taught.input], detour))
    assert taught.copies() == [f"Powell/{Path(POWELL_AGAIN[0]).name}"]


def test_photo_of_two_people_is_filed_under_both(taught: Desk) -> None:
    with Image.open(taught.data / POWELL_AGAIN[0]) as left, Image.open(taught.data / CHIRAC_AGAIN[0]) as right:
        both = Image.new("RGB", (left.width + right.width, left.height))
        both.paste(left, (0, 0))
        both.paste(right, (left.width, 0))
        both.save(taught.input / "both.jpg", quality=95)
    summary = taught.recognize()
    assert dict(summary.people) == {"Powell": 1, "Chirac": 1}
    assert (summary.known, taught.copies()) == (1, ["Chirac/both.jpg", "Powell/both.jpg"])
    row = taught.report()["both.jpg"]
    assert set(row["people"].split("; ")) == {"Powell", "Chirac"}
    assert set(row["copies"].split("; ")) == {"Powell/both.jpg", "Chirac/both.jpg"}
    assert row["faces"] == "2"


def test_moved_input_is_neither_analysed_nor_copied_again(new_desk: Desk) -> None:
    new_desk.put_all(POWELL[:2], "people/Powell")
    new_desk.build()
    photo = new_desk.put(POWELL_AGAIN[0], "input/")
    new_desk.recognize()
    target = new_desk.input / "sub" / "renamed.jpg"
    target.parent.mkdir()
    photo.rename(target)
    assert new_desk.recognize(executor=no_analysis).analysed == 0
    assert new_desk.copies() == [f"Powell/{photo.name}"]
    assert new_desk.report()["sub/renamed.jpg"]["people"] == "Powell"


def _no_input(desk: Desk) -> None:
    desk.input.rmdir()


def _no_photo(desk: Desk) -> None:
    (desk.input / "notes.txt").write_text("no photo", encoding="utf-8")


def _no_people_folder(desk: Desk) -> None:
    desk.put(NOBODY, "input/")
    desk.change(dataset_dir="nowhere")


def _no_library(desk: Desk) -> None:
    desk.put(NOBODY, "input/")
    shutil.rmtree(desk.people)
    desk.people.mkdir()


def _nobody_learned(desk: Desk) -> None:
    _no_library(desk)
    open_store(desk.settings.library_file, create=True).close()


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (_no_input, BadInput, r"input is not there: name a folder of photos"),
        (_no_photo, BadInput, r"There is no photo in .*input: valid_exts .*\.jpg"),
        (_no_people_folder, BadKnowledgeBase, r"nowhere is not there.* dataset_dir"),
        (_no_library, BadKnowledgeBase, r"no library at .*: run kith build-kb"),
        (_nobody_learned, BadKnowledgeBase, r"knows nobody yet: .* run kith build-kb"),
    ],
)
def test_early_end_says_what_to_do(
    taught: Desk, spoil: Callable[[Desk], None], error: type[Exception], message: str
) -> None:
    spoil(taught)
    with pytest.raises(error, match=message):
        taught.recognize()
    assert not taught.output.exists()


def test_build_without_a_people_folder_says_what_to_do(new_desk: Desk) -> None:
    new_desk.change(dataset_dir=300 * "n", library_path="library.sqlite")  # a name too long for any file system
    open_store(new_desk.settings.library_file, create=True).close()
    with pytest.raises(BadInput, match=r"n is not there now: is its drive plugged in, .* dataset_dir"):
        new_desk.build()


@pytest.mark.parametrize("empty", ["", "Somebody"])
def test_build_without_photos_says_what_to_do(new_desk: Desk, empty: str) -> None:
    (new_desk.people / empty).mkdir(exist_ok=True)
    with pytest.raises(BadInput, match=r"no photo of anybody .* one folder of photos per person .* kith build-kb"):
        new_desk.build()


def test_stopped_run_reports_the_whole_folder_and_the_next_one_goes_on(taught: Desk) -> None:
    taught.change(workers=1)
    taught.put_all([*POWELL_AGAIN, *CHIRAC_AGAIN, NOBODY], "input")
    stopped = taught.recognize(stop_at=2)
    assert stopped.stopped
    assert 1 <= stopped.done < stopped.total == 5
    errors = [row["error"] for row in taught.report().values()]
    assert errors == [""] * stopped.done + [NOT_REACHED] * (5 - stopped.done)
    assert len(taught.copies()) == stopped.done
    assert f"Stopped after {stopped.done} of 5 photos" in "\n".join(recognition_summary(stopped))
    rest = taught.recognize()
    assert (rest.stopped, rest.done) == (False, 5)
    assert len(taught.copies()) == 5
    assert not any(row["error"] for row in taught.report().values())


def test_changed_thresholds_decide_anew_without_opening_a_photo(taught: Desk) -> None:
    taught.put_all([POWELL_AGAIN[0], STRANGER], "input")
    (known,) = [event for event in taught.run(taught.recognition(filing=False))[1:-1] if event.row.people]
    for photo in (*taught.input.iterdir(), *(taught.people / "Powell").iterdir()):
        _spoil(photo)

    limit = known.row.face[0][1] - 0.01
    taught.change(face_tol=limit, face_suggest=limit)
    stricter = taught.recognize(filing=False, executor=no_analysis)
    taught.change(face_tol=0, face_suggest=0, sure_at=0)
    lax = taught.recognize(filing=False, executor=no_analysis)
    taught.change(sure_at=0.96, lap_var_thresh=1e9)
    blurred = taught.build(executor=no_analysis)
    lines = [event.line for event in taught.run(taught.recognition(filing=False)) if isinstance(event, PhotoDone)]

    assert (stricter.known, stricter.unknown, stricter.analysed, stricter.failed) == (0, 2, 0, ())
    assert (lax.known, lax.unknown, lax.analysed, lax.failed) == (2, 0, 0, ())
    assert (blurred.analysed, blurred.failed) == (0, ())
    assert {person.name: person.used for person in blurred.people} == {"Chirac": 1, "Powell": 1}
    assert len(lines) == 2
    assert all("(blurred)" in line for line in lines)


def test_changed_verdict_moves_the_copy(taught: Desk) -> None:
    taught.put(SCHROEDER_AGAIN[0], "input/photo.jpg")
    taught.recognize()
    before = taught.copies()
    taught.put_all(SCHROEDER, "people/Schroeder")
    taught.build()
    taught.recognize(executor=no_analysis)
    learned = taught.copies()
    shutil.rmtree(taught.people / "Schroeder")
    taught.build(forget="all")
    taught.recognize()
    assert [before, learned, taught.copies()] == [["Unknown/photo.jpg"], ["Schroeder/photo.jpg"], ["Unknown/photo.jpg"]]


def test_two_inputs_and_same_names_all_survive(taught: Desk) -> None:
    taught.put(POWELL_AGAIN[0], "input/a/photo.jpg")
    taught.put(POWELL_AGAIN[1], "input/b/photo.jpg")
    elsewhere = taught.put(CHIRAC_AGAIN[0], "elsewhere/photo.jpg")
    summary = taught.recognize(taught.input, elsewhere.parent)
    assert dict(summary.people) == {"Powell": 2, "Chirac": 1}
    assert taught.copies() == ["Chirac/photo.jpg", "Powell/photo (2).jpg", "Powell/photo.jpg"]
    contents = {(taught.output / name).read_bytes() for name in taught.copies()}
    assert contents == {(taught.data / name).read_bytes() for name in (*POWELL_AGAIN, CHIRAC_AGAIN[0])}
    report = taught.report()
    assert list(report) == ["input/a/photo.jpg", "input/b/photo.jpg", "elsewhere/photo.jpg"]
    assert report["input/b/photo.jpg"]["copies"] == "Powell/photo (2).jpg"


def test_one_photo_in_two_places_is_filed_once(taught: Desk) -> None:
    taught.put(POWELL_AGAIN[0], "input/a/photo.jpg")
    taught.put(POWELL_AGAIN[0], "input/b/the same.jpg")
    assert taught.recognize().known == 2
    assert taught.copies() == ["Powell/photo.jpg"]
    assert [row["copies"] for row in taught.report().values()] == ["Powell/photo.jpg"] * 2


def test_copy_that_was_deleted_is_made_again(taught: Desk) -> None:
    taught.put(POWELL_AGAIN[0], "input/photo.jpg")
    taught.recognize()
    shutil.rmtree(taught.output)
    taught.recognize(executor=no_analysis)
    assert (taught.output / "Powell/photo.jpg").read_bytes() == (taught.input / "photo.jpg").read_bytes()


def test_people_folder_as_input_goes_by_the_dataset_s_word(taught: Desk) -> None:
    taught.put(SCHROEDER[0], "people/Powell/in truth schroeder.jpg")
    taught.build()
    taught.recognize(taught.people / "Powell")
    assert taught.copies() == [f"Powell/{Path(name).name}" for name in POWELL] + ["Powell/in truth schroeder.jpg"]


def test_one_job_at_a_time_and_the_holder_is_named(taught: Desk) -> None:
    with (
        open_context(taught.settings, threading.Event(), "Build KB"),
        pytest.raises(StoreBusy, match=rf"Build KB \(process {os.getpid()} on .*\) is at work on .*library\.sqlite"),
    ):
        taught.build()
    assert taught.build().analysed == 0


def test_holder_that_cannot_be_named_stops_nobody(taught: Desk) -> None:
    (taught.people / "library.sqlite.holder").mkdir()
    assert taught.build().analysed == 0


class _NoProcess(InlineExecutor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")  # as where a process ends before it has begun


def test_processes_that_cannot_start_are_told_and_no_reader_who_left(new_desk: Desk) -> None:
    new_desk.put(NOBODY, "people/Nobody/")
    with pytest.raises(KithError, match="No process could be started to work on photos"):
        new_desk.build(executor=_NoProcess)


# Detectors and bodies


def test_yunet_after_hog_keeps_the_links(desk: Desk, shared: Path) -> None:
    desk.change(models_dir="nothing here")
    desk.put_all(POWELL[:2], "people/Powell")
    desk.put(POWELL_AGAIN[0], "input/")
    events = desk.run(build_kb)
    (notice,) = [event.text for event in events if isinstance(event, Notice)]
    assert "dlib's HOG" in notice
    assert "kith models download" in notice
    assert events[-1].analysed == 2
    assert desk.recognize().known == 1
    links = desk.query("SELECT id, appearance_id, person_id, source FROM links WHERE source = 'dataset' ORDER BY id")

    desk.change(models_dir=str(desk.models))
    events = desk.run(build_kb)

    assert not [event for event in events if isinstance(event, Notice)]
    query = "SELECT id, appearance_id, person_id, source FROM links WHERE source = 'dataset' ORDER BY id"
    assert desk.query(query) == links
    assert desk.recognize().known == 1
    assert desk.copies() == [f"Powell/{Path(POWELL_AGAIN[0]).name}"]


@pytest.fixture
def bodies(desk: Desk, material: Path) -> Desk:
    """A desk that knows Obama by face and body, with a photo of his body only in the input."""
    desk.change(
        body_policy="suggest",
        reid_model="osnet_x0_25",
        reid_weights=str(material / "models/osnet_x0_25_msmt17.pth"),
    )
    known = desk.put(STRANGER, "people/Obama/portrait.jpg")
    desk.put(CHIRAC[0], "people/Chirac/")
    desk.build()
    sql = (
        "SELECT o.x, o.y, o.w, o.h FROM observations o JOIN files f ON f.path = ? WHERE o.kind = 'body' "
        "AND o.appearance_id IN (SELECT id FROM appearances WHERE photo_id = f.photo_id)"
    )
    ((x, y, w, h),) = desk.query(sql, str(known))
    with Image.open(known) as photo:
        box = (x * photo.width, y * photo.height, (x + w) * photo.width, (y + h) * photo.height)
        photo.crop(tuple(round(side) for side in box)).save(desk.input / "headless.png")
    return desk


@pytest.mark.parametrize("policy", ["suggest", "anywhere", "off"])
def test_body_policy(bodies: Desk, policy: str) -> None:
    bodies.change(body_policy=policy, person_detector=str(save_one_person(bodies.root / "person.onnx")))
    events = bodies.run(bodies.recognition())
    (told,) = [event for event in events if isinstance(event, PhotoDone)]
    summary = events[-1]
    assert isinstance(summary, RecognitionFinished)
    if policy == "off":
        assert (told.row.people, told.unsure, told.row.body, summary.unknown) == ([], (), (), 1)
        assert bodies.copies() == ["Unknown/headless.png"]
        return
    name, similarity = told.row.body[0]
    assert (name, told.row.faces) == ("Obama", 0)
    assert similarity > bodies.settings.body_tol
    assert f"Body: [Obama ({similarity:.2f})" in told.line
    if policy == "suggest":
        assert (told.row.people, told.row.source, told.unsure) == ([], "none", ("Obama",))
        assert "Unknown (unsure: Obama)" in told.line
        assert (summary.known, summary.unsure, bodies.copies()) == (0, 1, ["Unknown/headless.png"])
    else:
        assert (told.row.people, told.row.source, told.unsure) == (["Obama"], "body", ())
        assert (summary.known, summary.unsure, bodies.copies()) == (1, 0, ["Obama/headless.png"])


@pytest.mark.parametrize(("policy", "found"), [("suggest", False), ("anywhere", True)])
def test_where_nobody_shows_the_whole_photo_is_a_body_only_by_the_articles_rule(
    bodies: Desk, policy: str, found: bool
) -> None:
    bodies.change(body_policy=policy)
    summary = bodies.recognize()
    assert (summary.known, summary.unsure, summary.unknown) == (found, 0, not found)


def test_photos_analysed_with_bodies_are_not_analysed_again_without(bodies: Desk) -> None:
    bodies.recognize()
    bodies.change(body_policy="off")
    assert bodies.build(executor=no_analysis).analysed == 0
    assert bodies.recognize(executor=no_analysis).unknown == 1


def test_other_body_model_than_the_knowledge_base_s_is_refused(bodies: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    other.write_bytes(Path(bodies.settings.reid_weights).read_bytes() + b"\0")
    known, asked = bodies.query("SELECT DISTINCT model_id FROM observations WHERE kind = 'body'")[0][0], "osnet_x0_25:"
    bodies.change(reid_weights=str(other))
    with pytest.raises(ModelMismatch, match=rf"bodies by {known}, the settings ask for {asked}[0-9a-f]+: run kith"):
        bodies.recognize()
    bodies.change(body_policy="off")
    assert bodies.recognize().done == 1


def test_missing_body_weights_are_told_once(taught: Desk) -> None:
    taught.change(body_policy="suggest")
    taught.put_all([POWELL_AGAIN[0], NOBODY], "input")
    first, second = [
        [event.text for event in taught.run(job) if isinstance(event, Notice)]
        for job in (build_kb, taught.recognition())
    ]
    (notice,) = first
    assert notice.startswith("No weights for osnet_ain_multi: people are recognised by their faces only;")
    assert "kith models download" in notice
    assert second == []
