"""`kith demo`: the whole job on public test photos, with no photo of one's own."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image, ImageOps

from kith import shipped
from kith.cli.command import Call, Group
from kith.cli.options import OF_DEMO
from kith.cli.output import say, tell
from kith.errors import BadInput
from kith.filing.report import REPORT
from kith.jobs.build_kb import build_kb
from kith.jobs.recognize_folder import recognize_folder
from kith.messages import JobName
from kith.settings import Settings, user_folder


@dataclass(frozen=True, slots=True)
class TestPhoto:
    """A public photo inside a package of the Python package index."""

    requirement: str
    member: str
    sha256: str

    @property
    def name(self) -> str:
        """The photo's file name."""
        return self.member.rpartition("/")[2]


_FACES = "face_recognition==1.3.0"  # its source distribution; the photos are works of the US government
_FOLDER = "face_recognition-1.3.0/tests/test_images/"
_SPACE = "scikit-image==0.26.0"  # any wheel of it; a NASA photo
OBAMA = TestPhoto(_FACES, f"{_FOLDER}obama.jpg", "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6")
OBAMA_2 = TestPhoto(_FACES, f"{_FOLDER}obama2.jpg", "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6")
OBAMA_3 = TestPhoto(_FACES, f"{_FOLDER}obama3.jpg", "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3")
BIDEN = TestPhoto(_FACES, f"{_FOLDER}biden.jpg", "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c")
ASTRONAUT = TestPhoto(
    _SPACE, "skimage/data/astronaut.png", "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
)
PHOTOS = (OBAMA, OBAMA_2, OBAMA_3, BIDEN, ASTRONAUT)


group = Group()


@group.register("demo", "--folder ~/kith-demo", OF_DEMO)
def demo(
    call: Call,
    folder: Annotated[Path | None, typer.Option(help="Where to work; a folder in your user data if not named.")] = None,
) -> None:
    """Show the whole job on test photos: fetch them, build a knowledge base, recognise, file."""
    root = (folder or user_folder("data") / "demo").absolute()
    settings = arrange(root, fetch(root / "photos"))
    output = settings.output_folder
    comment = tell if call.as_json else say
    comment(f"Learning two people from {settings.dataset_folder} …")
    call.run(settings, JobName.BUILD_KB, build_kb, create=True)
    comment("")
    comment(f"Recognising {settings.input_folder}: both of them, a stranger and a broken file …")
    recognise = partial(recognize_folder, inputs=[settings.input_folder], output=output)
    call.run(settings, JobName.RECOGNIZE_FOLDER, recognise)
    comment("")
    comment(f"Look into {output}: a folder of copies per person, Unknown, and {REPORT}.")


def fetch(folder: Path) -> dict[TestPhoto, Path]:
    """Return the test photos, fetched by pip where they are not there yet nor shipped; raises BadInput."""
    paths = {photo: folder / photo.name for photo in PHOTOS}
    folder.mkdir(parents=True, exist_ok=True)
    for brought in shipped.DEMO.glob("*"):
        shutil.copyfile(brought, folder / brought.name)
    missing = [photo.requirement for photo in PHOTOS if not _is_right(paths[photo], photo)]
    for requirement in dict.fromkeys(missing):
        with tempfile.TemporaryDirectory() as download:
            package = _download(requirement, Path(download))
            for photo in PHOTOS:
                if photo.requirement == requirement:
                    paths[photo].write_bytes(_member(package, photo.member))
    wrong = [path.name for photo, path in paths.items() if not _is_right(path, photo)]
    if wrong:
        raise BadInput(f"The test photos {', '.join(wrong)} are not the expected ones: the demo cannot be trusted.")
    return paths


def _is_right(path: Path, photo: TestPhoto) -> bool:
    if not path.is_file():
        return False
    content = path.read_bytes()
    return hashlib.sha256(content).hexdigest() == photo.sha256


def _download(requirement: str, folder: Path) -> Path:
    kind = "--no-binary" if requirement == _FACES else "--only-binary"
    call = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*call, f"{kind}=:all:", "--dest", str(folder), requirement], capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise BadInput(
            f"The test photos could not be fetched from the Python package index ({last[0]}): "
            "check the network connection and start the demo again."
        )
    return next(folder.iterdir())


def _member(package: Path, name: str) -> bytes:
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            return wheel.read(name)
    with tarfile.open(package) as source:
        file = source.extractfile(name)
        return file.read() if file else b""


def arrange(root: Path, originals: dict[TestPhoto, Path]) -> Settings:
    """Lay out people and input folder below `root` and return the demo's own settings.

    Of Joe Biden there is one photo only, so the input shows its mirror image.
    """
    people = {"Barack Obama": (OBAMA, OBAMA_2), "Joe Biden": (BIDEN,)}
    for name, photos in people.items():
        for photo in photos:
            _copy(originals[photo], root / "people" / name / photo.name)
    inputs = root / "input"
    _copy(originals[OBAMA_3], inputs / "known person.jpg")
    _copy(originals[ASTRONAUT], inputs / "stranger.png")
    broken = inputs / "broken.jpg"
    broken.write_bytes(originals[OBAMA].read_bytes()[:20_000])
    _compose(originals[OBAMA_2], originals[BIDEN]).save(inputs / "two people.jpg", quality=92)
    return Settings.at(root, {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output"})


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _compose(left: Path, right: Path) -> Image.Image:
    """Return the upper halves of two photos side by side, both mirrored."""
    halves = []
    for path in (left, right):
        with Image.open(path) as photo:
            mirrored = ImageOps.mirror(photo.convert("RGB"))
            half = mirrored.crop((0, 0, photo.width, photo.height // 2))
            width = round(half.width * 600 / half.height)
            halves.append(half.resize((width, 600)))
    composed = Image.new("RGB", (sum(half.width for half in halves), 600))
    first, second = halves
    composed.paste(first, (0, 0))
    composed.paste(second, (first.width, 0))
    return composed
