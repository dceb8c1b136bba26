"""dlib's own face detectors: HOG, which needs no file, and the network, for those whose dlib has CUDA."""

from pathlib import Path
from threading import Lock
from typing import Any

from kith.errors import ModelMissing
from kith.messages import Setting
from kith.vision.detection import Detection
from kith.vision.model_files import packaged_model
from kith.vision.observations import Rgb
from kith.vision.packaged_models import CNN_FILE

HOG_UPSAMPLING = 1  # as face_recognition does; both without it miss most faces below 80 pixels: docs/recognition.md
CNN_UPSAMPLING = 1


class DlibHog:
    """dlib's HOG detector; it takes no file."""

    overlap = 0.3
    sure = 0.3
    sure_again = 0.3

    def __init__(self, _file: Path | None = None) -> None:
        import dlib

        self._engine = dlib.get_frontal_face_detector()
        self._lock = Lock()  # dlib's detectors take one photo at a time

    @classmethod
    def id_of(cls, _name: str, _file: Path | None) -> str:
        """Return the id under which its finds are stored."""
        return "dlib_hog"

    def __call__(self, rgb: Rgb) -> list[Detection]:
        """Return the faces in a photo."""
        with self._lock:
            boxes, scores, _ = self._engine.run(rgb, HOG_UPSAMPLING, 0.0)
        return [_detection(box, score) for box, score in zip(boxes, scores, strict=True)]


class DlibCnn:
    """dlib's face detection network, from a file, else its package's; raises ModelMissing."""

    overlap = 0.3
    sure = 0.0
    sure_again = 0.0

    def __init__(self, file: Path | None = None) -> None:
        import dlib

        file = file or packaged_model(CNN_FILE)
        try:
            self._engine = dlib.cnn_face_detection_model_v1(str(file))
        except RuntimeError as error:
            raise ModelMissing(
                f"{file} is damaged or not dlib's face detection network: install the package face_recognition_models "
                "again, or choose another ",
                Setting("face_detector"),
                ".",
            ) from error
        self._lock = Lock()

    @classmethod
    def id_of(cls, _name: str, _file: Path | None) -> str:
        """Return the id under which its finds are stored."""
        return Path(CNN_FILE).stem

    def __call__(self, rgb: Rgb) -> list[Detection]:
        """Return the faces in a photo."""
        with self._lock:
            faces = self._engine(rgb, CNN_UPSAMPLING)
        return [_detection(face.rect, face.confidence) for face in faces]


def _detection(box: Any, score: float) -> Detection:
    return Detection(box.left(), box.top(), box.right(), box.bottom(), float(score))
