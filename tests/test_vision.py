"""Faces and bodies on real photos, against face_recognition and the exported network as oracles."""

import pickle
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter

from app.errors import BadPhoto, ModelMissing
from app.photos.decode import load_rgb
from app.settings import Settings
from app.vision.align import detect_and_align_faces, landmark_predictor
from app.vision.analyse import analyse, engine_spec
from app.vision.bodies import TorchreidBodyExtractor, body_region
from app.vision.detect import Detection, hog, yunet
from app.vision.encode import FACE_MODEL_ID, dlib_encoder
from app.vision.observations import Analysis, Kind, Rgb

PORTRAITS = ("groups/obama-1080p.jpg", "groups/obama_and_biden.jpg", "groups/six_people.jpg", "groups/two_people.jpg")
GATE = Settings().lap_var_thresh


@pytest.fixture
def detector_file(shared: Path) -> Path:
    return shared / "models/face_detection_yunet_2026may.onnx"


@pytest.fixture
def weights(shared: Path) -> Path:
    return shared / "models/osnet_x0_25_msmt17.pth"


@cache
def _oracle() -> object:
    """face_recognition itself; importing it switches Pillow to accept truncated files, which is undone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources, which its models' package imports, is deprecated
        import face_recognition

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    return face_recognition


def _faces(rgb: Rgb, detector_file: Path) -> list:
    return detect_and_align_faces(rgb, yunet(detector_file), landmark_predictor())


@pytest.mark.parametrize("name", PORTRAITS)
def test_plain_vector_equals_face_recognitions(shared: Path, detector_file: Path, name: str) -> None:
    rgb = load_rgb(shared / "data" / name, 800)
    faces = _faces(rgb, detector_file)
    boxes = [(d.top, d.right, d.bottom, d.left) for d in (face.detection for face in faces)]
    expected = _oracle().face_encodings(rgb, known_face_locations=boxes)
    plain, _ = dlib_encoder(32)([face.chip for face in faces])
    assert len(expected) == len(faces) > 0
    assert np.abs(plain - np.array(expected)).max() < 1e-5


def test_mirror_vector_is_that_of_the_mirrored_face(shared: Path, detector_file: Path) -> None:
    faces = _faces(load_rgb(shared / "data" / PORTRAITS[2], 800), detector_file)
    chips = [face.chip for face in faces]
    encode = dlib_encoder(batch_size=4)
    plain, mirror = encode(chips)
    again, _ = encode([np.ascontiguousarray(chip[:, ::-1]) for chip in chips])
    assert np.abs(mirror - again).max() < 1e-6
    assert np.abs(mirror - plain).max() > 1e-2


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
def test_every_face_is_found_largest_first(shared: Path, detector_file: Path, name: str, count: int) -> None:
    faces = _faces(load_rgb(shared / "data/groups" / name, 800), detector_file)
    widths = [face.detection.width for face in faces]
    assert len(faces) == count
    assert widths == sorted(widths, reverse=True)


def test_hog_finds_faces_without_a_model_file(shared: Path) -> None:
    rgb = load_rgb(shared / "data/groups/two_people.jpg", 800)
    faces = detect_and_align_faces(rgb, hog(), landmark_predictor())
    assert len(faces) == 2
    assert all(face.chip.shape == (150, 150, 3) for face in faces)


def test_sharpness_tells_blur_and_not_size(shared: Path, detector_file: Path, tmp_path: Path) -> None:
    original = Image.open(shared / "data/groups/obama-1080p.jpg").convert("RGB")
    small, blurred = tmp_path / "small.png", tmp_path / "blurred.png"
    original.resize((original.width // 6, original.height // 6), Image.Resampling.LANCZOS).save(small)
    original.filter(ImageFilter.GaussianBlur(original.width / 150)).save(blurred)
    sharp_small = _faces(load_rgb(small, 800), detector_file)[0]
    assert sharp_small.detection.width < 80
    assert sharp_small.sharpness > GATE
    assert _faces(load_rgb(blurred, 800), detector_file)[0].sharpness < GATE


def test_body_vectors_equal_the_exported_networks(shared: Path, weights: Path) -> None:
    import cv2
    import onnxruntime

    files = sorted((shared / "data/pedestrians").rglob("*.jpg"))[:12]
    crops = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    vectors = TorchreidBodyExtractor("osnet_x0_25", weights, batch_size=5)(crops)
    session = onnxruntime.InferenceSession(shared / "models/osnet_x0_25_msmt17.onnx")
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    for crop, vector in zip(crops, vectors, strict=True):
        scaled = (cv2.resize(crop, (128, 256)) / 255 - mean) / deviation
        output = session.run(None, {session.get_inputs()[0].name: scaled.astype(np.float32).transpose(2, 0, 1)[None]})[
            0
        ]
        assert np.abs(vector - output[0] / np.linalg.norm(output[0])).max() < 1e-4
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_weights_of_another_network_are_refused(weights: Path) -> None:
    with pytest.raises(ModelMissing, match=r"does not fit.*layers differ"):
        TorchreidBodyExtractor("osnet_x0_5", weights)


def test_one_layer_missing_is_refused(weights: Path, tmp_path: Path) -> None:
    import torch

    state = torch.load(weights, weights_only=True)
    state = dict(state.get("state_dict", state))
    del state[next(name for name in state if name.endswith("conv3.2.layers.0.conv.weight") or "conv2.0" in name)]
    torch.save(state, tmp_path / "short.pth")
    with pytest.raises(ModelMissing, match="1 layers differ"):
        TorchreidBodyExtractor("osnet_x0_25", tmp_path / "short.pth")


def test_weights_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"cannot be read .*reid_weights"):
        engine_spec(None, "osnet_x0_25", tmp_path, 1280, 32)


def test_an_unknown_network_is_named(weights: Path) -> None:
    with pytest.raises(ModelMissing, match="osnet_x9"):
        TorchreidBodyExtractor("osnet_x9", weights)


class _Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", ["hostile", "truncated", "text"])
def test_files_that_are_no_weights_are_refused_and_run_nothing(weights: Path, tmp_path: Path, kind: str) -> None:
    canary, file = tmp_path / "canary", tmp_path / "weights.pth"
    if kind == "hostile":
        file.write_bytes(pickle.dumps({"conv1.conv.weight": _Canary(canary)}))
    elif kind == "truncated":
        file.write_bytes(weights.read_bytes()[:100_000])
    else:
        file.write_text("not found")
    with pytest.raises(ModelMissing, match=r"weights\.pth"):
        TorchreidBodyExtractor("osnet_x0_25", file)
    assert not canary.exists()


def test_body_region_lies_below_the_face_and_inside_the_photo() -> None:
    face = Detection(100, 50, 140, 90, 0.9)
    assert body_region(face, 1000, 1000) == (70, 90, 170, 290)
    left, top, right, bottom = body_region(face, 200, 130) or (0, 0, 0, 0)
    assert (left, top) == (70, 90)
    assert (right, bottom) == (130, 200)
    assert body_region(face, 95, 1000) is None


def test_analysis_of_a_photo_holds_faces_and_their_bodies(shared: Path, detector_file: Path, weights: Path) -> None:
    spec = engine_spec(detector_file, "osnet_x0_25", weights, 800, 8)
    seen = analyse(shared / "data/groups/obama_and_biden.jpg", 1, spec)
    assert isinstance(seen, Analysis)
    assert len(seen.appearances) == 3
    for appearance in seen.appearances:
        face, body = appearance.observations
        assert (face.kind, face.model_id, face.vector.shape) == (Kind.FACE, FACE_MODEL_ID, (128,))
        assert (body.kind, body.model_id, body.weak) == (Kind.BODY, spec.body_model_id, False)
        assert body.box.y >= face.box.y + face.box.h - 0.01


def test_without_a_face_the_whole_photo_is_a_weak_body(shared: Path, detector_file: Path, weights: Path) -> None:
    spec = engine_spec(detector_file, "osnet_x0_25", weights, 800, 8)
    seen = analyse(shared / "data/groups/park.jpg", 1, spec)
    assert isinstance(seen, Analysis)
    (body,) = seen.appearances[0].observations
    assert body.weak
    assert body.box == (0, 0, 1, 1)


def test_boxes_are_relative_to_the_stored_pixels(shared: Path, detector_file: Path, tmp_path: Path) -> None:
    """The same scene stored upright and stored on its side with an orientation tag: one box follows from the other."""
    upright = Image.open(shared / "data/groups/obama-1080p.jpg").convert("RGB")
    upright.save(tmp_path / "upright.png")
    tag = Image.Exif()
    tag[0x0112] = 6  # shown turned clockwise by a quarter
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "side.png", exif=tag)
    spec = engine_spec(detector_file, "", None, 800, 8)
    first = analyse(tmp_path / "upright.png", 1, spec)
    second = analyse(tmp_path / "side.png", 6, spec)
    assert isinstance(first, Analysis)
    assert isinstance(second, Analysis)
    box = first.appearances[0].box
    assert second.appearances[0].box.to_upright(6).iou(box) > 0.9
    assert second.appearances[0].box.iou(box) < 0.5


def test_failures_come_back_as_values(detector_file: Path, weights: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    photo = analyse(tmp_path / "empty.jpg", 1, engine_spec(detector_file, "", None, 800, 8))
    assert isinstance(photo, BadPhoto)
    assert "empty" in photo.reason
    Image.new("RGB", (64, 64)).save(tmp_path / "good.png")
    model = analyse(tmp_path / "good.png", 1, engine_spec(detector_file, "osnet_x0_5", weights, 800, 8))
    assert isinstance(model, ModelMissing)
