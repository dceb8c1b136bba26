"""Why a face cannot be a person, however alike: dates of birth and death, and what the user denied."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kith.identity.gallery import Gallery
from kith.values.decisions import Candidate, Reason


@dataclass(frozen=True, slots=True)
class Life:
    """A person's dates, each YYYY, YYYY-MM, YYYY-MM-DD or unknown."""

    birth: str | None = None
    death: str | None = None

    def rules_out(self, taken_at: str | None) -> Reason | None:
        """Say why somebody cannot show in a photo taken then (ISO 8601): only where every reading of both dates does.

        A date says as much as it holds: who died in 1990 may show until the end of that year.
        """
        if not taken_at:
            return None
        birth, death = self.birth, self.death
        if birth and taken_at[: len(birth)] < birth:
            return Reason.BEFORE_BIRTH
        if death and taken_at[: len(death)] > death:
            return Reason.AFTER_DEATH
        return None


def denied_by(denied: Gallery, candidate: Candidate, face: NDArray[np.float32]) -> int | None:
    """Return the appearance denied to be this person that a face (D) is nearer to than to the person, if there is one.

    `denied` holds the faces of which the user said that they are not a person, under that person.
    """
    if not len(denied):
        return None
    person = candidate.person_id
    start, end = np.searchsorted(denied.person_ids, [person, person + 1])
    if start == end:
        return None
    distances = np.linalg.norm(denied.vectors[start:end] - face, axis=1)
    nearest = int(distances.argmin())
    if distances[nearest] >= candidate.value:
        return None
    return int(denied.appearance_ids[start + nearest])
