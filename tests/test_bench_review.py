"""The measurement of Review, in a small world where everybody is known to it."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.bench_runs import BENCH
from tests.review_world import open_review, review_world
from tests.small_world import PLACES, SHOWN, World

pytestmark = pytest.mark.bench
NAMES = {(0,): "Ann", (1,): "Bob", (2,): "Eve", (3,): "Zoe", (4,): "Yan", (0, 1): "Bob"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.syspath_prepend(str(BENCH.parent))
    return review_world(tmp_path)


def test_both_ways_name_the_same_people_and_only_single_questions_ask_about_strangers_again(world: World) -> None:
    from bench_review import User, in_queues, one_by_one

    truth = {
        f"{number}.png": [(box, NAMES.get(who, "")) for box, who in zip(PLACES, shown, strict=False)]
        for number, shown in enumerate(SHOWN)
    }
    said = {}
    for way in (one_by_one, in_queues):
        with world.library() as library:
            before = len(library.history())
            user = User(library, truth)
            told = user.told(way)
            said[way.__name__] = sorted(name for name, *_ in world.query(_BY_USER))
            assert told["acts"] == user.acts > 0
            assert told["minutes"] == round((1.5 * user.acts + 2.0 * user.names) / 60, 1)
            left = told["asked again next time"]
            assert left == (3 if way is one_by_one else 0), "strangers could only be skipped, one by one"
            while len([change for change in library.history() if not change.undone]) > before:
                library.undo()
    assert said["one_by_one"] == ["Bob", "Yan", "Yan", "Zoe", "Zoe", "Zoe"]
    assert said["in_queues"] == said["one_by_one"]


_BY_USER = "SELECT p.name FROM links l JOIN persons p ON p.id = l.person_id WHERE l.source = 'user' AND l.word = 'is'"


@pytest.mark.parametrize("waits", [True, False])
def test_acts_are_timed_to_their_paint(qtbot: QtBot, world: World, waits: bool) -> None:
    from bench_review import KEYS, paints

    window, _ = open_review(qtbot, world)
    times = paints(window, waits, acts=5)
    assert times.keys() <= KEYS.keys()
    assert {"take out or in", "skip"} <= times.keys()
    assert sum(map(len, times.values())) > 5
    assert all(clock >= 0 and own >= 0 for taken in times.values() for clock, own in taken)
