"""Face networks other than dlib's: published ones by name, and a user's own by its file."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from kith.errors import BadPhoto, ModelMissing
from kith.jobs import engines
from kith.jobs.engines import find_engines, made_ready
from kith.model_registry import FACE_MODELS, Model, named
from kith.photos.box import Box
from kith.photos.first_read import Reading
from kith.photos.pixels import load_rgb
from kith.settings import Device, Settings
from kith.vision.analysis import analyse, describe, read_photos
from kith.vision.detection import Detection, Points
from kith.vision.dlib_detectors import DlibHog
from kith.vision.engines import LOOK, EngineSpec, engines_of
from kith.vision.observations import Analysis, Observation, Rgb
from kith.vision.onnx_faces import DLIBS_SCALE, OnnxFaces, SFace
from kith.vision.runtime import OnnxNetwork
from kith.vision.template import FIVE_POINTS, SIDE, chip, similarity
from tests.drawn_people import ANN, BOB, draw_photo
from tests.making import aged
from tests.networks import save_network

LENGTH = 128
POOLED = [("Conv", ["images", "filters"], "maps"), ("GlobalAveragePool", ["maps"], "vectors")]
FLAT = [*POOLED[:1], ("GlobalAveragePool", ["maps"], "pooled"), ("Flatten", ["pooled"], "vectors")]


def filters(length: int = LENGTH) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(length, 3, 9, 9)).astype(np.float32)


def face_network(file: Path, *shape: int | str, length: int = LENGTH) -> Path:
    """Write a small network of ArcFace's kind."""
    return save_network(file, *FLAT, shape=shape or (1, 3, SIDE, SIDE), constants={"filters": filters(length)})


def own(folder: Path, face_model: str, **values: object) -> Settings:
    wanted = {"face_model": face_model, "face_detector": "hog", "body_policy": "off", "models_dir": "models"}
    return Settings.at(folder, wanted | values)


def spec_of(settings: Settings) -> EngineSpec:
    return made_ready(find_engines(settings)[0], Device.CPU)


def faces_seen(photo: Path, spec: EngineSpec) -> list[Observation]:
    (seen,) = analyse([(photo, None)], spec)
    assert isinstance(seen, Analysis)
    return [observation for appearance in seen.appearances for observation in appearance.observations]


# The template


def turned(points: Points, scale: float, degrees: float, shift: complex) -> Points:
    places = [complex(x, y) * scale * np.exp(1j * np.radians(degrees)) + shift for x, y in points]
    return tuple((place.real, place.imag) for place in places)


@pytest.mark.parametrize("degrees", [0, 20, -90, 180])
@pytest.mark.parametrize("scale", [0.2, 1.0, 7.5])
def test_points_anywhere_come_to_their_places(scale: float, degrees: float) -> None:
    points = turned(FIVE_POINTS, scale, degrees, 400 + 300j)
    turn = similarity(points, FIVE_POINTS)
    homogeneous = np.column_stack([points, np.ones(5)])
    assert np.allclose(homogeneous @ turn.T, FIVE_POINTS)


@pytest.mark.parametrize("degrees", [0, 30, 180])
@pytest.mark.parametrize("side", [SIDE, 160])
def test_what_lies_at_the_points_lies_at_their_places(degrees: float, side: int) -> None:
    """Bright dots on a large dark face, nine pixels of which make one of the chip."""
    points = turned(FIVE_POINTS, 3.0, degrees, 450 + 420j)
    rgb = np.zeros((900, 900, 3), np.uint8)
    for x, y in points:
        rgb[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5] = 255
    cut = chip(rgb, points, side)
    assert cut.shape == (side, side, 3)
    for x, y in FIVE_POINTS:
        assert cut[round(y * side / SIDE), round(x * side / SIDE)].min() > 200
    assert cut.mean() < 10


def test_a_large_face_shows_no_pattern_that_it_does_not_have() -> None:
    """Stripes two pixels wide are grey at a fifth of the size."""
    rgb = np.zeros((600, 600, 3), np.uint8)
    rgb[:, ::4] = rgb[:, 1::4] = 255
    cut = chip(rgb, turned(FIVE_POINTS, 5.0, 0, 10 + 10j), SIDE)
    assert abs(float(cut.mean()) - 127) < 3
    assert cut.std() < 40  # 127 where single pixels are taken


def test_points_of_dlib_serve_where_the_detector_marks_none(tmp_path: Path) -> None:
    rgb = load_rgb(draw_photo(tmp_path / "ann.png", ANN), 500)
    (found,) = DlibHog()(rgb)
    assert found.points is None
    network = OnnxFaces(OnnxNetwork(face_network(tmp_path / "own.onnx")), "own")
    straight = network.align(rgb, found)
    eyes = [straight[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4] for x, y in FIVE_POINTS[:2]]
    skin = straight[80:90, 25:35]
    for eye in eyes:  # the iris is the darkest of the face
        assert eye.min() < 90 < skin.min()


# What networks are given


class Sees(OnnxFaces):
    """Gives back what it is given."""

    id = "sees"


def given(file: Path, kind: type[OnnxFaces], picture: Rgb) -> np.ndarray:
    """Return the pixels that a network is given, as it stores them: of one length."""
    nodes = [("Flatten", ["images"], "vectors")]
    network = OnnxNetwork(save_network(file, *nodes, shape=(1, 3, SIDE, SIDE)))
    return kind(network, "x").encode([picture])[0].reshape(3, SIDE, SIDE) / DLIBS_SCALE


def test_a_network_gets_the_channels_and_numbers_that_it_was_trained_with(tmp_path: Path) -> None:
    class BlueFirst(Sees):
        channels = "BGR"

    picture = np.random.default_rng(0).integers(256, size=(SIDE, SIDE, 3), dtype=np.uint8)
    planes = picture.transpose(2, 0, 1).astype(np.float64)
    for kind, expected in ((Sees, planes - 127.5), (BlueFirst, planes[::-1] - 127.5), (SFace, planes)):
        assert np.allclose(given(tmp_path / "net.onnx", kind, picture), expected / np.linalg.norm(expected), atol=1e-6)


def test_sface_gets_what_opencv_gives_it(tmp_path: Path) -> None:
    """The same file in OpenCV's own class for that network, from the points to the vector."""
    import cv2

    file = face_network(tmp_path / "sface.onnx")
    model = onnx.load(file)
    model.graph.output[0].CopyFrom(onnx.helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, (1, LENGTH)))
    onnx.save(model, file)
    theirs = cv2.FaceRecognizerSF.create(str(file), "")
    ours = SFace(OnnxNetwork(file), "sface_2021dec")
    rgb = np.random.default_rng(0).integers(256, size=(300, 300, 3), dtype=np.uint8)
    rgb = np.asarray(cv2.GaussianBlur(rgb, (15, 15), 0), np.uint8)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    points = turned(FIVE_POINTS, 1.4, 12, 80 + 60j)  # smaller than twice the chip, which OpenCV cuts out as it is
    row = np.array([60, 50, 160, 160, *np.ravel(points), 0.9], np.float32)[None]
    face = Detection(60, 50, 220, 210, 0.9, points)
    aligned = theirs.alignCrop(bgr, row)
    assert np.abs(ours.align(rgb, face).astype(int) - aligned[..., ::-1]).max() <= 2
    vector = theirs.feature(aligned)[0]
    (found,) = ours.encode([ours.align(rgb, face)])
    assert np.abs(found / DLIBS_SCALE - vector / np.linalg.norm(vector)).max() < 1e-3


# A user's own file


def test_a_file_of_ones_own_describes_faces(tmp_path: Path) -> None:
    file = face_network(tmp_path / "my network.onnx", "batch", 3, "height", "width")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    spec = spec_of(own(tmp_path, "my network.onnx"))
    assert spec.engine_id == f"dlib_hog@1000/16v{LOOK} my network:{digest}"
    faces = faces_seen(draw_photo(tmp_path / "two.png", ANN, BOB), spec)
    assert [face.model_id for face in faces] == [f"my network:{digest}"] * 2
    for face in faces:
        assert face.vector.shape == (LENGTH,)
        assert np.linalg.norm(face.vector) == pytest.approx(DLIBS_SCALE)
    assert engines_of(spec).faces.length == LENGTH


def test_faces_are_as_large_as_the_file_says(tmp_path: Path) -> None:
    file = face_network(tmp_path / "own.onnx", "batch", 3, 160, 160)
    picture = np.zeros((300, 300, 3), np.uint8)
    faces = OnnxFaces(OnnxNetwork(file), "own")
    assert faces.align(picture, Detection(0, 0, 99, 99, 1, FIVE_POINTS)).shape == (160, 160, 3)


@pytest.mark.parametrize("orientation", [1, 6])
def test_faces_are_described_anew_where_they_were_found(tmp_path: Path, orientation: int) -> None:
    """By the box that another network's look has; whoever is not asked for is not described."""
    face_network(tmp_path / "own.onnx")
    photo = draw_photo(tmp_path / "two.jpg", ANN, BOB)
    if orientation == 6:
        turned_by = Image.open(photo).transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = orientation
        turned_by.save(photo, exif=exif)
    by_dlib = spec_of(own(tmp_path, "dlib"))
    other = find_engines(own(tmp_path, "own.onnx"))[0].face_model
    spec = made_ready(by_dlib.describing(other), Device.CPU)
    first, second = faces_seen(photo, by_dlib)
    expected = faces_seen(photo, spec)
    (reading,) = read_photos([photo], spec)
    assert isinstance(reading, Reading)
    nowhere = Box(0.4, 0.8, 0.05, 0.05)
    (found,) = describe([(photo, reading, [second.box, nowhere, first.box])], spec)
    assert isinstance(found, list)
    assert found[1] is None
    for face, same in zip((found[2], found[0]), expected, strict=True):
        assert face
        assert (face.model_id, face.box) == (other.id, same.box)
        assert np.array_equal(face.vector, same.vector)


def test_a_photo_that_cannot_be_read_any_more_is_an_error_as_a_value(tmp_path: Path) -> None:
    face_network(tmp_path / "own.onnx")
    photo = draw_photo(tmp_path / "ann.png", ANN)
    spec = spec_of(own(tmp_path, "own.onnx"))
    (reading,) = read_photos([photo], spec)
    assert isinstance(reading, Reading)
    photo.write_bytes(b"no photo")
    aged(photo)
    (failure,) = describe([(photo, reading, [Box(0, 0, 1, 1)])], spec)
    assert isinstance(failure, BadPhoto)


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda file: face_network(file, 1, 3, 256, 128), r"own\.onnx takes pictures of 256 x 128 pixels.* square"),
        (lambda file: face_network(file, 1, 3, 96, 96, length=3), r"own\.onnx gives 3 numbers for a face"),
        (lambda file: save_network(file, *FLAT[:1], outputs=("maps",), constants={"filters": filters()}), "one vector"),
        (lambda file: file.write_bytes(b"no network"), r"own\.onnx is no network that ONNX Runtime can run"),
    ],
    ids=["not square", "too few numbers", "no vectors", "no network"],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, write: Callable[[Path], object], told: str) -> None:
    write(tmp_path / "own.onnx")
    photo = draw_photo(tmp_path / "ann.png", ANN)
    (failure,) = analyse([(photo, None)], spec_of(own(tmp_path, "own.onnx")))
    assert isinstance(failure, ModelMissing)
    with pytest.raises(ModelMissing, match=told):
        raise failure


def test_what_face_model_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"face_model names facenet, .*dlib or sface or auraface, or to the path"):
        find_engines(own(tmp_path, "facenet"))
    with pytest.raises(ModelMissing, match=r"face_model names .*gone\.onnx, which is not there"):
        find_engines(own(tmp_path, "gone.onnx"))
    with pytest.raises(ModelMissing, match=r"face_model is sface, whose file is not there: .*models download"):
        find_engines(own(tmp_path, "sface"))


# The published ones


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """SFace's row with the hash of a small network, which lies in the folder `fetched`."""
    row = named(FACE_MODELS, "sface")
    assert row
    assert row.file
    (tmp_path / "fetched").mkdir()
    file = face_network(tmp_path / "fetched/anything.onnx")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    row = replace(row, file=replace(row.file, sha256=digest, size=file.stat().st_size))
    monkeypatch.setattr(engines, "FACE_MODELS", (FACE_MODELS[0], row))
    monkeypatch.setattr("kith.vision.model_files.DOWNLOADED", (row.file,))
    return row


def test_a_published_network_is_used_by_its_name(tmp_path: Path, published: Model) -> None:
    assert published.file
    (tmp_path / "models").mkdir()
    shutil.copy(tmp_path / "fetched/anything.onnx", tmp_path / "models" / published.file.file)
    spec = spec_of(own(tmp_path, "sface"))
    assert spec.face_model.id == "sface_2021dec"
    faces = faces_seen(draw_photo(tmp_path / "ann.png", ANN), spec)
    assert [face.vector.shape for face in faces] == [(128,)]


def test_a_published_network_is_known_by_its_hash_whatever_it_is_called(tmp_path: Path, published: Model) -> None:
    """Else it would get other pixels than it was trained with."""
    spec = spec_of(own(tmp_path, "fetched/anything.onnx"))
    assert (spec.face_model.id, spec.face_model.type) == ("sface_2021dec", SFace)


def test_what_only_some_want_is_in_no_installer_and_fetched_for_nobody_else(tmp_path: Path) -> None:
    from kith.vision.model_files import missing_models

    def missing(name: str) -> set[str]:
        return {model.name for model in missing_models(own(tmp_path, name, face_detector="auto"))}

    assert missing("dlib") == missing("own.onnx") == {"yunet_2026may"}
    assert missing("sface") == {"yunet_2026may", "sface_2021dec"}
    assert missing("auraface") == {"yunet_2026may", "auraface_v1"}


# With real weights


def test_a_modern_network_tells_real_people_apart(tmp_path: Path, shared: Path) -> None:
    """Ten people with three photos each: those of one are nearer than those of two, at all but a few."""
    (file,) = [path for path in (shared / "models").glob("*.onnx") if path.name.startswith("edge")]
    settings = own(tmp_path, str(file), face_detector="auto", models_dir=str(shared / "models"))
    spec = spec_of(settings)
    people = {}
    for folder in sorted((shared / "data/lfw10").iterdir()):
        photos = sorted(folder.iterdir())[:3]
        people[folder.name] = [max(faces_seen(photo, spec), key=lambda face: face.pixels).vector for photo in photos]
    own_pairs = [pair for vectors in people.values() for pair in combinations(vectors, 2)]
    others = [(a[0], b[0]) for a, b in combinations(people.values(), 2)]
    near, far = ([float(np.linalg.norm(a - b)) for a, b in pairs] for pairs in (own_pairs, others))
    limit = float(np.quantile(far, 0.02))
    assert limit > 0.55
    assert np.mean([distance < limit for distance in near]) >= 0.95
