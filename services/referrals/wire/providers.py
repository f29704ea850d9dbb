"""The directory's records, as far as referrals need them."""

from datetime import UTC, datetime
from typing import Any

import h3

from ihala.directory.v1 import directory_pb2 as pb
from services.referrals.model import Provider, ReachOut, ReportedPlace, Status, Vetting
from services.referrals.model.consent import AREA_RESOLUTION
from services.referrals.wire.basics import time_from_wire
from services.taxonomy import Kind, terms

_STATUS = {
    pb.STATUS_ACTIVE: Status.ACTIVE,
    pb.STATUS_PAUSED: Status.PAUSED,
    pb.STATUS_DO_NOT_REFER: Status.DO_NOT_REFER,
    pb.STATUS_CLOSED: Status.CLOSED,
}
_REACH_OUT = {
    pb.REACH_OUT_ENROLLED: ReachOut.ENROLLED,
    pb.REACH_OUT_TELEPHONE: ReachOut.TELEPHONE,
    pb.REACH_OUT_WALK_IN: ReachOut.WALK_IN,
}
_VETTING = {
    pb.VETTING_STATE_LISTED: Vetting.LISTED,
    pb.VETTING_STATE_VETTED: Vetting.VETTED,
    pb.VETTING_STATE_SUSPENDED: Vetting.SUSPENDED,
}


def provider_from_wire(message: pb.Provider, revision: int) -> Provider:
    """Read a record; a value that this version does not know is taken for the strictest one."""
    return Provider(
        provider_id=message.provider_id,
        receiver_id=message.receiver_id,
        pool_id=message.pool_id or message.provider_id,
        status=_STATUS.get(message.status, Status.DRAFT),
        reach_out=_REACH_OUT.get(message.reach_out, ReachOut.NONE),
        vetting=_VETTING.get(message.vetting.state, Vetting.UNVETTED),
        vetting_end_time=time_from_wire(message.vetting, "expire_time"),
        area_cell=area_cell(message.place),
        country_code=message.country_code,
        time_zone=message.time_zone,
        codes=tuple(sorted(claim.code for claim in message.claims if claim.claim != pb.CLAIM_NO)),
        start_time=time_from_wire(message.valid, "start_time"),
        end_time=time_from_wire(message.valid, "end_time"),
        revision=revision,
        places=tuple(_reported(report) for report in message.place_reports if _is_known(report)),
    )


def area_cell(place: Any) -> str:
    """Find the coarse area of a place: an H3 cell of resolution 3, empty if the position is not known."""
    if place.HasField("point"):
        return str(h3.latlng_to_cell(place.point.latitude_deg, place.point.longitude_deg, AREA_RESOLUTION))
    if place.HasField("cell"):
        return str(h3.cell_to_parent(place.cell.h3_cell, AREA_RESOLUTION))
    return ""


def _is_known(report: pb.PlaceReport) -> bool:
    # a population that a later version knows is not counted here
    return report.population in terms(Kind.POPULATION)


def _reported(report: pb.PlaceReport) -> ReportedPlace:
    return ReportedPlace(
        population=report.population,
        total=report.total if report.HasField("total") else None,
        occupied=report.occupied,
        report_time=time_from_wire(report, "report_time") or datetime.fromtimestamp(0, UTC),
    )
