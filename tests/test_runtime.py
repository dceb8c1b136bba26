"""Both engines on small networks and real ones, and the files that networks are exported to."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from kith.errors import KithError, ModelMissing
from kith.vision.dlib_faces import DlibFaces
from kith.vision.export import export, find_exported, find_network, prepare_network
from kith.vision.runtime import OnnxNetwork, TorchNetwork, cuda_available, cuda_works
from tests.networks import save_network

TWICE_AND_MEAN = [("Add", ["images", "images"], "twice"), ("GlobalAveragePool", ["images"], "mean")]


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((7, 3, 4, 6), np.float32)


@pytest.mark.parametrize("fixed", ["batch", 1, 2, 10])
@pytest.mark.parametrize("batch_size", [1, 3, 7, 32])
def test_batches_are_split_and_every_output_joined(
    tmp_path: Path, images: np.ndarray, fixed: int | str, batch_size: int
) -> None:
    file = save_network(tmp_path / "n.onnx", *TWICE_AND_MEAN, shape=[fixed, 3, "h", "w"], outputs=["twice", "mean"])
    network = OnnxNetwork(file, batch_size)
    assert network.input_shape == (None if fixed == "batch" else fixed, 3, None, None)
    for count in (7, 1):
        twice, mean = network(images[:count])
        assert np.array_equal(twice, 2 * images[:count])
        assert mean.shape == (count, 3, 1, 1)
        assert np.allclose(mean[..., 0, 0], images[:count].mean((2, 3)))


def test_yunet_takes_every_size(shared: Path) -> None:
    network = OnnxNetwork(shared / "models/face_detection_yunet_2026may.onnx")
    assert network.input_shape[2:] == (None, None)
    for height, width in ((64, 32), (320, 480)):
        outputs = network(np.zeros((2, 3, height, width), np.float32))
        assert len(outputs) == 12
        assert {output.shape[:2] for output in outputs} == {(2, height * width // side**2) for side in (8, 16, 32)}


@pytest.mark.parametrize("content", [b"", b"not found", bytes(range(256)) * 40, "truncated"])
def test_a_file_that_is_no_network_is_named(
    request: pytest.FixtureRequest, tmp_path: Path, content: bytes | str
) -> None:
    file = tmp_path / "model.onnx"
    if isinstance(content, str):
        whole: bytes = (request.getfixturevalue("shared") / "models/yolox_nano.onnx").read_bytes()
        content = whole[: len(whole) // 2]
    file.write_bytes(content)
    with pytest.raises(ModelMissing, match=r"model\.onnx is no network"):
        OnnxNetwork(file)


@pytest.mark.parametrize(
    "kept",
    [
        {"shape": ["batch", 2048]},
        {"shape": ["batch", 1, 32, 32]},
        {"inputs": ["images", "size"]},
        {"kind": TensorProto.FLOAT16},
    ],
)
def test_a_network_for_something_else_than_images_is_named(tmp_path: Path, kept: dict[str, Any]) -> None:
    file = save_network(tmp_path / "n.onnx", ("Identity", ["images"], "vectors"), **kept)
    with pytest.raises(ModelMissing, match=r"n\.onnx takes images .*colour images as float"):
        OnnxNetwork(file)


# ----------------------------------------------------------------------------------------------------------------------
# torch


def _mean(most: int, sizes: list[int]) -> Any:
    """A network with memory for that many images; it notes how many it was given."""
    import torch

    class Mean(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            sizes.append(len(images))
            if len(images) > most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return images.mean((2, 3))

    return Mean()


def test_out_of_memory_halves_the_batch_for_good(images: np.ndarray) -> None:
    sizes: list[int] = []
    network = TorchNetwork(_mean(2, sizes), "cpu", batch_size=32)
    for _ in range(2):
        (means,) = network(images)
        assert np.allclose(means, images.mean((2, 3)))
    assert sizes == [7, 3, 1, *[1] * 6, *[1] * 7]


def test_a_batch_that_fits_again_is_not_made_smaller(images: np.ndarray) -> None:
    sizes: list[int] = []
    TorchNetwork(_mean(4, sizes), "cpu", batch_size=6)(images)
    assert sizes == [6, 3, 3, 1]


def test_out_of_memory_for_one_image_is_said(images: np.ndarray) -> None:
    with pytest.raises(KithError, match="device in the settings be cpu"):
        TorchNetwork(_mean(0, []), "cpu")(images)


def test_out_of_memory_for_the_network_itself_is_said() -> None:
    import torch

    class Large(torch.nn.Module):
        def to(self, *_: object) -> "Large":
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(KithError, match="device in the settings be cpu"):
        TorchNetwork(Large(), "cuda")


def test_several_outputs_of_torch_are_joined(images: np.ndarray) -> None:
    import torch

    class Two(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return images, 2 * images

    once, twice = TorchNetwork(Two(), "cpu", batch_size=3)(images)
    assert np.array_equal(once, images)
    assert np.array_equal(twice, 2 * images)


def test_the_graphics_card_gives_the_same_vectors(tmp_path: Path) -> None:
    if not (cuda_available() and cuda_works()):
        pytest.skip("no graphics card that torch can use")
    from kith.vision.dlib_faces import face_weights
    from kith.vision.dlib_network import face_resnet

    faces = np.random.default_rng(0).uniform(0, 255, (40, 3, 150, 150)).astype(np.float32)
    (expected,) = TorchNetwork(face_resnet(face_weights()), "cpu")(faces)
    (found,) = TorchNetwork(face_resnet(face_weights()), "cuda", batch_size=16)(faces)
    assert np.abs(found - expected).max() < 1e-5


def test_whether_there_is_a_graphics_card_is_said_without_torch() -> None:
    code = "from kith.vision.runtime import cuda_available; import sys; print(cuda_available(), 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout
    assert said in {"True False\n", "False False\n"}


# ----------------------------------------------------------------------------------------------------------------------
# Exported networks


def _small(factor: float = 1.0) -> Any:
    """Three numbers of an image: enough for a file of a few hundred bytes."""
    import torch

    class Small(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return factor * images.mean((2, 3))

    return Small()


def test_an_exported_network_is_found_and_gives_what_torch_gives(tmp_path: Path, images: np.ndarray) -> None:
    folder = tmp_path / "new" / "networks"
    assert find_exported("some net:0123", folder) is None
    file = export(_small(3.0), 4, 6, "some net:0123", folder)
    assert find_exported("some net:0123", folder) == file
    assert find_exported("some net:0124", folder) is None
    assert list(folder.iterdir()) == [file]
    assert np.allclose(OnnxNetwork(file)(images)[0], 3 * images.mean((2, 3)))


@pytest.mark.parametrize("damage", ["truncated", "empty", "one byte", "folder"])
def test_a_damaged_exported_network_is_made_again(tmp_path: Path, damage: str) -> None:
    file = export(_small(), 4, 6, "small:0", tmp_path)
    content = file.read_bytes()
    if damage == "folder":
        file.unlink()
        file.mkdir()
    else:
        flipped = content[:90] + bytes([content[90] ^ 1]) + content[91:]
        file.write_bytes({"truncated": content[:-20], "empty": b"", "one byte": flipped}[damage])
    assert find_exported("small:0", tmp_path) is None
    if damage != "folder":
        assert export(_small(), 4, 6, "small:0", tmp_path) == file
        assert file.read_bytes() == content


def test_a_network_that_onnx_computes_otherwise_is_not_kept(tmp_path: Path) -> None:
    import torch

    class Branching(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            mean = images.mean((2, 3))
            return 2 * mean if len(images) > 2 else mean  # the export knows the one branch it saw

    with pytest.raises(ModelMissing, match="Branching gives other vectors"):
        export(Branching(), 4, 6, "branching:0", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelMissing, match=r"small:0 could not be kept in .*: make room there"):
        export(_small(), 4, 6, "small:0", tmp_path / "file" / "networks")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(ModelMissing, match="make room there"):
            export(_small(), 4, 6, "small:0", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_without_the_package_onnx_the_set_up_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelMissing, match="onnx is not installed: start Kith by its set-up script"):
        export(_small(), 4, 6, "small:0", tmp_path)


def test_two_processes_make_the_same_network_at_once(tmp_path: Path) -> None:
    code = (
        "import pathlib; from kith.vision.export import prepare_network; from kith.vision.dlib_faces import DlibFaces;"
        f"print(prepare_network(DlibFaces.source(), pathlib.Path({str(tmp_path)!r})))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=240) for process in processes]
    network = find_network(DlibFaces.source(), tmp_path)
    assert said == [(f"{network}\n", "")] * 2
    assert list(tmp_path.iterdir()) == [network]


def test_who_runs_an_exported_network_needs_no_torch(networks: Path) -> None:
    prepare_network(DlibFaces.source(), networks)
    code = (
        "import pathlib, sys, numpy; from kith.vision import dlib_faces, export, runtime;"
        f"found = export.find_network(dlib_faces.DlibFaces.source(), pathlib.Path({str(networks)!r}));"
        "model = dlib_faces.DlibFaces(runtime.OnnxNetwork(found));"
        "vectors = model.encode([numpy.zeros((150, 150, 3), numpy.uint8)]);"
        "print(vectors.shape, sorted({'torch', 'face_recognition', 'onnx'} & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout
    assert said == "(1, 128) []\n"
