"""What of a HEIC, AVIF, WebP or TIFF is the picture: metadata written into it or moved change no hash, pixels do."""

import hashlib
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, TiffImagePlugin

from kith.errors import BadPhoto
from kith.photos.facts import PhotoFacts, read_facts
from kith.photos.pixels import load_rgb

pillow_heif.register_heif_opener()

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><xmp:Rating>5</xmp:Rating></x:xmpmeta>' + b" " * 4000
ARTIST, DATE, SOFTWARE, XMP_TAG, RESOLUTION_UNIT = 315, 306, 305, 700, 296


def _scene(mode: str = "RGB") -> Image.Image:
    """Noise on a slope: whatever compresses it, one changed corner shows."""
    noise = np.random.default_rng(7).integers(0, 40, (128, 192, 3))
    pixels = noise + np.linspace(0, 200, 192)[None, :, None]
    image = Image.fromarray(pixels.astype(np.uint8)).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def _other(mode: str = "RGB") -> Image.Image:
    image = _scene(mode)
    image.paste((255, 0, 0, 90)[: len(mode)], (100, 60, 116, 76))
    return image


def _written(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def _read(path: Path, content: bytes | None = None) -> PhotoFacts:
    if content is not None:
        path.write_bytes(content)
    return read_facts(path)


def _exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ARTIST], exif[DATE], exif[0x0112] = "somebody", "2021:01:02 03:04:05", orientation
    return exif.tobytes()


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a.heic": ("RGB", {"quality": 80}),
    "tiles.heic": ("RGB", {"grid_tile_size": 64}),
    "mask.heic": ("RGBA", {}),
    "a.avif": ("RGB", {"quality": 80}),
    "mask.avif": ("RGBA", {}),
    "a.webp": ("RGB", {"quality": 80}),
    "lossless.webp": ("RGB", {"lossless": True}),
    "mask.webp": ("RGBA", {"quality": 80}),
    "frames.webp": ("RGB", {"save_all": True, "append_images": [Image.new("RGB", (192, 128), "red")]}),
    "a.tiff": ("RGB", {}),
    "lzw.tiff": ("RGB", {"compression": "tiff_lzw"}),
    "jpeg.tiff": ("RGB", {"compression": "jpeg"}),
    "pages.tiff": ("RGB", {"save_all": True, "append_images": [Image.new("RGB", (9, 9), "red")]}),
}


@pytest.mark.parametrize("name", KINDS)
def test_metadata_change_no_hash(tmp_path: Path, name: str) -> None:
    mode, options = KINDS[name]
    tags = {"tiffinfo": {ARTIST: "somebody", DATE: "2021:01:02 03:04:05", SOFTWARE: "a tool", XMP_TAG: XMP}}
    metadata = tags if name.endswith("tiff") else {"exif": _exif(), "xmp": XMP}
    plain = _written(tmp_path / name, _scene(mode), **options)
    tagged = _written(tmp_path / f"tagged {name}", _scene(mode), **options, **metadata)
    before, after = _read(plain), _read(tagged)
    assert before.image_hash == after.image_hash
    assert (before.taken_at, after.taken_at) == (None, "2021-01-02T03:04:05")
    for path, facts in ((plain, before), (tagged, after)):
        assert facts.former_hash == hashlib.sha256(path.read_bytes()).hexdigest() != facts.image_hash


@pytest.mark.parametrize("name", KINDS)
def test_other_pixels_are_another_picture(tmp_path: Path, name: str) -> None:
    mode, options = KINDS[name]
    one = _read(_written(tmp_path / name, _scene(mode), **options))
    other = _read(_written(tmp_path / name, _other(mode), **options))
    assert one.image_hash != other.image_hash
    assert (one.width, one.height) == (other.width, other.height)


@pytest.mark.parametrize("name", ["mask.heic", "mask.avif", "mask.webp"])
def test_what_is_transparent_is_part_of_the_picture(tmp_path: Path, name: str) -> None:
    options = {"quality": -1} if name.endswith("heic") else {"lossless": True, "quality": 100}
    less = _scene("RGBA")
    less.putalpha(200)
    one = _written(tmp_path / name, less, **options)
    other = _written(tmp_path / f"other {name}", _scene("RGBA"), **options)
    assert (load_rgb(one) != load_rgb(other)).any()
    assert _read(one).image_hash != _read(other).image_hash


@pytest.mark.parametrize("name", ["frames.webp", "pages.tiff"])
def test_further_pictures_are_part_of_it(tmp_path: Path, name: str) -> None:
    hashes = set()
    for colour in ("red", "blue"):
        more = Image.new("RGB", (192, 128), colour)
        hashes.add(_read(_written(tmp_path / name, _scene(), save_all=True, append_images=[more])).image_hash)
    assert len(hashes) == 2


def _tiff_written_anew(content: bytes) -> bytes:
    """Do as libtiff does when it writes a tag: strips cut otherwise and elsewhere, defaults spelled out."""
    old = Image.open(io.BytesIO(content))
    assert isinstance(old, TiffImagePlugin.TiffImageFile)
    (start,), (size,) = old.tag_v2[273], old.tag_v2[279]
    half = size // 2
    new = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in (256, 257, 258, 259, 262, 277):
        new[tag] = old.tag_v2[tag]
    new[273], new[279], new[278] = (0, half), (half, size - half), old.height // 2  # Pillow puts them behind the tags
    new[284], new[317], new[ARTIST] = 1, 1, "somebody"
    return content[:4] + struct.pack("<I", 8) + new.tobytes(8) + content[start : start + size]


def test_a_tiff_whose_strips_were_cut_otherwise_is_the_same_picture(tmp_path: Path) -> None:
    before = _read(_written(tmp_path / "a.tiff", _scene()))
    content = _tiff_written_anew((tmp_path / "a.tiff").read_bytes())
    assert (load_rgb(tmp_path / "a.tiff") == np.asarray(_scene())).all()
    after = _read(tmp_path / "b.tiff", content)
    assert (load_rgb(tmp_path / "b.tiff") == np.asarray(_scene())).all()
    assert before.image_hash == after.image_hash


def test_a_colour_table_is_part_of_a_tiffs_picture(tmp_path: Path) -> None:
    hashes = set()
    for shade in (10, 200):
        image = Image.new("P", (4, 4))
        image.putpalette([shade, 0, 0])
        hashes.add(_read(_written(tmp_path / "a.tiff", image)).image_hash)
    assert len(hashes) == 2


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
def test_damaged_structure_is_hashed_whole(tmp_path: Path, name: str) -> None:
    content = _written(tmp_path / name, _scene()).read_bytes()
    facts = _read(tmp_path / name, content[:-1])
    assert facts.image_hash == facts.former_hash == hashlib.sha256(content[:-1]).hexdigest()


@pytest.mark.parametrize("name", ["a.heic", "tiles.heic", "a.avif", "a.webp", "a.tiff", "lzw.tiff"])
def test_no_damage_is_more_than_a_bad_photo(tmp_path: Path, name: str) -> None:
    mode, options = KINDS[name]
    content = _written(tmp_path / name, _scene(mode), **options).read_bytes()
    chance = np.random.default_rng(list(name.encode()))
    for _ in range(60):
        damaged = bytearray(content)
        for place in chance.integers(0, chance.choice([300, 1500, len(content)]), chance.choice([1, 4, 20])):
            damaged[place % len(content)] = chance.choice([0, 255, int(chance.integers(256))])
        try:
            assert len(_read(tmp_path / name, bytes(damaged)).image_hash) == 64
        except BadPhoto:
            continue


# Which way up


def _with_orientation_by_exif_alone(path: Path, image: Image.Image, orientation: int) -> Path:
    """Write a file whose boxes turn nothing, and let its EXIF, which says something else, tell an orientation."""
    exif = Image.Exif()
    exif[RESOLUTION_UNIT] = 2
    content = _written(path, image, exif=exif.tobytes()).read_bytes()
    before, after = (
        struct.pack(f"{order}HHIH", tag, 3, 1, value)
        for order in (">" if b"MM\0*" in content else "<")
        for tag, value in ((RESOLUTION_UNIT, 2), (0x0112, orientation))
    )
    assert content.count(before) == 1
    path.write_bytes(content.replace(before, after))
    return path


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_alone_turns_where_the_file_does_not(tmp_path: Path, name: str, orientation: int) -> None:
    tall = Image.new("RGB", (96, 64), "blue")
    tall.paste("red", (0, 0, 96, 16))
    path = _with_orientation_by_exif_alone(tmp_path / name, tall, orientation)
    facts = _read(path)
    assert (facts.width, facts.height, facts.orientation) == (96, 64, orientation)
    jpeg = Image.Exif()
    jpeg[0x0112] = orientation
    like = load_rgb(_written(tmp_path / "a.png", tall, exif=jpeg))
    rgb = load_rgb(path)
    assert rgb.shape == like.shape
    assert np.abs(rgb.astype(int) - like).mean() < 12


@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_has_no_say_where_a_heic_turns_itself(tmp_path: Path, orientation: int) -> None:
    path = _written(tmp_path / "a.heic", Image.new("RGB", (96, 64), "blue"), exif=_exif(orientation))
    content = path.read_bytes()
    assert b"irot" in content or b"imir" in content
    sideways = orientation >= 5
    facts = _read(path)
    assert (facts.width, facts.height, facts.orientation) == ((64, 96, 1) if sideways else (96, 64, 1))
    assert load_rgb(path).shape[:2] == ((96, 64) if sideways else (64, 96))


def test_a_heic_turned_otherwise_is_another_picture_and_an_avif_is_not(tmp_path: Path) -> None:
    heic, avif = (
        [_read(_written(tmp_path / name, _scene(), exif=_exif(turn))).image_hash for turn in (3, 6)]
        for name in ("a.heic", "a.avif")
    )
    assert heic[0] != heic[1]
    assert avif[0] == avif[1]


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
def test_files_of_the_common_brand_are_read(tmp_path: Path, name: str) -> None:
    content = bytearray(_written(tmp_path / name, _scene()).read_bytes())
    content[8:12] = b"mif1"
    assert _read(tmp_path / name, bytes(content)).width == 192
    assert load_rgb(tmp_path / name).shape == (128, 192, 3)
