"""Who shows without a face: bodies within an event, on real bodies of pedestrians and on real photos."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from kith.identity.body_candidates import EVENT_MARGIN, EVENT_SUGGEST, EVENT_TOL
from kith.identity.decision import LEAST_PIXELS_TELLING, Decider
from kith.identity.event_evidence import EventEvidence
from kith.identity.exclusions import Life
from kith.identity.gallery import Gallery
from kith.jobs.build_kb import build_kb
from kith.jobs.events import Event, PhotoDone, RecognitionFinished
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.redecision import redecide
from kith.jobs.user_words import Is, IsNot
from kith.jobs.workers import InlineExecutor
from kith.library.store import open_store
from kith.photos.box import Box
from kith.photos.pixels import load_rgb
from kith.policies import BodyPolicy
from kith.values.decisions import Evidence, Exclusion, PhotoDecision, Reason
from kith.values.links import Link, Source, Word
from kith.values.sightings import Case, Sighting
from kith.vision.engines import EngineSpec
from kith.vision.face_model import default_face_model
from kith.vision.observations import Analysis, Appearance, Kind, Observation
from tests.desk import Desk, is_analysis, no_analysis, shared_folder, why
from tests.galleries import ANN, BOB, EVE, bodies, decide, decider, turned
from tests.making import BLURRED, body, face
from tests.networks import onnx_bodies
from tests.small_world import body_vector

# One photo, judged with the bodies of its event

SURE, PERHAPS = (float(np.degrees(np.arccos(value))) for value in (EVENT_TOL + 0.01, EVENT_SUGGEST + 0.01))
EVENT = bodies((EVE, 0), (BOB, 180))
SAYS_EVE, NOT_EVE = (Link(1, EVE, word, Source.USER) for word in (Word.IS, Word.IS_NOT))


def _back(angle: float, key: int = 1, weak: bool = False) -> Sighting:
    return Sighting(key, None, body(*turned(angle), weak=weak))


def _in_event(
    one: Decider, *seen: Sighting, event: Gallery | None = EVENT, links: Sequence[Link] = (), **changes: Any
) -> PhotoDecision:
    said = {
        sight.appearance_id: [link for link in links if link.appearance_id == sight.appearance_id] for sight in seen
    }
    events = [] if event is None else [event]
    return one.photos([Case(seen, said, **changes)], events)[0]


def _filing(**changes: Any) -> Decider:
    return decider(bank=bodies(), policy=BodyPolicy.EVENT, **changes)


@pytest.mark.parametrize(
    ("policy", "people", "unsure", "reason"),
    [
        (BodyPolicy.EVENT, (EVE,), (), Reason.BODY_EVENT),
        (BodyPolicy.SUGGEST, (), (EVE,), Reason.BODY_EVENT_SUGGESTED),
        (BodyPolicy.ANYWHERE, (), (), Reason.NO_FACE),
        (BodyPolicy.OFF, (), (), Reason.NO_FACE),
    ],
)
def test_a_back_wears_the_clothes_of_somebody_in_the_event(
    policy: BodyPolicy, people: tuple[int, ...], unsure: tuple[int, ...], reason: Reason
) -> None:
    photo = _in_event(decider(bank=bodies(), policy=policy), _back(10))
    assert (photo.people, photo.unsure, photo.appearances[0].reason) == (people, unsure, reason)
    assert photo.evidence is (Evidence.BODY if people else Evidence.NONE)
    if people or unsure:
        assert [one.person_id for one in photo.appearances[0].body] == [EVE, BOB]
        assert photo.appearances[0].score == pytest.approx(turned(10)[0])


@pytest.mark.parametrize(("angle", "people", "unsure"), [(SURE, (EVE,), ()), (PERHAPS, (), (EVE,)), (60, (), ())])
def test_the_less_alike_the_less_is_said(angle: float, people: tuple[int, ...], unsure: tuple[int, ...]) -> None:
    photo = _in_event(_filing(), _back(angle))
    assert (photo.people, photo.unsure) == (people, unsure)


@pytest.mark.parametrize(("ahead", "is_filed"), [(EVENT_MARGIN + 0.01, True), (EVENT_MARGIN - 0.01, False)])
def test_two_people_dressed_alike_are_only_suggested(ahead: float, is_filed: bool) -> None:
    event = bodies((EVE, 0), (BOB, float(np.degrees(np.arccos(1 - ahead)))))
    photo = _in_event(_filing(), _back(0), event=event)
    assert (photo.people, photo.unsure) == (((EVE,), ()) if is_filed else ((), (EVE,)))


def test_whose_face_shows_in_the_photo_is_no_other_body_there() -> None:
    photo = _in_event(_filing(), Sighting(1, face(20), body(*turned(5))), _back(0, key=2))
    assert [one.person_id for one in photo.appearances] == [EVE, None]
    assert photo.appearances[1].excluded == (Exclusion(EVE, Reason.TAKEN, by=1),)


@pytest.mark.parametrize("policy", [BodyPolicy.EVENT, BodyPolicy.SUGGEST])
def test_whom_a_face_suggests_is_no_other_body_there(policy: BodyPolicy) -> None:
    photo = _in_event(
        decider(bank=bodies(), policy=policy), Sighting(1, face(20, sharpness=BLURRED), None), _back(0, 2)
    )
    assert [(one.person_id, one.suggested) for one in photo.appearances] == [(None, EVE), (None, None)]


def test_of_two_bodies_the_more_alike_is_the_person() -> None:
    photo = _in_event(_filing(), _back(20, key=1), _back(10, key=2))
    assert [one.person_id for one in photo.appearances] == [None, EVE]
    assert photo.appearances[0].excluded == (Exclusion(EVE, Reason.TAKEN, by=2),)


def test_the_bodies_of_the_bank_are_given_one_to_one_as_well() -> None:
    photo = decide(decider(policy=BodyPolicy.ANYWHERE), _back(20, key=1), _back(10, key=2))
    assert [one.person_id for one in photo.appearances] == [None, ANN]


@pytest.mark.parametrize("policy", [BodyPolicy.SUGGEST, BodyPolicy.EVENT])
def test_whom_the_event_suggests_the_bank_suggests_nowhere_else(policy: BodyPolicy) -> None:
    one = decider(bank=bodies((EVE, 90)), policy=policy)
    photo = _in_event(one, _back(PERHAPS, key=1), _back(90, key=2))
    assert [each.suggested for each in photo.appearances] == [EVE, None]
    assert Exclusion(EVE, Reason.TAKEN, by=1) in photo.appearances[1].excluded


def test_a_named_face_does_not_silence_the_other_bodies() -> None:
    photo = _in_event(_filing(), Sighting(1, face(0), None), _back(0, key=2))
    assert photo.people == (ANN, EVE)


def test_whom_the_user_denied_here_is_not_filed_by_the_clothes() -> None:
    photo = _in_event(_filing(), _back(0), links=[NOT_EVE])
    assert (photo.people, photo.unsure) == ((), ())
    assert photo.appearances[0].excluded == (Exclusion(EVE, Reason.DENIED, by=1),)


@pytest.mark.parametrize("taken_at", ["2001-02-03T04:05:06", "1980-02-03T04:05:06"])
def test_nobody_shows_after_their_death_nor_before_their_birth(taken_at: str) -> None:
    photo = _in_event(_filing(lives={EVE: Life("1985", "1990")}), _back(0), taken_at=taken_at)
    assert (photo.people, photo.unsure) == ((), ())
    reason = Reason.AFTER_DEATH if taken_at > "1990" else Reason.BEFORE_BIRTH
    assert photo.appearances[0].excluded == (Exclusion(EVE, reason),)


def test_the_ignored_and_whole_photos_stay_nobody() -> None:
    assert _in_event(_filing(), _back(0), ignored={1}).people == ()
    assert _in_event(_filing(), _back(0, weak=True)).people == ()


def test_the_users_word_stands() -> None:
    said_bob = Link(1, BOB, Word.IS, Source.USER)
    assert _in_event(_filing(), _back(0), links=[said_bob]).people == (BOB,)


@pytest.mark.parametrize(
    ("observed", "people"),
    [
        (face(5), ()),  # a good face, and nobody's
        (face(5, sharpness=BLURRED), (EVE,)),
        (face(5, pixels=LEAST_PIXELS_TELLING - 1), (EVE,)),
        (face(5, frontality=0.3), (EVE,)),
        (face(20, sharpness=BLURRED), (EVE,)),  # suggested by the face, confirmed by the body
        (face(0, sharpness=BLURRED), ()),  # suggests Ann, whom the body cannot contradict
    ],
)
def test_a_good_face_speaks_against_all_it_is_not_like(observed: Observation, people: tuple[int, ...]) -> None:
    photo = _in_event(_filing(), Sighting(1, observed, body(*turned(0))))
    assert photo.people == people
    assert photo.hangs is (
        observed.sharpness == BLURRED or observed.pixels < LEAST_PIXELS_TELLING or observed.frontality < 1
    )


def test_the_event_is_stronger_than_the_bank() -> None:
    one = decider(bank=bodies((ANN, 0)), policy=BodyPolicy.EVENT)
    assert _in_event(one, _back(0)).people == (EVE,)
    alone = _in_event(one, _back(0), event=None)
    assert (alone.people, alone.unsure, alone.appearances[0].reason) == ((), (ANN,), Reason.BODY_SUGGESTED)


# Whole folders: real bodies where they are (pedestrians, the network's own vectors), photos of one colour, real times

ANNA, BEN, CARL = "Anna", "Ben", "Carl"
CROPS = {
    ANNA: ("0002/0002_c2s1_000301_01", "0002/0002_c2s1_000351_01"),
    BEN: ("0052/0052_c2s1_005076_01", "0052/0052_c2s1_005101_01"),
    CARL: ("0030/0030_c1s1_002551_03", "0030/0030_c1s1_002576_01"),
}
NOON = datetime(2020, 5, 17, 12)  # noqa: DTZ001 - by the camera's clock
LATER = NOON + timedelta(hours=4)

Seen = tuple[str, bool, int]  # who, whether the face shows, which crop


@pytest.fixture(scope="module")
def vectors() -> Mapping[tuple[str, int], NDArray[np.float32]]:
    """What the network says of the people's bodies, or what it might say where its weights are not."""
    shared = shared_folder()
    keys = [(name, index) for name, crops in CROPS.items() for index in range(len(crops))]
    if not shared.is_dir():
        return {(name, index): body_vector(([*CROPS].index(name),), index, "drawn") for name, index in keys}
    extract = onnx_bodies(shared / "models/osnet_x0_25_msmt17.onnx", "osnet_x0_25")
    crops = [load_rgb(shared / "data/pedestrians" / f"{CROPS[name][index]}.jpg") for name, index in keys]
    return dict(zip(keys, extract.encode(crops), strict=True))


class Scenes(Executor):
    """Stands for the networks' looking: says of each photo, by its name, who is in it."""

    def __init__(self, seen: Mapping[str, Sequence[Seen]], vectors: Mapping[tuple[str, int], Any]) -> None:
        self._seen, self._vectors = seen, vectors

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not is_analysis(fn):
            return InlineExecutor().submit(fn, *args, **kwargs)
        (photos,), spec = args, fn.keywords["spec"]
        future: Future[Any] = Future()
        future.set_result([self._analysis(path.name, spec) for path, _ in photos])
        return future

    def _analysis(self, photo: str, spec: EngineSpec) -> Analysis:
        people = enumerate(self._seen[photo])
        return Analysis(0, tuple(self._appearance(number, one, spec) for number, one in people))

    def _appearance(self, number: int, seen: Seen, spec: EngineSpec) -> Appearance:
        name, has_face, crop = seen
        box = Box(0.05 + 0.3 * number, 0.1, 0.2, 0.8)
        own = np.zeros(128, np.float32)
        own[[*CROPS].index(name)] = 1
        shown = Observation(Kind.FACE, default_face_model().id, box, 0.9, own, sharpness=500, pixels=120, frontality=1)
        body = Observation(Kind.BODY, spec.body_model_id or "", box, 0.9, self._vectors[name, crop])
        return Appearance(box, (shown, body) if has_face else (body,))


def _photo(path: Path, taken: datetime | None = None) -> Path:
    """Write a photo of a colour of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = tuple(np.random.default_rng(list(str(path.name).encode())).integers(256, size=3).tolist())
    exif = Image.Exif()
    if taken:
        exif[Base.DateTime] = taken.strftime("%Y:%m:%d %H:%M:%S")
    Image.new("RGB", (64, 48), colour).save(path, exif=exif)
    return path


class Album:
    """A desk whose photos show whom the test says; it knows Anna, Ben and Carl by their faces, in other clothes."""

    def __init__(self, desk: Desk, vectors: Mapping[tuple[str, int], Any]) -> None:
        self.desk = desk
        self.seen: dict[str, list[Seen]] = {}
        self._vectors = vectors
        others = {ANNA: (CARL, 0), BEN: (CARL, 0), CARL: (BEN, 0)}  # nothing to learn from their clothes
        for name, (dressed, crop) in others.items():
            vectors = {**vectors, (name, -1): -np.asarray(self._vectors[dressed, crop])}
            self.seen[f"{name}.png"] = [(name, True, -1)]
            _photo(desk.people / name / f"{name}.png")
            self._vectors = {**self._vectors, **vectors}
        self.run(build_kb)

    def add(self, name: str, taken: datetime | None, *seen: Seen) -> Path:
        """Put a photo into the input folder."""
        self.seen[Path(name).name] = [*seen]
        return _photo(self.desk.input / name, taken)

    def run(self, job: Callable[..., Iterator[Event]], stop_at: int | None = None) -> list[Event]:
        """Run a job."""
        return self.desk.run(job, stop_at, self.look)

    def look(self) -> Executor:
        """Make what stands for the networks."""
        return Scenes(self.seen, self._vectors)

    def recognize(self, stop_at: int | None = None) -> list[PhotoDone]:
        """Recognise the input folder and return what is told of the photos."""
        events = self.run(self.desk.recognition(), stop_at)
        done = [event for event in events if isinstance(event, PhotoDone)]
        assert [event.done for event in done] == list(range(1, len(done) + 1))
        self.finished = events[-1]
        return done

    def told(self) -> dict[str, tuple[list[str], tuple[str, ...]]]:
        """Recognise, and return who was decided on and who suggested in each photo."""
        return {event.row.file: (list(event.row.people), event.unsure) for event in self.recognize()}


@pytest.fixture
def album(desk: Desk, material: Path, vectors: Mapping[tuple[str, int], Any]) -> Album:
    weights = str(material / "models/osnet_x0_25_msmt17.pth")
    desk.change(body_policy="event", reid_model="osnet_x0_25", reid_weights=weights)
    return Album(desk, vectors)


def _anna_turns_away(album: Album, away: datetime | None = NOON, folder: str = "") -> str:
    """Add a photo with Anna's face and one with her back; the back comes first."""
    album.add("b.png", NOON + timedelta(minutes=1), (ANNA, True, 0))
    album.add(f"{folder}a.png", away, (ANNA, False, 1))
    return f"{folder}a.png"


@pytest.mark.parametrize(
    ("policy", "said"), [("event", ([ANNA], ())), ("suggest", ([], (ANNA,))), ("anywhere", ([], ())), ("off", ([], ()))]
)
def test_clothes_within_an_event(album: Album, policy: str, said: object) -> None:
    back = _anna_turns_away(album)
    album.desk.change(body_policy=policy)
    told = album.told()
    assert told == {"b.png": ([ANNA], ()), back: said}
    filed = policy == "event"
    assert album.desk.copies() == ([f"{ANNA}/a.png", f"{ANNA}/b.png"] if filed else [f"{ANNA}/b.png", "Unknown/a.png"])
    assert list(told) == ([back, "b.png"] if policy in ("anywhere", "off") else ["b.png", back])
    assert [*album.desk.report()] == ["a.png", "b.png"]  # in the order of the folder


@pytest.mark.parametrize(("away", "folder"), [(LATER, ""), (None, ""), (NOON, "elsewhere/")])
def test_nothing_is_said_across_events(album: Album, away: datetime | None, folder: str) -> None:
    back = _anna_turns_away(album, away, folder)
    assert album.told()[back] == ([], ())


def test_the_gap_is_the_users(album: Album) -> None:
    back = _anna_turns_away(album, LATER)
    album.desk.change(event_gap=5.0)
    assert album.told()[back] == ([ANNA], ())


def test_others_in_other_clothes_are_nobody(album: Album) -> None:
    _anna_turns_away(album)
    album.add("c.png", NOON, (BEN, False, 0), (CARL, False, 0))
    assert album.told()["c.png"] == ([], ())


def test_who_is_whose_is_told_of_each_body(album: Album) -> None:
    album.add("1.png", NOON, (BEN, False, 1), (ANNA, False, 1))
    album.add("2.png", NOON, (ANNA, True, 0), (BEN, True, 0))
    album.add("3.png", NOON, (ANNA, True, 0), (ANNA, False, 1), (BEN, False, 1))
    told = album.told()
    assert {name: sorted(people) for name, (people, _) in told.items()} == {name: [ANNA, BEN] for name in told}
    (third,) = [event.decision for event in album.recognize() if event.row.file == "3.png"]
    assert [one.person_id is None for one in third.appearances] == [False, True, False]


def test_who_is_filed_by_the_clothes_lends_them_to_nobody(album: Album) -> None:
    """Two folders: in the second the back of the first shows no face in its own event."""
    _anna_turns_away(album)
    album.add("later/d.png", LATER, (ANNA, False, 0))
    shutil.copyfile(album.desk.input / "a.png", album.desk.input / "later/a.png")
    told = album.told()
    assert (told["a.png"], told["later/d.png"]) == (([ANNA], ()), ([], ()))


def test_a_second_run_says_the_same_and_changes_nothing(album: Album) -> None:
    _anna_turns_away(album)
    first, links, tree = album.told(), album.desk.query("SELECT * FROM links ORDER BY id"), album.desk.copies()
    again = album.desk.run(album.desk.recognition(), executor=no_analysis)
    assert {e.row.file: (list(e.row.people), e.unsure) for e in again if isinstance(e, PhotoDone)} == first
    assert album.desk.query("SELECT * FROM links ORDER BY id") == links
    assert album.desk.copies() == tree


def test_a_photo_that_comes_later_settles_the_earlier_ones(album: Album) -> None:
    back = album.add("a.png", NOON, (ANNA, False, 1))
    assert album.told() == {"a.png": ([], ())}
    album.add("b.png", NOON, (ANNA, True, 0))
    assert album.told()["a.png"] == ([ANNA], ())
    assert album.desk.copies() == [f"{ANNA}/a.png", f"{ANNA}/b.png"]
    (album.desk.input / "b.png").unlink()  # what it taught of the event stays known
    assert album.told() == {back.name: ([ANNA], ())}


def test_stopped_in_the_middle_what_is_held_is_settled_by_what_is_known(album: Album) -> None:
    for number in range(8):
        album.add(f"{number}.png", NOON, (ANNA, False, 1))
    album.add("9.png", NOON, (ANNA, True, 0))
    for number in range(4):
        album.add(f"0{number}.png", NOON, (ANNA, True, 0))
    names = [event.row.file for event in album.recognize(stop_at=3)]
    finished = album.finished
    assert isinstance(finished, RecognitionFinished)
    assert finished.stopped
    assert finished.done == len(names) < finished.total
    assert finished.known == len(names)  # the first in the folder's order showed her face
    reached = {name for name, row in album.desk.report().items() if not row["error"]}
    assert reached == set(names)
    assert len(album.told()) == 13
    assert len(album.desk.copies()) == 13


def test_killed_in_the_middle_the_next_run_settles_what_was_held(album: Album) -> None:
    back = _anna_turns_away(album)
    job = album.desk.recognition()

    def killed(context: Any) -> Iterator[Event]:
        for event in job(context):
            yield event
            if isinstance(event, PhotoDone):
                return

    (told,) = [event for event in album.run(killed) if isinstance(event, PhotoDone)]
    assert told.row.file == "b.png"
    assert album.desk.copies() == [f"{ANNA}/b.png"]
    assert album.desk.query("SELECT count(*) FROM analyses") == [(5,)]  # three that teach, the face, and the back
    album.desk.run(job, executor=no_analysis)
    assert album.desk.copies() == [f"{ANNA}/a.png", f"{ANNA}/b.png"]
    assert album.told()[back] == ([ANNA], ())


def test_a_person_deleted_while_photos_are_held_is_nobody(album: Album) -> None:
    _anna_turns_away(album)
    job, told = album.desk.recognition(), []

    def beside(context: Any) -> Iterator[Event]:
        for event in job(context):
            yield event
            if isinstance(event, PhotoDone):
                told.append((event.row.file, list(event.row.people)))
                if len(told) == 1:
                    with closing(OpenLibrary(album.desk.settings)) as library:
                        PersonChanges(library).delete(library.people.find(ANNA))

    album.run(beside)
    assert told == [("b.png", [ANNA]), ("a.png", [])]


def test_a_death_within_the_event_is_heeded(album: Album) -> None:
    back = _anna_turns_away(album, LATER)
    album.desk.change(event_gap=5.0)
    with closing(OpenLibrary(album.desk.settings)) as library:
        PersonChanges(library).set(library.people.find(ANNA), {"death": "2020-05-17"}, {}, {})
    assert album.told()[back] == ([ANNA], ())
    later = album.add("later.png", LATER + timedelta(hours=4, minutes=59), (ANNA, False, 1))
    midnight = album.add("midnight.png", LATER + timedelta(hours=9), (ANNA, False, 1))
    told = album.told()
    assert (told[back], told[later.name], told[midnight.name]) == (([ANNA], ()), ([ANNA], ()), ([], ()))


def test_the_users_word_holds_within_events(album: Album) -> None:
    back = _anna_turns_away(album)
    album.recognize()
    with closing(OpenLibrary(album.desk.settings)) as library:
        ((key,),) = album.desk.query(
            "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path LIKE '%/a.png'"
        )
        library.say(IsNot(key, library.people.find(ANNA)))
    assert album.desk.copies() == [f"{ANNA}/b.png", "Unknown/a.png"]
    assert album.told()[back] == ([], ())


def test_a_users_word_on_one_body_keeps_what_the_event_says_of_another(album: Album) -> None:
    album.add("a.png", NOON, (ANNA, False, 1), (CARL, False, 1))
    album.add("b.png", NOON, (ANNA, True, 0))
    album.recognize()
    ((key,),) = album.desk.query(
        "SELECT max(a.id) FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path LIKE '%/a.png'"
    )
    with closing(OpenLibrary(album.desk.settings)) as library:
        library.say(Is([key], library.people.find(CARL)))
    assert album.desk.copies() == [f"{ANNA}/a.png", f"{ANNA}/b.png", f"{CARL}/a.png"]


def test_deciding_again_comes_to_the_same(album: Album) -> None:
    _anna_turns_away(album)
    for policy, filed in (("suggest", ["Unknown/a.png"]), ("event", [f"{ANNA}/a.png"]), ("suggest", ["Unknown/a.png"])):
        album.desk.change(body_policy=policy)
        album.desk.run(redecide if album.desk.output.exists() else album.desk.recognition(), executor=album.look)
        assert album.desk.copies() == sorted([f"{ANNA}/b.png", *filed])


def test_why_tells_of_the_event(album: Album) -> None:
    _anna_turns_away(album)
    album.recognize()
    (one,) = why(album.desk.settings, album.desk.input / "a.png").appearances
    assert (one.person, one.rule) == (ANNA, Reason.BODY_EVENT)
    assert [Path(like.nearest).name for like in one.by_body[:1]] == ["b.png"]


def test_what_is_not_written_yet_goes_before_what_is(album: Album) -> None:
    _anna_turns_away(album)
    album.recognize()
    with closing(open_store(album.desk.settings.library_file)) as store:
        ids = {path.name: photo for path, photo in store.photos.photos_at([album.desk.input]).items()}
        ((model_id,),) = album.desk.query("SELECT DISTINCT model_id FROM observations WHERE kind = 'body'")
        evidence = EventEvidence(store.events, {default_face_model().id}, model_id, 3.0)
        assert len(evidence.bodies(ids["a.png"])) == 1
        evidence.learn(ids["b.png"], PhotoDecision(()))
        assert len(evidence.bodies(ids["a.png"])) == 0
        evidence.forget()
        assert len(evidence.bodies(ids["a.png"])) == 1


# Real photos, looked at by the real networks: the face is too small to be named, the clothes are not


@pytest.mark.parametrize(
    ("policy", "away", "said"),
    [
        ("event", NOON, (["Obama"], ())),
        ("suggest", NOON, ([], ("Obama",))),
        ("event", LATER, ([], ("Obama",))),
    ],
)
def test_a_small_photo_of_the_same_scene(desk: Desk, shared: Path, policy: str, away: datetime, said: object) -> None:
    weights = str(desk.data.parent / "models/osnet_x0_25_msmt17.pth")
    desk.change(body_policy=policy, reid_model="osnet_x0_25", reid_weights=weights)
    desk.put("groups/obama-1080p.jpg", "people/Obama/")
    desk.build()
    with Image.open(desk.data / "groups/two_people.jpg") as scene:
        for name, taken, scale in (("a.jpg", away, 0.16), ("b.jpg", NOON, 1)):
            exif = Image.Exif()
            exif[Base.DateTime] = taken.strftime("%Y:%m:%d %H:%M:%S")
            scene.resize([round(side * scale) for side in scene.size]).save(desk.input / name, exif=exif)
    done = {event.row.file: event for event in desk.run(desk.recognition()) if isinstance(event, PhotoDone)}
    assert (done["a.jpg"].row.people, done["a.jpg"].unsure) == said
    assert done["b.jpg"].row.people == ["Obama"]
