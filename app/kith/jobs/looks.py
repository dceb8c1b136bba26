"""Looks at photos: the way of one up to its observations, the same for known and unknown photos."""

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from kith.errors import BadPhoto, KithError, Unreadable
from kith.jobs.context import Context
from kith.jobs.engines import made_ready
from kith.jobs.events import Notice, Waits
from kith.jobs.file_identity import enter_file, photo_of, stack
from kith.jobs.gentle import pauses
from kith.jobs.read_ahead import ReadAhead
from kith.jobs.storage import Storage
from kith.jobs.worker_processes import TookTooLong
from kith.jobs.workers import IN_FLIGHT_PER_WORKER, Batches, Task, Workers, memory_for_photos
from kith.library.paths import FileState
from kith.library.store import Store
from kith.photos.facts import PhotoFacts
from kith.photos.first_read import Reading
from kith.policies import Executor
from kith.vision.analysis import Photo, analyse, read_photos
from kith.vision.observations import Analysis

T = TypeVar("T")

_log = logging.getLogger(__name__)
_ASKED_AT_ONCE = 256  # files of which the store is asked whether it knows them
DECIDED_AT_ONCE = 512  # photos: many are compared at once, few are lost where a run is killed


@dataclass(frozen=True, slots=True)
class Look:
    """A photo's file with its analysis: `known` (photo id, analysis id) where the store has it already.

    `note` says what is missing of a photo that was looked at all the same, `along` are the files that are filed with
    it, as they were read.
    """

    path: Path
    size: int
    mtime_ns: int
    facts: PhotoFacts | None
    known: tuple[int, int] | None = None
    analysis: Analysis | None = None
    note: str = ""
    along: tuple[tuple[Path, Reading], ...] = ()

    @property
    def photo_id(self) -> int:
        """The photo that the look is at, once it is entered."""
        return self.known[0] if self.known else 0


_Read = tuple[Path, object, Mapping[Path, object]]  # a photo's file, and what it and those filed along with it told
Along = Mapping[Path, Sequence[Path]]  # the files that are filed along with a photo's
NONE_ALONG: Along = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Along:
    """A file that is filed along with a photo's."""

    photo: Path
    file: Path


Seen = TypeVar("Seen", Look, Look | BadPhoto | Waits)


def look_at_photos(
    context: Context, paths: Collection[Path | BadPhoto], roots: Iterable[Path] = ()
) -> Iterator[Look | BadPhoto | Waits]:
    """Yield each photo looked at, in the order given until the wish to stop; known photos are not analysed again.

    A photo that takes long comes later. Between them it yields why it waits, and that it goes on. Raises the KithError
    that concerns the whole run, such as ModelMissing. `roots` are the folders that the photos lie in.
    """
    storage = storage_of(context, paths, roots)
    with open_workers(context) as workers, storage.watched(context.tell):
        yield from look_with(workers, context, paths, storage)


def look_with(
    workers: Workers, context: Context, paths: Collection[Path | BadPhoto], storage: Storage, along: Along = NONE_ALONG
) -> Iterator[Look | BadPhoto | Waits]:
    """Look at photos with workers who have other things to do as well; what is filed `along` is only read.

    Those that their storage let down are looked at once more at the end.
    """
    yield from pauses(context.settings, context.stop)
    while paths and not context.stop.is_set():
        again: list[Path | BadPhoto] = []
        for look in _seen(workers, context, paths, along):
            if isinstance(look, BadPhoto) and (yield from storage.let_down(look)):
                again.append(look.path)
                continue
            if isinstance(look, Look) and look.facts:
                storage.well(look.path)
            yield look
            yield from pauses(context.settings, context.stop)
        paths = again


def storage_of(context: Context, paths: Iterable[Path | BadPhoto], roots: Iterable[Path]) -> Storage:
    """Return where photos lie, some of them perhaps on disks of their own."""
    folders = {os.path.dirname(path) for path in paths if isinstance(path, Path)}  # noqa: PTH120 - of many, and quick
    return Storage(roots, map(Path, folders), context.stop)


def _seen(
    workers: Workers, context: Context, paths: Collection[Path | BadPhoto], along: Along
) -> Iterator[Look | BadPhoto]:
    batches = Batches(context.batch_size, context.at_once, len(paths))
    ahead = ReadAhead()
    unread = _unread(context, paths, ahead, along)
    read = workers.results(unread, lambda: partial(read_photos, spec=context.spec), batches)
    twins = _Twins()
    with ahead.at_work():
        for look, result in workers.results(
            _unseen(context, _gathered(read, along), twins), partial(_analysis, context), batches
        ):
            yield _looked(look, result)
            twins.ended(look)
    for look, result in workers.results(_unseen(context, twins.waiting), partial(_analysis, context), batches):
        yield _looked(look, result)


@contextmanager
def open_workers(context: Context) -> Iterator[Workers]:
    """Have worker processes for photos, begun with the first."""
    memory = context.memory or memory_for_photos(context.workers)
    workers = Workers(context.executor, IN_FLIGHT_PER_WORKER * context.workers, memory)
    try:
        yield workers
    finally:
        workers.close()


def notes_on(look: Look | BadPhoto | Waits) -> Iterator[Notice | Waits]:
    """Yield what there is to know of a photo beside what it shows, or of the whole job."""
    if isinstance(look, Waits):
        yield look
    elif isinstance(look, Look) and look.note:
        yield Notice(f"{look.path.name}: {look.note}")


def _analysis(context: Context) -> Callable[[Sequence[Photo]], list[Analysis | KithError]]:
    return partial(analyse, spec=made_ready(context.spec, context.device))


def _unread(context: Context, paths: Iterable[Path | BadPhoto], ahead: ReadAhead, along: Along) -> Iterator[Task]:
    """Yield the photos whose files are to be read: by place, size and time the store may know them."""
    for several in growing(paths, _ASKED_AT_ONCE):
        if context.stop.is_set():
            return
        files = [path for path in several if isinstance(path, Path)]
        known = _unchanged(context, files, along)
        if context.settings.executor is Executor.LOCAL:  # else others read the files, on their own ways
            ahead.expect(path for path in files if path not in known)
        for path in several:
            if context.stop.is_set():
                return
            if isinstance(path, BadPhoto):
                yield Task(path.path, path, is_done=True)
            elif look := known.get(path):
                yield Task(path, look, is_done=True)
            else:
                ahead.taken(path)
                yield Task(path, path)
                yield from (Task(_Along(path, other), other) for other in along.get(path, ()))


def growing(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Yield items several at a time: one at first, so that work begins, then twice as many up to `most`."""
    items, size = iter(items), 1
    while several := list(islice(items, size)):
        yield several
        size = min(2 * size, most)


def _unchanged(context: Context, paths: Iterable[Path], along: Along) -> dict[Path, Look]:
    """Return the looks at photos that lie where they lay, of the size and time they had, and what is filed along."""
    files = {path: file for path in paths if (file := FileState.now(path))}  # who reads one that is gone says why
    known = context.store.photos.unchanged(files.values(), context.spec.engine_id)
    looks = {}
    for path, file in files.items():
        photo = known.get(file.path_text)
        if photo and photo.analysis_id and _are_stacked(context.store, photo.photo_id, along.get(path, ())):
            ids = photo.photo_id, photo.analysis_id
            looks[path] = Look(path, file.size, file.mtime_ns, None, ids)
    return looks


def _are_stacked(store: Store, photo_id: int, along: Collection[Path]) -> bool:
    """Say whether files are known to be filed along with a photo, and nobody wrote to them since."""
    return not along or {*store.stacks.files(photo_id, along)} == {*map(FileState.now, along)}


def _gathered(read: Iterable[tuple[Path | _Along, object]], along: Along) -> Iterator[_Read]:
    """Yield what the file of each photo told, with what the files told that are filed along, once all are read."""
    waiting: defaultdict[Path, dict[Path, object]] = defaultdict(dict)
    for item, result in read:
        if isinstance(item, Path) and isinstance(result, Look):  # known, with all that is filed along
            yield item, result, {}
            continue
        photo, file = (item.photo, item.file) if isinstance(item, _Along) else (item, item)
        told = waiting[photo]
        told[file] = result
        if len(told) > len(along.get(photo, ())):
            yield photo, told.pop(photo), waiting.pop(photo)


@dataclass(slots=True)
class _Twins:
    """Files of a photo of which another file is being looked at: they wait until that is entered, for it is theirs."""

    begun: set[tuple[str, int]] = field(default_factory=set)  # by image data and way up
    waiting: list[_Read] = field(default_factory=list)

    def waits(self, read: _Read, facts: PhotoFacts) -> bool:
        """Say whether a file waits; another one is begun by that."""
        shown = facts.image_hash, facts.orientation
        is_twin = shown in self.begun
        if is_twin:
            self.waiting.append(read)
        self.begun.add(shown)
        return is_twin

    def ended(self, look: object) -> None:
        """Hear that a photo was looked at and entered: its other files find it in the library from now on."""
        if isinstance(look, Look) and look.facts:
            self.begun.discard((look.facts.image_hash, look.facts.orientation))


def _unseen(context: Context, read: Iterable[_Read], twins: _Twins | None = None) -> Iterator[Task]:
    """Yield the photos that are to be looked at, but for `twins`: by their image data the store may know them."""
    for path, result, along in read:
        if context.stop.is_set():
            return
        if not isinstance(result, Reading):
            yield Task(path, result, is_done=True)
            continue
        look = _recalled(context, path, result, along)
        if look.known:
            yield Task(path, look, is_done=True)
        elif twins is None or not twins.waits((path, result, along), result.facts):
            yield Task(look, (path, result), memory=result.memory)


def _recalled(context: Context, path: Path, reading: Reading, along: Mapping[Path, object]) -> Look:
    photos, facts = context.store.photos, reading.facts
    photo_id = photo_of(context.store, facts, path)
    analysis_id = photos.analysis(photo_id, context.spec.engine_id, facts.orientation) if photo_id else None
    known = (photo_id, analysis_id) if photo_id and analysis_id else None
    stamp = reading.stamp
    whole = tuple((file, told) for file, told in along.items() if isinstance(told, Reading))
    left_out = [f"{error} (it is not filed along)" for error in along.values() if isinstance(error, Exception)]
    return Look(path, stamp.size, stamp.mtime_ns, facts, known, note="; ".join(left_out), along=whole)


def _looked(photo: Look | Path, result: object) -> Look | BadPhoto:
    match result, photo:
        case BadPhoto(), _:
            _log_notes(result)
            return result
        case KithError(), _:
            _log_notes(result)
            raise result
        case BrokenExecutor(), _:
            path = photo if isinstance(photo, Path) else photo.path
            late = isinstance(result, TookTooLong)
            return Unreadable(path, str(result), Unreadable.TOO_LONG) if late else BadPhoto(path, str(result))
        case Look(), _:
            return result
        case Analysis(), Look():
            return _with_analysis(photo, result)
    raise TypeError(result)


def _log_notes(error: KithError) -> None:
    for note in getattr(error, "__notes__", ()):
        _log.error("%s\n%s", error, note)


def _with_analysis(look: Look, analysis: Analysis) -> Look:
    """Return the look with what was seen, and what the file told then if it was written to after it was read."""
    look = replace(look, analysis=analysis, note="; ".join(filter(None, (look.note, analysis.note))))
    if not analysis.reading:
        return look
    stamp, facts = analysis.reading.stamp, analysis.reading.facts
    return replace(look, size=stamp.size, mtime_ns=stamp.mtime_ns, facts=facts)


def save_look(store: Store, look: Look, engine_id: str) -> tuple[int, int]:
    """Enter what was learned of a photo, within the caller's transaction; return the photo's id and the analysis'."""
    photo_id, analysis_id = look.known or (0, 0)
    if look.facts is not None:
        entered = enter_file(store, look.path, look.facts, look.analysis)
        photo_id = entered.photo_id
        store.photos.save_file(look.path, photo_id, look.size, look.mtime_ns)
        analysis_id = _save_analysis(store, look, photo_id, engine_id)
        if entered.like is not None:
            store.carried.copy(entered.like, photo_id, entered.turn)
        stack(store, photo_id, look.along)
    return photo_id, analysis_id


def _save_analysis(store: Store, look: Look, photo_id: int, engine_id: str) -> int:
    """Return the analysis of a photo at the orientation of its file, entered now where there is none.

    What was found known may turn out to be of another photo meanwhile, one of the same pixels: it is copied then.
    """
    assert look.facts
    orientation = look.facts.orientation
    present = store.photos.analysis(photo_id, engine_id, orientation)
    if present:
        return present
    analysis = look.analysis
    if analysis is None:
        _, known = look.known or (0, 0)
        analysis = store.photos.stored_analysis(known)
    return store.photos.save_analysis(photo_id, engine_id, orientation, analysis)


def together(looks: Iterable[Seen], most: int = 1) -> Iterator[list[Seen]]:
    """Yield what is known already many at a time, no photo twice and `most` at first, any other look by itself."""
    known: dict[int, Seen] = {}
    for look in looks:
        photo_id = look.known[0] if isinstance(look, Look) and look.known else None
        if known and (photo_id is None or photo_id in known or len(known) >= most):
            yield list(known.values())
            known.clear()
            most = min(2 * most, DECIDED_AT_ONCE)
        if photo_id is None:
            yield [look]
        else:
            known[photo_id] = look
    if known:
        yield list(known.values())
