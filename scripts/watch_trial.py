"""Let photos arrive in a folder that `kith watch` watches, in every way, and count how often each is recognised.

    .venv/bin/python scripts/watch_trial.py PHOTOS --people PEOPLE [--files 500] [--seconds 120] [--seed 1]

PHOTOS is a folder of JPEG photos that the arriving ones are made of, PEOPLE a people folder; both are only read. Some
arrive at once, some half written slowly (open all the time, or closed in between), some by way of a name for the
meantime, some with a whole folder, and some are deleted again. Ends with 1 where a photo that stayed was not recognised
exactly once, where one was recognised half, or where one failed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO, Callable, Iterator

from PIL import Image

WAYS = ("at once", "slowly", "closed in between", "renamed", "with a folder", "deleted")
SHARES = (30, 25, 5, 20, 10, 10)


def main() -> int:
    """Run the trial and print what came of it."""
    options = _options()
    order = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="kith-watch-") as folder:
        root = Path(folder)
        (root / "input").mkdir()
        shutil.copytree(options.people, root / "people")
        settings = root / "settings.json"
        folders = {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output"}
        settings.write_text(json.dumps(folders | {"duplicates": "file all"}))  # else a better one is told of twice
        _kith("build-kb", settings).wait()
        watch = _kith("watch", settings, "--json", stdout=subprocess.PIPE)
        told: list[dict[str, object]] = []
        reader = threading.Thread(target=_read, args=(watch.stdout, told))
        reader.start()
        while not told:
            time.sleep(0.1)
        stayed = _arrive(root / "input", options, order)
        _wait_for(told, stayed, options.patience)
        began = time.monotonic()
        watch.send_signal(signal.SIGINT)
        code = watch.wait()
        reader.join()
        print(f"Ctrl-C: ended with {code} after {time.monotonic() - began:.1f} s")
        return _report(told, stayed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=120, help="within which all begin to arrive")
    parser.add_argument("--patience", type=float, default=900, help="seconds to wait for the last ones")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _kith(command: str, settings: Path, *more: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "kith", command, "--settings", str(settings), *more], stdout=stdout)


def _read(stream: IO[bytes] | None, told: list[dict[str, object]]) -> None:
    told.extend(map(json.loads, stream or ()))


def _arrive(target: Path, options: argparse.Namespace, order: random.Random) -> set[str]:
    """Let all files arrive, each in a thread at a time and in a way drawn by lot; return the paths that stay."""
    sources = [path for path in sorted(options.photos.rglob("*")) if path.suffix.lower() in {".jpg", ".jpeg"}]
    ways: Counter[str] = Counter()
    threads, stayed = [], set()
    made = target.parent / "made"
    made.mkdir()
    for number in range(options.files):
        (way,) = order.choices(WAYS, SHARES)
        ways[way] += 1
        content = _photo(order.choice(sources), number)
        place = target / f"folder {number}" if way == "with a folder" else target
        path = place / f"{number:04}.jpg"
        if way != "deleted":
            stayed.add(str(path))
        steps = _STEPS[way](made, path, content, random.Random(number))
        threads.append(threading.Timer(order.uniform(0, options.seconds), _go, [steps]))
    print(", ".join(f"{count} {way}" for way, count in sorted(ways.items())), flush=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return stayed


def _photo(source: Path, number: int) -> bytes:
    """Return a photo that is like no other: the number stands in the colour of a corner."""
    with Image.open(source) as image:
        rgb = image.convert("RGB")
        rgb.paste((number % 256, number // 256 * 40, 128), (0, 0, 16, 16))
        stream = io.BytesIO()
        rgb.save(stream, "JPEG", quality=95)
        return stream.getvalue()


def _go(steps: Iterator[float]) -> None:
    for pause in steps:
        time.sleep(pause)


def _at_once(_made: Path, path: Path, content: bytes, _order: random.Random) -> Iterator[float]:
    path.write_bytes(content)
    yield 0


def _slowly(_made: Path, path: Path, content: bytes, order: random.Random) -> Iterator[float]:
    with path.open("wb") as file:
        for start in range(0, len(content), len(content) // 5 + 1):
            file.write(content[start : start + len(content) // 5 + 1])
            file.flush()
            yield order.uniform(0.1, 6)


def _closed_in_between(_made: Path, path: Path, content: bytes, order: random.Random) -> Iterator[float]:
    middle = order.randrange(len(content) // 3, len(content) - 1)
    path.write_bytes(content[:middle])
    yield order.uniform(4, 10)
    with path.open("ab") as file:
        file.write(content[middle:])


def _renamed(_made: Path, path: Path, content: bytes, order: random.Random) -> Iterator[float]:
    part = path.with_name(order.choice([f".{path.name}.Xy12Ab", f"{path.name}.part", f"{path.stem}.tmp.jpg"]))
    part.write_bytes(content[: len(content) // 2])
    yield order.uniform(0.1, 8)
    part.write_bytes(content)
    part.rename(path)


def _with_a_folder(made: Path, path: Path, content: bytes, _order: random.Random) -> Iterator[float]:
    folder = made / path.parent.name
    folder.mkdir()
    (folder / path.name).write_bytes(content)
    yield 0.5
    folder.rename(path.parent)


def _deleted(_made: Path, path: Path, content: bytes, order: random.Random) -> Iterator[float]:
    path.write_bytes(content)
    yield order.uniform(0, 2)
    path.unlink()


_STEPS: dict[str, Callable[[Path, Path, bytes, random.Random], Iterator[float]]] = {
    "at once": _at_once,
    "slowly": _slowly,
    "closed in between": _closed_in_between,
    "renamed": _renamed,
    "with a folder": _with_a_folder,
    "deleted": _deleted,
}


def _wait_for(told: list[dict[str, object]], stayed: set[str], patience: float) -> None:
    last = time.monotonic() + patience
    while time.monotonic() < last and stayed - {str(event.get("path")) for event in [*told]}:
        time.sleep(1)
    time.sleep(10)  # for what may be recognised once more


def _report(told: list[dict[str, object]], stayed: set[str]) -> int:
    done = Counter(str(event["path"]) for event in told if event["event"] == "PhotoDone")
    failed = [event for event in told if event["event"] == "PhotoFailed"]
    notes = [event["text"] for event in told if event["event"] == "Notice" and "missing" in str(event["text"])]
    batches = sum(event["event"] == "RecognitionFinished" for event in told)
    missed, more = stayed - done.keys(), [path for path, times in done.items() if times > 1]
    gone = done.keys() - stayed
    print(f"{len(stayed)} files stayed; {len(done)} recognised in {batches} runs, {len(more)} of them more than once;")
    print(f"{len(missed)} missed, {len(failed)} failed, {len(notes)} half, {len(gone)} before they were deleted again")
    for problem in (*missed, *more, *failed, *notes):
        print(f"  {problem}")
    return 1 if missed or more or failed or notes else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.exit(main())
