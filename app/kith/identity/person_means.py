"""Of very many people the few whom a face may be, by the means of their samples: only these are compared with it.

The mean of the squared distances from a face p to a person's samples is q - 2 p·m + |p|², by the samples' mean m and
the mean q of their squared lengths. What that misses is measured in docs/recognition.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PART = 6  # samples with one mean: who has more, perhaps child and adult, has several
MOST_PARTS = 32
LIKELY = 64  # people that a face is compared with

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class PersonMeans:
    """The means of parts of people's samples, those who have most parts first.

    `people` are their places (P), `column` is where each place stands among these (P). Plane j, (D+1) x people, holds
    the j-th part of all who have one, its last line the mean squared lengths.
    """

    people: Indices
    column: Indices
    planes: tuple[Floats, ...]

    @classmethod
    def of(cls, vectors: Floats, starts: Indices, counts: Indices) -> "PersonMeans":
        """Return those of samples (S x D) that are ordered by person, whose samples start there and are so many."""
        parts_of_people = np.minimum(-(-counts // PART), MOST_PARTS)
        order = np.arange(len(vectors))
        begins = []
        for start, count, parts in zip(starts.tolist(), counts.tolist(), parts_of_people.tolist(), strict=True):
            if parts > 1:
                order[start : start + count] = start + _along_axis(vectors[start : start + count])
            begins.append(start + np.arange(parts) * count // parts)
        lines = _means(vectors, order, np.concatenate(begins))
        people = np.argsort(-parts_of_people, kind="stable")
        first = np.cumsum(parts_of_people) - parts_of_people
        planes = []
        for part in range(parts_of_people.max()):
            having = people[: np.count_nonzero(parts_of_people > part)]
            planes.append(np.ascontiguousarray(lines[first[having] + part].T))
        return cls(people, np.argsort(people), tuple(planes))

    def likely(self, probes: Floats, never: Indices, size: int) -> Indices:
        """Return the people (places) nearest to each probe by this, in no order (N x size); `never` are pairs."""
        extended = np.hstack([probes, np.ones((len(probes), 1), np.float32)])
        first, *others = self.planes
        apart = extended @ first
        for plane in others:
            having = apart[:, : plane.shape[1]]
            np.minimum(having, extended @ plane, out=having)
        row, person = never.T
        apart[row, self.column[person]] = np.inf
        likely: Indices = self.people[np.argpartition(apart, size - 1, axis=1)[:, :size]]
        return likely


def _means(vectors: Floats, order: Indices, begins: Indices) -> Floats:
    """Return -2 m and q of each part of the samples in this order (G x D+1)."""
    sizes = np.diff(np.append(begins, len(vectors)))[:, None]
    squares = np.einsum("ij,ij->i", vectors, vectors)[order, None]
    sums = np.add.reduceat(vectors[order], begins, axis=0, dtype=np.float64)
    return np.hstack([-2 * sums / sizes, np.add.reduceat(squares, begins, axis=0) / sizes]).astype(np.float32)


def _along_axis(samples: Floats) -> Indices:
    """Return a person's samples in the order in which they lie along the axis on which they differ most."""
    around = samples - samples.mean(axis=0)
    axis = np.abs(around).sum(axis=0)
    for _ in range(8):  # the power method: the axis need not be exact
        axis = (around @ axis) @ around
        axis /= np.linalg.norm(axis) or 1
    return np.argsort(around @ axis, kind="stable")
