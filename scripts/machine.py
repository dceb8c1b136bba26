"""Can Kith run on this machine and with this Python? If not: why, and what to do.

Standard library only, and it parses on Pythons too old for Kith.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import NamedTuple, Sequence

SUPPORTED = ((3, 11), (3, 12), (3, 13))
# PyQt6 is the wheel that asks for the newest C library.
OLDEST_GLIBC = {"x86_64": (2, 34), "aarch64": (2, 39)}
OLDEST_MACOS = (14,)


class Machine(NamedTuple):
    """What decides whether Kith can run; `release` is the version of macOS or, on Linux, of glibc."""

    python: tuple[int, int]
    bits: int
    system: str
    processor: str
    release: tuple[int, ...]


def this_machine() -> Machine:
    """Describe the machine and the Python that runs this."""
    release = {"Darwin": platform.mac_ver()[0], "Linux": platform.libc_ver()[1]}.get(platform.system(), "")
    return Machine(
        sys.version_info[:2],
        64 if sys.maxsize > 2**32 else 32,
        platform.system(),
        {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower()),
        tuple(int(part) for part in release.split(".") if part.isdigit()),
    )


def unsupported(machine: Machine, others: Sequence[str] = ()) -> str | None:
    """Say why Kith cannot run on this machine and what to do, or None; `others` are supported Pythons by name."""
    if machine.python not in SUPPORTED:
        return wrong_python(machine, others)
    if machine.bits < 64:
        return "This is a 32-bit Python, and Kith's packages are 64-bit only. Install a 64-bit Python."
    check = {"Darwin": unsupported_mac, "Linux": unsupported_linux, "Windows": unsupported_windows}
    return check.get(machine.system, lambda _: f"Kith does not run on {machine.system}.")(machine)


def wrong_python(machine: Machine, others: Sequence[str]) -> str:
    """Say which Python is needed, and name those that are there."""
    found = ".".join(map(str, machine.python))
    message = f"Kith needs Python 3.11, 3.12 or 3.13; this is Python {found}."
    if others:
        return f"{message} This machine has {' and '.join(others)}. Type: {others[0]} scripts/run.py"
    if machine.system == "Windows":
        return f"{message} Install 3.13 from https://www.python.org/downloads/ and type: py -3.13 scripts\\run.py"
    return f"{message} Install one with your system's package manager or from https://www.python.org/downloads/."


def unsupported_mac(machine: Machine) -> str | None:
    """Apple silicon with macOS 14 is the oldest that PyTorch's wheels run on."""
    if machine.processor != "arm64":
        return (
            "Kith needs a Mac with Apple silicon (M1 or newer): PyTorch is no longer made for Intel Macs. "
            "On Apple silicon, install the Python from https://www.python.org/downloads/; this one is made for Intel."
        )
    if machine.release < OLDEST_MACOS:
        return f"Kith needs macOS 14 or newer; this is macOS {'.'.join(map(str, machine.release))}. Update macOS."
    return None


def unsupported_linux(machine: Machine) -> str | None:
    """The wheels ask for one of two processors and a C library that is not too old."""
    oldest = OLDEST_GLIBC.get(machine.processor)
    if oldest is None:
        return f"Kith's packages are made for x86-64 and 64-bit ARM processors; this one is {machine.processor}."
    if machine.release < oldest:
        return (
            f"Kith needs Linux with glibc {'.'.join(map(str, oldest))} or newer "
            f"(here: {'.'.join(map(str, machine.release)) or 'another C library'}). Use a newer release of the system."
        )
    return None


def unsupported_windows(machine: Machine) -> str | None:
    """OpenCV and dlib publish no wheels for Windows on ARM, which runs x86-64 programs too."""
    if machine.processor == "x86_64":
        return None
    return "Kith's packages are made for x86-64. Install the 'Windows installer (64-bit)' Python, which runs here too."


def other_pythons() -> list[str]:
    """Name the supported Pythons on the search path that start, newest first."""
    names = [f"python{major}.{minor}" for major, minor in reversed(SUPPORTED)]
    return [name for name in names if shutil.which(name) and succeeds([name, "-c", "pass"])]


def missing_venv() -> str | None:
    """Say how to get the standard modules that some systems package apart, or None where they are there."""
    if find_spec("venv") and find_spec("ensurepip"):
        return None
    version = ".".join(map(str, sys.version_info[:2]))
    return (
        f"This Python has no complete venv module. On Debian and Ubuntu: sudo apt-get install python{version}-venv\n"
        "Elsewhere install your system's package of venv, or Python from https://www.python.org/downloads/."
    )


def succeeds(command: Sequence[str], environment: dict[str, str] | None = None) -> bool:
    """Tell whether a command ends well; what it prints is dropped."""
    nowhere = subprocess.DEVNULL
    try:
        return subprocess.call(command, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False
