"""Who it is: the gallery, distances and similarities to its people, and the verdict on a photo."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.errors import ModelMismatch
from app.identity.gallery import LEAST_FRONTALITY, Gallery, Sample, gallery_of, good_faces, taught_samples
from app.identity.matching import (
    CANDIDATES,
    NEAREST_SAMPLES,
    Candidate,
    check_same_model,
    most_alike_people,
    nearest_people,
)
from app.identity.person_records import Link, Source, Word
from app.identity.photo_records import Sighting
from app.identity.store import Store, open_store
from app.identity.verdicts import LEAST_PIXELS, Evidence, Judge, PhotoVerdict, Verdict
from app.settings import BodyPolicy
from app.vision.observations import Kind, Observation
from tests.making import BLURRED, BODIES, FACES, LEFT, RIGHT, SHARP, body, enter, face

LEAST_SHARPNESS = (SHARP + BLURRED) / 2
FACE_TOL, BODY_TOL = 1.0, 0.8
ANN, BOB, EVE, ZOE, STRANGER = 1, 2, 3, 4, 99


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "library.sqlite")) as opened:
        yield opened


def _sample(person: int, *vector: float, sharpness: float = SHARP, frontality: float = 1.0) -> Sample:
    return Sample(person, 0, 0, sharpness, frontality, np.array(vector, np.float32))


def _faces(*samples: tuple[int, float]) -> Gallery:
    """Return a gallery on a line: each sample a person and a place."""
    return gallery_of(FACES, [_sample(person, place) for person, place in sorted(samples)])


def _bodies(*samples: tuple[int, float]) -> Gallery:
    """Return a body bank on a circle: each sample a person and an angle in degrees."""
    return gallery_of(BODIES, [_sample(person, *_turned(angle)) for person, angle in sorted(samples)])


def _turned(degrees: float) -> tuple[float, float]:
    return float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))


def _near(gallery: Gallery, place: float, never: Collection[int] = ()) -> list[tuple[int, float]]:
    found = nearest_people(gallery, FACES, np.array([place], np.float32), never)
    return [(one.person_id, pytest.approx(one.value)) for one in found]


def _alike(gallery: Gallery, angle: float, never: Collection[int] = ()) -> list[tuple[int, float]]:
    found = most_alike_people(gallery, BODIES, np.array(_turned(angle), np.float32), never)
    return [(one.person_id, pytest.approx(one.value, abs=1e-6)) for one in found]


# The gallery


def test_the_gallery_leaves_out_blurred_faces_and_profiles() -> None:
    good = _sample(ANN, 1, sharpness=LEAST_SHARPNESS, frontality=LEAST_FRONTALITY)
    blurred, turned = _sample(ANN, 2, sharpness=LEAST_SHARPNESS - 1), _sample(ANN, 3, frontality=LEAST_FRONTALITY - 0.1)
    assert good_faces([blurred, good, turned], LEAST_SHARPNESS) == [good]


def test_of_somebody_with_no_good_face_the_sharpest_stays() -> None:
    poor = [_sample(BOB, 1, sharpness=3), _sample(BOB, 2, sharpness=7), _sample(BOB, 3, sharpness=5)]
    good = [_sample(person, 4) for person in (ANN, EVE)]
    assert good_faces([good[0], *poor, good[1]], LEAST_SHARPNESS) == [good[0], poor[1], good[1]]
    assert good_faces([], LEAST_SHARPNESS) == []


def test_the_gallery_holds_what_dataset_and_user_teach_by_one_model(store: Store) -> None:
    _, seen = enter(store, "photo", [face(1), body(1, 0)], face(2, box=RIGHT), face(9, model="other", box=LEFT))
    people = [store.people.add(name) for name in ("Ann", "Bob", "Eve")]
    sources = (Source.USER, Source.DATASET, Source.USER)
    for sighting, person, source in zip(seen, reversed(people), sources, strict=True):
        store.people.say(Link(sighting.appearance_id, person, Word.IS, source))
    gallery = gallery_of(FACES, taught_samples(store.people, Kind.FACE, FACES))
    assert (gallery.model_id, gallery.person_ids.tolist(), gallery.vectors.tolist()) == (FACES, [2, 3], [[2], [1]])
    assert gallery.people.tolist() == [2, 3]
    assert len(gallery_of(BODIES, taught_samples(store.people, Kind.BODY, BODIES))) == 1


# Distances and similarities


@pytest.mark.parametrize("count", range(1, NEAREST_SAMPLES + 3))
def test_a_persons_distance_is_the_mean_to_their_nearest_samples(count: int) -> None:
    places = [float(2**power) for power in range(count)]
    gallery = _faces(*((ANN, place) for place in reversed(places)), (BOB, -100))
    assert _near(gallery, 0)[0] == (ANN, np.mean(places[:NEAREST_SAMPLES]))


def test_distances_equal_those_of_a_plain_loop() -> None:
    random = np.random.default_rng(1)
    samples = [_sample(person, *random.normal(size=8)) for person in sorted(random.integers(1, 6, 60).tolist())]
    probe = random.normal(size=8).astype(np.float32)
    expected = sorted(
        (_plain_distance(samples, person, probe), person) for person in {one.person_id for one in samples}
    )
    found = nearest_people(gallery_of(FACES, samples), FACES, probe)
    assert [one.person_id for one in found] == [person for _, person in expected[:CANDIDATES]]
    assert [one.value for one in found] == pytest.approx([distance for distance, _ in expected[:CANDIDATES]])


def _plain_distance(samples: Sequence[Sample], person: int, probe: np.ndarray) -> float:
    distances = sorted(float(np.linalg.norm(one.vector - probe)) for one in samples if one.person_id == person)
    return float(np.mean(distances[:NEAREST_SAMPLES]))


def test_the_three_best_people_are_told_nearest_first() -> None:
    assert CANDIDATES == 3
    gallery = _faces((ANN, 4), (BOB, 1), (EVE, 3), (ZOE, 2))
    assert _near(gallery, 0) == [(BOB, 1), (ZOE, 2), (EVE, 3)]
    assert _near(_faces((ANN, 4), (BOB, 1)), 0) == [(BOB, 1), (ANN, 4)]


def test_people_ruled_out_make_room_for_others() -> None:
    gallery = _faces((ANN, 4), (BOB, 1), (EVE, 3), (ZOE, 2))
    assert _near(gallery, 0, never={BOB, STRANGER}) == [(ZOE, 2), (EVE, 3), (ANN, 4)]
    assert _near(gallery, 0, never={ANN, BOB, EVE, ZOE}) == []


def test_a_body_is_as_alike_as_the_persons_most_alike_one() -> None:
    bank = _bodies((ANN, 90), (ANN, 60), (BOB, 30), (BOB, 180), (EVE, 135), (ZOE, 10))
    expected = [(ZOE, _turned(10)[0]), (BOB, _turned(30)[0]), (ANN, _turned(60)[0])]
    assert _alike(bank, 0) == expected
    assert _alike(bank, 0, never=[ZOE]) == [*expected[1:], (EVE, _turned(135)[0])]


def test_nobody_is_found_in_an_empty_gallery() -> None:
    assert len(_faces()) == len(_bodies()) == 0
    assert _near(_faces(), 0) == []
    assert _alike(_bodies(), 0) == []


@pytest.mark.parametrize("compare", [nearest_people, most_alike_people])
@pytest.mark.parametrize(("model", "length"), [("another", 2), ("known", 3)])
def test_invariant_5_vectors_of_different_models_are_never_compared(
    compare: Callable[..., tuple[Candidate, ...]], model: str, length: int
) -> None:
    gallery = gallery_of("known", [_sample(ANN, 1, 0)])
    with pytest.raises(ModelMismatch) as error:
        compare(gallery, model, np.ones(length, np.float32))
    assert "known (2 numbers)" in str(error.value)
    assert f"{model} ({length} numbers)" in str(error.value)
    assert "build-kb" in str(error.value)
    check_same_model(gallery, "known", 2)
    check_same_model(gallery_of("known", []), model, length)


# Verdicts


def _judge(
    faces: Gallery | None = None, bodies: Gallery | None = None, policy: BodyPolicy = BodyPolicy.SUGGEST
) -> Judge:
    return Judge(
        faces=_faces((ANN, 0), (BOB, 10), (EVE, 20)) if faces is None else faces,
        bodies=_bodies((ANN, 0), (BOB, 90)) if bodies is None else bodies,
        face_tol=FACE_TOL,
        body_tol=BODY_TOL,
        body_policy=policy,
        least_sharpness=LEAST_SHARPNESS,
    )


def _decide(judge: Judge, *seen: Sighting, links: Sequence[Link] = ()) -> PhotoVerdict:
    return judge.photo(seen, lambda key: [link for link in links if link.appearance_id == key])


def _outcome(verdict: Verdict) -> tuple[int | None, int | None, Evidence, bool]:
    return verdict.person_id, verdict.suggested, verdict.evidence, verdict.said


def _body_at(angle: float, key: int = 1) -> Sighting:
    return Sighting(key, None, body(*_turned(angle)))


@pytest.mark.parametrize(
    ("place", "person"), [(0, ANN), (FACE_TOL * 0.99, ANN), (FACE_TOL, None), (10.5, BOB), (5, None)]
)
def test_a_face_within_the_tolerance_is_the_nearest_person(place: float, person: int | None) -> None:
    photo = _decide(_judge(), Sighting(7, face(place), None))
    (verdict,) = photo.appearances
    assert (verdict.appearance_id, verdict.person_id) == (7, person)
    assert [one.person_id for one in verdict.face] == [one for one, _ in _near(_judge().faces, place)]
    assert photo.people == (() if person is None else (person,))
    assert photo.evidence is (Evidence.NONE if person is None else Evidence.FACE)


@pytest.mark.parametrize(
    ("sharpness", "expected"), [(LEAST_SHARPNESS, (ANN, None, False)), (BLURRED, (None, ANN, True))]
)
def test_a_blurred_face_is_marked_and_only_suggests(
    sharpness: float, expected: tuple[int | None, int | None, bool]
) -> None:
    (verdict,) = _decide(_judge(), Sighting(1, face(0, sharpness=sharpness), None)).appearances
    assert (verdict.person_id, verdict.suggested, verdict.blurred) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (BodyPolicy.SUGGEST, (None, ANN, Evidence.NONE, False)),
        (BodyPolicy.ANYWHERE, (ANN, None, Evidence.BODY, False)),
        (BodyPolicy.OFF, (None, None, Evidence.NONE, False)),
    ],
)
def test_what_a_body_is_good_for_is_the_policys_word(
    policy: BodyPolicy, expected: tuple[int | None, int | None, Evidence, bool]
) -> None:
    photo = _decide(_judge(policy=policy), _body_at(10))
    (verdict,) = photo.appearances
    assert _outcome(verdict) == expected
    assert photo.evidence is expected[2]
    assert (photo.people, photo.unsure) == tuple(() if person is None else (person,) for person in expected[:2])
    assert bool(verdict.body) is (policy is not BodyPolicy.OFF)


@pytest.mark.parametrize(("similarity", "person"), [(BODY_TOL + 0.01, ANN), (BODY_TOL - 0.01, None)])
def test_a_body_counts_above_the_tolerance(similarity: float, person: int | None) -> None:
    angle = -np.degrees(np.arccos(similarity))
    photo = _decide(_judge(policy=BodyPolicy.ANYWHERE), _body_at(angle))
    assert photo.appearances[0].person_id == person
    assert photo.appearances[0].body[0].value == pytest.approx(similarity)


@pytest.mark.parametrize("policy", list(BodyPolicy))
def test_the_face_is_heard_before_the_body(policy: BodyPolicy) -> None:
    photo = _decide(_judge(policy=policy), Sighting(1, face(0), body(*_turned(90))), _body_at(90, key=2))
    assert (photo.people, photo.unsure, photo.evidence) == ((ANN,), (), Evidence.FACE)


def test_a_face_that_nobody_knows_leaves_the_word_to_the_body() -> None:
    photo = _decide(_judge(policy=BodyPolicy.ANYWHERE), Sighting(1, face(5), body(*_turned(90))))
    assert _outcome(photo.appearances[0]) == (BOB, None, Evidence.BODY, False)
    assert photo.faces == 1


@pytest.mark.parametrize(("pixels", "expected"), [(LEAST_PIXELS, (ANN, None)), (LEAST_PIXELS - 1, (None, ANN))])
@pytest.mark.parametrize("policy", list(BodyPolicy))
def test_a_tiny_face_only_suggests(pixels: float, expected: tuple[int | None, int | None], policy: BodyPolicy) -> None:
    (verdict,) = _decide(_judge(policy=policy), Sighting(1, face(0, pixels=pixels), None)).appearances
    assert (verdict.person_id, verdict.suggested) == expected
    assert verdict.evidence is (Evidence.NONE if verdict.person_id is None else Evidence.FACE)


def test_what_a_tiny_face_suggests_goes_before_what_its_body_does() -> None:
    photo = _decide(_judge(), Sighting(1, face(0, pixels=LEAST_PIXELS - 1), body(*_turned(90))))
    assert (photo.people, photo.unsure) == ((), (ANN,))
    assert photo.appearances[0].body[0].person_id == BOB


def test_what_a_tiny_face_suggests_is_settled_by_its_body_where_bodies_file() -> None:
    photo = _decide(_judge(policy=BodyPolicy.ANYWHERE), Sighting(1, face(10, pixels=LEAST_PIXELS - 1), body(0, 1)))
    assert _outcome(photo.appearances[0]) == (BOB, None, Evidence.BODY, False)


def test_an_empty_body_bank_suggests_nobody() -> None:
    photo = _decide(_judge(bodies=_bodies(), policy=BodyPolicy.ANYWHERE), _body_at(0))
    assert photo.appearances == (Verdict(1, has_face=False),)


def test_a_photo_of_nobody_has_no_verdicts() -> None:
    photo = _decide(_judge())
    assert (photo.appearances, photo.people, photo.unsure, photo.evidence, photo.faces) == (
        (),
        (),
        (),
        Evidence.NONE,
        0,
    )


def test_the_largest_face_comes_first_and_everybody_once() -> None:
    small, large, again = (
        Sighting(key, face(place, pixels=pixels), None) for key, place, pixels in [(1, 0, 40), (2, 10, 90), (3, 0, 60)]
    )
    photo = _decide(_judge(), _body_at(0, key=4), small, large, again)
    assert [one.appearance_id for one in photo.appearances] == [2, 3, 1, 4]
    assert photo.people == (BOB, ANN)
    assert photo.faces == 3


def test_a_photo_rests_on_a_face_when_one_of_its_people_does() -> None:
    by_face = Verdict(1, has_face=True, person_id=ANN, evidence=Evidence.FACE)
    by_body = Verdict(2, has_face=False, person_id=BOB, evidence=Evidence.BODY)
    nobody = Verdict(3, has_face=True)
    assert PhotoVerdict((nobody, by_body, by_face)).evidence is Evidence.FACE
    assert PhotoVerdict((nobody, by_body)).evidence is Evidence.BODY
    assert PhotoVerdict((nobody,)).evidence is Evidence.NONE


def test_somebody_decided_on_is_not_unsure_as_well() -> None:
    sure, unsure = Verdict(1, has_face=True, person_id=ANN), Verdict(2, has_face=False, suggested=ANN)
    other = Verdict(3, has_face=False, suggested=BOB)
    assert PhotoVerdict((sure, unsure, other, other)).unsure == (BOB,)


# What was said before

SAYS_ANN = Link(1, ANN, Word.IS, Source.USER)
SAYS_BOB = Link(1, BOB, Word.IS, Source.USER)
NOT_ANN = Link(1, ANN, Word.IS_NOT, Source.USER)
DATASET_ANN = Link(1, ANN, Word.IS, Source.DATASET)
MACHINE_BOB = Link(1, BOB, Word.IS, Source.MACHINE, 0.1)


@pytest.mark.parametrize(
    ("links", "person", "said"),
    [
        ([SAYS_BOB], BOB, True),
        ([DATASET_ANN, SAYS_BOB], BOB, True),
        ([Link(1, BOB, Word.IS, Source.DATASET)], BOB, True),
        ([DATASET_ANN, NOT_ANN], None, False),
        ([NOT_ANN], None, False),
        ([MACHINE_BOB], ANN, False),
        ([Link(1, ANN, Word.IS_NOT, Source.MACHINE)], ANN, False),
        ([Link(2, BOB, Word.IS, Source.USER)], ANN, False),
    ],
)
def test_invariant_2_the_users_word_is_final(links: Sequence[Link], person: int | None, said: bool) -> None:
    (verdict,) = _decide(_judge(), Sighting(1, face(0), None), links=links).appearances
    assert (verdict.person_id, verdict.said) == (person, said)


@pytest.mark.parametrize("policy", list(BodyPolicy))
def test_invariant_2_nobody_is_suggested_whom_the_user_ruled_out(policy: BodyPolicy) -> None:
    photo = _decide(_judge(policy=policy), Sighting(1, face(0), body(*_turned(0))), links=[NOT_ANN])
    (verdict,) = photo.appearances
    assert ANN not in photo.people + photo.unsure
    assert ANN not in {one.person_id for one in verdict.face + verdict.body}


def test_ruled_out_for_one_appearance_a_person_may_be_the_next() -> None:
    photo = _decide(_judge(), Sighting(1, face(0), None), Sighting(2, face(0), None), links=[NOT_ANN])
    assert [one.person_id for one in photo.appearances] == [None, ANN]


@pytest.mark.parametrize(
    ("seen", "evidence"), [(Sighting(1, face(50), None), Evidence.FACE), (_body_at(90), Evidence.BODY)]
)
def test_what_was_said_rests_on_what_shows(seen: Sighting, evidence: Evidence) -> None:
    (verdict,) = _decide(_judge(), seen, links=[SAYS_ANN]).appearances
    assert _outcome(verdict) == (ANN, None, evidence, True)


def test_what_was_said_of_a_tiny_face_is_decided() -> None:
    (verdict,) = _decide(_judge(), Sighting(1, face(0, pixels=LEAST_PIXELS - 1), None), links=[SAYS_BOB]).appearances
    assert _outcome(verdict) == (BOB, None, Evidence.FACE, True)


def test_a_verdict_tells_its_candidates_also_when_it_was_said() -> None:
    (verdict,) = _decide(_judge(), Sighting(1, face(10), None), links=[SAYS_ANN]).appearances
    assert verdict.face[0] == Candidate(BOB, 0)


def test_invariant_1_deciding_again_needs_no_photo(store: Store) -> None:
    """The photo has no file: stored observations, a new person and new thresholds make the new verdict."""
    _, seen = enter(store, "a photo without a file", [face(5), body(*_turned(0))])
    first = _judge().photo(seen, store.people.links)
    merged = _judge(faces=_faces((ANN, 0), (ZOE, 5))).photo(seen, store.people.links)
    assert (first.people, first.unsure) == ((), (ANN,))
    assert (merged.people, merged.evidence) == ((ZOE,), Evidence.FACE)


@pytest.mark.parametrize("observed", [face(0, model="another"), face(0, 0)])
def test_invariant_5_a_photo_seen_by_another_model_is_not_judged(observed: Observation) -> None:
    with pytest.raises(ModelMismatch, match=FACES):
        _decide(_judge(), Sighting(1, observed, None))
    with pytest.raises(ModelMismatch, match=BODIES):
        _decide(_judge(), Sighting(1, None, body(1, model="another")))
