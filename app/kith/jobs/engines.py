"""Find the models that the settings ask for, say which are missing, and make the networks ready to run."""

import os
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from kith.errors import ModelMissing, command
from kith.jobs.workers import process_pool
from kith.policies import BodyPolicy
from kith.settings import Device, FaceDetector, Settings, user_folder
from kith.vision.bodies import weights_id
from kith.vision.dlib_detectors import CNN_FILE
from kith.vision.engines import EngineSpec
from kith.vision.exported import find_networks, prepare_networks
from kith.vision.model_files import (
    DETECTOR,
    check_body_model,
    find_model,
    find_person_detector,
    packaged_model,
    registered,
)
from kith.vision.runtime import cuda_available, cuda_works


def find_engines(settings: Settings) -> tuple[EngineSpec, tuple[str, ...]]:
    """Return the models to use, not ready yet, and what to tell of those that are missing.

    Raises ModelMissing for a damaged one, and for one that the settings name.
    """
    notices: list[str] = []
    detector, detector_file = _face_detector(settings, notices)
    weights = None if settings.body_policy is BodyPolicy.OFF else _body_weights(settings, notices)
    person_file = _person_file(settings, notices) if weights else None
    spec = EngineSpec(
        face_detector=detector,
        detector_file=detector_file,
        person_file=person_file,
        person_model_id=weights_id(person_file.stem, person_file, "person_detector") if person_file else None,
        reid_model=settings.reid_model,
        reid_weights=weights,
        body_model_id=weights_id(settings.reid_model, weights) if weights else None,
        resize_max=settings.resize_max,
        min_face=settings.min_face,
        batch_size=settings.kb_batch_size,
        max_pixels=settings.max_megapixels * 1_000_000,
    )
    return spec, (*notices,)


def _face_detector(settings: Settings, notices: list[str]) -> tuple[FaceDetector, Path | None]:
    match settings.face_detector:
        case FaceDetector.HOG:
            return FaceDetector.HOG, None
        case FaceDetector.CNN:
            return FaceDetector.CNN, packaged_model(CNN_FILE)
    if file := find_model(DETECTOR, settings):
        return FaceDetector.YUNET, file
    missing = f"The face detector YuNet is not there: {registered(DETECTOR).without}. {_fetches('it')}"
    if settings.face_detector is FaceDetector.YUNET:
        raise ModelMissing(f"face_detector is yunet, whose file is not there: {_fetches('it')}")
    notices.append(missing)
    return FaceDetector.HOG, None


def _body_weights(settings: Settings, notices: list[str]) -> Path | None:
    check_body_model(settings)
    key, own = (
        ("reid_model", settings.reid_model_file)
        if settings.reid_model_file
        else ("reid_weights", settings.reid_weights_file)
    )
    if own:
        return _existing(own, key)
    weights = find_model(settings.reid_model, settings)
    if weights is None:
        notices.append(
            f"No weights for {settings.reid_model}: people are recognised by their faces only. {_fetches('them')}"
        )
    return weights


def _person_file(settings: Settings, notices: list[str]) -> Path | None:
    file, notice = find_person_detector(settings)
    if notice:
        notices.append(notice)
    return file


def _existing(file: Path, key: str) -> Path:
    if not os.path.isfile(file):
        raise ModelMissing(f"{key} names {file}, which is not there: correct it, or remove it from the settings")
    return file


def _fetches(what: str) -> str:
    return f"{command('models', 'download')} fetches {what}."


def decided_device(wanted: Device) -> Device:
    """Return what to run on; raises ModelMissing where a graphics card is asked for and none can be used."""
    if wanted is Device.CPU:
        return wanted
    if cuda_available() and _in_a_process_of_its_own(cuda_works):
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
    arguments = (user_folder("cache") / "networks", spec.reid_model, spec.reid_weights)
    networks = find_networks(*arguments) or _in_a_process_of_its_own(prepare_networks, *arguments)
    return replace(spec, networks=networks)


def _in_a_process_of_its_own(function: Any, *arguments: Any) -> Any:
    """Call what imports torch, which this process is not to be burdened with."""
    try:
        with process_pool(1) as process:
            return process.submit(function, *arguments).result()
    except (BrokenExecutor, ImportError, MemoryError) as error:
        reason = "their process was killed" if isinstance(error, BrokenExecutor) else error
        raise ModelMissing(
            f"The networks could not be made ready, {reason}: close other programs if memory is short, then start Kith "
            "again"
        ) from error
