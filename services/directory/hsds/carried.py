"""The form in which a document is kept beside its record: itself, what it belongs to, and how it was read."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.directory.hsds.documents import Document
from services.directory.hsds.tables import TABLES
from services.directory.hsds.ways import Ways
from services.directory.model import refuse

MAX_LENGTH: Final = 131_072  #: of a document as it is kept, in characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A document as the directory keeps it."""

    table: str
    source_key: str  #: of its record in the dataset
    record_id: str = ""  #: empty: no record could be made of it, or it is of no record
    dataset: str
    text: str  #: as `written` makes it


def written(document: Document, ways: Ways) -> str:
    """Write a document as it is kept: the same for the same document."""
    whole = {"links": document.links, "ways": asdict(ways), "body": document.body}
    return json.dumps(whole, separators=(",", ":"))


def opened(table: str, text: str) -> tuple[Document, Ways]:
    """
    Read a document as it is kept.

    Raises:
        InvalidInput: it is none.
    """
    try:
        whole: Any = json.loads(text)
        key: Any = whole["body"]["id"]
        document = Document(table, key, whole["body"], dict(whole["links"]))
        ways = Ways(**whole["ways"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise refuse("json", "must be a document as `written` makes it") from None
    if table not in TABLES or not isinstance(key, str) or not key:
        raise refuse("table", "must be a table of HSDS 3.1")
    return document, ways
