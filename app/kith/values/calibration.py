"""What makes a probability of a distance between faces: numbers fitted for one face model."""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The numbers that identity.certainty turns distances of one face model into probabilities by.

    `centre` (D) is the mean of many strangers' vectors; `typicality` and `spread` the ranges that were met of a face's
    distance to it and of a person's samples to each other; `weights` one for each of identity.certainty.FEATURES.
    `fitted_on` says in words what they come from.
    """

    centre: NDArray[np.float64]
    typicality: Range
    spread: Range
    weights: tuple[float, ...]
    fitted_on: str

    def to_json(self) -> str:
        """Return it as the text that `from_json` reads."""
        values = {
            "fitted_on": self.fitted_on,
            "weights": self.weights,
            "typicality": self.typicality,
            "spread": self.spread,
            "centre": [round(number, 6) for number in self.centre.tolist()],
        }
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what `to_json` wrote; raises ValueError where it is nothing of the kind."""
        try:
            values = json.loads(text)
            low, high = map(float, values["typicality"])
            least, most = map(float, values["spread"])
            weights = tuple(map(float, values["weights"]))
            centre = np.array(values["centre"], np.float64)
            fitted_on = str(values["fitted_on"])
        except (TypeError, KeyError, OverflowError) as error:
            raise ValueError("no calibration") from error
        numbers = np.array([low, high, least, most, *weights, *centre.ravel()])
        if centre.ndim != 1 or not np.isfinite(numbers).all():
            raise ValueError("no calibration")
        return cls(centre, (low, high), (least, most), weights, fitted_on)
