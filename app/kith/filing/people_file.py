"""People in one file for another library: JSON Lines and NPZ in a zip, as docs/exchange.md says; never a pickle."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, BinaryIO, Literal, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from kith.errors import BadInput
from kith.text import printable
from kith.values.partial_dates import earliest
from kith.vision.face_model import vector_lengths

VERSION = 2  # which is written; version 1 is read too
_MEMBER, _LINE, _ROWS = 1 << 29, 1 << 20, 2_000_000  # bytes of a member and of a line, lines of a member
_FACE, _SIDE = 1 << 16, 512  # bytes and pixels of a picture of a face
_FIRST_TIME = (1980, 1, 1, 0, 0, 0)  # the same people make the same file


def _one_line(text: str) -> str:
    if not text.strip() or printable(text) != text:
        raise ValueError("empty, or with signs that do not show")
    return text


def _date(text: str) -> str:
    earliest(text)
    return text


def _within(box: list[float]) -> list[float]:
    if not all(-10 <= side <= 10 for side in box) or min(box[2:]) < 0:
        raise ValueError("no place in a picture")
    return box


_Name = Annotated[str, Field(max_length=1000), AfterValidator(_one_line)]
_Number = Annotated[float, Field(ge=-1e300, le=1e300, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, le=1 << 53)]
_Date = Annotated[str, AfterValidator(_date)]
_Box = Annotated[list[_Number], Field(min_length=4, max_length=4), AfterValidator(_within)]
_Code = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
_Kind = Literal["face", "body"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PersonRow(_Row):
    """A line of people.jsonl."""

    number: _Count
    name: _Name
    aliases: list[_Name]
    birth: _Date | None
    death: _Date | None
    notes: str
    fields: dict[_Name, str]
    hidden: bool
    ids: list[_Code] = []
    key_face: _Count | None = None


class AppearanceRow(_Row):
    """A line of appearances.jsonl."""

    number: _Count
    image_hash: _Name
    orientation: Annotated[int, Field(ge=1, le=8)]
    taken_at: Annotated[_Name, Field(max_length=40)] | None = None
    phash: Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)] | None = None
    box: _Box | None = None


class WordRow(_Row):
    """A line of words.jsonl."""

    appearance: _Count
    person: _Count
    word: Literal["is", "is_not"]
    source: Literal["dataset", "user"]
    made_at: Annotated[str, Field(max_length=100)]


class ObservationRow(_Row):
    """A line of observations.jsonl; `row` is that of its model's array."""

    appearance: _Count
    kind: _Kind
    model: _Name
    row: _Count
    box: _Box
    sharpness: _Number
    pixels: _Number
    frontality: _Number


class IgnoredRow(_Row):
    """A line of ignored.jsonl."""

    appearance: _Count


class _Manifest(_Row):
    format: Literal["kith people"]
    version: int
    arrays: dict[_Name, _Name]  # by model


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """What such a file holds; `vectors` are float32 arrays (rows, length) by model, `faces` JPEGs by person."""

    people: Sequence[PersonRow]
    appearances: Sequence[AppearanceRow]
    words: Sequence[WordRow]
    observations: Sequence[ObservationRow]
    vectors: Mapping[str, NDArray[np.float32]]
    ignored: Sequence[IgnoredRow] = ()
    faces: Mapping[int, bytes] = field(default_factory=dict)


_KINDS: dict[str, type[_Row]] = {
    "people": PersonRow,
    "appearances": AppearanceRow,
    "words": WordRow,
    "observations": ObservationRow,
    "ignored": IgnoredRow,
}
_SINCE_2 = {"ignored.jsonl"}
_MEMBERS = {"manifest.json", "vectors.npz", *(f"{name}.jsonl" for name in _KINDS)}
_FACE_OF = re.compile(r"faces/(\d{1,16})\.jpg", re.ASCII)
T = TypeVar("T", bound=_Row)


def write_people(file: BinaryIO, content: PeopleFile) -> None:
    """Write people to a file; raises OSError."""
    arrays = {model: f"model{number}" for number, model in enumerate(content.vectors)}
    manifest = {"format": "kith people", "version": VERSION, "arrays": arrays}
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **{arrays[key]: array for key, array in content.vectors.items()})
    members = {"manifest.json": json.dumps(manifest).encode(), "vectors.npz": packed.getvalue()}
    for name in _KINDS:
        lines = (row.model_dump_json() + "\n" for row in getattr(content, name))
        members[f"{name}.jsonl"] = "".join(lines).encode()
    members |= {f"faces/{number}.jpg": picture for number, picture in content.faces.items()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(zipfile.ZipInfo(member, _FIRST_TIME), data, zipfile.ZIP_DEFLATED)


def read_people(file: BinaryIO) -> PeopleFile:
    """Read such a file and check all of it, whoever made it; raises BadInput."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _read(archive)
    except (ValidationError, UnicodeDecodeError) as error:
        raise _refused(_reason(error)) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _refused(f"it cannot be unpacked ({printable(str(error))})") from error


def _reason(error: ValidationError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return printable(f"{error.title} {where}: {first['msg']}")


def _refused(reason: str) -> BadInput:
    return BadInput(f"The file is no people that Kith exported, or is damaged: {reason}.")


def _read(archive: zipfile.ZipFile) -> PeopleFile:
    names = archive.namelist()
    faces = {int(found[1]): found[0] for found in map(_FACE_OF.fullmatch, names) if found}
    others = {*names} - {*faces.values()}
    if len({*names}) != len(names) or not _MEMBERS - _SINCE_2 <= others <= _MEMBERS:
        raise _refused("it holds other files than it should")
    told = json.loads(_bytes(archive, "manifest.json"))
    version = told.get("version") if isinstance(told, dict) else None
    if version not in (1, VERSION):
        raise _refused(f"it is of version {printable(str(version)[:20])}, and this Kith reads up to {VERSION}")
    manifest = _Manifest.model_validate(told)
    content = PeopleFile(
        _rows(archive, "people", PersonRow),
        _rows(archive, "appearances", AppearanceRow),
        _rows(archive, "words", WordRow),
        _rows(archive, "observations", ObservationRow),
        _vectors(_bytes(archive, "vectors.npz"), manifest.arrays),
        _rows(archive, "ignored", IgnoredRow) if "ignored.jsonl" in others else (),
        {number: _face(archive, name) for number, name in faces.items()},
    )
    _check_references(content)
    return content


def _face(archive: zipfile.ZipFile, name: str) -> bytes:
    from PIL import Image

    data = _bytes(archive, name, _FACE)
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:  # of which only the header is read
        if max(picture.size) > _SIDE:
            raise _refused("a picture of a face is too large")
    return data


def _bytes(archive: zipfile.ZipFile, name: str, most: int = _MEMBER) -> bytes:
    """Return a member; what it says of its own size is not trusted."""
    with archive.open(name) as member:
        data = member.read(most + 1)
    if len(data) > most:
        raise _refused(f"{printable(name)} is too large")
    return data


def _rows(archive: zipfile.ZipFile, name: str, kind: type[T]) -> list[T]:
    lines = _bytes(archive, f"{name}.jsonl").splitlines()
    if len(lines) > _ROWS or max(map(len, lines), default=0) > _LINE:
        raise _refused(f"{name}.jsonl has too many lines, or too long ones")
    return [kind.model_validate_json(line) for line in lines]


def _vectors(packed: bytes, arrays: Mapping[str, str]) -> dict[str, NDArray[np.float32]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        if sorted(names) != sorted(f"{name}.npy" for name in arrays.values()):
            raise _refused("its vectors are not those that it tells of")
        return {model: _array(_bytes(archive, f"{name}.npy")) for model, name in arrays.items()}


def _array(data: bytes) -> NDArray[np.float32]:
    """Return an array of numbers: nothing else is made of what lies there, whatever its header says."""
    file = io.BytesIO(data)
    if npy.read_magic(file) != (1, 0):
        raise _refused("its vectors are not written as NPY 1.0")
    shape, by_column, kind = npy.read_array_header_1_0(file)
    if kind != np.dtype("<f4") or by_column or len(shape) != 2 or shape[1] < 1:
        raise _refused("its vectors are no rows of float32")
    rest = data[file.tell() :]
    if min(shape) < 0 or len(rest) != shape[0] * shape[1] * 4:
        raise _refused("its vectors are not as long as they say")
    array = np.frombuffer(rest, "<f4").reshape(shape)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", array, array)
    if not np.isfinite(squares).all():
        raise _refused("a vector holds what is no number")
    return array


def _check_references(content: PeopleFile) -> None:
    people = [row.number for row in content.people]
    shown = [row.number for row in content.appearances]
    if len({*people}) != len(people) or len({*shown}) != len(shown):
        raise _refused("a number stands for two")
    known_people, known = {*people}, {*shown}
    for word in content.words:
        if word.person not in known_people or word.appearance not in known:
            raise _refused("a word speaks of somebody who is not in it")
    key_faces = {row.key_face for row in content.people} - {None}
    if not {row.appearance for row in content.ignored} | key_faces <= known or not content.faces.keys() <= known_people:
        raise _refused("a face is of somebody who is not in it")
    for seen in content.observations:
        array: Any = content.vectors.get(seen.model)
        if seen.appearance not in known or array is None or seen.row >= len(array):
            raise _refused("an observation has no appearance or no vector")
    known_lengths = vector_lengths()
    for model, rows in content.vectors.items():
        if rows.shape[1] != known_lengths.get(model, rows.shape[1]):
            raise _refused(f"its vectors of {printable(model)} are of another length")
