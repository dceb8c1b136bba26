"""Find the models that the settings ask for, say which are missing, and make the networks ready to run."""

import os
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from kith.errors import ModelMissing
from kith.jobs.workers import process_pool
from kith.messages import Action, Do, Message
from kith.model_registry import (
    BODY_MODELS,
    FACE_DETECTORS,
    FACE_MODELS,
    OWN_FACE_MODEL,
    PERSON_DETECTORS,
    Model,
    named,
)
from kith.policies import BodyPolicy
from kith.settings import Device, Settings, user_folder
from kith.vision.engines import Chosen, EngineSpec, find_networks, prepare_networks
from kith.vision.model_files import check_body_model, check_face_models, find_model, find_person_detector, published
from kith.vision.runtime import cuda_available, cuda_works


def find_engines(settings: Settings) -> tuple[EngineSpec, tuple[str, ...]]:
    """Return the models to use, not ready yet, and what to tell of those that are missing.

    Raises ModelMissing for a damaged one, and for one that the settings name.
    """
    notices: list[str] = []
    detector = _face_detector(settings, notices)
    bodies = None if settings.body_policy is BodyPolicy.OFF else _body_model(settings, notices)
    spec = EngineSpec(
        face_detector=detector,
        face_model=find_face_model(settings),
        second_opinion=find_second_opinion(settings),
        person_detector=_person_detector(settings, notices) if bodies else None,
        body_model=bodies,
        resize_max=settings.resize_max,
        min_face=settings.min_face,
        batch_size=settings.kb_batch_size,
        max_pixels=settings.max_megapixels * 1_000_000,
    )
    return spec, (*notices,)


def _face_detector(settings: Settings, notices: list[str]) -> Chosen:
    """Return the detector that the settings name, or of all the first whose file is there or that needs none."""
    if model := named(FACE_DETECTORS, settings.face_detector):
        if chosen := _over_its_file(model, settings):
            return chosen
        raise ModelMissing(f"face_detector is {model.name}, whose file is not there: ", _fetches("it"))
    for model in FACE_DETECTORS:
        if chosen := _over_its_file(model, settings):
            return chosen
        if model.file:
            told = f"The face detector {model.title} is not there: {model.file.without}. "
            notices.append(Message(told, _fetches("it")))
    raise ModelMissing("There is no face detector: ", _fetches("one"))


def find_face_model(settings: Settings) -> Chosen:
    """Return the network that compares faces; raises ModelMissing."""
    check_face_models(settings)
    return _face_model("face_model", settings.face_model, settings.face_model_file, settings)


def find_second_opinion(settings: Settings) -> Chosen | None:
    """Return the network that is asked where the first is not sure, if there is to be one; raises ModelMissing."""
    name = settings.second_opinion
    if not name:
        return None
    second = _face_model("second_opinion", name, settings.second_opinion_file, settings)
    if second.id == find_face_model(settings).id:
        raise ModelMissing(
            f"second_opinion is {name}, the network that face_model is already: let it be another one, or empty"
        )
    return second


def _face_model(key: str, name: str, own: Path | None, settings: Settings) -> Chosen:
    if own:
        known = published(FACE_MODELS, _existing(own, key))
        return Chosen.of(known.code if known else OWN_FACE_MODEL, name, own)
    model = named(FACE_MODELS, name) or FACE_MODELS[0]
    if chosen := _over_its_file(model, settings):
        return chosen
    raise ModelMissing(f"{key} is {model.name}, whose file is not there: ", _fetches("it"))


def further_face_models(spec: EngineSpec) -> list[Chosen]:
    """Return what describes the faces that teach, beside that which compares: dlib's, for encodings.pkl, and others."""
    dlib = FACE_MODELS[0]
    wanted = Chosen.of(dlib.code, dlib.name), spec.second_opinion
    by_id = {model.id: model for model in wanted if model}
    return [model for model_id, model in by_id.items() if model_id != spec.face_model.id]


def _over_its_file(model: Model, settings: Settings) -> Chosen | None:
    """Return the model, None where its file is not there; raises ModelMissing where that is damaged."""
    file = None
    if model.file:
        file = find_model(model.file.name, settings)
        if not file:
            return None
    return Chosen.of(model.code, model.network or model.name, file)


def _body_model(settings: Settings, notices: list[str]) -> Chosen | None:
    check_body_model(settings)
    name = settings.reid_model
    model = named(BODY_MODELS, name) or replace(BODY_MODELS[0], name=name, network=name)
    if own := settings.reid_model_file:
        return Chosen.of(model.code, name, _existing(own, "reid_model"))
    if own := settings.reid_weights_file:
        return Chosen.of(model.code, model.network or name, _existing(own, "reid_weights"))
    if chosen := _over_its_file(model, settings):
        return chosen
    if model.file:
        told = f"No weights for {name}: {model.file.without}. "
        notices.append(Message(told, _fetches("them")))
    return None


def _person_detector(settings: Settings, notices: list[str]) -> Chosen | None:
    file, notice = find_person_detector(settings)
    if notice:
        notices.append(notice)
    model = named(PERSON_DETECTORS, settings.person_detector) or PERSON_DETECTORS[0]
    return Chosen.of(model.code, settings.person_detector, file) if file else None


def _existing(file: Path, key: str) -> Path:
    if not os.path.isfile(file):
        raise ModelMissing(f"{key} names {file}, which is not there: correct it, or remove it from the settings")
    return file


def _fetches(what: str) -> Message:
    return Message(Do(Action.DOWNLOAD_MODELS), f" fetches {what}.")


def decided_device(wanted: Device) -> Device:
    """Return what to run on; raises ModelMissing where a graphics card is asked for and none can be used."""
    if wanted is Device.CPU:
        return wanted
    if cuda_available() and in_a_process_of_its_own(cuda_works):
        return Device.CUDA
    if wanted is Device.CUDA:
        raise ModelMissing(
            "device is cuda, but no NVIDIA graphics card can be used: set it to auto or cpu, or see to the card's "
            "driver and start Kith once with --torch cuda"
        )
    return Device.CPU


def made_ready(spec: EngineSpec, device: Device) -> EngineSpec:
    """Return the spec ready to run there: for the CPU its networks are exported, once; raises ModelMissing."""
    if device is Device.CUDA:
        return spec
    folder = user_folder("cache") / "networks"
    ready: EngineSpec = find_networks(spec, folder) or in_a_process_of_its_own(prepare_networks, spec, folder)
    return ready


def in_a_process_of_its_own(function: Any, *arguments: Any) -> Any:
    """Call what imports the networks' packages, which this process is not to be burdened with; raises ModelMissing."""
    try:
        with process_pool(1) as process:
            return process.submit(function, *arguments).result()
    except (BrokenExecutor, ImportError, MemoryError) as error:
        reason = "their process was killed" if isinstance(error, BrokenExecutor) else error
        raise ModelMissing(
            f"The networks could not be made ready, {reason}: close other programs if memory is short, then start Kith "
            "again"
        ) from error
