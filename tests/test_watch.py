"""Watched folders: each photo that comes is recognised once, and none while it is half there."""

import os
import random
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from kith.errors import BadInput
from kith.jobs import gentle, watched_folders
from kith.jobs.arrivals import OPEN_S, PATIENCE_S, SETTLED_S, TOGETHER_S, Arrivals
from kith.jobs.context import sole_job
from kith.jobs.events import Notice, Waits
from kith.jobs.filing_runs import undo_run
from kith.jobs.gentle import pauses, why_wait
from kith.jobs.open_library import OpenLibrary
from kith.jobs.user_words import Is
from kith.jobs.watch import check_that_folders_are_there, watch_folders
from kith.jobs.watched_folders import ALL_S, POLL_S, WatchedFolders
from kith.jobs.worker_processes import WorkerProcesses
from kith.jobs.workers import worker_count
from kith.library.paths import FileState
from kith.photos.outputs import mark_output
from kith.settings import Settings
from tests.desk import kith, ran
from tests.making import posix_only
from tests.small_world import World
from tests.watching import EyesForWhole, Watching, watching

FIRST = {"5.png", "6.png", "8.png", "10.png", "11.png", "12.png", "13.png"}
NEW = (3, 7, 9, 14, 15, 16, 17, 18, 19)  # photos of the world that are not in its input


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Ann, Bob and Eve are taught; seven photos lie in the input, none recognised yet."""
    world = World(tmp_path / "world")
    eyes = EyesForWhole()
    eyes.known = world.eyes.known
    world.eyes = eyes
    return world


def _make(world: World, photo: int, place: str = "made") -> Path:
    """Make a photo outside the input folder."""
    world.put(photo, place)
    path = world.root / place / f"{photo}.png"
    world.originals.pop(path)
    return path


# Photos on their way


def _arrivals(root: Path, *names: str) -> Arrivals:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"photo")
    arrivals = Arrivals()
    arrivals.add(arrivals.are_new([root / name for name in names]), root, now=0)
    return arrivals


def test_a_photo_is_ready_once_it_grew_no_more_for_a_moment(tmp_path: Path) -> None:
    arrivals = _arrivals(tmp_path, "a.jpg")
    assert arrivals.ready(SETTLED_S - 1) == []
    (tmp_path / "a.jpg").write_bytes(b"photo, and more of it")
    arrivals.look(SETTLED_S)
    assert arrivals.ready(SETTLED_S) == []
    assert arrivals.ready(2 * SETTLED_S) == [tmp_path / "a.jpg"]


@pytest.mark.parametrize("name", ["~a.jpg", "a.tmp.jpg", "a.part.jpg", "a.jpg.download/a.jpg", "b.PART/c/a.jpg"])
def test_names_for_the_meantime_are_waited_for_longer(tmp_path: Path, name: str) -> None:
    arrivals = _arrivals(tmp_path, name)
    assert arrivals.ready(PATIENCE_S - 1) == []
    assert arrivals.ready(PATIENCE_S) == [tmp_path / name]


def test_a_file_that_is_open_for_writing_is_waited_for_longer(tmp_path: Path) -> None:
    arrivals = _arrivals(tmp_path, "a.jpg")
    arrivals.opened(tmp_path / "a.jpg")
    assert arrivals.ready(OPEN_S - 1) == []
    arrivals.closed(tmp_path / "a.jpg")
    assert arrivals.ready(2 * SETTLED_S) == [tmp_path / "a.jpg"]


def test_an_empty_file_is_no_photo_yet(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert Arrivals().are_new([tmp_path / "a.jpg"]) == []


def test_what_is_deleted_again_is_not_waited_for(tmp_path: Path) -> None:
    arrivals = _arrivals(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "a.jpg").unlink()
    arrivals.look(1)
    assert arrivals.ready(SETTLED_S) == [tmp_path / "b.jpg"]


def test_photos_wait_for_others_that_are_coming_but_not_for_ever(tmp_path: Path) -> None:
    arrivals = _arrivals(tmp_path, "a.jpg")
    for second in range(1, 60):
        file = tmp_path / f"{second}.jpg"
        file.write_bytes(b"photo")
        arrivals.add(arrivals.are_new([file]), tmp_path, second)
        ready = arrivals.ready(second)
        if ready:
            break
    assert second == SETTLED_S + TOGETHER_S
    assert len(ready) == second - SETTLED_S + 1


def test_what_cannot_be_read_is_left_alone_until_it_changes(tmp_path: Path) -> None:
    arrivals, photo = _arrivals(tmp_path, "a.jpg"), tmp_path / "a.jpg"
    assert arrivals.is_left(photo, SETTLED_S)
    assert arrivals.ready(SETTLED_S) == []
    assert not arrivals.is_left(photo, PATIENCE_S)
    arrivals.give_up(photo, PATIENCE_S)
    assert len(arrivals) == 0
    assert arrivals.are_new([photo]) == []
    photo.write_bytes(b"another photo")
    assert arrivals.are_new([photo]) == [FileState.now(photo)]


def test_what_changed_while_it_was_recognised_is_waited_for_once_more(tmp_path: Path) -> None:
    arrivals, photo = _arrivals(tmp_path, "a.jpg"), tmp_path / "a.jpg"
    photo.write_bytes(b"another photo")
    arrivals.done(photo, SETTLED_S)
    assert arrivals.ready(2 * SETTLED_S) == [photo]
    arrivals.done(photo, 2 * SETTLED_S)
    assert len(arrivals) == 0


# Stories


def test_what_came_while_nothing_watched_is_recognised_at_the_start_and_once(world: World) -> None:
    with watching(world) as watch:
        assert watch.after() == []
        assert {*watch.after(SETTLED_S)} == FIRST
        assert watch.settled() == []
        assert watch.watch.line.endswith("input: 7 new photos recognised")
        assert watch.batches == 1
    world.check()
    with watching(world) as watch:
        assert watch.settled() == []


def test_photos_arriving_in_every_way_are_each_recognised_once_and_none_half(world: World) -> None:
    order = random.Random(7)
    put = world.root / "input"
    with watching(world) as watch:
        watch.settled()
        ways: list[Callable[[World, int], Iterator[None]]] = [_slowly, _renamed, _deleted, _with_a_folder, _at_once]
        stories = [ways[number % len(ways)](world, photo) for number, photo in enumerate(NEW)]
        while stories:
            order.shuffle(stories)
            for story in [*stories]:
                if next(story, "over") == "over":
                    stories.remove(story)
                watch.after(order.choice([1, 4, 6]))  # nobody pauses for longer than is waited for
        watch.settled()
        watch.after(PATIENCE_S)  # for those that were found cut off
    came = [path for path in watch.done if path.name not in FIRST]
    there = {path for path in put.rglob("*.png") if path.name not in FIRST}
    assert sorted(came) == sorted(there)
    assert watch.failed == []
    assert set(world.eyes.looked.values()) == {1}


def _slowly(world: World, photo: int) -> Iterator[None]:
    content = _make(world, photo).read_bytes()
    target = world.root / "input" / f"{photo}.png"
    with target.open("wb") as file:
        for byte in range(0, len(content), 20):
            file.write(content[byte : byte + 20])
            file.flush()
            yield


def _renamed(world: World, photo: int) -> Iterator[None]:
    made = _make(world, photo)
    for name in (f".{photo}.png.Xy12", f"{photo}.png.part", f"{photo}.png"):
        made = made.rename(world.root / "input" / name)
        yield


def _deleted(world: World, photo: int) -> Iterator[None]:
    made = shutil.move(_make(world, photo), world.root / "input" / f"{photo}.png")
    Path(made).unlink()
    yield


def _with_a_folder(world: World, photo: int) -> Iterator[None]:
    made = _make(world, photo, f"made/{photo}")
    yield
    made.parent.rename(world.root / "input" / f"folder {photo}")
    yield


def _at_once(world: World, photo: int) -> Iterator[None]:
    shutil.copyfile(_make(world, photo), world.root / "input" / f"{photo}.png")
    yield


def test_a_batch_is_a_run_that_can_be_undone_and_is_not_filed_again_by_itself(world: World) -> None:
    with watching(world) as watch:
        watch.settled()
        shutil.copyfile(_make(world, 9), world.root / "input/9.png")
        watch.settled()
        with closing(OpenLibrary(world.settings)) as library:
            runs = library.store.runs.all()
            assert [run.photos for run in runs] == [1, 7]
            undo_run(library, runs[1].id)
        before = world.tree()
        watch.settled()
        assert world.tree() == before
        assert sum(before.values()) == 1


def test_while_nothing_comes_others_may_work_and_words_are_heard(world: World) -> None:
    with watching(world) as watch:
        watch.settled()
        with sole_job(world.settings.library_file, "Building"):
            assert watch.after(1) == []
            shutil.copyfile(_make(world, 9), world.root / "input/9.png")
            assert watch.settled() == []
            assert "Building" in watch.told[-1]
            told = len(watch.told)
            watch.settled()
            assert len(watch.told) == told, "it is said once"
            assert watch.batches == 1, "it is not even tried"
        assert watch.settled() == ["9.png"]
        with closing(OpenLibrary(world.settings)) as library:
            ((key,),) = world.query(
                "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path LIKE '%/9.png'"
            )
            library.say(Is([key], library.people.find("Eve")))
        assert watch.settled() == []


def test_a_folder_that_is_away_is_waited_for_and_what_lies_in_it_then_recognised(world: World) -> None:
    with watching(world) as watch:
        watch.settled()
        away = (world.root / "input").rename(world.root / "away")
        watch.after(1)
        assert "is not there now: is its drive plugged in" in watch.told[-1]
        shutil.copyfile(_make(world, 9), away / "9.png")
        told = len(watch.told)
        assert watch.settled() == []
        assert len(watch.told) == told
        away.rename(world.root / "input")
        assert watch.settled() == ["9.png"]
        assert "there again" in watch.told[-1]
    assert world.query("SELECT * FROM failures") == []


def test_a_photo_cut_off_for_good_is_told_once_after_a_while(world: World) -> None:
    with watching(world) as watch:
        watch.settled()
        content = _make(world, 9).read_bytes()
        (world.root / "input/9.png").write_bytes(content[: len(content) // 2])
        watch.settled()
        assert watch.failed == []
        assert world.query("SELECT * FROM failures") == []
        watch.after(PATIENCE_S)
        watch.settled()
        assert [path.name for path in watch.failed] == ["9.png"]
        (world.root / "input/9.png").write_bytes(content)
        assert [*watch.after(POLL_S), *watch.after(PATIENCE_S)] == ["9.png"]
        assert world.query("SELECT * FROM failures") == []


def test_where_no_event_comes_the_folders_are_looked_at_often(world: World) -> None:
    with watching(world, problem="inotify watch limit reached") as watch:
        watch.settled()
        assert any("inotify watch limit reached" in text for text in watch.told)
        (world.root / "input/deep/er").mkdir(parents=True)
        shutil.copyfile(_make(world, 9), world.root / "input/deep/er/9.png")
        found = [*watch.after(POLL_S), *watch.after(SETTLED_S + 1)]
        assert found == ["9.png"]


@pytest.mark.parametrize("marked", [True, False])
def test_what_kith_filed_is_not_watched(world: World, marked: bool) -> None:
    filed = world.root / "input/sorted"
    if marked:
        mark_output(filed)
    else:
        world.values["processed_dir"] = "input/sorted"
    if not marked:
        with pytest.raises(BadInput, match="Choose an output folder apart"):
            Watching(world)
        return
    shutil.copyfile(_make(world, 9), filed / "9.png")
    with watching(world) as watch:
        assert {*watch.settled()} == FIRST
        shutil.copyfile(_make(world, 7), filed / "7.png")
        assert watch.settled() == []


def test_a_photo_that_is_edited_in_place_is_looked_at_again_though_nobody_tells(world: World) -> None:
    with watching(world) as watch:
        watch.settled()
        shutil.copyfile(_make(world, 9), world.root / "input/8.png")
        assert [*watch.after(ALL_S), *watch.after(SETTLED_S)] == ["8.png"]


def test_the_system_tells_of_a_photo_that_came(tmp_path: Path) -> None:
    settings = Settings.at(tmp_path, {})
    (tmp_path / "photos").mkdir()
    folders = WatchedFolders([tmp_path / "photos"], settings, [], lambda _: ())
    with closing(folders):
        folders.look(0)
        (tmp_path / "photos/new").mkdir()
        (tmp_path / "photos/new/a.jpg").write_bytes(b"photo")
        pause = threading.Event()
        for tenth in range(590):
            folders.look(tenth / 10)  # no folder's time is looked at yet
            if len(folders.arrivals):
                break
            pause.wait(0.1)
    assert len(folders.arrivals) == 1


def test_a_folder_within_another_is_watched_once(tmp_path: Path) -> None:
    roots = [tmp_path / "a/b", tmp_path / "a", tmp_path / "ab"]
    assert watched_folders._apart(roots) == [tmp_path / "a", tmp_path / "ab"]


# Gentle


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", time(23), "07:00"),
        ("22:00-07:00", time(6, 59), "07:00"),
        ("22:00-07:00", time(7), ""),
        ("22:00-07:00", time(21, 59), ""),
        ("8:00-18:30", time(12), "18:30"),
        ("8:00-18:30", time(18, 30), ""),
        ("", time(12), ""),
    ],
)
def test_quiet_hours_may_go_over_midnight(tmp_path: Path, hours: str, now: time, until: str) -> None:
    values: dict[str, object] = {"gentle": True, "quiet_hours": hours}
    reason = why_wait(Settings.at(tmp_path, values), now)
    assert (until in reason) if until else not reason
    assert why_wait(Settings.at(tmp_path, values | {"gentle": False}), now) == ""


def test_on_battery_a_gentle_job_waits_and_goes_on_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = iter([False, False, False, True, True])
    monkeypatch.setattr(gentle, "_runs_on_battery", lambda _: not next(plugged))
    monkeypatch.setattr(gentle, "LOOK_S", 0.01)
    settings = Settings.at(tmp_path, {"gentle": True})
    told = [*pauses(settings, threading.Event())]
    assert [type(event) for event in told] == [Waits, Waits]
    assert "battery" in told[0].line
    assert told[1].line == "Going on."


def test_the_battery_is_that_of_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for plugged, runs in ((False, True), (True, False), (None, False)):
        battery = SimpleNamespace(power_plugged=plugged)
        monkeypatch.setattr(psutil, "sensors_battery", lambda battery=battery: battery, raising=False)
        gentle._runs_on_battery.cache_clear()
        assert gentle._runs_on_battery(0) is runs
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    gentle._runs_on_battery.cache_clear()
    assert not gentle._runs_on_battery(0)
    gentle._runs_on_battery.cache_clear()


def test_a_gentle_watch_waits_and_tells_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.values["gentle"] = True
    on_battery = [True]
    monkeypatch.setattr(gentle, "_runs_on_battery", lambda _: on_battery[0])
    with watching(world) as watch:
        assert watch.settled() == []
        assert "battery" in watch.told[-1]
        assert "battery" in watch.watch.line
        on_battery[0] = False
        assert {*watch.settled()} == FIRST
        assert watch.told[-1] == "Going on."


def test_a_gentle_run_ends_early_where_it_is_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.values["gentle"] = True
    asked = iter([False, False, False, True])
    monkeypatch.setattr(gentle, "_runs_on_battery", lambda _: next(asked, False))
    with watching(world) as watch:
        first = watch.settled()
        assert {*first} == FIRST
        assert watch.batches > 1, "the lock is let go meanwhile"
        assert len(first) == len(FIRST)


def test_gentle_work_takes_fewer_cores() -> None:
    assert worker_count(8, gentle_cores=3) == 3
    assert worker_count(2, gentle_cores=3) == 2
    assert 1 <= worker_count(0, gentle_cores=0) <= max(1, (os.cpu_count() or 1) // 2)


@posix_only
def test_gentle_processes_work_when_nothing_else_wants_to() -> None:
    pool = WorkerProcesses(1, gentle=True)
    try:
        assert pool.submit(os.nice, 0).result() == 19
    finally:
        pool.shutdown(cancel_futures=True)


# The command


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder that is there"):
        check_that_folders_are_there([tmp_path / "nowhere"])


def test_the_command_tells_what_is_wrong(world: World) -> None:
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json(), encoding="utf-8")
    code, _, err = ran("watch", world.root / "nowhere", "--settings", file)
    assert code == 3
    assert "nowhere is no folder that is there" in err


def test_the_command_recognises_and_stops_when_it_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kith.jobs.looks.made_ready", lambda spec, _device: spec)
    monkeypatch.setattr("kith.jobs.arrivals.SETTLED_S", 0.0)
    stop, told = threading.Event(), []
    for event in watch_folders(world.settings, [world.root / "input"], stop, lambda: world.eyes):
        told.append(event)
        if type(event).__name__ == "RecognitionFinished":
            stop.set()
    assert isinstance(told[0], Notice)
    assert "input: 0 new photos recognised" in told[0].text
    assert told[-1].total == len(FIRST)


@posix_only
def test_ctrl_c_ends_a_watch_that_waits(world: World) -> None:
    shutil.rmtree(world.root / "input")
    (world.root / "input").mkdir()
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json(), encoding="utf-8")
    with kith("watch", "--settings", file) as process:
        assert process.stderr
        assert "Watching" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert "Watching no more" in process.stderr.read()
