"""A server of model files on this machine, which serves in the way that the path names, right and wrong."""

import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kith.model_registry import ModelFile

CONTENT = bytes(range(256)) * 1000
PIECE = 1 << 14  # what is written down at once
HALF = 8 * PIECE


class _Handler(BaseHTTPRequestHandler):
    """Serves the content in the way that the path names, and writes down what was asked, ranges with it."""

    server: "ModelServer"

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.server.asked.append(f"{self.path} {asked}".strip())
        way = self.path.rpartition("/")[2]  # of a whole address, as proxies are asked, too
        with suppress(ConnectionError):  # who has enough leaves
            getattr(self, f"_{way}")()

    def do_CONNECT(self) -> None:
        self.server.asked.append(f"CONNECT {self.path}")
        self.send_error(403, "Nobody is let through")

    def _absent(self) -> None:
        self.send_error(404)

    def _model(self) -> None:
        self._begin(Content_Length=len(self._content))
        self.wfile.write(self._content)

    def _ranged(self) -> None:
        self._send_rest(len(self._content))

    def _cut(self) -> None:
        """The connection breaks when six pieces and a bit are sent; ranges are served."""
        self._send_rest(6 * PIECE + 100)

    def _hanging(self) -> None:
        """Half of it, and nothing more until the server goes on; ranges are served."""
        self._send_rest(HALF)
        self.server.go_on.wait(60)

    def _send_rest(self, most: int) -> None:
        content = self._content
        begin = int(self.headers.get("Range", "bytes=0-")[6:-1])
        rest = content[begin:]
        status = 206 if begin else 200
        self._begin(status, Content_Length=len(rest), Content_Range=f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.wfile.write(rest[:most])

    def _slow(self) -> None:
        self._begin(Content_Length=len(CONTENT))
        for start in range(0, len(CONTENT), len(CONTENT) // 5):
            self.wfile.write(CONTENT[start : start + len(CONTENT) // 5])
            time.sleep(0.3)

    def _unmeasured(self) -> None:
        self._begin()
        self.wfile.write(CONTENT)

    def _truncated(self) -> None:
        self._begin(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT[:70_000])

    def _unmeasured_truncated(self) -> None:
        self._begin()
        self.wfile.write(CONTENT[:70_000])

    def _endless(self) -> None:
        self._begin()
        while True:
            self.wfile.write(CONTENT)

    def _longer(self) -> None:
        self._begin(Content_Length=len(CONTENT) + 1)
        self.wfile.write(CONTENT + b".")

    def _page(self) -> None:
        """What a hotel's network answers to everything."""
        page = b"<html>Please pay for the network first.</html>"
        self._begin(Content_Length=len(page))
        self.wfile.write(page)

    def _other(self) -> None:
        """Another file of the same size."""
        self._begin(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT[::-1])

    def _swelling(self) -> None:
        """A little that unpacks to a lot."""
        self._begin(Content_Encoding="gzip")
        self.wfile.write(gzip.compress(bytes(50_000_000)))

    def _dripping(self) -> None:
        self._begin(Content_Length=len(CONTENT))
        self._drip(b".")

    def _dripping_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        self._drip(b".")

    def _silent(self) -> None:
        self.rfile.read(1)

    @property
    def _content(self) -> bytes:
        return self.server.content

    def _begin(self, status: int = 200, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def _drip(self, drop: bytes) -> None:
        while True:
            self.wfile.write(drop)
            time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:
        pass


class ModelServer(ThreadingHTTPServer):
    """Remembers what was asked for; its threads end with it."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.go_on = threading.Event()
        self.content = CONTENT

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def model(self, *paths: str) -> ModelFile:
        """Return a model that can be fetched by these paths, else by one that serves it as it is."""
        url, *mirrors = (f"{self.address}{path}" for path in paths or ("/model",))
        return ModelFile(
            name="tiny",
            file="tiny.bin",
            url=url,
            size=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            licence="MIT",
            purpose="is fetched",
            without="nothing is lost",
            mirrors=tuple(mirrors),
        )


@contextmanager
def serving() -> Iterator[ModelServer]:
    """Give a server at work."""
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()
