"""Measure how well unknown faces are grouped, on real faces and on many drawn around them, and what that takes."""

import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from bench_people import DEFAULTS, PEOPLE, STRANGERS, Face, faces_in
from bench_tables import Row, Tables
from kith.identity.clusters import Nearness, clusters_of
from kith.identity.face_groups import PERHAPS_SAME, SAME, grouped, near_groups
from kith.identity.gallery import is_good
from kith.values.samples import LEAST_PIXELS, Faces

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
Way = Callable[[Faces, float], Ids]  # to group faces by the graph of those nearer than a distance

# More people than the folders name, looked at by eye: who is alone in a photo, or where in it (percent across, down).
STREET = "maksssksksss{}.jpg"
ALONE = {
    "a boy": [48, 239, 299, 348, 420, 442, 561, 716, 817, 837],
    "a bearded man": [14, 125, 154, 172, 236, 343, 402, 404, 455, 528, 544, 565, 624, 729, 841],
}
PORTRAITS = "bald_guys.jpg"  # one picture made of many
PLACED = {
    "the first": {PORTRAITS: [(32, 12), (32, 33), (8, 89), (7, 10), (7, 30), (20, 19)]},
    "the second": {PORTRAITS: [(25, 59), (48, 31), (7, 50), (48, 11), (20, 33), (20, 7)]},
    "the third": {PORTRAITS: [(23, 86), (58, 54), (43, 58), (43, 85), (6, 68), (60, 74)]},
    "the fourth": {PORTRAITS: [(81, 16), (59, 90), (94, 90), (76, 90), (95, 31), (85, 48)]},
    "a president": {"obama-1080p.jpg": [(52, 23)], "obama_and_biden.jpg": [(61, 33)], "two_people.jpg": [(28, 18)]},
    "somebody beside": {
        "Arnold_Schwarzenegger_0005.jpg": [(10, 67)],
        "Arnold_Schwarzenegger_0007.jpg": [(12, 70)],
    },
    "his deputy": {"obama_and_biden.jpg": [(42, 37)], "two_people.jpg": [(77, 23)]},
}
NEAR = 5  # percent
MANY, NEW = 100_000, 1_000
LONE = 0.4  # of the faces drawn
POOR = 0.3
LARGEST = 2_000
RADII = (0.36, 0.38, 0.40, 0.42, 0.44)
ALONE_TRIED, TOGETHER_TRIED = (0.38, 0.40, 0.42), (0.50, 0.52, 0.54, 0.58)
WHISPERS = 20  # rounds


@dataclass(frozen=True)
class Truth:
    """Faces and the number of the person each one is; `known` people have more than one face."""

    faces: Faces
    people: Ids

    def only(self, kept: NDArray[np.bool_]) -> "Truth":
        """Return some of them."""
        faces = self.faces
        some = Faces(
            faces.ids[kept],
            faces.vectors[kept],
            faces.photos[kept],
            faces.groups[kept],
            faces.unknown[kept],
            faces.good[kept],
            faces.settled[kept],
        )
        people = self.people[kept]
        return Truth(some, people)


def groups(data: Path) -> Tables:
    """Compare ways of grouping, and say how long 100,000 faces take."""
    faces = faces_in(data, PEOPLE + STRANGERS)
    truth, masked = _truth(faces)
    unmasked = truth.only(~masked)
    real = unmasked.only(unmasked.faces.good)
    kinds = {
        "good faces": real,
        "good faces, masked ones too": truth.only(truth.faces.good),
        "all faces": unmasked,
        "all faces, masked ones too": truth,
    }
    drawn = _drawn(real)
    offered = {**kinds, "drawn": drawn}
    return {
        "ways of grouping, good faces": _quality(real),
        f"shipped: {_words(SAME)}": [_shipped(name, kind) for name, kind in kinds.items()],
        "offered as perhaps the same": [_offers(name, kind) for name, kind in offered.items()],
        f"{MANY} faces drawn around real ones": _many(drawn),
        "time and memory": _costs(drawn),
    }


def _quality(real: Truth) -> list[Row]:
    ways = [Nearness(alone, together) for alone in ALONE_TRIED for together in TOGETHER_TRIED]
    rows = [_linked(real, way) for way in [*ways, PERHAPS_SAME]]
    return rows + [_in_graph(real, name, way, radius) for name, way, radius in _graphs()]


def _linked(truth: Truth, way: Nearness) -> Row:
    found = grouped(truth.faces, way)
    return {"way": _words(way), **_score(found, truth.people)}


def _in_graph(truth: Truth, name: str, way: Way, radius: float) -> Row:
    found = way(truth.faces, radius)
    return {"way": f"{name} {radius}", **_score(found, truth.people)}


def _shipped(name: str, kind: Truth) -> Row:
    found = grouped(kind.faces)
    return {"faces": name, **_score(found, kind.people)}


def _truth(faces: Sequence[Face]) -> tuple[Truth, NDArray[np.bool_]]:
    """Return all faces with who they are, and which are of street photos full of masks."""
    count = len(faces)
    numbers: dict[str, int] = {}
    names = [_name(face) or f"{index}" for index, face in enumerate(faces)]
    photos = [_photo(face, index) for index, face in enumerate(faces)]
    vectors = [face.seen.vector for face in faces]
    _, photo_numbers = np.unique(photos, return_inverse=True)
    good = [_counts(face) for face in faces]
    found = Faces(
        np.arange(1, count + 1),
        np.stack(vectors),
        photo_numbers.astype(np.int64),
        np.zeros(count, np.int64),
        np.ones(count, np.bool_),
        np.array(good),
        np.zeros(count, np.bool_),
    )
    people = [numbers.setdefault(name, len(numbers)) for name in names]
    masked = [face.photo.match("street_voc/*") and name.isdecimal() for face, name in zip(faces, names)]
    return Truth(found, np.array(people)), np.array(masked, np.bool_)


def _photo(face: Face, index: int) -> str:
    """Return what is one for faces of one photo; of the picture made of many each face has its own."""
    portrait = index if face.photo.name == PORTRAITS else ""
    return f"{face.photo} {portrait}"


def _counts(face: Face) -> bool:
    seen = face.seen
    return is_good(seen, DEFAULTS.lap_var_thresh) and seen.pixels >= LEAST_PIXELS


def _name(face: Face) -> str:
    photo = face.photo.name
    alone = (who for who, numbers in ALONE.items() if photo in _street_photos(numbers))
    placed = (who for who, photos in PLACED.items() if _is_near(face, photos.get(photo, ())))
    return face.person or next(alone, "") or next(placed, "")


def _street_photos(numbers: Sequence[int]) -> list[str]:
    return [STREET.format(number) for number in numbers]


def _is_near(face: Face, places: Sequence[tuple[int, int]]) -> bool:
    """Say whether the middle of a face lies near one of the places (percent across, down)."""
    x, y, width, height = face.seen.box
    middle = np.array([x + width / 2, y + height / 2])
    percent = 100 * middle
    distances = (abs(percent - place).max() for place in places)
    return any(distance <= NEAR for distance in distances)


def _words(way: Nearness) -> str:
    return f"average linkage {way.alone} to {way.together}"


def _graphs() -> list[tuple[str, Way, float]]:
    ways: dict[str, Way] = {"connected components": _components, "chinese whispers": _whispers}
    return [(name, way, radius) for name, way in ways.items() for radius in RADII]


def _edges(faces: Faces, radius: float) -> Any:
    """Return the symmetric graph of faces nearer than `radius`, none of one photo."""
    count = len(faces.ids)
    everybody, nobody = np.arange(count), np.arange(0)
    clusters = clusters_of(faces)
    first, second, _ = clusters.near(everybody, nobody, Nearness(radius, radius))
    apart = faces.photos[first] != faces.photos[second]
    ends = first[apart], second[apart]
    marks = np.ones(apart.sum(), np.int8)
    half = csr_array((marks, ends), shape=(count, count))
    return csr_array(half + half.T)


def _components(faces: Faces, radius: float) -> Ids:
    edges = _edges(faces, radius)
    _, components = connected_components(edges, directed=False)
    return np.asarray(components, np.int64)


def _whispers(faces: Faces, radius: float) -> Ids:
    """C. Biemann's chinese whispers (2006), as dlib has it: each face takes the label most of its neighbours have."""
    edges = _edges(faces, radius)
    begins, neighbours = edges.indptr, edges.indices
    random = np.random.default_rng(0)
    count = len(faces.ids)
    labels = np.arange(count)
    rounds = [random.permutation(count) for _ in range(WHISPERS)]
    for face in np.concatenate(rounds).tolist():
        near = neighbours[begins[face] : begins[face + 1]]
        if len(near):
            named, votes = np.unique(labels[near], return_counts=True)
            most = votes.argmax()
            labels[face] = named[most]
    return labels


def _score(found: Ids, people: Ids) -> Row:
    """Return shares in percent: of pairs, and B-cubed (Bagga, Baldwin 1998), recall over people of several faces."""
    _, groups = np.unique(found, return_inverse=True)
    _, people = np.unique(people, return_inverse=True)
    faces = np.ones(len(groups))
    table = coo_array((faces, (groups, people))).tocsr()
    row, column = table.nonzero()
    both = np.asarray(table[row, column]).ravel()
    sizes, of_people = np.bincount(groups), np.bincount(people)
    several = of_people[column] > 1
    precision = both**2 / sizes[row]
    recall = both**2 / of_people[column]
    of_several, people_of_several = _count(several), _count(of_people > 1)
    people_in_group = np.bincount(row, minlength=len(sizes))
    is_mixed = people_in_group > 1
    right = _pairs(both)
    return {
        "right pairs": _percent(right, _pairs(sizes)),
        "pairs found": _percent(right, _pairs(of_people)),
        "B-cubed precision": _percent(precision.sum(), len(groups)),
        "B-cubed recall": _percent(recall[several].sum(), both[several].sum()),
        "groups": _count(sizes > 1),
        "mixed": _count(is_mixed & (sizes > 1)),
        "mixed of 10 and more": _count(is_mixed & (sizes >= 10)),
        "groups a person": round(of_several / people_of_several, 1),
        "largest": int(sizes.max()),
    }


def _count(which: NDArray[np.bool_]) -> int:
    return int(which.sum())


def _pairs(sizes: NDArray[Any]) -> float:
    pairs = sizes * (sizes - 1) / 2
    return float(pairs.sum())


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 100.0


def _offers(name: str, kind: Truth) -> Row:
    found = grouped(kind.faces)
    faces = kind.faces.in_groups(found)
    who = dict(zip(faces.ids.tolist(), kind.people.tolist()))
    pairs = near_groups(faces)
    right = sum(who[group] == who[other] for group, other in pairs)
    return {"faces": name, "offered": len(pairs), "right": right}


def _drawn(real: Truth) -> Truth:
    """Return many faces: people drawn around the real ones, some of one face, their faces as scattered as real ones.

    Both are normal, with the covariances between and within the real people; how far a face strays from its person is
    drawn from how far real faces do.
    """
    random = np.random.default_rng(0)
    between, within, strays = _scatter(real)
    people = _people_drawn(random)
    length = len(between)
    mean = real.faces.vectors.mean(axis=0)
    deviations = random.normal(size=(people.max() + 1, length))
    centres = mean + deviations @ between.T
    far = random.choice(strays, (MANY, 1))
    deviations = random.normal(size=(MANY, length))
    around = far * (deviations @ within.T)
    vectors = (centres[people] + around).astype(np.float32)
    ids = np.arange(1, MANY + 1)
    no_groups = np.zeros_like(ids)
    yes = np.ones(MANY, np.bool_)
    faces = Faces(ids, vectors, ids, no_groups, yes, yes, ~yes)
    return Truth(faces, people)


def _people_drawn(random: np.random.Generator) -> Ids:
    """Return who each face is: people of two and more faces, some of very many, and then those of a single one."""
    sizes: list[int] = []
    several = (1 - LONE) * MANY
    while sum(sizes) < several:
        size = int(2 + 2 * random.pareto(1))
        sizes.append(min(LARGEST, size))
    count = len(sizes)
    of_several = np.repeat(np.arange(count), sizes)
    lone = count + np.arange(MANY)
    people = np.concatenate((of_several, lone))
    return random.permutation(people[:MANY])


def _scatter(real: Truth) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the roots of both covariances, and how far each face of a person of several strays, 1 on average."""
    vectors = real.faces.vectors.astype(np.float64)
    people, number, sizes = np.unique(real.people, return_inverse=True, return_counts=True)
    means = np.stack([vectors[real.people == person].mean(axis=0) for person in people])
    size_of_face = sizes[number]
    kept = size_of_face > 1
    unbiased = np.sqrt(sizes / np.maximum(sizes - 1, 1))
    scale = unbiased[number][kept, None]
    deviations = vectors - means[number]
    strays = deviations[kept] * scale
    within = strays.T @ strays / len(strays)
    of_three = size_of_face[kept] > 2
    lengths = np.linalg.norm(strays[of_three], axis=1)
    mean_share = np.mean(1 / sizes)
    between = np.cov(means.T) - within * mean_share
    usual = np.sqrt((lengths**2).mean())
    return _root(between), _root(within), lengths / usual


def _root(covariance: NDArray[Any]) -> NDArray[Any]:
    values, vectors = np.linalg.eigh(covariance)
    positive = np.maximum(values, 0)
    root: NDArray[Any] = vectors * np.sqrt(positive)
    return root


def _many(drawn: Truth) -> list[Row]:
    rows = [_linked(drawn, way) for way in (SAME, Nearness(0.40, 0.52), Nearness(0.40, 0.54))]
    for name, way, radius in _graphs():
        is_wide = radius == 0.42 and way is _components
        if radius in (0.36, 0.38, 0.40) or is_wide:
            row = _in_graph(drawn, name, way, radius)
            rows.append(row)
    return rows


def _costs(drawn: Truth) -> list[Row]:
    """Group all from nothing, and the last of them after the others; time and memory are measured apart."""
    rows: list[Row] = []
    for poor, told in ((0.0, ""), (POOR, f", {POOR:.0%} poor")):
        good = np.random.default_rng(0).random(MANY) >= poor
        faces = replace(drawn.faces, good=good)
        rows += _costs_of(replace(drawn, faces=faces), told)
    return rows


def _costs_of(whole: Truth, told: str) -> Iterator[Row]:
    old = whole.faces.ids <= MANY - NEW
    before = np.zeros(MANY, np.int64)
    before[old] = grouped(whole.only(old).faces)
    members = np.bincount(before)[before]
    several = members * (before > 0) > 1
    for name, start in (("from nothing", whole.faces.groups), (f"{NEW} new", before)):
        asked = whole.faces.in_groups(start)
        began = time.perf_counter()
        after = grouped(asked)
        seconds = time.perf_counter() - began
        has_moved = start != after
        moved = _count(has_moved[several]) if start is before else ""
        yield {"faces": name + told, "s": round(seconds, 1), "peak MB": _peak(asked), "members moved": moved}


def _peak(faces: Faces) -> int:
    """Return the most memory that grouping takes beside the vectors it is given, in megabytes."""
    tracemalloc.start()
    grouped(faces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(peak / 1e6)
