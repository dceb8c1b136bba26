"""What is published: complete, and at work where nothing of the checkout is."""

import importlib
import os
import subprocess
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from kith import __version__
from tests.desk import REPOSITORY, shared_folder

pytestmark = pytest.mark.package


@pytest.fixture(scope="module")
def check() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPOSITORY / "scripts")
        yield importlib.import_module("check_package")


@pytest.fixture(scope="module")
def wheel(check: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, with the source distribution beside it."""
    built: Path = check.build(tmp_path_factory.mktemp("dist")).wheel
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as package:
        names = set(package.namelist())
    facts = f"kith_photos-{__version__}.dist-info"
    sources = {path.relative_to(REPOSITORY / "app").as_posix() for path in (REPOSITORY / "app/kith").rglob("*.py")}
    for folder in ("calibrations", "filing", "gui/icons"):
        shipped = [path for path in (REPOSITORY / "app/kith" / folder).iterdir() if path.suffix != ".py"]
        assert shipped
        sources |= {path.relative_to(REPOSITORY / "app").as_posix() for path in shipped if path.is_file()}
    assert {name for name in names if not name.startswith(facts)} == {*sources, "kith/py.typed"}
    assert f"{facts}/licenses/LICENSE" in names


def test_the_source_distribution_holds_what_the_repository_holds(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False).stdout
    if not listed:
        pytest.skip("this is no checkout of git's")
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as package:
        packed = {name.partition("/")[2] for name in package.getnames()}
    assert [name for name in listed.splitlines() if name not in packed and (REPOSITORY / name).exists()] == []


def test_the_wheel_runs_where_nothing_of_the_checkout_is(
    wheel: Path, check: ModuleType, tmp_path: Path, networks: Path
) -> None:
    """The demo's photos come from the package index, as the dependencies did, which are taken from where they are."""
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=os.name == "posix")
    python = check.environment.venv_python(environment)
    inside = check.Trial(tmp_path / "trial", str(shared_folder() / "models"))
    (inside.home / "cache").mkdir()
    (inside.home / "cache/networks").symlink_to(networks, target_is_directory=True)
    packages = inside.run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(packages, "dependencies.pth").write_text(f"{Path(np.__file__).parents[1]}\n", encoding="utf-8")
    check.try_wheel(wheel, environment, inside)
    place = inside.run(python, "-P", "-c", "import kith; print(kith.__file__)")
    assert Path(place.strip()).is_relative_to(packages)
