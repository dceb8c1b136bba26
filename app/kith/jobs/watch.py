"""Watch folders: recognise the photos that come, once they grow no more, several at a time.

Between two of these runs nothing is held: no lock, no worker process, no open library.
"""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from kith.errors import BadInput, KithError, StoreBusy
from kith.jobs.answers import in_time
from kith.jobs.context import Context, Tell, at_work_on, open_context, untold
from kith.jobs.engines import find_engines
from kith.jobs.events import Event, Notice, PhotoDone, PhotoFailed, Waits
from kith.jobs.folder_checks import check_inputs, check_output, standing_outputs
from kith.jobs.gentle import why_wait
from kith.jobs.library_file import open_records
from kith.jobs.photo_list import Chosen
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.watched_folders import WatchedFolders
from kith.jobs.workers import ExecutorFactory
from kith.library.paths import FileState
from kith.messages import JobName, Setting
from kith.settings import Settings
from kith.text import counted

TICK_S = 1.0
BUSY_S, FAILED_S = 5.0, 60.0  # until it is tried again: while another job is at work, and after what could not be done
_ASKED_AT_ONCE = 500  # files of which the library is asked


class Watch:
    """Folders being watched, and what came of it so far; for one thread at a time. Close it when done."""

    def __init__(self, settings: Settings, roots: Sequence[Path], clock: Callable[[], float] = time.monotonic) -> None:
        """Begin; raises BadInput, BadKnowledgeBase and ModelMissing."""
        self._clock = clock
        self._settings = settings
        self._not_before = 0.0
        self._waits = ""
        self._told: set[str] = set()
        self._recognised: set[Path] = set()
        check_output(settings.output_folder, settings.dataset_folder, roots)
        self._engine_id = find_engines(settings)[0].engine_id
        with open_records(settings) as store:
            outputs = standing_outputs(store.copies)
        check_inputs(roots, outputs)
        self._folders = WatchedFolders(roots, settings, [*outputs, settings.output_folder], self._known)

    @property
    def line(self) -> str:
        """What is watched, and what came of it."""
        places = ", ".join(map(str, self._folders.roots))
        coming = len(self._folders.arrivals)
        parts = [f"{counted(len(self._recognised), 'new photo')} recognised"]
        parts += [f"{coming:,} more coming"] if coming else []
        parts += [f"waiting: {self._waits}"] if self._waits else []
        return f"Watching {places}: {', '.join(parts)}"

    def look(self) -> tuple[list[Event], list[Path]]:
        """See what came; return what there is to say, and the photos to be recognised now."""
        now = self._clock()
        try:
            told: list[Event] = [Notice(text) for text in self._folders.look(now)]
        except KithError as error:
            return self.put_off(error), []
        ready = self._folders.arrivals.ready(now) if now >= self._not_before else []
        reason = self._why_wait() if ready else ""
        if reason != self._waits:
            told.append(Waits(reason))
        self._waits = reason
        return told, [] if reason else ready

    def _why_wait(self) -> str:
        worker = at_work_on(self._settings.library_file)
        return why_wait(self._settings) or (f"{worker} is at work." if worker else "")

    def recognise(self, context: Context, photos: Collection[Path]) -> Iterator[Event]:
        """Recognise photos that came, as a run of its own; it ends early where a gentle run would wait.

        Raises as `recognize_folder`.
        """
        files = [file for photo in photos if (file := FileState.now(photo))]
        known = self._known(files)
        for path in known:  # another run was quicker
            self._folders.arrivals.done(path, self._clock())
        new = [file.path for file in files if file.path not in known]
        if not new:
            return
        roots = [root for root in self._folders.roots if any(photo.is_relative_to(root) for photo in new)]
        chosen = Chosen(new, lambda path: self._folders.arrivals.is_left(path, self._clock()))
        for event in recognize_folder(context, roots, self._settings.output_folder, chosen=chosen):
            self._take(event)
            if isinstance(event, Waits):
                context.stop.set()
            else:
                yield event
        self._told.clear()

    def put_off(self, error: KithError) -> list[Event]:
        """Try again later what could not be done, and return what to say of that, if it was not said just before."""
        self._not_before = self._clock() + (BUSY_S if isinstance(error, StoreBusy) else FAILED_S)
        if str(error) in self._told:
            return []
        self._told.add(str(error))
        return [Notice(error.message)]

    def close(self) -> None:
        """Watch nothing any more."""
        self._folders.close()

    def _take(self, event: Event) -> None:
        arrivals, now = self._folders.arrivals, self._clock()
        match event:
            case PhotoDone():
                self._recognised.add(event.path)
                arrivals.done(event.path, now)
            case PhotoFailed():
                arrivals.give_up(event.path, now)

    def _known(self, files: Collection[FileState]) -> set[Path]:
        """Return which files the library knows as they are: by a photo that was looked at with today's models."""
        if not files:
            return set()
        with open_records(self._settings) as store:
            several = [*files]
            asked = [several[at : at + _ASKED_AT_ONCE] for at in range(0, len(several), _ASKED_AT_ONCE)]
            known = [store.photos.unchanged(some, self._engine_id) for some in asked]
        return {Path(path) for found in known for path, photo in found.items() if photo.analysis_id}


class _Halt(threading.Event):
    """The wish to stop one run, or to watch no more."""

    def __init__(self, everything: threading.Event) -> None:
        super().__init__()
        self._everything = everything

    def is_set(self) -> bool:
        """Whether there is one of the two."""
        return super().is_set() or self._everything.is_set()


def check_that_folders_are_there(roots: Sequence[Path]) -> None:
    """Raise BadInput for the first that is none."""
    for root in roots:
        if not os.path.isdir(root):
            raise BadInput(
                f"{root} is no folder that is there: name a folder that photos come into. Without a name it is the "
                "folder that ",
                Setting("process_dir"),
                " names.",
            )


def arrivals_in(watch: Watch, stop: threading.Event) -> Iterator[Event | list[Path]]:
    """Yield what there is to say, and lists of photos to be recognised then, until the wish to stop."""
    while not stop.is_set():
        looked = yield from in_time(watch.look, stop, "a folder that is watched does not answer.")
        told, photos = looked or ((), [])
        yield from told
        if photos:
            yield photos
        stop.wait(TICK_S)


def watch_folders(
    settings: Settings,
    roots: Sequence[Path],
    stop: threading.Event,
    executor: ExecutorFactory | None = None,
    tell: Tell = untold,
) -> Iterator[Event]:
    """Watch folders until the wish to stop, and recognise the photos that come, each batch as a run.

    Yields the events of these runs and Notice and Waits between them. Raises BadInput, BadKnowledgeBase and
    ModelMissing at its start; what goes wrong later is told, and tried again.
    """
    check_that_folders_are_there(roots)
    watch = Watch(settings, roots)
    try:
        yield Notice(f"{watch.line}. Photos are recognised as they come, until you stop this with Ctrl-C.")
        for event in arrivals_in(watch, stop):
            if isinstance(event, list):
                halt = _Halt(stop)
                opened = open_context(settings, halt, JobName.RECOGNIZE_FOLDER, executor, tell=tell)
                yield from _run(watch, opened, event)
            else:
                yield event
    finally:
        watch.close()


def _run(watch: Watch, opened: AbstractContextManager[Context], photos: Collection[Path]) -> Iterator[Event]:
    try:
        with opened as context:
            yield from watch.recognise(context, photos)
    except KithError as error:
        yield from watch.put_off(error)
