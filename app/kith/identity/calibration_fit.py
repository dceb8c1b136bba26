"""Fit a calibration: logistic regression on pairs of a face and a person, the same or not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

SAME = -5.0  # log odds that a pair is one person: what fits best is where strangers begin to pass
STIFFNESS = 5.0  # how far, by a deviation of its feature, a weight is expected from where it starts
FAR = 3.0  # robust deviations beyond the middle of one person's distances, and
STRANGE = 0.05  # the share of different people who are nearer: pairs beyond both are left out

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Faces beside people (M): their `features` (M x F) and distance, whether they are the `same`, what each weighs."""

    features: Numbers
    distance: Numbers
    same: NDArray[np.bool_]
    weights: Numbers

    def among(self, rows: NDArray[np.bool_]) -> "Pairs":
        """Return some of the pairs, which go on weighing what they do."""
        return Pairs(self.features[rows], self.distance[rows], self.same[rows], self.weights[rows])


def fit(pairs: Pairs, start: Numbers, faces: int) -> Numbers:
    """Return the weights (F) of a log-likelihood ratio that fit pairs best.

    `faces` is how many different ones are the same person's: the fewer, the nearer the weights stay to `start`.
    """
    from scipy.optimize import minimize

    of_pairs, sign, shares = _near(pairs)
    scale = of_pairs.std(axis=0)
    scale[scale == 0] = 1.0
    stiff = STIFFNESS**-2 / faces

    def loss(moved: Numbers) -> tuple[float, Numbers]:
        lead = sign * (of_pairs @ (start + moved / scale) + SAME)
        slope = -sign * shares / (1 + np.exp(lead.clip(-700, 700)))
        total = (shares * np.logaddexp(0, -lead)).sum() + stiff * (moved**2).sum() / 2
        return float(total), (slope @ of_pairs) / scale + stiff * moved

    found = minimize(loss, np.zeros(len(start)), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    weights: Numbers = start + found.x / scale
    return weights


def refit(pairs: Pairs, start: Numbers, faces: int) -> Numbers:
    """Return the weights scaled and shifted to fit pairs best: Platt's scaling, for which few people will do."""
    ratio = pairs.features @ start
    of_ratio = replace(pairs, features=np.stack([np.ones_like(ratio), ratio], axis=1))
    shift, scale = fit(of_ratio, np.array([0.0, 1.0]), faces).tolist()
    moved: Numbers = scale * start
    moved[0] += shift
    return moved


def misfit(pairs: Pairs, weights: Numbers) -> float:
    """Return how badly weights fit pairs: the mean logarithmic loss, both kinds at odds of SAME."""
    of_pairs, sign, shares = _near(pairs)
    lead = sign * (of_pairs @ weights + SAME)
    return float((shares * np.logaddexp(0, -lead)).sum())


def _near(pairs: Pairs) -> tuple[Numbers, Numbers, Numbers]:
    """Return features, sign and share of the pairs that are near enough.

    Nobody is named where they are farther apart, and faces that were taken for the wrong person's bend the line. Both
    kinds weigh as if they were at odds of SAME, so many of the same person being 1.
    """
    shares = np.empty(len(pairs.same))
    for kind, share in ((pairs.same, 1.0), (~pairs.same, np.exp(-SAME))):
        shares[kind] = share * pairs.weights[kind] / pairs.weights[kind].sum()
    own, strange = pairs.distance[pairs.same], pairs.distance[~pairs.same]
    middle = np.median(own)
    deviation = 1.4826 * np.median(np.abs(own - middle))  # of a normal distribution
    near = pairs.distance < max(middle + FAR * deviation, np.quantile(strange, STRANGE))
    sign = np.where(pairs.same[near], 1.0, -1.0)
    return pairs.features[near], sign, shares[near]
