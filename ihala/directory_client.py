"""
Ask the directory and, as an editor or a desk, tell it.

    async with Directory(read_profile(path)) as directory:
        towns = await directory.resolve_place("جنزور", "LY")
        async for provider in directory.search(origin=towns[0].point, codes=["HEA-EMG"]): ...
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from ihala import directory_wire as wire
from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.enrolment_client import Enrolment
from ihala.enum_wire import time_to_wire
from ihala.person import NamedPlace, Origin, PlaceId
from ihala.profile import Profile
from ihala.records import AreaCount, Provider, Term, Town
from ihala.request_wire import origin_to_wire
from ihala.service_client import ServiceClient
from services.errors import NotFound
from services.geo import AreaCell, Point

PAGE_SIZE = 500


class Directory(Enrolment, ServiceClient):
    """
    The directory as a caller sees it; an asynchronous context manager.

    Args:
        profile: Where it is and who calls.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "directory", actor=actor)
        self._stub = dir_grpc.DirectoryServiceStub(self._channel)

    async def search(
        self,
        *,
        origin: Origin | None = None,
        codes: Sequence[str] = (),
        text: str = "",
        language: str = "",
        statuses: Sequence[str] = (),
        dataset: str = "",
        country_code: str = "",
        with_free_places: bool = False,
        open_at: datetime | None = None,
        max_distance_m: float | None = None,
        staff_genders: Sequence[str] = (),
        outline: Sequence[Sequence[Point]] = (),
        by_relevance: bool = False,
        page_size: int = PAGE_SIZE,
    ) -> AsyncIterator[Provider]:
        """
        Yield public providers, nearest first; without an origin by id; or by relevance. All conditions given hold.

        Args:
            origin: Where to measure from.

            codes: Service codes that are claimed, or not denied; the top of a group means any below it.

            text: Words, each of which begins a word of a name, in any script.

            language: In which they work, BCP 47.

            statuses: None given: those in use and inside their period now.

            dataset: Only of this one.

            country_code: Only there, ISO 3166-1 alpha-2.

            with_free_places: Only with a place reported free.

            open_at: Only those that surely take people in then.

            max_distance_m: From the origin.

            staff_genders: Only with staff of one of these genders.

            outline: Only inside: the outer ring of an area, then its holes, each closed.

            by_relevance: Those first whose names fit the text best.

            page_size: Rows a call, in [1, 500]; fewer are sooner there.

        Raises:
            InvalidInput: a field breaks its rule, or a code is not in the vocabulary.
        """
        request = service_pb.SearchProvidersRequest(
            origin=None if origin is None else origin_to_wire(await self.resolved(origin)),
            codes=codes,
            text=text,
            language=language,
            statuses=wire.statuses_to_wire(statuses),
            dataset=dataset,
            country_code=country_code,
            places_free=with_free_places,
            open_at_time=time_to_wire(open_at, "open_at"),
            max_distance_m=max_distance_m,
            staff_genders=staff_genders,
            area=wire.outline_to_wire(outline) if outline else None,
            order=service_pb.SEARCH_ORDER_RELEVANCE if by_relevance else service_pb.SEARCH_ORDER_UNSPECIFIED,
            page_size=page_size,
        )
        while True:
            response = await self._stub.SearchProviders(request)
            for found in response.found:
                yield wire.found_from_wire(found)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def resolved(self, origin: Origin) -> Point | AreaCell | str:
        """
        Turn an origin into what a search takes: a point, a cell or a place id.

        Raises:
            NotFound: no town has the name.
        """
        match origin:
            case NamedPlace():
                towns = await self.resolve_place(origin.name, origin.country_code, limit=1)
                if not towns:
                    raise NotFound("no town has the name of the origin")
                return towns[0].place_id
            case PlaceId():
                return origin.place_id
            case _:
                return origin

    async def located(self, where: Point | NamedPlace | PlaceId) -> Point:
        """
        Find the point of a town; a point is its own.

        Raises:
            NotFound: no town has the name or the id.
        """
        match where:
            case NamedPlace():
                towns = await self.resolve_place(where.name, where.country_code, limit=1)
                if not towns:
                    raise NotFound("no town has the name")
                return towns[0].point
            case PlaceId():
                return (await self.get_town(where.place_id)).point
            case _:
                return where

    async def resolve_place(self, text: str, country_code: str = "", *, limit: int = 10) -> list[Town]:
        """Find towns by a name in any script, the most populous first."""
        response = await self._stub.ResolvePlace(
            service_pb.ResolvePlaceRequest(text=text, country_code=country_code, limit=limit)
        )
        return [wire.town_from_wire(town) for town in response.towns]

    async def get_town(self, place_id: str) -> Town:
        """Return the town with a place id."""
        response = await self._stub.GetTown(service_pb.GetTownRequest(place_id=place_id))
        return wire.town_from_wire(response.town)

    async def vocabulary(self, kind: str, language: str = "") -> list[Term]:
        """List the codes of a vocabulary with labels in a language, ordered by code."""
        response = await self._stub.ListVocabulary(service_pb.ListVocabularyRequest(kind=kind, language=language))
        return [wire.term_from_wire(entry) for entry in response.entries]

    async def count_areas(self, code: str = "") -> list[AreaCount]:
        """Count confidential providers by coarse area; counts below 5 are merged or left out (R19)."""
        response = await self._stub.CountAreas(service_pb.CountAreasRequest(code=code))
        return [wire.area_count_from_wire(count) for count in response.counts]

    async def get_provider(self, provider_id: str) -> Provider:
        """Return a provider."""
        response = await self._stub.GetProvider(service_pb.GetProviderRequest(provider_id=provider_id))
        return wire.provider_from_wire(response.provider)

    async def list_providers(self, *, dataset: str = "", receiver_id: str = "") -> AsyncIterator[Provider]:
        """Yield providers that the caller may see, ordered by id."""
        request = service_pb.ListProvidersRequest(dataset=dataset, receiver_id=receiver_id, page_size=PAGE_SIZE)
        while True:
            response = await self._stub.ListProviders(request)
            for provider in response.providers:
                yield wire.provider_from_wire(provider)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    @property
    def import_providers(self) -> Any:
        """The RPC ImportProviders, for `services.directory.importing`."""
        return self._stub.ImportProviders
