"""How sure it is that a face is a person: a calibrated probability of its distance, and of what is known of both.

The log-likelihood ratio of "the same person" against "somebody else" is a weighted sum of FEATURES, fitted by
identity.calibration_fit. Bayes' rule makes probabilities of those of all candidates: the face is nobody known with
probability 1 - KNOWN, else each of the known people alike. So the next person, and how many are known, count as they
must: docs/recognition.md.
"""

import numpy as np
from numpy.typing import NDArray

from kith.values.calibration import Calibration

KNOWN = 0.5  # the share of faces that are of known people, before one has looked
FEATURES = (
    "one",
    "distance",  # by the rule of identity.nearest
    "typicality",  # of the face: those near the mean of all faces are near to everybody
    "1 / samples",
    "distance / samples",
    "spread",  # of the person's samples, by the same rule; counts the more, the more there are
    "pixels",
    "sharpness",
)
PIXELS = (16.0, 80.0)  # of a face's width: less are not looked at, more tell no more
SHARPNESS = (10.0, 320.0)

Numbers = NDArray[np.float64]


def typicality(calibration: Calibration, vectors: NDArray[np.float32]) -> Numbers:
    """Return how far faces (N x D) are from the mean of all faces, within what was met when it was fitted."""
    apart: Numbers = np.linalg.norm(vectors.astype(np.float64) - calibration.centre, axis=1)
    return apart.clip(*calibration.typicality)


def features(
    distance: Numbers, samples: Numbers, spread: Numbers, typical: Numbers, pixels: Numbers, sharpness: Numbers
) -> Numbers:
    """Return the features of faces beside people, N x K x len(FEATURES).

    The first three are N x K: of the person, how many samples and how far these are apart; the others N: of the face.
    """
    of_face = [typical, _octaves(pixels, PIXELS), _octaves(sharpness, SHARPNESS)]
    typical, fineness, focus = (np.broadcast_to(values[:, None], distance.shape) for values in of_face)
    single = 1 / samples
    columns = [np.ones_like(distance), distance, typical, single, distance * single, spread * (1 - single)]
    return np.stack([*columns, fineness, focus], axis=-1)


def _octaves(values: Numbers, bounds: tuple[float, float]) -> Numbers:
    """Return how often values have to be doubled to reach the upper bound, as negative numbers."""
    _, most = bounds
    return np.log2(np.asarray(values, np.float64).clip(*bounds) / most)


def evidence(
    calibration: Calibration,
    distance: Numbers,
    samples: Numbers,
    spread: Numbers,
    typical: Numbers,
    pixels: Numbers,
    sharpness: Numbers,
) -> Numbers:
    """Return the log-likelihood ratio of "the same person" for faces beside people, all as `features` takes them.

    It is minus infinity where the distance is infinite.
    """
    reachable = np.isfinite(distance)
    within = np.where(reachable, distance, 0.0)
    of_pairs = features(within, samples, spread.clip(*calibration.spread), typical, pixels, sharpness)
    ratio: Numbers = of_pairs @ np.array(calibration.weights)
    return np.where(reachable, ratio, -np.inf)


def probabilities(ratios: Numbers, people: int) -> Numbers:
    """Return the probability that a face is each of its candidates (N x K), by their log-likelihood ratios.

    `people` is how many are known; of those who are no candidates the ratio is too small to matter.
    """
    own = ratios + np.log(KNOWN / max(people, 1))
    anybody = np.logaddexp.reduce(own, axis=1, keepdims=True)
    everybody = np.logaddexp(anybody, np.log(1 - KNOWN))
    likely: Numbers = np.exp(own - everybody)
    return likely
