"""Measure how well unknown faces are grouped, on real faces and on many drawn around them, and what that takes."""

import time
import tracemalloc
from collections.abc import Callable, Sequence
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


@dataclass(frozen=True)
class Truth:
    """Faces and the number of the person each one is; `known` people have more than one face."""

    faces: Faces
    people: Ids

    def only(self, kept: NDArray[np.bool_]) -> "Truth":
        """Return some of them."""
        faces = self.faces
        columns: tuple[Any, ...] = (faces.ids, faces.vectors, faces.photos, faces.groups, faces.unknown, faces.good)
        return Truth(Faces(*(column[kept] for column in columns)), self.people[kept])


def groups(data: Path) -> Tables:
    """Compare ways of grouping, and say how long 100,000 faces take."""
    truth, masked = _truth(faces_in(data, PEOPLE + STRANGERS))
    unmasked = truth.only(~masked)
    kinds = {
        "good faces": unmasked.only(unmasked.faces.good),
        "good faces, masked ones too": truth.only(truth.faces.good),
        "all faces": unmasked,
        "all faces, masked ones too": truth,
    }
    ways = [*((Nearness(one, two)) for one in (0.38, 0.40, 0.42) for two in (0.50, 0.52, 0.54, 0.58)), PERHAPS_SAME]
    real = kinds["good faces"]
    quality = [{"way": _words(way), **_score(grouped(real.faces, way), real.people)} for way in ways]
    quality += [
        {"way": f"{name} {radius}", **_score(way(real.faces, radius), real.people)} for name, way, radius in _graphs()
    ]
    shipped = [{"faces": name, **_score(grouped(kind.faces), kind.people)} for name, kind in kinds.items()]
    drawn = _drawn(real)
    return {
        "ways of grouping, good faces": quality,
        f"shipped: {_words(SAME)}": shipped,
        "offered as perhaps the same": [_offers(name, kind) for name, kind in [*kinds.items(), ("drawn", drawn)]],
        f"{MANY} faces drawn around real ones": _many(drawn),
        "time and memory": _costs(drawn),
    }


def _truth(faces: Sequence[Face]) -> tuple[Truth, NDArray[np.bool_]]:
    """Return all faces with who they are, and which are of street photos full of masks."""
    numbers: dict[str, int] = {}
    names = [_name(face) or f"{index}" for index, face in enumerate(faces)]
    photos = [f"{face.photo} {index if face.photo.name == PORTRAITS else ''}" for index, face in enumerate(faces)]
    found = Faces(
        np.arange(1, len(faces) + 1),
        np.stack([face.seen.vector for face in faces]),
        np.unique(photos, return_inverse=True)[1].astype(np.int64),
        np.zeros(len(faces), np.int64),
        np.ones(len(faces), np.bool_),
        np.array([is_good(face.seen, DEFAULTS.lap_var_thresh) and face.seen.pixels >= LEAST_PIXELS for face in faces]),
    )
    people = np.array([numbers.setdefault(name, len(numbers)) for name in names])
    masked = [face.photo.match("street_voc/*") and name.isdecimal() for face, name in zip(faces, names)]
    return Truth(found, people), np.array(masked, np.bool_)


def _name(face: Face) -> str:
    alone = (who for who, photos in ALONE.items() if face.photo.name in [STREET.format(one) for one in photos])
    x, y, width, height = face.seen.box
    middle = np.array([x + width / 2, y + height / 2]) * 100
    placed = (
        who
        for who, photos in PLACED.items()
        if any(abs(middle - place).max() <= NEAR for place in photos.get(face.photo.name, ()))
    )
    return face.person or next(alone, "") or next(placed, "")


def _words(way: Nearness) -> str:
    return f"average linkage {way.alone} to {way.together}"


def _graphs() -> list[tuple[str, Callable[[Faces, float], Ids], float]]:
    ways = {"connected components": _components, "chinese whispers": _whispers}
    return [(name, way, radius) for name, way in ways.items() for radius in RADII]


def _edges(faces: Faces, radius: float) -> Any:
    """Return the symmetric graph of faces nearer than `radius`, none of one photo."""
    ones, others, _ = clusters_of(faces).near(np.arange(len(faces.ids)), np.arange(0), Nearness(radius, radius))
    apart = faces.photos[ones] != faces.photos[others]
    half = csr_array((np.ones(apart.sum(), np.int8), (ones[apart], others[apart])), shape=(len(faces.ids),) * 2)
    return csr_array(half + half.T)


def _components(faces: Faces, radius: float) -> Ids:
    components = connected_components(_edges(faces, radius), directed=False)[1]
    return np.asarray(components, np.int64)


def _whispers(faces: Faces, radius: float) -> Ids:
    """C. Biemann's chinese whispers (2006), as dlib has it: each face takes the label most of its neighbours have."""
    edges, random = _edges(faces, radius), np.random.default_rng(0)
    labels = np.arange(len(faces.ids))
    for face in np.concatenate([random.permutation(len(labels)) for _ in range(20)]).tolist():
        near = edges.indices[edges.indptr[face] : edges.indptr[face + 1]]
        if len(near):
            named, votes = np.unique(labels[near], return_counts=True)
            labels[face] = named[votes.argmax()]
    return labels


def _score(found: Ids, people: Ids) -> Row:
    """Return shares in percent: of pairs, and B-cubed (Bagga, Baldwin 1998), recall over people of several faces."""
    groups, people = (np.unique(labels, return_inverse=True)[1] for labels in (found, people))
    table = coo_array((np.ones(len(groups)), (groups, people))).tocsr()
    row, column = table.nonzero()
    both = np.asarray(table[row, column]).ravel()
    sizes, of_people = np.bincount(groups), np.bincount(people)
    several = of_people[column] > 1
    in_group = np.bincount(row, minlength=len(sizes))
    return {
        "right pairs": _percent(_pairs(both), _pairs(sizes)),
        "pairs found": _percent(_pairs(both), _pairs(of_people)),
        "B-cubed precision": _percent((both**2 / sizes[row]).sum(), len(groups)),
        "B-cubed recall": _percent((both**2 / of_people[column])[several].sum(), both[several].sum()),
        "groups": int((sizes > 1).sum()),
        "mixed": int((in_group[sizes > 1] > 1).sum()),
        "mixed of 10 and more": int((in_group[sizes >= 10] > 1).sum()),
        "groups a person": round(float(several.sum() / (of_people > 1).sum()), 1),
        "largest": int(sizes.max()),
    }


def _pairs(sizes: NDArray[Any]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 100.0


def _offers(name: str, kind: Truth) -> Row:
    faces = kind.faces.in_groups(grouped(kind.faces))
    who = dict(zip(faces.ids.tolist(), kind.people.tolist()))
    pairs = near_groups(faces)
    return {"faces": name, "offered": len(pairs), "right": sum(who[one] == who[other] for one, other in pairs)}


def _drawn(real: Truth) -> Truth:
    """Return many faces: people drawn around the real ones, some of one face, their faces as scattered as real ones.

    Both are normal, with the covariances between and within the real people; how far a face strays from its person is
    drawn from how far real faces do.
    """
    random = np.random.default_rng(0)
    between, within, strays = _scatter(real)
    sizes: list[int] = []
    while sum(sizes) < (1 - LONE) * MANY:
        sizes.append(min(LARGEST, int(2 + 2 * random.pareto(1))))
    people = np.concatenate((np.repeat(np.arange(len(sizes)), sizes), len(sizes) + np.arange(MANY)))[:MANY]
    people = random.permutation(people)
    centres = real.faces.vectors.mean(axis=0) + random.normal(size=(people.max() + 1, len(between))) @ between.T
    around = random.choice(strays, (MANY, 1)) * (random.normal(size=(MANY, len(within))) @ within.T)
    ids = np.arange(1, MANY + 1)
    yes = np.ones(MANY, np.bool_)
    return Truth(Faces(ids, (centres[people] + around).astype(np.float32), ids, 0 * ids, yes, yes), people)


def _scatter(real: Truth) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the roots of both covariances, and how far each face of a person of several strays, 1 on average."""
    vectors = real.faces.vectors.astype(np.float64)
    people, number, sizes = np.unique(real.people, return_inverse=True, return_counts=True)
    means = np.stack([vectors[real.people == person].mean(axis=0) for person in people])
    kept = sizes[number] > 1
    unbiased = np.sqrt(sizes / np.maximum(sizes - 1, 1))[number][kept, None]
    strays = (vectors - means[number])[kept] * unbiased
    within = strays.T @ strays / len(strays)
    lengths = np.linalg.norm(strays[sizes[number][kept] > 2], axis=1)
    between = np.cov(means.T) - within * np.mean(1 / sizes)
    return _root(between), _root(within), lengths / np.sqrt((lengths**2).mean())


def _root(covariance: NDArray[Any]) -> NDArray[Any]:
    values, vectors = np.linalg.eigh(covariance)
    root: NDArray[Any] = vectors * np.sqrt(np.maximum(values, 0))
    return root


def _many(drawn: Truth) -> list[Row]:
    ways = [SAME, Nearness(0.40, 0.52), Nearness(0.40, 0.54)]
    rows = [{"way": _words(way), **_score(grouped(drawn.faces, way), drawn.people)} for way in ways]
    return rows + [
        {"way": f"{name} {radius}", **_score(way(drawn.faces, radius), drawn.people)}
        for name, way, radius in _graphs()
        if radius in (0.36, 0.38, 0.40) or (radius == 0.42 and way is _components)
    ]


def _costs(drawn: Truth) -> list[Row]:
    """Group all from nothing, and the last of them after the others; time and memory are measured apart."""
    rows = []
    old = drawn.faces.ids <= MANY - NEW
    for poor, told in ((0.0, ""), (POOR, f", {POOR:.0%} poor")):
        good = np.random.default_rng(0).random(MANY) >= poor
        whole = replace(drawn, faces=replace(drawn.faces, good=good))
        before = np.zeros(MANY, np.int64)
        before[old] = grouped(whole.only(old).faces)
        several = np.bincount(before)[before] * (before > 0) > 1
        for name, start in (("from nothing", whole.faces.groups), (f"{NEW} new", before)):
            asked = whole.faces.in_groups(start)
            began = time.perf_counter()
            after = grouped(asked)
            seconds = time.perf_counter() - began
            moved = int((start != after)[several].sum()) if start is before else ""
            rows.append({"faces": name + told, "s": round(seconds, 1), "peak MB": _peak(asked), "members moved": moved})
    return rows


def _peak(faces: Faces) -> int:
    """Return the most memory that grouping takes beside the vectors it is given, in megabytes."""
    tracemalloc.start()
    grouped(faces)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 1e6)
