"""A command in a network of its own in which every packet is seen: run by `watched` under `unshare`, Linux only.

The network has the loopback alone, and every address leads there, so nothing can leave and nothing can pass unseen. A
name server on it answers each look-up with an address of nobody, so that whoever looks up a name goes on to connect.
"""

import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NOBODY = "192.0.2.1"  # an address for documentation: RFC 5737
_NAMESPACES = (("--net", "--mount"), ("--map-root-user", "--net", "--mount"))  # as root, or as anybody where allowed
_MS_BIND = 4096
_ETH_P_ALL, _PACKET_OUTGOING = 3, 4
_IFF_UP, _SIOCSIFFLAGS = 1, 0x8914
_RTM_NEWROUTE, _REQUEST_CREATE_ACK = 24, 0x405
_TABLE_LOCAL, _BY_BOOT, _SCOPE_HOST, _TYPE_LOCAL, _RTA_OIF = 255, 3, 254, 2, 4
_UDP, _TCP, _DNS, _RST = 17, 6, 53, 4


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command came to, and every packet that it sent, as `UDP 127.0.0.1:53 name.example`."""

    returncode: int
    out: str
    err: str
    packets: list[str]


def watched(
    command: Sequence[str | Path], environment: Mapping[str, str], folder: Path, within_s: float = 900
) -> Watched:
    """Run a command from `folder` with this environment only, and watch it. Raises RuntimeError where it cannot be."""
    with tempfile.TemporaryDirectory() as own:
        log = Path(own) / "packets.json"
        done = subprocess.run(
            ["unshare", *namespaces(), sys.executable, "-I", __file__, log, *command],
            cwd=folder,
            env=dict(environment),
            capture_output=True,
            encoding="utf-8",
            timeout=within_s,
            check=False,
        )
        return Watched(done.returncode, done.stdout, done.stderr, json.loads(log.read_text(encoding="utf-8")))


@cache
def namespaces() -> tuple[str, ...]:
    """Return the options with which `unshare` works here. Raises RuntimeError with the reason where none do."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        raise RuntimeError("network namespaces are a matter of Linux with util-linux")
    reason = ""
    for options in _NAMESPACES:
        with tempfile.TemporaryDirectory() as own:
            trial = [sys.executable, "-I", __file__, str(Path(own) / "packets.json"), sys.executable, "-c", ""]
            done = subprocess.run(["unshare", *options, *trial], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return options
        reason = reason or done.stderr.strip().rpartition("\n")[2]
    raise RuntimeError(f"this machine allows no network namespace: {reason}")


# Within the namespace


def _run_and_watch(log: Path, command: Sequence[str]) -> int:
    _ask_the_name_server_here()
    _lead_everything_to_the_loopback()
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL)) as wire,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
    ):
        wire.bind(("lo", _ETH_P_ALL))
        wire.settimeout(0.2)
        server.bind(("127.0.0.1", _DNS))
        threading.Thread(target=_serve_names, args=(server,), daemon=True).start()
        over = threading.Event()
        packets: list[str] = []
        listener = threading.Thread(target=_listen, args=(wire, over, packets))
        listener.start()
        try:
            return subprocess.call(command)
        finally:
            over.set()
            listener.join()
            log.write_text(json.dumps(packets), encoding="utf-8")


def _ask_the_name_server_here() -> None:
    """Have every look-up go to 127.0.0.1, in this mount namespace only; the machine's caches are hidden."""
    _put("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    _put("/etc/nsswitch.conf", "hosts: files dns\n")
    if os.path.isdir("/run"):
        _call("mount", b"none", os.path.realpath("/run").encode(), b"tmpfs", 0, None)


def _put(path: str, content: str) -> None:
    if os.path.exists(path):  # without these files glibc does the same
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(content)
            file.flush()
            _call("mount", file.name.encode(), os.path.realpath(path).encode(), None, _MS_BIND, None)


def _call(function: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments):
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")


def _lead_everything_to_the_loopback() -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
    for family in (socket.AF_INET, socket.AF_INET6):
        _add_default_route(family)


def _add_default_route(family: int) -> None:
    """Say to the kernel what `ip route add local default dev lo` says."""
    route = struct.pack("8BI", family, 0, 0, 0, _TABLE_LOCAL, _BY_BOOT, _SCOPE_HOST, _TYPE_LOCAL, 0)
    route += struct.pack("HHi", 8, _RTA_OIF, socket.if_nametoindex("lo"))
    header = struct.pack("IHHII", 16 + len(route), _RTM_NEWROUTE, _REQUEST_CREATE_ACK, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(header + route)
        (error,) = struct.unpack_from("i", netlink.recv(4096), 16)
    if error and family == socket.AF_INET:  # a kernel may have no IPv6, and then nothing can leave by it
        raise OSError(-error, os.strerror(-error))


def _serve_names(server: socket.socket) -> None:
    """Answer every question for an IPv4 address with that of nobody, every other one with nothing."""
    while True:
        query, client = server.recvfrom(4096)
        end = query.index(b"\0", 12) + 5
        asks_for_ipv4 = query[end - 4 : end - 2] == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(NOBODY) if asks_for_ipv4 else b""
        counts = struct.pack(">4H", 1, asks_for_ipv4, 0, 0)
        server.sendto(query[:2] + b"\x81\x80" + counts + query[12:end] + answer, client)


def _listen(wire: socket.socket, over: threading.Event, packets: list[str]) -> None:
    while True:
        try:
            packet, (_, protocol, kind, *_) = wire.recvfrom(65536)
        except TimeoutError:
            if over.is_set():  # and nothing came for a while
                return
            continue
        if kind == _PACKET_OUTGOING and (words := _words(protocol, packet)):
            packets.append(words)


def _words(protocol: int, packet: bytes) -> str:
    """Return what a packet is, nothing for an answer of the name server or of the kernel."""
    if protocol == 0x0800:
        kind, target, inner = packet[9], socket.inet_ntoa(packet[16:20]), packet[(packet[0] & 15) * 4 :]
    elif protocol == 0x86DD:
        kind, target, inner = packet[6], f"[{socket.inet_ntop(socket.AF_INET6, packet[24:40])}]", packet[40:]
    else:
        return f"protocol {protocol:#06x}"
    if kind not in {_UDP, _TCP}:
        return f"protocol {kind} {target}"
    source, port = struct.unpack_from(">HH", inner)
    if source == _DNS or (kind == _TCP and inner[13] & _RST):
        return ""
    name = f" {_name(inner[20:])}" if (kind, port) == (_UDP, _DNS) else ""
    return f"{'UDP' if kind == _UDP else 'TCP'} {target}:{port}{name}"


def _name(question: bytes) -> str:
    parts = []
    while question and question[0]:
        parts.append(question[1 : question[0] + 1].decode(errors="replace"))
        question = question[question[0] + 1 :]
    return ".".join(parts)


if __name__ == "__main__":
    sys.exit(_run_and_watch(Path(sys.argv[1]), sys.argv[2:]))
