"""The working copy of a photo: the size at which faces and people are looked for."""

import math

import numpy as np

from kith.vision.observations import Rgb


def working_copy(rgb: Rgb, side: int) -> Rgb:
    """Return the photo with its longer side at most `side` pixels; the very same array where it is so already."""
    import cv2

    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Bilinear looks at 2 x 2 pixels: enough down to half the size, and a fraction of the time of averaging areas.
    for halvings in reversed(range(math.ceil(-math.log2(scale)))):
        larger = size[0] << halvings, size[1] << halvings
        rgb = np.asarray(cv2.resize(rgb, larger, interpolation=cv2.INTER_LINEAR), np.uint8)
    return rgb
