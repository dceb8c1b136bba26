"""Faces and bodies as arrays, ready to be compared."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

LEAST_FRONTALITY = 0.70  # a face in profile resembles other people's profiles: docs/recognition.md
LEAST_PIXELS = 40  # a narrower face teaches nobody: docs/recognition.md


Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One taught observation of a person; `pixels` is the width of a face, where it is known.

    A face that `is_drawn` is one by the user's word alone, of which no detector was asked.
    """

    person_id: int
    appearance_id: int
    photo_id: int
    sharpness: float
    frontality: float
    vector: NDArray[np.float32]
    pixels: float = 80.0
    is_drawn: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces of one model (N each): `ids` of their appearances, `vectors` (N x D), `photos`, their `groups` or 0.

    Of `unknown` ones nobody has said who they are. A blurred, tiny or averted face is not `good`: it may join a group,
    but counts for nothing there, and so brings no two groups together. `settled` ones the user has put into their
    group.
    """

    ids: Ids
    vectors: Floats
    photos: Ids
    groups: Ids
    unknown: Flags
    good: Flags
    settled: Flags

    def in_groups(self, groups: Ids) -> "Faces":
        """Return the same faces in these groups."""
        return replace(self, groups=groups)


@dataclass(frozen=True, slots=True)
class PhotoTraits:
    """A photo's perceptual hash, and when it was taken (ISO 8601): None where nothing is known."""

    phash: int | None
    taken_at: str | None
