"""encodings.pkl: the knowledge base as an export for scripts of the articles' kind."""

import os
import pickle
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from kith.errors import BadInput, FilingFailed
from kith.filing.old_encodings import NamedVector, read_old_encodings
from kith.filing.own_copies import is_file
from kith.whole_files import numbered_names, replacing, take_name

BEFORE_KITH = "before-kith"
_MARK = b"\nexported by Kith\n"  # behind the pickle, where no reader looks


def write_encodings(path: Path, faces: Iterable[NamedVector], bodies: Iterable[NamedVector]) -> None:
    """Write faces (128 each) and bodies with their names, at once and whole.

    Another program's knowledge base there is kept beside. Raises BadInput as `foreign_encodings`, and FilingFailed.
    `face_encodings` and `body_encodings` are lists, since readers say `db.get(..., []) or []`, which no array survives.
    """
    faces, bodies = list(faces), list(bodies)
    face_encodings = [vector.astype(np.float64) for _, vector in faces]
    face_names = [name for name, _ in faces]
    content = {
        "face_encodings": face_encodings,
        "face_names": face_names,
        "body_encodings": [vector.astype(np.float32) for _, vector in bodies],
        "body_names": [name for name, _ in bodies],
        "encodings": np.array(face_encodings).reshape(-1, 128),
        "names": np.array(face_names, dtype=str),
    }
    is_foreign = foreign_encodings(path)
    try:
        with replacing(path, 0o600) as file:  # biometric data, as in the library
            file.write(pickle.dumps(content, protocol=4) + _MARK)
            if is_foreign:
                _keep(path)
    except OSError as error:
        raise FilingFailed(f"{path} could not be written: {error.strerror or error}") from error


def foreign_encodings(path: Path) -> bool:
    """Say whether a knowledge base that another program wrote, or changed, has the export's name.

    Raises BadInput where something else has it, which is not overwritten.
    """
    if not os.path.lexists(path) or is_own_export(path):
        return False
    if not _is_knowledge_base(path):
        raise BadInput(
            f"{path} is no knowledge base that Kith exported, and is not overwritten: let encodings_filename in the "
            "settings name a new file, or move this one elsewhere."
        )
    return True


def is_own_export(path: Path) -> bool:
    """Say whether a file is there that Kith wrote as its export, and nobody has changed since."""
    with suppress(OSError):
        if is_file(path):
            with path.open("rb") as file:
                size = path.stat().st_size
                file.seek(max(0, size - len(_MARK)))
                return file.read() == _MARK
    return False


def _is_knowledge_base(path: Path) -> bool:
    with suppress(BadInput):
        return is_file(path) and bool(read_old_encodings(path))
    return False


def _keep(path: Path) -> None:
    names = numbered_names(path.with_name(f"{path.name}.{BEFORE_KITH}"))
    next(name for name in names if take_name(path, name))
