"""The gallery: what dataset and user teach, of good enough quality, ready to be compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from kith.identity.nearest import NEAREST_SAMPLES, Layout, lay_out
from kith.values.samples import LEAST_FRONTALITY, LEAST_PIXELS, Sample
from kith.vision.observations import Observation

SPREAD_OF = 64  # samples of a person: more tell no more of how much their faces differ


@dataclass(frozen=True, eq=False)
class Gallery:
    """Vectors of one model (`vectors`: S x D), each of an appearance of a person (both ids: S, people ascending)."""

    model_id: str
    person_ids: NDArray[np.int64]
    appearance_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]

    @property
    def people(self) -> NDArray[np.int64]:
        """The ids of the people in it, ascending."""
        return np.unique(self.person_ids)

    @cached_property
    def layout(self) -> Layout:
        """How its samples are laid out to be compared with many faces; not for an empty one."""
        return lay_out(self.person_ids, self.vectors)

    @cached_property
    def spreads(self) -> NDArray[np.float64]:
        """How far each person's samples are from their other ones, by the rule of `nearest`: P, 0 of a single one."""
        layout = self.layout
        begins = zip(layout.starts.tolist(), layout.counts.tolist(), strict=True)
        return np.array([_spread(self.vectors[start : start + count]) for start, count in begins])

    def without(self, appearance_id: int) -> "Gallery":
        """Return the gallery as if nobody had said who this appearance is."""
        rows = self.appearance_ids != appearance_id
        if rows.all():
            return self
        return Gallery(self.model_id, self.person_ids[rows], self.appearance_ids[rows], self.vectors[rows])

    def __len__(self) -> int:
        return len(self.person_ids)


def _spread(samples: NDArray[np.float32]) -> float:
    few = samples[:SPREAD_OF].astype(np.float64)
    kept = min(len(few) - 1, NEAREST_SAMPLES)
    if not kept:
        return 0.0
    squares = np.einsum("ij,ij->i", few, few)
    apart = squares[:, None] + squares - 2 * few @ few.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.partition(apart, kept - 1, axis=1)[:, :kept]
    return float(np.sqrt(nearest.clip(0)).mean())


def is_good(face: Sample | Observation, least_sharpness: float) -> bool:
    """Say whether a face teaches: sharp, and not turned away."""
    return face.sharpness >= least_sharpness and face.frontality >= LEAST_FRONTALITY


def shortcoming(face: Sample | Observation, least_sharpness: float) -> str:
    """Return why what was drawn as a face teaches nobody, empty where it may teach."""
    if face.pixels < LEAST_PIXELS:
        return "too small"
    return "blurred, or no face" if face.sharpness < least_sharpness else ""


def good_faces(samples: Iterable[Sample], least_sharpness: float) -> list[Sample]:
    """Leave blurred faces and profiles out, but never a whole person: of somebody with no other the sharpest stays.

    Only where the user drew a box that holds too little of a face, nobody is taught by it.
    """
    kept: list[Sample] = []
    for _, group in groupby(samples, key=attrgetter("person_id")):
        of_person = [face for face in group if not (face.is_drawn and shortcoming(face, least_sharpness))]
        good = [sample for sample in of_person if is_good(sample, least_sharpness)]
        kept += good or sorted(of_person, key=attrgetter("sharpness"))[-1:]
    return kept


def gallery_of(model_id: str, samples: Sequence[Sample]) -> Gallery:
    """Return samples of one model, ordered by person, as a gallery."""
    person_ids = np.array([sample.person_id for sample in samples], np.int64)
    appearance_ids = np.array([sample.appearance_id for sample in samples], np.int64)
    vectors = [sample.vector for sample in samples]
    stacked = np.stack(vectors) if vectors else np.empty((0, 0), np.float32)
    return Gallery(model_id, person_ids, appearance_ids, stacked)
