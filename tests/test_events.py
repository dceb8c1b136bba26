"""Which photos show one occasion."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import PurePosixPath
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.photos.events import Shot, events_of

NOON = datetime.fromisoformat("2024-06-01T12:00:00")
GAP = 3.0


def _shot(name: str, taken: str | datetime | None, written: datetime = NOON, folder: str = "photos") -> Shot:
    text = taken.isoformat() if isinstance(taken, datetime) else taken
    return Shot(str(PurePosixPath(folder, name)), text, int(written.replace(tzinfo=UTC).timestamp()) * 10**9)


def _at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def _together(*shots: Shot) -> list[list[str]]:
    """Return the names of each event's photos; those of none come alone with a minus."""
    events: dict[int, list[str]] = {}
    none = []
    for shot, event in zip(shots, events_of(shots, GAP), strict=True):
        if event is None:
            none.append([f"-{PurePosixPath(shot.path).name}"])
        else:
            events.setdefault(event, []).append(PurePosixPath(shot.path).name)
    return sorted(events.values()) + sorted(none)


def test_a_run_ends_where_more_than_the_gap_lies_between_two_photos() -> None:
    shots = [_shot("a", _at(0)), _shot("b", _at(3)), _shot("c", _at(6)), _shot("d", _at(9.01))]
    assert _together(*shots) == [["a", "b", "c"], ["d"]]
    assert len(set(events_of(shots, 4))) == 1
    assert len(set(events_of(shots, 0))) == 4


def test_midnight_and_the_end_of_the_year_end_no_event() -> None:
    assert _together(_shot("a", "2023-12-31T23:50:00"), _shot("b", "2024-01-01T01:10:00")) == [["a", "b"]]


def test_photos_of_one_second_and_of_parts_of_it_are_one_event() -> None:
    burst = [_shot(f"{n}.jpg", f"2024-06-01T12:00:00.{n:02}") for n in range(20)]
    assert _together(*burst, _shot("x.jpg", NOON)) == [[*(PurePosixPath(shot.path).name for shot in burst), "x.jpg"]]
    assert len(set(events_of(burst, 0.0001))) == 1


def test_each_folder_has_events_of_its_own_even_below_another() -> None:
    shots = [_shot("a", _at(0)), _shot("b", _at(0), folder="photos/more"), _shot("c", _at(0), folder="others")]
    assert len(set(events_of(shots, GAP))) == 3


def test_a_clock_that_is_wrong_by_years_makes_an_event_of_its_own() -> None:
    wrong = NOON - timedelta(days=3650)
    shots = [_shot("IMG_1", _at(0)), _shot("IMG_2", wrong), _shot("IMG_3", _at(0.1))]
    assert _together(*shots) == [["IMG_1", "IMG_3"], ["IMG_2"]]


def test_offsets_count_across_time_zones() -> None:
    shots = [
        _shot("before.jpg", "2024-06-01T12:00:00+02:00"),
        _shot("landed.jpg", "2024-06-01T12:30:00+01:00"),  # 1 h 30 later
        _shot("late.jpg", "2024-06-01T13:00:00-04:00"),  # 5 h 30 after that, half an hour by the clock
    ]
    assert _together(*shots) == [["before.jpg", "landed.jpg"], ["late.jpg"]]


def test_a_time_without_offset_is_read_as_that_of_the_photo_nearest_to_it() -> None:
    telephone = [_shot("t1.jpg", "2024-06-01T12:00:00+09:00"), _shot("t2.jpg", "2024-06-02T12:00:00-07:00")]
    camera = [_shot("c1.jpg", "2024-06-01T12:05:00"), _shot("c2.jpg", "2024-06-02T11:55:00")]
    assert _together(*telephone, *camera) == [["t1.jpg", "c1.jpg"], ["t2.jpg", "c2.jpg"]]


@pytest.mark.parametrize("taken", [None, "", "yesterday", "2024-13-01T12:00:00", "0000:00:00 00:00:00"])
def test_between_two_photos_of_one_event_a_photo_without_time_is_of_it(taken: str | None) -> None:
    years_later = NOON + timedelta(days=2000)  # edited, and EXIF lost
    shots = [_shot("IMG_0001.jpg", _at(0)), _shot("IMG_0002-edit.png", taken, years_later), _shot("img_3.JPG", _at(1))]
    assert _together(*shots) == [["IMG_0001.jpg", "IMG_0002-edit.png", "img_3.JPG"]]


def test_beside_or_between_events_the_time_of_the_file_decides() -> None:
    shots = [
        _shot("IMG_1.jpg", _at(0), _at(0)),
        _shot("IMG_2.jpg", None, _at(1)),
        _shot("IMG_3.jpg", None, _at(9)),
        _shot("IMG_4.jpg", _at(10), _at(10)),
        _shot("IMG_5.jpg", None, _at(11)),
        _shot("IMG_6.jpg", None, _at(30)),
    ]
    assert _together(*shots) == [["IMG_1.jpg", "IMG_2.jpg"], ["IMG_3.jpg", "IMG_4.jpg", "IMG_5.jpg"], ["-IMG_6.jpg"]]


def test_a_file_copied_long_after_the_photo_was_taken_proves_nothing() -> None:
    copied = NOON + timedelta(days=400)
    shots = [_shot("IMG_1.jpg", _at(0), copied), _shot("IMG_2.jpg", None, copied)]
    assert _together(*shots) == [["IMG_1.jpg"], ["-IMG_2.jpg"]]


def test_photos_without_time_are_neighbours_by_name_and_file() -> None:
    walk = [_shot(f"IMG_{n}.jpg", None, _at(n / 10)) for n in (8, 9, 10, 11)]
    later = _shot("IMG_12.jpg", None, _at(9))
    others = [_shot("beach.jpg", None, _at(0)), _shot("party.jpg", None, _at(0.1)), _shot("WA_9.jpg", None, _at(0.9))]
    assert _together(*walk, later, *others) == [
        [PurePosixPath(shot.path).name for shot in walk],
        ["-IMG_12.jpg"],
        ["-WA_9.jpg"],
        ["-beach.jpg"],
        ["-party.jpg"],
    ]


def test_files_that_follow_each_other_faster_than_photos_are_copies() -> None:
    scans = [_shot(f"scan{n}.jpg", None, NOON + timedelta(seconds=n // 5)) for n in range(50)]
    assert set(events_of(scans, GAP)) == {None}


def test_any_year_and_any_offset_can_be_told() -> None:
    shots = [_shot("a", "0001-01-01T00:00:00+14:00"), _shot("b", "9999-12-31T23:59:59-12:00"), _shot("c", "1826-01-01")]
    assert len(set(events_of(shots, GAP))) == 3


def test_a_hundred_thousand_photos_of_one_folder() -> None:
    shots = [_shot(f"IMG_{n}.jpg", None if n % 3 else _at(n / 60), _at(n / 60)) for n in range(100_000)]
    assert set(events_of(shots, GAP)) == {0}


TIMES = st.none() | st.builds(
    lambda minutes, offset: (NOON + timedelta(minutes=minutes)).replace(
        tzinfo=None if offset is None else timezone(timedelta(hours=offset))
    ),
    st.integers(0, 3000),
    st.none() | st.integers(-12, 14),
)
SHOTS = st.lists(
    st.builds(
        _shot,
        st.builds("{}{}.jpg".format, st.sampled_from(["IMG_", "img_", "x"]), st.integers(0, 30)),
        TIMES,
        st.integers(0, 3000).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        st.sampled_from(["one", "two"]),
    ),
    unique_by=lambda shot: shot.path,
    max_size=25,
)


@given(SHOTS, st.randoms(use_true_random=False))
def test_the_order_of_the_photos_does_not_matter(shots: list[Shot], random: Random) -> None:
    events = dict(zip(shots, events_of(shots, GAP), strict=True))
    mixed = random.sample(shots, len(shots))
    assert dict(zip(mixed, events_of(mixed, GAP), strict=True)) == events


@given(SHOTS)
def test_dated_photos_have_an_event_that_undated_ones_never_change(shots: list[Shot]) -> None:
    events = dict(zip(shots, events_of(shots, GAP), strict=True))
    dated = [shot for shot in shots if shot.taken_at]
    alone = dict(zip(dated, events_of(dated, GAP), strict=True))
    assert None not in alone.values()
    for one in dated:
        for other in dated:
            assert (events[one] == events[other]) == (alone[one] == alone[other])


@given(SHOTS)
def test_an_event_is_of_one_folder_and_no_gap_in_it_is_too_long(shots: list[Shot]) -> None:
    found: dict[int, list[Shot]] = {}
    for shot, event in zip(shots, events_of(shots, GAP), strict=True):
        if event is not None:
            found.setdefault(event, []).append(shot)
    for together in found.values():
        assert len({PurePosixPath(shot.path).parent for shot in together}) == 1
        assert len(together) > 1 or together[0].taken_at
        times = sorted(datetime.fromisoformat(shot.taken_at or "") for shot in together if _has_offset(shot))
        if len(times) == sum(bool(shot.taken_at) for shot in together):
            assert all(later - before <= timedelta(hours=GAP) for before, later in pairwise(times))


def _has_offset(shot: Shot) -> bool:
    return bool(shot.taken_at and datetime.fromisoformat(shot.taken_at).tzinfo)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=20), st.integers(-9, 9))
def test_one_camera_on_another_clock_has_the_same_events(minutes: list[int], hours: int) -> None:
    def named(shift: float) -> list[int | None]:
        taken = [NOON + timedelta(minutes=minute, hours=shift) for minute in minutes]
        return events_of([_shot(f"{n}.jpg", time) for n, time in enumerate(taken)], GAP)

    assert named(0) == named(hours)
