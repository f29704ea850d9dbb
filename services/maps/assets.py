"""
The files that browsers load, all from here: out of installed packages, and our own.

Their address has a digest of them all, so that a browser keeps them for a year and
a new version is never mixed with an old one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from services.maps.cells import outlines

DIGEST_LENGTH: Final = 12
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
}
#: in the order in which they must run; the map's own script comes after them
SCRIPTS: Final = ("leaflet.js", "leaflet.markercluster.js", "ihala.js", "outlines.js")
STYLES: Final = ("leaflet.css", "MarkerCluster.css", "ihala.css")
_PACKAGED: Final[Mapping[str, tuple[str, str]]] = {
    "leaflet.js": ("xstatic.pkg.leaflet", "leaflet.js"),
    "leaflet.css": ("xstatic.pkg.leaflet", "leaflet.css"),
    "leaflet.markercluster.js": ("xstatic.pkg.leaflet_markercluster", "leaflet.markercluster.js"),
    "MarkerCluster.css": ("xstatic.pkg.leaflet_markercluster", "MarkerCluster.css"),
    # leaflet.css asks for these by their paths
    "images/layers.png": ("xstatic.pkg.leaflet", "images/layers.png"),
    "images/layers-2x.png": ("xstatic.pkg.leaflet", "images/layers-2x.png"),
    "images/marker-icon.png": ("xstatic.pkg.leaflet", "images/marker-icon.png"),
}


@dataclass(frozen=True, slots=True)
class Assets:
    """Every file by its name, and the digest of them all."""

    contents: Mapping[str, bytes]
    digest: str

    def text(self, name: str) -> str:
        """Return a script or a style sheet as text."""
        return self.contents[name].decode("utf-8")


@cache
def assets() -> Assets:
    """Read the files, once a process."""
    contents = {
        name: files(package).joinpath("data", *path.split("/")).read_bytes()
        for name, (package, path) in _PACKAGED.items()
    }
    own = files("services.maps").joinpath("static")
    contents |= {name: own.joinpath(name).read_bytes() for name in ("ihala.js", "ihala.css")}
    contents["outlines.js"] = _outlines_script()
    contents = {name: _without_source_map(content) for name, content in contents.items()}
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    return Assets(contents, digest.hexdigest()[:DIGEST_LENGTH])


def _outlines_script() -> bytes:
    drawn = {name: {"type": "FeatureCollection", "features": outlines(name)} for name in ("countries", "regions")}
    return f"ihala.setOutlines({json.dumps(drawn, separators=(',', ':'))});\n".encode("ascii")


def _without_source_map(content: bytes) -> bytes:
    """Drop the pointer to a file that is not served: a browser with its tools open would ask for it."""
    head, mark, _ = content.rpartition(b"\n//# sourceMappingURL=")
    return head if mark else content
