"""A JSON object kept in a file that people edit: read strictly, changed atomically and without loss; values as JSON."""

import dataclasses
import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kith.whole_files import numbered_names, replacing


def parse_object(raw: bytes) -> tuple[dict[str, object], list[str]]:
    """The object of a JSON text in UTF-8 or UTF-16 and the keys given twice; raises ValueError with the reason."""
    repeated: list[str] = []

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        times = Counter(key for key, _ in pairs)
        repeated.extend(f"{key} is given {count} times; the last counts" for key, count in times.items() if count > 1)
        return dict(pairs)

    try:
        data = json.loads(raw.decode(json.detect_encoding(raw)), object_pairs_hook=collect)
    except UnicodeDecodeError as error:
        raise ValueError(f"is no UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is no valid JSON (line {error.lineno}, column {error.colno}: {error.msg})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no usable JSON ({error})") from error
    if isinstance(data, dict):
        return data, repeated
    raise ValueError('is no JSON object such as {"face_tol": 0.5}')


def update_object(path: Path, values: Mapping[str, object]) -> None:
    """Set keys of the object in a file; its other keys, their order and the file's mode are kept.

    Raises OSError, and ValueError with the reason where the file holds no JSON object: then it is left as it is.
    """
    # The file behind a link is written, so that the link stays one.
    target = Path(os.path.realpath(path))
    kept = _kept(target)
    text = json.dumps(kept | dict(values), indent=2, ensure_ascii=False) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    # A lone surrogate (a file name of undecodable bytes) becomes the \uXXXX that JSON has for it.
    _replace(target, text.encode("utf-8", "backslashreplace"))


def put_aside(path: Path) -> Path:
    """Rename a file to `<name>.broken`, or a number behind it where that is taken, and return it. Raises OSError."""
    names = numbered_names(path.with_name(f"{path.name}.broken"))
    return path.rename(next(name for name in names if not os.path.lexists(name)))


def _kept(target: Path) -> dict[str, object]:
    try:
        return parse_object(target.read_bytes())[0]
    except FileNotFoundError:
        return {}


def _replace(target: Path, content: bytes) -> None:
    with replacing(target, 0o600) as file:
        file.write(content)
        if target.exists():
            shutil.copymode(target, file.name)


def as_json_text(value: object) -> str:
    """Return a value as JSON in ASCII: a dataclass as an object, a number that is none as null."""
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
