"""The standard health service: NOT_SERVING until every dependency is there and warm."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthServicer

from services.errors import NotFound

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = HealthCheckResponse.SERVICE_UNKNOWN


class Health(HealthServicer):
    """
    Answers grpc.health.v1.Health for the whole process and for each dependency.

    The process (the empty name, and each service by its full name) serves while
    every dependency does. A dependency is asked for by its own name.

    Args:
        services: Full names of the services of this process.

        dependencies: What it needs, for example "postgres" or "directory feed";
            each is NOT_SERVING until `set_serving` says otherwise.
    """

    def __init__(self, services: Collection[str] = (), dependencies: Collection[str] = ()) -> None:
        self._services = frozenset(services)
        self._is_serving = dict.fromkeys(dependencies, False)
        self._is_stopping = False
        self._changed = asyncio.Event()

    @property
    def is_serving(self) -> bool:
        """Whether the process as a whole serves."""
        return not self._is_stopping and all(self._is_serving.values())

    def set_serving(self, dependency: str, *, is_serving: bool) -> None:
        """Say that a dependency is there and warm, or that it was lost."""
        if dependency not in self._is_serving:
            raise KeyError(dependency)  # a fault of the wiring, not of a caller
        if self._is_serving[dependency] is not is_serving:
            self._is_serving[dependency] = is_serving
            self._wake()

    def stop(self) -> None:
        """Turn to NOT_SERVING for good, so that nobody new is sent here."""
        self._is_stopping = True
        self._wake()

    async def Check(  # noqa: N802 -- the protocol's name
        self, request: HealthCheckRequest, context: Any
    ) -> HealthCheckResponse:
        """Answer once. Returns NOT_FOUND for a name that is neither service nor dependency."""
        status = self._status(request.service)
        if status == SERVICE_UNKNOWN:
            raise NotFound("service must be a service or a dependency of this process")
        return HealthCheckResponse(status=status)

    async def Watch(  # noqa: N802 -- the protocol's name
        self, request: HealthCheckRequest, context: Any
    ) -> AsyncIterator[HealthCheckResponse]:
        """Answer now and on every change; an unknown name is answered, as the protocol says."""
        told = None
        while True:
            changed = self._changed
            status = self._status(request.service)
            if status != told:
                told = status
                yield HealthCheckResponse(status=status)
            else:
                await changed.wait()

    def _status(self, name: str) -> Any:
        if name == "" or name in self._services:
            is_serving = self.is_serving
        elif name in self._is_serving:
            is_serving = self._is_serving[name] and not self._is_stopping
        else:
            return SERVICE_UNKNOWN
        return SERVING if is_serving else NOT_SERVING

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
