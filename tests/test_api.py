"""The Python interface: the examples of docs/python.md run, and come to what the program comes to."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from kith import api
from kith.errors import BadInput, BadPhoto
from kith.photos.pixels import load_rgb
from tests.desk import CHIRAC, NOBODY, POWELL, POWELL_AGAIN, REPOSITORY, Desk
from tests.making import aged

EXAMPLES = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs/python.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, networks: Path) -> Path:
    """What the examples speak of: people, and photos of one of them."""
    desk = Desk(tmp_path / "desk", shared)
    desk.put_all(POWELL, "people/Powell")
    desk.put_all(CHIRAC, "people/Chirac")
    for photo, name in ((POWELL_AGAIN[0], "party.jpg"), (POWELL[0], "portrait.jpg"), (NOBODY, "nobody.jpg")):
        shutil.copyfile(shared / "data" / photo, tmp_path / "desk" / name)
    monkeypatch.chdir(tmp_path / "desk")
    for cached in (api._settings, api._spec):
        cached.cache_clear()
    return tmp_path / "desk"


def test_the_examples_run(folder: Path) -> None:
    assert EXAMPLES
    for example in EXAMPLES:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(example, "docs/python.md", "exec"), {"__name__": "__main__"})
        assert printed.getvalue()


def test_the_person_is_nearest_in_a_file_as_in_its_pixels(folder: Path) -> None:
    gallery = api.Gallery.from_folder("people")
    (found,) = gallery.identify("party.jpg")
    assert found.candidates[0].name == "Powell"
    assert found.candidates[0].distance < 0.56 < found.candidates[1].distance
    of_pixels = api.detect_and_align_faces(load_rgb(Path("party.jpg")))
    assert [face.detection for face in of_pixels] == [found.face.detection]
    assert np.abs(api.encode(of_pixels) - api.encode([found.face])).max() < 1e-5
    assert api.encode([]).shape == (0, 128)


def test_what_teaches_nobody_is_told_and_what_is_no_photo_refused(folder: Path) -> None:
    (folder / "people/Powell/broken.jpg").write_bytes(b"no picture")
    aged(folder / "people/Powell/broken.jpg")
    shutil.copyfile(folder / "nobody.jpg", folder / "people/Powell/nobody.jpg")
    gallery = api.Gallery.from_folder(folder / "people")
    assert {path.name for path in gallery.left_out} == {"broken.jpg", "nobody.jpg"}
    assert gallery.identify("nobody.jpg") == []
    with pytest.raises(BadPhoto):
        gallery.identify(folder / "people/Powell/broken.jpg")
    (folder / "empty").mkdir()
    with pytest.raises(BadInput, match="one folder of photos per person"):
        api.Gallery.from_folder(folder / "empty")
