"""Build the installed program for this system with PyInstaller, pack it, unpack it elsewhere and try it there.

    .venv/bin/python scripts/build_installer.py [FOLDER]

The archive goes to FOLDER, or to dist. It holds what runs networks, not what makes them ready: those it needs are made
here and shipped, with the model files, which are taken from where Kith finds them (KITH_MODELS) or fetched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

import environment
from check_package import DEMO
from trial import Trial

if TYPE_CHECKING:
    from kith.model_registry import Model

WORK = environment.ROOT / "build" / "installer"
MOST_MB = 400  # of the archive, which is what people fetch
NOT_SHIPPED = ("torch", "torchreid", "onnx")


def main(target: Path) -> None:
    """Do it all; RuntimeError says what is wrong with what was built."""
    missing = ship(WORK / "shipped")
    program = freeze()
    archive = pack(program, target)
    with tempfile.TemporaryDirectory() as own:
        shutil.unpack_archive(str(archive), own)
        check(Path(own) / program.name, Trial(Path(own) / "trial"))
    size = archive.stat().st_size / 1e6
    environment.say(
        f"Built {archive}, {size:.0f} MB, unpacked {megabytes(program):.0f} MB; demo and window run from it."
    )
    if size > MOST_MB:
        raise RuntimeError(f"{archive.name} has more than {MOST_MB} MB")
    for problem in missing:
        environment.say(f"Not in it: {problem}")


def ship(folder: Path) -> list[str]:
    """Lay out what is shipped beside the program; return what could not be had."""
    from kith.cli.demo import fetch
    from kith.errors import ModelMissing
    from kith.model_registry import BODY_MODELS, FACE_DETECTORS, FACE_MODELS, PERSON_DETECTORS

    if folder.exists():
        shutil.rmtree(str(folder))
    (folder / "models").mkdir(parents=True)
    fetch(folder / "demo")
    missing = []
    for model in (FACE_DETECTORS[0], PERSON_DETECTORS[0], FACE_MODELS[0], *BODY_MODELS):
        try:
            ship_model(model, folder)
        except ModelMissing as error:  # noqa: PERF203 - networks take seconds
            missing.append(f"{model.name}: {error}")
    return missing


def ship_model(model: Model, folder: Path) -> None:
    """Ship a model's file, copied from where Kith finds it or fetched, and its network made ready.

    Raises ModelMissing.
    """
    from kith.settings import Settings
    from kith.vision.download import download
    from kith.vision.engines import Chosen
    from kith.vision.export import prepare_network
    from kith.vision.model_files import find_model

    found = find_model(model.file.name, Settings()) if model.file else None
    file = Path(shutil.copy(str(found), str(folder / "models"))) if found else None
    if model.file and not file:
        file = download(model.file, folder / "models")
    chosen = Chosen.of(model.code, model.network or model.name, file)
    if hasattr(chosen.type, "source"):
        prepare_network(chosen.source, folder / "networks")


def freeze() -> Path:
    """Run PyInstaller and return the program's folder, on a Mac the .app."""
    command = [sys.executable, "-m", "PyInstaller", str(environment.ROOT / "packaging" / "kith.spec"), "--noconfirm"]
    folders = ["--distpath", str(WORK / "dist"), "--workpath", str(WORK / "work"), "--log-level", "WARN"]
    subprocess.run([*command, *folders], env={**os.environ, "KITH_SHIPPED": str(WORK / "shipped")}, check=True)
    return WORK / "dist" / ("Kith.app" if sys.platform == "darwin" else "Kith")


def pack(program: Path, target: Path) -> Path:
    """Pack the program's folder into an archive that is usual on this system."""
    from kith import __version__

    system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
    kind = "zip" if system == "windows" else "gztar"
    name = target / f"kith-{__version__}-{system}"
    return Path(shutil.make_archive(str(name), kind, str(program.parent), program.name))


def check(program: Path, trial: Trial) -> None:
    """Try the program where it was unpacked; RuntimeError says what does not work."""
    brought = [file for name in NOT_SHIPPED for file in program.rglob(name)]
    if brought:
        raise RuntimeError(f"the program holds {brought}, which it is to do without")
    inside = program / "Contents" / "MacOS" if sys.platform == "darwin" else program
    on_windows = sys.platform == "win32"
    found = trial.demo(inside / ("kith.exe" if on_windows else "kith"))
    if found != DEMO:
        raise RuntimeError(f"the demo recognises {found} instead of {DEMO}")
    trial.window(inside / ("kith-window.exe" if on_windows else "kith"))


def megabytes(folder: Path) -> float:
    """Return what the files in a folder take, in millions of bytes; a link takes nothing."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_symlink()) / 1e6


def start(arguments: Sequence[str]) -> int:
    """Build into the folder that is named, or into dist."""
    main(Path(arguments[0] if arguments else environment.ROOT / "dist").absolute())
    return 0


if __name__ == "__main__":
    sys.exit(environment.main(start))
