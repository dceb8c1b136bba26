"""YuNet, the face detector Kith is shipped with: the network in ONNX Runtime, around it what OpenCV does."""

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kith.errors import ModelMissing
from kith.messages import Action, Do
from kith.vision.detection import Detection
from kith.vision.observations import Rgb
from kith.vision.photo_pixels import planes
from kith.vision.runtime import Network, OnnxNetwork

YUNET_SCORE = 0.6  # faces found against false ones on annotated photos: docs/recognition.md
OVERLAP = 0.3  # non-maximum suppression and the number of candidates, as in OpenCV's own sample
CANDIDATES = 5000
SURE, SURE_AGAIN = 0.91, 0.8  # upright faces and those of turned photos against false ones: docs/recognition.md
STRIDES = (8, 16, 32)  # pixels a cell of each of the network's three grids
NUMBERS_A_CELL = (1, 1, 4, 10)  # class score, object score, box, five points: each an output for every grid

Floats = NDArray[np.float32]


class YuNet:
    """YuNet over a model file, its boxes squared as dlib's predictor expects; raises ModelMissing."""

    overlap = OVERLAP
    sure = SURE
    sure_again = SURE_AGAIN

    def __init__(self, file: Path | None) -> None:
        if file is None:
            raise ModelMissing("YuNet needs its file, which ", Do(Action.DOWNLOAD_MODELS), " fetches.")
        self._network = OnnxNetwork(file)
        _check(self._network, file)

    @classmethod
    def id_of(cls, name: str, file: Path | None) -> str:
        """Return the id under which its finds are stored: each version has a file of its own name."""
        return file.stem if file else name

    def __call__(self, rgb: Rgb) -> list[Detection]:
        """Return the faces in a photo."""
        return [squared(row) for row in faces(self._network, rgb)]


def squared(row: Floats) -> Detection:
    """Return YuNet's row (x, y, width, height, five points, score) as the square of equal area around its centre."""
    x, y, width, height = (float(value) for value in row[:4])
    side = round(math.sqrt(width * height))
    left = round(x + (width - side) / 2)
    top = round(y + (height - side) / 2)
    points = tuple((float(across), float(down)) for across, down in row[4:14].reshape(5, 2))
    score = float(row[14])
    return Detection(left, top, left + side, top + side, score, points)


def faces(network: Network, rgb: Rgb) -> Floats:
    """Return N x 15: x, y, width, height, five points and score of every face, equal to OpenCV's FaceDetectorYN.

    The points are the right eye, left eye, nose, right and left corner of the mouth, in pixels as x, y.
    """
    image = _padded(rgb)
    rows = _decoded(network(image), columns=image.shape[3])
    return _apart(rows)


def _check(network: OnnxNetwork, model: Path) -> None:
    """Look whether twelve outputs of the right shapes come out, which other networks do not give."""
    side = 2 * STRIDES[-1]
    expected = [(1, (side // stride) ** 2, numbers) for numbers, stride in product(NUMBERS_A_CELL, STRIDES)]
    takes_any_size = network.input_shape[2:] == (None, None)
    blank = np.zeros((1, 3, side, side), np.float32)
    if not takes_any_size or [output.shape for output in network(blank)] != expected:
        raise ModelMissing(
            f"{model} is not the YuNet that Kith works with, which takes photos of any size: move the file away and "
            "fetch the right one with ",
            Do(Action.DOWNLOAD_MODELS),
            ".",
        )


def _padded(rgb: Rgb) -> Floats:
    """Return 1 x 3 x height x width, blue first, filled up with black to whole cells of the coarsest grid."""
    height, width = rgb.shape[:2]
    coarsest = STRIDES[-1]
    shape = 1, 3, height + -height % coarsest, width + -width % coarsest
    image = np.zeros(shape, np.float32)
    for plane, shades in zip(image[0], planes(rgb), strict=True):
        plane[:height, :width] = shades
    return image


def _decoded(outputs: Sequence[Floats], columns: int) -> Floats:
    """Return the rows of all cells sure enough, overlapping ones too."""
    rows = []
    for index, stride in enumerate(STRIDES):
        of_grid = [output[0] for output in outputs[index :: len(STRIDES)]]
        rows_of_grid = _of_grid(of_grid, stride, columns // stride)
        rows.append(rows_of_grid)
    return np.concatenate(rows)


def _of_grid(outputs: Sequence[Floats], stride: int, columns: int) -> Floats:
    face, thing, box, points = outputs
    scores = np.sqrt(face.clip(0, 1) * thing.clip(0, 1))[:, 0]
    sure = np.flatnonzero(scores >= YUNET_SCORE)
    cells = np.stack([sure % columns, sure // columns], axis=1).astype(np.float32)
    centre = (cells + box[sure, :2]) * stride
    size = np.exp(box[sure, 2:]) * stride
    corner = centre - size / 2
    shifts = points[sure].reshape(-1, 5, 2)
    places = (cells[:, None] + shifts) * stride
    rows: Floats = np.hstack([corner, size, places.reshape(-1, 10), scores[sure, None]])
    return rows


def _apart(rows: Floats) -> Floats:
    """Return the surest of rows that overlap."""
    import cv2

    if len(rows) < 2:
        return rows
    boxes = rows[:, :4].astype(int)  # whole pixels, since OpenCV's detector compares those
    scores = rows[:, 14]
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), YUNET_SCORE, OVERLAP, top_k=CANDIDATES)
    surest: Floats = rows[np.asarray(kept, int)]
    return surest
