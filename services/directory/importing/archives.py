"""Look into a zip before anything unpacks it: bombs, zips inside zips, and XML that declares entities are refused."""

import zipfile
from pathlib import Path
from typing import Final

from services.directory.importing.limits import Limits, too_large
from services.directory.model import refuse
from services.errors import InvalidInput, Reason

_CHUNK_BYTES: Final = 1_048_576
_XML: Final = (".xml", ".rels", ".vml")
_ZIP_BEGINS: Final = b"PK\x03\x04"
#: in the encodings in which a parser of XML would understand it
_DECLARATIONS: Final = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)


def check_workbook(path: Path, limits: Limits) -> None:
    """
    Check that a workbook is a zip that may be unpacked.

    Every entry is unpacked once here, in pieces that are thrown away, because
    the sizes that a zip states may be lies.

    Raises:
        InvalidInput: it is no zip (MALFORMED); it holds too many entries or too
            much, another zip, or XML with a document type.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path.stat().st_size, limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise refuse("file", "must be a workbook in Excel's format .xlsx", Reason.MALFORMED) from None


def _check_entries(archive: zipfile.ZipFile, size_bytes: int, limits: Limits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.archive_entries:
        raise too_large(f"must be a zip of at most {limits.archive_entries} entries")
    rest_bytes = size_bytes * limits.archive_ratio
    for entry in entries:
        is_xml, seen, head = entry.filename.lower().endswith(_XML), b"", b""
        with archive.open(entry) as unpacked:
            while chunk := unpacked.read(_CHUNK_BYTES):
                head = head or chunk[: len(_ZIP_BEGINS)]
                rest_bytes -= len(chunk)
                if rest_bytes < 0:
                    raise too_large(f"must not unpack to more than {limits.archive_ratio} times its size")
                if head == _ZIP_BEGINS:
                    raise _hostile("must not hold another zip")
                if is_xml:
                    # a declaration may lie across two pieces
                    window, seen = seen + chunk, chunk[-32:]
                    if any(word in window for word in _DECLARATIONS):
                        raise _hostile("must not hold XML that declares a document type or entities")


def _hostile(rule: str) -> InvalidInput:
    return refuse("file", rule, Reason.MALFORMED)
