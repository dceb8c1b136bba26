"""How sure it is that a face is a person: Bayes' rule over the candidates, and what counts as evidence."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kith.identity.calibration_fit import Pairs, fit, misfit, refit
from kith.identity.certainty import FEATURES, KNOWN, evidence, features, probabilities
from kith.identity.comparison import Quality, nearest_people
from kith.identity.decision import Decider
from kith.identity.gallery import gallery_of
from kith.jobs.calibrations import shipped_calibration
from kith.policies import BodyPolicy
from kith.text import percent
from kith.values.calibration import Calibration
from kith.values.decisions import Decision, Reason
from kith.values.samples import Sample
from kith.values.sightings import Sighting
from kith.vision.face_model import default_face_model
from tests.galleries import ANN, BOB, EVE, decide
from tests.making import face as face_of

MODEL = default_face_model().id


def shipped() -> Calibration:
    calibration = shipped_calibration(MODEL)
    assert calibration
    return calibration


def _at(distance: float, axis: int = 0) -> NDArray[np.float32]:
    """Return a typical face at a distance from the one at 0 along an axis."""
    vector = shipped().centre.astype(np.float32)
    vector[50] += 0.6
    vector[axis] += distance
    return vector


def _sample(person: int, vector: NDArray[np.float32], key: int = 0) -> Sample:
    return Sample(person, key, key, 300, 1, vector)


def _sure(distance: float, samples: int = 1, people: int = 10, pixels: float = 100, spread: float = 0.4) -> float:
    """Return how sure the shipped calibration is of a typical face at a distance from a person, others far away."""
    shape = (1, 1)
    values = [np.full(shape, value, np.float64) for value in (distance, samples, spread)]
    of_face = [np.full(1, value, np.float64) for value in (0.6, pixels, 400.0)]
    return float(probabilities(evidence(shipped(), *values, *of_face), people)[0, 0])


# Evidence


def test_the_nearer_the_surer() -> None:
    certainties = [_sure(distance) for distance in np.arange(0.2, 0.9, 0.02)]
    assert certainties == sorted(certainties, reverse=True)
    assert certainties[0] > 0.999
    assert certainties[-1] < 0.001


def test_the_more_people_are_known_the_less_sure() -> None:
    certainties = [_sure(0.56, people=people) for people in (1, 5, 50, 500)]
    assert certainties == sorted(certainties, reverse=True)
    assert certainties[0] > certainties[-1] + 0.05


def test_one_distance_does_not_mean_the_same_for_one_sample_and_for_many() -> None:
    """Of many samples some are near to anybody's face: the more there are, the less one distance says."""
    assert _sure(0.55, samples=1) > _sure(0.55, samples=30) + 0.05


def test_a_face_of_few_pixels_is_less_sure() -> None:
    assert _sure(0.53, pixels=20) < _sure(0.53, pixels=80)
    assert _sure(0.53, pixels=80) == _sure(0.53, pixels=800)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=4), st.integers(4, 1000))
def test_probabilities_are_shares_of_all_that_is_possible(ratios: Sequence[float], people: int) -> None:
    (likely,) = probabilities(np.array([ratios]), people)
    assert (likely >= 0).all()
    assert likely.sum() <= 1
    odds = KNOWN / people * np.exp(ratios)
    assert likely == pytest.approx(odds / (1 - KNOWN + odds.sum()))


def test_who_is_ruled_out_takes_nothing_from_the_others() -> None:
    with_other, without = probabilities(np.array([[5.0, -np.inf], [5.0, 4.9]]), 2)
    assert with_other[1] == 0
    assert with_other[0] > without[0] + 0.2


@pytest.mark.parametrize(
    ("share", "text"), [(0.999999, "99 %"), (0.994, "99 %"), (0.5, "50 %"), (0.004, "<1 %"), (0, "<1 %")]
)
def test_nothing_is_quite_sure_in_words(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_calibration_survives_its_text_and_nothing_else_is_one() -> None:
    before = shipped()
    after = Calibration.from_json(before.to_json())
    assert (after.weights, after.typicality, after.spread) == (before.weights, before.typicality, before.spread)
    assert np.allclose(after.centre, before.centre, atol=1e-6)
    assert len(before.weights) == len(FEATURES)
    for text in ("", "[]", "{}", '{"weights": 1}', before.to_json().replace("[", "[NaN, ", 1)):
        with pytest.raises(ValueError, match=r"calibration|Expecting"):
            Calibration.from_json(text)


# Decisions


def _decider(*samples: Sample, **changes: object) -> Decider:
    values: dict[str, object] = {
        "faces": gallery_of(MODEL, samples),
        "bodies": gallery_of("", []),
        "face_tol": 0.0,
        "body_tol": 0.8,
        "body_policy": BodyPolicy.OFF,
        "least_sharpness": 80,
        "calibration": shipped(),
        "sure_at": 0.95,
        "suggest_at": 0.2,
    }
    return Decider(**(values | changes))  # type: ignore[arg-type]


def _decide(decider: Decider, vector: NDArray[np.float32], pixels: float = 120, sharpness: float = 300) -> Decision:
    seen = replace(face_of(0, pixels=pixels, sharpness=sharpness), vector=vector, model_id=MODEL)
    return decide(decider, Sighting(1, seen, None)).appearances[0]


PEOPLE = (_sample(ANN, _at(0), 1), _sample(BOB, _at(2, axis=1), 2), _sample(EVE, _at(2, axis=2), 3))


@pytest.mark.parametrize(
    ("distance", "person", "suggested", "reason"),
    [
        (0.35, ANN, None, Reason.ACCEPTED),
        (0.65, None, ANN, Reason.UNSURE),
        (0.90, None, None, Reason.TOO_FAR),
    ],
)
def test_sure_unsure_and_unknown(distance: float, person: int | None, suggested: int | None, reason: Reason) -> None:
    decision = _decide(_decider(*PEOPLE), _at(distance))
    assert (decision.person_id, decision.suggested, decision.reason) == (person, suggested, reason)
    best = decision.face[0]
    assert best.person_id == ANN
    assert best.certainty is not None
    assert (best.certainty >= 0.95) is (person == ANN)


def test_two_people_who_are_as_likely_are_not_told_apart() -> None:
    twins = (_sample(ANN, _at(0), 1), _sample(BOB, _at(0.02), 2))
    decision = _decide(_decider(*twins), _at(0.01))
    assert (decision.person_id, decision.reason) == (None, Reason.MARGIN)
    assert sum(candidate.certainty or 0 for candidate in decision.face) > 0.99


def test_the_user_s_own_limits_hold_besides() -> None:
    near = _at(0.45)
    assert _decide(_decider(*PEOPLE), near).person_id == ANN
    strict = _decide(_decider(*PEOPLE, face_tol=0.4), near)
    assert (strict.person_id, strict.suggested, strict.reason) == (None, ANN, Reason.UNSURE)
    nothing = _decide(_decider(*PEOPLE, face_tol=0.4, face_suggest=0.42), near)
    assert (nothing.person_id, nothing.suggested) == (None, None)
    far_ahead = _decide(_decider(*PEOPLE, face_margin=1.5), near)
    assert (far_ahead.person_id, far_ahead.suggested, far_ahead.reason) == (ANN, None, Reason.ACCEPTED)
    farther = _decide(_decider(*PEOPLE, face_margin=1.9), near)
    assert (farther.person_id, farther.suggested, farther.reason) == (None, ANN, Reason.MARGIN)


def test_a_tiny_face_is_named_where_it_is_sure_and_a_blurred_one_is_not() -> None:
    assert _decide(_decider(*PEOPLE), _at(0.3), pixels=18).person_id == ANN
    blurred = _decide(_decider(*PEOPLE), _at(0.3), sharpness=10)
    assert (blurred.person_id, blurred.suggested, blurred.reason) == (None, ANN, Reason.BLURRED)


def test_without_a_calibration_only_the_user_s_own_limits_decide() -> None:
    without = _decider(*PEOPLE, calibration=None)
    decision = _decide(without, _at(0.1))
    assert (decision.person_id, decision.suggested, decision.face[0].certainty) == (None, None, None)
    limited = _decide(_decider(*PEOPLE, calibration=None, face_tol=0.5), _at(0.1))
    assert limited.person_id == ANN


def test_many_faces_at_once_are_as_sure_as_each_by_itself() -> None:
    random = np.random.default_rng(3)
    people = [_sample(person, (_at(0) + random.normal(size=128) / 12).astype(np.float32), 10 * person + number)
              for person in range(1, 40) for number in range(person % 5 + 1)]  # fmt: skip
    gallery = gallery_of(MODEL, people)
    moved = random.normal(size=(len(people), 128)).astype(np.float32) / 40
    probes = (np.stack([sample.vector for sample in people]) + moved).astype(np.float32)
    quality = Quality(shipped(), random.uniform(16, 120, len(probes)), random.uniform(10, 600, len(probes)))
    together = nearest_people(gallery, MODEL, probes, (), quality)
    for row, found in enumerate(together):
        own = Quality(shipped(), quality.pixels[[row]], quality.sharpness[[row]])
        (alone,) = nearest_people(gallery, MODEL, probes[[row]], (), own)
        assert [one.person_id for one in alone] == [one.person_id for one in found]
        assert [one.certainty for one in alone] == pytest.approx([one.certainty for one in found])
        certainties = [one.certainty or 0 for one in found]
        assert certainties == sorted(certainties, reverse=True)


# The fit


def _drawn_pairs(count: int, seed: int) -> tuple[Pairs, NDArray[np.float64]]:
    """Return pairs drawn by known weights."""
    random = np.random.default_rng(seed)
    distance = random.uniform(0.3, 0.8, (count, 1))
    samples = random.integers(1, 9, (count, 1)).astype(float)
    of_face = random.uniform(0.4, 0.7, count), random.uniform(16, 100, count), random.uniform(10, 400, count)
    of_pairs = features(distance, samples, np.full((count, 1), 0.45), *of_face)[:, 0]
    truth = np.array(shipped().weights)
    same = random.uniform(size=count) < 1 / (1 + np.exp(-(of_pairs @ truth)))
    return Pairs(of_pairs, distance[:, 0], same, np.ones(count)), truth


def test_a_fit_finds_what_pairs_were_drawn_by() -> None:
    pairs, truth = _drawn_pairs(40_000, 1)
    others, _ = _drawn_pairs(20_000, 2)
    weights = fit(pairs, np.zeros(len(truth)), int(pairs.same.sum()))
    near = others.features[others.distance < 0.62]
    assert np.corrcoef(near @ weights, near @ truth)[0, 1] > 0.98


def test_little_data_stays_near_where_it_starts() -> None:
    pairs, truth = _drawn_pairs(400, 3)
    start = truth + 1
    bound = np.abs(fit(pairs, start, 1) - start)
    free = np.abs(fit(pairs, start, 10_000) - start)
    assert bound.max() < free.max()
    assert misfit(pairs, fit(pairs, start, 10_000)) <= misfit(pairs, start)
    assert misfit(pairs, refit(pairs, start, 10_000)) <= misfit(pairs, start)
