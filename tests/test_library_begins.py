"""Only a build and an import begin a library, and only where there is somebody to learn; nothing else makes a file."""

import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from kith.cli.main import cli
from kith.errors import BadInput, BadKnowledgeBase, KithError
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.import_kb import import_kb
from kith.jobs.library_file import open_records
from kith.settings import Settings, load, load_user_settings, people_folder_is_away, save, with_overrides
from tests.album import Album
from tests.desk import ran
from tests.drawn import MIDDLE, draw

# Every command that works with the library, with arguments that are complete; {file} is a photo that is there.
COMMANDS = {
    "recognize": ["{file}"],
    "watch": ["{folder}/people/Ann"],
    "redecide": [],
    "why": ["{file}"],
    "check": [],
    "evaluate": [],
    "unknowns": [],
    "unknowns name": ["1", "Ann"],
    "unknowns split": ["1", "{file}#1"],
    "unknowns likely": [],
    "unknowns confirm": ["Ann"],
    "status": [],
    "ignore": ["--group", "1"],
    "link": ["{file}#1", "Ann"],
    "unlink": ["{file}#1", "Ann"],
    "photos": [],
    "runs": [],
    "report": [],
    "learn-moves": [],
    "undo": ["1"],
    "find": ["Ann"],
    "duplicates": [],
    "shows": ["{file}", "Ann"],
    "forget": ["Ann", "--erase", "Ann"],
    "backup": ["{folder}/backup.sqlite"],
    "export people": ["{folder}/family.zip"],
    "export library": ["{folder}/family.zip"],
    "people list": [],
    "people show": ["Ann"],
    "people faces": ["Ann"],
    "people key-face": ["Ann"],
    "people left-out": [],
    "people create": ["Ann"],
    "people rename": ["Ann", "Anna"],
    "people merge": ["Ann", "Bob"],
    "people split": ["Ann", "{file}#1", "--to", "Anna"],
    "people set": ["Ann", "birth=1950"],
    "people delete": ["Ann"],
    "people undo": [],
    "people redo": [],
    "people history": [],
    "write-names": [],
}
# They teach, put a whole one in its place, or know of no library.
OTHERS = {
    "build-kb",
    "import-kb",
    "import-tags",
    "import people",
    "import library",
    "restore",
    "settings",
    "privacy",
    "demo",
    "models download",
    "models add",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A people folder with photos, and a photo beside it."""
    for place in ("people/Ann/1.png", "people/Ann/2.png", "photo.png"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        draw((0, MIDDLE)).save(tmp_path / place)
    (tmp_path / "settings.json").write_text("{}", encoding="utf-8")
    return tmp_path


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    below = getattr(command, "commands", {})
    if not below or getattr(command, "invoke_without_command", False):
        yield " ".join(path)
    for name, one in below.items():
        yield from _leaves(one, (*path, name))


def _tree(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def _run(folder: Path, command: str, arguments: list[str], *overrides: str) -> KithError:
    filled = [text.format(file=folder / "photo.png", folder=folder) for text in arguments]
    settings = ["--settings", str(folder / "settings.json"), "--set", f"models_dir={folder}"]
    done = CliRunner().invoke(cli, [*command.split(), *filled, *settings, *(f"--set={one}" for one in overrides)])
    assert isinstance(done.exception, KithError), (command, done.output, done.exception)
    return done.exception


def test_every_command_is_looked_at() -> None:
    leaves = set(_leaves(typer.main.get_command(cli)))
    assert leaves - {"models"} == COMMANDS.keys() | OTHERS


@pytest.mark.parametrize("command", COMMANDS)
def test_no_other_command_begins_a_library(folder: Path, command: str) -> None:
    before = _tree(folder)
    error = _run(folder, command, COMMANDS[command], f"dataset_dir={folder / 'people'}")
    assert isinstance(error, BadKnowledgeBase)
    library = folder / "people/library.sqlite"
    assert f"There is no library at {library} yet: run kith build-kb to make one." in str(error)
    assert "dataset_dir in the settings names the place" in str(error)
    assert _tree(folder) == before


@pytest.mark.parametrize("command", ["recognize", "why", "people list", "backup", "check"])
def test_where_the_folder_of_the_library_is_gone_its_drive_is_asked_for(folder: Path, command: str) -> None:
    before = _tree(folder)
    people = folder / "drive/people"
    error = _run(folder, command, COMMANDS[command], f"dataset_dir={people}")
    assert f"The people folder {people} is not there now: is its drive plugged in, its share mounted?" in str(error)
    error = _run(folder, command, COMMANDS[command], f"library_path={folder / 'drive/my.sqlite'}")
    assert f"The library {folder / 'drive/my.sqlite'} is not there. If it lies on a drive or a share" in str(error)
    assert "library_path in the settings names the place" in str(error)
    assert _tree(folder) == before


@pytest.mark.parametrize("create", [True, False])
def test_a_library_that_is_a_link_to_nowhere_is_not_begun_behind_it(folder: Path, create: bool) -> None:
    (folder / "drive").mkdir()
    (folder / "people/library.sqlite").symlink_to(folder / "drive/library.sqlite")
    settings = Settings.at(folder, {"dataset_dir": "people"})
    with pytest.raises(BadKnowledgeBase, match="is not there"):
        open_records(settings, create)
    assert list((folder / "drive").iterdir()) == []


# A build


@pytest.mark.parametrize("place", ["nowhere", "empty", "loose", "Unknown only", "NAS only"])
def test_a_build_begins_no_library_where_there_is_nobody(folder: Path, place: str) -> None:
    (folder / "empty").mkdir()
    for name in ("loose/a.png", "Unknown only/Unknown/a.png", "NAS only/@eaDir/a.png"):
        (folder / name).parent.mkdir(parents=True)
        draw((0, MIDDLE)).save(folder / name)
    before = _tree(folder)
    error = _run(folder, "build-kb", [], f"dataset_dir={folder / place}")
    assert isinstance(error, BadInput)
    assert str(folder / place) in str(error)
    assert "create" not in str(error)
    assert ("not there now: is its drive" if place == "nowhere" else "on a drive or a share") in str(error)
    assert _tree(folder) == before


def test_a_build_begins_one_where_there_is_somebody(folder: Path) -> None:
    overrides = (f"dataset_dir={folder / 'people'}", f"models_dir={folder}", "body_policy=off")
    code, _, err = ran("build-kb", *(text for one in overrides for text in ("--set", one)))
    assert code == 3, "no real face is drawn there"
    assert "Not one photo could be used" in err
    assert (folder / "people/library.sqlite").is_file()


def test_a_missing_people_folder_whose_library_lies_elsewhere_is_asked_for(tmp_path: Path) -> None:
    album = Album(tmp_path / "mine")
    library = album.settings.library_file.rename(tmp_path / "library.sqlite")
    (album.root / "people").rename(tmp_path / "unplugged")
    before = library.read_bytes()
    settings = Settings.at(album.root, album.settings.model_dump() | {"library_path": str(library)})
    opened = open_context(settings, threading.Event(), "test", lambda: album.eyes, create=True)
    with opened as context, pytest.raises(BadInput, match="is not there now: is its drive plugged in"):
        list(build_kb(context))
    assert library.read_bytes() == before
    assert not (album.root / "people").exists()


# An import


def test_an_import_begins_a_library_but_no_folder(tmp_path: Path) -> None:
    old = tmp_path / "old.pkl"
    old.write_bytes(pickle.dumps({"encodings": [np.full(128, 0.1)], "names": ["Ada"]}))
    settings = Settings.at(tmp_path, {"dataset_dir": "people", "models_dir": "models"})
    with pytest.raises(BadKnowledgeBase, match="people is not there now: is its drive"):
        import_kb(settings, old)
    assert _tree(tmp_path) == [old]
    (tmp_path / "people").mkdir()
    import_kb(settings, old)
    assert settings.library_file.is_file()


# Whether a folder was used


def test_only_a_folder_that_nobody_named_may_be_still_to_be_made(tmp_path: Path) -> None:
    def is_away(**values: object) -> bool:
        return people_folder_is_away(Settings.at(tmp_path, values), tmp_path / "repository")

    assert not is_away()
    assert not is_away(face_tol=0.5)
    assert is_away(dataset_dir="people")
    assert is_away(dataset_dir=str(Path.home() / "Kith" / "people"))
    assert not is_away(dataset_dir=str(Path.home() / "Kith" / "persons_dataset"))
    (tmp_path / "library.sqlite").touch()
    assert is_away(library_path="library.sqlite")
    (tmp_path / "people").mkdir()
    assert not is_away(dataset_dir="people")


def test_the_folder_of_a_first_start_may_be_made_and_another_is_missed(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    settings = load_user_settings(repository)
    assert not people_folder_is_away(settings.settings, repository)
    save(settings.path, with_overrides(settings.settings, {"face_tol": "0.5"}))
    assert not people_folder_is_away(load(settings.path).settings, repository)
    save(settings.path, with_overrides(settings.settings, {"dataset_dir": str(tmp_path / "drive/people")}))
    assert people_folder_is_away(load(settings.path).settings, repository)
