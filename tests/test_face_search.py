"""Faces of every size in the frame and every way up: found where they are, once, and cut out upright."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from kith.photos.box import Box
from kith.photos.photo_file import opened
from kith.photos.pixels import load_rgb
from kith.vision.alignment import AlignedFace, detect_and_align_faces
from kith.vision.detection import Detect, Detection, turned
from kith.vision.dlib_detectors import DlibHog
from kith.vision.dlib_faces import DlibFaces
from kith.vision.engines import Engines
from kith.vision.face_search import NOBODY, SMALL, _way_up, face_search
from kith.vision.observations import Rgb
from kith.vision.scene import see
from kith.vision.tiles import working_side
from kith.vision.working_copy import working_copy
from kith.vision.yunet import YuNet
from tests.drawn_people import ANN, BOB, draw_photo
from tests.networks import dlib_faces, onnx_bodies, save_network, spec_of

SIDE = 1000
TURNS = (0, 1, 2, 3)
STOOD_UP = {1: 6, 2: 3, 3: 8}  # the EXIF orientation that takes so many quarter turns back


class _Stripes:
    """Finds red squares with a dark stripe on top, 10 to 400 pixels wide."""

    overlap = 0.3
    sure = 0.9
    sure_again = 0.8

    def __init__(self, _file: Path | None = None, score: float = 0.95) -> None:
        self.score = score
        self.looks: list[tuple[int, ...]] = []

    @classmethod
    def id_of(cls, name: str, _file: Path | None) -> str:
        return name

    def __call__(self, rgb: Rgb) -> list[Detection]:
        self.looks.append(rgb.shape[:2])
        red = (rgb[:, :, 0] > 150) & (rgb[:, :, 1] < 100)
        if not red.any():
            return []
        rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
        left, right, bottom = int(columns[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        top = bottom - (right - left)
        has_stripe = 0 <= top < rows[0] and rgb[top : int(rows[0]), left:right].mean() < 80
        eyes = ((left + 1.0, top + 1.0), (right - 1.0, top + 1.0))
        mouth = ((left + 1.0, bottom - 1.0), (right - 1.0, bottom - 1.0))
        points = (*eyes, ((left + right) / 2, (top + bottom) / 2), *mouth)
        face = Detection(left, top, right, bottom, self.score, points)
        return [face] if has_stripe and 10 <= right - left <= 400 else []


def _striped(width: int, height: int, left: int, top: int, side: int) -> Rgb:
    rgb = np.full((height, width, 3), 200, np.uint8)
    rgb[top : top + side, left : left + side] = (255, 0, 0)
    rgb[top : top + side // 4, left : left + side] = 20
    return rgb


def _is_about(seen: Detection, expected: tuple[int, int, int, int], pixels: int) -> bool:
    return bool(np.abs(np.subtract(seen[:4], expected)).max() <= pixels)


@pytest.mark.parametrize("turns", range(-4, 5))
def test_a_face_lies_where_it_lay_after_its_picture_is_turned(turns: int) -> None:
    rgb = _striped(300, 200, 40, 60, 50)
    (face,) = _Stripes()(rgb)
    seen = face.turned(turns, 300, 200)
    red = turned(rgb, turns)[seen.top : seen.bottom, seen.left : seen.right, 1]
    assert (red < 100).all()
    assert seen.width == seen.height == 50
    assert seen.frontality == face.frontality
    height, width = turned(rgb, turns).shape[:2]
    assert seen.turned(-turns, width, height) == face
    assert seen.turned(seen.turns, width, height) == face


@pytest.mark.parametrize("side", [20, 100, 390, 410, 600, 740])
def test_a_face_is_found_whatever_it_takes_of_the_frame(side: int) -> None:
    (face,) = face_search(_Stripes(), SIDE, 10)(_striped(1000, 750, 5, 7, side))
    assert _is_about(face, (5, 7, 5 + side, 7 + side), 6)
    assert face.turns == 0


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("size", [(1000, 750), (640, 480), (250, 250), (2300, 700)])
def test_a_face_is_found_whichever_way_up(turns: int, size: tuple[int, int]) -> None:
    upright = _striped(*size, 100, 50, 120)
    (face,) = face_search(_Stripes(), SIDE, 10)(turned(upright, turns))
    expected = Detection(100, 50, 220, 170, 0.95).turned(turns, *size)
    assert _is_about(face, expected[:4], 4)
    assert face.turns == expected.turns


def test_a_photo_is_turned_only_where_nobody_is_surely_upright() -> None:
    upright = _striped(1000, 750, 100, 50, 120)
    for score, looks in ((0.95, 2), (0.85, 5)):
        detector = _Stripes(score=score)
        assert len(face_search(detector, SIDE, 10)(upright)) == 1
        assert len(detector.looks) == looks
    doubtful = _Stripes(score=0.75)
    assert len(face_search(doubtful, SIDE, 10)(upright)) == 1
    assert face_search(doubtful, SIDE, 10)(turned(upright, 1)) == []


def test_where_nobody_shows_only_small_pictures_are_looked_at_anew() -> None:
    detector = _Stripes()
    assert face_search(detector, SIDE, 10)(np.full((750, 1000, 3), 200, np.uint8)) == []
    assert detector.looks[0] == (750, 1000)
    assert sorted(detector.looks[1:]) == [(240, SMALL), (240, SMALL), (SMALL, 240), (SMALL, 240)]


@pytest.mark.parametrize(
    ("straight", "between", "turns"),
    [
        ((0.85, None, 0.88, None), (0.93, None, None, None), 0),  # at 45 degrees, and surer upside down
        ((0.85, 0.84, 0.88, None), (0.93, None, None, None), 0),
        ((0.84, 0.85, 0.88, None), (0.93, None, None, None), 1),
        ((0.89, None, 0.85, None), (None, 0.93, None, None), 2),
        ((0.85, None, 0.88, None), (None, None, None, None), 2),
        ((None, None, None, 0.82), (None, None, 0.81, 0.93), 3),
        ((0.70, None, None, None), (None, 0.93, None, None), 0),  # no face is found in the ways up beside it
        ((None, None, None, None), (None, None, None, None), 0),
    ],
)
def test_a_face_between_two_ways_up_tells_which_is_nearer(
    straight: tuple[float | None, ...], between: tuple[float | None, ...], turns: int
) -> None:
    scores = iter([*straight[1:], *between])

    def glance(_: Rgb) -> list[Detection]:
        score = next(scores)
        return [] if score is None else [Detection(0, 0, 10, 10, score)]

    came = NOBODY if straight[0] is None else straight[0]
    assert _way_up(np.zeros((240, 320, 3), np.uint8), glance, came) == turns


class _Boxes(_Stripes):
    """Finds certain boxes in a photo, and nothing in a small one."""

    def __init__(self, found: list[Detection]) -> None:
        super().__init__()
        self._found = found

    def __call__(self, rgb: Rgb) -> list[Detection]:
        return list(self._found) if max(rgb.shape) > SMALL else []


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([(100, 100, 700, 700, 0.9), (200, 200, 300, 300, 0.7)], [0]),  # an eye taken for a face
        ([(100, 100, 900, 900, 0.7), (300, 300, 500, 500, 0.9)], [1]),  # surroundings taken for a face
        ([(100, 100, 300, 300, 0.9), (260, 260, 420, 420, 0.8)], [0, 1]),  # one face partly before another
        ([(100, 100, 300, 300, 0.8), (110, 110, 310, 310, 0.9)], [1]),
        ([(0, 0, 100, 100, 0.9), (500, 0, 600, 100, 0.7)], [0, 1]),
    ],
)
def test_of_boxes_of_one_face_the_surest_stands(found: list[tuple[int, int, int, int, float]], kept: list[int]) -> None:
    detector = _Boxes([Detection(*box) for box in found])
    left = face_search(detector, SIDE, 10)(np.zeros((750, 1000, 3), np.uint8))
    assert sorted(face[:5] for face in left) == sorted(found[index] for index in kept)


# Drawn faces and dlib's detector


@pytest.fixture(scope="module")
def model(networks: Path) -> DlibFaces:
    return dlib_faces(networks)


@pytest.fixture(scope="module")
def hog() -> Detect:
    return face_search(DlibHog(), SIDE, 16)


@pytest.fixture
def drawn(tmp_path: Path) -> Rgb:
    """Two drawn people, the smaller face on the right."""
    return load_rgb(draw_photo(tmp_path / "drawn.png", ANN, BOB))


def _aligned(rgb: Rgb, search: Detect, model: DlibFaces) -> list[AlignedFace]:
    """Return the faces of a photo twice as fine as its working copy, from left to right as they stand."""
    working = working_copy(rgb, max(rgb.shape) // 2)
    faces = detect_and_align_faces(rgb, working, search, model)
    height, width = working.shape[:2]
    return sorted(faces, key=lambda face: face.detection.turned(face.detection.turns, width, height).left)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_chips_of_a_turned_photo_are_upright(drawn: Rgb, hog: Detect, model: DlibFaces, turns: int) -> None:
    upright, lying = _aligned(drawn, hog, model), _aligned(turned(drawn, turns), hog, model)
    assert len(upright) == len(lying) == 2
    height, width = 200, 400
    for stood, lay in zip(upright, lying, strict=True):
        assert _is_about(lay.detection, stood.detection.turned(turns, width, height)[:4], 8)
        assert np.abs(lay.chip.astype(float) - stood.chip).mean() < 15
        assert lay.pixels == pytest.approx(stood.pixels, rel=0.1)
    distances = np.linalg.norm(model.encode([f.chip for f in upright]) - model.encode([f.chip for f in lying]), axis=1)
    assert max(distances) < 0.3


@pytest.mark.parametrize(("turns", "orientation"), [(1, 1), (2, 1), (3, 1), (1, 3), (2, 6), (1, 7), (3, 7)])
def test_boxes_are_those_of_the_stored_pixels_whichever_way_up(
    tmp_path: Path, drawn: Rgb, hog: Detect, model: DlibFaces, turns: int, orientation: int
) -> None:
    bodies = onnx_bodies(save_network(tmp_path / "bodies.onnx", ("GlobalAveragePool", ["images"], "vectors")), "mean")
    engines = Engines(hog, model, None, bodies)
    shown = turned(np.pad(drawn, ((0, 400), (0, 0), (0, 0)), mode="edge"), turns)  # with room for bodies
    stored = _stored(shown, orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(tmp_path / "photo.png", exif=exif)
    with opened(tmp_path / "photo.png") as file:
        scene = see(file, None, spec_of(), engines)
    assert len(scene.people) == 2
    for somebody in scene.people:
        assert somebody.face
        assert somebody.body
        face, body = (scene.box(corners) for corners in (somebody.face.detection[:4], somebody.body.corners))
        skin = _cut(stored, face)
        assert np.abs(skin.reshape(-1, 3).mean(axis=0) - (200, 150, 125)).max() < 45
        stands, head = (box.to_upright(orientation).to_upright(STOOD_UP[turns]) for box in (body, face))
        assert stands.y == pytest.approx(head.y + head.h, abs=0.02)
        assert stands.x < head.x < head.x + head.w < stands.x + stands.w


def _stored(shown: Rgb, orientation: int) -> Rgb:
    """Return the pixels that a viewer who heeds the orientation shows so."""
    for back in range(1, 9):
        image = Image.fromarray(shown)
        image.getexif()[0x0112] = back
        stored = ImageOps.exif_transpose(image)
        stored.getexif()[0x0112] = orientation
        if np.array_equal(np.asarray(ImageOps.exif_transpose(stored)), shown):
            return np.asarray(stored)
    raise AssertionError(orientation)


def _cut(rgb: Rgb, box: Box) -> Rgb:
    height, width = rgb.shape[:2]
    return rgb[
        round(box.y * height) : round((box.y + box.h) * height), round(box.x * width) : round((box.x + box.w) * width)
    ]


# Real photos and YuNet


@pytest.fixture
def search(shared: Path) -> Detect:
    return face_search(YuNet(shared / "models/face_detection_yunet_2026may.onnx"), SIDE, 16)


@pytest.fixture
def portrait(shared: Path) -> Rgb:
    """A man's face, 282 pixels wide, its middle at 992, 252."""
    return load_rgb(shared / "data/groups/obama-1080p.jpg")


def _seen(rgb: Rgb, search: Detect, model: DlibFaces) -> list[AlignedFace]:
    return detect_and_align_faces(rgb, working_copy(rgb, SIDE), search, model)


def _apart(model: DlibFaces, *faces: AlignedFace) -> float:
    """Return the distance of two faces."""
    first, second = model.encode([face.chip for face in faces])
    return float(np.linalg.norm(first - second))


def test_a_close_up_shows_one_face_and_teaches_whose_it_is(portrait: Rgb, search: Detect, model: DlibFaces) -> None:
    (usual,) = _seen(portrait, search, model)
    for share in (0.05, 0.2, 0.6, 0.8, 0.95, 1.0, 1.05):
        half = round(282 / share / 2)
        image = Image.fromarray(portrait).crop((992 - half, 252 - half, 992 + half, 252 + half))
        (face,) = _seen(np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)), search, model)
        assert face.detection.width == pytest.approx(SIDE * share, rel=0.2), share
        assert _apart(model, face, usual) < 0.45, share


@pytest.mark.parametrize("width", [300, 800])
def test_a_face_cut_by_the_border_is_found(portrait: Rgb, search: Detect, model: DlibFaces, width: int) -> None:
    """A fifth of it lies outside."""
    (usual,) = _seen(portrait, search, model)
    for edge in ("left", "right", "top", "bottom"):
        cut_off = _cut_by(portrait, edge, width)
        (face,) = _seen(cut_off, search, model)
        assert _apart(model, face, usual) < 0.56, edge


def _cut_by(portrait: Rgb, edge: str, width: int) -> Rgb:
    """Return a picture in which the face is so wide, and the border goes through it."""
    side, cut = round(282 * SIDE / width), round(0.2 * 282)
    left, top = {
        "left": (992 - 141 + cut, 252 - side // 2),
        "right": (992 + 141 - cut - side, 252 - side // 2),
        "top": (992 - side // 2, 252 - 141 + cut),
        "bottom": (992 - side // 2, 252 + 141 - cut - side),
    }[edge]
    image = Image.fromarray(portrait).crop((left, top, left + side, top + side))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.uint8)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_people_in_a_turned_photo_are_as_they_are_upright(
    shared: Path, search: Detect, model: DlibFaces, turns: int
) -> None:
    for name, count in (("six_people.jpg", 6), ("kit_with_rose.jpg", 2), ("obama-1080p.jpg", 1)):
        rgb = working_copy(load_rgb(shared / "data/groups" / name), SIDE)
        _check_turned(rgb, turns, count, search, model)


def _check_turned(rgb: Rgb, turns: int, count: int, search: Detect, model: DlibFaces) -> None:
    upright, lying = _seen(rgb, search, model), _seen(turned(rgb, turns), search, model)
    assert len(upright) == len(lying) == count
    height, width = rgb.shape[:2]
    for stood in upright:
        place = stood.detection.turned(turns, width, height)
        (lay,) = (face for face in lying if _is_about(face.detection, place[:4], stood.detection.width // 4))
        assert lay.detection.turns == place.turns
        assert _apart(model, stood, lay) < 0.2
        assert lay.detection.frontality == pytest.approx(stood.detection.frontality, abs=0.1)


def test_no_way_up_invents_faces_where_nobody_is(shared: Path, search: Detect) -> None:
    for name, turns in product(("cat.jpg", "park.jpg"), TURNS):
        rgb = working_copy(load_rgb(shared / "data/groups" / name), SIDE)
        assert search(turned(rgb, turns)) == [], (name, turns)


def test_a_face_in_a_mirror_and_one_on_a_poster_are_faces_like_others(
    portrait: Rgb, search: Detect, model: DlibFaces
) -> None:
    room = np.full((1080, 1920 + 500, 3), 150, np.uint8)
    room[:, :960] = portrait[:, 512:1472]
    room[:, 1000:1960] = portrait[:, 512:1472][:, ::-1]
    poster = Image.fromarray(portrait[0:500, 742:1242]).resize((300, 300))
    room[200:500, 2050:2350] = np.asarray(poster)
    person, mirrored, printed = sorted(_seen(room, search, model), key=lambda face: face.detection.left)
    assert printed.pixels < 250 < min(person.pixels, mirrored.pixels)
    assert _apart(model, person, mirrored) < 0.45
    assert _apart(model, person, printed) < 0.45


def test_a_panorama_on_its_side_shows_its_people(portrait: Rgb, search: Detect, model: DlibFaces) -> None:
    panorama = np.full((700, 6000, 3), 150, np.uint8)
    face = portrait[0:500, 742:1242]
    for left in (300, 4000):
        panorama[100:600, left : left + 500] = face
    side = working_side(6000, 700, SIDE)
    lying = turned(panorama, 1)
    found = detect_and_align_faces(lying, working_copy(lying, side), search, model)
    assert len(found) == 2
    assert {one.detection.turns for one in found} == {3}
    assert _apart(model, *found) < 0.2
    tops = sorted(one.detection.top / side * 6000 for one in found)
    assert tops == [pytest.approx(6000 - left - 400, abs=60) for left in (4000, 300)]
