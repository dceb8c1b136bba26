"""Photos that are nearly the same as a better one: filed once, and told in the report."""

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from kith.identity.alike_photos import SAME_PHASH_BITS, tells
from kith.jobs.duplicates import Best, best_of
from kith.jobs.known_files import KnownFiles, known_files
from kith.jobs.photo_list import Listed
from kith.library.copy_records import CopyRecord
from kith.library.duplicate_queries import PictureFile
from kith.library.store import Store
from kith.policies import Duplicates, FileAs
from kith.settings import Settings


class FiledOnce:
    """Of the photos in a run, and those that lie in its output folder, which are nearly the same as others.

    Those are filed at its end, when all of them are decided: each is filed that shows somebody whom the best of them
    is not filed under.
    """

    def __init__(
        self, store: Store, settings: Settings, listed: Mapping[Path, Listed], output: Path | None, known: KnownFiles
    ) -> None:
        self._store, self._listed, self._output = store, listed, output
        self._is_wanted = output is not None and settings.duplicates is Duplicates.FILE_ONCE
        self._filed: dict[int, set[int | None]] = {}
        self._near: set[int] = set()
        self.is_last = False
        self._learn(known.files)

    def read(self) -> None:
        """Read anew which photos there are, and which of them are nearly the same."""
        self._learn(known_files(self._store, self._listed, self._output).files)

    def _learn(self, files: Sequence[PictureFile]) -> None:
        best, count = best_of(files), Counter(file.photo_id for file in files)
        hashes = [file.phash for file in best.files.values() if file.phash is not None]
        self._hashes = np.array(hashes, np.int64)
        near = {*best.photos, *best.photos.values()}
        self._near |= near
        # Of all others nothing is to be told: a large folder holds few duplicates.
        several = {photo: file for photo, file in best.files.items() if count[photo] > 1 or photo in near}
        self._best = Best(several, best.photos)
        self._paths = {file.path_text for file in files if file.photo_id in several}

    def waits(self, photo_id: int, is_new: bool) -> bool:
        """Whether a photo is to be filed with others at the end; a new one is known from now on."""
        if self.is_last or not self._is_wanted:
            return False
        if photo_id not in self._near and is_new and self._resembles_another(photo_id):
            self._near.add(photo_id)
        return photo_id in self._near

    def _resembles_another(self, photo_id: int) -> bool:
        phash = self._store.photos.look(photo_id).phash
        if phash is None or not tells(phash):
            return False
        differing = np.bitwise_count((self._hashes ^ phash).view(np.uint64))
        self._hashes = np.append(self._hashes, phash)
        return bool((differing <= SAME_PHASH_BITS).any())

    def last(self, settled: Mapping[Path, int]) -> list[Path]:
        """Return those of the photos that are, or seemed, nearly the same as others, the best first."""
        self.is_last = True
        if not self._is_wanted:
            return []
        near = [path for path, photo_id in settled.items() if photo_id in self._near]
        return sorted(near, key=lambda path: (settled[path] in self._best.photos, path))

    def people(self, photo_id: int, people: Collection[int]) -> Collection[int | None]:
        """Return whom a photo is filed under, nobody (None) too; none at all where a better one stands for it."""
        if self._is_wanted:
            best = self._best.photos.get(photo_id) if self.is_last else None
            if best is not None and {*people} <= (filed := self._filed_under(best)) and filed:
                return ()
            self._filed[photo_id] = {*people} or {None}
        return (*people,) or (None,)

    def outdone(self, settled: Collection[int]) -> list[tuple[int, list[CopyRecord]]]:
        """Return the copies of photos of other runs for which a better one stands that this run `settled`.

        A photo that was moved itself stays where it is.
        """
        if not (self._is_wanted and self._output):
            return []
        lesser = [photo for photo, best in self._best.photos.items() if best in settled and photo not in settled]
        found = self._store.copies.of_photos(lesser, self._output)
        return [(photo, copies) for photo, copies in found.items() if copies and self._is_outdone(photo, copies)]

    def _is_outdone(self, photo_id: int, copies: Collection[CopyRecord]) -> bool:
        filed = self._filed_under(self._best.photos[photo_id])
        return all(copy.person_id in filed and copy.kind is not FileAs.MOVE for copy in copies)

    def _filed_under(self, photo_id: int) -> set[int | None]:
        if photo_id not in self._filed and self._output:
            copies = self._store.copies.of_photo(photo_id, self._output)
            return {copy.person_id for copy in copies}
        return self._filed.get(photo_id, set())

    def better(self, path: Path, photo_id: int) -> str:
        """Return how the file is called that a photo's file is a duplicate of; nothing where it is none."""
        if photo_id not in self._best.files:
            return ""
        best, own = self._best.of(photo_id), os.fspath(path)
        if best.path_text == own or (best.photo_id == photo_id and own not in self._paths):  # or it was moved
            return ""
        return self._listed[best.path].name if best.path in self._listed else best.path_text
