"""Which models look at a photo and how, and the models themselves as a worker process holds them."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from kith.errors import ModelMissing
from kith.model_registry import BODY_MODELS, names
from kith.photos.picture import MAX_PIXELS
from kith.settings import Device
from kith.vision.bodies import BodyModel
from kith.vision.detection import Detect, Detector
from kith.vision.export import Source, find_network, prepare_network
from kith.vision.face_model import FaceModel
from kith.vision.face_search import face_search
from kith.vision.runtime import Network, OnnxNetwork, TorchNetwork
from kith.vision.tiles import tiled

LOOK = 4  # to be raised when the same models see other things by other constants: photos are then looked at anew


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model as the settings chose it; a small value that travels to the workers.

    `code` names its class (module:class), `name` is what the settings call it, `id` is stored with what it makes;
    without `file` it needs none, or finds it in its package.
    """

    code: str
    name: str
    id: str
    file: Path | None = None

    @classmethod
    def of(cls, code: str, name: str, file: Path | None = None) -> "Chosen":
        """Return the model of that class and name over that file; raises ModelMissing where it cannot be read."""
        return cls(code, name, resolve_name(code).id_of(name, file), file)

    @property
    def type(self) -> Any:
        """Its class: a Detector, FaceModel or BodyModel."""
        return resolve_name(self.code)

    @property
    def source(self) -> Source:
        """Where the network of a face or body model comes from; raises ModelMissing."""
        source: Source = self.type.source(self.name, self.file)
        return source


@dataclass(frozen=True, slots=True)
class Networks:
    """The .onnx files of the networks that describe faces and bodies; without `body`, faces only."""

    face: Path
    body: Path | None


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which models look at a photo, at which size and where; a small value that travels to the workers.

    Without `body_model` there are faces only, without `person_detector` bodies below faces only. With `networks`,
    exported for ONNX Runtime, they run on the CPU, without on a graphics card, at most `batch_size` pictures at a time.
    Photos of more than `max_pixels` are not looked at. `second_opinion` describes single faces only, when it is asked.
    """

    face_detector: Chosen
    face_model: Chosen
    person_detector: Chosen | None
    body_model: Chosen | None
    resize_max: int
    min_face: int
    batch_size: int
    max_pixels: int = MAX_PIXELS
    networks: Networks | None = None
    second_opinion: Chosen | None = None

    @property
    def body_model_id(self) -> str | None:
        """The id stored with body vectors, None where there are faces only."""
        return self.body_model.id if self.body_model else None

    def describing(self, face_model: Chosen) -> "EngineSpec":
        """Return what finds the same faces and describes them by another network, not ready yet."""
        only = replace(self, person_detector=None, body_model=None, networks=None, second_opinion=None)
        return replace(only, face_model=face_model)

    @property
    def engine_id(self) -> str:
        """The name of this way of looking: a photo analysed under it need not be analysed again."""
        detector = f"{self.face_detector.id}@{self.resize_max}/{self.min_face}v{LOOK}"
        others = (self.face_model, self.body_model, self.person_detector)
        return " ".join([detector, *(model.id for model in others if model)])


@dataclass(frozen=True, slots=True)
class Engines:
    """The loaded models."""

    detector: Detect
    faces: FaceModel
    persons: Detect | None
    bodies: BodyModel | None


@lru_cache(maxsize=2)  # what looks at photos, and what describes faces anew
def engines_of(spec: EngineSpec) -> Engines:
    """Load the models, once in a process; raises ModelMissing."""
    _settle_opencv()
    side = spec.resize_max
    detector = face_search(spec.face_detector.type(spec.face_detector.file), side, spec.min_face)
    faces = _faces(spec.face_model, spec)
    persons = _persons(spec.person_detector, side) if spec.person_detector else None
    bodies = _bodies(spec.body_model, spec) if spec.body_model else None
    return Engines(detector, faces, persons, bodies)


def _settle_opencv() -> None:
    """Keep OpenCV to one thread, since the workers already fill the cores, and from chatting."""
    import cv2

    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


def _persons(chosen: Chosen, side: int) -> Detect:
    detector: Detector = chosen.type(chosen.file)
    return tiled(detector, side, detector.overlap)


def _faces(chosen: Chosen, spec: EngineSpec) -> FaceModel:
    network = _network(chosen, spec.networks.face if spec.networks else None, spec.batch_size)
    faces: FaceModel = chosen.type(network, chosen.id)
    return faces


def _bodies(chosen: Chosen, spec: EngineSpec) -> BodyModel:
    network = _network(chosen, spec.networks.body if spec.networks else None, spec.batch_size)
    bodies: BodyModel = chosen.type(network, chosen.id)
    return bodies


def _network(chosen: Chosen, exported: Path | None, batch_size: int) -> Network:
    """Return the network where it is to run: an .onnx file on the CPU, what torch defines on a graphics card."""
    source = exported or chosen.source
    if isinstance(source, Path):
        return OnnxNetwork(source, batch_size)
    return TorchNetwork(source.build(), Device.CUDA, batch_size)


def try_face_model(code: str, file: Path) -> None:
    """Load a network for faces from a file of the user's own; raises ModelMissing where that is none."""
    chosen = Chosen.of(code, str(file), file)
    chosen.type(OnnxNetwork(file, 1), chosen.id)


def try_detector(code: str, file: Path) -> None:
    """Load a detector from a file of the user's own; raises ModelMissing where that is none."""
    _settle_opencv()
    resolve_name(code)(file)


def try_body_model(code: str, name: str, file: Path) -> None:
    """Load a network for bodies, or its weights, from a file of the user's own; raises ModelMissing."""
    chosen = Chosen.of(code, name, file)
    source = chosen.source
    if isinstance(source, Path):
        chosen.type(OnnxNetwork(source, 1), chosen.id)
    else:
        source.build()


def find_networks(spec: EngineSpec, folder: Path) -> EngineSpec | None:
    """Return the spec with its networks' files where all are there and whole; else they are to be prepared.

    Raises ModelMissing.
    """
    return _with_networks(spec, lambda source: find_network(source, folder))


def prepare_networks(spec: EngineSpec, folder: Path) -> EngineSpec | None:
    """Return the spec with its networks' files after making those that are missing, in a process of its own.

    It imports torch. Raises ModelMissing.
    """
    if importlib.util.find_spec("torch") is None:
        raise ModelMissing(
            "This Kith comes with networks made ready, and not with those that the settings name: let reid_model be "
            f"{' or '.join(names(BODY_MODELS))} and reid_weights empty, or let reid_model name an .onnx file, or start "
            "Kith by its set-up script, which brings what it takes to make others ready."
        )
    import torch

    torch.set_num_threads(1)  # several wait for each other where the cores are busy
    return _with_networks(spec, lambda source: prepare_network(source, folder))


def _with_networks(spec: EngineSpec, file_of: Callable[[Source], Path | None]) -> EngineSpec | None:
    face = file_of(spec.face_model.source)
    body = file_of(spec.body_model.source) if spec.body_model else None
    if face is None or (spec.body_model and body is None):
        return None
    return replace(spec, networks=Networks(face, body))
