"""On which terms a service is given: costs, documents to bring, who pays; whom to speak to, and how to get there."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from services.directory.hsds.attributes import CODES, FACTS, made_id
from services.directory.hsds.documents import Body
from services.directory.hsds.ways import Remarks, Ways, texts_of
from services.directory.model import Contact, ContactKind, CostOption, CostOptions, Period, Texts
from services.directory.model.fallback import text_for
from services.directory.model.imports import Fault
from services.errors import InvalidInput
from services.hours import zone

_OURS: Final = frozenset({CODES, FACTS})
_MOST_CODES: Final = 200
_LONGEST: Final = 256  #: characters of a pointer


def costs_of(service: Body, ways: Ways, remarks: Remarks) -> CostOptions:
    """Read what a service costs; an option that is none of ours is left out and told."""
    found: list[CostOption] = []
    for row in _rows(service, "cost_options"):
        try:
            found.append(_cost(row, ways, remarks))
        except InvalidInput as error:
            remarks.left_out(error, "service.cost_options")
        except (ValueError, TypeError, OverflowError):
            remarks.faults.append(Fault("service.cost_options.valid", "must have days as YYYY-MM-DD"))
    return tuple(found)


def documents_of(service: Body, ways: Ways, remarks: Remarks) -> Texts:
    """Read what somebody must bring along."""
    rows = [row.get("document") for row in _rows(service, "required_documents")]
    return texts_of(remarks, "service.required_documents", ways.language, *rows)


def funding_of(body: Body, ways: Ways, remarks: Remarks) -> Texts:
    """Read who pays."""
    rows = [row.get("source") for row in _rows(body, "funding")]
    return texts_of(remarks, "service.funding_conditions", ways.language, *rows)


def foreign_codes_of(body: Body) -> tuple[str, ...]:
    """Read the terms of other vocabularies, as pointers; one whose vocabulary has no plain name stays beside."""
    codes: dict[str, None] = {}
    for attribute in _rows(body, "attributes"):
        term = attribute.get("taxonomy_term")
        scheme, code = (term.get("taxonomy"), term.get("code")) if isinstance(term, dict) else (None, None)
        if not (isinstance(scheme, str) and isinstance(code, str)) or scheme in _OURS:
            continue
        plain = scheme and code.strip() and ":" not in scheme and not scheme[0].isspace() and not code[0].isspace()
        if plain and "\n" not in scheme + code and len(scheme) + len(code) < _LONGEST:
            codes[f"{scheme}:{code}"] = None
    return tuple(codes)[:_MOST_CODES]


def contacts_of(path: str, body: Body, ways: Ways, remarks: Remarks) -> tuple[Contact, ...]:
    """Read the telephones and mail addresses of one record, and of the people whom it names."""
    owners = (body, *_rows(body, "contacts"))
    found = [
        contact
        for owner in owners
        for phone in _rows(owner, "phones")
        for contact in contact_of(path, ContactKind.PHONE, phone.get("number"), phone.get("description"), ways, remarks)
    ]
    for owner in owners:
        found += contact_of(path, ContactKind.EMAIL, owner.get("email"), None, ways, remarks)
    return tuple(dict.fromkeys(found))


def contact_of(path: str, kind: ContactKind, value: Any, label: Any, ways: Ways, remarks: Remarks) -> Iterator[Contact]:
    """Read a contact; a blank gives none, and one that is none of ours is left out and told."""
    if not isinstance(value, str) or not value:
        return
    try:
        yield Contact(kind, value, texts_of(remarks, path, ways.language, label))
    except InvalidInput as error:
        remarks.left_out(error, path)


def transportation_of(location: Body, ways: Ways, remarks: Remarks) -> Texts:
    """Read how people get there."""
    return texts_of(remarks, "location.transportation", ways.language, location.get("transportation"))


def accessibilities_of(location: Body, ways: Ways, remarks: Remarks) -> Texts:
    """Read how people with a disability get in and about: description and details as one text."""
    rows = [
        "\n".join(str(row[part]) for part in ("description", "details") if row.get(part))
        for row in _rows(location, "accessibility")
    ]
    return texts_of(remarks, "location.accessibilities", ways.language, *rows)


def write_costs(body: Body, costs: CostOptions) -> None:
    body["cost_options"] = [dict(_cost_row(body["id"], number, cost)) for number, cost in enumerate(costs)]
    _leave_none(body, "cost_options")


def write_documents(body: Body, documents: Texts) -> None:
    body["required_documents"] = [
        {"id": made_id("document", body["id"], number), "document": each.text} for number, each in enumerate(documents)
    ]
    _leave_none(body, "required_documents")


def write_funding(body: Body, conditions: Texts) -> None:
    body["funding"] = [
        {"id": made_id("funding", body["id"], number), "source": each.text} for number, each in enumerate(conditions)
    ]
    _leave_none(body, "funding")


def write_transportation(body: Body, texts: Texts) -> None:
    chosen = text_for(texts, "en")
    body["transportation"] = chosen.text if chosen else None
    _leave_none(body, "transportation")


def write_accessibilities(body: Body, texts: Texts) -> None:
    body["accessibility"] = [
        {"id": made_id("accessibility", body["id"], number), "description": each.text}
        for number, each in enumerate(texts)
    ]
    _leave_none(body, "accessibility")


def _cost(row: Body, ways: Ways, remarks: Remarks) -> CostOption:
    amount, currency = row.get("amount"), row.get("currency")
    place = zone(ways.time_zone) if ways.time_zone else UTC
    return CostOption(
        amount=format(Decimal(str(amount)), "f") if isinstance(amount, int | float) else "",
        currency=currency.upper() if isinstance(currency, str) else "",
        descriptions=texts_of(
            remarks, "service.cost_options", ways.language, row.get("option"), row.get("amount_description")
        ),
        valid=Period(_day(row.get("valid_from"), place), _day(row.get("valid_to"), place, days=1)),
    )


def _cost_row(owner: str, number: int, cost: CostOption) -> Iterator[tuple[str, Any]]:
    yield "id", made_id("cost", owner, number)
    for column, time_, days in (("valid_from", cost.valid.start_time, 0), ("valid_to", cost.valid.end_time, 1)):
        if time_ is not None:
            yield column, (time_ - timedelta(days)).date().isoformat()
    for column, text in zip(("option", "amount_description"), cost.descriptions, strict=False):
        yield column, text.text
    if cost.currency:
        yield "currency", cost.currency
    if cost.amount:
        yield "amount", float(cost.amount) if "." in cost.amount else int(cost.amount)


def _day(value: Any, place: tzinfo, *, days: int = 0) -> datetime | None:
    return datetime.combine(date.fromisoformat(value) + timedelta(days), time.min, place) if value else None


def _rows(body: Body, name: str) -> list[Body]:
    rows = body.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _leave_none(body: Body, name: str) -> None:
    if not body[name]:
        del body[name]
