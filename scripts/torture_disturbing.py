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
            self.words.append(world.words())
            began = time.monotonic()
            _expect_done(world.run(step))
            self.seconds.append(time.monotonic() - began)
            world.keep(f"after {number}")
            self.after.append(self._settled())
            world.put_back(f"after {number}")
        self.originals = world.originals()

    def _settled(self) -> dict[str, object]:
        if self.world.root.joinpath("output").is_dir():
            _expect_done(self.world.run(SETTLE))
        return self.world.state()

    def finish(self, number: int) -> str:
        """Run a disturbed command again as a user would, and say what differs from an undisturbed life."""
        step = STEPS[number]
        if not step.is_edit or self.world.words() == self.words[number]:
            done = self.world.run(step)
            if done.code:
                return f"the next run ended with {done.code}: {done.err.strip()[-300:]}"
        found, wanted = self._settled(), self.after[number]
        if self.world.originals() != self.originals:
            return "an original is lost or changed"
        return ", ".join(
            f"{key} differs: {_difference(found[key], wanted[key])}" for key in wanted if found[key] != wanted[key]
        )


def _difference(found: object, wanted: object) -> str:
    return f"{str(found)[:1500]} instead of {str(wanted)[:1500]}"


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
    after = random.uniform(_EARLIEST, 1.05) * life.seconds[number]
    process = life.world.start(STEPS[number])
    time.sleep(after)
    with_family = random.random() < 0.5
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL) if with_family else process.kill()
    process.communicate(timeout=120)  # its workers hold the other end until they have ended
    return f"killed after {after:.2f} s{' with its workers' if with_family else ''}", ""


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
        at, error = random.randint(1, calls[number]), random.choice(ERRNOS)
        always, reads = random.random() < 0.5, random.random() < 0.2
        environment = {**_shim(life, shim), "KITH_FAIL_AT": str(at), "KITH_FAIL_ERRNO": str(error)}
        environment |= {"KITH_FAIL_ALWAYS": "1"} if always else {}
        environment |= {"KITH_FAIL_READS": "1"} if reads else {}
        done = life.world.run(STEPS[number], environment)
        how = f"{errno.errorcode[error]} at call {at}{' and after' if always else ''}{', reads too' if reads else ''}"
        return how, _badly_told(done)

    return list(_troubles(life, count, random, fail))


def _shim(life: Life, shim: Path) -> "dict[str, str]":
    return {"LD_PRELOAD": str(shim), "KITH_FAIL_UNDER": str(life.world.root)}


def _calls(life: Life, number: int, shim: Path, told: Path) -> int:
    """Count the calls of an undisturbed command."""
    life.world.put_back(f"before {number}")
    told.unlink(missing_ok=True)
    _expect_done(life.world.run(STEPS[number], {**_shim(life, shim), "KITH_FAIL_COUNT": str(told)}))
    return max(int(line) for line in told.read_text().split())


def _badly_told(done: Done) -> str:
    if done.code not in (0, CANNOT) or any(sign in done.err for sign in BUG_SIGNS):
        return f"ended with {done.code}: {done.err.strip()[-600:]}"
    return "" if done.code == 0 or done.err.strip() else "no message"
