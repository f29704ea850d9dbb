"""
The records of the directory as frozen values: one that exists is valid.

The words are those of the Human Services Data Specification; a provider is its
service_at_location.
"""

from services.directory.model.bodies import Organization, Receiver, Service
from services.directory.model.calendar import CalendarEntry
from services.directory.model.checks import each_inside, inside, language_tag, moved, refuse
from services.directory.model.costs import CostOption, CostOptions
from services.directory.model.eligibility import AgeBand, Rule, ServiceClaim
from services.directory.model.locations import Location
from services.directory.model.providers import Provider, Site
from services.directory.model.records import Found, ImportRecord, Outcome, Stored, Upserted, Viewer
from services.directory.model.service_areas import Outline, ServiceArea, ServiceAreas, check_hiding_areas
from services.directory.model.values import (
    Contact,
    Firewall,
    HoursException,
    LanguageOffer,
    LocalizedText,
    Period,
    PlaceReport,
    Schedule,
    Source,
    Texts,
    Vetting,
    newest_reports,
)
from services.directory.model.words import (
    Claim,
    ContactKind,
    Delivery,
    Disclosure,
    LanguageMode,
    LineKind,
    Modality,
    PointPrecision,
    ReachOut,
    Reporting,
    RuleKind,
    SchedulePurpose,
    Status,
    VettingState,
)

__all__ = [
    "AgeBand",
    "CalendarEntry",
    "Claim",
    "Contact",
    "ContactKind",
    "CostOption",
    "CostOptions",
    "Delivery",
    "Disclosure",
    "Firewall",
    "Found",
    "HoursException",
    "ImportRecord",
    "LanguageMode",
    "LanguageOffer",
    "LineKind",
    "LocalizedText",
    "Location",
    "Modality",
    "Organization",
    "Outcome",
    "Outline",
    "Period",
    "PlaceReport",
    "PointPrecision",
    "Provider",
    "ReachOut",
    "Receiver",
    "Reporting",
    "Rule",
    "RuleKind",
    "Schedule",
    "SchedulePurpose",
    "Service",
    "ServiceArea",
    "ServiceAreas",
    "ServiceClaim",
    "Site",
    "Source",
    "Status",
    "Stored",
    "Texts",
    "Upserted",
    "Vetting",
    "VettingState",
    "Viewer",
    "check_hiding_areas",
    "each_inside",
    "inside",
    "language_tag",
    "moved",
    "newest_reports",
    "refuse",
]
