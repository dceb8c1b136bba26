"""Check what would be published: build wheel and source distribution, install as a stranger would, and try it.

    .venv/bin/python scripts/check_package.py [FOLDER]

The wheel goes into a new environment outside this folder, its dependencies come from the lock by their hashes. That
takes some minutes and 2 GB. What was built is left in FOLDER where one is named. tests/test_package.py does the same
in a minute, with the dependencies that are there already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple, Sequence

import environment
from trial import Trial

NOT_THE_SOURCE = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "*.egg-info", "build", "dist")
DEMO = {
    "known person.jpg": "Barack Obama",
    "two people.jpg": "Barack Obama, Joe Biden",
    "stranger.png": "Unknown",
}


class Built(NamedTuple):
    """The two files that are published."""

    wheel: Path
    source: Path


def build(folder: Path) -> Built:
    """Build both in the folder, the wheel from the source distribution, with the locked setuptools."""
    with tempfile.TemporaryDirectory() as own:
        copy = source(Path(own) / "source")  # setuptools leaves files beside what it builds
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(copy)]
        environment.run(command, "The packages cannot be built.")
    return Built(next(folder.glob("*.whl")), next(folder.glob("*.tar.gz")))


def source(target: Path) -> Path:
    """Copy what git would commit, or without git all but the environment and what tools leave behind."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=str(environment.ROOT), stdout=subprocess.PIPE, check=False).stdout
    if not names:
        return Path(shutil.copytree(str(environment.ROOT), str(target), ignore=NOT_THE_SOURCE))
    for name in os.fsdecode(names).rstrip("\0").split("\0"):
        file, copy = environment.ROOT / name, target / name
        if file.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file), str(copy))
    return target


def try_wheel(wheel: Path, venv: Path, trial: Trial) -> None:
    """Install the wheel where its dependencies are, and try it, also beside somebody else's `app`.

    RuntimeError says what does not work.
    """
    python = environment.venv_python(venv)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    trial.run(*install, wheel)
    kith, window = python.with_name("kith"), python.with_name("kith-window")
    found = trial.demo(kith)
    if found != DEMO:
        raise RuntimeError(f"the demo recognises {found} instead of {DEMO}")
    trial.window(window)
    trial.run(*install, foreign_app(trial.home))
    trial.run(kith, "--version")
    trial.run(sys.executable, "-m", "pip", "--python", python, "uninstall", "--quiet", "--yes", "another-project")
    trial.run(kith, "people", "list", "--set", f"dataset_dir={trial.home / 'demo' / 'people'}")


def foreign_app(folder: Path) -> Path:
    """Return a wheel of somebody else's that brings a package `app`."""
    wheel = folder / "another_project-1.0-py3-none-any.whl"
    facts = "another_project-1.0.dist-info"
    with zipfile.ZipFile(str(wheel), "w") as package:
        package.writestr("app/__init__.py", "")
        package.writestr(f"{facts}/METADATA", "Metadata-Version: 2.1\nName: another-project\nVersion: 1.0\n")
        package.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        package.writestr(
            f"{facts}/RECORD", f"app/__init__.py,,\n{facts}/METADATA,,\n{facts}/WHEEL,,\n{facts}/RECORD,,\n"
        )
    return wheel


def main(folder: Path) -> None:
    """Do it all, with an environment and a home that are thrown away."""
    built = build(folder)
    environment.say(f"Built {built.wheel.name} and {built.source.name}.")
    with tempfile.TemporaryDirectory() as own:
        venv = Path(own) / "environment"
        environment.run([sys.executable, "-m", "venv", str(venv)], "The environment cannot be made.")
        environment.install_locked(venv, environment.ROOT / "requirements.lock", "cpu")
        try_wheel(built.wheel, venv, Trial(Path(own) / "trial", os.environ.get("KITH_MODELS", "")))
    environment.say("The demo and the window run from the wheel.")


def start(arguments: Sequence[str]) -> int:
    """Check, in the folder that is named or one that is thrown away."""
    with tempfile.TemporaryDirectory() as own:
        main(Path(arguments[0] if arguments else own).absolute())
    return 0


if __name__ == "__main__":
    sys.exit(environment.main(start))
