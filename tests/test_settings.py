"""settings.json: every bad value is named, nothing of the user's is lost, and the labels are there."""

import json
import os
import pickle
import re
import sys
from pathlib import Path

import platformdirs
import pytest
from pydantic import ValidationError

from kith.errors import BadInput
from kith.policies import BodyPolicy
from kith.settings import (
    SettingHelp,
    Settings,
    described,
    ensure_user_settings,
    load,
    load_user_settings,
    save,
    settings_table_markdown,
    start_afresh,
    update,
    user_folder,
    user_settings_file,
    with_overrides,
)

REPOSITORY = Path(__file__).parents[1]
FACE_TOL, PHOTO_ENDINGS = Settings().face_tol, Settings().valid_exts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def write(file: Path, **values: object) -> Path:
    file.write_text(json.dumps(values), encoding="utf-8")
    return file


def test_missing_file_means_defaults(file: Path) -> None:
    loaded = load(file)
    assert loaded.problems == ()
    assert loaded.path == file
    assert loaded.settings == Settings.at(file.parent, {})
    assert not file.exists()


def test_good_values_are_read(file: Path) -> None:
    loaded = load(write(file, face_tol=0, body_policy="anywhere", valid_exts=["JPG", ".Png", "*.jpg"], recursive=False))
    assert loaded.problems == ()
    assert loaded.settings.face_tol == 0.0
    assert loaded.settings.body_policy is BodyPolicy.ANYWHERE
    assert loaded.settings.valid_exts == (".jpg", ".png")
    assert loaded.settings.recursive is False


BAD_VALUES: list[tuple[str, object, str]] = [
    ("face_tol", "0.5", f'face_tol: "0.5" is not a number from 0 to 1.5; the default {FACE_TOL} is used'),
    ("face_tol", True, f"face_tol: true is not a number from 0 to 1.5; the default {FACE_TOL} is used"),
    ("face_tol", 1.51, f"face_tol: 1.51 is not a number from 0 to 1.5; the default {FACE_TOL} is used"),
    ("face_tol", float("nan"), f"face_tol: NaN is not a number from 0 to 1.5; the default {FACE_TOL} is used"),
    ("face_tol", None, f"face_tol: null is not a number from 0 to 1.5; the default {FACE_TOL} is used"),
    ("body_tol", -1.1, "body_tol: -1.1 is not a number from -1 to 1; the default 0.8 is used"),
    (
        "lap_var_thresh",
        float("inf"),
        "lap_var_thresh: Infinity is not a number of at least 0; the default 80.0 is used",
    ),
    ("resize_max", 199, "resize_max: 199 is not a whole number from 200 to 10000; the default 1000 is used"),
    ("resize_max", 800.5, "resize_max: 800.5 is not a whole number from 200 to 10000; the default 1000 is used"),
    ("kb_batch_size", 0, "kb_batch_size: 0 is not a whole number from 1 to 1024; the default 32 is used"),
    ("workers", 65, "workers: 65 is not a whole number from 0 to 64; the default 0 is used"),
    ("recursive", 1, "recursive: 1 is not true or false (yes or no); the default true is used"),
    (
        "body_policy",
        "maybe",
        'body_policy: "maybe" is not suggest or event or anywhere or off; the default "suggest" is used',
    ),
    ("reid_model", "", 'reid_model: "" is not the name of a model; the default "osnet_ain_multi" is used'),
    ("dataset_dir", "", 'dataset_dir: "" is not a path; the default "persons_dataset" is used'),
    ("library_path", 7, 'library_path: 7 is not a path; the default "" is used'),
]


@pytest.mark.parametrize(("key", "value", "problem"), BAD_VALUES)
def test_bad_value_is_named_and_the_good_ones_kept(file: Path, key: str, value: object, problem: str) -> None:
    good = {"encodings_filename": "faces.pkl", "process_dir": "holiday"}
    loaded = load(write(file, **good, **{key: value}))
    assert loaded.problems == (problem,)
    assert loaded.settings == Settings.at(file.parent, good)


@pytest.mark.parametrize("endings", [[], ["."], [""], [1], ".jpg", [".jpg", "a/b"], {"0": ".jpg"}])
def test_bad_file_endings_are_refused(file: Path, endings: object) -> None:
    loaded = load(write(file, valid_exts=endings))
    assert loaded.settings.valid_exts == PHOTO_ENDINGS
    assert "is not a list of file endings such as .jpg" in loaded.problems[0]


@pytest.mark.parametrize(
    "name", ["", "..", "a/b.pkl", "a\\b.pkl", "c:x", "nul\0", "Library.sqlite", "library.sqlite-wal", ".kith-output"]
)
def test_encodings_filename_is_a_bare_name_that_leaves_the_store_alone(file: Path, name: str) -> None:
    loaded = load(write(file, encodings_filename=name))
    assert loaded.settings.encodings_filename == "encodings.pkl"
    assert len(loaded.problems) == 1


def test_several_bad_values_are_each_named_once(file: Path) -> None:
    loaded = load(write(file, face_tol="x", workers=-1, valid_exts=[1, 2]))
    assert [problem.split(":")[0] for problem in loaded.problems] == ["face_tol", "valid_exts", "workers"]


def test_long_values_are_shortened(file: Path) -> None:
    (problem,) = load(write(file, face_tol="x" * 10_000)).problems
    assert len(problem) < 200


@pytest.mark.parametrize("digits", [400, 5000])
def test_numbers_too_large_for_the_machine_are_problems(file: Path, digits: int) -> None:
    file.write_text('{"lap_var_thresh": ' + "9" * digits + "}", encoding="utf-8")
    loaded = load(file)
    assert loaded.settings.lap_var_thresh == 80.0
    assert len(loaded.problems) == 1


def test_unknown_key_is_named_with_the_nearest_one(file: Path) -> None:
    assert load(write(file, Face_Tolerance=1, zzz=2)).problems == (
        "Face_Tolerance is no setting of Kith (did you mean face_tol?); it is kept, but not used",
        "zzz is no setting of Kith; it is kept, but not used",
    )


def test_key_given_twice_is_named_and_the_last_counts(file: Path) -> None:
    file.write_text('{"face_tol": 0.3, "workers": 2, "face_tol": 0.4}', encoding="utf-8")
    loaded = load(file)
    assert loaded.problems == ("face_tol is given 2 times; the last counts",)
    assert (loaded.settings.face_tol, loaded.settings.workers) == (0.4, 2)


UNREADABLE = [
    (b'{"face_tol": 0.4,\n  "workers" 2}', "no valid JSON (line 2, column 13: Expecting ':' delimiter)"),
    (b"", "no valid JSON (line 1, column 1: Expecting value)"),
    (b"[1, 2]", "no JSON object"),
    (b'{"dataset_dir": "M\xfcller"}', "no UTF-8 text (byte 18)"),
    (b"[" * 200_000, "no usable JSON"),
]


@pytest.mark.parametrize(("content", "reason"), UNREADABLE)
def test_unreadable_file_means_defaults_and_says_why(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    loaded = load(file)
    assert loaded.settings == Settings.at(file.parent, {})
    (problem,) = loaded.problems
    assert problem.startswith(str(file))
    assert reason in problem


def test_folder_in_place_of_the_file_is_a_problem(tmp_path: Path) -> None:
    assert len(load(tmp_path).problems) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_text_editors_write_is_read(file: Path, encoding: str) -> None:
    file.write_bytes('{"dataset_dir": "Müller"}'.encode(encoding))
    loaded = load(file)
    assert loaded.problems == ()
    assert loaded.settings.dataset_folder == file.parent / "Müller"


def test_paths_start_from_the_folder_of_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "elsewhere").mkdir()
    monkeypatch.chdir(file.parent / "elsewhere")
    settings = load(write(file, process_dir="../in", models_dir="models", reid_weights="w.pth")).settings
    folder = file.parent
    assert settings.folder == folder
    assert settings.input_folder == folder.parent / "in"
    assert settings.output_folder == folder / "output"
    assert settings.library_file == folder / "persons_dataset" / "library.sqlite"
    assert settings.encodings_file == folder / "persons_dataset" / "encodings.pkl"
    assert settings.models_folder == folder / "models"
    assert settings.reid_weights_file == folder / "w.pth"


def test_relative_settings_file_gives_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(Path("settings.json")).settings.dataset_folder == tmp_path / "persons_dataset"


def test_home_and_absolute_paths_are_taken_as_they_are(tmp_path: Path) -> None:
    settings = Settings.at(tmp_path, {"dataset_dir": "~/people", "library_path": str(tmp_path / "x" / "my.sqlite")})
    assert settings.dataset_folder == Path.home() / "people"
    assert settings.library_file == tmp_path / "x" / "my.sqlite"
    assert settings.models_folder is None
    assert settings.reid_weights_file is None


def test_settings_are_frozen_and_survive_the_way_to_a_worker(tmp_path: Path) -> None:
    settings = Settings.at(tmp_path, {"face_tol": 0.4})
    with pytest.raises(ValidationError):
        settings.face_tol = 0.6  # type: ignore[misc]
    copy = pickle.loads(pickle.dumps(settings))
    assert copy == settings
    assert copy.dataset_folder == tmp_path / "persons_dataset"


def test_saved_settings_are_read_back(file: Path) -> None:
    values = {
        "dataset_dir": "Ünïcode",
        "valid_exts": (".jpg",),
        "body_policy": BodyPolicy.OFF,
        "recursive": False,
        "workers": 3,
        "face_tol": 0.41,
    }
    settings = Settings.at(file.parent, values)
    save(file, settings)
    assert load(file).settings == settings
    assert load(file).problems == ()
    assert "Ünïcode" in file.read_text(encoding="utf-8")
    assert os.listdir(file.parent) == [file.name]


def test_save_keeps_unknown_keys_and_the_order(file: Path) -> None:
    write(file, workers="many", note={"mine": [1, None]}, face_tol=0.3)
    save(file, load(file).settings)
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert list(saved)[:3] == ["workers", "note", "face_tol"]
    assert (saved["workers"], saved["note"], saved["face_tol"]) == (0, {"mine": [1, None]}, 0.3)


def test_save_keeps_names_of_undecodable_bytes(file: Path) -> None:
    settings = Settings.at(file.parent, {"process_dir": "in\udcff"})
    save(file, settings)
    assert load(file).settings == settings


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_save_keeps_the_mode(file: Path, mode: int) -> None:
    write(file).chmod(mode)
    save(file, Settings())
    assert file.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_save_writes_through_a_link(file: Path) -> None:
    real = write(file.parent / "real.json", mine=1)
    file.symlink_to(real)
    save(file, Settings())
    assert file.is_symlink()
    assert "workers" in real.read_text(encoding="utf-8")


@pytest.mark.parametrize(("content", "reason"), UNREADABLE)
def test_save_leaves_an_unreadable_file_as_it_is_and_says_why(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    for write_into in (lambda: save(file, Settings()), lambda: update(file, {"workers": 5})):
        with pytest.raises(BadInput, match=re.escape(reason)) as error:
            write_into()
        assert str(file) in str(error.value)
        assert file.read_bytes() == content
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize(("content", "reason"), UNREADABLE)
def test_settings_of_an_unreadable_file_are_none_to_work_by(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    loaded = load(file)
    assert reason in loaded.broken
    with pytest.raises(BadInput, match=re.escape(reason)):
        loaded.checked()


def test_settings_with_bad_values_are_worked_by(file: Path) -> None:
    loaded = load(write(file, face_tol="strict", nonsense=1))
    assert loaded.broken == ""
    assert loaded.checked() == loaded.settings


def test_starting_afresh_never_overwrites_what_was_put_aside(file: Path) -> None:
    for content in (b"first", b"second", b"third"):
        file.write_bytes(content)
        fresh = start_afresh(file)
        assert (fresh.broken, fresh.problems, fresh.settings) == ("", (), Settings.at(file.parent, {}))
    aside = [file.with_name(f"settings.json.broken{number}").read_bytes() for number in ("", "-2", "-3")]
    assert aside == [b"first", b"second", b"third"]
    assert not file.exists()


def test_the_users_own_file_started_afresh_is_as_on_the_first_day() -> None:
    first = load_user_settings()
    user_settings_file().write_text("{", encoding="utf-8")
    broken = load_user_settings()
    assert "line 1, column 2" in broken.broken
    assert broken.settings.model_dump() == first.settings.model_dump(), "not folders beside the file"
    assert start_afresh(broken.path) == first
    assert user_settings_file().with_name("settings.json.broken").read_text(encoding="utf-8") == "{"


def test_a_file_that_cannot_be_put_aside_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="could not be put aside"):
        start_afresh(tmp_path / "absent/settings.json")


def test_save_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadInput, match=r"settings could not be saved: .*settings\.json"):
        save(tmp_path / "file" / "settings.json", Settings())


def test_failed_save_leaves_the_old_file_and_no_draft(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = write(file, mine=1).read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="No space left on device"):
        save(file, Settings())
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]


def test_overrides_are_read_from_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = Settings.at(tmp_path / "home", {"workers": 2, "process_dir": "in"})
    overrides = {
        "face_tol": "0.45",
        "resize_max": "1200",
        "recursive": "No",
        "valid_exts": ".JPG, png",
        "body_policy": "off",
        "dataset_dir": "people",
        "library_path": "",
    }
    changed = with_overrides(base, overrides)
    assert (changed.face_tol, changed.resize_max, changed.recursive) == (0.45, 1200, False)
    assert changed.valid_exts == (".jpg", ".png")
    assert changed.body_policy is BodyPolicy.OFF
    assert changed.dataset_folder == tmp_path / "people"
    assert (changed.workers, changed.input_folder) == (2, tmp_path / "home" / "in")
    assert changed.library_file == tmp_path / "people" / "library.sqlite"
    assert base.face_tol == FACE_TOL


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("face_tol", "abc", "face_tol: abc is not a number from 0 to 1.5"),
        ("face_tol", "nan", "face_tol: nan is not a number from 0 to 1.5"),
        ("face_tol", "2", "face_tol: 2 is not a number from 0 to 1.5"),
        ("workers", "1.5", "workers: 1.5 is not a whole number from 0 to 64"),
        ("recursive", "maybe", "recursive: maybe is not true or false (yes or no)"),
        ("body_policy", "maybe", "body_policy: maybe is not suggest or event or anywhere or off"),
        ("valid_exts", "", 'valid_exts: "" is not a list of file endings such as .jpg'),
        ("dataset_dir", "", 'dataset_dir: "" is not a path'),
        (
            "file_under",
            "{year}",
            (
                "file_under: {year} is not folders such as {person}/{year}, of {person}, {year}, {month}, {day} and "
                "names that neither begin nor end with a point or a blank, with {person} in it"
            ),
        ),
        ("face_tolerance", "1", "face_tolerance is no setting of Kith (did you mean face_tol?)"),
    ],
)
def test_bad_override_is_refused(key: str, text: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        with_overrides(Settings(), {"workers": "1", key: text})
    assert str(error.value) == message


@pytest.mark.parametrize("row", described(), ids=lambda row: row.key)
def test_every_setting_is_explained_and_its_default_round_trips(tmp_path: Path, row: SettingHelp) -> None:
    assert row.label
    assert row.help.endswith(".")
    assert "|" not in row.help
    loaded = load(write(tmp_path / "settings.json", **{row.key: json.loads(row.default)}))
    assert loaded.problems == ()
    assert loaded.settings == Settings.at(tmp_path, {})
    assert f"| `{row.key}` | `{row.default}` | {row.help} |" in settings_table_markdown().splitlines()


def test_template_holds_every_key_with_its_default() -> None:
    template = json.loads((REPOSITORY / "settings.json").read_text(encoding="utf-8"))
    assert template == {row.key: json.loads(row.default) for row in described()}
    assert list(template) == [row.key for row in described()]


def test_user_folders_lie_below_kith_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_HOME", str(tmp_path))
    assert user_folder("config") == tmp_path / "config"
    assert user_folder("log") == tmp_path / "log"
    assert user_settings_file() == tmp_path / "config" / "settings.json"


def test_user_folders_follow_the_system_without_kith_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KITH_HOME")
    assert user_folder("data") == platformdirs.user_data_path("kith", appauthor=False)
    assert user_folder("cache") == platformdirs.user_cache_path("kith", appauthor=False)


def test_first_use_copies_the_template_with_absolute_folders(tmp_path: Path) -> None:
    write(tmp_path / "settings.json", dataset_dir="people", face_tol=0.42)
    path = ensure_user_settings(tmp_path)
    loaded = load_user_settings(tmp_path)
    assert loaded.path == path == user_settings_file()
    assert loaded.problems == ()
    assert loaded.settings.dataset_dir == str(tmp_path / "people")
    assert loaded.settings.output_folder == tmp_path / "output"
    assert loaded.settings.library_path == ""
    assert loaded.settings.face_tol == 0.42


def test_first_use_finds_the_template_of_the_repository() -> None:
    assert load(ensure_user_settings()).settings.dataset_folder == REPOSITORY / "persons_dataset"


def test_first_use_without_a_template_puts_the_folders_below_home(tmp_path: Path) -> None:
    assert load(ensure_user_settings(tmp_path)).settings.dataset_folder == Path.home() / "Kith" / "persons_dataset"


def test_later_use_leaves_the_users_settings_alone(tmp_path: Path) -> None:
    save(user_settings_file(), Settings.at(tmp_path, {"workers": 7}))
    before = user_settings_file().read_bytes()
    assert load_user_settings().settings.workers == 7
    assert user_settings_file().read_bytes() == before


def test_user_folder_that_cannot_be_written_means_the_template_and_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KITH_HOME", str(tmp_path / "file"))
    write(tmp_path / "settings.json", workers=4)
    loaded = load_user_settings(tmp_path)
    assert loaded.settings.workers == 4
    assert loaded.settings.dataset_folder == tmp_path / "persons_dataset"
    assert "could not be saved" in loaded.problems[0]


@pytest.mark.parametrize("key", ["face_tol", "face_margin", "face_suggest"])
def test_a_limit_on_distances_may_be_left_to_kith(tmp_path: Path, key: str) -> None:
    settings = Settings.at(tmp_path, {key: 0.5})
    assert getattr(with_overrides(settings, {key: "automatic"}), key) == 0
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({key: "automatic"}), encoding="utf-8")
    loaded = load(file)
    assert loaded.problems == ()
    assert getattr(loaded.settings, key) == 0
    file.write_text(json.dumps({key: 0.3}), encoding="utf-8")
    assert getattr(load(file).settings, key) == 0.3
