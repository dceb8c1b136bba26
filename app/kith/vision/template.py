"""Faces turned so that eyes, nose and mouth lie where networks of ArcFace's kind are trained to find them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kith.vision.detection import Points
from kith.vision.observations import Rgb

SIDE = 112  # pixels of the chip that the places below are for
# The right eye, left eye, nose, right and left corner of the mouth: insightface, OpenCV's FaceRecognizerSF.
FIVE_POINTS = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
# Where dlib's eyes and base of the nose lie in chips made by YuNet's five points: the median of 68 faces.
EYES_AND_NOSE = ((37.5, 53.5), (72.5, 53.5), (55.5, 80.5))

Place = Sequence[tuple[float, float]]


def chip(rgb: Rgb, points: Points, side: int) -> Rgb:
    """Return the face of these points (five, or eyes and base of the nose) at its place in side x side pixels of RGB.

    Many pixels of a large face make one of the chip, lest it shows patterns that are not in the face.
    """
    import cv2

    template = FIVE_POINTS if len(points) == len(FIVE_POINTS) else EYES_AND_NOSE
    turn = similarity(points, template) * (side / SIDE)
    scale = float(np.hypot(turn[0, 0], turn[1, 0]))
    times = max(1, int(1 / max(scale, 1e-3)))
    larger = cv2.warpAffine(rgb, turn * times, (side * times, side * times), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(larger, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def similarity(points: Place, places: Place) -> NDArray[np.float64]:
    """Return the turn, scale and shift (2 x 3) that bring points nearest to their places, by least squares.

    As complex numbers that is a line, z -> a z + b: Umeyama, "Least-squares estimation of transformation parameters
    between two point patterns", 1991, for two dimensions and no reflection.
    """
    source, target = (np.array(given, np.float64) @ (1, 1j) for given in (points, places))
    apart, wanted = source - source.mean(), target - target.mean()
    turn = (apart.conj() * wanted).sum() / max((np.abs(apart) ** 2).sum(), 1e-9)
    shift = target.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
