"""Search for public providers, and counts of confidential ones, over gRPC."""

from typing import Any

from services.directory.servicer.commands import Directory
from services.directory.store.areas import count_cells
from services.directory.store.open_search import find_open
from services.directory.wire.requests_wire import page_size_of
from services.directory.wire.search_wire import (
    area_counts,
    asked_area_code,
    conditions_of,
    found_page,
    search_position,
)
from services.runtime.postgres import read


class SearchMethods:
    """The methods that search."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def SearchProviders(self, request: Any, context: Any) -> Any:
        conditions = conditions_of(request, self._directory.towns)
        size = page_size_of(request)
        after = search_position(request)
        async with read(self._directory.pool, snapshot=True) as connection:
            found = await find_open(connection, conditions, after=after, limit=size + 1, now=self._directory.now())
        return found_page(request, found, size)

    async def CountAreas(self, request: Any, context: Any) -> Any:
        code = asked_area_code(request)
        async with read(self._directory.pool) as connection:
            cells = await count_cells(connection, code)
        return area_counts(cells)
