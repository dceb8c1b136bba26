"""Draw the README's pictures: the real window at work on the demo's public test photos.

    .venv/bin/python scripts/screenshots.py [FOLDER]

Without FOLDER they go to docs/pictures. Where no display is set, xvfb-run gives one.
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
        pictures = Path(folder) / "Pictures"
        settings = arrange(pictures, fetch(Path(folder) / "photos"))
        add_sizes(settings.input_folder)
        save(pictures / "settings.json", settings)
        window = MainWindow(load(pictures / "settings.json"))
        window.show()
        draw(app, window, target)
        window.close()


def add_sizes(folder: Path) -> None:
    """Make the run long enough for a picture: each photo in six more sizes."""
    from PIL import Image

    for path in sorted(folder.glob("[kst]*")):
        with Image.open(path) as photo:
            for step in range(6):
                scale = 0.9 - step * 0.08
                small = photo.convert("RGB").resize((round(photo.width * scale), round(photo.height * scale)))
                small.save(folder / f"{path.stem} {step + 2}.jpg", quality=92)


def draw(app: Any, window: Any, target: Path) -> None:
    """Take the pictures: first start, during a run, after it, settings, review."""
    from PyQt6.QtWidgets import QTabWidget

    def settle() -> None:
        until = time.monotonic() + 0.4
        while time.monotonic() < until:
            app.processEvents()

    def wait(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < until:
            app.processEvents()

    def dialog(open_it: Callable[[], object], name: str, tab: int = 0) -> None:
        open_it()
        settle()
        shown = app.activeModalWidget()
        for tabs in shown.findChildren(QTabWidget):
            tabs.setCurrentIndex(tab)
            settle()
        shown.grab().save(str(target / f"{name}.png"))
        shown.reject()
        settle()

    dialog(window.first_steps, "first-start")
    window.does.build.trigger()
    wait(lambda: not window.jobs.running)
    window.does.recognize.trigger()
    settle()
    app.activeModalWidget().start.click()
    wait(lambda: window.console.text.toPlainText().count("→") > 8)
    window.grab().save(str(target / "during-a-run.png"))
    wait(lambda: not window.jobs.running)
    settle()
    window.grab().save(str(target / "after-a-run.png"))
    dialog(window.does.settings.trigger, "settings", tab=1)
    dialog(window.does.review.trigger, "review")


if __name__ == "__main__":
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1400x1000x24"]
        os.execvp(screen[0], [*screen, sys.executable, *sys.argv])
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/pictures")
