"""The articles' pipeline as it is written there: what Kith's speed is compared with by `scripts/bench.py`.

face_recognition loads a photo and finds and encodes its faces at 800 pixels; a ReID network of TorchReID's, run by
torch as it is, describes the photo as a whole. One process, one photo at a time, torch's own number of threads.
"""

import time
import warnings
from pathlib import Path
from typing import Any

WORKING_SIZE = 800
BODY_HEIGHT, BODY_WIDTH = 256, 128  # the rest of what TorchReID's FeatureExtractor does by default
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ArticlesPipeline:
    """Photos one by one; `threads` limits torch's own, 0 leaves them alone."""

    def __init__(self, reid_model: str, weights: Path, threads: int = 0, device: str = "cpu") -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "pkg_resources is deprecated")
            import face_recognition
        import torch

        self._faces = face_recognition
        self._torch = torch
        self._device = device
        if threads:
            torch.set_num_threads(threads)
        network = _reid_network(reid_model, weights)
        self._network = network.eval().to(device)
        self._mean = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
        self._deviation = torch.tensor(IMAGENET_DEVIATION).view(3, 1, 1)

    def __call__(self, photo: Path) -> tuple[dict[str, float], int]:
        """Return the seconds of each step and the number of faces."""
        faces, now = self._faces, time.perf_counter
        began = now()
        whole = faces.load_image_file(photo)
        small = _shrunk(whole)
        decoded = now()
        places = faces.face_locations(small, number_of_times_to_upsample=1, model="hog")
        detected = now()
        faces.face_encodings(small, places, model="small")
        encoded = now()
        self.body(whole)
        ended = now()
        steps = {
            "decode": decoded - began,
            "detect": detected - decoded,
            "encode": encoded - detected,
            "body": ended - encoded,
        }
        return steps, len(places)

    def body(self, rgb: Any) -> Any:
        """Return the features of a photo, as TorchReID's FeatureExtractor computes them from an array."""
        import numpy as np
        from PIL import Image

        torch = self._torch
        picture = Image.fromarray(rgb)
        small = picture.resize((BODY_WIDTH, BODY_HEIGHT), Image.Resampling.BILINEAR)
        channels = torch.from_numpy(np.array(small)).permute(2, 0, 1)
        pixels = channels.float() / 255
        normal = (pixels - self._mean) / self._deviation
        with torch.no_grad():
            return self._network(normal[None].to(self._device)).cpu()


def _shrunk(rgb: Any) -> Any:
    import cv2

    height, width, _ = rgb.shape
    scale = min(1.0, WORKING_SIZE / max(height, width))
    size = round(width * scale), round(height * scale)
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _reid_network(reid_model: str, weights: Path) -> Any:
    from kith.vision.torchreid_networks import torchreid_network

    return torchreid_network(reid_model, weights)
