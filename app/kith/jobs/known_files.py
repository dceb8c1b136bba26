"""What the library knows of the files of a run as it begins: read once, for all who ask."""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.library.duplicate_queries import PictureFile
from kith.library.store import Store


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """The `files` of a run, and of all photos that are `filed` to its output folder, the best first."""

    files: Sequence[PictureFile] = ()
    filed: Collection[int] = ()


def known_files(store: Store, listed: Iterable[Path], output: Path | None) -> KnownFiles:
    """Return what is known of the files listed and filed; nothing where nothing is to be filed."""
    if output is None:
        return KnownFiles()
    wanted, filed = {*map(os.fspath, listed)}, store.copies.photos_in(output)
    files = store.duplicates.files()
    return KnownFiles([file for file in files if file.path_text in wanted or file.photo_id in filed], filed)
