"""What a second network adds where the first is not sure; a part of `scripts/bench.py networks`.

Nested as `scripts/bench.py certainty`: both networks' certainty is fitted on half of the people and of the strangers'
photos, and the other half is asked. Faces of which the first network is not sure are decided by both; of the rest the
first decides alone, as in the program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench_people import DEFAULTS, progress
from bench_tables import Row
from calibration_data import WHOLE, FaceTable, beside, drawn_gallery, fitted, parted
from kith.identity.certainty import probabilities
from kith.identity.evaluation import calibration_error
from kith.identity.second_opinion import FIRST_COUNTS
from kith.values.calibration import Calibration

HALVES = 10
GALLERIES = 4
DRAWS = 6
SAMPLES = (1, 3, 5)
RESAMPLES = 300
WEIGHTS = ((1.0, 0.0), (1.0, 1.0), (0.75, 0.75), (FIRST_COUNTS, 1.0))  # of the first network's evidence, the second's
SMALL = "20 px"

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Asked:
    """Faces asked (N): how likely each known person is (N x P), who it is (-1: nobody known), and what is not sure.

    `face` is its number, in whatever gallery it is asked, and `group` the person, or a stranger's photo: what is drawn
    anew for an interval.
    """

    sure: Floats
    truth: Numbers
    condition: Names
    face: Numbers
    group: Names
    unsure: Flags


def second_opinions(first: FaceTable, second: FaceTable) -> list[Row]:
    """Return what the first network finds alone, and with the second where it is not sure, by how much each counts."""
    found: dict[tuple[int, tuple[float, float]], list[Asked]] = {}
    for seed in progress(range(HALVES), f"second opinion: {HALVES} ways to part the people", HALVES):
        of_first, people, known = parted(first, seed)
        fits = [fitted(own.among(of_first), people, DRAWS, 50 * seed, "") for own in (first, second)]
        left = first.among(~of_first), second.among(~of_first)
        for samples in SAMPLES:
            for number in range(GALLERIES):
                ratios, truth, condition, face, group = _ratios(
                    left, np.flatnonzero(~of_first), fits, known, samples, number
                )
                for weights in WEIGHTS:
                    asked = _heard(ratios, weights, truth, condition, face, group)
                    found.setdefault((samples, weights), []).append(asked)
    return [_row(samples, weights, asked) for (samples, weights), asked in sorted(found.items(), key=_order)]


def _order(item: tuple[tuple[int, tuple[float, float]], object]) -> tuple[int, int]:
    (samples, weights), _ = item
    return samples, WEIGHTS.index(weights)


def _ratios(
    tables: Sequence[FaceTable],
    faces: Numbers,
    fits: Sequence[Calibration],
    people: Sequence[str],
    samples: int,
    number: int,
) -> tuple[list[Floats], Numbers, Names, Numbers, Names]:
    """Return each network's log-likelihood ratios of one drawn gallery (N x P), and of the faces as Asked has them.

    `faces` are the numbers of those in the tables.
    """
    random = np.random.default_rng(100 * samples + number)
    known = random.permutation(people)[: max(3, round(len(people) * 2 / 3))].tolist()
    ratios = []
    for own, calibration in zip(tables, fits, strict=True):
        gallery, taught = drawn_gallery(own, known, (samples,), number)
        asked = own.among(~taught)
        ratios.append(beside(calibration, gallery, asked) @ np.array(calibration.weights))
    numbers = {person: index for index, person in enumerate(known)}
    truth = np.array([numbers.get(person, -1) for person in asked.person.tolist()])
    group = np.where(asked.person == "", asked.photo, asked.person)
    return ratios, truth, asked.condition, faces[~taught], group


def _heard(
    ratios: Sequence[Floats],
    weights: tuple[float, float],
    truth: Numbers,
    condition: Names,
    face: Numbers,
    group: Names,
) -> Asked:
    first, second = ratios
    people = first.shape[1]
    alone = probabilities(first, people).max(axis=1)
    unsure = (alone >= DEFAULTS.suggest_at) & (alone < DEFAULTS.sure_at)
    both = np.where(unsure[:, None], weights[0] * first + weights[1] * second, first)
    return Asked(probabilities(both, people), truth, condition, face, group, unsure)


def _row(samples: int, weights: tuple[float, float], asked: Sequence[Asked]) -> Row:
    sure = np.concatenate([own.sure.max(axis=1) for own in asked])
    best = np.concatenate([own.sure.argmax(axis=1) for own in asked])
    names = ("truth", "condition", "face", "group", "unsure")
    truth, condition, face, group, unsure = (np.concatenate([getattr(own, name) for own in asked]) for name in names)
    known, right, named = truth >= 0, best == truth, sure >= DEFAULTS.sure_at
    rows: Mapping[str, Flags] = {"": condition == WHOLE, f", {SMALL}": condition == SMALL}

    def percent(of: Flags, hits: Flags) -> float:
        return round(100 * float(hits[of].mean()), 2)

    row: Row = {"samples": samples, "first counts": weights[0], "second counts": weights[1]}
    for name, own in rows.items():
        row[f"known found{name}"] = percent(own & known, named & right)
        row[f"strangers accepted{name}"] = percent(own & ~known, named)
    row["wrong names"] = percent(known, named & ~right)
    row["not sure before"] = percent(condition == WHOLE, unsure)
    for name, of in (("those", unsure), (f"those, {WHOLE}", unsure & (condition == WHOLE)), ("all", known | ~known)):
        row[f"calibration error of {name}"] = _error(sure[of], (right & known)[of], known[of], group[of])
        row[f"by chance, {name}"] = _by_chance(sure[of], known[of], face[of])
        row[f"n known faces, {name}"] = len(np.unique(face[of & known]))
    return row


def _error(sure: Floats, right: Flags, known: Flags, groups: Names) -> str:
    """Return the expected calibration error with its 95 % interval, by drawing people and strangers' photos anew."""
    rows = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    random = np.random.default_rng(0)
    errors = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rows[number] for number in random.integers(len(rows), size=len(rows))])
        errors.append(calibration_error(sure[drawn], right[drawn], known[drawn]))
    low, high = np.quantile(errors, (0.025, 0.975))
    return f"{calibration_error(sure, right, known):.3f} [{low:.3f}, {high:.3f}]"


def _by_chance(sure: Floats, known: Flags, faces: Numbers) -> str:
    """Return the error of right probabilities over so few faces, in the mean, and what 95 % of draws stay below.

    A face that is asked often is drawn once.
    """
    _, number = np.unique(faces, return_inverse=True)
    draws = np.random.default_rng(0).random((RESAMPLES, number.max() + 1))
    errors = [calibration_error(sure, drawn[number] < sure, known) for drawn in draws]
    return f"{np.mean(errors):.3f} [< {np.quantile(errors, 0.95):.3f}]"
