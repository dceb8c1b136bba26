"""Another face network: what was said and decided stays, and what one has seen is there when it comes back."""

import pickle
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kith.errors import ModelMismatch
from kith.identity.decision import Decider
from kith.identity.gallery import Gallery
from kith.identity.probes import Probe
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Is, IsNot, Shows
from kith.photos.box import Box
from kith.values.decisions import Reason
from kith.values.links import Source
from tests.desk import (
    CHIRAC,
    CHIRAC_AGAIN,
    POWELL,
    POWELL_AGAIN,
    SCHROEDER_AGAIN,
    TWO_STRANGERS,
    Desk,
    no_analysis,
    run_job,
)
from tests.small_world import DLIB, OTHER_FACES, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Recognised by dlib's network, with words of the user."""
    world = World(tmp_path)
    world.measure(DLIB, world.other_faces_id)
    world.recognise()
    with world.library() as library:
        people = {person.name: person for person in library.people.all().values()}
        (zoe,), (between,) = world.query(NOBODY)
        library.say(Is([zoe], "Zoe"))
        library.say(IsNot(between, people["Bob"]))
    yield world
    world.check()


NOBODY = (
    "SELECT a.id FROM appearances a WHERE NOT EXISTS (SELECT 1 FROM links l WHERE l.appearance_id = a.id) ORDER BY a.id"
)
# What a link says, without the number and the moment of its row.
SAID = "SELECT appearance_id, person_id, word, source, round(score, 9), model_id FROM links ORDER BY 1, 2, 3, 4"


def use(world: World, face_model: str) -> None:
    world.values["face_model"] = face_model


def without_a_look(world: World) -> None:
    """Build, recognise and decide again from what is stored."""
    recognition = partial(recognize_folder, inputs=[world.root / "input"], output=world.root / "output")
    run_job(world.settings, recognition, executor=no_analysis)
    world.redecide()


def test_changed_forth_and_back_all_is_as_it_was(world: World) -> None:
    world.redecide()
    said, copies = world.query(SAID), world.tree()
    use(world, OTHER_FACES)
    world.build()
    world.recognise()
    assert world.query(SAID) != said  # the other network confuses two people
    models = {model for (*_, model) in world.query(SAID) if model}
    assert all(model.startswith("faces:") for model in models)
    use(world, "dlib")
    without_a_look(world)
    assert (world.query(SAID), world.tree()) == (said, copies)


def test_the_users_words_are_the_same_rows_all_the_while(world: World) -> None:
    said = world.said(Source.USER)
    for model in (OTHER_FACES, "dlib", OTHER_FACES):
        use(world, model)
        world.build()
        world.recognise()
        world.redecide()
        assert world.said(Source.USER) == said


def test_no_photo_is_opened_again_by_a_network_that_has_seen_it(world: World) -> None:
    """The eyes of a world count how often they look at what, and `check` holds that against the files."""
    use(world, OTHER_FACES)
    world.build()
    world.recognise()
    for model in ("dlib", OTHER_FACES):
        use(world, model)
        without_a_look(world)


def test_before_anybody_is_taught_anew_nothing_is_decided_and_it_is_told(world: World) -> None:
    use(world, OTHER_FACES)
    with pytest.raises(ModelMismatch, match=r"knows faces by dlib_face.*, the settings ask for faces:.*build-kb"):
        world.redecide()
    with pytest.raises(ModelMismatch, match="or set face_model back"):
        world.recognise()


def test_photos_that_are_not_looked_at_anew_stay_as_they_are(world: World) -> None:
    """Decided again by another network, of which there is nothing of these photos."""
    world.redecide()
    said, copies = world.query(SAID), world.tree()
    use(world, OTHER_FACES)
    world.build()
    world.redecide()
    assert (world.query(SAID), world.tree()) == (said, copies)
    with world.library() as library:
        why = library.why(world.root / "input/12.png")
    assert [one.rule for one in why.appearances] == [Reason.OTHER_MODEL]


def test_a_word_on_a_photo_leaves_the_others_in_it_as_they_are(world: World) -> None:
    """Photo 6 shows Ann and Bob."""
    use(world, OTHER_FACES)
    world.build()
    photo = "JOIN appearances a ON a.id = l.appearance_id JOIN files f ON f.photo_id = a.photo_id WHERE f.path LIKE ?"
    of_photo = f"SELECT l.appearance_id, l.person_id, l.source FROM links l {photo} ORDER BY 1"
    first, second = world.query(of_photo, "%/6.png")
    with world.library() as library:
        person = library.people.all()[first[1]]
        library.say(IsNot(first[0], person))
    assert [row for row in world.query(of_photo, "%/6.png") if row[0] == second[0]] == [second]


def test_groups_of_unknown_faces_are_those_of_the_network_in_use(world: World) -> None:
    def groups() -> set[frozenset[int]]:
        with world.library() as library:
            unknowns = Unknowns(library)
            return {frozenset(unknowns.in_group(group.id)) for group in unknowns.groups(1)}

    before = groups()
    use(world, OTHER_FACES)
    world.build()
    world.recognise()
    groups()
    use(world, "dlib")
    without_a_look(world)
    assert groups() == before


def test_two_networks_in_one_library_are_never_compared(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every gallery that a decision is made with, and all that it is asked, are of one model."""
    seen: list[str] = []
    decide = Decider.compared

    def watched(self: Decider, photos: Sequence[Sequence[Probe]], events: Sequence[Gallery] = ()) -> Any:
        seen.append(self.faces.model_id)
        decisions = decide(self, photos, events)
        for probes, decision in zip(photos, decisions, strict=True):
            models = {probe.appearance_id: probe.seen.face.model_id for probe in probes if probe.seen.face}
            for one in decision.appearances:
                assert not one.face or models[one.appearance_id] == self.faces.model_id
        return decisions

    monkeypatch.setattr(Decider, "compared", watched)
    for model in (OTHER_FACES, "dlib", OTHER_FACES):
        use(world, model)
        world.build()
        world.recognise()
        world.redecide()
    assert {model.split(":")[0] for model in seen} == {DLIB, "faces"}


def test_a_gallery_holds_vectors_of_one_model(world: World) -> None:
    use(world, OTHER_FACES)
    world.build()
    lengths = {}
    for model in ("dlib", OTHER_FACES):
        use(world, model)
        with world.library() as library:
            gallery: Gallery = library.decisions.decider.faces
            lengths[model] = gallery.vectors.shape[1]
    assert lengths == {"dlib": 128, OTHER_FACES: 64}


def test_the_export_goes_on_holding_dlibs_numbers(world: World) -> None:
    def exported() -> list[tuple[str, int]]:
        content = pickle.loads(world.settings.encodings_file.read_bytes())
        vectors = content["face_encodings"]
        return sorted((name, len(vector)) for name, vector in zip(content["face_names"], vectors, strict=True))

    world.build()
    before = exported()
    use(world, OTHER_FACES)
    world.put(7, "people/Dan")
    world.build()
    assert exported() == sorted([*before, ("Dan", 128)])


def test_real_networks_change_forth_and_back(tmp_path: Path, shared: Path) -> None:
    """A photo that only the other network was taught with is described by dlib's, too, as dlib's look would."""
    (other,) = [path for path in (shared / "models").glob("*.onnx") if path.name.startswith("edge")]
    desk = Desk(tmp_path / "desk", shared)
    desk.put_all(POWELL, "people/Powell")
    desk.put_all(CHIRAC[:2], "people/Chirac")
    desk.put_all([*POWELL_AGAIN, *CHIRAC_AGAIN, *SCHROEDER_AGAIN, TWO_STRANGERS], "input")
    desk.build()
    desk.recognize()
    said, copies = desk.query(SAID), desk.copies()
    desk.change(face_model=str(other), face_tol=0.6)  # how sure it makes is not measured
    desk.put(CHIRAC[2], "people/Chirac/")
    desk.build()
    finished = desk.recognize()
    assert dict(finished.people) == {"Powell": 2, "Chirac": 2}
    assert desk.copies() == copies
    exported = pickle.loads(desk.settings.encodings_file.read_bytes())
    assert sorted(exported["face_names"]) == ["Chirac"] * 3 + ["Powell"] * 3
    by_other = {tuple(vector) for vector in exported["face_encodings"]}
    desk.change(face_model="dlib", face_tol=0.0)
    desk.build()
    by_dlib = {tuple(vector) for vector in pickle.loads(desk.settings.encodings_file.read_bytes())["face_encodings"]}
    assert np.allclose(sorted(by_other), sorted(by_dlib), atol=1e-6)
    desk.recognize(executor=no_analysis)
    assert desk.copies() == copies
    before, now = ({row[:5] for row in rows if row[3] != Source.MACHINE} for rows in (said, desk.query(SAID)))
    assert before <= now


def test_a_drawn_face_is_described_by_the_other_network_too(world: World) -> None:
    photo = world.query("SELECT photo_id FROM files WHERE path LIKE '%/input/13.png'")[0][0]
    with world.library() as library:
        library.say(Shows(photo, "Nora", Box(0.41, 0.1, 0.2, 0.3)))
    ((drawn,),) = world.query("SELECT max(id) FROM appearances")
    world.recognise()
    use(world, OTHER_FACES)
    world.build()
    world.recognise()
    models = world.query("SELECT model_id FROM observations WHERE appearance_id = ? ORDER BY id", drawn)
    assert models == [(DLIB,), (world.other_faces_id,)]
    use(world, "dlib")
    world.build()
    world.recognise()
    assert len(world.query("SELECT 1 FROM observations WHERE appearance_id = ?", drawn)) == 2
