"""Kith never learns from what it filed, nor files it twice: output folders are marked, refused and left out."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kith.errors import BadInput
from kith.filing.names import is_unknown
from kith.jobs.build_kb import build_kb
from kith.jobs.context import Context, open_context
from kith.jobs.events import BuildFinished, Event, Notice, PhotoDone, RecognitionFinished
from kith.jobs.recognize_folder import recognize_folder
from kith.library.store import open_store
from kith.photos.outputs import MARKER, REPORT, is_output, is_same_folder, lies_in, mark_output, output_around
from kith.settings import Settings
from tests.album import ANN, EVE, Album
from tests.desk import ran, run_job
from tests.drawn import MIDDLE, draw
from tests.making import posix_only


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Ann and Bob are taught; Ann and a stranger are in the album."""
    album = Album(tmp_path / "mine")
    album.save(draw((ANN, MIDDLE), shade=7), "album/ann.png")
    album.save(draw((EVE, MIDDLE), shade=7), "album/eve.png")
    return album


def _change(album: Album, **changes: object) -> None:
    album.settings = Settings.at(album.root, album.settings.model_dump() | changes)


def _recognise(album: Album, output: Path, *inputs: Path) -> list[Event]:
    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, inputs or [album.album], output)

    return run_job(album.settings, job, executor=lambda: album.eyes, create=False)


def _build(album: Album) -> list[Event]:
    return run_job(album.settings, build_kb, executor=lambda: album.eyes, create=False)


def _used(events: list[Event]) -> dict[str, int]:
    finished = events[-1]
    assert isinstance(finished, BuildFinished)
    return {person.name: person.used for person in finished.people}


def _notices(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Notice))


def _link(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=target.is_dir())
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


def _tree(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.startswith("library.sqlite"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


# The mark


def test_the_first_run_marks_its_output_folder_in_words_and_the_next_leaves_the_mark_alone(album: Album) -> None:
    _recognise(album, album.output)
    marker = album.output / MARKER
    assert "Kith files copies" in marker.read_text(encoding="utf-8")
    marker.write_text("mine", encoding="utf-8")
    _recognise(album, album.output)
    assert marker.read_text(encoding="utf-8") == "mine"


def test_a_run_without_copies_marks_nothing(album: Album) -> None:
    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [album.album / "ann.png"], None)

    run_job(album.settings, job, executor=lambda: album.eyes)
    assert not list(album.root.rglob(MARKER))


def test_a_mark_that_a_killed_run_left_empty_is_written(tmp_path: Path) -> None:
    mark_output(tmp_path)
    text = (tmp_path / MARKER).read_text(encoding="utf-8")
    (tmp_path / MARKER).write_text("")
    assert is_output(tmp_path)
    mark_output(tmp_path)
    assert (tmp_path / MARKER).read_text(encoding="utf-8") == text


def test_a_link_in_the_place_of_the_mark_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    for name, target in (("one", victim), ("two", tmp_path / "new")):
        (tmp_path / name).mkdir()
        _link(tmp_path / name / MARKER, target)
    victim.write_text("mine", encoding="utf-8")
    for name in ("one", "two"):
        mark_output(tmp_path / name)
        assert is_output(tmp_path / name)
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "new").exists()


def test_a_folder_is_known_in_every_spelling(tmp_path: Path) -> None:
    output = tmp_path / "real" / "output"
    mark_output(output)
    (output / "Ann").mkdir()
    _link(tmp_path / "link", tmp_path / "real")
    for path in (output, output / "Ann", tmp_path / "link/output/Ann", tmp_path / "link/../real/output", output / "no"):
        assert output_around(path) == output
    assert output_around(tmp_path / "real") is None
    assert lies_in(tmp_path / "link/output/new/folder", output)
    assert not lies_in(tmp_path / "real/output2", output)
    assert is_same_folder(tmp_path / "link", tmp_path / "real")


def test_a_folder_of_an_earlier_version_is_known_by_its_report(album: Album) -> None:
    _recognise(album, album.output)
    (album.output / MARKER).unlink()
    assert is_output(album.output)
    (album.output / "Unknown").rename(album.output / "Strangers")
    assert is_output(album.output), "Ann's copy is there"
    saved = album.root / "saved"
    saved.mkdir()
    shutil.copy(album.output / REPORT, saved)
    assert not is_output(saved), "a report that was saved elsewhere names no copy there"
    shutil.rmtree(album.output / "Ann")
    assert not is_output(album.output)


@pytest.mark.parametrize("content", [b"", b"file,people\n", b"\xff\0\n" * 9, b"file,people,source,faces,face_1"])
def test_a_report_of_somebody_else_marks_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / REPORT).write_bytes(content)
    assert not is_output(tmp_path)


@posix_only
def test_a_pipe_in_the_place_of_a_report_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / REPORT)
    assert not is_output(tmp_path)


# Refused


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("people", "is the people folder"),
        ("people/sorted", "lies in the people folder"),
        ("people/Ann", "lies in the people folder"),
        (".", "holds the people folder"),
        ("album", "is the photos in"),
        ("album/sorted", "lies in the photos in"),
        ("album/../people/../people/x", "lies in the people folder"),
        ("link to people/sorted", "lies in the people folder"),
        ("link to album", "is the photos in"),
    ],
)
def test_an_output_folder_is_apart_from_people_and_photos(album: Album, output: str, words: str) -> None:
    for name in ("people", "album"):
        _link(album.root / f"link to {name}", album.root / name)
    before = _tree(album.root)
    with pytest.raises(BadInput) as refused:
        _recognise(album, album.root / output)
    assert words in str(refused.value)
    place = Path(str(refused.value).partition("for example ")[2].partition(";")[0])
    assert _tree(album.root) == before
    _recognise(album, place)
    assert (place / "Ann/ann.png").is_file()


@pytest.mark.parametrize("output", ["a file", "a file/sorted"])
def test_a_file_is_no_output_folder(album: Album, output: str) -> None:
    (album.root / "a file").touch()
    with pytest.raises(BadInput, match="a file is a file"):
        _recognise(album, album.root / output)


def test_photos_that_lie_in_the_output_folder_are_refused(album: Album) -> None:
    album.save(draw((ANN, MIDDLE), shade=8), "all/new/ann.png")
    for path in (album.root / "all/new", album.root / "all/new/ann.png"):
        with pytest.raises(BadInput, match=r"The output folder .*all holds the photos in .*new"):
            _recognise(album, album.root / "all", path)


def test_copies_are_not_recognised_again_by_whatever_path(album: Album) -> None:
    _recognise(album, album.output)
    _link(album.root / "link", album.output / "Ann")
    for path in ("output", "output/Ann", "output/Unknown/eve.png", "link", "link/ann.png"):
        with pytest.raises(BadInput, match="not recognised again"):
            _recognise(album, album.root / "other", album.root / path)
    assert not (album.root / "other").exists()


def _begin(album: Album) -> list[Event]:
    with open_context(album.settings, threading.Event(), "test", lambda: album.eyes, create=True) as context:
        return list(build_kb(context))


@pytest.mark.parametrize("sign", ["mark", "report"])
@pytest.mark.parametrize("people", ["output", "output/Ann", "link"])
def test_a_folder_of_copies_is_no_people_folder_and_gets_no_library(album: Album, people: str, sign: str) -> None:
    _recognise(album, album.output)
    if sign == "report":
        (album.output / MARKER).unlink()
    _link(album.root / "link", album.output)
    before = _tree(album.output)
    _change(album, dataset_dir=people, processed_dir="elsewhere")
    with pytest.raises(BadInput, match="must not teach"):
        _begin(album)
    assert _tree(album.output) == before
    assert not list(album.output.rglob("library.sqlite*"))


@pytest.mark.parametrize(
    ("people", "words"),
    [("output", "no photo of anybody .* teach nobody: 1 left out"), ("output/Ann", "lies in .*output, a folder that")],
)
def test_a_folder_without_a_mark_is_known_by_the_librarys_record(album: Album, people: str, words: str) -> None:
    (album.album / "eve.png").unlink()
    _recognise(album, album.output)
    for sign in (MARKER, REPORT):
        (album.output / sign).unlink()
    _change(album, dataset_dir=people, processed_dir="elsewhere", library_path=str(album.settings.library_file))
    with pytest.raises(BadInput, match=words):
        _build(album)


def test_what_an_earlier_version_filed_into_the_people_folder_is_unlearned(album: Album) -> None:
    """It took the people folder for an output folder, and the next build learned from the copies."""
    people = album.root / "people"
    _recognise(album, album.output)
    (album.output / MARKER).unlink()
    shutil.copytree(album.output, people, dirs_exist_ok=True)
    with closing(open_store(album.settings.library_file)) as store, store.transaction():
        for (target,) in store._connection.execute("SELECT target FROM copies").fetchall():
            moved = str(people / Path(target).relative_to(album.output))
            store._connection.execute(
                "UPDATE copies SET output = ?, target = ? WHERE target = ?", (str(people), moved, target)
            )
    shutil.rmtree(album.output)
    shutil.copy(people / "Ann/ann.png", people / "Ann/mine.png")

    built = _build(album)

    assert _used(built) == {"Ann": 3, "Bob": 2}
    assert "Copies that Kith filed into the people folder itself teach nobody: 2 left out." in _notices(built)
    assert "people/Unknown teaches nobody" in _notices(built).replace("\\", "/")
    mark_output(people)
    with pytest.raises(BadInput, match="must not teach"):
        _build(album)


def test_an_output_folder_that_the_settings_name_among_the_people_is_refused(album: Album) -> None:
    for output in ("people", "people/sorted", "."):
        _change(album, processed_dir=output)
        with pytest.raises(BadInput, match=r"The output folder .* the people folder"):
            _build(album)


@pytest.mark.parametrize("arguments", [["--output", "people"], ["--output", "album/sorted"], ["--output", "."]])
def test_the_command_line_refuses_with_3_before_anything_is_written(album: Album, arguments: list[str]) -> None:
    before = sorted(album.root.rglob("*"))
    settings = ("--set", f"dataset_dir={album.root / 'people'}", "--set", f"models_dir={album.root}")
    code, out, err = ran("recognize", "album", *arguments, *settings, folder=album.root)
    assert (code, out) == (3, "")
    assert "Choose an output folder apart from it, for example " in err
    left = [path for path in sorted(album.root.rglob("*")) if not path.name.startswith("library.sqlite.")]
    assert left == [path for path in before if not path.name.startswith("library.sqlite.")]


def test_the_command_line_begins_no_library_in_a_folder_of_copies(album: Album, tmp_path: Path) -> None:
    _recognise(album, album.output)
    before = sorted(album.output.rglob("*"))
    overrides = ("--set", f"dataset_dir={album.output}", "--set", f"processed_dir={tmp_path / 'elsewhere'}")
    code, out, err = ran("build-kb", *overrides)
    assert (code, out) == (3, "")
    assert "is a folder that Kith files copies to" in err
    assert sorted(album.output.rglob("*")) == before


# Left out


def test_an_earlier_output_folder_below_the_photos_is_left_out_and_said(album: Album) -> None:
    _recognise(album, album.output)
    moved = album.output.rename(album.album / "sorted")
    for other in ("reported", "of another library"):
        shutil.copytree(moved, album.album / other)
    (album.album / "reported" / MARKER).unlink()
    shutil.copytree(moved / "Ann", album.album / "taken out on purpose")
    events = _recognise(album, album.output)
    done = [event.row.file for event in events if isinstance(event, PhotoDone)]
    assert done == ["ann.png", "eve.png", "taken out on purpose/ann.png"]
    assert "Left out: 3 folders of copies that Kith filed: " in _notices(events)
    assert str(moved) in _notices(events)


def test_a_folder_without_a_mark_is_left_out_where_the_library_has_copies_in_it(album: Album) -> None:
    inside = album.root / "all/sorted"
    _recognise(album, inside)
    for sign in (MARKER, REPORT):
        (inside / sign).unlink()
    with pytest.raises(BadInput, match="not recognised again"):
        _recognise(album, album.output, inside)
    album.save(draw((ANN, MIDDLE), shade=9), "all/new.png")
    events = _recognise(album, album.output, album.root / "all")
    assert [event.row.file for event in events if isinstance(event, PhotoDone)] == ["new.png"]
    shutil.rmtree(inside / "Ann")
    shutil.rmtree(inside / "Unknown")
    album.save(draw((ANN, MIDDLE), shade=10), "all/sorted/mine now.png")
    events = _recognise(album, album.output, album.root / "all")
    done = [event.row.file for event in events if isinstance(event, PhotoDone)]
    assert done == ["new.png", "sorted/mine now.png"], "no copy is there any more: the folder is the user's again"


def test_links_to_copies_are_left_out_too(album: Album) -> None:
    _recognise(album, album.output)
    _link(album.album / "to a folder", album.output / "Ann")
    _link(album.album / "to a copy.png", album.output / "Unknown/eve.png")
    _link(album.root / "people/Eve", album.output / "Unknown")
    (album.root / "people/Eva").mkdir()
    _link(album.root / "people/Eva/eve.png", album.output / "Unknown/eve.png")
    events = _recognise(album, album.root / "other")
    assert [event.row.file for event in events if isinstance(event, PhotoDone)] == ["ann.png", "eve.png"]
    built = _build(album)
    assert _used(built) == {"Ann": 2, "Bob": 2, "Eva": 0}
    assert f"{album.root / 'people/Eve'} teaches nobody: Kith files copies to {album.output}" in _notices(built)
    assert "1 folder of copies" in _notices(built)


@pytest.mark.parametrize("place", ["people/sorted", "people/Ann/sorted"])
def test_copies_among_the_people_teach_nobody(album: Album, place: str) -> None:
    _recognise(album, album.output)
    album.output.rename(album.root / place)
    built = _build(album)
    assert _used(built) == {"Ann": 2, "Bob": 2}
    assert str(album.root / place) in _notices(built)


def test_a_copy_that_the_user_puts_into_a_persons_folder_teaches(album: Album) -> None:
    _recognise(album, album.output)
    (album.output / "Unknown/eve.png").rename(album.root / "people/Ann/eve is ann.png")
    (album.root / "people/Eve").mkdir()
    shutil.copy(album.output / "Ann/ann.png", album.root / "people/Eve")
    assert _used(_build(album)) == {"Ann": 3, "Bob": 2, "Eve": 1}


@pytest.mark.parametrize("name", ["Unknown", "unknown", "UNKNOWN", "Unknown ", "Ｕｎｋｎｏｗｎ"])
def test_a_person_folder_called_unknown_teaches_nobody(album: Album, name: str) -> None:
    assert is_unknown(name)
    album.save(draw((EVE, MIDDLE), shade=3), f"people/{name}/eve.png")
    built = _build(album)
    assert _used(built) == {"Ann": 2, "Bob": 2}
    assert f"people/{name} teaches nobody" in _notices(built).replace("\\", "/")
    assert "name it otherwise" in _notices(built)


def test_what_a_folder_called_unknown_taught_before_is_forgotten(album: Album) -> None:
    """An earlier version learned from it."""
    album.save(draw((EVE, MIDDLE), shade=3), "people/Eve/eve.png")
    assert _used(_build(album))["Eve"] == 1
    before, now = album.root / "people/Eve", album.root / "people/Unknown"
    before.rename(now)
    with closing(open_store(album.settings.library_file)) as store, store.transaction():
        store.photos.move_files(before, now)
        store._connection.execute("UPDATE person_folders SET folder = 'Unknown' WHERE folder = 'Eve'")
    built = _build(album)
    finished = built[-1]
    assert isinstance(finished, BuildFinished)
    assert (_used(built), finished.away) == ({"Ann": 2, "Bob": 2}, ())
    events = _recognise(album, album.output)
    assert {event.row.file: event.row.people for event in events if isinstance(event, PhotoDone)}["eve.png"] == []


def test_names_near_unknown_are_names() -> None:
    assert not any(is_unknown(name) for name in ("Unknown #9", "Un known", "Unknow", "The Unknown", "Unknown soldier"))


def test_folders_side_by_side_go_on_working(album: Album) -> None:
    for _ in range(2):
        finished = _recognise(album, album.output)[-1]
        assert isinstance(finished, RecognitionFinished)
        assert (finished.total, finished.known, finished.unknown) == (2, 1, 1)
    assert _used(_build(album)) == {"Ann": 2, "Bob": 2}
