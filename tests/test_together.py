"""Copies made together: on the disk before they have their names, and nothing in their way is touched."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kith.errors import FilingFailed
from kith.filing import copy_file, together
from kith.filing.copies import file_copies
from kith.filing.together import make_together
from kith.library.copy_records import CopyRecord, CopyRecords
from kith.library.paths import FileState
from kith.policies import FileAs
from tests.filing_desk import ANN, BOB, Filer
from tests.making import posix_only


def _planned(filer: Filer, count: int) -> list[tuple[CopyRecord, Path]]:
    sources = [filer.photo(f"{number}.jpg", b"photo %d" % number * 100_000) for number in range(count)]
    plans = []
    for number, source in enumerate(sources):
        filer.look(source)
        standing, _ = filer.plan(source, (ANN, BOB)[number % 2])
        plans.append((standing[0], source))
    return plans


def _make(filer: Filer, plans: list[tuple[CopyRecord, Path]]) -> dict[int, CopyRecord]:
    return make_together(filer.store.copies, filer.store.transaction, plans)


def test_copies_are_what_copies_made_one_by_one_are(filer: Filer) -> None:
    plans = _planned(filer, 6)
    os.utime(plans[0][1], ns=(10**18, 10**18 + 5))
    made = _make(filer, plans[:5])
    alone = copy_file.make(filer.store.copies, plans[5][0], plans[5][1])
    assert made.keys() == {record.id for record, _ in plans[:5]}
    assert all(record.target.read_bytes() == source.read_bytes() for record, source in plans)
    assert plans[0][0].target.stat().st_mtime_ns == 10**18 + 5
    stored = {record.id: record for record, _ in plans for record in _stored(filer, record)}
    assert stored == {**made, alone.id: alone}
    again = [source.stat().st_ino for source in sorted(filer.output.rglob("*.jpg"))]
    for record, source in plans:
        state = FileState.now(source)
        assert state
        assert file_copies(filer.store.copies, state, [stored[record.id]], []).notes == ()
    assert [source.stat().st_ino for source in sorted(filer.output.rglob("*.jpg"))] == again


def _stored(filer: Filer, record: CopyRecord) -> list[CopyRecord]:
    return filer.store.copies.of_photo(record.photo_id, filer.output)


@posix_only
def test_what_is_in_the_way_is_left_for_another_look(filer: Filer) -> None:
    plans = _planned(filer, 6)
    (taken, _), (_, gone), (led, _) = plans[0], plans[1], plans[3]
    taken.target.parent.mkdir()
    taken.target.write_bytes(b"the user's own")
    gone.unlink()
    outside = filer.output.with_name("outside")
    outside.mkdir()
    led.target.parent.symlink_to(outside)  # Bob's, of three of them
    made = _make(filer, plans)
    assert made.keys() == {plans[2][0].id, plans[4][0].id}
    assert taken.target.read_bytes() == b"the user's own"
    assert not list(outside.iterdir())
    assert sorted(filer.filed()) == ["Ann/0.jpg", "Ann/2.jpg", "Ann/4.jpg"]


def test_what_does_not_reach_the_disk_is_not_called_complete(filer: Filer, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = _planned(filer, 4)
    synced: list[str] = []
    real = os.fsync

    def fail(handle: int) -> None:
        if len(synced) < 2:
            synced.append("")
            raise OSError(5, "Input/output error")
        real(handle)

    monkeypatch.setattr("os.fsync", fail)
    made = _make(filer, plans)
    assert len(made) == 2
    assert {record.target for record in made.values()} == {filer.output / name for name in filer.filed()}
    assert {record.sha256 is None for record, _ in plans for record in _stored(filer, record)} == {True, False}


def test_a_copy_is_on_the_disk_then_has_its_name_then_is_complete(
    filer: Filer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans, steps = _planned(filer, 4), []

    def note(owner: object, attribute: str, name: str) -> None:
        real: Callable[..., object] = getattr(owner, attribute)

        def noted(*arguments: object) -> object:
            done = real(*arguments)
            steps.append(name)
            return done

        monkeypatch.setattr(owner, attribute, noted)

    for name in ("complete", "give_free_name", "sync"):
        note(together, name, name)
    note(CopyRecords, "complete", "written down")
    _make(filer, plans)
    assert steps == [*["complete"] * 4, *["give_free_name"] * 4, *["sync"] * 2, *["written down"] * 4]


@pytest.mark.parametrize("kind", [FileAs.HARD_LINK, FileAs.SYMBOLIC_LINK])
def test_links_are_made_together_and_a_taken_name_stays(filer: Filer, kind: FileAs) -> None:
    plans = [(filer.store.copies.become(record, kind, None), source) for record, source in _planned(filer, 4)]
    plans[0][0].target.parent.mkdir()
    plans[0][0].target.write_bytes(b"the user's own")
    made = _make(filer, plans)
    assert len(made) == 3
    assert plans[0][0].target.read_bytes() == b"the user's own"
    assert all(record.target.samefile(source) for record, source in plans[1:])
    assert all(record.target.is_symlink() == (kind is FileAs.SYMBOLIC_LINK) for record, _ in plans[1:])


@pytest.mark.parametrize("step", ["copy_content", "complete", "give_free_name", "sync"])
def test_what_a_killed_run_left_is_taken_over(filer: Filer, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    plans = _planned(filer, 6)
    real: Callable[..., object] = getattr(together, step)
    calls: list[None] = []

    def stop(*arguments: object) -> object:
        calls.append(None)
        if len(calls) == 2:
            raise SystemExit
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(together, step, stop)
        with pytest.raises(SystemExit):
            _make(filer, plans)
    filer.prepare()
    for record, source in plans:
        copy_file.make(filer.store.copies, record, source)
    assert len(filer.filed()) == 6
    assert all(record.target.read_bytes() == source.read_bytes() for record, source in plans)


def test_what_the_system_cannot_copy_by_itself_is_copied(filer: Filer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.copy_file_range", refuse, raising=False)
    plans = _planned(filer, 3)
    assert len(_make(filer, plans)) == 3
    assert all(record.target.read_bytes() == source.read_bytes() for record, source in plans)


def test_an_output_folder_that_goes_away_meanwhile_is_not_made_anew(
    filer: Filer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans, real = _planned(filer, 2), os.mkdir

    def gone(*arguments: object, **options: object) -> None:
        if filer.output.is_dir():
            filer.output.rename(filer.output.with_name("away"))
        real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("os.mkdir", gone)
    assert _make(filer, plans) == {}
    assert not filer.output.exists()
    with pytest.raises(FilingFailed, match="is not there any more"):
        copy_file.make(filer.store.copies, *plans[0])
    assert not filer.output.exists()
