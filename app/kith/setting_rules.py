"""Rules between settings, and what names a model: values that each may have by itself, and not with the others."""

from kith.policies import Executor
from kith.setting_types import CHOICES, is_onnx_file
from kith.settings_model import FIELDS, MODELS, Settings


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
