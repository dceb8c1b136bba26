"""One way to run a network on a batch of images: ONNX Runtime on the CPU, torch where there is a GPU."""

import ctypes
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kith.errors import KithError, ModelMissing
from kith.messages import Setting

if TYPE_CHECKING:
    from torch import nn

Images = NDArray[np.float32]
Outputs = list[NDArray[np.float32]]

CPU_BATCH = 4  # images at once: more of them gain nothing on a processor


class Network(Protocol):
    """Images (N x C x H x W, at least one) to every output of the network (N x ...).

    `input_shape` is N, C, H, W, None where any number will do; `file` is the .onnx file it comes from, if it is one.
    """

    input_shape: tuple[int | None, ...]
    file: Path | None

    def __call__(self, images: Images) -> Outputs:
        """Return every output for the images."""


class _Batched:
    """Runs `_run` on so many images at once; where they did not fit (None) it has made `_batch_size` smaller."""

    _batch_size: int

    def __call__(self, images: Images) -> Outputs:
        """Return every output for the images."""
        parts: list[Outputs] = []
        done = 0
        while done < len(images):
            batch = images[done : done + self._batch_size]
            part = self._run(batch)
            if part is not None:
                parts.append(part)
                done += len(batch)
        if len(parts) == 1:
            return parts[0]
        return [np.concatenate(output) for output in zip(*parts, strict=True)]

    def _run(self, images: Images) -> Outputs | None:
        raise NotImplementedError


class OnnxNetwork(_Batched):
    """A Network from an .onnx file, on one thread of the CPU.

    A fixed N is honoured, else at most `batch_size` images are taken at once, and never more than CPU_BATCH. What the
    file holds may be given changed, as `content`. Raises ModelMissing where it is no network for images.
    """

    def __init__(self, file: Path, batch_size: int = CPU_BATCH, content: bytes | None = None) -> None:
        session = _session(file, content)
        name, shape = _input_of(session, file)
        self._session = session
        self._input = name
        self.input_shape = shape
        self.file: Path | None = file
        self._batch_size = shape[0] or min(batch_size, CPU_BATCH)

    def _run(self, images: Images) -> Outputs:
        count = len(images)
        if count < (self.input_shape[0] or 0):
            images = np.resize(images, (self._batch_size, *images.shape[1:]))  # repeats them
        outputs = self._session.run(None, {self._input: images})
        return [output[:count] for output in outputs]


def _session(file: Path, content: bytes | None) -> Any:
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the workers already fill the cores
    # Plans of memory are kept for every size met, and photos come in every size: with them memory grows.
    options.enable_mem_pattern = False
    options.log_severity_level = 4  # what fails is raised as well
    try:
        return onnxruntime.InferenceSession(content or file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        raise ModelMissing(
            f"{file} is no network that ONNX Runtime can run: fetch or export it anew, or close other programs if "
            "memory is short"
        ) from error


def _input_of(session: Any, file: Path) -> tuple[str, tuple[int | None, ...]]:
    """Return the name and shape of the input; raises ModelMissing where it takes no images."""
    inputs = session.get_inputs()
    if len(inputs) == 1 and inputs[0].type == "tensor(float)":
        images = inputs[0]
        shape = tuple(side if isinstance(side, int) else None for side in images.shape or ())
        if len(shape) == 4 and shape[1] in {3, None}:
            return images.name, shape
    taken = ", ".join(f"{given.name} {given.shape} {given.type}" for given in inputs)
    raise ModelMissing(
        f"{file} takes {taken or 'nothing'}, where one batch of colour images as float is needed "
        "(N x 3 x height x width): name another file."
    )


class TorchNetwork(_Batched):
    """A Network from a torch module, on a GPU (`cuda`) or the CPU.

    Out of memory it goes on with half the batch, and stays there; raises KithError where not even one image fits.
    """

    file: Path | None = None
    input_shape: tuple[int | None, ...] = (None, 3, None, None)

    def __init__(self, module: "nn.Module", device: str, batch_size: int = CPU_BATCH) -> None:
        import torch

        # TF32, torch's default for convolutions, has 10 bits of mantissa: vectors would differ from the CPU's.
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        try:
            self._module = module.eval().to(device)
        except torch.OutOfMemoryError as error:
            raise _no_memory() from error
        self._device = device
        self._batch_size = batch_size

    def _run(self, images: Images) -> Outputs | None:
        """Return the outputs, or None where they did not fit and the batch is smaller from now on."""
        import torch

        try:
            with torch.inference_mode():
                on_device = torch.from_numpy(images).to(self._device)
                outputs = self._module(on_device)
            outputs = outputs if isinstance(outputs, tuple | list) else (outputs,)
            return [output.cpu().numpy() for output in outputs]
        except torch.OutOfMemoryError as error:
            if len(images) == 1:
                raise _no_memory() from error
        self._batch_size = len(images) // 2
        torch.cuda.empty_cache()
        return None


def _no_memory() -> KithError:
    return KithError(
        "The graphics card has not enough free memory for a single image: close other programs that use it, or let ",
        Setting("device"),
        " be cpu.",
    )


def cuda_available() -> bool:
    """Whether NVIDIA's driver is there and finds a GPU: quick to say, but torch may still have no use for it."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return bool(driver.cuInit(0) == 0)


def cuda_works() -> bool:
    """Whether torch is there and can compute on a GPU; imports torch, which takes a second."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    if not torch.cuda.is_available():
        return False
    try:
        return bool(torch.ones(1, device="cuda").item() == 1)
    except RuntimeError:  # a card too old for this torch, or in somebody else's sole use
        return False
