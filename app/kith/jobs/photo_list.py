"""The photos of all inputs of a recognition, with the names they have in lines and report."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kith.errors import BadInput, BadPhoto
from kith.jobs.phrases import left_out_lines
from kith.library.store import Store
from kith.messages import Message, Setting, joined
from kith.photos.search import PassedOver, find_photos
from kith.photos.stacks import stacked, with_beside
from kith.settings import Settings


@dataclass(frozen=True, slots=True)
class Listed:
    """A photo found (or what cannot be listed), its name in lines and report, and what is filed along with it."""

    found: Path | BadPhoto
    name: str
    along: tuple["Listed", ...] = ()

    @property
    def files_along(self) -> list[Path]:
        """The files that are filed along with it."""
        return [other.found for other in self.along if isinstance(other.found, Path)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Photos that alone are meant of all in the inputs; `is_left` says which are no whole ones yet, and left for later.

    It is asked of each that could not be read, or not to its end.
    """

    photos: Collection[Path]
    is_left: Callable[[Path], bool]


def check_that_inputs_are_there(inputs: Sequence[Path]) -> None:
    """Raise BadInput for the first input that is not there."""
    for path in inputs:
        if not os.path.exists(path):
            raise BadInput(
                f"{path} is not there: name a folder of photos, or a photo. Without a name it is the folder that ",
                Setting("process_dir"),
                " names.",
            )


def folders_of(inputs: Iterable[Path]) -> list[Path]:
    """Return the folders among the inputs, and those that single photos lie in."""
    paths = map(Path, map(os.path.abspath, inputs))
    return [path if os.path.isdir(path) else path.parent for path in paths]


def list_photos(
    inputs: Sequence[Path],
    settings: Settings,
    outputs: Collection[Path],
    passed_over: PassedOver,
    chosen: Collection[Path] | None = None,
) -> dict[Path, Listed]:
    """Return the photos of all inputs by path, named relative to their input; raises BadInput where there is none.

    Left out is what lies in the `outputs`; `passed_over` is told as by `find_photos`. `chosen` ones are not looked for.
    Raw files, and clips, are listed along with the photo of their name.
    """
    listed: dict[Path, Listed] = {}
    roots = [Path(os.path.abspath(path)) for path in inputs]
    bases = _bases(roots)
    for root in roots:
        mine = chosen and [photo for photo in chosen if photo.is_relative_to(root)]
        own = mine and with_beside(mine, settings.valid_exts)
        start = bases[root.drive]
        for found in _found(root, settings, outputs, passed_over) if own is None else own:
            path = found.path if isinstance(found, BadPhoto) else found
            name = os.fspath(path)[start:]
            listed[path] = Listed(found, name.replace(os.sep, "/"))
    for path, others in stacked(listed).items():
        listed[path] = replace(listed[path], along=tuple(listed.pop(other) for other in others))
    if not listed:
        told = Message(
            f"There is no photo in {', '.join(map(str, inputs))}: ",
            Setting("valid_exts"),
            f" says what is a photo ({' '.join(settings.valid_exts)}); hidden files, system folders and folders of "
            "copies are left out.",
        )
        raise BadInput(joined([told, *left_out_lines(passed_over.pictures)]))
    return listed


def forget_missing_failures(store: Store, inputs: Iterable[Path], listed: Collection[Path]) -> None:
    """Forget the files in the inputs that could not be read and are not there any more."""
    with store.transaction():
        for path in inputs:
            store.failures.drop_missing(Path(os.path.abspath(path)), listed)


def _bases(roots: Sequence[Path]) -> dict[str, int]:
    """Return for each drive where names start: below the input itself, or below what several have in common."""
    if len(roots) == 1:
        (root,) = roots
        if os.path.isdir(root):
            return {root.drive: _start_below(root)}
    drives: dict[str, list[Path]] = defaultdict(list)
    for root in roots:
        drives[root.drive].append(root.parent)
    return {drive: _start_below(os.path.commonpath(parents)) for drive, parents in drives.items()}


def _start_below(folder: str | Path) -> int:
    return len(os.path.join(folder, ""))  # noqa: PTH118 - with one separator, which a root has already


def _found(
    root: Path, settings: Settings, outputs: Collection[Path], passed_over: PassedOver
) -> Iterable[Path | BadPhoto]:
    if not os.path.isdir(root):
        return with_beside([root], settings.valid_exts)
    return find_photos(
        root, settings.valid_exts, recursive=settings.recursive, outputs=outputs, passed_over=passed_over
    )
