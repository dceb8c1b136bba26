"""report.html and report.json: everything that is known, escaped, whole, and of nothing beside itself."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from pytestqt.qtbot import QtBot

from kith.filing.report_page import PagePhoto, write_page
from kith.jobs.person_changes import PersonChanges
from tests.desk import ran
from tests.test_runs import Cabinet
from tests.test_runs import built as built
from tests.test_runs import world as world
from tests.windows import PATIENCE_MS, open_window

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=y>',
    "{{ 7 * 7 }}",
    "שלום {% raw %}",
    "a'b&c;d",
    "\u202egpj.exe",
]


class _Page(HTMLParser):
    """The elements of a page, and the text in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _photo(number: int, *people: str, unsure: tuple[str, ...] = (), taken: str = "") -> PagePhoto:
    return PagePhoto(number, f"Ann/{number}.jpg", f"{number}.jpg", taken, people, unsure, "QUJD")


def test_the_page_escapes_every_name_and_asks_for_nothing(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    photos = [_photo(number, name, taken=f"20{number:02}-01-01T00:00:00") for number, name in enumerate(NASTY)]
    photos += [_photo(50, *NASTY), _photo(51, unsure=(NASTY[0],)), _photo(52)]
    write_page(target, NASTY[0], photos)
    text = target.read_text("utf-8")
    page = _Page(text)
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "link", "object", "base", "form"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    loaded = [given for _, attributes in page.tags for name, given in attributes.items() if name in {"src", "srcset"}]
    assert loaded == []
    assert re.findall(r"url\((?!data:image/jpeg;base64,)", text) == []
    assert "default-src 'none'" in text
    assert "49" not in page.text.split("Who appears")[0]
    for name in NASTY[:5]:
        assert html.escape(name, quote=False).replace("'", "&#39;") in text or name in page.text
    assert "\u202e" not in text


def test_the_page_tells_who_is_with_whom_and_when(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    taken = "2019-05-01T10:00:00"
    photos = [_photo(1, "Ann", "Bob", taken=taken), _photo(2, "Ann", "Bob", taken=taken), _photo(3, "Ann")]
    write_page(target, "Sorted", [*photos, _photo(4, unsure=("Ann",)), _photo(5)])
    text = target.read_text("utf-8")
    assert re.search(r'<th scope="row"><bdi>Ann</bdi></th><td></td><td style="[^"]+">2</td>', text)
    assert "3 photos, 2019" in text
    assert 'title="Ann, 2019: 2"' in text
    assert text.count("QUJD") == 5  # each picture once, however often it is shown
    assert text.count('class="t p1"') == 2
    assert "Ann?" in text


def test_ten_thousand_photos_are_one_page(tmp_path: Path) -> None:
    photos = [_photo(number, f"Person {number % 300}") for number in range(10_000)]
    write_page(tmp_path / "report.html", "Many", photos)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert text.count("QUJD") == 10_000
    assert len(re.findall(r'<h2 id="person', text)) == 300


def test_the_data_hold_every_appearance_with_its_grounds(world: Cabinet) -> None:
    world.run()
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), NASTY[0])
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    code, told, error = ran("report", "--settings", file)
    assert code == 0, error
    assert told.splitlines() == [str(world.output / "report.html"), str(world.output / "report.json")]
    data = json.loads((world.output / "report.json").read_text("utf-8"))
    assert {"kith", "output", "models", "thresholds", "photos"} == data.keys()
    assert data["thresholds"]["face_margin"] == pytest.approx(0.04)
    photos = {Path(photo["file"]).name: photo for photo in data["photos"]}
    assert len(photos) == 7
    both = photos["6.png"]
    assert both["people"] == [NASTY[0], "Bob"]
    assert len(both["copies"]) == 2
    first, second = both["appearances"]
    assert first["by_face"][0]["person"] == NASTY[0]
    assert len(first["by_face"]) == 3
    assert second["person"] == "Bob"
    assert first["box"]["x"] == pytest.approx(0.06, abs=0.02)
    assert len(both["image_hash"]) == 64
    page = _Page((world.output / "report.html").read_text("utf-8"))
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a" and attributes.get("class")}
    assert links
    assert all((world.output / unquote(str(link))).is_file() for link in links)


def test_a_report_of_nothing_is_refused_and_one_to_elsewhere_leads_to_the_files(world: Cabinet, tmp_path: Path) -> None:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    code, _, error = ran("report", "--settings", file)
    assert (code, "has filed nothing that lies in" in error) == (3, True)
    world.run()
    page = tmp_path / "for mother.html"
    assert ran("report", "--html", page, "--settings", file)[0] == 0
    assert not (world.output / "report.html").exists()
    assert world.output.as_uri() in page.read_text("utf-8")


def test_the_window_saves_the_page(qtbot: QtBot, world: Cabinet) -> None:
    world.run()
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values | {"processed_dir": str(world.output)}), encoding="utf-8")
    window = open_window(qtbot, file)
    target = world.root / "page.html"
    window.choose_file = lambda *_: target
    qtbot.waitUntil(window.does.report.isEnabled, timeout=PATIENCE_MS)
    window.does.report.trigger()
    qtbot.waitUntil(target.exists, timeout=PATIENCE_MS)
    assert "Who appears with whom" in target.read_text("utf-8")
