"""Draw every place, page and state of the window, to be looked at: on drawn photos, so that nothing has to be fetched.

Run by `scripts/screenshots.py all FOLDER`: a folder a state, a picture for each place or page, theme and size.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

SIZES = {"1024x640": (1016, 600), "1920x1080": (1912, 1040)}  # what the frame of a window leaves
SCALES = (1, 2)
PATIENCE_S = 60
MANY = 1000  # people
LONG = "Wilhelmina Alexandrina Constantia Theodora von und zu Hohenlohe-Schillingsfürst"
RIGHT_TO_LEFT = "מרים בת יוסף", "عبد الرحمن بن محمد"
ANN, BOB, EVE = 0, 1, 2


def draw_all(target: Path) -> None:
    """Draw every state at every scale, each scale in a process of its own, as Qt wants it."""
    for scale in SCALES:
        environment = os.environ | {"QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, __file__, str(target), str(scale)]
        subprocess.run(command, env=environment, check=True)


def _draw(target: Path, scale: int) -> None:
    from PyQt6.QtWidgets import QApplication

    from tests.windows import DARK, LIGHT

    app = QApplication(["kith"])
    sizes = SIZES if scale == 1 else {f"{scale}x": SIZES["1024x640"]}
    for state, make in STATES.items():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["KITH_HOME"] = f"{folder}/home"
            file, eyes = make(Path(folder) / "mine")
            for theme, palette in (("light", LIGHT), ("dark", DARK)):
                app.setPalette(palette)
                for size, (width, height) in sizes.items():
                    camera = _Camera(app, target / state, f"{theme}-{size}")
                    camera.take_all(file, eyes, width, height)


class _Camera:
    """Takes pictures of one window."""

    def __init__(self, app: Any, folder: Path, kind: str) -> None:
        self._app, self._folder, self._kind = app, folder, kind
        folder.mkdir(parents=True, exist_ok=True)

    def take_all(self, file: Path, eyes: Any, width: int, height: int) -> None:
        """Open a window and take a picture of each place and page, of the first steps, and of a job and its result."""
        from kith.gui.main_window import MainWindow
        from kith.gui.places import PLACES
        from kith.settings import load
        from tests.windows import Gate

        gate = Gate(eyes)
        window = MainWindow(load(file), gate)
        window.resize(width, height)
        window.show()
        for place in PLACES:
            window.go(place)
            self._take(window, window, place.lower())
        for number, (action, page) in enumerate(window.does.pages.items(), 1):
            del action
            self._take_page(window, page.make, f"page-{number}")
        if window.settings_fault:
            self._take_page(window, lambda window, _: _broken(window), "page-broken")
        else:
            window.welcome()
            self._take(window, window, "home-first-steps")
            self._take_job(window, gate)
        window.close()

    def _take_page(self, window: Any, make: Callable[[Any, Any], Any], name: str) -> None:
        dialog = make(window, window)
        dialog.open()
        self._take(window, dialog, f"{name}-{type(dialog).__name__}")
        dialog.reject()
        dialog.deleteLater()

    def _take_job(self, window: Any, gate: Any) -> None:
        from kith.gui.places import HOME

        window.go(HOME)
        self._add_new_photos(window.settings.input_folder)
        window.recognize(window.settings, {})
        gate.open(5)
        self._settle(window)
        self._take(window, window, "home-run")
        gate.open_wide()
        self._wait(lambda: not window.jobs.running)
        if (box := self._app.activeModalWidget()) is not None:
            self._take(window, box, "home-failed")
            box.reject()
        self._take(window, window, "home-result")

    def _add_new_photos(self, folder: Path) -> None:
        """Add photos that no run has seen, so that one can be watched."""
        from tests.drawn import LEFT, MIDDLE, RIGHT, draw

        folder.mkdir(parents=True, exist_ok=True)
        for number, people in enumerate([*_photos(LEFT, MIDDLE, RIGHT)][:8]):
            photo = draw(*people, shade=100 + number)
            photo.putpixel((0, 159), tuple(os.urandom(3)))
            photo.save(folder / f"new {number}.png")

    def _take(self, window: Any, shown: Any, name: str) -> None:
        self._settle(window)
        shown.grab().save(str(self._folder / f"{name}-{self._kind}.png"))

    def _settle(self, window: Any) -> None:
        began = time.monotonic()
        self._wait(lambda: time.monotonic() - began > 0.8 and not window.desk.busy and not _asks())

    def _wait(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < until:
            self._app.processEvents()
            time.sleep(0.005)


def _asks() -> bool:
    return any(thread.name == "kith-question" for thread in threading.enumerate())


def _broken(window: Any) -> Any:
    from kith.gui.broken_settings import BrokenSettings

    return BrokenSettings(window._in_use, window)


# The states


def _album(root: Path, names: tuple[str, ...] = ("Ann", "Bob"), recognised: bool = True) -> tuple[Path, Any]:
    """Return the settings and the eyes of a library that knows people of these names, and one unknown."""
    from tests.album import Album
    from tests.drawn import LEFT, MIDDLE, RIGHT, draw

    album = Album(root)
    for name, folder in zip(names, ("Ann", "Bob"), strict=False):
        if name != folder:
            (root / "people" / folder).rename(root / "people" / name)
    for shade, people in enumerate(_photos(LEFT, MIDDLE, RIGHT), 20):
        album.save(draw(*people, shade=shade), f"album/{names[0][:12]} {shade}.png")
    (root / "album/broken.png").write_bytes(b"no picture")
    _build(album)
    if recognised:
        _recognise(album)
    return _file(album), album.eyes


def _photos(left: Any, middle: Any, right: Any) -> Iterator[tuple[Any, ...]]:
    for _ in range(4):
        yield ((ANN, left), (BOB, right))
        yield ((ANN, middle),)
        yield ((EVE, left), (BOB, middle))
        yield ((EVE, right),)


def _build(album: Any) -> None:
    from kith.jobs.build_kb import build_kb
    from tests.desk import run_job

    run_job(album.settings, build_kb, executor=lambda: album.eyes)


def _recognise(album: Any) -> None:
    from kith.jobs.recognize_folder import recognize_folder
    from tests.desk import run_job

    def job(context: Any) -> Any:
        return recognize_folder(context, [album.album], album.output)

    run_job(album.settings, job, executor=lambda: album.eyes)


def _file(album: Any) -> Path:
    file: Path = album.root / "settings.json"
    values = album.settings.model_dump(mode="json") | {"process_dir": "album", "workers": 1}
    file.write_text(json.dumps(values), encoding="utf-8")
    return file


def _nothing(root: Path) -> tuple[Path, Any]:
    from tests.drawn import Eyes

    root.mkdir()
    file = root / "settings.json"
    file.write_text(json.dumps({"valid_exts": [".png"], "body_policy": "off"}), encoding="utf-8")
    return file, Eyes()


def _one(root: Path) -> tuple[Path, Any]:
    import shutil

    file, eyes = _album(root, recognised=False)
    shutil.rmtree(root / "people/Bob")
    (root / "people/library.sqlite").unlink()
    from kith.jobs.build_kb import build_kb
    from kith.settings import load
    from tests.desk import run_job

    run_job(load(file).settings, build_kb, executor=lambda: eyes)
    return file, eyes


def _many(root: Path) -> tuple[Path, Any]:
    from tests.album import Album
    from tests.drawn import MIDDLE, draw

    album = Album(root)
    for number in range(MANY):
        photo = draw((number % 6, MIDDLE), shade=number % 200)
        photo.putpixel((number % 240, 159), (number // 240, 99, 99))
        album.save(photo, f"people/Person {number + 1:04}/1.png")
    album.save(draw((ANN, MIDDLE), shade=7), "album/one.png")
    _build(album)
    _recognise(album)
    return _file(album), album.eyes


def _broken_settings(root: Path) -> tuple[Path, Any]:
    file, eyes = _album(root)
    file.write_text('{"dataset_dir": "mine",\n "face_tol" 0.5}', encoding="utf-8")
    return file, eyes


def _unplugged(root: Path) -> tuple[Path, Any]:
    file, eyes = _album(root)
    (root / "people").rename(root / "unplugged")
    return file, eyes


STATES: dict[str, Callable[[Path], tuple[Path, Any]]] = {
    "empty": _nothing,
    "one-person": _one,
    "two-people": _album,
    "long-names": partial(_album, names=(LONG, "W" * 60)),
    "right-to-left": partial(_album, names=RIGHT_TO_LEFT),
    "many-people": _many,
    "broken-settings": _broken_settings,
    "unplugged": _unplugged,
}

if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(root / "app"), str(root)]
    _draw(Path(sys.argv[1]), int(sys.argv[2]))
