"""Settings tried before they are kept: model files, in a process of their own, and folders."""

import os
from collections.abc import Callable
from pathlib import Path

from kith.errors import BadInput, KithError, ModelMissing
from kith.jobs.engines import in_a_process_of_its_own
from kith.jobs.folder_checks import check_inputs, check_output, check_people
from kith.model_registry import BODY_MODELS, FACE_MODELS, OWN_FACE_MODEL, PERSON_DETECTORS, named
from kith.settings import Settings
from kith.vision.engines import try_body_model, try_detector, try_face_model
from kith.vision.model_files import published


def refusals(settings: Settings, keys: frozenset[str]) -> dict[str, str]:
    """Return why changed settings cannot be kept, by key: models that are none, and folders that do not go together."""
    return misplaced(settings, keys) | unusable_models(settings, keys)


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


def misplaced(settings: Settings, keys: frozenset[str]) -> dict[str, str]:
    """Return why paths cannot be what these settings say, by setting."""
    paths = {
        "dataset_dir": settings.dataset_folder,
        "process_dir": settings.input_folder,
        "processed_dir": settings.output_folder,
        "models_dir": settings.models_folder,
    }
    problems = {key: f"{path} is a file: choose a folder." for key, path in paths.items() if path and path.is_file()}
    if settings.library_file.is_dir():
        problems["library_path"] = f"{settings.library_file} is a folder: name a file in it."
    if settings.input_folder == settings.dataset_folder:
        problems["process_dir"] = "It is the people folder: choose another one."
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("dataset_dir", lambda: check_people(settings.dataset_folder)),
        ("process_dir", lambda: check_inputs([settings.input_folder])),
        (
            "processed_dir",
            lambda: check_output(settings.output_folder, settings.dataset_folder, [settings.input_folder]),
        ),
    )
    for key, check in checks:
        try:
            check()
        except BadInput as error:
            problems.setdefault(key, error.message)
    return problems if keys & {*paths, "library_path"} else {}


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
