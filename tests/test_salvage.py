"""Photos whose file ends too early: read with a note where little is missing, failed where much is."""

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from kith.errors import BadPhoto
from kith.photos.pixels import load_rgb
from kith.vision.photo_pixels import load_at_least

WHOLE = "the end of the file is missing, the picture is whole"


def _scene(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(_drawn(900, 1200)).convert(mode)


@cache
def _drawn(width: int, height: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(3).integers(0, 60, (height, width, 3))
    return (noise + np.linspace(0, 190, width)[None, :, None]).astype(np.uint8)


def _encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def _reason(path: Path) -> str:
    with pytest.raises(BadPhoto) as caught:
        load_at_least(path, 400)
    return caught.value.reason


JPEGS: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline": ("RGB", {"quality": 90}),
    "full colours": ("RGB", {"subsampling": 0}),
    "restarts": ("RGB", {"restart_marker_blocks": 20}),
    "progressive": ("RGB", {"progressive": True}),
    "grey": ("L", {}),
    "print": ("CMYK", {}),
}


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("side", [400, 2000])
def test_a_jpeg_without_its_last_bytes_is_read_with_a_note(tmp_path: Path, kind: str, side: int) -> None:
    mode, options = JPEGS[kind]
    data, path = _encoded(_scene(mode), "JPEG", **options), tmp_path / "a.jpg"
    path.write_bytes(data)
    whole = load_at_least(path, side).rgb.astype(int)
    for cut in (1, 2, 20, 300):
        path.write_bytes(data[:-cut])
        rgb, _, note = load_at_least(path, side)
        assert rgb.shape == whole.shape
        assert np.abs(rgb - whole).mean() < 2
        assert (note == WHOLE) == (cut <= 2)
        if cut > 2:
            percent = re.fullmatch(r"the end of the file is missing: read without the last (\d) % of the picture", note)
            assert percent
            assert int(percent[1]) <= 2
        assert load_rgb(path, 100).shape == (100, 75, 3)


@pytest.mark.parametrize("kind", JPEGS)
def test_half_a_jpeg_is_a_failure(tmp_path: Path, kind: str) -> None:
    mode, options = JPEGS[kind]
    data = _encoded(_scene(mode), "JPEG", **options)
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    percent = re.fullmatch(r"the file is truncated: (\d+) % of the picture is missing", _reason(tmp_path / "a.jpg"))
    assert percent
    # Half of a progressive one is the whole picture, but for what the last of its ten scans adds.
    least, most = (6, 10) if kind == "progressive" else (45, 60)
    assert least <= int(percent[1]) <= most


def test_it_is_not_the_share_of_bytes_that_counts(tmp_path: Path) -> None:
    """The sky is cheap: a tenth of the bytes may be a third of the picture, and the other way round."""
    image, path = _scene(), tmp_path / "a.jpg"
    image.paste("skyblue", (0, 700, 900, 1200))
    data = _encoded(image, "JPEG", quality=90)
    path.write_bytes(data[: int(len(data) * 0.97)])
    assert int(_reason(path).split()[4]) > 35
    detailed = _encoded(image.transpose(Image.Transpose.ROTATE_180), "JPEG", quality=90)
    path.write_bytes(detailed[: int(len(detailed) * 0.94)])
    assert load_at_least(path, 400).note.endswith("without the last 5 % of the picture")


def test_a_grey_picture_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    data = _encoded(Image.new("RGB", (800, 600), (128, 128, 128)), "JPEG")
    (tmp_path / "a.jpg").write_bytes(data[:-2])
    assert load_at_least(tmp_path / "a.jpg", 400).note == WHOLE


def test_a_progressive_jpeg_without_its_last_scan_is_a_failure(tmp_path: Path) -> None:
    data = _encoded(_scene(), "JPEG", progressive=True)
    (tmp_path / "a.jpg").write_bytes(data[: data.rindex(b"\xff\xda")])
    assert _reason(tmp_path / "a.jpg").startswith("the file is truncated")


def test_a_thumbnail_is_no_scan_of_the_picture(tmp_path: Path) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + _encoded(_scene().resize((90, 120)), "JPEG")
    data = _encoded(_scene(), "JPEG", progressive=True, exif=exif)
    (tmp_path / "a.jpg").write_bytes(data[:-20])
    assert "1 %" in load_at_least(tmp_path / "a.jpg", 400).note


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_a_png_without_its_last_rows_is_read_with_a_note(tmp_path: Path, mode: str) -> None:
    data, path = _encoded(_scene(mode), "PNG"), tmp_path / "a.png"
    path.write_bytes(data)
    whole = load_at_least(path, 400).rgb.astype(int)
    path.write_bytes(data[: int(len(data) * 0.98)])
    rgb, _, note = load_at_least(path, 400)
    assert (rgb[:1100] == whole[:1100]).all()
    assert re.search(r"the last [23] % of the picture", note)
    path.write_bytes(data[: len(data) // 2])
    assert re.search(r"truncated: (49|5\d) %", _reason(path))


@pytest.mark.parametrize(("form", "options"), [("TIFF", {}), ("PPM", {}), ("BMP", {}), ("GIF", {})])
def test_other_formats_are_salvaged_where_their_readers_can(tmp_path: Path, form: str, options: dict[str, Any]) -> None:
    data, path = _encoded(_scene(), form, **options), tmp_path / f"a.{form}"
    path.write_bytes(data[: int(len(data) * 0.99)])
    assert load_at_least(path, 400).note.startswith("the end of the file is missing")
    path.write_bytes(data[: len(data) // 2])
    assert "truncated" in _reason(path)


def test_whole_photos_have_no_note(tmp_path: Path) -> None:
    for form in ("JPEG", "PNG", "WEBP", "TIFF"):
        path = tmp_path / f"a.{form}"
        path.write_bytes(_encoded(_scene(), form))
        assert load_at_least(path, 400).note == ""


def test_a_turned_photo_is_salvaged_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data, path = _encoded(_scene(), "JPEG", exif=exif), tmp_path / "a.jpg"
    path.write_bytes(data[:-20])
    rgb, _, note = load_at_least(path, 2000)
    assert rgb.shape == (900, 1200, 3)
    assert note
