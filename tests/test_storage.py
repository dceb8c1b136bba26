"""A disk or share that stalls or vanishes is waited for: no photo is blamed, and the job goes on by itself."""

import errno
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kith.errors import FilingFailed, Unreadable
from kith.filing import copies, copy_file
from kith.jobs import answers, looks, storage
from kith.jobs.answers import in_time
from kith.jobs.build_kb import build_kb
from kith.jobs.context import Context, open_context
from kith.jobs.events import BuildFinished, Event, PhotoDone, PhotoFailed, RecognitionFinished, Waits
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.storage import Storage
from kith.jobs.worker_processes import TookTooLong
from tests.desk import is_analysis
from tests.small_world import Eyes, World

Job = Callable[[Context], Iterator[Event]]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LOOK_S", 0.01)
    monkeypatch.setattr(looks, "made_ready", lambda spec, _device: spec)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three people are taught; seven photos lie in the input."""
    return World(tmp_path / "world")


def _recognition(world: World) -> Job:
    return partial(recognize_folder, inputs=[world.root / "input"], output=world.root / "output")


def _run(
    world: World, job: Job, eyes: Eyes | None = None, on: Callable[[Event], object] = lambda _: None
) -> list[Event]:
    events = []
    opened = open_context(world.settings, threading.Event(), "test", lambda: eyes or world.eyes)
    with opened as context:
        for event in job(context):
            events.append(event)
            on(event)
    return events


def _of(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


class _Away:
    """A folder that goes away when it is told to, and is back once the job says that it waits for it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._elsewhere = folder, folder.with_name("elsewhere")

    def go(self) -> None:
        self._folder.rename(self._elsewhere)

    def back(self, event: Event) -> None:
        if isinstance(event, Waits) and event.reason:
            assert str(self._folder) in event.reason
            self._elsewhere.rename(self._folder)


class _Faulty(Eyes):
    """Sees as others do, but for the faults of the disk: `fault` is asked before each look and may give its error."""

    def __init__(self, eyes: Eyes, fault: Callable[[Path], Exception | None]) -> None:
        super().__init__()
        self.known, self.fault = eyes.known, fault
        self.times: list[str] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not is_analysis(fn):
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        seen = []
        for photo in args[0]:
            self.times.append(photo[0].name)
            error = self.fault(photo[0])
            if error and not isinstance(error, Unreadable):
                future.set_exception(error)
                return future
            seen.append(error or super().submit(fn, [photo], **kwargs).result()[0])
        future.set_result(seen)
        return future


# Photos


def test_photos_on_a_disk_that_is_away_are_waited_for_and_none_fails(world: World) -> None:
    away = _Away(world.root / "input")

    def fault(path: Path) -> Exception | None:
        if path.name == "8.png" and len(eyes.times) < 5:
            away.go()
        return None if path.exists() else Unreadable(path, "the file is not there any more", errno.ENOENT)

    eyes = _Faulty(world.eyes, fault)
    events = _run(world, _recognition(world), eyes, away.back)
    assert _of(events, PhotoFailed) == []
    assert len({event.path for event in _of(events, PhotoDone)}) == 7
    assert [bool(event.reason) for event in _of(events, Waits)] == [True, False]
    assert not events[-1].stopped
    assert world.query("SELECT * FROM failures") == []


def test_a_photo_that_is_deleted_meanwhile_is_no_fault_of_the_disk(world: World) -> None:
    def fault(path: Path) -> Exception | None:
        if path.name != "8.png":
            return None
        path.unlink(missing_ok=True)
        return Unreadable(path, "the file is not there any more", errno.ENOENT)

    events = _run(world, _recognition(world), _Faulty(world.eyes, fault))
    assert [event.path.name for event in _of(events, PhotoFailed)] == ["8.png"]
    assert _of(events, Waits) == []


def test_one_file_that_cannot_be_read_is_tried_once_more_and_fails(world: World) -> None:
    def fault(path: Path) -> Exception | None:
        return Unreadable(path, "Input/output error", errno.EIO) if path.name == "8.png" else None

    eyes = _Faulty(world.eyes, fault)
    events = _run(world, _recognition(world), eyes)
    assert [event.path.name for event in _of(events, PhotoFailed)] == ["8.png"]
    assert eyes.times.count("8.png") == 2
    assert _of(events, Waits) == []
    assert len(_of(events, PhotoDone)) == 6


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT])
def test_a_disk_that_gives_no_file_any_more_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    is_ill = [False]
    monkeypatch.setattr(storage, "_is_read", lambda _: not is_ill[0])

    def fault(path: Path) -> Exception | None:
        is_ill[0] |= len(eyes.times) == 3
        return Unreadable(path, "an error", number) if is_ill[0] else None

    def heal(event: Event) -> None:
        is_ill[0] &= not isinstance(event, Waits)

    eyes = _Faulty(world.eyes, fault)
    events = _run(world, _recognition(world), eyes, heal)
    assert _of(events, PhotoFailed) == []
    assert len({event.path for event in _of(events, PhotoDone)}) == 7


@pytest.mark.parametrize("is_read", [True, False])
def test_a_photo_that_takes_too_long_fails_if_its_file_can_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch, is_read: bool
) -> None:
    monkeypatch.setattr(storage, "_is_read", lambda _: is_read)

    def fault(path: Path) -> Exception | None:
        late = path.name == "8.png" and (is_read or eyes.times.count("8.png") < 3)
        return TookTooLong("it took longer than 60 seconds") if late else None

    eyes = _Faulty(world.eyes, fault)
    events = _run(world, _recognition(world), eyes)
    failed = [event.path.name for event in _of(events, PhotoFailed)]
    assert failed == (["8.png"] if is_read else [])


def test_what_does_not_come_back_ends_the_run_as_one_that_was_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BOUND_S", 0.05)
    away = _Away(world.root / "input")

    def fault(path: Path) -> Exception | None:
        if len(eyes.times) == 2:
            away.go()
        return None if path.exists() else Unreadable(path, "the file is not there any more", errno.ENOENT)

    eyes = _Faulty(world.eyes, fault)
    (*_, end) = events = _run(world, _recognition(world), eyes)
    assert isinstance(end, RecognitionFinished)
    assert end.stopped
    assert _of(events, PhotoFailed) == []
    assert world.query("SELECT * FROM failures") == []


def test_people_on_a_disk_that_is_away_are_waited_for(world: World) -> None:
    world.settings.library_file.rename(world.root / "library.sqlite")
    world.values["library_path"] = "library.sqlite"
    world.put(9, "people/Ann")
    away = _Away(world.root / "people")

    def fault(path: Path) -> Exception | None:
        if len(eyes.times) == 1:
            away.go()
        return None if path.exists() else Unreadable(path, "the file is not there any more", errno.ENOENT)

    eyes = _Faulty(world.eyes, fault)
    (*_, end) = events = _run(world, build_kb, eyes, away.back)
    assert isinstance(end, BuildFinished)
    assert (end.failed, end.away, end.stopped) == ((), (), False)
    assert len(_of(events, Waits)) == 2


# Copies


def test_copies_of_photos_whose_disk_goes_away_are_made_when_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, made = _Away(world.root / "input"), list[int]()

    def goes_away(*args: Any, **kwargs: Any) -> Any:
        if len(made) == 1:
            away.go()
        made.append(1)
        return copy_file.make(*args, **kwargs)

    monkeypatch.setattr(copies, "make", goes_away)
    events = _run(world, _recognition(world), on=away.back)
    assert _of(events, PhotoFailed) == []
    assert len(_of(events, Waits)) == 2
    world.check()


def test_an_output_folder_that_goes_away_is_waited_for(world: World) -> None:
    away = _Away(world.root / "output")

    def on(event: Event) -> None:
        if isinstance(event, PhotoDone) and event.done == 2:
            away.go()
        away.back(event)

    events = _run(world, _recognition(world), on=on)
    assert _of(events, PhotoFailed) == []
    assert len(_of(events, Waits)) == 2
    world.check()


def test_an_output_folder_that_does_not_come_back_ends_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "BOUND_S", 0.05)

    def on(event: Event) -> None:
        if isinstance(event, PhotoDone) and event.done == 2:
            _Away(world.root / "output").go()

    with pytest.raises(FilingFailed):
        _run(world, _recognition(world), on=on)
    (world.root / "elsewhere").rename(world.root / "output")
    world.recognise()
    world.check()


# Where a disk is


def test_an_empty_place_where_a_disk_was_mounted_counts_as_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos/drive").mkdir(parents=True)
    photo = tmp_path / "photos/drive/a.jpg"
    disks = {tmp_path / "photos/drive": (7, 1)}
    monkeypatch.setattr(storage, "identity", lambda folder: disks.get(folder, (1, 1)))
    place = Storage([tmp_path / "photos"], [photo.parent], threading.Event())
    assert not place._is_away(photo)
    disks.clear()
    assert place._is_away(photo), "another disk than that of the drive lies there, and it is empty"
    assert place._place(photo) == photo.parent
    photo.touch()
    assert not place._is_away(photo), "it is mounted anew, under another number"


def test_an_answer_that_takes_long_is_waited_for_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SLOW_S", 0.0)
    monkeypatch.setattr(answers, "_LOOK_S", 0.01)
    goes_on = threading.Event()
    asking = in_time(lambda: goes_on.wait(60), threading.Event(), "it sleeps")
    assert next(asking).line == "Waiting: it sleeps"
    goes_on.set()
    assert next(asking).line == "Going on."
    with pytest.raises(StopIteration) as end:
        next(asking)
    assert end.value.value is True


@pytest.mark.parametrize(("stopped", "bound_s"), [(True, 60), (False, 0)])
def test_nobody_waits_for_an_answer_for_ever(stopped: bool, bound_s: float) -> None:
    stop, goes_on = threading.Event(), threading.Event()
    if stopped:
        stop.set()
    asking = in_time(lambda: goes_on.wait(60), stop, "it sleeps", bound_s)
    with pytest.raises(StopIteration) as end:
        next(asking)
    assert end.value.value is None
    goes_on.set()


def test_an_error_of_a_file_goes_from_process_to_process() -> None:
    error = pickle.loads(pickle.dumps(Unreadable(Path("a.jpg"), "an error", errno.EIO)))
    assert (error.path, error.reason, error.number) == (Path("a.jpg"), "an error", errno.EIO)
    assert str(error) == "a.jpg: an error"


def test_a_disk_that_gives_no_answer_is_told_of_while_the_job_itself_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "SLOW_S", 0.0)
    monkeypatch.setattr(storage, "SLOW_S", 0.01)
    hangs, told = threading.Event(), []
    monkeypatch.setattr(storage, "_is_read", lambda _: hangs.wait(60))
    place = Storage([tmp_path], [], threading.Event())
    goes_on = threading.Event()

    def tell(event: Waits) -> None:
        told.append(event.line)
        hangs.set()
        if not event.reason:
            goes_on.set()

    with place.watched(tell):
        assert goes_on.wait(60)
    assert told[:2] == [f"Waiting: {tmp_path} does not answer.", "Going on."]
