"""The directory over gRPC: one servicer, made of parts by noun."""

from services.directory.servicer.calendar import CalendarMethods
from services.directory.servicer.commands import Directory
from services.directory.servicer.heard import HeardMethods
from services.directory.servicer.life import LifeMethods
from services.directory.servicer.lines import LineMethods
from services.directory.servicer.lists import ListMethods
from services.directory.servicer.locations import LocationMethods
from services.directory.servicer.organizations import OrganizationMethods
from services.directory.servicer.places import PlaceMethods
from services.directory.servicer.providers import ProviderMethods
from services.directory.servicer.receivers import ReceiverMethods
from services.directory.servicer.searching import SearchMethods
from services.directory.servicer.services import ServiceMethods
from services.directory.servicer.suggestions import SuggestionMethods
from services.directory.servicer.watching import WatchMethods

__all__ = ["Directory", "DirectoryServicer"]


class DirectoryServicer:
    """
    Answers DirectoryService.

    Args:
        directory: What the methods share.

        more: Further parts: the one that imports, which knows this package.
    """

    def __init__(self, directory: Directory, *more: object) -> None:
        parts = (
            OrganizationMethods(directory),
            ServiceMethods(directory),
            LocationMethods(directory),
            ProviderMethods(directory),
            ReceiverMethods(directory),
            PlaceMethods(directory),
            SearchMethods(directory),
            WatchMethods(directory),
            CalendarMethods(directory),
            ListMethods(directory),
            SuggestionMethods(directory),
            LifeMethods(directory),
            LineMethods(directory),
            HeardMethods(directory),
            *more,
        )
        for part in parts:
            for name in vars(type(part)):
                if name[0].isupper():  # RPCs are, and nothing else is
                    setattr(self, name, getattr(part, name))
