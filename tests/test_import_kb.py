"""Older knowledge bases are taken over: their faces teach without a photo, and stay when the folders are built."""

import json
import pickle
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from kith.errors import BadInput
from kith.filing.old_encodings import read_old_encodings
from kith.jobs.build_kb import build_kb
from kith.jobs.engines import find_engines
from kith.jobs.events import PhotoDone
from kith.jobs.import_kb import ImportFinished, import_kb, import_summary
from kith.library.store import Store, open_store
from kith.settings import Settings
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind
from tests.desk import CHIRAC, POWELL, POWELL_AGAIN, SCHROEDER_AGAIN, Desk, ran

BODY_MODEL = "osnet_x0_25"


def _vector(seed: int) -> np.ndarray:
    row = np.random.default_rng(seed).normal(size=128)
    return 1.4 * row / np.linalg.norm(row)


def _old(path: Path, **content: object) -> Path:
    path.write_bytes(pickle.dumps(content, 4))
    return path


def _simple(folder: Path, *names: str) -> Path:
    vectors = [_vector(index) for index in range(len(names))]
    return _old(folder / "old.pkl", face_encodings=vectors, face_names=list(names))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "people").mkdir()
    return Settings.at(tmp_path, {"dataset_dir": "people", "body_policy": "off"})


def _people(settings: Settings) -> dict[str, int]:
    """Return how many faces teach each person."""
    with closing(open_store(settings.library_file)) as store:
        return _taught(store)


def _taught(store: Store) -> dict[str, int]:
    counts = dict.fromkeys((person.name for person in store.people.all().values()), 0)
    for sample in store.people.taught(Kind.FACE, default_face_model().id):
        counts[store.people.all()[sample.person_id].name] += 1
    return counts


def _rows(settings: Settings) -> dict[str, int]:
    tables = ("photos", "analyses", "appearances", "observations", "persons", "links", "changes")
    with closing(sqlite3.connect(settings.library_file)) as library:
        return {table: library.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def _left(done: ImportFinished) -> dict[str, str]:
    return {one.name: one.reason for one in done.left_behind}


def test_faces_teach_their_people(tmp_path: Path, settings: Settings) -> None:
    done = import_kb(settings, _simple(tmp_path, "Ada", "Bob", "Ada"))
    assert [(one.name, one.faces, one.is_new) for one in done.people] == [("Ada", 2, True), ("Bob", 1, True)]
    assert _people(settings) == {"Ada": 2, "Bob": 1}
    assert import_summary(done)[-1] == "3 faces of 2 people imported, 0 left out."


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ({"face_model": "sface"}, "face_model of the settings compares with nobody imported"),
        ({"face_model": "sface", "second_opinion": "auraface"}, "face_model of the settings compares with nobody"),
        ({"second_opinion": "sface"}, "second_opinion of the settings is not asked about anybody imported"),
    ],
)
def test_a_network_that_the_import_does_not_teach_is_named(
    tmp_path: Path, settings: Settings, models: dict[str, str], told: str
) -> None:
    old = _simple(tmp_path, "Ada")
    others = settings.model_copy(update=models)
    for done in (import_kb(others, old), import_kb(others, old)):
        line = import_summary(done)[-2]
        assert told in line
        assert "build-kb" in line
        assert ("face_model to dlib" in line) == ("face_model" in models)
    assert not any("of the settings" in line for line in import_summary(import_kb(settings, old)))


def test_a_second_import_adds_nothing(tmp_path: Path, settings: Settings) -> None:
    old = _simple(tmp_path, "Ada", "Bob")
    import_kb(settings, old)
    before = _rows(settings)
    done = import_kb(settings, old)
    assert (done.people, done.known) == ((), 2)
    assert _rows(settings) == before


def test_a_renamed_person_is_not_made_anew(tmp_path: Path, settings: Settings) -> None:
    old = _simple(tmp_path, "Ada")
    import_kb(settings, old)
    with closing(open_store(settings.library_file)) as store, store.change("rename", "test"):
        store.edits.rename(next(iter(store.people.all())), "Ada Lovelace")
    assert import_kb(settings, old).known == 1
    assert _people(settings) == {"Ada Lovelace": 1}


def test_a_users_no_is_kept(tmp_path: Path, settings: Settings) -> None:
    old = _simple(tmp_path, "Ada", "Ada")
    import_kb(settings, old)
    with closing(open_store(settings.library_file)) as store:
        sample = store.people.taught(Kind.FACE, default_face_model().id)[0]
        with store.change("never", "test"):
            store.edits.never(sample.appearance_id, sample.person_id)
    assert import_kb(settings, old).known == 2
    assert _people(settings) == {"Ada": 1}


def test_an_import_can_be_undone_and_done_again(tmp_path: Path, settings: Settings) -> None:
    old = _simple(tmp_path, "Ada", "Bob")
    import_kb(settings, old)
    with closing(open_store(settings.library_file)) as store:
        assert store.undo() is not None
        assert _taught(store) == {}
        assert not store.groups.faces(default_face_model().id, 0).ids.size  # there is no photo to ask about
    import_kb(settings, old)
    assert _people(settings) == {"Ada": 1, "Bob": 1}


def test_known_people_are_found_by_name_or_alias(tmp_path: Path, settings: Settings) -> None:
    with closing(open_store(settings.library_file, create=True)) as store, store.transaction():
        ada, twin, _ = (store.people.add(name) for name in ("Ada", "Twin", "Twin"))
        store.edits.add_alias(ada, "Countess")
    done = import_kb(settings, _simple(tmp_path, "ada", "Countess", "Twin", "New"))
    assert _people(settings) == {"Ada": 2, "Twin": 0, "New": 1}
    assert [(one.name, one.is_new) for one in done.people] == [("ada", False), ("Countess", False), ("New", True)]
    assert "say which one" in _left(done)["Twin"]
    assert twin


def test_a_vector_of_two_people_teaches_neither(tmp_path: Path, settings: Settings) -> None:
    same = _vector(1)
    old = _old(tmp_path / "old.pkl", encodings=[same, same, _vector(2)], names=["Ada", "Bob", "Bob"])
    done = import_kb(settings, old)
    assert _left(done) == {
        "Ada": "the same vector stands under Bob too",
        "Bob": "the same vector stands under Ada too",
    }
    assert _people(settings) == {"Bob": 1}


def test_nobody_is_imported_as_unknown(tmp_path: Path, settings: Settings) -> None:
    done = import_kb(settings, _simple(tmp_path, "Ada", "Unknown", ".."))
    assert _people(settings) == {"Ada": 1}
    assert {name: reason.startswith("Nobody can be called") for name, reason in _left(done).items()} == {
        "Unknown": True,
        "..": True,
    }


def test_other_lengths_are_named_with_the_reason(tmp_path: Path, settings: Settings) -> None:
    vectors = [_vector(1), np.ones(512), np.ones(512)]
    done = import_kb(settings, _old(tmp_path / "old.pkl", encodings=vectors, names=["Ada", "Bob", "Bob"]))
    assert _left(done) == {"Bob": "it has 512 numbers, a face by dlib's network has 128"}
    assert [one.count for one in done.left_behind] == [2]
    assert "not imported: Bob, 2: it has 512" in import_summary(done)[1]


def test_nothing_changes_where_the_file_is_refused(tmp_path: Path, settings: Settings) -> None:
    bad = tmp_path / "bad.pkl"
    bad.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(BadInput, match=r"os\.system"):
        import_kb(settings, bad)
    assert not settings.library_file.exists()


def _with_bodies(folder: Path) -> Path:
    bodies = [np.arange(1, 513, dtype=np.float32)]
    return _old(
        folder / "old.pkl", face_encodings=[_vector(1)], face_names=["Ada"], body_encodings=bodies, body_names=["Ada"]
    )


def test_bodies_need_their_model(tmp_path: Path, material: Path) -> None:
    (tmp_path / "people").mkdir()
    values = {"dataset_dir": "people", "reid_model": BODY_MODEL, "models_dir": str(material / "models")}
    settings = Settings.at(tmp_path, values | {"reid_weights": str(material / "models/osnet_x0_25_msmt17.pth")})
    old = _with_bodies(tmp_path)
    assert "--body-model" in _left(import_kb(settings, old))["Ada"]
    with pytest.raises(BadInput, match="osnet_other would be compared with nothing"):
        import_kb(settings, old, "osnet_other")
    own = find_engines(settings)[0].body_model_id
    assert own is not None
    done = import_kb(settings, old, own)
    assert [(one.faces, one.bodies) for one in done.people] == [(0, 1)]
    with closing(open_store(settings.library_file)) as store:
        (sample,) = store.people.taught(Kind.BODY, own)
    assert np.linalg.norm(sample.vector) == pytest.approx(1)


def test_bodies_are_refused_where_bodies_are_not_compared(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(BadInput, match="by no model here"):
        import_kb(settings, _with_bodies(tmp_path), "osnet")


def test_a_build_keeps_what_was_imported_and_its_folder_joins_the_person(desk: Desk) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.build()
    export = desk.settings.encodings_file
    old = export.rename(desk.root / "old.pkl")
    desk.settings.library_file.unlink()
    import_kb(desk.settings, old)
    desk.put_all(CHIRAC, "people/Chirac")
    desk.build()
    assert _people(desk.settings) == {"Powell": 6, "Chirac": 3}  # a folder of the same name, the same person
    desk.build()
    assert _people(desk.settings) == {"Powell": 6, "Chirac": 3}
    assert len(read_old_encodings(export).faces) == 9
    assert import_kb(desk.settings, export).people == ()


def test_imported_people_are_recognised(desk: Desk) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.put_all(CHIRAC, "people/Chirac")
    desk.build()
    old = desk.settings.encodings_file.rename(desk.root / "old.pkl")
    for file in desk.people.glob("library.sqlite*"):
        file.unlink()
    for photo in desk.people.rglob("*.jpg"):
        photo.unlink()
    import_kb(desk.settings, old)
    desk.put_all([*POWELL_AGAIN, *SCHROEDER_AGAIN], "input")
    events = desk.run(desk.recognition())
    people = {event.path.name: event.row.people for event in events if isinstance(event, PhotoDone)}
    assert people == {
        "Colin_Powell_0007.jpg": ["Powell"],
        "Colin_Powell_0009.jpg": ["Powell"],
        "Gerhard_Schroeder_0004.jpg": [],
    }


def test_the_command_line_imports(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"dataset_dir": str(tmp_path / "people"), "body_policy": "off"}), encoding="utf-8")
    old = _simple(tmp_path, "Ada", "Bob")
    code, out, err = ran("import-kb", old, "--settings", settings, "--json")
    assert (code, err) == (0, "")
    assert [one["name"] for one in json.loads(out)["people"]] == ["Ada", "Bob"]
    code, out, err = ran("import-kb", old, "--settings", settings)
    assert (code, out) == (0, "0 faces of 0 people imported, 2 known already, 0 left out.\n")
    old.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    code, out, err = ran("import-kb", old, "--settings", settings)
    assert (code, out) == (3, "")
    assert "os.system" in err


def test_a_build_without_import_says_what_the_folders_say(desk: Desk) -> None:
    """What was imported stays; what a folder no longer holds goes, as ever."""
    desk.put_all([*POWELL, *CHIRAC], "people/Powell")
    desk.build()
    (desk.people / "Powell" / Path(CHIRAC[0]).name).unlink()
    desk.run(build_kb)
    assert _people(desk.settings) == {"Powell": 5}
