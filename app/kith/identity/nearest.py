"""For many vectors at once: which people are nearest, by the mean distance to each person's nearest samples.

All distances are screened by one matrix product a block, in single precision and as lower bounds; the few people who
can be among the nearest are then computed in double precision. So the result is that of the plain rule. Only where
there are so many samples that this would take too long, people are screened by their samples' means.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from kith.identity.person_means import LIKELY, PersonMeans

T = TypeVar("T")

NEAREST_SAMPLES = 3  # of a person, that their distance is the mean of: docs/recognition.md
ROW = 32  # samples of a person in one row of the layout; who has more has several rows
ROWS, PROBES = 512, 128  # of distances at a time and thread: few enough to stay in a core's cache
BLOCK = 2**17  # distances to one person at a time, in double precision
WIDE = 2**21  # distances at a time where one matrix product makes them
CHUNK = 2**15  # probes at a time: what bounds the memory
MANY = 40_000  # samples; of more the people are screened by means, however many probes there are: all jobs say the same
SPARE = 1  # people computed in double precision beside those wanted, at first
UNIT = 2.0**-24  # the rounding of single precision
FARTHEST = np.finfo(np.float32).max  # but nearer than a row that stands for nobody

Vectors = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Samples ordered for screening, in rows of one person each, the longest rows first; some rows are a block.

    `people`, `starts` and `counts` are P each. Plane j of a block holds the j-th sample of each row that has one,
    (D+1) x rows, its last line the squared lengths. `first_row` is each person's (P), `person` is whose a row is, and
    `lengths` how many samples it has; `levels` gives people with several rows (as places in `people`) and where their
    first, second … row stands among `further`, the rows of such people; `length` is the longest sample's.
    """

    people: NDArray[np.int64]
    starts: Indices
    counts: Indices
    blocks: tuple[tuple[Vectors, ...], ...]
    first_row: Indices
    person: Indices
    lengths: Indices
    further: Indices
    levels: tuple[tuple[Indices, Indices], ...]
    length: float
    means: PersonMeans


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
    first_sample = np.flatnonzero(column == 0)[longest_first]
    lengths = lengths[longest_first]
    squares = np.einsum("ij,ij->i", vectors, vectors)[:, None]

    def plane(samples: Indices) -> Vectors:
        lines = np.hstack([-2 * vectors[samples], squares[samples]])
        return np.ascontiguousarray(lines.T)

    blocks = []
    for start in range(0, len(lengths), ROWS):
        firsts, sizes = first_sample[start : start + ROWS], lengths[start : start + ROWS]
        blocks.append(tuple(plane(firsts[sizes > number] + number) for number in range(sizes[0])))
    first_row = standing[row[starts]]
    rows_of_people = -(-counts // ROW)
    further = np.sort(standing[np.repeat(rows_of_people, rows_of_people) > 1])
    levels = []
    for level in range(rows_of_people.max() if len(further) else 0):
        present = np.flatnonzero((rows_of_people > level) & (rows_of_people > 1))
        levels.append((present, np.searchsorted(further, standing[row[starts[present]] + level])))
    person = np.repeat(np.arange(len(people)), rows_of_people)[longest_first]
    longest = float(np.sqrt(squares.max()))
    means = PersonMeans.of(vectors, starts, counts)
    return Layout(
        people, starts, counts, tuple(blocks), first_row, person, lengths, further, tuple(levels), longest, means
    )


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
    if len(vectors) > MANY and len(layout.people) > 4 * LIKELY:
        return _of_likely(layout, vectors, probes, never, wanted)
    shape = len(probes), wanted
    people = np.zeros(shape, np.intp)
    sample = np.zeros(shape, np.intp)
    distance = np.empty(shape)
    count = len(layout.people)
    size = min(wanted + SPARE, count)
    open_ = np.arange(len(probes))
    while len(open_):
        asked = probes[open_]
        never_of_open = never[np.isin(never[:, 0], open_)]
        never_of_open[:, 0] = np.searchsorted(open_, never_of_open[:, 0])
        shortlist, bound = _shortlist(layout, asked, never_of_open, size)
        found = _exact(layout, vectors, asked, shortlist, never_of_open)
        best = _nearest_first(found, wanted)
        people[open_], sample[open_], distance[open_] = best.people, best.sample, best.distance
        farthest = distance[open_, -1]
        open_ = open_[farthest > bound]
        size = min(4 * size, count)
    return Nearest(people, sample, distance)


def _of_likely(layout: Layout, vectors: Vectors, probes: Vectors, never: Indices, wanted: int) -> Nearest:
    """Return the nearest of those people whom each probe may be by their means."""

    def screen(start: int) -> Indices:
        some = probes[start : start + PROBES]
        return layout.means.likely(some, _pairs_between(never, start, start + PROBES), LIKELY)

    shortlist = np.concatenate(_beside(screen, range(0, len(probes), PROBES)))
    found = _exact(layout, vectors, probes, shortlist, never)
    return _nearest_first(found, wanted)


def _nearest_first(found: Nearest, wanted: int) -> Nearest:
    order = np.argsort(found.distance, axis=1, kind="stable")[:, :wanted]
    return Nearest(
        np.take_along_axis(found.people, order, axis=1),
        np.take_along_axis(found.sample, order, axis=1),
        np.take_along_axis(found.distance, order, axis=1),
    )


def _beside(work: Callable[[int], T], starts: range) -> list[T]:
    """Return what the work comes to for each start; numpy computes beside other threads."""
    if len(starts) == 1:
        return [work(start) for start in starts]
    with ThreadPoolExecutor(min(len(starts), os.cpu_count() or 1)) as threads:
        return [*threads.map(work, starts)]


def _shortlist(layout: Layout, probes: Vectors, never: Indices, size: int) -> tuple[Indices, Numbers]:
    """Return for each probe the people of the least bounds (N x size), and the bound below which nobody else is."""
    step = PROBES * ROWS // min(ROWS, len(layout.lengths))
    starts = range(0, len(probes), step)

    def screen(start: int) -> tuple[Indices, Numbers]:
        end = start + step
        bounds = _lower_bounds(layout, probes[start:end])
        row, person = _pairs_between(never, start, end).T
        bounds[row, layout.first_row[person]] = FARTHEST
        if size == len(layout.people):
            everybody = np.tile(np.arange(size), (len(bounds), 1))
            return everybody, np.full(len(bounds), np.inf)
        order = np.argpartition(bounds, size, axis=1)
        following = np.take_along_axis(bounds, order[:, size : size + 1], axis=1)
        return layout.person[order[:, :size]], following[:, 0]

    shortlists, bounds = zip(*_beside(screen, starts), strict=True)
    return np.concatenate(shortlists), np.concatenate(bounds)


def _lower_bounds(layout: Layout, probes: Vectors) -> Numbers:
    """Return what the distance of each row's person from each probe is at least (N x R), in single precision.

    It stands in the first row of a person, and is infinite in others. A squared distance by way of the product,
    |v|² - 2pv + |p|², is at most (D + 8) roundings of (|p| + |v|)² too large: Higham, "Accuracy and Stability of
    Numerical Algorithms" (2002), 3.1.
    """
    squares = np.einsum("ij,ij->i", probes, probes)
    reach = np.sqrt(squares) + layout.length
    slack = (probes.shape[1] + 8) * UNIT * reach**2
    least_square = (squares - slack)[:, None]
    extended = np.hstack([probes, np.ones((len(probes), 1), np.float32)])
    bounds = np.empty((len(probes), len(layout.lengths)), np.float32)
    further = np.empty((NEAREST_SAMPLES, len(probes), len(layout.further)), np.float32)
    for number, planes in enumerate(layout.blocks):
        start = number * ROWS
        end = start + planes[0].shape[1]
        least = np.full((NEAREST_SAMPLES, len(probes), end - start), np.inf, np.float32)
        for plane in planes:
            _keep_least(least[:, :, : plane.shape[1]], extended @ plane)
        begin, stop = np.searchsorted(layout.further, (start, end))
        further[:, :, begin:stop] = least[:, :, layout.further[begin:stop] - start]
        bounds[:, start:end] = _mean_distance(least, least_square, layout.lengths[start:end])
    if layout.levels:
        merged = _merged(further, layout.levels)
        several, _ = layout.levels[0]
        bounds[:, layout.further] = np.inf
        bounds[:, layout.first_row[several]] = _mean_distance(merged, least_square, layout.counts[several])
    return bounds


def _mean_distance(least: Numbers, least_square: Numbers, counts: Indices) -> Numbers:
    """Return the mean distance (N x R) by the least |v|² - 2pv (k x N x R), of which as many count as there are."""
    least += least_square
    np.maximum(least, 0, out=least)
    np.sqrt(least, out=least)
    for missing in range(1, NEAREST_SAMPLES):
        least[missing][:, counts <= missing] = 0
    samples = np.minimum(counts, NEAREST_SAMPLES).astype(np.float32)
    means: Numbers = least.sum(axis=0) / samples
    return means


def _merged(further: Numbers, levels: Sequence[tuple[Indices, Indices]]) -> Numbers:
    """Return what is least in all rows of those with several (k x N x P of them), from what is in each of the rows."""
    (several, first), *others = levels
    merged = further[:, :, first]
    for people, standing in others:
        places = np.searchsorted(several, people)
        of_people = merged[:, :, places]
        for values in further:
            _keep_least(of_people, values[:, standing])
        merged[:, :, places] = of_people
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
    small = shortlist.astype(np.min_scalar_type(len(layout.people)))  # is sorted several times as quick
    order = np.argsort(small, axis=None, kind="stable")
    people, begins = np.unique(shortlist.ravel()[order], return_index=True)
    entries_of_people = np.split(order, begins[1:])
    for person, entries in zip(people.tolist(), entries_of_people, strict=True):
        begin = layout.starts[person]
        count = int(layout.counts[person])
        samples = vectors[begin : begin + count].astype(np.float64)
        of_samples = np.einsum("ij,ij->i", samples, samples)
        kept = min(count, NEAREST_SAMPLES)
        step = max(1, BLOCK // count)
        for start in range(0, len(entries), step):
            block = entries[start : start + step]
            asked = block // shortlist.shape[1]
            apart = _distances(wide[asked], squares[asked], samples, of_samples)
            sample[block] = begin + apart.argmin(axis=1)
            apart.partition(kept - 1, axis=1)
            distance[block] = apart[:, :kept].sum(axis=1) / kept
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
