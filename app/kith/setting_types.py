"""What values the settings may have: the choices, the forms of texts, and what is no value."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from kith.model_registry import BODY_MODELS, FACE_DETECTORS, FACE_MODELS, PERSON_DETECTORS, names
from kith.policies import BodyPolicy, Device, Duplicates, Executor, FileAs, NamesIn, place_problem

PHOTO_ENDINGS = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif", ".avif",
    ".tif", ".tiff", ".gif", ".bmp",
    ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".dng", ".raf", ".orf", ".rw2", ".rwl", ".pef",
    ".srw", ".x3f", ".3fr", ".fff", ".iiq", ".mrw", ".erf", ".kdc", ".dcr", ".mef", ".mos",
    ".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mts", ".m2ts", ".mpg", ".mpeg", ".3gp", ".wmv",
)  # fmt: skip


AUTO, OFF = "auto", "off"
AUTOMATIC = "automatic"  # of a limit: none of the user's own
# What a setting may be that names a model; those of MODELS may be a file of the user's own, too.
CHOICES = {
    "face_detector": (AUTO, *names(FACE_DETECTORS)),
    "face_model": (*names(FACE_MODELS),),
    "second_opinion": ("", *names(FACE_MODELS)),
    "person_detector": (*names(PERSON_DETECTORS), OFF),
    "reid_model": (*names(BODY_MODELS),),
    "body_policy": (*BodyPolicy,),
    "file_as": (*FileAs,),
    "duplicates": (*Duplicates,),
    "names_in": (*NamesIn,),
    "device": (*Device,),
    "executor": (*Executor,),
}
# What a number counts or measures.
UNITS = {
    "sure_at": "probability",
    "suggest_at": "probability",
    "face_tol": "distance",
    "face_margin": "distance",
    "face_suggest": "distance",
    "body_tol": "cosine similarity",
    "min_face": "pixels",
    "resize_max": "pixels",
    "max_megapixels": "megapixels",
    "lap_var_thresh": "variance of the Laplacian",
    "event_gap": "hours",
    "kb_batch_size": "pictures",
    "workers": "processes",
    "gentle_cores": "photos",
}
SHIPPED, WITHOUT_FILE = FACE_DETECTORS[0], next(model for model in FACE_DETECTORS if model.file is None)


def _limit(value: object) -> object:
    return 0.0 if value == AUTOMATIC else value


def _path_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("no path")
    return text


def _face_detector(text: str) -> str:
    if text not in CHOICES["face_detector"]:
        raise ValueError("no face detector")
    return text


def _bare_name(text: str) -> str:
    # The export must not overwrite the store, which lies beside it, nor be the hidden mark of an output folder.
    is_bare = text.strip() and not re.search(r'^\.|[\\/:*?"<>|\0]', text)
    if not is_bare or text.lower().startswith("library.sqlite"):
        raise ValueError("no bare file name")
    return text


def _file_endings(endings: tuple[str, ...]) -> tuple[str, ...]:
    bare = [ending.strip().lower().lstrip("*.") for ending in endings]
    if not all(re.fullmatch(r"[\w-]+", ending) for ending in bare):
        raise ValueError("no file ending")
    return tuple(dict.fromkeys(f".{ending}" for ending in bare))


def _place(pattern: str) -> str:
    if problem := place_problem(pattern):
        raise ValueError(problem)
    return pattern


def _address(text: str) -> str:
    if text and not re.fullmatch(r"(tcp|tls|ws|wss)://[\w.\[\]:-]+:\d{1,5}", text, re.ASCII):
        raise ValueError("no address")
    return text


def _prefixes(pairs: tuple[str, ...]) -> tuple[str, ...]:
    stripped = tuple(pair.strip() for pair in pairs if pair.strip())
    for pair in stripped:
        here, _, there = pair.partition("=")
        if not Path(here).is_absolute() or not there or "\0" in pair:
            raise ValueError("no pair of folders")
    return stripped


def _quiet_hours(text: str) -> str:
    if text and not re.fullmatch(rf"{_TIME}\s*[-–]\s*{_TIME}", text.strip()):
        raise ValueError("no two times of the day")
    return re.sub(r"\s", "", text).replace("–", "-")


def is_onnx_file(model: str) -> bool:
    """Say whether a model is named by a file."""
    return model.lower().endswith(".onnx")


_TIME = r"([01]?\d|2[0-3]):[0-5]\d"
PATH = AfterValidator(_path_text)
FROM_JSON = Strict(strict=False)  # which has strings and lists, no enumerations and tuples
Limit = Annotated[float, BeforeValidator(_limit)]
OptionalPath = Annotated[str, PATH]
Place = Annotated[str, AfterValidator(_place)]
QuietHours = Annotated[str, AfterValidator(_quiet_hours)]
NeededPath = Annotated[str, PATH, Field(min_length=1)]
Detector = Annotated[str, AfterValidator(_face_detector)]
Endings = Annotated[tuple[str, ...], FROM_JSON, AfterValidator(_file_endings)]
BareName = Annotated[str, AfterValidator(_bare_name)]
Address = Annotated[str, AfterValidator(_address)]
Prefixes = Annotated[tuple[str, ...], FROM_JSON, AfterValidator(_prefixes)]
