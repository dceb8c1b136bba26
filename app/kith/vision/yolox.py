"""Find people, whether their faces show or not: YOLOX over any .onnx file of it."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kith.errors import ModelMissing
from kith.messages import Action, Do, Setting
from kith.vision.detection import Detection
from kith.vision.observations import Rgb
from kith.vision.photo_pixels import planes
from kith.vision.runtime import OnnxNetwork
from kith.vision.weights import weights_id

PERSON_SCORE = 0.5  # faces in found people against false ones: docs/recognition.md
PERSON_OVERLAP = 0.45  # non-maximum suppression, as in YOLOX's own demo
LEAST_HEIGHT = 32  # pixels: of smaller people the body cannot be told: docs/recognition.md
PERSON_CLASS = 0  # of COCO's 80, which YOLOX is published for, and the only one of detectors of people
CLASSES = (80, 1)
STRIDES = (8, 16, 32)  # pixels a cell of each of YOLOX's three grids
BOX_AND_OBJECT = 5  # numbers of a cell before those of its classes
GREY = 114  # what YOLOX fills the rest of its square input with

Floats = NDArray[np.float32]


class Yolox:
    """YOLOX over a file as its export tool writes it, with decoded boxes or without; the surest person comes first.

    It knows COCO's 80 classes or people only. Raises ModelMissing where the file is no YOLOX, or knows other things.
    """

    overlap = PERSON_OVERLAP

    def __init__(self, file: Path | None) -> None:
        if file is None:
            raise ModelMissing("YOLOX needs a file, which ", Do(Action.DOWNLOAD_MODELS), " fetches.")
        network = OnnxNetwork(file)
        height, width = _input_size(network, file)
        self._is_raw = _is_raw(network, _blank(height, width), _cells(height, width), file)
        freed = _of_any_shape(file, height, width)
        self._network = freed or network
        self._takes_any_shape = freed is not None
        self._height = height
        self._width = width

    @classmethod
    def id_of(cls, name: str, file: Path | None) -> str:
        """Return the id under which its finds are stored: the file's name and hash, since users bring their own."""
        return weights_id(file.stem, file, "person_detector") if file else name

    def __call__(self, rgb: Rgb) -> list[Detection]:
        """Return the people in a photo."""
        blob, scale = _letterboxed(rgb, self._height, self._width, self._takes_any_shape)
        rows = self._network(blob)[0][0]
        scores = rows[:, 4] * rows[:, BOX_AND_OBJECT + PERSON_CLASS]
        sure = scores >= PERSON_SCORE
        boxes = rows[sure, :4]
        if self._is_raw:
            boxes = _decoded(boxes, _cells(*blob.shape[2:])[sure])
        height, width = rgb.shape[:2]
        return _persons(boxes / scale, scores[sure], width, height)


def _input_size(network: OnnxNetwork, model: Path) -> tuple[int, int]:
    match network.input_shape:
        case (_, 3, int(height), int(width)) if height % STRIDES[-1] == width % STRIDES[-1] == 0:
            return height, width
    raise _no_yolox(model)


def _of_any_shape(file: Path, height: int, width: int) -> OnnxNetwork | None:
    """Return the network freed from the shape of its input, which no layer of YOLOX's needs; None where one does.

    So a photo is not filled up to a square, a quarter of which would be grey.
    """
    content = file.read_bytes()
    fixed = _fixed(1) + _fixed(3) + _fixed(height) + _fixed(width)
    free = _fixed(1) + _fixed(3) + _free(height) + _free(width)
    low, narrow = (STRIDES[-1], width), (height, STRIDES[-1])
    try:
        network = OnnxNetwork(file, content=content.replace(fixed, free))
        rows = [network(_blank(*shape))[0].shape[1] for shape in (low, narrow)]
    except Exception:  # noqa: BLE001 - ONNX Runtime's exceptions have no common base
        return None
    return network if rows == [len(_cells(*shape)) for shape in (low, narrow)] else None


def _fixed(side: int) -> bytes:
    """Return a Dimension of side `dim_value` as ONNX files hold it (onnx.proto, Protocol Buffers' wire format)."""
    number = bytes([side & 0x7F | 0x80, side >> 7]) if side > 0x7F else bytes([side])
    return bytes([0x0A, len(number) + 1, 0x08]) + number


def _free(side: int) -> bytes:
    """Return as many bytes that say nothing of the side: the number stands in a field that no Dimension has."""
    return _fixed(side).replace(b"\x08", b"\x78", 1)


def _blank(height: int, width: int) -> Floats:
    return np.full((1, 3, height, width), GREY, np.float32)


@lru_cache(maxsize=32)  # as many as there are shapes of photos, all but panoramas
def _cells(height: int, width: int) -> Floats:
    """Return column, row and stride of every cell, in the order of YOLOX's output: N x 3."""
    grids = []
    for stride in STRIDES:
        shape = height // stride, width // stride
        rows, columns = np.indices(shape, np.float32).reshape(2, -1)
        strides = np.full_like(rows, stride)
        grid = np.stack([columns, rows, strides], axis=1)
        grids.append(grid)
    return np.concatenate(grids)


def _is_raw(network: OnnxNetwork, blank: Floats, cells: Floats, model: Path) -> bool:
    """Tell whether boxes come as shifts within their cells, of about one, or as pixels; raises ModelMissing."""
    outputs = network(blank)
    if len(outputs) == 1 and outputs[0].ndim == 3:
        rows = outputs[0][0]
        count, numbers = rows.shape
        scores = rows[:, 4:]
        is_shaped = count == len(cells) and numbers > BOX_AND_OBJECT
        if is_shaped and scores.min() >= 0 and scores.max() <= 1:
            _check_classes(numbers - BOX_AND_OBJECT, model)
            shifts = np.abs(rows[:, :2])
            return bool(shifts.mean() < STRIDES[0])
    raise _no_yolox(model)


def _check_classes(count: int, model: Path) -> None:
    if count not in CLASSES:
        raise _not_to_be_used(model, f"tells {count} kinds of things apart, not COCO's 80 or people alone")


def _no_yolox(model: Path) -> ModelMissing:
    return _not_to_be_used(model, "is no YOLOX with three grids and an input of fixed size")


def _not_to_be_used(model: Path, reason: str) -> ModelMissing:
    return ModelMissing(
        f"{model} {reason}: let ",
        Setting("person_detector"),
        " name yolox_nano, which ",
        Do(Action.DOWNLOAD_MODELS, "yolox_nano"),
        " fetches, another file, or off.",
    )


def _letterboxed(rgb: Rgb, height: int, width: int, takes_any_shape: bool) -> tuple[Floats, float]:
    """Return the photo as 1 x 3 x height x width, in the top left corner, and its scale there.

    Where the network takes any shape, no more than a border beside the photo is filled up.

    Blue first, 0 to 255: what YOLOX was trained with (Megvii's YOLOX since 0.1.1, yolox/data/data_augment.py).
    """
    import cv2

    photo_height, photo_width = rgb.shape[:2]
    scale = min(height / photo_height, width / photo_width)
    rows = max(1, int(photo_height * scale))
    columns = max(1, int(photo_width * scale))
    small = np.asarray(cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_LINEAR), np.uint8)
    if takes_any_shape:
        height = min(height, _with_border(rows))
        width = min(width, _with_border(columns))
    image = _blank(height, width)
    for plane, shades in zip(image[0], planes(small), strict=True):
        plane[:rows, :columns] = shades
    return image, scale


def _with_border(side: int) -> int:
    """Return a photo's side in whole cells of the coarsest grid, one more at least: who is cut off needs it grey."""
    coarsest = STRIDES[-1]
    return side + -side % coarsest + coarsest


def _decoded(boxes: Floats, cells: Floats) -> Floats:
    """Return centre and size in pixels of the input (demo_postprocess in YOLOX's yolox/utils/demo_utils.py)."""
    places, strides = cells[:, :2], cells[:, 2:]
    centres = (boxes[:, :2] + places) * strides
    sizes = np.exp(boxes[:, 2:]) * strides
    return np.hstack([centres, sizes])


def _persons(boxes: Floats, scores: Floats, width: int, height: int) -> list[Detection]:
    """Return the surest of boxes (centre and size) that overlap, cut off at the photo's edges."""
    import cv2

    centres = boxes[:, :2]
    halves = boxes[:, 2:] / 2
    corners = np.hstack([centres - halves, centres + halves]).clip(0, (width, height) * 2)
    left, top, right, bottom = corners.round().astype(int).T
    sides = np.stack([left, top, right - left, bottom - top], axis=1)
    surest = cv2.dnn.NMSBoxes(sides.tolist(), scores.tolist(), PERSON_SCORE, PERSON_OVERLAP)
    kept = np.asarray(surest, int)
    places = (side[kept].tolist() for side in (left, top, right, bottom, scores))
    people = [Detection(*place) for place in zip(*places, strict=True)]
    return [person for person in people if person.height >= LEAST_HEIGHT and person.width > 0]
