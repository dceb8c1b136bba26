"""A second network's word on a face of which the first is not sure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from kith.identity.certainty import KNOWN, evidence, probabilities, typicality
from kith.identity.gallery import Gallery
from kith.identity.nearest import distance_from
from kith.values.calibration import Calibration
from kith.values.decisions import Candidate
from kith.vision.observations import Observation

# How much the first network's evidence counts beside the second's. Both see one face, so their evidence is not
# independent, and who is asked was chosen by the first one's: docs/recognition.md.
FIRST_COUNTS = 0.5

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SecondOpinion:
    """What teaches, as the second network describes it, and how sure its distances make."""

    gallery: Gallery
    calibration: Calibration

    def without(self, appearance_id: int) -> "SecondOpinion":
        """Return it as if nobody had said who this appearance is."""
        return replace(self, gallery=self.gallery.without(appearance_id))

    def on(self, face: Observation, candidates: Sequence[Candidate], people: int) -> tuple[Candidate, ...]:
        """Return the candidates for a face that this network described, as sure as both make of them, likeliest first.

        `people` is how many are known. Of whom it knows no sample it says nothing.
        """
        if not candidates:
            return ()
        first = _ratios(np.array([candidate.certainty or 0.0 for candidate in candidates]), people)
        second = self._ratios(face, [candidate.person_id for candidate in candidates])
        both = np.where(np.isnan(second), first, FIRST_COUNTS * first + second)
        (certainties,) = probabilities(both[None], people).tolist()
        heard = zip(certainties, candidates, strict=True)
        order = sorted(heard, key=itemgetter(0), reverse=True)
        following = [candidate.value for _, candidate in order[1:]]
        margins = [after - candidate.value for after, (_, candidate) in zip(following, order, strict=False)]
        margins.append(order[-1][1].margin)
        return tuple(
            replace(candidate, certainty=certainty, margin=margin)
            for (certainty, candidate), margin in zip(order, margins, strict=True)
        )

    def _ratios(self, face: Observation, people: Sequence[int]) -> Numbers:
        """Return the log-likelihood ratio of each person being the face's, not a number of whom there is no sample."""
        known = [person for person in people if person in self.gallery.person_ids]
        ratios = np.full(len(people), np.nan)
        if not known:
            return ratios
        layout, calibration = self.gallery.layout, self.calibration
        places = np.searchsorted(layout.people, known)
        found = evidence(
            calibration,
            np.array([[self._distance(face, int(place)) for place in places]]),
            layout.counts[places][None].astype(np.float64),
            self.gallery.spreads[places][None],
            typicality(calibration, face.vector[None]),
            np.array([face.pixels]),
            np.array([face.sharpness]),
        )
        ratios[[person in known for person in people]] = found[0]
        return ratios

    def _distance(self, face: Observation, place: int) -> float:
        start, count = self.gallery.layout.starts[place], self.gallery.layout.counts[place]
        return distance_from(face.vector, self.gallery.vectors[start : start + count])


def _ratios(certainties: Numbers, people: int) -> Numbers:
    """Return the log-likelihood ratios that candidates' probabilities were made of."""
    nobody = max(1 - certainties.sum(), 1e-12)
    odds = certainties.clip(1e-300) / nobody
    ratios: Numbers = np.log(odds * (1 - KNOWN) / KNOWN * people)
    return ratios
