"""The project's own environment, `.venv`: what scripts/run.py and scripts/test.py share.

`prepare` makes it, resumes it where it was interrupted, or finds it current by comparing one small file, the stamp.
Standard library only. The file must parse on Pythons too old for Kith, so that they get a message and no traceback.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable, Sequence

from lock import alone, pins, versions
from machine import SUPPORTED, missing_venv, other_pythons, succeeds, this_machine, unsupported
from qt_libraries import provide_qt_libraries

ROOT = Path(__file__).resolve().parents[1]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDA_INDEX = "https://download.pytorch.org/whl/cu130"
BY_HASH = ("--no-deps", "--require-hashes", "--requirement")
DISK_GB = {"cpu": 3, "cuda": 10}
# What pip prints, and what the person can do about it.
ADVICE = (
    (
        ("do not match the hashes",),
        "A package is not the file that Kith's lock names: the package index or a proxy gives another one. Report it.",
    ),
    (("no space left", "not enough space", "disk quota"), "The disk is full: make room and start again."),
    (
        ("certificate_verify_failed", "sslerror"),
        "The package index cannot be trusted from here (a proxy, or old certificates): ask who runs this network.",
    ),
    (
        ("connection", "connect to", "name resolution", "getaddrinfo", "timed out", "proxyerror", "incompleteread"),
        "The package index cannot be reached: check the network or the proxy, and start again to go on from here.",
    ),
    (
        ("no matching distribution",),
        "The package index has no file of this package for this machine and this Python.",
    ),
    (
        ("permission denied", "access is denied", "read-only"),
        "Files in .venv cannot be written: close other programs that use it, check who owns the folder, start again.",
    ),
)


class SetupError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def say(text: str) -> None:
    """Tell the person what is being done; standard output is the program's own."""
    print(text, file=sys.stderr, flush=True)


# --- The stamp


def read_stamp(venv: Path) -> dict[str, str]:
    """Read what the environment was made of; empty when it was never finished or cannot be read."""
    try:
        stamp = json.loads((venv / "kith-stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(venv: Path, stamp: dict[str, str]) -> None:
    """Replace the stamp in one step, so that a kill leaves the old one or the new one."""
    new = venv / "kith-stamp.new"
    new.write_text(json.dumps(stamp, indent=2), encoding="utf-8")
    new.replace(venv / "kith-stamp.json")


def wanted_stamp(root: Path, with_tests: bool) -> dict[str, str]:
    """Say what an environment that is current was made of; PyTorch's build comes beside it."""
    stamp = {
        "folder": str(root),
        "python": ".".join(map(str, sys.version_info[:2])),
        "program": digest(root / "requirements.lock", root / "pyproject.toml"),
    }
    return {**stamp, "tests": digest(root / "requirements-test.lock")} if with_tests else stamp


def digest(*files: Path) -> str:
    """Return the SHA-256 of the files' bytes, one after the other."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def is_current(stamp: dict[str, str], wanted: dict[str, str], torch: str | None) -> bool:
    """Tell whether nothing is left to do; a choice of PyTorch's build counts only when one is made."""
    return all(stamp.get(key) == value for key, value in wanted.items()) and torch in (None, stamp.get("torch"))


# --- PyTorch


def chosen_torch(system: str, choice: str | None, installed: str | None, nvidia: Callable[[], bool]) -> str:
    """Choose PyTorch's build: what was asked for, what is there already, or what suits the machine."""
    return choice or installed or ("cuda" if system == "Linux" and nvidia() else "cpu")


def torch_index(system: str, build: str) -> str | None:
    """Name PyTorch's own index where the usual package index holds another build: it has CUDA on Linux only."""
    return {("Linux", "cpu"): CPU_INDEX, ("Windows", "cuda"): CUDA_INDEX}.get((system, build))


def torch_arguments(venv: Path, lock: Path, index: str | None) -> list[str]:
    """Return pip's arguments for PyTorch, from an index of its own or, with all it needs there, from the usual one.

    No hash is asked for: the lock knows neither the builds of its own index nor NVIDIA's packages
    (docs/decisions/032-lock-with-hashes.md).
    """
    pin = pins(lock)["torch"].requirement
    if index:
        return [pin, "--no-deps", "--index-url", index]
    return [pin, "--constraint", str(versions(lock, venv / "kith-versions.txt"))]


def reachable(index: str, seconds: float = 5) -> bool:
    """Tell whether an index answers."""
    from http.client import HTTPException
    from urllib.request import urlopen

    try:
        with urlopen(f"{index}/torch/", timeout=seconds):
            return True
    except (OSError, HTTPException):
        return False


def has_nvidia() -> bool:
    """Tell whether NVIDIA's driver sees a GPU."""
    return bool(shutil.which("nvidia-smi")) and succeeds(["nvidia-smi", "-L"])


def install_torch(venv: Path, lock: Path, build: str) -> None:
    """Install PyTorch's build of the locked version, or the usual index's where PyTorch's own cannot be reached."""
    index = torch_index(platform.system(), build)
    if not index and build == "cpu":
        return  # the usual index's, which comes by its hash with all the others
    if index and not reachable(index):
        say("PyTorch's own package index cannot be reached; the usual one may bring NVIDIA's libraries too (3 GB).")
        index = None
    large = "2 to 3 GB, many minutes" if build == "cuda" else "about 200 MB"
    say(f"Installing PyTorch for {'NVIDIA GPUs' if build == 'cuda' else 'the CPU'} ({large}) …")
    pip(venv_python(venv), "install", *torch_arguments(venv, lock, index))


# --- The environment


def prepare(with_tests: bool = False, torch: str | None = None, root: Path = ROOT) -> Path:
    """Return the Python of an environment that is current, making or mending it first where needed.

    `torch` is "cpu", "cuda" or None for what is there or suits the machine. SetupError says what stands in the way.
    """
    venv = root / ".venv"
    python = venv_python(venv)
    if python.exists() and is_current(read_stamp(venv), wanted_stamp(root, with_tests), torch):
        return python
    check_machine(torch)
    program = wanted_stamp(root, with_tests=False)
    make_venv(root, program)
    if not is_current(read_stamp(venv), program, torch):
        install_program(root, torch)
        fetch_models(python)
        write_stamp(venv, {**read_stamp(venv), **program})
    if with_tests:
        say("Installing the test tools …")
        pip(python, "install", *BY_HASH, str(root / "requirements-test.lock"))
        write_stamp(venv, {**read_stamp(venv), **wanted_stamp(root, with_tests)})
    return python


def check_machine(torch: str | None) -> None:
    """Stop where Kith cannot run, or not with the build of PyTorch that was asked for."""
    refuse(unsupported(this_machine(), () if sys.version_info[:2] in SUPPORTED else other_pythons()))
    refuse(missing_venv())
    if torch == "cuda" and platform.system() == "Darwin":
        refuse("There is no CUDA on a Mac. Leave --torch out: the usual build of PyTorch uses the Mac's GPU.")


def refuse(reason: str | None) -> None:
    """Stop the set-up where there is a reason to."""
    if reason:
        raise SetupError(reason)


def venv_python(venv: Path) -> Path:
    """Return where an environment keeps its Python."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def make_venv(root: Path, wanted: dict[str, str]) -> None:
    """Make `.venv` unless there is one to go on with."""
    venv = root / ".venv"
    if venv.exists():
        reason = useless(venv, wanted)
        if not reason:
            return
        say(f"Making .venv anew: {reason}.")
        shutil.rmtree(str(venv))
    say("Making the environment .venv …")
    run([sys.executable, "-m", "venv", str(venv)], "The environment cannot be made.")
    write_stamp(venv, {key: wanted[key] for key in ("folder", "python")})


def useless(venv: Path, wanted: dict[str, str]) -> str | None:
    """Say why an environment cannot be gone on with, or None."""
    stamp = read_stamp(venv)
    if stamp.get("folder", wanted["folder"]) != wanted["folder"]:
        return "the folder was moved or copied"
    if stamp.get("python", wanted["python"]) != wanted["python"]:
        return f"it was made with Python {stamp['python']}, this is {wanted['python']}"
    version = "import sys; sys.exit(sys.version_info[:2] != {})".format(tuple(map(int, wanted["python"].split("."))))
    python = str(venv_python(venv))
    works = succeeds([python, "-c", version]) and succeeds([python, "-m", "pip", "--version"])
    return None if works else "it is broken or was made in another way"


def install_program(root: Path, choice: str | None) -> None:
    """Install the locked versions and the project itself, editable; what is there already is left alone."""
    venv = root / ".venv"
    python = venv_python(venv)
    stamp = read_stamp(venv)
    build = chosen_torch(platform.system(), choice, stamp.get("torch"), has_nvidia)
    if "torch" not in stamp:
        refuse(full_disk(root, build))
    elif stamp["torch"] != build:
        write_stamp(venv, {**stamp, "program": "unfinished"})
        pip(python, "uninstall", "--yes", "torch")
    write_stamp(venv, {**stamp, "torch": build, "program": "unfinished"})
    install_locked(venv, root / "requirements.lock", build)
    pip(python, "install", "--no-deps", "--no-build-isolation", "--editable", str(root))
    if platform.system() == "Linux":
        provide_qt_libraries(say)


def install_locked(venv: Path, lock: Path, build: str) -> None:
    """Install what the program's lock pins, each file by its hash, and the build of PyTorch."""
    python = venv_python(venv)
    # The source packages in the lock are built with the locked setuptools, so it has to be there first.
    pip(python, "install", *BY_HASH, str(alone("setuptools", lock, venv / "kith-setuptools.txt")))
    install_torch(venv, lock, build)
    say("Installing the other packages (the first time about 400 MB, a few minutes) …")
    pip(python, "install", "--no-build-isolation", *BY_HASH, str(lock))


def full_disk(root: Path, build: str) -> str | None:
    """Say how much room is needed where there is less, or None."""
    free = shutil.disk_usage(str(root)).free / 1e9
    if free >= DISK_GB[build]:
        return None
    return f"Kith needs about {DISK_GB[build]} GB on this disk, and {free:.1f} GB are free. Make room and start again."


def fetch_models(python: Path) -> None:
    """Fetch the model files; the command itself says what works without those that cannot be had."""
    say("Fetching the model files …")
    subprocess.call(program(python, "models", "download"), env=program_environment(), stdout=sys.stderr)


# --- Running things


def pip(python: Path, *arguments: str) -> None:
    """Run the environment's pip, silent unless it fails."""
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    run([str(python), "-m", "pip", *arguments, *quiet], "The packages cannot be installed.")


def run(command: Sequence[str], failure: str) -> None:
    """Run a command in silence; SetupError holds its last lines and what to do."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        output = done.stdout.decode(errors="replace").strip()
        raise SetupError("\n".join([*output.splitlines()[-15:], "", failure, advice(output)]))


def advice(output: str) -> str:
    """Say what to do about a failure, from what the command printed."""
    for signs, remedy in ADVICE:
        if any(sign in output.lower() for sign in signs):
            return remedy
    return "Start again; if it fails in the same way, delete the folder .venv and report the lines above."


def typed_command() -> str:
    """Return how the user starts Kith, for messages: `python3 scripts/run.py`, on Windows through `py`."""
    script = str(Path(sys.argv[0]).with_name("run.py"))
    if os.name == "nt":
        return subprocess.list2cmdline(["py" if shutil.which("py") else "python", script])
    return f"{shlex.quote(typed_python())} {shlex.quote(script)}"


def typed_python() -> str:
    """Return the name of the running Python where the search path leads to it, else its path."""
    typed = getattr(sys, "orig_argv", [sys.executable])[0]
    name = Path(typed).name
    found = shutil.which(name)
    # pyenv and its like put scripts of the same name in a folder "shims" and start Python by its path.
    leads_here = found and (Path(found).parent.name == "shims" or Path(found).resolve() == Path(typed).resolve())
    return name if leads_here else typed


def program(python: Path, *arguments: str) -> list[str]:
    """Return the command line of Kith; with -P a folder `kith` where the user stands is not taken for it."""
    return [str(python), "-P", "-m", "kith", *arguments]


def program_environment() -> dict[str, str]:
    """Return the environment variables Kith is started with."""
    return {**os.environ, "KITH_COMMAND": typed_command()}


def own_arguments(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Split off a leading `--torch cpu|cuda`; all else is the program's."""
    name, equals, value = arguments[0].partition("=") if arguments else ("", "", "")
    if name != "--torch":
        return None, list(arguments)
    rest = ([value] if equals else []) + list(arguments[1:])
    if not rest or rest[0] not in DISK_GB:
        raise SetupError("--torch takes cpu or cuda: the build of PyTorch to install.")
    return rest[0], rest[1:]


def become(command: Sequence[str], environment: dict[str, str]) -> int:
    """Hand over to a command: in place of this process, or on Windows waiting for its exit code."""
    if os.name == "posix":
        sys.stderr.flush()
        os.execve(command[0], list(command), environment)
    process = subprocess.Popen(command, env=environment)
    while process.returncode is None:
        # Ctrl-C went to the program too, which decides what to do.
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()
    return process.returncode


def hold_ctrl_c_back() -> None:
    """Let Kith meet a Ctrl-C only when it can answer: Python shows a traceback for one while it starts."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def main(start: Callable[[Sequence[str]], int]) -> int:
    """Run a script's own part, with messages in place of tracebacks for what a person can mend."""
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="replace")
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return start(sys.argv[1:])
    except SetupError as error:
        say(str(error))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("Stopped. Start again to go on from here.")
        return 130
    except OSError as error:
        say(f"The set-up failed: {error}. Check who may write in {ROOT}, close programs that use it, start again.")
    return 1
