"""A small offer as a document of HSDS, and reading it: pure, without a directory."""

import json
from pathlib import Path
from typing import Any

from services.directory.hsds.documents import Documents
from services.directory.hsds.incoming import Incoming, incoming
from services.directory.hsds.packages import read_files
from services.directory.hsds.ways import Ways

ORGANIZATION = {"id": "o", "name": "Dar", "description": "A house", "legal_status": "Association"}
SERVICE = {"id": "s", "name": "Night", "status": "active", "organization": ORGANIZATION}
LOCATION = {"id": "l", "location_type": "physical", "latitude": 32.8, "longitude": 13.1}


def offer(**more: Any) -> dict[str, Any]:
    return {"id": "p", "service": SERVICE, "location": LOCATION, **more}


def read(folder: Path, *values: Any) -> Documents:
    paths = []
    for number, value in enumerate(values):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return read_files(paths)


def brought(folder: Path, *values: Any, **ways: str) -> Incoming:
    return incoming(read(folder, *values), Ways(**{"country_code": "LY", **ways}))
