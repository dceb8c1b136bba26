"""A second network is asked about faces of which the first is not sure, and both decide."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kith.errors import ModelMissing
from kith.identity.certainty import probabilities
from kith.identity.decision import Decider
from kith.identity.gallery import gallery_of
from kith.identity.second_opinion import FIRST_COUNTS, SecondOpinion
from kith.jobs.decisions import Decisions
from kith.jobs.engines import find_engines
from kith.jobs.evaluate import evaluate
from kith.jobs.recognize_folder import recognize_folder
from kith.library.store import open_store
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.values.decisions import Candidate, Decision, Reason
from kith.values.links import Source
from kith.values.samples import Sample
from kith.values.sightings import Case, Sighting
from kith.vision.observations import Observation
from kith.vision.weights import weights_id
from tests.desk import Desk, run_job
from tests.making import face
from tests.small_world import DLIB, OTHER_FACES, World, calibration

ANN, BOB, EVE = 1, 2, 3
FIRST, SECOND = "first", "second"
SURE, SUGGEST = 0.95, 0.2


def at(place: float, model: str) -> Observation:
    """Return a face at a place on a line."""
    return face(place, model=model)


def sample(person: int, place: float) -> Sample:
    return Sample(person, 100 * person, 0, 500.0, 1.0, np.array([place], np.float32))


EVEN, SLOPE = 0.5, 20.0
KNOWN = {ANN: 0.0, BOB: 1.0, EVE: 9.0}


def decider(to_first: Mapping[int, float] = KNOWN) -> Decider:
    """Return a decider by both networks, of which the first sees people at these places."""
    first, second = (
        gallery_of(model, [sample(person, place) for person, place in places.items()])
        for model, places in ((FIRST, to_first), (SECOND, KNOWN))
    )
    one = calibration(1, EVEN, SLOPE)
    return Decider(
        first, gallery_of("", []), 0.0, 0.8, BodyPolicy.OFF, 80.0,
        calibration=one, sure_at=SURE, suggest_at=SUGGEST, second=SecondOpinion(second, one),
    )  # fmt: skip


def decided(
    by_first: float,
    by_second: float | None = None,
    sharpness: float = 500.0,
    to_first: Mapping[int, float] = KNOWN,
) -> Decision:
    """Return the decision on a face that lies there for the first network, and there for the second if it was asked."""
    first = face(by_first, model=FIRST, sharpness=sharpness)
    seen = Sighting(7, first, None, None if by_second is None else at(by_second, SECOND))
    (photo,) = decider(to_first).photos([Case([seen], {7: ()})])
    return photo.appearances[0]


# Both together


def certainty(decision: Decision, person: int) -> float:
    return next(one.certainty or 0.0 for one in decision.face if one.person_id == person)


def by_hand(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Return the certainties of Ann, Bob and Eve by their distances to each network."""
    ratios = [
        FIRST_COUNTS * SLOPE * (EVEN - one) + SLOPE * (EVEN - other) for one, other in zip(first, second, strict=True)
    ]
    return [float(value) for value in probabilities(np.array([ratios]), len(KNOWN))[0]]


@pytest.mark.parametrize("by_second", [0.0, 0.2, 0.45, 0.7])
def test_the_evidence_of_both_is_joined_and_what_was_likely_before_counts_once(by_second: float) -> None:
    alone = decided(0.42)
    assert SUGGEST <= certainty(alone, ANN) < SURE
    both = decided(0.42, by_second)
    expected = by_hand([0.42, 0.58, 8.58], [by_second, 1 - by_second, 9 - by_second])
    assert [certainty(both, person) for person in (ANN, BOB)] == pytest.approx(expected[:2], rel=1e-3)


def test_what_the_second_is_sure_of_is_named() -> None:
    assert (decided(0.42).person_id, decided(0.42).suggested) == (None, ANN)
    sure = decided(0.42, 0.05)
    assert (sure.person_id, sure.reason, sure.score) == (ANN, Reason.ACCEPTED, pytest.approx(0.42))


def test_what_the_second_finds_unlike_is_nobody() -> None:
    assert (decided(0.42, 5.0).person_id, decided(0.42, 5.0).suggested) == (None, None)


def test_of_two_people_alike_to_the_first_the_second_tells_which() -> None:
    alone = decided(0.05, to_first={ANN: 0.0, BOB: 0.1})
    assert (alone.person_id, alone.reason) == (None, Reason.MARGIN)
    told = decided(0.05, 0.95, to_first={ANN: 0.0, BOB: 0.1})
    assert (told.person_id, [one.person_id for one in told.face]) == (BOB, [BOB, ANN])
    assert told.face[0].value == pytest.approx(0.05)


def test_who_does_not_teach_the_second_is_as_likely_as_the_first_says() -> None:
    candidates = (Candidate(ANN, 0.4, 0.2, 1, 0, 0.6), Candidate(BOB, 0.6, np.inf, 1, 0, 0.1))
    second = SecondOpinion(gallery_of(SECOND, [sample(BOB, 5.0)]), calibration(1, EVEN, SLOPE))
    heard = {one.person_id: one.certainty for one in second.on(at(0.0, SECOND), candidates, 2)}
    assert heard[BOB] == pytest.approx(0.0, abs=1e-9)
    assert heard[ANN] == pytest.approx(0.6 / 0.9)  # as if Bob were not known
    nobody = SecondOpinion(gallery_of(SECOND, []), calibration(1, EVEN, SLOPE))
    assert [one.certainty for one in nobody.on(at(0.0, SECOND), candidates, 2)] == pytest.approx([0.6, 0.1])


# Who is asked


@pytest.mark.parametrize(
    ("place", "sharpness", "asks"),
    [(0.0, 500.0, False), (0.42, 500.0, True), (0.42, 20.0, False), (3.0, 500.0, False)],
    ids=["sure", "not sure", "blurred", "like nobody"],
)
def test_asked_is_about_faces_of_which_the_first_is_not_sure(place: float, sharpness: float, asks: bool) -> None:
    assert decided(place, sharpness=sharpness).asks is asks


def test_nobody_is_asked_twice() -> None:
    assert not decided(0.42, 0.45).asks


@pytest.mark.parametrize("place", [0.0, 3.0])
def test_a_face_that_is_not_asked_about_is_the_firsts_whatever_the_second_once_said(place: float) -> None:
    """It may have been asked when somebody else was known."""
    assert decided(place, 1.0).face == decided(place).face


# In a library


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Photo 12 shows somebody between Ann and Bob, whom the other network takes for Ann."""
    world = World(tmp_path)
    world.values["face_margin"] = 0.0
    yield world
    world.check()


def person_in(world: World, photo: int) -> list[str | None]:
    query = (
        "SELECT n.name FROM files f JOIN appearances a ON a.photo_id = f.photo_id LEFT JOIN links l "
        "ON l.appearance_id = a.id LEFT JOIN persons n ON n.id = l.person_id WHERE f.path LIKE ? ORDER BY a.id"
    )
    return [name for (name,) in world.query(query, f"%/{photo}.png")]


def described(world: World) -> list[int]:
    """Return in which photos the second network described faces, once for each."""
    query = "SELECT a.photo_id FROM observations o JOIN appearances a ON a.id = o.appearance_id WHERE model_id = ?"
    return sorted(photo for (photo,) in world.query(query, world.other_faces_id))


@pytest.fixture
def asked(world: World) -> World:
    """The same world with both networks, each of them measured, and everybody taught to both."""
    world.values["second_opinion"] = OTHER_FACES
    world.measure(DLIB, world.other_faces_id)
    world.build()
    return world


def test_without_it_the_photo_is_not_sure(world: World) -> None:
    world.measure(DLIB)
    world.recognise()
    assert person_in(world, 12) == [None]


def test_with_it_the_photo_is_named(asked: World) -> None:
    taught = described(asked)
    assert len(taught) == len({*taught}) == 4  # the photos of the people folder
    done = asked.recognise()
    assert person_in(asked, 12) == ["Ann"]
    assert len(done) == 7
    assert [photo for photo in described(asked) if photo not in taught] != []


def test_only_the_faces_asked_about_are_described_and_each_once(asked: World) -> None:
    before = described(asked)
    asked.recognise()
    after = described(asked)
    assert len(after) == len(before) + 1
    asked.recognise()
    assert described(asked) == after


def test_deciding_again_asks_nobody_and_comes_to_the_same(asked: World) -> None:
    asked.recognise()
    links = asked.links()
    finished = asked.redecide()
    assert finished.changed == 0
    assert asked.links() == links


def test_a_photo_recognised_before_there_was_a_second_opinion_is_asked_about_the_next_time(world: World) -> None:
    world.measure(DLIB)
    world.recognise()
    world.values["second_opinion"] = OTHER_FACES
    world.measure(DLIB, world.other_faces_id)
    world.build()
    world.redecide()
    assert person_in(world, 12) == [None]
    world.recognise()
    assert person_in(world, 12) == ["Ann"]


def test_without_it_again_all_is_as_it_was(asked: World) -> None:
    asked.values["second_opinion"] = ""
    asked.recognise()
    links, tree = asked.links(), asked.tree()
    asked.values["second_opinion"] = OTHER_FACES
    asked.recognise()
    assert asked.links() != links
    asked.values["second_opinion"] = ""
    asked.redecide()
    assert (asked.links(), asked.tree()) == (links, tree)


def test_stopped_before_it_is_asked_the_next_run_asks(asked: World) -> None:

    def job(context):  # type: ignore[no-untyped-def]
        return recognize_folder(context, [asked.root / "input"], asked.root / "output")

    run_job(asked.settings, job, stop_at=3, executor=lambda: asked.eyes)
    asked.recognise()
    assert person_in(asked, 12) == ["Ann"]


def test_a_second_opinion_that_cannot_be_heard_is_told(world: World) -> None:
    world.values["second_opinion"] = OTHER_FACES
    world.measure(DLIB)
    spec, _ = find_engines(world.settings)
    with closing(open_store(world.settings.library_file)) as store:
        (told,) = Decisions(world.settings, store, spec).notices()
        assert told == "second_opinion is not asked, since it knows nobody yet: kith build-kb changes that."
    world.build()
    with closing(open_store(world.settings.library_file)) as store:
        (told,) = Decisions(world.settings, store, spec).notices()
    assert "how sure it makes has not been measured: kith evaluate" in told
    world.recognise()
    assert person_in(world, 12) == [None]


def test_a_network_that_was_not_measured_names_nobody_but_suggests(world: World) -> None:
    """Unless the user's own limit does."""
    world.values["face_model"] = OTHER_FACES
    world.build()
    done = {photo.path.name: photo for photo in world.recognise()}
    assert world.said(Source.MACHINE) == []
    (decision,) = done["13.png"].decision.appearances
    assert (decision.person_id, decision.reason) == (None, Reason.NOT_MEASURED)
    assert decision.suggested is not None
    world.values["face_tol"] = 0.56
    world.recognise()
    assert person_in(world, 13) == ["Ann"]


@pytest.mark.parametrize("value", ["dlib", "gone.onnx", "facenet"])
def test_what_a_second_opinion_cannot_be_is_told(tmp_path: Path, value: str) -> None:
    settings = Settings.at(tmp_path, {"face_detector": "hog", "body_policy": "off", "second_opinion": value})
    with pytest.raises(ModelMissing, match="second_opinion"):
        find_engines(settings)


# With real weights


def test_a_modern_network_helps_where_dlibs_is_not_sure(tmp_path: Path, shared: Path) -> None:
    """How sure it makes is measured on all photos; then half of ten people's teach, and the others come small."""
    (other,) = [path for path in (shared / "models").glob("*.onnx") if path.name.startswith("edge")]
    desk = Desk(tmp_path / "desk", shared, second_opinion=str(other))
    people = [folder for name in ("lfw10", "athletes") for folder in sorted((shared / "data" / name).iterdir())]
    for folder in people:
        shutil.copytree(folder, desk.people / folder.name)
    desk.build()
    evaluate(desk.settings)
    with closing(open_store(desk.settings.library_file)) as store:
        assert store.calibrations.of(weights_id(other.stem, other))
    for folder in people[:10]:
        for photo in sorted((desk.people / folder.name).iterdir())[5:]:
            small = Image.open(photo).resize((70, 70), Image.Resampling.LANCZOS)
            small.save(desk.input / f"{photo.stem}.png")
            photo.unlink()
    desk.build()
    both = named(desk)
    desk.change(second_opinion="")
    alone = named(desk)
    assert not [photo for photo, name in both.items() if name and name.replace(" ", "_") not in photo]
    assert {photo for photo, name in alone.items() if name} < {photo for photo, name in both.items() if name}
    desk.change(face_model=str(other))
    desk.build()
    first = named(desk)  # what was measured serves it as the only network, too
    assert sum(map(bool, first.values())) > len(first) / 2


def named(desk: Desk) -> dict[str, str]:
    """Return who is in each photo of the input."""
    desk.recognize()
    return {file: row["people"] for file, row in desk.report().items()}
