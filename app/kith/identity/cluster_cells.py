"""Which of very many points can be near others: the points of the cells that lie nearest, not all of them.

An inverted file, as J. Sivic and A. Zisserman have it ("Video Google", 2003): points are told apart by the nearest of
some centres, found by k-means. What that misses is measured in docs/recognition.md.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, isqrt
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kith.values.samples import Floats, Ids

CELLS = 1024  # at most; of fewer points as many as the root of their number
SAMPLE, ROUNDS = 64, 8  # of k-means: points for each cell
ASKING = 8192  # points at a time
TILE = 2**21  # distances held at once by a thread

Take = Callable[[NDArray[np.signedinteger[Any]]], Floats]  # returns the points at some places


class Search(Protocol):
    """Says which points are compared with which: blocks of those that ask, each with tiles of others."""

    @property
    def step(self) -> int:
        """How many ask at once."""

    @property
    def is_complete(self) -> bool:
        """Whether everybody is compared with everybody."""

    def tiles(self, asking: Floats, top: int) -> Iterator[tuple[Ids, Ids]]:
        """Yield which of those that ask, counted from `top`, are to be compared with which points."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The centres of cells (K x D), the points in each (K), and in how many cells one looks."""

    centres: Floats
    members: list[Ids]
    looked_at: int
    step: int = ASKING
    is_complete: bool = False

    @classmethod
    def of(cls, take: Take, count: int, share: float) -> "Cells":
        """Return the cells of points, of which about a share is to be looked at for each that asks."""
        number = min(CELLS, isqrt(count))
        centres = _centres(take, count, number)
        nearest = _nearest_centres(take, count, centres)
        order = np.argsort(nearest, kind="stable")
        begins = np.searchsorted(nearest[order], np.arange(1, number))
        return cls(centres, np.split(order, begins), min(number, ceil(share * number)))

    def tiles(self, asking: Floats, top: int) -> Iterator[tuple[Ids, Ids]]:  # noqa: ARG002 - all are alike to cells
        """Yield who asks together with the points of each cell that is among the nearest to them."""
        apart = _apart(asking, self.centres)
        last = self.looked_at - 1
        farthest = np.partition(apart, last, axis=1)[:, last : last + 1]
        looks = np.ascontiguousarray((apart <= farthest).T)
        for looked, members in zip(looks, self.members, strict=True):
            who = np.flatnonzero(looked)
            if len(who):
                step = -(-TILE // len(who))
                yield from ((who, members[start : start + step]) for start in range(0, len(members), step))


def _apart(points: Floats, centres: Floats) -> Floats:
    """Return the squared distances but for what is the same of all centres."""
    lengths: Floats = (centres**2).sum(axis=1)
    return lengths - 2 * (points @ centres.T)


def _centres(take: Take, count: int, number: int) -> Floats:
    """Return the centres that k-means finds among some of the points, the same each time."""
    places = np.linspace(0, count - 1, min(count, SAMPLE * number)).astype(np.int64)
    sample = take(places)
    centres = sample[:: len(sample) // number][:number].copy()
    for _ in range(ROUNDS):
        nearest = np.concatenate([_apart(part, centres).argmin(axis=1) for part in _parts(sample)])
        order = np.argsort(nearest, kind="stable")
        found, starts, sizes = np.unique(nearest[order], return_index=True, return_counts=True)
        centres[found] = np.add.reduceat(sample[order], starts, axis=0, dtype=np.float64) / sizes[:, None]
    return centres


def _parts(points: Floats) -> Iterator[Floats]:
    return (points[start : start + ASKING] for start in range(0, len(points), ASKING))


def _nearest_centres(take: Take, count: int, centres: Floats) -> Ids:
    def nearest(start: int) -> Ids:
        places = np.arange(start, min(start + ASKING, count))
        found: Ids = _apart(take(places), centres).argmin(axis=1)
        return found

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return np.concatenate([*threads.map(nearest, range(0, count, ASKING))])
