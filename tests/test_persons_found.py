"""Persons found by YOLOX: real ONNX files, one drawn by hand that sees red, one published."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from kith.errors import ModelMissing
from kith.photos.pixels import load_rgb
from kith.vision import yolox
from kith.vision.observations import Rgb
from kith.vision.yolox import Yolox

SIDE = 128  # of the input of the networks made here
WIDE, HIGH = 24, 48  # of every person they see
STRIDES = (8, 16, 32)
RED, BLUE = (255, 0, 0), (0, 0, 255)
ONE_CELL = (8, 8)  # pixels of the finest grid


def seeing_red(file: Path, *, classes: tuple[float, ...] = (1.0,), decoded: bool = False, side: int = SIDE) -> Path:
    """Write a YOLOX that sees a person wherever a cell is more red than blue, WIDE x HIGH around its middle.

    With decoded boxes, the places of all cells are constants in it, so that it takes one shape alone.
    """
    nodes, objects, boxes = [], [], []
    constants: dict[str, Any] = {
        "red_less_blue": np.array([-1, 0, 1], np.float32).reshape(1, 3, 1, 1) / 255,  # blue comes first
        "zero": np.float32(0),
        "one": np.float32(1),
        "column": np.array([1, -1, 1]),
        "class_scores": np.array(classes, np.float32).reshape(1, 1, -1),
    }
    size = np.array([WIDE, HIGH], np.float32)
    for stride in STRIDES:
        across, cell = side // stride, [stride, stride]
        nodes += [
            helper.make_node("AveragePool", ["images"], [f"mean{stride}"], kernel_shape=cell, strides=cell),
            helper.make_node("Conv", [f"mean{stride}", "red_less_blue"], [f"red{stride}"]),
            helper.make_node("Clip", [f"red{stride}", "zero", "one"], [f"object{stride}"]),
            helper.make_node("Reshape", [f"object{stride}", "column"], [f"objects{stride}"]),
            helper.make_node("Mul", [f"objects{stride}", "zero"], [f"nothing{stride}"]),
            helper.make_node("Add", [f"nothing{stride}", f"box{stride}"], [f"boxes{stride}"]),
        ]
        rows, columns = np.indices((across, across)).reshape(2, -1)
        middles = (np.stack([columns, rows], 1) + 0.5) * stride
        raw = np.array([0.5, 0.5, *np.log(size / stride)])
        box = np.hstack([middles, np.tile(size, (across**2, 1))]) if decoded else raw
        constants[f"box{stride}"] = box.reshape(1, -1, 4).astype(np.float32)
        objects.append(f"objects{stride}")
        boxes.append(f"boxes{stride}")
    nodes += [
        helper.make_node("Concat", objects, ["all_objects"], axis=1),
        helper.make_node("Concat", boxes, ["all_boxes"], axis=1),
        helper.make_node("Mul", ["all_objects", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "class_scores"], ["classes"]),
        helper.make_node("Concat", ["all_boxes", "all_objects", "classes"], ["output"], axis=2),
    ]
    cells = sum((side // stride) ** 2 for stride in STRIDES)
    return saved(file, nodes, constants, (1, 3, side, side), (1, cells, 5 + len(classes)))


def saved(
    file: Path,
    nodes: list[onnx.NodeProto],
    constants: dict[str, NDArray[np.float32]],
    taken: tuple[int | str, ...],
    given: tuple[int | str, ...],
) -> Path:
    graph = helper.make_graph(
        nodes,
        "drawn",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, taken)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, given)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), file)
    return file


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return seeing_red(tmp_path / "red.onnx")


def photo(width: int, height: int, *spots: tuple[int, int], size: tuple[int, int] = ONE_CELL, colour: Any = RED) -> Rgb:
    """A grey photo with a spot of one colour at each left top corner."""
    rgb = np.full((height, width, 3), 90, np.uint8)
    for left, top in spots:
        rgb[top : top + size[1], left : left + size[0]] = colour
    return rgb


def around(left: int, top: int, scale: int = 1) -> tuple[int, int, int, int]:
    """What a network made here says of a spot of one cell there, the photo being `scale` times its input."""
    x, y = left + 4 * scale, top + 4 * scale
    return x - WIDE * scale // 2, y - HIGH * scale // 2, x + WIDE * scale // 2, y + HIGH * scale // 2


def test_person_is_found_where_they_are(model: Path) -> None:
    found = Yolox(model)(photo(SIDE, SIDE, (40, 72)))
    assert [tuple(person) for person in found] == [(*around(40, 72), pytest.approx(1.0), None, 0)]


def test_nobody_is_found_where_nobody_is(model: Path) -> None:
    assert Yolox(model)(photo(SIDE, SIDE)) == []


def test_colours_go_in_blue_first(model: Path) -> None:
    assert Yolox(model)(photo(SIDE, SIDE, (40, 72), colour=BLUE)) == []


@pytest.mark.parametrize(("width", "height"), [(512, 256), (256, 512), (512, 512)])
def test_photo_of_any_shape_keeps_its_proportions(model: Path, width: int, height: int) -> None:
    scale = max(width, height) // SIDE
    found = Yolox(model)(photo(width, height, (96, 128), size=(8 * scale, 8 * scale)))
    assert [person[:4] for person in found] == [around(96, 128, scale)]


def test_small_photo_is_enlarged(model: Path) -> None:
    (person,) = Yolox(model)(photo(96, 96, (30, 54), size=(6, 6)))  # enlarged by 4 / 3
    assert person[:4] == (33 - 9, 57 - 18, 33 + 9, 57 + 18)


def test_people_too_small_to_tell_are_left_out(model: Path) -> None:
    assert Yolox(model)(photo(64, 64, (20, 36), size=(4, 4))) == []  # 24 pixels high


def test_box_ends_at_the_edges_of_the_photo(model: Path) -> None:
    found = Yolox(model)(photo(SIDE, SIDE, (0, 8), (SIDE - 8, SIDE - 16)))
    assert [person[:4] for person in found] == [(0, 0, 16, 36), (SIDE - 16, SIDE - 36, SIDE, SIDE)]


def test_one_person_in_neighbouring_cells_is_found_once_and_two_apart_twice(model: Path) -> None:
    together = photo(SIDE, SIDE, (40, 72), (48, 72), size=ONE_CELL)
    assert len(Yolox(model)(together)) == 1
    apart = photo(SIDE, SIDE, (40, 72), (80, 72))
    assert {person[:4] for person in Yolox(model)(apart)} == {around(40, 72), around(80, 72)}


def test_surest_comes_first_and_the_unsure_is_left_out(model: Path) -> None:
    rgb = photo(SIDE, SIDE)
    for left, red in ((8, 160), (48, 250), (88, 110)):
        rgb[40:48, left : left + 8] = (red, 0, 0)
    found = Yolox(model)(rgb)
    assert [person[:4] for person in found] == [around(48, 40), around(8, 40)]
    assert [person.score for person in found] == pytest.approx([250 / 255, 160 / 255], abs=0.01)


def test_score_is_that_of_the_object_times_that_of_the_first_class(tmp_path: Path) -> None:
    rgb = photo(SIDE, SIDE, (40, 72))
    (person,) = Yolox(seeing_red(tmp_path / "80.onnx", classes=(0.75, *[0.9] * 79)))(rgb)
    assert person.score == pytest.approx(0.75)
    assert Yolox(seeing_red(tmp_path / "other.onnx", classes=(0.0, *[1.0] * 79)))(rgb) == []


def test_file_exported_with_decoded_boxes_finds_the_same(model: Path, tmp_path: Path) -> None:
    rgb = photo(512, 384, (96, 128), size=(32, 32))
    found = Yolox(model)(rgb)
    assert len(found) == 1
    assert Yolox(seeing_red(tmp_path / "decoded.onnx", decoded=True))(rgb) == found


@pytest.mark.parametrize(
    ("width", "height", "decoded", "looked_at"),
    [
        (512, 256, False, (96, 128)),  # 64 high, and a border of 32
        (120, 500, False, (128, 64)),  # 30 wide
        (512, 510, False, (128, 128)),
        (512, 256, True, (128, 128)),
    ],
)
def test_no_more_than_a_border_is_filled_up_where_the_network_takes_any_shape(
    tmp_path: Path, width: int, height: int, decoded: bool, looked_at: tuple[int, int]
) -> None:
    detect, shapes = Yolox(seeing_red(tmp_path / "red.onnx", decoded=decoded)), []
    run = detect._network
    detect._network = lambda images: shapes.append(images.shape[2:]) or run(images)  # type: ignore[assignment]
    detect(photo(width, height))
    assert shapes == [looked_at]


def test_input_size_is_read_from_the_file(tmp_path: Path) -> None:
    found = Yolox(seeing_red(tmp_path / "large.onnx", side=2 * SIDE))(photo(2 * SIDE, 2 * SIDE, (40, 72)))
    assert [person[:4] for person in found] == [around(40, 72)]


def plain(file: Path, taken: tuple[int | str, ...] = (1, 3, 64, 64)) -> Path:
    return saved(file, [helper.make_node("Relu", ["images"], ["output"])], {}, taken, taken)


def refused_with_advice(*files: Path) -> None:
    for file in files:
        with pytest.raises(ModelMissing, match=r"is no YOLOX.*person_detector.*models download yolox_nano") as error:
            Yolox(file)
        assert str(file) in str(error.value)


def test_other_networks_are_refused_with_advice(tmp_path: Path) -> None:
    refused_with_advice(
        plain(tmp_path / "picture.onnx"),
        plain(tmp_path / "free.onnx", (1, 3, "height", "width")),
        plain(tmp_path / "odd.onnx", (1, 3, 60, 60)),
        seeing_red(tmp_path / "unbounded.onnx", classes=(7.0,)),
    )


@pytest.mark.parametrize("count", [2, 3, 79, 81, 91])
def test_a_yolox_of_other_things_than_cocos_or_people_is_refused(tmp_path: Path, count: int) -> None:
    file = seeing_red(tmp_path / "things.onnx", classes=(1.0,) * count)
    with pytest.raises(ModelMissing, match=rf"things\.onnx tells {count} kinds of things.*person_detector.*yolox_nano"):
        Yolox(file)


def test_the_other_networks_of_kith_are_refused_with_advice(shared: Path) -> None:
    models = shared / "models"
    refused_with_advice(models / "face_detection_yunet_2026may.onnx", models / "osnet_x0_25_msmt17.onnx")


def test_truncated_file_is_refused(model: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.onnx"
    half.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    with pytest.raises(ModelMissing, match=r"half\.onnx"):
        Yolox(half)


@pytest.mark.parametrize(
    ("name", "middles"),
    [
        ("two_people.jpg", [0.25, 0.75]),
        ("kit_with_rose.jpg", [0.24, 0.71]),
        ("six_people.jpg", [0.12, 0.29, 0.40, 0.62, 0.83, 0.89]),
        ("cat.jpg", []),
    ],
)
def test_the_published_nano_finds_the_people_of_a_group(shared: Path, name: str, middles: list[float]) -> None:
    rgb = load_rgb(shared / "data" / "groups" / name, 1000)
    found = Yolox(shared / "models" / "yolox_nano.onnx")(rgb)
    assert sorted((one.left + one.right) / 2 / rgb.shape[1] for one in found) == pytest.approx(middles, abs=0.03)


def test_a_published_nano_keeps_to_the_photo(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yolox, "PERSON_SCORE", 0.002)  # nearly everything
    rgb = load_rgb(shared / "data" / "groups" / "six_people.jpg", 1280)
    found = Yolox(shared / "models" / "yolox_nano.onnx")(rgb)
    assert len(found) > 4
    for person in found:
        assert 0 <= person.left < person.right <= rgb.shape[1]
        assert 0 <= person.top < person.bottom <= rgb.shape[0]
