"""Which photo of the library a file is: by its image data and way up, or by its place where it still shows the same."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from kith.identity.same_content import Content, content_of, turn_shown
from kith.library.carried_links import Turn, as_stored, turn_between
from kith.library.store import Store
from kith.photos.facts import PhotoFacts, read_facts
from kith.photos.first_read import Reading
from kith.vision.observations import Analysis


@dataclass(frozen=True, slots=True)
class Entered:
    """A photo of the library, and another one that shows the same, whose words are to be copied (`turn` the places)."""

    photo_id: int
    like: int | None = None
    turn: Turn = as_stored


def known_photo(store: Store, path: Path) -> int | None:
    """Return the photo that lies, or lay, at a path, else the one of the same image data. Raises BadPhoto."""
    known = store.photos.at_path(path)
    if known is None and os.path.isfile(path):
        known = photo_of(store, read_facts(path), path)
    return known and store.stacks.leader(known)


def photo_of(store: Store, facts: PhotoFacts, path: Path) -> int | None:
    """Return the photo that a file is, None where it is new.

    The same image data the other way up is the same photo, its orientation newly written, unless another file still
    holds it as it was: then each file is judged by its own.
    """
    known = _same_pixels(store, facts)
    if facts.orientation in known:
        return known[facts.orientation]
    for photo in known.values():
        if not _lies_elsewhere(store, photo, path):
            return photo
    return None


def enter_file(store: Store, path: Path, facts: PhotoFacts, analysis: Analysis | None) -> Entered:
    """Enter what a file tells of its photo, within the caller's transaction and before the file's place is saved.

    A file that changed in place and shows the same is the same photo, with all that is said of it. Where another file
    still holds the photo as it was, the changed one becomes a photo of its own, and so does a file the other way up.
    """
    known = photo_of(store, facts, path)
    like, turned = _shown_before(store, path, facts, known, analysis)
    if like is None:
        twins = {} if known else _same_pixels(store, facts)
        twin = next(iter(twins.values()), None)
        return Entered(_save(store, path, facts, known), twin)
    before = store.photos.look(like)
    turn = turn_between(before.orientation, facts.orientation, turned)
    if known is None and not _lies_elsewhere(store, like, path):
        store.carried.keep(like, turn)
        return Entered(_save(store, path, facts, like))
    return Entered(_save(store, path, facts, known), like, turn)


def stack(store: Store, photo_id: int, along: Collection[tuple[Path, Reading]]) -> None:
    """Enter that a photo is looked at, and which files are filed along with it, within the caller's transaction.

    What the user said of one of them counts for the photo, and of a photo for its raw file that is alone by now. A raw
    file that lies elsewhere by itself stays a photo of its own.
    """
    former = store.stacks.take_off(photo_id)
    if former is not None:
        _carry(store, former, photo_id)
    paths = {path for path, _ in along}
    for path, reading in along:
        key = photo_of(store, reading.facts, path)
        elsewhere = [file for file in store.reviews.files(key or 0) if file not in paths]
        is_another = key is not None and store.stacks.leader(key) != photo_id
        if key == photo_id or (is_another and any(map(store.reviews.is_unchanged, elsewhere))):
            continue
        raw = store.photos.save_photo(reading.facts, key)
        if key and store.stacks.leader(raw) == raw:
            _carry(store, raw, photo_id)
        store.stacks.put(raw, photo_id)
        store.photos.save_file(path, raw, reading.stamp.size, reading.stamp.mtime_ns)


def _carry(store: Store, source: int, target: int) -> None:
    before, after = store.photos.look(source).orientation, store.photos.look(target).orientation
    store.carried.copy(source, target, turn_between(before, after))


def _same_pixels(store: Store, facts: PhotoFacts) -> dict[int, int]:
    """Return the photos of the same image data by orientation, also those that an earlier version entered."""
    found = store.photos.ways_up(facts.image_hash)
    if found or not facts.former_hash:
        return found
    return store.photos.ways_up(facts.former_hash)


def _lies_elsewhere(store: Store, photo_id: int, path: Path) -> bool:
    reviews = store.reviews
    return any(file != path and reviews.is_unchanged(file) for file in reviews.files(photo_id))


def _save(store: Store, path: Path, facts: PhotoFacts, photo_id: int | None) -> int:
    others = photo_id is not None and _lies_elsewhere(store, photo_id, path)
    return store.photos.save_photo(facts, photo_id, others)


def _shown_before(
    store: Store, path: Path, facts: PhotoFacts, known: int | None, analysis: Analysis | None
) -> tuple[int | None, int]:
    """Return the other photo that lay at the path, if the file still shows the same, and how it was turned since."""
    before = store.photos.at_path(path)
    if before is None or before == known:
        return None, 1
    if analysis is not None:
        seen = [observation for appearance in analysis.appearances for observation in appearance.observations]
        after = content_of(seen, facts.orientation, analysis.phash)
    elif known is not None:
        after = _stored(store, known)
    else:
        return None, 1
    turned = turn_shown(_stored(store, before), after)
    return (before, turned) if turned else (None, 1)


def _stored(store: Store, photo_id: int) -> Content:
    look = store.photos.look(photo_id)
    analysis_id = store.reviews.newest_analysis(photo_id) or 0
    faces = [seen.face for seen in store.photos.sightings(analysis_id) if seen.face]
    return content_of(faces, look.orientation, look.phash)
