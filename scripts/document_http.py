"""Writes what the gateway answers to docs/openapi.json, from the protos, for `make docs`."""

import json
from pathlib import Path

from services.gateway.openapi import document

PAGE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def main() -> None:
    """Write the document anew."""
    PAGE.write_text(text(), encoding="utf-8")


def text() -> str:
    """Return the document as it stands in the file."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    main()
