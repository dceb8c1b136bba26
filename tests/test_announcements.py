"""A model that is missing, and what that costs, is told once; again only where it is missing anew."""

import json
from pathlib import Path

import pytest

from kith.jobs.announcements import not_told_before
from kith.jobs.build_kb import build_kb
from kith.jobs.events import Notice
from kith.messages import Action, Do, Message
from kith.settings import user_folder
from tests.desk import run_job
from tests.small_world import World

BODIES = Message("No bodies. ", Do(Action.DOWNLOAD_MODELS), " fetches them.")
FACES = Message("No faces. ", Do(Action.DOWNLOAD_MODELS), " fetches them.")


def _file() -> Path:
    return user_folder("data") / "models/announced.json"


def test_what_was_told_is_not_told_again() -> None:
    assert not_told_before([FACES]) == [FACES]
    assert not_told_before([BODIES, FACES]) == [BODIES]
    assert not_told_before([BODIES, FACES]) == []


def test_what_is_missing_anew_is_told_anew() -> None:
    not_told_before([BODIES, FACES])
    assert not_told_before([FACES]) == []
    assert not_told_before([BODIES, FACES]) == [BODIES]


def test_it_is_one_however_kith_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    not_told_before([FACES])
    monkeypatch.setenv("KITH_COMMAND", "python3 scripts/run.py")
    assert not_told_before([Message(*FACES.parts)]) == []


def test_where_nothing_is_missing_nothing_is_written() -> None:
    assert not_told_before([]) == []
    assert not _file().exists()


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', "[[1], {}]"])
def test_a_broken_file_only_means_to_be_told_again(content: str) -> None:
    _file().parent.mkdir(parents=True)
    _file().write_text(content, encoding="utf-8")
    assert not_told_before([FACES]) == [FACES]
    assert not_told_before([FACES]) == []
    assert len(json.loads(_file().read_text(encoding="utf-8"))) == 1


def test_where_it_cannot_be_written_down_it_is_told_each_time() -> None:
    _file().parent.parent.mkdir(parents=True)
    _file().parent.touch()
    assert not_told_before([FACES]) == not_told_before([FACES]) == [FACES]


def test_a_run_tells_the_detector_in_the_place_of_yunet_and_its_cost_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    _file().unlink()

    def told() -> list[str]:
        events = run_job(world.settings, build_kb, executor=lambda: world.eyes)
        return [event.text for event in events if isinstance(event, Notice)]

    (notice,) = told()
    assert notice.startswith(
        "The face detector YuNet is not there: faces are found by dlib's HOG, which takes ten times"
    )
    assert told() == []
    world.values |= {"body_policy": "suggest", "reid_weights": ""}
    assert [text.partition(";")[0] for text in told()] == [
        "No weights for osnet_ain_multi: people are recognised by their faces only"
    ]
