"""Fit certainty to a knowledge base that holds enough: one's own people are not those that it was fitted on."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kith.identity.calibration_fit import Pairs, fit, misfit, refit
from kith.identity.certainty import FEATURES, features, typicality
from kith.identity.nearest import distance_from
from kith.identity.own_samples import Own, quality, some
from kith.values.calibration import Calibration

MOST_PEOPLE = 100  # that each face is put beside


def fitted(own: Own, calibration: Calibration | None) -> Calibration | None:
    """Return a calibration fitted to a knowledge base that holds enough, starting from one if there is one.

    None where the one there is fits people whom it was not fitted to as well: each half of the people is tried on the
    other.
    """
    if own.missing():
        return None
    blank = calibration or _blank(own)
    pairs, people = _pairs(own, blank)
    everybody = np.unique(people)
    first = np.isin(people, everybody[::2])
    if calibration:
        gain = 0.0
        for part in (first, ~first):
            weights = _fit(pairs.among(part), calibration)
            others = pairs.among(~part)
            gain += misfit(others, np.array(calibration.weights)) - misfit(others, weights)
        if gain <= 0:
            return None
    basis = f"{len(everybody)} people of this library"
    numbers = tuple(_fit(pairs, calibration).tolist())
    return replace(blank, weights=numbers, fitted_on=basis)


def _fit(pairs: Pairs, start: Calibration | None) -> NDArray[np.float64]:
    faces = int(pairs.same.sum())
    if start is None:
        return fit(pairs, np.zeros(len(FEATURES)), faces)
    return refit(pairs, np.array(start.weights), faces)


def _blank(own: Own) -> Calibration:
    """Return the ranges of what is met, the weights still to be fitted."""
    vectors = own.gallery.vectors.astype(np.float64)
    layout = own.gallery.layout
    middles = np.add.reduceat(vectors, layout.starts) / layout.counts[:, None]
    centre = middles.mean(axis=0)
    apart = np.linalg.norm(vectors - centre, axis=1)
    spreads = own.gallery.spreads[layout.counts > 1]
    low, high = np.quantile(apart, (0.01, 0.99)).tolist()
    return Calibration(centre, (low, high), (float(spreads.min()), float(spreads.max())), (), "")


def _pairs(own: Own, blank: Calibration) -> tuple[Pairs, NDArray[np.int64]]:
    """Return samples beside their own person and beside some others, and whose sample each pair is of."""
    left = own.untied()
    asked = some([*left])
    layout = own.gallery.layout
    drawn = random.Random(0).sample(range(len(layout.people)), min(MOST_PEOPLE, len(layout.people)))
    asked_ids = own.gallery.person_ids[list(asked)]
    mine = _beside(own, blank, {row: left[row] for row in asked})
    parts, same, whose = [mine], [np.ones(len(asked), bool)], [asked_ids]
    for place in drawn:
        begin = int(layout.starts[place])
        rows = range(begin, begin + int(layout.counts[place]))
        strange = [row for row in asked if own.gallery.person_ids[row] != layout.people[place]]
        parts.append(_beside(own, blank, dict.fromkeys(strange, rows)))
        same.append(np.zeros(len(strange), bool))
        whose.append(own.gallery.person_ids[strange])
    are_same = np.concatenate(same)
    of_pairs = np.concatenate(parts)
    distance = of_pairs[:, FEATURES.index("distance")]
    return Pairs(of_pairs, distance, are_same, np.ones(len(are_same))), np.concatenate(whose)


def _beside(own: Own, blank: Calibration, compared: Mapping[int, Sequence[int]]) -> NDArray[np.float64]:
    """Return the features of samples beside the one person whose samples are given for each: N x F."""
    rows = [*compared]
    vectors = own.gallery.vectors
    distance = np.array([distance_from(vectors[row], vectors[others]) for row, others in compared.items()])
    counts = np.array([len(others) for others in compared.values()], np.float64)
    place = np.searchsorted(
        own.gallery.layout.people, [own.samples[others[0]].person_id for others in compared.values()]
    )
    spread = own.gallery.spreads[place].clip(*blank.spread)
    of_face = typicality(blank, vectors[rows]), *quality(own, rows)
    return features(distance[:, None], counts[:, None], spread[:, None], *of_face)[:, 0]
