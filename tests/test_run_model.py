"""A run as one watches it, without a window: counts, the newest photos, the surest face of each person."""

from dataclasses import replace
from pathlib import Path

from kith.gui.run_model import AT_ONCE, EVERY_S, RunModel
from kith.jobs.events import PhotoFailed, PhotoLearned, PhotosDone, Started
from kith.messages import JobName
from tests.small_world import World


def _numbers(model: RunModel) -> dict[str, int]:
    return {name: count for name, count, _ in model.counts}


def test_photos_are_counted_and_the_surest_face_of_each_person_is_kept(tmp_path: Path) -> None:
    world = World(tmp_path)
    model = RunModel(JobName.RECOGNIZE_FOLDER)
    model.take(Started(JobName.RECOGNIZE_FOLDER, 8))
    photos = world.recognise()
    for photo in photos:
        model.take(photo)
    model.take(PhotoFailed(8, 8, Path("broken.png"), "no picture"))
    counts = _numbers(model)
    assert sum(counts.values()) == model.done == model.total == 8
    assert counts["sure"] == sum(bool(photo.row.people) for photo in photos)
    assert model.failures == [(Path("broken.png"), "no picture")]
    assert model.best.keys() == model.people.keys()
    shown = {seen.appearance_id for photo in photos for seen in photo.decision.appearances}
    assert {best.appearance_id for best in model.best.values()} <= shown


def test_a_photo_told_of_again_counts_as_it_was_told_of_last(tmp_path: Path) -> None:
    model = RunModel(JobName.RECOGNIZE_FOLDER)
    photos = World(tmp_path).recognise()
    for photo in [*photos, *photos[::-1]]:  # as of those nearly the same, once the best of them is known
        model.take(photo)
    counts = _numbers(model)
    assert sum(counts.values()) == len(photos)
    assert counts["sure"] == sum(bool(photo.row.people) for photo in photos)
    assert sum(model.people.values()) == sum(len(photo.decision.people) for photo in photos)
    model.take(replace(photos[0], row=replace(photos[0].row, people=()), unsure=()))
    assert sum(_numbers(model).values()) == len(photos)


def test_newest_photos_come_a_few_at_a_time_however_fast_they_are(tmp_path: Path) -> None:
    photos = World(tmp_path).recognise()
    model = RunModel(JobName.RECOGNIZE_FOLDER)
    assert model.newest(0.0) == []
    model.take(photos[0])
    assert model.newest(1.0) == [photos[0]]
    for photo in photos:
        model.take(photo)
    assert model.newest(1.0 + EVERY_S / 2) == []
    assert model.newest(1.0 + EVERY_S) == photos[: -AT_ONCE - 1 : -1]
    assert model.newest(9.0) == []


def test_a_build_counts_who_teaches() -> None:
    model = RunModel(JobName.BUILD_KB)
    model.take(PhotoLearned(1, 3, Path("1.png"), "Ann", ""))
    model.take(PhotoLearned(2, 3, Path("2.png"), "Ann", "no face"))
    model.take(PhotoFailed(3, 3, Path("3.png"), "no picture"))
    assert _numbers(model) == {"learned": 1, "left out": 1, "failed": 1}


def test_deciding_again_counts_what_is_decided() -> None:
    model = RunModel(JobName.DECIDE_AGAIN)
    model.take(PhotosDone(500, 900))
    model.take(PhotosDone(900, 900))
    assert _numbers(model) == {"decided": 900, "failed": 0}
