"""report.csv covers the output folder: rows of earlier runs stay as long as their copies."""

from collections.abc import Iterator

import pytest

from kith.filing.report import REPORT, SEPARATOR, ReportRow, listed_in, read_report
from kith.jobs.context import Context
from kith.jobs.events import Event
from kith.jobs.filing_runs import undo_run
from kith.jobs.overview import last_run
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.user_words import Is
from tests.desk import run_job
from tests.making import aged
from tests.test_runs import Cabinet
from tests.test_runs import built as built
from tests.test_runs import world as world


def _recognise(world: Cabinet, folder: str) -> None:
    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [world.root / folder], world.output)

    run_job(world.settings, job, executor=lambda: world.eyes)


def _rows(world: Cabinet) -> dict[str, str]:
    """Return the people of each row by the copies it names."""
    return {row["copies"]: row["people"] for row in read_report(world.output / REPORT)}


def test_the_report_has_the_rows_of_all_runs_whose_copies_lie_there(world: Cabinet) -> None:
    world.put(7, "more")
    world.put(9, "more")
    _recognise(world, "input")
    first = _rows(world)
    assert first["Ann/6.png; Bob/6.png"] == "Ann; Bob"
    report = (world.output / REPORT).read_text("utf-8")
    _recognise(world, "more")
    assert _rows(world).items() >= first.items()
    assert len(_rows(world)) == 9
    assert set(report.splitlines()) <= set((world.output / REPORT).read_text("utf-8").splitlines())
    with world.store() as store:
        last = last_run(store)
        assert last
        assert last.total == 2  # the report covers all, Home tells of the last run
    (world.output / "Ann/6.png").unlink()
    (world.output / "Bob/6.png").unlink()
    _recognise(world, "more")
    assert "Ann/6.png; Bob/6.png" not in _rows(world)
    with world.library() as library:
        undo_run(library, 1)
    assert set(_rows(world)) == {"Unknown/7.png", "Unknown/9.png"}


def test_a_row_whose_copies_went_along_with_a_word_is_written_anew(world: Cabinet) -> None:
    world.put(7, "more")
    _recognise(world, "input")
    with world.library() as library:
        photo = library.store.photos.at_path(world.input / "11.png")
        (face,) = library.store.photos.appearances(photo or 0)
        library.say(Is([face], library.people.find("Eve")))
    _recognise(world, "more")
    rows = _rows(world)
    assert "Bob/11.png" not in rows
    assert rows["Eve/11.png"] == "Eve"
    assert len(rows) == 8
    world.change(file_under="{person}/{year}")
    world.redecide()
    assert _rows(world)["Eve/no date/11.png"] == "Eve"


def test_failed_photos_are_those_of_the_last_run(world: Cabinet) -> None:
    (world.root / "more").mkdir()
    (world.root / "more/broken.png").write_bytes(b"no photo")
    aged(world.root / "more/broken.png")
    world.put(7, "more")
    _recognise(world, "more")
    assert [row["file"] for row in read_report(world.output / REPORT) if row["error"]] == ["broken.png"]
    _recognise(world, "input")
    assert [row["file"] for row in read_report(world.output / REPORT) if row["error"]] == []


@pytest.mark.parametrize(
    "names", [["a", "b"], ["a; b", "c"], ["a\\", "b;"], ["=1", "x"], [" a", "b "], ["\\;", ";\\ "]]
)
def test_what_a_cell_lists_is_read_as_it_was_written(names: list[str]) -> None:
    cells = dict(zip(("copies",), [ReportRow("f", copies=names).cells()[16]], strict=True))
    assert SEPARATOR in cells["copies"]
    assert listed_in(cells["copies"]) == names
