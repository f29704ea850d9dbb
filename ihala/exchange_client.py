"""The methods by which files of other standards go in and out, for `services.directory.exchange`."""

from typing import Any

from ihala.directory.v1 import directory_service_pb2_grpc as directory_grpc
from ihala.directory.v1 import documents_pb2_grpc as documents_grpc
from ihala.profile import Profile
from ihala.service_client import ServiceClient


class Exchange(ServiceClient):
    """
    The directory and its documents; an asynchronous context manager.

    Args:
        profile: Where they are, and who calls: a directory editor.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "directory", actor=actor)
        self.directory: Any = directory_grpc.DirectoryServiceStub(self._channel)
        self.documents: Any = documents_grpc.DocumentServiceStub(self._channel)
