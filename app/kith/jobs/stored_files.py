"""Everything that Kith keeps on this computer, by kind: where it lies, how large it is, and erasing it."""

import os
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kith.errors import FilingFailed
from kith.filing.encodings import is_own_export
from kith.jobs.context import lock_files, sole_job
from kith.jobs.erasure import earlier_copies
from kith.library.snapshots import check_unused
from kith.library.write_ahead_log import SUFFIXES
from kith.logs import log_file
from kith.settings import Settings, user_folder
from kith.whole_files import parts_in


class Kind(StrEnum):
    """A kind of files, as one names it to have it erased."""

    KNOWLEDGE = "knowledge"
    EARLIER = "earlier"
    PICTURES = "pictures"
    NETWORKS = "networks"
    MODELS = "models"
    DEMO = "demo"
    LOGS = "logs"
    SETTINGS = "settings"


WHAT = {
    Kind.KNOWLEDGE: "Who your people are: numbers that describe faces and bodies, names, your words, where photos lie",
    Kind.EARLIER: "Earlier copies of that, kept when it was brought up to date, repaired or replaced",
    Kind.PICTURES: "Small pictures of faces and photos, so that the window shows them at once",
    Kind.NETWORKS: "Networks made ready to run; made again when they are needed",
    Kind.MODELS: "Model files that were downloaded",
    Kind.DEMO: "What `demo` made",
    Kind.LOGS: "The log, which names photos and folders; nothing of it is sent",
    Kind.SETTINGS: "Your settings",
}
COPIES_STAY = (
    "The copies filed for you, with their report and the names written beside them, are yours: delete them in {} as "
    "you like. Names written into or beside your own photos stay there, too."
)


@dataclass(frozen=True, slots=True)
class Stored:
    """Files of one kind: the folders or files they are, and how many bytes they take."""

    kind: Kind
    what: str
    places: tuple[Path, ...]
    size: int


def stored_files(settings: Settings, settings_file: Path) -> list[Stored]:
    """Return what there is, leaving out kinds of which nothing is."""
    found = []
    for kind in Kind:
        places = tuple(path for path in _places(kind, settings, settings_file) if os.path.lexists(path))
        if places:
            found.append(Stored(kind, WHAT[kind], places, sum(map(_size, places))))
    return found


def erase(settings: Settings, settings_file: Path, kinds: Collection[Kind]) -> list[Path]:
    """Delete the files of these kinds and return what they were; photos and filed copies are not among them.

    Raises StoreBusy where a job is at work or another program has the library open, before anything is deleted, and
    FilingFailed where the system refuses.
    """
    if Kind.KNOWLEDGE in kinds and os.path.isfile(settings.library_file):
        held = lock_files(settings.library_file)
        with sole_job(settings.library_file, "Erasing the library"):
            check_unused(settings.library_file)
            gone = _erase(settings, settings_file, kinds, but=held)
        return [*gone, *_erase(settings, settings_file, {Kind.KNOWLEDGE})]
    return _erase(settings, settings_file, kinds)


def _erase(settings: Settings, settings_file: Path, kinds: Iterable[Kind], but: Collection[Path] = ()) -> list[Path]:
    gone = []
    for stored in stored_files(settings, settings_file):
        for path in stored.places:
            if stored.kind in kinds and path not in but:
                _delete(path)
                gone.append(path)
    return gone


def _places(kind: Kind, settings: Settings, settings_file: Path) -> Iterable[Path]:
    log, cache, data = log_file(), user_folder("cache"), user_folder("data")
    places: dict[Kind, Iterable[Path]] = {
        Kind.KNOWLEDGE: _of_library(settings),
        Kind.EARLIER: earlier_copies(settings),
        Kind.PICTURES: [cache / "thumbnails"],
        Kind.NETWORKS: [cache / "networks"],
        Kind.MODELS: [data / "models"],
        Kind.DEMO: [data / "demo"],
        Kind.LOGS: sorted(log.parent.glob("*.log*")),
        Kind.SETTINGS: _of_settings(settings_file),
    }
    return places[kind]


def _of_settings(settings_file: Path) -> list[Path]:
    broken = sorted(settings_file.parent.glob(f"{settings_file.name}.broken*"))
    of_window = (user_folder("config") / name for name in ("window.ini", "window.ini.lock", "QtProject.conf"))
    return [settings_file, *broken, *of_window, *parts_in(settings_file.parent)]


def _of_library(settings: Settings) -> list[Path]:
    library, export = settings.library_file, settings.encodings_file
    own = [library, *(library.with_name(library.name + suffix) for suffix in SUFFIXES), *lock_files(library)]
    own += parts_in(settings.dataset_folder)
    return [*own, export] if is_own_export(export) else own


def _size(path: Path) -> int:
    """Return how many bytes a file takes, or all files in a folder; none where it went meanwhile."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size if os.path.lexists(path) else 0
    return sum(_size(inside) for inside in path.iterdir())


def _delete(path: Path) -> None:
    """Delete a file or a folder, a link itself and not what it leads to."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise FilingFailed(f"{path} could not be deleted: {error.strerror or error}.") from error
