"""A folder becomes the paths of its photos."""

import os
import re
import stat
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from operator import itemgetter
from pathlib import Path

from kith.errors import BadPhoto
from kith.photos.endings import PICTURES
from kith.photos.outputs import MARKER, REPORT, is_output, output_around
from kith.text import folded

# What systems and programs keep beside photos: deleted ones, thumbnails, previews, snapshots. In lower case, perhaps
# with the folder around it; what begins with a dot is hidden anyway.
SYSTEM_FOLDERS = (
    # Windows
    "$recycle.bin", "recycler", "recycled", "system volume information", "found.[0-9][0-9][0-9]", "$extend",
    # macOS, and what it leaves on shares and in archives
    "__macosx", "network trash folder", "temporary items", "ipod photo cache",
    *(f"*.photoslibrary/{name}" for name in ("resources", "private", "database", "internal", "external", "scopes")),
    # iPhoto and Aperture
    *(
        f"{library}/{name}"
        for library in ("*.photolibrary", "*.migratedphotolibrary", "*.aplibrary", "iphoto library")
        for name in ("thumbnails", "previews", "resources", "database", "data", "data.noindex")
    ),
    # Linux
    "lost+found",
    # Synology, then QNAP, Asustor, TerraMaster, Buffalo, NetApp, Samba
    "@eadir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@sharesnap",
    "@recycle", "@recycle bin", "@recently-snapshot", "@__thumb", "@transcode", "trashbox", "~snapshot", "@gmt-*",
    # Lightroom, Capture One, Nextcloud, and the stills of films on Sony's cards
    "*.lrdata", "*.lrcat-data", "captureone/cache", "*.cocatalog/cache", "appdata_*/preview", "m4root/thmbnl",
)  # fmt: skip
_SYSTEM_FOLDER = re.compile("|".join(map(translate, SYSTEM_FOLDERS)))

_NUMBER = re.compile("([0-9]+)")

Entries = Sequence[os.DirEntry[str]]


@dataclass(slots=True)
class PassedOver:
    """What a search came across and left out: pictures by their ending, and folders of copies that Kith filed."""

    endings: Counter[str] = field(default_factory=Counter)
    outputs: list[Path] = field(default_factory=list)

    @property
    def pictures(self) -> tuple[tuple[str, int], ...]:
        """How many pictures have each ending, the most frequent first."""
        by_ending = sorted(self.endings.items())
        return tuple(sorted(by_ending, key=itemgetter(1), reverse=True))


def find_photos(
    root: Path,
    extensions: Collection[str],
    *,
    recursive: bool = True,
    leave_out: Collection[Path] = (),
    outputs: Collection[Path] = (),
    passed_over: PassedOver | None = None,
    stop: threading.Event | None = None,
    listed: Callable[[Path], object] = lambda _: None,
) -> Iterator[Path | BadPhoto]:
    """Yield the photos of `root` as they are found: a folder's own first, then its subfolders', as a person sorts them.

    `extensions` have their leading dot, in any case. Left out: hidden files and folders, SYSTEM_FOLDERS, the folders
    `leave_out`, and what lies in folders that Kith filed to, `outputs` and those it knows by itself; `passed_over` is
    told of the latter, and of pictures with another ending. Links to folders are followed, and each real folder is
    visited once. A folder that cannot be listed is yielded as a BadPhoto. Whatever else bears a photo's extension is
    yielded, be it a broken link: opening it says why. Once `stop` is set no further folder is listed; `listed` is told
    of each that was and is not left out.
    """
    wanted = frozenset(ending.lower() for ending in extensions)
    search = _Search(wanted, outputs, passed_over or PassedOver())
    done = {_real(folder) for folder in leave_out}
    waiting = [_Folder(root, _real(root))]
    while waiting and not (stop and stop.is_set()):
        folder = waiting.pop()
        if folder.real in done:
            continue
        done.add(folder.real)
        try:
            entries = _entries(folder.path)
        except OSError as error:
            yield BadPhoto(folder.path, f"the folder cannot be listed: {error.strerror or error}")
            continue
        if folder.path != root and search.is_filed(folder, entries):
            continue
        listed(folder.path)
        yield from search.photos(folder.path, entries)
        if recursive:
            subfolders = _subfolders(folder.path, entries)
            waiting.extend(_Folder.of(entry, folder) for entry in reversed(subfolders))


def find_folders(root: Path) -> list[Path]:
    """Return the folders in `root`, but for those that `find_photos` leaves out by their name. Raises OSError."""
    return [Path(entry) for entry in _subfolders(root, _entries(root))]


def find_broken_links(root: Path) -> list[Path]:
    """Return the links in `root` that lead nowhere now, perhaps to a drive that is not there. Raises OSError."""
    links = [entry for entry in _entries(root) if entry.is_symlink() and not _is_hidden(entry)]
    return [Path(link) for link in links if not os.path.exists(link)]


def _real(path: Path | os.DirEntry[str]) -> Path:
    return Path(os.path.realpath(path))


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder and where it lies in truth; `is_link` where a link leads to it."""

    path: Path
    real: Path
    is_link: bool = False

    @classmethod
    def of(cls, entry: os.DirEntry[str], parent: "_Folder") -> "_Folder":
        real = _real(entry)
        is_link = real != parent.real / entry.name
        return cls(Path(entry), real, is_link)


class _Search:
    """Tells the photos of a folder from what is passed over."""

    def __init__(self, wanted: frozenset[str], outputs: Collection[Path], passed_over: PassedOver) -> None:
        self._wanted = wanted
        self._pictures = wanted | PICTURES
        self._outputs = outputs
        self._passed_over = passed_over
        self._output_names = {folded(_real(output).name) for output in outputs}
        self._around: dict[Path, Path | None] = {}

    def photos(self, folder: Path, entries: Entries) -> Iterator[Path]:
        """Yield the photos among a folder's entries."""
        for entry in entries:
            ending = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - of many, and quick
            if ending not in self._pictures or _is_hidden(entry) or _is_folder(entry):
                continue
            if ending not in self._wanted:
                self._passed_over.endings[ending] += 1
            elif not (entry.is_symlink() and self._leads_to_a_copy(entry)):
                yield folder / entry.name  # quicker than to take its path apart

    def is_filed(self, folder: _Folder, entries: Entries) -> bool:
        """Say whether Kith filed what lies in a folder; no folder around one that is no link was filed."""
        if folder.is_link:
            return self._pass_over(self._output_around(folder.real))
        path = folder.path
        has_sign = any(entry.name in {MARKER, REPORT} for entry in entries)
        is_suspect = has_sign or folded(path.name) in self._output_names
        is_filed = is_suspect and is_output(path, self._outputs)
        return self._pass_over(path if is_filed else None)

    def _leads_to_a_copy(self, link: os.DirEntry[str]) -> bool:
        folder = _real(link).parent
        return self._pass_over(self._output_around(folder))

    def _output_around(self, folder: Path) -> Path | None:
        if folder not in self._around:
            self._around[folder] = output_around(folder, self._outputs)
        return self._around[folder]

    def _pass_over(self, output: Path | None) -> bool:
        if output is None:
            return False
        known = self._passed_over.outputs
        if output not in known:
            known.append(output)
        return True


def _entries(folder: Path) -> Entries:
    with os.scandir(folder) as entries:
        return sorted(entries, key=_natural_order)


def _subfolders(folder: Path, entries: Iterable[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    folders = [entry for entry in entries if _is_folder(entry)]
    visible = [entry for entry in folders if not _is_hidden(entry)]
    return [entry for entry in visible if not _is_system(entry, folder)]


def _natural_order(entry: os.DirEntry[str]) -> tuple[list[str | int], str]:
    """Return a key that puts IMG_2 before IMG_10, whatever the case; the bare name settles a tie."""
    name = entry.name
    parts: list[str | int] = [*_NUMBER.split(name.casefold())]
    parts[1::2] = map(int, parts[1::2])
    return parts, name


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    if sys.platform == "win32":
        attributes = entry.stat(follow_symlinks=False).st_file_attributes
        return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)
    return False


def _is_system(entry: os.DirEntry[str], folder: Path) -> bool:
    name = entry.name.lower()
    with_folder = f"{folder.name.lower()}/{name}"
    return any(map(_SYSTEM_FOLDER.fullmatch, (name, with_folder)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that is closed to us
        return False
