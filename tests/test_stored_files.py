"""What Kith keeps on this computer: told whole, and erased where that is wanted; photos and copies stay."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from kith.errors import StoreBusy
from kith.gui.models_dialog import ModelsDialog
from kith.gui.privacy_dialog import PrivacyDialog
from kith.jobs.context import sole_job
from kith.jobs.stored_files import Kind, erase, stored_files
from kith.settings import user_folder
from tests.desk import ran
from tests.small_world import World
from tests.windows import PATIENCE_MS, open_window


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.recognise()
    return world


@pytest.fixture
def file(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file; the home lies in the world from here on, which took its networks from where all find them."""
    monkeypatch.setenv("KITH_HOME", str(world.root / "home"))
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    for folder in ("thumbnails", "networks"):
        kept = user_folder("cache") / folder
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "one").write_bytes(b"x" * 10)
    return file


def _tree(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file()}


def test_all_that_is_written_is_told(world: World, file: Path) -> None:
    told = {path for kept in stored_files(world.settings, file) for path in kept.places}
    given = {*world.originals, *(world.root / name for name in ("first.onnx", "second.onnx", "faces.onnx"))}
    copies = _tree(world.root / "output")
    for path in _tree(world.root) - given - copies:
        assert any(path == place or path.is_relative_to(place) for place in told), path
    sizes = {kept.kind: kept.size for kept in stored_files(world.settings, file)}
    assert sizes[Kind.PICTURES] == 10
    assert sizes[Kind.KNOWLEDGE] > 10_000


def test_only_what_is_named_is_erased(world: World, file: Path) -> None:
    before = _tree(world.root)
    gone = erase(world.settings, file, {Kind.PICTURES})
    assert gone == [user_folder("cache") / "thumbnails"]
    assert before - _tree(world.root) == {user_folder("cache") / "thumbnails" / "one"}


def test_the_library_goes_and_photos_and_copies_stay(world: World, file: Path) -> None:
    stays = _tree(world.root / "input") | _tree(world.root / "output") | set(world.originals)
    erase(world.settings, file, set(Kind))
    left = _tree(world.root)
    assert stays <= left
    assert not [path for path in left if "library.sqlite" in path.name]
    assert not world.settings.encodings_file.exists()
    assert stored_files(world.settings, file) == []


def test_a_job_at_work_keeps_all_of_it(world: World, file: Path) -> None:
    before = _tree(world.root)
    with sole_job(world.settings.library_file, "Build KB"), pytest.raises(StoreBusy, match="Build KB"):
        erase(world.settings, file, set(Kind))
    assert before - _tree(world.root) == set()


def test_an_encodings_file_of_another_program_stays(world: World, file: Path) -> None:
    world.settings.encodings_file.write_bytes(b"mine")
    erase(world.settings, file, {Kind.KNOWLEDGE})
    assert world.settings.encodings_file.read_bytes() == b"mine"


def test_a_link_is_deleted_and_not_what_it_leads_to(world: World, file: Path) -> None:
    elsewhere = world.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "photo").write_text("mine")
    pictures = user_folder("cache") / "thumbnails"
    (pictures / "one").unlink()
    pictures.rmdir()
    pictures.symlink_to(elsewhere)
    erase(world.settings, file, {Kind.PICTURES})
    assert not os.path.lexists(pictures)
    assert (elsewhere / "photo").read_text() == "mine"


def test_the_command_tells_and_asks(world: World, file: Path) -> None:
    code, out, _ = ran("privacy", "--settings", file)
    assert code == 0
    assert str(world.settings.library_file) in out
    code, _, err = ran("privacy", "--settings", file, "--erase", "knowledge")
    assert (code, "--yes" in err) == (3, True)
    assert world.settings.library_file.exists()
    code, out, _ = ran("privacy", "--settings", file, "--erase", "knowledge", "--yes")
    assert (code, "Deleted:" in out) == (0, True)
    assert not world.settings.library_file.exists()


def test_privacy_in_the_window_erases_by_a_second_press(qtbot: QtBot, world: World, file: Path) -> None:
    window = open_window(qtbot, file)
    with qtbot.waitSignal(window.desk.changed, timeout=PATIENCE_MS):
        window.desk.act(lambda library: library.undo())  # which opens the library in the window
    window.does.privacy.trigger()
    dialog = window.findChild(PrivacyDialog)
    assert dialog
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() > 0, timeout=PATIENCE_MS)
    assert not dialog.erase_button.isEnabled()
    rows = list(_rows(dialog))
    (row,) = [row for row in rows if row.data(0, Qt.ItemDataRole.UserRole) is Kind.KNOWLEDGE]
    row.setCheckState(0, Qt.CheckState.Checked)
    dialog.erase_button.click()
    assert world.settings.library_file.exists()
    dialog.erase_button.click()
    window.desk.changed.emit()  # so that every place in sight wants to read the library meanwhile
    qtbot.waitUntil(lambda: "Erased" in dialog.words.text(), timeout=PATIENCE_MS)
    assert not world.settings.library_file.exists()
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() == len(rows) - 1, timeout=PATIENCE_MS)


def _rows(dialog: PrivacyDialog) -> Iterator[QTreeWidgetItem]:
    for index in range(dialog.list.topLevelItemCount()):
        row = dialog.list.topLevelItem(index)
        assert row
        yield row


def test_every_model_file_is_listed_with_its_state(qtbot: QtBot, world: World, file: Path) -> None:
    window = open_window(qtbot, file)
    window.does.models.trigger()
    dialog = window.findChild(ModelsDialog)
    assert dialog
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() > 3, timeout=PATIENCE_MS)
    rows = [dialog.list.topLevelItem(index) for index in range(dialog.list.topLevelItemCount())]
    states = {row.text(0): row.text(1) for row in rows if row}
    assert states["yunet_2026may"] in {"missing", "ready"}
    assert "ready" in states.values()
    for row in rows:
        dialog.list.setCurrentItem(row)
        assert row
        assert dialog.fetch.isEnabled() == (row.text(1) != "ready")
    dialog.list.selectAll()
    missing = [name for name, state in states.items() if state != "ready"]
    assert f"{len(missing)} Files" in dialog.fetch.text()
    assert dialog.fetch.isEnabled()
