"""Draw every place, page and state of the window, to be looked at: on drawn photos, so that nothing has to be fetched.

Run by `scripts/screenshots.py all FOLDER`: a folder a state, a picture for each place or page, theme and size.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

SIZES = {"1024x640": (1016, 600), "1920x1080": (1912, 1040)}  # what the frame of a window leaves
SCALES = (1, 2)
PATIENCE_S = 4  # a picture that moves all the time is taken as it is then
STILL_S, STILL_TIMES = 0.04, 4  # looks at a picture that is the same each time
MANY = 1000  # people
LONG = "Wilhelmina Alexandrina Constantia Theodora von und zu Hohenlohe-Schillingsfürst"
RIGHT_TO_LEFT = "מרים בת יוסף", "عبد الرحمن بن محمد"
ANN, BOB, EVE = 0, 1, 2


def draw_all(target: Path) -> None:
    """Draw every state at every scale, each scale in a process of its own, as Qt wants it; both at the same time."""
    drawing = []
    for scale in SCALES:
        environment = os.environ | {"QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, __file__, str(target), str(scale)]
        drawing.append(subprocess.Popen(command, env=environment))
    codes = [process.wait() for process in drawing]
    if any(codes):
        raise SystemExit("Not all pictures could be drawn.")


def _draw(target: Path, scale: int) -> None:
    from PyQt6.QtWidgets import QApplication

    from kith.gui.style import take_colours
    from tests import windows
    from tests.windows import DARK, LIGHT

    windows.PATIENCE_MS *= 10  # of a job that waits until it was drawn
    app = QApplication(["kith"])
    app.setCursorFlashTime(0)  # a picture of a window that stands still is the same each time
    sizes = SIZES if scale == 1 else {f"{scale}x": SIZES["1024x640"]}
    drawn: set[bytes] = set()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KITH_HOME"] = f"{folder}/home"
        for state, make in STATES.items():
            root = Path(folder) / "mine"  # the same for each, so that what differs by nothing else is drawn once
            file, eyes = make(root)
            for theme, palette in (("light", LIGHT), ("dark", DARK)):
                take_colours(app, palette)
                for size, (width, height) in sizes.items():
                    camera = _Camera(target / state, f"{theme}-{size}", drawn)
                    camera.take_all(file, eyes, width, height)
            shutil.rmtree(root)


class _Camera:
    """Takes pictures of one window; what was drawn before, of another state or size, is not kept again."""

    def __init__(self, folder: Path, kind: str, drawn: set[bytes]) -> None:
        self._folder, self._kind, self._drawn = folder, kind, drawn
        folder.mkdir(parents=True, exist_ok=True)

    def take_all(self, file: Path, eyes: Any, width: int, height: int) -> None:
        """Open a window and take a picture of all that it can show, and of a job and its result."""
        from kith.gui.main_window import MainWindow
        from kith.settings import load
        from tests.window_tour import broken, job, tour
        from tests.windows import Gate

        gate = Gate(eyes)
        window = MainWindow(load(file), gate)
        window.resize(width, height)
        window.show()
        for name, shown in tour(window):
            self._take(shown, name)
        _add_new_photos(window.settings.input_folder)
        for name, shown in broken(window) if window.settings_fault else job(window, gate):
            self._take(shown, name)
        window.close()

    def _take(self, shown: Any, name: str) -> None:
        picture = _still(shown)
        seen = hashlib.sha256(picture.bits().asstring(picture.sizeInBytes())).digest()
        if seen not in self._drawn:
            self._drawn.add(seen)
            picture.save(str(self._folder / f"{name}-{self._kind}.png"))


def _still(shown: Any) -> Any:
    """Return a picture of what is shown, once it does not change any more: small pictures in it come one by one."""
    from PyQt6.QtWidgets import QApplication

    picture, until, still = shown.grab().toImage(), time.monotonic() + PATIENCE_S, 0
    while time.monotonic() < until and still < STILL_TIMES:
        time.sleep(STILL_S)
        QApplication.processEvents()
        before, picture = picture, shown.grab().toImage()
        still = still + 1 if before == picture else 0
    return picture


def _add_new_photos(folder: Path) -> None:
    """Add photos that no run has seen, so that one can be watched."""
    from tests.drawn import LEFT, MIDDLE, RIGHT, draw

    folder.mkdir(parents=True, exist_ok=True)
    for number, people in enumerate([*_photos(LEFT, MIDDLE, RIGHT)] * 2):
        photo = draw(*people, shade=100 + number)
        photo.putpixel((0, 159), tuple(os.urandom(3)))
        photo.save(folder / f"new {number}.png")


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
    return album.settings_file(), album.eyes


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


def _nothing(root: Path) -> tuple[Path, Any]:
    from tests.drawn import Eyes

    root.mkdir()
    file = root / "settings.json"
    file.write_text(json.dumps({"valid_exts": [".png"], "body_policy": "off"}), encoding="utf-8")
    return file, Eyes()


def _one(root: Path) -> tuple[Path, Any]:
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
    return album.settings_file(), album.eyes


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
