"""The settings as one typed model: each key's default, bounds, label and help text."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from kith.model_registry import BODY_MODELS, FACE_DETECTORS, FACE_MODELS, PERSON_DETECTORS, described
from kith.policies import BodyPolicy, Device, Duplicates, Executor, FileAs, NamesIn
from kith.setting_types import (
    AUTO,
    FROM_JSON,
    PATH,
    PHOTO_ENDINGS,
    SHIPPED,
    WITHOUT_FILE,
    Address,
    BareName,
    Detector,
    Endings,
    Limit,
    NeededPath,
    OptionalPath,
    Place,
    Prefixes,
    QuietHours,
    is_onnx_file,
)


class Settings(BaseModel):
    """What settings.json says, as written there; the properties give absolute paths.

    Relative paths are relative to the folder of the settings file (`Settings.at`), else to the current folder.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    dataset_dir: NeededPath = Field(
        default="persons_dataset",
        title="People folder",
        description="The folder with one folder of photos per person.",
    )
    processed_dir: NeededPath = Field(
        default="output",
        title="Output folder",
        description="Where the copies go, one folder per person, and the report.",
    )
    file_as: Annotated[FileAs, FROM_JSON] = Field(
        default=FileAs.COPY,
        title="File photos as",
        description="What comes to lie in the output folder: a copy of each photo, a hard link to it (which takes no "
        "room on the same disk), a symbolic link, or the photo itself: move takes it out of the input folder. All that "
        "can be taken back.",
    )
    file_under: Place = Field(
        default="{person}",
        title="Folders",
        description="The folders in the output folder: {person}, with {year}, {month} and {day} as you like, as in "
        "{person}/{year}.",
    )
    duplicates: Annotated[Duplicates, FROM_JSON] = Field(
        default=Duplicates.FILE_ONCE,
        title="Nearly the same photos",
        description="Of photos that are nearly the same (made smaller, recompressed, brightened): file once (the best, "
        "and those that show people whom it is not filed under) or file all. The report tells them all.",
    )
    process_dir: NeededPath = Field(
        default="input",
        title="Input folder",
        description="The folder of photos to recognise when none is named.",
    )
    sure_at: float = Field(
        default=0.96,  # docs/recognition.md
        ge=0,
        le=1,
        title="Sure from",
        description="How likely it must be that a face is a person for the photo to be filed under them: 0.96 lets "
        "at most 1 stranger in 200 in, 0.99 hardly any.",
    )
    suggest_at: float = Field(
        default=0.2,
        ge=0,
        le=1,
        title="Suggest from",
        description="A face that is less sure, but at least this likely somebody, is shown as unsure and not filed.",
    )
    face_tol: Limit = Field(
        default=0.0,
        ge=0,
        le=1.5,
        title="Face tolerance",
        description="Your own limit on how far apart two faces may be and still be one person: lower is stricter. "
        "0.6 is standard, 0.5 strict, 0.4 very strict, 0.35 extremely strict; 0: automatic, by how likely it is.",
    )
    face_margin: Limit = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Face margin",
        description="Your own limit on how much nearer the nearest person must be than the second, else the face is "
        "only suggested; 0: automatic.",
    )
    face_suggest: Limit = Field(
        default=0.0,
        ge=0,
        le=1.5,
        title="Face suggestion",
        description="Your own limit on how far apart faces may be for a suggestion; 0: automatic.",
    )
    body_tol: float = Field(
        default=0.8,
        ge=-1,
        le=1,
        title="Body similarity",
        description="How alike two bodies must be to be taken for one person: higher is stricter.",
    )
    face_detector: Detector = Field(
        default=AUTO,
        title="Face detector",
        description=f"What finds faces: {described(FACE_DETECTORS)}, or auto: {SHIPPED.name} where its file is there, "
        f"else {WITHOUT_FILE.name}.",
    )
    face_model: str = Field(
        default=FACE_MODELS[0].name,
        min_length=1,
        title="Face model",
        description=f"The network that compares faces: {described(FACE_MODELS)}, or an .onnx file of ArcFace's kind. "
        "Photos and people are described anew by another one; nothing that you said is lost, nor what one that you "
        "come back to has seen.",
    )
    second_opinion: str = Field(
        default="",
        title="Second opinion",
        description="Another network than face_model, a costlier one perhaps, that is asked about faces of which that "
        "one is not sure: a name or an .onnx file as above; empty: none. It learns from the people folder, "
        "by build-kb.",
    )
    min_face: int = Field(
        default=16,
        ge=1,
        le=1000,
        title="Smallest face",
        description="Narrower faces, in pixels at the working size, are not looked at.",
    )
    person_detector: str = Field(
        default=PERSON_DETECTORS[0].name,
        min_length=1,
        title="Person detector",
        description=f"What finds people whose face does not show: {described(PERSON_DETECTORS)}, an .onnx "
        "file of YOLOX, or off. Without it bodies are looked for below faces only.",
    )
    reid_model: str = Field(
        default=BODY_MODELS[0].name,
        min_length=1,
        title="Body model",
        description=f"The network that compares bodies: {described(BODY_MODELS)}, another of "
        "TorchReID's with weights of your own, or an .onnx file.",
    )
    reid_weights: OptionalPath = Field(
        default="",
        title="Body model weights",
        description="A weights file of your own for the body model; empty: the one Kith downloads.",
    )
    valid_exts: Endings = Field(
        default=PHOTO_ENDINGS,
        min_length=1,
        title="Photo file endings",
        description="Files with these endings are photos, in upper or lower case; all others are left alone, and "
        "pictures among them are counted.",
    )
    encodings_filename: BareName = Field(
        default="encodings.pkl",
        title="Encodings file",
        description="The name of the file in the people folder that other scripts read the knowledge base from; no "
        "file of another kind is overwritten.",
    )
    resize_max: int = Field(
        default=1000,
        ge=200,
        le=10_000,
        title="Working size",
        description="Larger photos are looked at reduced to this many pixels on their longer side, panoramas in tiles "
        "of that size; more finds smaller faces and takes longer.",
    )
    max_megapixels: int = Field(
        default=256,
        ge=1,
        le=4000,
        title="Largest photo",
        description="Photos of more megapixels are not looked at; large scans may need more, and memory for it.",
    )
    lap_var_thresh: float = Field(
        default=80.0,
        ge=0,
        title="Sharpness",
        description="Faces less sharp than this are blurred: they teach nothing and name nobody for sure; "
        "0 admits all.",
    )
    kb_batch_size: int = Field(
        default=32,
        ge=1,
        le=1024,
        title="Batch size",
        description="How many pictures of people go through a network at once on a graphics card, and at most on a "
        "processor, where more than 4 gain nothing; lower it when memory is short.",
    )
    library_path: OptionalPath = Field(
        default="",
        title="Library file",
        description="Where all that is known is stored; empty: library.sqlite in the people folder.",
    )
    models_dir: OptionalPath = Field(
        default="",
        title="Models folder",
        description="A folder to keep model files in; empty: the models folder in your user data.",
    )
    body_policy: Annotated[BodyPolicy, FROM_JSON] = Field(
        default=BodyPolicy.SUGGEST,
        title="Use of bodies",
        description="When no face shows: suggest (show the match as unsure, file nothing), event (file who wears the "
        "clothes of somebody whose face shows in the same event), anywhere (file every match above the body "
        "similarity) or off.",
    )
    event_gap: float = Field(
        default=3.0,
        ge=0,
        le=240,
        title="Gap between events",
        description="Photos of one folder taken at most so many hours after each other show one event, in which people "
        "wear the same clothes.",
    )
    names_in: Annotated[NamesIn, FROM_JSON] = Field(
        default=NamesIn.COPIES,
        title="Names in photos",
        description="Where who shows is written as XMP, which other photo programs read: copies (a small .xmp file "
        "beside each filed copy), photos (beside your own photos too), copies_embedded or photos_embedded (into the "
        "copies, or the photos too, where the format can carry it; the picture itself stays as it is), or off. "
        "What other programs wrote there stays.",
    )
    recursive: bool = Field(
        default=True,
        title="Search subfolders",
        description="Look for photos in folders within folders.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=64,
        title="Worker processes",
        description="How many photos are worked on at the same time; 0: as many as cores and free memory allow.",
    )
    device: Annotated[Device, FROM_JSON] = Field(
        default=Device.AUTO,
        title="Device",
        description="What the networks run on: cpu, cuda (an NVIDIA graphics card), or auto: cuda where there is one.",
    )
    executor: Annotated[Executor, FROM_JSON] = Field(
        default=Executor.LOCAL,
        title="Look at photos on",
        description="Who looks at photos: local (processes of this computer) or dask (the workers of a Dask cluster; "
        "photos that they cannot read by themselves are sent to them).",
    )
    dask_scheduler: Address = Field(
        default="",
        title="Dask scheduler",
        description="The address of the cluster's scheduler, such as tcp://192.168.1.10:8786.",
    )
    path_map: Prefixes = Field(
        default=(),
        title="Folders of the workers",
        description="What folders are called on the workers' computers, such as /home/ann/Pictures=/mnt/pictures.",
    )
    watch: bool = Field(
        default=False,
        title="Watch the input folder",
        description="While the window is open, new photos in the input folder are recognised as they come.",
    )
    gentle: bool = Field(
        default=False,
        title="Gentle",
        description="Leave the computer to others: look at photos at the lowest priority and on fewer cores, and wait "
        "while it runs on its battery and in quiet hours.",
    )
    gentle_cores: int = Field(
        default=0,
        ge=0,
        le=64,
        title="Cores when gentle",
        description="The most photos worked on at the same time when gentle; 0: as half of the cores allow.",
    )
    quiet_hours: QuietHours = Field(
        default="",
        title="Quiet hours",
        description="When gentle, no photo is looked at between these times, such as 22:00-07:00; empty: none.",
    )

    _folder: Path = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Remember the folder that relative paths start from: the validation context, else the current folder."""
        folder = context if isinstance(context, Path) else "."
        self._folder = Path(os.path.abspath(folder))

    @classmethod
    def at(cls, folder: Path, values: Mapping[str, object]) -> Self:
        """The settings that `values` say, their relative paths below `folder`; raises pydantic's ValidationError."""
        return cls.model_validate(dict(values), context=folder)

    def with_absolute_paths(self) -> Self:
        """The same settings, every path in them written out from the root."""
        values = self.model_dump()
        paths = [key for key in PATHS if values[key]]
        paths += [key for key in MODELS if is_onnx_file(values[key])]
        for key in paths:
            path = self._absolute(values[key])
            values[key] = str(path)
        return self.at(self._folder, values)

    def _absolute(self, text: str) -> Path:
        path = self._folder / os.path.expanduser(text)
        return Path(os.path.abspath(path))

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self._folder

    @property
    def dataset_folder(self) -> Path:
        """The folder with one folder of photos per person."""
        return self._absolute(self.dataset_dir)

    @property
    def output_folder(self) -> Path:
        """The folder that copies and the report are written to."""
        return self._absolute(self.processed_dir)

    @property
    def input_folder(self) -> Path:
        """The folder of photos to recognise."""
        return self._absolute(self.process_dir)

    @property
    def library_file(self) -> Path:
        """The store."""
        path = self.library_path
        return self._absolute(path) if path else self.dataset_folder / "library.sqlite"

    @property
    def encodings_file(self) -> Path:
        """The export of the knowledge base."""
        return self.dataset_folder / self.encodings_filename

    @property
    def models_folder(self) -> Path | None:
        """The user's own folder of model files, or None."""
        return self._absolute(self.models_dir) if self.models_dir else None

    @property
    def face_model_file(self) -> Path | None:
        """The user's own .onnx file of a face network, or None."""
        return self._onnx_file(self.face_model)

    @property
    def second_opinion_file(self) -> Path | None:
        """The user's own .onnx file of the network for a second opinion, or None."""
        return self._onnx_file(self.second_opinion)

    @property
    def reid_model_file(self) -> Path | None:
        """The user's own .onnx file of a body model, or None."""
        return self._onnx_file(self.reid_model)

    @property
    def person_detector_file(self) -> Path | None:
        """The user's own .onnx file of a person detector, or None."""
        return self._onnx_file(self.person_detector)

    def _onnx_file(self, text: str) -> Path | None:
        return self._absolute(text) if is_onnx_file(text) else None

    @property
    def reid_weights_file(self) -> Path | None:
        """The user's own weights of the body model, or None."""
        return self._absolute(self.reid_weights) if self.reid_weights else None


FIELDS = Settings.model_fields
PATHS = tuple(key for key, field in FIELDS.items() if PATH in field.metadata)
MODELS = ("face_model", "second_opinion", "reid_model", "person_detector")  # a name, or the path of an .onnx file
