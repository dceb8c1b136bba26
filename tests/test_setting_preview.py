"""What other settings would come to, before they are saved; and model files tried before they are kept."""

import json
import shutil
import threading
from functools import partial
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from kith.errors import BadKnowledgeBase
from kith.gui.settings_dialog import SettingsDialog
from kith.jobs.build_kb import build_kb
from kith.jobs.model_trials import unusable_models
from kith.jobs.setting_preview import BARS, own_distances, preview
from kith.settings import Settings, load
from kith.values.links import Source
from tests.desk import ran, run_job
from tests.small_world import DLIB, World
from tests.windows import PATIENCE_MS, open_window, press


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.measure(DLIB)
    world.recognise()
    return world


def _file(world: World) -> Path:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    return file


def _with(world: World, **values: object) -> Settings:
    return Settings.at(world.root, world.values | values)


def _open(qtbot: QtBot, file: Path, page: str = "Faces") -> SettingsDialog:
    dialog = SettingsDialog(file)
    qtbot.addWidget(dialog)
    dialog.open()
    titles = [dialog.pages.tabText(index) for index in range(dialog.pages.count())]
    dialog.pages.setCurrentIndex(titles.index(page))
    return dialog


def test_a_preview_tells_what_deciding_again_comes_to_and_writes_nothing(world: World) -> None:
    strict = _with(world, face_tol=0.05)
    before = world.links(), world.tree()
    told = preview(strict, threading.Event())
    assert (world.links(), world.tree()) == before
    world.values["face_tol"] = 0.05
    done = world.redecide()
    assert (told.known, told.unsure, told.unknown) == (done.known, done.unsure, done.unknown)
    assert told.people == done.people
    assert told.changed == done.changed > 0


def test_a_preview_without_recognised_photos_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledgeBase, match="no recognised photo"):
        preview(World(tmp_path).settings, threading.Event())


def test_with_few_photos_nothing_is_drawn(world: World) -> None:
    assert own_distances(world.settings) is None


def test_own_photos_are_counted_by_distance(shared: Path, tmp_path: Path) -> None:
    for person in sorted((shared / "data" / "lfw10").iterdir())[:4]:
        folder = tmp_path / "people" / person.name
        folder.mkdir(parents=True)
        for photo in sorted(person.glob("*.jpg"))[:5]:
            shutil.copy(photo, folder)
    settings = Settings.at(tmp_path, {"dataset_dir": "people", "models_dir": str(shared / "models")})
    run_job(settings, build_kb)
    drawn = own_distances(settings)
    assert drawn
    distances, certainties = drawn
    for bars in drawn:
        assert len(bars.same) == len(bars.others) == BARS
    assert sum(distances.same) == sum(certainties.same) > 0
    assert _mean(distances.same) < _mean(distances.others)  # people are nearer to themselves than to others
    assert _mean(certainties.same) > _mean(certainties.others)


def _mean(counts: tuple[int, ...]) -> float:
    return sum(place * count for place, count in enumerate(counts)) / sum(counts)


def test_moving_a_threshold_shows_what_becomes_of_the_photos(qtbot: QtBot, world: World) -> None:
    dialog = _open(qtbot, _file(world))
    shown = dialog.preview
    assert shown.isVisible()
    qtbot.waitUntil(lambda: "sure" in shown.words.text(), timeout=PATIENCE_MS)
    assert "(" not in shown.words.text()
    field = dialog.fields["face_tol"]
    field._editor.write("0.05")
    qtbot.waitUntil(lambda: "(−" in shown.words.text(), timeout=PATIENCE_MS)
    assert "lost" in shown.people.text()
    field.reset()
    qtbot.waitUntil(lambda: "(" not in shown.words.text() and "sure" in shown.words.text(), timeout=PATIENCE_MS)
    titles = [dialog.pages.tabText(index) for index in range(dialog.pages.count())]
    dialog.pages.setCurrentIndex(titles.index("Folders"))
    assert not shown.isVisible()


def test_settings_saved_are_applied_to_all_photos(qtbot: QtBot, world: World) -> None:
    file = _file(world)
    window = open_window(qtbot, file)
    machine = world.said(Source.MACHINE)
    assert machine
    window.does.settings.trigger()
    dialog = window.findChild(SettingsDialog)
    assert dialog
    dialog.fields["face_tol"]._editor.write("0.05")
    dialog.save_button.click()
    qtbot.waitUntil(lambda: not window.jobs.running and not world.said(Source.MACHINE), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "changed" in window.jobs.outcome, timeout=PATIENCE_MS)
    for key, tolerance in ((Qt.Key.Key_Z, 0.0), (Qt.Key.Key_Y, 0.05), (Qt.Key.Key_Z, 0.0)):
        press(qtbot, window, key)
        qtbot.waitUntil(partial(_has_tolerance, file, tolerance), timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: not window.jobs.running and not window.desk.busy, timeout=PATIENCE_MS)
        assert "0.0" in window.does.undo.text() + window.does.redo.text()
    assert _without_numbers(world.said(Source.MACHINE)) == _without_numbers(machine)


def _has_tolerance(file: Path, tolerance: float) -> bool:
    return load(file).settings.face_tol == tolerance


def _without_numbers(links: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted((link[1:5] for link in links), key=repr)


def test_the_command_applies_settings_as_the_window_does_and_takes_them_back(world: World) -> None:
    file = _file(world)
    machine = world.said(Source.MACHINE)
    assert machine
    code, out, err = ran("settings", "face_tol=0.05", "--settings", file)
    assert (code, err, world.said(Source.MACHINE)) == (0, "", [])
    assert "decisions changed" in out
    for verb, tolerance in (("undo", 0.0), ("redo", 0.05), ("undo", 0.0)):
        code, out, err = ran("people", verb, "--settings", file)
        assert (code, err, _has_tolerance(file, tolerance)) == (0, "", True)
        assert "decisions changed" in out
    assert _without_numbers(world.said(Source.MACHINE)) == _without_numbers(machine)
    code, out, _ = ran("settings", "face_tol=0.05", "--json", "--settings", file)
    assert (code, json.loads(out)["decided_again"]["changed"] > 0) == (0, True)


@pytest.mark.parametrize("key", ["process_dir", "processed_dir", "face_model"])
def test_the_command_refuses_what_the_window_refuses(world: World, key: str) -> None:
    file = _file(world)
    before = file.read_bytes()
    value = "none.onnx" if key == "face_model" else world.settings.dataset_folder
    code, out, err = ran("settings", f"{key}={value}", "--settings", file)
    assert (code, out) == (2, "")
    assert f"{key}: " in err
    assert file.read_bytes() == before


def test_settings_that_decide_nothing_start_no_job(qtbot: QtBot, world: World) -> None:
    file = _file(world)
    window = open_window(qtbot, file)
    window.does.settings.trigger()
    dialog = window.findChild(SettingsDialog)
    assert dialog
    with qtbot.assertNotEmitted(dialog.applied):
        dialog.fields["workers"]._editor.write("2")
        dialog.save_button.click()
    assert load(file).settings.workers == 2
    qtbot.waitUntil(lambda: not window.desk.busy, timeout=PATIENCE_MS)  # which looks how things stand
    assert not window.jobs.running


@pytest.mark.parametrize(
    ("values", "key", "reason"),
    [
        ({"suggest_at": "0.97"}, "suggest_at", "above “Sure from”"),
        ({"sure_at": "0.1"}, "suggest_at", "above “Sure from”"),
        ({"face_tol": "0.6", "face_suggest": "0.5"}, "face_suggest", "below “Face tolerance”"),
        ({"second_opinion": "dlib"}, "second_opinion", "already"),
    ],
)
def test_fields_that_do_not_fit_each_other_are_refused(
    qtbot: QtBot, world: World, values: dict[str, str], key: str, reason: str
) -> None:
    file = _file(world)
    before = file.read_bytes()
    dialog = _open(qtbot, file)
    for setting, text in values.items():
        dialog.fields[setting]._editor.write(text)
    dialog.save_button.click()
    assert dialog.isVisible()
    assert reason in dialog.fields[key].problem.text()
    code, _, err = ran("settings", "--settings", file, *(f"{k}={v}" for k, v in values.items()))
    assert code == 2
    assert reason in err.replace("\n", " ")
    assert file.read_bytes() == before
    for setting in values:
        dialog.fields[setting].reset()
    assert not dialog.fields[key].problem.text()


def test_a_conflict_in_the_file_is_told_and_keeps_nobody_from_another_change(world: World) -> None:
    world.values |= {"sure_at": 0.1}
    file = _file(world)
    assert any("suggest_at" in problem for problem in load(file).problems)
    code, _, _ = ran("settings", "--settings", file, "workers=1")
    assert code == 0


@pytest.mark.parametrize("key", ["face_model", "second_opinion", "person_detector", "reid_model"])
def test_a_model_file_that_is_none_is_refused_with_the_reason(qtbot: QtBot, world: World, key: str) -> None:
    file, model = _file(world), world.root / "none.onnx"
    dialog = _open(qtbot, file)
    field = dialog.fields[key]
    for words in ("There is no file", "none.onnx"):
        field._editor.write(str(model))
        dialog.save_button.click()
        qtbot.waitUntil(lambda: bool(field.problem.text()), timeout=PATIENCE_MS)
        assert words in field.problem.text()
        assert dialog.isVisible()
        model.write_bytes(b"no network")
    assert json.loads(file.read_text(encoding="utf-8")).get(key) != str(model)


def test_a_model_file_that_works_is_kept(shared: Path, tmp_path: Path) -> None:
    model = tmp_path / "mine.onnx"
    shutil.copy(shared / "models" / "yolox_nano.onnx", model)
    settings = Settings.at(tmp_path, {"person_detector": "mine.onnx", "face_model": "mine.onnx"})
    assert unusable_models(settings, frozenset({"person_detector"})) == {}
    assert unusable_models(settings, frozenset({"face_model", "person_detector"})).keys() == {"face_model"}


def test_a_file_is_chosen_for_a_model(qtbot: QtBot, world: World) -> None:
    dialog = _open(qtbot, _file(world), "Bodies")
    dialog.choose_files = lambda _title: [world.root / "mine.onnx"]
    dialog.fields["reid_weights"].choose.click()
    assert dialog.fields["reid_weights"].text == str(world.root / "mine.onnx")
