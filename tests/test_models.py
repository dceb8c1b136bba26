"""Models found by name: a class and a row each, and what is stored of them never changes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pkgutil import resolve_name
from typing import ClassVar

import numpy as np
import pytest

from kith import model_registry
from kith.jobs import engines
from kith.jobs.calibrations import shipped_calibration
from kith.jobs.engines import find_engines, made_ready
from kith.model_registry import (
    BODY_MODELS,
    FACE_DETECTORS,
    FACE_MODELS,
    PERSON_DETECTORS,
    Model,
)
from kith.photos.pixels import load_rgb
from kith.setting_types import CHOICES
from kith.settings import Device, Settings
from kith.vision import model_files
from kith.vision.analysis import analyse
from kith.vision.detection import Detection
from kith.vision.dlib_detectors import DlibHog
from kith.vision.engines import LOOK, Chosen, EngineSpec, engines_of
from kith.vision.face_model import FaceModel, default_face_model, vector_lengths
from kith.vision.metric import Metric
from kith.vision.observations import Analysis, Rgb
from tests.drawn_people import ANN, BOB, draw_photo
from tests.networks import save_network

DETECTORS = {"yunet": "face_detection_yunet_2026may", "hog": "dlib_hog", "cnn": "mmod_human_face_detector"}
DLIB = "dlib_face_recognition_resnet_model_v1"
EVERY = (*FACE_DETECTORS, *FACE_MODELS, *BODY_MODELS, *PERSON_DETECTORS)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.name)
def test_every_row_names_a_class(model: Model) -> None:
    found = resolve_name(model.code)
    assert found.__module__.startswith("kith.vision.")
    assert found.__name__ == model.title
    assert callable(found.id_of)


def test_a_name_is_given_once() -> None:
    assert len({model.name for model in EVERY}) == len(EVERY)


@pytest.mark.parametrize("model", FACE_DETECTORS, ids=lambda model: model.name)
def test_a_detector_is_stored_under_its_own_name(model: Model) -> None:
    file = Path("models") / model.file.file if model.file else None
    assert Chosen.of(model.code, model.name, file).id == DETECTORS[model.name]


def test_the_id_of_the_face_model_is_that_of_the_libraries_there_are() -> None:
    assert default_face_model().id == DLIB
    assert vector_lengths() == {DLIB: 128, "sface_2021dec": 128, "auraface_v1": 512}


def test_the_detector_in_the_place_of_one_that_is_missing_is_stored_as_what_it_is(tmp_path: Path) -> None:
    """`auto` is no name of a detector."""
    settings = Settings.at(tmp_path, {"models_dir": "none", "body_policy": "off"})
    spec, (notice,) = find_engines(settings)
    assert spec.engine_id == f"dlib_hog@1000/16v{LOOK} {DLIB}"
    assert notice.startswith("The face detector YuNet is not there: faces are found by dlib's HOG")


def test_the_settings_follow_the_rows() -> None:
    assert CHOICES["face_detector"] == ("auto", "yunet", "hog", "cnn")
    assert CHOICES["face_model"] == ("dlib", "sface", "auraface")
    assert CHOICES["person_detector"] == ("yolox_nano", "yolox_s", "off")
    assert CHOICES["reid_model"] == ("osnet_ain_multi", "osnet_ain_multi_x0_5", "osnet_ain_x1_0", "osnet_x0_25")
    assert shipped_calibration(default_face_model().id)


# A further model


class Colours(FaceModel):
    """Tells faces apart by the direction of their mean colour: three numbers."""

    id = "mean_colour"
    length = 3
    metric = Metric.COSINE
    file: ClassVar[Path]

    @classmethod
    def source(cls, _name: str, _file: Path | None) -> Path:
        return cls.file

    def align(self, rgb: Rgb, face: Detection) -> Rgb:
        import cv2

        return np.asarray(
            cv2.resize(rgb[max(face.top, 0) : face.bottom, max(face.left, 0) : face.right], (8, 8)), np.uint8
        )


def _colours(
    file: Path, monkeypatch: pytest.MonkeyPatch, *nodes: tuple[str, list[str], str], batch: int = 32
) -> EngineSpec:
    """Enter that model, its network of these nodes, into the registry, and return what looks by it."""
    monkeypatch.setattr(Colours, "file", save_network(file, *nodes), raising=False)
    row = Model(name="colours", code=f"{__name__}:Colours")
    for module in (model_registry, engines, model_files):
        monkeypatch.setattr(module, "FACE_MODELS", (row,))
    assert default_face_model() is resolve_name(row.code)
    values = {"face_detector": "hog", "face_model": "colours", "body_policy": "off", "kb_batch_size": batch}
    return made_ready(find_engines(Settings.at(file.parent, values))[0], Device.CPU)


def test_a_further_face_model_is_a_class_and_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mean = [("GlobalAveragePool", ["images"], "mean"), ("Flatten", ["mean"], "vectors")]
    spec = _colours(tmp_path / "colours.onnx", monkeypatch, *mean)
    photo = draw_photo(tmp_path / "two.png", ANN, BOB)
    assert spec.engine_id == f"dlib_hog@1000/16v{LOOK} mean_colour"
    (seen,) = analyse([(photo, None)], spec)
    assert isinstance(seen, Analysis)
    faces = [observation for appearance in seen.appearances for observation in appearance.observations]
    assert [face.model_id for face in faces] == ["mean_colour"] * 2
    for face in faces:
        assert face.vector.shape == (3,)
        assert np.linalg.norm(face.vector) == pytest.approx(1)


@pytest.mark.parametrize(("setting", "together"), [(1, 1), (3, 3), (4, 4), (32, 4)])
def test_so_many_pictures_go_through_a_network_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: int, together: int
) -> None:
    """Told by a network that adds the largest of all it is given: kb_batch_size, and on a processor at most 4."""
    nodes = [
        ("GlobalAveragePool", ["images"], "mean"),
        ("ReduceMax", ["mean"], "largest"),
        ("Add", ["mean", "largest"], "sum"),
        ("Flatten", ["sum"], "vectors"),
    ]
    spec = _colours(tmp_path / "largest.onnx", monkeypatch, *nodes, batch=setting)
    chips = list(np.random.default_rng(0).integers(256, size=(9, 8, 8, 3), dtype=np.uint8))
    means = np.array([chip.mean(axis=(0, 1)) for chip in chips])
    expected = np.concatenate(
        [means[start : start + together] + means[start : start + together].max() for start in range(0, 9, together)]
    )
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose(engines_of(spec).faces.encode(chips), expected, atol=1e-5)


# Detections


FRONT = ((30.0, 40.0), (50.0, 40.0), (40.0, 50.0), (32.0, 62.0), (48.0, 62.0))


def test_a_face_that_moves_or_grows_takes_its_points_along() -> None:
    face = Detection(10, 35, 70, 95, 0.75, FRONT)
    moved, larger = face.moved(100, 5), face.scaled(2.0)
    assert (moved[:4], larger[:4]) == ((110, 40, 170, 100), (20, 70, 140, 190))
    assert moved.points
    assert moved.points[0] == (130, 45)
    assert larger.points
    assert larger.points[4] == (96, 124)
    assert moved.frontality == larger.frontality == face.frontality == pytest.approx(20 / 22)


def test_who_has_no_points_counts_as_seen_from_the_front() -> None:
    assert Detection(1, 2, 3, 4, 0.5).moved(1, 1).scaled(3).frontality == 1


def test_dlibs_detector_may_be_used_by_several_threads(tmp_path: Path) -> None:
    detector = DlibHog()
    photos = [load_rgb(draw_photo(tmp_path / f"{aside}.png", ANN, BOB, aside=aside), 500) for aside in (0, 20, 40)]
    alone = [detector(photo) for photo in photos]
    assert all(alone)
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(detector, photos * 4)) == alone * 4
