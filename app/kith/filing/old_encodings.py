"""Read an encodings.pkl of the articles' kind, or one that Kith exported, without being able to run what it holds."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kith.errors import BadInput
from kith.filing.pickled_data import NotPlainData, PickledArray, read_pickle

LARGEST_FILE = 256 * 2**20  # some 60,000 samples of faces and bodies, as Kith exports them
LONGEST_NAME = 200
FACE_NUMBERS = 128
# 761 faces by dlib's network have norms of 1.21 to 1.65; other networks' vectors of 128 numbers are brought to 1.
LEAST_FACE_NORM, GREATEST_FACE_NORM = 1.1, 1.8
LEAST_BYTES_A_NUMBER = 2

NamedVector = tuple[str, NDArray[np.float32]]
Fault = Callable[[NDArray[np.float64]], str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that cannot be used: whose, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class OldEncodings:
    """A file's named vectors, faces of dlib's 128 numbers, bodies brought to length 1, and its entries of no use."""

    faces: tuple[NamedVector, ...]
    bodies: tuple[NamedVector, ...]
    refused: tuple[Refusal, ...]


def read_old_encodings(path: Path) -> OldEncodings:
    """Return what a pickled knowledge base holds: `face_encodings`, or `encodings` where there are none, and bodies.

    Raises BadInput for a file that is missing, too large, damaged, or holds anything but plain data; nothing in it is
    ever run.
    """
    data = _read(path)
    try:
        content = read_pickle(data)
        if not isinstance(content, dict) or not {"face_encodings", "encodings", "body_encodings"} & content.keys():
            raise NotPlainData("it holds neither face_encodings nor encodings")
        refused: list[Refusal] = []
        face_entries = _entries(content, "face_encodings", "face_names") or _entries(content, "encodings", "names")
        body_entries = _entries(content, "body_encodings", "body_names")
        faces = list(_usable(face_entries, len(data), _face_fault, refused))
        bodies = list(_usable(body_entries, len(data), _body_fault, refused))
        of_length_1 = [(name, body / np.linalg.norm(body)) for name, body in bodies]
        return OldEncodings((*faces,), (*of_length_1,), (*refused,))
    except NotPlainData as error:
        raise BadInput(f"{path} cannot be imported: {error}. Nothing in it was run, nothing was changed.") from error


def _read(path: Path) -> bytes:
    if not os.path.isfile(path):
        raise BadInput(f"{path} is no file: name the encodings.pkl to import")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{path} is larger than {LARGEST_FILE // 2**20} MiB: is it the right file?")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error


def _entries(content: dict[str, Any], vectors_key: str, names_key: str) -> list[tuple[Any, Any]]:
    """Return each vector as it stands in the file, with its name."""
    vectors = _values(content.get(vectors_key), vectors_key)
    names = _values(content.get(names_key), names_key)
    if len(vectors) != len(names):
        raise NotPlainData(f"it has {len(vectors)} {vectors_key} but {len(names)} {names_key}")
    return list(zip(names, vectors, strict=True))


def _values(value: Any, key: str) -> Sequence[Any]:
    match value:
        case None:
            return ()
        case list() | tuple():
            return value
        case PickledArray(values=np.ndarray(ndim=1) as values):
            return values.tolist()  # type: ignore[no-any-return]
        case PickledArray(values=np.ndarray(ndim=2) as values):
            return list(values)
        case PickledArray(objects=list() as objects):
            return objects
    raise NotPlainData(f"its {key} are no list")


def _usable(
    entries: Sequence[tuple[Any, Any]], size: int, fault_of: Fault, refused: list[Refusal]
) -> Iterator[NamedVector]:
    """Yield the entries that are of use, and add the others to `refused`; `size` is the file's in bytes."""
    for name, value in entries:
        vector, label = _vector(value), _label(name)
        size -= LEAST_BYTES_A_NUMBER * len(vector)
        if size < 0:
            raise NotPlainData("it unfolds into more than it holds")
        fault = fault_of(vector) if label else "it has no name that could be a person's"
        if fault:
            refused.append(Refusal(label or "?", fault))
        else:
            yield label, vector.astype(np.float32)


def _label(name: Any) -> str:
    label = name.strip() if isinstance(name, str) else ""
    return label if len(label) <= LONGEST_NAME and label.isprintable() else ""


def _vector(value: Any) -> NDArray[np.float64]:
    """Return a row of numbers, empty where it is none."""
    row: Any
    match value:
        case PickledArray(values=np.ndarray() as values) | (np.ndarray() as values):
            is_row = values.size == max(values.shape, default=0)
            row = values.reshape(-1) if is_row else ()
        case list() | tuple() if all(type(number) in (int, float) for number in value):
            row = value
        case _:
            row = ()
    try:
        return np.asarray(row, np.float64)
    except (ValueError, OverflowError):  # texts, or numbers beyond all measure
        return np.empty(0)


def _face_fault(vector: NDArray[np.float64]) -> str:
    if len(vector) != FACE_NUMBERS:
        return f"it has {len(vector)} numbers, a face by dlib's network has {FACE_NUMBERS}"
    norm = _norm(vector)
    if not LEAST_FACE_NORM <= norm <= GREATEST_FACE_NORM:
        return f"it is no face by dlib's network: its norm is {norm:.3g}, theirs are about 1.4"
    return ""


def _body_fault(vector: NDArray[np.float64]) -> str:
    return "" if 0 < _norm(vector) < np.finfo(np.float32).max else "it is no row of numbers"


def _norm(vector: NDArray[np.float64]) -> float:
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(vector))
