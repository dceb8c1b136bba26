"""The first minutes with Kith: the start, the first steps, the model files, and the whole way of a newcomer."""

import hashlib
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from kith.gui import start
from kith.gui.background import PAUSE_MS
from kith.gui.first_start import FirstStart
from kith.gui.folder_steps import LOOKING
from kith.gui.folders import people_problem
from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.places import HOME
from kith.gui.welcome_page import WelcomePage
from kith.logs import log_file
from kith.model_registry import ModelFile
from kith.photos.outputs import mark_output
from kith.settings import load, load_user_settings, user_settings_file
from kith.vision import given_models, model_files
from tests.desk import CHIRAC, CHIRAC_AGAIN, NOBODY, POWELL, POWELL_AGAIN, Desk, finished, kith
from tests.windows import PATIENCE_MS, click, dialog, open_window, press_start, wait_for_end

CONTENT = bytes(range(256)) * 4000
YUNET = "yunet_2026may"


def _first_steps(qtbot: QtBot, file: Path) -> tuple[MainWindow, FirstStart]:
    window = open_window(qtbot, file)
    window.does.first_steps.trigger()
    return window, dialog(qtbot, FirstStart)


def _greeted(qtbot: QtBot, window: MainWindow, first_time: bool) -> bool:
    """Say whether Home shows the first steps, once all that is looked at first has been seen."""
    start.greet(window, first_time)
    _looked(qtbot)
    return _leave(qtbot, window)


def _leave(qtbot: QtBot, window: MainWindow) -> bool:
    """Leave the first steps in Home for later, and say whether they were there."""
    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    if not isinstance(home.page, WelcomePage):
        return False
    click(qtbot, home.page.skip)
    return True


def _looked(qtbot: QtBot) -> None:
    """Wait until no question about the disk is open, nor an answer on its way."""
    qtbot.wait(10)
    qtbot.waitUntil(
        lambda: not any(thread.name == "kith-question" for thread in threading.enumerate()), timeout=PATIENCE_MS
    )
    qtbot.wait(10)


def test_newcomers_are_greeted_and_nobody_else(qtbot: QtBot, desk: Desk) -> None:
    window = open_window(qtbot, desk.settings_file())
    assert _greeted(qtbot, window, first_time=False), "there is no photo of anybody yet"
    desk.put(POWELL[0], "people/Colin Powell/")
    assert not _greeted(qtbot, window, first_time=False)
    assert _greeted(qtbot, window, first_time=True)


def test_way_of_a_newcomer_from_nothing_to_photos_in_folders(
    qtbot: QtBot, material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty settings, two folders of photos, worker processes as they are: clicks and keys only."""
    monkeypatch.setenv("KITH_MODELS", str(material / "models"))
    mine = Desk(tmp_path / "my pictures", material)
    mine.put_all(POWELL, "family/Colin Powell")
    mine.put_all(CHIRAC, "family/Jacques Chirac")
    mine.put_all([*POWELL_AGAIN, *CHIRAC_AGAIN, NOBODY], "summer")
    answers = {"Your people": "family", "Photos to recognise": "summer", "Copies and report go to": "sorted"}
    assert not user_settings_file().exists()
    window = MainWindow(load_user_settings(tmp_path / "no repository"))
    qtbot.addWidget(window)
    window.choose_folder = lambda title, _start: mine.root / answers[title]
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
    start.greet(window, first_time=True)

    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    assert isinstance(home.page, WelcomePage)
    for field in (home.page.steps.people, home.page.steps.photos, home.page.steps.output):
        click(qtbot, field.button)
    click(qtbot, home.page.start)
    qtbot.waitUntil(lambda: home.page is home.result, timeout=PATIENCE_MS)
    wait_for_end(qtbot, window)

    assert window.status.text() == "5 photos done, 4 with people known, 0 unsure, 1 unknown, 0 failed"
    assert sorted(
        path.relative_to(mine.root / "sorted").as_posix() for path in (mine.root / "sorted").rglob("*.*")
    ) == [
        ".kith-output",
        "Colin Powell/Colin_Powell_0007.jpg",
        "Colin Powell/Colin_Powell_0007.jpg.xmp",
        "Colin Powell/Colin_Powell_0009.jpg",
        "Colin Powell/Colin_Powell_0009.jpg.xmp",
        "Jacques Chirac/Jacques_Chirac_0005.jpg",
        "Jacques Chirac/Jacques_Chirac_0005.jpg.xmp",
        "Jacques Chirac/Jacques_Chirac_0008.jpg",
        "Jacques Chirac/Jacques_Chirac_0008.jpg.xmp",
        "Unknown/cat.jpg",
        "report.csv",
    ]
    assert window.steps.output.isEnabled()
    assert window.steps.output.property("next")
    assert load(user_settings_file()).settings.dataset_folder == mine.root / "family"


def test_the_keyboard_begins_in_the_first_field(qtbot: QtBot, far: Path) -> None:
    _, welcome = _first_steps(qtbot, far)
    qtbot.waitUntil(lambda: welcome.focusWidget() is welcome.people.edit, timeout=PATIENCE_MS)


def test_folders_are_kept_and_the_people_folder_is_made(qtbot: QtBot, desk: Desk) -> None:
    file = desk.settings_file()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"a_new_key": 1, "face_tol": 0.5}))
    window, welcome = _first_steps(qtbot, file)
    qtbot.waitUntil(lambda: welcome.photos.edit.text() == str(desk.input), timeout=PATIENCE_MS)
    new = desk.root / "a" / "new folder"
    welcome.people.edit.selectAll()
    qtbot.keyClicks(welcome.people.edit, str(new))
    assert welcome.people.hint.text() == LOOKING
    qtbot.waitUntil(lambda: "will be created" in welcome.people.hint.text(), timeout=PATIENCE_MS)
    welcome.photos.edit.clear()
    with qtbot.waitSignal(welcome.finished, timeout=PATIENCE_MS):
        qtbot.keyClick(welcome.people.edit, Qt.Key.Key_Return)
    assert new.is_dir()
    kept = json.loads(file.read_text())
    assert (kept["dataset_dir"], kept["process_dir"], kept["a_new_key"], kept["face_tol"]) == (
        str(new),
        "input",
        1,
        0.5,
    )
    assert "“new folder”" in window.steps.build.accessibleName()


@pytest.mark.parametrize(
    ("people", "photos", "output", "words"),
    [
        ("", "input", "output", "Name a folder"),
        ("people", "people", "output", "a folder each"),
        ("people", "input", "people/output", "lies in the people folder"),
        ("people", "input", ".", "holds the people folder"),
        ("people", "input", "input/sorted", "lies in the photos in"),
        ("people", "input", "input", "is the photos in"),
        ("sorted", "input", "output", "is a folder that Kith files copies to"),
        ("people", "sorted/Ann", "output", "lies in"),
        ("people", "absent", "output", "There is no folder"),
        ("a file/people", "input", "output", "cannot be created"),
        ("people", "input", "a file", "is a file"),
        ("people", "input", "a file/sorted", "is a file"),
    ],
)
def test_folders_that_cannot_be_used_are_refused(
    qtbot: QtBot, desk: Desk, people: str, photos: str, output: str, words: str
) -> None:
    (desk.root / "a file").touch()
    (desk.root / "sorted/Ann").mkdir(parents=True)
    mark_output(desk.root / "sorted")
    file = desk.settings_file()
    before = file.read_bytes()
    _, welcome = _first_steps(qtbot, file)
    for field, name in ((welcome.people, people), (welcome.photos, photos), (welcome.output, output)):
        field.edit.setText(str(desk.root / name) if name else "")
    press_start(qtbot, welcome)
    assert words in welcome.problem.text()
    assert welcome.isVisible()
    assert file.read_bytes() == before


class _Drive:
    """A folder on a drive that is asleep: whoever looks at it waits until it is awake, and the window must not."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.awake = threading.Event()
        self.looked_at: list[str] = []
        self.listed: list[str] = []
        self.by_window: list[str] = []
        self._folder = str(folder)
        monkeypatch.setattr(os, "stat", self._slow(os.stat, self.looked_at))
        monkeypatch.setattr(os, "scandir", self._slow(os.scandir, self.listed))

    def _slow(self, look: Callable[..., Any], looks: list[str]) -> Callable[..., Any]:
        def slow(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
            if str(path).startswith(self._folder):
                if threading.current_thread() is threading.main_thread():
                    self.by_window.append(str(path))
                else:
                    looks.append(str(path))
                assert self.awake.is_set() or self.awake.wait(PATIENCE_MS / 1000)
            return look(path, *args, **kwargs)

        return slow


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Drive]:
    """People of whom there is no photo, in many folders, and all other folders beside them; asleep."""
    for number in range(40):
        (tmp_path / f"drive/people/{number}/below").mkdir(parents=True)
    (tmp_path / "drive/output").mkdir()
    (tmp_path / "drive/input").mkdir()
    drive = _Drive(tmp_path / "drive", monkeypatch)
    yield drive
    drive.awake.set()


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """Settings that name folders on the drive."""
    folders = {"dataset_dir": "drive/people", "process_dir": "drive/input", "processed_dir": "drive/output"}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(folders | {"models_dir": "drive/models"}), encoding="utf-8")
    return file


def test_keys_are_not_held_up_by_the_people_folder(qtbot: QtBot, far: Path, drive: _Drive) -> None:
    _, welcome = _first_steps(qtbot, far)
    assert welcome.people.hint.text() == LOOKING
    people = str(far.parent / "drive/people")
    qtbot.waitUntil(lambda: people in drive.looked_at, timeout=PATIENCE_MS)  # at work by now
    for text in ("/0", "/below", "/x"):
        qtbot.keyClicks(welcome.people.edit, text)
        assert welcome.people.hint.text() == LOOKING
        qtbot.wait(PAUSE_MS + 100)
    drive.awake.set()
    qtbot.waitUntil(lambda: "will be created" in welcome.people.hint.text(), timeout=PATIENCE_MS)
    assert drive.by_window == []
    _looked(qtbot)
    assert drive.listed == [], "what nobody waits for any more is not looked at"
    assert "will be created" in welcome.people.hint.text()


def test_keys_in_quick_succession_are_one_question(qtbot: QtBot, far: Path, drive: _Drive) -> None:
    drive.awake.set()
    _, welcome = _first_steps(qtbot, far)
    qtbot.waitUntil(lambda: "no photo in it yet" in welcome.people.hint.text(), timeout=PATIENCE_MS)
    drive.listed.clear()
    for _ in range(3):
        qtbot.keyClicks(welcome.people.edit, "/0")
        qtbot.keyClick(welcome.people.edit, Qt.Key.Key_Backspace)
        qtbot.keyClick(welcome.people.edit, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: "no photo in it yet" in welcome.people.hint.text(), timeout=PATIENCE_MS)
    assert drive.listed.count(str(far.parent / "drive/people")) == 2, "its own photos and its people's, once each"


def test_the_dialog_closes_while_a_drive_is_asleep(qtbot: QtBot, far: Path, drive: _Drive) -> None:
    _, welcome = _first_steps(qtbot, far)
    qtbot.waitUntil(lambda: str(far.parent / "drive/people") in drive.looked_at, timeout=PATIENCE_MS)
    click(qtbot, welcome.later)
    assert not welcome.isVisible()
    assert not drive.awake.is_set()
    drive.awake.set()
    _looked(qtbot)
    assert drive.listed == [], "nobody waits for it any more"
    assert drive.by_window == []


def test_the_window_opens_while_a_drive_is_asleep(qtbot: QtBot, far: Path, drive: _Drive) -> None:
    (far.parent / "drive/output/report.csv").touch()
    window = open_window(qtbot, far)
    start.greet(window, first_time=False)
    qtbot.wait(50)
    assert QApplication.activeModalWidget() is None
    assert not window.does.output.isEnabled()
    drive.awake.set()
    qtbot.waitUntil(lambda: _leave(qtbot, window), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: window.does.output.isEnabled() and window.does.report.isEnabled(), timeout=PATIENCE_MS)
    assert drive.by_window == []


def test_people_folder_says_what_it_lacks(desk: Desk) -> None:
    settings = desk.settings
    assert "will be created" in people_problem(desk.root / "absent", settings)
    (desk.root / "a file").touch()
    for people in ("a file", "a file/people"):
        assert "a file is a file: name a folder" in people_problem(desk.root / people, settings)
    assert "no photo in it" in people_problem(desk.people, settings)
    desk.put(NOBODY, "people/")
    assert "in no person's folder" in people_problem(desk.people, settings)
    desk.put(NOBODY, "people/Cat/")
    assert people_problem(desk.people, settings) == ""


def test_privacy_is_told_in_three_sentences(qtbot: QtBot, desk: Desk) -> None:
    desk.change(encodings_filename="mine.pkl", library_path=str(desk.root / "known.sqlite"))
    _, welcome = _first_steps(qtbot, desk.settings_file())
    text = welcome.privacy.text()
    assert len(re.findall(r"\.(?: |$)", text)) == 3
    assert "mine.pkl in your people folder" in text
    assert str(desk.root / "known.sqlite") in text


class _Handler(BaseHTTPRequestHandler):
    """Serves CONTENT, or half of it and the rest when the server is asked to go on."""

    server: "_Server"

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path == "/absent":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        half = len(CONTENT) // 2
        try:
            self.wfile.write(CONTENT[:half])
            assert self.server.go_on.wait(PATIENCE_MS / 1000)
            self.wfile.write(CONTENT[half:])
        except ConnectionError:
            pass

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.go_on = threading.Event()
        self.asked = 0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


def _offer(server: _Server, monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    """Let the registry name models of the local server, the first one as the detector."""
    models = [
        ModelFile(
            name=name,
            file=f"{name}.bin",
            url=f"http://127.0.0.1:{server.server_port}{path}",
            size=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            licence="MIT",
            purpose="is fetched",
            without=f"no {name}",
        )
        for name, path in zip((YUNET, "osnet_ain_multi"), paths, strict=False)
    ]
    for module in (model_files, given_models):
        monkeypatch.setattr(module, "DOWNLOADED", tuple(models))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A settings file whose models folder is empty."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"models_dir": "models"}), encoding="utf-8")
    return file


def test_missing_models_are_fetched_and_one_that_cannot_be_is_no_failure(
    qtbot: QtBot, bare: Path, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(server, monkeypatch, "/model", "/absent")
    _, welcome = _first_steps(qtbot, bare)
    box = welcome.models
    qtbot.waitUntil(box.button.isVisible, timeout=PATIENCE_MS)
    assert f"missing: no {YUNET}" in box.words.text()
    assert "missing: no osnet_ain_multi" in box.words.text()
    assert "127.0.0.1" in box.words.text()
    assert box.button.text() == "&Download 2.0 MB"
    click(qtbot, box.button)
    qtbot.waitUntil(lambda: box.bar.value() > 0)
    assert 0 < box.bar.value() <= box.bar.maximum() // 2
    click(qtbot, welcome.start)
    assert "on their way" in welcome.problem.text()
    server.go_on.set()
    qtbot.waitUntil(lambda: box.download is None, timeout=PATIENCE_MS)
    qtbot.waitUntil(box.button.isVisible, timeout=PATIENCE_MS)
    assert (bare.parent / f"models/{YUNET}.bin").read_bytes() == CONTENT
    assert "osnet_ain_multi could not be fetched" in box.words.text()
    assert "missing: no osnet_ain_multi" in box.words.text()
    assert f"missing: no {YUNET}" not in box.words.text()
    assert box.button.text() == "&Download 1.0 MB"
    with qtbot.waitSignal(welcome.finished, timeout=PATIENCE_MS):
        click(qtbot, welcome.start)


def test_closing_during_a_download_stops_it_and_keeps_what_came(
    qtbot: QtBot, bare: Path, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(server, monkeypatch, "/model")
    _, welcome = _first_steps(qtbot, bare)
    ended: list[int] = []
    welcome.finished.connect(ended.append)
    qtbot.waitUntil(welcome.models.button.isVisible, timeout=PATIENCE_MS)
    click(qtbot, welcome.models.button)
    qtbot.waitUntil(lambda: welcome.models.bar.value() > 0)
    click(qtbot, welcome.later)
    assert not welcome.isEnabled()
    assert not ended
    server.go_on.set()
    qtbot.waitUntil(lambda: bool(ended), timeout=PATIENCE_MS)
    (draft,) = (bare.parent / "models").iterdir()
    assert draft.name.startswith(".kith-download-")


def test_leaving_the_first_steps_in_home_stops_a_download(
    qtbot: QtBot, bare: Path, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(server, monkeypatch, "/model")
    window = open_window(qtbot, bare)
    window.welcome()
    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    assert home.welcome
    box = home.welcome.steps.models
    qtbot.waitUntil(box.button.isVisible, timeout=PATIENCE_MS)
    click(qtbot, box.button)
    qtbot.waitUntil(lambda: box.bar.value() > 0, timeout=PATIENCE_MS)
    click(qtbot, home.welcome.start)
    assert "on their way" in home.welcome.problem.text()
    download = box.download
    assert download
    assert _leave(qtbot, window)
    server.go_on.set()
    qtbot.waitUntil(download.isFinished, timeout=PATIENCE_MS)
    (draft,) = (bare.parent / "models").iterdir()
    assert draft.name.startswith(".kith-download-")


def test_speed_and_time_left_are_told_while_it_comes(
    qtbot: QtBot, bare: Path, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(server, monkeypatch, "/model")
    _, welcome = _first_steps(qtbot, bare)
    box = welcome.models
    qtbot.waitUntil(box.button.isVisible, timeout=PATIENCE_MS)
    click(qtbot, box.button)
    pattern = rf"{YUNET}: %p %, \d+\.\d MB/s, about \d+ s left"
    qtbot.waitUntil(lambda: re.fullmatch(pattern, box.bar.format()) is not None, timeout=PATIENCE_MS)
    assert not box.choose.isVisible()
    server.go_on.set()
    qtbot.waitUntil(lambda: box.download is None, timeout=PATIENCE_MS)


def test_files_fetched_by_other_means_are_taken_whatever_their_name(
    qtbot: QtBot, bare: Path, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(server, monkeypatch, "/model")
    (right := bare.parent / "download (1)").write_bytes(CONTENT)
    (wrong := bare.parent / "page.html").write_bytes(b"<html>")
    _, welcome = _first_steps(qtbot, bare)
    box = welcome.models
    asked: list[str] = []

    def choose(*files: Path) -> None:
        qtbot.waitUntil(box.choose.isVisible, timeout=PATIENCE_MS)
        box.choose_files = lambda title: asked.append(title) or [*files]
        click(qtbot, box.choose)

    choose()
    assert f"missing: no {YUNET}" in box.words.text(), "who thinks better of it changes nothing"
    choose(wrong)
    qtbot.waitUntil(lambda: "page.html is no model file that Kith knows" in box.words.text(), timeout=PATIENCE_MS)
    assert given_models.facts_of(model_files.registered(YUNET)) in box.words.text()
    assert f"missing: no {YUNET}" in box.words.text()
    click(qtbot, box.copy)
    clipboard = QApplication.clipboard()
    assert clipboard
    assert clipboard.text() == given_models.facts_of(model_files.registered(YUNET))
    choose(right)
    qtbot.waitUntil(
        lambda: box.words.text() == "All model files that the settings ask for are there.", timeout=PATIENCE_MS
    )
    assert (bare.parent / f"models/{YUNET}.bin").read_bytes() == CONTENT
    assert len(asked) == 3
    assert server.asked == 0


def test_a_folder_for_models_that_cannot_be_written_is_told(
    qtbot: QtBot, bare: Path, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(server, monkeypatch, "/model")
    (given := bare.parent / "given").write_bytes(CONTENT)
    (bare.parent / "models").touch()
    _, welcome = _first_steps(qtbot, bare)
    box = welcome.models
    qtbot.waitUntil(box.choose.isVisible, timeout=PATIENCE_MS)
    box.choose_files = lambda _title: [given]
    click(qtbot, box.choose)
    qtbot.waitUntil(lambda: "could not be written to" in box.words.text(), timeout=PATIENCE_MS)
    assert "“Models folder” in the settings" in box.words.text()


def test_where_all_models_are_there_nothing_is_offered(qtbot: QtBot, desk: Desk) -> None:
    desk.change(reid_model="osnet_x0_25", reid_weights=str(desk.models / "osnet_x0_25_msmt17.pth"))
    _, welcome = _first_steps(qtbot, desk.settings_file())
    qtbot.waitUntil(
        lambda: welcome.models.words.text() == "All model files that the settings ask for are there.",
        timeout=PATIENCE_MS,
    )
    assert not welcome.models.button.isVisible()


SHOW_AND_END = """
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

def end():
    shown = [widget for widget in QApplication.allWidgets() if widget.isVisible()]
    named = {type(widget).__name__ for widget in shown} & {"MainWindow", "WelcomePage"}
    if len(named) == 2:
        print(sorted(named))
        QApplication.closeAllWindows()
        QApplication.quit()

run = QApplication.exec
def exec(*_):
    timer = QTimer(timeout=end)
    timer.start(10)
    return run()
QApplication.exec = exec
"""


def test_no_arguments_open_the_window_with_the_first_steps() -> None:
    code, out, err = finished(kith(code=SHOW_AND_END))
    assert (code, out.strip()) == (0, "['MainWindow', 'WelcomePage']"), err
    assert user_settings_file().exists()
    assert log_file().exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_without_a_display_the_command_line_is_named() -> None:
    code, out, err = finished(kith(DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="", KITH_COMMAND="kith"))
    assert (code, out) == (3, "")
    assert "kith --help" in err


def test_bug_in_the_window_is_logged_and_said_and_the_window_lives(
    qtbot: QtBot, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    window = open_window(qtbot, desk.settings_file())
    start.report_bug(ZeroDivisionError, ZeroDivisionError("a bug"), None)
    assert str(log_file()) in dialog(qtbot, QMessageBox).text()
    start.report_bug(ZeroDivisionError, ZeroDivisionError("another bug"), None)
    assert [record.getMessage() for record in caplog.records] == ["bug", "bug"]
    assert window.isVisible()
    assert len(window.findChildren(QMessageBox)) == 1, "one box at a time"
