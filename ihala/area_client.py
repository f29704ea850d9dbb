"""
Service areas: where people are served, whatever the place of the house.

    async with Areas(read_profile(path)) as areas:
        await areas.add(provider_id, outlines=[("South", [ring])])
"""

import uuid
from collections.abc import Sequence
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.profile import Profile
from ihala.service_client import ServiceClient
from ihala.shape_wire import polygon_to_wire
from services.errors import InvalidInput
from services.geo import Point

Document = dict[str, Any]
_FIELD = "service_areas"


class Areas(ServiceClient):
    """
    The areas of providers and of services; an asynchronous context manager.

    Args:
        profile: Where the directory is and who calls.

        of_services: The ids are of services, whose areas hold for all their providers that have none.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, of_services: bool = False, actor: str | None = None) -> None:
        super().__init__(profile, "directory", actor=actor)
        self._stub = dir_grpc.DirectoryServiceStub(self._channel)
        self._noun = "Service" if of_services else "Provider"

    async def list(self, record_id: str) -> Document:
        """Show the areas of a record."""
        return self._document(await self._get(record_id))

    async def add(
        self,
        record_id: str,
        *,
        outlines: Sequence[tuple[str, Sequence[Sequence[Point]]]] = (),
        region_codes: Sequence[str] = (),
        language: str = "und",
        request_id: str | None = None,
    ) -> Document:
        """
        Add areas to those that a record has.

        Args:
            record_id: Of the record.

            outlines: Each a name, which may be empty, and rings: the outer one, then its holes.

            region_codes: ISO 3166-1 alpha-2 or ISO 3166-2.

            language: Of the names, BCP 47.

            request_id: Makes a repeat harmless; None: a new one.
        """
        record = await self._get(record_id)
        areas = [*record.service_areas, *(_outlined(name, rings, language) for name, rings in outlines)]
        areas += [pb.ServiceArea(region_code=code) for code in region_codes]
        return await self._save(record, areas, request_id)

    async def end(self, record_id: str, number: int | None = None, *, request_id: str | None = None) -> Document:
        """
        Take one area away from a record, or all of them.

        Args:
            record_id: Of the record.

            number: Of the area as `list` counts them, from 1; None: all.

            request_id: Makes a repeat harmless; None: a new one.

        Raises:
            InvalidInput: there is no area of that number.
        """
        record = await self._get(record_id)
        areas = list(record.service_areas)
        if number is None:
            areas = []
        elif 1 <= number <= len(areas):
            del areas[number - 1]
        else:
            raise InvalidInput("number must be that of an area that the record has")
        return await self._save(record, areas, request_id)

    async def _get(self, record_id: str) -> Any:
        name = self._noun.lower()
        request = getattr(service_pb, f"Get{self._noun}Request")(**{f"{name}_id": record_id})
        return getattr(await getattr(self._stub, f"Get{self._noun}")(request), name)

    async def _save(self, record: Any, areas: Sequence[pb.ServiceArea], request_id: str | None) -> Document:
        name = self._noun.lower()
        changed = type(record)(**{f"{name}_id": getattr(record, f"{name}_id"), _FIELD: areas})
        request = getattr(service_pb, f"Update{self._noun}Request")(
            request_id=request_id or uuid.uuid4().hex,
            update_mask=FieldMask(paths=[_FIELD]),
            expected_revision=record.revision,
            **{name: changed},
        )
        return self._document(getattr(await getattr(self._stub, f"Update{self._noun}")(request), name))

    def _document(self, record: Any) -> Document:
        name = self._noun.lower()
        return {
            f"{name}_id": getattr(record, f"{name}_id"),
            "revision": record.revision,
            "areas": [_area(number, each) for number, each in enumerate(record.service_areas, start=1)],
        }


def _outlined(name: str, rings: Sequence[Sequence[Point]], language: str) -> pb.ServiceArea:
    return pb.ServiceArea(
        names=[pb.LocalizedText(language=language, text=name)] if name else [],
        polygon=polygon_to_wire(rings),
    )


def _area(number: int, area: pb.ServiceArea) -> Document:
    rings = [area.polygon.exterior, *area.polygon.interiors] if area.HasField("polygon") else []
    return {
        "number": number,
        "name": area.names[0].text if area.names else "",
        "region_code": area.region_code,
        "rings": [[[point.latitude_deg, point.longitude_deg] for point in ring.points] for ring in rings],
    }
