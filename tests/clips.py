"""Short videos, made with the library that reads them."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

Scene = tuple[float, Image.Image]  # from which second on a picture is shown
TAKEN = "2024-05-06T07:08:09+00:00"


def save_clip(
    path: Path,
    scenes: Sequence[Scene],
    seconds: float,
    codec: str = "mpeg4",
    fps: int = 10,
    key: int = 10,
    bit_rate: int = 8_000_000,
    tags: Mapping[str, str] | None = None,
) -> Path:
    """Write a video that shows pictures one after the other, with a frame that stands by itself every `key` frames."""
    width, height = scenes[0][1].size
    with av.open(str(path), "w") as container:
        container.metadata.update({"creation_time": TAKEN} if tags is None else tags)
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = width, height, "yuv420p", key
        stream.bit_rate = bit_rate
        for number in range(round(seconds * fps)):
            image = [image for start, image in scenes if start <= number / fps][-1]
            frame = av.VideoFrame.from_image(image.convert("RGB"))
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def save_sound(path: Path) -> Path:
    """Write a second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
