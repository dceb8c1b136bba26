"""Facts of a photo: a hash that only the picture changes, EXIF that may be broken, and the perceptual hash."""

import hashlib
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageFilter
from PIL.ExifTags import IFD, Base

from kith.errors import BadPhoto
from kith.identity.same_content import TURNED_PHASH_BITS
from kith.photos.facts import perceptual_hash, read_facts, turned_hash
from kith.photos.picture import exif_orientation
from kith.photos.pixels import load_rgb
from tests.making import open_photo


def _noise(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """Pixels whose JPEG scan is full of 0xFF bytes."""
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _encoded(folder: Path, name: str, pixels: NDArray[np.uint8], mode: str = "RGB", **options: Any) -> bytes:
    Image.fromarray(pixels).convert(mode).save(folder / name, **options)
    return (folder / name).read_bytes()


def _hash(folder: Path, content: bytes) -> str:
    return read_facts(_written(folder / "hashed", content)).image_hash


def _exif(**tags: object) -> Image.Exif:
    """EXIF with the named tags, each in the directory where cameras write it."""
    exif = Image.Exif()
    for name, value in tags.items():
        tag = Base[name]
        in_main = tag in {Base.Make, Base.Model, Base.Orientation, Base.DateTime}
        (exif if in_main else exif.get_ifd(IFD.Exif))[tag] = value
    return exif


def _facts_of(folder: Path, **tags: object) -> tuple[str | None, str | None]:
    Image.fromarray(_noise()).save(folder / "a.jpg", exif=_exif(**tags))
    facts = read_facts(folder / "a.jpg")
    return facts.taken_at, facts.camera


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


ORIENTED_EXIF = _exif(Orientation=6, Make="Canon").tobytes()
JPEG_METADATA = {
    "exif": _segment(0xE1, ORIENTED_EXIF),
    "exif with a thumbnail": _segment(0xE1, ORIENTED_EXIF + b"\xff\xd8\xff\xdb\x00\x04ab\xff\xd9"),
    "xmp": _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"),
    "icc": _segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(200)),
    "iptc": _segment(0xED, b"Photoshop 3.0\x008BIM" + bytes(20)),
    "comment": _segment(0xFE, b"a comment \xff\xd9\xff\xda"),
    "fill bytes": b"\xff\xff" + _segment(0xFE, b"a comment"),
    "app14 of another kind": _segment(0xEE, b"Somebody"),
}


@pytest.mark.parametrize("kind", JPEG_METADATA)
@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 3}, {"quality": 100}])
def test_metadata_does_not_change_a_jpegs_hash(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    jpeg = _encoded(tmp_path, "a.jpg", _noise(), **options)
    assert jpeg.count(b"\xff\x00") > 5
    edited = jpeg[:2] + JPEG_METADATA[kind] + jpeg[2:]
    assert _hash(tmp_path, edited) == _hash(tmp_path, jpeg) != hashlib.sha256(jpeg).hexdigest()


def test_metadata_after_the_first_tables_does_not_change_a_jpegs_hash(tmp_path: Path) -> None:
    jpeg = _encoded(tmp_path, "a.jpg", _noise())
    middle = jpeg.index(b"\xff\xc0")
    assert _hash(tmp_path, jpeg[:middle] + JPEG_METADATA["comment"] + jpeg[middle:]) == _hash(tmp_path, jpeg)


def test_what_follows_the_end_of_a_jpeg_does_not_change_its_hash(tmp_path: Path) -> None:
    jpeg = _encoded(tmp_path, "a.jpg", _noise())
    motion_photo = jpeg + b"\0\0\0\x18ftypmp42" + bytes(5000) + jpeg
    assert _hash(tmp_path, motion_photo) == _hash(tmp_path, jpeg)


def test_an_mpos_hash_is_its_first_pictures(tmp_path: Path) -> None:
    jpeg = _encoded(tmp_path, "a.jpg", _noise(), quality=90)
    mpo = _encoded(
        tmp_path, "a.mpo", _noise(), quality=90, save_all=True, append_images=[Image.new("RGB", (96, 64), "red")]
    )
    with Image.open(tmp_path / "a.mpo") as image:
        assert image.format == "MPO"
    assert _hash(tmp_path, mpo) == _hash(tmp_path, jpeg)


def test_rewritten_exif_changes_the_facts_and_not_the_hash(tmp_path: Path) -> None:
    old, new = (_exif(**tags).tobytes() for tags in ({"Make": "Canon"}, {"Make": "Nikon", "Orientation": 8}))
    before = _encoded(tmp_path, "before.jpg", _noise(), quality=90, exif=old)
    after = before.replace(_segment(0xE1, old), _segment(0xE1, new))
    assert before != after
    facts = [read_facts(_written(tmp_path / "a.jpg", content)) for content in (before, after)]
    assert [(fact.camera, fact.orientation) for fact in facts] == [("Canon", 1), ("Nikon", 8)]
    assert facts[0].image_hash == facts[1].image_hash


def test_a_jpeg_compressed_anew_is_another_picture(tmp_path: Path) -> None:
    jpeg = _encoded(tmp_path, "a.jpg", _noise(), quality=90)
    anew = _encoded(tmp_path, "b.jpg", load_rgb(tmp_path / "a.jpg"), quality=80)
    assert _hash(tmp_path, jpeg) != _hash(tmp_path, anew)


@pytest.mark.parametrize("name", ["a.jpg", "progressive.jpg", "a.png", "a.webp", "a.tiff", "a.bmp"])
def test_one_pixel_changes_the_hash(tmp_path: Path, name: str) -> None:
    options: dict[str, Any] = {"quality": 95, "lossless": True, "progressive": name == "progressive.jpg"}
    pixels = _noise()
    before = _hash(tmp_path, _encoded(tmp_path, name, pixels, **options))
    pixels[-1, -1] ^= 0x80
    assert _hash(tmp_path, _encoded(tmp_path, name, pixels, **options)) != before


def test_one_pixel_in_the_last_scan_of_a_progressive_jpeg_changes_the_hash(tmp_path: Path) -> None:
    jpeg = bytearray(_encoded(tmp_path, "a.jpg", _noise(), progressive=True))
    assert jpeg.count(b"\xff\xda") > 3
    before = _hash(tmp_path, bytes(jpeg))
    jpeg[-10] ^= 0x08
    assert _hash(tmp_path, bytes(jpeg)) != before


def test_adobes_colour_marker_is_part_of_the_picture(tmp_path: Path) -> None:
    jpeg = _encoded(tmp_path, "a.jpg", _noise(), mode="CMYK")
    marker = jpeg.index(b"\xff\xee\x00\x0eAdobe")
    transformed = jpeg[: marker + 15] + bytes([2]) + jpeg[marker + 16 :]
    assert (load_rgb(_written(tmp_path / "b.jpg", transformed)) != load_rgb(tmp_path / "a.jpg")).any()
    assert _hash(tmp_path, transformed) != _hash(tmp_path, jpeg)


@pytest.mark.parametrize("where", ["before the pixels", "behind the pixels"])
@pytest.mark.parametrize(
    "chunk",
    [
        _chunk(b"tEXt", b"Title\0A day at the sea"),
        _chunk(b"eXIf", ORIENTED_EXIF.removeprefix(b"Exif\0\0")),
        _chunk(b"tIME", bytes([7, 230, 1, 1, 0, 0, 0])),
        _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation='6'/>"),
    ],
)
def test_metadata_does_not_change_a_pngs_hash(tmp_path: Path, chunk: bytes, where: str) -> None:
    png = _encoded(tmp_path, "a.png", _noise())
    position = png.index(b"IDAT" if where == "before the pixels" else b"IEND") - 4
    edited = png[:position] + chunk + png[position:]
    assert _hash(tmp_path, edited + b"left over") == _hash(tmp_path, png) != hashlib.sha256(png).hexdigest()


@pytest.mark.parametrize("mode", ["P", "RGB"])
def test_a_pngs_palette_and_transparency_are_part_of_the_picture(tmp_path: Path, mode: str) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    plain = _encoded(tmp_path, "a.png", pixels, mode=mode)
    clear = _encoded(tmp_path, "b.png", pixels, mode=mode, transparency=0 if mode == "P" else (0, 0, 0))
    assert _hash(tmp_path, plain) != _hash(tmp_path, clear)


def test_a_pngs_colours_are_part_of_the_picture(tmp_path: Path) -> None:
    hashes = set()
    for shade in (10, 200):
        image = Image.new("P", (4, 4))
        image.putpalette([shade, 0, 0])
        image.save(tmp_path / "a.png")
        hashes.add(read_facts(tmp_path / "a.png").image_hash)
    assert len(hashes) == 2


def test_the_frames_of_an_animated_png_are_part_of_the_picture(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    hashes = set()
    for last in frames[1:]:
        frames[0].save(tmp_path / "a.png", save_all=True, append_images=[last])
        hashes.add(read_facts(tmp_path / "a.png").image_hash)
    assert len(hashes) == 2


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif"])
def test_other_and_malformed_files_are_hashed_whole(tmp_path: Path, name: str) -> None:
    content = _encoded(tmp_path, name, _noise())
    if name != "a.gif":
        content = content[: len(content) // 2]  # no end
    assert _hash(tmp_path, content) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff", "a.avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_and_orientation_are_those_of_the_stored_pixels(tmp_path: Path, name: str, orientation: int) -> None:
    Image.fromarray(_noise(96, 64)).save(tmp_path / name, exif=_exif(Orientation=orientation).tobytes())
    facts = read_facts(tmp_path / name)
    assert (facts.width, facts.height, facts.orientation) == (96, 64, orientation)
    assert load_rgb(tmp_path / name).shape[:2] == ((96, 64) if orientation >= 5 else (64, 96))


def test_a_heic_counts_as_stored_upright(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    exif = _exif(Orientation=6, Make="Apple", Model="iPhone 15", DateTimeOriginal="2024:05:06 07:08:09")
    Image.fromarray(_noise(96, 64)).save(tmp_path / "a.heic", exif=exif.tobytes())
    facts = read_facts(tmp_path / "a.heic")
    assert (facts.width, facts.height, facts.orientation) == (64, 96, 1)
    assert (facts.taken_at, facts.camera) == ("2024-05-06T07:08:09", "Apple iPhone 15")
    assert load_rgb(tmp_path / "a.heic").shape[:2] == (96, 64)


@pytest.mark.parametrize(
    "chunk",
    [
        _chunk(b"eXIf", ORIENTED_EXIF.removeprefix(b"Exif\0\0")),
        _chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'),
        _chunk(
            b"tEXt", b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(ORIENTED_EXIF), ORIENTED_EXIF.hex().encode())
        ),
    ],
)
@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_a_pngs_orientation_is_found_wherever_it_stands(tmp_path: Path, chunk: bytes, before: bytes) -> None:
    png = _encoded(tmp_path, "a.png", _noise(96, 64))
    position = png.index(before) - 4
    path = _written(tmp_path / "b.png", png[:position] + chunk + png[position:])
    assert read_facts(path).orientation == 6
    assert load_rgb(path).shape[:2] == (96, 64)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff", "a.gif", "a.bmp"])
def test_no_pixels_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    Image.fromarray(_noise(96, 64)).save(tmp_path / name)
    decoded: list[str] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: decoded.append(image.format))
    assert read_facts(tmp_path / name).width == 96
    assert decoded == []


@pytest.mark.parametrize(
    ("tags", "taken_at"),
    [
        ({"DateTimeOriginal": "2019:05:03 14:22:31"}, "2019-05-03T14:22:31"),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "DateTime": "2021:01:01 00:00:00"}, "2019-05-03T14:22:31"),
        ({"DateTimeDigitized": "2019:05:03 14:22:31", "DateTime": "2021:01:01 00:00:00"}, "2019-05-03T14:22:31"),
        ({"DateTime": "2021:01:02 03:04:05"}, "2021-01-02T03:04:05"),
        ({"DateTimeOriginal": "0000:00:00 00:00:00", "DateTime": "2021:01:02 03:04:05"}, "2021-01-02T03:04:05"),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "SubsecTimeOriginal": "87"}, "2019-05-03T14:22:31.870000"),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "SubsecTimeOriginal": "1234567"}, "2019-05-03T14:22:31.123456"),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "SubsecTimeOriginal": "x "}, "2019-05-03T14:22:31"),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "OffsetTimeOriginal": "+02:00"}, "2019-05-03T14:22:31+02:00"),
        (
            {
                "DateTimeOriginal": "2019:05:03 14:22:31",
                "SubsecTimeOriginal": "5",
                "OffsetTimeOriginal": "-09:30",
            },
            "2019-05-03T14:22:31.500000-09:30",
        ),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "OffsetTimeOriginal": "Z"}, "2019-05-03T14:22:31+00:00"),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "OffsetTimeOriginal": "+99:99"}, "2019-05-03T14:22:31"),
        ({"DateTimeOriginal": "2019:05:03 14:22:31", "OffsetTimeOriginal": "   :  "}, "2019-05-03T14:22:31"),
        ({"DateTimeOriginal": "2019-05-03T14:22:31Z"}, "2019-05-03T14:22:31"),
        ({"DateTimeOriginal": "1905:07:01 12:00:00"}, "1905-07-01T12:00:00"),
        ({}, None),
        ({"DateTimeOriginal": "0000:00:00 00:00:00"}, None),
        ({"DateTimeOriginal": "0001:01:01 00:00:00"}, None),
        ({"DateTimeOriginal": "    :  :     :  :  "}, None),
        ({"DateTimeOriginal": "2019:02:30 14:22:31"}, None),
        ({"DateTimeOriginal": "2019:05:03 25:22:31"}, None),
        ({"DateTimeOriginal": "2019:05:03"}, None),
        ({"DateTimeOriginal": b"\xff\xfe\x00\x01garbage\x80"}, None),
        ({"DateTimeOriginal": 20190503}, None),
        ({"DateTimeOriginal": ""}, None),
    ],
)
def test_taken_at(tmp_path: Path, tags: dict[str, object], taken_at: str | None) -> None:
    assert _facts_of(tmp_path, **tags)[0] == taken_at


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("EASTMAN KODAK COMPANY", "KODAK DX4530", "KODAK DX4530"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("Canon\0\0\0\0", "PowerShot  S95   \0junk", "Canon PowerShot S95"),
        ("Canon", None, "Canon"),
        (None, "EOS 5D", "EOS 5D"),
        (None, None, None),
        ("", "   ", None),
        ("\0\0\0", "\0", None),
        ("Can\x07on", "X\x1b[31mY", "Canon X[31mY"),
    ],
)
def test_camera(tmp_path: Path, make: object, model: object, camera: str | None) -> None:
    tags = {name: value for name, value in (("Make", make), ("Model", model)) if value is not None}
    assert _facts_of(tmp_path, **tags)[1] == camera


def test_a_camera_that_is_no_text_is_none(tmp_path: Path) -> None:
    number = struct.pack("<HHHIIi", 1, Base.Make, 3, 1, 7, 0)
    _encoded(tmp_path, "a.jpg", _noise(), exif=b"Exif\0\0II*\0\x08\0\0\0" + number)
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.getexif()[Base.Make] == 7
    assert read_facts(tmp_path / "a.jpg").camera is None


@pytest.mark.parametrize("seed", range(60))
def test_damaged_exif_fails_no_photo(tmp_path: Path, seed: int) -> None:
    chance = np.random.default_rng(seed)
    exif = bytearray(_exif(Make="Canon", Orientation=6, DateTimeOriginal="2019:05:03 14:22:31").tobytes())
    for position in chance.integers(6, len(exif), 1 + seed % 8):
        exif[position] = chance.integers(256)
    jpeg = _encoded(tmp_path, "a.jpg", _noise(96, 64))
    path = _written(tmp_path / "b.jpg", jpeg[:2] + _segment(0xE1, bytes(exif)) + jpeg[2:])
    facts = read_facts(path)
    assert (facts.width, facts.height) == (96, 64)
    sideways = load_rgb(path).shape[:2] == (96, 64)
    assert sideways == (facts.orientation >= 5)


def test_bad_files_are_bad_photos(tmp_path: Path) -> None:
    for content in (b"", b"no photo" * 20):
        with pytest.raises(BadPhoto):
            read_facts(_written(tmp_path / "a.jpg", content))
    with pytest.raises(BadPhoto):
        read_facts(tmp_path / "nowhere.jpg")
    with pytest.raises(BadPhoto):
        read_facts(tmp_path)


def test_the_perceptual_hash_is_the_published_one() -> None:
    grey = np.random.default_rng(3).integers(0, 256, (32, 32), np.uint8)
    n = np.arange(32)
    cosines = np.sqrt(2 / 32) * np.cos(np.pi * (2 * n[None, :] + 1) * n[:, None] / 64)
    low = (cosines @ grey.astype(float) @ cosines.T)[1:9, 1:9].flatten()
    expected = 0
    for frequency in low:
        expected = expected * 2 + int(frequency > np.median(low))
    assert perceptual_hash(np.repeat(grey[:, :, None], 3, axis=2)) % 2**64 == expected


def _bits_apart(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> int:
    return ((perceptual_hash(first) ^ perceptual_hash(second)) & (2**64 - 1)).bit_count()


def test_the_perceptual_hash_is_near_for_like_photos_and_far_for_others(material: Path, tmp_path: Path) -> None:
    folder = material / "data" / "groups"
    photo, other = load_rgb(folder / "two_people.jpg"), load_rgb(folder / "park.jpg")
    image = Image.fromarray(photo)
    image.save(tmp_path / "poor.jpg", quality=20)
    assert _bits_apart(photo, load_rgb(tmp_path / "poor.jpg")) <= 4
    assert _bits_apart(photo, np.asarray(image.resize((200, 150)))) <= 4
    assert _bits_apart(photo, np.asarray(image.filter(ImageFilter.GaussianBlur(2)))) <= 4
    assert _bits_apart(photo, other) >= 16


def test_the_perceptual_hash_fits_sqlites_integer() -> None:
    hashes = [
        perceptual_hash(np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)) for seed in range(20)
    ]
    assert all(-(2**63) <= value < 2**63 for value in hashes)
    assert min(hashes) < 0 < max(hashes)


@pytest.mark.parametrize("shade", [0, 77, 255])
def test_the_perceptual_hash_of_a_plain_photo_is_zero(shade: int) -> None:
    assert perceptual_hash(np.full((60, 80, 3), shade, np.uint8)) == 0


def test_facts_of_shared_photos(shared: Path) -> None:
    data = shared / "data"
    canon = data / "athletes" / "serena_williams" / "Serena_Williams_BNP_Paribas_Showdown_April_6_2013.jpg"
    facts = read_facts(canon)
    assert facts.camera == "Canon EOS 5D Mark III"
    assert facts.taken_at == "2013-03-04T20:45:05.870000"
    on_its_side = read_facts(data / "rotated" / "image_T1.jpeg")
    assert (on_its_side.width, on_its_side.height, on_its_side.orientation) == (640, 480, 6)
    hashes = [read_facts(path).image_hash for path in sorted((data / "lfw10").rglob("*.jpg"))]
    assert len(hashes) == len(set(hashes)) == 100


def test_the_shared_photo_with_broken_exif_has_facts(shared: Path) -> None:
    [path] = (shared / "data" / "athletes" / "serena_williams").glob("s-smile-face-hd*.jpg")
    with open_photo(path) as image:
        assert exif_orientation(image) == 1
    facts = read_facts(path)
    assert (facts.orientation, facts.taken_at, facts.camera) == (1, None, None)


def test_a_turned_photo_is_told_from_every_other_by_its_hash(shared: Path) -> None:
    photos = sorted((shared / "data/lfw10").glob("*/*.jpg"))[::5]
    hashes = {photo: perceptual_hash(load_rgb(photo)) for photo in photos}
    for photo in photos[::4]:
        picture = Image.fromarray(load_rgb(photo))
        turned = {orientation: turned_hash(hashes[photo], orientation) for orientation in range(2, 9)}
        for orientation, transpose in TRANSPOSES.items():
            found = perceptual_hash(np.asarray(picture.transpose(transpose)))
            assert _differing(found, turned[orientation]) <= TURNED_PHASH_BITS
        others = [other for other in photos if other != photo]
        apart = [_differing(hashes[other], own) for other in others for own in turned.values()]
        assert min(apart) > TURNED_PHASH_BITS


TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _differing(phash: int, other: int) -> int:
    return ((phash ^ other) & (2**64 - 1)).bit_count()
