"""Photos copied into a folder that the user names, for whatever they want them."""

import filecmp
import os
import shutil
from itertools import count
from pathlib import Path

from kith.errors import FilingFailed
from kith.filing.names import numbered, safe_photo_name
from kith.whole_files import complete, part_file, take_name


def hand_copy(source: Path, folder: Path) -> Path:
    """Copy a photo into a folder under its name, numbered where another file has it, and return where it lies then.

    Where it lies there already nothing is done, and nothing is overwritten. Raises FilingFailed.
    """
    wanted = folder / safe_photo_name(source.name)
    try:
        with source.open("rb") as photo, part_file(folder, 0o600) as (file, part):
            shutil.copyfileobj(photo, file)
            complete(file)
            shutil.copystat(source, part)
            return _named(part, wanted)
    except OSError as error:
        raise FilingFailed(f"{source} could not be copied to {folder}: {error.strerror or error}.") from error


def _named(part: Path, wanted: Path) -> Path:
    for number in count(1):
        target = numbered(wanted, number)
        if take_name(part, target) or _is_same(part, target):
            break
    return target


def _is_same(part: Path, target: Path) -> bool:
    return os.path.isfile(target) and filecmp.cmp(part, target, shallow=False)
