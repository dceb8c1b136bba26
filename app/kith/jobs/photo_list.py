"""The photos of all inputs of a recognition, with the names they have in lines and report."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kith.errors import BadInput, BadPhoto
from kith.jobs.phrases import left_out_lines
from kith.messages import Message, Setting, joined
from kith.photos.search import PassedOver, find_photos
from kith.photos.stacks import stacked
from kith.settings import Settings


@dataclass(frozen=True, slots=True)
class Listed:
    """A photo found (or what cannot be listed), its name in lines and report, and what is filed along with it."""

    found: Path | BadPhoto
    name: str
    along: tuple["Listed", ...] = ()


def check_that_inputs_are_there(inputs: Sequence[Path]) -> None:
    """Raise BadInput for the first input that is not there."""
    for path in inputs:
        if not os.path.exists(path):
            raise BadInput(
                f"{path} is not there: name a folder of photos, or a photo. Without a name it is the folder that ",
                Setting("process_dir"),
                " names.",
            )


def list_photos(
    inputs: Sequence[Path], settings: Settings, outputs: Collection[Path], passed_over: PassedOver
) -> dict[Path, Listed]:
    """Return the photos of all inputs by path, named relative to their input; raises BadInput where there is none.

    Raw files are listed along with the photo of their name.
    Left out is what lies in the `outputs`; `passed_over` is told as by `find_photos`.
    """
    listed: dict[Path, Listed] = {}
    roots = [Path(os.path.abspath(path)) for path in inputs]
    bases = _bases(roots)
    for root in roots:
        for found in _found(root, settings, outputs, passed_over):
            path = found.path if isinstance(found, BadPhoto) else found
            name = os.fspath(path)[bases[root.drive] :]
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
        return [root]
    return find_photos(
        root, settings.valid_exts, recursive=settings.recursive, outputs=outputs, passed_over=passed_over
    )
