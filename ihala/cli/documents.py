"""The JSON documents of the commands: their keys are public interface, see docs/cli.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from ihala.answer import Answer, NeedMatches, Row
from ihala.cli.output import first_text
from ihala.records import Provider
from services.geo import AreaCell, DistanceBand, Point


def provider_document(provider: Provider) -> dict[str, Any]:
    """Write a provider that was found."""
    return {
        "provider_id": provider.provider_id,
        "dataset": provider.dataset,
        "source_key": provider.source_key,
        "name": first_text(provider.names),
        "names": provider.names,
        "service_codes": provider.service_codes,
        "claims": provider.claims,
        **_distance(provider.distance_m, provider.band),
        **_position(provider.place),
        "country_code": provider.country_code,
        "time_zone": provider.time_zone,
        "contacts": _contacts(provider.contacts),
        "hours": [
            {"purpose": each.purpose, "rrule": each.rrule, "opens_at": each.opens_at, "closes_at": each.closes_at}
            for each in provider.hours
        ],
        "languages": provider.languages,
        "places": [
            {
                "population": each.population,
                "total": each.total,
                "occupied": each.occupied,
                "free": each.free,
                "report_time": each.report_time,
            }
            for each in provider.places
        ],
        "status": provider.status,
        "vetting": provider.vetting,
        "reach_out": provider.reach_out,
        "receiver_id": provider.receiver_id,
        "start_time": provider.start_time,
        "end_time": provider.end_time,
        "verified_time": provider.verified_time,
        "staff_genders": provider.staff_genders,
        "costs": [
            {
                "amount": each.amount,
                "currency": each.currency,
                "descriptions": each.descriptions,
                "start_time": each.start_time,
                "end_time": each.end_time,
            }
            for each in provider.costs
        ],
        "required_documents": provider.required_documents,
        "funding_conditions": provider.funding_conditions,
        "transportation": provider.transportation,
        "point_precision": provider.point_precision,
        "receiver_heard_time": provider.receiver_heard_time,
    }


def answer_document(answer: Answer, origin: Mapping[str, Any], match_token: str) -> dict[str, Any]:
    """Write the answer to a search for a person or a plain one."""
    return {
        "needs": [need_document(need) for need in answer],
        "origin": origin,
        "directory_epoch": answer.directory_epoch,
        "directory_revision": answer.directory_revision,
        "evaluated_time": answer.evaluated_time,
        "rules_version": answer.rules_version,
        "safety_conflicts": [{"code": each.code, "person_refs": each.person_refs} for each in answer.safety_conflicts],
        "rescreen": answer.rescreen,
        "match_token": match_token,
    }


def need_document(need: NeedMatches) -> dict[str, Any]:
    """Write the two lists of a need and what excluded the others."""
    return {
        "need_no": need.need_no,
        "code": need.code,
        "matches": [row_document(row) for row in need.matches],
        "ask_first": [row_document(row) for row in need.ask_first],
        "excluded": [{"constraint": name, "count": count} for name, count in need.excluded.items()],
        "added_by": need.added_by,
        "confidential_safety_count": need.confidential_safety_count,
        "questions": need.questions,
    }


def row_document(row: Row) -> dict[str, Any]:
    """Write one provider for one need."""
    return {
        "need_no": row.need_no,
        "provider_id": row.provider_id,
        "dataset": row.dataset,
        "source_key": row.source_key,
        "name": first_text(row.names),
        "names": row.names,
        "service_codes": row.service_codes,
        **_distance(row.distance_m, row.band),
        "cost_m": row.cost_m,
        "cost_parts": row.cost_parts,
        **_position(row.place),
        "country_code": row.country_code,
        "time_zone": row.time_zone,
        "contacts": _contacts(row.contacts),
        "places": {
            "kind": row.places.kind,
            "free": row.places.free,
            "population": row.places.population,
            "report_time": row.places.report_time,
        },
        "open": row.open,
        "unknowns": [
            {"constraint": each.constraint, "question": each.question, "ask": each.ask} for each in row.unknowns
        ],
        "cautions": [{"constraint": each.constraint, "code": each.code} for each in row.cautions],
        "reach_out": row.reach_out,
        "vetted": row.is_vetted,
        "area_cell": row.area_cell,
        "needed_fields": row.needed_fields,
        "verified_time": row.verified_time,
        "receiver_heard_time": row.receiver_heard_time,
        "travel": None
        if row.travel is None
        else {
            "estimate": True,
            "mode": row.travel.mode,
            "duration_s": int(row.travel.duration.total_seconds()),
            "arrival_time": row.travel.arrival_time,
        },
        "clinical_clocks": [
            {"code": each.code, "left_s": int(each.left.total_seconds()), "care_time": each.care_time}
            for each in row.clinical_clocks
        ],
    }


def _distance(distance_m: float | None, band: DistanceBand | None) -> dict[str, Any]:
    return {"distance_m": distance_m} if band is None else {"distance_band": band}


def _position(place: Point | AreaCell | None) -> dict[str, Any]:
    match place:
        case Point():
            return {"latitude_deg": place.latitude_deg, "longitude_deg": place.longitude_deg}
        case AreaCell():
            return {"h3_cell": place.h3_cell}
        case _:
            return {"latitude_deg": None, "longitude_deg": None}


def _contacts(contacts: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"kind": kind, "value": value} for kind, value in contacts]
