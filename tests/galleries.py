"""Small galleries to judge with: people on a line, bodies on a circle."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kith.identity.decision import Decider
from kith.identity.gallery import Gallery, gallery_of
from kith.policies import BodyPolicy
from kith.values.decisions import PhotoDecision
from kith.values.links import Link
from kith.values.samples import Sample
from kith.values.sightings import Sighting
from tests.making import BLURRED, BODIES, FACES, SHARP

LEAST_SHARPNESS = (SHARP + BLURRED) / 2
FACE_TOL, BODY_TOL = 1.0, 0.8
ANN, BOB, EVE, ZOE, STRANGER = 1, 2, 3, 4, 99


def sample(
    person: int, *vector: float, appearance: int = 0, sharpness: float = SHARP, frontality: float = 1.0
) -> Sample:
    """Return a good sample, but for what is asked otherwise."""
    return Sample(person, appearance, 0, sharpness, frontality, np.array(vector, np.float32))


def faces(*samples: tuple[int, float]) -> Gallery:
    """Return a gallery on a line: each sample a person and a place; appearances count from 101."""
    ordered = enumerate(sorted(samples), start=101)
    return gallery_of(FACES, [sample(person, place, appearance=key) for key, (person, place) in ordered])


def bodies(*samples: tuple[int, float]) -> Gallery:
    """Return a body bank on a circle: each sample a person and an angle in degrees; appearances count from 201."""
    ordered = enumerate(sorted(samples), start=201)
    return gallery_of(BODIES, [sample(person, *turned(angle), appearance=key) for key, (person, angle) in ordered])


def turned(degrees: float) -> tuple[float, float]:
    """Return the direction of an angle."""
    return float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))


def decider(
    known: Gallery | None = None,
    bank: Gallery | None = None,
    policy: BodyPolicy = BodyPolicy.SUGGEST,
    **changes: Any,
) -> Decider:
    """Return a decider who knows Ann at 0, Bob at 10, Eve at 20, the bodies of Ann at 0 and of Bob at 90 degrees."""
    values: dict[str, Any] = {
        "faces": faces((ANN, 0), (BOB, 10), (EVE, 20)) if known is None else known,
        "bodies": bodies((ANN, 0), (BOB, 90)) if bank is None else bank,
        "face_tol": FACE_TOL,
        "body_tol": BODY_TOL,
        "body_policy": policy,
        "least_sharpness": LEAST_SHARPNESS,
    }
    return Decider(**(values | changes))


def decide(decider: Decider, *seen: Sighting, links: Sequence[Link] = (), taken_at: str | None = None) -> PhotoDecision:
    """Return the decision on a photo of which all this is said."""
    return decider.photo(seen, lambda key: [link for link in links if link.appearance_id == key], taken_at)
