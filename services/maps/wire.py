"""Translates between what maps know and the messages of the directory and of referrals."""

from collections.abc import Iterable
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import directory_pb2, directory_service_pb2
from ihala.referrals.v1 import referrals_service_pb2
from services.geo import Point
from services.maps.filters import Filters
from services.maps.model import LEAST_COUNT, AreaCount, PublicProvider, ReferralCount

#: 200 providers of 5 kB fill the largest message that a service of the house sends
PAGE_SIZE = 200

_REACH_OUT = {
    directory_pb2.REACH_OUT_ENROLLED: "enrolled",
    directory_pb2.REACH_OUT_TELEPHONE: "telephone",
    directory_pb2.REACH_OUT_WALK_IN: "walk_in",
}


def search_to_wire(filters: Filters, page_token: str) -> directory_service_pb2.SearchProvidersRequest:
    """Ask for one page of the providers that the filters leave, by id."""
    return directory_service_pb2.SearchProvidersRequest(
        codes=[filters.service] if filters.service else [],
        language=filters.speaks,
        country_code=filters.country,
        places_free=filters.free_only,
        page_size=PAGE_SIZE,
        page_token=page_token,
    )


def providers_from_wire(found: Iterable[directory_service_pb2.FoundProvider]) -> list[PublicProvider]:
    """
    Read a page of providers.

    Search answers public ones only; should another ever come, it is left out here
    as well, because everything after this draws what it is given (R19).
    """
    return [
        _provider_from_wire(each.provider)
        for each in found
        if each.provider.disclosure == directory_pb2.DISCLOSURE_PUBLIC and not each.provider.place.HasField("cell")
    ]


def _provider_from_wire(provider: directory_pb2.Provider) -> PublicProvider:
    free_places, report_time = _free_places(provider.place_reports)
    phones = [each.value for each in provider.contacts if each.kind == directory_pb2.CONTACT_KIND_PHONE]
    return PublicProvider(
        point=_point(provider),
        names={each.language: each.text for each in provider.names},
        country_code=provider.country_code,
        codes=tuple(each.code for each in provider.claims if each.claim == directory_pb2.CLAIM_YES),
        unsure_codes=tuple(
            each.code
            for each in provider.claims
            if each.claim in {directory_pb2.CLAIM_UNKNOWN, directory_pb2.CLAIM_UNSPECIFIED}
        ),
        free_places=free_places,
        report_time=report_time,
        reach_out=_REACH_OUT.get(provider.reach_out, "none"),
        phone=phones[0] if phones else "",
        verified_time=_time(provider.source.verified_time) if provider.source.HasField("verified_time") else None,
    )


def _point(provider: directory_pb2.Provider) -> Point | None:
    if not provider.place.HasField("point"):
        return None
    return Point(provider.place.point.latitude_deg, provider.place.point.longitude_deg)


def _free_places(reports: Iterable[directory_pb2.PlaceReport]) -> tuple[int | None, datetime | None]:
    """Add up what is free over the populations that are counted; overfull ones have nothing free."""
    counted = [each for each in reports if each.HasField("total")]
    if not counted:
        return None, None
    free_places = sum(max(0, each.total - each.occupied) for each in counted)
    return free_places, min(_time(each.report_time) for each in counted)


def _time(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)


def count_to_wire(filters: Filters) -> directory_service_pb2.CountAreasRequest:
    """Ask for the counts of confidential providers of a service; they have no other filter."""
    return directory_service_pb2.CountAreasRequest(code=filters.service)


def areas_from_wire(response: directory_service_pb2.CountAreasResponse) -> list[AreaCount]:
    """Read the counts; one that is too small to be told is dropped whoever let it pass."""
    return [
        AreaCount(h3_cell=each.h3_cell, provider_count=each.provider_count)
        for each in response.counts
        if each.provider_count >= LEAST_COUNT
    ]


def referrals_from_wire(
    response: referrals_service_pb2.SummarizeReferralsResponse, filters: Filters
) -> list[ReferralCount]:
    """Read the counts of the chosen group; small ones are dropped as above."""
    return [
        ReferralCount(
            h3_cell=each.area_cell,
            group=each.group,
            offer_count=each.offer_count,
            accepted_count=each.accepted_count
            if each.HasField("accepted_count") and each.accepted_count >= LEAST_COUNT
            else None,
        )
        for each in response.counts
        if each.offer_count >= LEAST_COUNT and filters.group in {"", each.group}
    ]
