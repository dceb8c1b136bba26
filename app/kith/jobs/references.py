"""Which photo, or who in one, a text means: a path, a file's name as Kith prints it, a number, PHOTO#NUMBER."""

import os
from collections.abc import Sequence
from pathlib import Path

from kith.errors import BadInput, BadPhoto
from kith.jobs.file_identity import known_photo
from kith.library.store import Store
from kith.messages import Action, Do
from kith.text import printable

LONGEST_NUMBER = 18  # digits that SQLite holds
SHOWN = 5  # of the photos that a name may mean


def photo_meant(store: Store, text: str) -> int:
    """Return the photo that lies, or lay, at a path, or the only one of that file name, or of that number.

    Raises BadInput for none and for several, and BadPhoto for a file that cannot be read, or failed when it was.
    """
    path = Path(os.path.abspath(text))
    known = known_photo(store, path)
    if known is None:
        known = _photo_named(store, text)
    if known is None and _is_number(text):
        known = int(text)
    if known is not None:
        return known
    _check_failed(store, text)
    if os.path.lexists(path):
        raise BadInput(f"{text} is no photo that the library knows yet: ", Do(Action.RECOGNIZE, text), " looks at it.")
    raise BadInput(f"{text} is no photo that the library knows, and it is not there: check the path or name.")


def appearance_meant(store: Store, text: str) -> int:
    """Return the appearance that `PHOTO#NUMBER` means, PHOTO being what `photo_meant` takes, or nothing.

    The number is the appearance's own in the library: of several photos of one name it tells which one is meant, and a
    new look at the photo by other models leaves it as it is. Raises as `photo_meant`.
    """
    photo, number = parted(text)
    if number is None:
        raise BadInput(
            f"{text}: who is meant in a photo is given as PHOTO#NUMBER, the number as ",
            Do(Action.SHOW_PERSON),
            " tells it.",
        )
    known = store.photos.photo_of(number)
    if known is not None and (not photo or _is_called(store, known, photo)):
        return number
    asked = photo_meant(store, photo) if photo else None
    if known is None or known != asked:
        others = ", ".join(f"#{key}" for key in store.photos.appearances(asked or 0))
        but = f", but {others}" if others else ""
        raise BadInput(f"{text}: nobody of that number shows there{but}.")
    return number


def label_of(store: Store, appearance_id: int) -> str:
    """Return how an appearance is called in words and on the command line: `IMG_1.jpg#12`."""
    photo_id = store.photos.photo_of(appearance_id) or 0
    return f"{photo_label(store, photo_id)}#{appearance_id}"


def photo_label(store: Store, photo_id: int) -> str:
    """Return how a photo is called in words: its file's name."""
    source = store.reviews.source(photo_id)
    return printable(source.name) if source else str(photo_id)


def parted(text: str) -> tuple[str, int | None]:
    """Return PHOTO and NUMBER of `PHOTO#NUMBER`, no number where the text does not end in one."""
    photo, hash_sign, number = text.rpartition("#")
    if hash_sign and _is_number(number):
        return photo, int(number)
    return text, None


def files_named(store: Store, text: str, photo_id: int) -> list[Path]:
    """Return those files of a photo, raw ones that are filed along with it too, whose name a text is."""
    named = store.photos.named(Path(os.path.normpath(text))) if text else {}
    return [file for file, photo in named.items() if store.stacks.leader(photo) == photo_id]


def _photo_named(store: Store, text: str) -> int | None:
    if not text:
        return None
    name = Path(os.path.normpath(text))
    found = store.photos.named(name)
    photos = {*map(store.stacks.leader, found.values())}
    if len(photos) > 1:
        raise _ambiguous(text, len(photos), [*found])
    return photos.pop() if photos else None


def _check_failed(store: Store, text: str) -> None:
    """Raise BadPhoto where a text names a file that could not be read as a photo when it was looked at."""
    wanted = Path(os.path.normpath(text)).parts
    failed = [failure for failure in store.failures.all() if wanted and failure.path.parts[-len(wanted) :] == wanted]
    if len(failed) > 1:
        raise _ambiguous(text, len(failed), [failure.path for failure in failed])
    for failure in failed:
        raise BadPhoto(failure.path, f"failed, nothing is decided on it: {failure.reason}")


def _ambiguous(text: str, count: int, files: Sequence[Path]) -> BadInput:
    shown = ", ".join(map(str, files[:SHOWN]))
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return BadInput(f"{text} may be {count} photos, say which one: {shown}{more}.")


def _is_called(store: Store, photo_id: int, text: str) -> bool:
    """Say whether a file of a photo has that name, be it with the escapes that a terminal shows."""
    wanted = Path(os.path.normpath(text)).parts
    for file in store.reviews.files(photo_id):
        name = file.parts[-len(wanted) :]
        if wanted in (name, tuple(map(printable, name))):
            return True
    return False


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
