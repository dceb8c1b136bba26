"""Photos copied into a folder that the user names, for whatever they want them."""

import filecmp
import os
from itertools import count
from pathlib import Path

from kith.errors import FilingFailed
from kith.filing.names import numbered, safe_photo_name
from kith.whole_files import take_name, whole_copy


def hand_copy(source: Path, folder: Path) -> Path:
    """Copy a photo into a folder under its name, numbered where another file has it, and return where it lies then.

    Where it lies there already nothing is done, and nothing is overwritten. Raises FilingFailed.
    """
    wanted = folder / safe_photo_name(source.name)
    try:
        with whole_copy(source, folder) as part:
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
