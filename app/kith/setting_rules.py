"""Rules between settings, and what names a model: values that each may have by itself, and not with the others; and
which are to be tried before they are kept, and photos decided again by.
"""

from collections.abc import Iterable

from kith.policies import Executor
from kith.setting_types import CHOICES, is_onnx_file
from kith.settings_model import FIELDS, MODELS, PATHS, Settings

TRIED = (*PATHS, "face_model", "second_opinion", "person_detector", "reid_model", "reid_weights")
DECISIVE = (
    "sure_at",
    "suggest_at",
    "face_tol",
    "face_margin",
    "face_suggest",
    "lap_var_thresh",
    "body_policy",
    "body_tol",
    "event_gap",
    "file_under",
)


def to_be_tried(before: Settings, after: Settings) -> frozenset[str]:
    """Return which of the changed settings name files and folders, to be tried before they are kept."""
    return frozenset(_changed(before, after, TRIED))


def decide_otherwise(before: Settings, after: Settings) -> bool:
    """Say whether the changed settings may decide stored photos otherwise."""
    return bool(_changed(before, after, DECISIVE))


def _changed(before: Settings, after: Settings, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if getattr(before, key) != getattr(after, key)]


def conflicts(settings: Settings) -> dict[str, str]:
    """Return which settings do not fit others, with the reason: a value each may have by itself."""
    found = {}
    if settings.suggest_at > settings.sure_at:
        found["suggest_at"] = f"{settings.suggest_at:g} is above “{FIELDS['sure_at'].title}”, {settings.sure_at:g}"
    tolerance, suggestion = settings.face_tol, settings.face_suggest
    if tolerance and 0 < suggestion < tolerance:
        found["face_suggest"] = f"{suggestion:g} is below “{FIELDS['face_tol'].title}”, {tolerance:g}"
    if settings.second_opinion and settings.second_opinion == settings.face_model:
        found["second_opinion"] = f"{settings.second_opinion} is “{FIELDS['face_model'].title}” already"
    if settings.executor is Executor.DASK and not settings.dask_scheduler:
        found["executor"] = f"dask needs an address in “{FIELDS['dask_scheduler'].title}”"
    return found | _no_such_models(settings)


def _no_such_models(settings: Settings) -> dict[str, str]:
    """Return which settings name a model that is none; a body model may be any for which there are weights."""
    found = {}
    for key in MODELS:
        name = getattr(settings, key)
        known = CHOICES[key]
        if name in known or is_onnx_file(name):
            continue
        if key != "reid_model":
            found[key] = f"{name} is no such model: it is {' or '.join(filter(None, known))}, or an .onnx file"
        elif not settings.reid_weights:
            found[key] = f"{name} is none that Kith has weights for: name some in “{FIELDS['reid_weights'].title}”"
    return found
