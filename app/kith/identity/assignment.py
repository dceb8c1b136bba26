"""One person is at most once in a photo: faces that claim the same people are given them one-to-one."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

FIRST = 1e6  # more than all costs of a photo together

Face = TypeVar("Face", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Claim:
    """A face may be this person: `sure` where it would be accepted as them if it were alone in the photo.

    `cost` says what speaks against it: how unlikely they are, or how far away.
    """

    person_id: int
    cost: float
    sure: bool


def assign(claims: Mapping[Face, Sequence[Claim]], nobody: float) -> dict[Face, int]:
    """Give each face at most one of the people it claims and each person at most one face.

    First as many sure claims are met as can be, then the sum of the costs is least, that of a face without a person
    being `nobody`. A face gets nobody whom it does not claim.
    """
    claimed = [claim.person_id for of_face in claims.values() for claim in of_face]
    people = list(dict.fromkeys(claimed))
    if len(people) == len(claimed) and all(len(of_face) == 1 for of_face in claims.values()):
        return dict(zip(claims, people, strict=True))
    from scipy.optimize import linear_sum_assignment  # a fifth of a second, which most photos need not pay

    faces = list(claims)
    column = {person: number for number, person in enumerate(people)}
    costs = np.full((len(faces), len(people) + len(faces)), np.inf)
    for row, of_face in enumerate(claims.values()):
        costs[row, len(people) + row] = nobody
        for claim in of_face:
            costs[row, column[claim.person_id]] = claim.cost - FIRST * claim.sure
    rows, columns = linear_sum_assignment(costs)
    given = {}
    for place, chosen in zip(rows, columns, strict=True):
        if chosen < len(people):
            given[faces[place]] = people[chosen]
    return given
