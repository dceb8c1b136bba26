"""encodings.pkl: the knowledge base as an export for scripts of the articles' kind."""

import pickle
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import FilingFailed
from app.filing.whole_files import replacing

Named = Iterable[tuple[str, NDArray[np.float32]]]


def write_encodings(path: Path, faces: Named, bodies: Named) -> None:
    """Write faces (128 each) and bodies with their names, at once and whole; raises FilingFailed.

    `face_encodings` and `body_encodings` are lists, since readers say `db.get(..., []) or []`, which no array survives.
    """
    face_pairs = [(name, vector.astype(np.float64)) for name, vector in faces]
    body_pairs = [(name, vector.astype(np.float32)) for name, vector in bodies]
    face_encodings = [vector for _, vector in face_pairs]
    face_names = [name for name, _ in face_pairs]
    content = {
        "face_encodings": face_encodings,
        "face_names": face_names,
        "body_encodings": [vector for _, vector in body_pairs],
        "body_names": [name for name, _ in body_pairs],
        "encodings": np.array(face_encodings).reshape(-1, 128),
        "names": np.array(face_names, dtype=str),
    }
    part = path.with_name(f".{path.name}.part")
    try:
        with replacing(path, part):
            part.touch(0o600)  # biometric data, as in the library
            part.write_bytes(pickle.dumps(content, protocol=4))
    except OSError as error:
        raise FilingFailed(f"{path} could not be written: {error.strerror or error}") from error
