"""A trial of an installed Kith, from outside the checkout: the demo, and the window on no screen.

It is started in a folder that holds packages `app` and `kith` of somebody else's, which must not run.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Sequence

PATIENCE_S = 120
FOREIGN = "raise SystemExit('a foreign package of the current folder was run')\n"
WINDOW_SHOWN = "the window is shown"  # what kith.gui.start writes into the log


class Trial:
    """A home of its own for the program, and the folder it is started in; `models` names folders of model files."""

    def __init__(self, folder: Path, models: str = "") -> None:
        self.home, self.here = folder / "home", folder / "here"
        self.home.mkdir(parents=True)
        for name in ("app", "kith"):
            package = self.here / name
            package.mkdir(parents=True)
            for module in ("__init__.py", "__main__.py"):
                (package / module).write_text(FOREIGN, encoding="utf-8")
        own = {"KITH_HOME": str(self.home), "KITH_MODELS": models, "QT_QPA_PLATFORM": "offscreen"}
        others = {name: value for name, value in os.environ.items() if not name.startswith(("KITH_", "PYTHON"))}
        self.environment = {**others, **own}

    def run(self, *command: str | Path) -> str:
        """Return what a command prints; RuntimeError with all of it where it fails."""
        done = subprocess.run(
            _words(command),
            cwd=str(self.here),
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{_words(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def demo(self, *kith: str | Path) -> dict[str, str]:
        """Return whom the demo recognised in which photo."""
        said = self.run(*kith, "demo", "--folder", self.home / "demo")
        recognised = {}
        for line in said.splitlines():
            told, _, _ = line.partition(" | ")
            photo, arrow, people = told.partition(" → ")
            if arrow:
                recognised[photo] = people
        return recognised

    def window(self, *command: str | Path) -> None:
        """Open the window, and end it when it is shown; RuntimeError where that does not happen."""
        log = self.home / "log" / "kith.log"
        until = time.monotonic() + PATIENCE_S
        with subprocess.Popen(_words(command), cwd=str(self.here), env=self.environment) as process:
            try:
                while not _tells(log, WINDOW_SHOWN):
                    if process.poll() is not None or time.monotonic() > until:
                        raise RuntimeError(f"{command} showed no window (exit code {process.returncode})")
                    time.sleep(0.1)
                time.sleep(1)  # the first events of the window, which might end it
                if process.poll() is not None:
                    raise RuntimeError(f"{command} ended by itself, with {process.returncode}")
            finally:
                process.kill()


def _tells(log: Path, words: str) -> bool:
    return log.is_file() and words in log.read_text(encoding="utf-8")


def _words(command: Sequence[str | Path]) -> list[str]:
    return [str(word) for word in command]
