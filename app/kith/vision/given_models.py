"""Model files that a user fetched by other means: known by their hash, whatever they are called."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kith.errors import ModelMissing
from kith.messages import Setting
from kith.model_registry import DOWNLOADED, ROUNDED, ModelFile
from kith.text import counted
from kith.vision.download import discard_draft, sha256_of
from kith.whole_files import replacing

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """What became of the files: where each model lies now, by its name, and what is wrong with the others."""

    added: dict[str, Path] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def add_models(paths: Iterable[Path], folder: Path) -> Given:
    """Copy the files that Kith knows into its folder, under their own names; of folders those that lie in them.

    Raises ModelMissing where that folder cannot be written to.
    """
    given = Given()
    for path in paths:
        added = dict(_added(path, folder))
        given.added.update(added)
        if not added:
            given.refused.append(_refusal(path))
    return given


def known_files() -> list[str]:
    """Return a line for each file that Kith knows: its size, SHA-256 and where it can be fetched."""
    return [facts_of(model) for model in DOWNLOADED]


def facts_of(model: ModelFile) -> str:
    """Return by what a file is known, and where it can be fetched."""
    addresses = " or ".join(model.urls)
    return f"{model.name}: {model.size / 1e6:.1f} MB, SHA-256 {model.sha256}, from {addresses}"


def _added(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for file in _files(path):
        model = _model_of(file)
        if model:
            yield model.name, _put(file, model, folder)


def _files(path: Path) -> Sequence[Path]:
    """Return the file, or the files in the folder, those of folders in it left out."""
    try:
        found = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError:
        return []
    return [file for file in found if os.path.isfile(file)]


def _model_of(file: Path) -> ModelFile | None:
    size = file.stat().st_size
    alike = [model for model in DOWNLOADED if 0 <= model.size - size < ROUNDED]
    if not alike:  # a film need not be read
        return None
    found = sha256_of(file)
    return next((model for model in alike if model.sha256 == found), None)


def _put(file: Path, model: ModelFile, folder: Path) -> Path:
    target = folder / model.file
    if sha256_of(target) == model.sha256:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _copy(file, target, model)
    except OSError as error:
        raise ModelMissing(
            f"{model.file} could not be written to {folder} ({error.strerror or error}): make room there, or let ",
            Setting("models_dir"),
            " name a folder that can be written to.",
        ) from error
    discard_draft(model, folder)
    return target


def _copy(file: Path, target: Path, model: ModelFile) -> None:
    """Copy a file, which takes its name only where what was copied is the model."""
    digest = hashlib.sha256()
    with file.open("rb") as source, replacing(target) as copy:
        while piece := source.read(_PIECE):
            digest.update(piece)
            copy.write(piece)
        if digest.hexdigest() != model.sha256:
            raise ModelMissing(f"{file} changed while it was read: try again.")


def _refusal(path: Path) -> str:
    if path.is_dir():
        return f"{path} holds no model file that Kith knows."
    if not os.path.isfile(path):
        return f"{path} is not there, or no file."
    size = counted(path.stat().st_size, "byte")
    return f"{path} is no model file that Kith knows: it has {size}, SHA-256 {sha256_of(path)}."
