"""Model files that the settings name, tried in a process of its own before they are kept."""

import os
from pathlib import Path

from kith.errors import KithError, ModelMissing
from kith.jobs.engines import in_a_process_of_its_own
from kith.model_registry import BODY_MODELS, FACE_MODELS, OWN_FACE_MODEL, PERSON_DETECTORS, named
from kith.settings import Settings
from kith.vision.engines import try_body_model, try_detector, try_face_model
from kith.vision.model_files import published


def unusable_models(settings: Settings, keys: frozenset[str]) -> dict[str, str]:
    """Return why model files of the user's own cannot be used, by setting; of all others nothing is said."""
    own = {
        "face_model": settings.face_model_file,
        "second_opinion": settings.second_opinion_file,
        "person_detector": settings.person_detector_file,
        "reid_model": settings.reid_model_file,
        "reid_weights": settings.reid_weights_file,
    }
    problems: dict[str, str] = {}
    for key, file in own.items():
        if file and key in keys:
            try:
                _try(key, file, settings)
            except KithError as error:
                problems[key] = error.message
    return problems


def _try(key: str, file: Path, settings: Settings) -> None:
    if not os.path.isfile(file):
        raise ModelMissing(f"There is no file {file}.")
    match key:
        case "face_model" | "second_opinion":
            known = published(FACE_MODELS, file)
            in_a_process_of_its_own(try_face_model, known.code if known else OWN_FACE_MODEL, file)
        case "person_detector":
            in_a_process_of_its_own(try_detector, PERSON_DETECTORS[0].code, file)
        case _:
            model = named(BODY_MODELS, settings.reid_model) or BODY_MODELS[0]
            name = settings.reid_model if key == "reid_model" else model.network or settings.reid_model
            in_a_process_of_its_own(try_body_model, model.code, name, file)
