"""Cameras' raw files: read by their preview or by what the sensor saw, upright, and known by that whatever is told."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kith.errors import BadPhoto
from kith.photos.facts import PhotoFacts, read_facts
from kith.photos.memory import memory_for
from kith.photos.photo_file import opened
from kith.photos.picture import open_picture
from kith.photos.pixels import Decoded, at_least, load_rgb
from tests.raw_files import save_raw

_TURNS = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}


def _scene(shade: int = 0) -> Image.Image:
    """Return a picture of which each corner has a colour of its own."""
    scene = Image.new("RGB", (480, 320), (shade, 90, 90))
    for colour, corner in (("red", (0, 0)), ("lime", (320, 0)), ("blue", (0, 200))):
        scene.paste(colour, (*corner, corner[0] + 160, corner[1] + 120))
    return scene


def _looked_at(path: Path, side: int) -> Decoded:
    with opened(path) as file:
        return at_least(file, side)


def _is_like(rgb: np.ndarray, scene: Image.Image) -> bool:
    like = scene.resize((rgb.shape[1], rgb.shape[0]))
    return bool(np.median(np.abs(rgb.astype(int) - np.asarray(like))) < 12)


@pytest.mark.parametrize(
    ("preview", "side", "shape", "has_more"),
    [
        ((480, 320), 120, (80, 120), True),  # a quarter of it, quickly
        ((480, 320), 400, (320, 480), False),
        ((200, 133), 150, (133, 200), False),
        ((200, 133), 230, (160, 240), False),  # it is too small: what the sensor saw
        ((240, 240), 100, (160, 240), False),  # it shows a part
        (None, 100, (160, 240), False),
    ],
)
def test_the_preview_is_taken_where_it_is_large_enough(
    tmp_path: Path, preview: tuple[int, int] | None, side: int, shape: tuple[int, int], has_more: bool
) -> None:
    path = save_raw(_scene(), tmp_path / "a.dng", preview and _scene().resize(preview))
    seen = _looked_at(path, side)
    assert (seen.rgb.shape[:2], seen.has_more) == (shape, has_more)
    assert _is_like(seen.rgb, _scene())


@pytest.mark.parametrize(
    ("orientation", "preview"),  # nothing tells a preview that lies upside down from one that does not
    [*product(_TURNS, ["none", "as stored"]), (1, "upright"), (6, "upright"), (8, "upright")],
)
def test_it_is_upright_whichever_way_the_camera_was_held(tmp_path: Path, orientation: int, preview: str) -> None:
    stored, turn = _scene(), _TURNS[orientation]
    upright = stored if turn is None else stored.transpose(turn)
    shown = {"none": None, "as stored": stored, "upright": upright}[preview]
    path = save_raw(stored, tmp_path / "a.nef", shown, orientation)
    facts = read_facts(path)
    assert facts.orientation == orientation
    assert facts.width > facts.height
    assert _is_like(load_rgb(path), upright)
    assert _is_like(_looked_at(path, 100).rgb, upright)


def test_what_the_camera_tells_is_read(tmp_path: Path) -> None:
    facts = read_facts(save_raw(_scene(), tmp_path / "A.DNG", taken="2023:12:24 18:30:00", model="X100"))
    assert (facts.taken_at, facts.camera) == ("2023-12-24T18:30:00", "Kith X100")


def test_it_is_known_by_what_the_sensor_saw(tmp_path: Path) -> None:
    def read(name: str, shade: int = 0, taken: str = "2001:01:01 00:00:00") -> PhotoFacts:
        return read_facts(save_raw(_scene(shade), tmp_path / name, _scene(shade).resize((160, 107)), taken=taken))

    first, told, other = read("a.dng"), read("b.dng", taken="2024:05:06 07:08:09"), read("c.dng", 9)
    assert first.taken_at != told.taken_at
    assert first.image_hash == told.image_hash != other.image_hash
    anew = read_facts(save_raw(_scene(), tmp_path / "d.dng"))  # without its preview
    assert anew.image_hash == first.image_hash


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, share: float) -> None:
    path = save_raw(_scene(), tmp_path / "a.dng")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(BadPhoto, match="the raw file is damaged, or of a camera that is not known yet: convert it"):
        load_rgb(path)


def test_a_picture_without_its_end_is_told(tmp_path: Path) -> None:
    path = save_raw(_scene(), tmp_path / "a.dng")
    content = path.read_bytes()
    path.write_bytes(content.replace((480 * 320 * 2).to_bytes(4, "little"), (480 * 999 * 2).to_bytes(4, "little")))
    with pytest.raises(BadPhoto, match="the end of the raw file is missing, and no preview in it is large enough"):
        load_rgb(path)


def test_damaged_files_never_do_worse_than_to_be_refused(tmp_path: Path) -> None:
    whole = save_raw(_scene(), tmp_path / "a.dng", _scene().resize((160, 107))).read_bytes()
    random, refused = np.random.default_rng(0), 0
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(8, 1_000, random.integers(1, 20)):
            damaged[-place] = int(random.integers(256))
        (tmp_path / "b.dng").write_bytes(damaged)
        try:
            load_rgb(tmp_path / "b.dng", 200)
            read_facts(tmp_path / "b.dng")
        except BadPhoto:
            refused += 1
    assert refused


def test_its_memory_is_reckoned_with(tmp_path: Path) -> None:
    by_preview = save_raw(_scene(), tmp_path / "a.dng", _scene())
    by_sensor = save_raw(_scene(), tmp_path / "b.dng")
    for path, least in ((by_preview, 480 * 320 * 14), (by_sensor, 480 * 320 * 5)):
        with opened(path) as file, open_picture(file) as image:
            assert memory_for(image, None) >= least


def test_a_jpeg_called_raw_is_a_jpeg_and_no_tiff_is_taken_for_a_raw_file(tmp_path: Path) -> None:
    _scene().save(tmp_path / "a.cr2", "JPEG")
    assert load_rgb(tmp_path / "a.cr2").shape == (320, 480, 3)
    _scene().save(tmp_path / "b.dng", "TIFF")
    with pytest.raises(BadPhoto):
        load_rgb(tmp_path / "b.dng")
