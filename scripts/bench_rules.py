"""Rules of identification, and what they decide on random galleries; a part of bench.py.

Protocol. In each split some of the people are known, by as many samples as the setup says, drawn at random from their
faces that teach; the others are held out. All faces that do not teach are then asked, each as if alone in its photo.
Every seed is the number of its split, so the same photos and models give the same tables. A face is *findable* where
Kith itself calls it good: sharp, wide enough to be named, and from the front.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from bench_people import DEFAULTS, MARGIN, SUGGEST, TOLERANCE, Face
from kith.identity.decision import Decider
from kith.identity.gallery import Gallery, gallery_of
from kith.policies import BodyPolicy
from kith.values.samples import Sample
from kith.values.sightings import Case, Sighting
from kith.vision.face_model import default_face_model

SPLITS = 40
OTHER, HELD_OUT = -1, 0

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Setup:
    """Who is known: a share of the people, each by one of `sizes` samples; `looks` people count as one person."""

    name: str
    sizes: tuple[int, ...]
    known: float = 2 / 3
    looks: int = 1
    profiles_too: bool = False


MIXED = (1, 2, 3, 5, 8, 12)
FIVE = Setup("5", (5,))
MIX = Setup("1 to 12", MIXED)
SETUPS = (
    Setup("1", (1,)),
    Setup("3", (3,)),
    FIVE,
    Setup("8", (8,)),
    MIX,
    Setup("1 to 12, faces turned away teach too", MIXED, profiles_too=True),
    Setup("1 to 12, a third of the people known", MIXED, known=1 / 3),
    Setup("1 to 12, all people but one known", MIXED, known=1),
    Setup("two people as one, 4 of each", (4,), looks=2),
)


@dataclass(frozen=True, eq=False)
class Split:
    """A gallery (people numbered from 1) and the faces asked; `truth` is their person, HELD_OUT or OTHER."""

    gallery: Gallery
    asked: Sequence[Face]
    truth: NDArray[np.int64]


def split(faces: Sequence[Face], setup: Setup, seed: int, probes: Sequence[Face]) -> Split:
    """Draw a gallery; all probes that do not teach are asked."""
    random = np.random.default_rng(seed)
    people = random.permutation(sorted({face.person for face in faces} - {""}))
    known = people[: min(round(len(people) * setup.known), len(people) - 1)]
    numbers = {str(person): 1 + index // setup.looks for index, person in enumerate(known)}
    taught: list[Face] = []
    for person in numbers:
        pool = [face for face in faces if face.person == person and face.teaches(setup.profiles_too)]
        taught += [pool[index] for index in random.permutation(len(pool))[: random.choice(setup.sizes)]]
    samples = [Sample(numbers[one.person], 0, 0, 0, 0, one.seen.vector) for one in taught]
    known_by = {(one.photo, one.person) for one in taught}
    asked = [one for one in probes if (one.photo, one.person) not in known_by]
    truth = [numbers.get(one.person, HELD_OUT) if one.person else OTHER for one in asked]
    return Split(gallery_of(default_face_model().id, samples), asked, np.array(truth))


# Rules: the distance of each face asked (N) to each person (P)

Rule = Callable[[Split], Floats]


def vectors_of(faces: Sequence[Face]) -> Floats:
    """Return the vectors of faces (N x D)."""
    return np.stack([one.seen.vector for one in faces]).astype(np.float64)


def by_person(one: Split, distances: Floats, join: Callable[[Floats], Floats]) -> Floats:
    """Join the distances to samples (N x S) of each person."""
    return np.stack([join(distances[:, one.gallery.person_ids == person]) for person in one.gallery.people], axis=1)


def nearest_samples(count: int) -> Rule:
    """Return the rule of the mean distance to so many nearest samples."""

    def rule(one: Split) -> Floats:
        distances = cdist(vectors_of(one.asked), one.gallery.vectors)
        return by_person(one, distances, lambda own: np.sort(own, axis=1)[:, :count].mean(axis=1))

    return rule


def mean_vector(one: Split) -> Floats:
    """Compare with the mean vector of each person."""
    return cdist(vectors_of(one.asked), _means(one.gallery))


def _means(gallery: Gallery) -> Floats:
    return np.stack([gallery.vectors[gallery.person_ids == person].mean(axis=0) for person in gallery.people])


def towards_the_mean(one: Split) -> Floats:
    """Compare with the three nearest samples, each moved half-way to its person's mean."""
    means = np.repeat(_means(one.gallery), np.unique(one.gallery.person_ids, return_counts=True)[1], axis=0)
    moved = replace(one.gallery, vectors=((one.gallery.vectors + means) / 2).astype(np.float32))
    return nearest_samples(3)(replace(one, gallery=moved))


def trimmed(one: Split) -> Floats:
    """Compare with the three nearest samples, without the fifth of a person's that is farthest from their others."""
    kept: list[int] = []
    for person in one.gallery.people:
        rows = np.flatnonzero(one.gallery.person_ids == person)
        own = one.gallery.vectors[rows]
        order = rows[np.argsort(cdist(own, own).sum(axis=1))]
        kept += sorted(order[: len(rows) - len(rows) // 5].tolist())
    left = [getattr(one.gallery, name)[kept] for name in ("person_ids", "appearance_ids", "vectors")]
    return nearest_samples(3)(replace(one, gallery=Gallery(one.gallery.model_id, *left)))


def against_others(one: Split) -> Floats:
    """Subtract a third of the distance of the next three people, as score normalisation does."""
    distances = nearest_samples(3)(one)
    if len(one.gallery.people) == 1:
        return distances
    nearest: Floats = np.sort(distances, axis=1)[:, 1:4].mean(axis=1, keepdims=True)
    return distances - nearest / 3


SHIPPED, NEAREST = "mean of 3 nearest", "nearest sample"
RULES: dict[str, Rule] = {
    NEAREST: nearest_samples(1),
    "mean of 2": nearest_samples(2),
    SHIPPED: nearest_samples(3),
    "mean of 4": nearest_samples(4),
    "mean of 5": nearest_samples(5),
    "mean vector": mean_vector,
    "half-way to the mean": towards_the_mean,
    "trimmed": trimmed,
    "against others": against_others,
}


# Outcomes


@dataclass(frozen=True, eq=False)
class Outcome:
    """Decisions on the faces of a split: the nearest person, their distance, how far ahead they are, who is named."""

    split: Split
    nearest: NDArray[np.int64]
    distance: Floats
    margin: Floats
    named: NDArray[np.int64]

    @property
    def truth(self) -> NDArray[np.int64]:
        """Who it is."""
        return self.split.truth

    def at(self, tolerance: float, margin: float = 0.0) -> "Outcome":
        """Return the outcome with everybody named who is near and far enough ahead, of whatever quality the face."""
        return replace(self, named=np.where((self.distance < tolerance) & (self.margin >= margin), self.nearest, 0))

    def found(self, among: NDArray[np.bool_] | None = None) -> float:
        """Return the share of known people's faces that got their name."""
        rows = (self.truth > 0) & (True if among is None else among)
        return float(np.mean((self.named == self.truth)[rows])) if rows.any() else float("nan")

    @property
    def findable(self) -> NDArray[np.bool_]:
        """Which faces are findable."""
        return np.array([one.findable for one in self.split.asked])

    def strangers(self) -> float:
        """Return the share of strangers that got a name, both groups weighing the same."""
        groups = [self.named[self.truth == group] > 0 for group in (HELD_OUT, OTHER)]
        return float(np.mean([group.mean() for group in groups if len(group)]))


def tolerance_letting_in(outcomes: Sequence[Outcome], share: float, margin: float = 0.0) -> float:
    """Return the largest tolerance at which this share of strangers gets a name, both groups weighing the same."""
    distance, truth, ahead = (
        np.concatenate([getattr(one, name) for one in outcomes]) for name in ("distance", "truth", "margin")
    )
    groups = [np.sort(np.where(ahead >= margin, distance, np.inf)[truth == group]) for group in (HELD_OUT, OTHER)]
    steps = np.sort(distance[truth <= 0])
    let_in = np.mean([np.searchsorted(group, steps) / len(group) for group in groups if len(group)], axis=0)
    return float(steps[let_in <= share][-1])


def outcome(one: Split, rule: Rule) -> Outcome:
    """Return what a rule decides where it names everybody."""
    distances = rule(one)
    order = np.sort(np.hstack([distances, np.full((len(distances), 1), np.inf)]), axis=1)
    nearest = one.gallery.people[distances.argmin(axis=1)]
    return Outcome(one, nearest, order[:, 0], order[:, 1] - order[:, 0], nearest)


def shipped(one: Split) -> Outcome:
    """Return what Kith decides with its shipped settings."""
    settings = TOLERANCE, DEFAULTS.body_tol, BodyPolicy.OFF, DEFAULTS.lap_var_thresh
    decider = Decider(one.gallery, gallery_of("", []), *settings, MARGIN, SUGGEST)
    cases = [Case([Sighting(number, face.seen, None)], {number: ()}) for number, face in enumerate(one.asked)]
    decisions = [photo.appearances[0] for photo in decider.photos(cases)]
    columns = zip(*((own.face[0].person_id, own.face[0].value, own.face[0].margin) for own in decisions))
    nearest, distance, margin = map(np.array, columns)
    return Outcome(one, nearest, distance, margin, np.array([own.person_id or 0 for own in decisions]))


def trials(
    faces: Sequence[Face], setup: Setup, probes: Sequence[Face], rule: Rule | None = None, splits: int = SPLITS
) -> list[Outcome]:
    """Return what a rule, or Kith, decides in each split that leaves known people to ask."""
    drawn = (split(faces, setup, seed, probes) for seed in range(splits))
    return [outcome(one, rule) if rule else shipped(one) for one in drawn if (one.truth > 0).any()]
