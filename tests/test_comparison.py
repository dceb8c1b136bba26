"""The gallery, and distances and similarities to its people."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kith.errors import ModelMismatch
from kith.identity import nearest
from kith.identity.comparison import CANDIDATES, check_same_model, most_alike_people, nearest_people
from kith.identity.gallery import Gallery, gallery_of, good_faces
from kith.identity.nearest import NEAREST_SAMPLES
from kith.library.store import Store, open_store
from kith.values.links import Link, Source, Word
from kith.values.samples import LEAST_FRONTALITY
from kith.vision.observations import Kind
from tests.galleries import ANN, BOB, EVE, LEAST_SHARPNESS, STRANGER, ZOE, bodies, faces, sample, turned
from tests.making import BODIES, FACES, LEFT, RIGHT, body, enter, face


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "library.sqlite", create=True)) as opened:
        yield opened


def _near(gallery: Gallery, place: float, never: Collection[int] = ()) -> list[tuple[int, Any]]:
    (found,) = nearest_people(gallery, FACES, np.array([[place]], np.float32), [never])
    return [(one.person_id, pytest.approx(one.value)) for one in found]


def _alike(gallery: Gallery, angle: float, never: Collection[int] = ()) -> list[tuple[int, Any]]:
    (found,) = most_alike_people(gallery, BODIES, np.array([turned(angle)], np.float32), [never])
    return [(one.person_id, pytest.approx(one.value, abs=1e-6)) for one in found]


# The gallery


def test_the_gallery_leaves_out_blurred_faces_and_profiles() -> None:
    good = sample(ANN, 1, sharpness=LEAST_SHARPNESS, frontality=LEAST_FRONTALITY)
    blurred, turned = sample(ANN, 2, sharpness=LEAST_SHARPNESS - 1), sample(ANN, 3, frontality=LEAST_FRONTALITY - 0.1)
    assert good_faces([blurred, good, turned], LEAST_SHARPNESS) == [good]


def test_of_somebody_with_no_good_face_the_sharpest_stays() -> None:
    poor = [sample(BOB, 1, sharpness=3), sample(BOB, 2, sharpness=7), sample(BOB, 3, sharpness=5)]
    good = [sample(person, 4) for person in (ANN, EVE)]
    assert good_faces([good[0], *poor, good[1]], LEAST_SHARPNESS) == [good[0], poor[1], good[1]]
    assert good_faces([], LEAST_SHARPNESS) == []


def test_the_gallery_holds_what_dataset_and_user_teach_by_one_model(store: Store) -> None:
    _, seen = enter(store, "photo", [face(1), body(1, 0)], face(2, box=RIGHT), face(9, model="other", box=LEFT))
    people = [store.people.add(name) for name in ("Ann", "Bob", "Eve")]
    sources = (Source.USER, Source.DATASET, Source.USER)
    for sighting, person, source in zip(seen, reversed(people), sources, strict=True):
        store.people.say(Link(sighting.appearance_id, person, Word.IS, source))
    gallery = gallery_of(FACES, store.people.taught(Kind.FACE, FACES))
    assert (gallery.model_id, gallery.person_ids.tolist(), gallery.vectors.tolist()) == (FACES, [2, 3], [[2], [1]])
    assert gallery.people.tolist() == [2, 3]
    assert len(gallery_of(BODIES, store.people.taught(Kind.BODY, BODIES))) == 1


# Distances and similarities


@pytest.mark.parametrize("count", range(1, NEAREST_SAMPLES + 3))
def test_a_persons_distance_is_the_mean_to_their_nearest_samples(count: int) -> None:
    places = [float(2**power) for power in range(count)]
    gallery = faces(*((ANN, place) for place in reversed(places)), (BOB, -100))
    assert _near(gallery, 0)[0] == (ANN, np.mean(places[:NEAREST_SAMPLES]))


def _plain(gallery: Gallery, probe: np.ndarray) -> dict[int, tuple[float, int, float]]:
    """Return each person's distance, the number of samples it rests on, and the distance of their nearest sample."""
    apart = np.linalg.norm(gallery.vectors.astype(np.float64) - probe.astype(np.float64), axis=1)
    found = {}
    for person in set(gallery.person_ids.tolist()):
        own = np.sort(apart[gallery.person_ids == person])[:NEAREST_SAMPLES]
        found[person] = float(own.mean()), len(own), float(own[0])
    return found


def _check(gallery: Gallery, probes: np.ndarray, never: Sequence[Collection[int]]) -> None:
    """Compare the batch with the plain rule; people who are equally near may come in any order."""
    place = {key: index for index, key in enumerate(gallery.appearance_ids.tolist())}
    batch = nearest_people(gallery, FACES, probes, never)
    assert len(batch) == len(probes)
    for probe, found, out in zip(probes, batch, never or [()] * len(probes), strict=True):
        plain = {person: values for person, values in _plain(gallery, probe).items() if person not in out}
        ascending = [*sorted(value for value, _, _ in plain.values()), np.inf]
        assert [one.value for one in found] == pytest.approx(ascending[: min(len(plain), CANDIDATES)], abs=1e-6)
        following = ascending[1 : len(found) + 1]
        assert [one.value + one.margin for one in found] == pytest.approx(following, abs=1e-6)
        assert len({one.person_id for one in found}) == len(found)
        for one in found:
            value, samples, first = plain[one.person_id]
            assert (one.value, one.samples) == (pytest.approx(value, abs=1e-6), samples)
            row = place[one.nearest]
            assert gallery.person_ids[row] == one.person_id
            apart = np.linalg.norm(gallery.vectors[row].astype(np.float64) - probe.astype(np.float64))
            assert apart == pytest.approx(first, abs=1e-6)


@st.composite
def _matters(draw: st.DrawFn) -> tuple[Gallery, np.ndarray, list[set[int]]]:
    """A gallery of up to nine people of one to forty samples, probes (some of them samples), and whom to leave out."""
    length = draw(st.integers(1, 6))
    counts = draw(st.lists(st.integers(1, 5) | st.integers(30, 40), min_size=1, max_size=9))
    seed, spread, away = (
        draw(st.integers(0, 99)),
        draw(st.sampled_from([1e-4, 0.1, 1.0])),
        draw(st.sampled_from([0, 5])),
    )
    random = np.random.default_rng(seed)
    ids = np.repeat(np.arange(1, len(counts) + 1), counts)
    # rounded, so that some samples are equal and some people equally near
    vectors = (away + spread * random.normal(size=(len(ids), length)).round(1)).astype(np.float32)
    probes = np.concatenate([vectors[:3], (away + spread * random.normal(size=(4, length))).astype(np.float32)])
    everybody = st.sets(st.integers(1, len(counts) + 1), max_size=3)
    never = draw(st.lists(everybody, min_size=len(probes), max_size=len(probes)))
    return Gallery(FACES, ids.astype(np.int64), np.arange(len(ids)) + 1000, vectors), probes, never


@pytest.mark.parametrize("small", [False, True], ids=["one block", "many blocks"])
@settings(max_examples=40)
@given(matter=_matters())
def test_many_faces_at_once_are_compared_as_the_plain_rule_says(
    monkeypatch: pytest.MonkeyPatch, small: bool, matter: tuple[Gallery, np.ndarray, list[set[int]]]
) -> None:
    if small:  # blocks of one or two probes, and shortlists that must be widened
        for name, value in {"BLOCK": 8, "CHUNK": 3, "SPARE": 0, "ROW": 4, "ROWS": 3, "PROBES": 1}.items():
            monkeypatch.setattr(nearest, name, value)
    gallery, probes, never = matter
    _check(gallery, probes, never)
    _check(gallery, probes, ())


def test_of_very_many_people_those_likely_by_their_means_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    counts = random.integers(1, 12, 400)
    counts[:3] = 90
    ids = np.repeat(np.arange(400), counts)
    looks = random.normal(size=(400, 2, 32))  # of each person two: as child and as adult
    looks[3] = looks[4]  # and two people who look the same
    vectors = looks[ids, np.arange(len(ids)) % 2] + 0.4 * random.normal(size=(len(ids), 32))
    gallery = Gallery(FACES, ids, np.arange(len(ids)) + 1000, vectors.astype(np.float32))
    probes = np.concatenate([gallery.vectors[:300:4], random.normal(size=(20, 32)).astype(np.float32)])
    never = [{int(ids[row])} for row in range(0, 300, 4)] + [set[int]()] * 20
    whole = nearest_people(gallery, FACES, probes), nearest_people(gallery, FACES, probes, never)
    monkeypatch.setattr(nearest, "MANY", 0)
    monkeypatch.setattr(nearest, "PROBES", 16)
    found = nearest_people(gallery, FACES, probes), nearest_people(gallery, FACES, probes, never)
    first = [[(one[0].person_id, one[0].nearest) for one in of_all[:75]] for of_all in (whole[0], found[0])]
    assert first[0] == first[1]
    for exact, likely in zip((*whole[0], *whole[1]), (*found[0], *found[1]), strict=True):
        assert [one.value for one in likely] == pytest.approx([one.value for one in exact], rel=0.15)
    assert not any(one.person_id in out for out, shown in zip(never, found[1], strict=True) for one in shown)


@pytest.mark.parametrize("samples", [nearest.MANY, nearest.MANY + 10])
def test_of_one_face_the_same_is_said_as_of_many(samples: int) -> None:
    """As `why` asks, and as `redecide` does, on either side of where people are screened by their means."""
    random = np.random.default_rng(3)
    ids = np.repeat(np.arange(samples // 10), 10)
    centres = (0.075 * random.standard_normal((len(ids) // 10, 64))).astype(np.float32)
    vectors = centres[ids] + (0.05 * random.standard_normal((len(ids), 64))).astype(np.float32)
    gallery = Gallery(FACES, ids, np.arange(len(ids)) + 1000, vectors)
    probes = centres[:150] + (0.05 * random.standard_normal((150, 64))).astype(np.float32)
    probes = np.concatenate([probes, centres[150:200] / 2 + centres[200:250] / 2])
    never = [{row % 7, row} for row in range(len(probes))]
    together = nearest_people(gallery, FACES, probes, never)
    for row in range(len(probes)):
        (alone,) = nearest_people(gallery, FACES, probes[row : row + 1], never[row : row + 1])
        assert [(one.person_id, one.nearest) for one in alone] == [
            (one.person_id, one.nearest) for one in together[row]
        ]
        assert [one.value for one in alone] == pytest.approx([one.value for one in together[row]], abs=1e-7)


def test_a_face_that_is_a_sample_is_at_no_distance_from_it() -> None:
    """The differences of long and nearly equal vectors are what single precision cannot tell."""
    random = np.random.default_rng(1)
    vectors = (3 + 1e-3 * random.normal(size=(400, 128))).astype(np.float32)
    gallery = Gallery(FACES, np.arange(400), np.arange(400), vectors)
    found = nearest_people(gallery, FACES, vectors)
    assert [one[0].person_id for one in found] == list(range(400))
    assert max(one[0].value for one in found) < 1e-6
    _check(gallery, vectors[:20], ())


def test_the_three_best_people_are_told_nearest_first() -> None:
    assert CANDIDATES == 3
    gallery = faces((ANN, 4), (BOB, 1), (EVE, 3), (ZOE, 2))
    assert _near(gallery, 0) == [(BOB, 1), (ZOE, 2), (EVE, 3)]
    assert _near(faces((ANN, 4), (BOB, 1)), 0) == [(BOB, 1), (ANN, 4)]


def test_people_ruled_out_make_room_for_others() -> None:
    gallery = faces((ANN, 4), (BOB, 1), (EVE, 3), (ZOE, 2))
    assert _near(gallery, 0, never={BOB, STRANGER}) == [(ZOE, 2), (EVE, 3), (ANN, 4)]
    assert _near(gallery, 0, never={ANN, BOB, EVE, ZOE}) == []


def test_a_body_is_as_alike_as_the_persons_most_alike_one() -> None:
    bank = bodies((ANN, 90), (ANN, 60), (BOB, 30), (BOB, 180), (EVE, 135), (ZOE, 10))
    expected = [(ZOE, turned(10)[0]), (BOB, turned(30)[0]), (ANN, turned(60)[0])]
    assert _alike(bank, 0) == expected
    assert _alike(bank, 0, never=[ZOE]) == [*expected[1:], (EVE, turned(135)[0])]


def test_nobody_is_found_in_an_empty_gallery() -> None:
    assert len(faces()) == len(bodies()) == 0
    assert _near(faces(), 0) == []
    assert _alike(bodies(), 0) == []


@pytest.mark.parametrize("compare", [nearest_people, most_alike_people], ids=["faces", "bodies"])
@pytest.mark.parametrize(("model", "length"), [("another", 2), ("known", 3)])
def test_invariant_5_vectors_of_different_models_are_never_compared(
    compare: Callable[..., object], model: str, length: int
) -> None:
    gallery = gallery_of("known", [sample(ANN, 1, 0)])
    with pytest.raises(ModelMismatch) as error:
        compare(gallery, model, np.ones((1, length), np.float32))
    assert "known (2 numbers)" in str(error.value)
    assert f"{model} ({length} numbers)" in str(error.value)
    assert "build-kb" in str(error.value)
    check_same_model(gallery, "known", 2)
    check_same_model(gallery_of("known", []), model, length)


def test_a_body_candidate_tells_its_nearest_body_and_how_far_the_next_person_is_behind() -> None:
    bank = bodies((ANN, 90), (ANN, 60), (BOB, 30))
    ((first, second),) = most_alike_people(bank, BODIES, np.array([turned(0)], np.float32))
    assert (first.nearest, second.nearest) == (203, 201)  # appearances in the order of people and angles
    assert first.margin == pytest.approx(turned(30)[0] - turned(60)[0])
    assert (second.margin, first.samples) == (np.inf, 1)
