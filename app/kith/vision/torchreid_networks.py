"""TorchReID's networks with real weights only: the wrong ones give plausible, wrong answers."""

import ast
import importlib
import sys
from importlib.machinery import PathFinder
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kith.errors import ModelMissing

if TYPE_CHECKING:
    from torch import nn

WRAPPINGS = ("state_dict", "model")  # under which trainers keep the layers, beside what they go on with
DECAYED = 1e-20  # a weight so small adds nothing to a float32 sum


def torchreid_network(model_name: str, weights: Path) -> "nn.Module":
    """Return the network: normalised RGB, N x 3 x 256 x 128, to vectors, N x D.

    Raises ModelMissing where the network's name is unknown, the file cannot be read, or any layer but the classifier
    does not match.
    """
    network = untrained_network(model_name)
    _load_weights(network, weights)
    _drop_decayed_weights(network)
    return network


def untrained_network(model_name: str) -> "nn.Module":
    """Return the network with random weights; raises ModelMissing."""
    models = _torchreid_models()
    try:
        network: nn.Module = models.build_model(model_name, num_classes=1, pretrained=False, use_gpu=False)
    except KeyError as error:
        raise ModelMissing(f"reid_model: {model_name} is no network of TorchReID's; usual is osnet_ain_x1_0") from error
    return network.eval()


def network_names() -> list[str]:
    """Return the names of TorchReID's networks, by its source: importing it imports torch. Raises ModelMissing."""
    module = _torchreid_folder() / "reid/models/__init__.py"
    tree = ast.parse(module.read_text(encoding="utf-8"))
    tables = (node.value for node in tree.body if isinstance(node, ast.Assign))
    keys = chain.from_iterable(table.keys for table in tables if isinstance(table, ast.Dict))
    return [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def _torchreid_folder() -> Path:
    spec = PathFinder.find_spec("torchreid")  # whatever stands for the package in sys.modules
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise ModelMissing("The package torchreid is not installed: start Kith by its set-up script once more")
    return Path(folders[0])


def _torchreid_models() -> ModuleType:
    """Import TorchReID's definitions only: the whole package needs torchvision, tensorboard and gdown."""
    if "torchreid" not in sys.modules:
        root = _torchreid_folder()
        for name, folder in (("torchreid", root), ("torchreid.reid", root / "reid")):
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    return importlib.import_module("torchreid.reid.models")


def _load_weights(network: "nn.Module", weights: Path) -> None:
    state = _without_classifier(_read_state(weights))
    own = _without_classifier(network.state_dict())
    counters = {name for name in own if name.endswith("num_batches_tracked")}  # absent from older files, unused here
    wrong = []
    for name in sorted((state.keys() | own.keys()) - counters):
        is_in_both = name in state and name in own
        if not is_in_both or state[name].shape != own[name].shape:
            wrong.append(name)
    if wrong:
        raise ModelMissing(
            f"{weights} does not fit reid_model {type(network).__name__}: {len(wrong)} layers differ, "
            f"the first is {wrong[0]}. Name the network that these weights were trained for."
        )
    network.load_state_dict(state, strict=False)


def _without_classifier(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if not name.startswith("classifier.")}


def _read_state(weights: Path) -> dict[str, Any]:
    import torch

    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        for wrapping in WRAPPINGS:
            state = state.get(wrapping, state)
        return {name.removeprefix("module."): value for name, value in state.items() if hasattr(value, "shape")}
    except Exception as error:  # torch raises nearly anything for a file that is not its own
        # Its own text is a page of advice for programmers, such as to load the file unsafely.
        raise ModelMissing(f"{weights} is no file of network weights: fetch it anew or correct reid_weights") from error


def _drop_decayed_weights(network: "nn.Module") -> None:
    """Set weights that decayed away in training to zero: denormal numbers slow OSNet x0.25 down sevenfold."""
    import torch

    with torch.no_grad():
        for parameter in network.parameters():
            parameter[parameter.abs() < DECAYED] = 0
