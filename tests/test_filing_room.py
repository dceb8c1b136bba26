"""Whether an output folder can take what is to be filed is told before anything is done."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kith.errors import FilingFailed
from kith.filing.names import LONGEST_PATH, numbered, safe_photo_name, within_limits
from kith.jobs.events import Notice
from tests.test_runs import Cabinet
from tests.test_runs import built as built
from tests.test_runs import world as world

SIZE = 100_000


class Usage(NamedTuple):
    free: int


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Say how many bytes are free."""

    def say(count: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(count))

    return say


@pytest.fixture
def large(world: Cabinet) -> Cabinet:
    """Seven photos of 100,000 bytes."""
    for path in world.input.iterdir():
        with path.open("ab") as file:
            file.write(path.name.encode() * SIZE)
            file.truncate(SIZE)
    return world


def _refusal(world: Cabinet) -> str:
    with pytest.raises(FilingFailed) as refused:
        world.run()
    return str(refused.value)


def _on_another_disk(folder: Path) -> Callable[..., os.stat_result]:
    ask = os.stat

    def on_another(path: Any, **options: Any) -> os.stat_result:
        found = ask(path, **options)
        is_there = isinstance(path, str | Path) and Path(path).is_relative_to(folder)
        if not is_there:
            return found
        others = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}  # times in nanoseconds
        return os.stat_result([*found[:2], found.st_dev + 1, *found[3:]], others)

    return on_another


def test_a_run_that_has_no_room_is_refused_before_anything_is_done(large: Cabinet, free: Callable[[int], None]) -> None:
    free(7 * SIZE - 1)
    before = large.tree()
    told = _refusal(large)
    assert f"takes at least 0.7 MB in {large.output}, where 0.7 MB are free: nothing was filed" in told
    assert "file_as in the settings be hard link" in told
    assert not large.output.exists()
    assert large.tree() == before
    assert large.runs() == []
    free(7 * SIZE)
    large.run()
    assert len(large.filed()) == 7


def test_hard_links_to_another_disk_are_refused_before_anything_is_done(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.change(file_as="hard link")
    before = world.tree()
    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", _on_another_disk(world.input))
        told = _refusal(world)
    assert f"No hard link to photos in {world.input} can be made in {world.output}" in told
    assert "file_as in the settings be copy" in told
    assert not world.output.exists()
    assert world.tree() == before
    world.run()
    assert len(world.filed()) == 7


def test_hard_links_are_not_advised_where_the_photos_lie_on_another_disk(
    large: Cabinet, free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(SIZE)
    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", _on_another_disk(large.input))
        planned = [event.text for event in large.run(dry_run=True) if isinstance(event, Notice)]
        refusals = [_refusal(large), *(text for text in planned if "nothing was filed" in text)]
    assert len(refusals) == 2
    assert all("file_as in the settings be symbolic link, which takes none" in told for told in refusals)


def test_what_takes_no_room_needs_none(large: Cabinet, free: Callable[[int], None]) -> None:
    free(0)
    for file_as in ("hard link", "symbolic link", "move"):
        large.change(file_as=file_as)
        large.run()
        assert len(large.filed()) == 7
        large.undo(large.runs()[0].id)


def test_what_is_filed_already_and_files_that_are_equal_need_none(large: Cabinet, free: Callable[[int], None]) -> None:
    large.run()
    shutil.copyfile(large.input / "5.png", large.input / "again.png")
    for number in (1, 2):
        (large.input / f"new {number}.png").write_bytes(bytes(500))
    free(499)
    assert "takes at least 500 bytes" in _refusal(large)
    free(500)
    large.run()


def test_a_plan_tells_how_much_room_it_takes(large: Cabinet, free: Callable[[int], None]) -> None:
    free(9 * SIZE - 1)
    *_, planned, refused = [event.text for event in large.run(dry_run=True) if isinstance(event, Notice)]
    assert planned == f"Planned are 9 new files, which take 0.9 MB; 0.9 MB are free in {large.root}."
    assert "nothing was filed" in refused
    large.change(file_as="move")
    *_, planned = [event.text for event in large.run(dry_run=True) if isinstance(event, Notice)]
    assert planned.startswith("Planned are 9 new files, which take 0.2 MB;")


def test_a_plan_tells_that_nothing_can_be_written(world: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    told = [event.text for event in world.run(dry_run=True) if isinstance(event, Notice)]
    assert f"Nothing can be written to {world.root}: " in told[-1]


def test_people_whose_folders_are_too_deep_are_told_before(world: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    deepest = len(os.fsencode(world.output)) + len("/Unknown/no date")
    monkeypatch.setattr("kith.jobs.filing_room.LONGEST_PATH", deepest + 59)
    world.change(file_under="{person}/{year}")
    assert f"The path {world.output}/Unknown/no date is too long" in _refusal(world).replace(os.sep, "/")
    world.change(file_under="{person}")
    world.run()


def test_a_name_is_cut_where_its_path_would_be_too_long(tmp_path: Path) -> None:
    folder = Path(f"{tmp_path}/{'/'.join(['d' * 200] * 19)}")
    folder = folder / ("e" * (LONGEST_PATH - len(str(folder)) - 100))
    long = folder / safe_photo_name(f"{'p' * 300}.jpg")
    for number in (1, 12):
        cut = numbered(within_limits(long), number)
        assert cut.suffix == ".jpg"
        assert len(f"{cut}.xmp") <= LONGEST_PATH
    assert within_limits(folder / "a.jpg") == folder / "a.jpg"


def test_files_of_other_programs_beside_moved_photos_are_told(world: Cabinet) -> None:
    """Not of photos that are copied, and no sidecar of Kith's."""
    (world.input / "8.XMP").touch()  # it shows nobody known, so that Kith writes nothing there

    def told() -> list[str]:
        texts = [str(event.text) for event in world.run() if isinstance(event, Notice)]
        return [text for text in texts if "other programs" in text]

    world.change(names_in="photos")
    assert told() == []
    assert (world.input / "13.png.xmp").exists()
    (run,) = world.runs()
    world.undo(run.id)
    world.change(file_as="move")
    assert told() == ["1 file of other programs, such as 8.XMP, will stay where the photos lay that are moved."]
