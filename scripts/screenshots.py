"""Draw the README's pictures: the real window at work on the demo's public test photos.

    .venv/bin/python scripts/screenshots.py [FOLDER]
    .venv/bin/python scripts/screenshots.py all FOLDER

Without FOLDER they go to docs/pictures. `all` draws every place, page and state instead, in light and dark and at three
sizes. Where no display is set, xvfb-run gives one, or else Qt draws off screen.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "app"))
PATIENCE_S = 120


def main(target: Path) -> None:
    """Walk through the program as a newcomer would, with a picture of each place."""
    from PyQt6.QtWidgets import QApplication

    from kith.cli.demo import arrange, fetch
    from kith.gui.main_window import MainWindow
    from kith.settings import load, save

    target.mkdir(parents=True, exist_ok=True)
    app = QApplication(["kith"])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KITH_HOME"] = folder
        photos = fetch(Path(folder) / "photos")
        pictures = Path(folder) / "Pictures"
        settings = arrange(pictures, photos)
        add_photos(settings.input_folder)
        file = pictures / "settings.json"
        save(file, settings)
        window = MainWindow(load(file))
        window.show()
        draw(app, window, target)
        window.close()


def add_photos(folder: Path) -> None:
    """Make the run long enough for a picture: each photo many times, turned and cut so that each is another one."""
    from PIL import Image, ImageOps

    for path in sorted(folder.glob("[kst]*")):
        with Image.open(path) as photo:
            whole = photo.convert("RGB")
        for number in range(2, 34):
            turned = whole.rotate((number % 9 - 4) * 1.5, Image.Resampling.BICUBIC)
            left, top = 0.05 + number % 4 * 0.03, 0.03 + number % 3 * 0.01
            right, bottom = 0.94 - number % 5 * 0.02, 0.94 - number % 7 * 0.03
            width, height = whole.size
            cut = turned.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))
            (ImageOps.mirror(cut) if number % 2 else cut).save(folder / f"{path.stem} {number}.jpg", quality=92)


def draw(app: Any, window: Any, target: Path) -> None:
    """Take the five pictures: first start, during a run, after it, review, people."""

    def settle() -> None:
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            app.processEvents()

    def wait(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < until:
            app.processEvents()

    def keep(shown: Any, name: str) -> None:
        picture = shown.grab()
        picture.save(str(target / f"{name}.png"))

    def is_idle() -> bool:
        return not window.jobs.running

    def is_well_on() -> bool:
        said: str = window.console.text.toPlainText()
        return said.count("→") > 8

    home = window.places["Home"]
    window.welcome()
    settle()
    keep(window, "first-start")
    home.welcome.start.click()
    wait(lambda: home.run.model.job == "Recognize Folder" and is_well_on())
    settle()
    keep(window, "during-a-run")
    wait(lambda: home.page is home.result)
    wait(is_idle)
    settle()
    keep(window, "after-a-run")
    for name in ("Review", "People"):
        window.go(name)
        wait(lambda: not window.desk.busy)
        settle()
        keep(window, name.lower())


if __name__ == "__main__":
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1400x1000x24"]
        os.execvp(screen[0], [*screen, sys.executable, *sys.argv])
    os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
    if sys.argv[1:2] == ["all"]:
        from screenshot_states import draw_all

        draw_all(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/pictures")
