"""Decoding: every kind of picture becomes upright RGB, every kind of broken file one BadPhoto."""

import io
import os
import random
import struct
import threading
import tracemalloc
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, ImageOps
from PIL.ExifTags import Base

from kith.errors import BadPhoto
from kith.photos.memory import memory_for
from kith.photos.pixels import load_rgb
from tests.making import open_photo

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
FORMATS = ("jpg", "png", "webp", "heic", "avif", "tiff", "gif", "bmp", "jp2", "ppm")

pillow_heif.register_heif_opener()  # so that the tests can write HEIC files


def _scene(width: int = 96, height: int = 64) -> Image.Image:
    """Smooth, without symmetry: every orientation and scale of it is another picture."""
    return Image.fromarray(_drawn(width, height))


@cache
def _drawn(width: int, height: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / width, 255 * y / height
    blue = 127 + 120 * np.sin(x / 17) * np.cos(y / 11)
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def _saved(folder: Path, image: Image.Image, name: str, **options: Any) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def _difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    assert first.shape == second.shape
    return float(np.abs(first.astype(int) - second).mean())


def _reason(path: Path, max_side: int | None = None) -> str:
    with pytest.raises(BadPhoto) as caught:
        load_rgb(path, max_side)
    assert caught.value.path == path
    return caught.value.reason


def _png(width: int, height: int, content: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("extension", FORMATS)
def test_every_format_becomes_contiguous_rgb(tmp_path: Path, extension: str) -> None:
    path = _saved(tmp_path, _scene(), f"a.{extension}", quality=95)
    rgb = load_rgb(path)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    # GIF has 256 colours; the others differ from the original by their compression only.
    assert _difference(rgb, np.asarray(_scene())) < (10 if extension == "gif" else 3)


def test_the_extension_does_not_matter(tmp_path: Path) -> None:
    path = _saved(tmp_path, _scene(), "really_a_png.jpg", format="PNG")
    assert _difference(load_rgb(path), np.asarray(_scene())) == 0


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_made_upright(tmp_path: Path, extension: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    path = _saved(tmp_path, _scene(), f"a.{extension}", exif=exif, quality=95)
    reference = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    rgb = load_rgb(path)
    assert _difference(rgb, reference) == 0
    assert rgb.flags.c_contiguous
    assert rgb.shape[:2] == ((96, 64) if orientation >= 5 else (64, 96))
    assert load_rgb(path, 48).shape[:2] == ((48, 32) if orientation >= 5 else (32, 48))


@pytest.mark.parametrize("extension", ["heic", "avif"])
def test_heic_and_avif_are_upright(tmp_path: Path, extension: str) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    path = _saved(tmp_path, _scene(), f"a.{extension}", exif=exif.tobytes(), quality=95)
    assert _difference(load_rgb(path), np.asarray(_scene().transpose(Image.Transpose.ROTATE_270))) < 3


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_an_orientation_that_means_nothing_is_ignored(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = value
    path = _saved(tmp_path, _scene(), "a.png", exif=exif)
    assert _difference(load_rgb(path), np.asarray(_scene())) == 0


@pytest.mark.parametrize(
    "exif", [b"nonsense", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"I\x01" + b"\0" * 30]
)
def test_broken_exif_is_tolerated(tmp_path: Path, exif: bytes) -> None:
    path = _saved(tmp_path, _scene(), "a.jpg", exif=b"Exif\0\0" + exif, quality=95)
    assert _difference(load_rgb(path), np.asarray(_scene())) < 3


def test_no_photo_is_enlarged_and_none_longer_than_asked(tmp_path: Path) -> None:
    for extension in ("png", "jpg"):
        path = _saved(tmp_path, _scene(1001, 333), f"a.{extension}")
        assert load_rgb(path, 2000).shape == (333, 1001, 3)
        assert load_rgb(path, 1001).shape == (333, 1001, 3)
        assert load_rgb(path, 500).shape == (166, 500, 3)
        assert load_rgb(path, 99).shape == (33, 99, 3)


def test_a_very_long_photo_keeps_a_pixel(tmp_path: Path) -> None:
    assert load_rgb(_saved(tmp_path, _scene(3000, 2), "a.png"), 100).shape == (1, 100, 3)
    assert load_rgb(_saved(tmp_path, _scene(3000, 2), "a.jpg"), 100).shape == (1, 100, 3)


@pytest.mark.parametrize("max_side", [640, 300, 77])
def test_reduced_size_decoding_gives_the_same_picture(tmp_path: Path, max_side: int) -> None:
    scene = _scene(1283, 857)
    jpeg = load_rgb(_saved(tmp_path, scene, "a.jpg", quality=95), max_side)
    png = load_rgb(_saved(tmp_path, scene, "a.png"), max_side)
    assert _difference(jpeg, png) < 1.5


def test_a_large_jpeg_is_decoded_at_reduced_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[tuple[int, int]] = []
    load = ImageFile.ImageFile.load

    def watched(image: ImageFile.ImageFile) -> object:
        decoded.append(image.size)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", watched)
    load_rgb(_saved(tmp_path, _scene(1600, 1200), "a.jpg"), 200)
    assert decoded[0] == (200, 150)


def test_shrinking_has_no_moire(tmp_path: Path) -> None:
    checks = (np.indices((640, 640)).sum(axis=0) % 2 * 255).astype(np.uint8)
    rgb = load_rgb(_saved(tmp_path, Image.fromarray(checks), "a.png"), 150)
    assert 120 <= rgb.min() <= rgb.max() <= 135


def test_transparency_becomes_white(tmp_path: Path) -> None:
    half = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    half.putpixel((1, 0), (0, 0, 0, 0))
    for name in ("rgba.png", "rgba.webp", "rgba.tiff"):
        assert load_rgb(_saved(tmp_path, half, name, lossless=True)).tolist() == [[[*RED], [*WHITE]]]
    grey = Image.new("LA", (2, 1), (10, 255))
    grey.putpixel((1, 0), (10, 0))
    assert load_rgb(_saved(tmp_path, grey, "la.png")).tolist() == [[[10, 10, 10], [*WHITE]]]
    assert load_rgb(_saved(tmp_path, half.convert("P"), "p.png", transparency=bytes([0] * 256))).min() == 255
    assert load_rgb(_saved(tmp_path, half.convert("RGB"), "key.png", transparency=RED)).tolist() == [
        [[*WHITE], [0, 0, 0]]
    ]


def test_half_transparent_pixels_are_mixed_with_white(tmp_path: Path) -> None:
    path = _saved(tmp_path, Image.new("RGBA", (1, 1), (0, 0, 255, 128)), "a.png")
    assert load_rgb(path)[0, 0].tolist() == pytest.approx([127, 127, 255], abs=1)


def test_palette_bilevel_and_grey(tmp_path: Path) -> None:
    palette = Image.new("P", (1, 1), 1)
    palette.putpalette([*WHITE, *GREEN])
    for name in ("p.png", "p.gif", "p.bmp", "p.tiff"):
        assert load_rgb(_saved(tmp_path, palette, name)).tolist() == [[[*GREEN]]]
    assert load_rgb(_saved(tmp_path, Image.new("1", (1, 1), 1), "1.png")).tolist() == [[[*WHITE]]]
    assert load_rgb(_saved(tmp_path, Image.new("L", (1, 1), 77), "l.png")).tolist() == [[[77, 77, 77]]]


RAMP = np.linspace(0, 1, 256)[None, :]
RAMP_16_BIT = (np.arange(256)[None, :] * 256 + 99).astype(np.uint16)
RAMP_8_BIT = np.repeat(np.arange(256)[None, :, None], 3, axis=2)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("grey.png", RAMP_16_BIT),
        ("grey.tiff", RAMP_16_BIT),
        ("big_endian.tiff", RAMP_16_BIT.astype(">u2")),
        ("grey.pgm", (RAMP * 65535).astype(np.int32)),
        ("dark.pgm", (RAMP * 255).astype(np.int32)),
        ("int.tiff", (RAMP * 65535).astype(np.int32)),
        ("wide_int.tiff", (RAMP * 2_000_000).astype(np.int32)),
        ("unit.tiff", RAMP.astype(np.float32)),
        ("byte.tiff", (RAMP * 255).astype(np.float32)),
        ("negative.tiff", np.where(RAMP == 0, -5, RAMP).astype(np.float32)),
        ("hole.tiff", np.where(RAMP == 0, np.nan, RAMP).astype(np.float32)),
    ],
)
def test_deep_grey_is_scaled_and_not_clipped(tmp_path: Path, name: str, numbers: NDArray[np.generic]) -> None:
    rgb = load_rgb(_saved(tmp_path, Image.fromarray(numbers), name))
    assert np.abs(rgb.astype(int) - RAMP_8_BIT).max() <= 1


def test_big_endian_16_bit_is_what_the_file_holds(tmp_path: Path) -> None:
    path = _saved(tmp_path, Image.fromarray(RAMP_16_BIT.astype(">u2")), "a.tiff")
    with Image.open(path) as image:
        assert image.mode == "I;16B"


def test_cmyk_and_lab(tmp_path: Path) -> None:
    scene = _scene()
    cmyk = scene.convert("CMYK")
    for name in ("cmyk.jpg", "cmyk.tiff"):  # Pillow writes CMYK JPEG as Adobe does, inverted and marked so
        assert _difference(load_rgb(_saved(tmp_path, cmyk, name, quality=95)), np.asarray(scene)) < 3
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(scene, to_lab)
    assert lab is not None
    assert _difference(load_rgb(_saved(tmp_path, lab, "lab.tiff")), np.asarray(scene)) < 3


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tiff", "a.mpo", "a.heic"])
def test_the_first_picture_of_several_is_taken(tmp_path: Path, name: str) -> None:
    first, second = Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), BLUE)
    path = _saved(tmp_path, first, name, save_all=True, append_images=[second])
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 2
    assert load_rgb(path, 32)[16, 16].tolist() == pytest.approx(RED, abs=4)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert _reason(tmp_path / "a.jpg") == "the file is empty (0 bytes)"


@pytest.mark.parametrize(
    "content",
    [
        b"hello, I am a letter" * 50,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        bytes(5000),
        b"P",
        b"\xff",
    ],
)
def test_not_an_image(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert _reason(tmp_path / "a.jpg") == "the file is not an image of a known kind, or its beginning is damaged"


@pytest.mark.parametrize("extension", FORMATS)
def test_truncated(tmp_path: Path, extension: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    path = _saved(tmp_path, Image.fromarray(noise), f"a.{extension}")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 9 // 10])
    # The decoders of three formats do not tell a missing part from a wrong one.
    assert ("damaged" if extension in {"webp", "jp2", "avif"} else "the file is truncated") in _reason(path)


def test_truncated_is_told_at_reduced_size_too(tmp_path: Path) -> None:
    path = _saved(tmp_path, _scene(1600, 1200), "a.jpg", progressive=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "truncated" in _reason(path, 200)


def test_truncated_is_told_although_a_library_switched_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    path = _saved(tmp_path, _scene(), "a.jpg")
    path.write_bytes(path.read_bytes()[:-200])
    assert "truncated" in _reason(path)
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_decompression_bomb(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(_png(30_000, 30_000, bytes(1000)))
    reason = "the picture has more than 256 megapixels: max_megapixels in the settings admits larger ones"
    assert _reason(tmp_path / "bomb.png").startswith(reason)


def test_a_scan_is_read_where_the_setting_admits_it(tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(_png(24_000, 15_250, bytes(1000)))  # 366 megapixels
    assert "max_megapixels in the settings" in _reason(tmp_path / "scan.png")
    with open_photo(tmp_path / "scan.png", 400_000_000) as image:
        assert image.size == (24_000, 15_250)


def test_a_picture_that_memory_does_not_suffice_for_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = psutil.virtual_memory()._replace(available=2 * 10**9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    lossless = b"VP8L\x0a\0\0\0\x2f" + struct.pack("<I", 16382 | 15599 << 14) + bytes(5)
    (tmp_path / "tiny.webp").write_bytes(b"RIFF" + struct.pack("<I", 4 + len(lossless)) + b"WEBP" + lossless)
    (tmp_path / "a.png").write_bytes(_png(15_000, 15_000, bytes(1000)))
    tracemalloc.start()
    reason = "reading its {} megapixels takes {} GB of memory, and 2.0 GB are free: close other programs, or save it"
    assert _reason(tmp_path / "tiny.webp").startswith(reason.format(256, 5.1))
    assert _reason(tmp_path / "a.png").startswith(reason.format(225, 4.0))
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()
    photo = _saved(tmp_path, _scene(4000, 3000), "a.jpg")
    assert load_rgb(photo, 400).shape == (300, 400, 3)


def test_what_it_takes_to_read_a_picture_is_known_from_its_header(tmp_path: Path) -> None:
    for name, options, expected in (
        ("a.jpg", {}, 600 * 450 * 4 * 14),
        ("progressive.jpg", {"progressive": True}, 600 * 450 * 4 * 14 + 2400 * 1800 * 6),
        ("a.png", {}, 2400 * 1800 * 18),
        ("a.webp", {}, 2400 * 1800 * 20),
    ):
        with open_photo(_saved(tmp_path, _scene(2400, 1800), name, **options)) as image:
            assert memory_for(image, 600) == expected
            assert memory_for(image, None) >= 2400 * 1800 * 14


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\x0a\xfa\x1f\x41\x91\x08\x06\x01\x00", "JPEG XL photo"),
        (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "JPEG XL photo"),
        (b"8BPS\0\1" + bytes(20), "Photoshop picture"),
        (b"%PDF-1.7\n%", "PDF document"),
    ],
)
def test_kinds_that_cannot_be_read_yet_are_named(tmp_path: Path, head: bytes, kind: str) -> None:
    (tmp_path / "a.jpg").write_bytes(head + bytes(500))
    assert _reason(tmp_path / "a.jpg") == f"this is a {kind}, which Kith cannot read yet: convert it to JPEG"


def test_200_megapixels_are_a_photo(tmp_path: Path) -> None:
    (tmp_path / "phone.png").write_bytes(_png(16_320, 12_240, bytes(1000)))
    with open_photo(tmp_path / "phone.png") as image:
        assert image.size == (16_320, 12_240)


def test_vanished_file_and_broken_link(tmp_path: Path) -> None:
    assert _reason(tmp_path / "a.jpg") == "the file is not there any more"
    try:
        (tmp_path / "b.jpg").symlink_to(tmp_path / "nowhere.jpg")
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")
    assert _reason(tmp_path / "b.jpg") == "the link leads nowhere"


def test_a_folder_is_no_photo(tmp_path: Path) -> None:
    assert _reason(tmp_path) == "this is a folder, not a photo file"


@pytest.mark.skipif(os.name == "nt", reason="a matter of POSIX file systems")
def test_a_pipe_and_a_device_are_no_photos_and_none_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "itself.jpg").symlink_to("itself.jpg")
    for path in (tmp_path / "pipe.jpg", Path(os.devnull)):
        assert _reason(path) == "this is a device, pipe or socket, not a photo file"
    assert _reason(tmp_path / "itself.jpg").startswith("the file cannot be read: ")


@contextmanager
def _as_ordinary_user() -> Iterator[None]:
    """Give up the rights of root, who may read everything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="a matter of POSIX rights")
def test_unreadable_file(tmp_path: Path) -> None:
    path = _saved(tmp_path, _scene(), "a.jpg")
    path.chmod(0)
    with _as_ordinary_user():
        assert _reason(path) == "the file may not be read: it is protected, or another program holds it"


def test_a_jpeg_of_a_kind_that_no_decoder_here_knows(tmp_path: Path) -> None:
    path = _saved(tmp_path, _scene(), "a.jpg")
    twelve_bits = path.read_bytes().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c")
    path.write_bytes(twelve_bits)
    assert "damaged" in _reason(path)


@pytest.mark.parametrize("extension", FORMATS)
def test_damage_of_every_kind_is_a_bad_photo_or_a_photo(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], extension: str
) -> None:
    chance = random.Random(extension)
    path = _saved(tmp_path, _scene(), f"a.{extension}", exif=Image.Exif())
    whole = path.read_bytes()
    outcomes = set()
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 5, 50))):
            damaged[chance.randrange(min(len(damaged), chance.choice((60, 600, 10**9))))] = chance.randrange(256)
        path.write_bytes(damaged[: chance.choice((None, len(damaged) // 2))])
        try:
            assert load_rgb(path, 50).shape[2] == 3
            outcomes.add("photo")
        except BadPhoto:
            outcomes.add("bad photo")
    assert "bad photo" in outcomes
    assert capfd.readouterr() == ("", "")


def _next_descriptor() -> int:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def test_the_file_is_closed_at_once_whatever_happens(tmp_path: Path) -> None:
    good = _saved(tmp_path, _scene(), "good.jpg")
    truncated = _saved(tmp_path, _scene(), "truncated.png")
    truncated.write_bytes(truncated.read_bytes()[:-200])
    letter = tmp_path / "letter.jpg"
    letter.write_bytes(b"hello" * 100)
    several = _saved(tmp_path, _scene(), "several.gif", save_all=True, append_images=[Image.new("RGB", (96, 64))])
    load_rgb(good)
    before = _next_descriptor()
    kept = []  # errors with their tracebacks, which hold every local variable
    for path in (good, several):
        load_rgb(path)
        assert _next_descriptor() == before
        path.rename(path.with_suffix(".moved"))  # which Windows refuses for an open file
    for path in (truncated, letter):
        with pytest.raises(BadPhoto) as caught:
            load_rgb(path)
        kept.append(caught)
        assert _next_descriptor() == before
        path.rename(path.with_suffix(".moved"))


def test_pillows_settings_and_the_warning_filters_are_put_back(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, warnings.filters[:]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff" + bytes(100))
    load_rgb(_saved(tmp_path, _scene(), "a.jpg"))
    _reason(bad)
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, warnings.filters[:]) == before


def test_pillows_settings_hold_until_the_last_of_several_threads_is_done(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    path = _saved(tmp_path, _scene(), "a.jpg")
    opened, leave = threading.Event(), threading.Event()

    def hold_open() -> None:
        with open_photo(path):
            opened.set()
            leave.wait(60)

    thread = threading.Thread(target=hold_open)
    with open_photo(path):
        thread.start()
        assert opened.wait(60)
        assert Image.MAX_IMAGE_PIXELS == 128_000_000
    assert Image.MAX_IMAGE_PIXELS == 128_000_000
    leave.set()
    thread.join()
    assert before == Image.MAX_IMAGE_PIXELS


def test_pillow_warns_nobody(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    file = io.BytesIO()
    _scene().save(file, "TIFF")
    broken = bytearray(file.getvalue())
    directory = struct.unpack_from("<I", broken, 4)[0]
    entry = directory + 2 + 12 * (struct.unpack_from("<H", broken, directory)[0] - 1)
    struct.pack_into("<HHII", broken, entry, 0x9C9C, 2, 1000, 10**8)  # text that would lie far behind the end
    (tmp_path / "a.tiff").write_bytes(broken)
    with pytest.warns(UserWarning, match="Truncated File Read"), Image.open(tmp_path / "a.tiff") as image:
        image.load()
    recwarn.clear()
    load_rgb(tmp_path / "a.tiff")
    assert not recwarn.list


def test_all_shared_photos_can_be_read(shared: Path) -> None:
    paths = [path for path in (shared / "data" / "athletes").rglob("*.*") if path.is_file()]
    assert len(paths) >= 70
    for path in paths:
        rgb = load_rgb(path, 320)
        assert max(rgb.shape[:2]) <= 320


def test_the_shared_photo_with_broken_exif(shared: Path) -> None:
    [path] = (shared / "data" / "athletes" / "serena_williams").glob("s-smile-face-hd*.jpg")
    with Image.open(path) as image, pytest.raises(SyntaxError):
        ImageOps.exif_transpose(image)
    assert load_rgb(path, 400).max() > 100


def test_the_shared_photo_that_lies_on_its_side(shared: Path) -> None:
    path = shared / "data" / "rotated" / "image_T1.jpeg"
    with Image.open(path) as image:
        assert image.size == (640, 480)
        expected = np.asarray(image.transpose(Image.Transpose.ROTATE_270))
    assert _difference(load_rgb(path), expected) == 0
