"""The values that vision hands on: what a model saw in a photo, and where."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kith.photos.box import Box
from kith.photos.first_read import Reading

Rgb = NDArray[np.uint8]
Vector = NDArray[np.float32]


class Kind(StrEnum):
    """What was observed of somebody."""

    FACE = "face"
    BODY = "body"


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """Model `model_id` saw a face or a body.

    `box` is relative to the pixels as stored in the file (before EXIF orientation); `pixels` is the width of the face
    in the pixels that it was cut from, `sharpness` its variance of the Laplacian, `frontality` about 1 seen from the
    front and towards 0 in profile (all 0 for bodies); `weak` marks a body that is merely the whole photo.
    """

    kind: Kind
    model_id: str
    box: Box
    score: float
    vector: Vector
    sharpness: float = 0.0
    pixels: float = 0.0
    frontality: float = 0.0
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Appearance:
    """Somebody shows at `box` (stored pixels), seen once by each model."""

    box: Box
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that was seen in one photo; `phash` is its perceptual hash (signed 64 bits), which videos have not.

    `reading` is what the file told at that moment, None where it was known; `note` says what is missing of the picture.
    """

    phash: int | None
    appearances: tuple[Appearance, ...]
    reading: Reading | None = None
    note: str = ""
