"""The road of a photo up to its observations, the same for known and unknown photos."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from app.errors import BadPhoto, KithError
from app.identity.photo_records import Sighting, with_unseen
from app.identity.store import Store
from app.jobs.context import Context
from app.jobs.engines import made_ready
from app.jobs.file_identity import enter_file, photo_of
from app.jobs.workers import Task, Workers
from app.photos.facts import PhotoFacts, read_facts
from app.vision.analyse import Photo, analyse
from app.vision.observations import Analysis

_log = logging.getLogger(__name__)
_IN_FLIGHT_PER_WORKER = 2  # the next photo is at hand when one is done, and stopping is quick


@dataclass(frozen=True, slots=True)
class Look:
    """A photo's file with its analysis: `known` (photo id, analysis id) where the store has it already."""

    path: Path
    size: int
    mtime_ns: int
    facts: PhotoFacts | None
    known: tuple[int, int] | None = None
    analysis: Analysis | None = None


def look_at_photos(context: Context, paths: Iterable[Path | BadPhoto]) -> Iterator[Look | BadPhoto]:
    """Yield each photo looked at, in the order given, until the wish to stop; known photos are not analysed again.

    Raises the KithError that concerns the whole run, such as ModelMissing.
    """
    in_flight = _IN_FLIGHT_PER_WORKER * context.workers
    workers = Workers(context.executor, partial(_work, context), in_flight, context.batch_size)
    try:
        for look, result in workers.results(_tasks(context, paths)):
            yield _looked(look, result)
    finally:
        workers.close()


def _work(context: Context) -> Callable[[Sequence[Photo]], list[Analysis | KithError]]:
    return partial(analyse, spec=made_ready(context.spec, context.device))


def _tasks(context: Context, paths: Iterable[Path | BadPhoto]) -> Iterator[Task]:
    for path in paths:
        if context.stop.is_set():
            return
        try:
            if isinstance(path, BadPhoto):
                raise path
            look = _recall(context, path)
        except BadPhoto as error:
            yield Task(None, error, is_done=True)
            continue
        if look.facts is None or look.known is not None:
            yield Task(look, None, is_done=True)
        else:
            yield Task(look, (path, look.facts.orientation))


def _recall(context: Context, path: Path) -> Look:
    """Find what the store knows of a photo: by place, size and time first, then by its image data."""
    try:
        stat = path.stat()
    except OSError as error:
        read_facts(path)  # raises, and says why in plain words
        raise BadPhoto(path, f"cannot be read: {error.strerror or error}") from error
    photos, engine_id = context.store.photos, context.spec.engine_id
    unchanged = photos.at(path, stat.st_size, stat.st_mtime_ns)
    analysis_id = photos.analysis(unchanged[0], engine_id, unchanged[1]) if unchanged else None
    if unchanged and analysis_id:
        return Look(path, stat.st_size, stat.st_mtime_ns, None, (unchanged[0], analysis_id))
    facts = read_facts(path)
    photo_id = photo_of(context.store, facts, path)
    analysis_id = photos.analysis(photo_id, engine_id, facts.orientation) if photo_id else None
    known = (photo_id, analysis_id) if photo_id and analysis_id else None
    return Look(path, stat.st_size, stat.st_mtime_ns, facts, known)


def _looked(look: Look | None, result: object) -> Look | BadPhoto:
    match result:
        case BadPhoto():
            _log_notes(result)
            return result
        case KithError():
            _log_notes(result)
            raise result
        case Analysis() if look:
            return replace(look, analysis=result)
        case None if look:
            return look
        case _ if look:
            return BadPhoto(look.path, "the process that read it died: the file may be damaged or need too much memory")
    raise TypeError(result)


def _log_notes(error: KithError) -> None:
    for note in getattr(error, "__notes__", ()):
        _log.error("%s\n%s", error, note)


def save_look(store: Store, look: Look, engine_id: str) -> tuple[int, list[Sighting], bool]:
    """Enter what was learned of a photo, within the caller's transaction.

    Returns the photo's id, what shows in it (also whom only the user saw), and whether it was analysed just now.
    """
    photo_id, analysis_id = look.known or (0, 0)
    if look.facts is not None:
        entered = enter_file(store, look.path, look.facts, look.analysis)
        photo_id = entered.photo_id
        store.photos.save_file(look.path, photo_id, look.size, look.mtime_ns)
        analysis_id = _save_analysis(store, look, photo_id, engine_id)
        if entered.like is not None:
            store.carried.copy(entered.like, photo_id, entered.turn)
    sightings = with_unseen(store.photos.sightings(analysis_id), store.people.named_by_user(photo_id))
    return photo_id, sightings, look.analysis is not None


def _save_analysis(store: Store, look: Look, photo_id: int, engine_id: str) -> int:
    """Return the analysis of a photo at the orientation of its file, entered now where there is none.

    What was found known may turn out to be of another photo meanwhile, one of the same pixels: it is copied then.
    """
    assert look.facts
    orientation = look.facts.orientation
    present = store.photos.analysis(photo_id, engine_id, orientation)
    if present:
        return present
    analysis = look.analysis or store.photos.stored_analysis(look.known[1] if look.known else 0)
    return store.photos.save_analysis(photo_id, engine_id, orientation, analysis)
