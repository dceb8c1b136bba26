"""Photos that show nearly the same picture, by their perceptual hashes: copies made smaller, recompressed, edited."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from kith.values.samples import PhotoTraits, Sample

SAME_PHASH_BITS = 8  # copies, shrunk, compressed or slightly cropped, differ in no more: docs/recognition.md
TELLING_ONES = 32  # half of the bits are above the median; where others are, the picture is too plain to be told apart
CROWD = 200  # so many share two bands where pictures differ hardly, as those of a fixed camera
FEW = 200  # are compared each with each: sooner than by bands, and no crowd
BANDS = 10  # two of them, at the least, are equal where 8 bits differ

Pairs = NDArray[np.intp]


def alike_photos(hashes: Sequence[int]) -> Pairs:
    """Return the pairs (P x 2, indices, ascending) of perceptual hashes (signed 64 bits) that are of one picture."""
    bits = np.array(hashes, np.int64).view(np.uint64)
    pairs, _ = _pairs(bits, len(bits))
    return pairs


def _pairs(bits: NDArray[np.uint64], most: int) -> tuple[Pairs, NDArray[np.intp]]:
    """Return the pairs alike, but for those of the crowded: who share two bands with more than `most`, told as well.

    Multi-index hashing: M. Norouzi et al., "Fast Search in Hamming Space with Multi-Index Hashing" (2012), with two
    bands as a key, since of 100,000 photos some 800 share each single one.
    """
    if len(bits) <= FEW:
        near = np.bitwise_count(bits[:, None] ^ bits) <= SAME_PHASH_BITS
        return np.argwhere(np.triu(near, 1)), np.empty(0, np.intp)
    edges = np.linspace(0, 64, BANDS + 1).astype(int).tolist()
    masks = [2**end - 2**start for start, end in pairwise(edges)]
    shared = [_alike_in_bands(bits, np.uint64(one | other), most) for one, other in combinations(masks, 2)]
    found = np.unique(np.concatenate([pairs for pairs, _ in shared]))
    crowded = np.unique(np.concatenate([rows for _, rows in shared]))
    first, second = np.divmod(found, max(len(bits), 1))
    return np.stack([first, second], axis=1), crowded


def _alike_in_bands(bits: NDArray[np.uint64], mask: np.uint64, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs, as first · N + second, of those alike that are equal in some bits, and the crowded."""
    keys = bits & mask
    order = np.argsort(keys, kind="stable")
    keys, bits = keys[order], bits[order]
    _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
    is_crowded = (counts > most)[which.ravel()]
    found = [np.empty(0, np.intp)]
    rows = np.flatnonzero(~is_crowded)
    for shift in range(1, len(keys)):
        rows = rows[rows < len(keys) - shift]
        rows = rows[keys[rows] == keys[rows + shift]]
        if not len(rows):
            break
        alike = rows[np.bitwise_count(bits[rows] ^ bits[rows + shift]) <= SAME_PHASH_BITS]
        found.append(order[alike] * len(keys) + order[alike + shift])  # ascending, since the order is stable
    return np.concatenate(found), order[is_crowded]


def tells(phash: int) -> bool:
    """Say whether a perceptual hash tells its picture from others."""
    return (phash & 2**64 - 1).bit_count() == TELLING_ONES


def best_alike(hashes: Sequence[int]) -> dict[int, int]:
    """Return for photos, the best first by their perceptual hashes, which (index) are nearly the same as which best.

    Each stands for all that are alike to itself, never for what is alike to those: a chain of photos is not one.
    """
    bits = np.array(hashes, np.int64)
    distinct, first, which = np.unique(bits, return_index=True, return_inverse=True)
    tells = np.flatnonzero(np.bitwise_count(distinct.view(np.uint64)) == TELLING_ONES)
    order = tells[np.argsort(first[tells])]
    best = dict(zip(order.tolist(), first[order].tolist(), strict=True))
    for one, others in _groups(distinct[order].view(np.uint64)):
        best.update(dict.fromkeys(order[others].tolist(), int(first[order[one]])))
    of_all = [(index, best.get(place, index)) for index, place in enumerate(which.ravel().tolist())]
    return {index: leader for index, leader in of_all if index != leader}


def _groups(bits: NDArray[np.uint64]) -> Iterator[tuple[int, list[int]]]:
    """Yield each of the hashes, the best first, that others are alike to, with those of them that no better one has."""
    pairs, crowded = _pairs(bits, CROWD)
    alike = defaultdict(list)
    for one, other in pairs.tolist():
        alike[one].append(other)
    crowd = bits[crowded]
    is_lesser = np.zeros(len(bits), np.bool_)
    for one in sorted({*alike, *crowded.tolist()}):
        if is_lesser[one]:
            continue
        near = crowded[np.bitwise_count(crowd ^ bits[one]) <= SAME_PHASH_BITS].tolist()
        others = [other for other in {*alike[one], *near} if other > one and not is_lesser[other]]
        is_lesser[others] = True
        yield one, others


def counted_once(samples: Sequence[Sample], traits: Mapping[int, PhotoTraits]) -> list[Sample]:
    """Leave samples out that are of nearly the same photo as another of their person: it proves nothing more.

    The photo with the widest face stays.
    """
    widest = sorted(samples, key=lambda sample: -sample.pixels)
    hash_of = {sample.photo_id: traits[sample.photo_id].phash for sample in widest}
    hashes = {photo: phash for photo, phash in hash_of.items() if phash is not None}
    photos = [*hashes]
    best = {photos[index]: photos[leader] for index, leader in best_alike([*hashes.values()]).items()}
    chosen: dict[tuple[int, int], int] = {}
    for sample in widest:
        chosen.setdefault((sample.person_id, best.get(sample.photo_id, sample.photo_id)), sample.photo_id)
    teaching = {(person, photo) for (person, _), photo in chosen.items()}
    return [sample for sample in samples if (sample.person_id, sample.photo_id) in teaching]
