"""Whose bodies speak for a photo: what a real library says of the folders, times and people of its events."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kith.identity.event_evidence import EventEvidence
from kith.library.store import Store, open_store
from kith.values.decisions import Decision, Evidence, PhotoDecision
from kith.values.links import Link, Source, Word
from kith.vision.observations import Observation
from tests.galleries import ANN, BOB, EVE
from tests.making import BODIES, ENGINE, FACES, body, enter, face, facts

GAP_HOURS = 3.0
MINUTE_NS = 60_000_000_000


class Library:
    """A library whose photos lie in folders, with minutes between them."""

    def __init__(self, store: Store, root: Path) -> None:
        self.store, self._root = store, root
        for name in ("Ann", "Bob", "Eve"):
            store.people.add(name)

    def photo(self, name: str, *places: str, taken_at: str | None = None, seen: Observation | None = None) -> int:
        """Enter a photo of somebody, at places such as `trip/2.jpg@15` (written in that minute); return its id."""
        photo_id, _ = enter(self.store, name, [face(0), seen or body(1, 0)])
        for place in places:
            path, _, minute = place.partition("@")
            with self.store.transaction():
                self.store.photos.save_file(self._root / path, photo_id, 1, int(minute) * MINUTE_NS)
        if taken_at:
            with self.store.transaction():
                self.store.photos.save_photo(replace(facts(name), taken_at=taken_at), photo_id)
        return photo_id

    def key(self, photo_id: int) -> int:
        (key,) = self.store.photos.appearances(photo_id)
        return key

    def says(self, photo_id: int, person: int, source: Source, word: Word = Word.IS, model: str | None = None) -> None:
        self.store.people.say(Link(self.key(photo_id), person, word, source, 0.3, model))

    @property
    def evidence(self) -> EventEvidence:
        return EventEvidence(self.store.events, {FACES}, BODIES, GAP_HOURS)

    def speak(self, photo_id: int) -> list[int]:
        """Return the people whose bodies speak for a photo."""
        return self.evidence.bodies(photo_id).person_ids.tolist()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with closing(open_store(tmp_path / "library.sqlite", create=True)) as store:
        yield Library(store, tmp_path)


def test_a_photo_in_several_folders_hears_the_events_of_all_of_them(library: Library) -> None:
    back = library.photo("back", "trip/2.jpg@2", "best of/2.jpg@2")
    for name, place, person in (
        ("bob", "best of/1.jpg@1", BOB),
        ("ann", "trip/1.jpg@1", ANN),
        ("eve", "elsewhere/1.jpg@1", EVE),
    ):
        library.says(library.photo(name, place), person, Source.USER)
    assert library.speak(back) == [ANN, BOB]


def test_a_photo_twice_in_one_folder_hears_both_events(library: Library) -> None:
    back = library.photo("back", "trip/2.jpg@2", "trip/92.jpg@9002")
    for name, place, person in (
        ("ann", "trip/1.jpg@1", ANN),
        ("bob", "trip/91.jpg@9001", BOB),
        ("eve", "trip/51.jpg@4000", EVE),
    ):
        library.says(library.photo(name, place), person, Source.USER)
    assert library.speak(back) == [ANN, BOB]


def test_a_photo_that_belongs_to_no_event_in_one_of_its_folders_hears_the_other(library: Library) -> None:
    back = library.photo("back", "loose/x.jpg@0", "trip/2.jpg@2")
    library.says(library.photo("ann", "trip/1.jpg@1"), ANN, Source.USER)
    library.says(library.photo("eve", "loose/y.jpg@0"), EVE, Source.USER)
    assert library.speak(back) == [ANN]


def test_photos_of_several_events_are_asked_about_in_any_order(library: Library) -> None:
    backs = [library.photo(f"back {place}", f"{place}/2.jpg@2") for place in ("trip", "party")]
    for place, person in (("trip", ANN), ("party", BOB)):
        library.says(library.photo(place, f"{place}/1.jpg@1"), person, Source.USER)
    evidence = library.evidence
    speak = [evidence.bodies(back).person_ids.tolist() for back in (*backs, *backs)]
    assert speak == [[ANN], [BOB], [ANN], [BOB]]


def test_what_came_meanwhile_is_heard_once_all_else_is_forgotten(library: Library) -> None:
    back = library.photo("back", "trip/2.jpg@2")
    evidence = library.evidence
    assert len(evidence.bodies(back)) == 0
    came = library.photo("ann", "trip/1.jpg@1")
    library.says(came, ANN, Source.DATASET)
    evidence.forget()
    assert evidence.bodies(back).person_ids.tolist() == [ANN]
    library.says(came, BOB, Source.USER)
    evidence.forget()
    assert evidence.bodies(back).person_ids.tolist() == [BOB]


def test_a_folder_below_is_another_event(library: Library) -> None:
    back = library.photo("back", "trip/2.jpg@2")
    library.says(library.photo("ann", "trip/below/1.jpg@1"), ANN, Source.USER)
    assert library.speak(back) == []


def test_the_time_that_a_photo_itself_tells_goes_over_that_of_its_file(library: Library) -> None:
    back = library.photo("back", "trip/2.jpg@2", taken_at="2020-05-17T12:00:00")
    for name, taken_at, person in (
        ("ann", "2020-05-17T14:00:00", ANN),
        ("bob", "2020-05-17T20:00:00", BOB),
        ("eve", "2020-05-16T12:00:00", EVE),
    ):
        library.says(library.photo(name, f"trip/{name}.jpg@0", taken_at=taken_at), person, Source.USER)
    assert library.speak(back) == [ANN]


@pytest.mark.parametrize(
    ("source", "model", "speaks"),
    [
        (Source.USER, None, True),
        (Source.DATASET, None, True),
        (Source.MACHINE, FACES, True),
        (Source.MACHINE, BODIES, False),  # clothes are lent by nobody who has them lent
    ],
)
def test_whom_user_dataset_or_their_face_named_lends_the_body(
    library: Library, source: Source, model: str | None, speaks: bool
) -> None:
    back = library.photo("back", "trip/2.jpg@2")
    library.says(library.photo("ann", "trip/1.jpg@1"), ANN, source, model=model)
    assert library.speak(back) == ([ANN] if speaks else [])


def test_the_user_goes_over_the_dataset_and_both_over_the_machine(library: Library) -> None:
    back, other = library.photo("back", "trip/2.jpg@2"), library.photo("other", "trip/1.jpg@1")
    library.says(other, EVE, Source.MACHINE, model=FACES)
    assert library.speak(back) == [EVE]
    library.says(other, BOB, Source.DATASET)
    assert library.speak(back) == [BOB]
    library.says(other, ANN, Source.USER)
    assert library.speak(back) == [ANN]


def test_whom_the_user_denied_the_machine_names_in_vain(library: Library) -> None:
    back, other = library.photo("back", "trip/2.jpg@2"), library.photo("other", "trip/1.jpg@1")
    library.says(other, ANN, Source.MACHINE, model=FACES)
    library.says(other, ANN, Source.USER, Word.IS_NOT)
    assert library.speak(back) == []


def test_who_is_ignored_lends_no_body(library: Library) -> None:
    back, other = library.photo("back", "trip/2.jpg@2"), library.photo("other", "trip/1.jpg@1")
    library.says(other, ANN, Source.MACHINE, model=FACES)
    with library.store.change("ignore", "ignored"):
        library.store.groups.ignore([library.key(other)])
    assert library.speak(back) == []


def test_bodies_of_another_model_and_whole_photos_do_not_speak(library: Library) -> None:
    back = library.photo("back", "trip/3.jpg@3")
    for name, seen in (("1", body(1, 0, model="another")), ("2", body(1, 0, weak=True))):
        library.says(library.photo(name, f"trip/{name}.jpg@{name}", seen=seen), ANN, Source.USER)
    assert library.speak(back) == []


def test_of_two_looks_at_a_body_the_newer_one_speaks(library: Library) -> None:
    back, other = library.photo("back", "trip/2.jpg@2"), library.photo("other", "trip/1.jpg@1")
    enter(library.store, "other", [face(0), body(0, 1)], engine=f"{ENGINE} later")
    library.says(other, ANN, Source.USER)
    assert library.evidence.bodies(back).vectors.tolist() == [[0, 1]]


def _decision(key: int, person: int | None, evidence: Evidence, said: bool = False) -> PhotoDecision:
    return PhotoDecision((Decision(key, True, person_id=person, evidence=evidence, said=said),))


def test_a_verdict_not_yet_written_goes_over_what_is(library: Library) -> None:
    back, other = library.photo("back", "trip/2.jpg@2"), library.photo("other", "trip/1.jpg@1")
    library.says(other, BOB, Source.MACHINE, model=FACES)
    evidence, key = library.evidence, library.key(other)
    assert evidence.bodies(back).person_ids.tolist() == [BOB]
    for decision, speak in (
        (_decision(key, ANN, Evidence.FACE), [ANN]),
        (_decision(key, None, Evidence.NONE), []),
        (_decision(key, EVE, Evidence.BODY), []),
        (_decision(key, EVE, Evidence.NONE, said=True), [EVE]),
    ):
        evidence.learn(other, decision)
        heard = evidence.bodies(back)
        assert heard.person_ids.tolist() == speak
        evidence.learn(other, decision)
        assert evidence.bodies(back) is heard  # said once more, it has nobody's bodies read again
    evidence.forget()
    assert evidence.bodies(back).person_ids.tolist() == [BOB]
