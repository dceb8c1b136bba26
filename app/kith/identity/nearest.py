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
WIDE = 2**21  # distances at a time where one matrix product makes them
CHUNK = 2**14  # probes at a time: what bounds the memory
SHORTLIST = 8  # people computed in double precision, at first
UNIT = 2.0**-24  # the rounding of single precision

Vectors = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Samples ordered for screening: plane j holds the j-th sample of each row that has one, the longest rows first.

    `people`, `starts` and `counts` are P each; a plane is (D+1) x rows, its last line the squared lengths; `levels`
    gives people (as places in `people`) and where their first, second … row stands; `length` is the longest sample's.
    """

    people: NDArray[np.int64]
    starts: Indices
    counts: Indices
    planes: tuple[Vectors, ...]
    levels: tuple[tuple[Indices, Indices], ...]
    length: float


def distance_from(face: Vectors, samples: Vectors) -> float:
    """Return how far one face (D) is from one person's samples (S x D): the mean distance to the nearest of them."""
    apart = np.linalg.norm(samples.astype(np.float64) - face, axis=1)
    return float(np.sort(apart)[:NEAREST_SAMPLES].mean())


def distances_from_others(faces: Vectors, samples: Vectors, own: Indices) -> Numbers:
    """Return how far faces (N x D) are from one person's samples (S x D), each but its own.

    `own` are their rows among these, -1 of a face that is none. As `distance_from` has it, in the precision of the
    vectors; infinite where there is no other sample.
    """
    kept = min(NEAREST_SAMPLES, len(samples))
    found = np.full(len(faces), np.inf)
    of_samples = np.einsum("ij,ij->i", samples, samples)
    step = max(1, WIDE // max(1, len(samples)))
    for start in range(0, len(faces) if kept else 0, step):
        probes, rows = faces[start : start + step], own[start : start + step]
        apart = _distances(probes, np.einsum("ij,ij->i", probes, probes), samples, of_samples)
        is_sample = rows >= 0
        apart[is_sample, rows[is_sample]] = np.inf
        least = np.partition(apart, kept - 1, axis=1)[:, :kept]
        compared = np.isfinite(least)
        counts = compared.sum(axis=1)
        sums = np.where(compared, least, 0).sum(axis=1)
        np.divide(sums, counts, out=found[start : start + step], where=counts > 0)
    return found


def lay_out(person_ids: NDArray[np.int64], vectors: Vectors) -> Layout:
    """Return the layout of samples (`vectors`: S x D) that are ordered by person."""
    people, starts, counts = np.unique(person_ids, return_index=True, return_counts=True)
    rank = np.arange(len(person_ids)) - np.repeat(starts, counts)  # of each sample among its person's
    column = rank % ROW
    row = np.cumsum(column == 0) - 1
    lengths = np.bincount(row)
    longest_first = np.argsort(-lengths, kind="stable")
    standing = np.empty(len(longest_first), np.intp)
    standing[longest_first] = np.arange(len(longest_first))
    squares = np.einsum("ij,ij->i", vectors, vectors)[:, None]
    planes = []
    for number in range(lengths.max()):
        samples = np.flatnonzero(column == number)
        standing_of_samples = standing[row[samples]]
        samples = samples[np.argsort(standing_of_samples)]
        plane = np.hstack([-2 * vectors[samples], squares[samples]])
        planes.append(np.ascontiguousarray(plane.T))
    rows_of_people = -(-counts // ROW)
    levels = []
    for level in range(rows_of_people.max()):
        present = np.flatnonzero(rows_of_people > level)
        row_of_level = row[starts[present]] + level
        levels.append((present, standing[row_of_level]))
    longest = float(np.sqrt(squares.max()))
    return Layout(people, starts, counts, tuple(planes), tuple(levels), longest)


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest people of some probes, nearest first; all N x K.

    `people` are places in the layout, `sample` the row of their nearest sample, `distance` is infinite where nobody is
    left.
    """

    people: Indices
    sample: Indices
    distance: NDArray[np.float64]


def nearest(
    layout: Layout,
    vectors: Vectors,
    probes: Vectors,
    never: Sequence[tuple[int, int]],
    wanted: int,
) -> Iterator[Nearest]:
    """Yield the `wanted` nearest people of each probe (N x D), some thousand probes at a time.

    `never` are (probe, place of a person in the layout) pairs to leave out.
    """
    apart = np.array(never, np.intp).reshape(-1, 2)
    wanted = min(wanted, len(layout.people))
    for start in range(0, len(probes), CHUNK):
        end = start + CHUNK
        never_of_chunk = _pairs_between(apart, start, end)
        yield _of_chunk(layout, vectors, probes[start:end], never_of_chunk, wanted)


def _pairs_between(pairs: Indices, start: int, end: int) -> Indices:
    """Return the (row, column) pairs of these rows, counted from `start`."""
    row = pairs[:, 0]
    is_inside = (row >= start) & (row < end)
    return pairs[is_inside] - (start, 0)


def _of_chunk(layout: Layout, vectors: Vectors, probes: Vectors, never: Indices, wanted: int) -> Nearest:
    shape = len(probes), wanted
    people = np.zeros(shape, np.intp)
    sample = np.zeros(shape, np.intp)
    distance = np.empty(shape)
    count = len(layout.people)
    size = min(max(SHORTLIST, wanted), count)
    open_ = np.arange(len(probes))
    while len(open_):
        asked = probes[open_]
        never_of_open = never[np.isin(never[:, 0], open_)]
        never_of_open[:, 0] = np.searchsorted(open_, never_of_open[:, 0])
        shortlist, bound = _shortlist(layout, asked, never_of_open, size)
        found = _exact(layout, vectors, asked, shortlist, never_of_open)
        order = np.argsort(found.distance, axis=1, kind="stable")[:, :wanted]
        people[open_] = np.take_along_axis(found.people, order, axis=1)
        sample[open_] = np.take_along_axis(found.sample, order, axis=1)
        distance[open_] = np.take_along_axis(found.distance, order, axis=1)
        farthest = distance[open_, -1]
        open_ = open_[farthest > bound]
        size = min(4 * size, count)
    return Nearest(people, sample, distance)


def _shortlist(layout: Layout, probes: Vectors, never: Indices, size: int) -> tuple[Indices, Numbers]:
    """Return for each probe the people of the least bounds (N x size), and the bound below which nobody else is."""
    step = max(1, BLOCK // layout.planes[0].shape[1])
    starts = range(0, len(probes), step)

    def screen(start: int) -> tuple[Indices, Numbers]:
        end = start + step
        bounds = _lower_bounds(layout, probes[start:end])
        row, person = _pairs_between(never, start, end).T
        bounds[row, person] = np.inf
        if size == len(layout.people):
            everybody = np.tile(np.arange(size), (len(bounds), 1))
            return everybody, np.full(len(bounds), np.inf)
        order = np.argpartition(bounds, size, axis=1)
        following = np.take_along_axis(bounds, order[:, size : size + 1], axis=1)
        return order[:, :size], following[:, 0]

    if len(starts) > 1:
        workers = min(len(starts), os.cpu_count() or 1)
        with ThreadPoolExecutor(workers) as threads:  # numpy computes beside them
            blocks = list(threads.map(screen, starts))
    else:
        blocks = [screen(start) for start in starts]
    shortlists, bounds = zip(*blocks, strict=True)
    return np.concatenate(shortlists), np.concatenate(bounds)


def _lower_bounds(layout: Layout, probes: Vectors) -> Numbers:
    """Return what each person's distance from each probe is at least (N x P), in single precision.

    A squared distance by way of the product, |v|² - 2pv + |p|², is at most (D + 8) roundings of (|p| + |v|)² too large:
    Higham, "Accuracy and Stability of Numerical Algorithms" (2002), 3.1.
    """
    squares = np.einsum("ij,ij->i", probes, probes)
    lengths = np.sqrt(squares) + layout.length
    slack = (probes.shape[1] + 8) * UNIT * lengths**2
    merged = _least_of_people(layout, probes)
    merged += (squares - slack)[:, None]
    np.maximum(merged, 0, out=merged)
    np.sqrt(merged, out=merged)
    for missing in range(1, NEAREST_SAMPLES):
        merged[missing][:, layout.counts <= missing] = 0
    samples = np.minimum(layout.counts, NEAREST_SAMPLES).astype(np.float32)
    means: Numbers = merged.sum(axis=0) / samples
    return means


def _least_of_people(layout: Layout, probes: Vectors) -> Numbers:
    """Return |v|² - 2pv of each person's nearest samples (k x N x P, ascending), infinite where there are fewer."""
    count = len(probes)
    ones = np.ones((count, 1), np.float32)
    extended = np.hstack([probes, ones])
    rows = layout.planes[0].shape[1]
    least = np.full((NEAREST_SAMPLES, count, rows), np.inf, np.float32)
    for plane in layout.planes:
        _keep_least(least[:, :, : plane.shape[1]], extended @ plane)
    (_, first), *further = layout.levels
    merged = least[:, :, first]
    for people, standing in further:
        of_people = merged[:, :, people]
        for values in least:
            _keep_least(of_people, values[:, standing])
        merged[:, :, people] = of_people
    return merged


def _keep_least(least: Numbers, further: Numbers) -> None:
    """Sort `further` (N x R) into the least values so far (k x N x R, ascending)."""
    *inner, last = least
    for kept in inner:
        larger = np.maximum(kept, further)
        np.minimum(kept, further, out=kept)
        further = larger
    np.minimum(last, further, out=last)


def _exact(layout: Layout, vectors: Vectors, probes: Vectors, shortlist: Indices, never: Indices) -> Nearest:
    """Return the shortlisted people (N x K) with their distances in double precision, in no order."""
    wide = probes.astype(np.float64)
    squares = np.einsum("ij,ij->i", wide, wide)
    sample = np.empty(shortlist.size, np.intp)
    distance = np.empty(shortlist.size)
    order = np.argsort(shortlist, axis=None, kind="stable")
    people, begins = np.unique(shortlist.ravel()[order], return_index=True)
    entries_of_people = np.split(order, begins[1:])
    for person, entries in zip(people.tolist(), entries_of_people, strict=True):
        begin = layout.starts[person]
        count = int(layout.counts[person])
        samples = vectors[begin : begin + count].astype(np.float64)
        of_samples = np.einsum("ij,ij->i", samples, samples)
        kept = min(count, NEAREST_SAMPLES)
        blocks = -(-len(entries) * count // BLOCK)
        for block in np.array_split(entries, blocks):
            asked = block // shortlist.shape[1]
            apart = _distances(wide[asked], squares[asked], samples, of_samples)
            sample[block] = begin + apart.argmin(axis=1)
            least = np.partition(apart, kept - 1, axis=1)[:, :kept]
            distance[block] = least.mean(axis=1)
    row, person_left_out = never.T
    number_of_people = len(layout.people)
    pairs = np.arange(len(probes))[:, None] * number_of_people + shortlist
    left_out = row * number_of_people + person_left_out
    distance[np.isin(pairs.ravel(), left_out)] = np.inf
    shape = shortlist.shape
    return Nearest(shortlist, sample.reshape(shape), distance.reshape(shape))


def _distances(probes: Numbers, of_probes: Numbers, samples: Numbers, of_samples: Numbers) -> Numbers:
    """Return the Euclidean distances (N x S) of vectors, each given with its square."""
    products = probes @ samples.T
    squares = of_probes[:, None] + of_samples - 2 * products
    distances: Numbers = np.sqrt(np.maximum(squares, 0))
    return distances
