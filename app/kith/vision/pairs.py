"""Which face and which body in a photo belong to one person: geometry only."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Measured on photos: docs/recognition.md.
HEAD_ABOVE_FACE = 0.4  # in face sizes: from the body's top edge down to the face's
MOST_ABOVE_FACE = 4.0  # the same under arms stretched up
MOST_FACES_HIGH = 16  # a body from its feet to stretched arms
UPPER_PART = 0.65  # of the body's height, where the middle of a face may be: low in portraits, which end at the chest
SIDEWAYS_WEIGHT = 2.0  # of a shift by the body's width, against one down by a face size or a face half as wide
WORST = 4.5  # from here on one pair fits as badly as another

Corners = Sequence[float]  # left, top, right, bottom; whatever follows does not matter


class Pair(NamedTuple):
    """One person by the indices of their face and their body; one of the two may be missing."""

    face: int | None
    body: int | None


def pair(faces: Sequence[Corners], bodies: Sequence[Corners]) -> list[Pair]:
    """Return everybody: each face in its order, with its body where there is one, then the bodies without a face.

    A face belongs to a body where its middle lies in the body's upper part and the two sizes go together; of all ways
    to pair them one to one, that which fits best in sum is taken. All boxes are in the same pixels.
    """
    body_of = _assigned(_fits(faces, bodies)) if faces and bodies else {}
    paired = set(body_of.values())
    everybody = [Pair(face, body_of.get(face)) for face in range(len(faces))]
    everybody += [Pair(None, body) for body in range(len(bodies)) if body not in paired]
    return everybody


def _fits(faces: Sequence[Corners], bodies: Sequence[Corners]) -> NDArray[np.float64]:
    """Return faces x bodies: how well the two fit, 0 where they cannot be one person's.

    The head is at the top of its body and near its middle, and of faces one behind the other the larger is in front.
    """
    left, top, right, bottom = np.array([face[:4] for face in faces], np.float64).T[:, :, None]
    west, north, east, south = np.array([body[:4] for body in bodies], np.float64).T
    size = right - left
    width = east - west
    height = south - north
    x = (left + right) / 2
    y = (top + bottom) / 2
    lowest = north + UPPER_PART * height
    is_between = (west <= x) & (x <= east)
    is_in_upper_part = (north <= y) & (y <= lowest)
    above = (top - north) / size
    is_near_top = above <= MOST_ABOVE_FACE
    is_sized = (size <= width) & (height <= MOST_FACES_HIGH * size)
    can_fit = is_between & is_in_upper_part & is_near_top & is_sized
    middle = (west + east) / 2
    sideways = np.abs(x - middle) / width
    upwards = np.abs(above - HEAD_ABOVE_FACE)
    misfit = upwards + SIDEWAYS_WEIGHT * sideways + np.log2(width / size)
    fits = (WORST - misfit).clip(min=0.01)
    return np.where(can_fit, fits, 0.0)


def _assigned(fits: NDArray[np.float64]) -> dict[int, int]:
    """Return by face the body of each pair, the sum of their fits being the largest there is."""
    import dlib  # loaded here anyway, where SciPy's assignment would cost each worker 0.3 s and 50 MB

    rows, columns = fits.shape
    side = max(rows, columns)
    square = np.zeros((side, side))
    square[:rows, :columns] = fits
    bodies = dlib.max_cost_assignment(dlib.matrix(square))
    return {face: body for face, body in enumerate(bodies) if square[face, body] > 0}
