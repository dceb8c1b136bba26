"""What a run filed, as whatever it was filed, and taken back: the tree is then what it was."""

import importlib
import json
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from kith.errors import BadInput, FilingFailed
from kith.filing.places import Places
from kith.filing.report import listed_in, read_report
from kith.jobs.context import Context
from kith.jobs.events import Event, Notice, PhotoDone, PhotoFailed
from kith.jobs.filing_runs import complete_killed, undo_run
from kith.jobs.outcome import Outcome
from kith.jobs.person_changes import PersonChanges
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.redecision import redecide
from kith.jobs.user_words import Is, IsNot
from kith.library import copy_records
from kith.library.run_records import FilingRun
from kith.photos.facts import read_facts
from kith.photos.outputs import MARKER, REPORT
from kith.policies import FileAs, place_problem
from kith.settings import Settings
from tests.desk import ran, run_job
from tests.small_world import World

BOTH = 6  # shows Ann and Bob
ALL = {5: {"Eve"}, 6: {"Ann", "Bob"}, 8: {"Unknown"}, 10: {"Ann", "Eve"}, 11: {"Bob"}, 12: {"Unknown"}, 13: {"Ann"}}


class Cabinet(World):
    """A world whose photos are filed as it is set."""

    def change(self, **values: object) -> None:
        self.values |= values

    def run(self, dry_run: bool = False, stop_at: int | None = None) -> list[Event]:
        def job(context: Context) -> Iterator[Event]:
            return recognize_folder(context, [self.root / "input"], self.root / "output", dry_run)

        return run_job(self.settings, job, executor=lambda: self.eyes, stop_at=stop_at)

    def runs(self) -> list[FilingRun]:
        """Return the runs, of which what was counted when they ended is what would be counted now."""
        with self.store() as store:
            runs = store.runs.all()
            store._connection.execute("BEGIN")
            store._connection.execute("UPDATE runs SET filed = NULL")
            assert store.runs.all() == runs
            store._connection.execute("ROLLBACK")
            return runs

    def undo(self, run: int, photo: str = "") -> Outcome:
        with self.library() as library:
            return undo_run(library, run, photo)

    def filed(self) -> dict[str, set[str]]:
        """Return by photo in which folders of the output it lies."""
        found: dict[str, set[str]] = {}
        for path in self.output.rglob("*.png"):
            found.setdefault(path.name, set()).add(path.parent.relative_to(self.output).as_posix())
        return found

    @property
    def input(self) -> Path:
        return self.root / "input"

    @property
    def output(self) -> Path:
        return self.root / "output"

    def tree(self, folder: Path | None = None) -> dict[str, tuple[object, ...]]:  # type: ignore[override]
        """Return all that lies in the input, or another folder, with content, time, mode, and the times of folders."""
        found: dict[str, tuple[object, ...]] = {"": (None, (folder or self.input).stat().st_mtime_ns)}
        for path in (folder or self.input).rglob("*"):
            told = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(told.st_mode) else None
            found[str(path)] = (content, told.st_mtime_ns, stat.S_IMODE(told.st_mode))
        return found


@pytest.fixture(autouse=True)
def _drives_stay_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kith.jobs.storage.LOOK_S", 0.01)
    monkeypatch.setattr("kith.jobs.storage.BOUND_S", 0.0)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("built"))


@pytest.fixture
def world(built: World, tmp_path: Path) -> Cabinet:
    """A world of one's own, as the built one is."""
    shutil.copytree(built.root, tmp_path / "world", dirs_exist_ok=True)
    world = Cabinet.__new__(Cabinet)
    world.__dict__.update(built.__dict__, root=tmp_path / "world", values=dict(built.values))
    return world


def _names() -> dict[str, set[str]]:
    return {f"{number}.png": people for number, people in ALL.items()}


@pytest.mark.parametrize("file_as", [FileAs.COPY, FileAs.HARD_LINK, FileAs.SYMBOLIC_LINK])
def test_photos_are_filed_as_it_is_set_and_originals_stay(world: Cabinet, file_as: FileAs) -> None:
    before = world.tree()
    world.change(file_as=file_as)
    world.run()
    assert world.filed() == _names()
    assert world.tree() == before
    for path in world.output.rglob("*.png"):
        original = world.input / path.name
        assert path.is_symlink() == (file_as is FileAs.SYMBOLIC_LINK)
        assert path.samefile(original) == (file_as is not FileAs.COPY)
        assert path.read_bytes() == original.read_bytes()
    again = world.run()
    assert not [event for event in again if isinstance(event, Notice | PhotoFailed)]
    assert world.filed() == _names()
    assert len(world.runs()) == 1  # the second one did nothing


def test_photos_are_moved_for_one_of_their_people_and_copied_for_the_others(world: Cabinet) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in world.input.iterdir()}
    world.change(file_as="move")
    world.run()
    assert list(world.input.iterdir()) == []
    assert world.filed() == _names()
    for path in world.output.rglob("*.png"):
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before[path.name]
    kinds = world.query("SELECT kind, count(*) FROM copies GROUP BY 1 ORDER BY 1")
    assert kinds == [("copy", 2), ("move", 7)]
    assert world.query("SELECT count(*) FROM files WHERE path LIKE '%/output/%'") == [(7,)]
    with pytest.raises(BadInput, match="There is no photo"):
        world.run()
    assert world.filed() == _names()


@pytest.mark.parametrize("file_as", FileAs)
def test_words_are_followed_whatever_was_filed_and_nothing_is_lost(world: Cabinet, file_as: FileAs) -> None:
    contents = {path.name: path.read_bytes() for path in world.input.iterdir()}
    world.change(file_as=file_as)
    world.run()
    with world.library() as library:
        ann, bob, eve = (library.people.find(name) for name in ("Ann", "Bob", "Eve"))
        faces = {name: _faces(world, name) for name in ("6.png", "8.png", "11.png")}
        library.say(IsNot(faces["6.png"][0], ann))  # only Bob is left
        assert world.filed()["6.png"] == {"Bob"}
        library.say(IsNot(faces["6.png"][1], bob))
        assert world.filed()["6.png"] == {"Unknown"}
        library.say(Is([faces["6.png"][0]], eve))
        assert world.filed()["6.png"] == {"Eve"}
        library.say(Is([faces["11.png"][0]], ann))
        library.say(Is([faces["8.png"][0]], bob))
        assert (world.filed()["8.png"], world.filed()["11.png"]) == ({"Bob"}, {"Ann"})
        for _ in range(5):
            library.undo()
    assert world.filed() == _names()
    for name, content in contents.items():
        assert all(path.read_bytes() == content for path in world.output.rglob(name))
        assert (world.input / name).exists() == (file_as is not FileAs.MOVE)


def _faces(world: Cabinet, name: str) -> list[int]:
    query = "SELECT a.id FROM appearances a JOIN files f USING (photo_id) WHERE f.path LIKE ? ORDER BY a.id"
    return [key for (key,) in world.query(query, f"%/{name}")]


@pytest.mark.parametrize("file_as", FileAs)
def test_a_run_is_taken_back_as_a_whole(world: Cabinet, file_as: FileAs) -> None:
    deep = world.input / "2019" / "summer"
    deep.mkdir(parents=True)
    (world.input / "13.png").rename(deep / "13.png")
    for number, path in enumerate(sorted(world.input.rglob("*.png"))):
        path.chmod(0o600 + number % 8)
        os.utime(path, ns=(10**18 + number, 10**18 + 7 * number))
    for folder in (deep, deep.parent, world.input):
        os.utime(folder, ns=(10**18, 10**18 + 5))
    before = world.tree()
    world.change(file_as=file_as)
    world.run()
    (run,) = world.runs()
    assert (run.photos, run.made, run.outputs) == (7, 9, (world.output,))
    assert run.ended_at
    outcome = world.undo(run.id)
    assert outcome.problems == ()
    assert world.tree() == before
    assert sorted(path.name for path in world.output.iterdir()) == [MARKER, REPORT]
    with pytest.raises(BadInput, match="already"):
        world.undo(run.id)
    world.run()
    assert world.filed() == _names()


def test_200_moved_photos_lie_where_they_lay_bit_for_bit(world: Cabinet) -> None:
    for path in world.input.iterdir():
        path.unlink()
    for number in range(200):
        path = world.input / f"trip {number % 7}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 6), (number, 3, 99)).save(path)
        world.eyes.known[read_facts(path).image_hash] = (5, 6, 8, 10, 11, 12, 13)[number % 7]
        os.utime(path, ns=(10**18, 10**18 + number))
    before = world.tree()
    world.change(file_as="move", file_under="{year}/{person}")
    world.run()
    assert not list(world.input.rglob("*.png"))
    assert {path.parent.parent.name for path in world.output.rglob("*.png")} == {"no date"}
    (run,) = world.runs()
    world.undo(run.id)
    assert world.tree() == before


def test_a_photo_whose_place_is_taken_meanwhile_goes_home_beside_it(world: Cabinet) -> None:
    world.change(file_as="move")
    world.run()
    (world.input / "8.png").write_bytes(b"another one")
    problems = world.undo(1).problems
    assert [f"{world.input / '8.png'} is taken: the photo lies at {world.input / '8 (2).png'} now."] == list(problems)
    assert (world.input / "8.png").read_bytes() == b"another one"


def test_one_photo_of_a_run_is_taken_back(world: Cabinet) -> None:
    world.change(file_as="move")
    world.run()
    (run,) = world.runs()
    outcome = world.undo(run.id, "6.png")
    assert outcome.text == f"Taken back: what run {run.id} did with 1 photo."
    assert [path.name for path in world.input.iterdir()] == ["6.png"]
    assert "6.png" not in world.filed()
    assert world.filed().keys() == _names().keys() - {"6.png"}
    with pytest.raises(BadInput, match="nothing of that photo"):
        world.undo(run.id, "6.png")
    world.undo(run.id)
    assert len(list(world.input.iterdir())) == 7


def test_a_run_that_filed_nothing_says_so(world: Cabinet) -> None:
    world.run()
    with world.library() as library:
        run = library.store.runs.begin("Recognize Folder")
    with pytest.raises(BadInput, match=f"^Run {run} filed nothing.$"):
        world.undo(run)


def test_a_later_run_is_taken_back_first_and_what_it_moved_moves_back(world: Cabinet) -> None:
    world.run()
    first = world.tree(world.output)
    world.change(file_under="{person}/{year}")
    world.run()
    assert world.filed()["13.png"] == {"Ann/no date"}
    second, earlier = world.runs()
    assert (second.photos, second.made) == (7, 9)
    outcome = world.undo(earlier.id)
    assert any("a later run filed them, too" in problem for problem in outcome.problems)
    assert world.filed()["13.png"] == {"Ann/no date"}
    world.undo(second.id)
    now = world.tree(world.output)
    report = str(world.output / REPORT)
    assert {path: told[0] for path, told in now.items() if path != report} == {
        path: told[0] for path, told in first.items() if path != report
    }
    world.undo(earlier.id)
    assert world.filed() == {}


def test_what_somebody_edited_is_neither_overwritten_nor_taken_away(world: Cabinet) -> None:
    world.run()
    edited = world.output / "Ann" / "13.png"
    edited.write_bytes(b"my own")
    (run,) = world.runs()
    outcome = world.undo(run.id)
    assert edited.read_bytes() == b"my own"
    assert world.filed() == {"13.png": {"Ann"}}
    assert outcome.text.endswith("with 7 photos.")
    assert outcome.problems == (f"{edited} is not as Kith made it, and stays.",)
    world.run()
    assert edited.read_bytes() == b"my own"
    assert (world.output / "Ann" / "13 (2).png").exists()


@pytest.mark.parametrize("file_as", FileAs)
def test_a_copy_that_somebody_deleted_stays_deleted_under_another_name(world: Cabinet, file_as: FileAs) -> None:
    world.change(file_as=file_as)
    world.run()
    (world.output / "Ann/13.png").unlink()
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Anna")
        assert "13.png" not in world.filed()
        assert world.filed()["6.png"] == {"Anna", "Bob"}
    world.change(file_under="{person}/{year}")
    run_job(world.settings, redecide)
    assert "13.png" not in world.filed()
    assert world.filed()["6.png"] == {"Anna/no date", "Bob/no date"}


def test_what_another_library_filed_already_is_not_filed_once_more(world: Cabinet) -> None:
    world.run()
    with closing(sqlite3.connect(world.settings.library_file)) as library, library:
        library.execute("DELETE FROM run_copies")
        library.execute("DELETE FROM copies")
    before = world.tree(world.output)
    world.run()
    after = world.tree(world.output)
    assert before.keys() == after.keys()
    assert world.filed() == _names()


def test_a_dry_run_tells_all_and_does_nothing(world: Cabinet) -> None:
    before = world.tree()
    events = world.run(dry_run=True)
    lines = {event.path.name: event.line for event in events if isinstance(event, PhotoDone)}
    assert lines["6.png"] == "6.png: copy to Ann/6.png, copy to Bob/6.png"
    assert lines["8.png"] == "8.png: copy to Unknown/8.png"
    assert world.tree() == before
    assert not world.output.exists()
    assert world.query("SELECT * FROM copies") == world.query("SELECT * FROM runs") == []
    world.change(file_as="move")
    assert "6.png: move to Ann/6.png, copy to Bob/6.png" in _lines(world.run(dry_run=True))


def _lines(events: list[Event]) -> list[str]:
    return [event.line for event in events if isinstance(event, PhotoDone)]


@pytest.mark.parametrize(
    ("pattern", "taken_at", "below"),
    [
        ("{person}", None, "Ann"),
        ("{person}/{year}", "2019-05-31T10:00:00", "Ann/2019"),
        ("{person}/{year}", None, "Ann/no date"),
        ("{year}/{year}-{month}-{day} {person}", "2019-05-31T10:00:00", "2019/2019-05-31 Ann"),
        ("People/{person}", "rubbish", "People/Ann"),
        ("con/{person}", None, "_con/Ann"),
    ],
)
def test_a_pattern_names_folders_that_every_disk_takes(pattern: str, taken_at: str | None, below: str) -> None:
    assert place_problem(pattern) == ""
    assert Places(pattern).below("Ann", taken_at).as_posix() == below


@pytest.mark.parametrize(
    "pattern",
    ["", "{year}", "{person}/", "/{person}", "{person}/../..", "{person}/.", "{person}\\{year}", "{name}/{person}",
     "{person", "{person.__class__}", "{person:>9999999999}", "{person!r}", "{}", "{0}/{person}", "a:{person}"],
)  # fmt: skip
def test_a_pattern_of_no_use_is_refused(pattern: str) -> None:
    assert place_problem(pattern)
    with pytest.raises(ValueError, match="file_under"):
        Settings.at(Path("/"), {"file_under": pattern})


def test_hard_links_across_disks_are_refused_with_what_to_do(world: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    world.change(file_as="hard link")
    with pytest.raises(FilingFailed, match=r"Hard links want one disk.*file_as in the settings copy"):
        world.run()


def test_photos_are_moved_across_disks_by_a_copy_that_is_compared(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.tree()
    linked = os.link

    def refuse(source: Path, target: Path, **options: bool) -> None:
        if world.input in Path(source).parents or world.input in Path(target).parents:
            raise OSError(18, "Invalid cross-device link")
        linked(source, target, **options)

    monkeypatch.setattr("os.link", refuse)
    world.change(file_as="move")
    world.run()
    assert not list(world.input.iterdir())
    (run,) = world.runs()
    world.undo(run.id)
    assert world.tree() == before


def test_a_photo_in_a_folder_that_may_not_be_changed_stays_and_is_told(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = os.access
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != world.input and allowed(path, mode))
    before = world.tree()
    world.change(file_as="move")
    failed = [event.reason for event in world.run() if isinstance(event, PhotoFailed)]
    assert len(failed) == 7
    assert all("nothing in" in reason for reason in failed)
    assert world.tree() == before


def _cut_off(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch, step: str, at: int, run: Callable[[], object] | None = None
) -> None:
    """Run until a step is to be done for the so-many-th time: nothing happens after that, as with a kill."""
    module, _, attribute = step.rpartition(".")
    real: Callable[..., object] = getattr(importlib.import_module(module), attribute)
    done = 0

    def stop(*arguments: object) -> object:
        nonlocal done
        done += 1
        if done == at:
            raise SystemExit
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(step, stop)
        patch.setattr("kith.library.run_records.RunRecords.end", lambda *_: None)
        with pytest.raises(SystemExit):
            (run or world.run)()


STEPS = {"moves.give_name": 5, "moves.remove_name": 5, "moves.sync": 5, "copy_file.complete": 2}


@pytest.mark.parametrize(("step", "at"), [(step, at) for step, last in STEPS.items() for at in (1, last)])
def test_a_run_that_was_cut_off_is_completed_at_the_next_start_and_told(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch, step: str, at: int
) -> None:
    before = world.tree()
    contents = {path.read_bytes() for path in world.input.iterdir()}
    world.change(file_as="move")
    _cut_off(world, monkeypatch, f"kith.filing.{step}", at)
    there = {path.read_bytes() for folder in (world.input, world.output) for path in folder.rglob("*.png")}
    assert there == contents
    told = [event.text for event in world.run() if isinstance(event, Notice)]
    assert any("was interrupted" in text for text in told)
    assert world.filed() == _names()
    assert not list(world.input.iterdir())
    for run in world.runs():
        world.undo(run.id)
    assert world.tree() == before


def test_a_run_that_was_cut_off_when_all_was_moved_is_completed_and_told_and_in_the_report(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.change(file_as="move")
    _cut_off(world, monkeypatch, "kith.filing.moves.remove_name", 7)
    (world.output / REPORT).unlink(missing_ok=True)
    told = [event.text for event in world.run() if isinstance(event, Notice)]
    assert [text.partition(": ")[2] for text in told] == ["what it had planned for 1 photo is done now."]
    assert world.filed() == _names()
    assert _reported(world) == _lying(world)
    with pytest.raises(BadInput, match="There is no photo"):
        world.run()


def test_the_window_completes_a_run_and_its_report(world: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    _cut_off(world, monkeypatch, "kith.filing.copy_file.complete", 4)
    (world.output / REPORT).unlink(missing_ok=True)
    with world.library() as library:
        (told,) = complete_killed(library.store, library.settings, library.decisions)
    assert told.endswith("what it had planned for 1 photo is done now.")
    assert _reported(world) == _lying(world)


def _reported(world: Cabinet) -> list[str]:
    return sorted(name for row in read_report(world.output / REPORT) for name in listed_in(row["copies"]))


def _lying(world: Cabinet) -> list[str]:
    return sorted(f"{folder}/{name}" for name, folders in world.filed().items() for folder in folders)


@pytest.mark.parametrize("file_as", [FileAs.MOVE, FileAs.COPY])
def test_what_was_half_done_when_the_drive_went_away_is_done_when_it_is_back(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch, file_as: FileAs
) -> None:
    away, real, done = world.root / "away", copy_records.CopyRecords.complete, 0

    def gone(*arguments: object) -> object:
        nonlocal done
        done += 1
        if done == 4:
            world.output.rename(away)
        return real(*arguments)  # type: ignore[arg-type]

    world.change(file_as=file_as)
    with monkeypatch.context() as patch:
        patch.setattr(copy_records.CopyRecords, "complete", gone)
        with pytest.raises(FilingFailed, match="is not there any more"):
            world.run()
    with world.library() as library:  # it is not back yet
        assert complete_killed(library.store, library.settings, library.decisions) == []
    away.rename(world.output)
    with world.library() as library:
        (told,) = complete_killed(library.store, library.settings, library.decisions)
    assert "was interrupted" in told
    in_both = {path.name for path in world.input.iterdir()} & world.filed().keys()
    assert not in_both or file_as is FileAs.COPY
    world.run()
    assert world.filed() == _names()
    assert len([*world.input.iterdir()]) == (7 if file_as is FileAs.COPY else 0)


@pytest.mark.parametrize(("step", "at"), [("copies.put", 4), ("copies.clear_away", 2), ("report.replacing", 1)])
def test_an_undo_that_was_cut_off_goes_on(world: Cabinet, monkeypatch: pytest.MonkeyPatch, step: str, at: int) -> None:
    world.run()
    first = world.filed()
    world.change(file_under="{person}/{year}")
    world.run()
    _cut_off(world, monkeypatch, f"kith.filing.{step}", at, lambda: world.undo(2))
    with world.library() as library:
        (told,) = complete_killed(library.store, library.settings, library.decisions)
    assert told == "Taking run 2 back was interrupted: kith undo 2 goes on."
    assert _reported(world) == _lying(world)
    world.undo(2)
    assert world.filed() == first
    _cut_off(world, monkeypatch, "kith.filing.report.replacing", 1, lambda: world.undo(1))
    with world.library() as library:
        complete_killed(library.store, library.settings, library.decisions)
    assert _reported(world) == _lying(world)
    assert not list(world.output.rglob(".*.part"))
    world.undo(1)
    assert all(run.is_undone for run in world.runs())
    assert world.filed() == {}


def test_the_report_covers_what_deciding_again_filed_that_was_cut_off_at_it(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    world.change(face_tol=0.05)
    with monkeypatch.context() as patch:
        patch.setattr("kith.filing.report.replacing", lambda _: sys.exit())
        with pytest.raises(SystemExit):
            run_job(world.settings, redecide)
    assert _reported(world) != _lying(world)
    run_job(world.settings, redecide)
    assert _reported(world) == _lying(world)


@pytest.mark.parametrize("step", ["kith.jobs.written_names.WrittenNames.follow", "pathlib.Path.unlink"])
def test_names_follow_where_deciding_again_was_cut_off(
    world: Cabinet, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    world.change(names_in="copies")
    world.run()
    assert {path.stem for path in world.output.rglob("*.xmp")} == {"5.png", "6.png", "10.png", "11.png", "13.png"}
    world.change(face_tol=0.05)

    unlink = Path.unlink

    def stop(path: object, *_: object, **__: object) -> None:
        if not isinstance(path, Path) or path.suffix == ".xmp":
            raise SystemExit
        unlink(path)

    with monkeypatch.context() as patch:
        patch.setattr(step, stop)
        patch.setattr("kith.library.run_records.RunRecords.end", lambda *_: None)
        with pytest.raises(SystemExit):
            run_job(world.settings, redecide)
    assert {folder for folders in world.filed().values() for folder in folders} == {"Unknown"}
    run_job(world.settings, redecide)
    assert not list(world.output.rglob("*.xmp"))
    assert {path.name for path in world.output.iterdir()} == {MARKER, REPORT, "Unknown"}


def test_commands_list_runs_and_take_them_back(world: Cabinet) -> None:
    world.run()
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    code, told, _ = ran("runs", "--settings", file)
    assert code == 0
    assert told.startswith("1  ")
    assert "Recognize Folder  9 files filed, 7 photos" in told
    code, told, notes = ran("undo", "1", "--settings", file)
    assert (code, told) == (0, "Taken back: what run 1 did with 7 photos.\n")
    assert "files them again" in notes
    code, _, error = ran("undo", "9", "--settings", file)
    assert (code, "There is no run 9" in error) == (3, True)
