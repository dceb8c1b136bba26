"""Turn the clothed body of a person into a vector by TorchReID's networks, with real weights only."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ModelMissing
from app.vision.detect import Detection
from app.vision.observations import Rgb

INPUT_HEIGHT, INPUT_WIDTH = 256, 128  # what TorchReID trains and tests with
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # TorchReID's normalisation
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
BODY_WIDTH, BODY_HEIGHT = 2.5, 5.0  # in face sizes, below the chin: docs/recognition.md


def body_model_id(model_name: str, weights: Path) -> str:
    """Return the id of vectors made by this network with these weights: the name and the file's SHA-256.

    Raises ModelMissing where the file cannot be read.
    """
    try:
        return f"{model_name}:{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"
    except OSError as error:
        raise ModelMissing(f"{weights} cannot be read ({error.strerror}): correct that or reid_weights") from error


def body_region(face: Detection, height: int, width: int) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of the body below a face in a photo of that size, None if it lies outside."""
    side = face.width
    centre = (face.left + face.right) / 2
    left, right = (round(centre + sign * BODY_WIDTH / 2 * side) for sign in (-1, 1))
    top, bottom = face.bottom, round(face.bottom + BODY_HEIGHT * side)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    return (left, top, right, bottom) if right - left >= side / 2 and bottom - top >= side / 2 else None


class TorchreidBodyExtractor:
    """L2-normalised body vectors from crops of people.

    Raises ModelMissing where the network's name is unknown, the file cannot be read, or any layer but the classifier
    does not match: the wrong weights give plausible, wrong answers.
    """

    def __init__(self, model_name: str, weights: Path, batch_size: int = 32) -> None:
        self.model_id = body_model_id(model_name, weights)
        self._batch_size = batch_size
        self._network = _network(model_name)
        _load_weights(self._network, weights)

    def __call__(self, crops: Sequence[Rgb]) -> NDArray[np.float32]:
        """Return one vector per RGB crop (any size): N x D, length 1."""
        import torch

        inputs = torch.from_numpy(np.stack([_prepared(crop) for crop in crops]))
        with torch.inference_mode():
            parts = [self._network(part) for part in torch.split(inputs, self._batch_size)]
            vectors: NDArray[np.float32] = torch.nn.functional.normalize(torch.cat(parts)).numpy()
        return vectors


def _prepared(crop: Rgb) -> NDArray[np.float32]:
    import cv2

    small = cv2.resize(crop, (INPUT_WIDTH, INPUT_HEIGHT), interpolation=cv2.INTER_LINEAR)
    scaled = (small / np.float32(255) - IMAGENET_MEAN) / IMAGENET_DEVIATION
    return scaled.astype(np.float32).transpose(2, 0, 1)


def _network(model_name: str) -> Any:
    models = _torchreid_models()
    try:
        return models.build_model(model_name, num_classes=1, pretrained=False, use_gpu=False).eval()
    except KeyError as error:
        raise ModelMissing(f"reid_model: {model_name} is no network of TorchReID's; usual is osnet_ain_x1_0") from error


def _torchreid_models() -> ModuleType:
    """Import TorchReID's definitions only: the whole package needs torchvision, tensorboard and gdown."""
    if "torchreid" not in sys.modules:
        spec = importlib.util.find_spec("torchreid")
        if spec is None or not spec.submodule_search_locations:
            raise ModelMissing("The package torchreid is not installed: start Kith by its set-up script once more")
        root = Path(spec.submodule_search_locations[0])
        for name, folder in (("torchreid", root), ("torchreid.reid", root / "reid")):
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    return importlib.import_module("torchreid.reid.models")


def _load_weights(network: Any, weights: Path) -> None:
    state = _read_state(weights)
    own = network.state_dict()
    for name in [name for name in (*state, *own) if name.startswith("classifier.")]:
        state.pop(name, None)
        own.pop(name, None)
    counters = {name for name in own if name.endswith("num_batches_tracked")}  # absent from older files, unused here
    wrong = sorted(
        name
        for name in (state.keys() | own.keys()) - counters
        if name not in state or name not in own or state[name].shape != own[name].shape
    )
    if wrong:
        raise ModelMissing(
            f"{weights} does not fit reid_model {type(network).__name__}: {len(wrong)} layers differ, "
            f"the first is {wrong[0]}. Name the network that these weights were trained for."
        )
    network.load_state_dict(state, strict=False)


def _read_state(weights: Path) -> dict[str, Any]:
    import torch

    try:
        content = torch.load(weights, map_location="cpu", weights_only=True)
        state = content.get("state_dict", content)
        return {name.removeprefix("module."): value for name, value in state.items() if hasattr(value, "shape")}
    except Exception as error:  # torch raises nearly anything for a file that is not its own
        # Its own text is a page of advice for programmers, such as to load the file unsafely.
        raise ModelMissing(f"{weights} is no file of network weights: fetch it anew or correct reid_weights") from error
