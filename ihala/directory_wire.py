"""Translate what the directory tells between the SDK's values and the wire."""

from collections.abc import Sequence
from typing import Any

from ihala import shape_wire
from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.enum_wire import numbers_of, texts_from_wire, time_from_wire, time_to_wire, word_of
from ihala.geo.v1 import geo_pb2 as geo_pb
from ihala.match_wire import contacts_from_wire, place_from_wire, reach_from_wire
from ihala.records import AreaCount, CostOption, Hours, PlaceReport, Provider, ReceiverRecord, Term, Town
from services.geo import Point


def statuses_to_wire(words: Sequence[str]) -> list[Any]:
    """
    Write statuses.

    Raises:
        InvalidInput: there is no such status (UNKNOWN_CODE).
    """
    return numbers_of(pb.Status, "STATUS", words, "statuses")


def found_from_wire(found: service_pb.FoundProvider) -> Provider:
    """Read a provider and how far it is."""
    distance_m, band = reach_from_wire(found)
    return provider_from_wire(found.provider, distance_m, band)


def provider_from_wire(provider: pb.Provider, distance_m: float | None = None, band: object = None) -> Provider:
    """Read a provider."""
    return Provider(
        provider_id=provider.provider_id,
        receiver_id=provider.receiver_id,
        pool_id=provider.pool_id,
        dataset=provider.source.dataset,
        source_key=provider.source.source_key,
        names=texts_from_wire(provider.names),
        place=place_from_wire(provider, "place"),
        is_confidential=provider.disclosure == pb.DISCLOSURE_AREA,
        country_code=provider.country_code,
        time_zone=provider.time_zone,
        claims={each.code: word_of(pb.Claim, "CLAIM", each.claim) or "unknown" for each in provider.claims},
        status=word_of(pb.Status, "STATUS", provider.status),
        vetting=word_of(pb.VettingState, "VETTING_STATE", provider.vetting.state) or "unvetted",
        reach_out=word_of(pb.ReachOut, "REACH_OUT", provider.reach_out) or "none",
        contacts=contacts_from_wire(provider.contacts),
        places=tuple(map(_report_from_wire, provider.place_reports)),
        hours=tuple(map(_hours_from_wire, provider.schedules)),
        languages=tuple(each.language for each in provider.languages),
        verified_time=time_from_wire(provider.source, "verified_time"),
        start_time=time_from_wire(provider.valid, "start_time"),
        end_time=time_from_wire(provider.valid, "end_time"),
        revision=provider.revision,
        front_gate_place_id=provider.front_gate_place_id,
        staff_genders=tuple(provider.staff_genders),
        costs=tuple(map(_cost_from_wire, provider.cost_options)),
        required_documents=tuple(each.text for each in provider.required_documents),
        funding_conditions=tuple(each.text for each in provider.funding_conditions),
        transportation=tuple(each.text for each in provider.transportation),
        point_precision=word_of(pb.PointPrecision, "POINT_PRECISION", provider.point_precision),
        receiver_heard_time=time_from_wire(provider, "receiver_heard_time"),
        distance_m=distance_m,
        band=band,  # type: ignore[arg-type]  # as `reach_from_wire` gives it
    )


def reports_to_wire(reports: Sequence[PlaceReport]) -> list[pb.PlaceReport]:
    """Write reports of places; their times are the caller's to set."""
    return [
        pb.PlaceReport(
            population=each.population,
            total=each.total,
            occupied=each.occupied,
            report_time=time_to_wire(each.report_time, "report_time"),
        )
        for each in reports
    ]


def town_from_wire(town: pb.Town) -> Town:
    """Read a town."""
    return Town(
        place_id=town.place_id,
        name=town.name,
        other_names=tuple(town.other_names),
        country_code=town.country_code,
        point=Point(town.point.latitude_deg, town.point.longitude_deg),
        population=town.population,
        time_zone=town.time_zone,
    )


def term_from_wire(entry: pb.VocabularyEntry) -> Term:
    """Read a code and its words."""
    return Term(
        code=entry.code,
        label=entry.label.text,
        parent=entry.parent,
        marks=tuple(entry.marks),
        is_deprecated=entry.deprecated,
    )


def receiver_from_wire(receiver: pb.Receiver) -> ReceiverRecord:
    """Read a desk."""
    return ReceiverRecord(
        receiver_id=receiver.receiver_id,
        names=texts_from_wire(receiver.names),
        languages=tuple(receiver.languages),
        time_zone=receiver.time_zone,
        is_archived=receiver.archived,
    )


def area_count_from_wire(count: service_pb.AreaCount) -> AreaCount:
    """Read a count of an area."""
    return AreaCount(h3_cell=count.h3_cell, count=count.provider_count)


def circle_to_wire(point: Point, radius_m: float) -> geo_pb.Area:
    """Write a circle to search in."""
    return geo_pb.Area(circle=shape_wire.circle_to_wire(point, radius_m))


def outline_to_wire(rings: Sequence[Sequence[Point]]) -> geo_pb.Area:
    """Write an outline to search in: the outer ring, then its holes."""
    return geo_pb.Area(polygon=shape_wire.polygon_to_wire(rings))


def _cost_from_wire(cost: pb.CostOption) -> CostOption:
    return CostOption(
        amount=cost.amount,
        currency=cost.currency,
        descriptions=tuple(each.text for each in cost.descriptions),
        start_time=time_from_wire(cost.valid, "start_time"),
        end_time=time_from_wire(cost.valid, "end_time"),
    )


def _report_from_wire(report: pb.PlaceReport) -> PlaceReport:
    return PlaceReport(
        population=report.population,
        total=report.total if report.HasField("total") else None,
        occupied=report.occupied if report.HasField("occupied") else None,
        report_time=time_from_wire(report, "report_time"),
    )


def _hours_from_wire(schedule: pb.Schedule) -> Hours:
    return Hours(
        purpose=word_of(pb.SchedulePurpose, "SCHEDULE_PURPOSE", schedule.purpose) or "opening",
        rrule=schedule.rrule,
        opens_at=schedule.opens_at,
        closes_at=schedule.closes_at,
    )
