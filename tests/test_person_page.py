"""A person's faces by fit, and everybody on the wall, without a window: right for few and for many."""

import os
from pathlib import Path

import numpy as np
import pytest

from kith.identity.nearest import distance_from, distances_from_others
from kith.jobs.people_wall import searched, wall
from kith.jobs.person_page import person_page
from kith.values.links import Source
from tests.small_world import World


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 1700])
def test_many_faces_fit_as_each_does_by_the_plain_rule(count: int) -> None:
    random = np.random.default_rng(count)
    samples = random.normal(size=(count, 16)).astype(np.float32)
    strangers = random.normal(size=(30, 16)).astype(np.float32)
    faces, own = np.concatenate([samples, strangers]), np.array([*range(count), *[-1] * 30])
    found = distances_from_others(faces, samples, own)
    for row in [*range(min(count, 40)), *range(max(count - 40, 0), len(faces))]:
        others = samples[np.arange(count) != own[row]]
        plain = distance_from(faces[row], others) if len(others) else np.inf
        assert found[row] == pytest.approx(plain, abs=1e-4)


def test_a_page_measures_each_face_from_the_others_that_teach(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.recognise()
    with world.library() as library:
        ann = library.people.find("Ann").id
        seen = library.store.persons.faces(ann, library.decisions.face_model_id)
        shown = {face.appearance_id: face.distance for face in person_page(library, ann).faces}
    assert {face.source for face in seen} >= {Source.DATASET}
    for face in seen:
        assert face.vector is not None
        others = [
            other.vector
            for other in seen
            if other is not face and other.source is not Source.MACHINE and other.vector is not None
        ]
        assert shown[face.appearance_id] == pytest.approx(distance_from(face.vector, np.array(others)), abs=1e-4)


def test_files_of_many_photos_are_those_of_each(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.recognise()
    gone, changed, *_ = sorted((tmp_path / "input").iterdir())
    gone.unlink()
    os.utime(changed, ns=(1, 1))
    with world.store() as store:
        photos = [photo for (photo,) in world.query("SELECT id FROM photos")]
        by_one = {photo: store.reviews.file_of(photo) for photo in photos}
        found = store.reviews.files_of(photos)
    assert found == {photo: path for photo, path in by_one.items() if path}
    assert {gone, changed}.isdisjoint(found.values())
    assert len(found) > 2


def test_a_thousand_people_of_long_and_right_to_left_names_are_found(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.library() as library:
        with library.store.transaction():
            for number in range(1000):
                library.store.people.add(f"Zed {number}")
            library.store.people.add("אריאל שרון")
            library.store.people.add("Maria " * 40 + "Ångström")
        people = wall(library)
    assert len(people) == 1005
    assert [person.name for person in searched(people, "שרון")] == ["אריאל שרון"]
    assert len(searched(people, "angstrom")) == 1
    assert len(searched(people, "zed 99")) == 11
    assert [person.spot is None for person in searched(people, "Ann")] == [False]
