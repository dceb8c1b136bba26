"""Panoramas and long screenshots: somebody small is found wherever they show, once; ordinary photos are as ever."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kith.jobs.engines import find_engines, made_ready
from kith.settings import Device
from kith.vision.analysis import analyse
from kith.vision.detection import Detection
from kith.vision.observations import Analysis, Kind, Rgb
from kith.vision.tiles import MOST_TILES, tiled, working_side
from tests.desk import CHIRAC_AGAIN, Desk

SIDE = 100


@pytest.mark.parametrize(
    ("size", "side"),
    [
        ((4000, 3000), 1000),
        ((3000, 4000), 1000),
        ((800, 600), 1000),
        ((6000, 3000), 1000),
        ((2200, 1000), 1000),
        ((900, 100), 1000),
        ((16000, 1200), 10000),
        ((1200, 16000), 10000),
        ((2300, 1000), 1725),
        ((20000, 400), 16500),
        ((65000, 1000), 16500),
        ((5000, 400), 5000),
    ],
)
def test_the_size_at_which_a_picture_is_looked_at(size: tuple[int, int], side: int) -> None:
    assert working_side(*size, 1000) == side


def _red_squares(rgb: Rgb) -> list[Detection]:
    """Find what is red: a detector that sees 4 pixels and more."""
    red = (rgb[:, :, 0] > 150) & (rgb[:, :, 1] < 100)
    found, columns = [], np.flatnonzero(red.any(axis=0))
    for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
        if len(run) >= 4:
            rows = np.flatnonzero(red[:, run[0]])
            found.append(Detection(int(run[0]), int(rows[0]), int(run[-1]) + 1, int(rows[-1]) + 1, 0.9))
    return found


def _picture(width: int, height: int, *squares: tuple[int, int, int]) -> Rgb:
    rgb = np.full((height, width, 3), 200, np.uint8)
    for left, top, size in squares:
        rgb[top : top + size, left : left + size] = (255, 0, 0)
    return rgb


@pytest.mark.parametrize("size", [5, 20, 40])
@pytest.mark.parametrize("upright", [False, True])
def test_everybody_is_found_once_wherever_tiles_end(size: int, upright: bool) -> None:
    detect = tiled(_red_squares, SIDE, overlap=0.3)
    for left in range(0, 760 - size, 7):
        rgb = _picture(760, 75, (left, 10, size))
        expected = (left, 10, left + size, 10 + size)
        if upright:
            rgb, expected = rgb.transpose(1, 0, 2), (10, left, 10 + size, left + size)
        (found,) = detect(rgb)
        assert found[:4] == expected


def test_who_is_larger_than_half_a_tile_is_found_in_the_whole_picture() -> None:
    detect = tiled(_red_squares, SIDE, overlap=0.3)
    for left in range(0, 420, 13):
        (found,) = detect(_picture(500, 75, (left, 0, 70)))
        assert np.abs(np.subtract(found[:4], (left, 0, left + 70, 70))).max() <= 6


def test_several_are_several() -> None:
    squares = [(3, 5, 20), (30, 5, 20), (140, 40, 20), (500, 1, 20), (739, 54, 20)]
    found = tiled(_red_squares, SIDE, overlap=0.3)(_picture(760, 75, *squares))
    assert sorted(one[:4] for one in found) == [(left, top, left + size, top + size) for left, top, size in squares]


def test_an_ordinary_photo_is_given_to_the_detector_as_it_is() -> None:
    given = []

    def detect(rgb: Rgb) -> list[Detection]:
        given.append(rgb)
        return [Detection(1, 2, 3, 4, 0.5), Detection(1, 2, 3, 5, 0.4)]

    rgb = _picture(100, 75)
    assert tiled(detect, SIDE, overlap=0.1)(rgb) == detect(rgb)
    assert all(one is rgb for one in given)


def test_no_picture_costs_more_than_so_many_tiles() -> None:
    seen = []
    tiled(lambda rgb: seen.append(rgb.shape) or [], SIDE, 0.3)(_picture(working_side(60_000, 500, SIDE), 14))
    assert len(seen) == MOST_TILES + 1
    assert max(max(shape) for shape in seen) <= SIDE


# With the real detectors


def _panorama(desk: Desk, width: int, height: int, places: list[tuple[int, int]]) -> Image.Image:
    """Draw a slope of grey with a man at each place, his face 200 pixels wide."""
    slope = np.linspace(90, 170, width).astype(np.uint8)
    image = Image.fromarray(np.broadcast_to(slope[None, :, None], (height, width, 3)).copy())
    with Image.open(desk.data / CHIRAC_AGAIN[1]) as photo:
        man = photo.convert("RGB").resize((520, 520), Image.Resampling.LANCZOS)
    for place in places:
        image.paste(man, place)
    return image


@pytest.mark.parametrize("with_bodies", [False, True])
@pytest.mark.parametrize(("name", "width", "height"), [("a.jpg", 16000, 1200), ("a.png", 1080, 12000)])
def test_a_face_in_a_panorama_is_found(
    desk: Desk, shared: Path, tmp_path: Path, name: str, width: int, height: int, with_bodies: bool
) -> None:
    if with_bodies:
        desk.change(body_policy="suggest", reid_model="osnet_x0_25")
        desk.change(reid_weights=str(desk.models / "osnet_x0_25_msmt17.pth"))
        desk.change(person_detector=str(desk.models / "yolox_nano.onnx"))
    spec = made_ready(find_engines(desk.settings)[0], Device.CPU)
    across = width > height
    places = [(int(share * (width - 520)), int((1 - share) * (height - 520))) for share in (0.0, 0.43, 1.0)]
    _panorama(desk, width, height, places).save(tmp_path / name)
    (seen,) = analyse([(tmp_path / name, None)], spec)
    assert isinstance(seen, Analysis)
    assert len(seen.appearances) == 3
    faces = [one for appearance in seen.appearances for one in appearance.observations if one.kind is Kind.FACE]
    assert len(faces) == 3
    for (left, top), face in zip(
        sorted(places), sorted(faces, key=lambda one: one.box.x if across else -one.box.y), strict=True
    ):
        x, y = (face.box.x + face.box.w / 2) * width, (face.box.y + face.box.h / 2) * height
        assert abs(x - left - 250) < 60
        assert abs(y - top - 250) < 60
        assert face.pixels > 150
    distances = [np.linalg.norm(faces[0].vector - face.vector) for face in faces[1:]]
    assert max(distances) < 0.3


def test_a_face_in_a_panorama_stored_on_its_side_is_found_where_it_is_stored(
    desk: Desk, shared: Path, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise by a quarter
    upright = _panorama(desk, 8000, 700, [(5000, 100)])
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.jpg", exif=exif)
    (seen,) = analyse([(tmp_path / "a.jpg", None)], made_ready(find_engines(desk.settings)[0], Device.CPU))
    assert isinstance(seen, Analysis)
    (appearance,) = seen.appearances
    x, y, w, h = appearance.box.to_upright(6)
    assert (x + w / 2) * 8000 == pytest.approx(5250, abs=60)
    assert (y + h / 2) * 700 == pytest.approx(350, abs=60)
