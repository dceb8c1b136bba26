"""A watch over a small world's input folder, by a clock that stands until it is told to go on."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kith.errors import BadPhoto, KithError
from kith.jobs import looks
from kith.jobs.context import open_context
from kith.jobs.events import Event, PhotoDone, PhotoFailed
from kith.jobs.folder_events import FolderEvents
from kith.jobs.watch import Watch
from kith.photos import photo_file
from kith.photos.facts import read_facts
from tests.desk import is_analysis
from tests.small_world import Eyes, World


class EyesForWhole(Eyes):
    """Sees in whole photos what is made up for them, and in others that they are cut off."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return what is seen, or that the file ends too early."""
        if not is_analysis(fn):
            return super().submit(fn, *args, **kwargs)
        (photos,) = args
        seen = [self._result(fn, photo) for photo in photos]
        future: Future[Any] = Future()
        future.set_result(seen)
        return future

    def _result(self, fn: Any, photo: Any) -> Any:
        if read_facts(photo[0]).image_hash not in self.known:
            return BadPhoto(photo[0], "the file is truncated")
        (seen,) = super().submit(fn, [photo]).result()
        return seen


class Watching:
    """A watch and what it told; `after` lets time pass, and recognises what is ready then."""

    def __init__(self, world: World, *roots: Path) -> None:
        self.world, self.now = world, 1_000.0
        self.told: list[str] = []
        self.done: list[Path] = []
        self.failed: list[Path] = []
        self.batches = 0
        self.watch = Watch(world.settings, roots or [world.root / "input"], lambda: self.now)

    def after(self, seconds: float = 0.0) -> list[str]:
        """Let time pass, and return the names of the photos recognised then."""
        self.now += seconds
        events, photos = self.watch.look()
        before = len(self.done)
        self.told += [getattr(event, "text", None) or event.line for event in events]
        if photos:
            self.recognise(photos)
        return [path.name for path in self.done[before:]]

    def settled(self) -> list[str]:
        """Let photos be found that no event told of, and grow no more; return the names of those recognised."""
        return [*self.after(70), *self.after(4), *self.after(31)]

    def recognise(self, photos: list[Path]) -> None:
        """Recognise photos, as the command does."""
        world = self.world
        opened = open_context(world.settings, threading.Event(), "test", lambda: world.eyes)
        try:
            with opened as context:
                self.batches += 1
                for event in self.watch.recognise(context, photos):
                    self._take(event)
        except KithError as error:
            self.told += [event.text for event in self.watch.put_off(error) if hasattr(event, "text")]

    def _take(self, event: Event) -> None:
        match event:
            case PhotoDone():
                self.done.append(event.path)
            case PhotoFailed():
                self.failed.append(event.path)


@contextmanager
def watching(world: World, *roots: Path, problem: str = "") -> Iterator[Watching]:
    """Watch the input folder, or other folders, of a world; `problem` is why the system tells of no changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looks, "made_ready", lambda spec, _device: spec)
        patch.setattr(FolderEvents, "watch", lambda *_: problem)  # the clock alone says when the folders are looked at
        patch.setattr(photo_file, "_PATIENCE_S", 0.0)  # nobody writes to a file meanwhile
        watched = Watching(world, *roots)
        try:
            yield watched
        finally:
            watched.watch.close()


def half(path: Path, write: Callable[[bytes], object]) -> bytes:
    """Write the first half of a file by `write`, and return the rest."""
    content = path.read_bytes()
    middle = len(content) // 2
    write(content[:middle])
    return content[middle:]
