"""`kith find`: the paths of photos that a search finds."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.errors import FilingFailed
from kith.filing.handed_copies import hand_copy
from kith.jobs.folder_checks import check_output
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_search import Found, PhotoCard, PhotoSearch
from kith.settings import Settings
from kith.text import counted, printable
from kith.values.photo_filter import PhotoFilter

group = Group()

_HELP = (
    'As in "Anna and (Ben or Cleo) not Dora year:2019". Names may have several words; Anna? counts photos too where '
    "she is only suggested; what is nobody's name is looked for in paths. Fields: year:2019..2021, date:2019-05, "
    "from:, to:, folder:Italy, camera:Canon, faces:2.., with:sure, with:unsure, with:unknown, with:failed, "
    "with:duplicates. "
    '"Together with" is and; quote what holds brackets, colons or the words and, or, not.'
)


@group.register("find", '"Anna and Ben year:2019"')
def find(
    call: Call,
    search: Annotated[list[str] | None, typer.Argument(metavar="SEARCH", help=_HELP)] = None,
    copy_to: Annotated[
        Path | None, typer.Option("--copy-to", metavar="FOLDER", help="Copy the photos found into this folder, too.")
    ] = None,
) -> None:
    """Print the paths of photos found by who shows, folder, time, camera and words, the newest first."""
    settings = call.settings()
    folder = copy_to and _folder(copy_to, settings)
    with OpenLibrary(settings) as library:
        photos = PhotoSearch(library)
        found = photos.find(PhotoFilter(text=" ".join(search or ())))
        cards = photos.cards(found.photos)
    paths = [*(card.path for card in cards if card.path), *(failure.path for failure in found.failed)]
    copied, problems = _copied(paths, folder) if folder else ([], [])
    result = {"photos": cards, "failed": found.failed, "copies": copied, "problems": problems}
    call.show(result, map(str, paths), [*_notes(cards, found), *problems])
    if problems:
        raise FilingFailed(f"{counted(len(problems), 'photo')} could not be copied.")


def _folder(folder: Path, settings: Settings) -> Path:
    wanted = Path(os.path.abspath(os.path.expanduser(folder)))
    check_output(wanted, settings.dataset_folder)
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FilingFailed(f"The folder {wanted} could not be made: {error.strerror or error}.") from error
    return wanted


def _copied(paths: Sequence[Path], folder: Path) -> tuple[list[Path], list[str]]:
    copies, problems = [], []
    for path in paths:
        try:
            copies.append(hand_copy(path, folder))
        except FilingFailed as error:
            problems.append(str(error))
    return copies, problems


def _notes(cards: Sequence[PhotoCard], found: Found) -> Iterator[str]:
    yield from map(printable, found.hints)
    gone = sum(card.path is None for card in cards)
    if gone:
        yield f"{counted(gone, 'photo')} found, but gone from where it was last seen."
    yield f"{counted(len(cards) - gone + len(found.failed), 'photo')}."
