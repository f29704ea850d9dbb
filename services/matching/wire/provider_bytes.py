"""
Write what a row says of its provider whoever asks.

A confidential site shows its alias and its cell: no contact, no key, no time at
which its desk was heard (R17).
"""

from functools import lru_cache
from struct import Struct, pack
from typing import Final

from ihala.directory.v1 import directory_pb2
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.geo import AreaCell, Place, area_at
from services.matching.model.provider import Claim, Contact, Provider, ReachOut, Text
from services.matching.wire.provider_wire import CONTACT_KINDS, REACHES_OUT, turn
from services.matching.wire.writing import inside, number, tag_of, text, time

_ID: Final = tag_of(pb.Match, "provider_id")
_CONTACTS: Final = tag_of(pb.Match, "contacts")
_VERIFIED: Final = tag_of(pb.Match, "verified_time")
_NAMES: Final = tag_of(pb.Match, "names")
_PLACE: Final = tag_of(pb.Match, "place")
_CODES: Final = tag_of(pb.Match, "service_codes")
_DATASET: Final = tag_of(pb.Match, "dataset")
_KEY: Final = tag_of(pb.Match, "source_key")
_COUNTRY: Final = tag_of(pb.Match, "country_code")
_ZONE: Final = tag_of(pb.Match, "time_zone")
_AREA_CELL: Final = tag_of(pb.Match, "area_cell")
_HEARD: Final = tag_of(pb.Match, "receiver_heard_time")
_KIND: Final = tag_of(directory_pb2.Contact, "kind")
_VALUE: Final = tag_of(directory_pb2.Contact, "value")
_LABELS: Final = tag_of(directory_pb2.Contact, "labels")
_LANGUAGE: Final = tag_of(directory_pb2.LocalizedText, "language")
_TEXT: Final = tag_of(directory_pb2.LocalizedText, "text")
_CELL: Final = tag_of(geo_pb2.Place, "cell")
_H3_CELL: Final = tag_of(geo_pb2.AreaCell, "h3_cell")
_REACHES_OUT: Final = {
    reach_out: pb.Match(reach_out=told).SerializeToString()
    for reach_out, told in {**turn(REACHES_OUT), ReachOut.NONE: directory_pb2.REACH_OUT_NONE}.items()
}
_CONTACT_KINDS: Final = turn(CONTACT_KINDS)
_YES: Final = Claim.YES
_SAMPLE_DEG: Final = 1.5  #: any number whose bytes stand for a place to fill
#: what stands before, between and after the latitude and longitude of a place
_BEFORE, _BETWEEN, _AFTER = (
    pb.Match(place=geo_pb2.Place(point=geo_pb2.Point(latitude_deg=_SAMPLE_DEG, longitude_deg=_SAMPLE_DEG)))
    .SerializeToString()
    .split(pack("<d", _SAMPLE_DEG))
)
_double: Final = Struct("<d").pack
# the same few words are in many rows
_word: Final = lru_cache(maxsize=4096)(text)


def provider_to_bytes(provider: Provider) -> bytes:
    """Write the fields of a `Match` that are the provider's own."""
    place = provider.place
    parts = [
        text(_ID, provider.provider_id),
        time(_VERIFIED, provider.verified_time),
        *[inside(_NAMES, _localized(each)) for each in provider.names],
        b"" if place is None else _placed(place),
        _REACHES_OUT[provider.reach_out],
        *[_word(_CODES, code) for code, claim in provider.claims if claim is _YES],
        _word(_DATASET, provider.dataset),
        _word(_COUNTRY, provider.country_code),
        _word(_ZONE, provider.time_zone),
    ]
    if not provider.is_confidential:
        parts += [inside(_CONTACTS, _contact(each)) for each in provider.contacts]
        parts += [text(_KEY, provider.source_key), time(_HEARD, provider.receiver_heard_time)]
    return b"".join(parts)


def _placed(place: Place) -> bytes:
    if isinstance(place, AreaCell):
        where = inside(_PLACE, inside(_CELL, text(_H3_CELL, place.h3_cell)))
    else:
        where = b"".join((_BEFORE, _double(place.latitude_deg), _BETWEEN, _double(place.longitude_deg), _AFTER))
    return where + _word(_AREA_CELL, area_at(place).h3_cell)


def _contact(contact: Contact) -> bytes:
    labels = [inside(_LABELS, _localized(each)) for each in contact.labels]
    return b"".join((number(_KIND, _CONTACT_KINDS.get(contact.kind, 0)), text(_VALUE, contact.value), *labels))


def _localized(said: Text) -> bytes:
    return _word(_LANGUAGE, said.language) + text(_TEXT, said.text)
