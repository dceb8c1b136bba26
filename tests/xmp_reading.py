"""XMP read without exiv2: by ExifTool where it is there, and by a plain XML parser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

EXIFTOOL = shutil.which("exiftool")
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
MWG = "{http://www.metadataworkinggroup.com/schemas/regions/}"
AREA = "{http://ns.adobe.com/xmp/sType/Area#}"
DIMENSIONS = "{http://ns.adobe.com/xap/1.0/sType/Dimensions#}"
MICROSOFT = "{http://ns.microsoft.com/photo/1.2/t/Region#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
DIGIKAM = "{http://www.digikam.org/ns/1.0/}"
LIGHTROOM = "{http://ns.adobe.com/lightroom/1.0/}"

Region = tuple[str, tuple[float, float, float, float]]  # name, and left, top, width, height


def exiftool(*files: Path) -> list[dict[str, Any]]:
    """Return the XMP of files as ExifTool reads it."""
    assert EXIFTOOL
    command = [EXIFTOOL, "-j", "-struct", "-XMP:all", "-charset", "filename=utf8", *map(str, files)]
    told = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
    told_of: list[dict[str, Any]] = json.loads(told)
    return told_of


def exiftool_regions(told: dict[str, Any]) -> tuple[list[Region], list[Region]]:
    """Return the MWG and the Microsoft regions that ExifTool read."""
    mwg = []
    for region in told.get("RegionInfo", {}).get("RegionList", ()):
        x, y, w, h = (float(region["Area"][side]) for side in "XYWH")
        mwg.append((region["Name"], (x - w / 2, y - h / 2, w, h)))
    microsoft = []
    for region in told.get("RegionInfoMP", {}).get("Regions", ()):
        x, y, w, h = map(float, region["Rectangle"].split(","))
        microsoft.append((region["PersonDisplayName"], (x, y, w, h)))
    return mwg, microsoft


def packet(content: bytes) -> ElementTree.Element:
    """Return the XMP of a file, a sidecar or a picture, as XML."""
    start, end = content.index(b"<x:xmpmeta"), content.index(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")
    return ElementTree.fromstring(content[start:end])


def listed(root: ElementTree.Element, name: str) -> list[str]:
    """Return the texts of a list."""
    return [item.text or "" for found in root.iter(name) for item in found.iter(f"{RDF}li")]


def xml_regions(root: ElementTree.Element) -> tuple[list[Region], list[Region]]:
    """Return the MWG and the Microsoft regions, as attributes or elements."""
    mwg, microsoft = [], []
    for found in root.iter(f"{MWG}RegionList"):
        for item in found.findall(f"*/{RDF}li"):
            x, y, w, h = (float(_value(item, AREA + side)) for side in "xywh")
            mwg.append((_value(item, f"{MWG}Name"), (x - w / 2, y - h / 2, w, h)))
    for item in root.iter(f"{RDF}li"):
        if rectangle := _value(item, f"{MICROSOFT}Rectangle"):
            left, top, width, height = map(float, rectangle.split(","))
            microsoft.append((_value(item, f"{MICROSOFT}PersonDisplayName"), (left, top, width, height)))
    return mwg, microsoft


def dimensions(root: ElementTree.Element) -> tuple[str, str, str]:
    """Return the dimensions that the areas apply to, with their unit."""
    w, h, unit = (_value(root, DIMENSIONS + name) for name in ("w", "h", "unit"))
    return w, h, unit


def _value(element: ElementTree.Element, name: str) -> str:
    for part in element.iter():
        if name in part.attrib:
            return part.attrib[name]
        if part.tag == name:
            return part.text or ""
    return ""
