"""Read a pickle as data: its opcodes are followed here, so nothing in it is looked up, imported or called."""

import math
import pickletools
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

MOST_STEPS = 4_000_000  # 120,000 arrays as the oldest protocol writes them; a step makes at most some 100 bytes
_DTYPE = re.compile(r"[<>|=]?(f[248]|[iu][1248]|U[1-9]\d{0,3}|O8?)")


class _Known(Enum):
    """What a knowledge base may ask for by name; each is carried out below and none of them by its real self."""

    RECONSTRUCT = auto()
    FROM_BUFFER = auto()
    SCALAR = auto()
    NDARRAY = auto()
    DTYPE = auto()
    ENCODE = auto()
    BYTES = auto()


_NAMES = {
    ("numpy", "ndarray"): _Known.NDARRAY,
    ("numpy", "dtype"): _Known.DTYPE,
    ("_codecs", "encode"): _Known.ENCODE,  # bytes, as protocols 0 to 2 write them
    ("__builtin__", "bytes"): _Known.BYTES,
    ("builtins", "bytes"): _Known.BYTES,
}
for _core in ("numpy.core", "numpy._core"):  # numpy 1 and 2
    for _module in ("multiarray", "_multiarray_umath"):
        _NAMES[f"{_core}.{_module}", "_reconstruct"] = _Known.RECONSTRUCT
        _NAMES[f"{_core}.{_module}", "scalar"] = _Known.SCALAR
    _NAMES[f"{_core}.numeric", "_frombuffer"] = _Known.FROM_BUFFER


@dataclass(slots=True, eq=False)
class PickledArray:
    """An array of numbers or texts, or of any values (`objects`) as far as those are data; empty until built."""

    values: NDArray[Any] | None = None
    objects: list[Any] | None = None


@dataclass(slots=True)
class _Dtype:
    """An element type: numpy's short text for it and its byte order."""

    text: str
    order: Literal["<", ">", "|", "="] = "="

    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self.text).newbyteorder(self.order)


class NotPlainData(ValueError):
    """A pickle holds something other than containers, texts, numbers and arrays; the message says what."""


def read_pickle(data: bytes) -> Any:
    """Return the containers, texts, numbers and PickledArrays that a pickle of any protocol (0 to 5) holds.

    Memory stays in proportion to the file. Raises NotPlainData.
    """
    try:
        return _followed(data)
    except NotPlainData:
        raise
    except (ValueError, LookupError, TypeError, OverflowError, struct.error) as error:
        raise NotPlainData("it is damaged, or no pickle at all") from error


def _followed(data: bytes) -> Any:
    machine = _Machine(len(data))
    for opcode, argument, _ in islice(pickletools.genops(data), MOST_STEPS):
        if opcode.name == "STOP":
            return machine.pop()
        action = _ACTIONS.get(opcode.name)
        if action is None:
            raise NotPlainData(f"it uses {opcode.name}, which plain data has no use for")
        action(machine, argument)
    raise NotPlainData("it holds more than any knowledge base does")


class _Machine:
    """The stack and the memo that a pickle's opcodes work on, and how many bytes texts may still be turned into."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = size
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        return self.stack.pop()

    def pop_since_mark(self) -> list[Any]:
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def container(self, kind: type[Any]) -> Any:
        """Return the list or dictionary on top."""
        if type(self.stack[-1]) is not kind:
            raise NotPlainData(f"it adds to something that is no {kind.__name__}")
        return self.stack[-1]

    def set_items(self, pairs: list[Any]) -> None:
        target = self.container(dict)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, str):  # the hash of a deeply nested tuple would overrun the C stack
                raise NotPlainData("a dictionary in it has keys that are no text")
            target[key] = value

    def take_name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise NotPlainData("it asks for something without a name")
        known = _NAMES.get((module, name))
        if known is None:
            raise NotPlainData(f"it asks for {module[:80]}.{name[:80]}, which no knowledge base needs")
        self.push(known)

    def call(self) -> None:
        arguments, known = self.pop(), self.pop()
        if not isinstance(known, _Known) or not isinstance(arguments, tuple):
            raise NotPlainData("it calls something that is no part of an array")
        match known, arguments:
            case _Known.RECONSTRUCT, (_Known.NDARRAY, _, _):
                self.push(PickledArray())
            case _Known.FROM_BUFFER, (data, _Dtype() as dtype, shape, ("C" | "F") as order):
                self.push(PickledArray(self.numbers(data, dtype, shape, order)))
            case _Known.SCALAR, (_Dtype() as dtype, data):
                self.spend(dtype.numpy().itemsize)
                self.push(self.numbers(data, dtype, (1,), "C").item())
            case _Known.DTYPE, (str() as text, *_) if _DTYPE.fullmatch(text):
                self.push(_Dtype(text))
            case _Known.ENCODE, (str() as text, "latin1"):
                self.push(self.encoded(text))
            case _Known.BYTES, ():
                self.push(b"")
            case _:
                raise NotPlainData("an array in it is of a kind that no knowledge base needs")

    def build(self) -> None:
        state = self.pop()
        match self.stack[-1], state:
            case PickledArray(None, None) as array, (_, (int(),) as shape, _Dtype("O" | "O8"), _, list() as objects):
                if shape != (len(objects),):
                    raise NotPlainData("the shape of an array in it does not match what it holds")
                array.objects = objects
            case PickledArray(None, None) as array, (_, shape, _Dtype() as dtype, fortran, data):
                array.values = self.numbers(data, dtype, shape, "F" if fortran else "C")
            case _Dtype() as dtype, (_, ("<" | ">" | "|" | "=") as order, None, None, None, int(), int(), int()):
                dtype.order = order
            case _:
                raise NotPlainData("it fills in something that is no part of an array")

    def numbers(self, data: object, dtype: _Dtype, shape: object, order: str) -> NDArray[Any]:
        """Return an array over bytes that are there, shaped as they say."""
        if isinstance(data, str):
            data = self.encoded(data)  # bytes as Python 2 wrote them
        kind = dtype.numpy()
        if not isinstance(data, bytes | bytearray) or not isinstance(shape, tuple) or kind.hasobject:
            raise NotPlainData("an array in it is not made of plain numbers or texts")
        if not all(type(length) is int and 0 <= length <= self.size for length in shape) or len(shape) > 2:
            raise NotPlainData("the shape of an array in it cannot be right")
        if math.prod(shape) * kind.itemsize != len(data):
            raise NotPlainData("the shape of an array in it does not match what it holds")
        return np.frombuffer(data, kind).reshape(shape, order="F" if order == "F" else "C")

    def encoded(self, text: str) -> bytes:
        self.spend(len(text))
        return text.encode("latin-1")

    def spend(self, size: int) -> None:
        """Refuse a file of which a part, used over and over, would fill the memory."""
        self.left -= size
        if self.left < 0:
            raise NotPlainData("it unfolds into more than it holds")


def _literal(machine: _Machine, value: Any) -> None:
    machine.push(value)


def _nothing(_machine: _Machine, _: Any) -> None:
    pass


def _tuple_of(machine: _Machine, length: int) -> None:
    values = tuple(machine.stack[-length:])
    del machine.stack[-length:]
    machine.push(values)


def _remember(machine: _Machine, key: int) -> None:
    machine.memo[key] = machine.stack[-1]


def _append(machine: _Machine, _: Any) -> None:
    value = machine.pop()
    machine.container(list).append(value)


def _append_all(machine: _Machine, _: Any) -> None:
    values = machine.pop_since_mark()
    machine.container(list).extend(values)


def _set_item(machine: _Machine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _dictionary(machine: _Machine, _: Any) -> None:
    pairs = machine.pop_since_mark()
    machine.push({})
    machine.set_items(pairs)


def _stack_name(machine: _Machine, _: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.take_name(module, name)


_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME"), _nothing),
    **dict.fromkeys(("NONE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"), _literal),
    **dict.fromkeys(("FLOAT", "BINFLOAT", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), _literal),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _literal),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), _literal),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "LIST": lambda machine, _: machine.push(machine.pop_since_mark()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_since_mark())),
    "TUPLE1": lambda machine, _: _tuple_of(machine, 1),
    "TUPLE2": lambda machine, _: _tuple_of(machine, 2),
    "TUPLE3": lambda machine, _: _tuple_of(machine, 3),
    "DICT": _dictionary,
    "APPEND": _append,
    "APPENDS": _append_all,
    "SETITEM": _set_item,
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_since_mark()),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _remember),
    "MEMOIZE": lambda machine, _: _remember(machine, len(machine.memo)),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, key: machine.push(machine.memo[key])),
    "GLOBAL": lambda machine, text: machine.take_name(*text.split(" ", 1)),
    "STACK_GLOBAL": _stack_name,
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
}
