"""Kills at random moments and calls that fail by number: what comes of them, and what the next run makes of it."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

from torture_world import BUG_SIGNS, CANNOT, Done, Step, World

ERRNOS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
SHIM = Path(__file__).with_name("torture_shim.c")
NO_SHIM = "calls are disturbed by a shared library for Linux, for which a C compiler is needed"
_EARLIEST = 0.25  # of a command's time: before, Python is still importing


class Life:
    """All states of an undisturbed life, and what each command takes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seconds: list[float] = []
        self.after: list[dict[str, object]] = []
        self.words: list[list[object]] = []
        self.originals: list[dict[str, str]] = []
        world.lay_out()
        self.photos = world.originals()
        for number, step in enumerate(world.steps):
            world.keep(f"before {number}")
            words = world.words()
            began = time.monotonic()
            _expect_done(world.run(step))
            seconds = time.monotonic() - began
            world.keep(f"after {number}")
            after = self._settled(step)
            self.words.append(words)
            self.seconds.append(seconds)
            self.after.append(after)
            self.originals.append(world.originals())
            world.put_back(f"after {number}")

    def _settled(self, step: Step) -> dict[str, object]:
        """Let copies follow an edit that was disturbed, by the settings of the command, and return what there is."""
        world = self.world
        output = world.root / "output"
        if output.is_dir():
            settings = [word for pair in pairwise(step.arguments) if pair[0] == "--set" for word in pair]
            _expect_done(world.run(Step("redecide", ["redecide", *settings])))
        return world.state()

    def finish(self, number: int) -> str:
        """Run a disturbed command again as a user would, and say what differs from an undisturbed life."""
        step, world = self.world.steps[number], self.world
        if not step.is_edit or world.words() == self.words[number]:
            done = world.run(step)
            if done.code and not (step.done and step.done in done.err):
                return f"the next run ended with {done.code}: {_end_of(done.err, 300)}"
        found = self._settled(step)
        wanted = self.after[number]
        if world.originals() != self.originals[number]:
            return "an original is lost or changed"
        differing = [key for key in wanted if found[key] != wanted[key]]
        return ", ".join(f"{key} differs: {_difference(found[key], wanted[key])}" for key in differing)


def _difference(found: object, wanted: object) -> str:
    shown, instead_of = str(found), str(wanted)
    return f"{shown[:1500]} instead of {instead_of[:1500]}"


def _end_of(text: str, most: int) -> str:
    stripped = text.strip()
    return stripped[-most:]


def _expect_done(done: Done) -> None:
    if done.code:
        raise RuntimeError(f"undisturbed, a command ended with {done.code}: {done.err}")


def kills(folder: Path, data: Path, count: int, random: Random) -> list[str]:
    """Kill commands at random moments, the whole family or the parent alone; return what went wrong."""
    life = Life(World(folder, data))
    return list(troubles(life, count, random, _kill))


def troubles(life: Life, count: int, random: Random, disturb: "object") -> Iterator[str]:
    """Disturb so many commands, each from the state before it, finish them and yield what went wrong."""
    for trial in range(count):
        number = random.randrange(len(life.world.steps))
        life.world.put_back(f"before {number}")
        how, trouble = disturb(life, number, random)  # type: ignore[operator]
        trouble = trouble or life.finish(number)
        if trouble:
            yield f"{trial}: {life.world.steps[number].name}, {how}: {trouble}"
        if trial % 10 == 9:
            print(f"{trial + 1} of {count}", file=sys.stderr, flush=True)


def _kill(life: Life, number: int, random: Random) -> "tuple[str, str]":
    share = random.uniform(_EARLIEST, 1.05)
    after = share * life.seconds[number]
    process = life.world.start(life.world.steps[number])
    time.sleep(after)
    with_family = random.random() < 0.5
    if process.poll() is None:
        if with_family:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate(timeout=120)  # its workers hold the other end until they have ended
    family = " with its workers" if with_family else ""
    return f"killed after {after:.2f} s{family}", ""


def errors(folder: Path, data: Path, count: int, random: Random) -> list[str]:
    """Let single calls fail, or all from one on; return what went wrong."""
    shim = made_shim(folder)
    if not shim:
        return [NO_SHIM]
    life = Life(World(folder, data))
    calls = [counted(life, number, shim, life.world.root, folder / "calls") for number in range(len(life.world.steps))]

    def fail(life: Life, number: int, random: Random) -> "tuple[str, str]":
        at = random.randint(1, calls[number])
        error = random.choice(ERRNOS)
        always = random.random() < 0.5
        reads = random.random() < 0.2
        how = f"{errno.errorcode[error]} at call {at}"
        environment = {**preloaded(shim, life.world.root), "KITH_FAIL_AT": str(at), "KITH_FAIL_ERRNO": str(error)}
        if always:
            environment["KITH_FAIL_ALWAYS"] = "1"
            how += " and after"
        if reads:
            environment["KITH_FAIL_READS"] = "1"
            how += ", reads too"
        done = life.world.run(life.world.steps[number], environment)
        return how, badly_told(done)

    return list(troubles(life, count, random, fail))


def made_shim(folder: Path) -> "Path | None":
    """Return the library that disturbs calls, or None where there can be none."""
    shim = folder / "shim.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler or sys.platform != "linux":
        return None
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(SHIM), "-ldl"], check=True)
    return shim


def preloaded(shim: Path, under: Path) -> "dict[str, str]":
    """Return the environment in which calls below a folder are counted."""
    return {"LD_PRELOAD": str(shim), "KITH_FAIL_UNDER": str(under)}


def counted(life: Life, number: int, shim: Path, under: Path, told: Path) -> int:
    """Count the calls of an undisturbed command."""
    world = life.world
    world.put_back(f"before {number}")
    told.unlink(missing_ok=True)
    environment = {**preloaded(shim, under), "KITH_FAIL_COUNT": str(told)}
    done = world.run(world.steps[number], environment)
    _expect_done(done)
    counts = told.read_text().split() if told.is_file() else []
    return max(map(int, counts), default=0)


def badly_told(done: Done) -> str:
    """Say what is wrong with how a command ended that could not do its work; empty where nothing is."""
    code, said = done.code, done.err
    if code not in (0, CANNOT) or any(sign in said for sign in BUG_SIGNS):
        return f"ended with {code}: {_end_of(said, 600)}"
    return "" if code == 0 or said.strip() else "no message"
