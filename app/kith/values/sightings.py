"""Who shows in a photo, and what is known of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kith.values.links import Link
from kith.vision.observations import Observation

SAME_PLACE_IOU = 0.35  # between boxes of different detectors or working sizes: docs/decisions


@dataclass(frozen=True, slots=True)
class Sighting:
    """An appearance with what one analysis observed there, and what a second face model, if asked, made of the face."""

    appearance_id: int
    face: Observation | None
    body: Observation | None
    second: Observation | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A photo to decide on: what was observed, what is said of each appearance, and when it was taken (ISO 8601).

    `ignored` are the appearances that the user wants to hear nothing of.
    """

    sightings: Sequence[Sighting]
    links: Mapping[int, Sequence[Link]]
    taken_at: str | None = None
    ignored: Collection[int] = ()
