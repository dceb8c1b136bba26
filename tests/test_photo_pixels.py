"""The pixels to be looked at: OpenCV reads a JPEG as Pillow does, and leaves to Pillow what it cannot read whole."""

import io
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ExifTags import Base

from kith.errors import BadPhoto
from kith.photos import photo_file
from kith.photos.photo_file import opened
from kith.photos.pixels import Decoded, at_least
from kith.vision import photo_pixels
from kith.vision.photo_pixels import load_at_least

SIDES = (1000, 500, 250, 120)  # of the picture's 1001: whole, and at a half, a quarter and an eighth
KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "finest colours": {"subsampling": 0, "quality": 95},
    "half the colours": {"subsampling": 1},
    "a quarter of them in a row": {"subsampling": "4:1:1"},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "red, green, blue": {"keep_rgb": True},
}


def _scene(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(_drawn(1001, 751)).convert(mode)


@cache
def _drawn(width: int, height: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(0).integers(0, 40, (height, width))
    red, green = 215 * x / width + noise, 215 * y / height + noise
    blue = 110 + 100 * np.sin(x / 17) * np.cos(y / 11)
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def _encoded(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _by_pillow(path: Path, side: int) -> Decoded:
    with opened(path) as file:
        return at_least(file, side)


def _assert_equal(path: Path, side: int) -> None:
    ours, pillows = load_at_least(path, side), _by_pillow(path, side)
    assert ours.rgb.shape == pillows.rgb.shape
    assert np.abs(ours.rgb.astype(int) - pillows.rgb).max() <= 1
    assert ours.rgb.flags.c_contiguous
    assert (ours.has_more, ours.note) == (pillows.has_more, pillows.note)


@pytest.fixture
def read_by_opencv(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Say of each JPEG that comes to OpenCV whether it reads it."""
    said: list[bool] = []
    read = photo_pixels._by_opencv

    def watched(jpeg: bytes, reduced: int) -> Any:
        rgb = read(jpeg, reduced)
        said.append(rgb is not None)
        return rgb

    monkeypatch.setattr(photo_pixels, "_by_opencv", watched)
    return said


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_is_read_as_pillow_reads_it(
    tmp_path: Path, read_by_opencv: list[bool], kind: str, mode: str, side: int
) -> None:
    path = _written(tmp_path / "a.jpg", _encoded(_scene(mode), **KINDS[kind]))
    _assert_equal(path, side)
    assert read_by_opencv == [True]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_is_upright(tmp_path: Path, read_by_opencv: list[bool], orientation: int) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    path = _written(tmp_path / "a.jpg", _encoded(_scene(), exif=exif))
    _assert_equal(path, 500)
    assert load_at_least(path, 500).rgb.shape == ((501, 376, 3) if orientation >= 5 else (376, 501, 3))
    assert all(read_by_opencv)


def test_a_colour_profile_changes_nothing(tmp_path: Path, read_by_opencv: list[bool]) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    with_profile = _written(tmp_path / "a.jpg", _encoded(_scene(), icc_profile=profile))
    without = _written(tmp_path / "b.jpg", _encoded(_scene()))
    _assert_equal(with_profile, 500)
    assert (load_at_least(with_profile, 500).rgb == load_at_least(without, 500).rgb).all()
    assert all(read_by_opencv)


def test_several_pictures_in_one_jpeg(tmp_path: Path, read_by_opencv: list[bool]) -> None:
    path = tmp_path / "a.mpo"
    _scene().save(path, "MPO", save_all=True, append_images=[Image.new("RGB", (1001, 751), "red")])
    _assert_equal(path, 500)
    assert read_by_opencv == [True]


def test_inks_and_other_formats_are_left_to_pillow(tmp_path: Path, read_by_opencv: list[bool]) -> None:
    _assert_equal(_written(tmp_path / "a.jpg", _encoded(_scene("CMYK"))), 500)
    _scene().save(tmp_path / "a.png")
    _assert_equal(tmp_path / "a.png", 500)
    assert not read_by_opencv


def test_what_is_too_large_to_be_held_is_left_to_pillow(
    tmp_path: Path, read_by_opencv: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path / "a.jpg", _encoded(_scene()))
    monkeypatch.setattr(photo_file, "_HELD_BYTES", 1000)
    _assert_equal(path, 500)
    assert not read_by_opencv


@pytest.mark.parametrize("kind", ["baseline", "progressive", "restarts"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("missing", [1, 2, 300])
def test_what_is_cut_off_is_salvaged_by_pillow(
    tmp_path: Path, read_by_opencv: list[bool], kind: str, side: int, missing: int
) -> None:
    path = _written(tmp_path / "a.jpg", _encoded(_scene(), **KINDS[kind])[:-missing])
    try:
        expected = _by_pillow(path, side)
    except BadPhoto as error:
        with pytest.raises(BadPhoto, match=error.reason):
            load_at_least(path, side)
    else:
        assert expected.note
        _assert_equal(path, side)
    assert not any(read_by_opencv)


@pytest.mark.parametrize("place", [0.02, 0.3, 0.9])
def test_damage_within_is_read_as_pillow_reads_it(tmp_path: Path, place: float) -> None:
    content = bytearray(_encoded(_scene()))
    start = round(place * len(content))
    content[start : start + 20] = bytes(range(20))
    path = _written(tmp_path / "a.jpg", bytes(content))
    try:
        _by_pillow(path, 500)
    except BadPhoto as error:
        with pytest.raises(BadPhoto, match=error.reason):
            load_at_least(path, 500)
    else:
        _assert_equal(path, 500)


def test_what_libjpeg_says_of_a_photo_does_not_come_to_the_terminal(tmp_path: Path) -> None:
    content = _encoded(_scene())
    path = _written(tmp_path / "a.jpg", content[:-2] + b"more" + content[-2:])
    program = (
        "from pathlib import Path\n"
        "from kith.jobs.worker_processes import WorkerProcesses\n"
        "from tests.test_photo_pixels import told_on_stderr\n"
        "if __name__ == '__main__':\n"
        "    with WorkerProcesses(1) as workers:\n"
        f"        print(workers.submit(told_on_stderr, Path({str(path)!r})).result())\n"
    )
    script = _written(tmp_path / "script.py", program.encode())
    places = [str(Path(__file__).parents[1] / "app"), str(Path(__file__).parents[1])]
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env={"PYTHONPATH": ":".join(places)}, check=True
    )
    assert run.stdout == "(376, 501, 3)\n"
    assert run.stderr == "Python still says something\n"


def told_on_stderr(path: Path) -> tuple[int, ...]:
    """Read a photo and say something: the work of the process above."""
    shape = load_at_least(path, 500).rgb.shape
    sys.stderr.write("Python still says something\n")
    return shape
