"""Writes a map as one file, for `ihala map --out`: of what its reader's own credential may see."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import grpc

from services.errors import Unavailable
from services.maps.cells import area_names
from services.maps.clients import RemotePictures
from services.maps.filters import view_from_query
from services.maps.model import Part
from services.maps.pages import missing_lines, standalone_page


async def render_standalone(
    directory: grpc.aio.Channel,
    referrals: grpc.aio.Channel,
    *,
    now: Callable[[], datetime],
    language: str = "en",
    service: str = "",
    speaks: str = "",
    country: str = "",
    free_only: bool = False,
) -> str:
    """
    Read and draw a map.

    Args:
        directory: A channel of the house to the directory, with the reader's token.

        referrals: The same to referrals; to one whose role may not count them the
            page says that they are missing.

        now: The time now.

        language: Of the page: en, fr or ar.

        service: Only providers of this code or group.

        speaks: Only those that work in this language.

        country: Only those in this country.

        free_only: Only those with a free place reported.

    Returns:
        One HTML page that asks no host for anything.

    Raises:
        InvalidInput: A code is not known, naming the field.

        Unavailable: The directory could not be read: an empty map would be read as
            an empty directory.
    """
    pairs = {"lang": language, "service": service, "speaks": speaks, "country": country}
    view = view_from_query([*pairs.items(), ("places", "free" if free_only else "")])
    picture = await RemotePictures(directory, referrals, now).read(view.filters)
    if Part.PROVIDERS in picture.missing:
        raise Unavailable("; ".join(missing_lines(picture, view.language)), reason=picture.missing[Part.PROVIDERS])
    return await asyncio.to_thread(lambda: standalone_page(picture, view, area_names(picture.h3_cells, view.language)))
