"""Which models look at a photo and how, and the models themselves as a worker process holds them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kith.photos.opening import MAX_PIXELS
from kith.settings import Device, FaceDetector
from kith.vision.align import Predictor, landmark_predictor
from kith.vision.bodies import TorchreidBodyExtractor, is_exported, onnx_bodies
from kith.vision.detect import Detector, wide_enough
from kith.vision.dlib_detectors import cnn, hog
from kith.vision.dlib_network import face_resnet
from kith.vision.encode import FACE_MODEL_ID, FaceEncoder, face_encoder, face_weights
from kith.vision.exported import Networks
from kith.vision.persons import PERSON_OVERLAP, PersonDetector, yolox
from kith.vision.runtime import Network, OnnxNetwork, TorchNetwork
from kith.vision.tiles import tiled
from kith.vision.torchreid_networks import torchreid_network
from kith.vision.yunet import OVERLAP as FACE_OVERLAP
from kith.vision.yunet import yunet

LOOK = 1  # to be raised when the same models see other things by other constants: photos are then looked at anew


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which models look at a photo, at which size and where; a small value that travels to the workers.

    `face_detector` is decided (not auto), `detector_file` that of YuNet or of dlib's CNN, None for HOG; without
    `reid_weights` there are faces only, without `person_file` bodies below faces only. With `networks`, exported for
    ONNX Runtime, they run on the CPU, without on a graphics card, `batch_size` pictures at a time. Photos of more than
    `max_pixels` are not looked at.
    """

    face_detector: FaceDetector
    detector_file: Path | None
    person_file: Path | None
    person_model_id: str | None
    reid_model: str
    reid_weights: Path | None
    body_model_id: str | None
    resize_max: int
    min_face: int
    batch_size: int
    max_pixels: int = MAX_PIXELS
    networks: Networks | None = None

    @property
    def engine_id(self) -> str:
        """The name of this way of looking: a photo analysed under it need not be analysed again."""
        detector = self.detector_file.stem if self.detector_file else "dlib_hog"
        faces = f"{detector}@{self.resize_max}/{self.min_face}v{LOOK}"
        return " ".join(filter(None, (faces, FACE_MODEL_ID, self.body_model_id, self.person_model_id)))


@dataclass(frozen=True, slots=True)
class Engines:
    """The loaded models."""

    detector: Detector
    predictor: Predictor
    encoder: FaceEncoder
    persons: PersonDetector | None
    bodies: TorchreidBodyExtractor | None


@lru_cache(maxsize=1)
def engines_of(spec: EngineSpec) -> Engines:
    """Load the models, once in a process; raises ModelMissing."""
    _settle_opencv()
    return Engines(
        detector=tiled(wide_enough(_detector(spec), spec.min_face), spec.resize_max, FACE_OVERLAP),
        predictor=landmark_predictor(),
        encoder=face_encoder(_face_network(spec)),
        persons=tiled(yolox(spec.person_file), spec.resize_max, PERSON_OVERLAP) if spec.person_file else None,
        bodies=_bodies(spec),
    )


def _settle_opencv() -> None:
    """Keep OpenCV to one thread, since the workers already fill the cores, and from chatting."""
    import cv2

    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


def _detector(spec: EngineSpec) -> Detector:
    if spec.detector_file is None:
        return hog()
    return cnn(spec.detector_file) if spec.face_detector is FaceDetector.CNN else yunet(spec.detector_file)


def _face_network(spec: EngineSpec) -> Network:
    if spec.networks:
        return OnnxNetwork(spec.networks.face)
    return TorchNetwork(face_resnet(face_weights()), Device.CUDA, spec.batch_size)


def _bodies(spec: EngineSpec) -> TorchreidBodyExtractor | None:
    weights, model_id = spec.reid_weights, spec.body_model_id
    if weights is None or model_id is None:
        return None
    if is_exported(weights):
        return onnx_bodies(weights, model_id)
    if spec.networks and spec.networks.body:
        return onnx_bodies(spec.networks.body, model_id)
    network = torchreid_network(spec.reid_model, weights)
    return TorchreidBodyExtractor(TorchNetwork(network, Device.CUDA, spec.batch_size), model_id)
