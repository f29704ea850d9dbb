"""
Facts that HSDS has no column for, as attributes: our service codes, and our fields as JSON.

An attribute of the taxonomy `ihala` is one of our service codes with yes, no or unknown.
One of the taxonomy `ihala-facts` is a field of a record, as JSON, and counts before what
the columns of the standard say of it.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, Final, get_type_hints
from uuid import NAMESPACE_OID, uuid5

from pydantic import TypeAdapter

from services.directory.hsds.documents import Body
from services.directory.model import Claim, Location, Organization, Provider, Service, ServiceClaim
from services.errors import InvalidInput
from services.taxonomy import services

CODES: Final = "ihala"
FACTS: Final = "ihala-facts"
_NAMESPACE: Final = uuid5(NAMESPACE_OID, "ihala.hsds")
_RECORD: Final = {
    "organization": Organization,
    "service": Service,
    "location": Location,
    "service_at_location": Provider,
}
#: facts of a record's source, and where its key came from
_OTHER: Final = {"licence": str, "verified_time": datetime, "origin": dict[str, str]}


def made_id(*parts: object) -> str:
    """Make the id of an object that has none: the same for the same parts, always."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, parts))))


def claims_of(body: Body) -> Iterator[ServiceClaim]:
    """Read the service codes of a document; another taxonomy's are pointers, and claim nothing here."""
    for term, value in _attributes(body, CODES):
        claim = Claim.__members__.get(str(value or "yes").upper())
        if claim is not None and term in _labels():
            yield ServiceClaim(term, claim, "stated")


def write_claims(table: str, body: Body, claims: tuple[ServiceClaim, ...]) -> None:
    """Let a document have these service codes and no others."""
    forget(body, CODES)
    for each in claims:
        label = _labels()[each.code]
        _add(table, body, CODES, each.code, each.claim.value.lower(), label)


def facts_of(table: str, body: Body, faults: list[str]) -> Body:
    """Read the fields that attributes tell; one that is no value of its field is a fault, by its name."""
    found: Body = {}
    for term, text in _attributes(body, FACTS):
        try:
            found[term] = _adapter(table, term).validate_python(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError, InvalidInput):
            faults.append(term)
    return found


def write_fact(table: str, body: Body, field: str, value: Any) -> None:
    """Let an attribute tell a field."""
    forget(body, FACTS, field)
    text = json.dumps(_adapter(table, field).dump_python(value, mode="json"), ensure_ascii=False, separators=(",", ":"))
    _add(table, body, FACTS, field, text, "A field of Ihala's directory, as JSON.")


def forget(body: Body, taxonomy: str, code: str = "") -> None:
    """Take the attributes of a taxonomy out of a document, or the one of a code."""
    kept = [
        each
        for each in body.get("attributes") or ()
        if _term(each).get("taxonomy") != taxonomy or (code and _term(each).get("code") != code)
    ]
    if len(kept) < len(body.get("attributes") or ()):
        body["attributes"] = kept
        if not kept:
            del body["attributes"]


def _attributes(body: Body, taxonomy: str) -> Iterator[tuple[str, Any]]:
    for each in body.get("attributes") or ():
        term = _term(each)
        if term.get("taxonomy") == taxonomy and isinstance(term.get("code"), str):
            yield term["code"], each.get("value")


def _term(attribute: Body) -> Body:
    term = attribute.get("taxonomy_term")
    return term if isinstance(term, dict) else {}


def _add(table: str, body: Body, taxonomy: str, code: str, value: str, description: str) -> None:
    attribute = {
        "id": made_id(table, body["id"], taxonomy, code),
        "link_entity": table,
        "value": value,
        "taxonomy_term": {
            "id": made_id(taxonomy, code),
            "code": code,
            "name": code if taxonomy == FACTS else description,
            "description": description,
            "taxonomy": taxonomy,
        },
    }
    body["attributes"] = [*(body.get("attributes") or ()), attribute]


@cache
def _labels() -> dict[str, str]:
    return {code: service.labels["en"] for code, service in services().items()}


@cache
def _adapter(table: str, field: str) -> TypeAdapter[Any]:
    return TypeAdapter(_OTHER.get(field) or get_type_hints(_RECORD[table])[field])
