"""What requirements.lock pins, and the forms of it that pip takes. Standard library only; parses on Python 3.8."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Pin(NamedTuple):
    """A package of a lock: its requirement, such as torch==2.13.0, and its lines, with marker and hashes."""

    requirement: str
    lines: str


def pins(lock: Path) -> dict[str, Pin]:
    """Return what a lock pins, by the package's name."""
    text = lock.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    blocks = re.split(r"\n(?=\S)", "\n".join(lines))
    found = {}
    for block in blocks:
        requirement, *_ = re.split(r"[;\\]", block)
        name, _, _ = block.partition("==")
        found[name] = Pin(requirement.strip(), block)
    return found


def alone(package: str, lock: Path, file: Path) -> Path:
    """Write what a lock says of one package, which pip takes with its hashes from a file only; return that file."""
    pin = pins(lock)[package]
    file.write_text(pin.lines, encoding="utf-8")
    return file


def versions(lock: Path, file: Path) -> Path:
    """Write a lock's versions without hashes, which pip would ask for of every package; return the file."""
    requirements = [pin.requirement for pin in pins(lock).values()]
    file.write_text("\n".join(requirements), encoding="utf-8")
    return file
