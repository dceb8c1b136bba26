"""Kills at random moments and calls that fail by number: what comes of them, and what the next run makes of it."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from torture_world import BUG_SIGNS, CANNOT, STEPS, Done, Step, World

SETTLE = Step("redecide", ["redecide"])  # lets copies follow an edit that was disturbed
ERRNOS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
SHIM = Path(__file__).with_name("torture_shim.c")
_EARLIEST = 0.25  # of a command's time: before, Python is still importing


class Life:
    """All states of an undisturbed life, and what each command takes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seconds: list[float] = []
        self.after: list[dict[str, object]] = []
        self.words: list[list[object]] = []
        world.lay_out()
        for number, step in enumerate(STEPS):
            world.keep(f"before {number}")
            words = world.words()
            began = time.monotonic()
            _expect_done(world.run(step))
            seconds = time.monotonic() - began
            world.keep(f"after {number}")
            after = self._settled()
            self.words.append(words)
            self.seconds.append(seconds)
            self.after.append(after)
            world.put_back(f"after {number}")
        self.originals = world.originals()

    def _settled(self) -> dict[str, object]:
        world = self.world
        output = world.root / "output"
        if output.is_dir():
            _expect_done(world.run(SETTLE))
        return world.state()

    def finish(self, number: int) -> str:
        """Run a disturbed command again as a user would, and say what differs from an undisturbed life."""
        step, world = STEPS[number], self.world
        if not step.is_edit or world.words() == self.words[number]:
            done = world.run(step)
            if done.code:
                return f"the next run ended with {done.code}: {_end_of(done.err, 300)}"
        found = self._settled()
        wanted = self.after[number]
        if world.originals() != self.originals:
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
    return list(_troubles(life, count, random, _kill))


def _troubles(life: Life, count: int, random: Random, disturb: "object") -> Iterator[str]:
    for trial in range(count):
        number = random.randrange(len(STEPS))
        life.world.put_back(f"before {number}")
        how, trouble = disturb(life, number, random)  # type: ignore[operator]
        trouble = trouble or life.finish(number)
        if trouble:
            yield f"{trial}: {STEPS[number].name}, {how}: {trouble}"
        if trial % 10 == 9:
            print(f"{trial + 1} of {count}", file=sys.stderr, flush=True)


def _kill(life: Life, number: int, random: Random) -> "tuple[str, str]":
    share = random.uniform(_EARLIEST, 1.05)
    after = share * life.seconds[number]
    process = life.world.start(STEPS[number])
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
    shim = folder / "shim.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler or sys.platform != "linux":
        return ["errors are made by a shared library for Linux, for which a C compiler is needed"]
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(SHIM), "-ldl"], check=True)
    life = Life(World(folder, data))
    calls = [_calls(life, number, shim, folder / "calls") for number in range(len(STEPS))]

    def fail(life: Life, number: int, random: Random) -> "tuple[str, str]":
        at = random.randint(1, calls[number])
        error = random.choice(ERRNOS)
        always = random.random() < 0.5
        reads = random.random() < 0.2
        how = f"{errno.errorcode[error]} at call {at}"
        environment = {**_shim(life, shim), "KITH_FAIL_AT": str(at), "KITH_FAIL_ERRNO": str(error)}
        if always:
            environment["KITH_FAIL_ALWAYS"] = "1"
            how += " and after"
        if reads:
            environment["KITH_FAIL_READS"] = "1"
            how += ", reads too"
        done = life.world.run(STEPS[number], environment)
        return how, _badly_told(done)

    return list(_troubles(life, count, random, fail))


def _shim(life: Life, shim: Path) -> "dict[str, str]":
    return {"LD_PRELOAD": str(shim), "KITH_FAIL_UNDER": str(life.world.root)}


def _calls(life: Life, number: int, shim: Path, told: Path) -> int:
    """Count the calls of an undisturbed command."""
    world = life.world
    world.put_back(f"before {number}")
    told.unlink(missing_ok=True)
    environment = {**_shim(life, shim), "KITH_FAIL_COUNT": str(told)}
    done = world.run(STEPS[number], environment)
    _expect_done(done)
    counts = told.read_text().split()
    return max(map(int, counts))


def _badly_told(done: Done) -> str:
    code, said = done.code, done.err
    if code not in (0, CANNOT) or any(sign in said for sign in BUG_SIGNS):
        return f"ended with {code}: {_end_of(said, 600)}"
    return "" if code == 0 or said.strip() else "no message"
