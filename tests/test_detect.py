"""Finding and aligning faces on real photos, against OpenCV's detector and face_recognition as oracles."""

import warnings
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter

from kith.errors import ModelMissing
from kith.photos.pixels import load_rgb
from kith.settings import Settings
from kith.vision import dlib_faces as dlibs
from kith.vision.alignment import FINE_ENOUGH, AlignedFace, detect_and_align_faces
from kith.vision.detection import Detection, wide_enough
from kith.vision.dlib_detectors import DlibCnn, DlibHog
from kith.vision.dlib_faces import DlibFaces, face_weights
from kith.vision.model_files import packaged_model
from kith.vision.observations import Rgb
from kith.vision.packaged_models import CNN_FILE, LANDMARKS
from kith.vision.photo_pixels import load_at_least
from kith.vision.runtime import OnnxNetwork
from kith.vision.working_copy import working_copy
from kith.vision.yunet import YuNet, faces, squared
from tests.desk import shared_folder
from tests.drawn_people import ANN, BOB, draw_photo
from tests.networks import dlib_faces, save_network

GATE = Settings().lap_var_thresh
SAMPLES = ("groups/*.*", "detect/dlib_faces/*.jpg", "detect/street_voc/*5.jpg", "athletes/*/*[05].*", "lfw10/*/*1.jpg")


@pytest.fixture
def detector_file(shared: Path) -> Path:
    return shared / "models/face_detection_yunet_2026may.onnx"


def _opencvs(detector_file: Path, rgb: Rgb) -> np.ndarray:
    import cv2

    content, nothing = np.frombuffer(detector_file.read_bytes(), np.uint8), np.empty(0, np.uint8)
    engine = cv2.FaceDetectorYN.create("onnx", content, nothing, (rgb.shape[1], rgb.shape[0]), 0.6, 0.3, 5000)
    _, rows = engine.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return np.empty((0, 15), np.float32) if rows is None else rows


@pytest.mark.parametrize("pattern", SAMPLES)
@pytest.mark.parametrize("side", [333, 800])
def test_yunet_finds_what_opencvs_finds(shared: Path, detector_file: Path, pattern: str, side: int) -> None:
    network = OnnxNetwork(detector_file)
    found = 0
    for photo in sorted((shared / "data").glob(pattern)):
        rgb = load_rgb(photo, side)
        ours, theirs = faces(network, rgb), _opencvs(detector_file, rgb)
        assert ours.shape == theirs.shape, photo
        assert np.allclose(ours[:, :14], theirs[:, :14], rtol=0, atol=0.05), photo
        assert np.allclose(ours[:, 14], theirs[:, 14], rtol=0, atol=1e-3), photo
        found += len(ours)
    assert found > 0


def test_a_photo_of_any_shape_can_be_searched(detector_file: Path) -> None:
    detector = YuNet(detector_file)
    for size in ((1, 1), (1, 900), (700, 2), (32, 32), (33, 65)):
        assert detector(np.full((*size, 3), 128, np.uint8)) == [], size


def test_a_detector_may_be_used_by_several_threads(shared: Path, detector_file: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    detector = YuNet(detector_file)
    photos = [load_rgb(shared / "data/groups" / f"{name}.jpg", 640) for name in ("six_people", "two_people", "cat")]
    alone = [detector(photo) for photo in photos]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(detector, photos * 5)) == alone * 5


@pytest.mark.parametrize("kind", ["truncated", "random", "empty", "yolox", "bodies", "any size"])
def test_what_is_not_yunet_is_refused_by_name(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "detector.onnx"

    def model(name: str) -> bytes:
        return (request.getfixturevalue("shared") / "models" / name).read_bytes()

    match kind:
        case "truncated":
            file.write_bytes(model("face_detection_yunet_2026may.onnx")[:100_000])
        case "random":
            file.write_bytes(np.random.default_rng(0).bytes(5000))
        case "empty":
            file.touch()
        case "yolox":
            file.write_bytes(model("yolox_nano.onnx"))
        case "bodies":
            file.write_bytes(model("osnet_x0_25_msmt17.onnx"))
        case _:
            save_network(file, ("Relu", ["images"], "vectors"))
    with pytest.raises(ModelMissing, match=r"detector\.onnx .*fetch"):
        YuNet(file)


def test_a_face_becomes_the_square_of_equal_area_around_its_centre() -> None:
    front = [30, 40, 50, 40, 40, 50, 32, 62, 48, 62]
    face = squared(np.array([20, 20, 40, 90, *front, 0.75], np.float32))
    assert face[:5] == (10, 35, 70, 95, 0.75)
    assert face.frontality == pytest.approx(20 / 22)
    profile = [40, 40, 44, 40, 30, 50, 40, 62, 44, 62]
    assert squared(np.array([20, 20, 40, 90, *profile, 0.75], np.float32)).frontality == pytest.approx(4 / 22)


def test_a_profile_is_told_from_the_front(shared: Path, detector_file: Path) -> None:
    (front,) = YuNet(detector_file)(load_rgb(shared / "data/groups/obama-1080p.jpg", 800))
    sisters = YuNet(detector_file)(load_rgb(shared / "data/athletes/serena_williams/serena-usa-m.jpg", 800))
    assert front.frontality > 0.8
    assert min(one.frontality for one in sisters) < 0.5


def test_narrow_faces_are_left_out() -> None:
    boxes = [Detection(0, 0, width, width, 0.9) for width in (15, 16, 17)]
    assert wide_enough(lambda _: boxes, 16)(np.zeros((20, 20, 3), np.uint8)) == boxes[1:]


@pytest.fixture
def model(networks: Path) -> DlibFaces:
    return dlib_faces(networks)


def _aligned(rgb: Rgb, detector_file: Path, model: DlibFaces) -> list[AlignedFace]:
    return detect_and_align_faces(rgb, rgb, YuNet(detector_file), model)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("obama_and_biden.jpg", 3),
        ("kit_with_rose.jpg", 2),
        ("six_people.jpg", 6),
        ("two_people.jpg", 2),
        ("cat.jpg", 0),
        ("park.jpg", 0),
    ],
)
def test_every_face_is_found_largest_first(
    shared: Path, detector_file: Path, name: str, count: int, model: DlibFaces
) -> None:
    found = _aligned(load_rgb(shared / "data/groups" / name, 800), detector_file, model)
    assert len(found) == count
    assert all(one.detection.width >= next_one.detection.width for one, next_one in pairwise(found))


def test_hog_finds_faces_without_a_model_file(tmp_path: Path, model: DlibFaces) -> None:
    real = shared_folder() / "data/groups/two_people.jpg"
    rgb = load_rgb(real if real.exists() else draw_photo(tmp_path / "two.png", ANN, BOB), 800)
    found = detect_and_align_faces(rgb, rgb, DlibHog(), model)
    assert len(found) == 2
    assert all(face.chip.shape == (150, 150, 3) for face in found)


def test_dlibs_network_finds_the_face_that_yunet_finds(shared: Path, detector_file: Path) -> None:
    rgb = load_rgb(shared / "data/lfw10/Tony_Blair/Tony_Blair_0001.jpg", 125)
    (face,) = DlibCnn()(rgb)
    same = max(YuNet(detector_file)(rgb), key=lambda one: one.width)
    assert face.score > 0.5
    assert abs(face.left + face.right - same.left - same.right) < same.width / 2
    assert abs(face.top + face.bottom - same.top - same.bottom) < same.width


@pytest.mark.parametrize("kind", ["truncated", "another network", "text"])
def test_a_damaged_file_of_dlibs_network_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "detector.dat"
    if kind == "truncated":
        file.write_bytes(packaged_model(CNN_FILE).read_bytes()[:-1000])
    elif kind == "another network":
        file.write_bytes(face_weights().read_bytes())
    else:
        file.write_text("not found")
    with pytest.raises(ModelMissing, match=r"detector\.dat .*install"):
        DlibCnn(file)


def test_damaged_landmarks_are_refused_by_name(
    tmp_path: Path, model: DlibFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "landmarks.dat"
    file.write_bytes(packaged_model(LANDMARKS).read_bytes()[:1000])
    monkeypatch.setattr(dlibs, "packaged_model", lambda _: file)
    with pytest.raises(ModelMissing, match=r"landmarks\.dat is damaged"):
        DlibFaces(model._network)


@cache
def _oracle() -> Any:
    """face_recognition itself; importing it switches Pillow to accept truncated files, which is undone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources, which its models' package imports, is deprecated
        import face_recognition

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    return face_recognition


@pytest.mark.parametrize("working_size", [400, 640, 1280])
def test_vectors_are_face_recognitions_of_the_pixels_as_read(
    shared: Path, detector_file: Path, working_size: int, model: DlibFaces
) -> None:
    decoded, *_ = load_at_least(shared / "data/groups/six_people.jpg", working_size)
    working = working_copy(decoded, working_size)
    found = detect_and_align_faces(decoded, working, YuNet(detector_file), model)
    finer = max(decoded.shape) / max(working.shape)
    boxes = [[round(side * finer) for side in face.detection[:4]] for face in found]
    expected = _oracle().face_encodings(decoded, [(top, right, bottom, left) for left, top, right, bottom in boxes])
    vectors = model.encode([face.chip for face in found])
    assert len(expected) == len(found) == 6
    assert np.abs(vectors - np.array(expected)).max() < 1e-5
    assert [face.pixels for face in found] == [pytest.approx(face.detection.width * finer) for face in found]


def test_chips_are_cut_from_the_finer_pixels(shared: Path, detector_file: Path, model: DlibFaces) -> None:
    decoded = load_rgb(shared / "data/groups/obama-1080p.jpg")
    working = working_copy(decoded, 480)
    detector = YuNet(detector_file)
    (coarse,) = detect_and_align_faces(working, working, detector, model)
    (fine,) = detect_and_align_faces(decoded, working, detector, model)
    assert fine.detection == coarse.detection
    assert fine.sharpness > 1.5 * coarse.sharpness
    same = np.asarray(Image.fromarray(fine.chip).filter(ImageFilter.GaussianBlur(2)), float)
    assert np.abs(same - coarse.chip).mean() < 12  # the same face at the same place


def test_small_faces_are_cut_from_pixels_twice_as_fine(shared: Path, detector_file: Path, model: DlibFaces) -> None:
    photo = shared / "data/groups/six_people.jpg"
    fine = load_rgb(photo, 1200)
    detector = YuNet(detector_file)

    def seen(side: int) -> list[AlignedFace]:
        working = working_copy(fine, side)
        return detect_and_align_faces(working, working, detector, model, lambda: fine)

    assert min(face.detection.width for face in seen(1000)) >= FINE_ENOUGH
    assert all(face.pixels == face.detection.width for face in seen(1000))
    assert min(face.detection.width for face in seen(300)) < FINE_ENOUGH
    assert all(face.pixels == pytest.approx(4 * face.detection.width, rel=0.01) for face in seen(300))


def test_sharpness_tells_blur_and_not_size(shared: Path, detector_file: Path, tmp_path: Path, model: DlibFaces) -> None:
    original = Image.open(shared / "data/groups/obama-1080p.jpg").convert("RGB")
    small, blurred = tmp_path / "small.png", tmp_path / "blurred.png"
    original.resize((original.width // 6, original.height // 6), Image.Resampling.LANCZOS).save(small)
    original.filter(ImageFilter.GaussianBlur(original.width / 150)).save(blurred)
    sharp_small = _aligned(load_rgb(small, 800), detector_file, model)[0]
    assert sharp_small.detection.width < 80
    assert sharp_small.sharpness > GATE
    assert _aligned(load_rgb(blurred, 800), detector_file, model)[0].sharpness < GATE


@pytest.mark.parametrize("size", [(1280, 640), (100, 50), (1, 1)])
def test_a_photo_small_enough_is_its_own_working_copy(size: tuple[int, int]) -> None:
    rgb = np.zeros((*size, 3), np.uint8)
    assert working_copy(rgb, 1280) is rgb


@pytest.mark.parametrize(
    ("height", "width", "small"), [(3000, 4000, (960, 1280)), (2000, 1500, (1280, 960)), (2, 4000, (1, 1280))]
)
def test_the_longer_side_of_a_working_copy_is_the_working_size(height: int, width: int, small: tuple[int, int]) -> None:
    copy = working_copy(np.zeros((height, width, 3), np.uint8), 1280)
    assert copy.shape == (*small, 3)
    assert copy.dtype == np.uint8


@pytest.mark.parametrize("side", [350, 250, 60])
def test_a_working_copy_shows_the_same_picture(material: Path, side: int) -> None:
    rgb = load_rgb(material / "data/groups/two_people.jpg", 500)
    copy = working_copy(rgb, side)
    expected = Image.fromarray(rgb).resize((copy.shape[1], copy.shape[0]), Image.Resampling.BOX)
    assert np.abs(copy.astype(float) - np.asarray(expected)).mean() < 4


def test_fine_patterns_turn_grey_in_a_small_working_copy() -> None:
    lines = np.zeros((400, 400, 3), np.uint8)
    lines[:, ::2] = 255
    assert np.abs(working_copy(lines, 90).astype(float) - 127.5).max() < 20
