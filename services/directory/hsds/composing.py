"""Put documents together again, as the compiled schemas of the standard nest them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from services.directory.hsds.documents import BACK_LINKS, Body, Document, Documents
from services.directory.hsds.tables import RECORDS

MAX_NESTED: Final = 100  #: locations of an organization that stand in each of its services too


class Composer:
    """
    Composes whole documents out of single ones.

    Args:
        documents: All of them; a record that a list names and that is not here is left out.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._linked: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for table in RECORDS:
            for document in documents.of(table).values():
                for link, key in document.links.items():
                    self._linked[table, link, key].append(document.key)

    def whole(self, table: str, key: str) -> Body:
        """Compose the document of a record, or of what is no record, with all that the standard puts inside it."""
        document = self._documents.of(table)[key]
        match table:
            case "organization":
                services = self._each(document, "services", "service", self._service)
                return {**self._organization(document), **services}
            case "service":
                return {**self._service(document), **self._one(document, "organization", self._nested_organization)}
            case "service_at_location":
                service = self._one(document, "service", self._service_alone)
                return {**self._service_at_location(document), **service}
            case _:
                return dict(document.body)

    def all(self, table: str) -> Iterator[Body]:
        """Compose all documents of a table, in their order."""
        return (self.whole(table, key) for key in self._documents.of(table))

    def _organization(self, document: Document) -> Body:
        body = {name: value for name, value in document.body.items() if name != "services"}
        if "locations" not in body:
            return body  # its locations name it; in each of its services they would be there times over
        return {**body, **self._each(document, "locations", "location", lambda location: dict(location.body))}

    def _nested_organization(self, document: Document) -> Body:
        """Compose an organization inside another document; one of many locations leaves these to its own."""
        if len(document.body.get("locations") or ()) <= MAX_NESTED:
            return self._organization(document)
        return {name: value for name, value in document.body.items() if name not in {"services", "locations"}}

    def _service(self, document: Document) -> Body:
        at_locations = self._each(document, "service_at_locations", "service_at_location", self._service_at_location)
        return {**document.body, **at_locations}

    def _service_alone(self, document: Document) -> Body:
        body = {name: value for name, value in document.body.items() if name != "service_at_locations"}
        return {**body, **self._one(document, "organization", self._nested_organization)}

    def _service_at_location(self, document: Document) -> Body:
        return {**document.body, **self._one(document, "location", lambda location: dict(location.body))}

    def _one(self, document: Document, link: str, compose: Any) -> Body:
        found = self._documents.of(link).get(document.links.get(link, ""))
        return {} if found is None else {link: compose(found)}

    def _each(self, document: Document, name: str, table: str, compose: Any) -> Body:
        """Compose the records of a list: those that it names in its order, then others that belong there."""
        link = BACK_LINKS[document.table, name]
        named = [each["id"] for each in document.body.get(name) or () if isinstance(each, dict)]
        keys = dict.fromkeys([*named, *self._linked[table, link, document.key]])
        there = self._documents.of(table)
        # a record that has moved to another since stands there
        found = [
            there[key] for key in keys if key in there and there[key].links.get(link, document.key) == document.key
        ]
        if not found and name not in document.body:
            return {}
        return {name: [compose(each) for each in found]}


def page(contents: list[Any]) -> Body:
    """Wrap a list as one page that has all of it."""
    return {
        "total_items": len(contents),
        "total_pages": 1,
        "page_number": 1,
        "size": len(contents),
        "first_page": True,
        "last_page": True,
        "empty": not contents,
        "contents": contents,
    }
