"""The people folder: one folder of photos for each person, and what in it teaches nobody."""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kith.errors import BadInput, BadPhoto, FilingFailed
from kith.filing.names import UNKNOWN, is_unknown
from kith.jobs.folder_checks import check_output, check_people, standing_outputs
from kith.jobs.phrases import filed_notices, left_out_lines
from kith.library.copy_records import CopyRecords
from kith.library.store import Store
from kith.messages import Action, Do, Message, Setting, joined
from kith.photos.endings import PICTURES
from kith.photos.outputs import MARKER, is_same_folder, output_around
from kith.photos.search import PassedOver, find_broken_links, find_folders, find_photos
from kith.photos.stacks import leading
from kith.settings import Settings, people_folder_is_away

_NOBODY = f"{UNKNOWN} is for copies of photos of nobody known. If all its photos show one person, name it otherwise."
_FILED = "Kith files copies to {}, and whom they show was decided by a machine."


@dataclass(slots=True)
class PeopleFolder:
    """What lies in the people folder: each person's photos (and what cannot be listed) by the name of their folder.

    `refused` are folders that must not teach, and why; `loose` photos lie in no person's folder, `broken` links lead
    nowhere now. `copies` are those that an earlier version filed into the people folder itself.
    """

    photos: dict[str, list[Path | BadPhoto]] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    loose: int = 0
    broken: list[Path] = field(default_factory=list)
    copies: frozenset[Path] = frozenset()
    passed_over: PassedOver = field(default_factory=PassedOver)

    @property
    def notices(self) -> list[str]:
        """What to say of all that teaches nobody."""
        told = [f"{folder} teaches nobody: {reason}" for folder, reason in self.refused.items()]
        if self.loose:
            told.append(f"Photos in the people folder itself, in no person's folder, teach nobody: {self.loose} found.")
        if self.copies:
            told.append(
                f"Copies that Kith filed into the people folder itself teach nobody: {len(self.copies)} left out."
            )
        return [*told, *filed_notices(self.passed_over.outputs)]


def read_people_folder(settings: Settings, copies: CopyRecords) -> PeopleFolder:
    """Return what lies in the people folder; raises BadInput where it is not there, not to be used or has no photo.

    Copies teach nobody, be they recorded or in folders that are marked.
    """
    root = settings.dataset_folder
    outputs: list[Path] = []
    own_copies: set[Path] = set()
    for output in standing_outputs(copies):
        if is_same_folder(output, root):
            own_copies.update(_standing(copies.targets(output)))
        else:
            outputs.append(output)
    found = PeopleFolder(copies=frozenset(own_copies))
    for folder in _persons_folders(settings, outputs, found):
        photos = leading(_photos(folder, settings, outputs, found.passed_over))
        teaching = [photo for photo in photos if not _is_among(photo, found.copies)]
        found.photos[folder.name] = teaching
    found.broken = [link for link in find_broken_links(root) if _may_be_a_folder(link, settings)]
    if not any(found.photos.values()):
        raise _nobody(root, found)
    found.loose = sum(1 for _ in find_photos(root, settings.valid_exts, recursive=False))
    return found


def _standing(targets: Iterable[Path]) -> Iterator[Path]:
    for target in targets:
        if os.path.isfile(target):
            yield Path(os.path.realpath(target))


def _is_among(photo: Path | BadPhoto, copies: Collection[Path]) -> bool:
    if isinstance(photo, BadPhoto) or not copies:
        return False
    return Path(os.path.realpath(photo)) in copies


def check_that_somebody_can_be_learned(settings: Settings) -> None:
    """Raise BadInput where the people folder is not there, not to be used or has no photo, as reading it does."""
    found = PeopleFolder()
    for folder in _persons_folders(settings, (), found):
        if any(_photos(folder, settings, (), found.passed_over)):
            return
    raise _nobody(settings.dataset_folder, found)


def away(settings: Settings) -> str:
    """Return what to say of a people folder that is not there."""
    root = settings.dataset_folder
    if people_folder_is_away(settings):
        return Message(
            f"The people folder {root} is not there now: is its drive plugged in, its share mounted? If your people "
            "are elsewhere, ",
            Setting("dataset_dir"),
            " names the folder.",
        )
    return Message(
        f"The people folder {root} is not there yet: make it, put one folder of photos per person there, named as the "
        "person, then run ",
        Do(Action.BUILD_KB),
        ". ",
        Setting("dataset_dir"),
        " can name another folder.",
    )


def _persons_folders(settings: Settings, outputs: Collection[Path], found: PeopleFolder) -> Iterator[Path]:
    """Yield the folders in the people folder that may teach; `found` is told of the others."""
    root = settings.dataset_folder
    if not os.path.isdir(root):
        raise BadInput(away(settings))
    holds_copies = bool(found.copies) and not os.path.lexists(root / MARKER)
    check_people(root, outputs, only_around=holds_copies)
    check_output(settings.output_folder, root)
    try:
        folders = sorted(find_folders(root))
    except OSError as error:
        raise BadInput(f"The people folder {root} cannot be read: {error.strerror or error}") from error
    for folder in folders:
        if is_unknown(folder.name):
            found.refused[folder] = _NOBODY
        elif (output := output_around(folder, outputs)) and not is_same_folder(output, root):
            found.refused[folder] = _FILED.format(output)
        else:
            yield folder


def folder_around(path: Path, root: Path) -> Path | None:
    """Return the folder right below the people folder `root` that a photo lies in, at whatever depth, if in any."""
    return next((folder for folder in path.parents if folder.parent == root), None)


def _may_be_a_folder(link: Path, settings: Settings) -> bool:
    if link in (settings.library_file, settings.encodings_file):
        return False
    return link.suffix.lower() not in PICTURES.union(settings.valid_exts)


def _photos(
    folder: Path, settings: Settings, outputs: Collection[Path], passed_over: PassedOver
) -> Iterator[Path | BadPhoto]:
    return find_photos(
        folder,
        settings.valid_exts,
        recursive=settings.recursive,
        leave_out=[settings.dataset_folder],  # a link back to it would give everybody's photos to one person
        outputs=outputs,
        passed_over=passed_over,
    )


def _nobody(root: Path, found: PeopleFolder) -> BadInput:
    told = Message(
        f"There is no photo of anybody in the people folder {root}. If your people are on a drive or a share, plug it "
        "in or mount it: what was learned from them is kept. Else put one folder of photos per person there, named as "
        "the person, then run ",
        Do(Action.BUILD_KB),
        ".",
    )
    links = [f"{link} is a link that leads nowhere now." for link in found.broken]
    return BadInput(joined([told, *links, *found.notices, *left_out_lines(found.passed_over.pictures)]))


def move_folder(store: Store, before: Path, now: Path) -> None:
    """Rename a folder of photos as known and on disk, within the caller's transaction. Raises FilingFailed."""
    store.photos.move_files(before, now)
    try:
        before.rename(now)
    except OSError as error:
        raise FilingFailed(f"{before} could not be renamed: {error.strerror or error}") from error


def move_folder_back(store: Store, now: Path, then: Path) -> str:
    """Give a folder of photos its former name where that is possible, and return why not where it is refused."""
    if not os.path.isdir(now) or os.path.lexists(then):
        return ""
    try:
        with store.transaction():
            move_folder(store, now, then)
    except FilingFailed as error:
        return error.message
    return ""
