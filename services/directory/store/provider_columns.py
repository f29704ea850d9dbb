"""What a provider's row repeats beside its `doc`, to search, join and lock by."""

from typing import Any, Final

from psycopg import sql

from services.directory.model import Provider
from services.directory.search import codes_of, languages_of, words_of
from services.directory.wire.nouns_wire import PROVIDER
from services.geo import AreaCell, Point

#: in the order of `columns_of`; with the type that text is read as
COLUMNS: Final = {
    "organization_id": "uuid",
    "service_id": "uuid",
    "location_id": "uuid",
    "receiver_id": "uuid",
    "pool_id": "text",
    "dataset": "text",
    "source_key": "text",
    "disclosure": "text",
    "h3_cell": "text",
    "position": "point",
    "country_code": "text",
    "status": "text",
    "start_time": "timestamptz",
    "end_time": "timestamptz",
    "codes": "text[]",
    "languages": "text[]",
    "words": "tsvector",
    "has_free_places": "boolean",
    "verified_time": "timestamptz",
    "deliveries": "text[]",
    "staff_genders": "text[]",
    "has_areas": "boolean",
    "vetting_expire_time": "timestamptz",
    "doc": "bytea",
}

#: columns that are lists: PostgreSQL has no arrays of ragged arrays, so they travel as texts
LISTS: Final = ("codes", "languages", "words", "deliveries", "staff_genders")
#: of these columns; one more whenever what a row repeats of `doc` is another than before
FORM: Final = 2
#: what a `Stored` is read from
STORED: Final = sql.SQL(
    """
    provider_id::text AS record_id, revision, archived, doc, create_time, update_time, told_revision,
    (SELECT heard_time FROM receiver WHERE receiver.receiver_id = provider.receiver_id) AS receiver_heard_time
    """
)


def columns_of(provider_id: str, provider: Provider) -> dict[str, Any]:
    """
    Write a provider whose location is known as the columns of its row.

    Returns:
        Values by column; `words` as a list, to be turned by `array_to_tsvector`.
    """
    site, source = provider.located, provider.source
    place = site.place
    return {
        "organization_id": site.organization_id,
        "service_id": provider.service_id,
        "location_id": provider.location_id,
        "receiver_id": provider.receiver_id or None,
        "pool_id": provider.pool_id,
        "dataset": source.dataset if source else None,
        "source_key": source.source_key if source else None,
        "disclosure": site.disclosure.value,
        "h3_cell": place.h3_cell if isinstance(place, AreaCell) else None,
        "position": f"({place.longitude_deg!r},{place.latitude_deg!r})" if isinstance(place, Point) else None,
        "country_code": site.country_code,
        "status": provider.status.value,
        "start_time": provider.valid.start_time,
        "end_time": provider.valid.end_time,
        "codes": codes_of(provider),
        "languages": languages_of(provider),
        "words": words_of(provider.names),
        "has_free_places": provider.has_free_places,
        "verified_time": source.verified_time if source else None,
        "deliveries": [each.value for each in provider.deliveries],
        "staff_genders": list(provider.staff_genders),
        "has_areas": bool(provider.service_areas),
        "vetting_expire_time": provider.vetting.expire_time,
        "doc": PROVIDER.doc(provider_id, provider),
    }
