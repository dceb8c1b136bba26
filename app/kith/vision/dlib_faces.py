"""dlib's face network: 128 numbers of a face turned upright by five landmarks."""

from pathlib import Path
from typing import Any

from kith.errors import ModelMissing
from kith.vision.detection import Detection, Points
from kith.vision.dlib_network import SIDE, VECTOR_LENGTH, face_resnet
from kith.vision.export import Definition, digest
from kith.vision.face_model import FaceModel
from kith.vision.metric import Metric
from kith.vision.model_files import packaged_model
from kith.vision.observations import Rgb
from kith.vision.packaged_models import LANDMARKS
from kith.vision.runtime import Network

CHIP_PADDING = 0.25  # the margin the network was trained with


class DlibFaces(FaceModel):
    """dlib's face network, over the files of the package face_recognition_models; raises ModelMissing.

    Two faces of one person are usually nearer than 0.6.
    """

    id = "dlib_face_recognition_resnet_model_v1"
    length = VECTOR_LENGTH
    metric = Metric.EUCLIDEAN

    def __init__(self, network: Network, model_id: str = "") -> None:
        super().__init__(network, model_id)
        self._landmarks = landmark_predictor()

    @classmethod
    def source(cls, _name: str = "", _file: Path | None = None) -> Definition:
        """Return the network as torch defines it, its weights checked; raises ModelMissing."""
        weights = face_weights()
        return Definition(f"{cls.id}:{digest(weights)}", lambda: face_resnet(weights), SIDE, SIDE)

    def align(self, rgb: Rgb, face: Detection) -> Rgb:
        """Return the face upright, 150 x 150 RGB."""
        import dlib

        landmarks = _marked(self._landmarks, rgb, face)
        chip: Rgb = dlib.get_face_chip(rgb, landmarks, SIDE, CHIP_PADDING)
        return chip


def face_weights() -> Path:
    """Return dlib's file of the network; raises ModelMissing."""
    return packaged_model(f"{DlibFaces.id}.dat")


def eyes_and_nose(predictor: Any, rgb: Rgb, face: Detection) -> Points:
    """Return the right eye, the left eye and the base of the nose, by `landmark_predictor`."""
    landmarks = _marked(predictor, rgb, face)
    left_outer, left_inner, right_outer, right_inner, nose = (
        (float(point.x), float(point.y)) for point in landmarks.parts()
    )
    return _between(right_outer, right_inner), _between(left_outer, left_inner), nose


def _between(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (corner[0] + other[0]) / 2, (corner[1] + other[1]) / 2


def _marked(predictor: Any, rgb: Rgb, face: Detection) -> Any:
    import dlib

    return predictor(rgb, dlib.rectangle(*face[:4]))


def landmark_predictor() -> Any:
    """Return dlib's predictor of five points of a face; raises ModelMissing."""
    import dlib

    file = packaged_model(LANDMARKS)
    try:
        return dlib.shape_predictor(str(file))
    except RuntimeError as error:
        raise ModelMissing(f"{file} is damaged: install the package face_recognition_models again.") from error
