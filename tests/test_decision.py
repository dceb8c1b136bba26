"""Who it is: the decision on a photo, its reasons, and what keeps a face from being somebody."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.errors import ModelMismatch
from kith.identity.assignment import FIRST, Claim, assign
from kith.identity.exclusions import Life
from kith.jobs.decisions import machine_links
from kith.library.store import Store, open_store
from kith.policies import BodyPolicy
from kith.values.decisions import Decision, Evidence, Exclusion, PhotoDecision, Reason
from kith.values.links import Link, Source, Word
from kith.values.sightings import Case, Sighting
from kith.vision.observations import Observation
from tests.galleries import (
    ANN,
    BOB,
    BODY_TOL,
    EVE,
    FACE_TOL,
    LEAST_SHARPNESS,
    STRANGER,
    ZOE,
    bodies,
    decide,
    decider,
    faces,
    turned,
)
from tests.making import BLURRED, BODIES, FACES, body, enter, face


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "library.sqlite", create=True)) as opened:
        yield opened


PLACES = {ANN: 0, BOB: 10, EVE: 20}  # of the decider's people


def _outcome(decision: Decision) -> tuple[int | None, int | None, Evidence, bool]:
    return decision.person_id, decision.suggested, decision.evidence, decision.said


def _body_at(angle: float, key: int = 1) -> Sighting:
    return Sighting(key, None, body(*turned(angle)))


@pytest.mark.parametrize(
    ("place", "person"), [(0, ANN), (FACE_TOL * 0.99, ANN), (FACE_TOL, None), (10.5, BOB), (5, None)]
)
def test_a_face_within_the_tolerance_is_the_nearest_person(place: float, person: int | None) -> None:
    photo = decide(decider(), Sighting(7, face(place), None))
    (decision,) = photo.appearances
    assert (decision.appearance_id, decision.person_id) == (7, person)
    assert [one.person_id for one in decision.face] == sorted((ANN, BOB, EVE), key=lambda one: abs(place - PLACES[one]))
    assert photo.people == (() if person is None else (person,))
    assert photo.evidence is (Evidence.NONE if person is None else Evidence.FACE)


@pytest.mark.parametrize(
    ("sharpness", "expected"), [(LEAST_SHARPNESS, (ANN, None, False)), (BLURRED, (None, ANN, True))]
)
def test_a_blurred_face_is_marked_and_only_suggests(
    sharpness: float, expected: tuple[int | None, int | None, bool]
) -> None:
    (decision,) = decide(decider(), Sighting(1, face(0, sharpness=sharpness), None)).appearances
    assert (decision.person_id, decision.suggested, decision.blurred) == expected


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
    photo = decide(decider(policy=policy), _body_at(10))
    (decision,) = photo.appearances
    assert _outcome(decision) == expected
    assert photo.evidence is expected[2]
    assert (photo.people, photo.unsure) == tuple(() if person is None else (person,) for person in expected[:2])
    assert bool(decision.body) is (policy is not BodyPolicy.OFF)


@pytest.mark.parametrize(("similarity", "person"), [(BODY_TOL + 0.01, ANN), (BODY_TOL - 0.01, None)])
def test_a_body_counts_above_the_tolerance(similarity: float, person: int | None) -> None:
    angle = -np.degrees(np.arccos(similarity))
    photo = decide(decider(policy=BodyPolicy.ANYWHERE), _body_at(angle))
    assert photo.appearances[0].person_id == person
    assert photo.appearances[0].body[0].value == pytest.approx(similarity)


@pytest.mark.parametrize("policy", list(BodyPolicy))
def test_the_face_is_heard_before_the_body(policy: BodyPolicy) -> None:
    photo = decide(decider(policy=policy), Sighting(1, face(0), body(*turned(90))), _body_at(90, key=2))
    assert (photo.people, photo.unsure, photo.evidence) == ((ANN,), (), Evidence.FACE)


def test_a_face_that_nobody_knows_leaves_the_word_to_the_body() -> None:
    photo = decide(decider(policy=BodyPolicy.ANYWHERE), Sighting(1, face(5), body(*turned(90))))
    assert _outcome(photo.appearances[0]) == (BOB, None, Evidence.BODY, False)
    assert photo.faces == 1


def test_what_a_blurred_face_suggests_goes_before_what_its_body_does() -> None:
    photo = decide(decider(), Sighting(1, face(0, sharpness=BLURRED), body(*turned(90))))
    assert (photo.people, photo.unsure) == ((), (ANN,))
    assert photo.appearances[0].body[0].person_id == BOB


def test_what_a_blurred_face_suggests_is_settled_by_its_body_where_bodies_file() -> None:
    photo = decide(decider(policy=BodyPolicy.ANYWHERE), Sighting(1, face(10, sharpness=BLURRED), body(0, 1)))
    assert _outcome(photo.appearances[0]) == (BOB, None, Evidence.BODY, False)


def test_an_empty_body_bank_suggests_nobody() -> None:
    photo = decide(decider(bank=bodies(), policy=BodyPolicy.ANYWHERE), _body_at(0))
    assert photo.appearances == (Decision(1, has_face=False),)


def test_a_photo_of_nobody_has_no_verdicts() -> None:
    photo = decide(decider())
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
    photo = decide(decider(), _body_at(0, key=4), small, large, again)
    assert [one.appearance_id for one in photo.appearances] == [2, 3, 1, 4]
    assert photo.people == (BOB, ANN)
    assert photo.faces == 3


def test_a_photo_rests_on_a_face_when_one_of_its_people_does() -> None:
    by_face = Decision(1, has_face=True, person_id=ANN, evidence=Evidence.FACE)
    by_body = Decision(2, has_face=False, person_id=BOB, evidence=Evidence.BODY)
    nobody = Decision(3, has_face=True)
    assert PhotoDecision((nobody, by_body, by_face)).evidence is Evidence.FACE
    assert PhotoDecision((nobody, by_body)).evidence is Evidence.BODY
    assert PhotoDecision((nobody,)).evidence is Evidence.NONE


def test_somebody_decided_on_is_not_unsure_as_well() -> None:
    sure, unsure = Decision(1, has_face=True, person_id=ANN), Decision(2, has_face=False, suggested=ANN)
    other = Decision(3, has_face=False, suggested=BOB)
    assert PhotoDecision((sure, unsure, other, other)).unsure == (BOB,)


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
    (decision,) = decide(decider(), Sighting(1, face(0), None), links=links).appearances
    assert (decision.person_id, decision.said) == (person, said)


@pytest.mark.parametrize("policy", list(BodyPolicy))
def test_invariant_2_nobody_is_suggested_whom_the_user_ruled_out(policy: BodyPolicy) -> None:
    photo = decide(decider(policy=policy), Sighting(1, face(0), body(*turned(0))), links=[NOT_ANN])
    (decision,) = photo.appearances
    assert ANN not in photo.people + photo.unsure
    assert ANN not in {one.person_id for one in decision.face + decision.body}


def test_ruled_out_for_one_appearance_a_person_may_be_the_next() -> None:
    photo = decide(decider(), Sighting(1, face(0), None), Sighting(2, face(0), None), links=[NOT_ANN])
    assert [one.person_id for one in photo.appearances] == [None, ANN]


@pytest.mark.parametrize(
    ("seen", "evidence"), [(Sighting(1, face(50), None), Evidence.FACE), (_body_at(90), Evidence.BODY)]
)
def test_what_was_said_rests_on_what_shows(seen: Sighting, evidence: Evidence) -> None:
    (decision,) = decide(decider(), seen, links=[SAYS_ANN]).appearances
    assert _outcome(decision) == (ANN, None, evidence, True)


def test_what_was_said_of_a_blurred_face_is_decided() -> None:
    (decision,) = decide(decider(), Sighting(1, face(0, sharpness=BLURRED), None), links=[SAYS_BOB]).appearances
    assert _outcome(decision) == (BOB, None, Evidence.FACE, True)


def test_a_verdict_tells_its_candidates_also_when_it_was_said() -> None:
    (decision,) = decide(decider(), Sighting(1, face(10), None), links=[SAYS_ANN]).appearances
    assert (decision.face[0].person_id, decision.face[0].value) == (BOB, 0)


def test_invariant_1_deciding_again_needs_no_photo(store: Store) -> None:
    """The photo has no file: stored observations, a new person and new thresholds make the new decision."""
    _, seen = enter(store, "a photo without a file", [face(5), body(*turned(0))])
    first = decider().photo(seen, store.people.links)
    merged = decider(known=faces((ANN, 0), (ZOE, 5))).photo(seen, store.people.links)
    assert (first.people, first.unsure) == ((), (ANN,))
    assert (merged.people, merged.evidence) == ((ZOE,), Evidence.FACE)


def test_invariant_5_a_photo_seen_by_another_model_is_not_judged() -> None:
    with pytest.raises(ModelMismatch, match=FACES):
        decide(decider(), Sighting(1, face(0, 0), None))
    with pytest.raises(ModelMismatch, match=BODIES):
        decide(decider(), Sighting(1, None, body(1, model="another")))


FOREIGN = Sighting(1, face(0, model="another"), None)
BY_IT = Link(1, BOB, Word.IS, Source.MACHINE, 0.31, "another")
BY_BODY = Link(1, BOB, Word.IS, Source.MACHINE, 0.91, BODIES)


def test_invariant_5_a_face_that_another_model_described_is_compared_with_nobody() -> None:
    """It lies where Ann does, were the numbers of one model those of the other."""
    (decision,) = decide(decider(), FOREIGN).appearances
    assert _outcome(decision) == (None, None, Evidence.NONE, False)
    assert (decision.face, decision.reason, decision.has_face) == ((), Reason.OTHER_MODEL, True)


@pytest.mark.parametrize(("link", "evidence"), [(BY_IT, Evidence.FACE), (BY_BODY, Evidence.BODY)])
def test_what_the_machine_said_by_another_model_stands(link: Link, evidence: Evidence) -> None:
    photo = decide(decider(), FOREIGN, links=[link])
    (decision,) = photo.appearances
    assert _outcome(decision) == (BOB, None, evidence, False)
    assert (decision.face, decision.reason, decision.score) == ((), Reason.OTHER_MODEL, link.score)
    assert list(machine_links(photo, decider())) == [link]


@pytest.mark.parametrize(
    ("words", "person"),
    [
        ([Link(1, BOB, Word.IS_NOT, Source.USER)], None),
        ([Link(1, ANN, Word.IS, Source.USER)], ANN),
        ([Link(2, BOB, Word.IS, Source.USER)], None),
    ],
    ids=["denied", "named otherwise", "named elsewhere in the photo"],
)
def test_what_stands_yields_to_the_user(words: list[Link], person: int | None) -> None:
    photo = decide(decider(), FOREIGN, Sighting(2, face(40, model="another"), None), links=[BY_IT, *words])
    decision = next(own for own in photo.appearances if own.appearance_id == 1)
    assert decision.person_id == person
    assert not list(machine_links(photo, decider()))


def test_what_is_ignored_does_not_stand() -> None:
    photo = decider().photos([Case([FOREIGN], {1: [BY_IT]}, None, {1})])[0]
    assert (photo.people, photo.appearances[0].reason) == ((), Reason.IGNORED)


# How sure it is

SURE, DOUBT = 0.5, 0.2  # face_margin and how far behind the tolerance a suggestion reaches


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (0.9, (ANN, None, Reason.ACCEPTED)),
        (1.0, (None, ANN, Reason.UNSURE)),
        (1.19, (None, ANN, Reason.UNSURE)),
        (1.2, (None, None, Reason.TOO_FAR)),
    ],
)
def test_beyond_the_tolerance_a_person_is_only_suggested_and_far_beyond_not_at_all(
    place: float, expected: tuple[int | None, int | None, Reason]
) -> None:
    (decision,) = decide(decider(face_suggest=FACE_TOL + DOUBT), Sighting(1, face(place), None)).appearances
    assert (decision.person_id, decision.suggested, decision.reason) == expected


def test_a_suggestion_below_the_tolerance_counts_for_nothing() -> None:
    (decision,) = decide(decider(face_suggest=FACE_TOL / 2), Sighting(1, face(FACE_TOL * 0.9), None)).appearances
    assert (decision.person_id, decision.reason) == (ANN, Reason.ACCEPTED)


@pytest.mark.parametrize(("bob", "expected"), [(1.0, (ANN, None)), (0.7, (None, ANN)), (-0.5, (None, ANN))])
def test_who_is_not_ahead_of_the_second_person_is_only_suggested(
    bob: float, expected: tuple[int | None, int | None]
) -> None:
    known = faces((ANN, 0.2), (BOB, bob))
    (decision,) = decide(decider(known, face_margin=SURE), Sighting(1, face(0), None)).appearances
    assert (decision.person_id, decision.suggested) == expected
    assert decision.reason is (Reason.ACCEPTED if decision.person_id else Reason.MARGIN)
    assert decision.face[0].margin == pytest.approx(abs(bob) - 0.2)


@pytest.mark.parametrize(("margin", "person"), [(0.25, ANN), (0.25 + 2**-20, None)])
def test_just_the_margin_ahead_is_enough(margin: float, person: int | None) -> None:
    known = faces((ANN, 0.25), (BOB, 0.5))
    (decision,) = decide(decider(known, face_margin=margin), Sighting(1, face(0), None)).appearances
    assert (decision.person_id, decision.suggested) == (person, None if person else ANN)


def test_one_person_alone_is_ahead_of_everybody() -> None:
    (decision,) = decide(decider(faces((ANN, 0)), face_margin=1), Sighting(1, face(0.5), None)).appearances
    assert (decision.person_id, decision.face[0].margin) == (ANN, np.inf)


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (face(0, sharpness=BLURRED), Reason.BLURRED),
        (face(5, sharpness=BLURRED), Reason.TOO_FAR),
        (face(0), Reason.ACCEPTED),
    ],
)
def test_a_verdict_tells_the_rule_that_decided(observed: Observation, reason: Reason) -> None:
    (decision,) = decide(decider(), Sighting(1, observed, None)).appearances
    assert decision.reason is reason
    assert decision.score == (None if reason is Reason.TOO_FAR else 0)


@pytest.mark.parametrize(("link", "reason"), [(SAYS_ANN, Reason.SAID_BY_USER), (DATASET_ANN, Reason.SAID_BY_DATASET)])
def test_a_verdict_tells_who_said_so(link: Link, reason: Reason) -> None:
    (decision,) = decide(decider(), Sighting(1, face(10), None), links=[link]).appearances
    assert (decision.person_id, decision.reason, decision.score) == (ANN, reason, None)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (BodyPolicy.ANYWHERE, Reason.BODY_ACCEPTED),
        (BodyPolicy.SUGGEST, Reason.BODY_SUGGESTED),
        (BodyPolicy.OFF, Reason.NO_FACE),
    ],
)
def test_a_verdict_tells_what_the_body_was_good_for(policy: BodyPolicy, reason: Reason) -> None:
    (decision,) = decide(decider(policy=policy), _body_at(0)).appearances
    assert decision.reason is reason


def test_an_ignored_appearance_is_nobody_but_whom_the_user_names() -> None:
    seen = [Sighting(1, face(0), None), Sighting(2, face(10), None), _body_at(0, key=3)]
    links = {1: [SAYS_BOB], 2: [], 3: []}
    photo = decider(policy=BodyPolicy.ANYWHERE).photo(seen, links.__getitem__, ignored={1, 2, 3})
    assert [(one.person_id, one.suggested) for one in photo.appearances] == [(BOB, None), (None, None), (None, None)]
    assert [one.reason for one in photo.appearances[1:]] == [Reason.IGNORED, Reason.IGNORED]


# One person is at most once in a photo


def test_of_two_faces_like_one_person_the_nearer_one_is_them_and_the_other_is_told() -> None:
    photo = decide(decider(), Sighting(1, face(0.4), None), Sighting(2, face(0.1), None))
    loser, winner = photo.appearances
    assert (winner.person_id, winner.reason, winner.excluded) == (ANN, Reason.ACCEPTED, ())
    assert (loser.person_id, loser.suggested, loser.reason) == (None, None, Reason.TAKEN)
    assert loser.excluded == (Exclusion(ANN, Reason.TAKEN, by=2),)
    assert loser.face[0].person_id == ANN  # not hidden
    assert photo.people == (ANN,)


def test_who_was_named_by_the_user_is_no_other_face_of_the_photo() -> None:
    photo = decide(decider(), Sighting(1, face(5), None), Sighting(2, face(0), None), links=[SAYS_ANN])
    named, other = photo.appearances
    assert (named.person_id, other.person_id, other.reason) == (ANN, None, Reason.TAKEN)
    assert other.excluded == (Exclusion(ANN, Reason.TAKEN, by=1),)


def test_a_face_is_not_pushed_to_a_person_it_would_not_have_been_by_itself() -> None:
    """The second face is within the tolerance of Bob, but nearer to Ann, who is the first."""
    known = faces((ANN, 0), (BOB, 1))
    photo = decide(decider(known), Sighting(1, face(0), None), Sighting(2, face(0.3), None))
    assert [one.person_id for one in photo.appearances] == [ANN, None]
    assert photo.appearances[1].reason is Reason.TAKEN
    assert photo.unsure == ()


def test_of_people_who_cannot_be_told_apart_the_one_who_is_not_in_the_photo_yet_is_suggested() -> None:
    known = faces((ANN, 0), (BOB, 0.9))
    photo = decide(decider(known, face_margin=SURE), Sighting(1, face(0), None), Sighting(2, face(0.4), None))
    sure, unsure = photo.appearances
    assert (sure.person_id, unsure.person_id, unsure.suggested) == (ANN, None, BOB)
    assert (unsure.reason, unsure.excluded) == (Reason.MARGIN, (Exclusion(ANN, Reason.TAKEN, by=1),))
    assert unsure.score == pytest.approx(0.5)


def test_a_doubtful_face_takes_nobody_from_a_sure_one() -> None:
    blurred, sharp = Sighting(1, face(0, sharpness=BLURRED), None), Sighting(2, face(0.5), None)
    photo = decide(decider(), blurred, sharp)
    assert [(one.person_id, one.reason) for one in photo.appearances] == [(None, Reason.TAKEN), (ANN, Reason.ACCEPTED)]


_CLAIMS = st.lists(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9), st.booleans()), max_size=3, unique_by=lambda one: one[0]),
    max_size=4,
)


@given(_CLAIMS)
def test_claims_are_met_one_to_one_at_the_least_total_cost(wishes: list[list[tuple[int, int, bool]]]) -> None:
    nobody = 10.0
    claims = {
        face: [Claim(person, distance, sure) for person, distance, sure in own] for face, own in enumerate(wishes)
    }
    given_ = assign(claims, nobody)
    assert len(set(given_.values())) == len(given_)
    assert _cost(claims, given_, nobody) == pytest.approx(
        min(_cost(claims, one, nobody) for one in _all_assignments(claims))
    )


def _all_assignments(claims: Mapping[int, Sequence[Claim]]) -> Iterator[dict[int, int]]:
    for choice in product(*([None, *(claim.person_id for claim in own)] for own in claims.values())):
        chosen = {face: person for face, person in zip(claims, choice, strict=True) if person is not None}
        if len(set(chosen.values())) == len(chosen):
            yield chosen


def _cost(claims: Mapping[int, Sequence[Claim]], given_: Mapping[int, int], nobody: float) -> float:
    met = [claim for face, own in claims.items() for claim in own if given_.get(face) == claim.person_id]
    assert len(met) == len(given_)  # nobody is given whom the face does not claim
    return sum(claim.cost - FIRST * claim.sure for claim in met) + nobody * (len(claims) - len(met))


# Birth and death


@pytest.mark.parametrize(
    ("birth", "death", "taken_at", "reason"),
    [
        ("1990", None, "1989-12-31T23:59:59", Reason.BEFORE_BIRTH),
        ("1990", None, "1990-01-01T00:00:00", None),
        ("1990-05", None, "1990-04-30T12:00:00+02:00", Reason.BEFORE_BIRTH),
        ("1990-05", None, "1990-05-01T00:00:00", None),
        ("1990-05-17", None, "1990-05-16T23:59:59", Reason.BEFORE_BIRTH),
        ("1990-05-17", None, "1990-05-17T00:00:01.500000", None),
        (None, "1990", "1990-12-31T23:59:59", None),
        (None, "1990", "1991-01-01T00:00:00", Reason.AFTER_DEATH),
        (None, "1990-02", "1990-02-28T10:00:00", None),
        (None, "1990-02", "1990-03-01T00:00:00", Reason.AFTER_DEATH),
        (None, "1990-02-11", "1990-02-11T23:00:00", None),
        (None, "1990-02-11", "1990-02-12T00:00:00", Reason.AFTER_DEATH),
        ("1950", "1990", "1970-01-01T00:00:00", None),
        (None, None, "1970-01-01T00:00:00", None),
        ("1950", "1990", None, None),
    ],
)
def test_a_photo_before_birth_or_after_death_cannot_be_them(
    birth: str | None, death: str | None, taken_at: str | None, reason: Reason | None
) -> None:
    assert Life(birth, death).rules_out(taken_at) is reason
    photo = decide(decider(lives={ANN: Life(birth, death)}), Sighting(1, face(0), None), taken_at=taken_at)
    (decision,) = photo.appearances
    assert decision.person_id == (None if reason else ANN)
    assert decision.excluded == ((Exclusion(ANN, reason),) if reason else ())
    assert decision.reason is (reason or Reason.ACCEPTED)
    assert decision.face[0].person_id == ANN  # not hidden


def test_who_is_out_of_the_question_stands_in_nobodys_way() -> None:
    """Neither for the second person, nor for the margin between others; also not three of them."""
    known = faces((ANN, 0), (BOB, 0.1), (EVE, 0.2), (ZOE, 0.9))
    lives = {person: Life(death="1990") for person in (ANN, BOB, EVE)}
    later = decider(known, lives=lives, face_margin=SURE)
    (decision,) = decide(later, Sighting(1, face(0), None), taken_at="2001-02-03T04:05:06").appearances
    assert (decision.person_id, decision.reason, decision.score) == (ZOE, Reason.ACCEPTED, pytest.approx(0.9))
    assert {exclusion.person_id for exclusion in decision.excluded} == {ANN, BOB, EVE}


def test_a_body_is_not_like_the_dead_either() -> None:
    later = decider(policy=BodyPolicy.ANYWHERE, lives={ANN: Life(death="1990")})
    photo = decide(later, _body_at(0), taken_at="2001-02-03T04:05:06")
    assert (photo.people, ANN in {one.person_id for one in photo.appearances[0].body}) == ((), False)


def test_the_users_word_goes_over_dates() -> None:
    later = decider(lives={ANN: Life(death="1990")})
    photo = decide(later, Sighting(1, face(0), None), links=[SAYS_ANN], taken_at="2001-02-03T04:05:06")
    assert photo.people == (ANN,)


# What the user denied


@pytest.mark.parametrize(
    ("place", "person"),
    [
        (0.2, ANN),  # 0.2 from Ann, 0.4 from the face that is not Ann
        (0.4, None),  # 0.4 and 0.2
        (0.3, ANN),  # as near to one as to the other
        (-0.5, ANN),
    ],
)
def test_a_face_more_like_one_that_was_denied_cannot_be_the_person(place: float, person: int | None) -> None:
    denied = faces((ANN, 0.6), (BOB, 0.3))  # what is not Bob says nothing of Ann
    (decision,) = decide(decider(denied=denied), Sighting(1, face(place), None)).appearances
    assert decision.person_id == person
    assert decision.excluded == (() if person else (Exclusion(ANN, Reason.DENIED, by=101),))
    assert decision.reason is (Reason.ACCEPTED if person else Reason.DENIED)


def test_a_denied_persons_place_goes_to_the_next_one() -> None:
    known, denied = faces((ANN, 0), (BOB, 0.5)), faces((ANN, 0.2))
    (decision,) = decide(decider(known, denied=denied), Sighting(1, face(0.2), None)).appearances
    assert (decision.person_id, decision.excluded[0].person_id) == (BOB, ANN)


def test_who_moves_up_for_the_denied_is_denied_as_well() -> None:
    """Beyond the three nearest: whoever takes the place of somebody ruled out is asked about in turn."""
    known = faces((ANN, 0.30), (BOB, 0.31), (EVE, 0.32), (ZOE, 0.33), (STRANGER, 0.34))
    denied = faces((ANN, 0.01), (BOB, 0.01), (EVE, 0.01), (ZOE, 0.01))
    (decision,) = decide(decider(known, denied=denied), Sighting(1, face(0), None)).appearances
    assert decision.person_id == STRANGER


def test_whom_the_user_denied_here_is_told_as_well() -> None:
    (decision,) = decide(decider(), Sighting(1, face(0), None), links=[NOT_ANN]).appearances
    assert decision.excluded == (Exclusion(ANN, Reason.DENIED, by=1),)
    assert decision.reason is Reason.TOO_FAR


# Many photos at once


def test_many_photos_are_judged_as_each_by_itself() -> None:
    random = np.random.default_rng(1)
    known = faces(*((person, float(place)) for person in (ANN, BOB, EVE, ZOE) for place in random.uniform(0, 3, 4)))
    one = decider(known, lives={ANN: Life(death="1990")}, denied=faces((BOB, 1.0)), face_margin=0.05, face_suggest=1.1)
    cases = []
    for number in range(60):
        places = random.uniform(-1, 4, number % 4)
        seen = [Sighting(10 * number + key, face(float(place)), None) for key, place in enumerate(places)]
        links = {each.appearance_id: [Link(each.appearance_id, EVE, Word.IS_NOT, Source.USER)] for each in seen}
        cases.append(Case(seen, links, "2001-01-01T00:00:00" if number % 2 else None))
    singly = [one.photo(case.sightings, case.links.__getitem__, case.taken_at) for case in cases]
    assert one.photos(cases) == singly
    reasons = {each.reason for photo in singly for each in photo.appearances}
    assert reasons > {Reason.ACCEPTED, Reason.TAKEN, Reason.MARGIN, Reason.TOO_FAR}
    assert EVE not in {person for photo in singly for person in photo.people}


def test_the_machine_writes_down_distance_and_model() -> None:
    one = decider(policy=BodyPolicy.ANYWHERE)
    by_face = decide(
        one, Sighting(1, face(0.25), None), Sighting(2, face(10), None), links=[Link(2, EVE, Word.IS, Source.USER)]
    )
    assert [*machine_links(by_face, one)] == [Link(1, ANN, Word.IS, Source.MACHINE, 0.25, FACES)]
    (by_body,) = machine_links(decide(one, _body_at(0, key=3)), one)
    assert (by_body.person_id, by_body.score, by_body.model_id) == (ANN, pytest.approx(1), BODIES)
