"""Pickles of the articles' kind are read as data; whatever they hold, nothing in them runs."""

import builtins
import codecs
import copyreg
import importlib
import operator
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.errors import BadInput
from kith.filing.encodings import write_encodings
from kith.filing.old_encodings import LARGEST_FILE, read_old_encodings
from kith.filing.pickled_data import NotPlainData, read_pickle

PROTOCOLS = range(6)
NAMES = ["Ada", "Zoë", "Ada"]


def _faces(count: int = 3) -> list[np.ndarray]:
    """Vectors that no other shares, of a norm that faces have."""
    rows = np.random.default_rng(count).normal(size=(count, 128))
    return list(1.4 * rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _file(tmp_path: Path, content: object, protocol: int = 4) -> Path:
    path = tmp_path / "old.pkl"
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
    return path


def _layouts() -> dict[str, dict[str, object]]:
    faces, bodies = _faces(), [np.arange(1, 513, dtype=np.float32)]
    as_numbers = [[float(number) for number in face] for face in faces]
    return {
        "articles": {
            "face_encodings": faces,
            "face_names": NAMES,
            "body_encodings": bodies,
            "body_names": ["Ada"],
        },
        "short": {"encodings": np.stack(faces), "names": np.array(NAMES)},
        "short with lists": {"encodings": faces, "names": NAMES},
        "numpy's own texts": {"encodings": faces, "names": list(np.array(NAMES))},
        "texts as objects": {"encodings": faces, "names": np.array(NAMES, dtype=object)},
        "plain numbers": {"encodings": as_numbers, "names": tuple(NAMES)},
        "numpy's own numbers": {"encodings": [list(face) for face in faces], "names": NAMES},
        "rows of one": {"encodings": [face.reshape(1, 128) for face in faces], "names": NAMES},
        "column by column": {"encodings": np.asfortranarray(np.stack(faces)), "names": NAMES},
        "the other byte order": {"encodings": np.stack(faces).astype(">f8"), "names": NAMES},
        "half empty": {"face_encodings": [], "face_names": [], "encodings": faces, "names": NAMES},
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("layout", _layouts())
def test_every_layout_and_protocol_is_read(tmp_path: Path, layout: str, protocol: int) -> None:
    found = read_old_encodings(_file(tmp_path, _layouts()[layout], protocol))
    assert [name for name, _ in found.faces] == NAMES
    assert all(vector.dtype == np.float32 for _, vector in found.faces)
    np.testing.assert_allclose([vector for _, vector in found.faces], _faces(), rtol=1e-6)
    assert len(found.bodies) == (layout == "articles")
    assert found.refused == ()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_files_of_numpy_1_are_read(tmp_path: Path, protocol: int) -> None:
    """numpy 1 named its modules otherwise."""
    content = _renamed(pickle.dumps({"encodings": np.stack(_faces()), "names": np.array(NAMES)}, protocol))
    assert b"numpy.core." in content
    assert b"_core" not in content
    assert [name for name, _ in read_old_encodings(_file(tmp_path, content)).faces] == NAMES


def _renamed(content: bytes) -> bytes:
    """Write the old module names, with their shorter lengths, and leave the frames out."""
    for module in (b"numpy._core.multiarray", b"numpy._core.numeric"):
        old = module.replace(b"_core", b"core")
        for name in (module, old):
            content = content.replace(b"\x8c" + bytes([len(name)]) + module, b"\x8c" + bytes([len(old)]) + old)
        content = content.replace(b"c" + module + b"\n", b"c" + old + b"\n")
    return content[:2] + content[11:] if content[2:3] == b"\x95" else content


def test_files_of_python_2_are_read(tmp_path: Path) -> None:
    face = _faces(1)[0]
    state = b"".join(
        [
            b"\x80\x02}q\x00(U\tencodingsq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87R",
            b"(K\x01K\x01K\x80\x86cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T",
            struct.pack("<i", 1024) + face.tobytes(),
            b"tbU\x05names](U\x03Adaeu.",
        ]
    )
    ((name, vector),) = read_old_encodings(_file(tmp_path, state)).faces
    assert name == "Ada"
    np.testing.assert_allclose(vector, face, rtol=1e-6)


def test_kiths_own_export_is_read(tmp_path: Path) -> None:
    faces = [face.astype(np.float32) for face in _faces()]
    path = tmp_path / "encodings.pkl"
    write_encodings(path, zip(NAMES, faces, strict=True), [("Ada", np.ones(512, np.float32))])
    found = read_old_encodings(path)
    np.testing.assert_array_equal([vector for _, vector in found.faces], faces)
    assert [name for name, _ in found.bodies] == ["Ada"]


def test_entries_of_no_use_are_named_with_the_reason(tmp_path: Path) -> None:
    good, unit = _faces(1)[0], np.ones(128) / np.sqrt(128)
    vectors = [good, np.ones(512), unit, good * np.nan, "none", [], good * 1e300, np.ones((2, 64)), good]
    names = ["Ada", "Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal", " \n "]
    found = read_old_encodings(_file(tmp_path, {"encodings": vectors, "names": names}))
    assert [name for name, _ in found.faces] == ["Ada"]
    reasons = {one.name: one.reason for one in found.refused}
    assert list(reasons) == [*names[1:8], "?"]
    assert reasons["Bob"] == "it has 512 numbers, a face by dlib's network has 128"
    assert "its norm is 1," in reasons["Cid"]
    assert "norm" in reasons["Dan"]
    assert "0 numbers" in reasons["Eve"]
    assert "name" in reasons["?"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1, 2], "neither"),
        ({"people": []}, "neither"),
        ({"encodings": _faces(2), "names": ["Ada"]}, "2 encodings but 1 names"),
        ({"encodings": _faces(2)}, "2 encodings but 0 names"),
        ({"encodings": 5, "names": 5}, "no list"),
        ({"encodings": np.zeros((2, 2, 2)), "names": ["a", "b"]}, "shape"),
        ({1: 2, "encodings": []}, "keys"),
        (b"", "damaged"),
        (b"not a pickle", "damaged"),
        (pickle.dumps({"encodings": _faces()})[:-200], "damaged"),
    ],
    ids=repr,
)
def test_other_files_are_refused(tmp_path: Path, content: object, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_old_encodings(_file(tmp_path, content))


def test_files_that_are_missing_or_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no file"):
        read_old_encodings(tmp_path / "none.pkl")
    with pytest.raises(BadInput, match="no file"):
        read_old_encodings(tmp_path)
    large = tmp_path / "large.pkl"
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(BadInput, match="larger than 256"):
        read_old_encodings(large)


class _Calls:
    """Pickles as a call of anything."""

    def __init__(self, function: Callable[..., Any], *arguments: object, state: object = None) -> None:
        self._reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self._reduced


def _attacks(canary: Path) -> dict[str, bytes]:
    """Pickles that write the file `canary` when they are loaded the usual way, or would do other harm."""
    code, shell = f"open({str(canary)!r}, 'w').close()", f'"{sys.executable}" -c ""  > "{canary}"'
    text = codecs.encode
    calls: dict[str, object] = {
        "os.system": _Calls(os.system, shell),
        "builtins.exec": _Calls(builtins.exec, code),
        "builtins.eval": _Calls(builtins.eval, code),
        "builtins.open": _Calls(builtins.open, str(canary), "w"),
        "builtins.getattr": _Calls(builtins.getattr, text, "__globals__"),
        "builtins.__import__": _Calls(builtins.__import__, "antigravity"),
        "subprocess": _Calls(subprocess.check_call, [sys.executable, "-c", code]),
        "importlib": _Calls(importlib.import_module, "this"),
        "functools.partial": b"\x80\x02cfunctools\npartial\ncbuiltins\nexec\n" + _short(code) + b"\x86R)R.",
        "operator.attrgetter": _Calls(operator.attrgetter, "system"),
        "operator.methodcaller": _Calls(operator.methodcaller, "touch"),
        "numpy.testing": b"\x80\x02cnumpy.testing._private.utils\nrunstring\n" + _short(code) + b"}\x86R.",
        "numpy.f2py": b"\x80\x02cnumpy.f2py\ncompile\n" + _short(code) + b"\x85R.",
        "numpy.load": _Calls(np.load, str(canary), None, True),
        "a dotted name": b"\x80\x04\x8c\x05numpy\x8c\x13_globals.sys.stdout\x93.",
        "a dotted allowed name": b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__init__\x93.",
        "a dotted codec": b"\x80\x04\x8c\x07_codecs\x8c\x15encode.__self__.lookup\x93.",
        "an instance": b"(S" + repr(shell).encode() + b"\nios\nsystem\n.",
        "an object": b"(cos\nsystem\nS" + repr(shell).encode() + b"\no.",
        "a new object": b"\x80\x02cbuiltins\nobject\n)\x81.",
        "a persistent id": b"Pwhatever\n.",
        "an array called": b"\x80\x02cnumpy\nndarray\nK\x80\x85R.",
        "an array's base called": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncos\nsystem\n)K\x00\x87R.",
        "a state for a function": b"\x80\x02c_codecs\nencode\nN}(U\x0c__defaults__N)u\x86b.",
        "a state for a class": b"\x80\x02cnumpy\nndarray\n}(U\x07__len__Nub.",
        "a codec of one's own": b"\x80\x02c_codecs\nencode\nU\x01aU\x03zip\x86R.",
        "an array of objects that call": np.array([_Calls(builtins.exec, code)], dtype=object),
        "a structured array": np.zeros(2, [("a", "f8"), ("b", "O")]),
        "a subclass of an array": np.ma.masked_array([1.0, 2.0]),
        "a set": {1, 2},
        "a complex number": 1j,
    }
    return {name: call if isinstance(call, bytes) else pickle.dumps(call) for name, call in calls.items()}


def _short(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


@pytest.mark.parametrize("name", _attacks(Path("x")))
@pytest.mark.parametrize("place", ["alone", "as the encodings", "as a name"])
def test_nothing_in_a_file_runs(tmp_path: Path, name: str, place: str) -> None:
    canary = tmp_path / "canary"
    attack = _attacks(canary)[name]
    modules = set(sys.modules)
    with pytest.raises(BadInput):
        read_old_encodings(_file(tmp_path, _placed(attack, place)))
    assert not canary.exists()
    assert set(sys.modules) == modules


def _placed(attack: bytes, place: str) -> bytes:
    """Put an attack into a dictionary that is otherwise a knowledge base."""
    if place == "alone":
        return attack
    body = attack[2:-1] if attack.startswith(b"\x80") else attack[:-1]
    key, other = (b"encodings", b"names") if place == "as the encodings" else (b"names", b"encodings")
    return b"\x80\x04}(U" + bytes([len(key)]) + key + body + b"U" + bytes([len(other)]) + other + b"]u."


@pytest.mark.parametrize("name", ["os.system", "builtins.exec", "subprocess", "an instance", "an object"])
def test_the_attacks_are_real(tmp_path: Path, name: str) -> None:
    """What is refused above does run when it is loaded as scripts of the articles' kind load it."""
    canary = tmp_path / "canary"
    pickle.loads(_attacks(canary)[name])
    assert canary.exists()


def test_a_registered_extension_is_refused(tmp_path: Path) -> None:
    copyreg.add_extension("os", "getpid", 240)
    try:
        attack = pickle.dumps(os.getpid, 2) if os.getpid.__module__ == "os" else b"\x80\x02\x82\xf0."
        assert pickle.loads(attack) is os.getpid  # from now on kept, past any find_class
        with pytest.raises(BadInput, match="EXT1"):
            read_old_encodings(_file(tmp_path, attack))
    finally:
        copyreg.remove_extension("os", "getpid", 240)


def _bombs() -> dict[str, bytes]:
    laughs = b"]" + b"".join(b"q" + bytes([level]) + b"](" + (b"h" + bytes([level])) * 10 + b"e" for level in range(30))
    text = _short("x" * 1_000_000)
    encode = b"c_codecs\nencode\nq\x01" + text + b"q\x02" + _short("latin1") + b"q\x03\x86q\x04"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x89\x88\x87R"
    huge = struct.pack("<q", 2**40)
    return {
        "laughs": b"\x80\x02" + laughs + b".",
        "laughs as a dictionary": b"\x80\x02}(U\tencodings" + laughs + b"U\x05names" + b"](U\x01ae" + b"u.",
        "laughs as a module's name": b"\x80\x04" + laughs + b"\x8c\x01a\x93.",
        "a memo far away": b"\x80\x02Nr\xff\xff\xff\xff.",
        "bytes that are not there": b"\x80\x04\x8e" + huge + b"x.",
        "a text that is not there": b"\x80\x04\x8d" + huge + b"x.",
        "an integer that is not there": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"x.",
        "a long decimal": b"L" + b"9" * 1_000_000 + b"L\n.",
        "one text encoded over and over": b"\x80\x03(" + encode + b"h\x01h\x04R" * 2000 + b"l.",
        "a shape without bytes": b"\x80\x03"
        + array
        + b"(K\x01\x8a\x05\x00\x00\x00\x00\x7f\x85"
        + dtype
        + b"\x89C\x00tb.",
        "a shape of nothing": b"\x80\x03"
        + array
        + b"(K\x01\x8a\x05\x00\x00\x00\x00\x7fK\x00\x86"
        + dtype
        + b"\x89C\x00tb.",
        "deep tuples": b"\x80\x02" + b"N" + b"\x85" * 200_000 + b".",
        "deep tuples as a key": b"\x80\x02}N" + b"\x85" * 200_000 + b"Ns.",
        "one vector over and over": _one_vector_over_and_over(),
    }


def _one_vector_over_and_over() -> bytes:
    vector = pickle.dumps(_faces(1)[0], 3)[2:-1]
    vectors = b"](" + vector + b"q\xfe" + b"h\xfe" * 50_000 + b"e"
    names = b"](X\x01\x00\x00\x00aq\xfd" + b"h\xfd" * 50_000 + b"e"
    return b"\x80\x03}(X\x09\x00\x00\x00encodings" + vectors + b"X\x05\x00\x00\x00names" + names + b"u."


@pytest.mark.parametrize("name", _bombs())
def test_memory_stays_in_proportion(tmp_path: Path, name: str) -> None:
    path = _file(tmp_path, _bombs()[name])
    tracemalloc.start()
    try:
        with pytest.raises(BadInput):
            read_old_encodings(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * 2**20 + 150 * path.stat().st_size


def test_steps_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kith.filing.pickled_data.MOST_STEPS", 100)
    with pytest.raises(BadInput, match="more than any"):
        read_old_encodings(_file(tmp_path, b"\x80\x02(" + b"}" * 100 + b"l."))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refuse(data)


@given(st.integers(0, 5), st.data())
def test_any_change_of_a_good_file_is_read_or_refused(protocol: int, changes: st.DataObject) -> None:
    content = bytearray(pickle.dumps({"encodings": _faces(1), "names": np.array(["a"])}, protocol))
    for place in changes.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = changes.draw(st.integers(0, 255))
    _read_or_refuse(bytes(content))


def _read_or_refuse(data: bytes) -> None:
    try:
        read_pickle(data)
    except NotPlainData as error:
        reason = str(error)
        assert len(reason) < 300
