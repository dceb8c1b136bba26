"""Where the names of a photo's people are written: a sidecar beside it, or its own file.

A file takes another's place only when it is complete on the disk and was read again; a picture's pixels stay as they
were, which its image hash tells.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from kith.errors import BadPhoto
from kith.filing.own_copies import is_file, is_link
from kith.filing.xmp import NoXmp, Xmp, alone
from kith.filing.xmp_names import PhotoNames, Written, put_names
from kith.photos.endings import PICTURES
from kith.photos.facts import read_facts
from kith.whole_files import clear_parts, complete, part_file, take_place

SIDECAR = ".xmp"
# What exiv2 can write to. HEIC, AVIF and JPEG XL it only reads; of others a change would make another photo.
_CARRIERS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff"})
_LONGEST_NAME = 255  # bytes: where most file systems stop
_MOST_BYTES = 2**30  # of a picture that is changed in memory


class NotWritten(Exception):
    """Why names could not be written to a file, which is as it was."""


@dataclass(frozen=True, slots=True)
class Update:
    """The names of a photo to be written to a file, in place of those that Kith wrote `former`ly.

    `begun` is told, before the file changes, what will be Kith's in it from then on, and the SHA-256 it will have.
    """

    names: PhotoNames
    former: Written
    begun: Callable[[Written, str], None]


def sidecar_of(photo: Path) -> Path:
    """Return the sidecar of a photo: `photo.jpg.xmp`, but a `photo.xmp` that is there and can be no other photo's."""
    own = photo.with_name(photo.name + SIDECAR)
    if len(os.fsencode(own.name)) > _LONGEST_NAME:
        return photo.with_suffix(SIDECAR)
    if os.path.lexists(own):
        return own
    for ending in (SIDECAR, SIDECAR.upper()):
        shared = photo.with_suffix(ending)
        if os.path.lexists(shared) and not _has_namesake(photo):
            return shared
    return own


def _has_namesake(photo: Path) -> bool:
    """Say whether another picture differs from a photo in its ending alone."""
    endings = {ending for known in PICTURES for ending in (known, known.upper())} - {photo.suffix}
    return any(os.path.lexists(photo.with_suffix(ending)) for ending in endings)


def can_carry(photo: Path) -> bool:
    """Say whether names can be written into a photo's file itself, and nothing else is reached by doing so."""
    with suppress(OSError):
        found = photo.lstat()
        is_sole = is_file(photo) and found.st_nlink == 1  # else the file is more than this name
        return is_sole and photo.suffix.lower() in _CARRIERS and found.st_size <= _MOST_BYTES
    return False


def would_change(path: Path, update: Update) -> bool:
    """Say whether writing names would change a sidecar or photo, which is only read. Raises NotWritten and OSError."""
    content = path.read_bytes() if is_file(path) else b""
    return _with_names(content, update).file is not None


def write_sidecar(path: Path, update: Update) -> Written:
    """Write names to a sidecar, which goes where nothing is left in it; return what is Kith's in it now.

    Raises NotWritten and OSError.
    """
    if is_link(path) or (os.path.lexists(path) and not is_file(path)):
        raise NotWritten("it is a link, or no file")
    content = path.read_bytes() if is_file(path) else b""
    made = _with_names(content, update)
    if made.file is None:
        return made.written
    update.begun(made.written, _sha256(made.file))
    if made.is_empty and update.former:  # what Kith did not write is gone from it: nothing is lost
        path.unlink(missing_ok=True)
    elif not made.is_empty:
        _clear_parts_once(path.parent)
        with part_file(path.parent) as (file, part):
            file.write(made.file)
            if made.is_ours:
                file.close()  # what is lost with the power can be written again
            else:
                complete(file)
            if content:
                with suppress(OSError):
                    shutil.copymode(path, part)
            part.replace(path)
    return made.written


@cache
def _clear_parts_once(folder: Path) -> None:
    """Take away what killed processes left in a folder: not with each of its many sidecars, for it is listed whole."""
    clear_parts(folder)


def write_into(photo: Path, update: Update) -> Written:
    """Write names into a photo's own file; return what is Kith's in it now. Raises NotWritten and OSError."""
    content = photo.read_bytes()
    made = _with_names(content, update)
    if made.file is None:
        return made.written
    _clear_parts_once(photo.parent)
    with part_file(photo.parent, 0o600) as (file, part):
        file.write(made.file)
        complete(file)
        _check_same_picture(photo, part, update, made.written)
        with suppress(OSError):  # what the file system allows
            shutil.copystat(photo, part)
            os.utime(part)
        if photo.read_bytes() != content:
            raise NotWritten("it was written to meanwhile")
        update.begun(made.written, _sha256(made.file))
        take_place(part, photo)
    return made.written


class _Made(NamedTuple):
    """A file with names, None where it has them already, and what is Kith's in it.

    `is_empty` where nothing stands in it any more, `is_ours` where nobody else wrote anything to it.
    """

    file: bytes | None
    written: Written
    is_empty: bool
    is_ours: bool


def _with_names(content: bytes, update: Update) -> _Made:
    try:
        with alone():
            xmp = Xmp.read(content) if content else Xmp.new()
            put = put_names(xmp, update.names, update.former)
            return _Made(xmp.written() if put.changed else None, put.written, xmp.is_empty, put.is_ours)
    except NoXmp as error:
        raise NotWritten(f"its XMP cannot be read ({error})") from error


def _check_same_picture(photo: Path, part: Path, update: Update, written: Written) -> None:
    """Raise NotWritten unless the new file shows the same picture the same way up, and names its people."""
    try:
        before, after = read_facts(photo), read_facts(part)
    except BadPhoto as error:
        raise NotWritten(error.reason) from error
    if (before.image_hash, before.orientation, before.taken_at) != (
        after.image_hash,
        after.orientation,
        after.taken_at,
    ):
        raise NotWritten("its picture would not have stayed as it is")
    again = _with_names(part.read_bytes(), Update(update.names, written, update.begun))
    if again.file is not None or again.written != written:
        raise NotWritten("it did not take them")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
