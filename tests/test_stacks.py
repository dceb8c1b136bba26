"""A raw file and the JPEG of its name are one photo: looked at once, filed together, told in one row."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kith.errors import BadPhoto
from kith.filing.report import read_report
from kith.jobs.build_kb import build_kb
from kith.jobs.context import Context
from kith.jobs.events import BuildFinished, Event, Notice
from kith.jobs.filing_runs import undo_run
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_list import list_photos
from kith.jobs.recognize_folder import recognize_folder
from kith.photos.search import PassedOver
from kith.photos.stacks import leading, stacked
from kith.settings import Settings
from tests.album import ANN, BOB, Album
from tests.desk import run_job
from tests.drawn import LEFT, MIDDLE, draw
from tests.raw_files import save_raw


def test_a_raw_file_goes_with_the_jpeg_of_its_name_in_its_folder() -> None:
    names = "a.jpg A.CR2 a.png b.nef sub/b.jpg c.heic c.jpeg c.dng c.raf d.jpg d.cr2.jpg e.HEIC E.mov f.mov"
    paths = [Path(name) for name in names.split()]
    assert stacked(paths) == {
        Path("a.jpg"): [Path("A.CR2")],
        Path("c.jpeg"): [Path("c.dng"), Path("c.raf")],
        Path("e.HEIC"): [Path("E.mov")],
    }
    odd = BadPhoto(Path("e"), "a folder that cannot be listed")
    assert leading([*paths[:2], odd]) == [Path("a.jpg"), odd]


@pytest.fixture
def album(tmp_path: Path) -> Album:
    made = Album(tmp_path)
    changed = {**made.settings.model_dump(), "valid_exts": [".png", ".jpg", ".dng"], "names_in": "copies"}
    made.settings = Settings.at(tmp_path, changed)
    return made


def _jpeg(album: Album, name: str, *people: tuple[int, tuple[int, int]], shade: int = 9) -> Path:
    return album.save(draw(*people, shade=shade), f"album/{name}.jpg", quality=95, subsampling=0)


def _raw(album: Album, name: str, *people: tuple[int, tuple[int, int]], shade: int = 9) -> Path:
    album.album.mkdir(exist_ok=True)
    return save_raw(draw(*people, shade=shade), album.album / f"{name}.dng", draw(*people, shade=shade))


def _filed(album: Album) -> list[str]:
    return sorted(name for name in album.tree() if "/" in name)


def _rows(album: Album) -> dict[str, dict[str, str]]:
    return {row["file"]: row for row in read_report(album.output / "report.csv")}


def test_both_are_filed_and_told_as_one_and_nothing_is_done_twice(album: Album) -> None:
    jpeg, raw = _jpeg(album, "one", (ANN, MIDDLE)), _raw(album, "one", (ANN, MIDDLE))
    assert album.recognise() == {"one.jpg": ("Ann",)}
    assert _filed(album) == ["Ann/one.dng", "Ann/one.dng.xmp", "Ann/one.jpg", "Ann/one.jpg.xmp"]
    assert (album.output / "Ann/one.dng").read_bytes() == raw.read_bytes()
    assert b"Ann" in (album.output / "Ann/one.dng.xmp").read_bytes()
    rows = _rows(album)
    assert [*rows] == ["one.jpg"]
    assert (rows["one.jpg"]["other_files"], rows["one.jpg"]["copies"]) == ("one.dng", "Ann/one.jpg; Ann/one.dng")
    assert album.recognise(looks=False) == {"one.jpg": ("Ann",)}
    with OpenLibrary(album.settings) as library:
        assert len(library.store.redecisions.recognised(album.settings.dataset_folder)) == 1
        assert library.why(raw).appearances == library.why(jpeg).appearances


def test_a_word_and_its_undo_move_both(album: Album) -> None:
    _jpeg(album, "one", (ANN, MIDDLE))
    _raw(album, "one", (ANN, MIDDLE))
    album.recognise()
    before = _filed(album)
    album.name(album.album / "one.jpg", "Bob")
    assert _filed(album) == ["Bob/one.dng", "Bob/one.dng.xmp", "Bob/one.jpg", "Bob/one.jpg.xmp"]
    with OpenLibrary(album.settings) as library:
        library.undo()
    assert _filed(album) == before


def test_a_run_is_taken_back_whole_or_by_the_name_of_either(album: Album) -> None:
    for shade, name in ((90, "one"), (180, "two")):
        _jpeg(album, name, (ANN, MIDDLE), shade=shade)
        _raw(album, name, (ANN, MIDDLE), shade=shade)
    changed = {**album.settings.model_dump(), "file_as": "move", "duplicates": "file all"}
    album.settings = Settings.at(album.root, changed)
    album.recognise()
    assert not [*album.album.glob("*.*")]
    with OpenLibrary(album.settings) as library:
        (run,) = library.store.runs.all()
        assert undo_run(library, run.id, "one.dng").text.endswith("with 1 photo.")
        assert sorted(path.name for path in album.album.iterdir()) == ["one.dng", "one.jpg"]
        undo_run(library, run.id)
    assert sorted(path.name for path in album.album.iterdir()) == ["one.dng", "one.jpg", "two.dng", "two.jpg"]
    assert _filed(album) == []


def test_a_raw_file_that_comes_later_is_filed_beside_the_jpeg(album: Album) -> None:
    _jpeg(album, "one", (ANN, MIDDLE))
    album.recognise()
    _raw(album, "one", (ANN, MIDDLE))
    assert album.recognise(looks=False) == {"one.jpg": ("Ann",)}
    assert "Ann/one.dng" in _filed(album)


def test_a_jpeg_that_comes_later_leads_and_has_what_was_said_of_the_raw_file(album: Album) -> None:
    raw = _raw(album, "one", (ANN, MIDDLE))
    assert album.recognise() == {"one.dng": ("Ann",)}
    album.name(raw, "Bob")
    _jpeg(album, "one", (ANN, MIDDLE))
    assert album.recognise() == {"one.jpg": ("Bob",)}
    assert _filed(album) == ["Bob/one.dng", "Bob/one.dng.xmp", "Bob/one.jpg", "Bob/one.jpg.xmp"]
    assert [*_rows(album)] == ["one.jpg"]


def test_where_the_jpeg_goes_the_raw_file_has_what_was_said_of_it(album: Album) -> None:
    jpeg = _jpeg(album, "one", (ANN, MIDDLE))
    _raw(album, "one", (ANN, MIDDLE))
    album.recognise()
    album.name(jpeg, "Bob")
    jpeg.unlink()
    assert album.recognise() == {"one.dng": ("Bob",)}
    assert "Bob/one.dng" in _filed(album)
    assert album.recognise(looks=False) == {"one.dng": ("Bob",)}


def test_a_raw_file_that_cannot_be_read_is_told_and_its_jpeg_is_filed(album: Album) -> None:
    _jpeg(album, "one", (ANN, MIDDLE))
    (album.album / "one.dng").write_bytes(b"II*\0 nothing")

    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [album.album], album.output)

    events = run_job(album.settings, job, executor=lambda: album.eyes)
    (told,) = [event.text for event in events if isinstance(event, Notice) and "one.dng" in event.text]
    assert "the raw file is damaged" in told
    assert "Ann/one.jpg" in _filed(album)


def test_both_in_a_persons_folder_teach_once(album: Album) -> None:
    for number in (1, 2):
        photo = draw((BOB, LEFT), shade=50 + number)
        album.save(photo, f"people/Bob/more{number}.jpg", quality=95, subsampling=0)
        save_raw(photo, album.root / f"people/Bob/more{number}.dng", photo)
    built = run_job(album.settings, build_kb, executor=lambda: album.eyes)[-1]
    assert isinstance(built, BuildFinished)
    assert built.total == 6


def test_of_a_photo_named_by_itself_the_files_beside_it_are_taken_along(album: Album) -> None:
    jpeg, raw = _jpeg(album, "one", (ANN, MIDDLE)), _raw(album, "one", (ANN, MIDDLE))
    _jpeg(album, "two", (ANN, MIDDLE), shade=90)
    for named in (jpeg, raw):
        listed = list_photos([named], album.settings, (), PassedOver())
        assert {path: [other.found for other in photo.along] for path, photo in listed.items()} == {jpeg: [raw]}
    chosen = list_photos([album.album], album.settings, (), PassedOver(), [raw])
    assert [*chosen] == [jpeg]
