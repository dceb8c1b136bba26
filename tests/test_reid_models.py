"""Networks that compare bodies: TorchReID's by name and weights, and exported ones of many makers."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kith.errors import ModelMissing
from kith.model_registry import BODY_MODELS, Model
from kith.vision.bodies import TorchreidBodyExtractor, body_region, shows_more_than_the_head
from kith.vision.detection import Detection
from kith.vision.engines import EngineSpec, Networks, find_networks, prepare_networks
from kith.vision.observations import Rgb
from kith.vision.runtime import TorchNetwork
from kith.vision.torchreid_networks import DECAYED, torchreid_network, untrained_network
from kith.vision.weights import weights_id
from tests.desk import shared_folder
from tests.networks import onnx_bodies, save_network, spec_of

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def _normalised(crop: Rgb, width: int, height: int) -> np.ndarray:
    import cv2

    return ((cv2.resize(crop, (width, height)) / 255 - MEAN) / DEVIATION).astype(np.float32).transpose(2, 0, 1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of osnet_x0_25, untrained ones where the real ones are not."""
    import torch

    if (real := shared_folder() / "models/osnet_x0_25_msmt17.pth").is_file():
        return real
    torch.manual_seed(0)
    untrained = tmp_path_factory.mktemp("weights") / "osnet_x0_25.pth"
    torch.save(untrained_network("osnet_x0_25").state_dict(), untrained)
    return untrained


@pytest.fixture(scope="module")
def crops() -> list[Rgb]:
    """Pictures of pedestrians, or random ones where these are not."""
    files = sorted((shared_folder() / "data/pedestrians").rglob("*.jpg"))[:13]
    random = np.random.default_rng(0)
    return [np.asarray(Image.open(file).convert("RGB")) for file in files] or [
        random.integers(256, size=(random.integers(40, 300), random.integers(40, 150), 3), dtype=np.uint8)
        for _ in range(13)
    ]


def _body(spec: EngineSpec, folder: Path) -> Path:
    """Return the exported network of a spec's body model."""
    made = prepare_networks(spec, folder)
    assert made
    assert made.networks
    assert made.networks.body
    return made.networks.body


def test_weights_and_the_exported_network_give_the_same_vectors(
    shared: Path, weights: Path, crops: list[Rgb], networks: Path
) -> None:
    """Three roads: .pth exported by Kith, .pth in torch, and the .onnx file of another exporter run by hand."""
    import onnxruntime  # type: ignore[import-untyped]

    whole = shared / "models/osnet_x0_25_msmt17.onnx"
    exported = _body(spec_of("osnet_x0_25", weights), networks)
    in_torch = TorchNetwork(torchreid_network("osnet_x0_25", weights), "cpu", batch_size=5)
    session = onnxruntime.InferenceSession(whole)
    images = np.array([_normalised(crop, 128, 256) for crop in crops])
    expected = session.run(None, {session.get_inputs()[0].name: images})[0]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    for extract in (
        onnx_bodies(exported, "exported"),
        onnx_bodies(whole, "whole"),
        TorchreidBodyExtractor(in_torch, "torch"),
    ):
        vectors = extract.encode(crops)
        assert vectors.dtype == np.float32
        assert np.abs(vectors - expected).max() < 1e-4, extract.id
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert np.abs(extract.encode(crops[:1]) - expected[:1]).max() < 1e-4


def test_weights_that_decayed_away_are_zero(shared: Path, weights: Path) -> None:
    import torch

    def decayed(state: dict[str, Any]) -> int:
        return sum(int(((value != 0) & (value.abs() < DECAYED)).sum()) for value in state.values())

    state = torch.load(weights, weights_only=True)
    assert decayed(state.get("state_dict", state)) > 0
    assert decayed(dict(torchreid_network("osnet_x0_25", weights).named_parameters())) == 0


@pytest.mark.parametrize("wrapping", [None, "state_dict", "model"])
@pytest.mark.parametrize("half", [False, True])
def test_weights_are_read_however_they_are_kept(
    weights: Path, tmp_path: Path, crops: list[Rgb], half: bool, wrapping: str | None
) -> None:
    """As trainers keep them, of half precision or full, for several cards, in a file of many things or alone."""
    import torch

    whole = torchreid_network("osnet_x0_25", weights)
    state = {f"module.{name}": value.half() if half else value for name, value in whole.state_dict().items()}
    kept = tmp_path / "kept.pt"
    torch.save({wrapping: state, "epoch": 50} if wrapping else state, kept)
    read = torchreid_network("osnet_x0_25", kept)
    assert {value.dtype for value in read.parameters()} == {torch.float32}
    expected, vectors = (TorchreidBodyExtractor(TorchNetwork(one, "cpu"), "one").encode(crops) for one in (whole, read))
    assert (expected * vectors).sum(axis=1).min() > (0.999 if half else 1 - 1e-6)


@pytest.mark.parametrize("model", BODY_MODELS[:2], ids=lambda model: model.name)
def test_weights_without_their_classifier_fit_the_networks_of_the_registry(tmp_path: Path, model: Model) -> None:
    """As the published files are: feature layers alone, under TorchReID's names, of the size that is told."""
    import torch

    assert model.file
    state = untrained_network(model.network).state_dict()
    kept = tmp_path / model.file.file
    torch.save({name: value for name, value in state.items() if not name.startswith("classifier.")}, kept)
    assert 0 <= model.file.size - kept.stat().st_size < 20_000
    vectors = TorchreidBodyExtractor(TorchNetwork(torchreid_network(model.network, kept), "cpu"), "one").encode(
        [np.zeros((256, 128, 3), np.uint8)]
    )
    assert vectors.shape == (1, 512)


def test_osnet_ain_is_exported(tmp_path: Path, networks: Path, crops: list[Rgb]) -> None:
    """OSNet-AIN, whose instance normalisation the exporter warns of; untrained, since its weights are not at hand."""
    import torch

    torch.manual_seed(0)
    network = untrained_network("osnet_ain_x1_0")
    torch.save(network.state_dict(), tmp_path / "ain.pth")
    exported = _body(spec_of("osnet_ain_x1_0", tmp_path / "ain.pth"), networks)
    expected = TorchreidBodyExtractor(TorchNetwork(network, "cpu"), "torch").encode(crops)
    assert np.abs(onnx_bodies(exported, "exported").encode(crops) - expected).max() < 1e-4


def test_networks_are_found_once_prepared(weights: Path, networks: Path, tmp_path: Path) -> None:
    whole = save_network(tmp_path / "whole.onnx", *POOLED, constants={"filters": _filters()})
    assert find_networks(spec_of(), tmp_path) is None
    made = prepare_networks(spec_of("osnet_x0_25", weights), networks)
    assert made
    assert made.networks
    assert find_networks(spec_of("osnet_x0_25", weights), networks) == made
    assert find_networks(spec_of("osnet_x0_5", weights), networks) is None
    for spec, body in ((spec_of(str(whole), whole), whole), (spec_of(), None)):
        found = find_networks(spec, networks)
        assert found
        assert found.networks == Networks(made.networks.face, body)


# ----------------------------------------------------------------------------------------------------------------------
# Exported networks of other makers


def _filters(length: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(length, 3, 3, 3)).astype(np.float32)


FEATURES = [("Conv", ["images", "filters"], "maps"), ("Relu", ["maps"], "positive")]
POOLED = [*FEATURES, ("GlobalAveragePool", ["positive"], "vectors")]


@pytest.mark.parametrize("batch", ["batch", 1, 16])
def test_a_network_that_normalises_itself_is_given_plain_pixels(
    tmp_path: Path, crops: list[Rgb], batch: str | int
) -> None:
    """As FastReID exports: 384 x 128, one image at a time, mean and deviation of 0..255 inside, N x D x 1 x 1."""
    shape = [batch, 3, 384, 128]
    plain = save_network(tmp_path / "plain.onnx", *POOLED, shape=shape, constants={"filters": _filters()})
    inside = save_network(
        tmp_path / "fastreid.onnx",
        ("Sub", ["images", "mean"], "centred"),
        ("Div", ["centred", "deviation"], "normalised"),
        ("Conv", ["normalised", "filters"], "maps"),
        *POOLED[1:],
        shape=shape,
        constants={
            "filters": _filters(),
            "mean": (MEAN * 255).astype(np.float32).reshape(1, 3, 1, 1),
            "deviation": (DEVIATION * 255).astype(np.float32).reshape(1, 3, 1, 1),
        },
    )
    first, second = (onnx_bodies(file, "n").encode(crops) for file in (plain, inside))
    assert first.shape == (len(crops), 8)
    assert np.abs(first - first[0]).max() > 0.01
    assert np.abs(first - second).max() < 1e-5


def test_the_input_size_is_read_from_the_file(tmp_path: Path, crops: list[Rgb]) -> None:
    """A network whose vector is the image: its numbers are those of the crop at that size."""
    flat = [("Flatten", ["images"], "vectors")]
    shapes: list[tuple[list[int | str], tuple[int, int]]] = [([1, 3, 6, 4], (4, 6)), (["n", 3, "h", "w"], (128, 256))]
    for shape, size in shapes:
        vectors = onnx_bodies(save_network(tmp_path / "n.onnx", *flat, shape=shape), "n").encode(crops[:2])
        expected = _normalised(crops[1], *size).ravel()
        assert np.abs(vectors[1] - expected / np.linalg.norm(expected)).max() < 1e-5


@pytest.mark.parametrize(
    ("nodes", "outputs", "given"),
    [
        (FEATURES, ["positive"], "2 x 8 x 254 x 126 for two images"),
        (POOLED, ["vectors", "maps"], "2 x 8 x 1 x 1, 2 x 8 x 254 x 126 for two images"),
        ([*POOLED, ("Flatten", ["vectors"], "flat"), ("Reshape", ["flat", "line"], "out")], ["out"], "1 x 16 for two"),
        ([*POOLED, ("Reshape", ["vectors", "row"], "out")], ["out"], "cannot be run on two images of 256 x 128"),
    ],
)
def test_a_network_without_one_vector_for_each_image_is_named(
    tmp_path: Path, nodes: list[Any], outputs: list[str], given: str
) -> None:
    constants = {"filters": _filters(), "line": np.array([1, -1]), "row": np.array([1, 8])}
    file = save_network(tmp_path / "n.onnx", *nodes, outputs=outputs, constants=constants)
    with pytest.raises(ModelMissing, match=rf"n\.onnx .*{given}"):
        onnx_bodies(file, "n")


def test_a_network_whose_weights_are_no_numbers_is_named(tmp_path: Path) -> None:
    filters = _filters()
    filters[0] = np.nan
    file = save_network(
        tmp_path / "n.onnx",
        ("Conv", ["images", "filters"], "maps"),
        ("GlobalAveragePool", ["maps"], "vectors"),
        constants={"filters": filters},
    )
    with pytest.raises(ModelMissing, match=r"n\.onnx gives vectors that are no numbers"):
        onnx_bodies(file, "n")


def test_a_truncated_network_is_named(shared: Path, tmp_path: Path) -> None:
    file = tmp_path / "body.onnx"
    file.write_bytes((shared / "models/osnet_x0_25_msmt17.onnx").read_bytes()[:500_000])
    with pytest.raises(ModelMissing, match=r"body\.onnx is no network"):
        onnx_bodies(file, "body")


def test_the_id_of_vectors_tells_networks_apart(weights: Path, tmp_path: Path) -> None:
    file = tmp_path / "My Model.ONNX"
    file.write_bytes(b"graph")
    alone = weights_id(str(file), file)
    assert alone.startswith("My Model:")
    assert weights_id("osnet_x0_25", weights).startswith("osnet_x0_25:")
    (tmp_path / "My Model.ONNX.data").write_bytes(b"weights")
    assert weights_id(str(file), file) != alone


# ----------------------------------------------------------------------------------------------------------------------
# Weights that do not fit


def test_weights_of_another_network_are_refused(weights: Path) -> None:
    with pytest.raises(ModelMissing, match=r"does not fit.*layers differ"):
        torchreid_network("osnet_x0_5", weights)


def test_one_layer_missing_is_refused(weights: Path, tmp_path: Path) -> None:
    import torch

    state = torch.load(weights, weights_only=True)
    state = dict(state.get("state_dict", state))
    del state[next(name for name in state if name.endswith("conv3.2.layers.0.conv.weight") or "conv2.0" in name)]
    torch.save(state, tmp_path / "short.pth")
    with pytest.raises(ModelMissing, match="1 layers differ"):
        torchreid_network("osnet_x0_25", tmp_path / "short.pth")


def test_an_unknown_network_is_named(weights: Path) -> None:
    with pytest.raises(ModelMissing, match="osnet_x9"):
        torchreid_network("osnet_x9", weights)


def test_a_network_for_images_of_another_size_is_named(networks: Path, tmp_path: Path) -> None:
    import torch

    torch.save(untrained_network("hacnn").state_dict(), tmp_path / "hacnn.pth")  # takes 160 x 64 only
    with pytest.raises(ModelMissing, match=r"HACNN cannot be exported for images of 256 x 128"):
        prepare_networks(spec_of("hacnn", tmp_path / "hacnn.pth"), networks)


def test_weights_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"cannot be read .*reid_weights"):
        weights_id("osnet_x0_25", tmp_path)


class _Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", ["hostile", "truncated", "text"])
def test_files_that_are_no_weights_are_refused_and_run_nothing(
    weights: Path, networks: Path, tmp_path: Path, kind: str
) -> None:
    canary, file = tmp_path / "canary", tmp_path / "weights.pth"
    if kind == "hostile":
        file.write_bytes(pickle.dumps({"conv1.conv.weight": _Canary(canary)}))
    elif kind == "truncated":
        file.write_bytes(weights.read_bytes()[:100_000])
    else:
        file.write_text("not found")
    with pytest.raises(ModelMissing, match=r"weights\.pth"):
        prepare_networks(spec_of("osnet_x0_25", file), networks)
    assert not canary.exists()


def test_of_a_close_up_the_head_is_no_body() -> None:
    face = Detection(400, 300, 600, 500, 0.9)
    assert shows_more_than_the_head(face, 800)
    assert not shows_more_than_the_head(face, 799)


def test_body_region_lies_below_the_face_and_inside_the_photo() -> None:
    face = Detection(100, 50, 140, 90, 0.9)
    assert body_region(face, 1000, 1000) == (70, 90, 170, 290)
    left, top, right, bottom = body_region(face, 200, 130) or (0, 0, 0, 0)
    assert (left, top) == (70, 90)
    assert (right, bottom) == (130, 200)
    assert body_region(face, 95, 1000) is None
