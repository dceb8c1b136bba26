"""Going through a queue, without a window: skipping, going back, and faces found meanwhile."""

from pathlib import Path

from kith.gui.review_line import Line
from kith.jobs.review_queues import Face, Queue
from kith.photos.box import Box


def _queue(number: int, *faces: int) -> Queue:
    return Queue(number, tuple(Face(face, face, Path(f"{face}.png"), Box(0, 0, 1, 1)) for face in faces))


FIRST, SECOND = _queue(1, 11, 12, 13), _queue(2, 21, 22)


def _line() -> Line:
    line = Line()
    line.show([FIRST, SECOND], ())
    return line


def test_what_is_skipped_is_asked_about_again_only_when_wished() -> None:
    line = _line()
    line.skip()
    assert (line.current, line.left, line.skipped) == (SECOND, 1, 1)
    line.skip()
    line.show([FIRST, SECOND], ())
    assert (line.current, line.left) == (None, 0)
    line.ask_all_again()
    assert (line.current, line.left) == (FIRST, 2)


def test_back_leads_to_what_was_skipped() -> None:
    line = _line()
    line.skip()
    assert line.back() == FIRST
    assert line.skipped == 0
    assert not line.can_go_back


def test_faces_found_meanwhile_stay_in_sight_in_their_order_and_are_not_asked_about() -> None:
    line = _line()
    line.show([_queue(1, 13, 11, 14), SECOND], ())
    assert [face.id for face in line.shown] == [11, 12, 13, 14]
    assert [face.id for face in line.faces] == [11, 13, 14]


def test_when_all_are_dealt_with_the_next_ones_turn_is() -> None:
    line = _line()
    line.marked = {11}
    line.show([SECOND], {11, 12, 13})
    assert (line.current, line.marked) == (SECOND, set())


def test_groups_put_together_are_shown_together() -> None:
    line = _line()
    line.together.add(2)
    line.show([FIRST, SECOND], ())
    assert [face.id for face in line.faces] == [11, 12, 13, 21, 22]
    line.marked = {21}
    assert [face.id for face in line.taken_out] == [21]


def test_faces_dealt_with_leave_their_entries_and_an_empty_entry_goes() -> None:
    line = _line()
    line.drop({12, 21, 22, 99})
    assert [face.id for face in line.shown] == [11, 13]
    assert [queue.id for queue in line.queues.values()] == [1]
    line.drop({11, 13})
    assert line.current is None
    assert line.left == 0
