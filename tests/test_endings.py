"""File endings: each that is called readable is read, and pictures left out for theirs are counted in the summary."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from kith.errors import BadInput
from kith.gui.lines import lines_of
from kith.gui.phrases import in_window
from kith.jobs.build_kb import build_kb
from kith.jobs.context import Context
from kith.jobs.events import BuildFinished, Event, RecognitionFinished
from kith.jobs.phrases import build_summary, left_out_lines, recognition_summary
from kith.jobs.recognize_folder import recognize_folder
from kith.photos.endings import PICTURES, RAW, READABLE, VIDEO
from kith.photos.facts import read_facts
from kith.photos.pixels import load_rgb
from kith.settings import Settings
from tests.album import Album
from tests.clips import save_clip
from tests.desk import run_job
from tests.drawn import MIDDLE, draw
from tests.raw_files import save_raw

pillow_heif.register_heif_opener()  # so that the tests can write HEIC files
_BY_PILLOW = Image.registered_extensions()
_OTHERS = {".jfi": "JPEG", ".jif": "JPEG", ".insp": "JPEG"}
_MODES = {".pbm": "1", ".pgm": "L", ".pfm": "F"}


@pytest.mark.parametrize("ending", sorted(READABLE))
def test_every_readable_ending_is_read(tmp_path: Path, ending: str) -> None:
    photo = tmp_path / f"photo{ending}"
    scene = draw((0, MIDDLE)).convert(_MODES.get(ending, "RGB"))
    if ending in VIDEO:
        save_clip(tmp_path / "clip.mp4", [(0, scene)], 1).rename(photo)
    elif ending in RAW:
        save_raw(scene, photo, scene)
    else:
        scene.save(photo, format=_OTHERS.get(ending) or _BY_PILLOW[ending])
    shown = load_rgb(photo).astype(int)
    assert np.abs(shown - np.asarray(scene.convert("RGB"))).mean() < 3
    assert (read_facts(photo).width, read_facts(photo).height) == scene.size


def _recognise(album: Album) -> list[Event]:
    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [album.album], album.output)

    return run_job(album.settings, job, executor=lambda: album.eyes)


def _put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"a picture")


def test_pictures_left_out_are_counted_by_ending_in_both_summaries(tmp_path: Path) -> None:
    album = Album(tmp_path)
    album.save(draw((0, MIDDLE), shade=9), "album/ann.png")
    _put(album.album, *(f"{number}.jpg" for number in range(9)), *(f"sub/{number}.gif" for number in range(5)))
    _put(album.album, "a.gpr", "b.GPR", "c.psd", "film.mp4", "notes.txt")
    _put(album.root / "people/Ann", "scan.jpg")
    _put(album.root / "people", "loose.jpg")

    finished = _recognise(album)[-1]
    assert isinstance(finished, RecognitionFinished)
    assert finished.left_out == ((".jpg", 9), (".gif", 5), (".gpr", 2), (".mp4", 1), (".psd", 1))
    lines = recognition_summary(finished)
    assert "15 pictures left out: 9 .jpg, 5 .gif, 1 .mp4; valid_exts adds them." in lines
    assert "3 pictures left out that Kith cannot read: 2 .gpr, 1 .psd; save them as JPEG." in lines
    shown = [in_window(text) for _, text in lines_of(finished)]
    assert "15 pictures left out: 9 .jpg, 5 .gif, 1 .mp4; “Photo file endings” in the settings adds them." in shown

    built = run_job(album.settings, build_kb, executor=lambda: album.eyes)[-1]
    assert isinstance(built, BuildFinished)
    assert "1 picture left out: 1 .jpg; valid_exts adds them." in build_summary(built)


def test_where_all_is_left_out_the_refusal_counts_it(tmp_path: Path) -> None:
    album = Album(tmp_path)
    _put(album.album, "a.jpg", "b.psd")
    with pytest.raises(BadInput, match=r"1 picture left out: 1 \.jpg; valid_exts adds them\. 1 picture left out that"):
        _recognise(album)
    for photo in (album.root / "people").glob("*/*.png"):
        photo.rename(photo.with_suffix(".bmp"))
    with pytest.raises(BadInput, match=r"no photo of anybody .* 4 pictures left out: 4 \.bmp; valid_exts adds them"):
        run_job(album.settings, build_kb, executor=lambda: album.eyes)


def test_nothing_is_said_where_nothing_is_left_out_and_unreadable_ones_are_never_to_be_added() -> None:
    assert left_out_lines(()) == []
    for ending in PICTURES - READABLE:
        (line,) = left_out_lines(((ending, 3),))
        assert "valid_exts" not in line


def test_by_default_scans_and_newer_formats_are_photos(tmp_path: Path) -> None:
    album = Album(tmp_path)
    album.settings = Settings.at(tmp_path, album.settings.model_dump(exclude={"valid_exts"}))
    for number, ending in enumerate((".jpe", ".jfif", ".hif", ".avif", ".tif", ".tiff", ".gif", ".bmp"), start=10):
        image = draw((0, MIDDLE), shade=number)
        image.save(tmp_path / f"people/Ann/{number}{ending}", format=_BY_PILLOW[ending])
    built = run_job(album.settings, build_kb, executor=lambda: album.eyes)[-1]
    assert isinstance(built, BuildFinished)
    assert (built.done, built.failed, built.left_out) == (12, (), ())
