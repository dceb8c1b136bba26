"""For many vectors at once: which people are nearest, by the mean distance to each person's nearest samples.

All distances are screened by one matrix product a block, in single precision and as lower bounds; the few people who
can be among the nearest are then computed in double precision. So the result is that of the plain rule.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAREST_SAMPLES = 3  # of a person, that their distance is the mean of: docs/recognition.md
ROW = 32  # samples of a person in one row of the layout; who has more has several rows
BLOCK = 2**17  # distances at a time and thread: few enough to stay in a core's cache
CHUNK = 2**14  # probes at a time: what bounds the memory
SHORTLIST = 8  # people computed in double precision, at first
UNIT = 2.0**-24  # the rounding of single precision

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Samples ordered for screening: plane j holds the j-th sample of each row that has one, the longest rows first.

    `people`, `starts` and `counts` are P each; a plane is (D+1) x rows, its last line the squared lengths; `levels`
    gives people (as places in `people`) and where their first, second … row stands; `length` is the longest sample's.
    """

    people: NDArray[np.int64]
    starts: Places
    counts: Places
    planes: tuple[NDArray[np.float32], ...]
    levels: tuple[tuple[Places, Places], ...]
    length: float


def lay_out(person_ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> Layout:
    """Return the layout of samples (`vectors`: S x D) that are ordered by person."""
    people, starts, counts = np.unique(person_ids, return_index=True, return_counts=True)
    rank = np.arange(len(person_ids)) - np.repeat(starts, counts)
    row = np.cumsum(rank % ROW == 0) - 1
    standing = np.empty(row[-1] + 1, np.intp)
    standing[np.argsort(-np.bincount(row), kind="stable")] = np.arange(len(standing))
    squares = np.einsum("ij,ij->i", vectors, vectors)[:, None]
    planes = []
    for number in range(min(int(counts.max()), ROW)):
        own = np.flatnonzero(rank % ROW == number)
        own = own[np.argsort(standing[row[own]])]
        planes.append(np.ascontiguousarray(np.hstack([-2 * vectors[own], squares[own]]).T))
    rows = -(-counts // ROW)
    levels = [np.flatnonzero(rows > level) for level in range(int(rows.max()))]
    return Layout(
        people,
        starts,
        counts,
        tuple(planes),
        tuple((who, standing[row[starts[who]] + level]) for level, who in enumerate(levels)),
        float(np.sqrt(squares.max())),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest people of some probes, nearest first; all N x K.

    `people` are places in the layout, `sample` the row of their nearest sample, `distance` is infinite where nobody is
    left.
    """

    people: Places
    sample: Places
    distance: NDArray[np.float64]


def nearest(
    layout: Layout,
    vectors: NDArray[np.float32],
    probes: NDArray[np.float32],
    never: Sequence[tuple[int, int]],
    wanted: int,
) -> Iterator[Nearest]:
    """Yield the `wanted` nearest people of each probe (N x D), some thousand probes at a time.

    `never` are (probe, place of a person in the layout) pairs to leave out.
    """
    apart = np.array(never, np.intp).reshape(-1, 2)
    for start in range(0, len(probes), CHUNK):
        chunk = probes[start : start + CHUNK]
        own = apart[(apart[:, 0] >= start) & (apart[:, 0] < start + CHUNK)] - (start, 0)
        yield _of_chunk(layout, vectors, chunk, own, min(wanted, len(layout.people)))


def _of_chunk(
    layout: Layout, vectors: NDArray[np.float32], probes: NDArray[np.float32], never: Places, wanted: int
) -> Nearest:
    people, sample = np.zeros((2, len(probes), wanted), np.intp)
    distance = np.empty((len(probes), wanted))
    open_, size = np.arange(len(probes)), min(max(SHORTLIST, wanted), len(layout.people))
    while len(open_):
        own = never[np.isin(never[:, 0], open_)]
        own[:, 0] = np.searchsorted(open_, own[:, 0])
        shortlist, bound = _shortlist(layout, probes[open_], own, size)
        found = _exact(layout, vectors, probes[open_], shortlist, own)
        order = np.argsort(found.distance, axis=1, kind="stable")[:, :wanted]
        for whole, part in ((people, found.people), (sample, found.sample), (distance, found.distance)):
            whole[open_] = np.take_along_axis(part, order, axis=1)
        open_ = open_[distance[open_, -1] > bound]
        size = min(4 * size, len(layout.people))
    return Nearest(people, sample, distance)


def _shortlist(layout: Layout, probes: NDArray[np.float32], never: Places, size: int) -> tuple[Places, Floats]:
    """Return for each probe the people of the least bounds (N x size), and the bound below which nobody else is."""
    step = max(1, BLOCK // layout.planes[0].shape[1])
    starts = range(0, len(probes), step)

    def screen(start: int) -> tuple[Places, Floats]:
        bounds = _lower_bounds(layout, probes[start : start + step])
        own = never[(never[:, 0] >= start) & (never[:, 0] < start + step)]
        bounds[own[:, 0] - start, own[:, 1]] = np.inf
        if size == len(layout.people):
            return np.tile(np.arange(size), (len(bounds), 1)), np.full(len(bounds), np.inf)
        order = np.argpartition(bounds, size, axis=1)
        return order[:, :size], np.take_along_axis(bounds, order[:, size : size + 1], axis=1)[:, 0]

    if len(starts) > 1:
        with ThreadPoolExecutor(min(len(starts), os.cpu_count() or 1)) as threads:  # numpy computes beside them
            parts = list(threads.map(screen, starts))
    else:
        parts = [screen(start) for start in starts]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _lower_bounds(layout: Layout, probes: NDArray[np.float32]) -> Floats:
    """Return what each person's distance from each probe is at least (N x P), in single precision.

    A squared distance by way of the product, |v|² - 2pv + |p|², is at most (D + 8) roundings of (|p| + |v|)² too large:
    Higham, "Accuracy and Stability of Numerical Algorithms" (2002), 3.1.
    """
    squares = np.einsum("ij,ij->i", probes, probes)
    slack = (probes.shape[1] + 8) * UNIT * (np.sqrt(squares) + layout.length) ** 2
    extended = np.hstack([probes, np.ones((len(probes), 1), np.float32)])
    least = np.full((NEAREST_SAMPLES, len(probes), layout.planes[0].shape[1]), np.inf, np.float32)
    for plane in layout.planes:
        _keep_least(least[:, :, : plane.shape[1]], extended @ plane)
    (_, first), *further = layout.levels
    merged = least[:, :, first]
    for who, rows in further:
        part = merged[:, :, who]
        for one in least:
            _keep_least(part, one[:, rows])
        merged[:, :, who] = part
    merged += (squares - slack)[:, None]
    np.sqrt(np.maximum(merged, 0, out=merged), out=merged)
    for missing in range(1, NEAREST_SAMPLES):
        merged[missing][:, layout.counts <= missing] = 0
    means: Floats = merged.sum(axis=0) / np.minimum(layout.counts, NEAREST_SAMPLES).astype(np.float32)
    return means


def _keep_least(least: Floats, further: Floats) -> None:
    """Sort `further` (N x R) into the least values so far (k x N x R, ascending)."""
    *inner, last = least
    for one in inner:
        larger = np.maximum(one, further)
        np.minimum(one, further, out=one)
        further = larger
    np.minimum(last, further, out=last)


def _exact(
    layout: Layout, vectors: NDArray[np.float32], probes: NDArray[np.float32], shortlist: Places, never: Places
) -> Nearest:
    """Return the shortlisted people (N x K) with their distances in double precision, in no order."""
    wide = probes.astype(np.float64)
    squares = np.einsum("ij,ij->i", wide, wide)
    found = Nearest(shortlist, np.empty(shortlist.shape, np.intp), np.empty(shortlist.shape))
    sample, distance = found.sample.ravel(), found.distance.ravel()  # views
    order = np.argsort(shortlist, axis=None, kind="stable")
    who, begins = np.unique(shortlist.ravel()[order], return_index=True)
    for person, entries in zip(who.tolist(), np.split(order, begins[1:]), strict=True):
        begin, count = layout.starts[person], int(layout.counts[person])
        own = vectors[begin : begin + count].astype(np.float64)
        lengths = np.einsum("ij,ij->i", own, own)
        for part in np.array_split(entries, -(-len(entries) * count // BLOCK)):
            asked = part // shortlist.shape[1]
            apart = np.sqrt(np.maximum(squares[asked, None] + lengths - 2 * (wide[asked] @ own.T), 0))
            sample[part] = begin + apart.argmin(axis=1)
            kept = min(count, NEAREST_SAMPLES)
            distance[part] = np.partition(apart, kept - 1, axis=1)[:, :kept].mean(axis=1)
    pairs = np.arange(len(probes))[:, None] * len(layout.people) + shortlist
    found.distance[np.isin(pairs, never[:, 0] * len(layout.people) + never[:, 1])] = np.inf
    return found
