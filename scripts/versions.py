"""A version of Kith: the folder of a checkout, or a git revision laid out in a folder of its own."""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("KITH_SHARED", ROOT.parent / "shared"))


@dataclass(frozen=True)
class Version:
    """A checkout, whose package is `app/kith`, or `app` itself before that was moved."""

    name: str
    folder: Path

    @property
    def package(self) -> Path:
        """The folder of the package."""
        app = self.folder / "app"
        kith = app / "kith"
        return kith if kith.is_dir() else app

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Run this version's command line from `folder`."""
        return self._python(["-m", self.package.name, *arguments], folder, environment)

    def check(self, folder: Path) -> None:
        """End the program where Python would run another version than this one."""
        package = self.package
        name = package.name
        done = self._python(["-c", f"import {name}; print({name}.__path__[0])"], folder, {})
        found = Path(done.stdout.strip())
        if done.returncode or found.resolve() != package.resolve():
            sys.exit(f"{package} does not start: {done.stderr or done.stdout}")

    def _python(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        own = {"PYTHONPATH": str(self.package.parent), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, **own, **environment},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )


def laid_out(name: str, into: Path) -> Version:
    """Return the checkout in the folder `name`, or that of the git revision `name`, laid out below `into`.

    Ends the program where there is neither.
    """
    if Path(name).is_dir():
        return Version(name, Path(name).resolve())
    git = ["git", "-C", str(ROOT), "archive", "--format=tar", name, "app"]
    archive = subprocess.run(git, capture_output=True, check=False)
    if archive.returncode:
        sys.exit(f"{name} is neither a folder nor a git revision that holds app: {archive.stderr.decode()}")
    folder = into / name.replace("/", "_")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return Version(name, folder)
