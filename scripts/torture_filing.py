"""Filing killed at calls by their number, and on disks that are full, read-only, taken away or used by two at once.

The library is drawn, so that no photo is looked at and a command takes a fraction of a second. What is killed is a
table: a row more in STEPS is one more thing that must come through. Photos are told apart by their pictures, since some
of the steps write names into their files.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any

import numpy as np
from PIL import Image

from bench_filing import drawn_settings
from bench_rerun import Case, fill
from kith.errors import BadPhoto
from kith.filing.report import listed_in, read_report
from kith.jobs.export_people import export_people
from kith.library.store import Store, open_store
from kith.photos.facts import read_facts
from kith.photos.outputs import REPORT
from torture_disturbing import NO_SHIM, Life, badly_told, counted, made_shim, preloaded, troubles
from torture_world import CANNOT, ROOT, Done, Step, World, hashes

PHOTOS = Case("", 6, 3)
SIDE, QUALITY = 1000, 95  # of noise: files larger than what is written in one call, so that a copy can be half done
LAID_OUT_NS = 1_500_000_000_000_000_000  # when they were written
STEPS = (
    Step("move", ["recognize", "--set", "face_tol=0.40", "--set", "file_as=move"], done="There is no photo in"),
    Step("undo the run", ["undo", "1"], done="taken back already"),
    Step("file", ["recognize", "--set", "face_tol=0.40"]),
    Step("file more", ["recognize", "--set", "face_tol=0.56"]),
    Step("name in photos and copies", ["write-names", "--set", "names_in=photos_embedded"]),
    Step("rename", ["people", "rename", "Person 1", "Anna"], is_edit=True),
    Step("undo", ["people", "undo"], is_edit=True),
    Step("file less", ["redecide", "--set", "face_tol=0.30"]),
    Step("name in copies alone", ["write-names", "--set", "names_in=copies_embedded"]),
    Step("import", ["import", "people", "{root}/family.zip", "--yes"], is_edit=True),
    Step("undo the import", ["people", "undo"], is_edit=True),
)
FILED_FROM_NOTHING = 0, 2  # of these steps
LARGE_MB = 64
SMALL, LARGE = "4m", f"{LARGE_MB}m"  # disks that take some of the photos, and all
AWAY_S = 1.5  # for so long a drive is away
DRIVER = Path(__file__).with_name("torture_driver.py")


@dataclass
class FilingWorld(World):
    """A drawn collection, whose commands run in children of one process, under the library that disturbs calls."""

    shim: Path = Path()
    known: "set[str]" = field(init=False)  # what the photos show
    steps: Sequence[Step] = STEPS
    driver: "subprocess.Popen[str]" = field(init=False)

    @contextmanager
    def driven(self) -> "Iterator[FilingWorld]":
        """Have the process that runs the commands."""
        own = {"PYTHONPATH": str(ROOT / "app"), "KITH_HOME": str(self.folder / "home"), "LD_PRELOAD": str(self.shim)}
        command, environment = [sys.executable, str(DRIVER)], {**os.environ, **own}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True) as self.driver:
            yield self
            assert self.driver.stdin
            self.driver.stdin.close()

    def lay_out(self) -> None:
        """Draw photos, people and who shows in them."""
        self.root.mkdir()
        settings = drawn_settings(self.root)
        fill(settings, PHOTOS)
        with closing(open_store(settings.library_file)) as store, store.transaction():
            for number, path in enumerate(sorted((self.root / "input").rglob("*.jpg"))):
                _draw(path, number, store)
        self.known = {*self.pictures("input").values()}
        text = json.dumps(settings.model_dump(mode="json"))
        self._settings_file.write_text(text, encoding="utf-8")
        _write_relatives(self.folder / "relatives", self.root / "family.zip")

    def pictures(self, folder: str) -> "dict[str, str]":
        """Return what the photos in a folder show, by their names there; nothing for what is no whole photo."""
        root = self.root / folder
        found = {}
        for path in root.rglob("*.jpg"):
            name = path.relative_to(root).as_posix()
            with suppress(BadPhoto):
                found[name] = ""
                found[name] = read_facts(path).image_hash
        return found

    def run(self, step: Step, environment: "Mapping[str, str] | None" = None) -> Done:
        """Run a command to its end; one that halts itself has no code."""
        arguments = (word.replace("{root}", str(self.root)) for word in step.arguments)
        words = [*arguments, "--settings", str(self._settings_file)]
        return self._drive(step, words=words, environment=dict(environment or {}))

    def go_on(self, step: Step, halted: Done) -> Done:
        """Let a halted command go on to its end."""
        return self._drive(step, process=halted.process)

    def state(self) -> "dict[str, Any]":
        """Return all that must be equal, times and rights of photos too."""
        photos = [path for part in ("input", "output") for path in (self.root / part).rglob("*.jpg")]
        found = {path.relative_to(self.root).as_posix(): path.stat() for path in photos}
        kept = {name: (_since(status.st_mtime_ns), status.st_mode) for name, status in sorted(found.items())}
        found_before = super().state()
        output = {name: hashed for name, hashed in found_before["output"].items() if name != REPORT}
        return {**found_before, "output": output, "times": kept, "unreported": self._unreported()}

    def _unreported(self) -> "list[str]":
        """Return the copies that the report does not name; its other cells may differ by which run wrote them."""
        output = self.root / "output"
        named = {name for row in read_report(output / REPORT) for name in listed_in(row["copies"])}
        return sorted(hashes(output, ".jpg").keys() - named)

    def _drive(self, step: Step, **task: Any) -> Done:
        told = self.folder / f"{step.name}.txt"
        assert self.driver.stdin
        assert self.driver.stdout
        print(json.dumps({**task, "told": str(told)}), file=self.driver.stdin, flush=True)
        process, code = json.loads(self.driver.stdout.readline())
        return Done(code, "", told.read_text(errors="replace"), process)


def _draw(path: Path, number: int, store: Store) -> None:
    """Draw a photo, and have the library know it by its picture."""
    noise = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(noise).save(path, quality=QUALITY)
    os.utime(path, ns=(LAID_OUT_NS, LAID_OUT_NS + number))
    photo_id = store.photos.at_path(path)
    query = "UPDATE photos SET image_hash = ?, width = ?, height = ? WHERE id = ?"
    store._connection.execute(query, (read_facts(path).image_hash, SIDE, SIDE, photo_id))
    store.photos.save_file(path, photo_id or 0, path.stat().st_size, LAID_OUT_NS + number)


def _since(mtime_ns: int) -> "int | str":
    """Return when a photo was written, unless names were put into it since."""
    return mtime_ns if mtime_ns < LAID_OUT_NS + PHOTOS.photos else "since"


def _write_relatives(folder: Path, file: Path) -> None:
    """Write people of another library to a file: the same ones, in other photos and by other names."""
    folder.mkdir()
    settings = drawn_settings(folder)
    fill(settings, PHOTOS)
    with closing(sqlite3.connect(settings.library_file)) as library, library:
        library.execute("UPDATE photos SET image_hash = 'theirs ' || image_hash")
        library.execute("UPDATE persons SET name = 'Cousin ' || name, birth = '1950' WHERE id % 2")
    export_people(settings, file)


def filing(folder: Path, _data: Path, count: int, random: Random) -> "list[str]":
    """Kill filing at so many random calls, then let its disks fail; return what went wrong."""
    shim = made_shim(folder)
    if not shim:
        return [NO_SHIM]
    with FilingWorld(folder, Path(), shim=shim).driven() as world:
        life = Life(world)
        places = world.root, world.root / "output"  # half of the kills while files are made, moved and removed

        @cache
        def calls(number: int, under: Path) -> int:
            return counted(life, number, shim, under, folder / "calls")

        def kill(life: Life, number: int, random: Random) -> "tuple[str, str]":
            under = random.choice(places)
            at = random.randint(1, calls(number, under) or 1)
            world.put_back(f"before {number}")
            world.run(STEPS[number], _disturbed(life, under, at, signal.SIGKILL))
            return f"killed at call {at} of {calls(number, under)} in {under.name}", _not_whole(life)

        found = list(troubles(life, count, random, kill))
        trials = product((_two_at_once, _too_small, _full, _read_only, _target_removed), FILED_FROM_NOTHING)
        for trial, number in trials:
            under = world.root / "output" if trial in (_target_removed, _full) else world.root  # else it is not in use
            most = calls(number, under) // (2 if trial is _full else 1)
            world.put_back(f"before {number}")
            trouble = trial(life, number, random.randint(1, most))
            found += [f"{STEPS[number].name}, {trial.__name__.strip('_')}: {trouble}"] if trouble else []
        return found


def _disturbed(life: Life, under: Path, at: int, by: signal.Signals) -> "dict[str, str]":
    world = life.world
    assert isinstance(world, FilingWorld)
    return {**preloaded(world.shim, under), "KITH_FAIL_AT": str(at), "KITH_FAIL_SIGNAL": str(int(by))}


def _not_whole(life: Life) -> str:
    assert isinstance(life.world, FilingWorld)
    return not_whole(life.world)


def not_whole(world: FilingWorld) -> str:
    """Say which photos are lost, or what was filed that is none of them; an empty file is the mere name of a copy."""
    known = world.known
    output = world.root / "output"
    filed = world.pictures("output")
    lost = known - {*world.pictures("input").values(), *filed.values()}
    if lost:
        return f"{len(lost)} photos are lost"
    broken = [name for name, shown in filed.items() if shown not in known and (output / name).stat().st_size]
    return f"half copies: {broken}" if broken else ""


def _two_at_once(life: Life, number: int, at: int) -> str:
    """Halt a run, start another: it is refused in words, and the first one ends as if it had been alone."""
    world, step = life.world, STEPS[number]
    assert isinstance(world, FilingWorld)
    halted = world.run(step, _disturbed(life, world.root, at, signal.SIGSTOP))
    if halted.code is not None:
        return f"it did not halt at call {at}: {halted.err}"
    second = world.run(Step("second", step.arguments))
    ended = world.go_on(step, halted)
    if second.code != CANNOT or "is at work on" not in second.err:
        return f"the second one ended with {second.code}: {second.err}"
    return badly_told(ended) or life.finish(number)


def _target_removed(life: Life, number: int, at: int) -> str:
    """Halt a run, take its output folder away like a drive: it waits, or ends in words, and goes on with it back."""
    world, step = life.world, STEPS[number]
    assert isinstance(world, FilingWorld)
    halted = world.run(step, _disturbed(life, world.root / "output", at, signal.SIGSTOP))
    output, away = world.root / "output", world.root / "away"
    made_anew = []

    def put_back() -> None:
        made_anew.append(away.exists() and output.exists())
        if away.exists() and not output.exists():
            away.rename(output)

    if output.exists():
        output.rename(away)
    timer = Timer(AWAY_S, put_back)
    timer.start()
    ended = world.go_on(step, halted)
    timer.join()
    if any(made_anew):
        return "an output folder that is not there was made anew"
    return badly_told(ended) or not_whole(world) or life.finish(number)


def _too_small(life: Life, number: int, _at: int) -> str:
    return _on_a_disk(life, number, f"size={SMALL}", f"size={LARGE}")


def _full(life: Life, number: int, at: int) -> str:
    return _on_a_disk(life, number, f"size={LARGE}", f"size={2 * LARGE_MB}m", at)


def _read_only(life: Life, number: int, _at: int) -> str:
    return _on_a_disk(life, number, f"ro,size={LARGE}", "rw")


def _on_a_disk(life: Life, number: int, bad: str, good: str, fill_at: int = 0) -> str:
    """File onto a disk that takes not all, which is told in words, then onto the same one mended.

    With `fill_at` something else fills it while the run is halted at that call.
    """
    if os.geteuid():
        print("only root may mount a disk: not tried", file=sys.stderr)
        return ""
    world = life.world
    disk = world.root / "output"
    disk.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", bad, "tmpfs", disk)
    try:
        refused = _filled(life, number, fill_at) if fill_at else world.run(STEPS[number])
        if refused.code != CANNOT:
            return f"it ended with {refused.code}: {refused.err}"
        trouble = badly_told(refused) or _not_whole(life)
        _mount("-o", f"remount,{good}", disk)
        return trouble or life.finish(number)
    finally:
        subprocess.run(["umount", disk], check=True)


def _filled(life: Life, number: int, at: int) -> Done:
    """Halt a run, fill the disk of its output, and let it go on."""
    world = life.world
    assert isinstance(world, FilingWorld)
    halted = world.run(STEPS[number], _disturbed(life, world.root / "output", at, signal.SIGSTOP))
    with suppress(OSError), (world.root / "output/.filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(2**16)):
            pass
    ended = world.go_on(STEPS[number], halted)
    (world.root / "output/.filler").unlink()
    return ended


def _mount(*words: "str | Path") -> None:
    subprocess.run(["mount", *words], check=True)
