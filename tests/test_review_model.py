"""What Review shows and says, without a window: where one goes on, what a word is about, what comes back."""

from dataclasses import replace
from pathlib import Path

import pytest

from kith.errors import BadInput
from kith.gui.review_model import Act, ReviewModel, Step
from kith.jobs.review_queues import Choice, Face, Waiting, queues_of, waiting
from kith.photos.box import Box
from kith.values.persons import Person
from tests.review_world import FACES, GROUPS, LIKELY, review_world
from tests.small_world import World

PEOPLE = {1: Person(1, "Ariel Sharon"), 2: Person(2, "Bob")}


def _face(number: int, group: int = 0, likely: int | None = None, taken_at: str = "2004-05-31") -> Face:
    path = Path(f"photos/{number // 10}.png")  # ten to a photo
    return Face(number, number // 10, path, Box(0, 0, 1, 1), True, taken_at, group, likely, 0.9 if likely else None)


# A group of three and one of two, three faces that are likely Ariel Sharon, a single one with another in its photo.
FIRST, SECOND = [_face(number, 100) for number in (10, 20, 30)], [_face(number, 200) for number in (40, 50)]
SHARON = [_face(number, likely=1) for number in (60, 70, 80)]
SINGLES = [_face(90), _face(91)]
ALL = (*FIRST, *SECOND, *SHARON, *SINGLES)


def _model(*faces: Face, near: tuple[tuple[int, int], ...] = ()) -> ReviewModel:
    model = ReviewModel()
    model.take(Waiting(faces or ALL, near, PEOPLE), 0)
    return model


def _numbers(faces: list[Face] | tuple[Face, ...]) -> list[int]:
    return [face.id for face in faces]


def _without(*gone: Face) -> Waiting:
    return Waiting(tuple(face for face in ALL if face not in gone), (), PEOPLE)


def test_the_largest_group_is_first_and_the_queues_follow_each_other() -> None:
    model = _model()
    assert model.counts == {Step.GROUPS: 2, Step.LIKELY: 1, Step.SINGLES: 2}
    asked = []
    for act in (model.ignore, model.ignore, model.confirm, model.ignore, model.ignore):
        asked.append((model.step, _numbers(model.line.shown)))
        assert act()
    assert asked == [
        (Step.GROUPS, [10, 20, 30]),
        (Step.GROUPS, [40, 50]),
        (Step.LIKELY, [60, 70, 80]),
        (Step.SINGLES, [90]),
        (Step.SINGLES, [91]),
    ]
    assert (model.count, model.line.current) == (0, None)


@pytest.mark.parametrize("word", ["name", "ignore"])
def test_what_is_said_of_a_group_counts_at_once_and_is_said_of_those_not_taken_out(word: str) -> None:
    model = _model()
    model.mark([20])
    act = model.name("Zoe") if word == "name" else model.ignore()
    assert act
    assert act.faces == {10, 30}
    assert (_numbers(model.line.shown), model.count) == ([40, 50], len(ALL) - 2)
    assert not model.is_said


def test_an_empty_word_is_none() -> None:
    model = _model()
    model.mark([10, 20, 30])
    assert (model.name("Zoe"), model.ignore(), model.split(), model.confirm(), model.deny()) == (None,) * 5
    assert model.is_said


def test_likely_ones_are_confirmed_without_and_denied_with_those_taken_out() -> None:
    model = _model()
    model.turn_to(Step.LIKELY)
    assert model.likely_name == "Ariel Sharon"
    model.mark([70])
    denied, confirmed = model.deny(), model.confirm()
    assert denied
    assert confirmed
    assert (denied.faces, confirmed.faces) == ({70}, {60, 80})


def test_those_split_off_come_back_as_another_group_in_their_turn() -> None:
    model = _model()
    model.mark([10])
    assert model.can_split
    act = model.split()
    assert act
    model.ended = 1
    apart = [_face(10), *FIRST[1:]]
    model.take(Waiting((*apart, *SECOND), (), PEOPLE), 1)
    assert _numbers(model.line.shown) == [20, 30]
    assert model.counts[Step.SINGLES] == 1


def test_a_look_begun_before_a_word_ended_does_not_bring_its_faces_back() -> None:
    model = _model()
    model.ignore()
    model.take(_without(), ended=0)
    assert _numbers(model.line.shown) == [40, 50]
    assert model.count == len(ALL) - 3


def test_what_was_taken_back_is_asked_about_again() -> None:
    model = _model()
    model.ignore()
    model.ended = 1
    model.take(_without(*FIRST), 1)
    model.turn_to(Step.SINGLES)
    model.take(_without(), 1)
    assert (model.step, _numbers(model.line.shown)) == (Step.GROUPS, [10, 20, 30])


def test_faces_found_meanwhile_stay_in_place_and_are_named_by_the_user_once_nobody_waits() -> None:
    model = _model()
    model.take(_without(FIRST[1]), 0)
    assert (_numbers(model.line.shown), _numbers(model.named())) == ([10, 20, 30], [10, 30])
    assert not model.line.is_over
    model.take(_without(*FIRST), 0)
    assert model.line.is_over
    assert (model.unheard(), model.unheard()) == ([10, 20, 30], [])
    model.found |= {10: "Bob", 20: "Ariel Sharon", 30: "Bob"}
    assert model.found_names == ["Ariel Sharon", "Bob"]
    model.mark([20])
    act = model.name("Zoe")
    assert act
    assert act.faces == {10, 30}
    assert _numbers(model.line.shown) == [40, 50]


def test_going_on_from_faces_found_meanwhile_skips_nobody() -> None:
    model = _model()
    model.take(_without(*FIRST), 0)
    model.skip()
    assert (_numbers(model.line.shown), model.line.skipped) == ([40, 50], 0)
    model.take(_without(), 0)
    assert model.line.left == 2


def test_faces_found_in_a_queue_out_of_sight_are_passed_over_and_so_are_all_by_who_comes_back() -> None:
    model = _model()
    model.take(_without(*SHARON, SINGLES[0]), 0)
    assert model.lines[Step.LIKELY].current is None
    assert _numbers(model.lines[Step.SINGLES].shown) == [91]
    model.take(_without(*FIRST, *SHARON), 0)
    assert model.line.is_over, "it is in sight"
    model.begin()
    assert _numbers(model.line.shown) == [40, 50]


def test_a_group_that_may_be_the_same_is_named_together_with_it() -> None:
    model = _model(near=((100, 200),))
    (near,) = model.near()
    model.put_together(near.id)
    assert (_numbers(model.line.shown), model.near()) == ([10, 20, 30, 40, 50], [])
    act = model.name("Zoe")
    assert act
    assert len(act.faces) == 5
    assert model.step is Step.LIKELY


def test_others_in_the_photo_of_a_single_face_are_ignored_and_it_stays() -> None:
    model = _model(*SINGLES)
    assert model.step is Step.SINGLES
    act = model.ignore_others()
    assert act
    assert (act.faces, model.face) == ({91}, SINGLES[0])
    assert model.count == 1


def test_back_leads_to_a_single_face_answered_and_a_refused_one_stays() -> None:
    model = _model(*SINGLES)
    model.refuse(2)
    assert model.face == SINGLES[0]
    model.accept(1)
    assert model.face == SINGLES[1]
    model.back()
    assert (model.face, model.count) == (SINGLES[0], 2)


def test_some_only_are_asked_about_and_all_are_counted() -> None:
    late = [_face(number, 300, taken_at="2011-01-01") for number in (110, 120)]
    model = _model(*FIRST, *late)
    model.choose(Choice(since="2010"))
    assert (_numbers(model.line.shown), model.count) == ([110, 120], 5)
    model.choose(Choice(since="2020"))
    assert (model.line.current, model.count) == (None, 5)


def test_a_name_alike_is_doubted_until_it_is_meant() -> None:
    model = _model()
    assert model.doubt("Ariel Sharom") == PEOPLE[1]
    model.mean("ARIEL SHAROM")
    assert model.doubt("Ariel Sharom") is None
    assert model.doubt("Bob") is None, "somebody known"
    with pytest.raises(BadInput):
        model.doubt("#99")


def test_queues_worked_out_already_are_gone_by_unless_some_only_are_asked_about() -> None:
    waiting = replace(Waiting(ALL, (), PEOPLE), queues=queues_of(Waiting((*SECOND,), (), PEOPLE)))
    model = ReviewModel()
    model.take(waiting, 0)
    assert _numbers(model.line.shown) == [40, 50]
    model.choose(Choice(since="2004"))
    assert _numbers(model.line.shown) == [10, 20, 30]


# The words in a library


@pytest.fixture
def world(tmp_path: Path) -> World:
    return review_world(tmp_path)


def _opened(world: World) -> ReviewModel:
    model = ReviewModel()
    with world.library() as library:
        model.take(waiting(library), 0)
    return model


def _say(world: World, model: ReviewModel, act: Act | None) -> None:
    assert act
    with world.library() as library:
        act.task(library)
        model.ended += 1
        model.take(waiting(library), model.ended)


def test_the_library_has_what_was_said(world: World) -> None:
    model = _opened(world)
    assert model.count == FACES
    assert [face.path.name for face in model.line.shown] == GROUPS
    _say(world, model, model.name("Zoe"))
    _say(world, model, model.ignore())
    assert (model.step, [face.path.name for face in model.line.shown]) == (Step.LIKELY, [LIKELY])
    _say(world, model, model.confirm())
    said = (
        "SELECT p.name, count(*) FROM links l JOIN persons p ON p.id = l.person_id WHERE l.source = 'user' GROUP BY 1"
    )
    assert world.query(said) == [("Bob", 1), ("Zoe", 3)]
    assert len(world.ignored()) == 2
    assert model.count == FACES - 6


def test_a_word_that_fails_leaves_its_faces_waiting(world: World) -> None:
    model = _opened(world)
    act = model.name("#99")
    assert act
    with world.library() as library, pytest.raises(BadInput):
        act.task(library)
    model.ended += 1
    with world.library() as library:
        model.take(waiting(library), model.ended)
    assert [face.path.name for face in model.line.shown] == GROUPS
