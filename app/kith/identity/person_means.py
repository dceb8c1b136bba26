"""Of very many people the few whom a face may be, by the means of their samples: only these are compared with it.

The mean of the squared distances from a face p to a person's samples is q - 2 p·m + |p|², by the samples' mean m and
the mean q of their squared lengths. What that misses is measured in docs/recognition.md.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PART = 6  # samples with one mean: who has more, perhaps child and adult, has several
LIKELY = 64  # people that a face is compared with

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class PersonMeans:
    """The means of parts of people's samples: `lines` are (D+1) x G, by person, whose parts begin at `begins` (P)."""

    lines: Floats
    begins: Indices

    @classmethod
    def of(cls, vectors: Floats, starts: Indices, counts: Indices) -> "PersonMeans":
        """Return those of samples (S x D) that are ordered by person, whose samples start there and are so many."""
        parts_of_people = -(-counts // PART)
        order = np.arange(len(vectors))
        begins = []
        for start, count, parts in zip(starts.tolist(), counts.tolist(), parts_of_people.tolist(), strict=True):
            if parts > 1:
                order[start : start + count] = start + _along_axis(vectors[start : start + count])
            begins.append(start + np.arange(parts) * count // parts)
        first = np.concatenate(begins)
        sizes = np.diff(np.append(first, len(vectors)))[:, None]
        squares = np.einsum("ij,ij->i", vectors, vectors)[order, None]
        sums = np.add.reduceat(vectors[order], first, axis=0, dtype=np.float64)
        means = np.hstack([-2 * sums / sizes, np.add.reduceat(squares, first, axis=0) / sizes])
        return cls(np.ascontiguousarray(means.T, np.float32), np.cumsum(parts_of_people) - parts_of_people)

    def likely(self, probes: Floats, never: Indices, size: int) -> Indices:
        """Return the people (places) nearest to each probe by this, in no order (N x size); `never` are pairs."""
        ones = np.ones((len(probes), 1), np.float32)
        apart: NDArray[Any] = np.hstack([probes, ones]) @ self.lines
        if len(self.begins) < apart.shape[1]:
            apart = np.minimum.reduceat(apart, self.begins, axis=1)
        row, person = never.T
        apart[row, person] = np.inf
        order = np.argpartition(apart, size - 1, axis=1)
        return order[:, :size].copy()  # else all of it would be kept


def _along_axis(samples: Floats) -> Indices:
    """Return a person's samples in the order in which they lie along the axis on which they differ most."""
    around = samples - samples.mean(axis=0)
    axis = np.ones(len(samples), np.float32) @ np.abs(around)
    for _ in range(8):  # the power method: the axis need not be exact
        axis = (around @ axis) @ around
        axis /= np.linalg.norm(axis) or 1
    return np.argsort(around @ axis, kind="stable")
