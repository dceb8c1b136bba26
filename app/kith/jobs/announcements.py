"""What is missing and what that costs, told to the user once and not by every run."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kith.messages import Message
from kith.settings import user_folder
from kith.whole_files import replacing


def not_told_before(notices: Sequence[str]) -> list[str]:
    """Return the notices that the last run did not give, or had no ground to, and take down that all are told."""
    file = user_folder("data") / "models" / "announced.json"
    keys = [_key(notice) for notice in notices]
    before = _read(file)
    if keys != before:
        _write(file, keys)
    return [notice for notice, key in zip(notices, keys, strict=True) if key not in before]


def _key(notice: str) -> str:
    """Return the words that are the same however Kith was started: in them commands are not worded."""
    return notice.worded(lambda _named: "…") if isinstance(notice, Message) else notice


def _read(file: Path) -> list[str]:
    with suppress(OSError, ValueError):
        told = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(told, list):
            return told
    return []


def _write(file: Path, keys: list[str]) -> None:
    with suppress(OSError):  # then it is told once more
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as target:
            target.write(json.dumps(keys, ensure_ascii=False).encode())
