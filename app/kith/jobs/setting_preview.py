"""What other settings would come to, by stored observations only: nothing is written, and no photo is opened."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kith.identity.evaluation import Probes, ask_all
from kith.jobs.calibrations import calibration_of
from kith.jobs.context import Context
from kith.jobs.engines import find_engines
from kith.jobs.evaluate import own_samples
from kith.jobs.events import RedecisionFinished
from kith.jobs.library_file import open_records
from kith.jobs.redecision import redecide
from kith.jobs.workers import InlineExecutor
from kith.settings import Device, Settings

FARTHEST = 1.2  # a distance; hardly two faces of anybody are farther apart
BARS = 30
LEAST_PHOTOS, LEAST_PEOPLE = 10, 2  # to draw; figures that mean something need more


@dataclass(frozen=True, slots=True)
class Bars:
    """How many of one's own photos lie in each of BARS equal parts of 0 to `most`: the same person's, and others'."""

    most: float
    same: tuple[int, ...]
    others: tuple[int, ...]


def preview(settings: Settings, stop: threading.Event) -> RedecisionFinished:
    """Decide all recognised photos by these settings, and tell what would change.

    Raises BadKnowledgeBase, also where no photo is recognised, ModelMissing and ModelMismatch.
    """
    spec, _ = find_engines(settings)
    with open_records(settings) as store:
        context = Context(settings, store, spec, Device.CPU, InlineExecutor, 1, stop, ())
        *_, finished = redecide(context, preview=True)
    assert isinstance(finished, RedecisionFinished)  # its last event
    return finished


def own_distances(settings: Settings) -> tuple[Bars, Bars] | None:
    """Return how far apart and how surely one person people's own photos are, as bars; None where there are too few.

    Raises BadKnowledgeBase and ModelMissing.
    """
    spec, _ = find_engines(settings)
    with open_records(settings) as store:
        own = own_samples(settings, store, spec.face_model.id)
        calibration = calibration_of(store, spec.face_model.id)
    asked = own.untied()
    people = {own.samples[row].person_id for row in asked}
    if calibration is None or len(asked) < LEAST_PHOTOS or len(people) < LEAST_PEOPLE:
        return None
    known, strangers = ask_all(own, calibration)
    right = Probes(known.certainty[known.right], known.distance[known.right], known.right[known.right])
    return (
        Bars(FARTHEST, _counts(right.distance, FARTHEST), _counts(strangers.distance, FARTHEST)),
        Bars(1.0, _counts(right.certainty, 1.0), _counts(strangers.certainty, 1.0)),
    )


def _counts(values: NDArray[np.float64], most: float) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(values, 0, most), BARS, (0, most))
    return tuple(counts.tolist())
