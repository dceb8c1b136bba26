"""What is wrong with a knowledge base is found, on real photos, and nothing is said of a sound one."""

import json
import pickle
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from kith.errors import BadKnowledgeBase
from kith.identity.alike_photos import alike_photos
from kith.identity.gallery import Gallery, gallery_of
from kith.identity.health import FAR, alike_faces, groups, misfits, other_people
from kith.jobs.check import CheckFinished, Trouble, check, check_summary
from kith.jobs.import_kb import import_kb
from kith.library.connection import LibraryConnection
from kith.library.store import Store, open_store
from kith.settings import Settings
from kith.values.links import Link, Source, Word
from kith.values.samples import Sample
from kith.vision.face_model import default_face_model
from kith.vision.observations import Analysis, Appearance
from tests.desk import CHIRAC, CHIRAC_AGAIN, POWELL, POWELL_AGAIN, SCHROEDER, SCHROEDER_AGAIN, Desk, ran
from tests.making import face, facts

HERE = 500  # a sharpness that teaches


def _found(desk: Desk) -> dict[Trouble, list[tuple[tuple[str, ...], list[str]]]]:
    """Return the findings by what they are about: the people, and the files below the people folder."""
    found: dict[Trouble, list[tuple[tuple[str, ...], list[str]]]] = {}
    for one in check(desk.settings).findings:
        files = [path.relative_to(desk.people).as_posix() for path in one.files]
        found.setdefault(one.trouble, []).append((one.people, files))
    return found


@pytest.fixture
def three(desk: Desk) -> Desk:
    """Three people with enough photos each."""
    desk.put_all([*POWELL, *POWELL_AGAIN], "people/Powell")
    desk.put_all([*CHIRAC, *CHIRAC_AGAIN], "people/Chirac")
    desk.put_all([*SCHROEDER, *SCHROEDER_AGAIN], "people/Schroeder")
    return desk


def test_a_sound_knowledge_base_has_no_findings(three: Desk) -> None:
    three.build()
    assert check(three.settings) == CheckFinished(3, 14, ())
    assert check_summary(check(three.settings)) == ["3 people, 14 samples that teach: nothing to look at."]


def test_a_photo_of_somebody_else_is_found(three: Desk) -> None:
    known = three.put("lfw10/Jacques_Chirac/Jacques_Chirac_0019.jpg", "people/Powell/")
    stranger = three.put("lfw10/Tony_Blair/Tony_Blair_0004.jpg", "people/Schroeder/")
    three.build()
    found = _found(three)
    assert set(found) == {Trouble.SOMEBODY_ELSE}
    assert sorted((people[0], files) for people, files in found[Trouble.SOMEBODY_ELSE]) == [
        ("Powell", [f"Powell/{known.name}"]),
        ("Schroeder", [f"Schroeder/{stranger.name}"]),
    ]
    assert ("Powell", "Chirac") in [people for people, _ in found[Trouble.SOMEBODY_ELSE]]


def _copy(photo: Path, target: Path, quality: int = 60, scale: float = 1, cut: float = 0) -> None:
    target.parent.mkdir(exist_ok=True)
    with Image.open(photo) as image:
        box = (image.width * cut, image.height * cut, image.width * (1 - cut), image.height * (1 - cut))
        size = round(image.width * scale), round(image.height * scale)
        image.convert("RGB").resize(size, box=box).save(target, quality=quality)


def test_copies_are_found(three: Desk) -> None:
    chirac, powell = sorted((three.people / "Chirac").iterdir()), sorted((three.people / "Powell").iterdir())
    _copy(powell[0], three.people / "Powell/compressed.jpg", quality=40)
    _copy(powell[1], three.people / "Powell/shrunk.jpg", scale=0.7)
    _copy(powell[2], three.people / "Powell/cropped.jpg", quality=95, cut=0.06)
    _copy(chirac[0], three.people / "Schroeder/also.jpg", quality=80)
    (three.people / "Chirac/same.jpg").write_bytes(chirac[1].read_bytes())
    (three.people / "Powell/same.jpg").write_bytes(chirac[2].read_bytes())
    three.build()
    found = _found(three)
    assert sorted(found[Trouble.TWICE]) == [
        (("Chirac",), sorted([f"Chirac/{chirac[1].name}", "Chirac/same.jpg"])),
        (("Powell",), sorted([f"Powell/{powell[0].name}", "Powell/compressed.jpg"])),
        (("Powell",), sorted([f"Powell/{powell[1].name}", "Powell/shrunk.jpg"])),
        (("Powell",), sorted([f"Powell/{powell[2].name}", "Powell/cropped.jpg"])),
    ]
    two = sorted((sorted(people), sorted(files)) for people, files in found[Trouble.TWO_PEOPLE])
    assert two == [
        (["Chirac", "Powell"], sorted([f"Chirac/{chirac[2].name}", "Powell/same.jpg"])),
        (["Chirac", "Schroeder"], sorted([f"Chirac/{chirac[0].name}", "Schroeder/also.jpg"])),
    ]


def test_one_person_under_two_names_is_too_close(three: Desk) -> None:
    for photo in sorted((three.people / "Powell").iterdir())[:2]:
        (three.people / "Colin").mkdir(exist_ok=True)
        photo.rename(three.people / "Colin" / photo.name)
    three.build()
    (((pair), files),) = _found(three)[Trouble.TOO_CLOSE]
    assert sorted(pair) == ["Colin", "Powell"]
    assert {file.split("/")[0] for file in files} == {"Colin", "Powell"}
    (said,) = [one.text for one in check(three.settings).findings if one.trouble is Trouble.TOO_CLOSE]
    assert said.endswith("perhaps they are one person")


def test_few_and_poor_photos_are_found(three: Desk) -> None:
    (blair,) = three.put_all(["lfw10/Tony_Blair/Tony_Blair_0004.jpg"], "people/Blair")
    with Image.open(three.data / "lfw10/Tony_Blair/Tony_Blair_0004.jpg") as image:
        soft = image.filter(ImageFilter.GaussianBlur(3))
        (three.people / "Soft").mkdir()
        soft.save(three.people / "Soft/soft.jpg")
    three.put("groups/cat.jpg", "people/Cat/")
    three.build()
    found = _found(three)
    assert sorted(found[Trouble.FEW]) == [(("Blair",), [f"Blair/{blair.name}"]), (("Cat",), ["Cat/cat.jpg"])]
    assert found[Trouble.BLURRED] == [(("Soft",), ["Soft/soft.jpg"])]


def test_a_photo_that_shows_two_people_is_no_copy(three: Desk) -> None:
    """A photo in which the user named two faces stands under both, rightly."""
    three.put("groups/two_people.jpg", "input/")
    three.build()
    three.recognize()
    with closing(open_store(three.settings.library_file)) as store:
        faces = [one.appearance_id for one in store.reviews.unknowns(default_face_model().id) if one.has_face]
        people = list(store.people.all())
        assert len(faces) == 2
        with store.change("link", "test"):
            for face, person in zip(faces, people, strict=False):
                store.edits.name(face, person)
    assert Trouble.TWO_PEOPLE not in _found_anywhere(three)


def _found_anywhere(desk: Desk) -> set[Trouble]:
    return {one.trouble for one in check(desk.settings).findings}


def test_the_command_line_checks(three: Desk) -> None:
    three.put("lfw10/Jacques_Chirac/Jacques_Chirac_0019.jpg", "people/Powell/")
    three.build()
    code, out, err = ran("check", "--settings", three.settings_file())
    assert (code, err) == (0, "")
    assert out.startswith("somebody else: probably not Powell: ")
    assert out.splitlines()[1].strip() == str(three.people / "Powell/Jacques_Chirac_0019.jpg")
    code, out, err = ran("check", "--json", "--settings", three.settings_file())
    assert [one["trouble"] for one in json.loads(out)["findings"]] == ["somebody else"]


def test_no_photo_is_needed(three: Desk) -> None:
    three.put("lfw10/Jacques_Chirac/Jacques_Chirac_0019.jpg", "people/Powell/")
    three.build()
    before = check(three.settings)
    for photo in three.people.rglob("*.jpg"):
        photo.unlink()
    assert check(three.settings) == before


def test_without_a_library_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    with pytest.raises(BadKnowledgeBase, match="run kith build-kb"):
        check(Settings.at(tmp_path, {"dataset_dir": "people"}))
    assert list((tmp_path / "people").iterdir()) == []


def _gallery(*people: Sequence[float]) -> tuple[list[Sample], Gallery]:
    """Return people whose samples lie on a line."""
    samples = [
        Sample(person, 100 * person + index, 100 * person + index, HERE, 1, np.array([place], np.float32))
        for person, places in enumerate(people, 1)
        for index, place in enumerate(places)
    ]
    return samples, gallery_of("model", samples)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([[0.0, 0.3, FAR + 0.29]], []),  # within FAR of its nearest
        ([[0.0, 0.3, FAR + 0.31]], [(1, 2)]),
        ([[0.0, 1.0]], [(1, 0), (1, 1)]),  # one of the two
        ([[0.0]], []),  # nothing to compare with
        ([[0.0, 0.3, 0.6], [0.8, 1.1, 1.05]], []),
        ([[0.0, 0.3, 0.86], [1.0, 0.9, 1.3]], [(1, 2)]),  # nearer to the other person, though not far
        ([[0.0, 0.3, 0.6, 5.0, 5.01], [9.0]], [(1, 3), (1, 4)]),  # its own copy speaks for nobody
    ],
)
def test_who_does_not_fit(people: list[list[float]], expected: list[tuple[int, int]]) -> None:
    samples, gallery = _gallery(*people)
    others = other_people(gallery, np.arange(len(samples)))
    found = misfits(samples, gallery, others, alike_faces(gallery.vectors))
    assert [(one.sample.person_id, one.sample.appearance_id % 100) for one in found] == expected


def test_alike_hashes_are_those_within_eight_bits() -> None:
    assert alike_photos([0, 0xFF, 0x1FF, -1, -2]).tolist() == [[0, 1], [1, 2], [3, 4]]
    assert alike_photos([]).tolist() == []


def test_blocks_find_what_one_look_finds() -> None:
    rows = (np.random.default_rng(0).normal(size=(700, 3)) / 4).astype(np.float32)
    apart = np.linalg.norm(rows[:, None] - rows, axis=2)
    assert alike_faces(rows).tolist() == np.argwhere(np.triu(apart < 0.2, 1)).tolist()


def test_groups_hold_together_what_pairs_join() -> None:
    assert groups(7, np.array([[0, 3], [3, 5], [1, 2]])) == [[0, 3, 5], [1, 2]]
    assert groups(3, np.empty((0, 2), np.intp)) == []


def test_samples_without_a_photo_are_checked_too(tmp_path: Path) -> None:
    """An empty library has nothing to find; imported samples have no files to name."""
    settings = Settings.at(tmp_path, {"dataset_dir": ".", "body_policy": "off"})
    open_store(settings.library_file, create=True).close()
    assert check(settings) == CheckFinished(0, 0, ())
    row = np.random.default_rng(0).normal(size=128)
    face = 1.4 * row / np.linalg.norm(row)
    old = tmp_path / "old.pkl"
    old.write_bytes(pickle.dumps({"encodings": [face, face + 0.001], "names": ["Ada", "Bob"]}))
    import_kb(settings, old)
    found = {one.trouble: one for one in check(settings).findings}
    assert set(found) == {Trouble.TWO_PEOPLE, Trouble.TOO_CLOSE, Trouble.FEW}
    assert found[Trouble.TWO_PEOPLE].people == ("Ada", "Bob")
    assert {one.files for one in found.values()} == {()}


def test_a_face_known_without_a_photo_is_told_by_its_number(tmp_path: Path) -> None:
    settings = Settings.at(tmp_path, {"dataset_dir": ".", "body_policy": "off"})
    random = np.random.default_rng(0)
    centres = {"Ada": random.normal(size=128), "Bob": random.normal(size=128)}
    names = ["Ada"] * 6 + ["Bob"] * 6
    rows = np.array([centres[name] + 0.3 * random.normal(size=128) for name in [*names, "Ada"]])
    old = tmp_path / "old.pkl"
    faces = 1.4 * rows / np.linalg.norm(rows, axis=1, keepdims=True)
    old.write_bytes(pickle.dumps({"encodings": faces, "names": np.array([*names, "Bob"])}))
    import_kb(settings, old)
    (wrong,) = [one for one in check(settings).findings if one.trouble is Trouble.SOMEBODY_ELSE]
    assert wrong.text.startswith("probably not Bob: ")
    assert wrong.text.endswith(" from Ada (#13, known without a photo)")


def _calls(settings: Settings) -> int:
    """Return how many calls a check takes, of functions and generators, and how many steps of SQLite."""
    count = 0

    def called(*_: object) -> None:
        nonlocal count
        count += 1

    make = Store.__init__

    def counted(self: Store, connection: LibraryConnection) -> None:
        make(self, connection)
        connection.set_progress_handler(called, 10)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "__init__", counted)
        sys.setprofile(called)
        try:
            check(settings)
        finally:
            sys.setprofile(None)
    return count


def _poor_people(folder: Path, count: int) -> Settings:
    """Return the settings of a knowledge base of people with one photo each, a third of them like another one."""
    settings = Settings.at(folder, {"dataset_dir": "people", "body_policy": "off"})
    settings.dataset_folder.mkdir(parents=True)
    random, near = np.random.default_rng(0), np.zeros(128)
    with open_store(settings.library_file, create=True) as store, store.transaction():
        for number in range(count):
            photo = store.photos.save_photo(facts(f"photo {number}"))
            store.photos.save_file(settings.dataset_folder / f"Person {number}/1.jpg", photo, 1, 1)
            person = store.people.add(f"Person {number}", f"Person {number}")
            if number % 3 < 2:
                near = random.normal(size=128) if number % 3 == 0 else near + 0.02 * random.normal(size=128)
                seen = face(*near, model=default_face_model().id)
                store.photos.save_analysis(photo, "engine", 1, Analysis(number, (Appearance(seen.box, (seen,)),)))
                (appearance,) = store.photos.appearances(photo)
                store.people.say(Link(appearance, person, Word.IS, Source.DATASET))
    return settings


def test_twice_the_people_take_twice_the_work(tmp_path: Path) -> None:
    few, many = _poor_people(tmp_path / "few", 60), _poor_people(tmp_path / "many", 120)
    assert len(check(few).findings) > 60
    _calls(few)  # what is done once
    assert _calls(many) < 2.3 * _calls(few)
