"""What a review asks and what becomes of the answers, on real photos."""

import shutil
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from kith.errors import BadInput, BadKnowledgeBase
from kith.jobs.context import open_context
from kith.jobs.events import PhotoDone
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.review_queues import queues_of, waiting
from kith.jobs.workers import InlineExecutor
from kith.library.review_queries import Unknown
from kith.library.store import open_store
from kith.photos.box import Box
from kith.values.samples import LEAST_FRONTALITY
from tests.desk import NOBODY, POWELL_AGAIN, SCHROEDER, TWO_STRANGERS, Desk
from tests.networks import save_one_person
from tests.unknowns import (
    FACES,
    accept,
    all_unknown,
    ask,
    give_name,
    look_once,
    of_photo,
    question_on,
    recognized_desk,
    refuse,
    reviewing,
)

FIRST, SECOND, THIRD = (Path(name).name for name in SCHROEDER)
TWO, CAT, POWELL = (Path(name).name for name in (TWO_STRANGERS, NOBODY, POWELL_AGAIN[0]))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.fixture
def library(seen: Path, material: Path) -> Path:
    return look_once(seen / "desk", material)


@pytest.fixture
def desk(tmp_path: Path, material: Path, library: Path) -> Desk:
    return recognized_desk(tmp_path / "desk", material, library)


def _user_links(desk: Desk) -> list[tuple[str, str]]:
    """Return what the user says, by person."""
    return desk.query("SELECT p.name, l.word FROM links l JOIN persons p ON p.id = l.person_id WHERE l.source = 'user'")


# Questions


def test_every_unknown_face_is_asked_about_once(desk: Desk) -> None:
    with reviewing(desk) as library:
        unknowns = all_unknown(library)
        names = [question_on(library, one).spot.path.name for one in unknowns]
        first, _ = of_photo(library, TWO)
        give_name(library, first, "Ann")
        then = all_unknown(library)
    assert len(set(unknowns)) == FACES
    assert sorted(names) == sorted([FIRST, SECOND, THIRD, TWO, TWO])  # neither the cat nor Powell, who is known
    assert len(then) == FACES - 1


def test_a_question_shows_the_face_and_the_three_nearest_people_with_their_nearest_face(desk: Desk) -> None:
    with reviewing(desk) as library:
        question = ask(library, FIRST)
    assert question.spot.path == desk.input / FIRST
    assert question.spot.box.iou(Box(0.3, 0.3, 0.4, 0.4)) > 0.6  # these portraits are cut around the face
    assert (question.by_face, question.said, question.likely) == (True, "", "")
    row = desk.report()[FIRST]
    assert [one.name for one in question.suggestions] == [row[f"face_{rank}"] for rank in (1, 2, 3)]
    assert [f"{one.value:.3f}" for one in question.suggestions] == [row[f"face_{rank}_distance"] for rank in (1, 2, 3)]
    for one in question.suggestions:
        assert one.nearest.path == desk.people / one.name / _nearest(desk, FIRST, one.name)


def _nearest(desk: Desk, photo: str, person: str) -> str:
    """Return which teaching photo of a person is nearest to a photo's face, by the numbers in the library."""
    faces = "FROM observations o JOIN appearances a ON a.id = o.appearance_id JOIN files f ON f.photo_id = a.photo_id"
    ((probe,),) = desk.query(f"SELECT o.vector {faces} WHERE f.path = ?", str(desk.input / photo))
    own = desk.query(
        f"SELECT f.path, o.vector {faces} JOIN links l ON l.appearance_id = a.id JOIN persons p ON p.id = l.person_id "
        "WHERE l.source = 'dataset' AND p.name = ? AND o.sharpness >= ? AND o.frontality >= ?",
        person,
        desk.settings.lap_var_thresh,
        LEAST_FRONTALITY,
    )
    distances = {
        path: np.linalg.norm(np.frombuffer(vector, "<f4") - np.frombuffer(probe, "<f4")) for path, vector in own
    }
    return Path(min(distances, key=lambda path: distances[path])).name


def test_a_face_of_a_photo_stored_on_its_side_is_found_in_the_upright_one(desk: Desk) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    with Image.open(desk.data / TWO_STRANGERS) as upright:
        upright.transpose(Image.Transpose.ROTATE_90).save(desk.input / "sideways.png", exif=exif)
    desk.recognize()
    with reviewing(desk) as library:
        straight, sideways = (
            [question_on(library, one).spot.box for one in of_photo(library, name)] for name in (TWO, "sideways.png")
        )
    assert len(sideways) == 2
    for box in sideways:
        assert max(box.iou(other) for other in straight) > 0.8


def test_photos_that_are_gone_or_changed_are_not_asked_about(desk: Desk) -> None:
    (desk.input / FIRST).unlink()
    shutil.copyfile(desk.input / CAT, desk.input / SECOND)
    with reviewing(desk) as library:
        assert len(all_unknown(library)) == FACES - 2


def test_nothing_recognized_yet_is_told_and_makes_no_library(tmp_path: Path, material: Path) -> None:
    desk = Desk(tmp_path / "desk", material)
    with pytest.raises(BadKnowledgeBase, match="no library"):
        OpenLibrary(desk.settings)
    assert not desk.settings.library_file.exists()


def test_photos_that_only_teach_are_not_asked_about(tmp_path: Path, material: Path, library: Path) -> None:
    desk = Desk(tmp_path / "desk", material)
    shutil.copyfile(library, desk.settings.library_file)
    desk.put(POWELL_AGAIN[0], "people/Powell/")
    desk.put(TWO_STRANGERS, "people/Powell/")
    desk.build()
    with reviewing(desk) as opened:
        assert all_unknown(opened) == []


def test_a_body_like_somebodys_is_asked_about_after_all_faces(
    tmp_path: Path, material: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kith.vision.bodies.LEAST_SHOWN", 0)  # of portraits, too, a body is described
    bodies = {
        "body_policy": "suggest",
        "reid_model": "osnet_x0_25",
        "reid_weights": str(material / "models/osnet_x0_25_msmt17.pth"),
        "body_tol": 0.0,
        "person_detector": str(save_one_person(tmp_path / "person.onnx")),
    }
    library = look_once(tmp_path / "seen", material, **bodies)
    desk = recognized_desk(tmp_path / "desk", material, library, **bodies)
    with reviewing(desk) as opened:
        cat = question_on(opened, next(one for one in all_unknown(opened) if not one.has_face))
        assert queues_of(waiting(opened)).singles[-1].id == cat.unknown.appearance_id
        assert len(all_unknown(opened)) == FACES + 1
        accept(opened, cat.unknown, cat.suggestions[1].person_id)
    desk.change(body_tol=1.0)
    with reviewing(desk) as opened:
        assert len(all_unknown(opened)) == FACES
    row = desk.report()[CAT]
    assert (cat.spot.path, cat.by_face, cat.spot.box) == (desk.input / CAT, False, Box(0, 0, 1, 1))
    assert cat.likely == row["body_1"] == cat.suggestions[0].name
    assert f"{cat.suggestions[0].value:.3f}" == row["body_1_similarity"]
    assert f"{cat.suggestions[1].name}/{CAT}" in desk.copies()


# Answers


def test_accepted_a_photo_moves_from_unknown_to_the_person_and_stays_there(desk: Desk) -> None:
    assert f"Unknown/{FIRST}" in desk.copies()
    with reviewing(desk) as library:
        question = ask(library, FIRST)
        chosen = question.suggestions[1]
        outcome = accept(library, question.unknown, chosen.person_id)
        assert outcome == Outcome(f"{FIRST}#{question.unknown.appearance_id} is {chosen.name}.")
        assert of_photo(library, FIRST) == []
    copies = desk.copies()
    assert f"{chosen.name}/{FIRST}" in copies
    assert f"Unknown/{FIRST}" not in copies
    assert _user_links(desk) == [(chosen.name, "is")]
    assert (desk.input / FIRST).is_file()
    desk.recognize()
    assert desk.copies() == copies
    assert desk.report()[FIRST]["people"] == chosen.name


def test_a_named_face_teaches_from_then_on(desk: Desk) -> None:
    with reviewing(desk) as library:
        before = ask(library, SECOND)
        told = give_name(library, ask(library, FIRST).unknown, "  Gerhard   Schröder ").text
        assert told.endswith(" is Gerhard Schröder. Gerhard Schröder is new.")
        after = ask(library, SECOND)
    assert before.likely == ""
    assert after.likely == after.suggestions[0].name == "Gerhard Schröder"
    assert (after.suggestions[0].certainty or 0) > 0.9
    assert after.suggestions[0].nearest.path == desk.input / FIRST
    summary = desk.recognize()
    assert dict(summary.people)["Gerhard Schröder"] == 3
    assert {f"Gerhard Schröder/{name}" for name in (FIRST, SECOND, THIRD)} <= set(desk.copies())


@pytest.mark.parametrize("text", ["Powell", "powell", " POWELL "])
def test_a_known_name_is_the_known_person(desk: Desk, text: str) -> None:
    persons = desk.query("SELECT * FROM persons")
    with reviewing(desk) as library:
        assert give_name(library, ask(library, FIRST).unknown, text).text.endswith(" is Powell.")
    assert desk.query("SELECT * FROM persons") == persons
    assert f"Powell/{FIRST}" in desk.copies()


def test_a_name_is_known_however_its_accents_are_composed(desk: Desk) -> None:
    with reviewing(desk) as library:
        first, second = of_photo(library, TWO)
        give_name(library, first, "Jose\N{COMBINING ACUTE ACCENT}")
        give_name(library, second, "Jos\N{LATIN SMALL LETTER E WITH ACUTE}")
        assert len(library.people.names()) == 4


def test_a_name_that_several_have_must_be_told_apart_and_an_empty_one_is_none(desk: Desk) -> None:
    with closing(open_store(desk.settings.library_file)) as store:
        second = store.people.add("Powell")
    with reviewing(desk) as library:
        unknown = ask(library, FIRST).unknown
        shown = [name for name in library.people.names().values() if name.startswith("Powell")]
        with pytest.raises(BadInput, match="2 people are called powell") as refusal:
            give_name(library, unknown, "powell")
        with pytest.raises(BadInput, match="name"):
            give_name(library, unknown, "  ")
        assert _user_links(desk) == []
        assert len(shown) == 2
        assert all(name in str(refusal.value) for name in shown)
        give_name(library, unknown, library.people.names()[second])
    assert desk.query("SELECT person_id FROM links WHERE source = 'user'") == [(second,)]


def test_a_person_refused_is_never_suggested_for_this_face_again(desk: Desk) -> None:
    with reviewing(desk) as library:
        question = ask(library, FIRST)
        refused = question.suggestions[0]
        refuse(library, question.unknown, refused.person_id)
        assert [one.name for one in ask(library, FIRST).suggestions] == [one.name for one in question.suggestions[1:]]
        assert refused.name in [one.name for one in ask(library, SECOND).suggestions]
    desk.change(sure_at=0)
    desk.recognize()
    report = desk.report()
    assert report[FIRST]["people"] == question.suggestions[1].name
    assert refused.name not in [report[FIRST][f"face_{rank}"] for rank in (1, 2, 3)]


def test_a_refused_machine_verdict_withdraws_its_copy(desk: Desk) -> None:
    desk.change(sure_at=0)
    desk.recognize()
    wrong = desk.report()[FIRST]["people"]
    ((appearance, photo),) = desk.query(
        "SELECT a.id, a.photo_id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ?",
        str(desk.input / FIRST),
    )
    desk.change(sure_at=0.96)
    with reviewing(desk) as library:
        (person,) = (person for person, name in library.people.names().items() if name == wrong)
        refuse(library, Unknown(appearance, photo, True), person)
        assert len(of_photo(library, FIRST)) == 1
    assert f"{wrong}/{FIRST}" not in desk.copies()
    assert f"Unknown/{FIRST}" in desk.copies()


def test_the_last_word_counts(desk: Desk) -> None:
    with reviewing(desk) as library:
        question = ask(library, FIRST)
        first, second = question.suggestions[:2]
        refuse(library, question.unknown, first.person_id)
        accept(library, question.unknown, second.person_id)
        give_name(library, question.unknown, first.name)
        assert question_on(library, question.unknown).said == first.name
    assert _user_links(desk) == [(first.name, "is")]
    assert [name for name in desk.copies() if name.endswith(FIRST)] == [f"{first.name}/{FIRST}"]


def test_a_face_named_is_not_compared_with_itself(desk: Desk) -> None:
    with reviewing(desk) as library:
        question = ask(library, FIRST)
        accept(library, question.unknown, question.suggestions[0].person_id)
        again = question_on(library, question.unknown)
    assert again.suggestions == question.suggestions


def test_each_face_of_a_photo_has_its_own_name(desk: Desk) -> None:
    with reviewing(desk) as library:
        first, second = of_photo(library, TWO)
        assert question_on(library, first).spot.box.iou(question_on(library, second).spot.box) == 0
        give_name(library, first, "Ann")
        assert [name for name in desk.copies() if name.endswith(TWO)] == [f"Ann/{TWO}"]
        assert of_photo(library, TWO) == [second]
        give_name(library, second, "Bob")
    assert [name for name in desk.copies() if name.endswith(TWO)] == [f"Ann/{TWO}", f"Bob/{TWO}"]


def test_an_answer_about_a_vanished_photo_is_kept(desk: Desk) -> None:
    with reviewing(desk) as library:
        question = ask(library, FIRST)
        (desk.input / FIRST).unlink()
        (desk.output / "Unknown" / FIRST).unlink()
        (problem,) = give_name(library, question.unknown, "Ann").problems
        assert FIRST in problem
        assert question_on(library, question.unknown).spot.path is None
    assert _user_links(desk) == [("Ann", "is")]
    desk.put(SCHROEDER[0], "input/")
    desk.recognize()
    assert [name for name in desk.copies() if name.endswith(FIRST)] == [f"Ann/{FIRST}"]


def test_the_copy_of_a_vanished_photo_follows_an_answer(desk: Desk) -> None:
    with reviewing(desk) as library:
        question = ask(library, FIRST)
        (desk.input / FIRST).unlink()
        give_name(library, question.unknown, "Ann")
    assert [name for name in desk.copies() if name.endswith(FIRST)] == [f"Ann/{FIRST}"]


def test_answers_are_changes_that_can_be_undone(desk: Desk) -> None:
    before = [desk.query(f"SELECT * FROM {table} ORDER BY 1") for table in ("persons", "links")], desk.copies()
    with reviewing(desk) as library:
        question = ask(library, FIRST)
        refuse(library, question.unknown, question.suggestions[0].person_id)
        give_name(library, question.unknown, "Ann")
    with closing(OpenLibrary(desk.settings)) as library:
        assert [one.summary for one in library.history()] == [
            f"{FIRST}#{question.unknown.appearance_id} is Ann",
            f"{FIRST}#{question.unknown.appearance_id} is not {question.suggestions[0].name}",
        ]
        library.undo()
        library.undo()
    assert (
        [desk.query(f"SELECT * FROM {table} ORDER BY 1") for table in ("persons", "links")],
        desk.copies(),
    ) == before


def test_an_output_folder_that_is_gone_is_not_made_anew(desk: Desk) -> None:
    shutil.rmtree(desk.output)
    with reviewing(desk) as library:
        give_name(library, ask(library, FIRST).unknown, "Ann")
    assert not desk.output.exists()
    assert _user_links(desk) == [("Ann", "is")]


def test_answers_land_beside_a_running_job_which_takes_them_up(desk: Desk) -> None:
    with open_context(desk.settings, threading.Event(), "test", InlineExecutor) as context:
        job = recognize_folder(context, [desk.input], desk.output)
        next(job)
        with reviewing(desk) as library:
            give_name(library, ask(library, FIRST).unknown, "Ann")
        done = {event.path.name: event for event in job if isinstance(event, PhotoDone)}
    assert done[FIRST].row.people == ["Ann"]
    assert done[FIRST].row.copies == [f"Ann/{FIRST}"]
    assert done[POWELL].row.people == ["Powell"]
