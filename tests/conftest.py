"""Fixtures for the whole suite: nothing of the user's own is touched, the shared photos are used where they are."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import cache, partialmethod
from itertools import count
from pathlib import Path

import hypothesis
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from typer.main import get_command

from kith.library.store import open_store
from tests.desk import DRAWN, PATIENCE_MS, Desk, shared_folder
from tests.drawn_photos import draw_all, open_eyes
from tests.filing_desk import Filer

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Processes that tests start need not compile anew what they import, nor have threads wait for each other for a core.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
for library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

BEFORE_OPENCV = {
    name: os.environ.get(name) for name in ("LD_LIBRARY_PATH", "QT_QPA_FONTDIR", "QT_QPA_PLATFORM_PLUGIN_PATH")
}

# No example fails for having taken long. They are the same each time; --hypothesis-profile chance tries others.
for name, derandomize in (("chance", False), ("same", True)):
    hypothesis.settings.register_profile(
        name,
        derandomize=derandomize,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
    )
    hypothesis.settings.load_profile(name)


@pytest.fixture(scope="session", autouse=True)
def _states_are_waited_for() -> Iterator[None]:
    """Have `qtbot.waitUntil` wait longer than the 5 seconds after which it gives up by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QtBot, "waitUntil", partialmethod(QtBot.waitUntil, timeout=PATIENCE_MS))
        yield


@pytest.fixture(scope="session", autouse=True)
def _disks_are_not_waited_for() -> Iterator[None]:
    """What tests write need not outlast a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands_made_once() -> Iterator[None]:
    """Commands for typer's CliRunner, which makes them anew for each that it runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command), raising=False)
        yield


@pytest.fixture
def shared() -> Path:
    """The folder of real photos and weights beside the repository, for tests of what the networks make of them."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"the shared test photos are not at {folder} (KITH_SHARED names another place)")
    return folder


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of drawn photos."""
    return draw_all(tmp_path_factory.mktemp("drawn"))


@pytest.fixture
def material(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real photos and weights, or where it is not there one of drawn photos, and eyes for them."""
    if (folder := shared_folder()).is_dir():
        return folder
    open_eyes(monkeypatch.setattr)
    monkeypatch.setenv(DRAWN, "1")
    drawn: Path = request.getfixturevalue("drawn")
    return drawn


@pytest.fixture
def desk(tmp_path: Path, material: Path) -> Desk:
    """An empty people folder and an empty input folder."""
    return Desk(tmp_path / "desk", material)


@pytest.fixture
def filer(tmp_path: Path) -> Iterator[Filer]:
    """Photos to be filed under Ann and Bob."""
    with closing(open_store(tmp_path / "library.sqlite", create=True)) as store:
        yield Filer(store, tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a knowledge base that a module builds once."""
    return tmp_path_factory.mktemp("built")


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all test processes keep the exported networks, which take seconds to make."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return tmp_path_factory.mktemp("networks")
    folder = tmp_path_factory.getbasetemp().parent / "networks"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The paths of homes; tmp_path_factory would look through all there are to find the next."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch, networks: Path) -> Path:
    """An empty home for settings, data and logs, but for the networks once made."""
    home = next(homes)
    (home / "cache").mkdir(parents=True)
    (home / "cache/networks").symlink_to(networks, target_is_directory=True)
    monkeypatch.setenv("KITH_HOME", str(home))
    monkeypatch.delenv("KITH_MODELS", raising=False)
    monkeypatch.delenv("KITH_COMMAND", raising=False)
    return home


@pytest.fixture(autouse=True)
def _opencv_leaves_qt_alone() -> Iterator[None]:
    """Have Qt find its own fonts and plugins: OpenCV, once imported, names folders of its own for them."""
    yield
    for name, value in BEFORE_OPENCV.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def _keys_let_go() -> Iterator[None]:
    """Have no key held in the next test: Qt takes one that was pressed with another for held until the next is."""
    yield
    if QGuiApplication.keyboardModifiers():
        QtBot.keyRelease(QWidget(), Qt.Key.Key_Control)


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    """Have no dialog of a test before the next one's windows: it takes clicks and keys until it is collected."""
    yield
    for shown in QApplication.topLevelWidgets():
        shown.hide()


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    # Python keeps stand-ins for threads of Qt after these have ended.
    own = [thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)]
    own = [thread for thread in own if not thread.name.startswith("Dask-Offload")]  # one for the process' whole life
    left = [thread for thread in own if thread not in before and _still_runs(thread)]
    assert not left, f"threads left running: {left}"


def _still_runs(thread: threading.Thread) -> bool:
    """Say whether a thread is at work though it had a moment to stop."""
    thread.join(PATIENCE_MS / 1000)
    return thread.is_alive()
